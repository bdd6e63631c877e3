//! Connecting to MySQL and MariaDB, what their errors mean, and literals.

use std::str::FromStr;
use std::time::Duration;

use sha2::{Digest, Sha256};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlDatabaseError, MySqlPoolOptions, MySqlRow};
use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection, MySql as Driver, Row};

use super::Mysql;
use super::guard::Guards;
use super::transaction::SILENCE;
use crate::engine::step::{Cause, Fault};
use crate::settings::Settings;
use crate::{Error, Result};

/// Which server answers, where that makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) mariadb: bool,
    version: (u32, u32, u32),
}

impl Server {
    /// Reads `10.11.6-MariaDB-0+deb12u1` and `8.4.2`.
    fn of(version: &str) -> Self {
        let mariadb = version.to_ascii_lowercase().contains("mariadb");
        // Replication from old masters: some MariaDB servers say 5.5.5- before their version.
        let version = version.strip_prefix("5.5.5-").unwrap_or(version);
        let mut numbers = version
            .split(|c: char| !c.is_ascii_digit())
            .map(|n| n.parse().unwrap_or(0));
        let mut next = || numbers.next().unwrap_or(0);
        let version = (next(), next(), next());
        Self { mariadb, version }
    }

    /// Before these a crash in a DDL statement can leave half of it, or the catalog tells less.
    fn is_supported(self) -> bool {
        self.version >= if self.mariadb { (10, 6, 0) } else { (8, 0, 16) }
    }

    /// A statement's own limit, where the server has one: MariaDB stops whatever runs, MySQL only what reads.
    pub(super) fn statement_limit(self, limit: Duration) -> String {
        if self.mariadb {
            format!("max_statement_time = {:.3}", limit.as_secs_f64().max(0.001))
        } else {
            format!("max_execution_time = {}", limit.as_millis().max(1))
        }
    }

    /// After how much silence of its client the server ends a session, in a transaction or not.
    pub(super) fn silence_limit(self, limit: Duration) -> String {
        let limit = whole_seconds(limit);
        if self.mariadb {
            format!("wait_timeout = {limit}, idle_transaction_timeout = {limit}")
        } else {
            format!("wait_timeout = {limit}")
        }
    }
}

/// A pooled connection that goes back only when its owner says that no transaction is open on it.
/// Dropped otherwise, it is closed, and the server takes back what was open.
pub(super) struct Line(Option<PoolConnection<Driver>>);

impl Line {
    pub(super) fn of(connection: PoolConnection<Driver>) -> Self {
        Self(Some(connection))
    }

    pub(super) fn connection(&mut self) -> Result<&mut MySqlConnection> {
        self.0
            .as_deref_mut()
            .ok_or_else(|| Error::bug("the transaction is over"))
    }

    pub(super) fn finish(mut self) {
        drop(self.0.take());
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(connection) = self.0.take() {
            drop(connection.detach());
        }
    }
}

/// How long a reading of our own may take at the server.
const READ_LIMIT: Duration = Duration::from_secs(10);

impl Mysql {
    pub(in crate::engine) async fn connect(url: &str, settings: &Settings) -> Result<Self> {
        let shown = crate::engine::redact(url);
        let wrong = |message: String| Error::Connect {
            url: shown.clone(),
            message,
            transient: false,
        };
        // To the driver both are MySQL.
        let url = match url.strip_prefix("mariadb:") {
            Some(rest) => format!("mysql:{rest}"),
            None => url.to_owned(),
        };
        let options = MySqlConnectOptions::from_str(&url).map_err(|e| wrong(e.to_string()))?;
        if options.get_database().is_none_or(str::is_empty) {
            return Err(wrong(
                "it names no database; write one behind the host, as in mysql://user@host/shop".to_owned(),
            ));
        }
        Self::connect_to(options, settings, shown).await
    }

    pub(super) async fn connect_to(options: MySqlConnectOptions, settings: &Settings, shown: String) -> Result<Self> {
        const DOING: &str = "connecting";
        // `||` means what it means on this server; an unknown engine is the server's affair, too. Times are UTC.
        let options = options.pipes_as_concat(false).no_engine_substitution(false);
        // The pool hides why it cannot connect behind its own time-out, so the first connection is made by hand.
        let mut first = open_bare(&options, settings.connect_timeout, &shown).await?;
        let row = sqlx::raw_sql("SELECT VERSION(), @@sql_mode, DATABASE()")
            .fetch_one(&mut first)
            .await
            .map_err(own(DOING))?;
        let version = text(&row, 0).map_err(own(DOING))?;
        let mode = text(&row, 1).map_err(own(DOING))?;
        let database = text(&row, 2).map_err(own(DOING))?;
        leave(first).await;
        let server = Server::of(&version);
        if !server.is_supported() {
            return Err(Error::NotPrepared {
                message: format!(
                    "the server is {version}; Lockstep needs MariaDB 10.6 or MySQL 8.0.16, whose schema changes survive a \
                     crash as a whole"
                ),
            });
        }
        let setup = setup(server, &mode, settings);
        let pool = MySqlPoolOptions::new()
            .max_connections(settings.max_connections.max(1))
            .acquire_timeout(settings.connect_timeout)
            .after_connect({
                let setup = setup.clone();
                move |connection, _| {
                    let setup = sqlx::raw_sql(AssertSqlSafe(setup.clone()));
                    Box::pin(async move { setup.execute(connection).await.map(|_| ()) })
                }
            })
            .connect_lazy_with(options.clone());
        Ok(Self {
            guards: Guards::new(&options, &setup, server, settings),
            options,
            pool,
            settings: settings.clone(),
            url: shown,
            database,
            server,
            setup,
        })
    }

    pub(super) async fn line(&self) -> Result<Line> {
        match self.pool.acquire().await {
            Ok(connection) => Ok(Line::of(connection)),
            // The pool says only that it waited; asking once by hand tells why.
            Err(sqlx::Error::PoolTimedOut) => match self.dedicated().await {
                Ok(connection) => {
                    leave(connection).await;
                    Err(connect_error(&self.url, &sqlx::Error::PoolTimedOut))
                }
                Err(reason) => Err(reason),
            },
            Err(error) => Err(connect_error(&self.url, &error)),
        }
    }

    /// A connection of its own, outside the pool: structural work must not starve renewals.
    pub(super) async fn dedicated(&self) -> Result<MySqlConnection> {
        self.opener().open().await
    }

    pub(super) fn opener(&self) -> Opener {
        Opener {
            options: self.options.clone(),
            setup: self.setup.clone(),
            server: self.server,
            timeout: self.settings.connect_timeout,
            url: self.url.clone(),
        }
    }

    /// A named lock's name: a fixed prefix, the database and the scope, hashed. Lower case, because MySQL compares names
    /// without case and MariaDB's limits differ from its.
    pub(super) fn lock_name(&self, purpose: &str, name: &str) -> String {
        let hash = Sha256::digest(format!("lockstep/{purpose}/{}/{name}", self.database));
        hash.iter().take(24).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Makes connections outside the pool.
#[derive(Clone)]
pub(super) struct Opener {
    options: MySqlConnectOptions,
    setup: String,
    pub(super) server: Server,
    timeout: Duration,
    url: String,
}

impl Opener {
    pub(super) async fn open(&self) -> Result<MySqlConnection> {
        let mut connection = open_bare(&self.options, self.timeout, &self.url).await?;
        run(&mut connection, self.setup.clone())
            .await
            .map_err(|e| connect_error(&self.url, &e))?;
        Ok(connection)
    }
}

/// What every connection is set to, whatever the server's defaults are.
///
/// Literals and names are read by the standard rules: text of ours and of step files was checked under them.
fn setup(server: Server, mode: &str, settings: &Settings) -> String {
    // The composite modes bring ANSI_QUOTES back.
    const OTHER_RULES: [&str; 9] = [
        "ANSI_QUOTES",
        "NO_BACKSLASH_ESCAPES",
        "ANSI",
        "DB2",
        "MAXDB",
        "MSSQL",
        "ORACLE",
        "POSTGRESQL",
        "EMPTY_STRING_IS_NULL",
    ];
    let kept: Vec<_> = mode
        .split(',')
        .filter(|word| !word.is_empty() && !OTHER_RULES.contains(word))
        .collect();
    let patience = whole_seconds(settings.lock_timeout);
    // A machine that died without a word must not keep rows locked. MySQL ends whoever says nothing for that long, MariaDB
    // only where a transaction is open; there the special limits, an administrator's, would go before the one we set.
    let silence = whole_seconds(SILENCE);
    let idle = if server.mariadb {
        format!(
            "idle_transaction_timeout = {silence}, idle_readonly_transaction_timeout = 0, idle_write_transaction_timeout = 0"
        )
    } else {
        // It would tell for a day where a counter stood when somebody asked last.
        format!("wait_timeout = {silence}, information_schema_stats_expiry = 0")
    };
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION sql_mode = '{}', autocommit = 1, innodb_lock_wait_timeout = {patience}, \
         lock_wait_timeout = {patience}, foreign_key_checks = 1, unique_checks = 1, {idle}, {}",
        kept.join(","),
        server.statement_limit(READ_LIMIT)
    )
}

/// Lock times are whole seconds there, and at least one.
pub(super) fn whole_seconds(limit: Duration) -> u64 {
    limit.as_secs() + u64::from(limit.subsec_nanos() > 0 || limit.is_zero())
}

async fn open_bare(options: &MySqlConnectOptions, limit: Duration, url: &str) -> Result<MySqlConnection> {
    match tokio::time::timeout(limit, MySqlConnection::connect_with(options)).await {
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

/// Runs SQL of our own, without parameters.
pub(super) async fn run(connection: &mut MySqlConnection, sql: String) -> Result<u64, sqlx::Error> {
    let done = answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection)).await?;
    Ok(done.rows_affected())
}

/// The rows of SQL of our own, without parameters.
pub(super) async fn rows(connection: &mut MySqlConnection, sql: String) -> Result<Vec<MySqlRow>, sqlx::Error> {
    answered(sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(connection)).await
}

/// Says goodbye, without waiting for a server that does not hear it.
pub(super) async fn leave(connection: MySqlConnection) {
    let _ = tokio::time::timeout(Duration::from_secs(1), connection.close()).await;
}

/// A column as text: the servers and their versions differ in the types they give to one and the same expression.
pub(super) fn text(row: &MySqlRow, at: usize) -> Result<String, sqlx::Error> {
    row.try_get_unchecked(at)
}

pub(super) fn optional_text(row: &MySqlRow, at: usize) -> Result<Option<String>, sqlx::Error> {
    row.try_get_unchecked(at)
}

pub(super) fn int(row: &MySqlRow, at: usize) -> Result<i64, sqlx::Error> {
    row.try_get_unchecked(at)
}

pub(super) fn optional_int(row: &MySqlRow, at: usize) -> Result<Option<i64>, sqlx::Error> {
    row.try_get_unchecked(at)
}

fn number(error: &sqlx::Error) -> Option<u16> {
    error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<MySqlDatabaseError>())
        .map(MySqlDatabaseError::number)
}

/// The server's message; the driver's own text repeats the numbers.
pub(super) fn words(error: &sqlx::Error) -> String {
    match error
        .as_database_error()
        .and_then(|e| e.try_downcast_ref::<MySqlDatabaseError>())
    {
        Some(database) => database.message().to_owned(),
        None => error.to_string(),
    }
}

pub(super) fn connect_error(url: &str, error: &sqlx::Error) -> Error {
    let transient = match number(error) {
        // No room for another connection, or the server stops.
        Some(number) => matches!(number, 1040 | 1053 | 1203 | 1226),
        // A certificate that is refused stays so.
        None => {
            matches!(error, sqlx::Error::Io(_) | sqlx::Error::PoolTimedOut) && !words(error).contains("certificate")
        }
    };
    let mut message = words(error);
    if let Some(advice) = encryption_advice(&message, url) {
        message = format!("{message}; {advice}");
    }
    Error::Connect {
        url: url.to_owned(),
        message,
        transient,
    }
}

/// What the URL must say where encryption is the trouble.
fn encryption_advice(message: &str, url: &str) -> Option<&'static str> {
    // MariaDB says no more than that access is denied.
    let plain = url.to_ascii_lowercase().contains("ssl-mode=disabled") && message.contains("Access denied");
    if plain || message.contains("insecure transport") {
        return Some("if the server insists on TLS, say ssl-mode=required in the URL, or verify_identity and ssl-ca");
    }
    message.contains("certificate").then_some(
        "ssl-mode=verify_identity checks it against the authorities in the file that ssl-ca names, and the host's name",
    )
}

/// Lock wait time-out, deadlock, a lock not to be had at once.
fn is_lock_trouble(number: u16) -> bool {
    matches!(number, 1205 | 1213 | 3572)
}

/// Stopped by the server's own limit (MariaDB 1969, MySQL 3024), or told to stop (1317).
fn is_stopped(number: u16) -> bool {
    matches!(number, 1317 | 1969 | 3024)
}

/// The session was ended: killed, left idle for too long, or the server stops.
fn is_session_over(number: u16) -> bool {
    matches!(number, 1053 | 1079 | 1080 | 1927 | 3169 | 4031)
}

/// An error of one of our own statements.
pub(super) fn own(doing: &'static str) -> impl Fn(sqlx::Error) -> Error {
    move |error| match number(&error) {
        Some(1290 | 1792 | 1836) => Error::ReadOnly { message: words(&error) },
        number => Error::Database {
            doing,
            message: words(&error),
            transient: matches!(error, sqlx::Error::Io(_))
                || number.is_some_and(|n| is_lock_trouble(n) || is_stopped(n) || is_session_over(n)),
            code: number.map(|n| format!("error {n}")),
        },
    }
}

/// Whether the connection is of no use any more.
pub(super) fn is_session_ended(error: &sqlx::Error) -> bool {
    matches!(error, sqlx::Error::Io(_)) || number(error).is_some_and(is_session_over)
}

/// Whether the right is missing: to a table, a column, a database or a routine.
pub(super) fn is_denied(error: &sqlx::Error) -> bool {
    matches!(number(error), Some(1044 | 1142 | 1143 | 1227 | 1370))
}

/// Whether a session is somebody else's, and may not be ended.
pub(super) fn is_kill_denied(error: &sqlx::Error) -> bool {
    number(error) == Some(1095)
}

/// Whether a table does not exist: Lockstep was never used here.
pub(super) fn is_undefined_table(error: &sqlx::Error) -> bool {
    number(error) == Some(1146)
}

/// Whether the mark is gone: something ended the transaction it stood in.
pub(super) fn is_undefined_savepoint(error: &sqlx::Error) -> bool {
    number(error) == Some(1305)
}

pub(super) fn is_lock_timeout(error: &sqlx::Error) -> bool {
    number(error).is_some_and(is_lock_trouble)
}

/// An error of a step's statement.
pub(super) fn fault(error: &sqlx::Error, cancelled: bool) -> Fault {
    let number = number(error);
    let cause = match number {
        Some(n) if is_stopped(n) && cancelled => Cause::Cancelled,
        Some(n) if is_stopped(n) => Cause::TimedOut,
        Some(n) if is_session_over(n) => Cause::Lost,
        Some(n) if is_lock_trouble(n) => Cause::Transient,
        Some(_) => Cause::Refused,
        None => Cause::Lost,
    };
    let code = number.map(|n| format!(" (error {n})")).unwrap_or_default();
    // No such database, column, table, routine.
    let absent = matches!(number, Some(1049 | 1054 | 1146 | 1305));
    Fault::new(cause, format!("{}{code}", words(error))).absent(absent)
}

/// A literal for SQL sent without parameters: the one place that makes them. Every connection reads backslashes as
/// escapes: see [`setup`].
pub(super) fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_cannot_be_left() {
        assert_eq!(literal("o'hara"), "'o''hara'");
        assert_eq!(literal("a\\'b"), "'a\\\\''b'");
    }

    #[test]
    fn servers_are_told_apart() {
        let mariadb = Server::of("10.11.6-MariaDB-0+deb12u1");
        assert_eq!((mariadb.mariadb, mariadb.version), (true, (10, 11, 6)));
        assert_eq!(Server::of("5.5.5-10.6.12-MariaDB").version, (10, 6, 12));
        let mysql = Server::of("8.0.36-0ubuntu0.22.04.1");
        assert_eq!((mysql.mariadb, mysql.version), (false, (8, 0, 36)));
        assert!(mariadb.is_supported() && mysql.is_supported());
        assert!(!Server::of("8.0.11").is_supported());
        assert!(!Server::of("5.7.44-log").is_supported() && !Server::of("10.5.9-MariaDB").is_supported());
    }

    #[test]
    fn modes_that_read_text_differently_are_left_out() {
        let server = Server::of("8.4.0");
        let sql = setup(
            server,
            "REAL_AS_FLOAT,ANSI_QUOTES,ANSI,STRICT_TRANS_TABLES",
            &Settings::default(),
        );
        assert!(sql.contains("sql_mode = 'REAL_AS_FLOAT,STRICT_TRANS_TABLES'"), "{sql}");
    }

    #[test]
    fn a_part_of_a_second_is_a_second() {
        assert_eq!(whole_seconds(Duration::from_millis(500)), 1);
        assert_eq!(whole_seconds(Duration::ZERO), 1);
        assert_eq!(whole_seconds(Duration::from_millis(2500)), 3);
    }
}
