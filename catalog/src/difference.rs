//! What lies between two snapshots: all of it ([`differences`]), or only what held rows and is gone ([`removed`]).

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::snapshot::{Column, ObjectKey, Snapshot, Table};

/// A place for rows that was there before and is not there any more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Removed {
    /// A whole table.
    Table {
        /// Its name.
        table: String,
    },
    /// A column of a table that is still there.
    Column {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
}

impl fmt::Display for Removed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { table } => write!(f, "table {table}"),
            Self::Column { table, column } => write!(f, "column {table}.{column}"),
        }
    }
}

/// The tables that are gone, and the columns that are gone from tables still there: tables first, both by name.
pub fn removed(before: &Snapshot, after: &Snapshot) -> Vec<Removed> {
    let mut removed = Vec::new();
    for (table, description) in &before.tables {
        let table = table.clone();
        match after.tables.get(&table) {
            None => removed.push(Removed::Table { table }),
            Some(kept) => {
                let gone = description
                    .columns
                    .keys()
                    .filter(|name| !kept.columns.contains_key(*name));
                removed.extend(gone.map(|column| Removed::Column {
                    table: table.clone(),
                    column: column.clone(),
                }));
            }
        }
    }
    removed.sort();
    removed
}

/// What a difference is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A table, apart from its columns.
    Table {
        /// Its name.
        table: String,
    },
    /// A column.
    Column {
        /// The table's name.
        table: String,
        /// The column's name.
        column: String,
    },
    /// Any other object.
    Object(ObjectKey),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Table { table } => write!(f, "table {table}"),
            Self::Column { table, column } => write!(f, "column {table}.{column}"),
            Self::Object(ObjectKey { kind, name }) => write!(f, "{kind} {name}"),
        }
    }
}

/// What happened to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// It was not there before.
    Added {
        /// What it is now.
        definition: String,
    },
    /// It is not there any more.
    Removed {
        /// What it was.
        definition: String,
    },
    /// It is there, and different.
    Changed {
        /// What it was.
        before: String,
        /// What it is now.
        after: String,
    },
}

/// One difference between two snapshots.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Difference {
    /// What it is about.
    pub subject: Subject,
    /// What happened to it.
    pub change: Change,
}

impl fmt::Display for Difference {
    /// One line, whatever the definitions look like.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |text: &str| match text.split_whitespace().collect::<Vec<_>>().join(" ") {
            blank if blank.is_empty() => "(nothing)".to_owned(),
            line => line,
        };
        let subject = &self.subject;
        match &self.change {
            Change::Added { definition } if definition.is_empty() => write!(f, "added {subject}"),
            Change::Added { definition } => write!(f, "added {subject}: {}", line(definition)),
            Change::Removed { definition } if definition.is_empty() => {
                write!(f, "removed {subject}")
            }
            Change::Removed { definition } => write!(f, "removed {subject}: {}", line(definition)),
            Change::Changed { before, after } => {
                write!(f, "changed {subject}: {} -> {}", line(before), line(after))
            }
        }
    }
}

/// Everything that differs between two snapshots, tables with their columns first, then the other objects; each by name. A
/// table that came or went stands for its columns.
pub fn differences(before: &Snapshot, after: &Snapshot) -> Vec<Difference> {
    let mut differences = Vec::new();
    compare(&before.tables, &after.tables, |name, before, after| {
        let subject = Subject::Table { table: name.clone() };
        push(&mut differences, subject, before.map(described), after.map(described));
        if let (Some(before), Some(after)) = (before, after) {
            compare(&before.columns, &after.columns, |column, before, after| {
                let subject = Subject::Column {
                    table: name.clone(),
                    column: column.clone(),
                };
                let declaration = |column: &Column| column.declaration.clone();
                push(
                    &mut differences,
                    subject,
                    before.map(declaration),
                    after.map(declaration),
                );
            });
        }
    });
    compare(&before.objects, &after.objects, |key, before, after| {
        push(
            &mut differences,
            Subject::Object(key.clone()),
            before.cloned(),
            after.cloned(),
        );
    });
    differences
}

/// Calls `each` once for every key of either map, in order.
fn compare<K: Ord, V>(
    before: &BTreeMap<K, V>,
    after: &BTreeMap<K, V>,
    mut each: impl FnMut(&K, Option<&V>, Option<&V>),
) {
    let mut keys: Vec<&K> = before.keys().chain(after.keys()).collect();
    keys.sort();
    keys.dedup();
    for key in keys {
        each(key, before.get(key), after.get(key));
    }
}

fn described(table: &Table) -> String {
    match (table.virtual_table, table.definition.as_str()) {
        (false, definition) => definition.to_owned(),
        (true, "") => "virtual".to_owned(),
        (true, definition) => format!("virtual {definition}"),
    }
}

fn push(differences: &mut Vec<Difference>, subject: Subject, before: Option<String>, after: Option<String>) {
    let change = match (before, after) {
        (None, Some(definition)) => Change::Added { definition },
        (Some(definition), None) => Change::Removed { definition },
        (Some(before), Some(after)) if before != after => Change::Changed { before, after },
        _ => return,
    };
    differences.push(Difference { subject, change });
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::snapshot::tests::{index, table};

    fn merged(parts: impl IntoIterator<Item = Snapshot>) -> Snapshot {
        parts.into_iter().fold(Snapshot::default(), |mut whole, part| {
            whole.tables.extend(part.tables);
            whole.objects.extend(part.objects);
            whole
        })
    }

    #[test]
    fn a_table_that_is_gone_stands_for_its_columns() {
        let before = merged([
            table("z", &[("a", "int"), ("b", "int"), ("c", "int")]),
            table("y", &[("a", "int"), ("b", "int")]),
            index("i", "on y"),
        ]);
        let after = merged([table("z", &[("b", "int")]), table("x", &[("a", "int")])]);
        let lines: Vec<String> = removed(&before, &after).iter().map(ToString::to_string).collect();
        assert_eq!(lines, ["table y", "column z.a", "column z.c"]);
    }

    #[test]
    fn every_difference_is_told_in_one_line() {
        let mut before = merged([
            table("kept", &[("a", "int"), ("b", "text"), ("c", "int")]),
            table("gone", &[("a", "int")]),
            index("same", "on kept (a)"),
            index("other", "on kept\n  (a)"),
        ]);
        before.tables.get_mut("kept").unwrap().definition = "strict".to_owned();
        let mut after = merged([
            table("kept", &[("a", "bigint"), ("b", "text"), ("d", "int")]),
            table("new", &[("a", "int")]),
            index("same", "on kept (a)"),
            index("other", "on kept (b)"),
        ]);
        after.tables.get_mut("new").unwrap().virtual_table = true;
        let found = differences(&before, &after);
        let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "removed table gone",
                "changed table kept: strict -> (nothing)",
                "changed column kept.a: int -> bigint",
                "removed column kept.c: int",
                "added column kept.d: int",
                "added table new: virtual",
                "changed index other: on kept (a) -> on kept (b)",
            ]
        );
        let json = serde_json::to_string(&found).unwrap();
        assert_eq!(serde_json::from_str::<Vec<Difference>>(&json).unwrap(), found);
    }

    fn any_snapshot() -> impl Strategy<Value = Snapshot> {
        let part = prop_oneof![
            ("[ab]", prop::collection::vec(("[ab]", "[ab]?"), 0..3)).prop_map(|(name, columns)| {
                let columns: Vec<(&str, &str)> = columns
                    .iter()
                    .map(|(name, text)| (name.as_str(), text.as_str()))
                    .collect();
                table(&name, &columns)
            }),
            ("[ab]", "[ab]?").prop_map(|(name, text)| index(&name, &text)),
        ];
        prop::collection::vec(part, 0..4).prop_map(merged)
    }

    proptest! {
        #[test]
        fn there_are_no_differences_exactly_when_the_fingerprints_agree(
            one in any_snapshot(),
            other in any_snapshot(),
        ) {
            let same = one.fingerprint() == other.fingerprint();
            prop_assert_eq!(differences(&one, &other).is_empty(), same);
            prop_assert_eq!(differences(&other, &one).len(), differences(&one, &other).len());
        }
    }
}
