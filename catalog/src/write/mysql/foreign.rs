//! Foreign keys: they go first and come last, and those that an ALTER would stumble over go and come back.

use std::collections::{HashMap, HashSet};

use super::{Writer, change, check, column, index, lock, quoted};
use crate::compare::{Pair, TablePair};
use crate::structure::{Constraint, ConstraintKind, ForeignKey, Index, Table};
use crate::write::WriteError;

/// Which foreign keys go, and which come.
#[derive(Default)]
pub(super) struct ForeignKeys<'a> {
    drop: Vec<(&'a Table, Vec<String>)>,
    /// The indexes that the server may have made for keys that go and come back. It would make another one under the key's
    /// name, unless these are said.
    said: HashMap<&'a str, Vec<&'a Index>>,
    add: Vec<(&'a Table, Vec<New<'a>>)>,
}

struct New<'a> {
    constraint: &'a Constraint,
    key: &'a ForeignKey,
    named: bool,
    /// Whether the rows may not fit it.
    doubtful: bool,
}

/// What an ALTER does to a table that its foreign keys, and those that point to it, feel.
#[derive(Default)]
struct Felt {
    /// Columns of another type.
    columns: HashSet<String>,
    /// The leading columns of the keys and indexes that stay as they are.
    kept: Vec<Vec<String>>,
    /// Whether any key or index goes.
    loses: bool,
}

impl Felt {
    fn by(&self, columns: &[String]) -> bool {
        let columns: Vec<String> = columns.iter().map(|one| one.to_lowercase()).collect();
        if columns.iter().any(|column| self.columns.contains(column)) {
            return true;
        }
        let wanted: HashSet<&String> = columns.iter().collect();
        self.loses
            && !self.kept.iter().any(|kept| {
                kept.len() >= columns.len() && kept[..columns.len()].iter().collect::<HashSet<_>>() == wanted
            })
    }
}

fn felt(pair: &TablePair<'_>, from: &Table, to: &Table) -> Felt {
    let mut felt = Felt::default();
    for pair in &pair.columns {
        match *pair {
            Pair::Both { from: old, to: new, .. } => {
                let retyped = old.data_type != new.data_type
                    || column::collation(old, from) != column::collation(new, to)
                    || old.generated != new.generated;
                if retyped {
                    felt.columns.insert(new.name.to_lowercase());
                }
            }
            Pair::Dropped(old) => drop(felt.columns.insert(old.name.to_lowercase())),
            Pair::Added(_) => {}
        }
    }
    for pair in &pair.indexes {
        match *pair {
            Pair::Both { from, alike: true, .. } => felt.kept.push(index::leading(&from.parts)),
            Pair::Added(_) => {}
            _ => felt.loses = true,
        }
    }
    for pair in &pair.constraints {
        if let Some(ConstraintKind::PrimaryKey(key)) = pair.from().map(|one| &one.kind) {
            match *pair {
                Pair::Both { alike: true, .. } => felt.kept.push(index::leading(&key.parts)),
                _ => felt.loses = true,
            }
        }
    }
    felt
}

/// The index over exactly the columns of a key that stays while the key goes and comes.
fn own_index<'a>(pair: &TablePair<'a>, new: &New<'_>) -> Option<&'a Index> {
    let columns: Vec<String> = new.key.columns.iter().map(|one| one.to_lowercase()).collect();
    pair.indexes.iter().find_map(|one| match *one {
        Pair::Both { from, to, alike: true } if from.name == to.name && to.name != new.constraint.name => {
            (!to.unique && index::leading(&to.parts) == columns).then_some(to)
        }
        _ => None,
    })
}

impl<'a> Writer<'a> {
    pub(super) fn foreign_keys(&self) -> ForeignKeys<'a> {
        let comparison = self.comparison;
        let mut felt_by: HashMap<&str, Felt> = HashMap::new();
        for pair in &comparison.tables {
            if let Pair::Both { from, to, .. } = pair.table {
                let felt = felt(pair, from, to);
                if felt.loses || !felt.columns.is_empty() {
                    felt_by.insert(&to.name.name, felt);
                }
            }
        }
        let circle = self.in_circle();
        let gone_in_circle = self.gone_in_circle();
        let mut found = ForeignKeys::default();
        for pair in &comparison.tables {
            match pair.table {
                Pair::Added(table) if circle.contains(&table.name.name) => {
                    found
                        .add
                        .push((table, keys(table).map(|(one, key)| New::of(one, key)).collect()));
                }
                Pair::Dropped(table) if gone_in_circle.contains(&table.name.name) => {
                    found
                        .drop
                        .push((table, keys(table).map(|(one, _)| one.name.clone()).collect()));
                }
                Pair::Both { from, to, .. } => self.changed_keys(pair, from, to, &felt_by, &mut found),
                _ => {}
            }
        }
        found.drop.retain(|(_, names)| !names.is_empty());
        found.add.retain(|(_, keys)| !keys.is_empty());
        found
    }

    fn gone_in_circle(&self) -> HashSet<String> {
        let gone: Vec<&Table> = self
            .comparison
            .tables
            .iter()
            .filter_map(|pair| match pair.table {
                Pair::Dropped(table) => Some(table),
                _ => None,
            })
            .collect();
        super::table::circle(&gone)
    }

    fn changed_keys(
        &self,
        pair: &TablePair<'a>,
        from: &'a Table,
        to: &'a Table,
        felt_by: &HashMap<&str, Felt>,
        found: &mut ForeignKeys<'a>,
    ) {
        let (mut drop, mut add): (Vec<String>, Vec<New<'a>>) = (Vec::new(), Vec::new());
        for one in &pair.constraints {
            let is_key = |one: &Constraint| matches!(one.kind, ConstraintKind::ForeignKey(_));
            if !one.from().or(one.to()).is_some_and(is_key) {
                continue;
            }
            if let Pair::Both {
                from: old,
                to: new,
                alike: true,
            } = *one
                && let ConstraintKind::ForeignKey(key) = &new.kind
            {
                let is_felt = |table: &str, columns: &[String]| felt_by.get(table).is_some_and(|felt| felt.by(columns));
                let recased = old.name != new.name && old.name.to_lowercase() == new.name.to_lowercase();
                if recased || is_felt(&to.name.name, &key.columns) || is_felt(&key.references.name, &key.referenced) {
                    drop.push(self.name_now(old, to));
                    add.push(New {
                        doubtful: false,
                        ..New::of(new, key)
                    });
                }
                continue;
            }
            if let Some(old) = one.from() {
                drop.push(self.name_now(old, to));
            }
            if let Some(new) = one.to()
                && let ConstraintKind::ForeignKey(key) = &new.kind
            {
                add.push(New::of(new, key));
            }
        }
        if !drop.is_empty() {
            let said = add.iter().filter_map(|new| own_index(pair, new)).collect();
            found.said.insert(&to.name.name, said);
        }
        // A name that the server made up may still be that of another.
        for new in &mut add {
            let taken = from
                .constraints
                .iter()
                .any(|one| one.name == new.constraint.name && !drop.contains(&self.name_now(one, to)));
            new.named = !(new.constraint.generated_name && taken);
        }
        found.drop.push((to, drop));
        found.add.push((to, add));
    }

    /// A name that the server made up from its table's follows the table.
    pub(super) fn name_now(&self, constraint: &Constraint, table: &Table) -> String {
        let old = self.names.old_table(&table.name);
        match constraint.name.strip_prefix(&old.name) {
            Some(rest) if constraint.generated_name && old != table.name => format!("{}{rest}", table.name.name),
            _ => constraint.name.clone(),
        }
    }

    pub(super) fn drop_foreign_keys(&mut self, foreign: &ForeignKeys<'a>) -> Result<(), WriteError> {
        for (table, names) in &foreign.drop {
            let mut clauses = Vec::new();
            for name in names {
                clauses.push(format!("DROP FOREIGN KEY {}", quoted(name)?));
            }
            for said in foreign.said.get(table.name.name.as_str()).into_iter().flatten() {
                clauses.push(format!("DROP INDEX {}", quoted(&said.name)?));
                clauses.push(format!("ADD {}", index::definition(said, table)?));
            }
            let mut dropping = change(
                format!("ALTER TABLE {} {}", quoted(&table.name.name)?, clauses.join(", ")),
                format!("{}: foreign keys that go or are in the way", table.name),
                check::of_table(table),
            );
            dropping.lock = lock(&table.name.name, false);
            self.push(dropping);
        }
        Ok(())
    }

    pub(super) fn add_foreign_keys(&mut self, foreign: &ForeignKeys<'a>) -> Result<(), WriteError> {
        for (table, keys) in &foreign.add {
            // Those whose names the server makes up come last, when it sees the others'.
            for named in [true, false] {
                let mut clauses = Vec::new();
                for new in keys.iter().filter(|new| new.named == named) {
                    clauses.push(format!("ADD {}", index::constraint(new.constraint, named)?));
                    if new.doubtful {
                        self.ask_reference(table, &new.constraint.name, new.key)?;
                    }
                }
                if clauses.is_empty() {
                    continue;
                }
                let mut adding = change(
                    format!("ALTER TABLE {} {}", quoted(&table.name.name)?, clauses.join(", ")),
                    format!("{}: foreign keys", table.name),
                    check::of_table(table),
                );
                adding.lock = lock(&table.name.name, true);
                adding.scans = true;
                self.push(adding);
            }
        }
        Ok(())
    }
}

impl<'a> New<'a> {
    fn of(constraint: &'a Constraint, key: &'a ForeignKey) -> Self {
        Self {
            constraint,
            key,
            named: true,
            doubtful: true,
        }
    }
}

fn keys(table: &Table) -> impl Iterator<Item = (&Constraint, &ForeignKey)> {
    table.constraints.iter().filter_map(|one| match &one.kind {
        ConstraintKind::ForeignKey(key) => Some((one, key)),
        _ => None,
    })
}
