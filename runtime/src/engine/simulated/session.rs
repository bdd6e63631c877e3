//! Steps outside a transaction on the simulated database: each counts once it ran, heard of or not.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Removed, Snapshot};
use lockstep_lifecycle::JournalEntry;
use lockstep_registry::SchemaVersion;

use super::gate::{Ask, Connection, Fate, fault};
use super::transaction::exclude;
use super::world::World;
use super::{Kind, Sabotage, unsimulated};
use crate::clock::Deadline;
use crate::engine::step::{Cause, Fault};
use crate::engine::{CodeStep, Limit, Outcome, Session, held_empty};
use crate::{Error, Result};

pub(super) struct SimulatedSession {
    pub(super) connection: Connection,
    /// Keeps guarded transactions out, on a connection of its own.
    pub(super) excluder: Option<Connection>,
}

/// Whether the work is still ours.
fn ours(world: &World, epoch: u64) -> Result<()> {
    match world.epoch() {
        found if found == epoch || world.is_broken(Sabotage::IgnoresTheEpoch) => Ok(()),
        found => Err(Error::Fenced { ours: epoch, found }),
    }
}

#[async_trait]
impl Session for SimulatedSession {
    fn identity(&self) -> String {
        self.connection.line.number.to_string()
    }

    async fn exclude_guarded(&mut self, schemas: &[SchemaVersion], _deadline: Deadline) -> Result<bool> {
        let (shared, process) = (&self.connection.shared, self.connection.line.process);
        let excluder = self.excluder.get_or_insert_with(|| shared.connect(process));
        exclude(excluder, schemas).await
    }

    async fn journal(&mut self, entry: &JournalEntry, epoch: u64, within: Option<Duration>) -> Result<()> {
        let write = |world: &mut World, _| {
            ours(world, epoch)?;
            world.write_journal(entry, within);
            Ok(())
        };
        self.connection.own("writing the journal", Ask::Write, write).await?
    }

    async fn execute(&mut self, statement: &str, _limit: &Limit) -> Outcome<u64> {
        let fate = self.connection.ask(Ask::Statement(statement.to_owned())).await;
        match fate {
            Fate::Served | Fate::Unanswered => {
                let done = run(&mut self.connection.world(), statement);
                if fate == Fate::Unanswered {
                    self.connection.break_off();
                    return Err(fault(fate));
                }
                done.map_err(|message| Fault::new(Cause::Refused, message))
            }
            fate => Err(fault(fate)),
        }
    }

    async fn execute_journalled(
        &mut self,
        statements: &[String],
        empty: &[Removed],
        _verify: Option<&str>,
        entry: &JournalEntry,
        epoch: u64,
        _limit: &Limit,
    ) -> Outcome<u64> {
        let fate = self.connection.ask(Ask::Step).await;
        if fate != Fate::Served {
            self.connection.break_off();
            return Err(fault(fate));
        }
        let fate = self.connection.ask(Ask::Write).await;
        if !matches!(fate, Fate::Served | Fate::Unanswered) {
            self.connection.break_off();
            return Err(fault(Fate::Cut));
        }
        let done = {
            let mut world = self.connection.world();
            let held = empty.iter().try_for_each(|each| held_empty(each, world.rows_in(each)));
            let mut objects = world.objects.clone();
            let mut ran = statements.iter().map(|statement| objects.run(statement));
            match (ran.find_map(std::result::Result::err), ours(&world, epoch)) {
                _ if held.is_err() => held.map(|()| 0),
                (Some(message), _) => Err(Fault::new(Cause::Refused, message)),
                (None, Err(fenced)) => Err(Fault::new(Cause::Fenced, fenced.to_string())),
                (None, Ok(())) => {
                    world.become_of(objects);
                    world.write_journal(entry, None);
                    Ok(0)
                }
            }
        };
        if fate == Fate::Unanswered {
            self.connection.break_off();
            return Err(fault(fate));
        }
        done
    }

    async fn run_code(
        &mut self,
        _code: Arc<dyn CodeStep>,
        _up: bool,
        _verify: Option<&str>,
        _entry: &JournalEntry,
        _epoch: u64,
        _limit: &Limit,
    ) -> Outcome<()> {
        Err(unsimulated("code step").into_fault())
    }

    async fn snapshot(&mut self) -> Result<Snapshot> {
        let look = |world: &mut World, _| world.snapshot(&world.objects);
        self.connection.own("reading the objects", Ask::Look, look).await
    }

    async fn introspect(&mut self, _selection: &Selection) -> Result<Structure> {
        Err(unsimulated("structure").into())
    }

    async fn count(&mut self, removed: &Removed, _limit: &Limit) -> Outcome<u64> {
        let count = |world: &mut World, _| world.rows_in(removed);
        let counted = self.connection.own("counting rows", Ask::Look, count).await;
        counted.map_err(|error| Fault::new(Cause::Lost, error.to_string()))
    }

    async fn verify(&mut self, _query: &str, _limit: &Limit) -> Outcome<bool> {
        Err(unsimulated("verify query").into_fault())
    }

    /// Where the lock and the steps are on one connection, holding it proves that there is none. Otherwise the named session
    /// is ended, whatever it is at.
    async fn await_orphan(&mut self, identity: &str, _deadline: Deadline) -> Result<()> {
        if self.connection.world().kind != Kind::Apart || self.identity() == identity {
            return Ok(());
        }
        let end = |world: &mut World, _| world.end_session(identity);
        self.connection
            .own("ending an orphaned statement", Ask::Look, end)
            .await
    }

    async fn close(self: Box<Self>) {}
}

/// Runs a statement outside a transaction.
pub(super) fn run(world: &mut World, statement: &str) -> std::result::Result<u64, String> {
    let mut objects = world.objects.clone();
    let done = objects.run(statement)?;
    world.become_of(objects);
    Ok(done)
}
