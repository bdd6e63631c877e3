//! Deactivation and rollback: release the lease, then take back what nothing uses, schema by schema.
//!
//! ```text
//!  scope row: plan ──► NotActive | Release: commit, done
//!      └─ Revert: announce ─► structural lock ─► plan anew ─► per schema: trial of the downs, count what would go,
//!                             downs for good | kept ─► scope row ─► leases again ─► commit
//! ```
//! Before a table is touched guarded transactions are kept out of what goes; where some do not end, all of it is tried
//! again, without the lock in between. A lease that appeared meanwhile makes the whole transaction roll back, and the plan is made anew (R1).

use std::collections::BTreeSet;
use std::sync::Arc;

use lockstep_lifecycle::{
    Deactivate, Decision, Event, EventKind, Facts, Failure, Operation, OperationChange, OperationKind, Policy, Refusal,
    RetentionReason, Reversal, Rollback, TakeBack, conclude_deactivate, conclude_rollback, fail_repair,
    plan_deactivate, plan_rollback,
};
use lockstep_registry::{SchemaSpec, SchemaState, SchemaVersion};

use crate::activation::RETRY_PAUSE;
use crate::clock::{Deadline, Stopwatch, pause};
use crate::core::Core;
use crate::engine::{Reading, Transaction};
use crate::failpoint::failpoint;
use crate::outcome::{Deactivation, Kept, RolledBack};
use crate::steps::{Job, Reverted, Stopped};
use crate::{Error, Result, journalled, metric, recovery};

/// What is to be taken back, and why.
#[derive(Debug, Clone)]
pub(crate) enum Request {
    /// A lease is released; what it frees follows the policy.
    Deactivate(Deactivate),
    /// A retained schema is taken back.
    Rollback(Rollback),
}

impl Request {
    pub(crate) fn plan(&self, facts: Facts) -> Result<TakeBack, Refusal> {
        match self {
            Self::Deactivate(request) => plan_deactivate(facts, request),
            Self::Rollback(request) => plan_rollback(facts, request),
        }
    }

    pub(crate) fn conclude(&self, facts: Facts, results: Vec<Reversal>) -> Result<Decision, Refusal> {
        match self {
            Self::Deactivate(request) => conclude_deactivate(facts, request, results),
            Self::Rollback(_) => conclude_rollback(facts, results),
        }
    }

    fn kind(&self) -> OperationKind {
        match self {
            Self::Deactivate(_) => OperationKind::Deactivate,
            Self::Rollback(_) => OperationKind::Rollback,
        }
    }

    fn subject(&self) -> String {
        match self {
            Self::Deactivate(request) => request.handler_version.to_string(),
            Self::Rollback(request) => request.schema.to_string(),
        }
    }
}

/// What taking back came to: the committed events, and who else serves the handler version where there was nothing to release.
#[derive(Debug)]
pub(crate) struct TakenBack {
    pub(crate) events: Vec<Event>,
    pub(crate) after: Facts,
    pub(crate) not_active: Option<Vec<lockstep_lifecycle::LiveUse>>,
}

/// Deactivates a handler version for an instance. Safe to repeat.
pub(crate) async fn deactivate(core: Arc<Core>, request: Deactivate, allow_loss: bool) -> Result<Deactivation> {
    let watch = Stopwatch::start();
    let of = request.handler_version.clone();
    let result = match take_back(&core, &Request::Deactivate(request.clone()), allow_loss).await {
        Ok(taken) if taken.not_active.is_some() => resume(&core, &request, allow_loss, taken).await,
        Ok(taken) if request.policy == Policy::Rollback => Ok(go_on(&core, allow_loss, taken).await),
        result => result,
    };
    metric::operation("deactivate", watch.elapsed());
    let result = result.map(|taken| describe(taken, &of, watch));
    metric::outcome(
        metric::DEACTIVATIONS,
        result.as_ref().map_or_else(Error::code, Deactivation::name),
    );
    result
}

/// What others let go of while the downs ran is free now as well, and goes the same way. The lease is given back already:
/// where this does not work the schema stays, retained.
async fn go_on(core: &Arc<Core>, allow_loss: bool, mut taken: TakenBack) -> TakenBack {
    let mut at = 0;
    while let Some(event) = taken.events.get(at) {
        at += 1;
        let late = |kept: &Kept| kept.reason == RetentionReason::Policy && kept.until.is_none();
        let Some(kept) = retained(&event.kind).filter(late) else {
            continue;
        };
        let schema = kept.schema;
        let request = Request::Rollback(Rollback { schema: schema.clone() });
        match take_back(core, &request, allow_loss).await {
            Ok(more) => {
                taken.events.extend(more.events);
                taken.after = more.after;
            }
            Err(error) => tracing::info!(%schema, %error, "freed late, and not taken back"),
        }
    }
    taken
}

/// Work outside a transaction gives the lease back first. Where such a deactivation was interrupted and is asked for again
/// there is no lease any more, and what it was to take back goes on from where it stopped.
async fn resume(core: &Arc<Core>, request: &Deactivate, allow_loss: bool, taken: TakenBack) -> Result<TakenBack> {
    let Some(bound) = taken.after.bindings.get(&request.handler_version) else {
        return Ok(taken);
    };
    if request.policy != Policy::Rollback {
        return Ok(taken);
    }
    let mut below = vec![bound.binding.schema.clone()];
    let mut at = 0;
    while let Some(record) = below.get(at).and_then(|schema| taken.after.schemas.get(schema)) {
        below.extend(record.requires.iter().cloned());
        at += 1;
    }
    let half_way = |schema: &SchemaVersion| taken.after.state_of(schema) == SchemaState::Reverting;
    let recovered = match below.iter().any(half_way) {
        true => recovered(core).await?,
        false => Vec::new(),
    };
    for schema in &below {
        let facts = core.engine.facts(core.scope()).await?.unwrap_or_default();
        let retention = facts.schemas.get(schema).and_then(|record| record.retention.as_ref());
        let goes = retention.is_some_and(|held| {
            let freed = !recovered.is_empty() && held.reason == RetentionReason::Repaired;
            freed || held.until.is_some_and(|until| until <= facts.now)
        });
        if goes {
            let request = Request::Rollback(Rollback { schema: schema.clone() });
            match take_back(core, &request, allow_loss).await {
                // Used again since.
                Err(Error::Refused(refusal)) => tracing::info!(%schema, %refusal, "not taken back"),
                result => drop(result?),
            }
        }
    }
    let seen = taken.after.event_seq;
    let events = core.engine.events(core.scope(), seen, crate::view::PAGE).await?;
    let did = |event: &Event| rolled_back(&event.kind).is_some_and(|done| below.contains(&done.schema));
    Ok(TakenBack {
        not_active: taken.not_active.filter(|_| !events.iter().any(did)),
        events,
        after: taken.after,
    })
}

async fn recovered(core: &Arc<Core>) -> Result<Vec<SchemaVersion>> {
    let deadline = core.deadline();
    loop {
        match recovery::recover_if_orphaned(core, deadline).await {
            Err(error) if error.is_guarded_use() && core.may_retry(&error, deadline) => {
                pause(RETRY_PAUSE, deadline).await;
            }
            result => return result,
        }
    }
}

/// Takes a retained schema back; refuses where it is in use or rows would be lost.
pub(crate) async fn rollback(core: Arc<Core>, schema: SchemaVersion, allow_loss: bool) -> Result<RolledBack> {
    let watch = Stopwatch::start();
    let request = Request::Rollback(Rollback { schema: schema.clone() });
    let taken = take_back(&core, &request, allow_loss).await;
    metric::operation("rollback", watch.elapsed());
    let taken = taken?;
    if let Some(done) = taken.events.iter().find_map(|e| rolled_back(&e.kind)) {
        return Ok(done);
    }
    // It stays: say why.
    match taken
        .after
        .schemas
        .get(&schema)
        .and_then(|r| r.retention.clone())
        .map(|r| r.reason)
    {
        Some(RetentionReason::DataLoss { losses }) => Err(Refusal::DataLoss { schema, lost: losses }.into()),
        Some(RetentionReason::LossUnknown { step, what }) => Err(Refusal::LossUnknown { schema, step, what }.into()),
        Some(RetentionReason::Irreversible { step }) => Err(Refusal::Irreversible { schema, step }.into()),
        _ => Err(Refusal::NotApplied {
            state: taken.after.state_of(&schema),
            schema,
        }
        .into()),
    }
}

/// Takes back what is to be taken back, waiting for guarded transactions until the operation's deadline.
pub(crate) async fn take_back(core: &Arc<Core>, request: &Request, allow_loss: bool) -> Result<TakenBack> {
    let deadline = core.deadline();
    let watch = Stopwatch::start();
    loop {
        match attempt(core, request, allow_loss, deadline).await {
            // All the attempts together waited for them.
            Err(error) if error.is_guarded_use() && !core.may_retry(&error, deadline) => {
                return Err(Error::guarded_use(watch.elapsed()));
            }
            // A lease appeared under the rollback: nothing happened, and the new plan will say so.
            Err(Error::Refused(refusal)) if is_race(request, &refusal) && !deadline.is_over() => {}
            Err(error) if core.may_retry(&error, deadline) => {
                tracing::debug!(%error, "trying again");
                pause(RETRY_PAUSE, deadline).await;
            }
            result => return result,
        }
    }
}

/// The same without waiting for guarded transactions: for whoever will be back.
pub(crate) async fn take_back_now(core: &Arc<Core>, request: &Request, allow_loss: bool) -> Result<TakenBack> {
    let deadline = core.deadline();
    loop {
        match attempt(core, request, allow_loss, deadline).await {
            Err(error) if core.may_retry(&error, deadline) && !error.is_guarded_use() => {
                pause(RETRY_PAUSE, deadline).await;
            }
            result => return result,
        }
    }
}

fn is_race(request: &Request, refusal: &Refusal) -> bool {
    matches!((request, refusal), (Request::Deactivate(_), Refusal::InUse { .. }))
}

async fn attempt(core: &Arc<Core>, request: &Request, allow_loss: bool, deadline: Deadline) -> Result<TakenBack> {
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    failpoint!("deactivation.planned");
    match request.plan(facts.clone()) {
        Err(refusal) => {
            transaction.abandon().await;
            return Err(core.explain(refusal).await);
        }
        Ok(TakeBack::NotActive { others }) => {
            transaction.abandon().await;
            return Ok(TakenBack {
                events: Vec::new(),
                after: facts,
                not_active: Some(others),
            });
        }
        Ok(TakeBack::Release(decision)) => {
            failpoint!("deactivation.release.before_commit");
            let taken = commit(
                core,
                transaction,
                decision,
                OperationChange::Keep,
                false,
                core.records(),
            )
            .await;
            failpoint!("deactivation.release.after_commit");
            return taken;
        }
        Ok(TakeBack::Revert { .. }) => {}
    }
    let operation = core.operation(request.kind(), request.subject(), &facts);
    core.announce(transaction, &facts, &operation, false).await?;
    failpoint!("deactivation.announced");
    let done = structural(core, request, allow_loss, &operation, deadline).await;
    // Nothing was committed that would have cleared it.
    if done.as_ref().map_or(true, |taken| taken.not_active.is_some()) {
        core.retract(&operation).await;
    }
    done
}

async fn structural(
    core: &Arc<Core>,
    request: &Request,
    allow_loss: bool,
    operation: &Operation,
    deadline: Deadline,
) -> Result<TakenBack> {
    let mut announced_again = false;
    loop {
        let mut transaction = core.lock_structure(deadline).await?;
        failpoint!("deactivation.locked");
        let facts = transaction.facts(Reading::Whole).await?;
        match request.plan(facts.clone()) {
            Err(refusal) => {
                transaction.abandon().await;
                return Err(refusal.into());
            }
            Ok(TakeBack::NotActive { others }) => {
                transaction.abandon().await;
                return Ok(TakenBack {
                    events: Vec::new(),
                    after: facts,
                    not_active: Some(others),
                });
            }
            // Somebody came to need it while we waited.
            Ok(TakeBack::Release(_)) => {
                let facts = transaction.lock_scope().await?;
                let decision = request.conclude(facts, Vec::new())?;
                return commit(
                    core,
                    transaction,
                    decision,
                    OperationChange::ClearStale,
                    false,
                    core.records(),
                )
                .await;
            }
            Ok(TakeBack::Revert { unfinished, .. }) if !unfinished.is_empty() => {
                transaction.abandon().await;
                recovery::recover(core, &[], deadline).await?;
            }
            Ok(TakeBack::Revert { schemas, .. }) => {
                // As in `activation`: whoever is announced in our place does not hold the lock.
                let shown = facts.operation.as_ref().is_some_and(|o| o.id == operation.id);
                if !shown && !announced_again {
                    announced_again = true;
                    transaction.abandon().await;
                    let (scope, facts) = core.lock_scope(Reading::Whole, deadline).await?;
                    core.announce(scope, &facts, operation, true).await?;
                    continue;
                }
                let mut specs = Vec::new();
                for schema in &schemas {
                    specs.push(core.applied_spec(schema).await?);
                }
                let alone = !core.engine.transactional_ddl() || specs.iter().any(|spec| !spec.is_transactional());
                return if alone {
                    transaction.abandon().await;
                    journalled::take_back(core, request, allow_loss, operation, specs, deadline).await
                } else {
                    in_one_transaction(
                        core,
                        request,
                        allow_loss,
                        operation,
                        transaction,
                        facts,
                        specs,
                        deadline,
                    )
                    .await
                };
            }
        }
    }
}

#[allow(clippy::too_many_arguments)] // one call, and a struct for it would say the same again
async fn in_one_transaction(
    core: &Arc<Core>,
    request: &Request,
    allow_loss: bool,
    operation: &Operation,
    mut transaction: Box<dyn Transaction>,
    facts: Facts,
    specs: Vec<Arc<SchemaSpec>>,
    deadline: Deadline,
) -> Result<TakenBack> {
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "deactivation",
    };
    let going: Vec<_> = specs.iter().map(|spec| spec.version.clone()).collect();
    if let Err(error) = core.exclude_guarded(transaction.as_mut(), &going, deadline).await {
        transaction.abandon().await;
        return Err(error);
    }
    failpoint!("deactivation.excluded");
    let mut results = Vec::new();
    let mut records = core.records();
    let mut gone = BTreeSet::new();
    for spec in specs {
        // What requires it stays, so it stays too.
        if !facts.dependents_of(&spec.version).all(|d| gone.contains(d)) {
            continue;
        }
        let schema = spec.version.clone();
        match job.revert(transaction.as_mut(), &spec, allow_loss).await {
            Ok(Reverted::Done(ran)) => {
                records.journal.extend(ran.journal);
                results.push(Reversal::Done(ran.event));
                gone.insert(schema);
            }
            Ok(Reverted::WouldLose(losses)) => results.push(Reversal::Kept {
                schema,
                reason: RetentionReason::DataLoss { losses },
            }),
            Ok(Reverted::Irreversible(step)) => results.push(Reversal::Kept {
                schema,
                reason: RetentionReason::Irreversible { step },
            }),
            Err(stopped) => {
                transaction.abandon().await;
                return Err(match stopped {
                    Stopped::Failed(failure) => failed(core, operation, None, *failure).await,
                    Stopped::Interrupted(error) => error,
                });
            }
        }
    }
    let facts = transaction.lock_scope().await?;
    match request.conclude(facts, results) {
        Ok(decision) => {
            failpoint!("deactivation.before_commit");
            let taken = commit(
                core,
                transaction,
                decision,
                OperationChange::ClearStale,
                !gone.is_empty(),
                records,
            )
            .await;
            failpoint!("deactivation.after_commit");
            taken
        }
        Err(refusal) => {
            transaction.abandon().await;
            Err(refusal.into())
        }
    }
}

pub(crate) async fn commit(
    core: &Arc<Core>,
    transaction: Box<dyn Transaction>,
    decision: Decision,
    operation: OperationChange,
    takes_epoch: bool,
    records: crate::engine::Records,
) -> Result<TakenBack> {
    let after = decision.after.clone();
    let events = core
        .commit(transaction, decision, operation, takes_epoch, records)
        .await?;
    Ok(TakenBack {
        events,
        after,
        not_active: None,
    })
}

/// Records a failed down, and returns the error that tells of it.
pub(crate) async fn failed(core: &Arc<Core>, operation: &Operation, epoch: Option<u64>, failure: Failure) -> Error {
    let told = failure.clone();
    core.record_failure(told, operation, epoch, |facts| {
        fail_repair(facts, failure, &core.holder, operation.id.clone())
    })
    .await
}

pub(crate) fn rolled_back(event: &EventKind) -> Option<RolledBack> {
    match event {
        EventKind::SchemaRolledBack {
            schema,
            steps,
            duration_us,
            lost,
            ..
        } => Some(RolledBack {
            schema: schema.clone(),
            steps: *steps,
            duration: std::time::Duration::from_micros(*duration_us),
            lost: lost.clone(),
        }),
        _ => None,
    }
}

pub(crate) fn retained(event: &EventKind) -> Option<Kept> {
    match event {
        EventKind::SchemaRetained { schema, retention } => Some(Kept {
            schema: schema.clone(),
            reason: retention.reason.clone(),
            until: retention.until,
        }),
        _ => None,
    }
}

/// Turns the committed events into what the caller asked about.
fn describe(taken: TakenBack, of: &lockstep_registry::HandlerVersion, watch: Stopwatch) -> Deactivation {
    if let Some(others) = taken.not_active {
        return Deactivation::NotActive { others };
    }
    let schemas: Vec<_> = taken.events.iter().filter_map(|e| rolled_back(&e.kind)).collect();
    let mut kept: Vec<_> = taken.events.iter().filter_map(|e| retained(&e.kind)).collect();
    // What was freed first and taken back after does not stay.
    kept.retain(|k| !schemas.iter().any(|gone| gone.schema == k.schema));
    if !schemas.is_empty() {
        return Deactivation::RolledBack {
            schemas,
            kept,
            duration: watch.elapsed(),
        };
    }
    let released = taken.events.iter().find_map(|e| match &e.kind {
        EventKind::LeaseReleased {
            schema,
            handler_version,
            ..
        } if handler_version == of => Some(schema.clone()),
        _ => None,
    });
    match released {
        Some(schema) if taken.after.references(&schema) > 0 => Deactivation::KeptInUse {
            by: taken.after.leases_on(&schema).map(Into::into).collect(),
            required_by: taken.after.dependents_of(&schema).cloned().collect(),
            schema,
        },
        _ => Deactivation::Retained { kept },
    }
}
