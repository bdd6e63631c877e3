//! Names and texts in SQL.

use crate::structure::{Name, Structure};
use crate::write::WriteError;
use crate::{Dialect, quote};

/// An identifier. Names that no statement can hold were refused by [`check`]; what the server has, it takes.
pub(super) fn ident(name: &str) -> String {
    quote(Dialect::Postgres, name).unwrap_or_else(|_| crate::dialect::enclose(name, '"'))
}

/// `"schema"."name"`.
pub(super) fn qualified(name: &Name) -> String {
    if name.schema.is_empty() {
        ident(&name.name)
    } else {
        format!("{}.{}", ident(&name.schema), ident(&name.name))
    }
}

/// A string literal that means `text` whatever `standard_conforming_strings` says.
pub(in crate::write) fn literal(text: &str) -> String {
    let doubled = text.replace('\'', "''");
    if doubled.contains('\\') {
        format!("E'{}'", doubled.replace('\\', "\\\\"))
    } else {
        format!("'{doubled}'")
    }
}

/// Refuses names that no statement can hold.
pub(super) fn check(structure: &Structure) -> Result<(), WriteError> {
    let whole = |name: &Name| quote(Dialect::Postgres, &name.name).map(drop);
    for table in &structure.tables {
        whole(&table.name)?;
        for column in &table.columns {
            quote(Dialect::Postgres, &column.name)?;
        }
        for index in &table.indexes {
            quote(Dialect::Postgres, &index.name)?;
        }
    }
    structure.views.iter().try_for_each(|view| whole(&view.name))?;
    structure.types.iter().try_for_each(|one| whole(&one.name))?;
    structure.sequences.iter().try_for_each(|one| whole(&one.name))?;
    structure.routines.iter().try_for_each(|one| whole(&one.name))?;
    Ok(())
}
