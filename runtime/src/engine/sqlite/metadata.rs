//! Lockstep's tables in SQLite: made, read, renewed.

use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::Row;
use sqlx::sqlite::{SqliteConnection, SqliteRow};

use super::Sqlite;
use super::connect::{is_busy, own, run};
use crate::clock::{Deadline, pause};
use crate::engine::rows::{EventRow, FactsDocuments, JournalRow, document};
use crate::engine::{FORMAT, LeaseToken, Reading, tables, writes};
use crate::{Error, Result};

/// The database's time in microseconds; SQLite's clock counts milliseconds.
pub(super) const NOW: &str = "CAST(unixepoch('subsec') * 1000000 AS INTEGER)";

/// Every live lease.
const WHOLE: &str = "lockstep_lease WHERE scope = s.scope AND state NOT IN ('released', 'fenced')";

/// One instance's own leases, and any one of the others' for each handler version and schema.
const FOR_INSTANCE: &str = "(\
     SELECT * FROM lockstep_lease WHERE scope = ?1 AND instance = ?2 AND state NOT IN ('released', 'fenced') UNION ALL \
     SELECT * FROM lockstep_lease WHERE scope = ?1 AND instance <> ?2 AND state NOT IN ('released', 'fenced') \
     GROUP BY handler, api_version, schema_version)";

const FACTS: &str = "\
SELECT s.epoch, s.event_seq, s.operation, CAST(unixepoch('subsec') * 1000000 AS INTEGER) AS now,
  (SELECT json_group_array(json_object('version', version, 'state', state, 'checksum', checksum,
     'requires', requires, 'compatible_with', compatible_with, 'applied_at', applied_at,
     'rolled_back_at', rolled_back_at, 'retention', retention, 'error', error))
   FROM lockstep_schema WHERE scope = s.scope) AS schemas,
  (SELECT json_group_array(json_object('handler', handler, 'api_version', api_version,
     'schema_version', schema_version, 'artifact', artifact, 'tags', tags, 'state', state, 'ever_active', ever_active))
   FROM lockstep_binding WHERE scope = s.scope) AS bindings,
  (SELECT json_group_array(json_object('instance', instance, 'incarnation', incarnation, 'handler', handler,
     'api_version', api_version, 'schema_version', schema_version, 'kind', kind, 'ttl_us', ttl_us, 'state', state,
     'epoch', epoch, 'acquired_at', acquired_at, 'renewed_at', renewed_at, 'expires_at', expires_at))
   FROM {leases}) AS leases,
  (SELECT value FROM lockstep_meta WHERE key = 'format')
FROM lockstep_scope s WHERE s.scope = ?1";

/// The engine's words for the columns of Lockstep's tables.
pub(super) const TYPES: tables::Types = tables::Types {
    text: "TEXT",
    name: "TEXT",
    int: "INTEGER",
    serial: "INTEGER PRIMARY KEY AUTOINCREMENT",
    key: "key",
    table: "",
};

impl Sqlite {
    pub(super) async fn prepare_metadata(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        let mut connection = self.acquire().await?;
        if let Some(facts) = facts_if_prepared(&mut connection, scope).await? {
            return Ok(facts);
        }
        drop(connection);
        let mut connection = self.dedicated().await?;
        self.use_wal(&mut connection, deadline).await?;
        self.lock(&mut connection, deadline).await?;
        let facts = async {
            create(&mut connection, scope).await?;
            let committed = sqlx::query("COMMIT").execute(&mut connection).await;
            committed.map_err(own("creating Lockstep's tables"))?;
            facts(&mut connection, scope, Reading::Whole).await
        };
        let facts = facts.await;
        // If anything went wrong, closing the connection takes everything back.
        let _ = sqlx::Connection::close(connection).await;
        facts
    }

    /// Readers beside a writer need the write-ahead log. Switching to it asks for the database alone, and SQLite
    /// does not wait there by itself.
    async fn use_wal(&self, connection: &mut SqliteConnection, deadline: Deadline) -> Result<()> {
        loop {
            match sqlx::query("PRAGMA journal_mode = WAL").execute(&mut *connection).await {
                Ok(_) => return Ok(()),
                Err(e) if is_busy(&e) && !deadline.is_over() => {
                    pause(std::time::Duration::from_millis(10), deadline).await;
                }
                Err(e) => return Err(not_prepared(own("switching to the write-ahead log")(e))),
            }
        }
    }

    pub(super) async fn renew_lease(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool> {
        loop {
            let mut connection = self.acquire().await?;
            match run(&mut connection, "renewing a lease", writes::renewal(scope, lease, NOW)).await {
                Ok(rows) => return Ok(rows > 0),
                Err(e) if e.is_transient() && !deadline.is_over() => {
                    drop(connection);
                    pause(std::time::Duration::from_millis(20), deadline).await;
                }
                Err(e) => return Err(e),
            }
        }
    }
}

fn not_prepared(error: Error) -> Error {
    match error {
        Error::ReadOnly { message } => Error::NotPrepared { message },
        other => other,
    }
}

async fn create(connection: &mut SqliteConnection, scope: &Scope) -> Result<()> {
    const DOING: &str = "creating Lockstep's tables";
    let tables = tables::create_tables(&TYPES);
    for sql in tables {
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql))
            .execute(&mut *connection)
            .await
            .map_err(own(DOING))
            .map_err(not_prepared)?;
    }
    sqlx::query("INSERT INTO lockstep_meta (key, value) VALUES ('format', ?) ON CONFLICT (key) DO NOTHING")
        .bind(FORMAT.to_string())
        .execute(&mut *connection)
        .await
        .map_err(own(DOING))
        .map_err(not_prepared)?;
    // Another process may have been first, with a newer program.
    format(&mut *connection).await?;
    sqlx::query("INSERT INTO lockstep_scope (scope, epoch, event_seq) VALUES (?, 0, 0) ON CONFLICT (scope) DO NOTHING")
        .bind(scope.as_str())
        .execute(&mut *connection)
        .await
        .map_err(own(DOING))
        .map_err(not_prepared)?;
    Ok(())
}

/// The format of the tables, checked; `None` where there are none.
async fn format(connection: &mut SqliteConnection) -> Result<Option<u32>> {
    const DOING: &str = "reading the metadata's format";
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'lockstep_meta'")
            .fetch_one(&mut *connection)
            .await
            .map_err(own(DOING))?;
    if there == 0 {
        return Ok(None);
    }
    let format = meta(connection, "format").await?;
    tables::check_format(format.as_deref()).map(Some)
}

pub(super) async fn facts_if_prepared(connection: &mut SqliteConnection, scope: &Scope) -> Result<Option<Facts>> {
    match facts_row(connection, scope, Reading::Whole).await {
        Ok(row) => row.map(FactsDocuments::into_facts).transpose(),
        // Never used here, or by a newer program whose tables look different: the format tells.
        Err(_) => match format(connection).await? {
            None => Ok(None),
            // Or another process made the tables between the two readings.
            Some(_) => {
                let row = facts_row(connection, scope, Reading::Whole)
                    .await
                    .map_err(own("reading the scope"))?;
                row.map(FactsDocuments::into_facts).transpose()
            }
        },
    }
}

/// One statement is one consistent reading.
async fn facts_row(
    connection: &mut SqliteConnection,
    scope: &Scope,
    reading: Reading<'_>,
) -> Result<Option<FactsDocuments>, sqlx::Error> {
    let (leases, instance) = match reading {
        Reading::Whole => (WHOLE, None),
        Reading::For(instance) => (FOR_INSTANCE, Some(instance.as_str())),
    };
    // Audited: both texts are constants above.
    sqlx::query(sqlx::AssertSqlSafe(FACTS.replace("{leases}", leases)))
        .bind(scope.as_str())
        .bind(instance)
        .try_map(|row: SqliteRow| {
            Ok(FactsDocuments {
                epoch: row.try_get(0)?,
                event_seq: row.try_get(1)?,
                operation: row.try_get(2)?,
                now: row.try_get(3)?,
                schemas: row.try_get(4)?,
                bindings: row.try_get(5)?,
                leases: row.try_get(6)?,
                format: row.try_get(7)?,
            })
        })
        .fetch_optional(connection)
        .await
}

pub(super) async fn facts(connection: &mut SqliteConnection, scope: &Scope, reading: Reading<'_>) -> Result<Facts> {
    match facts_row(connection, scope, reading)
        .await
        .map_err(own("reading the scope"))?
    {
        Some(row) => row.into_facts(),
        None => Err(Error::Damaged {
            message: format!("lockstep_scope has no row for scope {scope}"),
        }),
    }
}

pub(super) async fn stored_spec(
    connection: &mut SqliteConnection,
    scope: &Scope,
    schema: &SchemaVersion,
) -> Result<Option<SchemaSpec>> {
    let text: Option<Option<String>> =
        sqlx::query_scalar("SELECT spec FROM lockstep_schema WHERE scope = ? AND version = ?")
            .bind(scope.as_str())
            .bind(schema.as_str())
            .fetch_optional(connection)
            .await
            .map_err(own("reading a stored spec"))?;
    text.flatten()
        .map(|text| document("lockstep_schema.spec", &text))
        .transpose()
}

pub(super) async fn journal(
    connection: &mut SqliteConnection,
    scope: &Scope,
    schema: Option<&SchemaVersion>,
    limit: u32,
) -> Result<Vec<JournalEntry>> {
    let rows = sqlx::query(
        "SELECT * FROM (SELECT operation, schema_version, position, step, direction, state, checksum, session, started_at, \
         finished_at, duration_us, row_count, error, objects_before, ends_by, id FROM lockstep_step \
         WHERE scope = ?1 AND (?2 IS NULL OR schema_version = ?2) ORDER BY id DESC LIMIT ?3) ORDER BY id",
    )
    .bind(scope.as_str())
    .bind(schema.map(SchemaVersion::as_str))
    .bind(i64::from(limit))
    .try_map(|row: SqliteRow| {
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
    })
    .fetch_all(connection)
    .await
    .map_err(own("reading the history"))?;
    rows.into_iter().map(JournalRow::into_entry).collect()
}

pub(super) async fn events(
    connection: &mut SqliteConnection,
    scope: &Scope,
    after: u64,
    limit: u32,
) -> Result<Vec<Event>> {
    let rows = sqlx::query(
        "SELECT seq, at, instance, payload FROM lockstep_event WHERE scope = ? AND seq > ? ORDER BY seq LIMIT ?",
    )
    .bind(scope.as_str())
    .bind(i64::try_from(after).unwrap_or(i64::MAX))
    .bind(i64::from(limit))
    .try_map(|row: SqliteRow| {
        Ok(EventRow {
            seq: row.try_get(0)?,
            at: row.try_get(1)?,
            instance: row.try_get(2)?,
            payload: row.try_get(3)?,
        })
    })
    .fetch_all(connection)
    .await
    .map_err(own("reading the event log"))?;
    rows.into_iter().map(EventRow::into_event).collect()
}

pub(super) async fn meta(connection: &mut SqliteConnection, key: &str) -> Result<Option<String>> {
    sqlx::query_scalar("SELECT value FROM lockstep_meta WHERE key = ?")
        .bind(key)
        .fetch_optional(connection)
        .await
        .map_err(own("reading the metadata"))
}

pub(super) async fn set_meta(connection: &mut SqliteConnection, key: &str, value: &str) -> Result<()> {
    sqlx::query(
        "INSERT INTO lockstep_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    )
    .bind(key)
    .bind(value)
    .execute(connection)
    .await
    .map_err(own("writing the metadata"))?;
    Ok(())
}
