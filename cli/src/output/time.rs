//! Times and durations as people and programs read them.

use std::time::Duration;

use lockstep::registry::Timestamp;

/// RFC 3339, in UTC, to the microsecond; `None` outside the years that can be written so.
pub(crate) fn rfc3339(micros: i64) -> Option<String> {
    let at = jiff::Timestamp::from_microsecond(micros).ok()?;
    Some(format!("{at:.6}"))
}

/// RFC 3339 to the second.
pub(crate) fn shown(at: Timestamp) -> String {
    match jiff::Timestamp::from_second(at.seconds()) {
        Ok(at) => at.to_string(),
        Err(_) => at.0.to_string(),
    }
}

/// The same, or a dash.
pub(crate) fn shown_or_dash(at: Option<Timestamp>) -> String {
    at.map_or_else(|| "-".to_owned(), shown)
}

/// Two units are enough for a person: `1m 3s`, `420ms`, `90us`.
pub(crate) fn span(duration: Duration) -> String {
    let rounded = match duration.as_micros() {
        0..1_000 => Duration::from_micros(u64::try_from(duration.as_micros()).unwrap_or(0)),
        1_000..10_000_000 => Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or(0)),
        _ => Duration::from_secs(duration.as_secs()),
    };
    humantime::format_duration(rounded).to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{rfc3339, span};

    #[test]
    fn times_are_written_the_same_way_everywhere() {
        assert_eq!(
            rfc3339(1_732_186_200_000_001).expect("in range"),
            "2024-11-21T10:50:00.000001Z"
        );
        assert_eq!(rfc3339(0).expect("in range"), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(i64::MAX), None);
        assert_eq!(span(Duration::from_micros(61_234_567)), "1m 1s");
        assert_eq!(span(Duration::from_micros(1_234)), "1ms");
        assert_eq!(span(Duration::ZERO), "0s");
    }
}
