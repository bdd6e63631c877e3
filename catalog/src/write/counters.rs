//! Counters that go, and where they stood: sequences and those of identity columns (PostgreSQL), of `AUTO_INCREMENT` (MySQL,
//! MariaDB) and of `AUTOINCREMENT` (SQLite). They are in no structure; where they stand is read when the change runs.

use super::archive::archive_name;
use super::postgres::literal;
use super::{Archive, Kept};
use crate::Dialect;
use crate::compare::{Comparison, Pair, Rename, Renames};
use crate::structure::{Column, Name, Structure, Table};

/// Whether a sequence, or the counter of an identity, has this name; or the table of this name counts.
pub fn has_counter(structure: &Structure, name: &Name) -> bool {
    let is_sequence = structure.sequences.iter().any(|one| one.name == *name);
    if structure.dialect != Dialect::Postgres {
        return is_sequence || structure.table(name).is_some_and(|table| counting(table).is_some());
    }
    is_sequence || structure.tables.iter().flat_map(identities).any(|(_, one)| one == name)
}

/// The counters of a table's identities, each with its column.
fn identities(table: &Table) -> impl Iterator<Item = (&str, &Name)> {
    table.columns.iter().filter_map(|column| {
        let counter = column.identity.as_ref()?.counter.as_ref()?;
        Some((column.name.as_str(), counter))
    })
}

/// The sequences that go, under their names of before.
fn gone_sequences(comparison: &Comparison<'_>, renames: &Renames) -> Vec<Name> {
    let gone = comparison.sequences.iter().filter_map(|pair| match pair {
        Pair::Dropped(one) => Some(&one.name),
        _ => None,
    });
    gone.map(|name| {
        let renamed = renames.0.iter().find_map(|rename| match rename {
            Rename::Sequence { from, to } if to == name => Some(from.clone()),
            _ => None,
        });
        renamed.unwrap_or_else(|| name.clone())
    })
    .collect()
}

/// What keeps the place of a counter of its own.
fn of_sequence(schema: &str, counter: Name, salt: &str) -> Archive {
    Archive {
        name: archive_name(schema, &counter, "counter", salt),
        before: counter.clone(),
        after: counter,
        columns: Vec::new(),
        kept: Kept::Counter { column: None },
    }
}

/// What keeps the places of those that go. One whose name another counter takes over goes on there.
pub(super) fn archives(comparison: &Comparison<'_>, renames: &Renames, salt: &str) -> Vec<Archive> {
    let mut gone = gone_sequences(comparison, renames);
    for pair in &comparison.tables {
        let Some(table) = pair.table.from() else { continue };
        for (column, counter) in identities(table) {
            let stays = pair.columns.iter().any(|one| {
                one.to().is_some_and(|to| to.identity.is_some()) && one.from().is_some_and(|from| from.name == column)
            });
            if !stays {
                gone.push(counter.clone());
            }
        }
    }
    gone.retain(|one| !has_counter(comparison.to, one));
    let stays = |schema: &str| comparison.to.namespaces.iter().any(|one| one.name == schema);
    let archive = |counter: Name| {
        let schema = if stays(&counter.schema) || comparison.to.namespaces.is_empty() {
            counter.schema.clone()
        } else {
            "public".to_owned()
        };
        of_sequence(&schema, counter, salt)
    };
    gone.into_iter().map(archive).collect()
}

/// Sets a new counter to where the old one was; one that has gone on since, after values that were there, stays ahead.
pub(super) fn restore(own: &str, counter: &str) -> String {
    format!(
        "SELECT pg_catalog.setval({}, kept.last_value, kept.is_called) FROM {own} AS kept, {counter} AS stands \
         WHERE NOT stands.is_called OR stands.last_value < kept.last_value",
        literal(counter)
    )
}

/// The column that a table's counter fills.
fn counting(table: &Table) -> Option<&Column> {
    table.columns.iter().find(|column| column.auto_increment)
}

/// What keeps the places of the counters of tables that go, or that stop counting, and of sequences that go (MariaDB).
pub(super) fn of_tables(comparison: &Comparison<'_>, renames: &Renames, salt: &str) -> Vec<Archive> {
    let archive = |(table, column): (&Table, &Column)| {
        let before = renames.original_table(&table.name);
        Archive {
            name: archive_name(&before.schema, &before, "counter", salt),
            kept: Kept::Counter {
                column: Some(renames.original_column(&table.name, &column.name)),
            },
            before,
            after: table.name.clone(),
            columns: Vec::new(),
        }
    };
    let gone = comparison.tables.iter().filter_map(|pair| {
        let from = pair.table.from()?;
        let column = counting(from)?;
        let to = pair.table.to();
        // A row that comes and goes would be one of the history.
        let kept = to.is_some() && from.options.contains_key("system_versioning");
        let stays = kept || to.is_some_and(|to| counting(to).is_some());
        (!stays).then_some((from, column))
    });
    let sequences = gone_sequences(comparison, renames).into_iter();
    gone.map(archive)
        .chain(sequences.map(|counter| of_sequence("", counter, salt)))
        .collect()
}

/// Where a counter stands: one of its own, or a table's.
pub(super) fn stands(dialect: Dialect, name: &Name, quoted: &str, is_own: bool) -> String {
    let table = text(dialect, &name.name);
    match dialect {
        Dialect::Postgres => format!("SELECT last_value, is_called FROM {quoted}"),
        Dialect::Mysql if is_own => format!("SELECT * FROM {quoted}"),
        Dialect::Sqlite => format!("SELECT seq FROM sqlite_sequence WHERE name = {table} COLLATE NOCASE"),
        Dialect::Mysql => format!(
            "SELECT AUTO_INCREMENT AS next FROM information_schema.TABLES \
             WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = {table} \
             AND CAST(TABLE_NAME AS BINARY) = CAST({table} AS BINARY)"
        ),
    }
}

/// Sets SQLite's counter of a table to where it was, unless its rows brought it further.
pub(super) fn set_sequence(own: &str, table: &Name) -> Vec<String> {
    let table = text(Dialect::Sqlite, &table.name);
    vec![
        format!(
            "UPDATE sqlite_sequence SET seq = (SELECT seq FROM {own}) \
             WHERE name = {table} AND seq < (SELECT seq FROM {own})"
        ),
        format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {table}, seq FROM {own} \
             WHERE NOT EXISTS (SELECT 1 FROM sqlite_sequence WHERE name = {table})"
        ),
    ]
}

/// Lets MySQL's counter of a table go on behind where it was: a row with the number comes and goes in one transaction, for
/// ALTER TABLE takes no number but a written one.
pub(super) fn count_on(own: &str, table: &str, column: &str) -> String {
    format!(
        "UPDATE {own} SET next = NULL WHERE next <= (SELECT COALESCE(MAX({column}), 0) + 1 FROM {table});\n\
         INSERT IGNORE INTO {table} ({column}) SELECT next - 1 FROM {own} WHERE next IS NOT NULL;\n\
         DELETE FROM {table} WHERE {column} IN (SELECT next - 1 FROM {own} WHERE next IS NOT NULL)"
    )
}

/// A name as a text.
fn text(dialect: Dialect, name: &str) -> String {
    let name = name.replace('\'', "''");
    match dialect {
        Dialect::Mysql => format!("'{}'", name.replace('\\', "\\\\")),
        Dialect::Sqlite | Dialect::Postgres => format!("'{name}'"),
    }
}
