//! A name that was given to another table, and is to be given back.

use lockstep_catalog::compare::{Rename, Renames};
use lockstep_catalog::structure::{ConstraintKind, Kind, Name, ObjectRef, Structure};

/// `after` without the tables that bear a name which the renames give back to another one, and without what stands on them.
/// Nothing where there are none.
pub(super) fn without_new_bearers(after: &Structure, renames: &Renames) -> Option<Structure> {
    let is_there = |name: &Name| after.table(name).is_some();
    let moves = |name: &Name| {
        renames
            .0
            .iter()
            .any(|one| matches!(one, Rename::Table { from, .. } if from == name))
    };
    let bearers: Vec<Name> = renames
        .0
        .iter()
        .filter_map(|one| match one {
            Rename::Table { from, to } if from != to && is_there(from) && is_there(to) && !moves(to) => {
                Some(to.clone())
            }
            _ => None,
        })
        .collect();
    if bearers.is_empty() {
        return None;
    }
    let mut left = after.clone();
    let goes = |one: &ObjectRef, gone: &[Name]| gone.contains(&one.name);
    let mut gone = bearers.clone();
    loop {
        let more: Vec<Name> = left
            .dependencies
            .iter()
            .filter(|one| matches!(one.of.kind, Kind::View | Kind::Routine))
            .filter(|one| goes(&one.on, &gone) && !goes(&one.of, &gone))
            .map(|one| one.of.name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        gone.extend(more);
    }
    let stays = |name: &Name| !gone.contains(name);
    left.tables.retain(|one| stays(&one.name));
    left.views.retain(|one| stays(&one.name));
    left.routines.retain(|one| {
        stays(&Name::new(
            &one.name.schema,
            format!("{}({})", one.name.name, one.arguments),
        ))
    });
    left.sequences
        .retain(|one| one.owned_by.as_ref().is_none_or(|(table, _)| stays(table)));
    left.triggers.retain(|one| stays(&one.on));
    left.others.retain(|one| one.on.as_ref().is_none_or(stays));
    for table in &mut left.tables {
        table
            .constraints
            .retain(|one| !matches!(&one.kind, ConstraintKind::ForeignKey(key) if !stays(&key.references)));
    }
    left.dependencies
        .retain(|one| stays(&one.of.name) && stays(&one.on.name));
    Some(left)
}
