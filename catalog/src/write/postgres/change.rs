//! Putting a statement together with what is known about it.

use crate::structure::{Name, ObjectRef};
use crate::write::{Change, Lock};

/// How a statement locks a table that is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    /// Nobody reads or writes.
    AccessExclusive,
    /// Nobody writes, nobody changes the schema.
    ShareRowExclusive,
    /// Nobody writes.
    Share,
    /// Only other changes of the schema wait.
    ShareUpdateExclusive,
    /// Rows are written.
    RowExclusive,
}

impl Change {
    pub(super) fn new(about: &ObjectRef, sql: impl Into<String>, comment: impl Into<String>) -> Self {
        Self {
            sql: sql.into(),
            comment: comment.into(),
            about: about.clone(),
            lock: None,
            rewrites: false,
            scans: false,
            outside_transaction: false,
            apart: false,
        }
    }

    pub(super) fn locks(mut self, table: &Name, mode: Mode) -> Self {
        self.lock = Some(Lock {
            table: table.to_string(),
            mode: match mode {
                Mode::AccessExclusive => "ACCESS EXCLUSIVE",
                Mode::ShareRowExclusive => "SHARE ROW EXCLUSIVE",
                Mode::Share => "SHARE",
                Mode::ShareUpdateExclusive => "SHARE UPDATE EXCLUSIVE",
                Mode::RowExclusive => "ROW EXCLUSIVE",
            },
            blocks_reads: mode == Mode::AccessExclusive,
            blocks_writes: matches!(mode, Mode::AccessExclusive | Mode::ShareRowExclusive | Mode::Share),
        });
        self
    }

    pub(super) fn rewrites(mut self, yes: bool) -> Self {
        self.rewrites = yes;
        self
    }

    pub(super) fn scans(mut self, yes: bool) -> Self {
        self.scans = yes;
        self
    }

    pub(super) fn apart(mut self) -> Self {
        self.apart = true;
        self
    }

    pub(super) fn outside(mut self, yes: bool) -> Self {
        self.outside_transaction = yes;
        self
    }
}
