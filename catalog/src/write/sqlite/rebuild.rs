//! A table built anew, by the procedure that SQLite documents for what ALTER TABLE cannot do.
//!
//! ```text
//!  CREATE new ─► INSERT INTO new SELECT … FROM old ─► counter of AUTOINCREMENT ─► DROP old ─► RENAME new
//!  before: views and triggers that name it step aside              after: indexes, views, triggers come back
//! ```
//!
//! Rowids stay what they are, so that what points to rows by them (full-text indexes, applications) still does. The DROP is
//! an implicit DELETE where `foreign_keys` is on, and that can only be switched outside a transaction: where rows elsewhere
//! would be changed by it, a statement that fails comes first.

use super::create::{self, default_value, literal, name};
use super::full_text;
use super::names::Names;
use super::projection::{Affinity, affinity};
use super::script::{Cost, Script, about};
use crate::compare::TablePair;
use crate::read::sqlite::{fold, is_rowid_alias};
use crate::structure::{Column, ConstraintKind, Structure, Table};
use crate::write::{Check, WriteError};

/// Fails where `foreign_keys` is on: a table that others point to with an action is about to be dropped.
pub(super) fn guard(script: &mut Script, table: &str) {
    let sql = "SELECT json_extract('{}', 'foreign_keys is on: this would cascade; run PRAGMA foreign_keys = off first') \
               FROM pragma_foreign_keys WHERE foreign_keys = 1";
    let comment = "fails where dropping the table would delete or change rows that point to it";
    script.push(about(table), Cost::Nothing, comment, sql.to_owned());
}

/// Fails where something bears the name already under which a table is about to be made.
pub(super) fn free(script: &mut Script, table: &str) {
    let interim = interim(table);
    let text = format!(
        "{interim} is in the way of {table}, which is built anew under that name: look at what it holds, then rename or drop it"
    );
    let sql = format!(
        "SELECT json_extract('{{}}', {}) FROM sqlite_schema WHERE name = {} COLLATE NOCASE",
        literal(&text),
        literal(&interim)
    );
    let comment = "fails where the name is taken under which it is built anew";
    script.push(about(table), Cost::Nothing, comment, sql);
}

/// Whether the deletion of its rows would change rows elsewhere, if foreign keys were on.
pub(super) fn is_pointed_to(structure: &Structure, table: &str) -> bool {
    let table = fold(table);
    structure.tables.iter().any(|other| {
        other.constraints.iter().any(|constraint| match &constraint.kind {
            ConstraintKind::ForeignKey(key) => {
                fold(&key.references.name) == table
                    && ["CASCADE", "SET NULL", "SET DEFAULT"].contains(&key.on_delete.as_str())
            }
            _ => false,
        })
    })
}

/// The name a table bears until the old one is gone.
pub(super) fn interim(table: &str) -> String {
    format!("lockstep_new_{table}")
}

/// Asks whether the names are free under which tables are built anew: where an earlier change was run outside a transaction
/// and did not end, what is left under such a name may be all that there is of the rows.
pub(super) fn is_free<'a>(tables: impl Iterator<Item = &'a str>) -> Option<Check> {
    let names: Vec<String> = tables.map(|table| literal(&interim(table))).collect();
    let first = names.first()?.trim_matches('\'').to_owned();
    Some(Check {
        about: about(&first),
        query: format!(
            "SELECT name, type FROM sqlite_schema WHERE name COLLATE NOCASE IN ({})",
            names.join(", ")
        ),
        message:
            "is in the way of a table that is built anew, maybe left over from a change that did not end: look at what \
                  it holds, then rename or drop it"
                .to_owned(),
    })
}

/// Builds the table anew. Its indexes are not made.
pub(super) fn rebuild(
    script: &mut Script,
    names: &Names<'_>,
    pair: &TablePair<'_>,
    reason: &str,
) -> Result<(), WriteError> {
    let (Some(from), Some(to)) = (pair.table.from(), pair.table.to()) else {
        return Ok(());
    };
    let (old, new, interim) = (&from.name.name, &to.name.name, interim(&to.name.name));
    free(script, new);
    let comment = format!("{new} is built anew, because {reason}");
    script.push(about(new), Cost::Nothing, comment, create::table(to, Some(&interim))?);
    let (into, select) = copied(names, pair, from, to)?;
    if !into.is_empty() {
        let overrides = if has_conflict_clause(to) { " OR ABORT" } else { "" };
        let sql = format!(
            "INSERT{overrides} INTO {} ({}) SELECT {} FROM {}",
            name(&interim)?,
            into.join(", "),
            select.join(", "),
            name(old)?
        );
        script.push(about(new), Cost::Rewrite, copying(pair, old), sql);
    }
    full_text::settings(script, from, to)?;
    if counts(from) && counts(to) {
        let sql = format!("DELETE FROM sqlite_sequence WHERE name = {}", literal(&interim));
        script.push(about(new), Cost::Nothing, "makes room for the counter", sql);
        let sql = format!(
            "INSERT INTO sqlite_sequence (name, seq) SELECT {}, seq FROM sqlite_sequence WHERE name = {} COLLATE NOCASE",
            literal(&interim),
            literal(old)
        );
        script.push(
            about(new),
            Cost::Nothing,
            "numbers that were given once are not given again",
            sql,
        );
    }
    let sql = format!("DROP TABLE {}", name(old)?);
    script.push(about(old), Cost::Nothing, "its rows are in the new one", sql);
    let sql = format!("ALTER TABLE {} RENAME TO {}", name(&interim)?, name(new)?);
    script.push(about(new), Cost::Nothing, format!("{new} takes its place"), sql);
    Ok(())
}

/// What copying does, with the columns whose values are written otherwise afterwards.
fn copying(pair: &TablePair<'_>, old: &str) -> String {
    let is_number = |column: &Column| {
        matches!(
            affinity(&column.data_type),
            Affinity::Integer | Affinity::Numeric | Affinity::Real
        )
    };
    let converted: Vec<&str> = pair
        .columns
        .iter()
        .filter_map(|column| Some((column.from()?, column.to()?)))
        .filter(|(from, to)| to.generated.is_none() && is_number(to) && !is_number(from))
        .map(|(_, to)| to.name.as_str())
        .collect();
    let mut text = format!("copies the rows of {old}");
    if !converted.is_empty() {
        let columns = converted.join(", ");
        text.push_str(&format!(
            "; texts that are numbers become numbers in {columns}: '007' is 7 then"
        ));
    }
    text
}

/// A unique key that replaces or ignores what collides would lose rows without a word.
fn has_conflict_clause(table: &Table) -> bool {
    let by_column = |column: &Column| column.options.contains_key("not_null_on_conflict");
    table.columns.iter().any(by_column)
        || table
            .constraints
            .iter()
            .any(|constraint| constraint.options.contains_key("on_conflict"))
}

fn counts(table: &Table) -> bool {
    table.columns.iter().any(|column| column.auto_increment)
}

/// The columns that are filled, and with what. The table stands before each, because SQLite takes a quoted name that it does
/// not find for a text.
fn copied(
    names: &Names<'_>,
    pair: &TablePair<'_>,
    from: &Table,
    to: &Table,
) -> Result<(Vec<String>, Vec<String>), WriteError> {
    let (mut into, mut select) = (Vec::new(), Vec::new());
    let rowid = rowid_of(from, to);
    let alias = is_rowid_alias(to).map(str::to_owned);
    let table = name(&from.name.name)?;
    if let (Some(rowid), None) = (rowid, &alias) {
        into.push(rowid.to_owned());
        select.push(format!("{table}.{rowid}"));
    }
    if let (Some(was), Some(language)) = (full_text::language_of(from), full_text::language_of(to)) {
        into.push(name(&language)?);
        select.push(format!("{table}.{}", name(&was)?));
    }
    let number = box_number(from).zip(box_number(to));
    for column in &pair.columns {
        let Some(target) = column.to().filter(|one| one.generated.is_none()) else {
            continue;
        };
        if let Some((was, _)) = number.filter(|(_, now)| *now == target.name) {
            into.push(name(&target.name)?);
            select.push(format!("{table}.{}", name(was)?));
            continue;
        }
        match column.from() {
            Some(source) => {
                // A virtual table's columns take other names only by this.
                let now = match from.virtual_table {
                    Some(_) => names.column(&to.name.name, &target.name).unwrap_or(&source.name),
                    None => &source.name,
                };
                into.push(name(&target.name)?);
                select.push(value(format!("{table}.{}", name(now)?), source, target));
            }
            // A new name for the rowid: rows keep their number.
            None if alias.as_deref() == Some(&target.name) => {
                if let Some(rowid) = rowid {
                    into.push(name(&target.name)?);
                    select.push(format!("{table}.{rowid}"));
                }
            }
            None => {}
        }
    }
    Ok((into, select))
}

/// The first column of an R-tree, by which its boxes are known whatever it is called.
fn box_number(table: &Table) -> Option<&str> {
    let one = table.virtual_table.as_ref()?;
    let first = table.columns.first().filter(|_| one.module.starts_with("rtree"))?;
    Some(&first.name)
}

/// What goes into a column that was there: what it held, and its default instead of a NULL that it cannot hold any more.
fn value(held: String, source: &Column, target: &Column) -> String {
    let default = target.default.as_deref().filter(|default| *default != "null");
    match default {
        Some(default) if !target.nullable && source.nullable => {
            format!("coalesce({held}, {})", default_value(default))
        }
        _ => held,
    }
}

/// The name by which the rowid of both can be told, where both have one.
fn rowid_of(from: &Table, to: &Table) -> Option<&'static str> {
    let has_rowid = |table: &Table| match &table.virtual_table {
        Some(one) => one.module.starts_with("fts"),
        None => !table.options.contains_key("without_rowid"),
    };
    if !has_rowid(from) || !has_rowid(to) {
        return None;
    }
    ["rowid", "_rowid_", "oid"].into_iter().find(|name| {
        let taken = |column: &Column| fold(&column.name) == *name;
        !from.columns.iter().any(taken) && !to.columns.iter().any(taken)
    })
}
