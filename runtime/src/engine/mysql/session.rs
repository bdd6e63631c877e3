//! Steps on MySQL, under the structural lock.
//!
//! The lock and every statement are on one connection: the server keeps the lock until an orphaned statement has ended,
//! so whoever holds it knows that nothing of a predecessor's is in flight.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::FutureExt;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Removed, Snapshot};
use lockstep_lifecycle::JournalEntry;
use lockstep_registry::{SchemaVersion, Scope, Timestamp};
use sqlx::AssertSqlSafe;
use sqlx::mysql::MySqlConnection;

use super::connect::{Opener, Server, fault, int, is_undefined_savepoint, leave, literal, own, rows, run, words};
use super::guard::Excluder;
use super::metadata::NOW;
use super::transaction::{Identity, SILENCE, Stopper, is_true};
use super::{Mysql, inspect, introspect};
use crate::clock::{Deadline, pause};
use crate::engine::step::{Cause, Fault, UNWINDING, held_empty, held_to};
use crate::engine::{CodeStep, Limit, Outcome, Session, StepConnection, StepError, writes};
use crate::{Error, Result};

/// How long one of our own rows is waited for: others hold them for moments.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a statement waits before it is tried again that met a lock.
const AGAIN: Duration = Duration::from_millis(100);
/// How much later than ours the server's own limit is: some functions end "successfully" when it stops them, and that our
/// deadline is over by then is how such an end is told from a real one.
const TOLD_LATE: Duration = Duration::from_millis(20);
const JOURNAL: &str = "writing the journal";

pub(super) struct MysqlSession {
    connection: MySqlConnection,
    scope: Scope,
    opener: Opener,
    /// Where guarded transactions are kept out: the connection of the steps cannot, because DDL lets row locks go.
    excluder: Option<Excluder>,
    identity: Identity,
    stopper: Stopper,
    database: String,
    server: Server,
    /// What a step may have set otherwise for this session.
    setup: String,
    /// A statement's end was never heard of: the connection is of no use any more.
    lost: bool,
}

/// Why code was stopped.
fn why_stopped(limit: &Limit) -> Cause {
    if limit.cancel.is_cancelled() {
        Cause::Cancelled
    } else {
        Cause::TimedOut
    }
}

impl Mysql {
    pub(super) async fn session(&self, scope: &Scope, deadline: Deadline) -> Result<MysqlSession> {
        let mut connection = self.hold_structure(scope, deadline).await?;
        let identity = Identity::of(&mut connection).await?;
        run(&mut connection, "SET @lockstep_time_zone = @@time_zone".to_owned())
            .await
            .map_err(own("opening a session for steps"))?;
        Ok(MysqlSession {
            connection,
            scope: scope.clone(),
            opener: self.opener(),
            excluder: None,
            identity,
            stopper: Stopper {
                options: self.options.clone(),
                id: identity.id,
                server: self.server,
            },
            database: self.database.clone(),
            server: self.server,
            setup: format!("{}, time_zone = @lockstep_time_zone", self.setup),
            lost: false,
        })
    }
}

impl MysqlSession {
    fn usable(&self) -> Result<()> {
        if self.lost {
            return Err(Error::Database {
                doing: "working on a step",
                message: "the connection is lost".to_owned(),
                code: None,
                transient: true,
            });
        }
        Ok(())
    }

    /// Sends SQL of our own between the steps' statements; what is not heard of costs the connection.
    async fn own_run(&mut self, sql: String) -> Result<u64, sqlx::Error> {
        let done = run(&mut self.connection, sql).await;
        self.note(&done);
        done
    }

    fn note<T>(&mut self, done: &Result<T, sqlx::Error>) {
        if let Err(error) = done
            && fault(error, false).cause == Cause::Lost
        {
            self.lost = true;
        }
    }

    /// The settings of every connection, which a step before this one may have changed, and this step's limits.
    fn limits(&self, limit: &Limit) -> String {
        let left = limit.deadline.remaining();
        // Code may be silent for as long as its step may take; then the server ends the session, and the lock goes.
        format!(
            "{}; SET SESSION {}, {}",
            self.setup,
            self.server.statement_limit(left + TOLD_LATE),
            self.server.silence_limit(left + SILENCE)
        )
    }

    /// What keeps guarded transactions out may be as silent as the connection of the steps. Where it is gone already the
    /// next asking tells: those before it were answered.
    async fn keep_excluding(&mut self, limit: &Limit) {
        if let Some(excluder) = &mut self.excluder {
            let silence = limit.deadline.remaining() + SILENCE;
            if let Err(error) = excluder.outlasts(silence).await {
                tracing::debug!(error = %words(&error), "what keeps guarded transactions out is gone");
            }
        }
    }

    fn no_limits(&self) -> String {
        format!("{}; SET SESSION {}", self.setup, self.server.silence_limit(SILENCE))
    }

    /// Runs a statement under a limit.
    async fn limited<T>(
        &mut self,
        limit: &Limit,
        work: impl AsyncFnOnce(&mut MySqlConnection) -> Result<T, sqlx::Error>,
    ) -> Outcome<T> {
        self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        let done = self.stopper.limited(limit, work(&mut self.connection)).await;
        match &done {
            Err(fault) if fault.cause == Cause::Lost => self.lost = true,
            // An order to stop that came too late must not meet a statement of ours.
            Err(fault) if matches!(fault.cause, Cause::TimedOut | Cause::Cancelled) => {
                let _ = self.own_run("DO 0".to_owned()).await;
            }
            _ => {}
        }
        done
    }

    /// Begins a transaction, marked so that its end behind our back shows.
    async fn begin(&mut self, limit: &Limit) -> Outcome<()> {
        self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        self.keep_excluding(limit).await;
        let sql = format!(
            "{}; START TRANSACTION READ WRITE; SAVEPOINT lockstep_guard",
            self.limits(limit)
        );
        self.own_run(sql).await.map(|_| ()).map_err(|e| fault(&e, false))
    }

    /// The end of a step's transaction: still ours, still our epoch, the journal's row, commit.
    ///
    /// The scope's row comes last, because others grant leases while the statements run. A successor's statements cannot
    /// have come between: the lock is ours.
    async fn conclude(&mut self, entry: &JournalEntry, epoch: u64) -> Outcome<()> {
        let released = self
            .own_run(format!("RELEASE SAVEPOINT lockstep_guard; {}", self.no_limits()))
            .await;
        match released {
            Err(error) if is_undefined_savepoint(&error) => {
                return Err(Fault::new(Cause::Escaped, "it ended the transaction it ran in"));
            }
            other => other.map_err(|e| fault(&e, false))?,
        };
        let now = self.check_epoch(epoch).await?;
        let sql = self.entry_script(entry, now);
        let done = self.own_run(format!("{sql}COMMIT")).await;
        done.map(|_| ()).map_err(|e| fault(&e, false))
    }

    fn entry_script(&self, entry: &JournalEntry, now: Timestamp) -> String {
        let entry = writes::stamped(entry, now);
        writes::script(&[writes::journal_write(&self.scope, &entry)], literal)
    }

    /// Whether the work is still ours; from then to the end of the transaction it stays so. Returns the database's time.
    async fn check_epoch(&mut self, epoch: u64) -> Outcome<Timestamp> {
        let sql = format!(
            "SELECT epoch, {NOW} FROM lockstep_scope WHERE scope = {} LOCK IN SHARE MODE",
            literal(self.scope.as_str())
        );
        let found = rows(&mut self.connection, sql).await;
        self.note(&found);
        let found = found.map_err(|e| fault(&e, false))?;
        let damaged = || Fault::new(Cause::Refused, "lockstep_scope has no row for this scope");
        let row = found.first().ok_or_else(damaged)?;
        let read = |at| int(row, at).map_err(|e| fault(&e, false));
        let (found, now) = (u64::try_from(read(0)?).unwrap_or(0), read(1)?);
        if found == epoch {
            Ok(Timestamp(now))
        } else {
            let fenced = Error::Fenced { ours: epoch, found };
            Err(Fault::new(Cause::Fenced, fenced.to_string()))
        }
    }

    async fn roll_back(&mut self) {
        if !self.lost {
            let sql = format!("ROLLBACK; {}", self.no_limits());
            let _ = self.own_run(sql).await;
        }
    }

    /// One attempt of a step that is one transaction.
    async fn in_transaction(
        &mut self,
        statements: &[String],
        empty: &[Removed],
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<u64> {
        self.begin(limit).await?;
        for each in empty {
            held_empty(each, self.count(each, limit).await?)?;
        }
        let mut entry = entry.clone();
        for (at, statement) in statements.iter().enumerate() {
            // Audited: the statements are the spec author's own, split and checked when they were read.
            let sql = sqlx::raw_sql(AssertSqlSafe(statement.clone()));
            let done = self.limited(limit, async |connection| {
                Ok(sql.execute(connection).await?.rows_affected())
            });
            entry.rows += done.await.map_err(|fault| Fault { statement: at, ..fault })?;
            // Functions such as BENCHMARK, and on MySQL SLEEP, end early without an error when the server stops them.
            let stopped = if limit.cancel.is_cancelled() {
                Some(Fault::new(Cause::Cancelled, "it was stopped"))
            } else if limit.deadline.is_over() {
                Some(Fault::new(Cause::TimedOut, "it ran out of time"))
            } else {
                None
            };
            if let Some(fault) = stopped {
                return Err(Fault { statement: at, ..fault });
            }
        }
        if let Some(query) = verify {
            held_to(self.ask(query, limit).await, statements.len())?;
        }
        self.conclude(&entry, epoch).await.map(|()| entry.rows)
    }
}

#[async_trait]
impl Session for MysqlSession {
    fn identity(&self) -> String {
        self.identity.to_string()
    }

    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], deadline: Deadline) -> Result<bool> {
        if self.excluder.is_none() {
            self.excluder = Some(Excluder::open(&self.opener).await?);
        }
        match &mut self.excluder {
            Some(excluder) => excluder.exclude(&self.scope, schemas, deadline).await,
            None => Ok(false),
        }
    }

    async fn journal(&mut self, entry: &JournalEntry, epoch: u64, within: Option<Duration>) -> Result<()> {
        let deadline = Deadline::after(PATIENCE);
        loop {
            self.usable()?;
            let begun = self
                .own_run(format!("{}; START TRANSACTION READ WRITE", self.no_limits()))
                .await;
            let written = match begun {
                Err(error) => Err(fault(&error, false)),
                Ok(_) => match self.check_epoch(epoch).await {
                    Err(fault) => Err(fault),
                    Ok(now) => {
                        let mut entry = entry.clone();
                        let within = within.map(|d| i64::try_from(d.as_micros()).unwrap_or(i64::MAX));
                        entry.ends_by = within.map(|within| Timestamp(now.0.saturating_add(within)));
                        let sql = format!("{}COMMIT", self.entry_script(&entry, now));
                        self.own_run(sql).await.map(|_| ()).map_err(|e| fault(&e, false))
                    }
                },
            };
            let Err(fault) = written else {
                return Ok(());
            };
            self.roll_back().await;
            match fault.cause {
                Cause::Transient if !deadline.is_over() => pause(AGAIN, deadline).await,
                Cause::Fenced => {
                    // The number of the new owner is told once more, for whoever reads the error.
                    return Err(self.fenced(epoch).await);
                }
                cause => {
                    return Err(Error::Database {
                        doing: JOURNAL,
                        message: fault.message,
                        code: None,
                        transient: matches!(cause, Cause::Transient | Cause::Lost),
                    });
                }
            }
        }
    }

    async fn execute(&mut self, statement: &str, limit: &Limit) -> Outcome<u64> {
        self.keep_excluding(limit).await;
        loop {
            self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
            let limits = self.limits(limit);
            self.own_run(limits).await.map_err(|e| fault(&e, false))?;
            // Audited: the statement is the spec author's own, split and checked when it was read.
            let sql = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()));
            let done = self
                .limited(limit, async |connection| {
                    Ok(sql.execute(connection).await?.rows_affected())
                })
                .await;
            // A statement that waits for a table's lock stands in the way of everybody behind it, so it waits shortly and
            // often. One that met a lock had no effect.
            match done {
                Err(fault) if fault.cause == Cause::Transient => {
                    if limit.cancel.is_cancelled() {
                        return Err(Fault::new(Cause::Cancelled, fault.message));
                    }
                    if limit.deadline.is_over() {
                        return Err(Fault::new(Cause::TimedOut, fault.message));
                    }
                    pause(AGAIN, limit.deadline).await;
                }
                done => {
                    if !self.lost {
                        let no_limits = self.no_limits();
                        let _ = self.own_run(no_limits).await;
                    }
                    return done;
                }
            }
        }
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
            let done = self
                .in_transaction(statements, empty, verify, entry, epoch, limit)
                .await;
            let Err(fault) = done else {
                return done;
            };
            self.roll_back().await;
            // All of it was taken back, so all of it may be tried again.
            let again = fault.cause == Cause::Transient && !limit.deadline.is_over() && !limit.cancel.is_cancelled();
            if !again {
                return Err(fault);
            }
            pause(AGAIN, limit.deadline).await;
        }
    }

    async fn run_code(
        &mut self,
        step: Arc<dyn CodeStep>,
        up: bool,
        verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        limit: &Limit,
    ) -> Outcome<()> {
        self.begin(limit).await?;
        let fault = match self.ended(step, up, limit).await {
            None => {
                // What it still does on the connection, nobody knows.
                self.lost = true;
                Fault::new(why_stopped(limit), "the code did not end in time")
            }
            Some(Err(error)) => self.code_failed(&error, limit).await,
            Some(Ok(())) => {
                let held = match verify {
                    Some(query) => held_to(self.ask(query, limit).await, 0),
                    None => Ok(()),
                };
                let done = match held {
                    Ok(()) => self.conclude(entry, epoch).await,
                    held => held,
                };
                match done {
                    Ok(()) => return Ok(()),
                    Err(fault) => fault,
                }
            }
        };
        self.roll_back().await;
        Err(fault)
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        self.usable()?;
        inspect::snapshot(&mut self.connection, &self.database, self.server).await
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        self.usable()?;
        introspect::structure(&mut self.connection, &self.database, self.server, selection).await
    }

    async fn count(&mut self, removed: &Removed, limit: &Limit) -> Outcome<u64> {
        let limits = self.limits(limit);
        self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        self.own_run(limits).await.map_err(|e| fault(&e, false))?;
        let versioned = inspect::versioned(&mut self.connection, self.server).await;
        let versioned = versioned.map_err(|e| fault(&e, false))?;
        let sql = crate::engine::count_sql(Dialect::Mysql, std::slice::from_ref(removed), &versioned);
        let sql = sql.map_err(|e| Fault::new(Cause::Refused, e.to_string()))?;
        let sql = sqlx::raw_sql(AssertSqlSafe(sql));
        let row = self
            .limited(limit, async |connection| sql.fetch_one(connection).await)
            .await?;
        let counted = int(&row, 1).map_err(|e| fault(&e, false))?;
        Ok(u64::try_from(counted).unwrap_or(0))
    }

    async fn verify(&mut self, query: &str, limit: &Limit) -> Outcome<bool> {
        let limits = self.limits(limit);
        self.usable().map_err(|e| Fault::new(Cause::Lost, e.to_string()))?;
        self.own_run(limits).await.map_err(|e| fault(&e, false))?;
        self.ask(query, limit).await
    }

    /// Holding the lock proves that there is none: see `hold_structure`.
    async fn await_orphan(&mut self, _identity: &str, _deadline: Deadline) -> Result<()> {
        Ok(())
    }

    async fn close(self: Box<Self>) {
        leave(self.connection).await;
        if let Some(excluder) = self.excluder {
            excluder.close().await;
        }
    }
}

/// Looking without the lock.
impl Mysql {
    pub(super) async fn ask_author(&self, query: &str, limit: &Limit) -> Outcome<bool> {
        let lost = |e: Error| Fault::new(Cause::Lost, e.to_string());
        let mut connection = self.dedicated().await.map_err(lost)?;
        let begin = format!(
            "SET SESSION {}; START TRANSACTION READ ONLY",
            self.server.statement_limit(limit.deadline.remaining())
        );
        let asked = async {
            run(&mut connection, begin).await?;
            rows(&mut connection, query.to_owned()).await
        };
        let asked = tokio::time::timeout(limit.deadline.remaining() + Duration::from_secs(1), asked).await;
        leave(connection).await;
        match asked {
            Err(_) => Err(Fault::new(Cause::TimedOut, "the server did not answer in time")),
            Ok(Err(error)) => Err(fault(&error, false)),
            Ok(Ok(found)) => Ok(found.len() == 1 && is_true(found.first())),
        }
    }

    pub(super) async fn sees_session(&self, identity: &str) -> Result<Option<bool>> {
        let mut line = self.line().await?;
        let there = Identity::is_there(line.connection()?, identity).await?;
        line.finish();
        Ok(there)
    }
}

impl MysqlSession {
    /// How code ended; nothing where it did not within its limits.
    async fn ended(&mut self, step: Arc<dyn CodeStep>, up: bool, limit: &Limit) -> Option<Result<(), StepError>> {
        let mut lent = StepConnection::Mysql(&mut self.connection);
        let work = async {
            if up {
                step.up(&mut lent).await
            } else {
                step.down(&mut lent).await
            }
        };
        // A panic is the code's failure, not the operation's: what is half-way must be recorded.
        let work = AssertUnwindSafe(work).catch_unwind();
        let work = async { work.await.unwrap_or_else(|_| Err("the code panicked".into())) };
        tokio::pin!(work);
        let ended = tokio::select! {
            done = &mut work => Some(done),
            () = tokio::time::sleep(limit.deadline.remaining()) => None,
            () = limit.cancel.cancelled() => None,
        };
        if ended.is_some() {
            return ended;
        }
        self.stopper.stop().await;
        let done = tokio::time::timeout(UNWINDING, work).await.ok();
        if done.is_none() {
            // It may have sent another statement since.
            self.stopper.stop().await;
        }
        // Some statements end well when they are stopped: to the code that looks like success.
        done.map(|done| done.and_then(|()| Err("it was stopped".into())))
    }

    /// What the error means that code ended with.
    async fn code_failed(&mut self, error: &StepError, limit: &Limit) -> Fault {
        let known = error.downcast_ref::<sqlx::Error>();
        // The server's clock may be a little ahead of ours.
        let by_server = known.is_some_and(|e| fault(e, false).cause == Cause::TimedOut);
        let over = by_server || limit.deadline.is_over() || limit.cancel.is_cancelled();
        let cause = if over { why_stopped(limit) } else { Cause::Refused };
        if known.is_some_and(|e| fault(e, false).cause == Cause::Lost) {
            self.lost = true;
        }
        // What it did before may stay all the same, where a statement of it committed.
        let escaped = !self.lost && self.mark_is_gone().await;
        let message = known.map_or_else(|| error.to_string(), words);
        if escaped && cause == Cause::Refused {
            Fault::new(
                Cause::Escaped,
                format!("{message}; before that it ended the transaction it ran in"),
            )
        } else {
            Fault::new(cause, message)
        }
    }

    async fn ask(&mut self, query: &str, limit: &Limit) -> Outcome<bool> {
        let sql = sqlx::raw_sql(AssertSqlSafe(query.to_owned()));
        let found = self
            .limited(limit, async |connection| sql.fetch_all(connection).await)
            .await?;
        Ok(found.len() == 1 && is_true(found.first()))
    }

    async fn mark_is_gone(&mut self) -> bool {
        let released = self.own_run("RELEASE SAVEPOINT lockstep_guard".to_owned()).await;
        released.is_err_and(|error| is_undefined_savepoint(&error))
    }

    async fn fenced(&mut self, ours: u64) -> Error {
        let sql = format!(
            "SELECT epoch FROM lockstep_scope WHERE scope = {}",
            literal(self.scope.as_str())
        );
        let found = rows(&mut self.connection, sql).await.ok();
        let found = found.and_then(|rows| rows.first().and_then(|row| int(row, 0).ok()));
        Error::Fenced {
            ours,
            found: found.and_then(|epoch| u64::try_from(epoch).ok()).unwrap_or(0),
        }
    }
}
