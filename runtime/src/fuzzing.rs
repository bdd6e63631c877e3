//! A way in for fuzzers and property tests to what reads files and metadata rows. No part of the public interface: it
//! changes with what it shows.

use std::path::Path;

use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{Binding, SchemaSpec, SchemaVersion};

use crate::engine::rows::{EventRow, FactsDocuments, JournalRow};
use crate::{Result, files};

/// The bindings of a `handlers.toml`.
pub fn handlers_toml(text: &str) -> Result<Vec<Binding>> {
    files::handlers_of(Path::new("handlers.toml"), text)
}

/// What a `schema.toml` says.
pub fn schema_toml(text: &str, version: SchemaVersion) -> Result<SchemaSpec> {
    files::head_of(Path::new("schema.toml"), text, version)
}

/// The schema of a `schema.json`.
pub fn schema_json(text: &str, version: &SchemaVersion) -> Result<SchemaSpec> {
    files::flat_of(Path::new("schema.json"), text, version)
}

/// The scope's row and the JSON documents of its tables, as read from a database.
#[derive(Debug, Clone, Copy, Default)]
pub struct Tables<'a> {
    /// `lockstep_meta`: the format.
    pub format: Option<&'a str>,
    /// Epoch, number of the last event, the database's time.
    pub numbers: [i64; 3],
    /// The announced operation.
    pub operation: Option<&'a str>,
    /// `lockstep_schema`
    pub schemas: &'a str,
    /// `lockstep_binding`
    pub bindings: &'a str,
    /// `lockstep_lease`
    pub leases: &'a str,
}

/// What the tables say.
pub fn facts(tables: Tables<'_>) -> Result<Facts> {
    let [epoch, event_seq, now] = tables.numbers;
    let row = FactsDocuments {
        format: tables.format.map(str::to_owned),
        epoch,
        event_seq,
        operation: tables.operation.map(str::to_owned),
        now,
        schemas: tables.schemas.to_owned(),
        bindings: tables.bindings.to_owned(),
        leases: tables.leases.to_owned(),
    };
    row.into_facts()
}

/// A row of `lockstep_event`.
pub fn event(seq: i64, at: i64, instance: &str, payload: &str) -> Result<Event> {
    let row = EventRow {
        seq,
        at,
        instance: instance.to_owned(),
        payload: payload.to_owned(),
    };
    row.into_event()
}

/// A row of `lockstep_step`: its texts (schema, step, direction, state), and its numbers (position, start, end, duration, rows).
pub fn journal_entry(texts: [&str; 4], numbers: [i64; 5]) -> Result<JournalEntry> {
    let [schema_version, step, direction, state] = texts.map(str::to_owned);
    let [position, started_at, finished_at, duration_us, row_count] = numbers;
    let row = JournalRow {
        operation: String::new(),
        schema_version,
        position,
        step,
        direction,
        state,
        checksum: String::new(),
        session: String::new(),
        started_at,
        finished_at: (finished_at != 0).then_some(finished_at),
        duration_us,
        row_count,
        error: None,
        before: None,
        ends_by: None,
    };
    row.into_entry()
}
