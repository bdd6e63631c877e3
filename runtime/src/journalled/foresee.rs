//! R8 before work that cannot be taken back as a whole: what would a schema's way back lose?

use crate::clock::Deadline;
use crate::core::Core;
use crate::engine::Transaction;
use crate::statements::Compiled;
use crate::steps::{Job, Reverted, Stopped, carried, loss};
use crate::{Error, Result};
use lockstep_catalog::{Dialect, Losses, Removed, Snapshot, Statement, losses};
use lockstep_lifecycle::{DataLoss, Failure, Operation, Progress, Refusal};
use lockstep_registry::SchemaSpec;
use std::sync::Arc;

pub(super) enum Foreseen {
    /// Nothing; these tables and columns will go, and were found empty.
    Free(Vec<Removed>),
    Loss(Vec<DataLoss>),
    /// A statement whose effect on rows cannot be told.
    Unknown {
        step: String,
        what: String,
    },
    Irreversible(String),
}

pub(super) async fn foresee(
    core: &Arc<Core>,
    operation: &Operation,
    spec: &SchemaSpec,
    deadline: Deadline,
) -> Result<Foreseen> {
    if let Some(step) = spec.irreversible_step() {
        return Ok(Foreseen::Irreversible(step.name.clone()));
    }
    let mut transaction = core.lock_structure(deadline).await?;
    if core.engine.transactional_ddl() {
        let tried = on_trial(core, operation, spec, deadline, transaction.as_mut()).await;
        transaction.abandon().await;
        // What the trial leaves out may be what a step after it builds on: a value of an enum that was not added.
        let left_out = spec.steps.iter().any(|step| step.down_no_transaction);
        if !(left_out && matches!(tried, Err(Error::Step { .. }))) {
            return tried;
        }
        transaction = core.lock_structure(deadline).await?;
    }
    let foreseen = by_text(core, operation, spec, deadline, transaction.as_mut()).await;
    transaction.abandon().await;
    foreseen
}

/// R8 for what remains of a way back that a person lets go on: what was free of loss when it began may hold rows by now.
/// Returns what was found empty.
pub(crate) async fn without_loss(
    core: &Arc<Core>,
    operation: &Operation,
    spec: &SchemaSpec,
    progress: &Progress,
    deadline: Deadline,
) -> Result<Vec<Removed>> {
    let mut left = spec.clone();
    let mut at = 0..;
    left.steps
        .retain(|_| at.next().is_some_and(|at| progress.in_effect.contains_key(&at)));
    let schema = spec.version.clone();
    match foresee(core, operation, &left, deadline).await {
        Ok(Foreseen::Free(empty)) => Ok(empty),
        Ok(Foreseen::Loss(lost)) => Err(Refusal::DataLoss { schema, lost }.into()),
        Ok(Foreseen::Unknown { step, what }) => Err(Refusal::LossUnknown { schema, step, what }.into()),
        Ok(Foreseen::Irreversible(step)) => Err(Refusal::Irreversible { schema, step }.into()),
        // On trial; but it is half-way all the same.
        Err(Error::Step { failure }) => Err(Error::Step {
            failure: Box::new(Failure {
                leaves_traces: true,
                ..*failure
            }),
        }),
        Err(error) => Err(error),
    }
}

/// The tables and columns that the downs (of what is in effect) say they remove, and carry nowhere; and the first step that
/// says what nobody can tell, if there is one.
pub(super) fn removed_by(
    dialect: Dialect,
    spec: &SchemaSpec,
    compiled: &Compiled,
    progress: Option<&Progress>,
    now: &Snapshot,
) -> (Vec<Removed>, Option<(String, String)>) {
    let (mut steps, mut statements): (Vec<&str>, Vec<Statement>) = (Vec::new(), Vec::new());
    let goes = |at: u32| progress.is_none_or(|progress| progress.in_effect.contains_key(&at));
    let all: Vec<_> = (0..).zip(spec.steps.iter().zip(&compiled.steps)).collect();
    for (_, (step, ready)) in all.into_iter().rev().filter(|(at, _)| goes(*at)) {
        for statement in ready.down.statements() {
            steps.push(&step.name);
            statements.push(statement.clone());
        }
    }
    let (removed, unknown) = match losses(dialect, &statements, now) {
        Losses::Removed(removed) => (removed, None),
        Losses::Unknown { at, what, removed } => {
            let step = steps.get(at).copied().unwrap_or_default().to_owned();
            (removed, Some((step, what)))
        }
    };
    (
        removed.into_iter().filter(|each| !carried(spec, each)).collect(),
        unknown,
    )
}

/// The transactional downs run on trial in a transaction that is always given up. Steps outside a transaction (indexes)
/// hold no rows and are left out.
async fn on_trial(
    core: &Arc<Core>,
    operation: &Operation,
    spec: &SchemaSpec,
    deadline: Deadline,
    transaction: &mut dyn Transaction,
) -> Result<Foreseen> {
    let mut trial = spec.clone();
    trial.steps.retain(|step| !step.down_no_transaction);
    for step in &mut trial.steps {
        step.lost = None;
    }
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "trial",
    };
    core.exclude_guarded(transaction, std::slice::from_ref(&spec.version), deadline)
        .await?;
    let failed = |stopped| match stopped {
        Stopped::Interrupted(error) => error,
        Stopped::Failed(failure) => Error::Step { failure },
    };
    let compiled = core.compiled(spec)?;
    // The trial tells whether there is loss today; what is named is looked at again when it goes.
    let (removed, _) = removed_by(core.dialect(), spec, &compiled, None, &transaction.snapshot().await?);
    // A step that is left out is asked about all the same.
    let asked = job.unreturned(transaction, spec, &compiled).await;
    let mut lost = asked.map_err(failed)?;
    if !trial.steps.is_empty() {
        match job.revert(transaction, &trial, false).await.map_err(failed)? {
            Reverted::WouldLose(losses) => lost.extend(losses),
            Reverted::Irreversible(step) => return Ok(Foreseen::Irreversible(step)),
            Reverted::Done(_) => {}
        }
    }
    Ok(if lost.is_empty() {
        Foreseen::Free(removed)
    } else {
        Foreseen::Loss(lost)
    })
}

/// Where no trial tells, the downs are read: what they say they remove is counted. Code cannot remove a table or a column
/// without ending its transaction, which is found out.
async fn by_text(
    core: &Arc<Core>,
    operation: &Operation,
    spec: &SchemaSpec,
    deadline: Deadline,
    transaction: &mut dyn Transaction,
) -> Result<Foreseen> {
    let compiled = core.compiled(spec)?;
    let (removed, unknown) = removed_by(core.dialect(), spec, &compiled, None, &transaction.snapshot().await?);
    if let Some((step, what)) = unknown {
        return Ok(Foreseen::Unknown { step, what });
    }
    let limit = core.step_limit(None, deadline);
    let counts = transaction.count(&removed, &limit).await?;
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "trial",
    };
    let mut lost = match job.unreturned(transaction, spec, &compiled).await {
        Ok(lost) => lost,
        Err(Stopped::Interrupted(error)) => return Err(error),
        // A later schema may have changed what it asks about: once that is gone, too, it can be asked.
        Err(Stopped::Failed(failure)) => {
            return Ok(Foreseen::Unknown {
                step: failure.step,
                what: format!("the query of its lost.sql ({})", failure.error),
            });
        }
    };
    let mut empty = Vec::new();
    for (each, rows) in removed.into_iter().zip(counts) {
        match rows {
            0 => empty.push(each),
            rows => lost.push(loss(each, rows)),
        }
    }
    Ok(if lost.is_empty() {
        Foreseen::Free(empty)
    } else {
        Foreseen::Loss(lost)
    })
}
