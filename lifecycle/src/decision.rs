//! A decision: the events that make it true, each checked by the transition function as it is added.

use lockstep_registry::{HandlerState, HandlerVersion, Lease, LeaseState, SchemaState, SchemaVersion};

use crate::{EventKind, Facts, FenceReason, Operation, OperationId, Refusal, Retention, RetentionReason};

/// What becomes of the announcement when a decision is committed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum OperationChange {
    /// As it is.
    #[default]
    Keep,
    /// This operation is announced.
    Announce(Operation),
    /// This operation is over; another's announcement stays.
    Clear(OperationId),
    /// Whatever is announced is stale: its owner does not hold the lock we hold.
    ClearStale,
}

/// What an engine commits as one transaction.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// The changes, in order.
    pub events: Vec<EventKind>,
    /// What becomes of the announcement.
    pub operation: OperationChange,
    /// Whether structural work changes hands: the epoch grows by one.
    pub takes_epoch: bool,
}

/// The changes that make a plan true, and the facts as they will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The changes, in order.
    pub events: Vec<EventKind>,
    /// The facts once they are committed.
    pub after: Facts,
}

/// A decision in the making.
#[derive(Debug)]
pub(crate) struct Draft {
    pub(crate) facts: Facts,
    events: Vec<EventKind>,
}

impl Draft {
    pub(crate) fn new(facts: Facts) -> Self {
        Self {
            facts,
            events: Vec::new(),
        }
    }

    /// Adds a change; one that the transition function does not know is refused.
    pub(crate) fn push(&mut self, event: EventKind) -> Result<(), Refusal> {
        self.facts.apply(&event, self.facts.now)?;
        self.events.push(event);
        Ok(())
    }

    /// Adds a change unless it changes nothing: who goes on with what is on its way has nothing to tell (R4).
    pub(crate) fn push_news(&mut self, event: EventKind) -> Result<(), Refusal> {
        let before = self.facts.clone();
        self.push(event)?;
        if self.facts == before {
            self.events.pop();
        }
        Ok(())
    }

    pub(crate) fn finish(self) -> Decision {
        Decision {
            events: self.events,
            after: self.facts,
        }
    }

    /// Fences every lease whose time is over, and returns the schemas they were on.
    ///
    /// A pending one waits for work under the structural lock, however long that takes; whether the work goes on
    /// is known only to who holds that lock (`plan_recovery`).
    pub(crate) fn fence_due(&mut self) -> Result<Vec<SchemaVersion>, Refusal> {
        let now = self.facts.now;
        let due: Vec<_> = self
            .facts
            .leases
            .values()
            .filter(|l| l.state == LeaseState::Active && l.is_due(now))
            .cloned()
            .collect();
        let mut schemas = Vec::new();
        for lease in due {
            self.push(EventKind::LeaseFenced {
                holder: lease.holder,
                handler_version: lease.handler_version.clone(),
                schema: lease.schema.clone(),
                reason: FenceReason::Expired,
            })?;
            self.settle_handler(&lease.handler_version, false)?;
            schemas.push(lease.schema);
        }
        Ok(schemas)
    }

    /// Brings a handler version in line with its leases after one ended; `drains` where a holder asked to stop serving it.
    pub(crate) fn settle_handler(&mut self, of: &HandlerVersion, drains: bool) -> Result<(), Refusal> {
        let Some(state) = self.facts.bindings.get(of).map(|record| record.state) else {
            return Ok(());
        };
        let handler_version = of.clone();
        let live = self.facts.leases_of(of).next().is_some();
        // Who waits for a schema does not serve yet.
        let is_active = |lease: &Lease| lease.state == LeaseState::Active;
        let served = self.facts.leases_of(of).any(is_active);
        match state {
            HandlerState::Active | HandlerState::Draining if !served => {
                self.push(EventKind::HandlerDeactivated { handler_version })
            }
            HandlerState::Activating if !live => self.push(EventKind::HandlerFailed { handler_version }),
            HandlerState::Active if drains => self.push(EventKind::HandlerDraining { handler_version }),
            _ => Ok(()),
        }
    }

    /// Keeps an applied schema that nothing uses.
    pub(crate) fn retain(
        &mut self,
        schema: &SchemaVersion,
        until: Option<lockstep_registry::Timestamp>,
        reason: RetentionReason,
    ) -> Result<(), Refusal> {
        let unused = self.facts.state_of(schema) == SchemaState::Applied && self.facts.references(schema) == 0;
        let already = self.facts.schemas.get(schema).and_then(|r| r.retention.as_ref());
        if !unused || already.is_some_and(|held| held.reason == reason && held.until == until) {
            return Ok(());
        }
        let since = already.map_or(self.facts.now, |held| held.since);
        self.push(EventKind::SchemaRetained {
            schema: schema.clone(),
            retention: Retention { since, until, reason },
        })
    }

    /// Takes the schema and what it requires out of retention: they are used again.
    pub(crate) fn reuse<'a>(&mut self, schemas: impl IntoIterator<Item = &'a SchemaVersion>) -> Result<(), Refusal> {
        for schema in schemas {
            let retained = self.facts.schemas.get(schema).is_some_and(|r| r.retention.is_some());
            if retained && self.facts.references(schema) > 0 {
                self.push(EventKind::SchemaReused { schema: schema.clone() })?;
            }
        }
        Ok(())
    }
}
