//! The answers, one struct a command. `command` names the command; `outcome` says in a word what it came to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use lockstep::catalog::Dialect;
use lockstep::lifecycle::{Event, Failure, JournalEntry, LiveUse};
use lockstep::{
    Activation, Checksum, Deactivation, Examination, HandlerVersion, LeaseStatus, Preview, Reaped, Rehearsal, Repaired,
    RolledBack, SchemaState, SchemaVersion, Status,
};
use serde::Serialize;

/// `init`
#[derive(Debug, Serialize)]
pub(crate) struct Initialised {
    pub(crate) command: &'static str,
    /// The files, in the order they were written.
    pub(crate) written: Vec<PathBuf>,
}

/// `validate`
#[derive(Debug, Serialize)]
pub(crate) struct Validated {
    pub(crate) command: &'static str,
    /// Whether there is no error among the findings.
    pub(crate) valid: bool,
    pub(crate) folder: PathBuf,
    /// `sqlite`, `postgres` or `mysql`
    pub(crate) dialect: Dialect,
    pub(crate) schemas: Vec<ValidSchema>,
    pub(crate) steps: usize,
    pub(crate) bindings: usize,
    pub(crate) findings: Vec<Finding>,
}

/// A schema whose own files are right.
#[derive(Debug, Serialize)]
pub(crate) struct ValidSchema {
    pub(crate) schema: SchemaVersion,
    pub(crate) steps: usize,
    pub(crate) requires: Vec<SchemaVersion>,
    /// Handler versions that are bound to it.
    pub(crate) bound: Vec<HandlerVersion>,
    pub(crate) checksum: String,
}

/// Something that is wrong, or at least odd.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Finding {
    /// `error` or `warning`
    pub(crate) severity: &'static str,
    /// As in errors: `format`, `script`, `specs`, `unknown_schema`, …
    pub(crate) code: String,
    pub(crate) message: String,
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
}

/// `plan activate`, `plan deactivate` and `rollback --dry-run`
#[derive(Debug, Serialize)]
pub(crate) struct Planned {
    pub(crate) command: &'static str,
    /// What it would be done for: a handler version or a schema.
    pub(crate) subject: String,
    #[serde(flatten)]
    pub(crate) preview: Preview,
}

/// `rehearse`
#[derive(Debug, Serialize)]
pub(crate) struct Rehearsed {
    pub(crate) command: &'static str,
    pub(crate) in_place: bool,
    pub(crate) schemas: Vec<Rehearsal>,
}

/// `activate`
#[derive(Debug, Serialize)]
pub(crate) struct Activated {
    pub(crate) command: &'static str,
    pub(crate) handler_version: HandlerVersion,
    #[serde(flatten)]
    pub(crate) activation: Activation,
}

/// `deactivate`
#[derive(Debug, Serialize)]
pub(crate) struct Deactivated {
    pub(crate) command: &'static str,
    pub(crate) handler_version: HandlerVersion,
    pub(crate) instance: String,
    #[serde(flatten)]
    pub(crate) deactivation: Deactivation,
}

/// `rollback`
#[derive(Debug, Serialize)]
pub(crate) struct TakenBack {
    pub(crate) command: &'static str,
    /// Always `rolled_back`: anything else is an error.
    pub(crate) outcome: &'static str,
    #[serde(flatten)]
    pub(crate) rolled_back: RolledBack,
}

/// `renew`
#[derive(Debug, Serialize)]
pub(crate) struct Renewed {
    pub(crate) command: &'static str,
    /// `renewed`, or `pinned` where there is nothing to renew.
    pub(crate) outcome: &'static str,
    pub(crate) lease: Option<LeaseStatus>,
}

/// `reap`
#[derive(Debug, Serialize)]
pub(crate) struct ReapedRound {
    pub(crate) command: &'static str,
    #[serde(flatten)]
    pub(crate) reaped: Reaped,
}

/// `status`
#[derive(Debug, Serialize)]
pub(crate) struct StatusAnswer {
    pub(crate) command: &'static str,
    /// The URL without its secrets.
    pub(crate) database: String,
    #[serde(flatten)]
    pub(crate) status: Status,
}

/// `usage`
#[derive(Debug, Serialize)]
pub(crate) struct UsageAnswer {
    pub(crate) command: &'static str,
    pub(crate) schemas: Vec<SchemaUse>,
}

/// One schema with its users.
#[derive(Debug, Serialize)]
pub(crate) struct SchemaUse {
    pub(crate) schema: SchemaVersion,
    pub(crate) state: SchemaState,
    pub(crate) references: usize,
    pub(crate) retained: bool,
    pub(crate) leases: Vec<LeaseStatus>,
    pub(crate) required_by: Vec<SchemaVersion>,
}

/// `history`
#[derive(Debug, Serialize)]
pub(crate) struct HistoryAnswer {
    pub(crate) command: &'static str,
    /// Oldest first.
    pub(crate) entries: Vec<JournalEntry>,
    /// Of one schema: the files it was applied from, each with the SHA-256 of its bytes.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(crate) files: BTreeMap<String, Checksum>,
}

/// `events`: one line each.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct EventLine(pub(crate) Event);

/// `graph`
#[derive(Debug, Serialize)]
pub(crate) struct GraphAnswer<'a> {
    pub(crate) command: &'static str,
    pub(crate) nodes: &'a [crate::graph::Node],
}

/// `repair` without a choice
#[derive(Debug, Serialize)]
pub(crate) struct RepairChoices {
    pub(crate) command: &'static str,
    pub(crate) schema: SchemaVersion,
    pub(crate) state: SchemaState,
    pub(crate) failure: Option<Failure>,
    /// Steps whose `up` is in effect, as far as the journal tells.
    pub(crate) in_effect: Vec<String>,
    /// What the catalog shows.
    pub(crate) seen: Examination,
    pub(crate) used_by: Vec<LiveUse>,
    /// Empty where there is nothing to repair.
    pub(crate) choices: Vec<Choice>,
}

/// What one flag would do.
#[derive(Debug, Serialize)]
pub(crate) struct Choice {
    /// `--resume`, `--undo` or `--mark-done`
    pub(crate) flag: &'static str,
    pub(crate) does: String,
    /// The steps that would run, in order.
    pub(crate) steps: Vec<String>,
    /// Why it would stop before the first of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) stopped_by: Option<String>,
    /// Where the schema would be afterwards.
    pub(crate) leads_to: SchemaState,
}

/// `repair` with a choice
#[derive(Debug, Serialize)]
pub(crate) struct RepairDone {
    pub(crate) command: &'static str,
    #[serde(flatten)]
    pub(crate) repaired: Repaired,
}
