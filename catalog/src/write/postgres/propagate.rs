//! What depends on something that goes, or whose type changes, is taken off before and put back after it.

use std::collections::{HashMap, HashSet};

use super::context::Context;
use super::node::{Node, Nodes, State, Thing};
use crate::compare::Pair;
use crate::structure::{ConstraintKind, Kind, ObjectRef};

pub(super) fn propagate(context: &Context<'_>, nodes: &mut Nodes<'_>) {
    let mut dependents: HashMap<&ObjectRef, Vec<&ObjectRef>> = HashMap::new();
    for (of, on) in &context.from_needs {
        dependents.entry(on).or_default().push(of);
    }
    // What needs a part of a table that goes needs the table.
    let wholes: Vec<(ObjectRef, &ObjectRef)> = context
        .from_needs
        .iter()
        .filter(|(of, on)| on.part.is_some() && on.kind != Kind::Other && of.name != on.name && nodes.at(on).is_none())
        .map(|(of, on)| (ObjectRef::new(Kind::Table, on.name.clone()), of))
        .collect();
    for (whole, of) in &wholes {
        dependents.entry(whole).or_default().push(of);
    }
    let mut work: Vec<usize> = (0..nodes.all.len())
        .filter(|at| nodes.all[*at].drops() || nodes.all[*at].disturbs)
        .collect();
    let mut seen: HashSet<(usize, (bool, bool))> = HashSet::new();
    while let Some(at) = work.pop() {
        let cause = Cause::of(&nodes.all[at]);
        if !seen.insert((at, cause.key())) {
            continue;
        }
        let id = nodes.all[at].id.clone();
        for of in dependents.get(&id).into_iter().flatten() {
            let Some(dependent) = nodes.at(of) else { continue };
            if must_go(&nodes.all[dependent], &cause) {
                nodes.all[dependent].state = State::Recreate;
                work.push(dependent);
            }
        }
    }
}

/// What a dependent has to reckon with.
struct Cause {
    gone: bool,
    comes_back: bool,
    family: bool,
}

impl Cause {
    fn of(node: &Node<'_>) -> Self {
        Self {
            gone: node.state == State::Drop,
            comes_back: node.state == State::Recreate,
            family: node.changes_family,
        }
    }

    fn key(&self) -> (bool, bool) {
        (self.gone, self.comes_back)
    }
}

fn must_go(dependent: &Node<'_>, cause: &Cause) -> bool {
    let there = match dependent.state {
        State::Keep => true,
        // Its change lets go of what goes; what comes back it would have to wait for.
        State::Alter => !cause.gone,
        State::Create | State::Drop | State::Recreate => false,
    };
    let changes_type = !cause.gone && !cause.comes_back;
    there
        && match &dependent.thing {
            Thing::View(_)
            | Thing::Routine(_)
            | Thing::Trigger(_)
            | Thing::Default { .. }
            | Thing::DomainCheck { .. }
            | Thing::DomainDefault(_) => true,
            Thing::Column { pair, .. } => matches!(
                pair,
                Pair::Both { from, to, .. } if from.generated.is_some() && to.generated.is_some()
            ),
            Thing::Constraint { pair, .. } if changes_type => match pair.from().map(|one| &one.kind) {
                Some(ConstraintKind::Check { .. } | ConstraintKind::Exclusion { .. }) => true,
                Some(ConstraintKind::ForeignKey(_)) => cause.family,
                _ => false,
            },
            Thing::Index { pair, .. } if changes_type => pair.from().is_some_and(|index| {
                index.predicate.is_some() || index.parts.iter().any(|part| part.column_name().is_none()) || cause.family
            }),
            Thing::Constraint { .. } | Thing::Index { .. } => true,
            Thing::Other(pair) => {
                let kind = pair.from().map_or("", |one| one.kind.as_str());
                // A grant or a comment stays with a column whose type changes; so do statistics.
                !(changes_type && matches!(kind, "privilege" | "comment" | "statistics"))
            }
            Thing::Type(_) => dependent.id.kind == Kind::Type && cause.comes_back,
            _ => false,
        }
}
