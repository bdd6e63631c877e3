//! Lockstep's tables in PostgreSQL: made, read, renewed, listened to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::postgres::{PgListener, PgRow};
use sqlx::{AssertSqlSafe, Row};

use super::Postgres;
use super::connect::{answered, is_race, is_undefined_table, leave, literal, own, run, words};
use super::prepared;
use crate::clock::{Deadline, pause};
use crate::engine::rows::{BindingRow, EventRow, FactsRows, JournalRow, LeaseRow, SchemaRow, document};
use crate::engine::{FORMAT, LeaseToken, Reading, tables, writes};
use crate::{Error, Result};

/// The database's time in microseconds, as of this statement.
pub(super) const NOW: &str = "(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

/// How long a reading of our own may take at the server.
const READ_LIMIT: Duration = Duration::from_secs(10);

/// A reading's rows say what they are, and have as many texts and numbers as the widest of them.
const SCOPE: &str = "SELECT 'scope', operation, NULL, NULL, NULL, NULL, NULL, NULL, epoch, event_seq, NULL::bigint, NULL::bigint, NULL::bigint \
     FROM lockstep_scope WHERE scope = $1";
const FORMAT_AND_TIME: &str = "SELECT 'format', value, NULL, NULL, NULL, NULL, NULL, NULL, \
     (EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000)::bigint, NULL, NULL, NULL, NULL FROM lockstep_meta WHERE key = 'format'";
const SCHEMAS: &str = "SELECT 'schema', version, state, checksum, requires, compatible_with, retention, error, \
     applied_at, rolled_back_at, NULL, NULL, NULL FROM lockstep_schema WHERE scope = $1";
const BINDINGS: &str = "SELECT 'binding', handler, api_version, schema_version, artifact, tags, state, NULL, \
     ever_active, NULL, NULL, NULL, NULL FROM lockstep_binding WHERE scope = $1";
const LEASES: &str = "SELECT 'lease', instance, incarnation, handler, api_version, schema_version, kind, state, \
     ttl_us, epoch, acquired_at, renewed_at, expires_at FROM lockstep_lease";
const LIVE: &str = "WHERE scope = $1 AND state NOT IN ('released', 'fenced')";

/// All of a scope. One statement is one consistent reading. `$1` is the scope.
pub(super) fn whole_sql() -> String {
    reading_sql(&format!("{LEASES} {LIVE}"))
}

/// The same with those leases alone that an instance needs to be granted one: its own, any one that another holds of each
/// version that is served, and all that wait for their schema. `$2` is the instance.
///
/// No more is read than that, however many there are. It is enough: a version that was ever served is bound to its schema
/// for good, and one that is not served has no active lease (R3).
pub(super) fn for_one_sql() -> String {
    reading_sql(&format!(
        "{LEASES} {LIVE} AND instance = $2 \
         UNION ALL SELECT l.* FROM lockstep_binding b CROSS JOIN LATERAL ({LEASES} \
         WHERE scope = b.scope AND handler = b.handler AND api_version = b.api_version AND state = 'active' \
         AND instance <> $2 LIMIT 1) l WHERE b.scope = $1 AND b.state IN ('active', 'draining') \
         UNION ALL {LEASES} WHERE scope = $1 AND {UNSETTLED} AND instance <> $2"
    ))
}

fn reading_sql(leases: &str) -> String {
    [SCOPE, FORMAT_AND_TIME, SCHEMAS, BINDINGS, leases].join(" UNION ALL ")
}

/// Leases that wait for their schema, and those in a state that nobody wrote.
const UNSETTLED: &str = "state NOT IN ('active', 'released', 'fenced')";

/// The engine's words for the columns of Lockstep's tables.
pub(super) const TYPES: tables::Types = tables::Types {
    text: "TEXT",
    // Byte by byte, as on the other engines: what a locale thinks of order only costs time.
    name: "TEXT COLLATE \"C\"",
    int: "BIGINT",
    serial: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY",
    key: "key",
    table: "",
};

impl Postgres {
    pub(super) async fn prepare_metadata(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        loop {
            if let Some(facts) = self.facts_if_prepared(scope).await? {
                return Ok(facts);
            }
            match self.create(scope).await {
                Ok(()) => {}
                // IF NOT EXISTS does not keep two sessions from making the same table at once: the loser looks again.
                Err(error) if is_race(&error) && !deadline.is_over() => {
                    pause(Duration::from_millis(20), deadline).await;
                }
                Err(error) => {
                    return Err(match own("creating Lockstep's tables")(error) {
                        Error::ReadOnly { message } => Error::NotPrepared { message },
                        Error::Database {
                            message,
                            code: Some(code),
                            ..
                        } if code.ends_with("42501") => Error::NotPrepared {
                            message: format!("{message}; grant CREATE on schema {} first", self.schema),
                        },
                        other => other,
                    });
                }
            }
        }
    }

    async fn create(&self, scope: &Scope) -> Result<(), sqlx::Error> {
        let mut connection = self
            .dedicated()
            .await
            .map_err(|e| sqlx::Error::Protocol(e.to_string()))?;
        let tables = tables::create_tables(&TYPES);
        // By which those few are found, however many leases there are.
        let index =
            format!("CREATE INDEX IF NOT EXISTS lockstep_lease_unsettled ON lockstep_lease (scope) WHERE {UNSETTLED}");
        let sql = format!(
            "BEGIN; SET LOCAL lock_timeout = '5s'; SET LOCAL statement_timeout = '30s'; SELECT pg_catalog.pg_advisory_xact_lock({}); {}; {index}; \
             INSERT INTO lockstep_meta (key, value) VALUES ('format', '{FORMAT}') ON CONFLICT (key) DO NOTHING; \
             INSERT INTO lockstep_scope (scope, epoch, event_seq) VALUES ({}, 0, 0) ON CONFLICT (scope) DO NOTHING; COMMIT",
            self.lock_key("prepare", ""),
            tables.join("; "),
            literal(scope.as_str())
        );
        let made = sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await;
        leave(connection).await;
        made.map(|_| ())
    }

    /// Reads in one round trip, bounded at the server: SQL without parameters, in a transaction of its own.
    async fn read<T: Send + Unpin>(
        &self,
        doing: &'static str,
        sql: &str,
        map: impl Fn(&PgRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>> {
        self.try_read(sql, map).await?.map_err(own(doing))
    }

    pub(super) async fn try_read<T: Send + Unpin>(
        &self,
        sql: &str,
        map: impl Fn(&PgRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Result<Vec<T>, sqlx::Error>> {
        let rows = self.rows(sql).await?;
        Ok(rows.and_then(|rows| rows.iter().map(map).collect()))
    }

    async fn rows(&self, sql: &str) -> Result<Result<Vec<PgRow>, sqlx::Error>> {
        let mut line = self.line().await?;
        let limit = READ_LIMIT.as_millis();
        let script = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; {sql}; COMMIT");
        let rows = answered(sqlx::raw_sql(AssertSqlSafe(script)).fetch_all(line.connection()?)).await;
        if rows.is_ok() {
            line.finish();
        }
        Ok(rows)
    }

    async fn read_facts(&self, scope: &Scope) -> Result<Result<Option<Facts>, sqlx::Error>> {
        let sql = prepared::reading(scope, Reading::Whole, false);
        match self.rows(&sql).await? {
            Ok(rows) => facts_of(&rows).map(Ok),
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) async fn facts_if_prepared(&self, scope: &Scope) -> Result<Option<Facts>> {
        const DOING: &str = "reading the scope";
        let error = match self.read_facts(scope).await? {
            Ok(facts) => return Ok(facts),
            Err(error) => error,
        };
        // Never used here, or by a newer program whose tables look different: the format tells.
        match self.read_meta("format").await {
            Ok(format) => {
                tables::check_format(format.as_deref())?;
                if is_undefined_table(&error) {
                    // Another process made the tables between the two readings.
                    return self.read_facts(scope).await?.map_err(own(DOING));
                }
                Err(own(DOING)(error))
            }
            Err(_) if is_undefined_table(&error) => Ok(None),
            Err(_) => Err(own(DOING)(error)),
        }
    }

    pub(super) async fn renew_lease(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool> {
        const DOING: &str = "renewing a lease";
        let mut line = self.line().await?;
        let connection = line.connection()?;
        let limit = deadline.remaining().as_millis().max(1);
        // A process that is stopped before its COMMIT must not keep its lease's row from those who fence it.
        let begin = format!(
            "BEGIN; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}; \
             SET LOCAL idle_in_transaction_session_timeout = {limit}"
        );
        let work = async {
            sqlx::raw_sql(AssertSqlSafe(begin)).execute(&mut *connection).await?;
            let renewed = run(connection, writes::renewal(scope, lease, NOW), self.persistent).await?;
            sqlx::raw_sql("COMMIT").execute(&mut *connection).await?;
            Ok::<_, sqlx::Error>(renewed > 0)
        };
        let answer = tokio::time::timeout(deadline.remaining(), work).await;
        match answer {
            Ok(Ok(renewed)) => {
                line.finish();
                Ok(renewed)
            }
            Ok(Err(error)) => Err(own(DOING)(error)),
            Err(_) => Err(Error::Busy {
                what: "the lease's row",
                waited: deadline.length(),
                holder: None,
            }),
        }
    }

    pub(super) async fn read_stored_spec(&self, scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>> {
        let sql = stored_spec_sql(scope, schema);
        let rows = self
            .read("reading a stored spec", &sql, |row| row.try_get::<Option<String>, _>(0))
            .await?;
        rows.into_iter()
            .flatten()
            .next()
            .map(|text| document("lockstep_schema.spec", &text))
            .transpose()
    }

    pub(super) async fn read_journal(
        &self,
        scope: &Scope,
        schema: Option<&SchemaVersion>,
        limit: u32,
    ) -> Result<Vec<JournalEntry>> {
        let of = schema
            .map(|s| format!(" AND schema_version = {}", literal(s.as_str())))
            .unwrap_or_default();
        let sql = format!(
            "SELECT * FROM (SELECT operation, schema_version, position, step, direction, state, checksum, session, started_at, \
             finished_at, duration_us, row_count, error, objects_before, ends_by, id FROM lockstep_step WHERE scope = {}{of} ORDER BY id DESC LIMIT {limit}) t ORDER BY id",
            literal(scope.as_str())
        );
        let rows = self.read("reading the history", &sql, journal_row).await?;
        rows.into_iter().map(JournalRow::into_entry).collect()
    }

    pub(super) async fn read_events(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>> {
        let sql = format!(
            "SELECT seq, at, instance, payload FROM lockstep_event WHERE scope = {} AND seq > {after} ORDER BY seq LIMIT {limit}",
            literal(scope.as_str())
        );
        let rows = self.read("reading the event log", &sql, event_row).await?;
        rows.into_iter().map(EventRow::into_event).collect()
    }

    pub(super) async fn read_meta(&self, key: &str) -> Result<Option<String>> {
        let sql = format!("SELECT value FROM lockstep_meta WHERE key = {}", literal(key));
        let rows = self
            .read("reading the metadata", &sql, |row| row.try_get::<String, _>(0))
            .await?;
        Ok(rows.into_iter().next())
    }

    pub(super) async fn write_meta(&self, key: &str, value: &str) -> Result<()> {
        let mut line = self.line().await?;
        let sql = format!(
            "INSERT INTO lockstep_meta (key, value) VALUES ({}, {}) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            literal(key),
            literal(value)
        );
        let done = answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(line.connection()?)).await;
        done.map_err(own("writing the metadata"))?;
        line.finish();
        Ok(())
    }

    pub(super) fn channel(&self, scope: &Scope) -> String {
        format!("lockstep_{:016x}", self.lock_key("events", scope.as_str()))
    }

    /// Waits for a notification; without a listening connection (a pooler, a broken link) this is a plain pause.
    pub(super) async fn listen(&self, scope: &Scope, at_most: Duration, seen: &AtomicU64) {
        let wait = async {
            let mut held = self.listener.lock().await;
            // A pooler would keep a connection listening that others use.
            if held.is_none() && self.persistent {
                *held = self.start_listening(scope).await;
            }
            match held.as_mut() {
                Some(listener) => loop {
                    match listener.recv().await {
                        // Our own commits were shown before the database tells of them.
                        Ok(told)
                            if told
                                .payload()
                                .parse()
                                .is_ok_and(|seq: u64| seq <= seen.load(Ordering::Acquire)) => {}
                        Ok(_) => break,
                        Err(_) => {
                            *held = None;
                            break;
                        }
                    }
                },
                None => std::future::pending::<()>().await,
            }
        };
        let _ = tokio::time::timeout(at_most, wait).await;
    }

    async fn start_listening(&self, scope: &Scope) -> Option<PgListener> {
        // Listening holds a connection for good: one of its own, so that a small pool is left to those who work.
        let own = sqlx::postgres::PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None)
            .acquire_timeout(self.settings.connect_timeout)
            .connect_lazy_with(self.options.clone());
        let mut listener = match PgListener::connect_with(&own).await {
            Ok(listener) => listener,
            Err(error) => {
                tracing::debug!(error = %words(&error), "no connection to listen on; polling instead");
                return None;
            }
        };
        listener.listen(&self.channel(scope)).await.ok()?;
        Some(listener)
    }
}

pub(super) fn stored_spec_sql(scope: &Scope, schema: &SchemaVersion) -> String {
    format!(
        "SELECT spec FROM lockstep_schema WHERE scope = {} AND version = {}",
        literal(scope.as_str()),
        literal(schema.as_str())
    )
}

/// What a reading's rows say; `None` where the scope has none.
pub(super) fn facts_of(rows: &[PgRow]) -> Result<Option<Facts>> {
    let rows = facts_rows(rows).map_err(own("reading the scope"))?;
    rows.map(FactsRows::into_facts).transpose()
}

fn facts_rows(rows: &[PgRow]) -> Result<Option<FactsRows>, sqlx::Error> {
    let (mut schemas, mut bindings, mut leases) = (Vec::new(), Vec::new(), Vec::new());
    let (mut scope, mut format, mut now) = (None, None, 0);
    for row in rows {
        match row.try_get::<&str, _>(0)? {
            "scope" => scope = Some((row.try_get(FIRST)?, row.try_get(FIRST + 1)?, row.try_get(1)?)),
            "format" => (format, now) = (row.try_get(1)?, row.try_get(FIRST)?),
            "schema" => schemas.push(schema_row(row)?),
            "binding" => bindings.push(binding_row(row)?),
            "lease" => leases.push(lease_row(row)?),
            _ => {}
        }
    }
    Ok(scope.map(|(epoch, event_seq, operation)| FactsRows {
        format,
        epoch,
        event_seq,
        operation,
        now,
        schemas,
        bindings,
        leases,
    }))
}

/// The first of a reading's numbers.
const FIRST: usize = 8;

fn schema_row(row: &PgRow) -> Result<SchemaRow, sqlx::Error> {
    Ok(SchemaRow {
        version: row.try_get(1)?,
        state: row.try_get(2)?,
        checksum: row.try_get(3)?,
        requires: row.try_get(4)?,
        compatible_with: row.try_get(5)?,
        retention: row.try_get(6)?,
        error: row.try_get(7)?,
        applied_at: row.try_get(FIRST)?,
        rolled_back_at: row.try_get(FIRST + 1)?,
    })
}

fn binding_row(row: &PgRow) -> Result<BindingRow, sqlx::Error> {
    Ok(BindingRow {
        handler: row.try_get(1)?,
        api_version: row.try_get(2)?,
        schema_version: row.try_get(3)?,
        artifact: row.try_get(4)?,
        tags: row.try_get(5)?,
        state: row.try_get(6)?,
        ever_active: row.try_get(FIRST)?,
    })
}

fn lease_row(row: &PgRow) -> Result<LeaseRow, sqlx::Error> {
    Ok(LeaseRow {
        instance: row.try_get(1)?,
        incarnation: row.try_get(2)?,
        handler: row.try_get(3)?,
        api_version: row.try_get(4)?,
        schema_version: row.try_get(5)?,
        kind: row.try_get(6)?,
        state: row.try_get(7)?,
        ttl_us: row.try_get(FIRST)?,
        epoch: row.try_get(FIRST + 1)?,
        acquired_at: row.try_get(FIRST + 2)?,
        renewed_at: row.try_get(FIRST + 3)?,
        expires_at: row.try_get(FIRST + 4)?,
    })
}

pub(super) fn event_row(row: &PgRow) -> Result<EventRow, sqlx::Error> {
    Ok(EventRow {
        seq: row.try_get(0)?,
        at: row.try_get(1)?,
        instance: row.try_get(2)?,
        payload: row.try_get(3)?,
    })
}

fn journal_row(row: &PgRow) -> Result<JournalRow, sqlx::Error> {
    Ok(JournalRow {
        operation: row.try_get(0)?,
        schema_version: row.try_get(1)?,
        position: row.try_get(2)?,
        step: row.try_get(3)?,
        direction: row.try_get(4)?,
        state: row.try_get(5)?,
        checksum: row.try_get(6)?,
        session: row.try_get(7)?,
        started_at: row.try_get(8)?,
        finished_at: row.try_get(9)?,
        duration_us: row.try_get(10)?,
        row_count: row.try_get(11)?,
        error: row.try_get(12)?,
        before: row.try_get(13)?,
        ends_by: row.try_get(14)?,
    })
}
