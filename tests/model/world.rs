//! The state of the model: what the database holds, who holds the lock, where each instance is in its program.

use lockstep_lifecycle::{Direction, JournalEntry, JournalState, Progress};
use lockstep_registry::{Checksum, SchemaVersion, Timestamp};

use super::setting::{Few, Request};

/// Everything; small enough to keep millions of them.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct World {
    /// Which facts are committed.
    pub(crate) facts: u32,
    /// Which steps of each schema are really in effect, one bit each.
    pub(crate) truth: [u8; 2],
    pub(crate) journal: [Journal; 2],
    /// Who holds the structural lock.
    pub(crate) lock: Option<u8>,
    /// A statement whose connection is gone, and which the server may still carry out; it keeps the lock.
    pub(crate) orphan: Option<Statement>,
    pub(crate) instances: [Instance; 3],
    /// What may still go wrong, and be asked.
    pub(crate) crashes: u8,
    pub(crate) cuts: u8,
    pub(crate) failures: u8,
    pub(crate) unanswered: u8,
    pub(crate) jumps: u8,
    pub(crate) budget: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Statement {
    pub(crate) schema: u8,
    pub(crate) step: u8,
    pub(crate) direction: Direction,
}

/// The journal of a schema, as far as the future depends on it (`histories` tests that this is all).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub(crate) struct Journal {
    in_effect: u8,
    in_doubt: Option<(u8, bool)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Instance {
    pub(crate) incarnation: u8,
    /// Whether the connection that took the structural lock is alive.
    pub(crate) connected: bool,
    pub(crate) at: At,
    /// It waits for the answer to a commit; where it stands once it knows that the commit counts is `at`.
    pub(crate) unsure: bool,
    /// The timed leases it believes to hold.
    pub(crate) held: [Option<Handle>; 2],
    /// A former start that is thought dead and still renews.
    pub(crate) ghost: Option<Ghost>,
}

/// A lease as its holder remembers it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Handle {
    pub(crate) epoch: u8,
    /// Known to the model alone: the lease was released or fenced.
    pub(crate) ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Ghost {
    pub(crate) version: u8,
    pub(crate) incarnation: u8,
    pub(crate) handle: Handle,
}

/// Where an instance is in its program.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum At {
    Idle,
    /// Waits for the structural lock; `read` is what a broken runtime plans from.
    Waiting {
        request: Request,
        read: u32,
    },
    /// Holds the lock and is about to plan anew.
    Holding {
        request: Request,
    },
    /// Inside one transaction; `next` counts the steps that ran.
    Running {
        request: Request,
        direction: Direction,
        schemas: Few,
        next: u8,
        read: u32,
    },
    /// The transaction was rolled back because a step failed; the record comes next.
    Failing {
        request: Request,
        direction: Direction,
        schema: u8,
        step: u8,
    },
    /// Journalled work.
    Working(Work),
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Work {
    pub(crate) request: Request,
    /// Whether this finishes what others left.
    pub(crate) recovers: bool,
    pub(crate) schema: u8,
    pub(crate) direction: Direction,
    pub(crate) epoch: u8,
    pub(crate) phase: Phase,
    /// The steps to run, from the first.
    pub(crate) todo: Few,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Phase {
    /// Look up in the catalog what became of the step in doubt.
    Resolve,
    /// Journal the next step as started.
    Start,
    Execute,
    /// Journal it as done.
    Done,
    Conclude,
}

impl At {
    pub(crate) fn holds_lock(&self) -> bool {
        matches!(self, Self::Holding { .. } | Self::Running { .. } | Self::Working(_))
    }
}

impl Statement {
    /// Carries it out; an effect that is there already, or is not there to undo, is told.
    pub(crate) fn execute(&self, truth: &mut [u8; 2]) -> Result<(), String> {
        let (bit, mask) = (1 << self.step, &mut truth[usize::from(self.schema)]);
        let there = *mask & bit != 0;
        *mask = match self.direction {
            Direction::Up => *mask | bit,
            Direction::Down => *mask & !bit,
        };
        match (self.direction, there) {
            (Direction::Up, true) => Err(format!("{self} ran although it is in effect")),
            (Direction::Down, false) => Err(format!("{self} ran although it is not in effect")),
            _ => Ok(()),
        }
    }
}

impl std::fmt::Display for Statement {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (schema, step) = (super::setting::SCHEMAS[usize::from(self.schema)], self.step);
        write!(f, "{} of {schema} step {}", self.direction, step + 1)
    }
}

impl Journal {
    /// Adds an entry the way an engine does, and keeps what `Progress` makes of all of them.
    pub(crate) fn add(&mut self, state: JournalState, step: u8, direction: Direction) {
        let mut entries = self.entries();
        entries.push(entry(state, step, direction));
        let progress = Progress::of(&entries);
        self.in_effect = progress.in_effect.keys().fold(0, |bits, at| bits | 1 << at);
        self.in_doubt = progress.in_doubt.map(|(at, way)| (number(at), way == Direction::Down));
    }

    pub(crate) fn progress(&self) -> Progress {
        Progress::of(&self.entries())
    }

    pub(crate) fn in_effect(&self) -> u8 {
        self.in_effect
    }

    pub(crate) fn in_doubt(&self) -> Option<(u8, Direction)> {
        let way = |down| if down { Direction::Down } else { Direction::Up };
        self.in_doubt.map(|(at, down)| (at, way(down)))
    }

    /// A person finished what was left: every step is done, this way.
    pub(crate) fn finish(&mut self, steps: u8, direction: Direction) {
        for step in 0..steps {
            let there = self.in_effect & (1 << step) != 0;
            let doubtful = self.in_doubt.is_some_and(|(at, _)| at == step);
            if doubtful || there != (direction == Direction::Up) {
                self.add(JournalState::Done, step, direction);
            }
        }
    }

    /// The steps left, in the product's order.
    pub(crate) fn remaining(&self, steps: u8, direction: Direction) -> Few {
        let left = self.progress().remaining(u32::from(steps), direction);
        Few::of(left.into_iter().map(number))
    }

    fn entries(&self) -> Vec<JournalEntry> {
        let done = (0..8u8).filter(|at| self.in_effect & (1 << at) != 0);
        let done = done.map(|at| entry(JournalState::Done, at, Direction::Up));
        let doubt = self.in_doubt();
        done.chain(doubt.map(|(at, way)| entry(JournalState::Started, at, way)))
            .collect()
    }
}

fn number(at: u32) -> u8 {
    u8::try_from(at).expect("few steps")
}

fn entry(state: JournalState, step: u8, direction: Direction) -> JournalEntry {
    JournalEntry {
        operation: String::new(),
        schema: SchemaVersion::new("schema").expect("a name"),
        position: u32::from(step),
        step: String::new(),
        direction,
        state,
        checksum: Checksum::recorded(""),
        session: String::new(),
        started_at: Timestamp(0),
        finished_at: None,
        duration_us: 0,
        rows: 0,
        error: None,
        before: None,
        ends_by: None,
    }
}
