//! What operations came to.

use std::time::Duration;

use lockstep_lifecycle::{DataLoss, LiveUse, RetentionReason};
use lockstep_registry::{Lease, SchemaVersion, Timestamp};
use serde::Serialize;

/// A schema that was applied.
#[derive(Debug, Clone, Serialize)]
pub struct Applied {
    /// Which.
    pub schema: SchemaVersion,
    /// How many steps ran.
    pub steps: u32,
    /// How long they took.
    pub duration: Duration,
}

/// A schema that was taken back.
#[derive(Debug, Clone, Serialize)]
pub struct RolledBack {
    /// Which.
    pub schema: SchemaVersion,
    /// How many downs ran.
    pub steps: u32,
    /// How long they took.
    pub duration: Duration,
    /// The rows that went with it, with the caller's consent.
    pub lost: Vec<DataLoss>,
}

/// A schema that nothing uses and that stays.
#[derive(Debug, Clone, Serialize)]
pub struct Kept {
    /// Which.
    pub schema: SchemaVersion,
    /// Why.
    #[serde(flatten)]
    pub reason: RetentionReason,
    /// Until when, where it is a matter of time.
    pub until: Option<Timestamp>,
}

/// What an activation came to.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Activation {
    /// Schemas were applied, then the lease was granted.
    Applied {
        /// In the order they were applied.
        schemas: Vec<Applied>,
        /// The lease.
        lease: Lease,
        /// The whole time, waiting included.
        duration: Duration,
    },
    /// The schema was there: only the lease was granted.
    AlreadyApplied {
        /// The lease.
        lease: Lease,
    },
    /// This instance held the lease already; nothing changed.
    AlreadyActive {
        /// The lease.
        lease: Lease,
    },
}

impl Activation {
    /// The lease that holds the schema now.
    pub fn lease(&self) -> &Lease {
        match self {
            Self::Applied { lease, .. } | Self::AlreadyApplied { lease } | Self::AlreadyActive { lease } => lease,
        }
    }

    /// The outcome's name, as metrics and programs see it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Applied { .. } => "applied",
            Self::AlreadyApplied { .. } => "already_applied",
            Self::AlreadyActive { .. } => "already_active",
        }
    }
}

/// What a deactivation came to.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Deactivation {
    /// This instance does not hold it; nothing changed.
    NotActive {
        /// Others who serve it.
        others: Vec<LiveUse>,
    },
    /// The lease is released; others need the schema.
    KeptInUse {
        /// Which schema.
        schema: SchemaVersion,
        /// Live leases on it.
        by: Vec<LiveUse>,
        /// Applied schemas that require it.
        required_by: Vec<SchemaVersion>,
    },
    /// The lease is released and at least one schema was taken back.
    RolledBack {
        /// In the order they were taken back.
        schemas: Vec<RolledBack>,
        /// What became free and stays all the same.
        kept: Vec<Kept>,
        /// The whole time, waiting included.
        duration: Duration,
    },
    /// The lease is released; the schema is unused and stays.
    Retained {
        /// What stays, and why.
        kept: Vec<Kept>,
    },
}

impl Deactivation {
    /// The outcome's name, as metrics and programs see it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotActive { .. } => "not_active",
            Self::KeptInUse { .. } => "kept_in_use",
            Self::RolledBack { .. } => "rolled_back",
            Self::Retained { .. } => "retained",
        }
    }
}

/// What a round of the reaper came to.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Reaped {
    /// Leases that ran out and were fenced.
    pub fenced: Vec<LiveUse>,
    /// Schemas taken back because their time of grace was over, or the policy said so.
    pub rolled_back: Vec<RolledBack>,
    /// Schemas that became unused and stay.
    pub retained: Vec<Kept>,
    /// Schemas whose interrupted work was finished or undone.
    pub recovered: Vec<SchemaVersion>,
}

/// What a repair came to.
#[derive(Debug, Clone, Serialize)]
pub struct Repaired {
    /// Which schema.
    pub schema: SchemaVersion,
    /// Where it is in its life now.
    pub state: lockstep_registry::SchemaState,
    /// How many steps ran.
    pub steps: u32,
    /// What was seen and done, in words.
    pub did: String,
}
