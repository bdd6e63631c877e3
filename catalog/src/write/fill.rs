//! Rows without a value that get the default, because the column must have one from now on: said before it happens.

use super::{Note, WriteError};
use crate::compare::{Comparison, Pair, Renames, Severity};
use crate::structure::{Column, Kind, Name, ObjectRef, Table};
use crate::{Dialect, quote};

/// What the rows without a value get where a column becomes `NOT NULL`.
pub(crate) fn filled_with<'c>(from: &Column, to: &'c Column) -> Option<&'c str> {
    let is_written = from.generated.is_none() && to.generated.is_none();
    let becomes = is_written && from.nullable && !to.nullable;
    to.default
        .as_deref()
        .filter(|default| becomes && !default.eq_ignore_ascii_case("null"))
}

/// A note for each column that is filled; `renames` are those that were applied to what is.
pub(super) fn notes(comparison: &Comparison<'_>, renames: &Renames) -> Result<Vec<Note>, WriteError> {
    let mut notes = Vec::new();
    for pair in &comparison.tables {
        let Pair::Both { to: table, .. } = pair.table else {
            continue;
        };
        // What a partition's rows get is said of the whole.
        if table.partition_of.is_some() {
            continue;
        }
        for column in &pair.columns {
            if let Pair::Both { from, to, .. } = *column
                && !to.inherited
                && let Some(default) = filled_with(from, to)
            {
                notes.push(note(comparison.to.dialect, renames, table, to, default)?);
            }
        }
    }
    Ok(notes)
}

fn note(
    dialect: Dialect,
    renames: &Renames,
    table: &Table,
    column: &Column,
    default: &str,
) -> Result<Note, WriteError> {
    let old = renames.original_table(&table.name);
    let was = quote(dialect, &renames.original_column(&table.name, &column.name))?;
    Ok(Note {
        about: ObjectRef::part(Kind::Table, table.name.clone(), column.name.as_str()),
        severity: Severity::Warning,
        message: format!(
            "{}.{} may not be NULL any more: where it is, it becomes {default}",
            table.name, column.name
        ),
        query: format!("SELECT count(*) FROM {} WHERE {was} IS NULL", qualified(dialect, &old)?),
        rows: None,
    })
}

fn qualified(dialect: Dialect, name: &Name) -> Result<String, WriteError> {
    let own = quote(dialect, &name.name)?;
    Ok(match name.schema.as_str() {
        "" => own,
        schema => format!("{}.{own}", quote(dialect, schema)?),
    })
}
