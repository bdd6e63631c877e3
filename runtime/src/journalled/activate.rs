//! Applying schemas outside one transaction.

use crate::activation::{self, applied, granted};
use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::Reading;
use crate::failpoint::failpoint;
use crate::outcome::Activation;
use crate::steps::{Stopped, applied_event};
use crate::{Error, Result};
use lockstep_lifecycle::{
    Activate, ActivationPlan, Direction, Operation, OperationChange, Refusal, begin_activation, conclude_activate,
    plan_activate, record_part,
};
use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Run, open};

/// Applies the missing schemas one after another, then grants the lease.
pub(crate) async fn activate(
    core: &Arc<Core>,
    request: &Activate,
    operation: &Operation,
    watch: Stopwatch,
    deadline: Deadline,
) -> Result<Activation> {
    let session = open(core, deadline).await?;
    let mut run = Run {
        core,
        session,
        operation,
        epoch: 0,
        deadline,
        stage: "activation",
        empty: BTreeSet::new(),
        decided: false,
    };
    let result = apply_all(&mut run, request, watch).await;
    let (begun, epoch) = (run.begun(), run.epoch);
    run.session.close().await;
    match result {
        Err(Stopped::Failed(failure)) => Err(activation::failed(core, request, operation, Some(epoch), *failure).await),
        Err(Stopped::Interrupted(error)) => Err(begun(error)),
        Ok(activation) => Ok(activation),
    }
}

async fn apply_all(run: &mut Run<'_>, request: &Activate, watch: Stopwatch) -> Result<Activation, Stopped> {
    let core = run.core;
    let specs = core.specs.load_full();
    let mut done = Vec::new();
    loop {
        // T1, planned from what is true now.
        let (transaction, facts) = core.lock_scope(Reading::Whole, run.deadline).await?;
        let (schema, more) = match plan_activate(facts.clone(), request, &specs) {
            Err(refusal) => {
                transaction.abandon().await;
                return Err(core.explain(refusal).await.into());
            }
            Ok(ActivationPlan::Apply { unfinished, .. }) if !unfinished.is_empty() => {
                transaction.abandon().await;
                return Err(Error::Fenced {
                    ours: run.epoch,
                    found: facts.epoch,
                }
                .into());
            }
            Ok(ActivationPlan::Apply { first, schemas, .. }) => (first, schemas.len() > 1),
            Ok(ActivationPlan::AlreadyActive { .. } | ActivationPlan::Grant(_)) => {
                let decision = conclude_activate(facts, request, &specs, Vec::new()).map_err(Error::from)?;
                let lease = granted(&decision.after, request)?;
                core.commit(
                    transaction,
                    decision,
                    OperationChange::ClearStale,
                    false,
                    core.records(),
                )
                .await?;
                return Ok(Activation::AlreadyApplied { lease });
            }
        };
        let Some(spec) = specs.get(&schema) else {
            return Err(Error::from(Refusal::UnknownSchema { schema }).into());
        };
        let epoch = facts.epoch + 1;
        let decision = begin_activation(facts, request, &specs, &schema, &run.operation.id).map_err(Error::from)?;
        let mut records = core.records();
        records.specs.push(Arc::clone(spec));
        core.commit(
            transaction,
            decision,
            OperationChange::Announce(run.operation.clone()),
            true,
            records,
        )
        .await?;
        failpoint!("activation.begun");
        run.epoch = epoch;

        let steps_watch = Stopwatch::start();
        let steps = run.steps(spec, Direction::Up).await?;
        let event = applied_event(spec, spec.checksum(), &run.operation.id, steps, steps_watch.elapsed());
        done.extend(applied(&event));

        // T2.
        let (transaction, facts) = core
            .engine
            .lock_scope(core.scope(), Reading::Whole, run.deadline)
            .await?;
        run.check_epoch(facts.epoch)?;
        failpoint!("activation.before_flip");
        if more {
            let decision = record_part(facts, event).map_err(Error::from)?;
            core.commit(transaction, decision, OperationChange::Keep, false, core.records())
                .await?;
            failpoint!("activation.after_flip");
            continue;
        }
        let decision = conclude_activate(facts, request, &specs, vec![event]).map_err(Error::from)?;
        let lease = granted(&decision.after, request)?;
        core.commit(
            transaction,
            decision,
            OperationChange::ClearStale,
            false,
            core.records(),
        )
        .await?;
        failpoint!("activation.after_flip");
        return Ok(Activation::Applied {
            schemas: done,
            lease,
            duration: watch.elapsed(),
        });
    }
}
