//! Everything that is, for people and programs that look.

use lockstep_lifecycle::{Failure, Operation, Retention};
use lockstep_registry::{Checksum, HandlerState, HandlerVersion, SchemaState, SchemaVersion, Tag, Timestamp};
use serde::Serialize;

use crate::Result;
use crate::core::Core;

/// One consistent reading of a scope.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// Which scope.
    pub scope: lockstep_registry::Scope,
    /// Whether Lockstep was ever used here.
    pub prepared: bool,
    /// The database's time.
    pub now: Timestamp,
    /// The fencing token.
    pub epoch: u64,
    /// The last event.
    pub event_seq: u64,
    /// Who works on what since when.
    pub operation: Option<Operation>,
    /// Every schema the database or this process knows.
    pub schemas: Vec<SchemaStatus>,
    /// Every handler version that is bound.
    pub handlers: Vec<HandlerStatus>,
    /// Every live lease.
    pub leases: Vec<LeaseStatus>,
}

/// One schema.
#[derive(Debug, Clone, Serialize)]
pub struct SchemaStatus {
    /// Its name.
    pub schema: SchemaVersion,
    /// Where it is in its life.
    pub state: SchemaState,
    /// Live leases plus schemas in the database that require it.
    pub references: usize,
    /// Handler versions with a live lease on it.
    pub used_by: Vec<HandlerVersion>,
    /// Schemas in the database that require it.
    pub required_by: Vec<SchemaVersion>,
    /// Since when and why it is kept although nothing uses it.
    pub retention: Option<Retention>,
    /// The last failure, until something succeeds.
    pub failure: Option<Failure>,
    /// When it was last applied.
    pub applied_at: Option<Timestamp>,
    /// When it was last taken back.
    pub rolled_back_at: Option<Timestamp>,
    /// The checksum recorded when it was applied.
    pub checksum: Option<Checksum>,
    /// Whether the files say something else than what was applied (R9).
    pub tampered: bool,
}

/// One handler version.
#[derive(Debug, Clone, Serialize)]
pub struct HandlerStatus {
    /// Which.
    pub handler_version: HandlerVersion,
    /// What it needs.
    pub schema: SchemaVersion,
    /// Where it is in its life.
    pub state: HandlerState,
    /// Names that stand for it.
    pub tags: Vec<Tag>,
    /// The hash of the program that serves it.
    pub artifact: Option<String>,
}

/// One live lease.
#[derive(Debug, Clone, Serialize)]
pub struct LeaseStatus {
    /// The lease.
    #[serde(flatten)]
    pub lease: lockstep_registry::Lease,
    /// Whether its time is over and the reaper has not been there yet.
    pub due: bool,
}

pub(crate) async fn read(core: &Core) -> Result<Status> {
    let found = core.engine.facts(core.scope()).await?;
    let prepared = found.is_some();
    let facts = found.unwrap_or_default();
    let specs = core.specs.load();
    let known_bindings = core.bindings.load();
    let mut names: Vec<_> = facts
        .schemas
        .keys()
        .chain(specs.iter().map(|s| &s.version))
        .cloned()
        .collect();
    names.sort_unstable();
    names.dedup();
    let schemas = names.into_iter().map(|schema| {
        let record = facts.schemas.get(&schema);
        let mut used_by: Vec<_> = facts.leases_on(&schema).map(|l| l.handler_version.clone()).collect();
        used_by.sort_unstable();
        used_by.dedup();
        let recorded = record.map(|r| r.checksum.clone());
        let in_place = record.is_some_and(|r| r.state.occupies());
        SchemaStatus {
            state: facts.state_of(&schema),
            references: facts.references(&schema),
            used_by,
            required_by: facts.dependents_of(&schema).cloned().collect(),
            retention: record.and_then(|r| r.retention.clone()),
            failure: record.and_then(|r| r.failure.clone()),
            applied_at: record.and_then(|r| r.applied_at),
            rolled_back_at: record.and_then(|r| r.rolled_back_at),
            tampered: in_place
                && specs
                    .checksum(&schema)
                    .is_some_and(|found| Some(found) != recorded.as_ref()),
            checksum: recorded,
            schema,
        }
    });
    let mut handlers: Vec<_> = facts
        .bindings
        .values()
        .map(|record| HandlerStatus {
            handler_version: record.binding.handler_version.clone(),
            schema: record.binding.schema.clone(),
            state: record.state,
            tags: record.binding.tags.iter().cloned().collect(),
            artifact: record.binding.artifact.clone(),
        })
        .collect();
    for binding in known_bindings
        .iter()
        .filter(|b| !facts.bindings.contains_key(&b.handler_version))
    {
        handlers.push(HandlerStatus {
            handler_version: binding.handler_version.clone(),
            schema: binding.schema.clone(),
            state: HandlerState::Registered,
            tags: binding.tags.iter().cloned().collect(),
            artifact: binding.artifact.clone(),
        });
    }
    handlers.sort_by(|a, b| a.handler_version.cmp(&b.handler_version));
    Ok(Status {
        scope: core.scope().clone(),
        prepared,
        now: facts.now,
        epoch: facts.epoch,
        event_seq: facts.event_seq,
        schemas: schemas.collect(),
        handlers,
        leases: facts
            .leases
            .values()
            .map(|lease| LeaseStatus {
                lease: lease.clone(),
                due: lease.is_due(facts.now),
            })
            .collect(),
        operation: facts.operation,
    })
}
