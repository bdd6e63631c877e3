//! Renames.

use super::change::Mode;
use super::names::{ident, literal, qualified};
use super::node::id;
use crate::compare::{Rename, Renames};
use crate::structure::{Kind, Name, ObjectRef, Structure};
use crate::write::Change;

/// The statements, in the order in which the renames are applied: whole objects first.
pub(super) fn statements(from: &Structure, renames: &Renames) -> Vec<Change> {
    let mut statements = new_schemas(from, renames);
    statements.extend(renames.0.iter().flat_map(|rename| statement(from, rename)));
    statements
}

/// What moves to a schema that is not there yet makes it first.
fn new_schemas(from: &Structure, renames: &Renames) -> Vec<Change> {
    let mut made: Vec<&str> = Vec::new();
    for rename in &renames.0 {
        let (Rename::Table { from: old, to }
        | Rename::View { from: old, to }
        | Rename::Type { from: old, to }
        | Rename::Sequence { from: old, to }) = rename
        else {
            continue;
        };
        let is_there = to.schema == "public" || from.namespaces.iter().any(|one| one.name == to.schema);
        if old.schema != to.schema && !is_there && !made.contains(&to.schema.as_str()) {
            made.push(&to.schema);
        }
    }
    let create = |name: &str| {
        let about = ObjectRef::new(Kind::Namespace, Name::plain(name));
        Change::new(&about, format!("CREATE SCHEMA {}", ident(name)), "create the schema")
    };
    made.into_iter().map(create).collect()
}

fn whole(about: &ObjectRef, word: &str, from: &Name, to: &Name) -> Vec<Change> {
    let mut statements = Vec::new();
    let mut at = from.clone();
    if from.schema != to.schema {
        let sql = format!("ALTER {word} {} SET SCHEMA {}", qualified(from), ident(&to.schema));
        statements.push(Change::new(about, sql, format!("move {from}")));
        at.schema.clone_from(&to.schema);
    }
    if from.name != to.name {
        let sql = format!("ALTER {word} {} RENAME TO {}", qualified(&at), ident(&to.name));
        statements.push(Change::new(about, sql, format!("rename {from}")));
    }
    statements
}

fn statement(structure: &Structure, rename: &Rename) -> Vec<Change> {
    match rename {
        Rename::Table { from, to } => whole(&id::of(Kind::Table, to), "TABLE", from, to)
            .into_iter()
            .map(|change| change.locks(from, Mode::AccessExclusive))
            .collect(),
        Rename::View { from, to } => {
            let materialized = structure.view(from).is_some_and(|view| view.materialized);
            let word = if materialized { "MATERIALIZED VIEW" } else { "VIEW" };
            whole(&id::of(Kind::View, to), word, from, to)
        }
        Rename::Type { from, to } => whole(&id::of(Kind::Type, to), "TYPE", from, to),
        Rename::Sequence { from, to } => whole(&id::of(Kind::Sequence, to), "SEQUENCE", from, to),
        Rename::Label { of, from, to } => {
            let sql = format!(
                "ALTER TYPE {} RENAME VALUE {} TO {}",
                qualified(of),
                literal(from),
                literal(to)
            );
            vec![Change::new(
                &id::of(Kind::Type, of),
                sql,
                format!("rename the value {from}"),
            )]
        }
        Rename::Column { table, from, to } => {
            let sql = format!(
                "ALTER TABLE {} RENAME COLUMN {} TO {}",
                qualified(table),
                ident(from),
                ident(to)
            );
            let about = id::part(Kind::Table, table, to);
            vec![Change::new(&about, sql, format!("rename the column {from}")).locks(table, Mode::AccessExclusive)]
        }
        Rename::Index { table, from, to } => {
            let old = Name::new(&table.schema, from);
            let sql = format!("ALTER INDEX {} RENAME TO {}", qualified(&old), ident(to));
            let about = id::part(Kind::Index, table, to);
            vec![Change::new(&about, sql, format!("rename the index {from}")).locks(table, Mode::ShareUpdateExclusive)]
        }
        Rename::Constraint { table, from, to } => {
            let sql = format!(
                "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
                qualified(table),
                ident(from),
                ident(to)
            );
            let about = id::part(Kind::Constraint, table, to);
            vec![Change::new(&about, sql, format!("rename the constraint {from}")).locks(table, Mode::AccessExclusive)]
        }
    }
}

/// What follows from renames without being said: a sequence that goes with a column is the one that goes with it afterwards.
/// Dropping it and making another would forget where it stands.
pub(in crate::write) fn implied(from: &Structure, to: &Structure) -> Renames {
    let mut renames = Vec::new();
    for old in &from.sequences {
        let Some(owner) = &old.owned_by else { continue };
        let same = |one: &&crate::structure::Sequence| one.owned_by.as_ref() == Some(owner);
        // One name may be another column's afterwards, whose counter is another one.
        let taken = to.sequences.iter().find(|one| one.name == old.name);
        if taken.is_some_and(|one| same(&one) || one.owned_by.is_none()) {
            continue;
        }
        let remains = |name: &Name| {
            let bearer = from.sequences.iter().find(|one| one.name == *name);
            bearer.is_some_and(|one| one.owned_by.is_none() || one.owned_by.as_ref() == Some(owner))
        };
        if let Some(new) = to.sequences.iter().filter(same).find(|one| !remains(&one.name)) {
            renames.push(Rename::Sequence {
                from: old.name.clone(),
                to: new.name.clone(),
            });
        }
    }
    in_order(from, renames)
}

/// Each once its new name is free: of a chain, the last first. What never gets free stays as it is.
fn in_order(from: &Structure, mut waiting: Vec<Rename>) -> Renames {
    let mut names: Vec<Name> = from.sequences.iter().map(|one| one.name.clone()).collect();
    let mut ordered = Vec::new();
    loop {
        let before = waiting.len();
        waiting.retain(|rename| {
            let Rename::Sequence { from, to } = rename else {
                return false;
            };
            if names.contains(to) {
                return true;
            }
            names.retain(|one| one != from);
            names.push(to.clone());
            ordered.push(rename.clone());
            false
        });
        if waiting.len() == before {
            return Renames(ordered);
        }
    }
}
