//! Names that were declared to be others now.
//!
//! MariaDB follows a renamed column into what is computed from it. MySQL refuses to rename one that a check, a computed
//! column, a default or an index over an expression names: there they go and come back in the same ALTER, which keeps rows.
//! Nor does it rename one that the table is cut by, unless the same ALTER says how it is cut.

use std::collections::{BTreeMap, HashSet};

use super::{Writer, about, change, column, full, index, lock, partition, quoted};
use crate::backtick;
use crate::compare::{Rename, Renames};
use crate::structure::{ConstraintKind, Index, IndexPart, IndexTarget, Kind, Name, Table};
use crate::write::WriteError;

/// One ALTER that gives the parts of a table their names.
#[derive(Default)]
struct Renaming {
    /// What goes before.
    first: Vec<String>,
    /// The old and the new names of columns and indexes.
    columns: Vec<(String, String)>,
    indexes: Vec<(String, String)>,
    /// What comes back.
    last: Vec<String>,
    /// How the table is cut, said anew where it is cut by one of the columns.
    cut: Option<String>,
    rewrites: bool,
}

impl Renaming {
    fn clauses(self) -> Result<String, WriteError> {
        let mut clauses = self.first;
        for (from, to) in self.columns {
            clauses.push(format!("RENAME COLUMN {} TO {}", quoted(&from)?, quoted(&to)?));
        }
        for (from, to) in self.indexes {
            clauses.push(format!("RENAME INDEX {} TO {}", quoted(&from)?, quoted(&to)?));
        }
        clauses.extend(self.last);
        let mut sql = clauses.join(", ");
        if let Some(cut) = self.cut {
            sql.push(' ');
            sql.push_str(&cut);
        }
        Ok(sql)
    }
}

impl<'a> Writer<'a> {
    pub(super) fn rename_objects(&mut self, renames: &Renames) -> Result<(), WriteError> {
        for rename in &renames.0 {
            let (kind, from, to) = match rename {
                Rename::Table { from, to } => (Kind::Table, from, to),
                Rename::View { from, to } => (Kind::View, from, to),
                Rename::Sequence { from, to } => (Kind::Sequence, from, to),
                _ => continue,
            };
            let mut renaming = change(
                format!("RENAME TABLE {} TO {}", full(from)?, full(to)?),
                format!("{from} is now {to}"),
                about(kind, from),
            );
            renaming.lock = lock(&from.name, false);
            self.push(renaming);
        }
        Ok(())
    }

    /// Columns and indexes; what else has a name is dropped and made again with what differs.
    pub(super) fn rename_parts(&mut self, renames: &Renames) -> Result<(), WriteError> {
        let mut tables: BTreeMap<String, Renaming> = BTreeMap::new();
        for rename in &renames.0 {
            match rename {
                Rename::Column { table, from, to } => {
                    let renaming = tables.entry(table.name.clone()).or_default();
                    renaming.columns.push((from.clone(), to.clone()));
                }
                Rename::Index { table, from, to } | Rename::Constraint { table, from, to } => {
                    if let Some(table) = self.table_of_index(&table.name, to) {
                        let renaming = tables.entry(table.to_owned()).or_default();
                        renaming.indexes.push((from.clone(), to.clone()));
                    }
                }
                _ => {}
            }
        }
        for (name, mut renaming) in tables {
            let name = Name::plain(name);
            if self.is_mysql()
                && !renaming.columns.is_empty()
                && let Some(table) = self.table_renamed(&name)
            {
                self.take_along(table, renames, &mut renaming)?;
            }
            let copies = renaming.rewrites;
            let clauses = renaming.clauses()?;
            let mut altering = change(
                format!("ALTER TABLE {} {}", quoted(&name.name)?, clauses),
                format!("new names in {name}"),
                about(Kind::Table, &name),
            );
            altering.lock = lock(&name.name, copies);
            altering.rewrites = copies;
            self.push(altering);
        }
        Ok(())
    }

    /// A table that is there, with the new names.
    fn table_renamed(&self, name: &Name) -> Option<&'a Table> {
        let comparison = self.comparison;
        comparison.from.tables.iter().find(|table| table.name == *name)
    }

    /// What names one of the renamed columns goes and comes back, its text with the new names.
    fn take_along(&self, table: &Table, renames: &Renames, renaming: &mut Renaming) -> Result<(), WriteError> {
        let new: HashSet<String> = renaming.columns.iter().map(|(_, to)| to.to_lowercase()).collect();
        let named = |text: &str| {
            let names = backtick::names(text);
            names.iter().any(|name| new.contains(&name.to_lowercase()))
        };
        for one in &table.constraints {
            if let ConstraintKind::Check { expression } = &one.kind
                && named(expression)
            {
                let before = old_name(renames, &table.name, &one.name);
                let before = before.map_or_else(|| self.name_now(one, table), str::to_owned);
                renaming.first.push(format!("DROP CHECK {}", quoted(&before)?));
                renaming.last.push(format!("ADD {}", index::constraint(one, true)?));
            }
        }
        for one in &table.indexes {
            let over = |part: &IndexPart| match &part.on {
                IndexTarget::Expression(text) => named(text),
                IndexTarget::Column(_) => false,
            };
            if one.parts.iter().any(over) {
                let before = old_name(renames, &table.name, &one.name).unwrap_or(&one.name);
                renaming.first.push(format!("DROP INDEX {}", quoted(before)?));
                let unprinted = Index {
                    definition: None,
                    ..one.clone()
                };
                renaming
                    .last
                    .push(format!("ADD {}", index::definition(&unprinted, table)?));
                renaming.indexes.retain(|(_, to)| *to != one.name);
            }
        }
        for one in &table.columns {
            let computed = one.generated.as_ref().map(|generated| generated.expression.as_str());
            if !computed.into_iter().chain(one.default.as_deref()).any(named) {
                continue;
            }
            let declared = column::definition(one, table, true)?;
            renaming.rewrites |= one.generated.as_ref().is_some_and(|generated| generated.stored);
            let wanted = one.name.to_lowercase();
            match renaming.columns.iter().position(|(_, to)| to.to_lowercase() == wanted) {
                Some(at) => {
                    let (before, _) = renaming.columns.remove(at);
                    renaming
                        .last
                        .push(format!("CHANGE COLUMN {} {declared}", quoted(&before)?));
                }
                None => renaming.last.push(format!("MODIFY COLUMN {declared}")),
            }
        }
        if let Some(partitioning) = table.partitioning.as_ref().filter(|one| named(&one.by)) {
            renaming.cut = Some(partition::clause(partitioning)?);
            renaming.rewrites = true;
        }
        Ok(())
    }

    /// The table that has an index of this name, which it already bears.
    fn table_of_index(&self, table: &str, index: &str) -> Option<&'a str> {
        let index = index.to_lowercase();
        let comparison = self.comparison;
        let tables = &comparison.from.tables;
        let mut holding = tables.iter().filter(|one| table.is_empty() || one.name.name == table);
        holding
            .find(|one| one.indexes.iter().any(|known| known.name.to_lowercase() == index))
            .map(|one| one.name.name.as_str())
    }
}

/// What an index or a check of a table was called, where it has another name now.
fn old_name<'r>(renames: &'r Renames, table: &Name, new: &str) -> Option<&'r str> {
    renames.0.iter().find_map(|rename| match rename {
        Rename::Index { table: of, from, to } | Rename::Constraint { table: of, from, to }
            if to == new && (of.name.is_empty() || of == table) =>
        {
            Some(from.as_str())
        }
        _ => None,
    })
}
