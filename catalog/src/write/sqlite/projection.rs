//! A table's rows as they would be, asked of the rows that are.
//!
//! ```text
//!  SELECT key, "old" AS "new", coalesce("c", default) AS "c", (expression) AS "generated" FROM "table as it is called now"
//! ```

use std::collections::HashSet;

use super::create::{default_value, name};
use super::names::Names;
use crate::read::sqlite::{fold, mentioned};
use crate::structure::{Column, Table};
use crate::write::WriteError;

/// What the columns are called under which the key of a row is shown.
const KEY: &str = "lockstep_key_";

/// The rows of a table as they would be.
pub(super) struct Projection<'a> {
    pub(super) names: &'a Names<'a>,
    pub(super) from: &'a Table,
    pub(super) to: &'a Table,
    /// What names a row: names of now, quoted.
    pub(super) key: Vec<String>,
}

impl<'a> Projection<'a> {
    /// `None` where the table is new.
    pub(super) fn of(names: &'a Names<'a>, to: &'a Table) -> Result<Option<Self>, WriteError> {
        let Some(from) = names.table(&to.name.name) else {
            return Ok(None);
        };
        Ok(Some(Self {
            names,
            from,
            to,
            key: key_of(from)?,
        }))
    }

    /// The table as it is called now, quoted.
    pub(super) fn source(&self) -> Result<String, WriteError> {
        name(&self.from.name.name)
    }

    /// The key as a list, ready to be followed by more.
    pub(super) fn key(&self) -> String {
        self.key.join(", ")
    }

    /// The columns under which [`rows`](Self::rows) shows the key.
    pub(super) fn shown_key(&self) -> String {
        let shown: Vec<String> = (0..self.key.len()).map(|at| format!("{KEY}{at}")).collect();
        shown.join(", ")
    }

    /// The column as it is called now, quoted; `None` where it is new.
    pub(super) fn column(&self, column: &str) -> Result<Option<String>, WriteError> {
        self.names.column(&self.to.name.name, column).map(name).transpose()
    }

    /// A subquery with the key and those columns that `needed` names, under the names and with the values they would have.
    pub(super) fn rows(&self, needed: &HashSet<String>) -> Result<String, WriteError> {
        self.rows_beside(needed, None)
    }

    /// The same, with what a column holds now (quoted) beside it, as `lockstep_value`.
    pub(super) fn rows_beside(&self, needed: &HashSet<String>, held: Option<&str>) -> Result<String, WriteError> {
        let wanted = self.closure(needed);
        let mut shown: Vec<String> = self
            .key
            .iter()
            .enumerate()
            .map(|(at, key)| format!("{key} AS {KEY}{at}"))
            .collect();
        shown.extend(held.map(|held| format!("{held} AS lockstep_value")));
        let mut computed: Vec<&Column> = Vec::new();
        for column in self.to.columns.iter().filter(|one| wanted.contains(&fold(&one.name))) {
            if column.generated.is_some() {
                computed.push(column);
            } else {
                shown.push(format!("{} AS {}", self.value(column)?, name(&column.name)?));
            }
        }
        let mut query = format!("SELECT {} FROM {}", shown.join(", "), self.source()?);
        // One level for each that is computed; a level sees those below it.
        while !computed.is_empty() {
            let waiting: HashSet<String> = computed.iter().map(|one| fold(&one.name)).collect();
            let ready = computed
                .iter()
                .position(|one| waits_for(one, &waiting).is_none())
                .unwrap_or_default();
            let column = computed.remove(ready);
            let expression = column.generated.as_ref().map_or("", |one| one.expression.as_str());
            query = format!("SELECT *, ({expression}) AS {} FROM ({query})", name(&column.name)?);
        }
        Ok(format!("({query}) AS {}", name(&self.to.name.name)?))
    }

    /// The named columns, and what generated ones are computed from.
    fn closure(&self, needed: &HashSet<String>) -> HashSet<String> {
        let mut wanted: HashSet<String> = needed.iter().map(|name| fold(name)).collect();
        loop {
            let more: Vec<String> = self
                .to
                .columns
                .iter()
                .filter(|one| wanted.contains(&fold(&one.name)))
                .filter_map(|one| one.generated.as_ref())
                .flat_map(|one| mentioned(&one.expression))
                .filter(|name| !wanted.contains(name))
                .collect();
            if more.is_empty() {
                return wanted;
            }
            wanted.extend(more);
        }
    }

    /// What a column that is not computed would hold.
    fn value(&self, column: &Column) -> Result<String, WriteError> {
        let default = column.default.as_deref().filter(|default| *default != "null");
        let Some(held) = self.column(&column.name)? else {
            return Ok(default.map_or_else(|| "NULL".to_owned(), default_value));
        };
        let was = self
            .from
            .columns
            .iter()
            .find(|one| name(&one.name).ok().as_ref() == Some(&held));
        let held = match was {
            Some(was) if stored(self.from, was) != stored(self.to, column) => {
                match stored(self.to, column) {
                    Affinity::Text => format!("CAST({held} AS TEXT)"),
                    Affinity::Real => format!("CAST({held} AS REAL)"),
                    // Text that is no number stays what it is.
                    Affinity::Integer | Affinity::Numeric => format!(
                        "CASE WHEN CAST({held} AS NUMERIC) = {held} THEN CAST({held} AS NUMERIC) ELSE {held} END"
                    ),
                    Affinity::Blob => held,
                }
            }
            _ => held,
        };
        Ok(match default {
            Some(default) if !column.nullable => format!("coalesce({held}, {})", default_value(default)),
            _ => held,
        })
    }
}

/// One of those that a column is computed from.
pub(super) fn waits_for(column: &Column, waiting: &HashSet<String>) -> Option<String> {
    let own = fold(&column.name);
    let expression = &column.generated.as_ref()?.expression;
    mentioned(expression)
        .into_iter()
        .find(|name| *name != own && waiting.contains(name))
}

/// What names a row to a person: its primary key, else its rowid.
fn key_of(table: &Table) -> Result<Vec<String>, WriteError> {
    if let Some(key) = table.primary_key() {
        return key
            .parts
            .iter()
            .filter_map(|part| part.column_name())
            .map(name)
            .collect();
    }
    let free = ["rowid", "_rowid_", "oid"]
        .into_iter()
        .find(|name| !table.columns.iter().any(|column| fold(&column.name) == *name));
    match (free, table.columns.first()) {
        (Some(rowid), _) => Ok(vec![rowid.to_owned()]),
        (None, Some(column)) => Ok(vec![name(&column.name)?]),
        (None, None) => Ok(Vec::new()),
    }
}

/// How SQLite stores what is put into a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Affinity {
    Integer,
    Text,
    Blob,
    Real,
    Numeric,
}

/// How a table stores what is put into a column: in a STRICT one, ANY leaves it as it is.
pub(super) fn stored(table: &Table, column: &Column) -> Affinity {
    if column.data_type == "any" && table.options.contains_key("strict") {
        Affinity::Blob
    } else {
        affinity(&column.data_type)
    }
}

/// The engine's own rules, in its order.
pub(super) fn affinity(data_type: &str) -> Affinity {
    let has = |word: &str| data_type.contains(word);
    if has("int") {
        Affinity::Integer
    } else if has("char") || has("clob") || has("text") {
        Affinity::Text
    } else if has("blob") || data_type.is_empty() {
        Affinity::Blob
    } else if has("real") || has("floa") || has("doub") {
        Affinity::Real
    } else {
        Affinity::Numeric
    }
}
