//! Statements for PostgreSQL.
//!
//! ```text
//!  comparison ──► a node for each object that differs: create, drop, alter in place, or take off and put back
//!                    │  what depends on something that goes or changes its type is taken off and put back as well
//!                    ▼
//!                 operations ── ordered by who needs whom (in `from` for what goes, in `to` for what comes) ──► Plan
//! ```
//!
//! Tables and plain columns are never taken off and put back: they hold rows. Everything else may be. Only a table that is cut
//! into partitions in another way is made anew, and its rows move.

mod bearers;
mod change;
mod collations;
mod columns;
mod constraints;
mod context;
mod conversion;
mod decide;
mod domains;
mod exclusion;
mod foreign;
mod graph;
mod indexes;
mod names;
mod node;
mod others;
mod propagate;
mod rebuild;
mod recut;
mod relations;
mod rename;
mod routines;
mod rows;
mod sequences;
mod spelled;
mod tables;
mod takeover;
#[cfg(test)]
mod tests;
mod types;
mod views;

use super::{Choices, Plan, WriteError};
use crate::compare::{Comparison, Renames, compare};
use crate::structure::Structure;
use context::Context;

/// What begins the names of checks that are there for a moment only, while rows are looked at and others write.
pub const PASSING_CHECK: &str = "lockstep_not_null_";

/// `from` is what there is, by the names that it has; `comparison` begins after the renames.
pub(super) fn write(
    from: &Structure,
    renames: &Renames,
    comparison: &Comparison<'_>,
    choices: Choices,
) -> Result<Plan, WriteError> {
    names::check(comparison.to)?;
    let mut plan = Plan {
        statements: rename::statements(from, renames),
        ..Plan::default()
    };
    if comparison.is_empty() {
        return Ok(plan);
    }
    match rebuild::find(comparison)? {
        None => arrange(&Context::new(from, renames, comparison, choices, &[]), &mut plan)?,
        Some(rebuilds) => {
            plan.statements.extend(rebuilds.statements);
            let comparison = compare(&rebuilds.from, comparison.to);
            arrange(
                &Context::new(from, renames, &comparison, choices, &rebuilds.all),
                &mut plan,
            )?;
        }
    }
    Ok(plan)
}

fn arrange(context: &Context<'_>, plan: &mut Plan) -> Result<(), WriteError> {
    let mut nodes = decide::nodes(context)?;
    propagate::propagate(context, &mut nodes);
    graph::order(context, &nodes, plan)
}

pub(super) use names::literal;
pub(super) use recut::is_recut;
pub(super) use rename::implied;
