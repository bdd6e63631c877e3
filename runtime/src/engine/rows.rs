//! Reading: every engine answers with the same rows, or with the same JSON documents; this turns them into facts.

use std::collections::BTreeSet;
use std::time::Duration;

use lockstep_lifecycle::{BindingRecord, Direction, Event, EventKind, Facts, JournalEntry, JournalState, SchemaRecord};
use lockstep_registry::{
    Binding, Checksum, HandlerId, HandlerState, HandlerVersion, Holder, Incarnation, InstanceId, Lease, LeaseKind,
    LeaseState, SchemaState, SchemaVersion, Tag, Timestamp,
};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Error, Result};

/// The scope's row and its tables, as an engine selects them.
#[derive(Debug)]
pub(crate) struct Selected<S, B, L> {
    pub(crate) format: Option<String>,
    pub(crate) epoch: i64,
    pub(crate) event_seq: i64,
    pub(crate) operation: Option<String>,
    pub(crate) now: i64,
    pub(crate) schemas: S,
    pub(crate) bindings: B,
    pub(crate) leases: L,
}

/// The tables as JSON documents.
#[cfg_attr(not(any(feature = "sqlite", feature = "mysql")), allow(dead_code))] // PostgreSQL selects rows
pub(crate) type FactsDocuments = Selected<String, String, String>;

/// The tables as rows.
pub(crate) type FactsRows = Selected<Vec<SchemaRow>, Vec<BindingRow>, Vec<LeaseRow>>;

#[derive(Debug, Deserialize)]
pub(crate) struct SchemaRow {
    pub(crate) version: String,
    pub(crate) state: String,
    pub(crate) checksum: String,
    pub(crate) requires: String,
    pub(crate) compatible_with: String,
    pub(crate) applied_at: Option<i64>,
    pub(crate) rolled_back_at: Option<i64>,
    pub(crate) retention: Option<String>,
    pub(crate) error: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(crate) struct BindingRow {
    pub(crate) handler: String,
    pub(crate) api_version: String,
    pub(crate) schema_version: String,
    pub(crate) artifact: Option<String>,
    pub(crate) tags: String,
    pub(crate) state: String,
    pub(crate) ever_active: i64,
}

#[derive(Debug, Deserialize)]
pub(crate) struct LeaseRow {
    pub(crate) instance: String,
    pub(crate) incarnation: String,
    pub(crate) handler: String,
    pub(crate) api_version: String,
    pub(crate) schema_version: String,
    pub(crate) kind: String,
    pub(crate) ttl_us: Option<i64>,
    pub(crate) state: String,
    pub(crate) epoch: i64,
    pub(crate) acquired_at: i64,
    pub(crate) renewed_at: i64,
    pub(crate) expires_at: Option<i64>,
}

fn damaged(what: &str, detail: impl std::fmt::Display) -> Error {
    Error::Damaged {
        message: format!("{what}: {detail}"),
    }
}

/// Reads a JSON document that Lockstep wrote.
pub(crate) fn document<T: DeserializeOwned>(what: &str, text: &str) -> Result<T> {
    serde_json::from_str(text).map_err(|e| damaged(what, e))
}

pub(crate) fn unsigned(what: &str, value: i64) -> Result<u64> {
    u64::try_from(value).map_err(|_| damaged(what, format!("{value} is negative")))
}

fn name<T: std::str::FromStr>(what: &str, text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|e: T::Err| damaged(what, e))
}

fn state<T>(what: &str, found: Option<T>, text: &str) -> Result<T> {
    found.ok_or_else(|| damaged(what, format!("unknown state {text:?}")))
}

fn handler_version(what: &str, handler: &str, version: &str) -> Result<HandlerVersion> {
    let handler: HandlerId = name(what, handler)?;
    Ok(HandlerVersion::new(handler, name(what, version)?))
}

impl FactsDocuments {
    #[cfg_attr(not(any(feature = "sqlite", feature = "mysql")), allow(dead_code))]
    pub(crate) fn into_facts(self) -> Result<Facts> {
        // Of another format the documents may look different.
        super::tables::check_format(self.format.as_deref())?;
        let rows = FactsRows {
            format: self.format,
            epoch: self.epoch,
            event_seq: self.event_seq,
            operation: self.operation,
            now: self.now,
            schemas: document("lockstep_schema", &self.schemas)?,
            bindings: document("lockstep_binding", &self.bindings)?,
            leases: document("lockstep_lease", &self.leases)?,
        };
        rows.into_facts()
    }
}

impl FactsRows {
    pub(crate) fn into_facts(self) -> Result<Facts> {
        super::tables::check_format(self.format.as_deref())?;
        let mut facts = Facts {
            epoch: unsigned("lockstep_scope.epoch", self.epoch)?,
            event_seq: unsigned("lockstep_scope.event_seq", self.event_seq)?,
            operation: match &self.operation {
                Some(text) => Some(document("lockstep_scope.operation", text)?),
                None => None,
            },
            now: Timestamp(self.now),
            ..Facts::default()
        };
        for row in self.schemas {
            let (version, record) = row.into_record()?;
            facts.schemas.insert(version, record);
        }
        for row in self.bindings {
            let record = row.into_record()?;
            facts.bindings.insert(record.binding.handler_version.clone(), record);
        }
        for row in self.leases {
            let lease = row.into_lease()?;
            facts.leases.insert(lease.key(), lease);
        }
        Ok(facts)
    }
}

impl SchemaRow {
    fn into_record(self) -> Result<(SchemaVersion, SchemaRecord)> {
        const WHAT: &str = "lockstep_schema";
        let record = SchemaRecord {
            state: state(WHAT, SchemaState::from_name(&self.state), &self.state)?,
            checksum: Checksum::recorded(self.checksum),
            requires: document("lockstep_schema.requires", &self.requires)?,
            compatible_with: document("lockstep_schema.compatible_with", &self.compatible_with)?,
            applied_at: self.applied_at.map(Timestamp),
            rolled_back_at: self.rolled_back_at.map(Timestamp),
            retention: self
                .retention
                .map(|text| document("lockstep_schema.retention", &text))
                .transpose()?,
            failure: self
                .error
                .map(|text| document("lockstep_schema.error", &text))
                .transpose()?,
        };
        Ok((name(WHAT, &self.version)?, record))
    }
}

impl BindingRow {
    fn into_record(self) -> Result<BindingRecord> {
        const WHAT: &str = "lockstep_binding";
        Ok(BindingRecord {
            binding: Binding {
                handler_version: handler_version(WHAT, &self.handler, &self.api_version)?,
                schema: name(WHAT, &self.schema_version)?,
                artifact: self.artifact,
                tags: document::<BTreeSet<Tag>>("lockstep_binding.tags", &self.tags)?,
            },
            state: state(WHAT, HandlerState::from_name(&self.state), &self.state)?,
            ever_active: self.ever_active != 0,
        })
    }
}

impl LeaseRow {
    fn into_lease(self) -> Result<Lease> {
        const WHAT: &str = "lockstep_lease";
        let kind = match (self.kind.as_str(), self.ttl_us) {
            ("pinned", _) => LeaseKind::Pinned,
            ("timed", Some(ttl)) => LeaseKind::Timed {
                ttl: Duration::from_micros(unsigned(WHAT, ttl)?),
            },
            (other, _) => return Err(damaged(WHAT, format!("unknown kind {other:?}"))),
        };
        let instance: InstanceId = name(WHAT, &self.instance)?;
        let incarnation: Incarnation = name(WHAT, &self.incarnation)?;
        Ok(Lease {
            holder: Holder { instance, incarnation },
            handler_version: handler_version(WHAT, &self.handler, &self.api_version)?,
            schema: name(WHAT, &self.schema_version)?,
            kind,
            state: state(WHAT, LeaseState::from_name(&self.state), &self.state)?,
            epoch: unsigned(WHAT, self.epoch)?,
            acquired_at: Timestamp(self.acquired_at),
            renewed_at: Timestamp(self.renewed_at),
            expires_at: self.expires_at.map(Timestamp),
        })
    }
}

/// A row of the event log, as the engines select it.
#[derive(Debug)]
pub(crate) struct EventRow {
    pub(crate) seq: i64,
    pub(crate) at: i64,
    pub(crate) instance: String,
    pub(crate) payload: String,
}

impl EventRow {
    pub(crate) fn into_event(self) -> Result<Event> {
        const WHAT: &str = "lockstep_event";
        Ok(Event {
            seq: unsigned(WHAT, self.seq)?,
            at: Timestamp(self.at),
            instance: name(WHAT, &self.instance)?,
            kind: document::<EventKind>("lockstep_event.payload", &self.payload)?,
        })
    }
}

/// A row of the journal, as the engines select it.
#[derive(Debug)]
pub(crate) struct JournalRow {
    pub(crate) operation: String,
    pub(crate) schema_version: String,
    pub(crate) position: i64,
    pub(crate) step: String,
    pub(crate) direction: String,
    pub(crate) state: String,
    pub(crate) checksum: String,
    pub(crate) session: String,
    pub(crate) started_at: i64,
    pub(crate) finished_at: Option<i64>,
    pub(crate) duration_us: i64,
    pub(crate) row_count: i64,
    pub(crate) error: Option<String>,
    pub(crate) before: Option<String>,
    pub(crate) ends_by: Option<i64>,
}

impl JournalRow {
    pub(crate) fn into_entry(self) -> Result<JournalEntry> {
        const WHAT: &str = "lockstep_step";
        Ok(JournalEntry {
            operation: self.operation,
            schema: name(WHAT, &self.schema_version)?,
            position: u32::try_from(self.position).map_err(|e| damaged(WHAT, e))?,
            step: self.step,
            direction: state(WHAT, Direction::from_name(&self.direction), &self.direction)?,
            state: state(WHAT, JournalState::from_name(&self.state), &self.state)?,
            checksum: Checksum::recorded(self.checksum),
            session: self.session,
            started_at: Timestamp(self.started_at),
            finished_at: self.finished_at.map(Timestamp),
            duration_us: unsigned(WHAT, self.duration_us)?,
            rows: unsigned(WHAT, self.row_count)?,
            error: self.error,
            before: self.before,
            ends_by: self.ends_by.map(Timestamp),
        })
    }
}
