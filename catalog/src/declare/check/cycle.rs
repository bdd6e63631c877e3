//! Foreign keys in a circle. They can be declared; but where every one of them has to point to a row that is there already,
//! no first row can ever be put in.

use std::collections::{BTreeMap, BTreeSet};

use super::Findings;
use crate::Dialect;
use crate::declare::definition::{Definition, ForeignKeyDefinition, TableDefinition};
use crate::declare::name_of;
use crate::declare::place::Path;
use crate::structure::Name;

pub(super) fn check(dialect: Dialect, definition: &Definition, found: &mut Findings) {
    let name = |text: &str| dialect.folded(&name_of(dialect, text));
    let mut points: BTreeMap<Name, BTreeSet<Name>> = BTreeMap::new();
    for (text, table) in definition.tables.iter() {
        let to = table
            .foreign_keys
            .iter()
            .filter(|key| binds(dialect, table, key))
            .map(|key| name(&key.references_table))
            .filter(|target| *target != name(text));
        points.entry(name(text)).or_default().extend(to);
    }
    // What points nowhere, or only to such, can be filled first; what is left over is a circle or needs one.
    loop {
        let done: BTreeSet<Name> = points
            .iter()
            .filter(|(_, to)| to.iter().all(|target| !points.contains_key(target)))
            .map(|(name, _)| name.clone())
            .collect();
        if done.is_empty() {
            break;
        }
        points.retain(|name, _| !done.contains(name));
    }
    let Some(start) = points.keys().next().cloned() else {
        return;
    };
    let circle = circle(&points, start);
    let first = definition
        .tables
        .iter()
        .find(|(text, _)| name(text) == circle[0])
        .map(|(text, _)| text);
    let mut told: Vec<String> = circle.iter().map(Name::to_string).collect();
    told.extend(told.first().cloned());
    let way_out = match dialect {
        Dialect::Mysql => "let one of their columns be NULL",
        Dialect::Sqlite | Dialect::Postgres => "let one of their columns be NULL, or make one of the keys deferrable",
    };
    found.note(
        Path::default().key("tables").key(first.unwrap_or_default()),
        format!(
            "foreign keys in a circle: {}; no first row can be put into any of these tables: {way_out}",
            told.join(" -> ")
        ),
    );
}

/// Whether a row cannot be put in before the one it points to.
fn binds(dialect: Dialect, table: &TableDefinition, key: &ForeignKeyDefinition) -> bool {
    let never_null = |name: &String| {
        table.columns.iter().any(|column| {
            dialect.folded_part(&column.name) == dialect.folded_part(name) && (column.not_null || column.primary_key)
        })
    };
    !key.deferrable && key.columns.iter().all(never_null)
}

/// Follows the pointers until a table comes again: every table left has one that is left.
fn circle(points: &BTreeMap<Name, BTreeSet<Name>>, start: Name) -> Vec<Name> {
    let mut way = vec![start];
    loop {
        let next = way
            .last()
            .and_then(|last| points.get(last))
            .and_then(|to| to.iter().find(|target| points.contains_key(*target)));
        let Some(next) = next else { return way };
        if let Some(at) = way.iter().position(|seen| seen == next) {
            return way.split_off(at);
        }
        way.push(next.clone());
    }
}
