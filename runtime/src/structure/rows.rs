//! How many rows tables have, as far as it matters.

use std::collections::{BTreeSet, HashMap};

use lockstep_catalog::compare::Difference;
use lockstep_catalog::risk::LARGE_TABLE_ROWS;
use lockstep_catalog::structure::{Kind, Name, Structure};
use lockstep_catalog::{Dialect, quote};

use super::Database;
use crate::{Error, Result};

/// How many tables are asked in one query.
const AT_ONCE: usize = 100;

/// How many rows the tables have that differences are about, counted no further than what makes a table large.
///
/// # Errors
///
/// Where the database cannot be read.
pub async fn counted(
    database: &Database,
    structure: &Structure,
    differences: &[Difference],
) -> Result<HashMap<Name, u64>> {
    let touched: BTreeSet<_> = differences
        .iter()
        .filter(|one| one.object.kind == Kind::Table && structure.table(&one.object.name).is_some())
        .map(|one| one.object.name.clone())
        .collect();
    count(database, &touched.into_iter().collect::<Vec<_>>()).await
}

/// The same of the tables whose names the scripts mention.
pub(super) async fn counted_of(
    database: &Database,
    structure: &Structure,
    mentioned: impl Fn(&str) -> bool,
) -> Result<HashMap<Name, u64>> {
    let plain = structure.tables.iter().filter(|table| table.virtual_table.is_none());
    let tables: Vec<Name> = plain
        .filter(|table| mentioned(&table.name.name))
        .map(|table| table.name.clone())
        .collect();
    count(database, &tables).await
}

/// How many rows each table has, counted no further than what makes it large: milliseconds a table, however large, and no
/// statistics that may be old or missing. Tables that are not there are left out.
async fn count(database: &Database, tables: &[Name]) -> Result<HashMap<Name, u64>> {
    let dialect = database.dialect();
    let mut counts = HashMap::new();
    for some in tables.chunks(AT_ONCE) {
        let parts: Result<Vec<String>> = some
            .iter()
            .enumerate()
            .map(|(at, name)| part(dialect, at, name))
            .collect();
        for row in database.ask(&parts?.join(" UNION ALL "), some.len()).await? {
            let number = |at: usize| {
                row.get(at)
                    .and_then(Option::as_deref)
                    .and_then(|text| text.parse::<u64>().ok())
            };
            let (Some(at), Some(many)) = (number(0), number(1)) else {
                continue;
            };
            if let Some(name) = usize::try_from(at).ok().and_then(|at| some.get(at)) {
                counts.insert(name.clone(), many);
            }
        }
    }
    Ok(counts)
}

fn part(dialect: Dialect, at: usize, name: &Name) -> Result<String> {
    let quoted = |text: &str| quote(dialect, text).map_err(|error| Error::bug(error.to_string()));
    let mut table = quoted(&name.name)?;
    if !name.schema.is_empty() {
        table = format!("{}.{table}", quoted(&name.schema)?);
    }
    let limit = LARGE_TABLE_ROWS + 1;
    Ok(format!(
        "SELECT {at} AS place, count(*) AS many FROM (SELECT 1 FROM {table} LIMIT {limit}) AS counted_{at}"
    ))
}
