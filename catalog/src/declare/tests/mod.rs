//! What definitions and entity types mean, and how they are refused.
#![allow(clippy::unwrap_used)]

mod definitions;
mod entities;
mod refusals;
mod schemas;

use super::*;

/// A definition that has to be right.
fn declared(dialect: Dialect, text: &str) -> Declared {
    let format = if text.trim_start().starts_with('{') {
        Format::Json
    } else {
        Format::Toml
    };
    match definition(dialect, format, text) {
        Ok(declared) => declared,
        Err(faults) => panic!("{dialect}:\n{faults}"),
    }
}

/// A program's table of files, as a language with dictionaries writes it down.
const FILES_JSON: &str = r#"{
  "version": "1.0.0",
  "tables": {
    "projects": {
      "columns": [
        {"name": "id", "type": "TEXT", "not_null": true, "primary_key": true},
        {"name": "root_path", "type": "TEXT", "not_null": true, "unique": true},
        {"name": "created_at", "type": "REAL", "not_null": false, "default": "julianday('now')"}
      ],
      "foreign_keys": [],
      "unique_constraints": [{"columns": ["root_path"]}],
      "check_constraints": []
    },
    "files": {
      "columns": [
        {"name": "id", "type": "INTEGER", "not_null": true, "primary_key": true, "autoincrement": true},
        {"name": "project_id", "type": "TEXT", "not_null": true},
        {"name": "path", "type": "TEXT", "not_null": true},
        {"name": "deleted", "type": "BOOLEAN", "not_null": false, "default": "0"}
      ],
      "foreign_keys": [
        {"columns": ["project_id"], "references_table": "projects", "references_columns": ["id"], "on_delete": "CASCADE"}
      ],
      "unique_constraints": [{"columns": ["project_id", "path"]}],
      "check_constraints": []
    }
  },
  "indexes": [
    {"name": "idx_files_deleted", "table": "files", "columns": ["deleted"], "unique": false, "where_clause": "deleted = 1"}
  ],
  "virtual_tables": [
    {"name": "files_fts", "type": "fts5", "columns": ["path"], "options": {"content_rowid": "rowid", "content": "files"}}
  ],
  "migration_methods": {}
}"#;
