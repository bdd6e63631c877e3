//! What is there and what should be, together: the goal of a change that never removes or alters anything.

use crate::structure::{Structure, Table, UserType, UserTypeKind};

use super::{Pair, TablePair, compare};

/// `to`, with everything that only `from` has, and everything that both have as `from` has it. Between `from` and the result
/// there are only additions; enum values count as such where those that are there keep their order.
#[must_use]
pub fn additive(from: &Structure, to: &Structure) -> Structure {
    let comparison = compare(from, to);
    let mut goal = Structure {
        namespaces: kept(&comparison.namespaces),
        extensions: kept(&comparison.extensions),
        types: comparison.types.iter().filter_map(user_type).collect(),
        sequences: kept(&comparison.sequences),
        tables: comparison.tables.iter().filter_map(table).collect(),
        views: kept(&comparison.views),
        routines: kept(&comparison.routines),
        triggers: kept(&comparison.triggers),
        others: kept(&comparison.others),
        options: from.options.clone(),
        dependencies: from.dependencies.iter().chain(&to.dependencies).cloned().collect(),
        ..Structure::empty(to.dialect)
    };
    goal.sort();
    goal
}

/// What is there as it is, and what is missing.
fn kept<T: Clone>(pairs: &[Pair<'_, T>]) -> Vec<T> {
    pairs
        .iter()
        .filter_map(|pair| pair.from().or(pair.to()).cloned())
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

fn table(pair: &TablePair<'_>) -> Option<Table> {
    let Some(from) = pair.table.from() else {
        return pair.table.to().cloned();
    };
    if pair.table.to().is_none() {
        return Some(from.clone());
    }
    let mut table = from.clone();
    table.columns.extend(added(&pair.columns));
    table.constraints.extend(added(&pair.constraints));
    table.indexes.extend(added(&pair.indexes));
    // The text it was made by no longer says all of it.
    if pair.columns.iter().any(|one| matches!(one, Pair::Added(_)))
        || pair.constraints.iter().any(|one| matches!(one, Pair::Added(_)))
    {
        table.sql = None;
    }
    Some(table)
}

fn added<T: Clone>(pairs: &[Pair<'_, T>]) -> Vec<T> {
    pairs
        .iter()
        .filter_map(|pair| match pair {
            Pair::Added(to) => Some((*to).clone()),
            _ => None,
        })
        .collect()
}
