//! JSON for programs: one line, numbers with their unit in the name, times readable as well.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::output::time;

/// Fields that hold a time in microseconds since 1970; each gets a twin `…_utc` in RFC 3339.
const TIMES: &[&str] = &[
    "at",
    "now",
    "since",
    "until",
    "applied_at",
    "rolled_back_at",
    "acquired_at",
    "renewed_at",
    "expires_at",
    "started_at",
    "finished_at",
];

/// One line with its end.
pub(crate) fn line(document: &impl Serialize) -> String {
    match serde_json::to_value(document) {
        Ok(value) => format!("{}\n", tidy(value)),
        // Only a map with keys that are no strings can do this, and no document has one.
        Err(error) => format!(
            "{}\n",
            serde_json::json!({"error": {"code": "bug", "message": error.to_string()}})
        ),
    }
}

fn tidy(value: Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(tidy).collect()),
        Value::Object(fields) => {
            let mut out = Map::new();
            for (name, value) in fields {
                if let Some(micros) = duration(&value) {
                    out.insert(format!("{name}_us"), micros.into());
                    continue;
                }
                if TIMES.contains(&name.as_str())
                    && let Some(utc) = value.as_i64().and_then(time::rfc3339)
                {
                    out.insert(format!("{name}_utc"), utc.into());
                }
                out.insert(name, tidy(value));
            }
            Value::Object(out)
        }
        other => other,
    }
}

/// The microseconds of a `Duration`, which serialises as `{"secs": …, "nanos": …}`.
fn duration(value: &Value) -> Option<u64> {
    let fields = value.as_object().filter(|fields| fields.len() == 2)?;
    let seconds = fields.get("secs")?.as_u64()?;
    let nanos = fields.get("nanos")?.as_u64()?;
    seconds.checked_mul(1_000_000)?.checked_add(nanos / 1_000)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn durations_and_times_carry_their_unit() {
        let raw = json!({
            "duration": {"secs": 1, "nanos": 5_000},
            "leases": [{"expires_at": null, "acquired_at": 1_732_186_200_000_000_i64}],
            "at": "the door",
        });
        let told = json!({
            "duration_us": 1_000_005,
            "leases": [{
                "expires_at": null,
                "acquired_at": 1_732_186_200_000_000_i64,
                "acquired_at_utc": "2024-11-21T10:50:00.000000Z",
            }],
            "at": "the door",
        });
        assert_eq!(super::tidy(raw), told);
    }
}
