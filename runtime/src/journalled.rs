//! Work outside one transaction: begun in T1, journalled step by step, flipped in T2.
//!
//! ```text
//!  session holds the structural lock
//!  T1  scope row: state applying | reverting, pending lease, operation, epoch + 1
//!  per step: transactional    statements + journal done, one transaction, epoch checked
//!            no-transaction   journal started ─► statement ─► looked up in the catalog ─► journal done
//!  T2  scope row: epoch still ours? applied | rolled back, lease granted
//! ```
//! A crash anywhere leaves rows that tell exactly what is in effect and what is in doubt: see `recovery`.

use std::sync::Arc;

use lockstep_lifecycle::{
    Activate, ActivationPlan, DataLoss, Direction, EventKind, Failure, JournalEntry, JournalState, Operation,
    OperationChange, Progress, Refusal, RetentionReason, Reversal, TakeBack, begin_activation, begin_take_back,
    conclude_activate, plan_activate, record_part,
};
use lockstep_registry::{SchemaSpec, Step, Timestamp};

use crate::activation::{self, applied, granted};
use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::deactivation::{self, Request, TakenBack};
use crate::engine::{Reading, Session, Settled, step::Cause, step::Fault};
use crate::failpoint::failpoint;
use crate::outcome::Activation;
use crate::statements::{Work, runs_alone, work_of};
use crate::steps::{Job, Reverted, Stopped, applied_event, reverted_event, stopped};
use crate::{Error, Result, metric};

/// The journal of one schema may be long; all of it is needed to know what is in effect.
const WHOLE_JOURNAL: u32 = u32::MAX >> 1;

/// A session, and the epoch under which its work counts.
pub(crate) struct Run<'a> {
    pub(crate) core: &'a Arc<Core>,
    pub(crate) session: Box<dyn Session>,
    pub(crate) operation: &'a Operation,
    pub(crate) epoch: u64,
    pub(crate) deadline: Deadline,
    /// For failpoints.
    pub(crate) stage: &'static str,
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
    };
    let result = apply_all(&mut run, request, watch).await;
    run.session.close().await;
    match result {
        Err(Stopped::Failed(failure)) => Err(activation::failed(core, request, operation, *failure).await),
        Err(Stopped::Interrupted(error)) => Err(error),
        Ok(activation) => Ok(activation),
    }
}

async fn apply_all(run: &mut Run<'_>, request: &Activate, watch: Stopwatch) -> Result<Activation, Stopped> {
    let core = run.core;
    let specs = core.specs.load_full();
    let mut done = Vec::new();
    loop {
        // T1, planned from what is true now.
        let mut transaction = core.lock_scope(run.deadline).await?;
        let facts = transaction.facts(Reading::Whole).await?;
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
        let mut transaction = core.engine.lock_scope(core.scope(), run.deadline).await?;
        let facts = transaction.facts(Reading::Whole).await?;
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
    for spec in &specs {
        let lost = foresee(core, operation, spec, deadline).await?;
        match lost {
            Foreseen::Free => {}
            Foreseen::Loss(_) if allow_loss => {}
            Foreseen::Loss(losses) => kept.push(Reversal::Kept {
                schema: spec.version.clone(),
                reason: RetentionReason::DataLoss { losses },
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
    let session = open(core, deadline).await?;
    let mut run = Run {
        core,
        session,
        operation,
        epoch: 0,
        deadline,
        stage: "deactivation",
    };
    let result = revert_all(&mut run, request, &specs, kept).await;
    run.session.close().await;
    match result {
        Err(Stopped::Failed(failure)) => Err(deactivation::failed(core, operation, *failure).await),
        Err(Stopped::Interrupted(error)) => Err(error),
        Ok(taken) => Ok(taken),
    }
}

async fn revert_all(
    run: &mut Run<'_>,
    request: &Request,
    specs: &[Arc<SchemaSpec>],
    kept: Vec<Reversal>,
) -> Result<TakenBack, Stopped> {
    let core = run.core;
    let mut events = Vec::new();
    let stays: Vec<_> = kept
        .iter()
        .filter_map(|k| match k {
            Reversal::Kept { schema, .. } => Some(schema.clone()),
            Reversal::Done(_) => None,
        })
        .collect();
    let going: Vec<_> = specs.iter().take_while(|spec| !stays.contains(&spec.version)).collect();
    for spec in &going {
        // T1: from here on no lease is granted on it, and the lease that freed it is gone.
        let mut transaction = core.lock_scope(run.deadline).await?;
        let facts = transaction.facts(Reading::Whole).await?;
        // What was planned before we held the lock may not be so any more: then everything is planned anew.
        if let Err(changed) = still_planned(request, &facts, spec, specs, events.is_empty()) {
            transaction.abandon().await;
            if events.is_empty() {
                return Err(changed.into());
            }
            break;
        }
        if let (true, Ok(TakeBack::Release(decision))) = (events.is_empty(), request.plan(facts.clone())) {
            let taken = deactivation::commit(
                core,
                transaction,
                decision,
                OperationChange::ClearStale,
                false,
                core.records(),
            )
            .await?;
            return Ok(TakenBack {
                events: joined(events, taken.events),
                ..taken
            });
        }
        let epoch = facts.epoch + 1;
        let releasing = match request {
            Request::Deactivate(request) => Some(request),
            Request::Rollback(_) => None,
        };
        let decision = match begin_take_back(facts, releasing, &spec.version, &run.operation.id) {
            Ok(decision) => decision,
            // Freed by the one before, and taken up again since.
            Err(Refusal::InUse { .. }) if !events.is_empty() => {
                transaction.abandon().await;
                break;
            }
            Err(refusal) => {
                transaction.abandon().await;
                return Err(Error::from(refusal).into());
            }
        };
        events.extend(
            core.commit(
                transaction,
                decision,
                OperationChange::Announce(run.operation.clone()),
                true,
                core.records(),
            )
            .await?,
        );
        failpoint!("deactivation.begun");
        run.epoch = epoch;

        let watch = Stopwatch::start();
        let steps = run.steps(spec, Direction::Down).await?;
        let event = reverted_event(spec, &run.operation.id, steps, watch.elapsed(), Vec::new());

        // T2.
        let mut transaction = core.engine.lock_scope(core.scope(), run.deadline).await?;
        let facts = transaction.facts(Reading::Whole).await?;
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
    // The end: what stays is retained, the announcement goes.
    let mut transaction = core.engine.lock_scope(core.scope(), run.deadline).await?;
    let facts = transaction.facts(Reading::Whole).await?;
    let mut decision = request.conclude(facts, kept).map_err(Error::from)?;
    for spec in specs {
        for parent in &spec.requires {
            decision = lockstep_lifecycle::retain_unused(decision, parent).map_err(Error::from)?;
        }
    }
    let taken = deactivation::commit(
        core,
        transaction,
        decision,
        OperationChange::ClearStale,
        false,
        core.records(),
    )
    .await?;
    Ok(TakenBack {
        events: joined(events, taken.events),
        ..taken
    })
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

fn joined<T>(mut first: Vec<T>, second: Vec<T>) -> Vec<T> {
    first.extend(second);
    first
}

enum Foreseen {
    Free,
    Loss(Vec<DataLoss>),
    Irreversible(String),
}

/// R8 before work that cannot be taken back as a whole: the transactional downs run on trial in a transaction that is
/// always given up. Steps outside a transaction (indexes) hold no rows and are left out.
async fn foresee(core: &Arc<Core>, operation: &Operation, spec: &SchemaSpec, deadline: Deadline) -> Result<Foreseen> {
    if let Some(step) = spec.irreversible_step() {
        return Ok(Foreseen::Irreversible(step.name.clone()));
    }
    let mut trial = spec.clone();
    trial.steps.retain(|step| !step.down_no_transaction);
    if trial.steps.is_empty() {
        return Ok(Foreseen::Free);
    }
    let mut transaction = core.lock_structure(deadline).await?;
    let job = Job {
        core,
        operation: &operation.id,
        deadline,
        stage: "trial",
    };
    let outcome = job.revert(transaction.as_mut(), &trial, false).await;
    transaction.abandon().await;
    match outcome {
        Ok(Reverted::WouldLose(losses)) => Ok(Foreseen::Loss(losses)),
        Ok(Reverted::Irreversible(step)) => Ok(Foreseen::Irreversible(step)),
        Ok(Reverted::Done(_)) => Ok(Foreseen::Free),
        Err(Stopped::Interrupted(error)) => Err(error),
        Err(Stopped::Failed(failure)) => Err(Error::Step { failure }),
    }
}

impl Run<'_> {
    pub(crate) fn check_epoch(&self, found: u64) -> Result<()> {
        if found == self.epoch {
            Ok(())
        } else {
            Err(Error::Fenced {
                ours: self.epoch,
                found,
            })
        }
    }

    /// Runs what remains of a schema in one direction, from what the journal says is in effect; returns how many steps ran.
    pub(crate) async fn steps(&mut self, spec: &SchemaSpec, direction: Direction) -> Result<usize, Stopped> {
        let entries = self
            .core
            .engine
            .journal(self.core.scope(), Some(&spec.version), WHOLE_JOURNAL)
            .await?;
        let mut progress = Progress::of(&entries);
        if let Some((position, was)) = progress.in_doubt.take() {
            let session = entries
                .iter()
                .rev()
                .find(|e| e.position == position && e.state == JournalState::Started)
                .map(|e| e.session.clone());
            self.settle_doubt(spec, position, was, session.as_deref(), &mut progress)
                .await?;
        }
        if direction == Direction::Up {
            check_unchanged(spec, &progress)?;
        }
        let total = u32::try_from(spec.steps.len()).unwrap_or(u32::MAX);
        let remaining = progress.remaining(total, direction);
        for position in &remaining {
            let Some(step) = spec.steps.get(*position as usize) else {
                return Err(Error::Damaged {
                    message: format!(
                        "the journal of {} names step {position}, which it does not have",
                        spec.version
                    ),
                }
                .into());
            };
            if let Err(stopped) = self.step(spec, step, *position, direction).await {
                return Err(self.with_traces(stopped));
            }
        }
        Ok(remaining.len())
    }

    fn with_traces(&self, stopped: Stopped) -> Stopped {
        match stopped {
            // Work outside a transaction is never taken back as a whole.
            Stopped::Failed(failure) => Stopped::Failed(Box::new(Failure {
                leaves_traces: true,
                ..*failure
            })),
            other => other,
        }
    }

    async fn step(
        &mut self,
        spec: &SchemaSpec,
        step: &Step,
        position: u32,
        direction: Direction,
    ) -> Result<(), Stopped> {
        let watch = Stopwatch::start();
        let Work::Sql(statements) = work_of(self.core.dialect(), &spec.version, step, direction)? else {
            return Err(Error::bug("only SQL runs outside a schema's transaction").into());
        };
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let mut entry = self.entry(spec, step, position, direction);
        let statement = statements.first().map(|s| s.text.clone()).unwrap_or_default();
        if !runs_alone(step, direction) {
            let texts: Vec<_> = statements.iter().map(|s| s.text.clone()).collect();
            entry.state = JournalState::Done;
            failpoint!("{}.before_step", self.stage);
            let done = self
                .session
                .execute_journalled(&texts, &entry, self.epoch, &limit)
                .await;
            failpoint!("{}.after_step", self.stage);
            if let Err(fault) = done {
                return Err(self.failed(spec, step, entry, &statement, fault, &limit).await);
            }
            metric::step(&spec.version, direction.as_str(), watch.elapsed());
            return Ok(());
        }
        self.session.journal(&entry, self.epoch).await?;
        failpoint!("{}.journal.started", self.stage);
        let done = self.session.execute(&statement, &limit).await;
        failpoint!("{}.journal.executed", self.stage);
        let looked_up = self.core.cleanup_limit();
        let settled = self.look_up(step, direction, &statement, &looked_up).await;
        let rows = match (done, settled) {
            (Ok(rows), Ok(Settled::Done | Settled::Unknown)) => rows,
            // VACUUM and the like leave nothing to look up.
            (Ok(rows), Ok(Settled::NotDone))
                if step.verify.is_none()
                    && lockstep_catalog::index_of_concurrent(self.core.dialect(), &statements[0]).is_none() =>
            {
                rows
            }
            (Ok(_), Ok(Settled::NotDone)) => {
                let fault = Fault::new(Cause::Refused, "it ended without an error, and its effect is not there");
                return Err(self.failed(spec, step, entry, &statement, fault, &looked_up).await);
            }
            // Its answer was late or lost, and the catalog shows that it took effect.
            (Err(fault), Ok(Settled::Done)) if fault.cause != Cause::Refused => 0,
            (Ok(_), Err(error)) if error.is_transient() => return Err(error.into()),
            // What it left could not be looked up or cleaned up: it stays in doubt, for whoever comes next to settle.
            (Ok(_), Err(error)) => {
                let fault = Fault::new(Cause::Refused, error.to_string());
                return Err(self.with_traces(stopped(spec, step, position, direction, &statement, fault, &limit)));
            }
            (Err(fault), Err(_)) => {
                let fault = told(fault);
                return Err(self.with_traces(stopped(spec, step, position, direction, &statement, fault, &limit)));
            }
            (Err(fault), _) => return Err(self.failed(spec, step, entry, &statement, fault, &limit).await),
        };
        entry.state = JournalState::Done;
        entry.rows = rows;
        entry.duration_us = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.session.journal(&entry, self.epoch).await?;
        failpoint!("{}.journal.done", self.stage);
        metric::step(&spec.version, direction.as_str(), watch.elapsed());
        Ok(())
    }

    /// Whether a statement outside a transaction is in effect: by the author's own query, else by the catalog.
    async fn look_up(
        &mut self,
        step: &Step,
        direction: Direction,
        statement: &str,
        limit: &crate::engine::Limit,
    ) -> Result<Settled> {
        let Some(query) = &step.verify else {
            return self.session.settle(statement, limit).await;
        };
        let holds = self
            .session
            .verify(query, limit)
            .await
            .map_err(|fault| Error::Database {
                doing: "running a step's verify query",
                message: fault.message,
                code: None,
                transient: fault.cause == Cause::Transient,
            })?;
        Ok(if holds == (direction == Direction::Up) {
            Settled::Done
        } else {
            Settled::NotDone
        })
    }

    async fn failed(
        &mut self,
        spec: &SchemaSpec,
        step: &Step,
        mut entry: JournalEntry,
        statement: &str,
        fault: Fault,
        limit: &crate::engine::Limit,
    ) -> Stopped {
        let (position, direction) = (entry.position, entry.direction);
        entry.state = JournalState::Failed;
        entry.error = Some(fault.message.clone());
        let fault = told(fault);
        // What is lost stays `started`: only the catalog can tell, and the next holder of the lock looks there.
        if fault.cause != Cause::Lost
            && let Err(error) = self.session.journal(&entry, self.epoch).await
        {
            tracing::error!(%error, "a failed step could not be journalled");
        }
        stopped(spec, step, position, direction, statement, fault, limit)
    }

    /// A step was sent and its end never heard of: wait for the statement to end, then look its effect up.
    async fn settle_doubt(
        &mut self,
        spec: &SchemaSpec,
        position: u32,
        was: Direction,
        session: Option<&str>,
        progress: &mut Progress,
    ) -> Result<(), Stopped> {
        let Some(step) = spec.steps.get(position as usize) else {
            return Err(Error::Damaged {
                message: format!(
                    "the journal of {} names step {position}, which it does not have",
                    spec.version
                ),
            }
            .into());
        };
        if let Some(session) = session {
            let limit = step.timeout.unwrap_or(self.core.settings.step_timeout);
            self.session.await_orphan(session, self.deadline.within(limit)).await?;
        }
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let work = work_of(self.core.dialect(), &spec.version, step, was)?;
        let statement = work.statements().first().map(|s| s.text.clone()).unwrap_or_default();
        let settled = match self.look_up(step, was, &statement, &limit).await {
            Err(error) if !error.is_transient() => {
                let fault = Fault::new(Cause::Refused, error.to_string());
                return Err(self.with_traces(stopped(spec, step, position, was, &statement, fault, &limit)));
            }
            settled => settled?,
        };
        failpoint!("recovery.settled");
        let mut entry = self.entry(spec, step, position, was);
        entry.state = match settled {
            Settled::Done => JournalState::Done,
            Settled::NotDone => JournalState::Failed,
            Settled::Unknown => {
                let fault = Fault::new(
                    Cause::Refused,
                    "a crash left it in doubt, and the catalog cannot tell whether it took effect",
                );
                return Err(self.with_traces(stopped(spec, step, position, was, &statement, fault, &limit)));
            }
        };
        entry.error = (settled == Settled::NotDone).then(|| "a crash ended it before it took effect".to_owned());
        self.session.journal(&entry, self.epoch).await?;
        match (settled, was) {
            (Settled::Done, Direction::Up) => drop(progress.in_effect.insert(position, step.checksum())),
            (Settled::Done, Direction::Down) => drop(progress.in_effect.remove(&position)),
            _ => {}
        }
        Ok(())
    }

    fn entry(&self, spec: &SchemaSpec, step: &Step, position: u32, direction: Direction) -> JournalEntry {
        JournalEntry {
            operation: self.operation.id.clone(),
            schema: spec.version.clone(),
            position,
            step: step.name.clone(),
            direction,
            state: JournalState::Started,
            checksum: step.checksum(),
            session: self.session.identity(),
            started_at: Timestamp::default(),
            finished_at: None,
            duration_us: 0,
            rows: 0,
            error: None,
        }
    }
}

/// Stopped by us: that, too, is an end that the record must tell, for the schema is half-way.
fn told(fault: Fault) -> Fault {
    match fault.cause {
        Cause::Cancelled => Fault::new(Cause::Refused, "it was stopped because its program ended"),
        _ => fault,
    }
}

/// R9 for what is half-way: the steps in effect are as they were; the others may have been mended.
fn check_unchanged(spec: &SchemaSpec, progress: &Progress) -> Result<(), Stopped> {
    for (position, recorded) in &progress.in_effect {
        let found = spec.steps.get(*position as usize).map(Step::checksum);
        if found.as_ref() != Some(recorded) {
            let name = spec
                .steps
                .get(*position as usize)
                .map_or_else(|| format!("step {position} (gone)"), |s| s.name.clone());
            let refusal = Refusal::Tampered {
                schema: spec.version.clone(),
                recorded: recorded.clone(),
                found: found.unwrap_or_else(|| spec.checksum()),
                steps: vec![name],
            };
            return Err(Error::from(refusal).into());
        }
    }
    Ok(())
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
