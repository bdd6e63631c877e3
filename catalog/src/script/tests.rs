//! Splitting, refusing and recognising statements, by example and by property.

#![allow(clippy::unwrap_used)]

use super::*;

mod properties;
mod recognition;
mod refusals;
mod splitting;

use Dialect::{Mysql, Postgres, Sqlite};

fn texts(dialect: Dialect, script: &str) -> Vec<String> {
    let statements = split(dialect, script).unwrap_or_else(|error| panic!("{script}\n{error}"));
    statements.into_iter().map(|statement| statement.text).collect()
}

/// Each script must split into exactly these statements.
fn splits(dialect: Dialect, cases: &[(&str, &[&str])]) {
    for (script, expected) in cases {
        assert_eq!(texts(dialect, script), *expected, "{dialect}: {script}");
    }
}

/// Each script must be one statement as it stands, alone and between two others.
fn is_one(dialect: Dialect, scripts: &[&str]) {
    for script in scripts {
        assert_eq!(texts(dialect, script), [*script], "{dialect}");
        let between = format!("SELECT 1;\n{script}\n;SELECT 2");
        assert_eq!(texts(dialect, &between), ["SELECT 1", script, "SELECT 2"], "{dialect}");
    }
}

fn refusal(dialect: Dialect, script: &str) -> ScriptError {
    match split(dialect, script) {
        Err(error) => error,
        Ok(statements) => panic!("{dialect}: {script}\nwas accepted as {statements:?}"),
    }
}
