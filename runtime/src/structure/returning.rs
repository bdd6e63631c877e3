//! What comes back out of archives, and when.

use lockstep_catalog::structure::{Name, Structure};
use lockstep_catalog::write::{Archive, Archivist, Kept, has_counter};

use super::migration::unwritable;
use crate::Result;

/// Whether what an archive keeps went in a group.
pub(super) fn returns(archive: &Archive, before: &Structure, after: &Structure) -> bool {
    let column = |structure: &Structure, table: &Name, name: &str| {
        structure
            .table(table)
            .and_then(|one| one.column(name))
            .map(|one| (one.data_type.clone(), one.nullable, one.generated.is_some()))
    };
    match &archive.kept {
        Kept::Counter { .. } => {
            let has = |structure| has_counter(structure, &archive.before) || has_counter(structure, &archive.after);
            has(before) && !has(after)
        }
        Kept::Table => before.table(&archive.before).is_some() && after.table(&archive.before).is_none(),
        Kept::Column { column: name, .. } => {
            let was = column(before, &archive.before, name).or(column(before, &archive.after, name));
            let is = column(after, &archive.after, name).or(column(after, &archive.before, name));
            was.is_some() && is.is_none()
        }
        Kept::Converted {
            column: name,
            renamed,
            data_type,
            nullable,
            ..
        } => {
            let was = column(before, &archive.before, name).or(column(before, &archive.after, renamed));
            let is = column(after, &archive.after, renamed).or(column(after, &archive.before, name));
            was.as_ref() == Some(&(data_type.clone(), *nullable, false)) && is.is_some() && was != is
        }
    }
}

/// The statements that put back what archives keep, once the tables look as `before`.
pub(super) fn restored(archivist: Archivist, returning: &[Archive], before: &Structure) -> Result<Vec<String>> {
    let of_virtual = |archive: &&Archive| {
        let table = before.table(&archive.before);
        matches!(archive.kept, Kept::Column { .. })
            && archive.finds_rows()
            && table.is_some_and(|one| one.virtual_table.is_some())
    };
    let mut statements = Vec::new();
    for archive in returning {
        let restored = match of_virtual(&archive) {
            false => archivist.restore(archive),
            true => {
                let same = returning.iter().filter(|one| one.before == archive.before);
                let together: Vec<&Archive> = same.filter(of_virtual).collect();
                // Once, in the place of the first.
                let first = together.first().is_some_and(|one| one.name == archive.name);
                archivist.restore_together(if first { &together } else { &[] })
            }
        };
        statements.extend(restored.map_err(unwritable)?);
    }
    Ok(statements)
}
