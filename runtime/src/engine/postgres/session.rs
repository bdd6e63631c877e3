//! Statements outside a transaction (`CREATE INDEX CONCURRENTLY`), under the structural lock.
//!
//! The lock is held by a transaction on a connection of its own that does nothing else: idle, it has no snapshot, so
//! nothing waits for it. The working connection runs one statement at a time.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{ConcurrentIndex, Dialect, Removed, Snapshot};
use lockstep_lifecycle::JournalEntry;
use lockstep_registry::{SchemaVersion, Scope, Timestamp};
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Row};

use super::connect::{answered, leave, literal, own, run};
use super::metadata::NOW;
use super::transaction::{Stopper, keep_writers_out, tables_of};
use super::{Postgres, inspect, introspect};
use crate::clock::{Deadline, pause};
use crate::engine::step::{Cause, Fault, held_empty, held_to};
use crate::engine::{CodeStep, IndexSeen, Limit, Outcome, Session, writes};
use crate::{Error, Result};

pub(super) struct PgSession {
    guard: PgConnection,
    worker: PgConnection,
    scope: Scope,
    identity: String,
    stopper: Stopper,
    schema: String,
    /// How long a step in a transaction waits for a lock before it lets go and tries again: who writes waits behind it, and
    /// where two wait for each other the server would end one of them after a second, be it the writer.
    patience: Duration,
    /// A statement's end was never heard of: the working connection is of no use any more.
    lost: bool,
}

impl Postgres {
    pub(super) async fn session(&self, scope: &Scope, deadline: Deadline) -> Result<PgSession> {
        const DOING: &str = "opening a session for a step outside a transaction";
        if !self.persistent {
            // Its limits and its identity are a session's, and here each statement would run in another.
            return Err(Error::Setting {
                name: "the URL",
                message:
                    "leads through a pooler (statement-cache-capacity=0), and a step outside a transaction needs a \
                          connection of its own: use a URL that leads to the server itself"
                        .to_owned(),
            });
        }
        let (guard, _) = self.hold_structure(scope, deadline).await?;
        let mut worker = self.dedicated().await?;
        // A crash of ours is noticed while a statement runs; locks are bounded by the statement's own limit.
        sqlx::raw_sql("SET lock_timeout = 0; SET client_connection_check_interval = '1s'")
            .execute(&mut worker)
            .await
            .map_err(own(DOING))?;
        let row = sqlx::query(
            "SELECT pid, backend_start::text FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()",
        )
        .fetch_one(&mut worker)
        .await
        .map_err(own(DOING))?;
        let pid: i32 = row.try_get(0).map_err(own(DOING))?;
        let started: String = row.try_get(1).map_err(own(DOING))?;
        Ok(PgSession {
            guard,
            worker,
            scope: scope.clone(),
            identity: format!("{pid}@{started}"),
            stopper: Stopper {
                options: self.options.clone(),
                pid,
            },
            schema: self.schema.clone(),
            patience: self.settings.lock_timeout,
            lost: false,
        })
    }
}

impl PgSession {
    fn usable(&self) -> Result<()> {
        if self.lost {
            return Err(Error::Database {
                doing: "working outside a transaction",
                message: "the connection is lost".to_owned(),
                code: None,
                transient: true,
            });
        }
        Ok(())
    }

    /// Runs a statement under a limit; what is not heard of costs the connection.
    async fn limited<T>(
        &mut self,
        limit: &Limit,
        work: impl AsyncFnOnce(&mut PgConnection) -> Result<T, sqlx::Error>,
    ) -> Outcome<T> {
        self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        self.limit(limit).await?;
        let done = self.stopper.limited(limit, work(&mut self.worker)).await;
        match &done {
            Err(fault) if fault.cause == Cause::Lost => self.lost = true,
            _ => self.unlimit().await,
        }
        done
    }

    async fn limit(&mut self, limit: &Limit) -> Outcome<()> {
        let left = limit.deadline.remaining().as_millis().max(1);
        let sql = format!("SET statement_timeout = {left}");
        match answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.worker)).await {
            Ok(_) => Ok(()),
            Err(error) => Err(super::connect::fault(&error, false)),
        }
    }

    /// A step in a transaction of its own, with its row in the journal.
    async fn attempt(
        &mut self,
        statements: &[String],
        empty: &[Removed],
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<u64> {
        let refused = |e: Error| match e {
            Error::Fenced { .. } => Fault::new(Cause::Fenced, e.to_string()),
            other => Fault::new(Cause::Lost, other.to_string()),
        };
        self.usable().map_err(refused)?;
        begin(&mut self.worker, &self.schema, self.patience)
            .await
            .map_err(refused)?;
        let mut entry = entry.clone();
        let mut result = self.still_empty(empty, limit).await;
        for (at, statement) in statements.iter().enumerate() {
            if result.is_ok() {
                let done = self.execute(statement, limit).await.map(|rows| entry.rows += rows);
                result = done.map_err(|fault| Fault { statement: at, ..fault });
            }
        }
        if let (true, Some(query)) = (result.is_ok(), verify) {
            result = held_to(self.verify(query, limit).await, statements.len());
        }
        if result.is_ok() {
            // A step may have changed these.
            let reset = format!(
                "SET LOCAL search_path TO {}; SET LOCAL lock_timeout = '10s'",
                literal(&self.schema)
            );
            let _ = answered(sqlx::raw_sql(AssertSqlSafe(reset)).execute(&mut self.worker)).await;
            // Last, because it holds the scope's row: others grant leases while the statements run. A successor's
            // statements cannot have come between, they would have met our locks.
            match check_epoch(&mut self.worker, &self.scope, epoch).await {
                Ok(now) => entry = writes::stamped(&entry, now),
                Err(error) => result = Err(refused(error)),
            }
        }
        if result.is_ok() {
            let written = run(&mut self.worker, writes::journal_write(&self.scope, &entry), true).await;
            result = written.map(|_| ()).map_err(|e| super::connect::fault(&e, false));
        }
        if self.lost {
            return result.map(|()| entry.rows);
        }
        let end = if result.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = answered(sqlx::query(end).execute(&mut self.worker)).await;
        result?;
        match ended {
            Ok(_) => Ok(entry.rows),
            Err(error) => Err(super::connect::fault(&error, false)),
        }
    }

    /// Held still first: once they are counted, nobody writes to them before the transaction ends.
    async fn still_empty(&mut self, empty: &[Removed], limit: &Limit) -> Outcome<()> {
        if empty.is_empty() {
            return Ok(());
        }
        let tables = tables_of(empty).map_err(|e| Fault::new(Cause::Refused, e.to_string()))?;
        self.limited(limit, async |worker| keep_writers_out(worker, tables, false).await)
            .await?;
        for each in empty {
            held_empty(each, self.count(each, limit).await?)?;
        }
        Ok(())
    }

    async fn unlimit(&mut self) {
        let _ = answered(sqlx::query("SET statement_timeout = '10s'").execute(&mut self.worker)).await;
    }
}

fn full_name(index: &ConcurrentIndex) -> Result<String> {
    let quoted = |name: &str| lockstep_catalog::quote(Dialect::Postgres, name).map_err(|e| Error::bug(e.to_string()));
    let name = index
        .name
        .as_deref()
        .ok_or_else(|| Error::bug("an index without a name"))?;
    Ok(match &index.schema {
        Some(schema) => format!("{}.{}", quoted(schema)?, quoted(name)?),
        None => quoted(name)?,
    })
}

/// Whether an index exists, and whether it is valid.
async fn index_now(connection: &mut PgConnection, index: &ConcurrentIndex) -> Result<IndexSeen> {
    let valid: Option<bool> = sqlx::query_scalar(
        "SELECT i.indisvalid FROM pg_catalog.pg_index i WHERE i.indexrelid = pg_catalog.to_regclass($1)",
    )
    .persistent(false)
    .bind(full_name(index)?)
    .fetch_optional(connection)
    .await
    .map_err(own("looking an index up"))?;
    Ok(match valid {
        None => IndexSeen::Absent,
        Some(true) => IndexSeen::Valid,
        Some(false) => IndexSeen::Invalid,
    })
}

/// Whether a session is there under its number and with its start: the number alone may be somebody else's by now.
async fn is_there(connection: &mut PgConnection, pid: i32, started: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND backend_start::text = $2)",
    )
    .persistent(false)
    .bind(pid)
    .bind(started)
    .fetch_one(connection)
    .await
}

fn session_named(identity: &str) -> Option<(i32, &str)> {
    let (pid, started) = identity.split_once('@')?;
    Some((pid.parse().ok()?, started))
}

/// Looking without the lock.
impl Postgres {
    pub(super) async fn ask_author(&self, query: &str, limit: &Limit) -> Outcome<bool> {
        let lost = |e: Error| Fault::new(Cause::Lost, e.to_string());
        let mut connection = self.dedicated().await.map_err(lost)?;
        let left = limit.deadline.remaining().as_millis().max(1);
        // The limits are the transaction's, because a pooler may lie between.
        let begin = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {left}; SET LOCAL lock_timeout = {left}");
        let asked = async {
            sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut connection).await?;
            // Audited: the query is the spec author's own.
            sqlx::raw_sql(AssertSqlSafe(query.to_owned()))
                .fetch_optional(&mut connection)
                .await
        };
        let asked = tokio::time::timeout(limit.deadline.remaining() + Duration::from_secs(1), asked).await;
        leave(connection).await;
        match asked {
            Err(_) => Err(Fault::new(Cause::TimedOut, "the server did not answer in time")),
            Ok(Err(error)) => Err(super::connect::fault(&error, false)),
            Ok(Ok(row)) => Ok(row.is_some_and(|row| row.try_get::<bool, _>(0).unwrap_or(false))),
        }
    }

    pub(super) async fn look_at_index(&self, index: &ConcurrentIndex) -> Result<IndexSeen> {
        let mut line = self.line().await?;
        let seen = index_now(line.connection()?, index).await?;
        line.finish();
        Ok(seen)
    }

    pub(super) async fn sees_session(&self, identity: &str) -> Result<Option<bool>> {
        let Some((pid, started)) = session_named(identity) else {
            return Ok(None);
        };
        let mut line = self.line().await?;
        let there = is_there(line.connection()?, pid, started).await;
        let there = there.map_err(own("looking for a session"))?;
        line.finish();
        Ok(Some(there))
    }
}

/// Whether the work is still ours; from then to the end of the transaction it stays so. Returns the database's time.
async fn check_epoch(connection: &mut PgConnection, scope: &Scope, epoch: u64) -> Result<Timestamp> {
    let sql = format!("SELECT epoch, {NOW} FROM lockstep_scope WHERE scope = $1 FOR SHARE");
    let (found, now): (i64, i64) = sqlx::query_as(AssertSqlSafe(sql))
        .bind(scope.as_str())
        .fetch_one(connection)
        .await
        .map_err(own("checking the epoch"))?;
    let found = u64::try_from(found).unwrap_or(0);
    if found == epoch {
        Ok(Timestamp(now))
    } else {
        Err(Error::Fenced { ours: epoch, found })
    }
}

/// How long a row of the journal waits for a lock.
const JOURNAL: Duration = Duration::from_secs(10);

async fn begin(connection: &mut PgConnection, schema: &str, patience: Duration) -> Result<()> {
    let schema = lockstep_catalog::quote(Dialect::Postgres, schema).map_err(|e| Error::bug(e.to_string()))?;
    let sql = format!(
        "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; SET LOCAL search_path TO {schema}; SET LOCAL lock_timeout = {}",
        patience.as_millis().max(1)
    );
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .map(|_| ())
        .map_err(own("writing the journal"))
}

#[async_trait]
impl Session for PgSession {
    fn identity(&self) -> String {
        self.identity.clone()
    }

    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], deadline: Deadline) -> Result<bool> {
        super::guard::exclude(&mut self.guard, &self.schema, &self.scope, schemas, deadline).await
    }

    async fn journal(&mut self, entry: &JournalEntry, epoch: u64, within: Option<Duration>) -> Result<()> {
        const DOING: &str = "writing the journal";
        self.usable()?;
        begin(&mut self.worker, &self.schema, JOURNAL).await?;
        let written = async {
            let now = check_epoch(&mut self.worker, &self.scope, epoch).await?;
            let mut entry = writes::stamped(entry, now);
            let within = within.map(|d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
            entry.ends_by = within.map(|within| Timestamp(now.0.saturating_add(within)));
            run(&mut self.worker, writes::journal_write(&self.scope, &entry), true)
                .await
                .map_err(own(DOING))
        };
        let written = written.await;
        let end = if written.is_ok() { "COMMIT" } else { "ROLLBACK" };
        let ended = answered(sqlx::query(end).execute(&mut self.worker)).await;
        written?;
        ended.map(|_| ()).map_err(own(DOING))
    }

    async fn execute(&mut self, statement: &str, limit: &Limit) -> Outcome<u64> {
        // Audited: the statement is the spec author's own, split and checked when it was read. Alone in a simple
        // query, as CREATE INDEX CONCURRENTLY demands.
        let sql = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
        self.limited(limit, async |worker| Ok(sql.execute(worker).await?.rows_affected()))
            .await
    }

    async fn execute_journalled(
        &mut self,
        statements: &[String],
        empty: &[Removed],
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<u64> {
        loop {
            let done = self.attempt(statements, empty, verify, entry, epoch, limit).await;
            let is_stopped = || limit.cancel.is_cancelled() || limit.deadline.remaining().is_zero();
            match done {
                Err(fault) if fault.cause == Cause::Transient && !self.lost && !is_stopped() => {
                    tracing::debug!(
                        error = fault.message,
                        "a lock was not to be had; the step is tried again"
                    );
                    pause(self.patience / 4, limit.deadline).await;
                }
                done => return done,
            }
        }
    }

    async fn run_code(
        &mut self,
        _code: Arc<dyn CodeStep>,
        _up: bool,
        _verify: Option<&str>,
        _entry: &JournalEntry,
        _epoch: u64,
        _limit: &Limit,
    ) -> Outcome<()> {
        let message = "a code step shares its schema with a step outside a transaction, which is refused when read";
        Err(Fault::new(Cause::Refused, Error::bug(message).to_string()))
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        self.usable()?;
        inspect::snapshot(&mut self.worker, &self.schema).await
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        self.usable()?;
        introspect::structure(&mut self.worker, selection).await
    }

    async fn count(&mut self, removed: &Removed, limit: &Limit) -> Outcome<u64> {
        let sql = crate::engine::count_sql(Dialect::Postgres, std::slice::from_ref(removed), &[]);
        let sql = sql.map_err(|e| Fault::new(Cause::Refused, e.to_string()))?;
        let sql = sqlx::query_as::<_, (i32, i64)>(AssertSqlSafe(sql)).persistent(false);
        let (_, counted) = self.limited(limit, async |worker| sql.fetch_one(worker).await).await?;
        Ok(u64::try_from(counted).unwrap_or(0))
    }

    async fn index(&mut self, index: &ConcurrentIndex) -> Result<IndexSeen> {
        self.usable()?;
        index_now(&mut self.worker, index).await
    }

    async fn drop_index(&mut self, index: &ConcurrentIndex, limit: &Limit) -> Result<()> {
        let sql = format!("DROP INDEX CONCURRENTLY IF EXISTS {}", full_name(index)?);
        let dropped = self.execute(&sql, limit).await;
        dropped.map(|_| ()).map_err(|fault| Error::Database {
            doing: "dropping an invalid index",
            message: fault.message,
            code: None,
            transient: fault.cause == Cause::Transient,
        })
    }

    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool> {
        let sql = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
        let row = self
            .limited(limit, async |worker| sql.fetch_optional(worker).await)
            .await;
        Ok(row?.is_some_and(|row| row.try_get::<bool, _>(0).unwrap_or(false)))
    }

    async fn await_orphan(&mut self, identity: &str, deadline: Deadline) -> Result<()> {
        const DOING: &str = "waiting for a crashed process's statement to end";
        let Some((pid, started)) = session_named(identity) else {
            return Ok(());
        };
        loop {
            let busy = is_there(&mut self.worker, pid, started).await.map_err(own(DOING))?;
            if !busy {
                return Ok(());
            }
            if deadline.is_over() {
                tracing::warn!(pid, "ending a crashed process's session");
                sqlx::query("SELECT pg_catalog.pg_terminate_backend($1)")
                    .bind(pid)
                    .execute(&mut self.worker)
                    .await
                    .map_err(own(DOING))?;
                pause(Duration::from_millis(200), Deadline::after(Duration::from_secs(1))).await;
                return Ok(());
            }
            pause(Duration::from_millis(100), deadline).await;
        }
    }

    async fn close(self: Box<Self>) {
        leave(self.worker).await;
        leave(self.guard).await;
    }
}
