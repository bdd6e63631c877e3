//! What things were called before the renames.

use std::collections::HashMap;

use crate::compare::{Rename, Renames};
use crate::read::sqlite::fold;
use crate::structure::{Name, Structure, Table};

/// What things were called before the renames, by what they are called afterwards.
#[derive(Debug)]
pub(super) struct Names<'a> {
    tables: HashMap<String, &'a Table>,
    views: HashMap<String, &'a Name>,
    columns: HashMap<(String, String), String>,
}

impl<'a> Names<'a> {
    pub(super) fn of(from: &'a Structure, renames: &'a Renames) -> Self {
        let mut was: HashMap<String, String> = HashMap::new();
        let mut views = HashMap::new();
        let mut columns = HashMap::new();
        for rename in &renames.0 {
            match rename {
                Rename::Table { from, to } => {
                    was.insert(fold(&from.name), fold(&to.name));
                }
                Rename::View { from, to } => {
                    views.insert(fold(&to.name), from);
                }
                Rename::Column { table, from, to } => {
                    columns.insert((fold(&table.name), fold(to)), from.clone());
                }
                _ => {}
            }
        }
        let tables = from
            .tables
            .iter()
            .map(|table| {
                let own = fold(&table.name.name);
                (was.get(&own).cloned().unwrap_or(own), table)
            })
            .collect();
        Self { tables, views, columns }
    }

    /// The table as it was.
    pub(super) fn table(&self, name: &str) -> Option<&'a Table> {
        self.tables.get(&fold(name)).copied()
    }

    /// The name a view has now.
    pub(super) fn view<'b>(&'b self, name: &'b str) -> &'b str {
        self.views.get(&fold(name)).map_or(name, |one| one.name.as_str())
    }

    /// The name a column has now; `None` where there is no such column.
    pub(super) fn column(&self, table: &str, column: &str) -> Option<&str> {
        let wanted = match self.columns.get(&(fold(table), fold(column))) {
            Some(old) => fold(old),
            None => fold(column),
        };
        self.table(table)?
            .columns
            .iter()
            .find(|one| fold(&one.name) == wanted)
            .map(|one| one.name.as_str())
    }
}
