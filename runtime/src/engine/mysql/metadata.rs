//! Lockstep's tables in MySQL and MariaDB: made, read, renewed.

use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::Mysql;
use super::connect::{
    int, is_denied, is_lock_timeout, is_undefined_table, leave, literal, optional_int, optional_text, own, rows, run,
    text,
};
use super::guard::TABLE;
use crate::clock::{Deadline, pause};
use crate::engine::rows::{EventRow, FactsDocuments, JournalRow, document};
use crate::engine::{FORMAT, LeaseToken, Reading, tables, writes};
use crate::{Error, Result};

/// The database's time in microseconds, as of this statement.
pub(super) const NOW: &str = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01 00:00:00', UTC_TIMESTAMP(6))";

/// How long the making of Lockstep's tables is waited for while another process makes them.
const MAKING: u64 = 5;

/// Columns as a JSON object, as text in the connection's character set whatever the server calls its type.
fn json_object(columns: &[&str]) -> String {
    let pairs: Vec<_> = columns.iter().map(|name| format!("'{name}', {name}")).collect();
    format!("CAST(JSON_OBJECT({}) AS CHAR)", pairs.join(", "))
}

const SCHEMA: &[&str] = &[
    "version",
    "state",
    "checksum",
    "requires",
    "compatible_with",
    "applied_at",
    "rolled_back_at",
    "retention",
    "error",
];
const BINDING: &[&str] = &[
    "handler",
    "api_version",
    "schema_version",
    "artifact",
    "tags",
    "state",
    "ever_active",
];
const LEASE: &[&str] = &[
    "instance",
    "incarnation",
    "handler",
    "api_version",
    "schema_version",
    "kind",
    "ttl_us",
    "state",
    "epoch",
    "acquired_at",
    "renewed_at",
    "expires_at",
];

/// Which live leases: all, or one instance's own and any one of the others' for each handler version and schema.
fn leases_sql(scope: &str, reading: Reading<'_>) -> String {
    let object = json_object(LEASE);
    let live = format!("FROM lockstep_lease WHERE scope = {scope} AND state NOT IN ('released', 'fenced')");
    match reading {
        Reading::Whole => format!("SELECT 'lease', NULL, NULL, {object} {live}"),
        Reading::For(instance) => {
            let instance = literal(instance.as_str());
            format!(
                "SELECT 'lease', NULL, NULL, {object} {live} AND instance = {instance} UNION ALL \
                 SELECT 'lease', NULL, NULL, {object} {live} AND (instance, handler, api_version) IN \
                 (SELECT MIN(instance), handler, api_version {live} AND instance <> {instance} \
                 GROUP BY handler, api_version, schema_version)"
            )
        }
    }
}

/// One statement is one consistent reading, a row for each of the scope's things: what it is, two numbers, a document.
fn facts_sql(scope: &Scope, reading: Reading<'_>) -> String {
    let scope = literal(scope.as_str());
    format!(
        "SELECT 'scope', epoch, event_seq, operation FROM lockstep_scope WHERE scope = {scope} \
         UNION ALL SELECT 'now', {NOW}, NULL, (SELECT value FROM lockstep_meta WHERE `key` = 'format') \
         UNION ALL SELECT 'schema', NULL, NULL, {schema} FROM lockstep_schema WHERE scope = {scope} \
         UNION ALL SELECT 'binding', NULL, NULL, {binding} FROM lockstep_binding WHERE scope = {scope} \
         UNION ALL {leases}",
        schema = json_object(SCHEMA),
        binding = json_object(BINDING),
        leases = leases_sql(&scope, reading),
    )
}

/// `None` where the scope has no row.
fn facts_row(rows: &[MySqlRow]) -> Result<Option<FactsDocuments>, sqlx::Error> {
    let (mut schemas, mut bindings, mut leases) = (Vec::new(), Vec::new(), Vec::new());
    let (mut scope, mut format, mut now) = (None, None, 0);
    for row in rows {
        match text(row, 0)?.as_str() {
            "scope" => scope = Some((int(row, 1)?, int(row, 2)?, optional_text(row, 3)?)),
            "now" => (now, format) = (int(row, 1)?, optional_text(row, 3)?),
            "schema" => schemas.push(text(row, 3)?),
            "binding" => bindings.push(text(row, 3)?),
            _ => leases.push(text(row, 3)?),
        }
    }
    let list = |documents: Vec<String>| format!("[{}]", documents.join(","));
    Ok(scope.map(|(epoch, event_seq, operation)| FactsDocuments {
        format,
        epoch,
        event_seq,
        operation,
        now,
        schemas: list(schemas),
        bindings: list(bindings),
        leases: list(leases),
    }))
}

impl Mysql {
    pub(super) async fn prepare_metadata(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        loop {
            if let Some(facts) = self.facts_if_prepared(scope).await? {
                return Ok(facts);
            }
            match self.create(scope).await {
                Ok(true) => {}
                // Another process makes them: look again.
                Ok(false) if !deadline.is_over() => {}
                Ok(false) => {
                    return Err(Error::Busy {
                        what: "the making of Lockstep's tables",
                        waited: deadline.length(),
                        holder: None,
                    });
                }
                Err(error) if is_lock_timeout(&error) && !deadline.is_over() => {
                    pause(std::time::Duration::from_millis(20), deadline).await;
                }
                Err(error) if is_denied(&error) => {
                    return Err(Error::NotPrepared {
                        message: format!(
                            "{}; grant CREATE, ALTER, SELECT, INSERT, UPDATE and DELETE on database {} first",
                            super::connect::words(&error),
                            self.database
                        ),
                    });
                }
                Err(error) => {
                    return Err(match own("creating Lockstep's tables")(error) {
                        Error::ReadOnly { message } => Error::NotPrepared { message },
                        other => other,
                    });
                }
            }
        }
    }

    /// DDL commits by itself, so a lock of its own keeps two makers apart; what a crash leaves half-made, `IF NOT EXISTS`
    /// completes. Returns whether the lock was to be had.
    async fn create(&self, scope: &Scope) -> Result<bool, sqlx::Error> {
        let mut connection = self
            .dedicated()
            .await
            .map_err(|e| sqlx::Error::Protocol(e.to_string()))?;
        let made = self.create_on(&mut connection, scope).await;
        // The lock goes with its session.
        leave(connection).await;
        made
    }

    async fn create_on(&self, connection: &mut MySqlConnection, scope: &Scope) -> Result<bool, sqlx::Error> {
        let lock = format!("SELECT GET_LOCK('{}', {MAKING})", self.lock_name("prepare", ""));
        let locked = rows(connection, lock).await?;
        if !matches!(locked.first().map(|row| optional_int(row, 0)), Some(Ok(Some(1)))) {
            return Ok(false);
        }
        for table in tables::create_tables(&TYPES).into_iter().chain([TYPES.typed(TABLE)]) {
            run(connection, table).await?;
        }
        // The format's row last: before it is there, nobody takes the tables for complete.
        let first = format!(
            "START TRANSACTION; \
             INSERT INTO lockstep_scope (scope, epoch, event_seq) VALUES ({}, 0, 0) ON DUPLICATE KEY UPDATE epoch = epoch; \
             INSERT INTO lockstep_meta (`key`, value) VALUES ('format', '{FORMAT}') ON DUPLICATE KEY UPDATE value = value; \
             COMMIT",
            literal(scope.as_str())
        );
        run(connection, first).await?;
        Ok(true)
    }

    async fn read<T>(
        &self,
        doing: &'static str,
        sql: String,
        map: impl Fn(&MySqlRow) -> Result<T, sqlx::Error> + Send,
    ) -> Result<Vec<T>> {
        let found = self.try_read(sql).await?.map_err(own(doing))?;
        found.iter().map(map).collect::<Result<_, _>>().map_err(own(doing))
    }

    pub(super) async fn try_read(&self, sql: String) -> Result<Result<Vec<MySqlRow>, sqlx::Error>> {
        let mut line = self.line().await?;
        let found = rows(line.connection()?, sql).await;
        if found.is_ok() {
            line.finish();
        }
        Ok(found)
    }

    pub(super) async fn facts_if_prepared(&self, scope: &Scope) -> Result<Option<Facts>> {
        const DOING: &str = "reading the scope";
        let found = |rows: Vec<MySqlRow>| -> Result<Option<Facts>> {
            let row = facts_row(&rows).map_err(own(DOING))?;
            row.map(FactsDocuments::into_facts).transpose()
        };
        let error = match self.try_read(facts_sql(scope, Reading::Whole)).await? {
            Ok(rows) => return found(rows),
            Err(error) => error,
        };
        // Never used here, or half-made, or by a newer program whose tables look different: the format tells.
        match self.read_meta("format").await {
            Ok(Some(format)) => {
                tables::check_format(Some(&format))?;
                if is_undefined_table(&error) {
                    // Another process made the tables between the two readings.
                    let rows = self.try_read(facts_sql(scope, Reading::Whole)).await?;
                    return found(rows.map_err(own(DOING))?);
                }
                Err(own(DOING)(error))
            }
            Ok(None) | Err(_) if is_undefined_table(&error) => Ok(None),
            Ok(None) | Err(_) => Err(own(DOING)(error)),
        }
    }

    pub(super) async fn renew_lease(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool> {
        const DOING: &str = "renewing a lease";
        let work = async {
            let mut line = self.line().await?;
            let renewal = [writes::renewal(scope, lease, NOW)];
            // One statement that commits by itself.
            let sql = writes::script(&renewal, literal);
            let renewed = run(line.connection()?, sql).await.map_err(own(DOING))?;
            line.finish();
            Ok(renewed > 0)
        };
        match tokio::time::timeout(deadline.remaining(), work).await {
            Ok(answer) => answer,
            Err(_) => Err(Error::Busy {
                what: "the lease's row",
                waited: deadline.length(),
                holder: None,
            }),
        }
    }

    pub(super) async fn read_stored_spec(&self, scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>> {
        let sql = format!(
            "SELECT spec FROM lockstep_schema WHERE scope = {} AND version = {}",
            literal(scope.as_str()),
            literal(schema.as_str())
        );
        let found = self
            .read("reading a stored spec", sql, |row| optional_text(row, 0))
            .await?;
        found
            .into_iter()
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
             finished_at, duration_us, row_count, error, objects_before, ends_by, id FROM lockstep_step \
             WHERE scope = {}{of} ORDER BY id DESC LIMIT {limit}) t ORDER BY id",
            literal(scope.as_str())
        );
        let found = self.read("reading the history", sql, journal_row).await?;
        found.into_iter().map(JournalRow::into_entry).collect()
    }

    pub(super) async fn read_events(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>> {
        let sql = format!(
            "SELECT seq, at, instance, payload FROM lockstep_event WHERE scope = {} AND seq > {after} ORDER BY seq LIMIT {limit}",
            literal(scope.as_str())
        );
        let found = self.read("reading the event log", sql, event_row).await?;
        found.into_iter().map(EventRow::into_event).collect()
    }

    pub(super) async fn read_meta(&self, key: &str) -> Result<Option<String>> {
        let sql = format!("SELECT value FROM lockstep_meta WHERE `key` = {}", literal(key));
        let found = self.read("reading the metadata", sql, |row| text(row, 0)).await?;
        Ok(found.into_iter().next())
    }

    pub(super) async fn write_meta(&self, key: &str, value: &str) -> Result<()> {
        let mut line = self.line().await?;
        let (key, value) = (literal(key), literal(value));
        let sql = format!(
            "INSERT INTO lockstep_meta (`key`, value) VALUES ({key}, {value}) ON DUPLICATE KEY UPDATE value = {value}"
        );
        run(line.connection()?, sql)
            .await
            .map_err(own("writing the metadata"))?;
        line.finish();
        Ok(())
    }
}

/// Names are at most 160 bytes long (`lockstep-registry` sees to that), so a key of four of them stays below InnoDB's
/// 3072 bytes even at four bytes a character.
pub(super) const TYPES: tables::Types = tables::Types {
    text: "LONGTEXT",
    name: "VARCHAR(160)",
    int: "BIGINT",
    serial: "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY",
    key: "`key`",
    table: " ENGINE = InnoDB ROW_FORMAT = DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin",
};

/// One statement is one consistent reading, and its time is read after the locks of the statements before it.
pub(super) async fn facts(connection: &mut MySqlConnection, scope: &Scope, reading: Reading<'_>) -> Result<Facts> {
    const DOING: &str = "reading the scope";
    let found = rows(connection, facts_sql(scope, reading)).await.map_err(own(DOING))?;
    match facts_row(&found).map_err(own(DOING))? {
        Some(row) => row.into_facts(),
        None => Err(Error::Damaged {
            message: format!("lockstep_scope has no row for scope {scope}"),
        }),
    }
}

pub(super) fn event_row(row: &MySqlRow) -> Result<EventRow, sqlx::Error> {
    Ok(EventRow {
        seq: int(row, 0)?,
        at: int(row, 1)?,
        instance: text(row, 2)?,
        payload: text(row, 3)?,
    })
}

fn journal_row(row: &MySqlRow) -> Result<JournalRow, sqlx::Error> {
    Ok(JournalRow {
        operation: text(row, 0)?,
        schema_version: text(row, 1)?,
        position: int(row, 2)?,
        step: text(row, 3)?,
        direction: text(row, 4)?,
        state: text(row, 5)?,
        checksum: text(row, 6)?,
        session: text(row, 7)?,
        started_at: int(row, 8)?,
        finished_at: optional_int(row, 9)?,
        duration_us: int(row, 10)?,
        row_count: int(row, 11)?,
        error: optional_text(row, 12)?,
        before: optional_text(row, 13)?,
        ends_by: optional_int(row, 14)?,
    })
}
