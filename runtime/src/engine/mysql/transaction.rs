//! MySQL's transactions: `READ COMMITTED`, so that a statement after a lock sees what the lock waited for.
//!
//! A transaction under the structural lock reads and grants; steps run in a [`session`](super::session), because DDL would
//! end it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Removed, Snapshot, Statement};
use lockstep_lifecycle::{Commit, Event, Facts};
use lockstep_registry::{SchemaVersion, Scope};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, Connection};

use super::connect::{
    Line, Server, answered, fault, int, is_kill_denied, is_lock_timeout, leave, literal, optional_int, optional_text,
    own, rows, run, text, words,
};
use super::metadata::{self, NOW, event_row};
use super::{Mysql, inspect, introspect};
use crate::clock::{Deadline, Stopwatch, pause};
use crate::engine::step::{Cause, Fault, number_of};
use crate::engine::{COUNTED_AT_ONCE, count_sql};
use crate::engine::{CodeStep, Limit, Outcome, Reading, Records, Transaction, lost, writes};
use crate::{Error, Result};

/// How long a server may take to stop after it was told to.
pub(super) const STOPPING: Duration = Duration::from_secs(2);
/// How long the scope's row is waited for at the end of structural work: others hold it for moments.
const SCOPE_PATIENCE: Duration = Duration::from_secs(10);
/// After how much silence of its client the server ends a session that holds something others wait for.
pub(super) const SILENCE: Duration = Duration::from_secs(60);
/// How far beyond its own limit a session that holds the lock must be before it is ended.
const OVERDUE: Duration = Duration::from_secs(3);
const BEGIN: &str = "START TRANSACTION READ WRITE";
const WRITING: &str = "writing Lockstep's tables";

enum Held {
    Pooled(Line),
    /// Holds the structural lock, which goes with the session.
    Own(Box<MySqlConnection>),
}

impl Held {
    fn connection(&mut self) -> Result<&mut MySqlConnection> {
        match self {
            Self::Pooled(line) => line.connection(),
            Self::Own(connection) => Ok(connection),
        }
    }

    /// The transaction is over: the connection may be used again.
    async fn finish(self) {
        match self {
            Self::Pooled(line) => line.finish(),
            Self::Own(connection) => leave(*connection).await,
        }
    }
}

/// Stops a statement from a second connection.
#[derive(Clone)]
pub(super) struct Stopper {
    pub(super) options: MySqlConnectOptions,
    pub(super) id: u64,
    pub(super) server: Server,
}

impl Stopper {
    pub(super) async fn stop(&self) {
        let ask = async {
            let mut second = MySqlConnection::connect_with(&self.options).await?;
            let sql = format!("KILL QUERY {}", self.id);
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut second).await?;
            // Over TLS MySQL hangs up before it has heard all of the goodbye: to the driver that is an error.
            leave(second).await;
            Ok(())
        };
        match tokio::time::timeout(STOPPING, ask).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(id = self.id, error = %words(&error), "could not stop a statement at the server");
            }
            Err(_) => tracing::warn!(id = self.id, "could not reach the server to stop a statement"),
        }
    }

    /// Runs work whose statements the server stops at the limit where it can (MariaDB); where it does not, we do, from a
    /// second connection; and if that does not help either, the outcome is unknown and the connection must be closed.
    pub(super) async fn limited<T>(
        &self,
        limit: &Limit,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Outcome<T> {
        tokio::pin!(work);
        let margin = Duration::from_millis(if self.server.mariadb { 200 } else { 0 });
        let result = tokio::select! {
            done = &mut work => done,
            () = tokio::time::sleep(limit.deadline.remaining() + margin) => self.stop_and_wait(work).await?,
            () = limit.cancel.cancelled() => self.stop_and_wait(work).await?,
        };
        result.map_err(|error| fault(&error, limit.cancel.is_cancelled()))
    }

    async fn stop_and_wait<T>(
        &self,
        work: std::pin::Pin<&mut impl Future<Output = Result<T, sqlx::Error>>>,
    ) -> Outcome<Result<T, sqlx::Error>> {
        self.stop().await;
        tokio::time::timeout(STOPPING, work)
            .await
            .map_err(|_| Fault::new(Cause::Lost, "the server did not stop in time; its session was closed"))
    }
}

pub(super) struct MysqlTransaction {
    held: Held,
    scope: Scope,
    database: String,
    server: Server,
    facts: Option<Facts>,
    resolver: Resolver,
}

/// What is needed to find out whether a commit counted after its connection broke.
#[derive(Clone)]
struct Resolver {
    options: MySqlConnectOptions,
    setup: String,
}

/// A session's number at the server, and when the server started: numbers begin anew with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    pub(super) id: u64,
    /// In seconds since 1970; computed from two roundings, so it may be off by a second.
    pub(super) server_started: i64,
}

impl std::fmt::Display for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}@{}", self.id, self.server_started)
    }
}

impl Identity {
    pub(super) async fn of(connection: &mut MySqlConnection) -> Result<Self> {
        const DOING: &str = "asking for the session's identity";
        let found = rows(
            connection,
            format!("SELECT CONNECTION_ID(), {NOW} DIV 1000000; SHOW GLOBAL STATUS LIKE 'Uptime'"),
        )
        .await
        .map_err(own(DOING))?;
        let [session, status] = found.as_slice() else {
            return Err(Error::bug("the server does not tell its uptime"));
        };
        let uptime: i64 = text(status, 1).map_err(own(DOING))?.parse().unwrap_or(0);
        Ok(Self {
            id: u64::try_from(int(session, 0).map_err(own(DOING))?).unwrap_or(0),
            server_started: int(session, 1).map_err(own(DOING))? - uptime,
        })
    }

    /// Whether the session that a journal's row names is still at this server; `None` where the row names none.
    pub(super) async fn is_there(connection: &mut MySqlConnection, named: &str) -> Result<Option<bool>> {
        let Some(id) = named.split_once('@').and_then(|(id, _)| id.parse().ok()) else {
            return Ok(None);
        };
        let ours = Self::of(connection).await?;
        if !(Self { id, ..ours }).is_named_by(named) {
            return Ok(Some(false));
        }
        let sql = format!("SELECT COUNT(*) FROM information_schema.processlist WHERE id = {id}");
        let found = rows(connection, sql).await.map_err(own("looking for a session"))?;
        let count = found.first().map(|row| int(row, 0)).transpose();
        Ok(Some(count.map_err(own("looking for a session"))?.unwrap_or(0) > 0))
    }

    /// Whether a journal's row names this session: the same number, within one run of the server.
    fn is_named_by(self, text: &str) -> bool {
        let Some((id, started)) = text.split_once('@') else {
            return false;
        };
        let started: i64 = started.parse().unwrap_or(i64::MIN);
        id.parse() == Ok(self.id) && started.abs_diff(self.server_started) <= 2
    }
}

impl Mysql {
    /// A short transaction that holds the scope's row; tried again with jitter until the deadline.
    pub(super) async fn begin(&self, scope: &Scope, deadline: Deadline) -> Result<MysqlTransaction> {
        let mut line = self.line().await?;
        hold_scope(line.connection()?, scope, deadline).await?;
        Ok(self.transaction(Held::Pooled(line), scope))
    }

    /// A transaction on a connection of its own that holds the structural lock.
    pub(super) async fn begin_structural(&self, scope: &Scope, deadline: Deadline) -> Result<MysqlTransaction> {
        let mut connection = self.hold_structure(scope, deadline).await?;
        run(&mut connection, BEGIN.to_owned())
            .await
            .map_err(own("beginning a transaction"))?;
        Ok(self.transaction(Held::Own(Box::new(connection)), scope))
    }

    /// Takes the structural lock on a connection of its own. It is free only when the session that held it is gone, and a
    /// session is gone only when its statement has ended: holding it proves that nobody's work is in flight.
    pub(super) async fn hold_structure(&self, scope: &Scope, deadline: Deadline) -> Result<MySqlConnection> {
        const DOING: &str = "taking the structural lock";
        let watch = Stopwatch::start();
        let name = self.lock_name("structure", scope.as_str());
        let mut connection = self.dedicated().await?;
        let settings = format!(
            "SET SESSION {}, {}",
            self.server.silence_limit(SILENCE),
            self.server.statement_limit(SILENCE)
        );
        run(&mut connection, settings).await.map_err(own(DOING))?;
        let mut denied = None;
        loop {
            // The server knows whole seconds only: with less time than that we ask without waiting.
            let patience = u64::from(deadline.remaining() > Duration::from_millis(1200));
            let asked = rows(&mut connection, format!("SELECT GET_LOCK('{name}', {patience})")).await;
            let asked = asked.map_err(own(DOING))?;
            // 0 is a time-out, NULL an error: neither is the lock.
            if let Some(row) = asked.first()
                && optional_int(row, 0).map_err(own(DOING))? == Some(1)
            {
                return Ok(connection);
            }
            if deadline.is_over() {
                leave(connection).await;
                if let Some(denied) = denied {
                    return Err(denied);
                }
                return Err(Error::Busy {
                    what: "the structural lock",
                    waited: watch.elapsed(),
                    holder: None,
                });
            }
            denied = self.end_overdue(&mut connection, scope, &name).await?.or(denied);
            pause(Duration::from_millis(30), deadline).await;
        }
    }

    /// Ends the session that holds the lock where it is the very one whose step is on record, and whose time, by the
    /// database's clock, has been over for a while. A live owner would have stopped it. Returns why it may not be ended.
    async fn end_overdue(&self, connection: &mut MySqlConnection, scope: &Scope, lock: &str) -> Result<Option<Error>> {
        const DOING: &str = "ending a crashed process's session";
        let sql = format!(
            "SELECT IS_USED_LOCK('{lock}'), s.session, {NOW} - s.ends_by FROM lockstep_step s WHERE s.scope = {} \
             AND s.id = (SELECT MAX(id) FROM lockstep_step WHERE scope = s.scope) AND s.state = 'started'",
            literal(scope.as_str())
        );
        let found = rows(connection, sql).await.map_err(own(DOING))?;
        let Some(row) = found.first() else {
            return Ok(None);
        };
        let holder = optional_int(row, 0)
            .map_err(own(DOING))?
            .and_then(|id| u64::try_from(id).ok());
        let overdue = optional_int(row, 2).map_err(own(DOING))?;
        let overdue = overdue.is_some_and(|by| u128::try_from(by).is_ok_and(|by| by > OVERDUE.as_micros()));
        let (Some(id), true) = (holder, overdue) else {
            return Ok(None);
        };
        let ours = Identity::of(connection).await?;
        let suspect = Identity { id, ..ours };
        if suspect.is_named_by(&text(row, 1).map_err(own(DOING))?) {
            tracing::warn!(id, "ending a crashed process's session");
            if let Err(error) = run(connection, format!("KILL {id}")).await {
                tracing::debug!(id, error = %words(&error), "it is gone already, or may not be ended");
                if is_kill_denied(&error) {
                    return Ok(Some(own(DOING)(error)));
                }
            }
        }
        Ok(None)
    }

    fn transaction(&self, held: Held, scope: &Scope) -> MysqlTransaction {
        MysqlTransaction {
            held,
            scope: scope.clone(),
            database: self.database.clone(),
            server: self.server,
            facts: None,
            resolver: Resolver {
                options: self.options.clone(),
                setup: self.setup.clone(),
            },
        }
    }
}

/// Begins a transaction that holds the scope's row.
async fn hold_scope(connection: &mut MySqlConnection, scope: &Scope, deadline: Deadline) -> Result<()> {
    let watch = Stopwatch::start();
    let sql = format!(
        "{BEGIN}; SELECT epoch FROM lockstep_scope WHERE scope = {} FOR UPDATE",
        literal(scope.as_str())
    );
    loop {
        match run(&mut *connection, sql.clone()).await {
            Ok(_) => return Ok(()),
            Err(error) if is_lock_timeout(&error) => {
                run(&mut *connection, "ROLLBACK".to_owned())
                    .await
                    .map_err(own("locking the scope"))?;
                if deadline.is_over() {
                    return Err(Error::Busy {
                        what: "the scope's row",
                        waited: watch.elapsed(),
                        holder: None,
                    });
                }
                pause(Duration::from_millis(20), deadline).await;
            }
            Err(error) => return Err(own("locking the scope")(error)),
        }
    }
}

/// Steps run in a session here: see `transactional_ddl`.
fn no_steps() -> Error {
    Error::bug("a step was to run inside a transaction that MySQL's DDL would end")
}

fn no_step<T>() -> Outcome<T> {
    Err(Fault::new(Cause::Refused, no_steps().to_string()))
}

#[async_trait]
impl Transaction for MysqlTransaction {
    async fn facts(&mut self, reading: Reading<'_>) -> Result<Facts> {
        let facts = metadata::facts(self.held.connection()?, &self.scope, reading).await?;
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    async fn lock_scope(&mut self) -> Result<Facts> {
        // Nothing was written yet, so the transaction may begin anew behind the row.
        hold_scope(self.held.connection()?, &self.scope, Deadline::after(SCOPE_PATIENCE)).await?;
        self.facts(Reading::Whole).await
    }

    async fn execute(&mut self, _statements: &[Statement], _limit: &Limit) -> Outcome<u64> {
        no_step()
    }

    async fn verify(&mut self, _query: &str, _limit: &Limit) -> Outcome<bool> {
        no_step()
    }

    async fn run_code(&mut self, _step: Arc<dyn CodeStep>, _up: bool, _limit: &Limit) -> Outcome<()> {
        no_step()
    }

    async fn exclude_guarded(&mut self, _schemas: &[SchemaVersion], _deadline: Deadline) -> Result<bool> {
        Err(no_steps())
    }

    async fn savepoint(&mut self) -> Result<()> {
        Err(no_steps())
    }

    async fn rollback_to_savepoint(&mut self) -> Result<()> {
        Err(no_steps())
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        inspect::snapshot(self.held.connection()?, &self.database, self.server).await
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        introspect::structure(self.held.connection()?, &self.database, self.server, selection).await
    }

    async fn count(&mut self, removed: &[Removed], limit: &Limit) -> Result<Vec<u64>> {
        const DOING: &str = "counting the rows that would be lost";
        let versioned = inspect::versioned(self.held.connection()?, self.server).await;
        let versioned = versioned.map_err(own(DOING))?;
        let mut counts = Vec::with_capacity(removed.len());
        for some in removed.chunks(COUNTED_AT_ONCE) {
            let sql = format!(
                "SET SESSION {}; {}",
                self.server.statement_limit(limit.deadline.remaining()),
                count_sql(Dialect::Mysql, some, &versioned)?
            );
            let found = rows(self.held.connection()?, sql).await.map_err(own(DOING))?;
            for row in &found {
                let many = int(row, 1).map_err(own(DOING))?;
                counts.push(u64::try_from(many).unwrap_or(0));
            }
        }
        Ok(counts)
    }

    async fn number(&mut self, _about: &Removed, query: &Statement, limit: &Limit) -> Outcome<u64> {
        let bound = self.server.statement_limit(limit.deadline.remaining());
        let sql = format!("SET SESSION {bound}; {}", query.text);
        let connection = self
            .held
            .connection()
            .map_err(|error| Fault::new(Cause::Lost, error.to_string()))?;
        let found = rows(connection, sql).await.map_err(|error| fault(&error, false))?;
        number_of(found.first().and_then(|row| int(row, 0).ok()))
    }

    async fn commit(mut self: Box<Self>, commit: Commit, records: Records) -> Result<Vec<Event>> {
        let facts = match self.facts.take() {
            Some(facts) => facts,
            None => self.facts(Reading::Whole).await?,
        };
        let plan = writes::plan(Dialect::Mysql, &self.scope, &facts, commit, records)?;
        // One round trip, however much there is; an error ends the script before its COMMIT.
        let script = format!("{}COMMIT", writes::script(&plan.writes, literal));
        match answered(sqlx::raw_sql(AssertSqlSafe(script)).execute(self.held.connection()?)).await {
            Ok(_) => {
                self.held.finish().await;
                Ok(plan.events)
            }
            Err(error @ sqlx::Error::Database(_)) => Err(own(WRITING)(error)),
            Err(error) => self.resolver.resolve(&self.scope, plan.events, &words(&error)).await,
        }
    }

    async fn abandon(mut self: Box<Self>) {
        // A connection that does not answer is dropped, and the server takes back what was open on it.
        let rolled_back = match self.held.connection() {
            Ok(connection) => {
                let rollback = sqlx::raw_sql("ROLLBACK").execute(connection);
                matches!(tokio::time::timeout(STOPPING, rollback).await, Ok(Ok(_)))
            }
            Err(_) => false,
        };
        if rolled_back {
            self.held.finish().await;
        }
    }
}

impl Resolver {
    async fn resolve(&self, scope: &Scope, events: Vec<Event>, message: &str) -> Result<Vec<Event>> {
        lost::resolve(events, message, |seq| self.recorded(scope, seq)).await
    }

    async fn recorded(&self, scope: &Scope, seq: u64) -> Result<Option<Event>> {
        const DOING: &str = "finding out whether a commit counted";
        let mut connection = MySqlConnection::connect_with(&self.options).await.map_err(own(DOING))?;
        run(&mut connection, self.setup.clone()).await.map_err(own(DOING))?;
        hold_scope(&mut connection, scope, Deadline::after(lost::PATIENCE)).await?;
        let sql = format!(
            "SELECT seq, at, instance, payload FROM lockstep_event WHERE scope = {} AND seq = {seq}",
            literal(scope.as_str())
        );
        let found = rows(&mut connection, sql).await.map_err(own(DOING))?;
        leave(connection).await;
        let event = found.first().map(event_row).transpose().map_err(own(DOING))?;
        event.map(crate::engine::rows::EventRow::into_event).transpose()
    }
}

/// Whether a verify query's one row says so.
pub(super) fn is_true(row: Option<&sqlx::mysql::MySqlRow>) -> bool {
    row.is_some_and(|row| optional_text(row, 0).is_ok_and(|value| value.as_deref() == Some("1")))
}

#[cfg(test)]
mod tests {
    use super::Identity;

    #[test]
    fn a_number_of_another_run_of_the_server_is_another_session() {
        let identity = Identity {
            id: 7,
            server_started: 1_700_000_000,
        };
        assert!(identity.is_named_by(&identity.to_string()));
        assert!(identity.is_named_by("7@1700000001"), "roundings differ");
        for other in ["7@1700000100", "8@1700000000", "process 7", "7@", ""] {
            assert!(!identity.is_named_by(other), "{other}");
        }
    }
}
