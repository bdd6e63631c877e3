//! The schema manager inside one transaction: steps up, steps down, and what a way down would lose.

use std::sync::Arc;

use lockstep_catalog::directive::carried_path;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Removed, Snapshot, removed};
use lockstep_lifecycle::{DataLoss, Direction, EventKind, Failure, JournalEntry, JournalState, OperationId};
use lockstep_registry::{Checksum, SchemaSpec, Step, Timestamp};
use tracing::Instrument;

use crate::bystanders::taken_along;
use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::step::{Cause, Fault};
use crate::engine::{CodeStep, Limit, Transaction};
use crate::expect::{self, When};
use crate::failpoint::failpoint;
use crate::statements::{Compiled, CompiledStep, Work};
use crate::{Error, Result, metric};

/// A schema whose steps ran in a transaction that is still open.
pub(crate) struct Ran {
    pub(crate) event: EventKind,
    pub(crate) journal: Vec<JournalEntry>,
}

/// Why steps did not run to their end. Whatever it is, the transaction must be given up.
pub(crate) enum Stopped {
    /// A step failed, and why.
    Failed(Box<Failure>),
    /// Not the step's fault: the same attempt may succeed later, or the work was cancelled.
    Interrupted(Error),
}

impl From<Error> for Stopped {
    fn from(error: Error) -> Self {
        Self::Interrupted(error)
    }
}

/// What taking a schema back came to, while the transaction is still open.
pub(crate) enum Reverted {
    Done(Ran),
    /// It would lose rows: the transaction is back where it was.
    WouldLose(Vec<DataLoss>),
    /// A step has no way back.
    Irreversible(String),
}

/// Which way the steps run, and whether for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    Up,
    Down,
    /// Downs that are taken back to see what they would remove.
    Trial,
}

impl Pass {
    fn direction(self) -> Direction {
        match self {
            Self::Up => Direction::Up,
            Self::Down | Self::Trial => Direction::Down,
        }
    }
}

/// The work of one schema in one direction.
pub(crate) struct Job<'a> {
    pub(crate) core: &'a Core,
    pub(crate) operation: &'a OperationId,
    pub(crate) deadline: Deadline,
    /// For failpoints: "activation" or "deactivation".
    pub(crate) stage: &'static str,
}

impl Job<'_> {
    /// Runs every step's `up`.
    pub(crate) async fn apply(&self, transaction: &mut dyn Transaction, spec: &SchemaSpec) -> Result<Ran, Stopped> {
        let watch = Stopwatch::start();
        let compiled = self.core.compiled(spec)?;
        self.expect(transaction, spec, When::Before).await?;
        let journal = self.run(transaction, spec, &compiled, Pass::Up).await?;
        self.expect(transaction, spec, When::After).await?;
        let checksum = compiled.checksum.clone();
        Ok(Ran {
            event: applied_event(spec, checksum, self.operation, journal.len(), watch.elapsed()),
            journal,
        })
    }

    /// Holds the database to what the spec says it looks like.
    async fn expect(&self, transaction: &mut dyn Transaction, spec: &SchemaSpec, when: When) -> Result<(), Stopped> {
        let Some(expects) = &spec.expects else { return Ok(()) };
        let found = transaction.introspect(&expect::selection(expects)).await?;
        match self.core.known.objection(spec, when, &found) {
            None => Ok(()),
            Some(objection) => Err(unexpected(spec, when, objection, false)),
        }
    }

    /// Runs every step's `down` in reverse. Unless the loss is allowed, first finds out what it would lose (R8):
    /// the downs run on trial, what they removed is counted as it was before, and only then do they run for good.
    pub(crate) async fn revert(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
        allow_loss: bool,
    ) -> Result<Reverted, Stopped> {
        if let Some(step) = spec.irreversible_step() {
            return Ok(Reverted::Irreversible(step.name.clone()));
        }
        let watch = Stopwatch::start();
        let compiled = self.core.compiled(spec)?;
        let before = transaction.snapshot().await?;
        let met = self.bystanders(transaction, spec).await?;
        let mut lost = self.unreturned(transaction, spec, &compiled).await?;
        transaction.savepoint().await?;
        let mut journal = self.run(transaction, spec, &compiled, Pass::Trial).await?;
        if let (Some(met), Some(left)) = (met, self.bystanders(transaction, spec).await?) {
            let taken = taken_along(&met, &left, &compiled);
            if !taken.is_empty() {
                return Err(takes_along(spec, &taken));
            }
        }
        let after = transaction.snapshot().await?;
        let gone: Vec<_> = removed(&before, &after)
            .into_iter()
            .filter(|r| !carried(spec, r))
            .collect();
        let remade = remade(&compiled, &before, &after);
        if !gone.is_empty() || !remade.is_empty() || !lost.is_empty() {
            let left = self.rows(transaction, &remade).await?;
            transaction.rollback_to_savepoint().await?;
            lost.extend(self.count(transaction, gone).await?);
            let were = self.rows(transaction, &remade).await?;
            for (table, (were, left)) in remade.into_iter().zip(were.into_iter().zip(left)) {
                if were > left {
                    lost.push(DataLoss {
                        table,
                        column: None,
                        rows: were - left,
                        why: None,
                    });
                }
            }
            if !lost.is_empty() && !allow_loss {
                return Ok(Reverted::WouldLose(lost));
            }
            journal = self.run(transaction, spec, &compiled, Pass::Down).await?;
        }
        let event = reverted_event(spec, self.operation, journal.len(), watch.elapsed(), lost);
        Ok(Reverted::Done(Ran { event, journal }))
    }

    /// What the way back would not give back although it keeps it: what the steps' own questions count.
    pub(crate) async fn unreturned(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
        compiled: &Compiled,
    ) -> Result<Vec<DataLoss>, Stopped> {
        let limit = self.core.step_limit(None, self.deadline);
        let mut lost = Vec::new();
        for (at, (step, ready)) in spec.steps.iter().zip(&compiled.steps).enumerate() {
            for question in &ready.lost {
                let about = Removed::Table {
                    table: question.table.clone(),
                };
                let asked = transaction.number(&about, &question.query, &limit).await;
                let rows = asked.map_err(|fault| {
                    let position = u32::try_from(at).unwrap_or(u32::MAX);
                    let text = &question.query.text;
                    stopped(spec, step, position, Direction::Down, text, fault, &limit)
                })?;
                if rows > 0 {
                    lost.push(DataLoss {
                        table: question.table.clone(),
                        column: question.column.clone(),
                        rows,
                        why: Some(question.why.clone()),
                    });
                }
            }
        }
        Ok(lost)
    }

    /// What is there, where a way back that was generated might take something along.
    async fn bystanders(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
    ) -> Result<Option<Structure>, Stopped> {
        if spec.expects.is_none() || self.core.dialect() != Dialect::Sqlite {
            return Ok(None);
        }
        Ok(Some(transaction.introspect(&Selection::all()).await?))
    }

    /// Runs every step's `down` in reverse, whatever it loses: for throwaway databases.
    pub(crate) async fn down(&self, transaction: &mut dyn Transaction, spec: &SchemaSpec) -> Result<(), Stopped> {
        let compiled = self.core.compiled(spec)?;
        // Whatever the answers are: what cannot be asked is found out here.
        self.unreturned(transaction, spec, &compiled).await?;
        self.run(transaction, spec, &compiled, Pass::Down).await.map(|_| ())
    }

    async fn rows(&self, transaction: &mut dyn Transaction, tables: &[String]) -> Result<Vec<u64>, Stopped> {
        let table = |table: &String| Removed::Table { table: table.clone() };
        let tables: Vec<_> = tables.iter().map(table).collect();
        let limit = self.core.step_limit(None, self.deadline);
        Ok(transaction.count(&tables, &limit).await?)
    }

    async fn count(&self, transaction: &mut dyn Transaction, gone: Vec<Removed>) -> Result<Vec<DataLoss>, Stopped> {
        let limit = self.core.step_limit(None, self.deadline);
        let counts = transaction.count(&gone, &limit).await?;
        let counted = gone.into_iter().zip(counts).filter(|(_, rows)| *rows > 0);
        Ok(counted.map(|(each, rows)| loss(each, rows)).collect())
    }

    async fn run(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
        compiled: &Compiled,
        pass: Pass,
    ) -> Result<Vec<JournalEntry>, Stopped> {
        let direction = pass.direction();
        let mut order: Vec<_> = spec.steps.iter().zip(&compiled.steps).enumerate().collect();
        if direction == Direction::Down {
            order.reverse();
        }
        let mut journal = Vec::with_capacity(order.len());
        for (at, (step, ready)) in order {
            let position = u32::try_from(at).unwrap_or(u32::MAX);
            failpoint!("{}.before_step", self.stage);
            let watch = Stopwatch::start();
            let span = tracing::info_span!("step", schema = %spec.version, step = %step.name, %direction);
            let rows = self
                .step(transaction, spec, step, ready, position, direction)
                .instrument(span)
                .await?;
            if pass != Pass::Trial {
                metric::step(&spec.version, direction.as_str(), watch.elapsed());
            }
            failpoint!("{}.after_step", self.stage);
            let checksum = ready.checksum.clone();
            journal.push(self.entry(spec, step, checksum, position, direction, watch, rows));
        }
        Ok(journal)
    }

    async fn step(
        &self,
        transaction: &mut dyn Transaction,
        spec: &SchemaSpec,
        step: &Step,
        ready: &CompiledStep,
        position: u32,
        direction: Direction,
    ) -> Result<u64, Stopped> {
        let limit = self.core.step_limit(step.timeout, self.deadline);
        let failed = |statement: &str, fault: Fault| stopped(spec, step, position, direction, statement, fault, &limit);
        match ready.work(direction) {
            Work::Sql(statements) => {
                let rows = transaction.execute(statements, &limit).await.map_err(|fault| {
                    let at = statements.get(fault.statement).or(statements.last());
                    failed(at.map_or("", |s| &s.text), fault)
                })?;
                self.verify(transaction, step, direction, &limit, failed)
                    .await
                    .map(|()| rows)
            }
            Work::Code => {
                let code = code_of(self.core, spec, step)?;
                let done = transaction.run_code(code, direction == Direction::Up, &limit).await;
                done.map_err(|fault| failed("", fault))?;
                self.verify(transaction, step, direction, &limit, failed)
                    .await
                    .map(|()| 0)
            }
            Work::Irreversible => Err(Stopped::Interrupted(Error::bug(
                "an irreversible step was to be undone",
            ))),
        }
    }

    /// Holds a step to its author's own word: after its `up` the verify query returns one row, true.
    async fn verify(
        &self,
        transaction: &mut dyn Transaction,
        step: &Step,
        direction: Direction,
        limit: &Limit,
        failed: impl Fn(&str, Fault) -> Stopped,
    ) -> Result<(), Stopped> {
        let (Some(query), Direction::Up) = (&step.verify, direction) else {
            return Ok(());
        };
        match transaction.verify(query, limit).await {
            Ok(true) => Ok(()),
            Ok(false) => Err(failed(
                query,
                Fault::new(Cause::Refused, "its verify query did not return true"),
            )),
            Err(fault) => Err(failed(query, fault)),
        }
    }

    #[allow(clippy::too_many_arguments)] // one call, and a struct for it would say the same again
    fn entry(
        &self,
        spec: &SchemaSpec,
        step: &Step,
        checksum: Checksum,
        position: u32,
        direction: Direction,
        watch: Stopwatch,
        rows: u64,
    ) -> JournalEntry {
        JournalEntry {
            operation: self.operation.clone(),
            schema: spec.version.clone(),
            position,
            step: step.name.clone(),
            direction,
            state: JournalState::Done,
            checksum,
            session: format!("process {}", std::process::id()),
            // Filled in with the database's time when the transaction commits.
            started_at: Timestamp(0),
            finished_at: None,
            duration_us: u64::try_from(watch.elapsed().as_micros()).unwrap_or(u64::MAX),
            rows,
            error: None,
            before: None,
            ends_by: None,
        }
    }
}

/// Whether the code of every code step is there, asked before anything of a schema runs.
pub(crate) fn check_code(core: &Core, spec: &SchemaSpec) -> Result<()> {
    let compiled = core.compiled(spec)?;
    let mut steps = spec.steps.iter().zip(&compiled.steps);
    steps.try_for_each(|(step, ready)| match ready.up {
        Work::Code => code_of(core, spec, step).map(|_| ()),
        _ => Ok(()),
    })
}

/// The code registered for a step.
pub(crate) fn code_of(core: &Core, spec: &SchemaSpec, step: &Step) -> Result<Arc<dyn CodeStep>> {
    let code = core.codes.get(&(spec.version.clone(), step.name.clone()));
    code.map(|code| Arc::clone(&code)).ok_or_else(|| Error::MissingCode {
        schema: spec.version.clone(),
        step: step.name.clone(),
    })
}

/// Tables that the downs drop and that are there all the same afterwards: made anew, with their rows or without.
fn remade(compiled: &Compiled, before: &Snapshot, after: &Snapshot) -> Vec<String> {
    let downs = compiled.steps.iter().flat_map(|step| step.down.statements());
    let words = downs.flat_map(|s| s.text.split_whitespace()).map(str::to_lowercase);
    let text = words.collect::<Vec<_>>().join(" ");
    if !text.contains("drop table") {
        return Vec::new();
    }
    let named = |table: &str| text.contains(&table.to_lowercase());
    let stays = |table: &&String| after.tables.contains_key(*table);
    before
        .tables
        .keys()
        .filter(stays)
        .filter(|table| named(table))
        .cloned()
        .collect()
}

/// The rows in a table or column that goes.
pub(crate) fn loss(removed: Removed, rows: u64) -> DataLoss {
    let (table, column) = match removed {
        Removed::Table { table } => (table, None),
        Removed::Column { table, column } => (table, Some(column)),
    };
    DataLoss {
        table,
        column,
        rows,
        why: None,
    }
}

/// Whether the author declared that a way down keeps these rows elsewhere.
pub(crate) fn carried(spec: &SchemaSpec, gone: &Removed) -> bool {
    let same = |carried: &String| {
        // What a program said may be no path.
        let path = carried_path(carried).unwrap_or_else(|| vec![carried.clone()]);
        match (gone, path.split_last()) {
            (Removed::Column { table, column }, Some((last, rest))) => {
                last.eq_ignore_ascii_case(column) && rest.join(".").eq_ignore_ascii_case(table)
            }
            (Removed::Table { table }, _) => path.join(".").eq_ignore_ascii_case(table),
            (Removed::Column { .. }, None) => false,
        }
    };
    spec.steps.iter().any(|step| step.carries.iter().any(same))
}

pub(crate) fn applied_event(
    spec: &SchemaSpec,
    checksum: Checksum,
    operation: &OperationId,
    steps: usize,
    took: std::time::Duration,
) -> EventKind {
    EventKind::SchemaApplied {
        schema: spec.version.clone(),
        operation: operation.clone(),
        checksum,
        requires: spec.requires.clone(),
        compatible_with: spec.compatible_with.clone(),
        steps: u32::try_from(steps).unwrap_or(u32::MAX),
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
    }
}

pub(crate) fn reverted_event(
    spec: &SchemaSpec,
    operation: &OperationId,
    steps: usize,
    took: std::time::Duration,
    lost: Vec<DataLoss>,
) -> EventKind {
    EventKind::SchemaRolledBack {
        schema: spec.version.clone(),
        operation: operation.clone(),
        steps: u32::try_from(steps).unwrap_or(u32::MAX),
        duration_us: u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
        lost,
    }
}

/// What a fault of a statement means for the operation.
/// What a database that does not look as it must comes to: the step beside which that was seen failed.
pub(crate) fn unexpected(spec: &SchemaSpec, when: When, objection: String, leaves_traces: bool) -> Stopped {
    let at = match when {
        When::Before => 0,
        When::After => spec.steps.len().saturating_sub(1),
    };
    Stopped::Failed(Box::new(Failure {
        schema: spec.version.clone(),
        direction: Direction::Up,
        step: spec.steps.get(at).map(|step| step.name.clone()).unwrap_or_default(),
        position: u32::try_from(at).unwrap_or(u32::MAX),
        statement: String::new(),
        error: objection,
        timed_out: false,
        leaves_traces,
    }))
}

/// A way back that would drop what it knows nothing of.
fn takes_along(spec: &SchemaSpec, taken: &[String]) -> Stopped {
    Stopped::Failed(Box::new(Failure {
        schema: spec.version.clone(),
        direction: Direction::Down,
        step: spec.steps.first().map(|step| step.name.clone()).unwrap_or_default(),
        position: 0,
        statement: String::new(),
        error: format!(
            "the way back builds tables anew, and would drop what was made since and what it cannot make again: {}; drop it \
             first, and make it again afterwards",
            taken.join(", ")
        ),
        timed_out: false,
        leaves_traces: false,
    }))
}

pub(crate) fn stopped(
    spec: &SchemaSpec,
    step: &Step,
    position: u32,
    direction: Direction,
    statement: &str,
    fault: Fault,
    limit: &Limit,
) -> Stopped {
    let error = match fault.cause {
        Cause::Transient | Cause::Fenced => {
            return Stopped::Interrupted(Error::Database {
                doing: "running a step",
                message: fault.message,
                code: None,
                transient: true,
            });
        }
        Cause::Cancelled => return Stopped::Interrupted(Error::Cancelled),
        Cause::Escaped => format!("{}; what it did before that stays", fault.message),
        Cause::TimedOut => format!(
            "it ran longer than {:.1} s and was stopped at the server",
            limit.deadline.length().as_secs_f64()
        ),
        Cause::Lost => format!("{}: {}", crate::error::CUT, fault.message),
        Cause::Refused => fault.message,
    };
    Stopped::Failed(Box::new(Failure {
        schema: spec.version.clone(),
        direction,
        step: step.name.clone(),
        position,
        statement: shorten(statement),
        error,
        timed_out: fault.cause == Cause::TimedOut,
        leaves_traces: fault.cause == Cause::Escaped,
    }))
}

/// The first line or so of a statement, for people.
pub(crate) fn shorten(statement: &str) -> String {
    const MOST: usize = 120;
    let line = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}
