//! An object that takes part in a plan.

use std::collections::HashMap;

use super::rebuild::Rebuild;
use crate::compare::Pair;
use crate::structure::{
    Column, Constraint, DomainCheck, Extension, Index, Kind, Name, Namespace, ObjectRef, Other, Routine, Sequence,
    Table, Trigger, UserType, View,
};
use crate::write::{Change, Check};

/// What happens to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// Nothing, unless something it needs is taken away.
    Keep,
    Create,
    Drop,
    /// Changed in place.
    Alter,
    /// Taken off and put back.
    Recreate,
}

/// The object.
#[derive(Debug, Clone, Copy)]
pub(super) enum Thing<'a> {
    Namespace(Pair<'a, Namespace>),
    Extension(Pair<'a, Extension>),
    Type(Pair<'a, UserType>),
    /// What a domain demands.
    DomainCheck {
        domain: &'a Name,
        pair: Pair<'a, DomainCheck>,
    },
    DomainDefault(&'a UserType),
    /// The type that a swapped one was, under its temporary name.
    OldType(&'a UserType),
    /// The collation that one made anew was, under its temporary name.
    OldCollation(&'a Other),
    Sequence(Pair<'a, Sequence>),
    /// That a sequence goes with a column.
    Owner(&'a Sequence),
    Table(Pair<'a, Table>),
    /// The rows of a table that is made anew.
    Rows(&'a Rebuild),
    /// That a table is a partition of another.
    Attachment(&'a Table),
    Detachment(&'a Table),
    /// What a table says about one of its indexes, or after them.
    Marks(&'a Table),
    Column {
        table: &'a Name,
        pair: Pair<'a, Column>,
    },
    Default {
        table: &'a Name,
        pair: Pair<'a, Column>,
    },
    Constraint {
        table: &'a Name,
        pair: Pair<'a, Constraint>,
    },
    Index {
        on: &'a Name,
        pair: Pair<'a, Index>,
    },
    View(Pair<'a, View>),
    Routine(Pair<'a, Routine>),
    Trigger(Pair<'a, Trigger>),
    Other(Pair<'a, Other>),
}

/// A thing, and what happens to it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) id: ObjectRef,
    pub(super) thing: Thing<'a>,
    pub(super) state: State,
    /// The statements that change it in place.
    pub(super) alter: Vec<Change>,
    /// What must hold of the rows.
    pub(super) checks: Vec<Check>,
    /// Whether its change in place cannot be made while what depends on it is there: a column's type.
    pub(super) disturbs: bool,
    /// Whether the values mean something else afterwards to what compares them with others.
    pub(super) changes_family: bool,
}

impl<'a> Node<'a> {
    pub(super) fn new(id: ObjectRef, thing: Thing<'a>, state: State) -> Self {
        Self {
            id,
            thing,
            state,
            alter: Vec::new(),
            checks: Vec::new(),
            disturbs: false,
            changes_family: false,
        }
    }

    pub(super) fn altered(mut self, alter: Vec<Change>) -> Self {
        if !alter.is_empty() {
            self.state = State::Alter;
            self.alter = alter;
        }
        self
    }

    pub(super) fn checked(mut self, checks: Vec<Check>) -> Self {
        self.checks = checks;
        self
    }

    pub(super) fn drops(&self) -> bool {
        matches!(self.state, State::Drop | State::Recreate)
    }

    pub(super) fn creates(&self) -> bool {
        matches!(self.state, State::Create | State::Recreate)
    }
}

/// All nodes, by what they are about.
#[derive(Debug, Default)]
pub(super) struct Nodes<'a> {
    pub(super) all: Vec<Node<'a>>,
    by_id: HashMap<ObjectRef, usize>,
}

impl<'a> Nodes<'a> {
    pub(super) fn add(&mut self, node: Node<'a>) {
        self.by_id.insert(node.id.clone(), self.all.len());
        self.all.push(node);
    }

    pub(super) fn at(&self, id: &ObjectRef) -> Option<usize> {
        self.by_id.get(id).copied()
    }

    pub(super) fn get(&self, id: &ObjectRef) -> Option<&Node<'a>> {
        self.at(id).map(|at| &self.all[at])
    }
}

/// The ids under which things are found; the same that introspection gives them in dependencies.
pub(super) mod id {
    use super::{Kind, Name, ObjectRef, Other, Routine};

    pub(in super::super) fn of(kind: Kind, name: &Name) -> ObjectRef {
        ObjectRef::new(kind, name.clone())
    }

    pub(in super::super) fn part(kind: Kind, name: &Name, part: &str) -> ObjectRef {
        ObjectRef::part(kind, name.clone(), part)
    }

    pub(in super::super) fn routine(one: &Routine) -> ObjectRef {
        let name = format!("{}({})", one.name.name, one.arguments);
        ObjectRef::new(Kind::Routine, Name::new(&one.name.schema, name))
    }

    pub(in super::super) fn other(one: &Other) -> ObjectRef {
        let name = Name::plain(format!("{}:{}", one.kind, one.name));
        match &one.on {
            Some(on) => ObjectRef::part(Kind::Other, name, on.to_string()),
            None => ObjectRef::new(Kind::Other, name),
        }
    }
}
