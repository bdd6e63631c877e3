//! The statements as they come.

use super::create::name;
use crate::structure::{Kind, Name, ObjectRef};
use crate::write::{Change, Lock, Plan, WriteError};

/// The plan while it is written.
#[derive(Debug, Default)]
pub(super) struct Script {
    pub(super) plan: Plan,
}

/// What a statement costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cost {
    /// The schema alone is written.
    Nothing,
    /// All rows of the table are read.
    Scan,
    /// All rows of the table are written.
    Rewrite,
}

impl Script {
    /// A statement on an object that is there, or on one that was just made.
    pub(super) fn push(&mut self, about: ObjectRef, cost: Cost, comment: impl Into<String>, sql: String) {
        // One writer at a time in the whole file: readers go on, writers wait.
        let lock = Some(Lock {
            table: about.name.name.clone(),
            mode: "write lock on the whole database",
            blocks_reads: false,
            blocks_writes: true,
        });
        self.plan.statements.push(Change {
            sql,
            comment: comment.into(),
            about,
            lock,
            rewrites: cost == Cost::Rewrite,
            scans: cost != Cost::Nothing,
            outside_transaction: false,
            apart: false,
        });
    }

    pub(super) fn drop_view(&mut self, view: &str, comment: &str) -> Result<(), WriteError> {
        let sql = format!("DROP VIEW {}", name(view)?);
        self.push(
            ObjectRef::new(Kind::View, Name::plain(view)),
            Cost::Nothing,
            comment,
            sql,
        );
        Ok(())
    }

    pub(super) fn drop_trigger(&mut self, on: &Name, trigger: &str, comment: &str) -> Result<(), WriteError> {
        let sql = format!("DROP TRIGGER {}", name(trigger)?);
        let about = ObjectRef::part(Kind::Trigger, on.clone(), trigger);
        self.push(about, Cost::Nothing, comment, sql);
        Ok(())
    }
}

/// A table.
pub(super) fn about(table: &str) -> ObjectRef {
    ObjectRef::new(Kind::Table, Name::plain(table))
}

/// A part of a table.
pub(super) fn part_of(table: &str, part: &str) -> ObjectRef {
    ObjectRef::part(Kind::Table, Name::plain(table), part)
}
