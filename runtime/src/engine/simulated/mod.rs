//! A simulated database behind the engine port: rows, objects and locks in memory, and a gate before each request.
//!
//! ```text
//!  runtime ─► port ─► request ─► gate ┄┄ the scheduler picks one, and its fate ┄┄► World, at once ─► answer
//! ```
//! Nothing happens between two picks, so a schedule is the list of its picks: every order of requests, every cut
//! connection, lost answer and crash between any two requests can be had, and had again. It knows what the protocol of
//! versions, leases and steps needs; rehearsals, declarations, code steps and readings of structures are not simulated.

mod gate;
mod guarded;
mod session;
mod transaction;
mod world;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Snapshot};
use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};

use super::console::Console;
use super::guard::{Claim, Entry};
use super::step::{Cause, Fault};
use super::{Engine, LeaseToken, Limit, Outcome, Reading, Scratch, Session, Transaction};
use crate::clock::Deadline;
use crate::structure::{Declaration, KeptDeclaration};
use crate::{Error, Result};

use gate::{Ask, Shared};
use session::SimulatedSession;
use transaction::SimulatedTransaction;
use world::World;

pub use gate::Fate;
pub use world::Objects;

/// How steps run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// All steps of an operation in one transaction.
    Transactional,
    /// Step by step, journalled; the structural lock and the steps are on one connection.
    Journalled,
    /// The same, with the lock on a connection of its own: it can be lost while the steps go on.
    Apart,
}

/// A promise of the port that the simulated database breaks on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sabotage {
    /// The structural lock is given to whoever asks.
    SharesTheStructure,
    /// What is read after the wait for the scope's row is from before it.
    ReadsBeforeTheLock,
    /// The journal takes entries of an epoch that is over.
    IgnoresTheEpoch,
    /// A statement that goes on without its connection keeps no lock.
    ForgetsOrphans,
    /// A lease is fenced, and the log does not say so.
    FencesSilently,
    /// A commit's rows count, and its steps do not.
    TearsCommits,
    /// A way back does not wait for guarded transactions.
    IgnoresGuards,
    /// A renewal of a lease that is gone is granted.
    RenewsAnything,
    /// Rows that a way back would lose are not counted.
    CountsNothing,
}

impl Sabotage {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::SharesTheStructure,
        Self::ReadsBeforeTheLock,
        Self::IgnoresTheEpoch,
        Self::ForgetsOrphans,
        Self::FencesSilently,
        Self::TearsCommits,
        Self::IgnoresGuards,
        Self::RenewsAnything,
        Self::CountsNothing,
    ];
}

/// A request that waits for its fate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its number.
    pub id: u64,
    /// Whose it is.
    pub process: u8,
    /// What is asked for.
    pub what: &'static str,
    /// Whether it can be served now; otherwise it waits for a lock.
    pub ready: bool,
    /// Whether it is a statement that may go on without its connection.
    pub may_be_orphaned: bool,
}

/// What a simulated database holds.
#[derive(Debug, Clone)]
pub struct Contents {
    /// Its rows.
    pub facts: Facts,
    /// What steps made.
    pub objects: Objects,
    /// Rows of programs that went with their tables.
    pub lost: u64,
    /// Schemas on which a guarded transaction is open.
    pub guarded: Vec<SchemaVersion>,
    /// Whether somebody holds the structural lock, or a statement goes on without its connection.
    pub structural: bool,
}

/// A simulated database.
#[derive(Debug, Clone)]
pub struct Simulation(Shared);

impl Simulation {
    /// An empty one. Its clock is the executor's: within `tokio::time::pause` it stands until somebody sleeps.
    pub fn new(kind: Kind, sabotage: Option<Sabotage>) -> Self {
        Self(Shared::new(World::new(kind, sabotage)))
    }

    /// Builds the runtime of one start of a process; each start has a number of its own.
    pub fn builder(&self, process: u8) -> crate::Builder {
        let (shared, kind) = (self.0.clone(), self.0.world().kind);
        crate::Builder::over(Arc::new(Simulated { shared, kind, process }))
    }

    /// What waits, in an order that depends on what was asked alone.
    pub fn requests(&self) -> Vec<Request> {
        let world = self.0.world();
        let mut waiting: Vec<_> = world.waiting.iter().collect();
        waiting.sort_by_key(|waiting| (waiting.line.process, waiting.ask.name(), waiting.id));
        let request = |waiting: &gate::Waiting| Request {
            id: waiting.id,
            process: waiting.line.process,
            what: waiting.ask.name(),
            ready: world.is_ready(waiting.line, &waiting.ask),
            may_be_orphaned: matches!(waiting.ask, Ask::Statement(_)),
        };
        waiting.into_iter().map(request).collect()
    }

    /// Says what becomes of a request.
    pub fn answer(&self, request: u64, fate: Fate) {
        self.0.answer(request, fate);
    }

    /// A process ends between two of its requests; `running` where the server works on one, which then goes on. What it
    /// waits for it never hears of; what its connections held is free.
    pub fn crash(&self, process: u8, running: bool) {
        let mut world = self.0.world();
        let orphan = world.waiting.iter().find_map(|w| match &w.ask {
            Ask::Statement(statement) if running && w.line.process == process => Some(world::Orphan {
                line: w.line,
                statement: statement.clone(),
            }),
            _ => None,
        });
        world.orphan = orphan.or(world.orphan.take());
        world.changes += 1;
        world.crashed.insert(process);
        world.waiting.retain(|w| w.line.process != process);
        for line in world.lines_of(process) {
            world.let_go(line);
        }
    }

    /// The statement that goes on without its connection ends, and the lock it kept is free. False where there is none.
    pub fn end_orphan(&self) -> bool {
        let mut world = self.0.world();
        let Some(orphan) = world.orphan.take() else {
            return false;
        };
        // Nobody hears how it ended.
        let _ = session::run(&mut world, &orphan.statement);
        world.let_go(orphan.line);
        true
    }

    /// The connection that holds the structural lock breaks, where it is not the one that steps run on. False where there
    /// is none.
    pub fn lose_lock(&self) -> bool {
        let mut world = self.0.world();
        let apart = world.kind == Kind::Apart && world.orphan.is_none();
        world.changes += 1;
        apart && world.structure.take().is_some()
    }

    /// Sets the server's clock by so many microseconds.
    pub fn turn_clock(&self, by: i64) {
        self.0.world().skew += by;
    }

    /// A program writes a row into a table, where there is one and nobody keeps it to himself.
    pub fn write_row(&self, table: &str) -> bool {
        let mut world = self.0.world();
        if world.locked.contains_key(table) || !world.objects.tables.contains(table) {
            return false;
        }
        *world.rows.entry(table.to_owned()).or_default() += 1;
        true
    }

    /// Grows with every change of what [`contents`](Self::contents) shows, the clock apart.
    pub fn changes(&self) -> u64 {
        self.0.world().changes
    }

    /// What it holds now.
    pub fn contents(&self) -> Contents {
        let world = self.0.world();
        Contents {
            facts: world.facts(),
            objects: world.objects.clone(),
            lost: world.lost,
            guarded: world.guards.iter().map(|(_, schema)| schema.clone()).collect(),
            structural: world.structure.is_some() || world.orphan.is_some(),
        }
    }

    /// The journal of a schema.
    pub fn journal(&self, schema: &SchemaVersion) -> Vec<JournalEntry> {
        let world = self.0.world();
        let of = world.journal.iter().filter(|entry| entry.schema == *schema);
        of.cloned().collect()
    }

    /// The events after a number.
    pub fn events_after(&self, seq: u64) -> Vec<Event> {
        let world = self.0.world();
        world.log.iter().filter(|event| event.seq > seq).cloned().collect()
    }
}

/// What one process sees of it.
#[derive(Debug)]
struct Simulated {
    shared: Shared,
    kind: Kind,
    process: u8,
}

/// What no simulated process asks for.
pub(super) struct Unsimulated(&'static str);

pub(super) fn unsimulated(what: &'static str) -> Unsimulated {
    Unsimulated(what)
}

impl Unsimulated {
    fn text(&self) -> String {
        format!("a simulated database has no {}", self.0)
    }

    fn into_fault(self) -> Fault {
        Fault::new(Cause::Refused, self.text())
    }
}

impl From<Unsimulated> for Error {
    fn from(what: Unsimulated) -> Self {
        Self::bug(what.text())
    }
}

impl Simulated {
    async fn look<T>(&self, look: impl FnOnce(&World) -> T) -> Result<T> {
        let mut connection = self.shared.connect(self.process);
        connection.own("reading", Ask::Look, |world, _| look(world)).await
    }
}

#[async_trait]
impl Engine for Simulated {
    fn dialect(&self) -> Dialect {
        match self.kind {
            Kind::Transactional => Dialect::Sqlite,
            Kind::Journalled | Kind::Apart => Dialect::Mysql,
        }
    }

    fn transactional_ddl(&self) -> bool {
        self.kind == Kind::Transactional
    }

    async fn prepare(&self, _scope: &Scope, _deadline: Deadline) -> Result<Facts> {
        Ok(self.shared.world().facts())
    }

    async fn facts(&self, _scope: &Scope) -> Result<Option<Facts>> {
        self.look(|world| Some(world.facts())).await
    }

    async fn lock_scope(
        &self,
        _scope: &Scope,
        reading: Reading<'_>,
        _deadline: Deadline,
    ) -> Result<(Box<dyn Transaction>, Facts)> {
        let mut transaction = SimulatedTransaction::on(self.shared.connect(self.process));
        let facts = transaction.lock(reading).await?;
        Ok((Box::new(transaction), facts))
    }

    async fn lock_structure(&self, _scope: &Scope, _deadline: Deadline) -> Result<Box<dyn Transaction>> {
        let mut connection = self.shared.connect(self.process);
        connection
            .own("taking the structural lock", Ask::Structure, |_, _| ())
            .await?;
        Ok(Box::new(SimulatedTransaction::on(connection)))
    }

    async fn open_session(&self, _scope: &Scope, _deadline: Deadline) -> Result<Option<Box<dyn Session>>> {
        if self.kind == Kind::Transactional {
            return Ok(None);
        }
        let mut connection = self.shared.connect(self.process);
        connection
            .own("taking the structural lock", Ask::Structure, |_, _| ())
            .await?;
        Ok(Some(Box::new(SimulatedSession {
            connection,
            excluder: None,
        })))
    }

    async fn renew(&self, _scope: &Scope, lease: &LeaseToken, _deadline: Deadline) -> Result<bool> {
        let mut connection = self.shared.connect(self.process);
        let renew = |world: &mut World, _| world.renew(lease);
        connection.own("renewing a lease", Ask::Renewal, renew).await
    }

    async fn begin_guarded(&self, _scope: &Scope, claim: &Claim, _deadline: Deadline) -> Result<Entry> {
        guarded::begin(self.shared.connect(self.process), claim).await
    }

    fn guarded_keeps_renewals_out(&self) -> bool {
        false
    }

    async fn stored_spec(&self, _scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>> {
        self.look(|world| world.specs.get(schema).cloned()).await
    }

    async fn journal(&self, _scope: &Scope, schema: Option<&SchemaVersion>, limit: u32) -> Result<Vec<JournalEntry>> {
        self.look(|world| {
            let of = |entry: &&JournalEntry| schema.is_none_or(|schema| entry.schema == *schema);
            let all: Vec<_> = world.journal.iter().filter(of).cloned().collect();
            let skipped = match schema {
                Some(_) => 0,
                None => all.len().saturating_sub(limit as usize),
            };
            all.into_iter().skip(skipped).collect()
        })
        .await
    }

    async fn events(&self, _scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.look(|world| {
            let later = world.log.iter().filter(|event| event.seq > after);
            later.take(limit as usize).cloned().collect()
        })
        .await
    }

    async fn wait_for_change(&self, _scope: &Scope, at_most: Duration, _seen: &AtomicU64) {
        tokio::time::sleep(at_most).await;
    }

    async fn meta(&self, _key: &str) -> Result<Option<String>> {
        Ok(None)
    }

    async fn set_meta(&self, _key: &str, _value: &str) -> Result<()> {
        Err(unsimulated("place for observers").into())
    }

    async fn keep_declared(
        &self,
        _scope: &Scope,
        _declaration: &Declaration,
        _creator: &str,
        _deadline: Deadline,
    ) -> Result<()> {
        Err(unsimulated("declaration").into())
    }

    async fn declared(&self, _scope: &Scope, _versioned: bool, _limit: u32) -> Result<Vec<KeptDeclaration>> {
        Ok(Vec::new())
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        self.look(|world| world.snapshot(&world.objects)).await
    }

    async fn introspect(&self, _selection: &Selection) -> Result<Structure> {
        Err(unsimulated("structure to read").into())
    }

    async fn console(&self) -> Result<Box<dyn Console>> {
        Err(unsimulated("console").into())
    }

    async fn ask(&self, _query: &str, _limit: &Limit) -> Outcome<bool> {
        Err(unsimulated("verify query").into_fault())
    }

    async fn session_lives(&self, identity: &str) -> Result<Option<bool>> {
        self.look(|world| {
            let line = world.orphan.as_ref().map(|orphan| orphan.line).or(world.structure);
            Some(line.is_some_and(|line| line.number.to_string() == identity))
        })
        .await
    }

    async fn scratch(&self, _deadline: Deadline) -> Result<Scratch> {
        Err(unsimulated("throwaway copy").into())
    }

    async fn blank(&self, _deadline: Deadline) -> Result<Scratch> {
        Err(unsimulated("throwaway database").into())
    }

    async fn close(&self) {}
}
