//! Connecting to SQLite, what its errors mean, and binding values.

use std::str::FromStr;

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteConnection, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Connection, Sqlite as Driver};

use super::Sqlite;
use super::guard::Guards;
use crate::engine::step::{Cause, Fault};
use crate::engine::writes::{Value, Write};
use crate::settings::Settings;
use crate::{Error, Result};

impl Sqlite {
    pub(in crate::engine) async fn connect(url: &str, settings: &Settings) -> Result<Self> {
        let shown = crate::engine::redact(url);
        let wrong = |e: sqlx::Error| Error::Connect {
            url: shown.clone(),
            message: e.to_string(),
            transient: false,
        };
        let read_only = url.contains("mode=ro") || url.contains("immutable=");
        let options = SqliteConnectOptions::from_str(url)
            .map_err(wrong)?
            .create_if_missing(!read_only)
            .foreign_keys(true)
            .busy_timeout(settings.lock_timeout);
        let memory = url.contains(":memory:") || url.contains("mode=memory");
        let pool = SqlitePoolOptions::new()
            .max_connections(settings.max_connections.max(1))
            // An in-memory database lives as long as one connection to it does.
            .min_connections(u32::from(memory))
            .idle_timeout(if memory {
                None
            } else {
                Some(std::time::Duration::from_secs(60))
            })
            .max_lifetime(if memory {
                None
            } else {
                Some(std::time::Duration::from_secs(1800))
            })
            .acquire_timeout(settings.connect_timeout)
            // A file does not go away by itself, so there is nobody to ping.
            .test_before_acquire(false)
            .connect_with(options.clone())
            .await
            .map_err(|e| connect_error(&shown, &e))?;
        let engine = Self {
            guards: Guards::new(&options, settings),
            options,
            pool,
            settings: settings.clone(),
            url: shown,
            turn: tokio::sync::Mutex::default(),
        };
        // The driver opens lazily: a file that is no database shows itself at the first read.
        let mut connection = engine.acquire().await?;
        sqlx::query("SELECT count(*) FROM sqlite_schema")
            .execute(&mut *connection)
            .await
            .map_err(|e| connect_error(&engine.url, &e))?;
        drop(connection);
        Ok(engine)
    }

    pub(super) async fn acquire(&self) -> Result<sqlx::pool::PoolConnection<Driver>> {
        self.pool.acquire().await.map_err(|e| connect_error(&self.url, &e))
    }

    /// A connection of its own, outside the pool: structural work must not starve renewals.
    pub(super) async fn dedicated(&self) -> Result<SqliteConnection> {
        SqliteConnection::connect_with(&self.options)
            .await
            .map_err(|e| connect_error(&self.url, &e))
    }
}

/// The primary result code, where it is an error of SQLite's.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(extended & 0xff)
}

const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const READONLY: i32 = 8;
pub(super) const INTERRUPT: i32 = 9;

pub(super) fn is_busy(error: &sqlx::Error) -> bool {
    matches!(code(error), Some(BUSY | LOCKED))
}

fn words(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(database) => database.message().to_owned(),
        None => error.to_string(),
    }
}

pub(super) fn connect_error(url: &str, error: &sqlx::Error) -> Error {
    let transient = is_busy(error) || matches!(error, sqlx::Error::PoolTimedOut);
    Error::Connect {
        url: url.to_owned(),
        message: words(error),
        transient,
    }
}

/// An error of one of our own statements.
pub(super) fn own(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| match code(&error) {
        Some(READONLY) => Error::ReadOnly { message: words(&error) },
        found => Error::Database {
            doing,
            message: words(&error),
            code: found.map(|c| format!("SQLite {c}")),
            transient: is_busy(&error),
        },
    }
}

/// An error of a step's statement.
pub(super) fn fault(error: &sqlx::Error) -> Fault {
    let cause = match code(error) {
        Some(BUSY | LOCKED) => Cause::Transient,
        Some(_) => Cause::Refused,
        None => Cause::Lost,
    };
    let said = words(error);
    // No such table, column, function, collation: the engine has one code for all it does not understand.
    let absent = said.contains("no such ");
    Fault::new(cause, said).absent(absent)
}

/// A literal for SQL sent without parameters: the one place that makes them.
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Runs one of our statements with its values.
pub(super) async fn run(connection: &mut SqliteConnection, doing: &'static str, write: Write) -> Result<u64> {
    let mut query = sqlx::query::<Driver>(AssertSqlSafe(write.sql.into_owned()));
    for value in write.values {
        query = bind(query, value);
    }
    let done = query.execute(connection).await.map_err(own(doing))?;
    Ok(done.rows_affected())
}

type Query<'q> = sqlx::query::Query<'q, Driver, SqliteArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::OptInt(value) => query.bind(value),
        Value::OptText(value) => query.bind(value),
    }
}
