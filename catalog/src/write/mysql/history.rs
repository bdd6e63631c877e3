//! Tables of which the server keeps the rows that were (MariaDB's system versioning).
//!
//! ```text
//!  DROP TABLE, and
//!  DROP SYSTEM VERSIONING    the whole history goes, and nothing brings it back     ─► refused while there is one
//!  DROP COLUMN, MODIFY       happens to the rows of the history too                 ─► refused where one has a value there
//!  other columns hold the time the server takes none beside those it has: the history goes ─► as above, and begins anew
//!  every other ALTER         is only done where the session says KEEP               ─► said in the statement itself
//! ```

use super::alter::is_filled;
use super::convert::{Typed, conversion};
use super::{Writer, about, change, column, full, lock, quoted};
use crate::Dialect;
use crate::compare::{Pair, TablePair, is_widening};
use crate::structure::{Column, Kind, ObjectRef, Table};
use crate::write::WriteError;

/// What lets a table with a history be altered. A setting of the session would not be there for whoever runs the statement
/// after a crash.
const KEEPING: &str = "SET STATEMENT system_versioning_alter_history = KEEP FOR ";

/// Whether the rows that were are kept.
pub(super) fn is_kept(table: &Table) -> bool {
    table.options.contains_key("system_versioning")
}

/// Whether the columns that say since when and until when a row was there come where there are others, declared or not.
pub(super) fn is_redeclared(pair: &TablePair<'_>, from: &Table, to: &Table) -> bool {
    let comes = |pair: &Pair<'_, Column>| matches!(pair, Pair::Added(column) if column.options.contains_key("row"));
    is_kept(from) && is_kept(to) && pair.columns.iter().any(comes)
}

impl<'a> Writer<'a> {
    /// Ends a history that begins anew with other columns.
    pub(super) fn forget_history(&mut self, pair: &TablePair<'a>, from: &Table, to: &Table) -> Result<(), WriteError> {
        if !is_redeclared(pair, from, to) {
            return Ok(());
        }
        let mut clauses = Vec::new();
        for pair in &pair.columns {
            if let Pair::Dropped(old) = *pair
                && old.options.contains_key("row")
            {
                clauses.push(format!("DROP COLUMN {}", quoted(&old.name)?));
            }
        }
        clauses.push("DROP SYSTEM VERSIONING".to_owned());
        let mut ending = change(
            format!("ALTER TABLE {} {}", full(&to.name)?, clauses.join(", ")),
            format!("{}: its history begins anew, with other columns", to.name),
            about(Kind::Table, &to.name),
        );
        ending.lock = lock(&to.name.name, true);
        ending.rewrites = true;
        self.push(ending);
        Ok(())
    }

    /// The rows of a table's history that would be lost, or would not be what they were.
    pub(super) fn ask_history(&mut self, pair: &TablePair<'a>, from: &Table, to: &Table) -> Result<(), WriteError> {
        if !is_kept(from) {
            return Ok(());
        }
        let (end, past) = self.past(from, to)?;
        if !is_kept(to) || is_redeclared(pair, from, to) {
            let message = format!("is in the history of {}, which would be lost", to.name);
            return self.ask_past(to, "SYSTEM VERSIONING", &end, &past, &message);
        }
        for pair in &pair.columns {
            let Some(old) = pair.from().filter(|old| !old.options.contains_key("row")) else {
                continue;
            };
            let name = quoted(self.names.old_column(&to.name, &old.name).unwrap_or(&old.name))?;
            match *pair {
                Pair::Dropped(_) if old.generated.is_none() => {
                    let message = format!("is a value of {} in the history, which would be lost", old.name);
                    self.ask_past(
                        to,
                        &old.name,
                        &name,
                        &format!("{past} AND {name} IS NOT NULL"),
                        &message,
                    )?;
                }
                Pair::Both { to: new, .. } => {
                    if becomes_other((old, from), (new, to)) {
                        let message = format!("is a value of {} in the history, which stays as it was", old.name);
                        self.ask_past(
                            to,
                            &old.name,
                            &name,
                            &format!("{past} AND {name} IS NOT NULL"),
                            &message,
                        )?;
                    }
                    if old.nullable && !new.nullable && new.generated.is_none() {
                        // What is filled goes into the history as it was, NULL.
                        let condition = match is_filled(old, new) {
                            true => format!("{name} IS NULL"),
                            false => format!("{past} AND {name} IS NULL"),
                        };
                        let message = format!("is NULL or would be in the history, and {} must not be", old.name);
                        self.ask_past(to, &old.name, &name, &condition, &message)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The rows of the history of a table that goes: its rows come back on the way back, what they were does not.
    pub(super) fn ask_history_of_dropped(&mut self, table: &Table) -> Result<(), WriteError> {
        if !is_kept(table) {
            return Ok(());
        }
        let (end, past) = self.past(table, table)?;
        let message = format!("is in the history of {}, which would be lost", table.name);
        self.ask_past(table, "SYSTEM VERSIONING", &end, &past, &message)
    }

    /// When a row ended, and what is true of those that did.
    fn past(&self, from: &Table, to: &Table) -> Result<(String, String), WriteError> {
        let declared = from.columns.iter().find(|column| {
            let row = column.options.get("row");
            row.is_some_and(|said| said == "ROW END")
        });
        let Some(end) = declared else {
            return Ok(("row_end".to_owned(), "row_end < CURRENT_TIMESTAMP(6)".to_owned()));
        };
        let name = quoted(self.names.old_column(&to.name, &end.name).unwrap_or(&end.name))?;
        // Where rows are told apart by transactions, the end is the number of one.
        let now = match end.data_type.starts_with("bigint") {
            true => u64::MAX.to_string(),
            false => "CURRENT_TIMESTAMP(6)".to_owned(),
        };
        Ok((name.clone(), format!("{name} < {now}")))
    }

    fn ask_past(
        &mut self,
        table: &Table,
        part: &str,
        value: &str,
        condition: &str,
        message: &str,
    ) -> Result<(), WriteError> {
        let key = self.row_key(table)?;
        let old = full(&self.names.old_table(&table.name))?;
        self.check(
            ObjectRef::part(Kind::Table, table.name.clone(), part),
            format!("SELECT {key}{value} FROM {old} FOR SYSTEM_TIME ALL WHERE {condition}"),
            format!("{message}; DELETE HISTORY FROM {old} gives the history up"),
        );
        Ok(())
    }

    /// Every ALTER of a table with a history says that it means the history, too.
    pub(super) fn alter_histories(&mut self) {
        let comparison = self.comparison;
        for change in &mut self.plan.statements {
            let table = || comparison.from.table(&change.about.name);
            if change.about.kind == Kind::Table
                && change.sql.starts_with("ALTER TABLE ")
                && table().is_some_and(is_kept)
            {
                change.sql.insert_str(0, KEEPING);
            }
        }
    }
}

/// Whether a value of the one declaration may be another by the other.
fn becomes_other((old, from): (&Column, &Table), (new, to): (&Column, &Table)) -> bool {
    match (&old.generated, &new.generated) {
        (Some(_), Some(_)) => return false,
        (Some(stored), None) => return !stored.stored,
        (None, Some(_)) => return true,
        (None, None) => {}
    }
    let way = conversion(
        "",
        Typed {
            data_type: &old.data_type,
            collation: column::collation(old, from),
        },
        Typed {
            data_type: &new.data_type,
            collation: column::collation(new, to),
        },
    );
    way.lost.is_some() || way.through.is_some() || !is_widening(Dialect::Mysql, &old.data_type, &new.data_type)
}
