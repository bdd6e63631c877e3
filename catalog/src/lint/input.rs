//! What is judged.

use std::collections::{BTreeSet, HashMap};

use crate::Dialect;
use crate::structure::{Name, Structure};

/// Which way a script goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// It makes a change.
    Up,
    /// It takes the change of its pair back.
    Down,
}

/// A script as it is about to run.
#[derive(Debug, Clone)]
pub struct Script {
    /// Its name in findings.
    pub file: String,
    /// What stands in it.
    pub text: String,
    /// Which way it goes.
    pub way: Way,
    /// What pairs a way up with its way back: the step's name.
    pub pair: String,
    /// Whether it runs outside a transaction.
    pub outside_transaction: bool,
    /// Whether it is a step of a schema, for which Lockstep keeps a record, rather than a script that something else runs.
    pub is_step: bool,
    /// Whether there has to be a way back: steps that are not marked irreversible.
    pub needs_down: bool,
}

impl Script {
    /// A way up that runs in a transaction.
    pub fn up(file: impl Into<String>, text: impl Into<String>) -> Self {
        let file = file.into();
        Self {
            pair: file.clone(),
            file,
            text: text.into(),
            way: Way::Up,
            outside_transaction: false,
            is_step: true,
            needs_down: false,
        }
    }

    /// The way back of a script.
    pub fn down_of(up: &Self, file: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            file: file.into(),
            text: text.into(),
            way: Way::Down,
            ..up.clone()
        }
    }
}

/// Scripts that are applied together: a schema version, or a migration of another tool.
#[derive(Debug, Clone, Default)]
pub struct Migration {
    /// In the order in which the ways up run; the ways back run the other way round.
    pub scripts: Vec<Script>,
    /// Whether all scripts of one way run in one transaction, rather than each in its own.
    pub one_transaction: bool,
    /// Whether findings are wanted, or only what it does to the tables the next one meets.
    pub judged: bool,
    /// The scripts, by file, in which findings are wanted; all where not given.
    pub only: Option<BTreeSet<String>>,
}

impl Migration {
    /// Whether findings in this script are wanted.
    pub fn judges(&self, script: &Script) -> bool {
        self.judged && self.only.as_ref().is_none_or(|only| only.contains(&script.file))
    }
}

/// What is judged, and what is known of the database it meets.
#[derive(Debug, Clone)]
pub struct Input<'a> {
    /// Whose words the scripts are in.
    pub dialect: Dialect,
    /// In the order in which they are applied.
    pub migrations: &'a [Migration],
    /// The database before the first of them, where it is known. Without it nothing counts as missing.
    pub database: Option<&'a Structure>,
    /// How many rows its tables have, as far as somebody counted.
    pub rows: Option<&'a HashMap<Name, u64>>,
}

impl<'a> Input<'a> {
    /// Migrations that nothing else is known about.
    pub fn of(dialect: Dialect, migrations: &'a [Migration]) -> Self {
        Self {
            dialect,
            migrations,
            database: None,
            rows: None,
        }
    }
}
