//! What is called what: questions are asked of the rows before anything runs, under the names of before.

use std::collections::HashMap;

use crate::backtick;
use crate::compare::{Rename, Renames};
use crate::structure::{ConstraintKind, IndexTarget, Name, Structure, Table};

/// The renames of tables and columns, to look up.
#[derive(Debug, Default)]
pub(super) struct Names {
    /// The new name of a table, and its old one.
    tables: HashMap<String, String>,
    /// A table's new name and a column's new name, and the column's old one.
    columns: HashMap<(String, String), String>,
}

impl Names {
    pub(super) fn of(renames: &Renames) -> Self {
        let mut names = Self::default();
        for rename in &renames.0 {
            match rename {
                Rename::Table { from, to } => {
                    names.tables.insert(to.name.clone(), from.name.clone());
                }
                Rename::Column { table, from, to } => {
                    names
                        .columns
                        .insert((table.name.clone(), to.to_lowercase()), from.clone());
                }
                _ => {}
            }
        }
        names
    }

    /// What a table is called now.
    pub(super) fn old_table(&self, table: &Name) -> Name {
        match self.tables.get(&table.name) {
            Some(old) if table.schema.is_empty() => Name::plain(old.as_str()),
            _ => table.clone(),
        }
    }

    /// What a column is called now; `None` where its name does not change.
    pub(super) fn old_column(&self, table: &Name, column: &str) -> Option<&str> {
        self.columns
            .get(&(table.name.clone(), column.to_lowercase()))
            .map(String::as_str)
    }

    /// The structure with the new names of columns in its expressions, too, where there are any: the server puts them there.
    pub(super) fn in_texts(&self, structure: &Structure) -> Option<Structure> {
        if self.columns.is_empty() {
            return None;
        }
        let mut new_names: HashMap<&str, HashMap<String, &str>> = HashMap::new();
        for ((table, new), old) in &self.columns {
            new_names.entry(table).or_default().insert(old.to_lowercase(), new);
        }
        let mut structure = structure.clone();
        for table in &mut structure.tables {
            if let Some(columns) = new_names.get(table.name.name.as_str()) {
                rename_in_table(table, columns);
            }
        }
        Some(structure)
    }
}

fn rename_in_table(table: &mut Table, columns: &HashMap<String, &str>) {
    let spelled: HashMap<String, String> = table
        .columns
        .iter()
        .map(|column| (column.name.to_lowercase(), column.name.clone()))
        .collect();
    let rename = |text: &mut String| {
        *text = backtick::renamed(text, |name| {
            let new = columns.get(&name.to_lowercase())?;
            Some(spelled.get(*new).cloned().unwrap_or_else(|| (*new).to_owned()))
        });
    };
    for column in &mut table.columns {
        if let Some(generated) = &mut column.generated {
            rename(&mut generated.expression);
        }
        if let Some(default) = &mut column.default {
            rename(default);
        }
        if let Some(check) = column.options.get_mut("check") {
            rename(check);
        }
    }
    for constraint in &mut table.constraints {
        if let ConstraintKind::Check { expression } = &mut constraint.kind {
            rename(expression);
        }
    }
    for part in table.indexes.iter_mut().flat_map(|index| &mut index.parts) {
        if let IndexTarget::Expression(expression) = &mut part.on {
            rename(expression);
        }
    }
    if let Some(partitioning) = &mut table.partitioning {
        rename(&mut partitioning.by);
    }
    if let Some(period) = table.options.get_mut("period") {
        rename(period);
    }
}
