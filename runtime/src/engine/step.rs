//! Running one statement or one piece of code under a limit, and what came of it.

use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::{Removed, Statement};
use tokio_util::sync::CancellationToken;

use crate::clock::Deadline;

/// A statement's bounds: the work ends at the server at the deadline, or when the token is cancelled.
#[derive(Debug, Clone)]
pub(crate) struct Limit {
    pub(crate) deadline: Deadline,
    pub(crate) cancel: CancellationToken,
}

/// How long code may take to come to its end after its statements were stopped: it holds its locks meanwhile.
pub(crate) const UNWINDING: Duration = Duration::from_millis(500);

/// Why a statement of a step did not work.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) message: String,
    pub(crate) cause: Cause,
    /// Which of several statements, from 0.
    pub(crate) statement: usize,
    /// Whether what the statement names is not there, or is of another type.
    pub(crate) absent: bool,
    /// Where in the statement, in characters from 0, where the server says so.
    pub(crate) position: Option<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), allow(dead_code))] // SQLite has no work outside a transaction
pub(crate) enum Cause {
    /// The database said no.
    Refused,
    /// A lock time-out, a deadlock, a busy database: the whole transaction may be tried again.
    Transient,
    /// Stopped at its time limit.
    TimedOut,
    /// Stopped because we were told to.
    Cancelled,
    /// We do not know whether it took effect.
    Lost,
    /// The transaction was ended behind our back.
    Escaped,
    /// Another process took the work over.
    Fenced,
}

pub(crate) type Outcome<T> = Result<T, Fault>;

impl Fault {
    pub(crate) fn new(cause: Cause, message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            cause,
            statement: 0,
            absent: false,
            position: None,
        }
    }

    pub(crate) fn absent(mut self, absent: bool) -> Self {
        self.absent = absent;
        self
    }
}

/// The number that a query was to return.
pub(crate) fn number_of(answer: Option<i64>) -> Outcome<u64> {
    let number = answer.and_then(|number| u64::try_from(number).ok());
    number.ok_or_else(|| Fault::new(Cause::Refused, "it did not return one number"))
}

/// R8 a moment before something goes: whether what was found empty when the way back began still is.
pub(crate) fn held_empty(each: &Removed, rows: u64) -> Outcome<()> {
    let rows = match rows {
        0 => return Ok(()),
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    let message = format!("{each} holds {rows}, and nobody allowed that to go; nothing is lost");
    Err(Fault::new(Cause::Refused, message))
}

/// What a verify query's answer means for its step, whose statements came before it.
#[cfg_attr(not(any(feature = "postgres", feature = "mysql")), allow(dead_code))] // SQLite has no work outside a transaction
pub(crate) fn held_to(answer: Outcome<bool>, statements: usize) -> Outcome<()> {
    let fault = match answer {
        Ok(true) => return Ok(()),
        Ok(false) => Fault::new(Cause::Refused, "its verify query did not return true"),
        Err(fault) => fault,
    };
    Err(Fault {
        statement: statements,
        ..fault
    })
}

/// One direction of a step written in Rust. It runs on the step's own connection, inside the step's transaction.
///
/// Whatever it does on that connection counts exactly if the step counts. It must not commit or roll back; what it
/// does elsewhere (files, other services) is its own affair, and may happen again when the step is tried again.
#[async_trait]
pub trait CodeStep: Send + Sync {
    /// Makes the change.
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError>;

    /// Undoes exactly what [`up`](Self::up) did.
    async fn down(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError>;
}

/// What a code step failed with; the text becomes the step's error.
pub type StepError = Box<dyn std::error::Error + Send + Sync>;

/// The connection of a code step or of a guarded transaction.
#[derive(Debug)]
#[non_exhaustive]
pub enum StepConnection<'c> {
    /// An SQLite connection inside that transaction.
    #[cfg(feature = "sqlite")]
    Sqlite(&'c mut sqlx::SqliteConnection),
    /// A PostgreSQL connection inside that transaction.
    #[cfg(feature = "postgres")]
    Postgres(&'c mut sqlx::PgConnection),
    /// A MySQL or MariaDB connection inside the step's transaction. A change of the schema would commit it behind our
    /// back: such a step is found out and fails.
    #[cfg(feature = "mysql")]
    Mysql(&'c mut sqlx::MySqlConnection),
}

impl<'c> StepConnection<'c> {
    /// Runs SQL without parameters and returns how many rows it changed.
    pub async fn execute(&mut self, sql: &str) -> Result<u64, StepError> {
        // Audited: this SQL is its author's own program text, as trusted as the program that runs it.
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
        match self {
            #[cfg(feature = "sqlite")]
            Self::Sqlite(connection) => Ok(sql.execute(&mut **connection).await?.rows_affected()),
            #[cfg(feature = "postgres")]
            Self::Postgres(connection) => Ok(sql.execute(&mut **connection).await?.rows_affected()),
            #[cfg(feature = "mysql")]
            Self::Mysql(connection) => Ok(sql.execute(&mut **connection).await?.rows_affected()),
        }
    }

    /// The SQLite connection, if it is one.
    #[cfg(feature = "sqlite")]
    pub fn as_sqlite(&mut self) -> Option<&mut sqlx::SqliteConnection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => None,
        }
    }

    /// The SQLite connection, if it is one, for as long as it is lent.
    #[cfg(feature = "sqlite")]
    pub fn into_sqlite(self) -> Option<&'c mut sqlx::SqliteConnection> {
        match self {
            Self::Sqlite(connection) => Some(connection),
            #[cfg(any(feature = "postgres", feature = "mysql"))]
            _ => None,
        }
    }

    /// The PostgreSQL connection, if it is one, for as long as it is lent.
    #[cfg(feature = "postgres")]
    pub fn into_postgres(self) -> Option<&'c mut sqlx::PgConnection> {
        match self {
            Self::Postgres(connection) => Some(connection),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => None,
        }
    }

    /// The MySQL or MariaDB connection, if it is one, for as long as it is lent.
    #[cfg(feature = "mysql")]
    pub fn into_mysql(self) -> Option<&'c mut sqlx::MySqlConnection> {
        match self {
            Self::Mysql(connection) => Some(connection),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => None,
        }
    }

    /// The PostgreSQL connection, if it is one.
    #[cfg(feature = "postgres")]
    pub fn as_postgres(&mut self) -> Option<&mut sqlx::PgConnection> {
        match self {
            Self::Postgres(connection) => Some(connection),
            #[cfg(any(feature = "sqlite", feature = "mysql"))]
            _ => None,
        }
    }

    /// The MySQL or MariaDB connection, if it is one.
    #[cfg(feature = "mysql")]
    pub fn as_mysql(&mut self) -> Option<&mut sqlx::MySqlConnection> {
        match self {
            Self::Mysql(connection) => Some(connection),
            #[cfg(any(feature = "sqlite", feature = "postgres"))]
            _ => None,
        }
    }
}

/// Several statements as one script. None of them ends in a semicolon, and one may end in a comment.
#[cfg_attr(not(any(feature = "sqlite", feature = "postgres")), allow(dead_code))] // MySQL's run one by one
pub(crate) fn script_of(statements: &[Statement]) -> String {
    let texts: Vec<_> = statements.iter().map(|s| s.text.as_str()).collect();
    texts.join("\n;\n")
}
