//! Lockstep's tables in PostgreSQL: made, read, renewed, listened to.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::postgres::{PgConnection, PgListener, PgRow};
use sqlx::{AssertSqlSafe, Row};

use super::Postgres;
use super::connect::{answered, is_race, is_undefined_table, leave, literal, own, run, words};
use super::prepared::{self, Prepared};
use crate::clock::{Deadline, pause};
use crate::engine::rows::{EventRow, FactsRow, JournalRow, document};
use crate::engine::{FORMAT, LeaseToken, Reading, tables, writes};
use crate::{Error, Result};

/// The database's time in microseconds, as of this statement.
pub(super) const NOW: &str = "(EXTRACT(EPOCH FROM pg_catalog.clock_timestamp()) * 1000000)::bigint";

/// How long a reading of our own may take at the server.
const READ_LIMIT: Duration = Duration::from_secs(10);

const LEASE_COLUMNS: &str = "instance, incarnation, handler, api_version, schema_version, kind, ttl_us, state, epoch, \
     acquired_at, renewed_at, expires_at";

const LIVE: &str = "FROM lockstep_lease WHERE scope = s.scope AND state NOT IN ('released', 'fenced')";

/// All live leases.
pub(super) fn leases_of_all() -> String {
    format!("SELECT {LEASE_COLUMNS} {LIVE} AND $2::text IS NULL")
}

/// One instance's own, any one that another holds of each version that is served, and all that wait for their schema.
///
/// No more is read than that, however many there are. It is enough: a version that was ever served is bound to its schema
/// for good, and one that is not served has no active lease (R3).
pub(super) fn leases_for_one() -> String {
    format!(
        "SELECT {LEASE_COLUMNS} {LIVE} AND instance = $2 \
         UNION ALL SELECT l.* FROM lockstep_binding b CROSS JOIN LATERAL (SELECT {LEASE_COLUMNS} FROM lockstep_lease \
         WHERE scope = b.scope AND handler = b.handler AND api_version = b.api_version AND state = 'active' \
         AND instance <> $2 LIMIT 1) l WHERE b.scope = s.scope AND b.state IN ('active', 'draining') \
         UNION ALL SELECT {LEASE_COLUMNS} FROM lockstep_lease WHERE scope = s.scope AND {UNSETTLED} AND instance <> $2"
    )
}

/// Leases that wait for their schema, and those in a state that nobody wrote.
const UNSETTLED: &str = "state NOT IN ('active', 'released', 'fenced')";

/// One statement is one consistent reading. `$1` is the scope, `$2` the instance, or null.
pub(super) fn facts_sql(leases: &str) -> String {
    format!(
        "SELECT s.epoch, s.event_seq, s.operation, {NOW},
  (SELECT COALESCE(pg_catalog.json_agg(t), '[]')::text FROM (SELECT version, state, checksum, requires, compatible_with, applied_at,
     rolled_back_at, retention, error FROM lockstep_schema WHERE scope = s.scope) t),
  (SELECT COALESCE(pg_catalog.json_agg(t), '[]')::text FROM (SELECT handler, api_version, schema_version, artifact, tags, state,
     ever_active FROM lockstep_binding WHERE scope = s.scope) t),
  (SELECT COALESCE(pg_catalog.json_agg(t), '[]')::text FROM ({leases}) t),
  (SELECT value FROM lockstep_meta WHERE key = 'format')
FROM lockstep_scope s WHERE s.scope = $1"
    )
}

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
        let mut line = self.line().await?;
        let limit = READ_LIMIT.as_millis();
        let script = format!("BEGIN READ ONLY; SET LOCAL statement_timeout = {limit}; {sql}; COMMIT");
        let rows = answered(sqlx::raw_sql(AssertSqlSafe(script)).fetch_all(line.connection()?)).await;
        match rows {
            Ok(rows) => {
                line.finish();
                Ok(rows.iter().map(map).collect())
            }
            Err(error) => Ok(Err(error)),
        }
    }

    pub(super) async fn facts_if_prepared(&self, scope: &Scope) -> Result<Option<Facts>> {
        const DOING: &str = "reading the scope";
        let first = |rows: Vec<FactsRow>| rows.into_iter().next().map(FactsRow::into_facts).transpose();
        let sql = prepared::reading(scope, Reading::Whole);
        let error = match self.try_read(&sql, facts_row).await? {
            Ok(rows) => return first(rows),
            Err(error) => error,
        };
        // Never used here, or by a newer program whose tables look different: the format tells.
        match self.read_meta("format").await {
            Ok(format) => {
                tables::check_format(format.as_deref())?;
                if is_undefined_table(&error) {
                    // Another process made the tables between the two readings.
                    return first(self.read(DOING, &sql, facts_row).await?);
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

/// One statement is one consistent reading, and its time is read after the locks of the statements before it.
pub(super) async fn facts(
    connection: &mut PgConnection,
    scope: &Scope,
    reading: Reading<'_>,
    persistent: bool,
) -> Result<Facts> {
    let instance = match reading {
        Reading::Whole => None,
        Reading::For(instance) => Some(instance.as_str()),
    };
    // Prepared: the server plans it once for each connection.
    let row = sqlx::query(AssertSqlSafe(Prepared::of(reading).sql.as_str()))
        .persistent(persistent)
        .bind(scope.as_str())
        .bind(instance)
        .fetch_optional(connection)
        .await
        .map_err(own("reading the scope"))?;
    facts_of(row.as_ref(), scope)
}

/// What a reading's one row says.
pub(super) fn facts_of(row: Option<&PgRow>, scope: &Scope) -> Result<Facts> {
    match row {
        Some(row) => facts_row(row).map_err(own("reading the scope"))?.into_facts(),
        None => Err(Error::Damaged {
            message: format!("lockstep_scope has no row for scope {scope}"),
        }),
    }
}

fn facts_row(row: &PgRow) -> Result<FactsRow, sqlx::Error> {
    Ok(FactsRow {
        epoch: row.try_get(0)?,
        event_seq: row.try_get(1)?,
        operation: row.try_get(2)?,
        now: row.try_get(3)?,
        schemas: row.try_get(4)?,
        bindings: row.try_get(5)?,
        leases: row.try_get(6)?,
        format: row.try_get(7)?,
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
