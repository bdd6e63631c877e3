//! From one side to the other: planned, asked of the rows, rehearsed.

use lockstep_catalog::Dialect;
use lockstep_catalog::compare::{Rename, Renames, compare};
use lockstep_catalog::structure::{Kind, Selection, Structure};
use lockstep_catalog::write::{Change, Check, Choices, Note, Plan, pending, write, write_renamed, write_renames};
use serde::Serialize;

use super::views::{Broken, broken};
use super::{Database, Side};
use crate::clock::Deadline;
use crate::engine::console::Console;
use crate::engine::step::{Cause, Fault};
use crate::{Error, Result};

/// How a difference is worked out.
#[derive(Debug, Clone, Default)]
pub struct DiffOptions {
    /// Which objects.
    pub selection: Selection,
    /// How statements are chosen.
    pub choices: Choices,
    /// Renames that are known besides those the desired side declares.
    pub renames: Renames,
}

/// What lies between two sides, and the statements that lead from one to the other.
#[derive(Debug, Clone, Serialize)]
pub struct Diff {
    /// What is.
    pub from: Structure,
    /// What should be.
    pub to: Structure,
    /// What was renamed.
    pub renames: Renames,
    /// The statements.
    pub plan: Plan,
    /// The rows that cannot follow; nothing may run while there are any.
    pub obstacles: Vec<Obstacle>,
}

/// Rows that cannot follow a change.
#[derive(Debug, Clone, Serialize)]
pub struct Obstacle {
    /// The question they answer.
    pub check: Check,
    /// The first of them: what names each, and what is in the way.
    pub rows: Vec<Vec<Option<String>>>,
}

/// How many rows in the way are named.
const NAMED: usize = 20;

/// How often what a rehearsal left over is planned again.
const ROUNDS: usize = 3;

/// The way from one side to the other. Statements are only offered after they ran on a throwaway database and led where
/// they should.
///
/// # Errors
///
/// Where the two are of different engines, no way keeps the rows, or the rehearsal does not come out at `to`.
pub async fn diff(from: Side, mut to: Side, options: &DiffOptions) -> Result<Diff> {
    if from.structure.dialect != to.structure.dialect {
        return Err(Error::Format {
            path: "the two sides".to_owned(),
            line: None,
            message: format!("one is {}, the other {}", from.structure.dialect, to.structure.dialect),
        });
    }
    let mut renames = options.renames.clone();
    renames.0.append(&mut to.renames.0);
    let declared = renames;
    let renames = pending(&from.structure, &to.structure, &declared);
    refuse_blocked(&declared, &renames, &from.structure, &to.structure)?;
    let unsupported = |error: lockstep_catalog::write::WriteError| Error::Format {
        path: "the desired schema".to_owned(),
        line: None,
        message: error.to_string(),
    };
    let beside = from.database.clone().or_else(|| to.database.clone());
    let beside = beside.as_ref();
    let renamed = after_renames(beside, &from.structure, &renames, &options.selection).await?;
    to.structure = to.goal(&renamed);
    let mut plan =
        write_renamed(&from.structure, &renamed, &to.structure, &renames, options.choices).map_err(unsupported)?;
    let mut found = match &from.database {
        Some(database) => obstacles(database, &plan.checks).await?,
        None => Vec::new(),
    };
    let asked = plan.checks.len();
    if let (Some(beside), false) = (beside, plan.statements.is_empty()) {
        rehearse(beside, (&from.structure, &renamed), &mut to, &mut plan, options).await?;
    }
    if let Some(database) = &from.database {
        found.extend(obstacles(database, &plan.checks[asked..]).await?);
        plan.notes = counted(database, plan.notes).await?;
    }
    Ok(Diff {
        from: from.structure,
        to: to.structure,
        renames,
        plan,
        obstacles: found,
    })
}

/// A rename that is declared is never a drop, and never nothing without a word.
fn refuse_blocked(declared: &Renames, pending: &Renames, from: &Structure, to: &Structure) -> Result<()> {
    let refused = |message: String| Error::Format {
        path: "the desired schema".to_owned(),
        line: None,
        message,
    };
    if let Some((what, old, new)) = pending.astray(to).and_then(told) {
        return Err(refused(format!(
            "the {what} {old} is declared to become {new}, and no {new} is declared"
        )));
    }
    if let Some((what, old, new)) = pending.0.iter().find(|one| twice(one, declared, from)).and_then(told) {
        return Err(refused(format!(
            "the {what} {old} is declared to become {new} and something else as well; it can only become one"
        )));
    }
    let not_done = Renames(
        declared
            .0
            .iter()
            .filter(|one| !pending.0.contains(one))
            .cloned()
            .collect(),
    );
    let renamed = pending.applied_to(from);
    let Some((what, old, new)) = not_done.blocked(&renamed, to).and_then(told) else {
        return Ok(());
    };
    Err(refused(format!(
        "the {what} {old} is declared to become {new}, but both are there, and {old} would be lost: drop or rename one of \
         them first (what changes names in a circle goes by way of a third name), or, if that rename has been done already, \
         take its declaration away"
    )))
}

/// Whether what is about to be renamed is declared to get yet another name, which is not there either.
fn twice(rename: &Rename, declared: &Renames, from: &Structure) -> bool {
    declared.0.iter().any(|other| match (rename, other) {
        (
            Rename::Table { from: one, to },
            Rename::Table {
                from: same,
                to: another,
            },
        ) => one == same && to != another && from.table(another).is_none(),
        (
            Rename::Column { table, from: one, to },
            Rename::Column {
                table: of,
                from: same,
                to: another,
            },
        ) => {
            let before = declared.original_table(table);
            let there = from.table(&before).is_some_and(|table| table.column(another).is_some());
            table == of && one == same && to != another && !there
        }
        _ => false,
    })
}

/// What is renamed, its old and its new name.
fn told(rename: &Rename) -> Option<(&'static str, String, String)> {
    Some(match rename {
        Rename::Table { from, to } => ("table", from.to_string(), to.to_string()),
        Rename::View { from, to } => ("view", from.to_string(), to.to_string()),
        Rename::Column { table, from, to } => ("column", format!("{table}.{from}"), to.clone()),
        _ => return None,
    })
}

/// Asks the rows. A question that makes no sense before the statements ran (it names what they make) finds nothing; one that
/// fails for any other reason may have met a value that cannot follow, and stands in the way itself.
async fn obstacles(database: &Database, checks: &[Check]) -> Result<Vec<Obstacle>> {
    let mut obstacles = Vec::new();
    if checks.is_empty() {
        return Ok(obstacles);
    }
    let mut console = database.engine.console().await?;
    for check in checks {
        let rows = match console.rows(&check.query, NAMED).await {
            Ok(rows) => rows,
            Err(fault) if fault.absent => {
                tracing::debug!(
                    query = check.query,
                    error = fault.message,
                    "a question to the rows names what will be made"
                );
                continue;
            }
            Err(fault) if fault.cause == Cause::Refused => vec![vec![Some(format!(
                "the question cannot be answered: {}\n  in: {}",
                fault.message, check.query
            ))]],
            Err(fault) => {
                console.close().await;
                return Err(unanswered(fault));
            }
        };
        if !rows.is_empty() {
            obstacles.push(Obstacle {
                check: check.clone(),
                rows,
            });
        }
    }
    console.close().await;
    Ok(obstacles)
}

/// How many rows each note is about; one that is about none says nothing.
async fn counted(database: &Database, notes: Vec<Note>) -> Result<Vec<Note>> {
    let mut counted = Vec::new();
    for mut note in notes {
        let rows = database.ask(&note.query, 1).await?;
        let count = rows.into_iter().flatten().flatten().next();
        note.rows = count.and_then(|text| text.parse().ok());
        if note.rows != Some(0) {
            counted.push(note);
        }
    }
    Ok(counted)
}

fn unanswered(fault: Fault) -> Error {
    Error::Database {
        doing: "asking the rows whether they can follow",
        transient: fault.cause == Cause::Transient,
        message: fault.message,
        code: None,
    }
}

/// What `from` looks like once the renames ran. PostgreSQL rewrites the texts that name what was renamed: what comes out is
/// asked of it.
pub(super) async fn after_renames(
    beside: Option<&Database>,
    from: &Structure,
    renames: &Renames,
    selection: &Selection,
) -> Result<Structure> {
    let Some(beside) = beside.filter(|beside| !renames.is_empty() && beside.dialect() == Dialect::Postgres) else {
        return Ok(renames.applied_to(from));
    };
    let plan = write_renames(from, renames).map_err(|error| failed("", error.to_string()))?;
    let scratch = beside
        .engine
        .blank(Deadline::after(beside.settings.operation_timeout))
        .await?;
    let renamed = async {
        let mut console = scratch.engine.console().await?;
        let outcome = async {
            build(console.as_mut(), from).await?;
            run_all(console.as_mut(), &plan.statements).await?;
            console.introspect(selection).await
        }
        .await;
        console.close().await;
        outcome
    };
    let outcome = renamed.await;
    scratch.cleanup.await;
    outcome
}

fn failed(statement: &str, message: String) -> Error {
    Error::Database {
        doing: "rehearsing the statements on a throwaway database",
        message: format!("{message}\n  in: {statement}"),
        code: None,
        transient: false,
    }
}

async fn run_all(console: &mut dyn Console, statements: &[Change]) -> Result<()> {
    for change in statements {
        console
            .run(&change.sql)
            .await
            .map_err(|fault| failed(&change.sql, fault.message))?;
    }
    Ok(())
}

/// Runs the statements of a plan. A function whose body names what is not there (PostgreSQL looks at some bodies) is made
/// without that look, and the plan then says so.
async fn run_plan(console: &mut dyn Console, statements: Vec<Change>) -> Result<Vec<Change>> {
    let mut ran = Vec::with_capacity(statements.len());
    for change in statements {
        if let Err(fault) = console.run(&change.sql).await {
            let blind = Change {
                sql: "SET check_function_bodies = off".to_owned(),
                comment: "a function's body names what is not there".to_owned(),
                lock: None,
                ..change.clone()
            };
            let again = change.about.kind == Kind::Routine
                && console.run(&blind.sql).await.is_ok()
                && console.run(&change.sql).await.is_ok();
            if !again {
                return Err(failed(&change.sql, fault.message));
            }
            ran.push(blind);
        }
        ran.push(change);
    }
    Ok(ran)
}

/// Makes a blank database look like `structure`.
async fn build(console: &mut dyn Console, structure: &Structure) -> Result<()> {
    let empty = Structure::empty(structure.dialect);
    let made = write(&empty, structure, &Renames::none(), Choices::default())
        .map_err(|error| failed("", error.to_string()))?;
    run_all(console, &made.statements).await
}

/// Runs the plan where nothing is at stake. What the engine made of it besides (a rewritten expression, a dependent that was
/// taken along) is planned again from what is there then.
async fn rehearse(
    beside: &Database,
    from: (&Structure, &Structure),
    to: &mut Side,
    plan: &mut Plan,
    options: &DiffOptions,
) -> Result<()> {
    let scratch = beside
        .engine
        .blank(Deadline::after(beside.settings.operation_timeout))
        .await?;
    let rehearsed = async {
        let mut console = scratch.engine.console().await?;
        let outcome = converge(console.as_mut(), from, to, plan, options).await;
        console.close().await;
        outcome
    };
    let outcome = rehearsed.await;
    scratch.cleanup.await;
    outcome
}

async fn converge(
    console: &mut dyn Console,
    (from, renamed): (&Structure, &Structure),
    to: &mut Side,
    plan: &mut Plan,
    options: &DiffOptions,
) -> Result<()> {
    build(console, from).await?;
    let were_broken = broken(console, from).await?;
    if from.dialect == Dialect::Postgres {
        let look = "SET check_function_bodies = on";
        console.run(look).await.map_err(|fault| failed(look, fault.message))?;
    }
    let mut next: Vec<Change> = plan.statements.clone();
    for round in 0..ROUNDS {
        let ran = run_plan(console, next).await?;
        match round {
            0 => plan.statements = ran,
            _ => plan.statements.extend(ran),
        }
        let now = console.introspect(&options.selection).await?;
        if to.leaves_privileges {
            to.structure.take_new_privileges(renamed, &now);
        }
        let to = &to.structure;
        let rest = write(&now, to, &Renames::none(), options.choices).map_err(|error| failed("", error.to_string()))?;
        if rest.statements.is_empty() {
            return answered(console, &now, &were_broken).await;
        }
        next = rest.statements;
        plan.checks.extend(rest.checks);
    }
    let now = console.introspect(&options.selection).await?;
    if compare(&now, &to.structure).is_empty() {
        return answered(console, &now, &were_broken).await;
    }
    Err(failed(
        "",
        "the statements do not lead to the desired schema; nothing was changed".to_owned(),
    ))
}

/// Fails where a view cannot be asked that could be before, or that is new: it is declared over what is not declared.
async fn answered(console: &mut dyn Console, now: &Structure, were_broken: &[Broken]) -> Result<()> {
    let is_new = |one: &Broken| !were_broken.iter().any(|was| was.view == one.view);
    match broken(console, now).await?.into_iter().find(is_new) {
        None => Ok(()),
        Some(one) => Err(Error::Format {
            path: "the desired schema".to_owned(),
            line: None,
            message: format!("{one}; change or drop it there; nothing was changed"),
        }),
    }
}
