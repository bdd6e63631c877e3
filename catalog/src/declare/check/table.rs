//! One table: its columns, keys and checks.

use std::collections::{BTreeMap, BTreeSet};

use super::{Checked, Findings};
use crate::Dialect;
use crate::declare::build;
use crate::declare::definition::{ColumnDefinition, ForeignKeyDefinition, TableDefinition};
use crate::declare::place::Path;
use crate::declare::{fragment, types};

impl Checked<'_> {
    pub(super) fn table(&self, name: &str, table: &TableDefinition, found: &mut Findings) {
        let path = Path::default().key("tables").key(name);
        if table.columns.is_empty() && self.dialect != Dialect::Postgres {
            found.fault(path.clone(), format!("the table {name:?} has no columns"));
        }
        self.columns(&path, name, table, found);
        self.primary_key(&path, name, table, found);
        let mut names = BTreeSet::new();
        for (at, unique) in table.unique.iter().enumerate() {
            let place = path.key("unique").at(at);
            self.constraint_name(&mut names, &place, unique.name.as_deref(), found);
            self.key(&place.key("columns"), &place, name, table, &unique.columns, found);
        }
        for (at, check) in table.checks.iter().enumerate() {
            let place = path.key("checks").at(at);
            self.constraint_name(&mut names, &place, check.name.as_deref(), found);
            found.piece(self.dialect, place, "the check", &check.expression);
        }
        for (at, key) in table.foreign_keys.iter().enumerate() {
            let place = path.key("foreign_keys").at(at);
            self.constraint_name(&mut names, &place, key.name.as_deref(), found);
            self.foreign_key(&place, name, table, key, found);
        }
        for (word, value) in [
            ("engine", &table.engine),
            ("charset", &table.charset),
            ("collation", &table.collation),
        ] {
            if let Some(value) = value
                && !value.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                found.fault(path.key(word), format!("{value:?} is no {word}; it is one word"));
            }
        }
        if table.without_rowid && self.dialect == Dialect::Sqlite && build::key_columns(table).is_empty() {
            found.fault(path.key("without_rowid"), "a table without rowid needs a primary key");
        }
    }

    fn constraint_name(&self, names: &mut BTreeSet<String>, path: &Path, name: Option<&str>, found: &mut Findings) {
        let Some(name) = name else { return };
        self.possible(&path.key("name"), "a constraint", name, found);
        if !names.insert(self.dialect.folded_part(name)) {
            found.fault(
                path.key("name"),
                format!("{name:?} is the name of another constraint of this table"),
            );
        }
    }

    fn columns(&self, path: &Path, table_name: &str, table: &TableDefinition, found: &mut Findings) {
        let mut seen: BTreeMap<String, usize> = BTreeMap::new();
        for (at, column) in table.columns.iter().enumerate() {
            let place = path.key("columns").at(at);
            self.possible(&place.key("name"), "a column", &column.name, found);
            if let Some(first) = seen.insert(self.dialect.folded_part(&column.name), at) {
                found.fault(
                    place.key("name"),
                    format!(
                        "the table {table_name:?} has a column {:?} already, its {}; take one of them out",
                        table.columns[first].name,
                        ordinal(first + 1)
                    ),
                );
            }
            self.column(&place, table, column, found);
        }
        for (at, column) in table.columns.iter().enumerate() {
            let Some(old) = &column.renamed_from else { continue };
            let place = path.key("columns").at(at).key("renamed_from");
            if self.dialect.folded_part(old) == self.dialect.folded_part(&column.name) {
                found.fault(place, "the name of before is the same as the name now");
            } else if seen.contains_key(&self.dialect.folded_part(old)) {
                found.fault(
                    place,
                    format!(
                        "{old:?} is still a column of {table_name:?}, so {:?} was not renamed from it",
                        column.name
                    ),
                );
            }
        }
    }

    fn column(&self, place: &Path, table: &TableDefinition, column: &ColumnDefinition, found: &mut Findings) {
        let dialect = self.dialect;
        // SQLite's columns need no type.
        if !(dialect == Dialect::Sqlite && column.data_type.trim().is_empty())
            && self.definition.enums.get(&column.data_type).is_none()
        {
            found.piece(dialect, place.key("type"), "the type", &column.data_type);
        }
        if let Some(default) = &column.default {
            let at = place.key("default");
            found.piece(dialect, at.clone(), "the default", &default.0);
            if let Some(word) = fragment::bare_word(dialect, &default.0) {
                let text = word.trim_matches('"');
                found.fault(
                    at.clone(),
                    format!(
                        "the default is SQL, and {word} is the name of nothing there; for the text write \"'{text}'\""
                    ),
                );
            }
            if column.generated.is_some() || column.autoincrement {
                found.fault(at, "a column that is computed or counted up has no default");
            }
        }
        if let Some(generated) = &column.generated {
            found.piece(dialect, place.key("generated"), "the expression", &generated.expression);
        }
        if let Some(check) = &column.check {
            found.piece(dialect, place.key("check"), "the check", check);
        }
        if let Some(collation) = &column.collation {
            self.possible(&place.key("collation"), "a collation", collation, found);
        }
        if column.unique {
            self.fits_a_key(&place.key("unique"), table, &column.name, found);
        }
        if column.autoincrement {
            self.counted(place, table, column, found);
        }
    }

    fn counted(&self, place: &Path, table: &TableDefinition, column: &ColumnDefinition, found: &mut Findings) {
        let kind = types::data_type(self.dialect, &column.data_type, false);
        if !kind.contains("int") && !kind.contains("serial") {
            found.fault(
                place.key("autoincrement"),
                format!(
                    "{:?} is {}; only a whole number can be counted up",
                    column.name, column.data_type
                ),
            );
        }
        let is_key = build::key_columns(table) == [column.name.as_str()];
        if self.dialect == Dialect::Sqlite && !is_key {
            found.fault(
                place.key("autoincrement"),
                format!(
                    "SQLite only counts up a column that is the primary key by itself, which {:?} is not",
                    column.name
                ),
            );
        }
    }

    fn primary_key(&self, path: &Path, name: &str, table: &TableDefinition, found: &mut Findings) {
        if table.primary_key.is_empty() {
            for column in table.columns.iter().filter(|column| column.primary_key) {
                self.fits_a_key(&path.key("columns"), table, &column.name, found);
            }
            return;
        }
        let place = path.key("primary_key");
        self.key(&place, &place, name, table, &table.primary_key, found);
        for (at, column) in table.columns.iter().enumerate() {
            if column.primary_key && !table.primary_key.contains(&column.name) {
                found.fault(
                    path.key("columns").at(at).key("primary_key"),
                    format!(
                        "{:?} says that it is in the primary key, and the table's list does not have it",
                        column.name
                    ),
                );
            }
        }
    }

    /// The columns of a key: there, each once, and of types that fit into one.
    fn key(
        &self,
        list: &Path,
        place: &Path,
        name: &str,
        table: &TableDefinition,
        columns: &[String],
        found: &mut Findings,
    ) {
        if columns.is_empty() {
            found.fault(place.clone(), "a key needs a column");
        }
        let mut seen = BTreeSet::new();
        for (at, column) in columns.iter().enumerate() {
            self.column_there(&list.at(at), name, table, column, found);
            self.fits_a_key(&list.at(at), table, column, found);
            if !seen.insert(self.dialect.folded_part(column)) {
                found.fault(list.at(at), format!("{column:?} stands twice in the key"));
            }
        }
    }

    /// A column that is named has to be declared.
    pub(super) fn column_there(
        &self,
        path: &Path,
        name: &str,
        table: &TableDefinition,
        column: &str,
        found: &mut Findings,
    ) {
        let wanted = self.dialect.folded_part(column);
        if table
            .columns
            .iter()
            .any(|one| self.dialect.folded_part(&one.name) == wanted)
        {
            return;
        }
        let there: Vec<_> = table.columns.iter().map(|one| one.name.as_str()).collect();
        found.fault(
            path.clone(),
            format!(
                "the table {name:?} has no column {column:?}; it has {}",
                there.join(", ")
            ),
        );
    }

    /// MySQL does not put texts of any length into keys.
    pub(super) fn fits_a_key(&self, path: &Path, table: &TableDefinition, column: &str, found: &mut Findings) {
        if self.dialect != Dialect::Mysql {
            return;
        }
        let Some(one) = table.columns.iter().find(|one| one.name == column) else {
            return;
        };
        if self.definition.enums.get(&one.data_type).is_none()
            && types::needs_prefix(&types::data_type(self.dialect, &one.data_type, false))
        {
            found.fault(
                path.clone(),
                format!("MySQL needs to know how long {column:?} can be to have it in a key: make it varchar(255)"),
            );
        }
    }

    fn foreign_key(
        &self,
        path: &Path,
        name: &str,
        table: &TableDefinition,
        key: &ForeignKeyDefinition,
        found: &mut Findings,
    ) {
        self.key(&path.key("columns"), path, name, table, &key.columns, found);
        if key.deferrable && self.dialect == Dialect::Mysql {
            found.fault(
                path.key("deferrable"),
                "MySQL judges foreign keys at once; take deferrable out",
            );
        }
        let Some(target) = self.table_named(&key.references_table) else {
            if !self.is_known(&key.references_table) {
                let there = self.tables_there();
                found.fault(
                    path.key("references_table"),
                    format!(
                        "{name:?} refers to {:?}, which is not declared; {there}",
                        key.references_table
                    ),
                );
            }
            return;
        };
        let place = path.key("references_columns");
        for (at, column) in key.references_columns.iter().enumerate() {
            self.column_there(&place.at(at), &key.references_table, target, column, found);
        }
        let referenced = match key.references_columns.len() {
            0 => build::key_columns(target).len(),
            many => many,
        };
        if referenced == 0 {
            found.fault(
                path.key("references_table"),
                format!(
                    "{:?} has no primary key; say in references_columns what is meant",
                    key.references_table
                ),
            );
        } else if referenced != key.columns.len() {
            found.fault(
                path.key("columns"),
                format!(
                    "the foreign key has {} columns here and {referenced} there",
                    key.columns.len()
                ),
            );
        }
    }
}

fn ordinal(number: usize) -> String {
    match number {
        1 => "first".to_owned(),
        2 => "second".to_owned(),
        3 => "third".to_owned(),
        many => format!("{many}th"),
    }
}
