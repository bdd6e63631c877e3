//! Deactivation: release the lease, then do with what it frees what the policy says.

use std::time::Duration;

use lockstep_registry::{HandlerVersion, Incarnation, InstanceId, Lease, LeaseKey, SchemaState, SchemaVersion};
use serde::{Deserialize, Serialize};

use crate::decision::Draft;
use crate::{Decision, Direction, EventKind, Facts, Failure, LiveUse, OperationId, Refusal, RetentionReason};

/// What becomes of a schema that nothing uses any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// It is taken back at once: the default for an explicit deactivation.
    Rollback,
    /// It is taken back after this time, unless it is used again.
    Grace(Duration),
    /// It stays until somebody takes it back: the default when leases merely ran out.
    Retain,
}

/// A request to stop serving a handler version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deactivate {
    /// What is no longer to be served.
    pub handler_version: HandlerVersion,
    /// By whom.
    pub instance: InstanceId,
    /// Only if this start of the instance holds the lease: one that was fenced must not give back its successor's.
    /// `None` where the instance as such is asked about.
    pub incarnation: Option<Incarnation>,
    /// What becomes of its schema.
    pub policy: Policy,
}

impl Deactivate {
    /// The lease it is about.
    fn lease<'a>(&self, facts: &'a Facts) -> Option<&'a Lease> {
        let key = LeaseKey {
            instance: self.instance.clone(),
            handler_version: self.handler_version.clone(),
        };
        let ours = |lease: &&Lease| match &self.incarnation {
            Some(incarnation) => lease.holder.incarnation == *incarnation,
            None => true,
        };
        facts.leases.get(&key).filter(ours)
    }
}

/// What taking schemas back came to, schema by schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reversal {
    /// The downs ran in this very transaction.
    Done(EventKind),
    /// The downs would have lost rows, or cannot run: it stays.
    Kept {
        /// Which schema.
        schema: SchemaVersion,
        /// Why.
        reason: RetentionReason,
    },
}

/// What a deactivation or a rollback needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TakeBack {
    /// There is no such lease; these others serve it.
    NotActive {
        /// Other holders of the handler version.
        others: Vec<LiveUse>,
    },
    /// Only rows change: one short transaction.
    Release(Decision),
    /// Structural work comes first: candidates to take back, in this order, each only while nothing uses it.
    Revert {
        /// Dependents before what they require.
        schemas: Vec<SchemaVersion>,
        /// Somebody's unfinished work, to be recovered under the structural lock.
        unfinished: Vec<SchemaVersion>,
    },
}

/// A request to take a retained schema back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rollback {
    /// Which schema.
    pub schema: SchemaVersion,
}

/// Decides what deactivating needs, from facts read under the lock.
pub fn plan_deactivate(facts: Facts, request: &Deactivate) -> Result<TakeBack, Refusal> {
    let Some(lease) = request.lease(&facts) else {
        if !facts.bindings.contains_key(&request.handler_version) {
            return Err(Refusal::UnknownHandlerVersion {
                known: facts
                    .bindings
                    .keys()
                    .filter(|v| v.handler == request.handler_version.handler)
                    .cloned()
                    .collect(),
                handler_version: request.handler_version.clone(),
            });
        }
        let others = facts.leases_of(&request.handler_version).map(LiveUse::from).collect();
        return Ok(TakeBack::NotActive { others });
    };
    let schema = lease.schema.clone();
    let mut draft = Draft::new(facts);
    release(&mut draft, request)?;
    if request.policy == Policy::Rollback {
        let schemas = freed(&draft.facts, &schema);
        if !schemas.is_empty() {
            let unfinished = unfinished(&draft.facts);
            return Ok(TakeBack::Revert { schemas, unfinished });
        }
    }
    keep(&mut draft, &schema, request.policy)?;
    Ok(TakeBack::Release(draft.finish()))
}

/// Releases the lease after structural work. A lease that appeared on a schema whose downs ran makes this
/// a refusal, and the transaction is taken back: nothing happened (R1).
pub fn conclude_deactivate(facts: Facts, request: &Deactivate, results: Vec<Reversal>) -> Result<Decision, Refusal> {
    let schema = request.lease(&facts).map(|lease| lease.schema.clone());
    let mut draft = Draft::new(facts);
    release(&mut draft, request)?;
    reverse(&mut draft, results)?;
    // Somebody needed it when this was planned, and let go of it since.
    if let Some(schema) = schema {
        let kept = draft.facts.schemas.get(&schema).is_some_and(|r| r.retention.is_some());
        if !kept {
            keep(&mut draft, &schema, request.policy)?;
        }
    }
    Ok(draft.finish())
}

/// Decides what taking a schema back needs.
pub fn plan_rollback(facts: Facts, request: &Rollback) -> Result<TakeBack, Refusal> {
    let schema = &request.schema;
    if !facts.schemas.contains_key(schema) {
        return Err(Refusal::UnknownSchema { schema: schema.clone() });
    }
    let mut draft = Draft::new(facts);
    fence_and_retain(&mut draft)?;
    let state = draft.facts.state_of(schema);
    if matches!(state, SchemaState::Applying | SchemaState::Reverting) {
        return Ok(TakeBack::Revert {
            schemas: vec![schema.clone()],
            unfinished: unfinished(&draft.facts),
        });
    }
    if state != SchemaState::Applied {
        return Err(Refusal::NotApplied {
            schema: schema.clone(),
            state,
        });
    }
    check_unused(&draft.facts, schema)?;
    Ok(TakeBack::Revert {
        schemas: vec![schema.clone()],
        unfinished: unfinished(&draft.facts),
    })
}

/// Records what taking a schema back came to; what it required stays and is retained.
pub fn conclude_rollback(facts: Facts, results: Vec<Reversal>) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    fence_and_retain(&mut draft)?;
    reverse(&mut draft, results)?;
    Ok(draft.finish())
}

/// Records that a step of taking back, of a recovery or of a repair failed. Where its transaction took everything back
/// the schema is as it was.
pub fn fail_take_back(facts: Facts, failure: Failure, operation: OperationId) -> Result<Decision, Refusal> {
    let mut draft = Draft::new(facts);
    if let Some(record) = draft.facts.schemas.get(&failure.schema) {
        let (checksum, requires) = (record.checksum.clone(), record.requires.clone());
        // Somebody else may have finished what our transaction could not.
        let is_late = failure.direction == Direction::Up && record.state == SchemaState::Applied;
        if record.occupies() && !is_late {
            draft.push(EventKind::SchemaFailed {
                operation,
                failure,
                checksum,
                requires: requires.clone(),
            })?;
        }
        // Where nothing of it is left, it no longer needs what it builds on.
        for parent in &requires {
            if draft.facts.schemas.get(parent).is_some_and(|r| r.retention.is_none()) {
                draft.retain(parent, None, RetentionReason::Policy)?;
            }
        }
    }
    Ok(draft.finish())
}

/// R1: an error that names everyone who needs the schema.
pub(crate) fn check_unused(facts: &Facts, schema: &SchemaVersion) -> Result<(), Refusal> {
    if facts.references(schema) == 0 {
        return Ok(());
    }
    Err(Refusal::InUse {
        schema: schema.clone(),
        leases: facts.leases_on(schema).map(LiveUse::from).collect(),
        dependents: facts.dependents_of(schema).cloned().collect(),
    })
}

/// The schema, if nothing uses it, and every schema that would be free once it is gone: dependents first.
pub(crate) fn freed(facts: &Facts, schema: &SchemaVersion) -> Vec<SchemaVersion> {
    let mut gone: Vec<SchemaVersion> = Vec::new();
    let mut next = std::collections::VecDeque::from([schema.clone()]);
    while let Some(at) = next.pop_front() {
        let free = facts.state_of(&at) == SchemaState::Applied
            && facts.leases_on(&at).next().is_none()
            && facts.dependents_of(&at).all(|d| gone.contains(d));
        if !free || gone.contains(&at) {
            continue;
        }
        if let Some(record) = facts.schemas.get(&at) {
            next.extend(record.requires.iter().cloned());
        }
        gone.push(at);
    }
    gone
}

pub(crate) fn unfinished(facts: &Facts) -> Vec<SchemaVersion> {
    let open = |state| matches!(state, SchemaState::Applying | SchemaState::Reverting);
    facts
        .schemas
        .iter()
        .filter(|(_, r)| open(r.state))
        .map(|(name, _)| name.clone())
        .collect()
}

pub(crate) fn release(draft: &mut Draft, request: &Deactivate) -> Result<(), Refusal> {
    if let Some(lease) = request.lease(&draft.facts).cloned() {
        draft.push(EventKind::LeaseReleased {
            holder: lease.holder,
            handler_version: lease.handler_version,
            schema: lease.schema,
        })?;
        draft.settle_handler(&request.handler_version, true)?;
    }
    fence_and_retain(draft)
}

/// Leases that are over do not stand in the way; what only they used is kept (R5).
pub(crate) fn fence_and_retain(draft: &mut Draft) -> Result<(), Refusal> {
    for schema in draft.fence_due()? {
        draft.retain(&schema, None, RetentionReason::Expired)?;
    }
    Ok(())
}

pub(crate) fn keep(draft: &mut Draft, schema: &SchemaVersion, policy: Policy) -> Result<(), Refusal> {
    let until = match policy {
        Policy::Grace(time) => Some(draft.facts.now.after(time)),
        Policy::Rollback | Policy::Retain => None,
    };
    draft.retain(schema, until, RetentionReason::Policy)
}

fn reverse(draft: &mut Draft, results: Vec<Reversal>) -> Result<(), Refusal> {
    let mut freed = Vec::new();
    for result in results {
        match result {
            Reversal::Done(event) => {
                let Some(schema) = event.schema().cloned() else {
                    continue;
                };
                check_unused(&draft.facts, &schema)?;
                freed.extend(
                    draft
                        .facts
                        .schemas
                        .get(&schema)
                        .map(|r| r.requires.clone())
                        .unwrap_or_default(),
                );
                draft.push(event)?;
            }
            Reversal::Kept { schema, reason } => draft.retain(&schema, None, reason)?,
        }
    }
    // What went needed these; what is not gone by now stays, unused.
    for schema in freed {
        let kept = draft.facts.schemas.get(&schema).is_some_and(|r| r.retention.is_some());
        if !kept {
            draft.retain(&schema, None, RetentionReason::Policy)?;
        }
    }
    Ok(())
}
