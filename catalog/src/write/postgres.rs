//! Statements for PostgreSQL.

use super::{Choices, Plan, WriteError};
use crate::compare::{Comparison, Renames};
use crate::structure::Structure;

pub(super) fn write(
    _from: &Structure,
    _renames: &Renames,
    _comparison: &Comparison<'_>,
    _choices: Choices,
) -> Result<Plan, WriteError> {
    Ok(Plan::default())
}
