//! Activation: apply what is missing, then grant the lease.
//!
//! ```text
//!  scope row: plan ──► AlreadyActive | Grant: commit, done
//!      └─ Apply: announce ─► structural lock ─► plan anew ─┬─ Grant: commit (another process was faster)
//!                                                          ├─ somebody's unfinished work: recover, start over
//!                                                          ├─ all steps transactional: steps ─► scope row ─► commit
//!                                                          └─ otherwise: `journalled`
//! ```

use std::sync::Arc;

use lockstep_lifecycle::{
    Activate, ActivationPlan, Facts, Failure, Operation, OperationChange, OperationKind, conclude_activate,
    fail_activate, plan_activate,
};
use lockstep_registry::{Lease, LeaseKey, SchemaVersion};

use crate::clock::{Deadline, Stopwatch, pause};
use crate::core::Core;
use crate::engine::{Reading, Transaction};
use crate::failpoint::failpoint;
use crate::outcome::{Activation, Applied};
use crate::steps::{Job, Stopped, check_code};
use crate::{Error, Result, journalled, metric, recovery};

/// How long to wait before an attempt is made again that a lock or a deadlock ended.
pub(crate) const RETRY_PAUSE: std::time::Duration = std::time::Duration::from_millis(60);

/// Activates a handler version for a holder. Safe to repeat, by any number of processes at once.
pub(crate) async fn activate(core: Arc<Core>, request: Activate) -> Result<Activation> {
    let watch = Stopwatch::start();
    let deadline = core.deadline();
    let result = loop {
        match attempt(&core, &request, watch, deadline).await {
            Err(error) if core.may_retry(&error, deadline) => {
                tracing::debug!(%error, "trying again");
                pause(RETRY_PAUSE, deadline).await;
            }
            result => break result,
        }
    };
    metric::operation("activate", watch.elapsed());
    metric::outcome(
        metric::ACTIVATIONS,
        result.as_ref().map_or_else(Error::code, Activation::name),
    );
    result
}

async fn attempt(core: &Arc<Core>, request: &Activate, watch: Stopwatch, deadline: Deadline) -> Result<Activation> {
    let specs = core.specs.load_full();
    let (mut transaction, facts) = core
        .lock_scope(Reading::For(&request.holder.instance), deadline)
        .await?;
    failpoint!("activation.planned");
    let missing = match plan_activate(facts.clone(), request, &specs) {
        Err(_) => {
            // Who is in the way is told in full.
            let whole = transaction.facts(Reading::Whole).await?;
            transaction.abandon().await;
            return match plan_activate(whole, request, &specs) {
                Err(refusal) => Err(core.explain(refusal).await),
                Ok(_) => Err(Error::bug("a plan depends on how much of the leases is read")),
            };
        }
        Ok(ActivationPlan::AlreadyActive { lease, .. }) => {
            transaction.abandon().await;
            return Ok(Activation::AlreadyActive { lease });
        }
        Ok(ActivationPlan::Grant(decision)) => {
            failpoint!("activation.grant.before_commit");
            let lease = granted(&decision.after, request)?;
            core.commit(transaction, decision, OperationChange::Keep, false, core.records())
                .await?;
            failpoint!("activation.grant.after_commit");
            return Ok(Activation::AlreadyApplied { lease });
        }
        Ok(ActivationPlan::Apply { schemas, .. }) => schemas,
    };
    // What cannot work is refused before anybody waits for it.
    for schema in &missing {
        if let Some(spec) = specs.get(schema) {
            check_code(core, spec)?;
        }
    }
    let operation = core.operation(OperationKind::Activate, &request.handler_version, &facts);
    core.announce(transaction, &facts, &operation, false).await?;
    failpoint!("activation.announced");
    let done = structural(core, request, &operation, watch, deadline).await;
    // Nothing was committed that would have cleared it.
    if matches!(done, Err(_) | Ok(Activation::AlreadyActive { .. })) {
        core.retract(&operation).await;
    }
    done
}

async fn structural(
    core: &Arc<Core>,
    request: &Activate,
    operation: &Operation,
    watch: Stopwatch,
    deadline: Deadline,
) -> Result<Activation> {
    let specs = core.specs.load_full();
    let mut announced_again = false;
    loop {
        let mut transaction = core.lock_structure(deadline).await?;
        failpoint!("activation.locked");
        let facts = transaction.facts(Reading::Whole).await?;
        match plan_activate(facts.clone(), request, &specs) {
            Err(refusal) => {
                transaction.abandon().await;
                return Err(core.explain(refusal).await);
            }
            Ok(ActivationPlan::AlreadyActive { lease, .. }) => {
                transaction.abandon().await;
                return Ok(Activation::AlreadyActive { lease });
            }
            // Another process was faster.
            Ok(ActivationPlan::Grant(_)) => return finish(core, request, transaction, Vec::new(), watch).await,
            Ok(ActivationPlan::Apply {
                unfinished, schemas, ..
            }) if !unfinished.is_empty() => {
                transaction.abandon().await;
                recovery::recover(core, &schemas, deadline).await?;
            }
            Ok(ActivationPlan::Apply { schemas, .. }) => {
                // The lock is ours, so whoever is announced in our place crashed, or waits behind us.
                let shown = facts.operation.as_ref().is_some_and(|o| o.id == operation.id);
                if !shown && !announced_again {
                    announced_again = true;
                    transaction.abandon().await;
                    let (scope, facts) = core.lock_scope(Reading::Whole, deadline).await?;
                    core.announce(scope, &facts, operation, true).await?;
                    continue;
                }
                return if needs_journal(core, &facts, &schemas) {
                    transaction.abandon().await;
                    journalled::activate(core, request, operation, watch, deadline).await
                } else {
                    in_one_transaction(core, request, operation, transaction, schemas, watch, deadline).await
                };
            }
        }
    }
}

/// Whether any of the schemas has steps outside a transaction, or was left half-way by such.
fn needs_journal(core: &Core, facts: &Facts, schemas: &[SchemaVersion]) -> bool {
    if !core.engine.transactional_ddl() {
        return true;
    }
    let specs = core.specs.load();
    schemas.iter().any(|schema| {
        let alone = specs.get(schema).is_some_and(|spec| !spec.is_transactional());
        alone
            || facts
                .schemas
                .get(schema)
                .is_some_and(lockstep_lifecycle::SchemaRecord::occupies)
    })
}

async fn in_one_transaction(
    core: &Arc<Core>,
    request: &Activate,
    operation: &Operation,
    mut transaction: Box<dyn Transaction>,
    schemas: Vec<SchemaVersion>,
    watch: Stopwatch,
    deadline: Deadline,
) -> Result<Activation> {
    let specs = core.specs.load_full();
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "activation",
    };
    let mut ran: Vec<(Arc<lockstep_registry::SchemaSpec>, crate::steps::Ran)> = Vec::new();
    for schema in &schemas {
        let Some(spec) = specs.get(schema) else {
            continue;
        };
        match job.apply(transaction.as_mut(), spec).await {
            Ok(done) => ran.push((spec.clone(), done)),
            Err(stopped) => {
                transaction.abandon().await;
                return Err(match stopped {
                    Stopped::Failed(failure) => failed(core, request, operation, None, *failure).await,
                    Stopped::Interrupted(error) => error,
                });
            }
        }
    }
    finish(core, request, transaction, ran, watch).await
}

/// The end of the transaction: what may have changed meanwhile is read again under the scope's row, then all of it counts.
async fn finish(
    core: &Arc<Core>,
    request: &Activate,
    mut transaction: Box<dyn Transaction>,
    ran: Vec<(Arc<lockstep_registry::SchemaSpec>, crate::steps::Ran)>,
    watch: Stopwatch,
) -> Result<Activation> {
    let specs = core.specs.load_full();
    let facts = transaction.lock_scope().await?;
    let events = ran.iter().map(|(_, done)| done.event.clone()).collect();
    let decision = match conclude_activate(facts, request, &specs, events) {
        Ok(decision) => decision,
        Err(refusal) => {
            transaction.abandon().await;
            return Err(core.explain(refusal).await);
        }
    };
    let lease = granted(&decision.after, request)?;
    let schemas = ran
        .iter()
        .filter_map(|(_, done)| applied(&done.event))
        .collect::<Vec<_>>();
    let mut records = core.records();
    for (spec, done) in ran {
        records.specs.push(spec);
        records.journal.extend(done.journal);
    }
    failpoint!("activation.before_commit");
    core.commit(
        transaction,
        decision,
        OperationChange::ClearStale,
        !schemas.is_empty(),
        records,
    )
    .await?;
    failpoint!("activation.after_commit");
    Ok(if schemas.is_empty() {
        Activation::AlreadyApplied { lease }
    } else {
        Activation::Applied {
            schemas,
            lease,
            duration: watch.elapsed(),
        }
    })
}

/// Records a failed step, and returns the error that tells of it.
pub(crate) async fn failed(
    core: &Arc<Core>,
    request: &Activate,
    operation: &Operation,
    epoch: Option<u64>,
    failure: Failure,
) -> Error {
    let specs = core.specs.load_full();
    let told = failure.clone();
    core.record_failure(told, operation, epoch, |facts| {
        fail_activate(facts, request, &specs, failure, operation.id.clone())
    })
    .await
}

/// The lease a decision grants to the request's holder.
pub(crate) fn granted(after: &Facts, request: &Activate) -> Result<Lease> {
    let key = LeaseKey {
        instance: request.holder.instance.clone(),
        handler_version: request.handler_version.clone(),
    };
    after
        .leases
        .get(&key)
        .cloned()
        .ok_or_else(|| Error::bug("an activation ended without a lease"))
}

pub(crate) fn applied(event: &lockstep_lifecycle::EventKind) -> Option<Applied> {
    match event {
        lockstep_lifecycle::EventKind::SchemaApplied {
            schema,
            steps,
            duration_us,
            ..
        } => Some(Applied {
            schema: schema.clone(),
            steps: *steps,
            duration: std::time::Duration::from_micros(*duration_us),
        }),
        _ => None,
    }
}
