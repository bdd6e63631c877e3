//! What can be told of a definition before a database sees it.
//!
//! Everything that is wrong is told at once, each with the way to where it stands. What only an engine can know (whether an
//! expression makes sense, whether a type exists) is left to the engine.

mod cycle;
mod names;
mod table;

use std::collections::{BTreeMap, BTreeSet};

use super::definition::{Definition, TableDefinition};
use super::fragment;
use super::place::Path;
use super::{migrations, name_of};
use crate::structure::Name;
use crate::{Dialect, script};

/// Something found, and the way to it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) path: Path,
    pub(super) message: String,
}

/// What was found: faults forbid the definition, notes only tell.
#[derive(Debug, Default)]
pub(super) struct Findings {
    pub(super) faults: Vec<Found>,
    pub(super) notes: Vec<Found>,
}

impl Findings {
    pub(super) fn fault(&mut self, path: Path, message: impl Into<String>) {
        self.faults.push(Found {
            path,
            message: message.into(),
        });
    }

    pub(super) fn note(&mut self, path: Path, message: impl Into<String>) {
        self.notes.push(Found {
            path,
            message: message.into(),
        });
    }

    /// A piece of SQL that has to be one piece.
    fn piece(&mut self, dialect: Dialect, path: Path, what: &str, text: &str) {
        if let Some(why) = fragment::fault(dialect, text) {
            self.fault(path, format!("{what} is no piece of SQL: {why}"));
        }
    }
}

/// A definition on its way through the checks.
struct Checked<'a> {
    dialect: Dialect,
    definition: &'a Definition,
    /// The tables by the name under which the engine finds them.
    tables: BTreeMap<Name, &'a TableDefinition>,
    /// Whether there may be objects that only SQL declares.
    is_open: bool,
}

/// Checks all of it.
pub(super) fn check(dialect: Dialect, definition: &Definition) -> Findings {
    let mut found = Findings::default();
    let checked = Checked {
        dialect,
        definition,
        tables: definition
            .tables
            .iter()
            .map(|(name, table)| (dialect.folded(&name_of(dialect, name)), table))
            .collect(),
        is_open: definition
            .raw
            .iter()
            .any(|raw| raw.dialect.is_none_or(|only| only == dialect)),
    };
    migrations::check(dialect, definition, &mut found);
    checked.objects(&mut found);
    checked.enums(&mut found);
    for (name, table) in definition.tables.iter() {
        checked.table(name, table, &mut found);
    }
    checked.indexes(&mut found);
    checked.virtual_tables(&mut found);
    checked.views(&mut found);
    checked.raw(&mut found);
    cycle::check(dialect, definition, &mut found);
    found
}

impl Checked<'_> {
    /// The table that a name in the definition means.
    fn table_named(&self, name: &str) -> Option<&TableDefinition> {
        self.tables
            .get(&self.dialect.folded(&name_of(self.dialect, name)))
            .copied()
    }

    /// Whether a table of the name is declared as anything.
    fn is_known(&self, name: &str) -> bool {
        let is = |other: &str| {
            self.dialect
                .same_name(&name_of(self.dialect, name), &name_of(self.dialect, other))
        };
        self.is_open
            || self.table_named(name).is_some()
            || self.definition.virtual_tables.iter().any(|one| is(&one.name))
            || self.definition.views.iter().any(|(other, _)| is(other))
    }

    fn tables_there(&self) -> String {
        let names: Vec<_> = self.definition.tables.iter().map(|(name, _)| name).collect();
        match names.as_slice() {
            [] => "no table is declared".to_owned(),
            names if names.len() > 8 => format!("declared are {}, …", names[..8].join(", ")),
            names => format!("declared are {}", names.join(", ")),
        }
    }

    fn enums(&self, found: &mut Findings) {
        let whole = Path::default().key("enums");
        for (name, one) in self.definition.enums.iter() {
            let path = whole.key(name);
            if one.values.is_empty() {
                found.fault(path.clone(), format!("the enum {name:?} has no values"));
            }
            let mut seen = BTreeSet::new();
            for value in &one.values {
                if !seen.insert(value) {
                    found.fault(path.clone(), format!("the enum {name:?} has the value {value:?} twice"));
                }
            }
            for (new, old) in one.renamed_values.iter() {
                let place = path.key("renamed_values").key(new);
                if !seen.contains(&new.to_owned()) {
                    found.fault(place, format!("{new:?} is no value of the enum {name:?}"));
                } else if seen.contains(old) {
                    found.fault(
                        place,
                        format!("{old:?} is still a value of {name:?}, so nothing was renamed from it"),
                    );
                }
            }
        }
    }

    fn indexes(&self, found: &mut Findings) {
        for (at, index) in self.definition.indexes.iter().enumerate() {
            let path = Path::default().key("indexes").at(at);
            let Some(table) = self.table_named(&index.table) else {
                if !self.is_known(&index.table) {
                    let there = self.tables_there();
                    found.fault(
                        path.key("table"),
                        format!(
                            "index {:?} is on {:?}, which is not declared; {there}",
                            index.name, index.table
                        ),
                    );
                }
                continue;
            };
            self.index_parts(&path, index, table, found);
            for (at, column) in index.include.iter().enumerate() {
                self.column_there(&path.key("include").at(at), &index.table, table, column, found);
            }
            if let Some(predicate) = &index.predicate {
                found.piece(self.dialect, path.key("where"), "the condition", predicate);
                if self.dialect == Dialect::Mysql {
                    found.fault(
                        path.key("where"),
                        "MySQL has no partial indexes; take the condition out",
                    );
                }
            }
            if let Some(method) = &index.method
                && !method.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            {
                found.fault(
                    path.key("method"),
                    format!("{method:?} is no method; it is one word, as btree or gin"),
                );
            }
        }
    }

    fn index_parts(
        &self,
        path: &Path,
        index: &super::definition::IndexDefinition,
        table: &TableDefinition,
        found: &mut Findings,
    ) {
        if index.columns.is_empty() {
            found.fault(path.clone(), format!("index {:?} has no columns", index.name));
        }
        for (at, part) in index.columns.iter().enumerate() {
            let place = path.key("columns").at(at);
            match (&part.column, &part.expression) {
                (Some(column), None) => {
                    self.column_there(&place, &index.table, table, column, found);
                    let is_whole = part.prefix.is_none() && index.method.as_deref() != Some("fulltext");
                    if is_whole {
                        self.fits_a_key(&place, table, column, found);
                    }
                }
                (None, Some(expression)) => found.piece(self.dialect, place, "the expression", expression),
                _ => found.fault(place, "a part of an index is either a column or an expression"),
            }
        }
    }

    fn virtual_tables(&self, found: &mut Findings) {
        for (at, one) in self.definition.virtual_tables.iter().enumerate() {
            let path = Path::default().key("virtual_tables").at(at);
            if self.dialect != Dialect::Sqlite {
                found.fault(
                    path.key("name"),
                    format!(
                        "{} has no virtual tables; keep {:?} in a definition for SQLite",
                        self.dialect, one.name
                    ),
                );
                continue;
            }
            let is_word = !one.module.is_empty() && one.module.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            if !is_word {
                found.fault(
                    path.key("type"),
                    format!("{:?} is no module; it is one word, as fts5", one.module),
                );
            }
            for (name, _) in one.options.iter() {
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
                    found.fault(
                        path.key("options").key(name),
                        format!("{name:?} is no name of a setting"),
                    );
                }
            }
            if one.module.eq_ignore_ascii_case("fts5")
                && let Some(content) = one.options.get("content")
                && !content.is_empty()
                && !self.is_known(content)
            {
                let there = self.tables_there();
                found.fault(
                    path.key("options").key("content"),
                    format!("its content is {content:?}, which is not declared; {there}"),
                );
            }
        }
    }

    fn views(&self, found: &mut Findings) {
        for (name, view) in self.definition.views.iter() {
            let path = Path::default().key("views").key(name);
            found.piece(
                self.dialect,
                path.clone(),
                "the query",
                view.query.trim_end().trim_end_matches(';'),
            );
            if view.materialized && self.dialect != Dialect::Postgres {
                found.fault(
                    path.key("materialized"),
                    format!("{} has no materialized views", self.dialect),
                );
            }
        }
    }

    fn raw(&self, found: &mut Findings) {
        for (at, raw) in self.definition.raw.iter().enumerate() {
            if raw.dialect.is_none_or(|only| only == self.dialect)
                && let Err(error) = script::split(self.dialect, &raw.sql)
            {
                found.fault(Path::default().key("raw").at(at), error.to_string());
            }
        }
    }
}
