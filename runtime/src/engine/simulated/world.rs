//! The database itself, as all its connections see it: rows, objects, locks. Whatever happens to it happens at once.

use std::collections::{BTreeMap, BTreeSet};

use lockstep_catalog::{Column, Removed, Snapshot, Table};
use lockstep_lifecycle::{Commit, Event, EventKind, Facts, JournalEntry, OperationChange};
use lockstep_registry::{InstanceId, LeaseKey, LeaseState, SchemaSpec, SchemaVersion, Timestamp};

use super::gate::Waiting;
use super::{Kind, Sabotage};
use crate::clock::Stopwatch;
use crate::engine::{LeaseToken, Reading, Records, writes};
use crate::{Error, Result};

/// The server's clock when a simulation begins, in microseconds.
const BEGINNING: i64 = 1_000_000_000_000;

/// A connection of a process; numbers are never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Line {
    pub(super) process: u8,
    pub(super) number: u64,
}

/// What steps make: tables, which may hold rows, and rows of the one table whose rows are steps' alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Objects {
    /// The tables.
    pub tables: BTreeSet<String>,
    /// What `INSERT INTO marks` left.
    pub marks: BTreeSet<String>,
}

/// A statement whose connection is gone, and which the server carries out all the same. It keeps the structural lock.
#[derive(Debug)]
pub(super) struct Orphan {
    pub(super) line: Line,
    pub(super) statement: String,
}

#[derive(Debug)]
pub(super) struct World {
    pub(super) kind: Kind,
    pub(super) sabotage: Option<Sabotage>,
    /// Without the time, which is the clock's.
    facts: Facts,
    pub(super) log: Vec<Event>,
    pub(super) specs: BTreeMap<SchemaVersion, SchemaSpec>,
    pub(super) journal: Vec<JournalEntry>,
    pub(super) objects: Objects,
    /// How many rows programs wrote into each table.
    pub(super) rows: BTreeMap<String, u64>,
    /// Rows of programs that went with their table.
    pub(super) lost: u64,
    pub(super) scope_row: Option<Line>,
    pub(super) structure: Option<Line>,
    /// Tables that an open transaction keeps to itself.
    pub(super) locked: BTreeMap<String, Line>,
    pub(super) guards: Vec<(Line, SchemaVersion)>,
    pub(super) excluded: Vec<(Line, SchemaVersion)>,
    pub(super) orphan: Option<Orphan>,
    pub(super) crashed: BTreeSet<u8>,
    /// Sessions that a successor ended.
    pub(super) ended: BTreeSet<String>,
    pub(super) waiting: Vec<Waiting>,
    pub(super) counted: u64,
    /// How often anything changed that `Contents` shows.
    pub(super) changes: u64,
    began: Stopwatch,
    /// By how much the server's clock was set wrong, in microseconds.
    pub(super) skew: i64,
}

impl World {
    pub(super) fn new(kind: Kind, sabotage: Option<Sabotage>) -> Self {
        Self {
            kind,
            sabotage,
            facts: Facts::default(),
            log: Vec::new(),
            specs: BTreeMap::new(),
            journal: Vec::new(),
            objects: Objects::default(),
            rows: BTreeMap::new(),
            lost: 0,
            scope_row: None,
            structure: None,
            locked: BTreeMap::new(),
            guards: Vec::new(),
            excluded: Vec::new(),
            orphan: None,
            crashed: BTreeSet::new(),
            ended: BTreeSet::new(),
            waiting: Vec::new(),
            counted: 0,
            changes: 0,
            began: Stopwatch::start(),
            skew: 0,
        }
    }

    pub(super) fn is_broken(&self, how: Sabotage) -> bool {
        self.sabotage == Some(how)
    }

    /// A number that was never given out before.
    pub(super) fn count(&mut self) -> u64 {
        self.counted += 1;
        self.counted
    }

    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX / 2);
        Timestamp(BEGINNING + passed + self.skew)
    }

    pub(super) fn facts(&self) -> Facts {
        let mut facts = self.facts.clone();
        facts.now = self.now();
        facts
    }

    /// What one instance reads to be granted a lease: its own, and one of the others' for each version and schema.
    pub(super) fn read(&self, reading: Reading<'_>) -> Facts {
        let mut facts = self.facts();
        if let Reading::For(instance) = reading {
            let mut seen = BTreeSet::new();
            facts.leases.retain(|_, lease| {
                let kind = (lease.handler_version.clone(), lease.schema.clone());
                lease.holder.instance == *instance || seen.insert(kind)
            });
        }
        facts
    }

    pub(super) fn epoch(&self) -> u64 {
        self.facts.epoch
    }

    /// The events of a commit, as they will be in the log: whoever commits holds the scope's row.
    pub(super) fn foresee(&self, commit: &Commit, instance: &InstanceId) -> (Timestamp, Vec<Event>) {
        let (at, first) = (self.now(), self.facts.event_seq + 1);
        let silent = |kind: &&EventKind| {
            self.is_broken(Sabotage::FencesSilently) && matches!(kind, EventKind::LeaseFenced { .. })
        };
        let told = commit.events.iter().filter(|kind| !silent(kind));
        let event = |(seq, kind): (u64, &EventKind)| Event {
            seq,
            at,
            instance: instance.clone(),
            kind: kind.clone(),
        };
        (at, (first..).zip(told).map(event).collect())
    }

    /// Makes a commit true: rows, events, journal, specs, and the objects as its steps left them.
    pub(super) fn commit(
        &mut self,
        commit: Commit,
        (now, events): (Timestamp, &[Event]),
        records: Records,
        staged: Option<Objects>,
    ) -> Result<()> {
        let mut facts = self.facts.clone();
        facts.now = now;
        for kind in &commit.events {
            facts.apply(kind, now).map_err(|e| Error::bug(e.to_string()))?;
        }
        facts.event_seq += events.len() as u64;
        match commit.operation {
            OperationChange::Keep => {}
            OperationChange::Announce(operation) => facts.operation = Some(operation),
            OperationChange::Clear(id) => facts.operation = facts.operation.filter(|held| held.id != id),
            OperationChange::ClearStale => facts.operation = None,
        }
        facts.epoch += u64::from(commit.takes_epoch);
        self.changes += 1;
        self.facts = facts;
        self.log.extend_from_slice(events);
        for spec in records.specs {
            self.specs.insert(spec.version.clone(), spec.as_ref().clone());
        }
        self.journal
            .extend(records.journal.iter().map(|entry| writes::stamped(entry, now)));
        if let Some(staged) = staged.filter(|_| !self.is_broken(Sabotage::TearsCommits)) {
            self.become_of(staged);
        }
        Ok(())
    }

    /// The objects are these now; what rows held went with their tables.
    pub(super) fn become_of(&mut self, objects: Objects) {
        let gone = |table: &String| !objects.tables.contains(table);
        for table in self.objects.tables.iter().filter(|table| gone(table)) {
            self.lost += self.rows.remove(table).unwrap_or(0);
        }
        self.objects = objects;
        self.changes += 1;
    }

    pub(super) fn write_journal(&mut self, entry: &JournalEntry, ends_by: Option<std::time::Duration>) {
        let now = self.now();
        let mut entry = entry.clone();
        if let Some(within) = ends_by {
            entry.ends_by = Some(now.after(within));
        }
        self.journal.push(writes::stamped(&entry, now));
    }

    pub(super) fn renew(&mut self, token: &LeaseToken) -> bool {
        let until = self.now();
        let any = self.is_broken(Sabotage::RenewsAnything);
        let key = LeaseKey {
            instance: token.holder.instance.clone(),
            handler_version: token.handler_version.clone(),
        };
        match self.facts.leases.get_mut(&key) {
            Some(lease)
                if lease.holder == token.holder
                    && lease.epoch == token.epoch
                    && lease.state == LeaseState::Active
                    && !lease.is_due(until) =>
            {
                self.changes += 1;
                lease.renewed_at = until;
                lease.expires_at = Some(until.after(token.ttl));
                true
            }
            _ => any,
        }
    }

    /// The lease and the state of its schema, as whoever begins a guarded transaction reads them.
    pub(super) fn held(
        &self,
        instance: &InstanceId,
        of: &lockstep_registry::HandlerVersion,
    ) -> Option<crate::engine::guard::Held> {
        let key = LeaseKey {
            instance: instance.clone(),
            handler_version: of.clone(),
        };
        let lease = self.facts.leases.get(&key)?;
        let state = self
            .facts
            .schemas
            .get(&lease.schema)
            .map(|r| r.state.as_str().to_owned());
        Some(crate::engine::guard::Held {
            state: lease.state.as_str().to_owned(),
            incarnation: lease.holder.incarnation.to_string(),
            epoch: i64::try_from(lease.epoch).unwrap_or(i64::MAX),
            schema: lease.schema.to_string(),
            expires_at: lease.expires_at.map(|at| at.0),
            now: self.now().0,
            schema_state: state,
        })
    }

    /// Everything a connection held is free again, but the lock that its statement needs which still runs.
    pub(super) fn let_go(&mut self, line: Line) {
        let held = (self.structure, self.guards.len());
        let working = self.orphan.as_ref().is_some_and(|orphan| orphan.line == line);
        if self.scope_row == Some(line) {
            self.scope_row = None;
        }
        if self.structure == Some(line) && (!working || self.is_broken(Sabotage::ForgetsOrphans)) {
            self.structure = None;
        }
        self.locked.retain(|_, held| *held != line);
        self.guards.retain(|(held, _)| *held != line);
        self.excluded.retain(|(held, _)| *held != line);
        self.changes += u64::from((self.structure, self.guards.len()) != held);
    }

    /// Ends a session by its number, and what it runs: it never hears from the server again.
    pub(super) fn end_session(&mut self, number: &str) {
        let line = self.orphan.as_ref().map(|orphan| orphan.line);
        if let Some(line) = line.filter(|line| line.number.to_string() == number) {
            self.orphan = None;
            // And the lock that its statement kept.
            self.let_go(line);
        }
        self.ended.insert(number.to_owned());
    }

    /// The connections of a process that hold anything.
    pub(super) fn lines_of(&self, process: u8) -> BTreeSet<Line> {
        let locks = self.scope_row.iter().chain(&self.structure).chain(self.locked.values());
        let held = self.guards.iter().chain(&self.excluded).map(|(line, _)| line);
        locks
            .chain(held)
            .filter(|line| line.process == process)
            .copied()
            .collect()
    }

    pub(super) fn snapshot(&self, objects: &Objects) -> Snapshot {
        let column = Column {
            declaration: "INTEGER".to_owned(),
        };
        let table = Table {
            columns: BTreeMap::from([("id".to_owned(), column)]),
            ..Table::default()
        };
        Snapshot {
            tables: objects
                .tables
                .iter()
                .map(|name| (name.clone(), table.clone()))
                .collect(),
            ..Snapshot::default()
        }
    }

    /// How many rows programs have in a table, or in a column of it.
    pub(super) fn rows_in(&self, removed: &Removed) -> u64 {
        let (Removed::Table { table } | Removed::Column { table, .. }) = removed;
        match self.is_broken(Sabotage::CountsNothing) {
            true => 0,
            false => self.rows.get(table).copied().unwrap_or(0),
        }
    }
}

impl Objects {
    /// What a statement makes of them, in the few words that simulated schemas use.
    pub(super) fn run(&mut self, statement: &str) -> std::result::Result<u64, String> {
        let words: Vec<_> = statement.split_whitespace().collect();
        let done = match words.as_slice() {
            ["CREATE", "TABLE", name, ..] => self.tables.insert((*name).to_owned()),
            ["DROP", "TABLE", name] => self.tables.remove(*name),
            ["INSERT", "INTO", "marks", "VALUES", mark] => self.marks.insert((*mark).to_owned()),
            ["DELETE", "FROM", "marks", "WHERE", "mark", "=", mark] => self.marks.remove(&format!("({mark})")),
            _ => return Err(format!("a simulated database does not know {statement:?}")),
        };
        match done {
            true => Ok(1),
            false => Err(format!("{statement}: it is so already")),
        }
    }
}
