//! PostgreSQL's guarded transactions: a shared advisory transaction lock on a key of the schema's own.
//!
//! Nothing lives longer than the transaction, so a transaction pooler between us and the server does no harm. The way
//! back asks for the key and never queues for it: a request that queues would keep every later holder waiting behind it.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::Dialect;
use lockstep_registry::{SchemaVersion, Scope};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgPool, PgPoolOptions, PgRow};
use sqlx::{AssertSqlSafe, Connection, Postgres as Driver, Row};

use super::Postgres;
use super::connect::{answered, connect_error, is_lock_timeout, leave, lock_key, own, words};
use super::line::Line;
use super::metadata::NOW;
use super::transaction::{BEGIN, STOPPING};
use crate::clock::{Deadline, Stopwatch, pause};
use crate::engine::guard::{Claim, Entry, GuardedTransaction, Held, Plans, counted, lease_sql, refusal};
use crate::engine::{LeaseToken, StepConnection};
use crate::settings::Settings;
use crate::{Error, Result};

const BEGINNING: &str = "beginning a guarded transaction";
const COMMITTING: &str = "committing a guarded transaction";

/// Connections of their own, so that guarded transactions never keep a renewal waiting for one.
pub(super) struct Guards {
    pool: PgPool,
    most: u32,
    plans: Arc<Plans>,
}

impl Guards {
    pub(super) fn new(options: &PgConnectOptions, settings: &Settings) -> Self {
        let plans = Plans::new();
        let most = settings.max_guarded.max(1);
        let pool = PgPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(settings.connect_timeout)
            // Beginning asks the server anyway, and may simply be tried on another connection.
            .test_before_acquire(false)
            .before_acquire({
                let plans = Arc::clone(&plans);
                move |_, meta| {
                    let fresh = plans.suit(meta.age);
                    Box::pin(async move { Ok(fresh) })
                }
            })
            .connect_lazy_with(options.clone());
        Self { pool, most, plans }
    }

    pub(super) async fn close(&self) {
        // A guarded transaction that is still open is its owner's affair.
        let _ = tokio::time::timeout(STOPPING, self.pool.close()).await;
    }
}

/// The key of one schema of one scope.
fn key(metadata: &str, scope: &Scope, schema: &SchemaVersion) -> i64 {
    lock_key(metadata, "guard", &format!("{scope}/{schema}"))
}

/// Asks for the schemas' keys until all are ours or the deadline is over. They stay ours to the end of the connection's
/// transaction, so asking again tells whether that is still the same one.
pub(super) async fn exclude(
    connection: &mut PgConnection,
    metadata: &str,
    scope: &Scope,
    schemas: &[SchemaVersion],
    deadline: Deadline,
) -> Result<bool> {
    const DOING: &str = "keeping guarded transactions out";
    for schema in schemas {
        let sql = format!(
            "SELECT pg_catalog.pg_try_advisory_xact_lock({})",
            key(metadata, scope, schema)
        );
        loop {
            let row = answered(sqlx::raw_sql(AssertSqlSafe(sql.clone())).fetch_one(&mut *connection)).await;
            if row.and_then(|row| row.try_get(0)).map_err(own(DOING))? {
                break;
            }
            if deadline.is_over() {
                tracing::info!(%schema, "guarded transactions are open on it");
                return Ok(false);
            }
            pause(Duration::from_millis(10), deadline).await;
        }
    }
    Ok(true)
}

impl Postgres {
    async fn guard_line(&self, deadline: Deadline) -> Result<Line> {
        let watch = Stopwatch::start();
        loop {
            let pool = &self.guards.pool;
            match tokio::time::timeout(deadline.remaining(), pool.acquire()).await {
                Ok(Ok(connection)) => return Ok(Line::of(connection)),
                Ok(Err(sqlx::Error::PoolTimedOut)) if pool.size() < self.guards.most => {
                    // The pool says only that it waited; asking once by hand tells why.
                    leave(self.dedicated().await?).await;
                }
                Ok(Err(sqlx::Error::PoolTimedOut)) => {}
                Ok(Err(error)) => return Err(connect_error(&self.url, &error)),
                Err(_) => {}
            }
            if deadline.is_over() {
                return Err(Error::Busy {
                    what: "a connection for a guarded transaction",
                    waited: watch.elapsed(),
                    holder: None,
                });
            }
        }
    }

    pub(super) async fn enter(&self, scope: &Scope, claim: &Claim, deadline: Deadline) -> Result<Entry> {
        let watch = Stopwatch::start();
        let limit = self.settings.guarded_timeout.as_millis().max(1);
        // The mark goes with the transaction: it tells whether that is still the one we began.
        let begin = format!(
            "{BEGIN}; SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {limit}; \
             SET LOCAL idle_in_transaction_session_timeout = {limit}; SET LOCAL client_connection_check_interval = '1s'; \
             SET LOCAL lockstep.guarded = 'yes'; SELECT pg_catalog.pg_advisory_xact_lock_shared({key}); \
             SET LOCAL lock_timeout TO DEFAULT",
            lock = self.settings.lock_timeout.as_millis().max(1),
            key = key(&self.schema, scope, &claim.schema),
        );
        let quoted = lockstep_catalog::quote(Dialect::Postgres, &self.schema).map_err(|e| Error::bug(e.to_string()))?;
        let read = lease_sql(scope, claim, &format!("{quoted}."), NOW, super::connect::literal);
        loop {
            let mut line = self.guard_line(deadline).await?;
            let known = self.guards.plans.known();
            let row = match begun(line.connection()?, &begin, &read).await {
                Ok(row) => row,
                // Somebody is taking the schema back: soon the lease says so, or it was for nothing.
                Err(e) if is_lock_timeout(&e) && !deadline.is_over() => continue,
                Err(e) if is_lock_timeout(&e) => {
                    return Err(Error::Busy {
                        what: "the schema, which is being taken back,",
                        waited: watch.elapsed(),
                        holder: None,
                    });
                }
                // A connection that broke while nobody used it.
                Err(sqlx::Error::Io(_)) if !deadline.is_over() => {
                    pause(Duration::from_millis(5), deadline).await;
                    continue;
                }
                Err(e) => return Err(own(BEGINNING)(e)),
            };
            let found = row.map(|row| held(&row)).transpose().map_err(own(BEGINNING))?;
            let connection = line.connection()?;
            if let Some((_, epoch)) = found
                && self.guards.plans.changed(known, epoch)
            {
                answered(connection.clear_cached_statements())
                    .await
                    .map_err(own(BEGINNING))?;
            }
            let transaction = Box::new(PgGuarded { line });
            return Ok(match refusal(found.as_ref().map(|(held, _)| held), claim) {
                None => Entry::Open(transaction),
                Some(why) => {
                    transaction.rollback(None).await;
                    Entry::Refused(why)
                }
            });
        }
    }
}

/// In one round trip: the lock, and then in a statement of its own, with a snapshot of its own, the lease. Only the first
/// time on a connection does the driver's count cost another; from then on it stays at one, for these connections are
/// used for nothing else.
async fn begun(connection: &mut PgConnection, begin: &str, read: &str) -> Result<Option<PgRow>, sqlx::Error> {
    // The lock's own row comes first.
    let (script, locks) = if counted::is_outermost::<Driver>(connection) {
        (format!("{begin}; {read}"), 1)
    } else {
        answered(counted::begin::<Driver>(connection, begin.to_owned())).await?;
        (read.to_owned(), 0)
    };
    let rows = answered(sqlx::raw_sql(AssertSqlSafe(script)).fetch_all(connection)).await?;
    Ok(rows.into_iter().nth(locks))
}

fn held(row: &PgRow) -> Result<(Held, i64), sqlx::Error> {
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

struct PgGuarded {
    line: Line,
}

#[async_trait]
impl GuardedTransaction for PgGuarded {
    fn connection(&mut self) -> Result<StepConnection<'_>> {
        self.line.connection().map(StepConnection::Postgres)
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        // Audited: the statement is the user's own program text.
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = sql.execute(self.line.connection()?).await;
        done.map(|done| done.rows_affected())
            .map_err(own("running a statement in a guarded transaction"))
    }

    async fn commit(mut self: Box<Self>, _renewal: Option<&LeaseToken>) -> Result<()> {
        // A transaction that a statement failed in commits "successfully" and leaves nothing, and one that a statement
        // ended is not ours to commit: then reading the mark is the error that ends the script before its COMMIT.
        const SCRIPT: &str = "SELECT pg_catalog.current_setting('lockstep.guarded')::pg_catalog.bool; COMMIT";
        let connection = self.line.connection()?;
        let wrong = |message: &str, code: Option<String>| Error::Database {
            doing: COMMITTING,
            message: message.to_owned(),
            code,
            transient: false,
        };
        if !counted::is_outermost::<Driver>(connection) {
            return Err(wrong("a transaction within it was not ended", None));
        }
        let error = match answered(sqlx::raw_sql(SCRIPT).execute(connection)).await {
            Ok(_) => {
                self.line.finish();
                return Ok(());
            }
            Err(error @ sqlx::Error::Database(_)) => own(COMMITTING)(error),
            Err(error) => Error::Unknown { message: words(&error) },
        };
        Err(match error {
            Error::Database { code: Some(code), .. } if code.ends_with("25P02") => {
                wrong("one of its statements failed, so nothing of it counts", Some(code))
            }
            Error::Database { code: Some(code), .. } if code.ends_with("22P02") => {
                wrong("one of its statements ended it; what came before that may count", None)
            }
            other => other,
        })
    }

    async fn rollback(mut self: Box<Self>, _renewal: Option<&LeaseToken>) -> bool {
        // A connection that does not answer is dropped, and the server takes back what was open on it.
        if let Ok(connection) = self.line.connection()
            && counted::is_outermost::<Driver>(connection)
        {
            let rollback = sqlx::raw_sql("ROLLBACK").execute(connection);
            if matches!(tokio::time::timeout(STOPPING, rollback).await, Ok(Ok(_))) {
                self.line.finish();
            }
        }
        false
    }
}
