//! The order of operations.
//!
//! An operation is one node's drop, change or creation. What has to come before what is known from both sides; among those
//! that may run, the kind decides, so that a plan reads the same every time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use super::context::Context;
use super::node::{Node, Nodes, State, Thing, id};
use super::{
    bearers, collations, columns, constraints, domains, indexes, others, rebuild, relations, routines, sequences,
    tables, takeover, types, views,
};
use crate::Dialect;
use crate::compare::Pair;
use crate::lex;
use crate::structure::{ConstraintKind, Kind, Name, ObjectRef};
use crate::write::{Change, Plan, WriteError};

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Act {
    Drop,
    Alter,
    Create,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Operation {
    pub(super) node: usize,
    pub(super) act: Act,
}

pub(super) struct Graph {
    pub(super) operations: Vec<Operation>,
    places: HashMap<(usize, Act), usize>,
    edges: Vec<HashSet<usize>>,
    /// What would be good to have, but gives way where it closes a circle.
    wishes: Vec<HashSet<usize>>,
}

impl Graph {
    fn of(nodes: &Nodes<'_>) -> Self {
        let mut graph = Self {
            operations: Vec::new(),
            places: HashMap::new(),
            edges: Vec::new(),
            wishes: Vec::new(),
        };
        for (at, node) in nodes.all.iter().enumerate() {
            for (act, runs) in [
                (Act::Drop, node.drops()),
                (Act::Alter, node.state == State::Alter),
                (Act::Create, node.creates()),
            ] {
                if runs {
                    graph.places.insert((at, act), graph.operations.len());
                    graph.operations.push(Operation { node: at, act });
                    graph.edges.push(HashSet::new());
                    graph.wishes.push(HashSet::new());
                }
            }
            if node.state == State::Recreate {
                graph.edge(
                    graph.places.get(&(at, Act::Drop)).copied(),
                    graph.places.get(&(at, Act::Create)).copied(),
                );
            }
        }
        graph
    }

    pub(super) fn edge(&mut self, first: Option<usize>, then: Option<usize>) {
        if let (Some(first), Some(then)) = (first, then)
            && first != then
        {
            self.edges[first].insert(then);
        }
    }

    pub(super) fn place_of(&self, node: usize, act: Act) -> Option<usize> {
        self.places.get(&(node, act)).copied()
    }

    pub(super) fn place(&self, nodes: &Nodes<'_>, id: &ObjectRef, act: Act) -> Option<usize> {
        self.places.get(&(nodes.at(id)?, act)).copied()
    }

    /// The operation after which the object is as it should be; a part of a new table comes with it.
    fn arrival(&self, nodes: &Nodes<'_>, id: &ObjectRef) -> Option<usize> {
        self.place(nodes, id, Act::Create)
            .or_else(|| self.place(nodes, id, Act::Alter))
            .or_else(|| {
                let whole = id.part.is_some() && matches!(id.kind, Kind::Table | Kind::Default | Kind::Constraint);
                let table = self::id::of(Kind::Table, &id.name);
                match (whole, id.kind) {
                    (true, Kind::Default) => {
                        let column = ObjectRef {
                            kind: Kind::Table,
                            ..id.clone()
                        };
                        self.place(nodes, &column, Act::Create)
                            .or_else(|| self.place(nodes, &table, Act::Create))
                            .or_else(|| self.place(nodes, &self::id::of(Kind::Type, &id.name), Act::Create))
                    }
                    (true, _) => self
                        .place(nodes, &table, Act::Create)
                        .or_else(|| self.place(nodes, &self::id::of(Kind::Type, &id.name), Act::Create)),
                    _ => None,
                }
            })
    }

    /// The operation that takes the object away; a part of a table that goes, goes with it.
    fn departure(&self, nodes: &Nodes<'_>, id: &ObjectRef) -> Option<usize> {
        self.place(nodes, id, Act::Drop).or_else(|| {
            if matches!(id.kind, Kind::Default) {
                let column = ObjectRef {
                    kind: Kind::Table,
                    ..id.clone()
                };
                if let Some(found) = self.place(nodes, &column, Act::Drop) {
                    return Some(found);
                }
            }
            let table = match id.kind {
                Kind::Table | Kind::Default | Kind::Constraint | Kind::Index | Kind::Trigger if id.part.is_some() => {
                    self::id::of(Kind::Table, &id.name)
                }
                _ => return None,
            };
            self.place(nodes, &table, Act::Drop)
                .or_else(|| self.place(nodes, &self::id::of(Kind::Type, &id.name), Act::Drop))
        })
    }
}

pub(super) fn order(context: &Context<'_>, nodes: &Nodes<'_>, plan: &mut Plan) -> Result<(), WriteError> {
    let mut graph = Graph::of(nodes);
    hold_from(context, nodes, &mut graph);
    hold_to(context, nodes, &mut graph);
    hold_special(context, nodes, &mut graph);
    wish_bodies(nodes, &mut graph);
    for at in sorted(nodes, &graph) {
        let Operation { node, act } = graph.operations[at];
        let node = &nodes.all[node];
        let statements = match act {
            Act::Drop => drop_of(context, nodes, node),
            Act::Alter => node.alter.clone(),
            Act::Create => create_of(context, node)?,
        };
        plan.statements.extend(statements);
        if act != Act::Drop || node.state == State::Drop {
            for check in &node.checks {
                if !plan.checks.contains(check) {
                    plan.checks.push(check.clone());
                }
            }
        }
    }
    Ok(())
}

/// In `from`, what needs something goes before it.
fn hold_from(context: &Context<'_>, nodes: &Nodes<'_>, graph: &mut Graph) {
    let wholes: HashMap<String, &ObjectRef> = nodes
        .all
        .iter()
        .filter(|node| matches!(node.thing, Thing::Table(_) | Thing::View(_)) && node.drops())
        .map(|node| (node.id.name.to_string(), &node.id))
        .collect();
    for (of, on) in &context.from_needs {
        // A policy or a rule goes with what it is on.
        let whole = || {
            of.part
                .as_ref()
                .filter(|_| of.kind == Kind::Other)
                .and_then(|on| wholes.get(on))
        };
        let leaves = graph
            .departure(nodes, of)
            .or_else(|| graph.place(nodes, whole()?, Act::Drop));
        let changes = graph.place(nodes, of, Act::Alter);
        let gone = graph.departure(nodes, on);
        graph.edge(leaves, gone);
        graph.edge(leaves, graph.place(nodes, on, Act::Alter));
        if nodes.get(on).is_some_and(|node| node.state == State::Drop) || gone != graph.place(nodes, on, Act::Drop) {
            graph.edge(changes, gone);
        }
    }
}

/// In `to`, what is needed comes before what needs it.
fn hold_to(context: &Context<'_>, nodes: &Nodes<'_>, graph: &mut Graph) {
    for (of, on) in &context.to_needs {
        graph.edge(graph.arrival(nodes, on), graph.arrival(nodes, of));
    }
}

/// What the engine's own book of dependencies does not say.
fn hold_special(context: &Context<'_>, nodes: &Nodes<'_>, graph: &mut Graph) {
    for at in 0..nodes.all.len() {
        let node = &nodes.all[at];
        let create = graph.places.get(&(at, Act::Create)).copied();
        let drop = graph.places.get(&(at, Act::Drop)).copied();
        match &node.thing {
            Thing::Owner(sequence) => {
                let whole = id::of(Kind::Sequence, &sequence.name);
                graph.edge(graph.arrival(nodes, &whole), create);
                if let Some((table, column)) = &sequence.owned_by {
                    graph.edge(graph.arrival(nodes, &id::part(Kind::Table, table, column)), create);
                }
                if let Some((table, column)) = sequences::owner_before(context, sequence) {
                    graph.edge(create, graph.departure(nodes, &id::part(Kind::Table, &table, &column)));
                }
            }
            Thing::OldCollation(old) => {
                let own = id::other(old);
                graph.edge(graph.place(nodes, &own, Act::Alter), drop);
                for (of, _) in context.from_needs.iter().filter(|(_, on)| *on == own) {
                    graph.edge(graph.place(nodes, of, Act::Alter), drop);
                    graph.edge(graph.departure(nodes, of), drop);
                    if of.kind == Kind::Type {
                        graph.edge(graph.place(nodes, &types::old_id(&of.name), Act::Drop), drop);
                    }
                }
            }
            Thing::OldType(old) => {
                graph.edge(graph.place(nodes, &id::of(Kind::Type, &old.name), Act::Alter), drop);
                for (table, column) in &context.of_swapped {
                    graph.edge(
                        graph.place(nodes, &id::part(Kind::Table, table, column), Act::Alter),
                        drop,
                    );
                    graph.edge(graph.departure(nodes, &id::part(Kind::Table, table, column)), drop);
                    graph.edge(
                        graph.place(nodes, &id::of(Kind::Type, &old.name), Act::Alter),
                        graph.place(nodes, &id::part(Kind::Table, table, column), Act::Alter),
                    );
                }
                // Swapped types that are built on it go first.
                for (of, on) in &context.from_needs {
                    if on.kind == Kind::Type && on.name == old.name && of.kind == Kind::Type && of.part.is_none() {
                        graph.edge(graph.place(nodes, &types::old_id(&of.name), Act::Drop), drop);
                    }
                }
            }
            Thing::Marks(table) | Thing::Attachment(table) => {
                graph.edge(graph.arrival(nodes, &id::of(Kind::Table, &table.name)), create);
                for (other, operation) in graph.operations.clone().into_iter().enumerate() {
                    let id = &nodes.all[operation.node].id;
                    let part = id.part.is_some() && id.name == table.name;
                    let parents = table.inherits.contains(&id.name)
                        && matches!(id.kind, Kind::Table | Kind::Constraint)
                        && matches!(node.thing, Thing::Attachment(_))
                        && !is_foreign(&nodes.all[operation.node])
                        || table.partition_of.as_ref().is_some_and(|part| part.parent == id.name);
                    if Some(other) != create
                        && ((part
                            && matches!(id.kind, Kind::Table | Kind::Index | Kind::Constraint)
                            && !is_foreign(&nodes.all[operation.node]))
                            || (parents && id.kind == Kind::Table && matches!(node.thing, Thing::Attachment(_))))
                        && !matches!(nodes.all[operation.node].thing, Thing::Marks(_) | Thing::Detachment(_))
                    {
                        graph.edge(Some(other), create);
                    }
                }
                let detached = graph.place(nodes, &tables::detachment_id(&table.name), Act::Create);
                graph.edge(detached, create);
            }
            // A child's own column takes in the one that its parent hands down; the other way round there would be two.
            Thing::Column {
                table,
                pair: Pair::Added(one),
            } if !one.inherited => {
                for parent in context.table_to(table).map_or(&[][..], |table| &table.inherits) {
                    let handed = graph.place(nodes, &id::part(Kind::Table, parent, &one.name), Act::Create);
                    graph.edge(create, handed);
                }
            }
            Thing::Rows(one) => rebuild::hold(nodes, graph, at, one),
            Thing::Detachment(table) => {
                graph.edge(create, graph.departure(nodes, &id::of(Kind::Table, &table.name)));
                if let Some(part) = &table.partition_of {
                    graph.edge(create, graph.departure(nodes, &id::of(Kind::Table, &part.parent)));
                }
            }
            Thing::Namespace(_) if drop.is_some() => {
                for (other, operation) in graph.operations.clone().into_iter().enumerate() {
                    if nodes.all[operation.node].id.name.schema == node.id.name.name && operation.act == Act::Drop {
                        graph.edge(Some(other), drop);
                    }
                }
            }
            Thing::Other(pair) => {
                if let Some(on) = pair.to().and_then(|one| one.on.as_ref()) {
                    for kind in [Kind::Table, Kind::View] {
                        graph.edge(graph.place(nodes, &id::of(kind, on), Act::Create), create);
                    }
                }
            }
            _ => {}
        }
    }
    bearers::clear_names(context, nodes, graph);
}

pub(super) fn is_foreign(node: &Node<'_>) -> bool {
    matches!(&node.thing, Thing::Constraint { pair, .. }
        if pair.to().or(pair.from()).is_some_and(|one| matches!(one.kind, ConstraintKind::ForeignKey(_))))
}

/// A body that names a table or a function is better made after it: the server looks at some of them.
fn wish_bodies(nodes: &Nodes<'_>, graph: &mut Graph) {
    let mut made: HashMap<String, Vec<usize>> = HashMap::new();
    for (at, operation) in graph.operations.iter().enumerate() {
        if operation.act == Act::Drop {
            continue;
        }
        let node = &nodes.all[operation.node];
        let name = match &node.thing {
            Thing::Table(_) | Thing::View(_) | Thing::Sequence(_) | Thing::Type(_) => node.id.name.name.clone(),
            Thing::Routine(pair) => pair.to().map(|one| one.name.name.clone()).unwrap_or_default(),
            Thing::Column { pair, .. } => pair.to().map(|one| one.name.clone()).unwrap_or_default(),
            _ => continue,
        };
        made.entry(name).or_default().push(at);
    }
    for at in 0..graph.operations.len() {
        let Thing::Routine(pair) = &nodes.all[graph.operations[at].node].thing else {
            continue;
        };
        let (Some(routine), true) = (pair.to(), graph.operations[at].act != Act::Drop) else {
            continue;
        };
        let mut words = HashSet::new();
        collect_words(&routine.definition, &mut words, 0);
        for word in words {
            for first in made.get(&word).into_iter().flatten().filter(|first| **first != at) {
                graph.wishes[*first].insert(at);
            }
        }
    }
}

fn collect_words(text: &str, words: &mut HashSet<String>, depth: usize) {
    for lexeme in lex::lex(Dialect::Postgres, text).lexemes {
        match &lexeme.kind {
            lex::Kind::Word => drop(words.insert(lexeme.text.to_lowercase())),
            lex::Kind::Quoted(name) => drop(words.insert(name.clone())),
            lex::Kind::Dollar if depth < 3 => {
                // A name may hold a `$`: the last word and the closing tag would be one.
                let end = lexeme.text[1..].find('$').map_or(0, |at| at + 2);
                let (tag, rest) = lexeme.text.split_at(end);
                collect_words(rest.strip_suffix(tag).unwrap_or(rest), words, depth + 1);
            }
            _ => {}
        }
    }
}

/// The smaller, the earlier among those that may run.
fn rank(node: &Node<'_>, act: Act) -> u32 {
    let kind = match &node.thing {
        Thing::Namespace(_) => 0,
        Thing::Extension(_) => 1,
        Thing::Type(_) => 3,
        Thing::DomainCheck { .. } | Thing::DomainDefault(_) => 4,
        Thing::Routine(_) => 4,
        Thing::Sequence(_) => 5,
        Thing::Detachment(_) => 6,
        Thing::Table(_) => 7,
        Thing::Column { .. } => 8,
        Thing::Default { .. } => 9,
        Thing::Owner(_) => 10,
        Thing::Constraint { .. } if is_foreign(node) => 14,
        Thing::Constraint { .. } => 11,
        Thing::Index { .. } => 12,
        Thing::Attachment(_) | Thing::Rows(_) => 13,
        Thing::View(_) => 15,
        Thing::Marks(_) => 16,
        Thing::Trigger(_) => 17,
        Thing::Other(pair) => match pair.to().or(pair.from()).map_or("", |one| one.kind.as_str()) {
            "collation" | "foreign data wrapper" | "server" | "text search dictionary" => 2,
            "access method" => 2,
            "text search configuration" | "operator" | "operator family" | "cast" => 5,
            "operator class" => 6,
            "comment" => 20,
            "privilege" | "default privilege" => 21,
            "event trigger" => 22,
            _ => 18,
        },
        Thing::OldType(_) | Thing::OldCollation(_) => 19,
    };
    match (act, &node.thing) {
        (Act::Drop, Thing::Namespace(_)) => 1001,
        (Act::Drop, Thing::Extension(_)) => 1000,
        (Act::Drop, Thing::OldType(_)) => 500,
        (Act::Drop, Thing::OldCollation(_)) => 501,
        (Act::Drop, _) => 100 - kind,
        (Act::Alter | Act::Create, _) => 200 + kind,
    }
}

fn sorted(nodes: &Nodes<'_>, graph: &Graph) -> Vec<usize> {
    let count = graph.operations.len();
    let (mut hard, mut soft) = (vec![0_usize; count], vec![0_usize; count]);
    for at in 0..count {
        graph.edges[at].iter().for_each(|then| hard[*then] += 1);
        graph.wishes[at].iter().for_each(|then| soft[*then] += 1);
    }
    let ranks: Vec<u32> = graph
        .operations
        .iter()
        .map(|operation| rank(&nodes.all[operation.node], operation.act))
        .collect();
    let mut ready: BinaryHeap<Reverse<(u32, usize)>> = (0..count)
        .filter(|at| hard[*at] == 0 && soft[*at] == 0)
        .map(|at| Reverse((ranks[at], at)))
        .collect();
    let mut done = vec![false; count];
    let mut sorted = Vec::with_capacity(count);
    while sorted.len() < count {
        let next = match ready.pop() {
            Some(Reverse((_, at))) => at,
            // A circle: wishes give way first, then whoever comes first by its kind.
            None => match (0..count)
                .filter(|at| !done[*at])
                .min_by_key(|at| (hard[*at] > 0, ranks[*at], *at))
            {
                Some(at) => at,
                None => break,
            },
        };
        if std::mem::replace(&mut done[next], true) {
            continue;
        }
        sorted.push(next);
        for (targets, degrees) in [(&graph.edges[next], &mut hard), (&graph.wishes[next], &mut soft)] {
            for then in targets {
                degrees[*then] = degrees[*then].saturating_sub(1);
            }
        }
        for then in graph.edges[next].iter().chain(&graph.wishes[next]) {
            if !done[*then] && hard[*then] == 0 && soft[*then] == 0 {
                ready.push(Reverse((ranks[*then], *then)));
            }
        }
    }
    sorted
}

/// Whether a whole object is taken away in this plan, and its parts with it.
fn goes(nodes: &Nodes<'_>, name: &Name) -> bool {
    [Kind::Table, Kind::View]
        .iter()
        .any(|kind| nodes.get(&id::of(*kind, name)).is_some_and(Node::drops))
}

fn drop_of(context: &Context<'_>, nodes: &Nodes<'_>, node: &Node<'_>) -> Vec<Change> {
    match &node.thing {
        Thing::Namespace(_) | Thing::Extension(_) => others::drop_plain(node),
        Thing::Type(pair) => pair.from().map(|one| types::drop(&node.id, one)).into_iter().collect(),
        Thing::OldType(old) => vec![types::drop_old(&node.id, old)],
        Thing::OldCollation(old) => vec![collations::drop_old(&node.id, old)],
        Thing::DomainCheck { domain, pair } => {
            let gone = pair.from().map(|one| domains::drop_check(&node.id, domain, one));
            gone.into_iter().collect()
        }
        Thing::DomainDefault(domain) => vec![domains::drop_default(&node.id, domain)],
        Thing::Sequence(pair) => sequences::drop(context, &node.id, pair),
        Thing::Table(pair) => pair
            .from()
            .map(|one| relations::drop(&node.id, one))
            .into_iter()
            .collect(),
        Thing::Owner(_) | Thing::Attachment(_) | Thing::Detachment(_) | Thing::Marks(_) | Thing::Rows(_) => Vec::new(),
        Thing::Column { table, pair } => columns::drop(context, &node.id, table, pair),
        Thing::Default { table, pair } => columns::drop_default(&node.id, table, pair),
        Thing::Constraint { table, pair } => constraints::drop(&node.id, table, pair),
        Thing::Index { on, pair } => {
            if goes(nodes, on) {
                return Vec::new();
            }
            indexes::drop(context, &node.id, on, pair)
        }
        Thing::View(pair) => pair.from().map(|one| views::drop(&node.id, one)).into_iter().collect(),
        Thing::Routine(pair) => pair
            .from()
            .map(|one| routines::drop(&node.id, one))
            .into_iter()
            .collect(),
        Thing::Trigger(pair) => match pair.from() {
            Some(one) if !goes(nodes, &one.on) => vec![routines::drop_trigger(&node.id, one)],
            _ => Vec::new(),
        },
        Thing::Other(pair) => {
            let Some(one) = pair.from() else { return Vec::new() };
            let passive = matches!(one.kind.as_str(), "privilege" | "comment");
            let target_goes = one.on.as_ref().is_some_and(|on| goes(nodes, on))
                || (passive
                    && context
                        .from_needs
                        .iter()
                        .any(|(of, on)| *of == node.id && nodes.get(on).is_some_and(Node::drops)));
            if target_goes {
                Vec::new()
            } else {
                others::drop_other(&node.id, one)
            }
        }
    }
}

fn create_of(context: &Context<'_>, node: &Node<'_>) -> Result<Vec<Change>, WriteError> {
    Ok(match &node.thing {
        Thing::Namespace(pair) => others::create_namespace(&node.id, pair),
        Thing::Extension(pair) => others::create_extension(&node.id, pair),
        Thing::Type(pair) => pair.to().map_or_else(Vec::new, |one| types::create(&node.id, one)),
        Thing::OldType(_) | Thing::OldCollation(_) => Vec::new(),
        Thing::DomainCheck { domain, pair } => pair
            .to()
            .map_or_else(Vec::new, |one| domains::create_check(&node.id, domain, one)),
        Thing::DomainDefault(domain) => domains::create_default(&node.id, domain),
        Thing::Sequence(pair) => match pair.to() {
            Some(one) if !takeover::is_begun(context, one) => sequences::create(&node.id, one),
            _ => Vec::new(),
        },
        Thing::Owner(sequence) => sequences::own(context, &node.id, sequence),
        Thing::Table(pair) => pair
            .to()
            .map_or_else(Vec::new, |one| relations::create(context, &node.id, one)),
        Thing::Attachment(table) if table.partition_of.is_none() => tables::inherit(context, &node.id, table),
        Thing::Attachment(table) => tables::attach(&node.id, table),
        Thing::Detachment(table) => tables::detach(&node.id, table),
        Thing::Rows(one) => rebuild::fill(context, &node.id, one),
        Thing::Marks(table) => tables::create_marks(context, &node.id, table),
        Thing::Column { table, pair } => columns::create(&node.id, table, pair),
        Thing::Default { table, pair } => columns::create_default(&node.id, table, pair),
        Thing::Constraint { table, pair } => constraints::create(context, &node.id, table, pair),
        Thing::Index { on, pair } => pair
            .to()
            .map_or_else(Vec::new, |one| indexes::create(context, &node.id, on, one)),
        Thing::View(pair) => pair
            .to()
            .map_or_else(Vec::new, |one| views::create(&node.id, one, false)),
        Thing::Routine(pair) => pair.to().map_or_else(Vec::new, |one| routines::create(&node.id, one)),
        Thing::Trigger(pair) => pair
            .to()
            .map_or_else(Vec::new, |one| routines::create_trigger(&node.id, one)),
        Thing::Other(pair) => pair
            .to()
            .map_or_else(Vec::new, |one| others::create_other(&node.id, one)),
    })
}
