//! The event log against the tables: folded from nothing, the events alone lead to every row there is, and to no other.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use lockstep::Status;
use lockstep::lifecycle::{EventKind, Facts};
use lockstep::registry::Lease;

/// R4: gapless, in commit order, one event for each change and one change for each event.
pub(super) fn check(status: &Status, events: &[lockstep::Event]) {
    let facts = fold(events);
    assert_eq!(
        status.event_seq,
        events.len() as u64,
        "R4: the scope's number is the log's length"
    );
    schemas(status, &facts);
    handlers(status, &facts);
    let by_log = facts.leases.values().map(logged);
    let by_rows = status.leases.iter().map(|held| logged(&held.lease));
    same("leases", by_log.collect(), by_rows.collect());
}

fn fold(events: &[lockstep::Event]) -> Facts {
    let mut facts = Facts::default();
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.seq, at as u64 + 1, "R4: the log has a gap before {event:?}");
        let before = facts.clone();
        facts
            .apply(&event.kind, event.at)
            .unwrap_or_else(|e| panic!("R4: event {} is illegal: {e}", event.seq));
        // Two attempts that fail alike are two events; nothing else may be said twice.
        let repeats = matches!(&event.kind, EventKind::SchemaFailed { .. });
        assert!(repeats || facts != before, "R4: {event:?} changes nothing");
    }
    facts
}

fn schemas(status: &Status, facts: &Facts) {
    let by_log = facts.schemas.iter().map(|(name, record)| {
        let dependents: BTreeSet<_> = facts.dependents_of(name).cloned().collect();
        let whole = (
            record.state,
            Some(record.checksum.clone()),
            (record.retention.clone(), record.failure.clone()),
            (record.applied_at, record.rolled_back_at),
            (facts.references(name), dependents),
        );
        (name.clone(), whole)
    });
    // What only the files know has no checksum: no row is about it.
    let rows = status.schemas.iter().filter(|s| s.checksum.is_some());
    let by_rows = rows.map(|row| {
        let whole = (
            row.state,
            row.checksum.clone(),
            (row.retention.clone(), row.failure.clone()),
            (row.applied_at, row.rolled_back_at),
            (row.references, row.required_by.iter().cloned().collect()),
        );
        (row.schema.clone(), whole)
    });
    same("schemas", by_log.collect(), by_rows.collect());
}

/// The reading that judges has no schemas folder, so every handler version it tells of is a row.
fn handlers(status: &Status, facts: &Facts) {
    let by_log = facts.bindings.values().map(|record| {
        let binding = &record.binding;
        let tags: BTreeSet<_> = binding.tags.iter().cloned().collect();
        let whole = (record.state, binding.schema.clone(), tags, binding.artifact.clone());
        (binding.handler_version.clone(), whole)
    });
    let by_rows = status.handlers.iter().map(|row| {
        let tags = row.tags.iter().cloned().collect();
        let whole = (row.state, row.schema.clone(), tags, row.artifact.clone());
        (row.handler_version.clone(), whole)
    });
    same("handler versions", by_log.collect(), by_rows.collect());
}

/// A lease as far as events are about it: renewals are none, so that its end is known to its row alone.
fn logged(lease: &Lease) -> (String, Lease) {
    let key = lease.key();
    let lease = Lease {
        renewed_at: lease.acquired_at,
        expires_at: lease.expires_at.map(|_| lease.acquired_at),
        ..lease.clone()
    };
    (format!("{} {}", key.instance, key.handler_version), lease)
}

fn same<K: Ord + Debug, V: PartialEq + Debug>(what: &str, by_log: BTreeMap<K, V>, by_rows: BTreeMap<K, V>) {
    for (key, logged) in &by_log {
        let row = by_rows.get(key);
        assert_eq!(Some(logged), row, "R4: {what}: {key:?}, by the log and by its row");
    }
    for (key, row) in &by_rows {
        assert!(by_log.contains_key(key), "R4: {what}: no event made {key:?}: {row:?}");
    }
}
