//! Rows of the metadata tables, as another program, an older Lockstep or a damaged disk may have left them.

use lockstep::fuzzing::{Tables, event, facts, journal_entry};
use lockstep::registry::{HandlerState, LeaseState, SchemaState};
use lockstep::{Error, Result};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Reading succeeds, or says that the metadata is damaged, or newer than this program: never anything else.
fn is_told<T>(read: Result<T>) -> std::result::Result<Option<T>, TestCaseError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(Error::Damaged { message }) if !message.is_empty() => Ok(None),
        Err(Error::NewerFormat { .. }) => Ok(None),
        Err(other) => Err(TestCaseError::fail(format!("{other:?}"))),
    }
}

fn schema() -> Value {
    json!([{
        "version": "schema_v1", "state": "applied", "checksum": "abc", "requires": "[]", "compatible_with": "[]",
        "applied_at": 5, "rolled_back_at": null, "retention": null, "error": null,
    }])
}

fn binding() -> Value {
    json!([{
        "handler": "users", "api_version": "1.0.0", "schema_version": "schema_v1", "artifact": null,
        "tags": "[\"stable\"]", "state": "active", "ever_active": 1,
    }])
}

fn lease() -> Value {
    json!([{
        "instance": "web-1", "incarnation": "1", "handler": "users", "api_version": "1.0.0",
        "schema_version": "schema_v1", "kind": "timed", "ttl_us": 15_000_000, "state": "active", "epoch": 3,
        "acquired_at": 1, "renewed_at": 2, "expires_at": 9,
    }])
}

/// What may stand in a column.
fn values() -> impl Strategy<Value = Value> {
    let texts = prop::sample::select(vec![
        "",
        "applied",
        "active",
        "pinned",
        "timed",
        "[]",
        "[\"schema_v0\"]",
        "[1]",
        "{",
        "{}",
        "null",
        "é",
        "\u{0}",
        "users",
        "{\"reason\":\"policy\",\"since\":1,\"until\":null}",
    ]);
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(i64::MIN)),
        Just(json!(i64::MAX)),
        Just(json!(1e300)),
        texts.prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        Just(json!([])),
        Just(json!({ "a": 1 })),
    ]
}

/// Some column of the only row says something else, or is not there.
fn change(table: &mut Value, which: prop::sample::Index, to: Option<Value>) {
    let row = table[0].as_object_mut().unwrap();
    let column = row.keys().nth(which.index(row.len())).unwrap().clone();
    match to {
        Some(value) => drop(row.insert(column, value)),
        None => drop(row.remove(&column)),
    }
}

#[test]
fn rows_as_they_are_written_are_read() {
    let (schemas, bindings, leases) = (schema().to_string(), binding().to_string(), lease().to_string());
    let tables = Tables {
        format: Some("1"),
        numbers: [3, 7, 10],
        operation: None,
        schemas: &schemas,
        bindings: &bindings,
        leases: &leases,
    };
    let facts = facts(tables).unwrap();
    assert_eq!((facts.epoch, facts.event_seq, facts.now.0), (3, 7, 10));
    assert!(facts.schemas.values().all(|s| s.state == SchemaState::Applied));
    assert!(
        facts
            .bindings
            .values()
            .all(|b| b.state == HandlerState::Active && b.ever_active)
    );
    assert!(
        facts
            .leases
            .values()
            .all(|l| l.state == LeaseState::Active && l.epoch == 3)
    );
    assert_eq!(
        (facts.schemas.len(), facts.bindings.len(), facts.leases.len()),
        (1, 1, 1)
    );
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn damaged_rows_are_told(
        table in 0..4usize,
        which in any::<prop::sample::Index>(),
        to in prop::option::of(values()),
        numbers in any::<[i64; 3]>(),
        format in prop::option::of(prop_oneof![Just("1".to_owned()), any::<String>()]),
        operation in prop::option::of(prop_oneof![Just("{}".to_owned()), any::<String>()]),
    ) {
        let mut all = [schema(), binding(), lease()];
        if let Some(table) = all.get_mut(table) {
            change(table, which, to);
        }
        let [schemas, bindings, leases] = all.map(|table| table.to_string());
        let tables = Tables {
            format: format.as_deref(),
            numbers,
            operation: operation.as_deref(),
            schemas: &schemas,
            bindings: &bindings,
            leases: &leases,
        };
        is_told(facts(tables))?;
        is_told(facts(Tables { numbers: [0; 3], format: Some("1"), operation: None, ..tables }))?;
    }

    #[test]
    fn damaged_documents_are_told(text in any::<String>(), numbers in any::<[i64; 3]>()) {
        let empty = Tables { format: Some("1"), numbers: [0; 3], operation: None, schemas: "[]", bindings: "[]", leases: "[]" };
        prop_assert!(facts(empty).is_ok());
        is_told(facts(Tables { schemas: &text, ..empty }))?;
        is_told(facts(Tables { bindings: &text, ..empty }))?;
        is_told(facts(Tables { leases: &text, numbers, ..empty }))?;
        is_told(facts(Tables { operation: Some(&text), ..empty }))?;
    }

    #[test]
    fn events_read_back_or_are_told(
        seq in any::<i64>(),
        instance in prop_oneof![Just("web-1".to_owned()), any::<String>()],
        kind in prop::sample::select(vec!["schema_applied", "lease_fenced", "handler_registered", "schema_retained", "no_such"]),
        fields in prop::collection::btree_map(
            prop::sample::select(vec!["schema", "holder", "handler_version", "reason", "retention", "binding", "steps"]),
            values(),
            0..5,
        ),
    ) {
        let mut payload = serde_json::Map::from_iter(fields.into_iter().map(|(key, value)| (key.to_owned(), value)));
        payload.insert("kind".into(), kind.into());
        if let Some(read) = is_told(event(seq, 1, &instance, &Value::Object(payload).to_string()))? {
            let again = event(seq, 1, &instance, &serde_json::to_string(&read.kind).unwrap()).unwrap();
            prop_assert_eq!(again, read);
        }
    }

    #[test]
    fn damaged_journal_rows_are_told(
        schema in prop_oneof![Just("schema_v1".to_owned()), any::<String>()],
        direction in prop_oneof![Just("up".to_owned()), Just("down".to_owned()), any::<String>()],
        state in prop_oneof![Just("started".to_owned()), Just("done".to_owned()), any::<String>()],
        numbers in any::<[i64; 5]>(),
        small in any::<bool>(),
    ) {
        let numbers = if small { numbers.map(|n| n.rem_euclid(1000)) } else { numbers };
        if let Some(entry) = is_told(journal_entry([&schema, "001", &direction, &state], numbers))? {
            prop_assert_eq!((entry.direction.as_str(), entry.state.as_str()), (direction.as_str(), state.as_str()));
            prop_assert_eq!((i64::from(entry.position), entry.started_at.0), (numbers[0], numbers[1]));
        }
    }
}
