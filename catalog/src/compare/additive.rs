//! What is there and what should be, together: the goal of a change that never removes or alters anything.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::structure::{Constraint, ConstraintKind, Name, Structure, Table, UserType, UserTypeKind};

use super::{Alike, Pair, Rename, Renames, TablePair, compare};

/// `to`, with everything that only `from` has, and everything that both have as `from` has it. Between `from` and the result
/// there are only additions; enum values count as such where those that are there keep their order. A rename takes a name
/// away: what is to be renamed keeps its old name, and what would be added and speaks of the new one has to wait.
#[must_use]
pub fn additive(from: &Structure, to: &Structure, renames: &Renames) -> Structure {
    let to = &renames.reversed().applied_to(to);
    let waiting = Waiting::of(renames);
    let comparison = compare(from, to);
    let mut goal = Structure {
        namespaces: kept(&comparison.namespaces, &waiting),
        extensions: kept(&comparison.extensions, &waiting),
        types: comparison.types.iter().filter_map(user_type).collect(),
        sequences: kept(&comparison.sequences, &waiting),
        tables: comparison
            .tables
            .iter()
            .filter_map(|pair| table(pair, &waiting))
            .collect(),
        views: kept(&comparison.views, &waiting),
        routines: kept(&comparison.routines, &waiting),
        triggers: kept(&comparison.triggers, &waiting),
        others: kept(&comparison.others, &waiting),
        options: from.options.clone(),
        dependencies: from.dependencies.iter().chain(&to.dependencies).cloned().collect(),
        ..Structure::empty(to.dialect)
    };
    goal.sort();
    goal
}

/// The names that are not there yet.
struct Waiting {
    /// Of whole objects.
    objects: BTreeSet<String>,
    /// Of parts, with both names of their table.
    parts: Vec<([String; 2], String)>,
}

impl Waiting {
    fn of(renames: &Renames) -> Self {
        let (mut objects, mut parts) = (BTreeSet::new(), Vec::new());
        for rename in &renames.0 {
            match rename {
                Rename::Table { to, .. }
                | Rename::View { to, .. }
                | Rename::Type { to, .. }
                | Rename::Sequence { to, .. } => {
                    objects.insert(to.name.to_lowercase());
                }
                Rename::Label { of: table, to, .. } | Rename::Column { table, to, .. } => {
                    let before = renames.original_table(table);
                    let tables = [table.name.to_lowercase(), before.name.to_lowercase()];
                    parts.push((tables, to.to_lowercase()));
                }
                // Nothing speaks of these.
                Rename::Index { .. } | Rename::Constraint { .. } => {}
            }
        }
        Self { objects, parts }
    }

    /// Whether a text of something speaks of a name that is not there yet. `of` is its table, where it has one.
    fn names(&self, one: &impl Serialize, of: Option<&Name>) -> bool {
        if self.objects.is_empty() && self.parts.is_empty() {
            return false;
        }
        let text = serde_json::to_string(one).unwrap_or_default().to_lowercase();
        let words: BTreeSet<&str> = text
            .split(|character: char| !(character.is_alphanumeric() || character == '_'))
            .collect();
        let of = of.map(|of| of.name.to_lowercase());
        let about = |tables: &[String; 2]| match &of {
            Some(of) => tables.contains(of),
            None => tables.iter().any(|table| words.contains(table.as_str())),
        };
        self.objects.iter().any(|name| words.contains(name.as_str()))
            || self
                .parts
                .iter()
                .any(|(tables, name)| about(tables) && words.contains(name.as_str()))
    }
}

/// What is there as it is, and what is missing.
fn kept<T: Clone + Serialize>(pairs: &[Pair<'_, T>], waiting: &Waiting) -> Vec<T> {
    let may_come = |one: &&T| !waiting.names(one, None);
    pairs
        .iter()
        .filter_map(|pair| pair.from().or_else(|| pair.to().filter(may_come)).cloned())
        .collect()
}

fn user_type(pair: &Pair<'_, UserType>) -> Option<UserType> {
    let is = pair.from().or(pair.to())?;
    if let Some((from, to)) = pair.changed()
        && let (UserTypeKind::Enum { labels: old }, UserTypeKind::Enum { labels: new }) = (&from.kind, &to.kind)
    {
        let mut rest = new.iter();
        if old.iter().all(|label| rest.any(|other| other == label)) {
            return Some(UserType {
                kind: to.kind.clone(),
                ..from.clone()
            });
        }
    }
    Some(is.clone())
}

fn table(pair: &TablePair<'_>, waiting: &Waiting) -> Option<Table> {
    let Some(from) = pair.table.from() else {
        return pair.table.to().cloned();
    };
    if pair.table.to().is_none() {
        return Some(from.clone());
    }
    let mut table = from.clone();
    let columns = added(&pair.columns, &from.name, waiting);
    let mut constraints = added(&pair.constraints, &from.name, waiting);
    constraints.retain(|one| is_missing(from, one));
    // The text it was made by no longer says all of it.
    if !columns.is_empty() || !constraints.is_empty() {
        table.sql = None;
    }
    table.columns.extend(columns);
    table.constraints.extend(constraints);
    table.indexes.extend(added(&pair.indexes, &from.name, waiting));
    Some(table)
}

/// Another primary key, or the same demand under another name, is a change.
fn is_missing(from: &Table, one: &Constraint) -> bool {
    let there = matches!(one.kind, ConstraintKind::PrimaryKey(_)) && from.primary_key().is_some();
    !there && !from.constraints.iter().any(|other| other.is_alike(one))
}

fn added<T: Clone + Serialize>(pairs: &[Pair<'_, T>], of: &Name, waiting: &Waiting) -> Vec<T> {
    pairs
        .iter()
        .filter_map(|pair| match pair {
            Pair::Added(to) if !waiting.names(to, Some(of)) => Some((*to).clone()),
            _ => None,
        })
        .collect()
}
