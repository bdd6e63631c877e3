//! Refusals: what a rule forbids, and who or what is in the way.

use lockstep_registry::{Checksum, HandlerVersion, SchemaState, SchemaVersion};

use crate::{DataLoss, Failure, IllegalMove, LiveUse};

/// Why a request is not carried out. Nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Nobody bound this handler version to a schema.
    #[error("nothing says which schema {handler_version} needs{}", known_versions(known))]
    UnknownHandlerVersion {
        /// Which.
        handler_version: HandlerVersion,
        /// The versions of that handler that are bound.
        known: Vec<HandlerVersion>,
    },
    /// The schema is neither among the known specs nor applied.
    #[error("schema {schema} is neither among the schema files nor applied in the database")]
    UnknownSchema {
        /// Which.
        schema: SchemaVersion,
    },
    /// A binding of a handler version that was ever active does not change.
    #[error("{handler_version} was active with {recorded}, so it stays bound to it; {asked} was asked for")]
    BindingFixed {
        /// Which.
        handler_version: HandlerVersion,
        /// What it is bound to: a schema or an artifact hash.
        recorded: String,
        /// What was asked for.
        asked: String,
    },
    /// R9: a step changed after it was applied.
    #[error(
        "schema {schema} was changed after it was applied: recorded checksum {recorded}, found {found}{}",
        changed_steps(steps)
    )]
    Tampered {
        /// Which.
        schema: SchemaVersion,
        /// The checksum recorded when it was applied.
        recorded: Checksum,
        /// The checksum of what is there now.
        found: Checksum,
        /// The steps that differ, where the stored spec could be read.
        steps: Vec<String>,
    },
    /// The schema would harm users of another live one.
    #[error(
        "{handler_version} needs {schema}, and {upper} makes no promise to the users of {lower}, which is in use: {}",
        uses(live)
    )]
    Incompatible {
        /// What was asked for.
        handler_version: HandlerVersion,
        /// What it needs.
        schema: SchemaVersion,
        /// The schema that makes no promise.
        upper: SchemaVersion,
        /// The schema whose users may be harmed.
        lower: SchemaVersion,
        /// Those users.
        live: Vec<LiveUse>,
    },
    /// R1: somebody needs it.
    #[error("schema {schema} is in use: {}", in_use(leases, dependents))]
    InUse {
        /// Which.
        schema: SchemaVersion,
        /// Live leases on it.
        leases: Vec<LiveUse>,
        /// Schemas in the database that require it.
        dependents: Vec<SchemaVersion>,
    },
    /// R8: rows would be lost.
    #[error("taking {schema} back would lose {}", losses(lost))]
    DataLoss {
        /// Which.
        schema: SchemaVersion,
        /// What would go.
        lost: Vec<DataLoss>,
    },
    /// R8: what its way back would do to rows cannot be told.
    #[error(
        "taking back {schema} may lose rows: what {what} in step {step} does to them cannot be told from its text, and \
         this server cannot try it out"
    )]
    LossUnknown {
        /// Which.
        schema: SchemaVersion,
        /// Which step.
        step: String,
        /// The statement, or the part of it, that says too little.
        what: String,
    },
    /// A step of it has no down.
    #[error("schema {schema} cannot be taken back: step {step} is irreversible")]
    Irreversible {
        /// Which.
        schema: SchemaVersion,
        /// Which step.
        step: String,
    },
    /// It is not in the database.
    #[error("schema {schema} is {}, not applied", state.as_str().replace('_', " "))]
    NotApplied {
        /// Which.
        schema: SchemaVersion,
        /// Where it is in its life.
        state: SchemaState,
    },
    /// A rollback of it stopped half-way.
    #[error("schema {schema} failed at step {} ({}) while it was taken back: {}", failure.step, failure.direction, failure.error)]
    NeedsRepair {
        /// Which.
        schema: SchemaVersion,
        /// What failed.
        failure: Box<Failure>,
    },
    /// It did not fail.
    #[error("schema {schema} is {state}; there is nothing to repair")]
    NothingToRepair {
        /// Which.
        schema: SchemaVersion,
        /// Where it is in its life.
        state: SchemaState,
    },
    /// A move that is not in the table.
    #[error("{0} (please report this)")]
    IllegalMove(#[from] IllegalMove),
}

impl Refusal {
    /// The rule that forbids it, by its number.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::InUse { .. } => Some("R1"),
            Self::Incompatible { .. } => Some("R3"),
            Self::NeedsRepair { .. } => Some("R7"),
            Self::DataLoss { .. } | Self::LossUnknown { .. } => Some("R8"),
            Self::Tampered { .. } => Some("R9"),
            _ => None,
        }
    }

    /// A short name for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::UnknownHandlerVersion { .. } => "unknown_handler_version",
            Self::UnknownSchema { .. } => "unknown_schema",
            Self::BindingFixed { .. } => "binding_fixed",
            Self::Tampered { .. } => "tampered",
            Self::Incompatible { .. } => "incompatible",
            Self::InUse { .. } => "in_use",
            Self::DataLoss { .. } => "data_loss",
            Self::LossUnknown { .. } => "loss_unknown",
            Self::Irreversible { .. } => "irreversible",
            Self::NotApplied { .. } => "not_applied",
            Self::NeedsRepair { .. } => "needs_repair",
            Self::NothingToRepair { .. } => "nothing_to_repair",
            Self::IllegalMove(_) => "bug",
        }
    }
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    let shown: Vec<_> = items.iter().take(5).map(T::to_string).collect();
    let more = items.len().saturating_sub(shown.len());
    let tail = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    shown.join(", ") + &tail
}

fn known_versions(known: &[HandlerVersion]) -> String {
    if known.is_empty() {
        return String::new();
    }
    format!("; bound are {}", list(known))
}

fn changed_steps(steps: &[String]) -> String {
    if steps.is_empty() {
        return String::new();
    }
    format!(" (changed: {})", list(steps))
}

fn uses(live: &[LiveUse]) -> String {
    list(live)
}

fn losses(lost: &[DataLoss]) -> String {
    list(lost)
}

fn in_use(leases: &[LiveUse], dependents: &[SchemaVersion]) -> String {
    let mut parts = Vec::new();
    if !leases.is_empty() {
        parts.push(list(leases));
    }
    if !dependents.is_empty() {
        parts.push(format!("required by {}", list(dependents)));
    }
    parts.join("; ")
}
