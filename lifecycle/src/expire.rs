//! The reaper's decision: leases that ran out, schemas whose time of grace is over.

use lockstep_registry::{LeaseState, SchemaState, SchemaVersion};

use crate::deactivate::{freed, unfinished};
use crate::decision::Draft;
use crate::{Decision, Facts, Policy, Refusal, RetentionReason};

/// What the reaper is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expiry {
    /// Leases fenced, unused schemas retained: one short transaction. No events where nothing is due.
    pub decision: Decision,
    /// Schemas to take back afterwards, each under R1 and R8, dependents first.
    pub due: Vec<SchemaVersion>,
    /// Somebody crashed in the middle of structural work: to be recovered under the structural lock.
    pub unfinished: bool,
}

/// Decides what is over at the database's time; `policy` says what becomes of schemas whose last lease ran out.
pub fn plan_expire(facts: Facts, policy: Policy) -> Result<Expiry, Refusal> {
    let mut draft = Draft::new(facts);
    let mut due = Vec::new();
    for schema in draft.fence_due()? {
        match policy {
            Policy::Rollback => {
                due.extend(freed(&draft.facts, &schema));
                // Should we crash before it is taken back, the next reaper finds it due.
                let now = draft.facts.now;
                draft.retain(&schema, Some(now), RetentionReason::Expired)?;
            }
            Policy::Grace(time) => {
                let until = draft.facts.now.after(time);
                draft.retain(&schema, Some(until), RetentionReason::Expired)?;
            }
            Policy::Retain => draft.retain(&schema, None, RetentionReason::Expired)?,
        }
    }
    let now = draft.facts.now;
    let unused: Vec<_> = draft
        .facts
        .schemas
        .iter()
        .filter(|(name, r)| r.state == SchemaState::Applied && draft.facts.references(name) == 0)
        // A way back that failed would fail again at every round: a person decides.
        .filter(|(_, r)| r.failure.is_none())
        .map(|(name, record)| (name.clone(), record.retention.clone()))
        .collect();
    for (schema, retention) in unused {
        match retention {
            // What only it required goes with it.
            Some(held) if held.until.is_some_and(|until| until <= now) => {
                due.extend(freed(&draft.facts, &schema));
            }
            Some(_) => {}
            // Left behind by a crash between two commits of one activation.
            None if !due.contains(&schema) => draft.retain(&schema, None, RetentionReason::Expired)?,
            None => {}
        }
    }
    let mut seen = std::collections::BTreeSet::new();
    due.retain(|schema| seen.insert(schema.clone()));
    let waiting = draft.facts.leases.values().any(|l| l.state == LeaseState::Pending);
    let unfinished = waiting || !unfinished(&draft.facts).is_empty();
    Ok(Expiry {
        decision: draft.finish(),
        due,
        unfinished,
    })
}
