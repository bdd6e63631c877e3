//! Counters that go, and where they stood: sequences and those of identity columns (PostgreSQL).

use super::archive::archive_name;
use super::postgres::literal;
use super::{Archive, Kept};
use crate::compare::{Comparison, Pair, Rename, Renames};
use crate::structure::{Name, Structure, Table};

/// Whether a sequence, or the counter of an identity, has this name.
pub fn has_counter(structure: &Structure, name: &Name) -> bool {
    structure.sequences.iter().any(|one| one.name == *name)
        || structure.tables.iter().flat_map(identities).any(|(_, one)| one == name)
}

/// The counters of a table's identities, each with its column.
fn identities(table: &Table) -> impl Iterator<Item = (&str, &Name)> {
    table.columns.iter().filter_map(|column| {
        let counter = column.identity.as_ref()?.counter.as_ref()?;
        Some((column.name.as_str(), counter))
    })
}

/// What keeps the places of those that go. One whose name another counter takes over goes on there.
pub(super) fn archives(comparison: &Comparison<'_>, renames: &Renames, salt: &str) -> Vec<Archive> {
    let mut gone: Vec<Name> = Vec::new();
    for pair in &comparison.sequences {
        if let Pair::Dropped(one) = pair {
            let renamed = renames.0.iter().find_map(|rename| match rename {
                Rename::Sequence { from, to } if *to == one.name => Some(from.clone()),
                _ => None,
            });
            gone.push(renamed.unwrap_or_else(|| one.name.clone()));
        }
    }
    for pair in &comparison.tables {
        let Some(table) = pair.table.from() else { continue };
        for (column, counter) in identities(table) {
            let stays = pair.columns.iter().any(|one| {
                one.to().is_some_and(|to| to.identity.is_some()) && one.from().is_some_and(|from| from.name == column)
            });
            if !stays {
                gone.push(counter.clone());
            }
        }
    }
    gone.retain(|one| !has_counter(comparison.to, one));
    let stays = |schema: &str| comparison.to.namespaces.iter().any(|one| one.name == schema);
    let archive = |counter: Name| {
        let schema = if stays(&counter.schema) || comparison.to.namespaces.is_empty() {
            counter.schema.as_str()
        } else {
            "public"
        };
        Archive {
            name: archive_name(schema, &counter, "counter", salt),
            before: counter.clone(),
            after: counter,
            columns: Vec::new(),
            kept: Kept::Counter,
        }
    };
    gone.into_iter().map(archive).collect()
}

/// Sets a new counter to where the old one was; one that has gone on since, after values that were there, stays ahead.
pub(super) fn restore(own: &str, counter: &str) -> String {
    format!(
        "SELECT pg_catalog.setval({}, kept.last_value, kept.is_called) FROM {own} AS kept, {counter} AS stands \
         WHERE NOT stands.is_called OR stands.last_value < kept.last_value",
        literal(counter)
    )
}
