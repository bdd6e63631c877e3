//! Where every request to the simulated database waits until the scheduler says what becomes of it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use lockstep_registry::SchemaVersion;
use tokio::sync::oneshot;

use super::Sabotage;
use super::world::{Line, Orphan, World};
use crate::engine::step::{Cause, Fault};
use crate::{Error, Result};

/// What a process asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ask {
    /// To read, or to write what needs no lock.
    Look,
    /// The scope's row, to the end of the transaction.
    Scope,
    /// To read the scope's row under a lock of its own, and to write.
    Write,
    Structure,
    /// No guarded transaction on these schemas from now on.
    Exclude(Vec<SchemaVersion>),
    /// A shared hold on this schema.
    Guard(SchemaVersion),
    /// A statement outside a transaction: it may go on without its connection.
    Statement(String),
    /// Statements of a step in a transaction.
    Step,
    Renewal,
}

impl Ask {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Look => "read",
            Self::Scope => "lock the scope's row",
            Self::Write => "write",
            Self::Structure => "lock the structure",
            Self::Exclude(_) => "keep guarded transactions out",
            Self::Guard(_) => "begin a guarded transaction",
            Self::Statement(_) => "run a statement",
            Self::Step => "run a step",
            Self::Renewal => "renew",
        }
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is done, and answered.
    Served,
    /// Its connection breaks before the server hears of it.
    Cut,
    /// Its connection breaks after it was done.
    Unanswered,
    /// Its connection breaks while the server works on it, which goes on.
    Orphaned,
    /// The server says no.
    Refused,
    /// What it waits for did not become free in time.
    Busy,
}

/// A request that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: u64,
    pub(super) line: Line,
    pub(super) ask: Ask,
    answer: oneshot::Sender<Fate>,
}

impl World {
    /// Whether the database could do now what is asked.
    pub(super) fn is_ready(&self, line: Line, ask: &Ask) -> bool {
        let free = |held: Option<Line>| held.is_none_or(|held| held == line);
        match ask {
            Ask::Look | Ask::Renewal | Ask::Statement(_) | Ask::Step => true,
            Ask::Scope | Ask::Write => free(self.scope_row),
            Ask::Structure => free(self.structure) || self.is_broken(Sabotage::SharesTheStructure),
            Ask::Exclude(schemas) => {
                let open = |(held, schema): &(Line, SchemaVersion)| *held != line && schemas.contains(schema);
                self.is_broken(Sabotage::IgnoresGuards) || !self.guards.iter().any(open)
            }
            Ask::Guard(schema) => !self.excluded.iter().any(|(_, held)| held == schema),
        }
    }

    /// Gives what is asked for, where that is a lock.
    fn grant(&mut self, line: Line, ask: &Ask) {
        match ask {
            Ask::Scope => self.scope_row = Some(line),
            Ask::Structure => {
                self.structure = Some(line);
                self.changes += 1;
            }
            Ask::Exclude(schemas) => self
                .excluded
                .extend(schemas.iter().map(|schema| (line, schema.clone()))),
            Ask::Guard(schema) => {
                self.guards.push((line, schema.clone()));
                self.changes += 1;
            }
            _ => {}
        }
    }
}

/// The database, shared by all processes.
#[derive(Debug, Clone)]
pub(super) struct Shared(Arc<Mutex<World>>);

impl Shared {
    pub(super) fn new(world: World) -> Self {
        Self(Arc::new(Mutex::new(world)))
    }

    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn connect(&self, process: u8) -> Connection {
        let number = self.world().count();
        Connection {
            shared: self.clone(),
            line: Line { process, number },
            broken: false,
        }
    }

    /// Tells a waiting request what becomes of it.
    pub(super) fn answer(&self, id: u64, fate: Fate) {
        let mut world = self.world();
        let Some(at) = world.waiting.iter().position(|waiting| waiting.id == id) else {
            return;
        };
        let waiting = world.waiting.remove(at);
        let ended = world.ended.contains(&waiting.line.number.to_string());
        let fate = if ended { Fate::Cut } else { fate };
        match (fate, &waiting.ask) {
            (Fate::Served | Fate::Unanswered, ask) => world.grant(waiting.line, ask),
            (Fate::Orphaned, Ask::Statement(statement)) => {
                world.orphan = Some(Orphan {
                    line: waiting.line,
                    statement: statement.clone(),
                });
            }
            _ => {}
        }
        // Nobody hears it where the future was dropped: then its connection is closed.
        let _ = waiting.answer.send(fate);
    }
}

/// A connection to it. Dropped, it is closed, and what it held is free.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) shared: Shared,
    pub(super) line: Line,
    broken: bool,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.close();
    }
}

impl Connection {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.shared.world()
    }

    fn close(&mut self) {
        let line = self.line;
        let mut world = self.shared.world();
        world.waiting.retain(|waiting| waiting.line != line);
        world.let_go(line);
    }

    pub(super) fn break_off(&mut self) {
        self.broken = true;
        self.close();
    }

    /// Waits for what becomes of a request; for ever, once the process has crashed.
    pub(super) async fn ask(&mut self, ask: Ask) -> Fate {
        if self.broken {
            return Fate::Cut;
        }
        let (answer, fate) = oneshot::channel();
        {
            let mut world = self.shared.world();
            if !world.crashed.contains(&self.line.process) {
                let (id, line) = (world.count(), self.line);
                world.waiting.push(Waiting { id, line, ask, answer });
            }
        }
        match fate.await {
            Ok(fate) => {
                if matches!(fate, Fate::Cut | Fate::Orphaned) {
                    self.break_off();
                }
                fate
            }
            Err(_) => std::future::pending().await,
        }
    }

    /// The same for requests of our own, whose effect `work` is at once: what breaks is an error.
    pub(super) async fn own<T>(
        &mut self,
        doing: &'static str,
        ask: Ask,
        work: impl FnOnce(&mut World, Line) -> T,
    ) -> Result<T> {
        let what = ask.name();
        let fate = self.ask(ask).await;
        match fate {
            Fate::Served => {
                let line = self.line;
                Ok(work(&mut self.world(), line))
            }
            Fate::Unanswered => {
                let line = self.line;
                drop(work(&mut self.world(), line));
                self.break_off();
                Err(broken(doing))
            }
            Fate::Busy => Err(Error::Busy {
                what,
                waited: std::time::Duration::from_millis(500),
                holder: None,
            }),
            Fate::Cut | Fate::Orphaned | Fate::Refused => Err(broken(doing)),
        }
    }
}

/// What a lost connection is told as.
pub(super) fn broken(doing: &'static str) -> Error {
    Error::Database {
        doing,
        message: "the connection was cut".to_owned(),
        code: None,
        transient: true,
    }
}

/// What a step's statement failed with.
pub(super) fn fault(fate: Fate) -> Fault {
    match fate {
        Fate::Refused => Fault::new(Cause::Refused, "the database said no"),
        Fate::Busy => Fault::new(Cause::TimedOut, "it ran out of time"),
        _ => Fault::new(Cause::Lost, "the connection was cut"),
    }
}
