//! Statements for SQLite.
//!
//! ```text
//!  guard ─► triggers, views go or step aside ─► indexes go ─► renames ─► tables go ─► tables come
//!        ─► tables change, in place or anew ─► indexes come ─► views come ─► full text is filled ─► triggers come
//! ```
//!
//! Everything can run in one transaction, and is meant to. `foreign_keys` has to be off, which no statement here can do
//! (inside a transaction the pragma is a no-op): see [`rebuild`].

mod aside;
mod conversion;
mod create;
mod full_text;
mod names;
mod obstacles;
mod projection;
mod rebuild;
mod script;
mod way;

use std::collections::{HashMap, HashSet};

use super::{Choices, Plan, WriteError};
use crate::compare::{Comparison, Pair, Rename, Renames, TablePair};
use crate::read::sqlite::fold;
use crate::structure::{Constraint, ConstraintKind, Index, Kind, Name, ObjectRef, Structure, Table};
use aside::{Aside, Shaken, aside};
use create::name;
use full_text::Text;
use names::Names;
use script::{Cost, Script, about, part_of};
use way::{Way, way};

pub(super) fn write(
    from: &Structure,
    renames: &Renames,
    comparison: &Comparison<'_>,
    _choices: Choices,
) -> Result<Plan, WriteError> {
    let names = Names::of(from, renames);
    let ways: Vec<(&TablePair<'_>, Way<'_>)> = comparison
        .tables
        .iter()
        .map(|pair| {
            let original = pair.table.to().and_then(|to| names.table(&to.name.name));
            (pair, way(pair, original))
        })
        .collect();
    let shaken = shaken(renames, &ways);
    let aside = aside(comparison, &shaken);
    let mut writing = Writing {
        from,
        comparison,
        names,
        script: Script::default(),
    };
    writing.guard(&ways);
    writing.step_aside(&aside)?;
    writing.drop_indexes(&ways)?;
    writing.renames(renames)?;
    writing.drop_tables()?;
    writing.create_tables()?;
    writing.change_tables(&ways)?;
    writing.create_indexes(&ways)?;
    for view in aside.views_to_make(comparison) {
        let about = ObjectRef::new(Kind::View, view.name.clone());
        let sql = create::view(view)?;
        writing
            .script
            .push(about, Cost::Nothing, format!("view {}", view.name), sql);
    }
    writing.fill_full_text(&ways, &aside)?;
    for trigger in aside.triggers_to_make(comparison) {
        let about = ObjectRef::part(Kind::Trigger, trigger.on.clone(), trigger.name.as_str());
        let sql = create::trigger(trigger)?;
        writing
            .script
            .push(about, Cost::Nothing, format!("trigger {}", trigger.name), sql);
    }
    let rebuilt = ways.iter().filter(|(_, way)| matches!(way, Way::Rebuild(_)));
    let rebuilt = rebuilt.filter_map(|(pair, _)| pair.table.to().map(|to| to.name.name.as_str()));
    writing.script.plan.checks.extend(rebuild::is_free(rebuilt));
    let goes = |pair: &&TablePair<'_>| pair.is_changed() || matches!(pair.table, Pair::Dropped(_));
    for pair in comparison.tables.iter().filter(goes) {
        let checks = obstacles::obstacles(comparison, &writing.names, pair)?;
        writing.script.plan.checks.extend(checks);
    }
    Ok(writing.script.plan)
}

/// Whether it has rows that nothing else has: no index over the text of others, and nothing that shows what others hold.
pub(super) fn has_own_rows(table: &Table) -> bool {
    !full_text::shows(table) && full_text::text_of(table) == Text::Own
}

/// Whether its rows are found by numbers that are none of its columns.
pub(super) fn is_numbered(table: &Table) -> bool {
    full_text::is_full_text(table)
}

/// Whether it is an index over the text of that table's rows.
pub(super) fn is_text_of(table: &Table, of: &Name) -> bool {
    matches!(full_text::text_of(table), Text::In(content) if content == fold(&of.name))
}

fn shaken(renames: &Renames, ways: &[(&TablePair<'_>, Way<'_>)]) -> Shaken {
    let mut shaken = Shaken::default();
    for rename in &renames.0 {
        shaken.resolves |= matches!(rename, Rename::Table { .. } | Rename::Column { .. });
        match rename {
            Rename::View { to, .. } => {
                shaken.views.insert(fold(&to.name));
            }
            Rename::Column { table, to, .. } => shaken.renamed.extend([fold(&table.name), fold(to)]),
            _ => {}
        }
    }
    for (pair, way) in ways {
        match (pair.table, way) {
            (Pair::Dropped(table), _) => {
                shaken.tables.insert(fold(&table.name.name));
            }
            (Pair::Both { to, .. }, Way::Rebuild(_)) => {
                shaken.tables.insert(fold(&to.name.name));
                shaken.resolves = true;
            }
            (_, Way::Alter { dropped, .. }) => {
                shaken.columns.extend(dropped.iter().map(|column| fold(&column.name)));
                shaken.resolves |= !dropped.is_empty();
            }
            _ => {}
        }
    }
    shaken
}

struct Writing<'a> {
    from: &'a Structure,
    comparison: &'a Comparison<'a>,
    names: Names<'a>,
    script: Script,
}

impl Writing<'_> {
    fn guard(&mut self, ways: &[(&TablePair<'_>, Way<'_>)]) {
        for (pair, way) in ways {
            let goes = match pair.table {
                Pair::Dropped(_) => true,
                Pair::Added(_) => false,
                Pair::Both { .. } => matches!(way, Way::Rebuild(_)),
            };
            if let (Some(table), true) = (pair.table.from(), goes)
                && rebuild::is_pointed_to(self.comparison.from, &table.name.name)
            {
                rebuild::guard(&mut self.script, &table.name.name);
                return;
            }
        }
    }

    fn step_aside(&mut self, aside: &Aside) -> Result<(), WriteError> {
        let gone = |changes: bool| if changes { "goes" } else { "steps aside, and comes back" };
        for pair in &self.comparison.triggers {
            // A trigger on a view goes with it.
            if let Some(trigger) = pair.from()
                && aside.triggers.contains(&fold(&trigger.name))
                && !aside.views.contains(&fold(&trigger.on.name))
            {
                self.script
                    .drop_trigger(&trigger.on, &trigger.name, gone(pair.differs()))?;
            }
        }
        for pair in &self.comparison.views {
            if let Some(view) = pair.from()
                && aside.views.contains(&fold(&view.name.name))
            {
                let now = self.names.view(&view.name.name).to_owned();
                self.script.drop_view(&now, gone(pair.differs()))?;
            }
        }
        Ok(())
    }

    /// Those of tables that stay as they are; a table that goes or is built anew takes its indexes along. An index whose name
    /// is wanted by another table has to go first all the same.
    fn drop_indexes(&mut self, ways: &[(&TablePair<'_>, Way<'_>)]) -> Result<(), WriteError> {
        for (pair, way) in ways {
            if matches!(way, Way::Rebuild(_)) {
                continue;
            }
            for index in pair.indexes.iter().filter(|index| index.differs()) {
                let Some(index) = index.from() else { continue };
                // A rename in the model alone: SQLite has no ALTER INDEX.
                let now = self.old_index_name(pair, index);
                let sql = format!("DROP INDEX {}", name(&now)?);
                let of = pair.table.to().map_or("", |table| table.name.name.as_str());
                self.script.push(part_of(of, &now), Cost::Nothing, "index goes", sql);
            }
            for (old, _) in self.renamed_indexes(pair) {
                let of = pair.table.to().map_or("", |table| table.name.name.as_str());
                let sql = format!("DROP INDEX {}", name(&old)?);
                self.script
                    .push(part_of(of, &old), Cost::Nothing, "index gets another name", sql);
            }
        }
        Ok(())
    }

    /// The indexes that differ by their name alone, once the renames are applied.
    fn renamed_indexes<'t>(&self, pair: &TablePair<'t>) -> Vec<(String, &'t Index)> {
        let mut renamed = Vec::new();
        for index in &pair.indexes {
            if let Pair::Both { from, to, alike: true } = *index {
                let old = self.old_index_name(pair, from);
                if fold(&old) != fold(&to.name) {
                    renamed.push((old, to));
                }
            }
        }
        renamed
    }

    fn old_index_name(&self, pair: &TablePair<'_>, index: &Index) -> String {
        let original = pair.table.to().and_then(|to| self.names.table(&to.name.name));
        let Some(original) = original else {
            return index.name.clone();
        };
        let own = |one: &&Index| one.definition.is_some() && one.definition == index.definition;
        match original.indexes.iter().find(|one| fold(&one.name) == fold(&index.name)) {
            Some(one) => one.name.clone(),
            None => original
                .indexes
                .iter()
                .find(own)
                .map_or_else(|| index.name.clone(), |one| one.name.clone()),
        }
    }

    fn renames(&mut self, renames: &Renames) -> Result<(), WriteError> {
        for rename in &renames.0 {
            match rename {
                Rename::Table { from, to } => {
                    let old = self
                        .from
                        .table(from)
                        .map_or(&from.name, |table| &table.name.name)
                        .clone();
                    let mut steps = vec![(old.clone(), to.name.clone())];
                    if fold(&old) == fold(&to.name) {
                        // SQLite takes the same name in another case for a name that is taken.
                        let between = rebuild::interim(&to.name);
                        rebuild::free(&mut self.script, &to.name);
                        steps = vec![(old, between.clone()), (between, to.name.clone())];
                    }
                    for (old, new) in steps {
                        let sql = format!("ALTER TABLE {} RENAME TO {}", name(&old)?, name(&new)?);
                        let comment = format!("{old} is called {new} from now on");
                        self.script.push(about(&old), Cost::Nothing, comment, sql);
                    }
                }
                Rename::Column { table, from, to } => {
                    let is_virtual = self
                        .names
                        .table(&table.name)
                        .is_some_and(|one| one.virtual_table.is_some());
                    if is_virtual {
                        continue;
                    }
                    let sql = format!(
                        "ALTER TABLE {} RENAME COLUMN {} TO {}",
                        name(&table.name)?,
                        name(from)?,
                        name(to)?
                    );
                    let comment = format!("{from} is called {to} from now on");
                    self.script
                        .push(part_of(&table.name, from), Cost::Nothing, comment, sql);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Those that point to others first.
    fn drop_tables(&mut self) -> Result<(), WriteError> {
        let mut gone: Vec<&Table> = Vec::new();
        for pair in &self.comparison.tables {
            if let Pair::Dropped(table) = pair.table {
                gone.push(table);
            }
        }
        let mut order = by_reference(gone);
        order.reverse();
        for table in order {
            let sql = format!("DROP TABLE {}", name(&table.name.name)?);
            let comment = format!("table {} goes, with its rows", table.name);
            self.script.push(about(&table.name.name), Cost::Nothing, comment, sql);
        }
        Ok(())
    }

    /// Those that others point to first; what runs in a circle in any order, because SQLite looks for the other side of a
    /// foreign key only when a row is written.
    fn create_tables(&mut self) -> Result<(), WriteError> {
        let mut new: Vec<&Table> = Vec::new();
        for pair in &self.comparison.tables {
            if let Pair::Added(table) = pair.table {
                new.push(table);
            }
        }
        let (ordinary, virtual_ones): (Vec<&Table>, Vec<&Table>) =
            new.into_iter().partition(|table| table.virtual_table.is_none());
        for table in by_reference(ordinary).into_iter().chain(virtual_ones) {
            let sql = create::table(table, None)?;
            let comment = format!("table {}", table.name);
            self.script.push(about(&table.name.name), Cost::Nothing, comment, sql);
        }
        Ok(())
    }

    fn change_tables(&mut self, ways: &[(&TablePair<'_>, Way<'_>)]) -> Result<(), WriteError> {
        for (pair, way) in ways {
            let Pair::Both { from, to, .. } = pair.table else {
                continue;
            };
            match way {
                Way::Nothing => {}
                Way::Alter { dropped, added } => {
                    let table = name(&from.name.name)?;
                    for column in dropped {
                        let sql = format!("ALTER TABLE {table} DROP COLUMN {}", name(&column.name)?);
                        let computed = column.generated.as_ref().is_some_and(|one| !one.stored);
                        let cost = if computed { Cost::Nothing } else { Cost::Rewrite };
                        let comment = format!("column {} goes, with what it holds", column.name);
                        self.script
                            .push(part_of(&to.name.name, &column.name), cost, comment, sql);
                    }
                    for (column, constraints) in added {
                        let declared = declared_column(to, column, constraints)?;
                        let sql = format!("ALTER TABLE {table} ADD COLUMN {declared}");
                        let checks = |one: &&Constraint| matches!(one.kind, ConstraintKind::Check { .. });
                        let reads = constraints.iter().any(checks) || (column.generated.is_some() && !column.nullable);
                        let cost = if reads { Cost::Scan } else { Cost::Nothing };
                        let comment = format!("column {}", column.name);
                        self.script
                            .push(part_of(&to.name.name, &column.name), cost, comment, sql);
                    }
                }
                Way::Rebuild(_) if full_text::shows(from) || full_text::shows(to) => {
                    full_text::replace(&mut self.script, from, to)?;
                }
                Way::Rebuild(_) if to.virtual_table.is_some() && full_text::is_derived(from, to) => {
                    full_text::again(&mut self.script, from, to)?;
                }
                Way::Rebuild(reason) => {
                    rebuild::rebuild(&mut self.script, &self.names, pair, reason)?;
                }
            }
        }
        Ok(())
    }

    fn create_indexes(&mut self, ways: &[(&TablePair<'_>, Way<'_>)]) -> Result<(), WriteError> {
        for (pair, way) in ways {
            let Some(table) = pair.table.to() else { continue };
            let all = matches!(pair.table, Pair::Added(_)) || matches!(way, Way::Rebuild(_));
            let mut new: Vec<&Index> = if all {
                table.indexes.iter().collect()
            } else {
                let differing = pair.indexes.iter().filter(|one| one.differs());
                differing.filter_map(Pair::to).collect()
            };
            if !all {
                new.extend(self.renamed_indexes(pair).into_iter().map(|(_, index)| index));
            }
            for index in new {
                let cost = if matches!(pair.table, Pair::Added(_)) {
                    Cost::Nothing
                } else {
                    Cost::Scan
                };
                let sql = create::index(table, index)?;
                let comment = format!("index {}", index.name);
                self.script
                    .push(part_of(&table.name.name, &index.name), cost, comment, sql);
            }
        }
        Ok(())
    }

    /// Indexes over the text of a table that has rows already, and over one whose values were changed on the way, or a view
    /// that may show others now.
    fn fill_full_text(&mut self, ways: &[(&TablePair<'_>, Way<'_>)], aside: &Aside) -> Result<(), WriteError> {
        let there: HashSet<String> = self
            .comparison
            .from
            .tables
            .iter()
            .map(|table| fold(&table.name.name))
            .chain(self.comparison.from.views.iter().map(|view| fold(&view.name.name)))
            .collect();
        let mut anew: HashSet<String> = ways
            .iter()
            .filter(|(_, way)| matches!(way, Way::Rebuild(_)))
            .filter_map(|(pair, _)| Some(fold(&pair.table.to()?.name.name)))
            .collect();
        anew.extend(aside.views.iter().cloned());
        for (pair, way) in ways {
            let Some(table) = pair.table.to() else { continue };
            let Text::In(content) = full_text::text_of(table) else {
                continue;
            };
            let is_new = matches!(pair.table, Pair::Added(_)) || matches!(way, Way::Rebuild(_));
            let still_there = self
                .comparison
                .to
                .tables
                .iter()
                .any(|one| fold(&one.name.name) == content)
                || self
                    .comparison
                    .to
                    .views
                    .iter()
                    .any(|one| fold(&one.name.name) == content);
            if still_there && (anew.contains(&content) || (is_new && there.contains(&content))) {
                full_text::fill(&mut self.script, table)?;
            }
        }
        Ok(())
    }
}

/// A column to be added: as it was written, where all that comes with it is written there.
fn declared_column(
    table: &Table,
    column: &crate::structure::Column,
    constraints: &[&Constraint],
) -> Result<String, WriteError> {
    if let (Some(declared), Some(sql)) = (create::as_written(table), &table.sql) {
        let place = declared.table.columns.iter().position(|one| one.name == column.name);
        if let Some(place) = place
            && let Some(range) = declared.columns.get(place)
        {
            let inline: Vec<&Constraint> = declared
                .inline
                .iter()
                .filter(|(at, _)| *at == place)
                .map(|(_, one)| one)
                .collect();
            if inline.len() == constraints.len() && constraints.iter().all(|one| inline.contains(one)) {
                return Ok(sql[range.clone()].to_owned());
            }
        }
    }
    create::column(column, constraints)
}

/// Tables in an order in which each comes after those it points to, as far as there is one.
fn by_reference(tables: Vec<&Table>) -> Vec<&Table> {
    let places: HashMap<String, usize> = tables
        .iter()
        .enumerate()
        .map(|(at, table)| (fold(&table.name.name), at))
        .collect();
    let mut seen = vec![false; tables.len()];
    let mut order = Vec::with_capacity(tables.len());
    for start in 0..tables.len() {
        // Depth first without recursion: a chain of foreign keys can be as long as there are tables.
        let mut path = vec![(start, 0_usize)];
        if std::mem::replace(&mut seen[start], true) {
            continue;
        }
        while let Some((at, next)) = path.pop() {
            let parents: Vec<usize> = tables[at]
                .constraints
                .iter()
                .filter_map(|constraint| match &constraint.kind {
                    ConstraintKind::ForeignKey(key) => places.get(&fold(&key.references.name)).copied(),
                    _ => None,
                })
                .collect();
            match parents.get(next) {
                Some(parent) => {
                    path.push((at, next + 1));
                    if !std::mem::replace(&mut seen[*parent], true) {
                        path.push((*parent, 0));
                    }
                }
                None => order.push(tables[at]),
            }
        }
    }
    order
}

#[cfg(test)]
mod tests;
