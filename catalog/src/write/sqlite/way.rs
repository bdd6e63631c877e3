//! How a table is changed: in place where SQLite can, else by building it anew.
//!
//! In place go a column added at the end (no key, no UNIQUE, a default that is one value, not STORED) with the checks and
//! the reference that name it, and a column dropped together with the constraints written beside it. All else is a rebuild.

use std::collections::HashSet;

use super::create::{as_written, is_literal};
use super::projection::waits_for;
use crate::compare::{Pair, TablePair};
use crate::read::sqlite::{self as read, fold};
use crate::structure::{Column, Constraint, ConstraintKind, Table};

/// How a table is changed.
#[derive(Debug)]
pub(super) enum Way<'a> {
    /// Not at all; its indexes may be.
    Nothing,
    /// In place.
    Alter {
        /// In the order in which they can go.
        dropped: Vec<&'a Column>,
        /// With the constraints that come with each.
        added: Vec<(&'a Column, Vec<&'a Constraint>)>,
    },
    /// Anew, because of this.
    Rebuild(String),
}

/// How a table on both sides gets from one to the other. `original` is its text of before, read.
pub(super) fn way<'a>(pair: &TablePair<'a>, original: Option<&Table>) -> Way<'a> {
    match in_place(pair, original) {
        Ok((dropped, added)) if dropped.is_empty() && added.is_empty() => Way::Nothing,
        Ok((dropped, added)) => Way::Alter { dropped, added },
        Err(reason) => Way::Rebuild(reason),
    }
}

type InPlace<'a> = (Vec<&'a Column>, Vec<(&'a Column, Vec<&'a Constraint>)>);

fn in_place<'a>(pair: &TablePair<'a>, original: Option<&Table>) -> Result<InPlace<'a>, String> {
    if let Some((from, to)) = pair.table.changed() {
        let is_virtual = from.virtual_table.is_some() || to.virtual_table.is_some();
        return Err(if is_virtual {
            "its module or its arguments change"
        } else {
            "WITHOUT ROWID or STRICT changes"
        }
        .to_owned());
    }
    let Some(to) = pair.table.to() else {
        return Ok(InPlace::default());
    };
    if to.virtual_table.is_some() {
        return Ok(InPlace::default());
    }
    let mut dropped = Vec::new();
    let mut added: Vec<(&Column, Vec<&Constraint>)> = Vec::new();
    for column in &pair.columns {
        match *column {
            Pair::Both { to, alike: false, .. } => return Err(format!("column {} changes", to.name)),
            Pair::Both { .. } => {}
            Pair::Dropped(column) => dropped.push(column),
            Pair::Added(column) if can_be_added(column) => added.push((column, Vec::new())),
            Pair::Added(column) => return Err(format!("column {} cannot be added in place", column.name)),
        }
    }
    computed_last(&mut added, |(column, _)| column);
    for constraint in &pair.constraints {
        match *constraint {
            Pair::Both { alike: true, .. } => {}
            Pair::Both { .. } => return Err("a constraint changes".to_owned()),
            Pair::Added(one) => attach(one, &mut added)?,
            Pair::Dropped(one) => goes_along(one, &dropped, original)?,
        }
    }
    let stays = pair
        .columns
        .iter()
        .any(|one| matches!(one, Pair::Both { to, .. } if to.generated.is_none()));
    if !stays && !dropped.is_empty() {
        return Err("none of its columns stays".to_owned());
    }
    // A generated column goes before what it is computed from.
    dropped.reverse();
    computed_last(&mut dropped, |column| column);
    dropped.reverse();
    Ok((dropped, added))
}

fn can_be_added(column: &Column) -> bool {
    let stored = column.generated.as_ref().is_some_and(|generated| generated.stored);
    !stored && column.default.as_deref().is_none_or(is_literal)
}

/// Each after those it is computed from.
fn computed_last<T>(columns: &mut Vec<T>, column: impl Fn(&T) -> &Column) {
    let mut left = std::mem::take(columns);
    while !left.is_empty() {
        let waiting: HashSet<String> = left.iter().map(|one| fold(&column(one).name)).collect();
        let ready = left.iter().position(|one| waits_for(column(one), &waiting).is_none());
        columns.push(left.remove(ready.unwrap_or_default()));
    }
}

/// Puts a new constraint beside the new column it is about.
fn attach<'a>(one: &'a Constraint, added: &mut [(&'a Column, Vec<&'a Constraint>)]) -> Result<(), String> {
    let wanted: HashSet<String> = match &one.kind {
        ConstraintKind::Check { expression } => read::mentioned(expression),
        ConstraintKind::ForeignKey(key) if key.columns.len() == 1 => key.columns.iter().cloned().collect(),
        _ => return Err("a key is added".to_owned()),
    };
    let is_key = matches!(one.kind, ConstraintKind::ForeignKey(_));
    // A check may name several new columns: the last of them, because the others are there by then.
    match added
        .iter_mut()
        .rev()
        .find(|(column, _)| wanted.contains(&fold(&column.name)))
    {
        // With foreign keys on, SQLite refuses a reference with a default.
        Some((column, constraints)) if !is_key || column.default.as_deref().is_none_or(|one| one == "null") => {
            constraints.push(one);
            Ok(())
        }
        _ => Err("a constraint is added".to_owned()),
    }
}

/// Whether a constraint goes with a column that is dropped: only what is written beside the column does.
fn goes_along(one: &Constraint, dropped: &[&Column], original: Option<&Table>) -> Result<(), String> {
    let gone = || "a constraint is dropped".to_owned();
    if !matches!(one.kind, ConstraintKind::Check { .. } | ConstraintKind::ForeignKey(_)) {
        return Err("a key is dropped".to_owned());
    }
    let declared = original.and_then(as_written).ok_or_else(gone)?;
    let beside = declared.inline.iter().any(|(place, inline)| {
        inline.kind == one.kind
            && declared
                .table
                .columns
                .get(*place)
                .is_some_and(|column| dropped.iter().any(|gone| fold(&gone.name) == fold(&column.name)))
    });
    if beside { Ok(()) } else { Err(gone()) }
}
