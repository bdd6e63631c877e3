//! From one side to the other: planned, asked of the rows, rehearsed.

use lockstep_catalog::compare::{Renames, compare};
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::write::{Change, Check, Choices, Plan, write};
use serde::Serialize;

use super::{Database, Side};
use crate::clock::Deadline;
use crate::engine::console::Console;
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
pub async fn diff(from: Side, to: Side, options: &DiffOptions) -> Result<Diff> {
    if from.structure.dialect != to.structure.dialect {
        return Err(Error::Format {
            path: "the two sides".to_owned(),
            line: None,
            message: format!("one is {}, the other {}", from.structure.dialect, to.structure.dialect),
        });
    }
    let mut renames = options.renames.clone();
    renames.0.extend(to.renames.0);
    let renames = renames.pending(&from.structure);
    let unsupported = |error: lockstep_catalog::write::WriteError| Error::Format {
        path: "the desired schema".to_owned(),
        line: None,
        message: error.to_string(),
    };
    let mut plan = write(&from.structure, &to.structure, &renames, options.choices).map_err(unsupported)?;
    let beside = from.database.as_ref().or(to.database.as_ref());
    if let (Some(beside), false) = (beside, plan.statements.is_empty()) {
        rehearse(beside, &from.structure, &to.structure, &mut plan, options).await?;
    }
    let mut obstacles = Vec::new();
    if let Some(database) = &from.database {
        for check in &plan.checks {
            let rows = database.ask(&check.query, NAMED).await?;
            if !rows.is_empty() {
                obstacles.push(Obstacle {
                    check: check.clone(),
                    rows,
                });
            }
        }
    }
    Ok(Diff {
        from: from.structure,
        to: to.structure,
        renames,
        plan,
        obstacles,
    })
}

/// The statements that make a structure where there is nothing: its declaration.
///
/// # Errors
///
/// Where it holds what no statement can say.
pub fn declaration(structure: &Structure) -> Result<Plan> {
    let empty = Structure::empty(structure.dialect);
    write(&empty, structure, &Renames::none(), Choices::default()).map_err(|error| Error::Format {
        path: "the schema".to_owned(),
        line: None,
        message: error.to_string(),
    })
}

/// Runs the plan where nothing is at stake. What the engine made of it besides (a rewritten expression, a dependent that was
/// taken along) is planned again from what is there then.
async fn rehearse(
    beside: &Database,
    from: &Structure,
    to: &Structure,
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
    from: &Structure,
    to: &Structure,
    plan: &mut Plan,
    options: &DiffOptions,
) -> Result<()> {
    let failed = |statement: &str, message: String| Error::Database {
        doing: "rehearsing the statements on a throwaway database",
        message: format!("{message}\n  in: {statement}"),
        code: None,
        transient: false,
    };
    let empty = Structure::empty(to.dialect);
    let made =
        write(&empty, from, &Renames::none(), Choices::default()).map_err(|error| failed("", error.to_string()))?;
    for change in &made.statements {
        console
            .run(&change.sql)
            .await
            .map_err(|fault| failed(&change.sql, fault.message))?;
    }
    let mut next: Vec<Change> = plan.statements.clone();
    for _ in 0..ROUNDS {
        for change in &next {
            console
                .run(&change.sql)
                .await
                .map_err(|fault| failed(&change.sql, fault.message))?;
        }
        let now = console.introspect(&options.selection).await?;
        let rest = write(&now, to, &Renames::none(), options.choices).map_err(|error| failed("", error.to_string()))?;
        if rest.statements.is_empty() {
            return Ok(());
        }
        next.clone_from(&rest.statements);
        plan.statements.extend(rest.statements);
        plan.checks.extend(rest.checks);
    }
    let now = console.introspect(&options.selection).await?;
    if compare(&now, to).is_empty() {
        return Ok(());
    }
    Err(failed(
        "",
        "the statements do not lead to the desired schema; nothing was changed".to_owned(),
    ))
}
