//! Indexes and triggers that somebody made by hand, on tables that a way back builds anew.
//!
//! In SQLite they go with the old table without a word. A sync knows the structure it made; what came since, nobody but its
//! author can make again.

use std::collections::HashSet;

use lockstep_catalog::read::sqlite::{fold, index, mentioned, trigger};
use lockstep_catalog::structure::Structure;

use crate::statements::Compiled;

/// The indexes and triggers that the downs took along although no step of the schema makes them. What is on a table that goes
/// itself is not meant.
pub(crate) fn taken_along(before: &Structure, after: &Structure, compiled: &Compiled) -> Vec<String> {
    let (mut made, mut renamed) = (HashSet::new(), HashSet::new());
    let works = compiled.steps.iter().flat_map(|step| [&step.up, &step.down]);
    for statement in works.flat_map(|work| work.statements()) {
        let text = statement.text.as_str();
        let indexes = index(text, &|_| true).map(|one| ("index", fold(&one.name)));
        made.extend(indexes.or_else(|| trigger(text).map(|one| ("trigger", fold(&one.name)))));
        let names = mentioned(text);
        if names.contains("alter") && names.contains("rename") {
            renamed.extend(names);
        }
    }
    let stays = |table: &str| {
        let table = fold(table);
        let is = |name: &str| fold(name) == table;
        renamed.contains(&table)
            || after.tables.iter().any(|one| is(&one.name.name))
            || after.views.iter().any(|one| is(&one.name.name))
    };
    let left: HashSet<(&str, String)> = all(after)
        .into_iter()
        .map(|(kind, name, _)| (kind, fold(name)))
        .collect();
    all(before)
        .into_iter()
        .filter(|(kind, name, table)| {
            let one = (*kind, fold(name));
            !left.contains(&one) && !made.contains(&one) && stays(table)
        })
        .map(|(kind, name, table)| format!("the {kind} {name} on {table}"))
        .collect()
}

/// Every index and trigger: its kind, its name, and what it is on.
fn all(structure: &Structure) -> Vec<(&'static str, &str, &str)> {
    let indexes = structure.tables.iter().flat_map(|table| {
        table
            .indexes
            .iter()
            .map(|index| ("index", index.name.as_str(), table.name.name.as_str()))
    });
    let triggers = structure.triggers.iter();
    indexes
        .chain(triggers.map(|one| ("trigger", one.name.as_str(), one.on.name.as_str())))
        .collect()
}
