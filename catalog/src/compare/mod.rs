//! Two structures, object by object: what is new, what is gone, what is there in both and different.
//!
//! ```text
//!  from ── renames ──► from, as it is called in `to` ──┐
//!                                                      ├── paired by name ──► Comparison ──► differences, for people
//!  to ─────────────────────────────────────────────────┘                          └───────► statements, by `write`
//! ```
//!
//! Nothing is guessed: an object under another name is another object, unless a [`Renames`] says so.

mod additive;
mod alike;
mod conversion;
mod difference;
mod pair;
mod privileges;
mod rename;

use std::collections::HashMap;
use std::hash::Hash;

use crate::Dialect;
use crate::structure::{
    Column, Constraint, Extension, Index, Namespace, Other, Routine, Sequence, Structure, Table, Trigger, UserType,
    View,
};

pub use additive::additive;
pub use alike::Alike;
pub use conversion::is_widening;
pub use difference::{Action, Difference, Dimension, Severity};
pub use pair::Pair;
pub use rename::{Rename, RenameError, Renames};

/// Two structures, paired.
#[derive(Debug, Clone)]
pub struct Comparison<'a> {
    /// The side that is.
    pub from: &'a Structure,
    /// The side that should be.
    pub to: &'a Structure,
    /// Schemas in PostgreSQL's sense.
    pub namespaces: Vec<Pair<'a, Namespace>>,
    /// Extensions.
    pub extensions: Vec<Pair<'a, Extension>>,
    /// Types.
    pub types: Vec<Pair<'a, UserType>>,
    /// Sequences.
    pub sequences: Vec<Pair<'a, Sequence>>,
    /// Tables.
    pub tables: Vec<TablePair<'a>>,
    /// Views.
    pub views: Vec<Pair<'a, View>>,
    /// Functions, procedures and aggregates.
    pub routines: Vec<Pair<'a, Routine>>,
    /// Triggers.
    pub triggers: Vec<Pair<'a, Trigger>>,
    /// Everything else.
    pub others: Vec<Pair<'a, Other>>,
}

/// A table in both structures, or in one, with its parts paired.
#[derive(Debug, Clone)]
pub struct TablePair<'a> {
    /// The table.
    pub table: Pair<'a, Table>,
    /// Its columns, in the order of `to`, those that are gone last. Empty where the table is in one structure only.
    pub columns: Vec<Pair<'a, Column>>,
    /// Its constraints. Empty where the table is in one structure only.
    pub constraints: Vec<Pair<'a, Constraint>>,
    /// Its indexes. Empty where the table is in one structure only.
    pub indexes: Vec<Pair<'a, Index>>,
}

impl TablePair<'_> {
    /// Whether the table is in both and something of it differs.
    pub fn is_changed(&self) -> bool {
        self.table.is_changed()
            || self.columns.iter().any(Pair::differs)
            || self.constraints.iter().any(Pair::differs)
            || self.indexes.iter().any(Pair::differs)
    }

    /// Whether there is anything to do about it.
    pub fn differs(&self) -> bool {
        self.table.differs() || self.is_changed()
    }
}

/// Pairs two structures of one dialect. What was renamed has to bear its new name in `from` already
/// ([`Renames::applied_to`]).
pub fn compare<'a>(from: &'a Structure, to: &'a Structure) -> Comparison<'a> {
    let dialect = to.dialect;
    Comparison {
        from,
        to,
        namespaces: pairs(&from.namespaces, &to.namespaces, |one| one.name.clone()),
        extensions: pairs(&from.extensions, &to.extensions, |one| one.name.clone()),
        types: pairs(&from.types, &to.types, |one| one.name.clone()),
        sequences: pairs(&from.sequences, &to.sequences, |one| one.name.clone()),
        tables: pairs(&from.tables, &to.tables, |one| dialect.folded(&one.name))
            .into_iter()
            .map(|table| table_pair(dialect, table))
            .collect(),
        views: pairs(&from.views, &to.views, |one| dialect.folded(&one.name)),
        routines: pairs(&from.routines, &to.routines, |one| {
            (one.name.clone(), one.arguments.clone(), one.kind)
        }),
        triggers: pairs(&from.triggers, &to.triggers, |one| {
            (dialect.folded(&one.on), dialect.folded_part(&one.name))
        }),
        others: pairs(&from.others, &to.others, |one| {
            (one.kind.clone(), one.name.clone(), one.on.clone())
        }),
    }
}

impl Comparison<'_> {
    /// Whether nothing is to be done.
    pub fn is_empty(&self) -> bool {
        !(self.namespaces.iter().any(Pair::differs)
            || self.extensions.iter().any(Pair::differs)
            || self.types.iter().any(Pair::differs)
            || self.sequences.iter().any(Pair::differs)
            || self.tables.iter().any(TablePair::differs)
            || self.views.iter().any(Pair::differs)
            || self.routines.iter().any(Pair::differs)
            || self.triggers.iter().any(Pair::differs)
            || self.others.iter().any(Pair::differs))
    }
}

fn table_pair(dialect: Dialect, table: Pair<'_, Table>) -> TablePair<'_> {
    let Pair::Both { from, to, .. } = table else {
        return TablePair {
            table,
            columns: Vec::new(),
            constraints: Vec::new(),
            indexes: Vec::new(),
        };
    };
    TablePair {
        columns: pairs(&from.columns, &to.columns, |one| dialect.folded_part(&one.name)),
        constraints: named_or_alike(&from.constraints, &to.constraints, |one| {
            (!one.generated_name && !one.name.is_empty()).then(|| dialect.folded_part(&one.name))
        }),
        indexes: named_or_alike(&from.indexes, &to.indexes, |one| {
            (!one.generated_name).then(|| dialect.folded_part(&one.name))
        }),
        table,
    }
}

/// Pairs by key: those of `to` in their order, then those only `from` has, in theirs.
fn pairs<'a, T: Alike, K: Hash + Eq>(from: &'a [T], to: &'a [T], key: impl Fn(&T) -> K) -> Vec<Pair<'a, T>> {
    let mut left: HashMap<K, &'a T> = from.iter().map(|one| (key(one), one)).collect();
    let mut paired = Vec::with_capacity(to.len());
    for one in to {
        paired.push(match left.remove(&key(one)) {
            Some(other) => Pair::both(other, one),
            None => Pair::Added(one),
        });
    }
    paired.extend(
        from.iter()
            .filter(|one| left.contains_key(&key(one)))
            .map(Pair::Dropped),
    );
    paired
}

/// Pairs what has names of its own by them, and what has not by being alike.
fn named_or_alike<'a, T: Alike>(from: &'a [T], to: &'a [T], name: impl Fn(&T) -> Option<String>) -> Vec<Pair<'a, T>> {
    let mut left: Vec<&'a T> = from.iter().collect();
    let mut paired: Vec<Option<Pair<'a, T>>> = to
        .iter()
        .map(|one| {
            let wanted = name(one)?;
            let at = left.iter().position(|other| name(other).as_ref() == Some(&wanted))?;
            Some(Pair::both(left.remove(at), one))
        })
        .collect();
    // What the engine named is the same wherever it demands the same; a name that a person gave may have come from it too.
    for (slot, one) in paired.iter_mut().zip(to) {
        if slot.is_some() {
            continue;
        }
        let at = left
            .iter()
            .position(|other| (name(one).is_none() || name(other).is_none()) && other.is_alike(one));
        *slot = Some(match at {
            Some(at) => Pair::both(left.remove(at), one),
            None => Pair::Added(one),
        });
    }
    paired
        .into_iter()
        .flatten()
        .chain(left.into_iter().map(Pair::Dropped))
        .collect()
}
