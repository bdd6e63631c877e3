//! Keys, indexes and checks of a table that changes.

use super::alter::{Alter, is_filled};
use super::{Writer, change, check, column, full, index, lock, quoted};
use crate::backtick;
use crate::compare::{Pair, TablePair};
use crate::structure::{Column, Constraint, ConstraintKind, Index, Table};
use crate::write::WriteError;

impl<'a> Writer<'a> {
    pub(super) fn keys_and_checks(
        &mut self,
        alter: &mut Alter,
        pair: &TablePair<'a>,
        from: &Table,
        to: &Table,
    ) -> Result<(), WriteError> {
        for pair in &pair.constraints {
            let one = pair.to().or(pair.from());
            let Some(kind) = one.map(|one| &one.kind) else { continue };
            let recased = match *pair {
                Pair::Both { from: old, to: new, .. } => {
                    old.name != new.name && old.name.to_lowercase() == new.name.to_lowercase()
                }
                _ => false,
            };
            match kind {
                ConstraintKind::ForeignKey(key) => {
                    // One that stays is not asked about otherwise.
                    if let Pair::Both {
                        to: new, alike: true, ..
                    } = *pair
                        && key.columns.iter().any(|name| is_filled_of(from, to, name))
                    {
                        self.ask_reference(to, &new.name, key)?;
                    }
                }
                ConstraintKind::PrimaryKey(_) => self.primary_key(alter, pair, from, to)?,
                _ if pair.differs() || recased => {
                    if let Some(old) = pair.from() {
                        let name = self.name_now(old, to);
                        // What MySQL calls it is older there than the word of the standard.
                        let word = if self.is_mysql() { "CHECK" } else { "CONSTRAINT" };
                        alter.clauses.insert(0, format!("DROP {word} {}", quoted(&name)?));
                    }
                    if let Some(new) = pair.to() {
                        let taken = from.constraints.iter().any(|one| one.name == new.name)
                            && pair.from().is_none_or(|old| old.name != new.name);
                        let named = !(new.generated_name && taken);
                        alter.add(format!("ADD {}", index::constraint(new, named)?));
                        alter.scans = true;
                        if let (ConstraintKind::Check { expression }, false) = (&new.kind, new.unchecked) {
                            self.ask_check(to, &new.name, expression)?;
                        }
                    }
                }
                ConstraintKind::Check { expression }
                    if backtick::names(expression)
                        .iter()
                        .any(|name| is_filled_of(from, to, name)) =>
                {
                    self.ask_check(to, &one.map(|one| one.name.clone()).unwrap_or_default(), expression)?;
                }
                _ => {}
            }
        }
        // A column's own check is a part of its declaration.
        for pair in &pair.columns {
            let said = |column: Option<&Column>| column.and_then(|one| one.options.get("check").cloned());
            if let (old, Some(new)) = (said(pair.from()), said(pair.to()))
                && let Some(column) = pair.to()
                && (old.as_ref() != Some(&new) || is_filled_of(from, to, &column.name))
            {
                self.ask_check(to, &column.name, &new)?;
            }
        }
        Ok(())
    }

    fn primary_key(
        &mut self,
        alter: &mut Alter,
        pair: &Pair<'a, Constraint>,
        from: &Table,
        to: &Table,
    ) -> Result<(), WriteError> {
        let parts = |one: Option<&'a Constraint>| match one.map(|one| &one.kind) {
            Some(ConstraintKind::PrimaryKey(key)) => Some(&key.parts),
            _ => None,
        };
        let (old, new) = (parts(pair.from()), parts(pair.to()));
        if pair.differs() || (new.is_some() && keeps_block_size(from, to)) {
            alter.rewrites = true;
            if old.is_some() {
                alter.clauses.insert(0, "DROP PRIMARY KEY".to_owned());
            }
            if let Some(constraint) = pair.to() {
                alter.add(format!("ADD {}", index::constraint(constraint, false)?));
            }
        }
        match new {
            Some(parts)
                if pair.differs() || compares_anew(from, to, parts.iter().filter_map(|one| one.column_name())) =>
            {
                let options = pair.to().map(|one| one.options.clone()).unwrap_or_default();
                self.ask_key(to, "PRIMARY KEY", parts, &options)
            }
            _ => Ok(()),
        }
    }

    pub(super) fn indexes(
        &mut self,
        alter: &mut Alter,
        pair: &TablePair<'a>,
        from: &Table,
        to: &Table,
    ) -> Result<(), WriteError> {
        let (mut gone, mut come): (Vec<&Index>, Vec<&Index>) = (Vec::new(), Vec::new());
        let resized = keeps_block_size(from, to);
        for pair in &pair.indexes {
            match *pair {
                Pair::Added(new) => come.push(new),
                Pair::Dropped(old) => gone.push(old),
                Pair::Both {
                    from: old,
                    to: new,
                    alike,
                } => {
                    let columns = new.parts.iter().filter_map(|part| part.column_name());
                    let remade = resized || columns.clone().any(|name| alter.parts_from(name));
                    if !alike && !remade && only_hidden(old, new) {
                        alter.add(self.hide(new)?);
                    } else if !alike || remade {
                        gone.push(old);
                        come.push(new);
                    } else if old.name != new.name {
                        alter.add(rename(old, new)?);
                    }
                    let table = pair_tables(self, to);
                    if alike
                        && new.unique
                        && let Some(from) = table
                        && compares_anew(from, to, columns)
                    {
                        self.ask_key(to, &new.name, &new.parts, &new.options)?;
                    }
                }
            }
        }
        only_renamed(alter, &mut gone, &mut come);
        for old in gone {
            let clause = format!("DROP INDEX {}", quoted(&old.name)?);
            if goes_alone(old, &come, alter) {
                let mut dropping = change(
                    format!("ALTER TABLE {} {clause}", full(&to.name)?),
                    format!("{}: {} goes before the table changes", to.name, old.name),
                    check::of_table(to),
                );
                dropping.lock = lock(&to.name.name, false);
                self.push(dropping);
            } else {
                alter.clauses.insert(0, clause);
            }
        }
        for new in come {
            let clause = format!("ADD {}", index::definition(new, to)?);
            // MySQL makes one FULLTEXT index at a time.
            if new.method == "fulltext" && alter.clauses.iter().any(|one| one.starts_with("ADD FULLTEXT")) {
                alter.later.push(clause);
            } else {
                alter.add(clause);
            }
            alter.scans = true;
            if new.unique {
                self.ask_key(to, &new.name, &new.parts, &new.options)?;
            }
        }
        Ok(())
    }

    fn hide(&self, index: &Index) -> Result<String, WriteError> {
        let shown = if self.is_mysql() { "VISIBLE" } else { "NOT IGNORED" };
        let word = index.options.get("invisible").map_or(shown, String::as_str);
        Ok(format!("ALTER INDEX {} {word}", quoted(&index.name)?))
    }
}

/// Whether the indexes would go on with the size of block that the table had, and say so: the table is copied anyway.
fn keeps_block_size(from: &Table, to: &Table) -> bool {
    let size = |table: &Table| table.options.get("key_block_size").cloned();
    size(from).is_some() && size(from) != size(to)
}

/// What MySQL does not see when it is said together with the rest: that a full text's parser is another one, and that a
/// place is no longer under an index when its system of reference changes.
fn goes_alone(old: &Index, come: &[&Index], alter: &Alter) -> bool {
    let parser = |index: &Index| index.options.get("parser").cloned();
    let names = |index: &Index| -> Vec<String> {
        let columns = index.parts.iter().filter_map(|part| part.column_name());
        columns.map(str::to_lowercase).collect()
    };
    come.iter()
        .any(|new| new.method == "fulltext" && names(new) == names(old) && parser(new) != parser(old))
        || names(old).iter().any(|name| alter.bare.contains(name))
}

fn pair_tables<'w>(writer: &Writer<'w>, to: &Table) -> Option<&'w Table> {
    let tables = &writer.comparison.from.tables;
    let at = tables.binary_search_by(|table| table.name.cmp(&to.name)).ok()?;
    tables.get(at)
}

/// Whether rows without a value get one in this column.
fn is_filled_of(from: &Table, to: &Table, name: &str) -> bool {
    let find = |table: &'_ Table| -> Option<Column> {
        let mut columns = table.columns.iter();
        columns.find(|one| one.name.eq_ignore_ascii_case(name)).cloned()
    };
    matches!((find(from), find(to)), (Some(old), Some(new)) if is_filled(&old, &new))
}

/// Whether values of one of the columns are compared by another rule than before, or come where there were none, so that two
/// may be alike now.
fn compares_anew<'c>(from: &Table, to: &Table, mut columns: impl Iterator<Item = &'c str>) -> bool {
    columns.any(|name| match (from.column(name), to.column(name)) {
        (Some(old), Some(new)) => {
            column::collation(old, from) != column::collation(new, to)
                || old.data_type != new.data_type
                || is_filled(old, new)
        }
        _ => false,
    })
}

/// Another name for the same index costs nothing, and loses nothing.
fn only_renamed(alter: &mut Alter, gone: &mut Vec<&Index>, come: &mut Vec<&Index>) {
    come.retain(|new| {
        let same = |old: &&&Index| {
            old.name != new.name
                && !new
                    .parts
                    .iter()
                    .filter_map(|part| part.column_name())
                    .any(|name| alter.parts_from(name))
                && crate::compare::Alike::is_alike(**old, *new)
        };
        let Some(at) = gone.iter().position(|old| same(&old)) else {
            return true;
        };
        match rename(gone[at], new) {
            Ok(clause) => {
                alter.add(clause);
                gone.remove(at);
                false
            }
            Err(_) => true,
        }
    });
}

fn only_hidden(old: &Index, new: &Index) -> bool {
    let shown = |index: &Index| {
        let mut index = index.clone();
        index.options.remove("invisible");
        index.name = String::new();
        index
    };
    old.name == new.name && shown(old) == shown(new)
}

fn rename(old: &Index, new: &Index) -> Result<String, WriteError> {
    Ok(format!("RENAME INDEX {} TO {}", quoted(&old.name)?, quoted(&new.name)?))
}
