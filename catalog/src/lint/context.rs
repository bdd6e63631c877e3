//! What a rule sees, and where it says what it found.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;

use crate::Dialect;
use crate::risk::LARGE_TABLE_ROWS;
use crate::script::Piece;

use super::act::Act;
use super::finding::Severity;
use super::input::{Script, Way};
use super::question::Asked;
use super::words::Named;
use super::world::World;

/// How few rows a table may have for nobody to notice that it is locked while all are read.
const SMALL_TABLE_ROWS: u64 = 1_000;

/// A statement's place: which script of the migration, which statement of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct At {
    pub(super) script: usize,
    pub(super) piece: usize,
}

/// A finding, before anybody asked whether it is allowed.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) at: At,
    pub(super) rule: &'static str,
    pub(super) severity: Severity,
    pub(super) span: Range<usize>,
    pub(super) words: Words,
}

/// What a finding says.
#[derive(Debug)]
pub(super) struct Words {
    pub(super) message: String,
    pub(super) consequence: String,
    pub(super) advice: String,
}

/// What was found, what comes of it, what to do instead.
pub(super) fn words(message: impl Into<String>, consequence: impl Into<String>, advice: impl Into<String>) -> Words {
    Words {
        message: message.into(),
        consequence: consequence.into(),
        advice: advice.into(),
    }
}

/// A statement, as it was read.
#[derive(Debug)]
pub(super) struct Read<'a> {
    pub(super) piece: Piece<'a>,
    pub(super) act: Act,
    /// The rules that comments above it silence.
    pub(super) allowed: Vec<String>,
}

/// What runs from one end of a migration to the other.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Where each table is made, the first time.
    pub(super) made_at: HashMap<String, At>,
    /// Enum values this transaction added, as they are written.
    pub(super) enum_values: BTreeSet<String>,
    /// Tables that were there, by the name they were given: the name of before, and where.
    pub(super) renamed: BTreeMap<String, (String, At, Range<usize>)>,
    /// What went with tables that were dropped.
    pub(super) lost: BTreeMap<String, BTreeSet<(&'static str, String)>>,
    /// Tables that took the place of one that was dropped, and where.
    pub(super) rebuilt: BTreeMap<String, (At, Range<usize>)>,
    /// Foreign keys that were made: the table, its columns, and where.
    pub(super) foreign_keys: Vec<(Named, Vec<String>, At, Range<usize>)>,
    /// Whether `legacy_alter_table` was switched on.
    pub(super) legacy: bool,
}

/// One statement, everything that is known before it runs, and where findings go.
pub(super) struct Context<'c, 'a> {
    pub(super) dialect: Dialect,
    pub(super) script: &'a Script,
    pub(super) piece: &'c Piece<'a>,
    pub(super) act: &'c Act,
    pub(super) at: At,
    pub(super) world: &'c World,
    pub(super) memory: &'c mut Memory,
    pub(super) found: &'c mut Vec<Found>,
    pub(super) questions: &'c mut Vec<(At, Asked)>,
}

impl Context<'_, '_> {
    pub(super) fn is_up(&self) -> bool {
        self.script.way == Way::Up
    }

    pub(super) fn say(&mut self, rule: &'static str, severity: Severity, span: Range<usize>, words: Words) {
        self.found.push(Found {
            at: self.at,
            rule,
            severity,
            span,
            words,
        });
    }

    /// A warning whose weight is the number of rows in a table that is there: nothing for tables of this migration, a remark
    /// where few rows are known to be there, an error where there are many.
    pub(super) fn cost(&mut self, rule: &'static str, table: &Named, span: Range<usize>, mut words: Words) {
        let known = self.world.table(table);
        if known.is_some_and(|known| known.made_here) {
            return;
        }
        let severity = match known.and_then(|known| known.rows) {
            None => Severity::Warning,
            Some(rows) if rows > LARGE_TABLE_ROWS => {
                words.message.push_str(&format!(
                    "; {} has more than {LARGE_TABLE_ROWS} rows",
                    table.ident.shown
                ));
                Severity::Error
            }
            Some(rows) if rows <= SMALL_TABLE_ROWS => {
                let many = if rows == 1 {
                    "1 row".to_owned()
                } else {
                    format!("{rows} rows")
                };
                words
                    .message
                    .push_str(&format!("; {} has {many} now", table.ident.shown));
                Severity::Info
            }
            Some(rows) => {
                words
                    .message
                    .push_str(&format!("; {} has {rows} rows", table.ident.shown));
                Severity::Warning
            }
        };
        self.say(rule, severity, span, words);
    }

    /// How many rows the table has, where somebody counted.
    pub(super) fn rows(&self, table: &Named) -> Option<u64> {
        self.world.table(table).and_then(|table| table.rows)
    }
}
