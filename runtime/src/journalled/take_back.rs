//! Taking schemas back outside one transaction.

use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::deactivation::{self, Request, TakenBack};
use crate::engine::{Reading, Transaction};
use crate::failpoint::failpoint;
use crate::steps::{Stopped, check_code, reverted_event};
use crate::{Error, Result};
use lockstep_lifecycle::{
    DataLoss, Decision, Direction, Event, Operation, OperationChange, Refusal, RetentionReason, Reversal, TakeBack,
    begin_take_back, record_part,
};
use lockstep_registry::{SchemaSpec, SchemaVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::foresee::{Foreseen, foresee};
use super::{Run, open};

/// Takes the schemas back one after another.
pub(crate) async fn take_back(
    core: &Arc<Core>,
    request: &Request,
    allow_loss: bool,
    operation: &Operation,
    specs: Vec<Arc<SchemaSpec>>,
    deadline: Deadline,
) -> Result<TakenBack> {
    let mut kept = Vec::new();
    let (mut lost, mut empty) = (BTreeMap::new(), BTreeSet::new());
    for spec in &specs {
        match foresee(core, operation, spec, deadline).await? {
            Foreseen::Free(found) => empty.extend(found),
            Foreseen::Loss(losses) if allow_loss => drop(lost.insert(spec.version.clone(), losses)),
            Foreseen::Unknown { .. } if allow_loss => {}
            Foreseen::Loss(losses) => kept.push(Reversal::Kept {
                schema: spec.version.clone(),
                reason: RetentionReason::DataLoss { losses },
            }),
            Foreseen::Unknown { step, what } => kept.push(Reversal::Kept {
                schema: spec.version.clone(),
                reason: RetentionReason::LossUnknown { step, what },
            }),
            Foreseen::Irreversible(step) => {
                kept.push(Reversal::Kept {
                    schema: spec.version.clone(),
                    reason: RetentionReason::Irreversible { step },
                });
            }
        }
        // What it requires stays with it.
        if !kept.is_empty() {
            break;
        }
    }
    for spec in &specs {
        check_code(core, spec)?;
    }
    let session = open(core, deadline).await?;
    let mut run = Run {
        core,
        session,
        operation,
        epoch: 0,
        deadline,
        stage: "deactivation",
        empty,
        decided: false,
    };
    let result = revert_all(&mut run, request, &specs, kept, lost).await;
    let (begun, epoch) = (run.begun(), run.epoch);
    run.session.close().await;
    match result {
        Err(Stopped::Failed(failure)) => Err(deactivation::failed(core, operation, Some(epoch), *failure).await),
        Err(Stopped::Interrupted(error)) => Err(begun(error)),
        Ok(taken) => Ok(taken),
    }
}

async fn revert_all(
    run: &mut Run<'_>,
    request: &Request,
    specs: &[Arc<SchemaSpec>],
    kept: Vec<Reversal>,
    mut lost: BTreeMap<SchemaVersion, Vec<DataLoss>>,
) -> Result<TakenBack, Stopped> {
    let core = run.core;
    let mut events: Vec<Event> = Vec::new();
    let stays: Vec<_> = kept
        .iter()
        .filter_map(|k| match k {
            Reversal::Kept { schema, .. } => Some(schema.clone()),
            Reversal::Done(_) => None,
        })
        .collect();
    let going: Vec<_> = specs.iter().take_while(|spec| !stays.contains(&spec.version)).collect();
    // Before T1, so that each of them that is open after it began before, and was waited for; and all at once, so that
    // nothing is half-way while some of them are waited for.
    let versions: Vec<_> = going.iter().map(|spec| spec.version.clone()).collect();
    run.exclude_guarded(&versions).await?;
    failpoint!("deactivation.excluded");
    for spec in &going {
        match begin_one(run, request, spec, specs, events.is_empty()).await? {
            Begun::One(begun) => events.extend(begun),
            Begun::Nothing => break,
            Begun::Released(taken) => return Ok(taken.after(events)),
        }
        failpoint!("deactivation.begun");
        let watch = Stopwatch::start();
        let steps = run.steps(spec, Direction::Down).await?;
        let lost = lost.remove(&spec.version).unwrap_or_default();
        let event = reverted_event(spec, &run.operation.id, steps, watch.elapsed(), lost);
        // T2.
        let (transaction, facts) = core
            .engine
            .lock_scope(core.scope(), Reading::Whole, run.deadline)
            .await?;
        run.check_epoch(facts.epoch)?;
        failpoint!("deactivation.before_flip");
        let mut decision = record_part(facts, event).map_err(Error::from)?;
        for next in going.iter().filter(|next| spec.requires.contains(&next.version)) {
            decision = lockstep_lifecycle::retain_due(decision, &next.version).map_err(Error::from)?;
        }
        events.extend(
            core.commit(transaction, decision, OperationChange::Keep, false, core.records())
                .await?,
        );
        failpoint!("deactivation.after_flip");
    }
    Ok(conclude(run, request, specs, kept).await?.after(events))
}

/// What T1 came to.
enum Begun {
    /// The schema is on its way back.
    One(Vec<Event>),
    /// It came to be used again, or what was planned changed: it stays, and so does what it builds on.
    Nothing,
    /// Somebody came to need all of it: only the lease goes.
    Released(TakenBack),
}

/// T1: from here on no lease is granted on it, and the lease that freed it is gone.
async fn begin_one(
    run: &mut Run<'_>,
    request: &Request,
    spec: &SchemaSpec,
    specs: &[Arc<SchemaSpec>],
    first: bool,
) -> Result<Begun, Stopped> {
    let core = run.core;
    let (transaction, facts) = core.lock_scope(Reading::Whole, run.deadline).await?;
    // What was planned before we held the lock may not be so any more: then everything is planned anew.
    if let Err(changed) = still_planned(request, &facts, spec, specs, first) {
        transaction.abandon().await;
        return match first {
            true => Err(changed.into()),
            false => Ok(Begun::Nothing),
        };
    }
    if let (true, Ok(TakeBack::Release(decision))) = (first, request.plan(facts.clone())) {
        let taken = ended(core, transaction, decision).await?;
        return Ok(Begun::Released(taken));
    }
    let epoch = facts.epoch + 1;
    let releasing = match request {
        Request::Deactivate(request) => Some(request),
        Request::Rollback(_) => None,
    };
    let decision = match begin_take_back(facts, releasing, &spec.version, &run.operation.id) {
        Ok(decision) => decision,
        // Freed by the one before, and taken up again since.
        Err(Refusal::InUse { .. }) if !first => {
            transaction.abandon().await;
            return Ok(Begun::Nothing);
        }
        Err(refusal) => {
            transaction.abandon().await;
            return Err(Error::from(refusal).into());
        }
    };
    let announced = OperationChange::Announce(run.operation.clone());
    let begun = core
        .commit(transaction, decision, announced, true, core.records())
        .await?;
    run.epoch = epoch;
    Ok(Begun::One(begun))
}

/// The end: what stays is retained, the announcement goes.
async fn conclude(
    run: &mut Run<'_>,
    request: &Request,
    specs: &[Arc<SchemaSpec>],
    kept: Vec<Reversal>,
) -> Result<TakenBack, Stopped> {
    let core = run.core;
    let (transaction, facts) = core
        .engine
        .lock_scope(core.scope(), Reading::Whole, run.deadline)
        .await?;
    let mut decision = request.conclude(facts, kept).map_err(Error::from)?;
    for spec in specs {
        for parent in &spec.requires {
            decision = lockstep_lifecycle::retain_unused(decision, parent).map_err(Error::from)?;
        }
    }
    Ok(ended(core, transaction, decision).await?)
}

/// Commits the last decision of the operation.
async fn ended(core: &Arc<Core>, transaction: Box<dyn Transaction>, decision: Decision) -> Result<TakenBack> {
    let announcement = OperationChange::ClearStale;
    deactivation::commit(core, transaction, decision, announcement, false, core.records()).await
}

/// Whether the plan still holds under the lock: the same schemas, as they were applied, and nobody's work half-way.
fn still_planned(
    request: &Request,
    facts: &lockstep_lifecycle::Facts,
    spec: &SchemaSpec,
    specs: &[Arc<SchemaSpec>],
    first: bool,
) -> Result<()> {
    let changed = || Error::Database {
        doing: "taking a schema back",
        message: "what was planned changed while the lock was waited for".to_owned(),
        code: None,
        transient: true,
    };
    let applied = facts.schemas.get(&spec.version).is_some_and(|record| {
        record.state == lockstep_registry::SchemaState::Applied && record.checksum == spec.checksum()
    });
    if !first {
        return if applied { Ok(()) } else { Err(changed()) };
    }
    match request.plan(facts.clone())? {
        TakeBack::Revert { schemas, unfinished } => {
            let same = schemas.iter().eq(specs.iter().map(|s| &s.version));
            if same && applied && unfinished.is_empty() {
                Ok(())
            } else {
                Err(changed())
            }
        }
        TakeBack::Release(_) => Ok(()),
        TakeBack::NotActive { .. } => Err(changed()),
    }
}

impl TakenBack {
    /// The same with the events that came before.
    fn after(self, mut events: Vec<Event>) -> Self {
        events.extend(self.events);
        Self { events, ..self }
    }
}
