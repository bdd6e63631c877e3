//! Writing: what each event means as rows, the same for every engine.
//!
//! SQL here uses `?` and only what all engines share; an engine puts its own parameter marks in. Everything is decided
//! while the scope's row is held, so what to insert and what to update is known from the facts.

use std::borrow::Cow;

use lockstep_catalog::Dialect;
use lockstep_lifecycle::{
    BindingRecord, Commit, Event, EventKind, Facts, JournalEntry, JournalState, OperationChange, SchemaRecord,
};
use lockstep_registry::{Binding, HandlerVersion, Holder, Lease, LeaseKind, SchemaVersion, Scope, Timestamp};

use super::Records;
use crate::{Error, Result};

/// A value to bind.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    Int(i64),
    Text(String),
    OptInt(Option<i64>),
    OptText(Option<String>),
}

impl Value {
    /// As it stands in a statement's text; `text` is how the engine quotes texts.
    pub(crate) fn literal(&self, text: impl Fn(&str) -> String) -> String {
        let null = || "NULL".to_owned();
        match self {
            Self::Int(value) => value.to_string(),
            Self::Text(value) => text(value),
            Self::OptInt(value) => value.map_or_else(null, |value| value.to_string()),
            Self::OptText(value) => value.as_deref().map_or_else(null, text),
        }
    }
}

/// A statement with its values.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) sql: Cow<'static, str>,
    pub(crate) values: Vec<Value>,
}

impl Write {
    fn new(sql: &'static str, values: impl IntoIterator<Item = Value>) -> Self {
        Self {
            sql: Cow::Borrowed(sql),
            values: values.into_iter().collect(),
        }
    }
}

fn int(value: u64) -> Value {
    Value::Int(i64::try_from(value).unwrap_or(i64::MAX))
}

fn text(value: impl ToString) -> Value {
    Value::Text(value.to_string())
}

fn json<T: serde::Serialize>(value: &T) -> Result<Value> {
    serde_json::to_string(value)
        .map(Value::Text)
        .map_err(|e| Error::bug(format!("a value does not serialise: {e}")))
}

/// All statements as one script: one round trip, whatever there is to write. `literal` is the engine's own.
pub(crate) fn script(writes: &[Write], literal: impl Fn(&str) -> String) -> String {
    let mut out = String::new();
    for write in writes {
        let mut parts = write.sql.split('?');
        out.push_str(parts.next().unwrap_or_default());
        // Our own statements hold no question mark but for a value.
        for (part, value) in parts.zip(&write.values) {
            out.push_str(&value.literal(&literal));
            out.push_str(part);
        }
        out.push_str("; ");
    }
    out
}

/// What a commit writes: rows of every table, then the events, then the scope's row.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) writes: Vec<Write>,
    pub(crate) events: Vec<Event>,
}

/// Turns a commit into statements; `facts` are those read after the scope's row was locked.
pub(crate) fn plan(dialect: Dialect, scope: &Scope, facts: &Facts, commit: Commit, records: Records) -> Result<Plan> {
    let mut planner = Planner {
        dialect,
        scope,
        facts: facts.clone(),
        writes: Vec::new(),
    };
    let at = facts.now;
    for event in &commit.events {
        let known = event
            .schema()
            .is_some_and(|schema| planner.facts.schemas.contains_key(schema));
        planner.write(event)?;
        // The rows must say what the pure core says: a move it does not know is not written.
        planner
            .facts
            .apply(event, at)
            .map_err(|illegal| Error::bug(illegal.to_string()))?;
        if event.name().starts_with("schema_") {
            planner.schema(event, known, &records)?;
        }
    }
    // Steps of this very transaction become true now, by the database's time.
    let journal: Vec<_> = records.journal.iter().map(|entry| stamped(entry, at)).collect();
    planner.journal(&journal);
    let first = facts.event_seq + 1;
    let events: Vec<Event> = (first..)
        .zip(commit.events)
        .map(|(seq, kind)| Event {
            seq,
            at,
            instance: records.instance.clone(),
            kind,
        })
        .collect();
    planner.events(&events)?;
    let epoch = facts.epoch + u64::from(commit.takes_epoch);
    let seq = facts.event_seq + events.len() as u64;
    planner.scope(epoch, seq, &commit.operation)?;
    Ok(Plan {
        writes: planner.writes,
        events,
    })
}

/// The entry with the database's time: what is started begins now, everything else ends now.
pub(crate) fn stamped(entry: &JournalEntry, at: Timestamp) -> JournalEntry {
    let took = i64::try_from(entry.duration_us).unwrap_or(0);
    let ended = entry.state != JournalState::Started;
    JournalEntry {
        started_at: Timestamp(at.0 - took),
        finished_at: ended.then_some(at),
        ..entry.clone()
    }
}

struct Planner<'a> {
    dialect: Dialect,
    scope: &'a Scope,
    facts: Facts,
    writes: Vec<Write>,
}

impl Planner<'_> {
    fn push(&mut self, sql: &'static str, values: impl IntoIterator<Item = Value>) {
        self.writes.push(Write::new(sql, values));
    }

    fn write(&mut self, event: &EventKind) -> Result<()> {
        match event {
            EventKind::HandlerRegistered { binding } => self.register(binding)?,
            EventKind::HandlerTagged { handler_version, tag } => {
                if let Some(record) = self.facts.bindings.get(handler_version) {
                    let mut binding = record.binding.clone();
                    binding.tags.insert(tag.clone());
                    self.register(&binding)?;
                }
            }
            EventKind::HandlerActivating { handler_version: of }
            | EventKind::HandlerActivated { handler_version: of }
            | EventKind::HandlerDraining { handler_version: of }
            | EventKind::HandlerDeactivated { handler_version: of }
            | EventKind::HandlerFailed { handler_version: of } => self.handler_state(event, of),
            // Written once the event was applied: see `schema`.
            EventKind::SchemaApplying { .. }
            | EventKind::SchemaApplied { .. }
            | EventKind::SchemaReverting { .. }
            | EventKind::SchemaRolledBack { .. }
            | EventKind::SchemaRetained { .. }
            | EventKind::SchemaReused { .. }
            | EventKind::SchemaFailed { .. } => {}
            EventKind::LeaseRequested { lease } | EventKind::LeaseGranted { lease } => self.lease(lease),
            EventKind::LeaseReleased {
                holder,
                handler_version,
                ..
            } => {
                self.end_lease(holder, handler_version, "released");
            }
            EventKind::LeaseFenced {
                holder,
                handler_version,
                ..
            } => {
                self.end_lease(holder, handler_version, "fenced");
            }
        }
        Ok(())
    }

    fn register(&mut self, binding: &Binding) -> Result<()> {
        let of = &binding.handler_version;
        let moved: Vec<BindingRecord> = self
            .facts
            .bindings
            .values()
            .filter(|r| r.binding.handler_version != *of && r.binding.handler_version.handler == of.handler)
            .filter(|r| !r.binding.tags.is_disjoint(&binding.tags))
            .cloned()
            .collect();
        for record in moved {
            let left: Vec<_> = record.binding.tags.difference(&binding.tags).collect();
            let values = [json(&left)?, text(self.scope)];
            let key = handler_key(&record.binding.handler_version);
            self.push(
                "UPDATE lockstep_binding SET tags = ? WHERE scope = ? AND handler = ? AND api_version = ?",
                values.into_iter().chain(key),
            );
        }
        let row = [
            text(&binding.schema),
            Value::OptText(binding.artifact.clone()),
            json(&binding.tags)?,
        ];
        let key = std::iter::once(text(self.scope)).chain(handler_key(of));
        if self.facts.bindings.contains_key(of) {
            self.push(
                "UPDATE lockstep_binding SET schema_version = ?, artifact = ?, tags = ? \
                 WHERE scope = ? AND handler = ? AND api_version = ?",
                row.into_iter().chain(key),
            );
        } else {
            let at = Value::Int(self.facts.now.0);
            self.push(
                "INSERT INTO lockstep_binding (schema_version, artifact, tags, scope, handler, api_version, \
                 state, ever_active, registered_at) VALUES (?, ?, ?, ?, ?, ?, 'registered', 0, ?)",
                row.into_iter().chain(key).chain([at]),
            );
        }
        Ok(())
    }

    fn handler_state(&mut self, event: &EventKind, of: &HandlerVersion) {
        let Some(state) = event.handler_state() else {
            return;
        };
        let activated = i64::from(state == lockstep_registry::HandlerState::Active);
        let values = [text(state), Value::Int(activated), text(self.scope)];
        self.push(
            "UPDATE lockstep_binding SET state = ?, ever_active = CASE WHEN ? = 1 THEN 1 ELSE ever_active END \
             WHERE scope = ? AND handler = ? AND api_version = ?",
            values.into_iter().chain(handler_key(of)),
        );
    }

    /// Writes the whole row as the pure core sees it after the event: one statement whatever the event.
    fn schema(&mut self, event: &EventKind, known: bool, records: &Records) -> Result<()> {
        let found = event.schema().and_then(|name| self.facts.schemas.get_key_value(name));
        let Some((name, record)) = found else {
            return Ok(());
        };
        let spec = records.specs.iter().find(|s| s.version == *name);
        let spec = spec.map(|s| json(s.as_ref())).transpose()?;
        let duration = event
            .duration()
            .map(|d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
        let mut values = schema_row(record)?;
        values.push(Value::OptInt(duration));
        values.push(Value::OptText(match spec {
            Some(Value::Text(spec)) => Some(spec),
            _ => None,
        }));
        values.extend([text(self.scope), text(name)]);
        if known {
            self.push(
                "UPDATE lockstep_schema SET state = ?, checksum = ?, requires = ?, compatible_with = ?, applied_at = ?, \
                 rolled_back_at = ?, retention = ?, error = ?, duration_us = COALESCE(?, duration_us), \
                 spec = COALESCE(?, spec) WHERE scope = ? AND version = ?",
                values,
            );
        } else {
            self.push(
                "INSERT INTO lockstep_schema (state, checksum, requires, compatible_with, applied_at, rolled_back_at, \
                 retention, error, duration_us, spec, scope, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                values,
            );
        }
        Ok(())
    }

    fn lease(&mut self, lease: &Lease) {
        let (kind, ttl) = match lease.kind {
            LeaseKind::Pinned => ("pinned", None),
            LeaseKind::Timed { ttl } => ("timed", Some(i64::try_from(ttl.as_micros()).unwrap_or(i64::MAX))),
        };
        let values: Vec<_> = [text(self.scope), text(&lease.holder.instance)]
            .into_iter()
            .chain(handler_key(&lease.handler_version))
            .chain([
                text(&lease.holder.incarnation),
                text(&lease.schema),
                text(kind),
                Value::OptInt(ttl),
                text(lease.state),
                int(lease.epoch),
                Value::Int(lease.acquired_at.0),
                Value::Int(lease.renewed_at.0),
                Value::OptInt(lease.expires_at.map(|at| at.0)),
            ])
            .collect();
        // A former lease of the same instance may still be there, ended: its row is taken over.
        self.writes.push(Write {
            sql: Cow::Owned(insert_lease(self.dialect)),
            values,
        });
    }

    fn end_lease(&mut self, holder: &Holder, of: &HandlerVersion, state: &'static str) {
        let values = [
            text(state),
            Value::Int(self.facts.now.0),
            text(self.scope),
            text(&holder.instance),
        ];
        self.push(END_LEASE, values.into_iter().chain(handler_key(of)));
    }

    fn journal(&mut self, entries: &[JournalEntry]) {
        // Sixteen bound values a row, and SQLite allows 32766: far below the limit, and short statements.
        for chunk in entries.chunks(100) {
            let values = chunk.iter().flat_map(|entry| journal_row(self.scope, entry)).collect();
            let sql = rows(INSERT_STEP, STEP_COLUMNS, chunk.len());
            self.writes.push(Write {
                sql: Cow::Owned(sql),
                values,
            });
        }
    }

    fn events(&mut self, events: &[Event]) -> Result<()> {
        for chunk in events.chunks(100) {
            let mut values = Vec::with_capacity(chunk.len() * EVENT_COLUMNS);
            for event in chunk {
                values.extend([
                    text(self.scope),
                    int(event.seq),
                    text(event.kind.name()),
                    Value::OptText(event.kind.schema().map(SchemaVersion::to_string)),
                    Value::OptText(event.kind.handler_version().map(HandlerVersion::to_string)),
                    text(&event.instance),
                    Value::Int(event.at.0),
                    json(&event.kind)?,
                ]);
            }
            let sql = rows(INSERT_EVENT, EVENT_COLUMNS, chunk.len());
            self.writes.push(Write {
                sql: Cow::Owned(sql),
                values,
            });
        }
        Ok(())
    }

    /// The scope's row comes last (protocol: events take their numbers as the last thing before the commit).
    fn scope(&mut self, epoch: u64, seq: u64, change: &OperationChange) -> Result<()> {
        let announced = match change {
            OperationChange::Keep => self.facts.operation.clone(),
            OperationChange::Announce(operation) => Some(operation.clone()),
            OperationChange::Clear(id) => self.facts.operation.clone().filter(|o| o.id != *id),
            OperationChange::ClearStale => None,
        };
        let operation = match announced {
            Some(operation) => match json(&operation)? {
                Value::Text(text) => Some(text),
                _ => None,
            },
            None => None,
        };
        let values = [int(epoch), int(seq), Value::OptText(operation), text(self.scope)];
        self.push(UPDATE_SCOPE, values);
        Ok(())
    }
}

/// What a lease's grant writes, and what its release does, which an engine may keep prepared. Each writes to another table.
#[cfg_attr(not(feature = "postgres"), allow(dead_code))] // elsewhere preparing gains nothing
pub(crate) fn frequent(dialect: Dialect) -> [[String; 3]; 2] {
    let with_event = |lease: String| [lease, rows(INSERT_EVENT, EVENT_COLUMNS, 1), UPDATE_SCOPE.to_owned()];
    [with_event(insert_lease(dialect)), with_event(END_LEASE.to_owned())]
}

fn insert_lease(dialect: Dialect) -> String {
    format!("{INSERT_LEASE} {}", taking_over(dialect))
}

const END_LEASE: &str = "UPDATE lockstep_lease SET state = ?, ended_at = ? \
     WHERE scope = ? AND instance = ? AND handler = ? AND api_version = ?";

const UPDATE_SCOPE: &str = "UPDATE lockstep_scope SET epoch = ?, event_seq = ?, operation = ? WHERE scope = ?";

const INSERT_LEASE: &str = "INSERT INTO lockstep_lease (scope, instance, handler, api_version, incarnation, schema_version, kind, \
     ttl_us, state, epoch, acquired_at, renewed_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// What makes an insert take over the row that is there already.
fn taking_over(dialect: Dialect) -> String {
    let columns = [
        "incarnation",
        "schema_version",
        "kind",
        "ttl_us",
        "state",
        "epoch",
        "acquired_at",
        "renewed_at",
        "expires_at",
    ];
    let (head, new): (_, fn(&str) -> String) = match dialect {
        Dialect::Sqlite | Dialect::Postgres => (
            "ON CONFLICT (scope, instance, handler, api_version) DO UPDATE SET",
            |column| format!("excluded.{column}"),
        ),
        Dialect::Mysql => ("ON DUPLICATE KEY UPDATE", |column| format!("VALUES({column})")),
    };
    let set: Vec<_> = columns
        .iter()
        .map(|column| format!("{column} = {}", new(column)))
        .collect();
    format!("{head} {}, ended_at = NULL", set.join(", "))
}

const INSERT_EVENT: &str =
    "INSERT INTO lockstep_event (scope, seq, kind, schema_version, handler_version, instance, at, payload) VALUES ";

const EVENT_COLUMNS: usize = 8;

const INSERT_STEP: &str = "INSERT INTO lockstep_step (scope, operation, schema_version, position, step, direction, state, checksum, \
     session, started_at, finished_at, duration_us, row_count, error, objects_before, ends_by) VALUES ";

const STEP_COLUMNS: usize = 16;

/// The statement that writes one journal entry.
#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), allow(dead_code))] // SQLite has no work outside a transaction
pub(crate) fn journal_write(scope: &Scope, entry: &JournalEntry) -> Write {
    Write {
        sql: Cow::Owned(rows(INSERT_STEP, STEP_COLUMNS, 1)),
        values: journal_row(scope, entry),
    }
}

fn journal_row(scope: &Scope, entry: &JournalEntry) -> Vec<Value> {
    vec![
        text(scope),
        text(&entry.operation),
        text(&entry.schema),
        Value::Int(i64::from(entry.position)),
        text(&entry.step),
        text(entry.direction),
        text(entry.state.as_str()),
        text(entry.checksum.as_str()),
        text(&entry.session),
        Value::Int(entry.started_at.0),
        Value::OptInt(entry.finished_at.map(|at| at.0)),
        int(entry.duration_us),
        int(entry.rows),
        Value::OptText(entry.error.clone()),
        Value::OptText(entry.before.clone()),
        Value::OptInt(entry.ends_by.map(|at| at.0)),
    ]
}

fn schema_row(record: &SchemaRecord) -> Result<Vec<Value>> {
    let optional = |value: Option<Result<Value>>| -> Result<Value> {
        Ok(match value.transpose()? {
            Some(Value::Text(text)) => Value::OptText(Some(text)),
            _ => Value::OptText(None),
        })
    };
    Ok(vec![
        text(record.state),
        text(record.checksum.as_str()),
        json(&record.requires)?,
        json(&record.compatible_with)?,
        Value::OptInt(record.applied_at.map(|at| at.0)),
        Value::OptInt(record.rolled_back_at.map(|at| at.0)),
        optional(record.retention.as_ref().map(json))?,
        optional(record.failure.as_ref().map(json))?,
    ])
}

fn handler_key(of: &HandlerVersion) -> [Value; 2] {
    [text(&of.handler), text(&of.version)]
}

fn rows(head: &str, columns: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; columns].join(", "));
    format!("{head}{}", vec![row; rows].join(", "))
}

/// The statement that renews a lease: never an upsert, never the scope's row.
///
/// One that ran out is not renewed: whoever holds the scope's row may have read that it did, and be about to fence it.
pub(crate) fn renewal(scope: &Scope, lease: &super::LeaseToken, now: &'static str) -> Write {
    let mut write = late_renewal(scope, lease, now);
    write.sql = Cow::Owned(format!("{} AND expires_at > {now}", write.sql));
    write
}

/// The same under a lock that keeps everybody from fencing: there it is never too late.
pub(crate) fn late_renewal(scope: &Scope, lease: &super::LeaseToken, now: &'static str) -> Write {
    let sql = format!(
        "UPDATE lockstep_lease SET renewed_at = {now}, expires_at = {now} + ? WHERE scope = ? AND instance = ? \
         AND handler = ? AND api_version = ? AND incarnation = ? AND epoch = ? AND state = 'active'"
    );
    let ttl = i64::try_from(lease.ttl.as_micros()).unwrap_or(i64::MAX);
    let values = [Value::Int(ttl), text(scope), text(&lease.holder.instance)]
        .into_iter()
        .chain(handler_key(&lease.handler_version))
        .chain([text(&lease.holder.incarnation), int(lease.epoch)]);
    Write {
        sql: Cow::Owned(sql),
        values: values.collect(),
    }
}
