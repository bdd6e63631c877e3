//! What a column is declared as.

use super::data_type::DataType;
use super::quoted;
use crate::IdentifierError;
use crate::backtick::literal;
use crate::structure::{Column, Table};

/// The collation that a column's values have, where they are texts.
pub(super) fn collation<'a>(column: &'a Column, table: &'a Table) -> Option<&'a str> {
    if !DataType::read(&column.data_type).has_collation() {
        return None;
    }
    column
        .collation
        .as_deref()
        .or_else(|| table.options.get("collation").map(String::as_str))
}

/// Whether two columns are declared the same, each in its table. The case of a name is shown to people, so it counts.
pub(super) fn is_same(from: (&Column, &Table), to: (&Column, &Table)) -> bool {
    collation(from.0, from.1) == collation(to.0, to.1)
        && *from.0
            == Column {
                collation: from.0.collation.clone(),
                ..to.0.clone()
            }
}

/// A column's name and declaration. `spelled`: with its collation even where it is the table's.
pub(super) fn definition(column: &Column, table: &Table, spelled: bool) -> Result<String, IdentifierError> {
    Ok(format!(
        "{} {}",
        quoted(&column.name)?,
        declaration(column, table, spelled)
    ))
}

/// What stands behind a column's name, in the order both servers take it.
pub(super) fn declaration(column: &Column, table: &Table, spelled: bool) -> String {
    let mut sql = column.data_type.clone();
    let option = |name: &str| column.options.get(name);
    if option("compressed").is_some() {
        sql.push_str(" COMPRESSED");
    }
    if let Some(collation) = collation(column, table)
        && (spelled || column.collation.is_some())
    {
        sql.push_str(&format!(
            " CHARACTER SET {} COLLATE {collation}",
            super::convert::charset(collation)
        ));
    }
    if let Some(row) = option("row") {
        sql.push_str(&format!(" GENERATED ALWAYS AS {row}"));
    } else if let Some(generated) = &column.generated {
        sql.push_str(&format!(
            " GENERATED ALWAYS AS ({}) {}",
            generated.expression,
            if generated.stored { "STORED" } else { "VIRTUAL" }
        ));
    }
    if option("without_system_versioning").is_some() {
        sql.push_str(" WITHOUT SYSTEM VERSIONING");
    }
    if column.generated.is_none() && option("row").is_none() {
        // Old servers make a timestamp of which nothing is said NOT NULL.
        match column.nullable {
            false => sql.push_str(" NOT NULL"),
            true if column.data_type.starts_with("timestamp") => sql.push_str(" NULL"),
            true => {}
        }
    } else if !column.nullable && option("row").is_none() {
        sql.push_str(" NOT NULL");
    }
    if let Some(srid) = option("srid") {
        sql.push_str(&format!(" SRID {srid}"));
    }
    if option("invisible").is_some() {
        sql.push_str(" INVISIBLE");
    }
    if let Some(default) = &column.default {
        sql.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(update) = option("on_update") {
        sql.push_str(&format!(" ON UPDATE {update}"));
    }
    if column.auto_increment {
        sql.push_str(" AUTO_INCREMENT");
    }
    if let Some(comment) = &column.comment {
        sql.push_str(&format!(" COMMENT {}", literal(comment)));
    }
    if let Some(check) = option("check") {
        sql.push_str(&format!(" CHECK ({check})"));
    }
    sql
}
