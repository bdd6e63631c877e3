//! After a crash: whoever holds the structural lock next fences the former owner, settles what is in doubt, and finishes
//! or undoes its work. After a failure: what a person decided.

use std::sync::Arc;

use lockstep_lifecycle::{
    Direction, Facts, JournalEntry, JournalState, Operation, OperationChange, OperationKind, Refusal, RepairAction,
    RepairPlan, conclude_repair, plan_recovery, plan_repair,
};
use lockstep_registry::{SchemaSpec, SchemaState, SchemaVersion, Timestamp};

use crate::activation::RETRY_PAUSE;
use crate::clock::{Deadline, Stopwatch, pause};
use crate::core::Core;
use crate::deactivation;
use crate::engine::{Reading, Records, Transaction};
use crate::failpoint::failpoint;
use crate::journalled::{self, Run, finished_event};
use crate::outcome::Repaired;
use crate::steps::{Job, Reverted, Stopped};
use crate::{Error, Result, metric};

/// Finishes what others left half-way: up where it is `wanted`, down otherwise. Returns what was finished.
pub(crate) async fn recover(
    core: &Arc<Core>,
    wanted: &[SchemaVersion],
    deadline: Deadline,
) -> Result<Vec<SchemaVersion>> {
    let session = journalled::open(core, deadline).await?;
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    let operation = core.operation(OperationKind::Repair, "what a crash left", &facts);
    let epoch = facts.epoch + 1;
    failpoint!("recovery.planned");
    let is_reverting = |schema: &SchemaVersion| facts.state_of(schema) == SchemaState::Reverting;
    let reverting: Vec<_> = facts.schemas.keys().filter(|s| is_reverting(s)).cloned().collect();
    let (decision, works) = plan_recovery(facts, wanted, &core.holder, &operation.id)?;
    core.commit(
        transaction,
        decision,
        OperationChange::Announce(operation.clone()),
        true,
        core.records(),
    )
    .await?;
    failpoint!("recovery.fenced");
    tracing::warn!(schemas = works.len(), "recovering what a crash left");
    let mut run = Run {
        core,
        session,
        operation: &operation,
        epoch,
        deadline,
        stage: "recovery",
        empty: std::collections::BTreeSet::new(),
        decided: false,
    };
    let mut done = Vec::new();
    let mut result = Ok(());
    for work in works {
        let spec = match spec_for(core, &work.schema, work.direction).await {
            Ok(spec) => spec,
            Err(error) => {
                result = Err(error);
                break;
            }
        };
        // What undoes a way up takes only what its own steps made. A way back may have been written to since it began.
        run.empty.clear();
        let spared = match work.direction == Direction::Down && reverting.contains(&work.schema) {
            true => run.spare_all(&spec).await,
            false => Ok(()),
        };
        let finished = match spared {
            Ok(()) => finish(&mut run, &spec, work.direction).await,
            Err(error) => Err(error),
        };
        if let Err(error) = finished {
            result = Err(error);
            break;
        }
        done.push(work.schema);
    }
    let begun = run.begun();
    run.session.close().await;
    core.retract(&operation).await;
    result.map(|()| done).map_err(begun)
}

/// Going on uses the files where they are there (a failed step may have been mended); going back uses what was applied.
async fn spec_for(core: &Arc<Core>, schema: &SchemaVersion, direction: Direction) -> Result<Arc<SchemaSpec>> {
    let known = core.specs.load().get(schema).cloned();
    match (direction, known) {
        (Direction::Up, Some(spec)) => Ok(spec),
        _ => core.applied_spec(schema).await,
    }
}

/// Runs what remains of a schema, then flips its state.
async fn finish(run: &mut Run<'_>, spec: &Arc<SchemaSpec>, direction: Direction) -> Result<usize> {
    let core = run.core;
    let watch = Stopwatch::start();
    let steps = match run.steps(spec, direction).await {
        Ok(steps) => steps,
        Err(Stopped::Interrupted(error)) => return Err(error),
        Err(Stopped::Failed(failure)) => {
            return Err(deactivation::failed(core, run.operation, Some(run.epoch), *failure).await);
        }
    };
    let event = finished_event(spec, run.operation, direction, steps, watch);
    let (transaction, facts) = core
        .engine
        .lock_scope(core.scope(), Reading::Whole, run.deadline)
        .await?;
    run.check_epoch(facts.epoch)?;
    failpoint!("recovery.before_flip");
    let decision = conclude_repair(facts, event)?;
    let mut records = core.records();
    records.specs.push(Arc::clone(spec));
    core.commit(
        transaction,
        decision,
        OperationChange::Clear(run.operation.id.clone()),
        false,
        records,
    )
    .await?;
    failpoint!("recovery.after_flip");
    Ok(steps)
}

/// Repairs a schema after a failure, the way a person decided.
pub(crate) async fn repair(
    core: Arc<Core>,
    schema: SchemaVersion,
    action: RepairAction,
    allow_loss: bool,
) -> Result<Repaired> {
    let watch = Stopwatch::start();
    let deadline = core.deadline();
    let result = loop {
        match attempt(&core, &schema, action, allow_loss, deadline).await {
            Err(error) if core.may_retry(&error, deadline) => pause(RETRY_PAUSE, deadline).await,
            result => break result,
        }
    };
    metric::operation("repair", watch.elapsed());
    result
}

async fn attempt(
    core: &Arc<Core>,
    schema: &SchemaVersion,
    action: RepairAction,
    allow_loss: bool,
    deadline: Deadline,
) -> Result<Repaired> {
    // Read before the scope's row is held: it may be the only connection there is. What was applied does not change.
    let stored = core.engine.stored_spec(core.scope(), schema).await?.map(Arc::new);
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    if !facts.schemas.contains_key(schema) && core.specs.load().get(schema).is_none() {
        transaction.abandon().await;
        return Err(Refusal::UnknownSchema { schema: schema.clone() }.into());
    }
    let operation = core.operation(OperationKind::Repair, schema, &facts);
    let half_way = matches!(facts.state_of(schema), SchemaState::Applying | SchemaState::Reverting);
    if half_way && action == RepairAction::MarkDone {
        transaction.abandon().await;
        return mark_half_way(core, schema, &operation, stored, deadline).await;
    }
    let direction = match plan_repair(facts.clone(), schema, action, &operation.id) {
        Err(refusal) => {
            transaction.abandon().await;
            return Err(refusal.into());
        }
        Ok(RepairPlan::Record(decision)) => {
            let state = decision.after.state_of(schema);
            let records = by_hand(core, &operation, schema, state, stored);
            core.commit(transaction, decision, OperationChange::Keep, false, records)
                .await?;
            return Ok(Repaired {
                schema: schema.clone(),
                state,
                steps: 0,
                did: "only the record was changed".to_owned(),
            });
        }
        Ok(RepairPlan::Run { direction }) => direction,
    };
    core.announce(transaction, &facts, &operation, true).await?;
    let spec = spec_for(core, schema, direction).await?;
    let alone = facts
        .schemas
        .get(schema)
        .is_some_and(|r| r.state != SchemaState::Applied && r.occupies())
        || !spec.is_transactional()
        || !core.engine.transactional_ddl();
    let wanted = Wanted { action, direction };
    let done = if alone {
        outside(core, schema, wanted, &spec, &operation, allow_loss, deadline).await
    } else {
        inside(core, schema, wanted, &spec, &operation, allow_loss, deadline).await
    };
    if done.is_err() {
        core.retract(&operation).await;
    }
    done
}

/// What is half-way may have an owner that is alive: only the structural lock proves that it has none.
async fn mark_half_way(
    core: &Arc<Core>,
    schema: &SchemaVersion,
    operation: &Operation,
    stored: Option<Arc<SchemaSpec>>,
    deadline: Deadline,
) -> Result<Repaired> {
    let session = journalled::open(core, deadline).await?;
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    let planned = plan_repair(facts, schema, RepairAction::MarkDone, &operation.id);
    let result = match planned {
        Ok(RepairPlan::Record(decision)) => {
            let state = decision.after.state_of(schema);
            let records = by_hand(core, operation, schema, state, stored);
            core.commit(transaction, decision, OperationChange::ClearStale, true, records)
                .await
                .map(|_| Repaired {
                    schema: schema.clone(),
                    state,
                    steps: 0,
                    did: "only the record was changed".to_owned(),
                })
        }
        Ok(RepairPlan::Run { .. }) => Err(Error::bug("marking as done ran steps")),
        Err(refusal) => {
            transaction.abandon().await;
            Err(refusal.into())
        }
    };
    session.close().await;
    result
}

/// What a person finished is finished in the journal, too: a later way back has every step to undo, a later way up
/// every step to do.
fn by_hand(
    core: &Core,
    operation: &Operation,
    schema: &SchemaVersion,
    state: SchemaState,
    stored: Option<Arc<SchemaSpec>>,
) -> Records {
    let mut records = core.records();
    let known = core.specs.load().get(schema).cloned();
    let (direction, spec) = match state {
        SchemaState::Applied => (Direction::Up, known.or(stored)),
        _ => (Direction::Down, stored.or(known)),
    };
    // Neither in the files nor recorded: then there are no steps that could ever be undone or done.
    let Some(spec) = spec else {
        return records;
    };
    let done = spec.steps.iter().zip(0..).map(|(step, position)| JournalEntry {
        operation: operation.id.clone(),
        schema: schema.clone(),
        position,
        step: step.name.clone(),
        direction,
        state: JournalState::Done,
        checksum: step.checksum(),
        session: "by hand".to_owned(),
        // Filled in with the database's time when the transaction commits.
        started_at: Timestamp(0),
        finished_at: None,
        duration_us: 0,
        rows: 0,
        error: None,
        before: None,
        ends_by: None,
    });
    records.journal = done.collect();
    records
}

async fn outside(
    core: &Arc<Core>,
    schema: &SchemaVersion,
    wanted: Wanted,
    spec: &Arc<SchemaSpec>,
    operation: &Operation,
    allow_loss: bool,
    deadline: Deadline,
) -> Result<Repaired> {
    let direction = wanted.direction;
    // Before T1: what refuses here leaves everything as it is.
    let progress = journalled::progress_of(core, schema).await?;
    let mut empty = std::collections::BTreeSet::new();
    match direction {
        Direction::Up => journalled::unchanged(spec, &progress)?,
        // Going back from a failed way up takes only what its own steps made: no lease was ever granted on it.
        Direction::Down if wanted.action == RepairAction::Resume && !allow_loss => {
            empty.extend(journalled::without_loss(core, operation, spec, &progress, deadline).await?);
        }
        Direction::Down => {}
    }
    let session = journalled::open(core, deadline).await?;
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    if let Err(error) = plan_anew(&facts, schema, wanted, operation) {
        transaction.abandon().await;
        session.close().await;
        return Err(error);
    }
    let epoch = facts.epoch + 1;
    let decision = lockstep_lifecycle::begin_repair(facts, spec, direction, &operation.id)?;
    let mut records = core.records();
    records.specs.push(Arc::clone(spec));
    core.commit(
        transaction,
        decision,
        OperationChange::Announce(operation.clone()),
        true,
        records,
    )
    .await?;
    let mut run = Run {
        core,
        session,
        operation,
        epoch,
        deadline,
        stage: "recovery",
        empty,
        decided: true,
    };
    let steps = finish(&mut run, spec, direction).await;
    let begun = run.begun();
    run.session.close().await;
    steps.map(|steps| repaired(schema, direction, steps)).map_err(begun)
}

/// What a person wants and what that came to when it was first planned.
#[derive(Clone, Copy)]
struct Wanted {
    action: RepairAction,
    direction: Direction,
}

/// Under the lock: somebody may have repaired it meanwhile, or failed on another way, and then all of it begins anew.
fn plan_anew(facts: &Facts, schema: &SchemaVersion, wanted: Wanted, operation: &Operation) -> Result<()> {
    match plan_repair(facts.clone(), schema, wanted.action, &operation.id)? {
        RepairPlan::Run { direction } if direction == wanted.direction => Ok(()),
        _ => Err(Error::Fenced {
            ours: facts.epoch,
            found: facts.epoch,
        }),
    }
}

async fn inside(
    core: &Arc<Core>,
    schema: &SchemaVersion,
    wanted: Wanted,
    spec: &Arc<SchemaSpec>,
    operation: &Operation,
    allow_loss: bool,
    deadline: Deadline,
) -> Result<Repaired> {
    let direction = wanted.direction;
    let mut transaction = core.lock_structure(deadline).await?;
    let facts = transaction.facts(Reading::Whole).await?;
    if let Err(error) = plan_anew(&facts, schema, wanted, operation) {
        transaction.abandon().await;
        return Err(error);
    }
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "recovery",
    };
    let ran = match direction {
        Direction::Up => job.apply(transaction.as_mut(), spec).await,
        Direction::Down => match revert(core, &job, transaction.as_mut(), spec, allow_loss).await {
            Ok(Reverted::Done(ran)) => Ok(ran),
            Ok(Reverted::WouldLose(lost)) => {
                transaction.abandon().await;
                return Err(lockstep_lifecycle::Refusal::DataLoss {
                    schema: schema.clone(),
                    lost,
                }
                .into());
            }
            Ok(Reverted::Irreversible(step)) => {
                transaction.abandon().await;
                return Err(lockstep_lifecycle::Refusal::Irreversible {
                    schema: schema.clone(),
                    step,
                }
                .into());
            }
            Err(stopped) => Err(stopped),
        },
    };
    let ran = match ran {
        Ok(ran) => ran,
        Err(stopped) => {
            transaction.abandon().await;
            return Err(match stopped {
                Stopped::Interrupted(error) => error,
                Stopped::Failed(failure) => deactivation::failed(core, operation, None, *failure).await,
            });
        }
    };
    let facts: Facts = transaction.lock_scope().await?;
    let steps = ran.journal.len();
    let decision = match conclude_repair(facts, ran.event) {
        Ok(decision) => decision,
        Err(refusal) => {
            transaction.abandon().await;
            return Err(refusal.into());
        }
    };
    let mut records = core.records();
    records.specs.push(Arc::clone(spec));
    records.journal = ran.journal;
    core.commit(transaction, decision, OperationChange::ClearStale, true, records)
        .await?;
    Ok(repaired(schema, direction, steps))
}

async fn revert(
    core: &Core,
    job: &Job<'_>,
    transaction: &mut dyn Transaction,
    spec: &SchemaSpec,
    allow_loss: bool,
) -> Result<Reverted, Stopped> {
    core.exclude_guarded(transaction, std::slice::from_ref(&spec.version), job.deadline)
        .await?;
    job.revert(transaction, spec, allow_loss).await
}

fn repaired(schema: &SchemaVersion, direction: Direction, steps: usize) -> Repaired {
    let (state, way) = match direction {
        Direction::Up => (SchemaState::Applied, "applied"),
        Direction::Down => (SchemaState::RolledBack, "taken back"),
    };
    Repaired {
        schema: schema.clone(),
        state,
        steps: u32::try_from(steps).unwrap_or(u32::MAX),
        did: match steps {
            1 => format!("1 remaining step was {way}"),
            _ => format!("{steps} remaining steps were {way}"),
        },
    }
}

/// Recovers what a crash left, if the structural lock is free: while it is held, its holder may well be alive.
pub(crate) async fn recover_if_orphaned(core: &Arc<Core>, deadline: Deadline) -> Result<Vec<SchemaVersion>> {
    let soon = deadline.within(core.settings.lock_timeout);
    match core.engine.lock_structure(core.scope(), soon).await {
        Ok(transaction) => transaction.abandon().await,
        Err(Error::Busy { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    }
    match recover(core, &[], deadline).await {
        // Whoever holds a lock may be at it; guarded transactions are not.
        Err(error @ Error::Busy { .. }) if !error.is_guarded_use() => Ok(Vec::new()),
        result => result,
    }
}
