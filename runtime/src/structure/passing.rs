//! Checks that a plan adds and drops again on its way: only the way there needs them.
//!
//! On the way back they would forbid the very values that it puts back. Where the way there ended half-way one may be left.

use lockstep_catalog::quote;
use lockstep_catalog::structure::{Constraint, ConstraintKind, Structure};
use lockstep_catalog::write::PASSING_CHECK;

use crate::{Error, Result};

fn is_passing(one: &Constraint) -> bool {
    matches!(one.kind, ConstraintKind::Check { .. }) && one.name.starts_with(PASSING_CHECK)
}

/// The structure without them.
pub(super) fn without(structure: &Structure) -> Structure {
    let mut left = structure.clone();
    for table in &mut left.tables {
        table.constraints.retain(|one| !is_passing(one));
    }
    left
}

/// Statements that drop those which came between two structures, where they are still there.
///
/// # Errors
///
/// Where a name cannot be quoted.
pub(super) fn dropped(before: &Structure, after: &Structure) -> Result<Vec<String>> {
    let quoted = |name: &str| quote(after.dialect, name).map_err(|error| Error::bug(error.to_string()));
    let was = |table: &str, one: &Constraint| {
        let mut tables = before.tables.iter().filter(|before| before.name.to_string() == table);
        tables.any(|before| before.constraints.iter().any(|other| other.name == one.name))
    };
    let mut statements = Vec::new();
    for table in &after.tables {
        let name = table.name.to_string();
        for one in table
            .constraints
            .iter()
            .filter(|one| is_passing(one) && !was(&name, one))
        {
            statements.push(format!(
                "ALTER TABLE {}.{} DROP CONSTRAINT IF EXISTS {}",
                quoted(&table.name.schema)?,
                quoted(&table.name.name)?,
                quoted(&one.name)?
            ));
        }
    }
    Ok(statements)
}
