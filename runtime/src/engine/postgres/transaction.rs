//! PostgreSQL's transactions: `READ COMMITTED`, so that a statement after a lock sees what the lock waited for.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Removed, Snapshot, Statement};
use lockstep_lifecycle::{Commit, Event, Facts};
use lockstep_registry::{SchemaVersion, Scope};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Either, Row};

use super::connect::{answered, ends_session, fault, is_lock_timeout, is_unprepared, leave, literal, own, words};
use super::line::Line;
use super::{Postgres, guard, inspect, introspect, metadata, prepared};
use crate::clock::{Deadline, Stopwatch, pause};
use crate::engine::step::{Cause, Fault, UNWINDING, number_of, script_of};
use crate::engine::{COUNTED_AT_ONCE, count_sql, table_of};
use crate::engine::{CodeStep, Limit, Outcome, Reading, Records, StepConnection, Transaction, lost, writes};
use crate::{Error, Result};

/// How long a server may take to stop after it was told to.
pub(super) const STOPPING: Duration = Duration::from_secs(2);
/// How long the scope's row is waited for at the end of structural work: others hold it for moments.
const SCOPE_PATIENCE: Duration = Duration::from_secs(10);

/// The tables that something would go of, quoted.
pub(super) fn tables_of(removed: &[Removed]) -> Result<Vec<String>> {
    let tables = removed.iter().map(|each| table_of(Dialect::Postgres, each));
    let tables: BTreeSet<_> = tables.collect::<Result<_>>()?;
    Ok(tables.into_iter().collect())
}

/// From here to the end of the transaction nobody else writes to the tables among these.
pub(super) async fn keep_writers_out(
    connection: &mut PgConnection,
    tables: Vec<String>,
    persistent: bool,
) -> Result<(), sqlx::Error> {
    let lockable = "SELECT name FROM pg_catalog.unnest($1::text[]) AS name JOIN pg_catalog.pg_class c \
                    ON c.oid = pg_catalog.to_regclass(name) WHERE c.relkind IN ('r', 'p') ORDER BY name";
    let query = sqlx::query_scalar(lockable).persistent(persistent).bind(tables);
    let lockable: Vec<String> = answered(query.fetch_all(&mut *connection)).await?;
    if lockable.is_empty() {
        return Ok(());
    }
    let sql = format!("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", lockable.join(", "));
    answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection))
        .await
        .map(|_| ())
}

enum Held {
    Pooled(Line),
    Own(Box<PgConnection>),
}

impl Held {
    fn connection(&mut self) -> Result<&mut PgConnection> {
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
    pub(super) options: PgConnectOptions,
    pub(super) pid: i32,
}

impl Stopper {
    async fn stop(&self) {
        let ask = async {
            let mut second = PgConnection::connect_with(&self.options).await?;
            let cancel = format!("SELECT pg_catalog.pg_cancel_backend({})", self.pid);
            sqlx::raw_sql(AssertSqlSafe(cancel)).execute(&mut second).await?;
            second.close().await
        };
        match tokio::time::timeout(STOPPING, ask).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => {
                tracing::warn!(pid = self.pid, error = %words(&error), "could not stop a statement at the server")
            }
            Err(_) => tracing::warn!(pid = self.pid, "could not reach the server to stop a statement"),
        }
    }

    /// Runs work whose statements the server stops at the limit; if it does not, we do, from a second connection;
    /// and if that does not help either, the outcome is unknown and the connection must be closed.
    pub(super) async fn limited<T>(
        &self,
        limit: &Limit,
        work: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Outcome<T> {
        tokio::pin!(work);
        let margin = Duration::from_millis(200);
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

pub(super) struct PgTransaction {
    held: Held,
    scope: Scope,
    schema: String,
    channel: String,
    stopper: Option<Stopper>,
    facts: Option<Facts>,
    /// The `statement_timeout` in force, so that it is set only when it changes.
    timeout: Option<Duration>,
    /// Whether a step may have changed the search path.
    path_touched: bool,
    /// Whether the server may keep prepared statements for the next transaction.
    persistent: bool,
    engine: Resolver,
}

/// What is needed to find out whether a commit counted after its connection broke.
#[derive(Clone)]
struct Resolver {
    options: PgConnectOptions,
}

const WRITING: &str = "writing Lockstep's tables";
const LOCKING: &str = "locking the scope";
pub(super) const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";

impl Postgres {
    /// A short transaction that holds the scope's row, and what is; tried again with jitter until the deadline.
    ///
    /// One round trip: the statements of a script have a snapshot each, so what is read sees what the lock waited for.
    pub(super) async fn begin(
        &self,
        scope: &Scope,
        reading: Reading<'_>,
        deadline: Deadline,
    ) -> Result<(PgTransaction, Facts)> {
        let watch = Stopwatch::start();
        let sql = prepared::begin(&self.settings, scope, reading, self.persistent);
        loop {
            let mut line = self.line().await?;
            let mut rows = rows_of(line.connection()?, &sql).await;
            if rows.as_ref().is_err_and(is_unprepared) {
                // The first time on this connection.
                let equipped = prepared::equip(line.connection()?, &self.settings).await;
                equipped.map_err(own(LOCKING))?;
                rows = rows_of(line.connection()?, &sql).await;
            }
            match rows {
                Ok(rows) => {
                    let facts = held_facts(&rows, scope)?;
                    let mut transaction = self.transaction(Held::Pooled(line), scope, None);
                    transaction.facts = Some(facts.clone());
                    return Ok((transaction, facts));
                }
                Err(e) if is_lock_timeout(&e) && !deadline.is_over() => {
                    pause(Duration::from_millis(20), deadline).await
                }
                Err(e) if is_lock_timeout(&e) => {
                    return Err(Error::Busy {
                        what: "the scope's row",
                        waited: watch.elapsed(),
                        holder: None,
                    });
                }
                Err(e) => return Err(own(LOCKING)(e)),
            }
        }
    }

    /// A transaction on a connection of its own that holds the structural lock.
    pub(super) async fn begin_structural(&self, scope: &Scope, deadline: Deadline) -> Result<PgTransaction> {
        let (connection, pid) = self.hold_structure(scope, deadline).await?;
        let stopper = Stopper {
            options: self.options.clone(),
            pid,
        };
        Ok(self.transaction(Held::Own(Box::new(connection)), scope, Some(stopper)))
    }

    /// Takes the structural lock by asking again and again without an open transaction in between: a transaction that
    /// waits has a snapshot, and `CREATE INDEX CONCURRENTLY` of the lock's holder would wait for that.
    pub(super) async fn hold_structure(&self, scope: &Scope, deadline: Deadline) -> Result<(PgConnection, i32)> {
        const DOING: &str = "taking the structural lock";
        let watch = Stopwatch::start();
        let key = self.lock_key("structure", scope.as_str());
        let sql = format!(
            "{BEGIN}; SET LOCAL lock_timeout = {lock}; SET LOCAL idle_in_transaction_session_timeout = 0; \
             SET LOCAL client_connection_check_interval = '1s'; \
             SELECT pg_catalog.pg_try_advisory_xact_lock({key}), pg_catalog.pg_backend_pid()",
            lock = self.settings.lock_timeout.as_millis().max(1),
        );
        let mut connection = self.dedicated().await?;
        loop {
            let row = answered(sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_one(&mut connection))
                .await
                .map_err(own(DOING))?;
            if row.try_get::<bool, _>(0).map_err(own(DOING))? {
                return Ok((connection, row.try_get(1).map_err(own(DOING))?));
            }
            answered(sqlx::raw_sql("ROLLBACK").execute(&mut connection))
                .await
                .map_err(own(DOING))?;
            if deadline.is_over() {
                leave(connection).await;
                return Err(Error::Busy {
                    what: "the structural lock",
                    waited: watch.elapsed(),
                    holder: None,
                });
            }
            pause(Duration::from_millis(30), deadline).await;
        }
    }

    fn transaction(&self, held: Held, scope: &Scope, stopper: Option<Stopper>) -> PgTransaction {
        PgTransaction {
            held,
            scope: scope.clone(),
            schema: self.schema.clone(),
            channel: self.channel(scope),
            stopper,
            facts: None,
            timeout: None,
            path_touched: false,
            persistent: self.persistent,
            engine: Resolver {
                options: self.options.clone(),
            },
        }
    }
}

async fn rows_of(connection: &mut PgConnection, script: &str) -> Result<Vec<PgRow>, sqlx::Error> {
    answered(sqlx::raw_sql(AssertSqlSafe(script.to_owned())).fetch_all(connection)).await
}

fn held_facts(rows: &[PgRow], scope: &Scope) -> Result<Facts> {
    metadata::facts_of(rows)?.ok_or_else(|| Error::Damaged {
        message: format!("lockstep_scope has no row for scope {scope}"),
    })
}

fn lost(error: &Error) -> Fault {
    Fault::new(Cause::Lost, error.to_string())
}

impl PgTransaction {
    /// Going back to the mark let go of the trial's locks: what is written between the count and the drop would be lost
    /// without a word (R8). A foreign table cannot be locked.
    async fn keep_writers_out(&mut self, removed: &[Removed]) -> Result<()> {
        let tables = tables_of(removed)?;
        let kept_out = keep_writers_out(self.held.connection()?, tables, self.persistent).await;
        kept_out.map_err(own("keeping writers out of what would be lost"))
    }

    async fn simple(&mut self, doing: &'static str, sql: String) -> Result<()> {
        answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(self.held.connection()?))
            .await
            .map(|_| ())
            .map_err(own(doing))
    }

    /// Tells the server how long the statements to come may take.
    async fn set_timeout(&mut self, limit: &Limit) -> Outcome<()> {
        let wanted = limit.deadline.remaining().max(Duration::from_millis(1));
        // Where hardly less or more time is left the watchdog counts that; no need to say it again for every step.
        let close = |set: Duration| set + set / 20 >= wanted && set < wanted + Duration::from_millis(1500);
        if self.timeout.is_some_and(close) {
            return Ok(());
        }
        let sql = format!("SET LOCAL statement_timeout = {}", wanted.as_millis());
        self.simple("setting a time limit", sql).await.map_err(|e| lost(&e))?;
        self.timeout = Some(wanted);
        Ok(())
    }
}

#[async_trait]
impl Transaction for PgTransaction {
    async fn facts(&mut self, reading: Reading<'_>) -> Result<Facts> {
        let script = prepared::reading(&self.scope, reading, false);
        let rows = rows_of(self.held.connection()?, &script).await;
        let facts = held_facts(&rows.map_err(own("reading the scope"))?, &self.scope)?;
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    async fn lock_scope(&mut self) -> Result<Facts> {
        // A step may have changed the search path or the time limit; our own statements must not depend on that.
        let sql = format!(
            "SET LOCAL search_path TO {schema}; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}; \
             {read}",
            schema = lockstep_catalog::quote(Dialect::Postgres, &self.schema).map_err(|e| Error::bug(e.to_string()))?,
            limit = SCOPE_PATIENCE.as_millis(),
            read = prepared::locked_reading(&self.scope, Reading::Whole, false),
        );
        let rows = rows_of(self.held.connection()?, &sql).await.map_err(own(LOCKING))?;
        let facts = held_facts(&rows, &self.scope)?;
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], deadline: Deadline) -> Result<bool> {
        guard::exclude(self.held.connection()?, &self.schema, &self.scope, schemas, deadline).await
    }

    async fn execute(&mut self, statements: &[Statement], limit: &Limit) -> Outcome<u64> {
        self.set_timeout(limit).await?;
        let Some(stopper) = self.stopper.clone() else {
            return Err(Fault::new(Cause::Lost, "steps run under the structural lock only"));
        };
        let connection = self.held.connection().map_err(|e| lost(&e))?;
        // Audited: the statements are the spec author's own, split and checked when they were read.
        let text = script_of(statements);
        // A search path that one step sets is not the next one's.
        let reset = std::mem::replace(
            &mut self.path_touched,
            text.to_ascii_lowercase().contains("search_path"),
        );
        let script = if reset {
            format!("SET LOCAL search_path TO DEFAULT;\n{text}")
        } else {
            text
        };
        let script = sqlx::raw_sql(AssertSqlSafe(script));
        let (mut done, mut rows) = (0_usize, 0);
        let work = async {
            let mut results = script.fetch_many(connection);
            while let Some(result) = results.try_next().await? {
                if let Either::Left(ended) = result {
                    done += 1;
                    rows += ended.rows_affected();
                }
            }
            Ok(())
        };
        let result = stopper.limited(limit, work).await;
        match result {
            Ok(()) => Ok(rows),
            Err(fault) => Err(Fault {
                statement: done.saturating_sub(usize::from(reset)),
                ..fault
            }),
        }
    }

    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool> {
        self.set_timeout(limit).await?;
        let Some(stopper) = self.stopper.clone() else {
            return Err(Fault::new(Cause::Lost, "steps run under the structural lock only"));
        };
        let connection = self.held.connection().map_err(|e| lost(&e))?;
        let sql = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
        let row = stopper
            .limited(limit, async { sql.fetch_optional(connection).await })
            .await?;
        Ok(row.is_some_and(|row| row.try_get::<bool, _>(0).unwrap_or(false)))
    }

    async fn run_code(&mut self, step: Arc<dyn CodeStep>, up: bool, limit: &Limit) -> Outcome<()> {
        self.set_timeout(limit).await?;
        self.path_touched = true;
        // A mark that is gone afterwards tells that the code ended the transaction.
        self.simple("marking the transaction", "SAVEPOINT lockstep_guard".to_owned())
            .await
            .map_err(|e| lost(&e))?;
        let stopper = self.stopper.clone();
        let ended = {
            let connection = self.held.connection().map_err(|e| lost(&e))?;
            // What code prepared before a step changed its tables would fail for good.
            let forgotten = connection.clear_cached_statements().await;
            forgotten.map_err(|error| fault(&error, false))?;
            let mut lent = StepConnection::Postgres(connection);
            let work = async {
                if up {
                    step.up(&mut lent).await
                } else {
                    step.down(&mut lent).await
                }
            };
            tokio::pin!(work);
            let ended = tokio::select! {
                done = &mut work => Some(done),
                () = tokio::time::sleep(limit.deadline.remaining()) => None,
                () = limit.cancel.cancelled() => None,
            };
            match (ended, stopper) {
                (Some(done), _) => Some(done),
                (None, Some(stopper)) => {
                    stopper.stop().await;
                    let done = tokio::time::timeout(UNWINDING, work).await.ok();
                    if done.is_none() {
                        // It may have sent another statement since.
                        stopper.stop().await;
                    }
                    done
                }
                (None, None) => None,
            }
        };
        let stopped = if limit.cancel.is_cancelled() {
            Cause::Cancelled
        } else {
            Cause::TimedOut
        };
        match ended {
            None => Err(Fault::new(stopped, "the code did not end in time")),
            Some(Err(error)) => {
                let known = error.downcast_ref::<sqlx::Error>();
                // The server's clock may be a little ahead of ours.
                let by_server = known.is_some_and(|e| fault(e, false).cause == Cause::TimedOut);
                let over = by_server || limit.deadline.is_over() || limit.cancel.is_cancelled();
                let cause = if over { stopped } else { Cause::Refused };
                Err(Fault::new(cause, known.map_or_else(|| error.to_string(), words)))
            }
            Some(Ok(())) => self
                .simple(
                    "checking the transaction",
                    "RELEASE SAVEPOINT lockstep_guard".to_owned(),
                )
                .await
                .map_err(|error| match error {
                    Error::Database { code: Some(code), .. } if code.ends_with("25P02") => {
                        Fault::new(Cause::Refused, "the code went on after an error of the database")
                    }
                    _ => Fault::new(Cause::Escaped, "it ended the transaction it ran in"),
                }),
        }
    }

    async fn savepoint(&mut self) -> Result<()> {
        self.simple("marking the transaction", "SAVEPOINT lockstep_trial".to_owned())
            .await
    }

    async fn rollback_to_savepoint(&mut self) -> Result<()> {
        self.timeout = None;
        self.simple(
            "going back to the mark",
            "ROLLBACK TO SAVEPOINT lockstep_trial".to_owned(),
        )
        .await
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        inspect::snapshot(self.held.connection()?, &self.schema).await
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        introspect::within(self.held.connection()?, selection).await
    }

    async fn count(&mut self, removed: &[Removed], limit: &Limit) -> Result<Vec<u64>> {
        let doing = "counting the rows that would be lost";
        let lost = |fault: Fault| Error::Database {
            doing,
            message: fault.message,
            code: None,
            transient: fault.cause == Cause::Transient,
        };
        let mut counts = Vec::with_capacity(removed.len());
        for some in removed.chunks(COUNTED_AT_ONCE) {
            self.set_timeout(limit).await.map_err(lost)?;
            self.keep_writers_out(some).await?;
            let sql = count_sql(Dialect::Postgres, some, &[])?;
            let counted: Vec<(i32, i64)> = sqlx::query_as(AssertSqlSafe(sql))
                .persistent(false)
                .fetch_all(self.held.connection()?)
                .await
                .map_err(own(doing))?;
            counts.extend(counted.into_iter().map(|(_, many)| u64::try_from(many).unwrap_or(0)));
        }
        Ok(counts)
    }

    async fn number(&mut self, about: &Removed, query: &Statement, limit: &Limit) -> Outcome<u64> {
        self.set_timeout(limit).await?;
        let alone = self.keep_writers_out(std::slice::from_ref(about)).await;
        alone.map_err(|error| match error.is_transient() {
            true => Fault::new(Cause::Transient, error.to_string()),
            false => Fault::new(Cause::Refused, error.to_string()),
        })?;
        let Some(stopper) = self.stopper.clone() else {
            return Err(Fault::new(Cause::Lost, "steps run under the structural lock only"));
        };
        let connection = self.held.connection().map_err(|e| lost(&e))?;
        let sql = sqlx::raw_sql(AssertSqlSafe(query.text.clone()));
        let row = stopper
            .limited(limit, async { sql.fetch_optional(connection).await })
            .await?;
        number_of(row.and_then(|row| row.try_get::<i64, _>(0).ok()))
    }

    async fn commit(mut self: Box<Self>, commit: Commit, records: Records) -> Result<Vec<Event>> {
        let facts = match self.facts.take() {
            Some(facts) => facts,
            None => self.facts(Reading::Whole).await?,
        };
        let plan = writes::plan(Dialect::Postgres, &self.scope, &facts, commit, records)?;
        // A wake-up, never the data: the number only tells who has seen it already.
        let notify = |last: &Event| format!("NOTIFY {}, '{}'; ", self.channel, last.seq);
        let notify = plan.events.last().map(notify).unwrap_or_default();
        // One round trip, however much there is; an error ends the script before its COMMIT.
        let kept = self.persistent && matches!(self.held, Held::Pooled(_));
        let script = format!("{}{notify}COMMIT", prepared::script(&plan.writes, kept));
        match answered(sqlx::raw_sql(AssertSqlSafe(script)).execute(self.held.connection()?)).await {
            Ok(_) => {
                self.held.finish().await;
                Ok(plan.events)
            }
            Err(error @ sqlx::Error::Database(_)) if !ends_session(&error) => Err(own(WRITING)(error)),
            Err(error) => self.engine.resolve(&self.scope, plan.events, &words(&error)).await,
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
        let mut connection = PgConnection::connect_with(&self.options).await.map_err(own(DOING))?;
        let sql = format!(
            "{BEGIN}; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '5s'; \
             SELECT epoch FROM lockstep_scope WHERE scope = {} FOR UPDATE",
            literal(scope.as_str())
        );
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut connection)
            .await
            .map_err(own(DOING))?;
        let sql = format!(
            "SELECT seq, at, instance, payload FROM lockstep_event WHERE scope = {} AND seq = {seq}",
            literal(scope.as_str())
        );
        let row = sqlx::raw_sql(AssertSqlSafe(sql))
            .fetch_optional(&mut connection)
            .await
            .map_err(own(DOING))?;
        leave(connection).await;
        let event = row.as_ref().map(metadata::event_row).transpose().map_err(own(DOING))?;
        event.map(crate::engine::rows::EventRow::into_event).transpose()
    }
}
