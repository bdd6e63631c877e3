//! The steps of one schema, journalled: what remains is run, what is in doubt is looked up.

use crate::clock::Stopwatch;
use crate::core::Core;
use crate::engine::{Limit, Outcome, Settled, held_empty, step::Cause, step::Fault};
use crate::expect::{self, When};
use crate::failpoint::failpoint;
use crate::statements::{Work, runs_alone, work_of};
use crate::steps::{Stopped, code_of, stopped, unexpected};
use crate::{Error, Result, metric};
use lockstep_catalog::{Conduct, Footprint, Losses, Removed, Statement, conduct, index_of_concurrent, losses};
use lockstep_lifecycle::{Direction, Failure, JournalEntry, JournalState, Progress, Refusal};
use lockstep_registry::{Checksum, SchemaSpec, SchemaVersion, Step, Timestamp};

use super::Run;
use super::doubt::{Answers, Doubt, Question, Sent, UNVERIFIED, Verdict, verdict};
use super::foresee::removed_by;

/// The journal of one schema may be long; all of it is needed to know what is in effect.
pub(crate) const WHOLE_JOURNAL: u32 = u32::MAX >> 1;

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
        if progress.in_doubt.take().is_some()
            && let Some(started) = entries.iter().rev().find(|e| e.state == JournalState::Started)
        {
            self.settle_doubt(spec, started, direction, &mut progress).await?;
        }
        match direction {
            Direction::Up => unchanged(spec, &progress)?,
            // A crash may have let go of them while T1 was on its way; after T1 none begins. And where they are ours
            // already, this tells that they were all the time.
            Direction::Down => self.exclude_guarded(std::slice::from_ref(&spec.version)).await?,
        }
        let total = u32::try_from(spec.steps.len()).unwrap_or(u32::MAX);
        let remaining = progress.remaining(total, direction);
        if direction == Direction::Up && progress.in_effect.is_empty() {
            self.expect(spec, When::Before).await?;
        }
        for position in &remaining {
            let Some(step) = spec.steps.get(*position as usize) else {
                let recorded = progress.in_effect.get(position).cloned();
                let recorded = recorded.unwrap_or_else(|| spec.checksum());
                return Err(Error::from(taken_out(spec, &format!("step {position}"), recorded)).into());
            };
            if let Err(stopped) = self.step(spec, step, *position, direction).await {
                // What failed first, and had no effect, leaves nothing.
                let first =
                    direction == Direction::Up && progress.in_effect.is_empty() && remaining.first() == Some(position);
                return Err(if first { stopped } else { self.with_traces(stopped) });
            }
        }
        if direction == Direction::Up {
            self.expect(spec, When::After).await?;
        }
        Ok(remaining.len())
    }

    /// Holds the database to what the spec says it looks like.
    async fn expect(&mut self, spec: &SchemaSpec, when: When) -> Result<(), Stopped> {
        let Some(expects) = &spec.expects else { return Ok(()) };
        let found = self.session.introspect(&expect::selection(expects)).await?;
        match self.core.known.objection(spec, when, &found) {
            None => Ok(()),
            Some(objection) => Err(unexpected(spec, when, objection, when == When::After)),
        }
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
        let work = work_of(self.core.dialect(), &spec.version, step, direction)?;
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let mut entry = self.entry(spec, step, position, direction);
        if !runs_alone(self.core.dialect(), step, direction, &work) {
            return self.in_transaction(spec, step, &work, entry, &limit, watch).await;
        }
        let Some(statement) = work.statements().first() else {
            return Err(Error::bug("a step outside a transaction has no statement").into());
        };
        let text = &statement.text;
        let sent = Sent {
            objects: self.look(statement).await?,
            statement: text.clone(),
            transactional: false,
        };
        if direction == Direction::Down {
            let empty = self.must_be_empty(std::slice::from_ref(statement)).await?;
            if let Err(fault) = self.still_empty(&empty, &limit).await {
                return Err(self.failed(spec, step, entry, text, fault, &limit).await);
            }
        }
        self.announce(&mut entry, &sent, &limit).await?;
        failpoint!("{}.journal.started", self.stage);
        let done = self.session.execute(text, &limit).await;
        failpoint!("{}.journal.executed", self.stage);
        let looked_up = self.core.cleanup_limit();
        let rows = match done {
            Ok(rows) => match self.holds(step, direction, statement, &looked_up).await {
                Ok(true) => rows,
                // It stays in doubt: once the query is mended, it tells.
                Ok(false) if step.verify.is_some() => {
                    let fault = Fault::new(Cause::Refused, UNVERIFIED);
                    return Err(self.with_traces(stopped(spec, step, position, direction, text, fault, &limit)));
                }
                Ok(false) => {
                    let fault = Fault::new(Cause::Refused, "it ended without an error, and its effect is not there");
                    return Err(self.failed(spec, step, entry, text, fault, &looked_up).await);
                }
                Err(error) if error.is_transient() => return Err(error.into()),
                // What it left could not be looked up or cleaned up: it stays in doubt, for whoever comes next to settle.
                Err(error) => {
                    let fault = Fault::new(Cause::Refused, error.to_string());
                    return Err(self.with_traces(stopped(spec, step, position, direction, text, fault, &limit)));
                }
            },
            Err(fault) => {
                let settled = self
                    .look_up(step, direction, statement, sent.objects.as_ref(), &looked_up)
                    .await;
                match settled {
                    // Its answer was late or lost, and the catalog shows that it took effect.
                    Ok(Settled::Done) if fault.cause != Cause::Refused => 0,
                    // The database said no; only a list of objects can be half-done then.
                    Ok(Settled::Unknown)
                        if fault.cause == Cause::Refused
                            && conduct(self.core.dialect(), statement) == Conduct::Shown =>
                    {
                        let fault = Fault::new(fault.cause, format!("{}{HALF}", fault.message));
                        return Err(self.with_traces(stopped(spec, step, position, direction, text, fault, &limit)));
                    }
                    Ok(Settled::Unknown | Settled::Disputed) | Err(_) if fault.cause != Cause::Refused => {
                        let fault = told(fault);
                        return Err(self.with_traces(stopped(spec, step, position, direction, text, fault, &limit)));
                    }
                    _ => return Err(self.failed(spec, step, entry, text, fault, &limit).await),
                }
            }
        };
        entry.state = JournalState::Done;
        entry.before = None;
        entry.rows = rows;
        entry.duration_us = u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.session.journal(&entry, self.epoch, None).await?;
        failpoint!("{}.journal.done", self.stage);
        metric::step(&spec.version, direction.as_str(), watch.elapsed());
        Ok(())
    }

    /// A step that is one transaction together with its row in the journal.
    async fn in_transaction(
        &mut self,
        spec: &SchemaSpec,
        step: &Step,
        work: &Work,
        mut entry: JournalEntry,
        limit: &Limit,
        watch: Stopwatch,
    ) -> Result<(), Stopped> {
        let direction = entry.direction;
        if !self.core.engine.transactional_ddl() {
            // Nothing needs looking up afterwards, but a successor must know until when to wait for us.
            let sent = Sent {
                statement: work.statements().first().map(|s| s.text.clone()).unwrap_or_default(),
                objects: None,
                transactional: true,
            };
            self.announce(&mut entry, &sent, limit).await?;
        }
        entry.state = JournalState::Done;
        entry.before = None;
        let (verify, empty) = match direction {
            Direction::Up => (step.verify.as_deref(), Vec::new()),
            Direction::Down => (None, self.must_be_empty(work.statements()).await?),
        };
        failpoint!("{}.before_step", self.stage);
        let done = match work {
            Work::Sql(statements) => {
                let texts: Vec<_> = statements.iter().map(|s| s.text.clone()).collect();
                let done = self
                    .session
                    .execute_journalled(&texts, &empty, verify, &entry, self.epoch, limit)
                    .await;
                done.map(|_| ())
            }
            Work::Code => {
                let code = code_of(self.core, spec, step)?;
                let up = direction == Direction::Up;
                self.session.run_code(code, up, verify, &entry, self.epoch, limit).await
            }
            Work::Irreversible => return Err(Error::bug("an irreversible step was to be undone").into()),
        };
        failpoint!("{}.after_step", self.stage);
        if let Err(fault) = done {
            let statement = work.statements().get(fault.statement).or(work.statements().first());
            let statement = statement.map(|s| s.text.clone()).unwrap_or_default();
            return Err(self.failed(spec, step, entry, &statement, fault, limit).await);
        }
        metric::step(&spec.version, direction.as_str(), watch.elapsed());
        Ok(())
    }

    /// R8 for what another process began to take back: what that was allowed to lose, nobody knows, so all that the rest
    /// removes and carries nowhere must be empty.
    pub(crate) async fn spare_all(&mut self, spec: &SchemaSpec) -> Result<()> {
        let progress = progress_of(self.core, &spec.version).await?;
        let compiled = self.core.compiled(spec)?;
        let now = self.session.snapshot().await?;
        let (removed, _) = removed_by(self.core.dialect(), spec, &compiled, Some(&progress), &now);
        self.empty = removed.into_iter().collect();
        Ok(())
    }

    /// R8 once more, a moment before statements that remove something: what was empty when the way back began may have been
    /// written to since.
    async fn must_be_empty(&mut self, statements: &[Statement]) -> Result<Vec<Removed>> {
        if self.empty.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.session.snapshot().await?;
        let removed = match losses(self.core.dialect(), statements, &now) {
            Losses::Removed(removed) => removed,
            Losses::Unknown { .. } => Vec::new(),
        };
        Ok(removed.into_iter().filter(|each| self.empty.contains(each)).collect())
    }

    async fn still_empty(&mut self, empty: &[Removed], limit: &Limit) -> Outcome<()> {
        for each in empty {
            held_empty(each, self.session.count(each, limit).await?)?;
        }
        Ok(())
    }

    /// Writes down what is about to be sent, and until when it may take.
    async fn announce(&mut self, entry: &mut JournalEntry, sent: &Sent, limit: &Limit) -> Result<()> {
        let written = serde_json::to_string(sent);
        entry.before = Some(written.map_err(|e| Error::bug(format!("a footprint does not serialise: {e}")))?);
        let within = limit.deadline.remaining();
        self.session.journal(entry, self.epoch, Some(within)).await
    }

    /// What a statement names as it is now; `None` where that could not tell anything afterwards.
    async fn look(&mut self, statement: &Statement) -> Result<Option<Footprint>> {
        let dialect = self.core.dialect();
        if conduct(dialect, statement) != Conduct::Shown || index_of_concurrent(dialect, statement).is_some() {
            return Ok(None);
        }
        let snapshot = self.session.snapshot().await?;
        Ok(Some(Footprint::of(dialect, statement, &snapshot)))
    }

    /// Whether what ended without an error is in effect, as far as anybody can tell.
    async fn holds(&mut self, step: &Step, direction: Direction, statement: &Statement, limit: &Limit) -> Result<bool> {
        if step.verify.is_some() || index_of_concurrent(self.core.dialect(), statement).is_some() {
            let settled = self.look_up(step, direction, statement, None, limit).await?;
            return Ok(!matches!(settled, Settled::NotDone | Settled::Disputed));
        }
        Ok(true)
    }

    /// Whether a statement outside a transaction is in effect: see [`Doubt::judge`]. What a failed build left is removed.
    async fn look_up(
        &mut self,
        step: &Step,
        direction: Direction,
        statement: &Statement,
        before: Option<&Footprint>,
        limit: &Limit,
    ) -> Result<Settled> {
        let dialect = self.core.dialect();
        let doubt = Doubt {
            dialect,
            direction,
            statement,
            verify: step.verify.as_deref(),
            before,
            transactional: false,
        };
        let mut answers = Answers::default();
        loop {
            match doubt.judge(&answers) {
                Ok(Settled::Leftover) => {
                    if let Some(index) = index_of_concurrent(dialect, statement) {
                        self.session.drop_index(&index, limit).await?;
                    }
                    return Ok(Settled::NotDone);
                }
                Ok(settled) => return Ok(settled),
                Err(Question::Verify(query)) => {
                    let holds = self.session.verify(query, limit).await;
                    answers.verify = Some(holds.map_err(|fault| Error::Database {
                        doing: "running a step's verify query",
                        message: fault.message,
                        code: None,
                        transient: fault.cause == Cause::Transient,
                    })?);
                }
                Err(Question::Index(index)) => answers.index = Some(self.session.index(&index).await?),
                Err(Question::Objects) => {
                    let now = self.session.snapshot().await?;
                    answers.objects = Some(Footprint::of(dialect, statement, &now));
                }
            }
        }
    }

    async fn failed(
        &mut self,
        spec: &SchemaSpec,
        step: &Step,
        mut entry: JournalEntry,
        statement: &str,
        fault: Fault,
        limit: &Limit,
    ) -> Stopped {
        let (position, direction) = (entry.position, entry.direction);
        entry.state = JournalState::Failed;
        entry.before = None;
        entry.error = Some(fault.message.clone());
        let fault = told(fault);
        // What is lost stays `started`: only the catalog can tell, and the next holder of the lock looks there.
        if fault.cause == Cause::Lost {
            return self.with_traces(stopped(spec, step, position, direction, statement, fault, limit));
        }
        if let Err(error) = self.session.journal(&entry, self.epoch, None).await {
            tracing::error!(%error, "a failed step could not be journalled");
        }
        stopped(spec, step, position, direction, statement, fault, limit)
    }

    /// A step was sent and its end never heard of: wait for the statement to end, then look its effect up.
    async fn settle_doubt(
        &mut self,
        spec: &SchemaSpec,
        started: &JournalEntry,
        going: Direction,
        progress: &mut Progress,
    ) -> Result<(), Stopped> {
        let (position, was) = (started.position, started.direction);
        let Some(step) = spec.steps.get(position as usize) else {
            return Err(Error::from(taken_out(spec, &started.step, started.checksum.clone())).into());
        };
        let patience = step.timeout.unwrap_or(self.core.settings.step_timeout);
        self.session
            .await_orphan(&started.session, self.deadline.within(patience))
            .await?;
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let Some(Sent {
            statement,
            objects,
            transactional,
        }) = Sent::of(started)
        else {
            return Err(Error::Damaged {
                message: format!(
                    "the journal of {} does not say what step {} sent",
                    spec.version, step.name
                ),
            }
            .into());
        };
        let statement = Statement {
            text: statement,
            line: 1,
        };
        let text = &statement.text;
        let looked_up = if transactional {
            // The lock is ours, so its session is over, and its transaction with it: had that counted, its row would say so.
            Ok(Settled::NotDone)
        } else {
            self.look_up(step, was, &statement, objects.as_ref(), &limit).await
        };
        let settled = match looked_up {
            Err(error) if !error.is_transient() => {
                let fault = Fault::new(Cause::Refused, error.to_string());
                return Err(self.with_traces(stopped(spec, step, position, was, text, fault, &limit)));
            }
            settled => settled?,
        };
        failpoint!("recovery.settled");
        let mut entry = self.entry(spec, step, position, was);
        entry.state = match verdict(settled, was, going, self.decided) {
            Verdict::Done => JournalState::Done,
            Verdict::NotDone => JournalState::Failed,
            Verdict::Ask(why) => {
                let fault = Fault::new(Cause::Refused, why);
                return Err(self.with_traces(stopped(spec, step, position, was, text, fault, &limit)));
            }
        };
        let done = entry.state == JournalState::Done;
        // Mended was perhaps the query that tells; what was sent must be what the file says (R9).
        let work = work_of(self.core.dialect(), &spec.version, step, was)?;
        if work.statements().first().is_none_or(|now| now.text != statement.text) {
            entry.checksum = started.checksum.clone();
        }
        entry.error = (!done).then(|| "a crash ended it before it took effect".to_owned());
        self.session.journal(&entry, self.epoch, None).await?;
        match (done, was) {
            (true, Direction::Up) => drop(progress.in_effect.insert(position, entry.checksum)),
            (true, Direction::Down) => drop(progress.in_effect.remove(&position)),
            (false, _) => {}
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
            before: None,
            ends_by: None,
        }
    }
}

/// What the error of a list says of which a part is in effect.
const HALF: &str =
    "; some of the objects it names are changed and others are not: put that right by hand before 'repair'";

/// Stopped by us: that, too, is an end that the record must tell, for the schema is half-way.
fn told(fault: Fault) -> Fault {
    match fault.cause {
        Cause::Cancelled => Fault::new(Cause::Refused, "it was stopped because its program ended"),
        _ => fault,
    }
}

/// What the journal says is in effect of a schema.
pub(crate) async fn progress_of(core: &Core, schema: &SchemaVersion) -> Result<Progress> {
    let entries = core.engine.journal(core.scope(), Some(schema), WHOLE_JOURNAL).await?;
    Ok(Progress::of(&entries))
}

/// A step that was sent, or is in effect, is not in the files any more: they are to be restored (R9).
fn taken_out(spec: &SchemaSpec, step: &str, recorded: Checksum) -> Refusal {
    Refusal::Tampered {
        schema: spec.version.clone(),
        recorded,
        found: spec.checksum(),
        steps: vec![format!("{step} (gone)")],
    }
}

/// R9 for what is half-way: the steps in effect are as they were; the others may have been mended.
pub(crate) fn unchanged(spec: &SchemaSpec, progress: &Progress) -> Result<()> {
    for (position, recorded) in &progress.in_effect {
        let step = spec.steps.get(*position as usize);
        let found = step.map(Step::checksum);
        if found.as_ref() != Some(recorded) {
            let name = step.map_or_else(|| format!("step {position} (gone)"), |s| s.name.clone());
            let refusal = Refusal::Tampered {
                schema: spec.version.clone(),
                recorded: recorded.clone(),
                found: found.unwrap_or_else(|| spec.checksum()),
                steps: vec![name],
            };
            return Err(refusal.into());
        }
    }
    Ok(())
}
