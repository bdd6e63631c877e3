//! The journal of steps that ran outside one transaction, and what it says is in effect.

use std::collections::{BTreeMap, BTreeSet};

use lockstep_registry::{Checksum, SchemaVersion, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Direction, OperationId};

/// How far a journalled step got.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JournalState {
    /// It was sent to the server; whether it took effect must be looked up in the catalog.
    Started,
    /// It is in effect.
    Done,
    /// The database refused it, and it has no effect.
    Failed,
}

impl JournalState {
    /// The state's name as stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Started => "started",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Started, Self::Done, Self::Failed]
            .into_iter()
            .find(|s| s.as_str() == name)
    }
}

/// One row of the journal, which is also the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Whose work.
    pub operation: OperationId,
    /// Of which schema.
    pub schema: SchemaVersion,
    /// The step's place, from 0.
    pub position: u32,
    /// Its name.
    pub step: String,
    /// Which way.
    pub direction: Direction,
    /// How far it got.
    pub state: JournalState,
    /// Of the step.
    pub checksum: Checksum,
    /// The database session that ran it, so that a successor can tell whether it still runs.
    pub session: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended.
    pub finished_at: Option<Timestamp>,
    /// How long it took, in microseconds.
    pub duration_us: u64,
    /// How many rows it changed.
    pub rows: u64,
    /// The database's own error.
    pub error: Option<String>,
    /// The objects it names as they were before it was sent, where that tells afterwards whether it took effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// When the server is to have stopped it, by the database's time: a session that still runs it later is given up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_by: Option<Timestamp>,
}

/// What the journal of one schema says is in effect.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// The steps whose `up` is in effect, with the checksum they had.
    pub in_effect: BTreeMap<u32, Checksum>,
    /// The step whose effect must be looked up, and which way it was going.
    pub in_doubt: Option<(u32, Direction)>,
}

impl Progress {
    /// Replays the journal of one schema, oldest entry first.
    pub fn of<'a>(journal: impl IntoIterator<Item = &'a JournalEntry>) -> Self {
        let mut progress = Self::default();
        for entry in journal {
            match (entry.state, entry.direction) {
                (JournalState::Started, direction) => {
                    progress.in_doubt = Some((entry.position, direction));
                    continue;
                }
                (JournalState::Done, Direction::Up) => {
                    progress.in_effect.insert(entry.position, entry.checksum.clone());
                }
                (JournalState::Done, Direction::Down) => {
                    progress.in_effect.remove(&entry.position);
                }
                (JournalState::Failed, _) => {}
            }
            if progress.in_doubt.is_some_and(|(at, _)| at == entry.position) {
                progress.in_doubt = None;
            }
        }
        progress
    }

    /// The steps that remain, in the order they are to run: ups forward, downs backward.
    pub fn remaining(&self, steps: u32, direction: Direction) -> Vec<u32> {
        let done: BTreeSet<_> = self.in_effect.keys().copied().collect();
        match direction {
            Direction::Up => (0..steps).filter(|at| !done.contains(at)).collect(),
            Direction::Down => done.into_iter().rev().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u32, direction: Direction, state: JournalState) -> JournalEntry {
        JournalEntry {
            operation: "op".into(),
            schema: SchemaVersion::new("schema_v1").expect("valid"),
            position,
            step: format!("{position:03}"),
            direction,
            state,
            checksum: Checksum::of(["x"]),
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

    #[test]
    fn what_was_started_and_never_ended_is_in_doubt() {
        use Direction::Up;
        use JournalState::{Done, Started};
        let journal = [entry(0, Up, Started), entry(0, Up, Done), entry(1, Up, Started)];
        let progress = Progress::of(&journal);
        assert_eq!(progress.in_doubt, Some((1, Up)));
        assert_eq!(progress.remaining(3, Up), [1, 2]);
        assert_eq!(progress.remaining(3, Direction::Down), [0]);
    }

    #[test]
    fn downs_run_backward_from_what_is_in_effect() {
        use Direction::{Down, Up};
        use JournalState::{Done, Failed, Started};
        let journal = [
            entry(0, Up, Done),
            entry(1, Up, Done),
            entry(2, Up, Started),
            entry(2, Up, Failed),
            entry(1, Down, Started),
            entry(1, Down, Done),
        ];
        let progress = Progress::of(&journal);
        assert_eq!(progress.in_doubt, None);
        assert_eq!(progress.remaining(3, Down), [0]);
        assert_eq!(progress.remaining(3, Up), [1, 2]);
    }
}
