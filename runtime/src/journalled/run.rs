//! The steps of one schema, journalled: what remains is run, what is in doubt is looked up.

use crate::clock::Stopwatch;
use crate::engine::{Settled, step::Cause, step::Fault};
use crate::failpoint::failpoint;
use crate::statements::{Work, runs_alone, work_of};
use crate::steps::{Stopped, stopped};
use crate::{Error, Result, metric};
use lockstep_lifecycle::{Direction, Failure, JournalEntry, JournalState, Progress, Refusal};
use lockstep_registry::{SchemaSpec, SchemaVersion, Step, Timestamp};

use super::Run;

/// The journal of one schema may be long; all of it is needed to know what is in effect.
const WHOLE_JOURNAL: u32 = u32::MAX >> 1;

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

    /// Keeps guarded transactions out of schemas for as long as the session lasts.
    pub(crate) async fn exclude_guarded(&mut self, schemas: &[SchemaVersion]) -> Result<()> {
        let limit = self.deadline.within(self.core.settings.lock_timeout);
        match self.session.exclude_guarded(schemas, limit).await? {
            true => Ok(()),
            false => Err(Error::guarded_use(limit.length())),
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
        match direction {
            Direction::Up => check_unchanged(spec, &progress)?,
            // A crash may have let go of them while T1 was on its way; after T1 none begins. And where they are ours
            // already, this tells that they were all the time.
            Direction::Down => self.exclude_guarded(std::slice::from_ref(&spec.version)).await?,
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
