//! What a database was brought to: the declarations that were kept in it, as SQL, the same for every engine.
//!
//! The table is no part of the format: it is made the first time that something is kept, so that a database that was
//! prepared without it, or that may only be read, is none the worse.

use lockstep_registry::{Scope, Timestamp};

use crate::structure::{Declaration, KeptDeclaration};

/// The table.
pub(crate) const TABLE: &str = "CREATE TABLE IF NOT EXISTS lockstep_declared (scope {name} NOT NULL, kind {name} NOT NULL, \
     hash {name} NOT NULL, version {text}, creator {text} NOT NULL, at {int} NOT NULL, definition {text} NOT NULL, \
     id {serial})";

/// Writes a text as SQL.
type Literal = fn(&str) -> String;

/// Keeps one. `now` is the database's time.
pub(crate) fn insertion(
    literal: Literal,
    now: &str,
    scope: &Scope,
    declaration: &Declaration,
    creator: &str,
) -> String {
    let version = declaration.version.as_ref().map(ToString::to_string);
    format!(
        "INSERT INTO lockstep_declared (scope, kind, hash, version, creator, at, definition) \
         VALUES ({}, {}, {}, {}, {}, {now}, {})",
        literal(scope.as_str()),
        literal(declaration.kind),
        literal(&declaration.hash),
        version.map_or_else(|| "NULL".to_owned(), |version| literal(&version)),
        literal(creator),
        literal(&declaration.text)
    )
}

/// The newest first; of those with a version only, where that is asked.
pub(crate) fn selection(literal: Literal, scope: &Scope, versioned: bool, limit: u32) -> String {
    let only = if versioned { " AND version IS NOT NULL" } else { "" };
    format!(
        "SELECT kind, hash, version, creator, at, definition FROM lockstep_declared \
         WHERE scope = {}{only} ORDER BY id DESC LIMIT {limit}",
        literal(scope.as_str())
    )
}

/// A row of it.
pub(crate) struct DeclaredRow {
    pub(crate) kind: String,
    pub(crate) hash: String,
    pub(crate) version: Option<String>,
    pub(crate) creator: String,
    pub(crate) at: i64,
    pub(crate) definition: String,
}

impl From<DeclaredRow> for KeptDeclaration {
    fn from(row: DeclaredRow) -> Self {
        Self {
            kind: row.kind,
            hash: row.hash,
            version: row.version,
            creator: row.creator,
            at: Timestamp(row.at),
            text: row.definition,
        }
    }
}
