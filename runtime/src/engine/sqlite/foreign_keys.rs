//! What is broken about foreign keys: looked at before steps run and after, because only what is new is theirs.
//!
//! ```text
//!  before ─► steps, with foreign_keys off ─► after        more than before: the commit is refused
//!  a file may have been broken for years: SQLite checks rows only while foreign_keys is on
//!  mended by an up ─► kept in lockstep_meta ─► its down makes it what it was, and is told, not refused
//! ```

use std::collections::{BTreeMap, BTreeSet};

use lockstep_lifecycle::EventKind;
use lockstep_registry::{SchemaVersion, Scope};
use serde::{Deserialize, Serialize};
use sqlx::sqlite::SqliteConnection;

use super::connect::own;
use crate::{Error, Result};

/// What is broken, by the table that points.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Broken {
    /// How many rows point to rows that do not exist.
    rows: BTreeMap<String, i64>,
    /// Those whose foreign keys point to columns that are no key of the other table: SQLite cannot look for their rows.
    unkeyed: BTreeSet<String>,
}

impl Broken {
    /// Reads it: one query where every foreign key points to a key, else one a table.
    pub(super) async fn of(connection: &mut SqliteConnection) -> Result<Self> {
        let counted: Result<Vec<(String, i64)>, sqlx::Error> =
            sqlx::query_as("SELECT \"table\", count(*) FROM pragma_foreign_key_check GROUP BY 1")
                .persistent(false)
                .fetch_all(&mut *connection)
                .await;
        match counted {
            Ok(rows) => Ok(Self {
                rows: rows.into_iter().collect(),
                unkeyed: BTreeSet::new(),
            }),
            Err(error) if is_mismatch(&error) => Self::by_table(connection).await,
            Err(error) => Err(own("checking foreign keys")(error)),
        }
    }

    async fn by_table(connection: &mut SqliteConnection) -> Result<Self> {
        let pointing: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND EXISTS (SELECT 1 FROM pragma_foreign_key_list(name))",
        )
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(own("looking for foreign keys"))?;
        let mut broken = Self::default();
        for table in pointing {
            let counted: Result<i64, sqlx::Error> =
                sqlx::query_scalar("SELECT count(*) FROM pragma_foreign_key_check(?)")
                    .bind(&table)
                    .persistent(false)
                    .fetch_one(&mut *connection)
                    .await;
            match counted {
                Ok(0) => {}
                Ok(many) => {
                    broken.rows.insert(table, many);
                }
                Err(error) if is_mismatch(&error) => {
                    broken.unkeyed.insert(table);
                }
                Err(error) => return Err(own("checking foreign keys")(error)),
            }
        }
        Ok(broken)
    }

    /// Says what is broken already.
    pub(super) fn told(&self) {
        let rows: i64 = self.rows.values().sum();
        if rows > 0 {
            tracing::warn!(rows, tables = ?self.rows.keys(), "rows pointed to rows that do not exist before any step ran");
        }
        if !self.unkeyed.is_empty() {
            tracing::warn!(tables = ?self.unkeyed, "foreign keys pointed to columns that are no key before any step ran");
        }
    }

    /// What counts as broken before these events' steps ran: this, and for what goes back, what was before it came. For what
    /// comes, this is kept.
    pub(super) async fn before(
        &self,
        connection: &mut SqliteConnection,
        scope: &Scope,
        events: &[EventKind],
    ) -> Result<Self> {
        let mut before = self.clone();
        for event in events {
            match event {
                EventKind::SchemaApplied { schema, .. } if *self != Self::default() => {
                    self.keep(connection, scope, schema).await?;
                }
                EventKind::SchemaRolledBack { schema, .. } => {
                    if let Some(earlier) = Self::kept(connection, scope, schema).await? {
                        before.add(earlier);
                    }
                }
                _ => {}
            }
        }
        Ok(before)
    }

    async fn keep(&self, connection: &mut SqliteConnection, scope: &Scope, schema: &SchemaVersion) -> Result<()> {
        let value = serde_json::to_string(self).map_err(|error| Error::bug(error.to_string()))?;
        sqlx::query("INSERT INTO lockstep_meta (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value")
            .bind(key(scope, schema))
            .bind(value)
            .persistent(false)
            .execute(connection)
            .await
            .map(|_| ())
            .map_err(own("keeping what is broken about foreign keys"))
    }

    /// What was kept when a schema came; it is kept no longer.
    async fn kept(connection: &mut SqliteConnection, scope: &Scope, schema: &SchemaVersion) -> Result<Option<Self>> {
        let value: Option<String> = sqlx::query_scalar("DELETE FROM lockstep_meta WHERE key = ? RETURNING value")
            .bind(key(scope, schema))
            .persistent(false)
            .fetch_optional(connection)
            .await
            .map_err(own("reading what was broken about foreign keys"))?;
        Ok(value.and_then(|text| serde_json::from_str(&text).ok()))
    }

    fn add(&mut self, other: Self) {
        for (table, many) in other.rows {
            let known = self.rows.entry(table).or_default();
            *known = many.max(*known);
        }
        self.unkeyed.extend(other.unkeyed);
    }

    /// Says what is broken again, as it was before what went back.
    pub(super) fn told_again(&self, until_now: &Self) {
        if self.rows.len() > until_now.rows.len() || self.unkeyed.len() > until_now.unkeyed.len() {
            tracing::warn!(rows = ?self.rows, no_key = ?self.unkeyed, "foreign keys are broken again as they were before");
        }
    }

    /// Refuses what is broken now and was not before.
    pub(super) fn refuse_new(&self, before: &Self) -> Result<()> {
        let rows = self.new_rows(before);
        if rows > 0 {
            return Err(refused(format!(
                "the steps left {rows} rows that point to rows that do not exist"
            )));
        }
        // A table may have another name by now.
        let new: Vec<&str> = self.unkeyed.difference(&before.unkeyed).map(String::as_str).collect();
        if self.unkeyed.len() > before.unkeyed.len() && !new.is_empty() {
            return Err(refused(format!(
                "the steps left foreign keys of {} that point to columns that are no key of the other table",
                new.join(", ")
            )));
        }
        Ok(())
    }

    /// How many rows point nowhere that did not before. Those of a table that could not be looked at before are not new, and
    /// what goes from one name may come under another.
    fn new_rows(&self, before: &Self) -> i64 {
        let (mut new, mut under_new_names) = (0, 0);
        for (table, many) in &self.rows {
            match before.rows.get(table) {
                Some(was) => new += (many - was).max(0),
                None if before.unkeyed.contains(table) => {}
                None => under_new_names += many,
            }
        }
        let gone: i64 = before
            .rows
            .iter()
            .filter(|(table, _)| !self.rows.contains_key(*table))
            .map(|(_, many)| many)
            .sum();
        new + (under_new_names - gone).max(0)
    }
}

fn key(scope: &Scope, schema: &SchemaVersion) -> String {
    format!("broken before {scope} {schema}")
}

fn is_mismatch(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.message().starts_with("foreign key mismatch"))
}

fn refused(message: String) -> Error {
    Error::Database {
        doing: "checking foreign keys",
        message,
        code: None,
        transient: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn broken(rows: &[(&str, i64)], unkeyed: &[&str]) -> Broken {
        Broken {
            rows: rows.iter().map(|(table, many)| ((*table).to_owned(), *many)).collect(),
            unkeyed: unkeyed.iter().map(|table| (*table).to_owned()).collect(),
        }
    }

    #[test]
    fn only_what_is_new_is_refused() {
        for (before, after, is_refused) in [
            (broken(&[], &[]), broken(&[], &[]), false),
            (broken(&[], &[]), broken(&[("a", 1)], &[]), true),
            (broken(&[("a", 2)], &[]), broken(&[("a", 2)], &[]), false),
            (broken(&[("a", 2)], &[]), broken(&[("a", 3)], &[]), true),
            // What was mended in one table hides nothing in another that was there.
            (
                broken(&[("a", 2), ("b", 1)], &[]),
                broken(&[("a", 0), ("b", 2)], &[]),
                true,
            ),
            // A table under another name.
            (broken(&[("a", 2)], &[]), broken(&[("b", 2)], &[]), false),
            (broken(&[("a", 2)], &[]), broken(&[("b", 3)], &[]), true),
            (broken(&[], &["a"]), broken(&[], &["a"]), false),
            (broken(&[], &["a"]), broken(&[], &["b"]), false),
            (broken(&[], &["a"]), broken(&[], &["a", "b"]), true),
            // The key came, and with it what could not be seen before.
            (broken(&[], &["a"]), broken(&[("a", 5)], &[]), false),
        ] {
            assert_eq!(
                after.refuse_new(&before).is_err(),
                is_refused,
                "{before:?} -> {after:?}"
            );
        }
    }
}
