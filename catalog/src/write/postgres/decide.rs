//! What happens to each object, looked at by itself.

use super::context::{Context, either};
use super::node::{Node, Nodes, State, Thing, id};
use super::{
    collations, columns, constraints, indexes, others, rebuild, relations, routines, rows, sequences, tables, types,
    views,
};
use crate::compare::{Pair, TablePair};
use crate::structure::{ConstraintKind, Index, Kind, Name, ObjectRef, View};
use crate::write::WriteError;

pub(super) fn nodes<'a>(context: &Context<'a>) -> Result<Nodes<'a>, WriteError> {
    let mut nodes = Nodes::default();
    let comparison = context.comparison;
    for pair in &comparison.namespaces {
        nodes.add(others::namespace(pair));
    }
    for pair in &comparison.extensions {
        nodes.add(others::extension(pair));
    }
    for pair in &comparison.types {
        types::nodes(context, pair, &mut nodes)?;
    }
    for pair in &comparison.sequences {
        sequences::nodes(pair, &mut nodes);
    }
    for pair in &comparison.tables {
        table(context, pair, &mut nodes)?;
    }
    rebuild::nodes(context, &mut nodes);
    for pair in &comparison.views {
        view(pair, &mut nodes);
    }
    for pair in &comparison.routines {
        nodes.add(routines::routine(pair));
    }
    for pair in &comparison.triggers {
        let Some(one) = either(pair) else { continue };
        // What is on a table that goes, goes with it.
        if pair.to().is_some() || !context.is_dropped(&one.on) {
            nodes.add(routines::trigger(pair));
        }
    }
    collations::nodes(context, &mut nodes);
    for pair in &comparison.others {
        let Some(one) = either(pair) else { continue };
        if pair.is_changed() && one.kind == "collation" {
            continue;
        }
        if pair.to().is_some() || !one.on.as_ref().is_some_and(|on| context.is_dropped(on)) {
            nodes.add(others::other(pair));
        }
    }
    Ok(nodes)
}

/// What an object that has no way of being changed in place goes through.
pub(super) fn plain<T>(pair: &Pair<'_, T>) -> State {
    match pair {
        Pair::Added(_) => State::Create,
        Pair::Dropped(_) => State::Drop,
        Pair::Both { alike: true, .. } => State::Keep,
        Pair::Both { alike: false, .. } => State::Recreate,
    }
}

fn table<'a>(context: &Context<'a>, pair: &TablePair<'a>, nodes: &mut Nodes<'a>) -> Result<(), WriteError> {
    match pair.table {
        Pair::Added(to) => {
            nodes.add(
                Node::new(id::of(Kind::Table, &to.name), Thing::Table(pair.table), State::Create)
                    .checked(rows::strangers(context, to)),
            );
            for constraint in to.constraints.iter().filter(|one| !relations::is_inline(one)) {
                if !constraint.inherited {
                    nodes.add(constraints::node(context, &to.name, Pair::Added(constraint)));
                }
            }
            for index in to.indexes.iter().filter(|one| !one.inherited) {
                nodes.add(indexes::node(context, &to.name, Pair::Added(index)));
            }
            tables::marks(None, to, nodes);
        }
        Pair::Dropped(from) => {
            nodes.add(Node::new(
                id::of(Kind::Table, &from.name),
                Thing::Table(pair.table),
                State::Drop,
            ));
            if let Some(detached) = tables::let_go(context, from) {
                nodes.add(detached);
            }
            // Two tables that point to each other can only go once one of them lets go.
            for constraint in &from.constraints {
                if let ConstraintKind::ForeignKey(key) = &constraint.kind
                    && !constraint.inherited
                    && key.references != from.name
                    && context.is_dropped(&key.references)
                    && relations::points_back(context, &key.references, &from.name)
                {
                    nodes.add(Node::new(
                        id::part(Kind::Constraint, &from.name, &constraint.name),
                        Thing::Constraint {
                            table: &from.name,
                            pair: Pair::Dropped(constraint),
                        },
                        State::Drop,
                    ));
                }
            }
        }
        Pair::Both { from, to, .. } => {
            tables::nodes(context, from, to, pair, nodes);
            for column in &pair.columns {
                columns::nodes(context, from, to, column, nodes)?;
            }
            constraints::nodes(context, &to.name, &pair.constraints, nodes);
            indexes::nodes(context, &to.name, &pair.indexes, nodes);
            tables::marks(Some(from), to, nodes);
        }
    }
    Ok(())
}

fn view<'a>(pair: &Pair<'a, View>, nodes: &mut Nodes<'a>) {
    nodes.add(views::node(pair));
    let empty: &[Index] = &[];
    let (from, to) = (
        pair.from().map_or(empty, |view| &view.indexes),
        pair.to().map_or(empty, |view| &view.indexes),
    );
    let Some(name) = either(pair).map(|view| &view.name) else {
        return;
    };
    let find = |list: &'a [Index], name: &str| list.iter().find(|one| one.name == name);
    for index in to {
        let paired = match find(from, &index.name) {
            Some(old) => Pair::Both {
                from: old,
                to: index,
                alike: old == index,
            },
            None => Pair::Added(index),
        };
        nodes.add(index_of_view(name, paired));
    }
    if pair.to().is_some() {
        for index in from.iter().filter(|one| find(to, &one.name).is_none()) {
            nodes.add(index_of_view(name, Pair::Dropped(index)));
        }
    }
}

fn index_of_view<'a>(on: &'a Name, pair: Pair<'a, Index>) -> Node<'a> {
    let name = either(&pair).map_or("", |index| index.name.as_str());
    let state = plain(&pair);
    let about: ObjectRef = id::part(Kind::Index, on, name);
    Node::new(about, Thing::Index { on, pair }, state)
}
