//! From a comparison to statements, a dialect each.
//!
//! ```text
//!  renames ──► rename statements ──┐
//!  comparison ──► what goes, what comes, what changes, in the order that dependencies allow ──► Plan
//! ```
//!
//! A plan is data: the statements, what each of them locks and costs, and the questions to be asked of the rows before any
//! of them runs. Nothing here knows whether there are rows; the questions do.

mod archive;
mod archivist;
mod counters;
pub(crate) mod fill;
mod mysql;
mod postgres;
mod sqlite;

use serde::Serialize;

pub use archive::{Archive, Kept, KeptColumn, KeyColumn, archives, relaxed};
pub use archivist::{Archivist, Stranded};
pub use counters::has_counter;
pub use postgres::PASSING_CHECK;

use crate::Dialect;
use crate::compare::{Renames, Severity, compare};
use crate::structure::{ObjectRef, Structure};

/// What may be done, and how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Choices {
    /// Builds indexes on tables that are there already outside a transaction, without blocking writers (PostgreSQL).
    pub concurrently: bool,
    /// Looks at the rows of a table that is there under a lock that lets others write: constraints come unchecked and are
    /// validated by a statement of their own, `NOT NULL` by way of such a check (PostgreSQL). The looks are statements outside a
    /// transaction: in one with the rest they would happen under its locks.
    pub safe: bool,
}

/// The statements that make one structure another.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Plan {
    /// In the order they have to run.
    pub statements: Vec<Change>,
    /// What must hold of the rows before the first of them runs.
    pub checks: Vec<Check>,
    /// What becomes of rows, where that is more than the statements' names say.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<Note>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The statement, without a semicolon.
    pub sql: String,
    /// What it is for, in a few words for a comment.
    pub comment: String,
    /// What it changes.
    pub about: ObjectRef,
    /// The lock it takes and what that stops, where it takes one on something in use.
    pub lock: Option<Lock>,
    /// Whether it writes a whole table anew, so that its time grows with the rows.
    pub rewrites: bool,
    /// Whether it reads a whole table, so that its time grows with the rows.
    pub scans: bool,
    /// Whether it must run outside a transaction.
    pub outside_transaction: bool,
    /// Whether it should begin a transaction of its own: what ran before it locks a table, and it takes its time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub apart: bool,
}

/// A lock that a statement takes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// The table.
    pub table: String,
    /// The engine's word for it.
    pub mode: &'static str,
    /// Whether readers wait for it.
    pub blocks_reads: bool,
    /// Whether writers wait for it.
    pub blocks_writes: bool,
}

/// A question to the rows that are there. Rows in its answer stand in the way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Check {
    /// What is asked about.
    pub about: ObjectRef,
    /// A query without side effects; each row of its answer is a row that cannot follow: first what names the row (its key),
    /// last what is in the way.
    pub query: String,
    /// What such a row means: `cannot become integer`.
    pub message: String,
}

/// Something to know before the statements run. It stops nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Note {
    /// What it is about.
    pub about: ObjectRef,
    /// How grave it is.
    pub severity: Severity,
    /// What happens, in a sentence.
    pub message: String,
    /// A query without side effects that counts the rows it happens to.
    pub query: String,
    /// How many rows it happens to, where they were counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

impl std::fmt::Display for Note {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)?;
        match self.rows {
            Some(1) => f.write_str(" (1 row)"),
            Some(rows) => write!(f, " ({rows} rows)"),
            None => Ok(()),
        }
    }
}

/// What cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// A name no statement can hold.
    #[error(transparent)]
    Identifier(#[from] crate::IdentifierError),
    /// A change for which this engine has no way that keeps the rows.
    #[error("{about}: {message}")]
    Unsupported {
        /// What it is about, for people.
        about: String,
        /// Why not, and what to do instead.
        message: String,
    },
}

/// The statements that make `structure` in an empty database.
///
/// # Errors
///
/// Where a name is not possible.
pub fn create(structure: &Structure) -> Result<Plan, WriteError> {
    write(
        &Structure::empty(structure.dialect),
        structure,
        &Renames::none(),
        Choices::default(),
    )
}

/// The statements that make `from` look like `to`, renames first.
///
/// # Errors
///
/// Where a name is not possible, or a change has no way that keeps the rows.
pub fn write(from: &Structure, to: &Structure, renames: &Renames, choices: Choices) -> Result<Plan, WriteError> {
    let renames = pending(from, to, renames);
    let renamed = renames.applied_to(from);
    write_renamed(from, &renamed, to, &renames, choices)
}

/// The renames that have something to rename, and those that follow from them.
pub fn pending(from: &Structure, to: &Structure, renames: &Renames) -> Renames {
    let mut renames = renames.pending(from);
    if to.dialect == Dialect::Postgres {
        let implied = postgres::implied(&renames.applied_to(from), to);
        renames.0.extend(implied.0);
    }
    renames
}

/// The statements of nothing but renames.
pub fn write_renames(from: &Structure, renames: &Renames) -> Result<Plan, WriteError> {
    let renamed = renames.applied_to(from);
    write_renamed(from, &renamed, &renamed, renames, Choices::default())
}

/// The same where it is known what `from` looks like after the renames, which an engine can tell better than we can: it
/// rewrites the texts that name what was renamed.
///
/// # Errors
///
/// Where a name is not possible, or a change has no way that keeps the rows.
pub fn write_renamed(
    from: &Structure,
    renamed: &Structure,
    to: &Structure,
    renames: &Renames,
    choices: Choices,
) -> Result<Plan, WriteError> {
    let comparison = compare(renamed, to);
    let mut plan = match to.dialect {
        Dialect::Sqlite => sqlite::write(from, renames, &comparison, choices),
        Dialect::Postgres => postgres::write(from, renames, &comparison, choices),
        Dialect::Mysql => mysql::write(from, renames, &comparison, choices),
    }?;
    plan.notes = fill::notes(&comparison, renames)?;
    Ok(plan)
}
