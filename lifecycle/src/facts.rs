//! What is, as read under a lock.

use std::collections::BTreeMap;

use lockstep_registry::{
    Binding, Bindings, Checksum, HandlerState, HandlerVersion, Holder, Lease, LeaseKey, LeaseKind, SchemaState,
    SchemaUsage, SchemaVersion, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::Failure;

/// Names one piece of work for as long as anyone asks about it.
pub type OperationId = String;

/// What kind of work an operation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OperationKind {
    /// Applying schemas for an activation.
    Activate,
    /// Taking schemas back after a deactivation.
    Deactivate,
    /// Taking a retained schema back.
    Rollback,
    /// Taking schemas back whose last lease ran out.
    Reap,
    /// Finishing or undoing what failed.
    Repair,
}

impl OperationKind {
    /// The kind's name as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Deactivate => "deactivate",
            Self::Rollback => "rollback",
            Self::Reap => "reap",
            Self::Repair => "repair",
        }
    }

    /// The kind of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [
            Self::Activate,
            Self::Deactivate,
            Self::Rollback,
            Self::Reap,
            Self::Repair,
        ]
        .into_iter()
        .find(|kind| kind.as_str() == name)
    }
}

/// The announced structural work of a scope: who changes what since when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// What kind of work.
    pub kind: OperationKind,
    /// What it is about: a handler version or a schema.
    pub subject: String,
    /// Whose work.
    pub holder: Holder,
    /// The database session, where the engine has such.
    pub session: String,
    /// Since when, by database time.
    pub since: Timestamp,
}

/// Why an unused schema is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum RetentionReason {
    /// The policy, or the caller, said so.
    Policy,
    /// Its leases ran out, and expiry alone never destroys data (R5).
    Expired,
    /// Taking it back would lose rows (R8).
    DataLoss {
        /// Which.
        losses: Vec<crate::DataLoss>,
    },
    /// A step of it cannot be undone.
    Irreversible {
        /// Which step.
        step: String,
    },
    /// What its way back would do to rows cannot be told beforehand, on a server that cannot try it out (R8).
    LossUnknown {
        /// Which step.
        step: String,
        /// The statement, or the part of it, that says too little.
        what: String,
    },
    /// Nobody has used it since it was repaired.
    Repaired,
}

/// Since when an unused schema is kept, and until when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Since when nothing uses it.
    pub since: Timestamp,
    /// When its time of grace is over; `None` for "until somebody says so".
    pub until: Option<Timestamp>,
    /// Why.
    #[serde(flatten)]
    pub reason: RetentionReason,
}

/// A schema as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRecord {
    /// Where it is in its life.
    pub state: SchemaState,
    /// The checksum of what was applied.
    pub checksum: Checksum,
    /// What it builds on, as applied.
    pub requires: Vec<SchemaVersion>,
    /// Whose users it leaves unharmed, as applied.
    pub compatible_with: Vec<SchemaVersion>,
    /// When it was last applied.
    pub applied_at: Option<Timestamp>,
    /// When it was last taken back.
    pub rolled_back_at: Option<Timestamp>,
    /// Set while it is applied and nothing uses it.
    pub retention: Option<Retention>,
    /// The last failure, until something succeeds.
    pub failure: Option<Failure>,
}

impl SchemaRecord {
    /// Whether anything of it may be in the database, so that what it requires must stay (R1).
    pub fn occupies(&self) -> bool {
        self.state.occupies()
            || (self.state == SchemaState::Failed && self.failure.as_ref().is_none_or(|f| f.leaves_traces))
    }
}

/// A binding as the database knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BindingRecord {
    /// What is bound to what.
    pub binding: Binding,
    /// Where the handler version is in its life.
    pub state: HandlerState,
    /// Whether it was ever active; from then on its schema is fixed.
    pub ever_active: bool,
}

/// Somebody who uses a schema right now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveUse {
    /// Which instance.
    pub instance: lockstep_registry::InstanceId,
    /// Serving what.
    pub handler_version: HandlerVersion,
    /// Using which schema.
    pub schema: SchemaVersion,
    /// Until when, for a timed lease.
    pub expires_at: Option<Timestamp>,
}

impl From<&Lease> for LiveUse {
    fn from(lease: &Lease) -> Self {
        Self {
            instance: lease.holder.instance.clone(),
            handler_version: lease.handler_version.clone(),
            schema: lease.schema.clone(),
            expires_at: lease.expires_at,
        }
    }
}

impl std::fmt::Display for LiveUse {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "{} on {} (instance {})",
            self.handler_version, self.schema, self.instance
        )
    }
}

/// One consistent reading of a scope. Only live leases are in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// The fencing token.
    pub epoch: u64,
    /// The sequence number of the last event.
    pub event_seq: u64,
    /// Announced structural work.
    pub operation: Option<Operation>,
    /// The database's time, read after the lock.
    pub now: Timestamp,
    /// Schemas by name.
    pub schemas: BTreeMap<SchemaVersion, SchemaRecord>,
    /// Bindings by handler version.
    pub bindings: BTreeMap<HandlerVersion, BindingRecord>,
    /// Live leases.
    pub leases: BTreeMap<LeaseKey, Lease>,
}

impl Facts {
    /// The schema's state; pending for one the database does not know.
    pub fn state_of(&self, schema: &SchemaVersion) -> SchemaState {
        self.schemas.get(schema).map_or(SchemaState::Pending, |r| r.state)
    }

    /// The live leases on a schema.
    pub fn leases_on<'a>(&'a self, schema: &'a SchemaVersion) -> impl Iterator<Item = &'a Lease> {
        self.leases.values().filter(move |lease| lease.schema == *schema)
    }

    /// The live leases of a handler version.
    pub fn leases_of<'a>(&'a self, of: &'a HandlerVersion) -> impl Iterator<Item = &'a Lease> {
        self.leases.values().filter(move |lease| lease.handler_version == *of)
    }

    /// The schemas in the database that require this one.
    pub fn dependents_of<'a>(&'a self, schema: &'a SchemaVersion) -> impl Iterator<Item = &'a SchemaVersion> {
        let uses = move |r: &SchemaRecord| r.occupies() && r.requires.contains(schema);
        self.schemas.iter().filter(move |(_, r)| uses(r)).map(|(name, _)| name)
    }

    /// The reference count of a schema, always counted from rows: live leases plus dependents in the database.
    pub fn references(&self, schema: &SchemaVersion) -> usize {
        self.leases_on(schema).count() + self.dependents_of(schema).count()
    }

    /// The bindings, for resolving tags and times.
    pub fn known_bindings(&self) -> Bindings {
        self.bindings.values().map(|record| record.binding.clone()).collect()
    }

    /// One schema with its users; `None` for one nobody knows.
    pub fn usage_of(&self, schema: &SchemaVersion) -> Option<SchemaUsage> {
        let record = self.schemas.get(schema);
        let bound = || self.bindings.values().any(|r| r.binding.schema == *schema);
        if record.is_none() && !bound() {
            return None;
        }
        let mut usage = SchemaUsage::unused(schema.clone(), self.state_of(schema));
        usage.retained = record.is_some_and(|r| r.retention.is_some());
        for lease in self.leases_on(schema) {
            *usage.handler_versions.entry(lease.handler_version.clone()).or_default() += 1;
        }
        usage.dependents = self.dependents_of(schema).cloned().collect();
        Some(usage)
    }

    /// Every known schema with its users: what the in-memory map shows.
    pub fn usage(&self) -> BTreeMap<SchemaVersion, SchemaUsage> {
        let mut all: BTreeMap<_, _> = self
            .schemas
            .iter()
            .map(|(name, record)| {
                let mut usage = SchemaUsage::unused(name.clone(), record.state);
                usage.retained = record.retention.is_some();
                (name.clone(), usage)
            })
            .collect();
        for record in self.bindings.values() {
            let schema = &record.binding.schema;
            all.entry(schema.clone())
                .or_insert_with(|| SchemaUsage::unused(schema.clone(), SchemaState::Pending));
        }
        for lease in self.leases.values() {
            if let Some(usage) = all.get_mut(&lease.schema) {
                *usage.handler_versions.entry(lease.handler_version.clone()).or_default() += 1;
            }
        }
        for (name, record) in self.schemas.iter().filter(|(_, r)| r.occupies()) {
            for parent in &record.requires {
                if let Some(usage) = all.get_mut(parent) {
                    usage.dependents.insert(name.clone());
                }
            }
        }
        all
    }

    /// Where a lease of this kind granted now would end.
    pub(crate) fn expiry(&self, kind: LeaseKind) -> Option<Timestamp> {
        match kind {
            LeaseKind::Pinned => None,
            LeaseKind::Timed { ttl } => Some(self.now.after(ttl)),
        }
    }
}
