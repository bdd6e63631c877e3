//! Who bears a name: tables, views, sequences, indexes and types of one schema share theirs.

use std::collections::HashMap;

use super::context::Context;
use super::graph::{Act, Graph};
use super::node::{Node, Nodes, Thing};
use super::relations;
use crate::compare::Pair;
use crate::structure::{Column, Constraint, ConstraintKind, Name, Table};

/// A schema, and a name in it.
type Borne = (String, String);

/// The old bearer of a name lets go of it before the new one takes it.
pub(super) fn clear_names(context: &Context<'_>, nodes: &Nodes<'_>, graph: &mut Graph) {
    let mut going: HashMap<Borne, Vec<usize>> = HashMap::new();
    for (at, operation) in graph.operations.iter().enumerate() {
        for name in leaving(context, &nodes.all[operation.node], operation.act) {
            going.entry(name).or_default().push(at);
        }
    }
    for at in 0..graph.operations.len() {
        let operation = graph.operations[at];
        for name in coming(&nodes.all[operation.node], operation.act) {
            for first in going.get(&name).cloned().unwrap_or_default() {
                graph.edge(Some(first), Some(at));
            }
        }
    }
}

fn leaving(context: &Context<'_>, node: &Node<'_>, act: Act) -> Vec<Borne> {
    match act {
        Act::Drop => {
            let mut names: Vec<Borne> = bears(node).into_iter().collect();
            if let Thing::Table(pair) = &node.thing
                && let Some(table) = pair.from()
                && !context.rebuilds.iter().any(|one| one.is_aside(&table.name))
            {
                names.extend(of_table(table, |_| true));
                names.extend(table.indexes.iter().map(|one| borne(&table.name, &one.name)));
                // A sequence goes with the table.
                let sequences = context.comparison.from.sequences.iter();
                let owned = sequences.filter(|one| one.owned_by.as_ref().is_some_and(|(of, _)| *of == table.name));
                names.extend(owned.map(|one| borne(&one.name, &one.name.name)));
            }
            names
        }
        Act::Alter => counter(node, false).into_iter().chain(renamed(node, false)).collect(),
        Act::Create => Vec::new(),
    }
}

fn coming(node: &Node<'_>, act: Act) -> Vec<Borne> {
    match act {
        Act::Create => {
            let mut names: Vec<Borne> = bears(node).or_else(|| counter(node, true)).into_iter().collect();
            if let Thing::Table(pair) = &node.thing
                && let Some(table) = pair.to()
            {
                names.extend(of_table(table, relations::is_inline));
            }
            names
        }
        Act::Alter => counter(node, true).into_iter().chain(renamed(node, true)).collect(),
        Act::Drop => Vec::new(),
    }
}

fn borne(of: &Name, name: &str) -> Borne {
    (of.schema.clone(), name.to_owned())
}

fn bears(node: &Node<'_>) -> Option<Borne> {
    let id = &node.id;
    let name = match (&node.thing, &id.part) {
        (Thing::Index { .. } | Thing::Constraint { .. }, Some(part)) => part,
        (Thing::Table(_) | Thing::View(_) | Thing::Sequence(_) | Thing::Type(_), None) => &id.name.name,
        _ => return None,
    };
    Some(borne(&id.name, name))
}

/// The names that come and go with a table: of its keys' indexes and its identities' counters.
fn of_table(table: &Table, which: impl Fn(&Constraint) -> bool) -> Vec<Borne> {
    let indexed = |one: &&Constraint| {
        matches!(
            one.kind,
            ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_) | ConstraintKind::Exclusion { .. }
        )
    };
    let keys = table.constraints.iter().filter(indexed).filter(|one| which(one));
    let counters = table
        .columns
        .iter()
        .filter_map(|one| one.identity.as_ref()?.counter.as_ref());
    let keys = keys.map(|one| borne(&table.name, &one.name));
    keys.chain(counters.map(|one| borne(one, &one.name))).collect()
}

/// The name that a constraint or an index had, or gets, where it is renamed.
fn renamed(node: &Node<'_>, comes: bool) -> Option<Borne> {
    let (old, new) = match &node.thing {
        Thing::Constraint {
            pair: Pair::Both { from, to, .. },
            ..
        } => (&from.name, &to.name),
        Thing::Index {
            pair: Pair::Both { from, to, .. },
            ..
        } => (&from.name, &to.name),
        _ => return None,
    };
    (old != new).then(|| borne(&node.id.name, if comes { new } else { old }))
}

/// The counter that comes or goes with a column's identity.
fn counter(node: &Node<'_>, comes: bool) -> Option<Borne> {
    let Thing::Column { pair, .. } = &node.thing else {
        return None;
    };
    let of = |column: Option<&Column>| column.and_then(|one| one.identity.as_ref()?.counter.clone());
    let (before, after) = (of(pair.from()), of(pair.to()));
    if before == after {
        return None;
    }
    let name = if comes { after } else { before }?;
    Some((name.schema, name.name))
}
