//! Transactions of the simulated database: nothing of them is there before their commit.

use std::collections::BTreeSet;
use std::sync::Arc;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Removed, Snapshot, Statement};
use lockstep_lifecycle::{Commit, Event, Facts};
use lockstep_registry::SchemaVersion;

use super::gate::{Ask, Connection, Fate, fault};
use super::unsimulated;
use super::world::Objects;
use crate::Result;
use crate::clock::Deadline;
use crate::engine::step::{Cause, Fault};
use crate::engine::{CodeStep, Limit, Outcome, Reading, Records, Transaction, lost};

const LOCKING: &str = "locking the scope";
const READING: &str = "reading what is";

pub(super) struct SimulatedTransaction {
    pub(super) connection: Connection,
    /// The objects as its steps leave them, once one ran.
    staged: Option<Objects>,
    /// The objects at the mark, and the tables that were kept from others by then.
    mark: Option<(Objects, BTreeSet<String>)>,
}

impl SimulatedTransaction {
    pub(super) fn on(connection: Connection) -> Self {
        Self {
            connection,
            staged: None,
            mark: None,
        }
    }

    pub(super) async fn lock(&mut self, reading: Reading<'_>) -> Result<Facts> {
        let before = self.connection.world().read(reading);
        let read = self
            .connection
            .own(LOCKING, Ask::Scope, |world, _| world.read(reading))
            .await?;
        let stale = self.connection.world().is_broken(super::Sabotage::ReadsBeforeTheLock);
        Ok(if stale { before } else { read })
    }

    fn objects(&self) -> Objects {
        match &self.staged {
            Some(staged) => staged.clone(),
            None => self.connection.world().objects.clone(),
        }
    }
}

#[async_trait]
impl Transaction for SimulatedTransaction {
    async fn facts(&mut self, reading: Reading<'_>) -> Result<Facts> {
        self.connection
            .own(READING, Ask::Look, |world, _| world.read(reading))
            .await
    }

    async fn lock_scope(&mut self) -> Result<Facts> {
        self.lock(Reading::Whole).await
    }

    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], _deadline: Deadline) -> Result<bool> {
        exclude(&mut self.connection, schemas).await
    }

    async fn execute(&mut self, statements: &[Statement], _limit: &Limit) -> Outcome<u64> {
        let fate = self.connection.ask(Ask::Step).await;
        if fate != Fate::Served {
            self.connection.break_off();
            return Err(fault(fate));
        }
        let before = self.objects();
        let mut objects = before.clone();
        for (at, statement) in statements.iter().enumerate() {
            objects.run(&statement.text).map_err(|message| Fault {
                statement: at,
                ..Fault::new(Cause::Refused, message)
            })?;
        }
        let line = self.connection.line;
        for table in before.tables.difference(&objects.tables) {
            self.connection.world().locked.insert(table.clone(), line);
        }
        self.staged = Some(objects);
        Ok(0)
    }

    async fn verify(&mut self, _query: &str, _limit: &Limit) -> Outcome<bool> {
        Err(unsimulated("verify query").into_fault())
    }

    async fn run_code(&mut self, _code: Arc<dyn CodeStep>, _up: bool, _limit: &Limit) -> Outcome<()> {
        Err(unsimulated("code step").into_fault())
    }

    async fn savepoint(&mut self) -> Result<()> {
        let line = self.connection.line;
        let world = self.connection.world();
        let ours = world.locked.iter().filter(|(_, held)| **held == line);
        let locked = ours.map(|(table, _)| table.clone()).collect();
        drop(world);
        self.mark = Some((self.objects(), locked));
        Ok(())
    }

    async fn rollback_to_savepoint(&mut self) -> Result<()> {
        let line = self.connection.line;
        if let Some((objects, locked)) = self.mark.clone() {
            let mut world = self.connection.world();
            world
                .locked
                .retain(|table, held| *held != line || locked.contains(table));
            drop(world);
            self.staged = Some(objects);
        }
        Ok(())
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        let objects = self.objects();
        self.connection
            .own(READING, Ask::Look, |world, _| world.snapshot(&objects))
            .await
    }

    async fn introspect(&mut self, _selection: &Selection) -> Result<Structure> {
        Err(unsimulated("structure").into())
    }

    async fn count(&mut self, removed: &[Removed], _limit: &Limit) -> Result<Vec<u64>> {
        self.connection
            .own("counting rows", Ask::Look, |world, line| {
                let count = |each: &Removed| {
                    let (Removed::Table { table } | Removed::Column { table, .. }) = each;
                    // What would be lost is kept from growing until the end.
                    world.locked.insert(table.clone(), line);
                    world.rows_in(each)
                };
                removed.iter().map(count).collect()
            })
            .await
    }

    async fn number(&mut self, _about: &Removed, _query: &Statement, _limit: &Limit) -> Outcome<u64> {
        Err(unsimulated("question of an author's").into_fault())
    }

    async fn commit(mut self: Box<Self>, commit: Commit, records: Records) -> Result<Vec<Event>> {
        let staged = self.staged.take();
        let (at, events) = self.connection.world().foresee(&commit, &records.instance);
        let fate = self.connection.ask(Ask::Write).await;
        if matches!(fate, Fate::Served | Fate::Unanswered) {
            self.connection.world().commit(commit, (at, &events), records, staged)?;
            if fate == Fate::Served {
                return Ok(events);
            }
        }
        self.connection.break_off();
        let shared = self.connection.shared.clone();
        let process = self.connection.line.process;
        lost::resolve(events, "the connection was cut", |seq| {
            let mut looking = shared.connect(process);
            async move {
                let find = |world: &mut super::world::World, _| world.log.iter().find(|e| e.seq == seq).cloned();
                looking
                    .own("finding out whether a commit counted", Ask::Write, find)
                    .await
            }
        })
        .await
    }

    async fn abandon(self: Box<Self>) {}
}

pub(super) async fn exclude(connection: &mut Connection, schemas: &[SchemaVersion]) -> Result<bool> {
    const DOING: &str = "keeping guarded transactions out";
    match connection.ask(Ask::Exclude(schemas.to_vec())).await {
        Fate::Served => Ok(true),
        Fate::Busy => Ok(false),
        _ => {
            connection.break_off();
            Err(super::gate::broken(DOING))
        }
    }
}
