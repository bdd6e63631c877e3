//! Lockstep's own tables: their columns, the same for every engine, and their format.

use crate::{Error, Result};

/// The format of Lockstep's tables.
pub(crate) const FORMAT: u32 = 1;

/// An engine's own words in the making of Lockstep's tables.
#[derive(Debug)]
pub(crate) struct Types {
    /// Text of any length.
    pub(crate) text: &'static str,
    /// Text that may be part of a key: at most 160 bytes, compared byte by byte.
    pub(crate) name: &'static str,
    pub(crate) int: &'static str,
    /// A number that the database counts up, and the primary key.
    pub(crate) serial: &'static str,
    /// The column of that name, which is a reserved word in MySQL.
    pub(crate) key: &'static str,
    /// What follows a table's columns.
    pub(crate) table: &'static str,
}

impl Types {
    /// The making of a table, in the engine's own words.
    pub(crate) fn typed(&self, sql: &str) -> String {
        let sql = sql
            .replace("{text}", self.text)
            .replace("{name}", self.name)
            .replace("{int}", self.int)
            .replace("{serial}", self.serial)
            .replace("{key}", self.key);
        format!("{sql}{}", self.table)
    }
}

/// Lockstep's tables in an engine's own words.
pub(crate) fn create_tables(types: &Types) -> Vec<String> {
    TABLES.iter().map(|sql| types.typed(sql)).collect()
}

const TABLES: &[&str] = &[
    "CREATE TABLE IF NOT EXISTS lockstep_meta ({key} {name} NOT NULL PRIMARY KEY, value {text} NOT NULL)",
    "CREATE TABLE IF NOT EXISTS lockstep_scope (scope {name} NOT NULL PRIMARY KEY, epoch {int} NOT NULL, \
     event_seq {int} NOT NULL, operation {text})",
    "CREATE TABLE IF NOT EXISTS lockstep_schema (scope {name} NOT NULL, version {name} NOT NULL, state {name} NOT NULL, \
     checksum {name} NOT NULL, requires {text} NOT NULL, compatible_with {text} NOT NULL, spec {text}, \
     applied_at {int}, rolled_back_at {int}, duration_us {int}, retention {text}, error {text}, \
     PRIMARY KEY (scope, version))",
    "CREATE TABLE IF NOT EXISTS lockstep_binding (scope {name} NOT NULL, handler {name} NOT NULL, api_version {name} NOT NULL, \
     schema_version {name} NOT NULL, artifact {text}, tags {text} NOT NULL, state {name} NOT NULL, \
     ever_active {int} NOT NULL, registered_at {int} NOT NULL, PRIMARY KEY (scope, handler, api_version))",
    "CREATE TABLE IF NOT EXISTS lockstep_lease (scope {name} NOT NULL, instance {name} NOT NULL, handler {name} NOT NULL, \
     api_version {name} NOT NULL, incarnation {name} NOT NULL, schema_version {name} NOT NULL, kind {name} NOT NULL, \
     ttl_us {int}, state {name} NOT NULL, epoch {int} NOT NULL, acquired_at {int} NOT NULL, renewed_at {int} NOT NULL, \
     expires_at {int}, ended_at {int}, PRIMARY KEY (scope, instance, handler, api_version))",
    "CREATE TABLE IF NOT EXISTS lockstep_step (scope {name} NOT NULL, operation {name} NOT NULL, schema_version {name} NOT NULL, \
     position {int} NOT NULL, step {text} NOT NULL, direction {name} NOT NULL, state {name} NOT NULL, \
     checksum {name} NOT NULL, session {name} NOT NULL, started_at {int} NOT NULL, finished_at {int}, \
     duration_us {int} NOT NULL, row_count {int} NOT NULL, error {text}, \
     objects_before {text}, ends_by {int}, id {serial})",
    "CREATE TABLE IF NOT EXISTS lockstep_event (scope {name} NOT NULL, seq {int} NOT NULL, kind {name} NOT NULL, \
     schema_version {text}, handler_version {text}, instance {name} NOT NULL, at {int} NOT NULL, payload {text} NOT NULL, \
     PRIMARY KEY (scope, seq))",
];

/// Checks the format of the tables that were found.
pub(crate) fn check_format(found: Option<&str>) -> Result<u32> {
    let text = found.ok_or_else(|| Error::Damaged {
        message: "lockstep_meta has no row 'format'".to_owned(),
    })?;
    let found: u32 = text.parse().map_err(|_| Error::Damaged {
        message: format!("lockstep_meta says format {text:?}, which is no number"),
    })?;
    if found > FORMAT {
        return Err(Error::NewerFormat {
            found,
            supported: FORMAT,
        });
    }
    Ok(found)
}
