//! SQLite's transactions: always `BEGIN IMMEDIATE`, so that the writer lock is held from the first statement.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Removed, Snapshot, Statement};
use lockstep_lifecycle::{Commit, Event, Facts};
use lockstep_registry::{SchemaVersion, Scope};
use sqlx::pool::PoolConnection;
use sqlx::sqlite::SqliteConnection;
use sqlx::{AssertSqlSafe, Connection, Either, Row, Sqlite as Driver};

use super::connect::{INTERRUPT, code, fault, is_busy, own};
use super::foreign_keys::Broken;
use super::{Sqlite, inspect, introspect, metadata};
use crate::clock::{Deadline, Stopwatch, pause};
use crate::engine::step::{Cause, Fault, UNWINDING, number_of, script_of};
use crate::engine::{COUNTED_AT_ONCE, count_sql};
use crate::engine::{CodeStep, Limit, Outcome, Reading, Records, StepConnection, Transaction, writes};
use crate::{Error, Result};

/// Where the transaction runs. Dropping it closes the connection: an open transaction never goes back into the pool.
pub(super) struct Line {
    pooled: Option<PoolConnection<Driver>>,
    own: Option<SqliteConnection>,
}

impl Line {
    pub(super) fn of(connection: PoolConnection<Driver>) -> Self {
        Self {
            pooled: Some(connection),
            own: None,
        }
    }

    pub(super) fn connection(&mut self) -> Result<&mut SqliteConnection> {
        let pooled = self.pooled.as_deref_mut();
        pooled
            .or(self.own.as_mut())
            .ok_or_else(|| Error::bug("the transaction is over"))
    }

    /// The transaction is over: the connection may be used again.
    pub(super) async fn finish(mut self) {
        drop(self.pooled.take());
        if let Some(connection) = self.own.take() {
            // Waits for SQLite's thread, so that the file's locks are gone when this returns.
            let _ = connection.close().await;
        }
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if let Some(connection) = self.pooled.take() {
            drop(connection.detach());
        }
    }
}

/// What SQLite asks on its own thread: whether to go on, about every thousand operations, and whether to commit.
#[derive(Default)]
pub(super) struct Watch {
    limit: Mutex<Option<Limit>>,
    /// The steps are over and the commit is ours.
    commits: AtomicBool,
    /// Somebody else wanted to commit.
    refused: AtomicBool,
}

impl Watch {
    pub(super) fn set(&self, limit: Option<Limit>) {
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = limit;
    }

    pub(super) fn go_on(&self) -> bool {
        let limit = self.limit.lock().unwrap_or_else(PoisonError::into_inner);
        limit
            .as_ref()
            .is_none_or(|l| !l.deadline.is_over() && !l.cancel.is_cancelled())
    }

    /// Code that ends the transaction, and statements that run on their own after an interrupt took everything back,
    /// find their commits turned into rollbacks.
    fn may_commit(&self) -> bool {
        let ours = self.commits.load(Ordering::SeqCst);
        if !ours {
            self.refused.store(true, Ordering::SeqCst);
        }
        ours
    }
}

/// Nothing of it stays: see [`Watch::may_commit`].
const ENDED: &str = "it ended the transaction it ran in, which was taken back";

pub(super) const PROGRESS_OPERATIONS: i32 = 1000;

pub(super) struct SqliteTransaction {
    line: Line,
    scope: Scope,
    watch: Arc<Watch>,
    facts: Option<Facts>,
    structural: bool,
    /// Foreign keys that pointed nowhere before the first step; `None` until one ran.
    broken: Option<Broken>,
    /// Rows this connection changed so far.
    changes: i64,
}

impl Sqlite {
    /// Takes the writer lock, trying again with jitter on top of SQLite's own waiting, until the deadline.
    pub(super) async fn lock(&self, connection: &mut SqliteConnection, deadline: Deadline) -> Result<()> {
        let watch = Stopwatch::start();
        while !try_lock(connection).await? {
            wait_on(watch, deadline).await?;
        }
        Ok(())
    }

    /// The same on a connection of the pool, which goes back between the tries: whoever only reads must not wait
    /// for those who wait for a long writer.
    async fn lock_pooled(&self, deadline: Deadline) -> Result<Line> {
        let watch = Stopwatch::start();
        loop {
            // Dropped half-way, a connection that may be inside a transaction is closed.
            let mut line = Line::of(self.acquire().await?);
            if try_lock(line.connection()?).await? {
                return Ok(line);
            }
            line.finish().await;
            wait_on(watch, deadline).await?;
        }
    }

    pub(super) async fn begin(&self, scope: &Scope, deadline: Deadline, structural: bool) -> Result<SqliteTransaction> {
        let watch = Arc::new(Watch::default());
        let waiting = Stopwatch::start();
        let turn = tokio::time::timeout(deadline.remaining(), self.turn.lock()).await;
        let Ok(_turn) = turn else {
            return Err(busy(waiting));
        };
        let line = if structural {
            let mut connection = self.dedicated().await?;
            prepare_for_steps(&mut connection, Arc::clone(&watch)).await?;
            let mut line = Line {
                pooled: None,
                own: Some(connection),
            };
            self.lock(line.connection()?, deadline).await?;
            line
        } else {
            self.lock_pooled(deadline).await?
        };
        Ok(SqliteTransaction {
            line,
            scope: scope.clone(),
            watch,
            facts: None,
            structural,
            broken: None,
            changes: 0,
        })
    }
}

/// Whether the writer lock is ours now; SQLite itself waits for its busy time-out.
async fn try_lock(connection: &mut SqliteConnection) -> Result<bool> {
    match sqlx::query("BEGIN IMMEDIATE").execute(connection).await {
        Ok(_) => Ok(true),
        Err(e) if is_busy(&e) => Ok(false),
        Err(e) => Err(own("taking the writer lock")(e)),
    }
}

pub(super) async fn wait_on(watch: Stopwatch, deadline: Deadline) -> Result<()> {
    if deadline.is_over() {
        return Err(busy(watch));
    }
    pause(Duration::from_millis(20), deadline).await;
    Ok(())
}

pub(super) fn busy(watch: Stopwatch) -> Error {
    Error::Busy {
        what: "the database's writer lock",
        waited: watch.elapsed(),
        holder: None,
    }
}

/// A table rebuild with foreign keys enforced deletes the children's rows, and enforcement can only be switched
/// outside a transaction. So steps run without it, and what they leave is checked before the commit.
async fn prepare_for_steps(connection: &mut SqliteConnection, watch: Arc<Watch>) -> Result<()> {
    sqlx::query("PRAGMA foreign_keys = OFF")
        .execute(&mut *connection)
        .await
        .map_err(own("preparing a connection"))?;
    let mut handle = connection.lock_handle().await.map_err(own("preparing a connection"))?;
    let asked = Arc::clone(&watch);
    handle.set_progress_handler(PROGRESS_OPERATIONS, move || asked.go_on());
    handle.set_commit_hook(move || watch.may_commit());
    Ok(())
}

impl SqliteTransaction {
    async fn limited<T>(
        &mut self,
        limit: &Limit,
        work: impl AsyncFnOnce(&mut SqliteConnection) -> Result<T, sqlx::Error>,
    ) -> Outcome<T> {
        self.watch.set(Some(limit.clone()));
        let connection = self
            .line
            .connection()
            .map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        let result = work(connection).await;
        self.watch.set(None);
        result.map_err(|error| {
            if code(&error) == Some(INTERRUPT) {
                let cause = if limit.cancel.is_cancelled() {
                    Cause::Cancelled
                } else {
                    Cause::TimedOut
                };
                return Fault::new(cause, "interrupted");
            }
            fault(&error)
        })
    }

    async fn guard(&mut self, sql: &'static str) -> Outcome<()> {
        let connection = self
            .line
            .connection()
            .map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        let done = sqlx::query(sql).execute(connection).await;
        done.map(|_| ()).map_err(|_| Fault::new(Cause::Refused, ENDED))
    }

    /// What code changed is not to be counted among the rows of the step after it.
    async fn note_changes(&mut self) -> Outcome<()> {
        let lost = |message: String| Fault::new(Cause::Lost, message);
        let connection = self.line.connection().map_err(|e| lost(e.to_string()))?;
        let total = sqlx::query_scalar("SELECT total_changes()").fetch_one(connection).await;
        self.changes = total.map_err(|e| lost(e.to_string()))?;
        Ok(())
    }

    async fn note_broken(&mut self) -> Result<()> {
        if self.broken.is_none() && self.structural {
            let found = Broken::of(self.line.connection()?).await?;
            found.told();
            self.broken = Some(found);
        }
        Ok(())
    }
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn facts(&mut self, reading: Reading<'_>) -> Result<Facts> {
        let facts = metadata::facts(self.line.connection()?, &self.scope, reading).await?;
        self.facts = Some(facts.clone());
        Ok(facts)
    }

    async fn lock_scope(&mut self) -> Result<Facts> {
        // The writer lock is the scope's lock: nobody else wrote since.
        self.facts(Reading::Whole).await
    }

    async fn exclude_guarded(&mut self, _schemas: &[SchemaVersion], _deadline: Deadline) -> Result<bool> {
        // They hold the writer lock, and that is ours.
        Ok(true)
    }

    async fn execute(&mut self, statements: &[Statement], limit: &Limit) -> Outcome<u64> {
        self.note_broken()
            .await
            .map_err(|e| Fault::new(Cause::Refused, e.to_string()))?;
        // Audited: the statements are the spec author's own, split and checked when they were read. What SQLite says of a
        // statement's changes may be those of the one before, so the connection's total is asked for with them.
        let script = format!("{}\n;\nSELECT total_changes()", script_of(statements));
        let mut done = 0;
        let total = self
            .limited(limit, async |connection| {
                let mut results = sqlx::raw_sql(AssertSqlSafe(script)).fetch_many(connection);
                let mut total = 0;
                while let Some(result) = results.try_next().await? {
                    match result {
                        Either::Left(_) => done += 1,
                        Either::Right(row) if done == statements.len() => total = row.try_get(0)?,
                        Either::Right(_) => {}
                    }
                }
                Ok(total)
            })
            .await
            .map_err(|fault| Fault {
                statement: done,
                ..fault
            })?;
        let before = std::mem::replace(&mut self.changes, total);
        Ok(u64::try_from(total - before).unwrap_or(0))
    }

    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool> {
        let sql = AssertSqlSafe(query.to_owned());
        let row = self
            .limited(limit, async |connection| {
                sqlx::raw_sql(sql).fetch_optional(connection).await
            })
            .await?;
        Ok(row.is_some_and(|row| row.try_get::<bool, _>(0).unwrap_or(false)))
    }

    async fn run_code(&mut self, step: Arc<dyn CodeStep>, up: bool, limit: &Limit) -> Outcome<()> {
        self.note_broken()
            .await
            .map_err(|e| Fault::new(Cause::Refused, e.to_string()))?;
        // A mark that is gone afterwards tells that the code ended the transaction.
        self.guard("SAVEPOINT lockstep_guard").await?;
        self.watch.set(Some(limit.clone()));
        let connection = self
            .line
            .connection()
            .map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        // What code prepared before a step changed its tables would read columns that are not there.
        if let Err(error) = connection.clear_cached_statements().await {
            return Err(fault(&error));
        }
        let mut lent = StepConnection::Sqlite(connection);
        let work = async {
            if up {
                step.up(&mut lent).await
            } else {
                step.down(&mut lent).await
            }
        };
        // Code that waits for something else than the database is dropped a little after its statements were stopped.
        // Then the watch stays on, for a statement of it may be running still.
        let patience = limit.deadline.remaining() + UNWINDING;
        let result = tokio::select! {
            done = tokio::time::timeout(patience, work) => done,
            () = stopped(limit) => return Err(Fault::new(Cause::Cancelled, "stopped")),
        };
        if result.is_ok() {
            self.watch.set(None);
        }
        match result {
            Err(_) => Err(Fault::new(Cause::TimedOut, "the code did not end in time")),
            Ok(Err(error)) if limit.cancel.is_cancelled() => Err(Fault::new(Cause::Cancelled, error.to_string())),
            Ok(Err(error)) if limit.deadline.is_over() => Err(Fault::new(Cause::TimedOut, error.to_string())),
            Ok(_) if self.watch.refused.load(Ordering::SeqCst) => Err(Fault::new(Cause::Refused, ENDED)),
            Ok(Err(error)) => Err(Fault::new(Cause::Refused, error.to_string())),
            Ok(Ok(())) => {
                self.guard("RELEASE lockstep_guard").await?;
                self.note_changes().await
            }
        }
    }

    async fn savepoint(&mut self) -> Result<()> {
        sqlx::query("SAVEPOINT lockstep_trial")
            .execute(self.line.connection()?)
            .await
            .map_err(own("marking the transaction"))?;
        Ok(())
    }

    async fn rollback_to_savepoint(&mut self) -> Result<()> {
        sqlx::query("ROLLBACK TO lockstep_trial")
            .execute(self.line.connection()?)
            .await
            .map_err(own("going back to the mark"))?;
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        inspect::snapshot(self.line.connection()?).await
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        introspect::structure(self.line.connection()?, selection).await
    }

    async fn count(&mut self, removed: &[Removed], limit: &Limit) -> Result<Vec<u64>> {
        let mut counts = Vec::with_capacity(removed.len());
        for some in removed.chunks(COUNTED_AT_ONCE) {
            let sql = count_sql(Dialect::Sqlite, some, &[])?;
            self.watch.set(Some(limit.clone()));
            let counted: Result<Vec<(i64, i64)>, _> = sqlx::query_as(AssertSqlSafe(sql))
                .persistent(false)
                .fetch_all(self.line.connection()?)
                .await;
            self.watch.set(None);
            let counted = counted.map_err(own("counting the rows that would be lost"))?;
            counts.extend(counted.into_iter().map(|(_, many)| u64::try_from(many).unwrap_or(0)));
        }
        Ok(counts)
    }

    async fn number(&mut self, _about: &Removed, query: &Statement, limit: &Limit) -> Outcome<u64> {
        let sql = AssertSqlSafe(query.text.clone());
        let row = self
            .limited(limit, async |connection| {
                sqlx::raw_sql(sql).fetch_optional(connection).await
            })
            .await?;
        number_of(row.and_then(|row| row.try_get::<i64, _>(0).ok()))
    }

    async fn commit(mut self: Box<Self>, commit: Commit, records: Records) -> Result<Vec<Event>> {
        let facts = match self.facts.take() {
            Some(facts) => facts,
            None => self.facts(Reading::Whole).await?,
        };
        if let Some(until_now) = self.broken.take() {
            let connection = self.line.connection()?;
            let before = until_now.before(connection, &self.scope, &commit.events).await?;
            let left = Broken::of(connection).await?;
            left.refuse_new(&before)?;
            left.told_again(&until_now);
        }
        let plan = writes::plan(Dialect::Sqlite, &self.scope, &facts, commit, records)?;
        // One trip to SQLite's thread; an error ends the script before its COMMIT.
        self.watch.commits.store(true, Ordering::SeqCst);
        let script = writes::script(&plan.writes, super::connect::literal) + "COMMIT";
        sqlx::raw_sql(AssertSqlSafe(script))
            .execute(self.line.connection()?)
            .await
            .map_err(own("writing Lockstep's tables"))?;
        self.line.finish().await;
        Ok(plan.events)
    }

    async fn abandon(mut self: Box<Self>) {
        // After an interrupt "no transaction is active" is success; a connection that cannot roll back is closed.
        let rolled_back = match self.line.connection() {
            Ok(connection) => sqlx::query("ROLLBACK").execute(connection).await.is_ok(),
            Err(_) => false,
        };
        if rolled_back || self.line.own.is_some() {
            self.line.finish().await;
        }
    }
}

async fn stopped(limit: &Limit) {
    limit.cancel.cancelled().await;
    tokio::time::sleep(UNWINDING).await;
}
