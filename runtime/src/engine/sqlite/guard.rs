//! SQLite's guarded transactions: they hold the one writer lock, so nobody can take anything back meanwhile.
//!
//! Nobody can renew a lease meanwhile either, nor fence one. So a transaction that was open for long renews its own
//! lease with its last breath: the renewal and the end are one commit.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_registry::Scope;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqlitePool, SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row, Sqlite as Driver};
use tokio_util::sync::CancellationToken;

use super::Sqlite;
use super::connect::{connect_error, is_busy, literal, own, run};
use super::metadata::NOW;
use super::transaction::{Line, PROGRESS_OPERATIONS, Watch, busy, wait_on};
use crate::clock::{Deadline, Stopwatch};
use crate::engine::guard::{Claim, Entry, GuardedTransaction, Held, Plans, counted, lease_sql, refusal};
use crate::engine::{LeaseToken, Limit, StepConnection, writes};
use crate::settings::Settings;
use crate::{Error, Result};

const BEGINNING: &str = "beginning a guarded transaction";
const COMMITTING: &str = "committing a guarded transaction";

/// How long closing waits for guarded transactions that are still open.
const CLOSING: std::time::Duration = std::time::Duration::from_secs(2);

/// Connections of their own, so that guarded transactions never keep a reader or a renewal waiting for one.
pub(super) struct Guards {
    pool: SqlitePool,
    plans: Arc<Plans>,
}

impl Guards {
    pub(super) fn new(options: &SqliteConnectOptions, settings: &Settings) -> Self {
        let plans = Plans::new();
        let pool = SqlitePoolOptions::new()
            .max_connections(settings.max_guarded.max(1))
            .acquire_timeout(settings.guarded_timeout)
            .test_before_acquire(false)
            .before_acquire({
                let plans = Arc::clone(&plans);
                move |_, meta| {
                    let fresh = plans.suit(meta.age);
                    Box::pin(async move { Ok(fresh) })
                }
            })
            .connect_lazy_with(options.clone());
        Self { pool, plans }
    }

    pub(super) async fn close(&self) {
        // A guarded transaction that is still open is its owner's affair.
        let _ = tokio::time::timeout(CLOSING, self.pool.close()).await;
    }
}

impl Sqlite {
    pub(super) async fn enter(&self, scope: &Scope, claim: &Claim, deadline: Deadline) -> Result<Entry> {
        let waiting = Stopwatch::start();
        let mut line = self.guard_line(deadline).await?;
        let known = self.guards.plans.known();
        let turn = tokio::time::timeout(deadline.remaining(), self.turn.lock()).await;
        let Ok(turn) = turn else {
            line.finish().await;
            return Err(busy(waiting));
        };
        loop {
            match counted::begin::<Driver>(line.connection()?, "BEGIN IMMEDIATE".to_owned()).await {
                Ok(()) => break,
                Err(e) if is_busy(&e) => wait_on(waiting, deadline).await?,
                Err(e) => return Err(own(BEGINNING)(e)),
            }
        }
        drop(turn);
        let connection = line.connection()?;
        // A mark that is gone at the end tells that a statement ended the transaction.
        let read = lease_sql(scope, claim, "", NOW, literal);
        let script = format!("SAVEPOINT lockstep_guarded; {read}");
        let row = sqlx::raw_sql(AssertSqlSafe(script))
            .fetch_optional(&mut *connection)
            .await;
        let found = row
            .and_then(|row| row.map(|row| held(&row)).transpose())
            .map_err(own(BEGINNING))?;
        if let Some((_, epoch)) = found
            && self.guards.plans.changed(known, epoch)
        {
            connection.clear_cached_statements().await.map_err(own(BEGINNING))?;
        }
        let mut transaction = Box::new(SqliteGuarded {
            line,
            scope: scope.clone(),
        });
        if let Some(why) = refusal(found.as_ref().map(|(held, _)| held), claim) {
            transaction.rollback(None).await;
            return Ok(Entry::Refused(why));
        }
        transaction.watch(self.settings.guarded_timeout).await?;
        Ok(Entry::Open(transaction))
    }

    async fn guard_line(&self, deadline: Deadline) -> Result<Line> {
        let watch = Stopwatch::start();
        match tokio::time::timeout(deadline.remaining(), self.guards.pool.acquire()).await {
            Ok(Ok(connection)) => Ok(Line::of(connection)),
            Ok(Err(sqlx::Error::PoolTimedOut)) | Err(_) => Err(Error::Busy {
                what: "a connection for a guarded transaction",
                waited: watch.elapsed(),
                holder: None,
            }),
            Ok(Err(error)) => Err(connect_error(&self.url, &error)),
        }
    }
}

fn held(row: &SqliteRow) -> Result<(Held, i64), sqlx::Error> {
    let held = Held {
        state: row.try_get(0)?,
        incarnation: row.try_get(1)?,
        epoch: row.try_get(2)?,
        schema: row.try_get(3)?,
        expires_at: row.try_get(4)?,
        now: row.try_get(5)?,
        schema_state: row.try_get(6)?,
    };
    Ok((held, row.try_get(7)?))
}

struct SqliteGuarded {
    line: Line,
    scope: Scope,
}

impl SqliteGuarded {
    /// Statements are interrupted from then on: everybody else waits for this transaction.
    async fn watch(&mut self, limit: std::time::Duration) -> Result<()> {
        let watch = Arc::new(Watch::default());
        watch.set(Some(Limit {
            deadline: Deadline::after(limit),
            cancel: CancellationToken::new(),
        }));
        let mut handle = self.line.connection()?.lock_handle().await.map_err(own(BEGINNING))?;
        handle.set_progress_handler(PROGRESS_OPERATIONS, move || watch.go_on());
        Ok(())
    }

    async fn unwatch(&mut self) -> Result<()> {
        let mut handle = self.line.connection()?.lock_handle().await.map_err(own(COMMITTING))?;
        handle.remove_progress_handler();
        Ok(())
    }

    /// Goes back to the mark, or lets it go; fails where the transaction it stood in is over.
    async fn at_mark(&mut self, sql: &'static str) -> Result<&mut SqliteConnection> {
        self.unwatch().await?;
        let connection = self.line.connection()?;
        let over = || Error::Database {
            doing: COMMITTING,
            message:
                "one of its statements ended it, or SQLite did after an error; what a COMMIT of its own came after \
                      counts, the rest does not"
                    .to_owned(),
            code: None,
            transient: false,
        };
        let there =
            counted::is_outermost::<Driver>(connection) && sqlx::raw_sql(sql).execute(&mut *connection).await.is_ok();
        if there { Ok(connection) } else { Err(over()) }
    }

    async fn renew(&mut self, renewal: &LeaseToken) -> Result<bool> {
        // Nobody can fence while the writer lock is ours.
        let write = writes::late_renewal(&self.scope, renewal, NOW);
        Ok(run(self.line.connection()?, "renewing a lease", write).await? > 0)
    }
}

#[async_trait]
impl GuardedTransaction for SqliteGuarded {
    fn connection(&mut self) -> Result<StepConnection<'_>> {
        self.line.connection().map(StepConnection::Sqlite)
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        // Audited: the statement is the user's own program text.
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = sql.execute(self.line.connection()?).await;
        done.map(|done| done.rows_affected())
            .map_err(own("running a statement in a guarded transaction"))
    }

    async fn commit(mut self: Box<Self>, renewal: Option<&LeaseToken>) -> Result<()> {
        self.at_mark("RELEASE lockstep_guarded").await?;
        if let Some(renewal) = renewal {
            self.renew(renewal).await?;
        }
        let committed = counted::commit::<Driver>(self.line.connection()?).await;
        committed.map_err(own(COMMITTING))?;
        self.line.finish().await;
        Ok(())
    }

    async fn rollback(mut self: Box<Self>, renewal: Option<&LeaseToken>) -> bool {
        // After an interrupt SQLite may have taken it back by itself; a connection that cannot roll back is closed.
        let Some(renewal) = renewal else {
            let ended = match self.unwatch().await.and_then(|()| self.line.connection()) {
                Ok(connection) if counted::is_outermost::<Driver>(connection) => {
                    counted::rollback::<Driver>(connection).await.is_ok()
                }
                _ => false,
            };
            if ended {
                self.line.finish().await;
            }
            return false;
        };
        let renewed = async {
            self.at_mark("ROLLBACK TO lockstep_guarded").await?;
            let renewed = self.renew(renewal).await?;
            let committed = counted::commit::<Driver>(self.line.connection()?).await;
            committed.map_err(own(COMMITTING)).map(|()| renewed)
        };
        match renewed.await {
            Ok(renewed) => {
                self.line.finish().await;
                renewed
            }
            Err(_) => false,
        }
    }
}
