//! Connecting to PostgreSQL, what its errors mean, and binding values.

use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::postgres::{PgArguments, PgConnectOptions, PgConnection, PgDatabaseError, PgErrorPosition, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Postgres as Driver, Row};

use super::Postgres;
use super::guard::Guards;
use super::line::{Line, Lines, RESTED};
use crate::engine::step::{Cause, Fault};
use crate::engine::writes::{Value, Write};
use crate::settings::Settings;
use crate::{Error, Result};

impl Postgres {
    pub(in crate::engine) async fn connect(url: &str, settings: &Settings) -> Result<Self> {
        let shown = crate::engine::redact(url);
        let mut options = PgConnectOptions::from_str(url).map_err(|e| Error::Connect {
            url: shown.clone(),
            message: e.to_string(),
            transient: false,
        })?;
        if options.get_application_name().is_none() {
            options = options.application_name("lockstep");
        }
        // Poolers do not know it, and no floating point number of ours is ever read.
        options = options.extra_float_digits(None);
        Self::connect_to(options, settings, shown, keeps_statements(url)).await
    }

    pub(super) async fn connect_to(
        options: PgConnectOptions,
        settings: &Settings,
        shown: String,
        persistent: bool,
    ) -> Result<Self> {
        let pool = PgPoolOptions::new()
            .max_connections(settings.max_connections.max(1))
            .acquire_timeout(settings.connect_timeout)
            // A connection that was of use a moment ago is asked nothing first.
            .test_before_acquire(false)
            .before_acquire(|connection, seen| {
                Box::pin(async move {
                    if seen.idle_for > RESTED {
                        answered(connection.ping()).await?;
                    }
                    Ok(true)
                })
            })
            .connect_lazy_with(options.clone());
        // The pool hides why it cannot connect behind its own time-out, so the first connection is made by hand.
        let mut first = open(&options, settings.connect_timeout, &shown).await?;
        let schema: Option<String> = sqlx::raw_sql("SELECT pg_catalog.current_schema()::text")
            .fetch_one(&mut first)
            .await
            .and_then(|row| row.try_get(0))
            .map_err(own("connecting"))?;
        let _ = first.close().await;
        let schema = schema.ok_or_else(|| Error::NotPrepared {
            message:
                "no schema of the search path exists or may be used; GRANT USAGE and CREATE on one of them to the \
                      user of the URL first"
                    .to_owned(),
        })?;
        let settings = settings.clone();
        Ok(Self {
            guards: Guards::new(&options, &settings),
            options,
            lines: Lines::of(pool),
            settings,
            url: shown,
            schema,
            persistent,
            listener: tokio::sync::Mutex::default(),
        })
    }

    pub(super) async fn line(&self) -> Result<Line> {
        match self.lines.line().await {
            Ok(line) => Ok(line),
            // The pool says only that it waited; asking once by hand tells why.
            Err(sqlx::Error::PoolTimedOut) => match self.dedicated().await {
                Ok(connection) => {
                    let _ = connection.close().await;
                    Err(connect_error(&self.url, &sqlx::Error::PoolTimedOut))
                }
                Err(reason) => Err(reason),
            },
            Err(error) => Err(connect_error(&self.url, &error)),
        }
    }

    /// A connection of its own, outside the pool: structural work must not starve renewals.
    pub(super) async fn dedicated(&self) -> Result<PgConnection> {
        open(&self.options, self.settings.connect_timeout, &self.url).await
    }

    pub(super) fn lock_key(&self, purpose: &str, name: &str) -> i64 {
        lock_key(&self.schema, purpose, name)
    }
}

/// An advisory lock's key: a fixed prefix, the metadata's schema and the scope, hashed.
pub(super) fn lock_key(metadata: &str, purpose: &str, name: &str) -> i64 {
    let hash = Sha256::digest(format!("lockstep/{purpose}/{metadata}/{name}"));
    let mut key = [0; 8];
    key.copy_from_slice(&hash[..8]);
    i64::from_be_bytes(key)
}

/// Whether the URL lets us prepare statements; `statement-cache-capacity=0` says that a pooler is in between.
fn keeps_statements(url: &str) -> bool {
    let parameters = url.split_once('?').map_or("", |(_, parameters)| parameters);
    !parameters.split('&').any(|p| p == "statement-cache-capacity=0")
}

async fn open(options: &PgConnectOptions, limit: Duration, url: &str) -> Result<PgConnection> {
    match tokio::time::timeout(limit, PgConnection::connect_with(options)).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(connect_error(url, &error)),
        Err(_) => Err(Error::Connect {
            url: url.to_owned(),
            message: format!("no answer within {:.1} s", limit.as_secs_f64()),
            transient: true,
        }),
    }
}

/// How long the answer to a statement of our own is waited for; the server itself gives up sooner.
const ANSWER: Duration = Duration::from_secs(12);

/// Waits for the answer to a statement of our own. A link that fell silent is as good as broken: its connection must not
/// be used again.
pub(super) async fn answered<T>(work: impl Future<Output = Result<T, sqlx::Error>>) -> Result<T, sqlx::Error> {
    match tokio::time::timeout(ANSWER, work).await {
        Ok(result) => result,
        Err(_) => Err(sqlx::Error::Io(std::io::Error::new(
            std::io::ErrorKind::TimedOut,
            "the server does not answer",
        ))),
    }
}

/// Says goodbye, without waiting for a server that does not hear it.
pub(super) async fn leave(connection: PgConnection) {
    let _ = tokio::time::timeout(Duration::from_secs(1), connection.close()).await;
}

fn sqlstate(error: &sqlx::Error) -> Option<String> {
    error
        .as_database_error()
        .and_then(|e| e.code())
        .map(std::borrow::Cow::into_owned)
}

/// The server's message with its detail and hint; the driver's own text adds the server's source line.
pub(super) fn words(error: &sqlx::Error) -> String {
    let Some(database) = error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<PgDatabaseError>())
    else {
        return error.to_string();
    };
    let mut text = database.message().to_owned();
    for (name, more) in [("detail", database.detail()), ("hint", database.hint())] {
        if let Some(more) = more {
            text.push_str(&format!("; {name}: {more}"));
        }
    }
    text
}

pub(super) fn connect_error(url: &str, error: &sqlx::Error) -> Error {
    let transient = match sqlstate(error).as_deref() {
        // The server starts, stops, or has no room.
        Some(state) => state.starts_with("57P") || state.starts_with("53"),
        // A certificate that is refused stays so.
        None => {
            matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) && !words(error).contains("certificate")
        }
    };
    let mut message = words(error);
    if let Some(advice) = encryption_advice(&message) {
        message = format!("{message}; {advice}");
    }
    Error::Connect {
        url: url.to_owned(),
        message,
        transient,
    }
}

/// What the URL must say where encryption is the trouble.
fn encryption_advice(message: &str) -> Option<&'static str> {
    if message.contains("no encryption") || message.contains("SSL off") {
        return Some("add sslmode=require to the URL, or verify-full and sslrootcert, if the server offers TLS");
    }
    message.contains("certificate").then_some(
        "sslmode=verify-full checks it against the authorities in the file that sslrootcert names, and the host's name",
    )
}

fn is_transient(state: Option<&str>) -> bool {
    // lock_not_available, deadlock_detected, serialization_failure, query_canceled (our own time limit).
    matches!(state, Some("55P03" | "40P01" | "40001" | "57014"))
}

/// What to do about prepared statements that others made, or that are gone.
const POOLER: &str = "a connection pooler that gives each transaction another connection seems to be in between: add \
     statement-cache-capacity=0 to the URL's parameters";

/// Whether a prepared statement is there before we made it, or gone after, or we are told what another asked to hear: the
/// session is not ours alone.
fn is_shared_session(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Protocol(said) => said.contains("NotificationResponse"),
        _ => matches!(sqlstate(error).as_deref(), Some("42P05" | "26000")),
    }
}

/// Whether a statement is not prepared on this connection.
pub(super) fn is_unprepared(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("26000")
}

/// Whether a statement of this name is prepared on this connection.
pub(super) fn is_prepared_already(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("42P05")
}

/// Whether a prepared statement was made before its tables changed: on another connection it works.
fn is_stale(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("0A000") && routine(error) == Some("RevalidateCachedQuery")
}

/// Whether the server ended the session, an administrator's doing or a crash. At a commit that tells nothing about what became
/// of the transaction: it may have been made durable already.
pub(super) fn ends_session(error: &sqlx::Error) -> bool {
    sqlstate(error).is_some_and(|state| state.starts_with("57P"))
}

/// Whether a transaction that writes was refused because the server only follows another: the server says that in the
/// language it was told to speak, so the place in its source tells it.
fn is_standby(error: &sqlx::Error) -> bool {
    routine(error) == Some("call_bool_check_hook")
}

/// The function of the server that said no.
fn routine(error: &sqlx::Error) -> Option<&str> {
    let database = error.as_database_error()?;
    database.try_downcast_ref::<PgDatabaseError>()?.routine()
}

/// An error of one of our own statements.
pub(super) fn own(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| {
        let state = sqlstate(&error);
        match state.as_deref() {
            Some("25006") => Error::ReadOnly { message: words(&error) },
            Some("0A000") if is_standby(&error) => Error::ReadOnly { message: words(&error) },
            _ => Error::Database {
                doing,
                message: if is_shared_session(&error) {
                    format!("{}; {POOLER}", words(&error))
                } else {
                    words(&error)
                },
                transient: is_transient(state.as_deref())
                    || is_stale(&error)
                    || ends_session(&error)
                    || matches!(error, sqlx::Error::Io(_)),
                code: state.map(|s| format!("SQLSTATE {s}")),
            },
        }
    }
}

/// Whether a relation does not exist: Lockstep was never used here.
pub(super) fn is_undefined_table(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("42P01")
}

/// Whether two processes made the same thing at once.
pub(super) fn is_race(error: &sqlx::Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some("23505" | "42P07" | "42710" | "XX000"))
}

pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    sqlstate(error).as_deref() == Some("55P03")
}

/// An error of a step's statement.
pub(super) fn fault(error: &sqlx::Error, cancelled: bool) -> Fault {
    let state = sqlstate(error);
    let cause = match state.as_deref() {
        Some("57014") if cancelled => Cause::Cancelled,
        Some("57014") => Cause::TimedOut,
        Some("25P02") => Cause::Refused,
        // The server ends the session: an administrator, or a crash of another.
        Some(state) if state.starts_with("57P") => Cause::Lost,
        Some(state) if is_transient(Some(state)) => Cause::Transient,
        Some(_) => Cause::Refused,
        None => Cause::Lost,
    };
    let absent = state
        .as_deref()
        .is_some_and(|state| names_what_is_not_there(state, error));
    let role = match (state.as_deref(), routine(error)) {
        (Some("42704"), Some("get_role_oid" | "get_rolespec_oid")) => {
            "; roles belong to the server and not to a schema: make it there first with CREATE ROLE"
        }
        _ => "",
    };
    let code = state.map(|s| format!(" (SQLSTATE {s})")).unwrap_or_default();
    Fault {
        position: position(error),
        ..Fault::new(cause, format!("{}{role}{code}", words(error))).absent(absent)
    }
}

/// Class 42 but for a missing right; and a label that an enum does not have.
fn names_what_is_not_there(state: &str, error: &sqlx::Error) -> bool {
    (state.starts_with("42") && state != "42501")
        || state == "3F000"
        || (state == "22P02" && routine(error) == Some("enum_in"))
}

/// Where in the statement the server stumbled, in characters from 0.
fn position(error: &sqlx::Error) -> Option<usize> {
    let database = error.as_database_error()?.try_downcast_ref::<PgDatabaseError>()?;
    match database.position()? {
        PgErrorPosition::Original(at) => at.checked_sub(1),
        PgErrorPosition::Internal { .. } => None,
    }
}

/// A literal for SQL sent without parameters: the one place that makes them.
pub(super) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        return format!("E'{}'", doubled.replace('\\', "\\\\"));
    }
    format!("'{doubled}'")
}

/// `?` to `$1`, `$2`, …: our own statements hold no question mark elsewhere.
pub(super) fn numbered(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len() + 16);
    for (at, part) in sql.split('?').enumerate() {
        if at > 0 {
            out.push_str(&format!("${at}"));
        }
        out.push_str(part);
    }
    out
}

/// Runs one of our statements with its values; `persistent` where the server may keep it for the next time.
pub(super) async fn run(connection: &mut PgConnection, write: Write, persistent: bool) -> Result<u64, sqlx::Error> {
    let mut query = sqlx::query::<Driver>(AssertSqlSafe(numbered(&write.sql))).persistent(persistent);
    for value in write.values {
        query = bind(query, value);
    }
    Ok(answered(query.execute(connection)).await?.rows_affected())
}

type Query<'q> = sqlx::query::Query<'q, Driver, PgArguments>;

fn bind(query: Query<'_>, value: Value) -> Query<'_> {
    match value {
        Value::Int(value) => query.bind(value),
        Value::Text(value) => query.bind(value),
        Value::OptInt(value) => query.bind(value),
        Value::OptText(value) => query.bind(value),
    }
}

#[cfg(test)]
mod tests {
    use super::{keeps_statements, literal, numbered, own};

    #[test]
    fn a_url_says_that_a_pooler_is_in_between() {
        assert!(keeps_statements("postgres://a@b/c?sslmode=disable"));
        assert!(keeps_statements("postgres://a@b/c?statement-cache-capacity=01"));
        assert!(!keeps_statements(
            "postgres://a@b/c?sslmode=disable&statement-cache-capacity=0"
        ));
    }

    #[test]
    fn what_was_told_to_the_session_before_us_names_the_pooler() {
        let told = "execute: unexpected message: NotificationResponse".to_owned();
        let error = own("connecting")(sqlx::Error::Protocol(told)).to_string();
        assert!(error.contains("statement-cache-capacity=0"), "{error}");
    }

    #[test]
    fn parameters_are_numbered_in_order() {
        assert_eq!(numbered("a = ? AND b = ?"), "a = $1 AND b = $2");
    }

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("o'hara"), "'o''hara'");
        assert_eq!(literal("a\\'b"), "E'a\\\\''b'");
    }
}
