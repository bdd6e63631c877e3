//! MySQL's guarded transactions: a shared lock on a row of the schema's own, which nothing but a way back locks otherwise.
//!
//! The lease's row is written by renewals and the schema's by those who take it back, so neither would do. The way back
//! asks for the row and never queues for it; it holds it on a connection that runs no steps, because DDL would let it go.

use std::collections::BTreeSet;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_registry::{SchemaVersion, Scope};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlPool, MySqlPoolOptions, MySqlRow};
use sqlx::{AssertSqlSafe, MySql as Driver, Row};

use super::Mysql;
use super::connect::{
    Line, Opener, Server, answered, connect_error, int, is_denied, is_lock_timeout, is_session_ended,
    is_undefined_savepoint, is_undefined_table, leave, literal, optional_int, optional_text, own, rows, run, text,
    whole_seconds, words,
};
use super::metadata::NOW;
use super::transaction::{SILENCE, STOPPING};
use crate::clock::{Deadline, Stopwatch, pause};
use crate::engine::guard::{Claim, Entry, GuardedTransaction, Held, Plans, counted, lease_sql, refusal};
use crate::engine::{LeaseToken, StepConnection};
use crate::settings::Settings;
use crate::{Error, Result};

const BEGINNING: &str = "beginning a guarded transaction";
const COMMITTING: &str = "committing a guarded transaction";
const EXCLUDING: &str = "keeping guarded transactions out";
const BEGIN: &str = "START TRANSACTION READ WRITE";

/// The table of the rows; an engine with other locks has none. A row stays when its schema goes.
pub(super) const TABLE: &str = "CREATE TABLE IF NOT EXISTS lockstep_guard (scope {name} NOT NULL, schema_version {name} \
     NOT NULL, PRIMARY KEY (scope, schema_version))";

/// Connections of their own, so that guarded transactions never keep a renewal waiting for one.
pub(super) struct Guards {
    pool: MySqlPool,
    most: u32,
    plans: std::sync::Arc<Plans>,
}

impl Guards {
    pub(super) fn new(options: &MySqlConnectOptions, setup: &str, server: Server, settings: &Settings) -> Self {
        let plans = Plans::new();
        let most = settings.max_guarded.max(1);
        let limit = settings.guarded_timeout;
        // MySQL ends whoever says nothing for that long, MariaDB only where a transaction is open.
        let idle = if server.mariadb {
            format!("idle_transaction_timeout = {}", whole_seconds(limit))
        } else {
            format!("wait_timeout = {}", whole_seconds(limit))
        };
        let setup = format!("{setup}; SET SESSION {idle}, {}", server.statement_limit(limit));
        let pool = MySqlPoolOptions::new()
            .max_connections(most)
            .acquire_timeout(settings.connect_timeout)
            // Beginning asks the server anyway, and may simply be tried on another connection.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let setup = sqlx::raw_sql(AssertSqlSafe(setup.clone()));
                Box::pin(async move { setup.execute(connection).await.map(|_| ()) })
            })
            .before_acquire({
                let plans = std::sync::Arc::clone(&plans);
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

fn row_of(scope: &Scope, schema: &SchemaVersion) -> String {
    format!(
        "FROM lockstep_guard WHERE scope = {} AND schema_version = {}",
        literal(scope.as_str()),
        literal(schema.as_str())
    )
}

/// Makes the row that is locked.
fn row_sql(scope: &Scope, schema: &SchemaVersion) -> String {
    format!(
        "INSERT IGNORE INTO lockstep_guard (scope, schema_version) VALUES ({}, {})",
        literal(scope.as_str()),
        literal(schema.as_str())
    )
}

/// Makes the table in a database that was prepared without it, or lost it. That is always safe: it holds nothing but
/// places to lock, and where there is none nobody holds one. On a connection of its own, because DDL commits.
async fn make_table(opener: &Opener) -> Result<()> {
    let mut connection = opener.open().await?;
    let made = run(&mut connection, super::metadata::TYPES.typed(TABLE)).await;
    leave(connection).await;
    match made {
        Ok(_) => Ok(()),
        Err(error) if is_denied(&error) => Err(Error::NotPrepared {
            message: format!("{}; grant CREATE on the database first", words(&error)),
        }),
        Err(error) => Err(own("making a table of Lockstep's own")(error)),
    }
}

/// The connection on which a session of steps keeps guarded transactions out: idle, in a transaction that only holds rows.
pub(super) struct Excluder {
    connection: MySqlConnection,
    opener: Opener,
    /// What an earlier asking was told to be kept out of.
    held: BTreeSet<SchemaVersion>,
}

impl Excluder {
    pub(super) async fn open(opener: &Opener) -> Result<Self> {
        let connection = opener.open().await?;
        let mut excluder = Self {
            connection,
            opener: opener.clone(),
            held: BTreeSet::new(),
        };
        excluder.outlasts(SILENCE).await.map_err(own(EXCLUDING))?;
        excluder.begin().await.map_err(own(EXCLUDING))?;
        Ok(excluder)
    }

    /// The mark goes with the transaction, and the transaction with its locks.
    async fn begin(&mut self) -> Result<(), sqlx::Error> {
        let sql = format!("ROLLBACK; {BEGIN}; SAVEPOINT lockstep_excluding");
        run(&mut self.connection, sql).await.map(|_| ())
    }

    /// How long it may say nothing: no longer than the connection of the steps, lest a machine that died without a word
    /// keep its successors out.
    pub(super) async fn outlasts(&mut self, silence: Duration) -> Result<(), sqlx::Error> {
        let sql = format!("SET SESSION {}", self.opener.server.silence_limit(silence));
        run(&mut self.connection, sql).await.map(|_| ())
    }

    /// Asks for the schemas' rows until all are ours or the deadline is over. They stay ours to the end of the transaction;
    /// asked again, it fails where that ended since, and with it the hold.
    pub(super) async fn exclude(
        &mut self,
        scope: &Scope,
        schemas: &[SchemaVersion],
        deadline: Deadline,
    ) -> Result<bool> {
        let mut made = false;
        loop {
            let error = match self.ask(scope, schemas).await {
                Ok(true) => {
                    self.held.extend(schemas.iter().cloned());
                    return Ok(true);
                }
                // Rows that were missing are there now.
                Ok(false) if !deadline.is_over() => continue,
                Ok(false) => return Ok(false),
                Err(error) => error,
            };
            if is_undefined_savepoint(&error) {
                self.begin_anew(&error).await?;
            } else if is_undefined_table(&error) && !made {
                made = true;
                self.begin_anew(&error).await?;
                make_table(&self.opener).await?;
            } else if !is_lock_timeout(&error) {
                return Err(own(EXCLUDING)(error));
            } else if deadline.is_over() {
                tracing::info!(?schemas, "guarded transactions are open");
                return Ok(false);
            } else {
                pause(Duration::from_millis(10), deadline).await;
            }
        }
    }

    /// One attempt, in one round trip; returns false where rows were missing, which are ours once they are seen again.
    ///
    /// A lock that is not to be had may cost the whole transaction (`innodb_rollback_on_timeout`, a deadlock), and outside one
    /// a lock lasts no longer than its statement: so it is asked first whether it is still the one that was begun.
    async fn ask(&mut self, scope: &Scope, schemas: &[SchemaVersion]) -> Result<bool, sqlx::Error> {
        let mut sql = "RELEASE SAVEPOINT lockstep_excluding; SAVEPOINT lockstep_excluding".to_owned();
        for schema in schemas {
            sql.push_str(&format!(
                "; SELECT schema_version {} FOR UPDATE NOWAIT",
                row_of(scope, schema)
            ));
        }
        let mut found = BTreeSet::new();
        for row in rows(&mut self.connection, sql).await? {
            found.insert(text(&row, 0)?);
        }
        let missing: Vec<_> = schemas
            .iter()
            .filter(|schema| !found.contains(schema.as_str()))
            .collect();
        for schema in &missing {
            // Nobody ever began one: the row that this transaction makes is ours from the start.
            run(&mut self.connection, row_sql(scope, schema)).await?;
        }
        Ok(missing.is_empty())
    }

    /// What was said to be held must not be let go unnoticed.
    async fn begin_anew(&mut self, error: &sqlx::Error) -> Result<()> {
        if self.held.is_empty() {
            return self.begin().await.map_err(own(EXCLUDING));
        }
        Err(Error::Database {
            doing: EXCLUDING,
            message: format!("the server ended the transaction that kept them out: {}", words(error)),
            code: None,
            transient: true,
        })
    }

    pub(super) async fn close(self) {
        leave(self.connection).await;
    }
}

impl Mysql {
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
        let shared = if self.server.mariadb {
            "LOCK IN SHARE MODE NOWAIT"
        } else {
            "FOR SHARE NOWAIT"
        };
        // The mark goes with the transaction: it tells whether that is still the one we began.
        let hold = format!(
            "SAVEPOINT lockstep_guarded; SELECT 1 {} {shared}",
            row_of(scope, &claim.schema)
        );
        let read = lease_sql(scope, claim, "", NOW, literal);
        let script = format!("{hold}; {read}");
        let mut made = false;
        loop {
            let mut line = self.guard_line(deadline).await?;
            let known = self.guards.plans.known();
            let found = match begun(line.connection()?, &script).await {
                Ok(found) => found,
                // Somebody is taking the schema back: soon the lease says so, or it was for nothing.
                Err(e) if is_lock_timeout(&e) && !deadline.is_over() => {
                    end(line).await;
                    pause(Duration::from_millis(10), deadline).await;
                    continue;
                }
                Err(e) if is_lock_timeout(&e) => {
                    end(line).await;
                    return Err(Error::Busy {
                        what: "the schema, which is being taken back,",
                        waited: watch.elapsed(),
                        holder: None,
                    });
                }
                // A connection that broke, or was ended, while nobody used it.
                Err(e) if is_session_ended(&e) && !deadline.is_over() => {
                    pause(Duration::from_millis(5), deadline).await;
                    continue;
                }
                Err(e) if is_undefined_table(&e) && !made => {
                    made = true;
                    end(line).await;
                    make_table(&self.opener()).await?;
                    continue;
                }
                Err(e) => return Err(own(BEGINNING)(e)),
            };
            // The held row has one column, the lease's eight.
            let holds = found.iter().any(|row| row.len() == 1);
            let lease = found.iter().find(|row| row.len() > 1);
            if !holds {
                let connection = line.connection()?;
                run(connection, "ROLLBACK".to_owned()).await.map_err(own(BEGINNING))?;
                // By itself, because a row that is being made keeps everybody out; and committed, whatever the user's
                // statements on this connection set.
                let sql = format!("{}; COMMIT", row_sql(scope, &claim.schema));
                run(connection, sql).await.map_err(own(BEGINNING))?;
                line.finish();
                continue;
            }
            let lease = lease.map(held).transpose().map_err(own(BEGINNING))?;
            let connection = line.connection()?;
            if let Some((_, epoch)) = lease
                && self.guards.plans.changed(known, epoch)
            {
                answered(sqlx::Connection::clear_cached_statements(connection))
                    .await
                    .map_err(own(BEGINNING))?;
            }
            let transaction = Box::new(MysqlGuarded { line });
            return Ok(match refusal(lease.as_ref().map(|(held, _)| held), claim) {
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
/// time on a connection does the driver's count cost another; from then on it stays at one.
async fn begun(connection: &mut MySqlConnection, script: &str) -> Result<Vec<MySqlRow>, sqlx::Error> {
    if counted::is_outermost::<Driver>(connection) {
        return rows(connection, format!("{BEGIN}; {script}")).await;
    }
    answered(counted::begin::<Driver>(connection, BEGIN.to_owned())).await?;
    rows(connection, script.to_owned()).await
}

/// Ends what was begun in vain; a connection that does not answer is dropped.
async fn end(mut line: Line) {
    let ended = match line.connection() {
        Ok(connection) => run(connection, "ROLLBACK".to_owned()).await.is_ok(),
        Err(_) => false,
    };
    if ended {
        line.finish();
    }
}

fn held(row: &MySqlRow) -> Result<(Held, i64), sqlx::Error> {
    let held = Held {
        state: text(row, 0)?,
        incarnation: text(row, 1)?,
        epoch: int(row, 2)?,
        schema: text(row, 3)?,
        expires_at: optional_int(row, 4)?,
        now: int(row, 5)?,
        schema_state: optional_text(row, 6)?,
    };
    Ok((held, int(row, 7)?))
}

struct MysqlGuarded {
    line: Line,
}

#[async_trait]
impl GuardedTransaction for MysqlGuarded {
    fn connection(&mut self) -> Result<StepConnection<'_>> {
        self.line.connection().map(StepConnection::Mysql)
    }

    async fn execute(&mut self, sql: &str) -> Result<u64> {
        // Audited: the statement is the user's own program text.
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let done = sql.execute(self.line.connection()?).await;
        done.map(|done| done.rows_affected())
            .map_err(own("running a statement in a guarded transaction"))
    }

    async fn commit(mut self: Box<Self>, _renewal: Option<&LeaseToken>) -> Result<()> {
        // A deadlock took the transaction back, and a change of the schema committed it: then the mark is gone, and that
        // is the error that ends the script before its COMMIT.
        const SCRIPT: &str = "RELEASE SAVEPOINT lockstep_guarded; COMMIT";
        let connection = self.line.connection()?;
        let wrong = |message: &str| Error::Database {
            doing: COMMITTING,
            message: message.to_owned(),
            code: None,
            transient: false,
        };
        if !counted::is_outermost::<Driver>(connection) {
            return Err(wrong("a transaction within it was not ended"));
        }
        match answered(sqlx::raw_sql(SCRIPT).execute(connection)).await {
            Ok(_) => {
                self.line.finish();
                Ok(())
            }
            Err(error) if is_undefined_savepoint(&error) => {
                Err(wrong("one of its statements ended it; what came before that may count"))
            }
            Err(error @ sqlx::Error::Database(_)) => Err(own(COMMITTING)(error)),
            Err(error) => Err(Error::Unknown { message: words(&error) }),
        }
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
