//! The engine port: what a database must be able to do, said in terms of what holds after a crash.
//!
//! ```text
//!  lease on an applied schema     lock_scope, facts ─► commit(events)
//!  steps in one transaction       lock_structure ─► facts ─► execute… ─► lock_scope, facts ─► commit(events)
//!  the user's own statements      begin_guarded ─► … ─► commit
//!  steps outside a transaction    open_session ─► T1 ─► (journal started ─► execute ─► journal done)… ─► T2
//! ```
//!
//! The structural lock is always taken before the scope row; the scope row is held for moments only.
//! Engines mirror each other file by file: `connect`, `metadata`, `declared`, `transaction`, `session`, `guard`, `inspect`,
//! `introspect`, `console`, `scratch`.
//! What is the same for all of them lives here: [`rows`] reads, [`writes`] writes, [`tables`] says into what.
// The next engine goes here: a folder with the same files, a feature, a line in `connect`.

pub(crate) mod console;
mod declared;
pub(crate) mod guard;
#[cfg(any(feature = "postgres", feature = "mysql", feature = "simulation"))]
mod lost;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
pub(crate) mod rows;
mod secret;
#[cfg(feature = "simulation")]
pub(crate) mod simulated;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod step;
mod tables;
mod writes;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{ConcurrentIndex, Dialect, Removed, Snapshot, Statement};
use lockstep_lifecycle::{Commit, Event, Facts, JournalEntry};
use lockstep_registry::{HandlerVersion, Holder, InstanceId, SchemaSpec, SchemaVersion, Scope};

use crate::clock::Deadline;
use crate::settings::Settings;
use crate::structure::{Declaration, KeptDeclaration};
use crate::{Error, Result};

use console::Console;
use guard::{Claim, Entry};

pub use secret::redact;
#[cfg(feature = "mysql")]
pub(crate) use sqlx::MySqlConnection;
#[cfg(feature = "postgres")]
pub(crate) use sqlx::PgConnection;
#[cfg(feature = "sqlite")]
pub(crate) use sqlx::SqliteConnection;
pub use step::{CodeStep, StepConnection, StepError};
pub(crate) use step::{Limit, Outcome, held_empty, held_to};
pub(crate) use tables::FORMAT;

/// A database Lockstep looks after.
#[async_trait]
pub(crate) trait Engine: Send + Sync + std::fmt::Debug {
    fn dialect(&self) -> Dialect;

    /// Whether a change of the schema is part of the transaction it runs in. Where it is not, every step goes through
    /// the journal, and [`Transaction`]s run no steps.
    fn transactional_ddl(&self) -> bool {
        true
    }

    /// Once this returns, Lockstep's tables and the scope's row exist in a format we know. Safe to run by many at once.
    /// Returns what is, so that nobody needs to ask again.
    async fn prepare(&self, scope: &Scope, deadline: Deadline) -> Result<Facts>;

    /// One consistent reading, without a lock. `None` where Lockstep was never used.
    async fn facts(&self, scope: &Scope) -> Result<Option<Facts>>;

    /// A transaction that holds the scope's row, and what is, read in a statement after the lock. A crash before its
    /// commit leaves nothing.
    async fn lock_scope(
        &self,
        scope: &Scope,
        reading: Reading<'_>,
        deadline: Deadline,
    ) -> Result<(Box<dyn Transaction>, Facts)>;

    /// A transaction that holds the structural lock. A crash before its commit leaves nothing.
    async fn lock_structure(&self, scope: &Scope, deadline: Deadline) -> Result<Box<dyn Transaction>>;

    /// A session that holds the structural lock and runs statements outside a transaction; each is in effect
    /// once it ran, whatever becomes of us. `None` where the engine has no such thing.
    async fn open_session(&self, scope: &Scope, deadline: Deadline) -> Result<Option<Box<dyn Session>>>;

    /// Renews a timed lease. Once this returns true, the lease lives for its time to live from a moment after the
    /// call began; false means that it is not ours any more, or ran out. Waits for no lock but the lease's row.
    async fn renew(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool>;

    /// A transaction for the user's own statements. Until it ends, `exclude_guarded` of its schema returns false in every
    /// process, so nobody takes the schema back.
    async fn begin_guarded(&self, scope: &Scope, claim: &Claim, deadline: Deadline) -> Result<Entry>;

    /// Whether nobody can renew, and so nobody can fence either, while a guarded transaction is open.
    fn guarded_keeps_renewals_out(&self) -> bool;

    /// The spec as it was applied.
    async fn stored_spec(&self, scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>>;

    /// The journal, oldest entry first: of one schema, or the newest `limit` of all.
    async fn journal(&self, scope: &Scope, schema: Option<&SchemaVersion>, limit: u32) -> Result<Vec<JournalEntry>>;

    /// Events after `after`, in order, at most `limit`.
    async fn events(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>>;

    /// Returns after `at_most`, or sooner when the database tells of an event that is not among those `seen`. A wake-up,
    /// never the data.
    async fn wait_for_change(&self, scope: &Scope, at_most: Duration, seen: &AtomicU64);

    /// The value kept under a key of `lockstep_meta`.
    async fn meta(&self, key: &str) -> Result<Option<String>>;

    /// Keeps a value under a key of `lockstep_meta`.
    async fn set_meta(&self, key: &str, value: &str) -> Result<()>;

    /// Keeps what the database was brought to. Once this returns it is there; its table is made where it is missing.
    async fn keep_declared(
        &self,
        scope: &Scope,
        declaration: &Declaration,
        creator: &str,
        deadline: Deadline,
    ) -> Result<()>;

    /// What the database was brought to, newest first, at most `limit`; of what has a version only, where that is asked.
    /// Nothing where nothing was ever kept. The right to read is enough.
    async fn declared(&self, scope: &Scope, versioned: bool, limit: u32) -> Result<Vec<KeptDeclaration>>;

    /// The user's objects as they are now.
    async fn snapshot(&self) -> Result<Snapshot>;

    /// What the database looks like, in a constant number of queries. The right to read is enough.
    async fn introspect(&self, selection: &Selection) -> Result<Structure>;

    /// The database's own mark of its last structural change; `None` where it has none that costs nothing to read.
    async fn change_marker(&self) -> Result<Option<String>> {
        Ok(None)
    }

    /// A connection of its own for statements that are nobody's step.
    async fn console(&self) -> Result<Box<dyn Console>>;

    /// Asks an author's query whether it returns one row, true, where nothing can be written. Without a lock.
    async fn ask(&self, query: &str, limit: &Limit) -> Outcome<bool>;

    /// How an index that was built or dropped outside a transaction is now. Without a lock.
    async fn index(&self, _index: &ConcurrentIndex) -> Result<IndexSeen> {
        Err(Error::bug("no statement of this engine builds an index concurrently"))
    }

    /// Whether the session that a journal's row names is still there; `None` where nobody can tell.
    async fn session_lives(&self, _identity: &str) -> Result<Option<bool>> {
        Ok(None)
    }

    /// A throwaway database to rehearse on.
    async fn scratch(&self, deadline: Deadline) -> Result<Scratch>;

    /// An empty throwaway database of the same engine and settings.
    async fn blank(&self, deadline: Deadline) -> Result<Scratch>;

    /// Closes all connections.
    async fn close(&self);
}

/// How much of the leases a reading holds; everything else is always whole.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reading<'a> {
    /// Every live lease.
    Whole,
    /// This instance's own, and at least one for each handler version and schema that others hold: enough to grant a lease
    /// by.
    For(&'a InstanceId),
}

/// An open transaction. Dropping it closes its connection, so that the server takes it back.
#[async_trait]
pub(crate) trait Transaction: Send {
    /// The database's time and everything that is, read in statements of their own after the lock.
    async fn facts(&mut self, reading: Reading<'_>) -> Result<Facts>;

    /// Takes the scope's row, then reads anew.
    async fn lock_scope(&mut self) -> Result<Facts>;

    /// Keeps guarded transactions out of the schemas to the end of this transaction. False where some did not end by the
    /// deadline. To be called before a table of theirs is touched; it waits without queueing.
    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], deadline: Deadline) -> Result<bool>;

    /// Runs the statements of a step in one round trip and returns how many rows they changed; their effect counts only
    /// if this transaction commits. A fault names the statement.
    async fn execute(&mut self, statements: &[Statement], limit: &Limit) -> Outcome<u64>;

    /// Runs a query that must return one row, true (or 1).
    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool>;

    /// Runs one direction of a code step over this connection, and checks that the transaction is still ours.
    async fn run_code(&mut self, code: Arc<dyn CodeStep>, up: bool, limit: &Limit) -> Outcome<()>;

    /// Marks a place to come back to.
    async fn savepoint(&mut self) -> Result<()>;

    /// Goes back to the mark, which stays.
    async fn rollback_to_savepoint(&mut self) -> Result<()>;

    /// The user's objects as this transaction sees them.
    async fn snapshot(&mut self) -> Result<Snapshot>;

    /// What the database looks like to this transaction.
    async fn introspect(&mut self, selection: &Selection) -> Result<Structure>;

    /// How many rows hold something in each of what would be removed.
    async fn count(&mut self, removed: &[Removed], limit: &Limit) -> Result<Vec<u64>>;

    /// The one number that a query returns. Where the engine can, nobody writes to the table that it is about from then on.
    async fn number(&mut self, about: &Removed, query: &Statement, limit: &Limit) -> Outcome<u64>;

    /// Makes it all true at once: steps, rows, events. After an error the outcome is one of the two, and the caller asks.
    async fn commit(self: Box<Self>, commit: Commit, records: Records) -> Result<Vec<Event>>;

    /// Takes everything back.
    async fn abandon(self: Box<Self>);
}

/// The structural lock, held by a connection of its own, and a connection that runs statements outside a transaction.
#[async_trait]
pub(crate) trait Session: Send {
    /// Names the working session at the server, so that a successor can tell whether its statement still runs.
    fn identity(&self) -> String;

    /// Keeps guarded transactions out of the schemas until the session is closed; asked again, it fails if they could
    /// have come in since. False where some did not end by the deadline. It waits without queueing.
    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], deadline: Deadline) -> Result<bool>;

    /// Writes the entry; refuses with [`Error::Fenced`] where the epoch is not ours any more. `within` says how long the
    /// statement may take that comes next.
    async fn journal(&mut self, entry: &JournalEntry, epoch: u64, within: Option<Duration>) -> Result<()>;

    /// Runs one statement outside a transaction: in effect once it ran, in doubt if we do not hear of it.
    async fn execute(&mut self, statement: &str, limit: &Limit) -> Outcome<u64>;

    /// Runs statements and writes the entry in one transaction: both count, or neither. What `empty` names must hold
    /// nothing when they begin, and nobody writes to it from then on. Before it commits, the query `verify` must return
    /// one row, true.
    async fn execute_journalled(
        &mut self,
        statements: &[String],
        empty: &[Removed],
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<u64>;

    /// The same for one direction of a code step.
    async fn run_code(
        &mut self,
        code: Arc<dyn CodeStep>,
        up: bool,
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<()>;

    /// The user's objects as they are now.
    async fn snapshot(&mut self) -> Result<Snapshot>;

    /// What the database looks like now.
    async fn introspect(&mut self, selection: &Selection) -> Result<Structure>;

    /// How many rows hold something in what would be removed.
    async fn count(&mut self, removed: &Removed, limit: &Limit) -> Outcome<u64>;

    /// How an index that was built or dropped outside a transaction is now.
    async fn index(&mut self, _index: &ConcurrentIndex) -> Result<IndexSeen> {
        Err(Error::bug("no statement of this engine builds an index concurrently"))
    }

    /// Removes what a failed attempt to build an index left: `IF NOT EXISTS` would accept it silently.
    async fn drop_index(&mut self, _index: &ConcurrentIndex, _limit: &Limit) -> Result<()> {
        Err(Error::bug("no statement of this engine builds an index concurrently"))
    }

    /// Runs a query that must return one row, true.
    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool>;

    /// Waits until the named session runs nothing of its own any more, and ends it at the deadline.
    async fn await_orphan(&mut self, identity: &str, deadline: Deadline) -> Result<()>;

    /// Lets the lock go.
    async fn close(self: Box<Self>);
}

/// What the catalog says about a statement whose answer was never heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), allow(dead_code))] // SQLite has no work outside a transaction
pub(crate) enum Settled {
    /// It took effect.
    Done,
    /// It did not, and nothing of it is left.
    NotDone,
    /// The catalog cannot tell.
    Unknown,
    /// The catalog shows its effect, and its author's own query does not.
    Disputed,
    /// It did not, and left an invalid index that must go first.
    Leftover,
}

/// An index, as the catalog has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(feature = "postgres"), allow(dead_code))] // only PostgreSQL has half-built ones
pub(crate) enum IndexSeen {
    Absent,
    Valid,
    /// Half-built, and used by no query.
    Invalid,
}

/// What a renewal must show.
#[derive(Debug, Clone)]
pub(crate) struct LeaseToken {
    pub(crate) holder: Holder,
    pub(crate) handler_version: HandlerVersion,
    pub(crate) epoch: u64,
    pub(crate) ttl: Duration,
}

/// Rows that go with a commit besides the events.
#[derive(Debug, Clone)]
pub(crate) struct Records {
    /// Whose work the events are.
    pub(crate) instance: InstanceId,
    /// The specs as applied.
    pub(crate) specs: Vec<Arc<SchemaSpec>>,
    /// Steps that ran in this transaction.
    pub(crate) journal: Vec<JournalEntry>,
}

impl Records {
    pub(crate) fn of(instance: InstanceId) -> Self {
        Self {
            instance,
            specs: Vec::new(),
            journal: Vec::new(),
        }
    }
}

/// A throwaway database to rehearse on.
pub(crate) struct Scratch {
    /// The database.
    pub(crate) engine: Arc<dyn Engine>,
    /// Whether what is in the real database is there too; otherwise it starts empty.
    pub(crate) is_copy: bool,
    /// Removes it.
    pub(crate) cleanup: std::pin::Pin<Box<dyn Future<Output = ()> + Send>>,
}

/// Connects to the database a URL names.
pub(crate) async fn connect(url: &str, settings: &Settings) -> Result<Arc<dyn Engine>> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        #[cfg(feature = "sqlite")]
        "sqlite" => Ok(Arc::new(sqlite::Sqlite::connect(url, settings).await?)),
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => Ok(Arc::new(postgres::Postgres::connect(url, settings).await?)),
        #[cfg(feature = "mysql")]
        "mysql" | "mariadb" => Ok(Arc::new(mysql::Mysql::connect(url, settings).await?)),
        _ => Err(Error::UnknownEngine {
            scheme: scheme.to_owned(),
            known: KNOWN_SCHEMES.join(", "),
        }),
    }
}

/// The dialect a URL stands for, without connecting.
pub fn dialect_of(url: &str) -> Result<Dialect> {
    let scheme = url.split(':').next().unwrap_or_default();
    match scheme {
        "sqlite" if cfg!(feature = "sqlite") => Ok(Dialect::Sqlite),
        "postgres" | "postgresql" if cfg!(feature = "postgres") => Ok(Dialect::Postgres),
        "mysql" | "mariadb" if cfg!(feature = "mysql") => Ok(Dialect::Mysql),
        _ => Err(Error::UnknownEngine {
            scheme: scheme.to_owned(),
            known: KNOWN_SCHEMES.join(", "),
        }),
    }
}

const KNOWN_SCHEMES: &[&str] = &[
    #[cfg(feature = "sqlite")]
    "sqlite:",
    #[cfg(feature = "postgres")]
    "postgres:",
    #[cfg(feature = "mysql")]
    "mysql:",
    #[cfg(feature = "mysql")]
    "mariadb:",
];

/// How much is counted by one query: SQLite takes no more than 500 parts.
pub(crate) const COUNTED_AT_ONCE: usize = 100;

/// The query that counts the rows that hold something in each of what would be removed: one row each, in that order. Rows
/// that were count, too, in tables that keep them (`versioned`).
pub(crate) fn count_sql(dialect: Dialect, removed: &[Removed], versioned: &[String]) -> Result<String> {
    // A user's function of that name may come first in the search path.
    let count = match dialect {
        Dialect::Postgres => "pg_catalog.count",
        _ => "count",
    };
    let part = |(at, each): (usize, &Removed)| {
        let table = table_of(dialect, each)?;
        let counted = match each {
            Removed::Table { .. } => "*".to_owned(),
            Removed::Column { column, .. } => quoted(dialect, column)?,
        };
        let (Removed::Table { table: name } | Removed::Column { table: name, .. }) = each;
        let all = if versioned.contains(name) {
            " FOR SYSTEM_TIME ALL"
        } else {
            ""
        };
        Ok(format!(
            "SELECT {at} AS place, {count}({counted}) AS many FROM {table}{all}"
        ))
    };
    let parts: Vec<_> = removed.iter().enumerate().map(part).collect::<Result<_>>()?;
    Ok(format!("{} ORDER BY place", parts.join(" UNION ALL ")))
}

fn quoted(dialect: Dialect, name: &str) -> Result<String> {
    lockstep_catalog::quote(dialect, name).map_err(|e| Error::bug(e.to_string()))
}

/// The table that would go, or that would lose a column, as SQL. Outside the default schema its name is `schema.name`.
pub(crate) fn table_of(dialect: Dialect, removed: &Removed) -> Result<String> {
    let (Removed::Table { table } | Removed::Column { table, .. }) = removed;
    match table.split_once('.') {
        Some((schema, table)) if dialect == Dialect::Postgres => {
            Ok(format!("{}.{}", quoted(dialect, schema)?, quoted(dialect, table)?))
        }
        _ => quoted(dialect, table),
    }
}
