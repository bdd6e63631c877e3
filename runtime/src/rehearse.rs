//! Rehearsal: up, fingerprint, down, and the fingerprint of before. Without it a broken way back is found on the worst day.
//!
//! SQLite rehearses on a copy with its rows; the servers on an empty temporary database, from the first schema on; in
//! place means a transaction in the real database that is always given up, and holds its locks meanwhile.

use std::sync::Arc;
use std::time::Duration;

use lockstep_catalog::{Difference, Snapshot, differences};
use lockstep_lifecycle::{Commit, Direction, Failure, JournalEntry, JournalState};
use lockstep_registry::{Requires, SchemaSpec, SchemaState, SchemaVersion, Specs, Step, Timestamp};
use serde::Serialize;

use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::{Engine, Session, Transaction, held_to};
use crate::statements::{Work, check_spec, runs_alone, work_of};
use crate::steps::{Job, Stopped, code_of, stopped};
use crate::{Error, Result};

/// What rehearsing one schema came to.
#[derive(Debug, Clone, Serialize)]
pub struct Rehearsal {
    /// Which schema.
    pub schema: SchemaVersion,
    /// In one word: `passed`, `applied` (in the real database: not rehearsed) or `irreversible` (only its way up was).
    pub outcome: &'static str,
    /// How many steps it has.
    pub steps: usize,
    /// How long its way up took.
    pub up: Duration,
    /// How long its way back took.
    pub down: Duration,
}

/// Why a rehearsal did not pass. The real database was not changed.
#[derive(Debug, Clone, Serialize)]
pub struct RehearsalFailure {
    /// Which schema.
    pub schema: SchemaVersion,
    /// The step that failed, where one did.
    pub failure: Option<Failure>,
    /// What is different after the way back, where every step ran.
    pub differences: Vec<String>,
}

impl std::fmt::Display for RehearsalFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let schema = &self.schema;
        match &self.failure {
            Some(failure) => {
                let why = match failure.direction {
                    Direction::Up => "cannot be applied",
                    Direction::Down => {
                        "cannot be taken back (the downs run in reverse order, and each must undo its own step)"
                    }
                };
                write!(
                    f,
                    "{schema} {why}: step {} ({}) failed: {}\n  in: {}",
                    failure.step, failure.direction, failure.error, failure.statement
                )
            }
            None => {
                write!(f, "{schema} does not come back to where it started; after its downs:")?;
                for difference in &self.differences {
                    write!(f, "\n  {difference}")?;
                }
                Ok(())
            }
        }
    }
}

pub(crate) async fn rehearse(core: Arc<Core>, wanted: Vec<SchemaVersion>, in_place: bool) -> Result<Vec<Rehearsal>> {
    let specs = core.specs.load_full();
    let wanted: Vec<_> = if wanted.is_empty() {
        specs.iter().map(|s| s.version.clone()).collect()
    } else {
        wanted
    };
    let order = in_order(&specs, &wanted)?;
    for schema in &order {
        if let Some(spec) = specs.get(schema) {
            check_spec(core.dialect(), spec)?;
        }
    }
    let deadline = core.deadline();
    if in_place && !core.engine.transactional_ddl() {
        return Err(Error::Setting {
            name: "in-place",
            message: "this server cannot take a change of the schema back, so nothing can be rehearsed in place; \
                      rehearse on a temporary database"
                .to_owned(),
        });
    }
    if in_place {
        let stage = Stage {
            core: &core,
            engine: Arc::clone(&core.engine),
            has_current: true,
            deadline,
        };
        return stage.in_one_transaction(&specs, &order, &wanted).await;
    }
    let scratch = core.engine.scratch(deadline).await?;
    let stage = Stage {
        core: &core,
        engine: Arc::clone(&scratch.engine),
        has_current: scratch.is_copy,
        deadline,
    };
    let result = async {
        scratch.engine.prepare(core.scope(), deadline).await?;
        stage.for_good(&specs, &order, &wanted).await
    };
    let result = result.await;
    scratch.cleanup.await;
    result
}

/// The wanted schemas and all they build on, parents first.
fn in_order(specs: &Specs, wanted: &[SchemaVersion]) -> Result<Vec<SchemaVersion>> {
    let mut order = Vec::new();
    for schema in wanted {
        if specs.get(schema).is_none() {
            return Err(lockstep_lifecycle::Refusal::UnknownSchema { schema: schema.clone() }.into());
        }
        for each in specs.graph().closure(schema) {
            if !order.contains(&each) {
                order.push(each);
            }
        }
    }
    Ok(order)
}

struct Stage<'a> {
    core: &'a Core,
    engine: Arc<dyn Engine>,
    /// Whether what is applied in the real database is here too.
    has_current: bool,
    deadline: Deadline,
}

impl Stage<'_> {
    async fn is_applied(&self, schema: &SchemaVersion) -> Result<bool> {
        if !self.has_current {
            return Ok(false);
        }
        let facts = self.core.engine.facts(self.core.scope()).await?.unwrap_or_default();
        Ok(facts.state_of(schema) == SchemaState::Applied)
    }

    async fn in_one_transaction(
        &self,
        specs: &Specs,
        order: &[SchemaVersion],
        wanted: &[SchemaVersion],
    ) -> Result<Vec<Rehearsal>> {
        let mut transaction = self.engine.lock_structure(self.core.scope(), self.deadline).await?;
        let mut done = Vec::new();
        let mut result = Ok(());
        for schema in order {
            let Some(spec) = specs.get(schema) else {
                continue;
            };
            match self.one(transaction.as_mut(), spec, wanted.contains(schema)).await {
                Ok(rehearsal) => done.extend(rehearsal),
                Err(error) => {
                    result = Err(error);
                    break;
                }
            }
        }
        transaction.abandon().await;
        result.map(|()| done)
    }

    /// On a throwaway database every schema stays applied for those that build on it.
    async fn for_good(
        &self,
        specs: &Specs,
        order: &[SchemaVersion],
        wanted: &[SchemaVersion],
    ) -> Result<Vec<Rehearsal>> {
        let mut done = Vec::new();
        for schema in order {
            let Some(spec) = specs.get(schema) else {
                continue;
            };
            if self.engine.transactional_ddl() && spec.is_transactional() {
                let mut transaction = self.engine.lock_structure(self.core.scope(), self.deadline).await?;
                match self.one(transaction.as_mut(), spec, wanted.contains(schema)).await {
                    Ok(rehearsal) => done.extend(rehearsal),
                    Err(error) => {
                        transaction.abandon().await;
                        return Err(error);
                    }
                }
                transaction.commit(Commit::default(), self.core.records()).await?;
            } else {
                done.extend(self.outside(spec, wanted.contains(schema)).await?);
            }
        }
        Ok(done)
    }

    async fn one(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
        wanted: bool,
    ) -> Result<Option<Rehearsal>> {
        if self.is_applied(&spec.version).await? {
            return Ok(wanted.then(|| rehearsal(spec, "applied", Duration::ZERO, Duration::ZERO)));
        }
        if !spec.is_transactional() {
            return Err(Error::Format {
                path: spec.version.to_string(),
                line: None,
                message: "it has steps outside a transaction, which cannot be rehearsed in place".to_owned(),
            });
        }
        let operation = "rehearsal".to_owned();
        let job = Job {
            core: self.core,
            operation: &operation,
            deadline: self.deadline,
            stage: "rehearsal",
        };
        let failed = |stopped| told(&spec.version, stopped);
        let before = transaction.snapshot().await?;
        let watch = Stopwatch::start();
        job.apply(transaction, spec).await.map_err(failed)?;
        let up = watch.elapsed();
        if !wanted || spec.irreversible_step().is_some() {
            return Ok(wanted.then(|| rehearsal(spec, "irreversible", up, Duration::ZERO)));
        }
        let watch = Stopwatch::start();
        job.down(transaction, spec).await.map_err(failed)?;
        let down = watch.elapsed();
        compare(&spec.version, &before, &transaction.snapshot().await?)?;
        // What was taken back must be possible to apply again.
        job.apply(transaction, spec).await.map_err(failed)?;
        Ok(Some(rehearsal(spec, "passed", up, down)))
    }

    /// Steps outside a transaction run as they will, statement by statement, on the throwaway database.
    async fn outside(&self, spec: &SchemaSpec, wanted: bool) -> Result<Option<Rehearsal>> {
        let before = self.engine.snapshot().await?;
        let up = self.statements(spec, Direction::Up).await?;
        if !wanted || spec.irreversible_step().is_some() {
            return Ok(wanted.then(|| rehearsal(spec, "irreversible", up, Duration::ZERO)));
        }
        let down = self.statements(spec, Direction::Down).await?;
        compare(&spec.version, &before, &self.engine.snapshot().await?)?;
        self.statements(spec, Direction::Up).await?;
        Ok(Some(rehearsal(spec, "passed", up, down)))
    }

    async fn statements(&self, spec: &SchemaSpec, direction: Direction) -> Result<Duration> {
        let watch = Stopwatch::start();
        let opened = self.engine.open_session(self.core.scope(), self.deadline).await?;
        let mut session = opened.ok_or_else(|| Error::bug("steps outside a transaction on an engine that has none"))?;
        let mut order: Vec<_> = spec.steps.iter().enumerate().collect();
        if direction == Direction::Down {
            order.reverse();
        }
        let mut result = match direction {
            Direction::Up => Ok(()),
            Direction::Down => self.questions(session.as_mut(), spec).await,
        };
        for (at, step) in order {
            if result.is_err() {
                break;
            }
            let position = u32::try_from(at).unwrap_or(u32::MAX);
            if let Err(stopped) = self.step(session.as_mut(), spec, step, position, direction).await {
                result = Err(told(&spec.version, stopped));
                break;
            }
        }
        session.close().await;
        result.map(|()| watch.elapsed())
    }

    /// Asks what is asked before a way back, whatever the answers are: what cannot be asked is found out here.
    async fn questions(&self, session: &mut dyn Session, spec: &SchemaSpec) -> Result<()> {
        let compiled = self.core.compiled(spec)?;
        for (at, (step, ready)) in spec.steps.iter().zip(&compiled.steps).enumerate() {
            let limit = self.core.step_limit(step.timeout, self.deadline);
            for question in &ready.lost {
                let text = &question.query.text;
                if let Err(fault) = session.verify(text, &limit).await {
                    let position = u32::try_from(at).unwrap_or(u32::MAX);
                    let stopped = stopped(spec, step, position, Direction::Down, text, fault, &limit);
                    return Err(told(&spec.version, stopped));
                }
            }
        }
        Ok(())
    }

    /// One step, as the journalled way would run it.
    async fn step(
        &self,
        session: &mut dyn Session,
        spec: &SchemaSpec,
        step: &Step,
        position: u32,
        direction: Direction,
    ) -> Result<(), Stopped> {
        let dialect = self.core.dialect();
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let work = work_of(dialect, &spec.version, step, direction)?;
        let verify = match direction {
            Direction::Up => step.verify.as_deref(),
            Direction::Down => None,
        };
        let entry = entry(spec, step, position, direction);
        let statements = work.statements();
        let done = if runs_alone(dialect, step, direction, &work) {
            let text = statements.first().map_or("", |s| s.text.as_str());
            match (session.execute(text, &limit).await, verify) {
                (Ok(_), Some(query)) => held_to(session.verify(query, &limit).await, statements.len()),
                (done, _) => done.map(|_| ()),
            }
        } else if let Work::Code = work {
            let code = code_of(self.core, spec, step)?;
            let up = direction == Direction::Up;
            session.run_code(code, up, verify, &entry, 0, &limit).await
        } else {
            let texts: Vec<_> = statements.iter().map(|s| s.text.clone()).collect();
            let done = session.execute_journalled(&texts, &[], verify, &entry, 0, &limit).await;
            done.map(|_| ())
        };
        done.map_err(|fault| {
            let statement = statements.get(fault.statement).map(|s| s.text.as_str());
            let statement = statement.or(verify).unwrap_or_default();
            stopped(spec, step, position, direction, statement, fault, &limit)
        })
    }
}

/// A row for the throwaway database's own journal, where the epoch is still 0.
fn entry(spec: &SchemaSpec, step: &Step, position: u32, direction: Direction) -> JournalEntry {
    JournalEntry {
        operation: "rehearsal".to_owned(),
        schema: spec.version.clone(),
        position,
        step: step.name.clone(),
        direction,
        state: JournalState::Done,
        checksum: step.checksum(),
        session: "rehearsal".to_owned(),
        started_at: Timestamp(0),
        finished_at: None,
        duration_us: 0,
        rows: 0,
        error: None,
        before: None,
        ends_by: None,
    }
}

fn rehearsal(spec: &SchemaSpec, outcome: &'static str, up: Duration, down: Duration) -> Rehearsal {
    Rehearsal {
        schema: spec.version.clone(),
        outcome,
        steps: spec.steps.len(),
        up,
        down,
    }
}

fn told(schema: &SchemaVersion, stopped: Stopped) -> Error {
    match stopped {
        Stopped::Interrupted(error) => error,
        Stopped::Failed(failure) => Error::Rehearsal(Box::new(RehearsalFailure {
            schema: schema.clone(),
            failure: Some(*failure),
            differences: Vec::new(),
        })),
    }
}

fn compare(schema: &SchemaVersion, before: &Snapshot, after: &Snapshot) -> Result<()> {
    if before.fingerprint() == after.fingerprint() {
        return Ok(());
    }
    Err(Error::Rehearsal(Box::new(RehearsalFailure {
        schema: schema.clone(),
        failure: None,
        differences: differences(before, after).iter().map(Difference::to_string).collect(),
    })))
}
