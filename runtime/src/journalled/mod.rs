//! Work outside one transaction: begun in T1, journalled step by step, flipped in T2.
//!
//! ```text
//!  session holds the structural lock; on the way down also the schemas' guards, from before T1 to its end
//!  T1  scope row: state applying | reverting, pending lease, operation, epoch + 1
//!  per step: transactional    statements + journal done, one transaction, epoch checked
//!            no-transaction   journal started ─► statement ─► looked up in the catalog ─► journal done
//!  T2  scope row: epoch still ours? applied | rolled back, lease granted
//! ```
//! A crash anywhere leaves rows that tell exactly what is in effect and what is in doubt: see `recovery`.

mod activate;
pub(crate) mod doubt;
mod foresee;
mod run;
mod take_back;

use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::Session;
use crate::steps::{applied_event, reverted_event};
use crate::{Error, Result};
use lockstep_catalog::Removed;
use lockstep_lifecycle::{Direction, EventKind, Operation};
use lockstep_registry::SchemaSpec;
use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use activate::activate;
pub(crate) use doubt::{DOUBT, UNVERIFIED};
pub(crate) use foresee::without_loss;
pub(crate) use run::{WHOLE_JOURNAL, progress_of, unchanged};
pub(crate) use take_back::take_back;

/// A session, and the epoch under which its work counts.
pub(crate) struct Run<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) session: Box<dyn Session>,
    pub(crate) operation: &'a Operation,
    pub(crate) epoch: u64,
    pub(crate) deadline: Deadline,
    /// For failpoints.
    pub(crate) stage: &'static str,
    /// Tables and columns that go with a way back and may not lose a row: what removes them looks again first.
    pub(crate) empty: BTreeSet<Removed>,
    /// Whether a person looked at what is in doubt and said how to go on.
    pub(crate) decided: bool,
}

impl Run<'_> {
    /// What an interruption is told as: once T1 counts, it is not true any more that nothing was changed.
    pub(crate) fn begun(&self) -> impl Fn(Error) -> Error + use<> {
        let begun = self.epoch > 0;
        move |error| match error {
            Error::Connect { .. } | Error::Database { .. } if begun => Error::HalfWay { cause: Box::new(error) },
            other => other,
        }
    }
}

/// Opens the session that work outside a transaction needs.
pub(crate) async fn open(core: &Core, deadline: Deadline) -> Result<Box<dyn Session>> {
    let opened = tokio::select! {
        opened = core.engine.open_session(core.scope(), deadline) => opened?,
        () = core.stop.cancelled() => return Err(Error::Cancelled),
    };
    opened.ok_or_else(|| Error::Damaged {
        message: "a schema is marked as half-way, which cannot happen on this engine".to_owned(),
    })
}

/// The event of a finished direction.
pub(crate) fn finished_event(
    spec: &SchemaSpec,
    operation: &Operation,
    direction: Direction,
    steps: usize,
    watch: Stopwatch,
) -> EventKind {
    match direction {
        Direction::Up => applied_event(spec, spec.checksum(), &operation.id, steps, watch.elapsed()),
        Direction::Down => reverted_event(spec, &operation.id, steps, watch.elapsed(), Vec::new()),
    }
}
