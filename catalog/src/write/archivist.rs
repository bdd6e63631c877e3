//! The statements that fill archives, and those that put back what they keep.

use super::archive::{Archive, Kept, KeptColumn, KeyColumn};
use super::{WriteError, counters};
use crate::structure::Name;
use crate::{Dialect, quote};

/// How archives are written in one dialect.
#[derive(Debug, Clone, Copy)]
pub struct Archivist(pub Dialect);

/// What tells whether kept values would find their rows again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stranded {
    /// The column, with its table.
    pub of: String,
    /// What it means, where the number is not 0.
    pub why: String,
    /// A query for one number.
    pub query: String,
}

impl Archivist {
    fn name(self, name: &Name) -> Result<String, WriteError> {
        let own = quote(self.0, &name.name)?;
        Ok(if name.schema.is_empty() {
            own
        } else {
            format!("{}.{own}", quote(self.0, &name.schema)?)
        })
    }

    /// A type of the user's own may go with the change: its values are kept as texts.
    fn as_text(self, data_type: &str) -> bool {
        self.0 == Dialect::Postgres && data_type.contains('.')
    }

    fn whole_rows(self, columns: &[KeptColumn]) -> Result<String, WriteError> {
        let mut parts = Vec::new();
        for column in columns {
            let name = quote(self.0, &column.name)?;
            parts.push(match self.as_text(&column.data_type) {
                true => format!("{name}::text AS {name}"),
                false => name,
            });
        }
        if parts.is_empty() {
            parts.push("1 AS nothing".to_owned());
        }
        Ok(parts.join(", "))
    }

    /// Before the up: puts the values away.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn keep(self, archive: &Archive) -> Result<Vec<String>, WriteError> {
        let (own, table) = (self.name(&archive.name)?, self.name(&archive.before)?);
        let select = match &archive.kept {
            Kept::Counter { column } => {
                let stands = counters::stands(self.0, &archive.before, &table, column.is_none());
                return Ok(vec![format!("CREATE TABLE {own} AS {stands}")]);
            }
            Kept::Column { column, data_type, key }
            | Kept::Converted {
                column, data_type, key, ..
            } if !key.is_empty() => {
                let mut parts = Vec::new();
                for (at, part) in key.iter().enumerate() {
                    let value = match part.nullable {
                        true => self.never_null(&table, part)?,
                        false => quote(self.0, &part.before)?,
                    };
                    parts.push(format!("{value} AS {}", key_name(at)));
                }
                let cast = if self.as_text(data_type) { "::text" } else { "" };
                parts.push(format!("{}{cast} AS kept", quote(self.0, column)?));
                parts.join(", ")
            }
            // Nothing finds the row again: the whole row is kept, for a person.
            Kept::Table | Kept::Column { .. } | Kept::Converted { .. } => self.whole_rows(&archive.columns)?,
        };
        // What inherits from it has its rows in the answer, and keeps them.
        let only = match archive.kept {
            Kept::Table if self.0 == Dialect::Postgres => "ONLY ",
            _ => "",
        };
        Ok(vec![format!(
            "CREATE TABLE {own} AS SELECT {select} FROM {only}{table}"
        )])
    }

    /// A key's column, where SQLite lets it be NULL: a row that has none would not be found again, so the statement fails
    /// and names those rows.
    fn never_null(self, table: &str, part: &KeyColumn) -> Result<String, WriteError> {
        let column = quote(self.0, &part.before)?;
        let text = format!(
            "rows of {table} have NULL in their key {column}, so that the way back would not find them: give them one first; \
             their rowids: "
        );
        let text = text.replace('\'', "''");
        let rowids = format!(
            "(SELECT group_concat(coalesce(rowid, '?'), ', ') FROM (SELECT rowid FROM {table} WHERE {column} IS NULL LIMIT 20))"
        );
        Ok(format!(
            "CASE WHEN {column} IS NULL THEN json_extract('{{}}', '{text}' || {rowids}) ELSE {column} END"
        ))
    }

    /// After the up: notes what a value became, so that the way back can tell what was changed since. Where the steps of the
    /// up do not count together, others may have changed rows in between: there it is what the archived value becomes by the
    /// same conversion, and not what the row holds by now.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn note(self, archive: &Archive) -> Result<Vec<String>, WriteError> {
        let Some(converted) = self.converted(archive)? else {
            return Ok(Vec::new());
        };
        let Converted {
            own,
            table,
            column,
            same,
            becomes,
            data_type,
            filled,
        } = converted;
        let typed = if self.0 == Dialect::Sqlite { "" } else { becomes };
        let null = if self.0 == Dialect::Mysql { " NULL" } else { "" };
        let alter = format!("ALTER TABLE {own} ADD COLUMN became {typed}{null}");
        let note = match self.0 {
            Dialect::Mysql => {
                // An enum is its label, not its number.
                let kept = match super::mysql::goes_through_text(data_type, becomes) {
                    true => format!("CAST({own}.kept AS CHAR)"),
                    false => format!("{own}.kept"),
                };
                match filled {
                    None => format!("UPDATE {own} SET {own}.became = {kept}"),
                    Some(default) if is_literal(default) => {
                        format!("UPDATE {own} SET {own}.became = COALESCE({kept}, {default})")
                    }
                    // Where each row, or each moment, has its own, it is in the row only.
                    Some(_) => format!(
                        "UPDATE {own} JOIN {table} ON {same} SET {own}.became = COALESCE({kept}, {table}.{column})"
                    ),
                }
            }
            // Only a value that was missing became another one: no row need be read, which others may have written since.
            Dialect::Postgres if data_type == becomes && filled.is_some_and(is_literal) => {
                format!(
                    "UPDATE {own} SET became = COALESCE(kept::{typed}, {})",
                    filled.unwrap_or("NULL")
                )
            }
            Dialect::Sqlite | Dialect::Postgres => {
                format!("UPDATE {own} SET became = {table}.{column} FROM {table} WHERE {same}")
            }
        };
        Ok(vec![alter.trim_end().to_owned(), note])
    }

    /// Before the way back: forgets the values of rows that were changed since the up.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn forget_changed(self, archive: &Archive) -> Result<Vec<String>, WriteError> {
        let Some(converted) = self.converted(archive)? else {
            return Ok(Vec::new());
        };
        let Converted {
            own,
            table,
            column,
            same,
            becomes,
            ..
        } = converted;
        let equal = match self.0 {
            // Capitals and spaces at the end, which most collations do not see, are a change, too.
            Dialect::Mysql if super::mysql::is_collated(becomes) => {
                let bytes = |value: String| format!("CAST(CONVERT({value} USING utf8mb4) AS BINARY)");
                let (is, was) = (bytes(format!("{table}.{column}")), bytes(format!("{own}.became")));
                format!("{is} <=> {was}")
            }
            Dialect::Mysql => format!("{table}.{column} <=> {own}.became"),
            Dialect::Sqlite => format!("{table}.{column} IS {own}.became"),
            // Types without an order still have a text.
            Dialect::Postgres => format!("{table}.{column}::text IS NOT DISTINCT FROM {own}.became::text"),
        };
        Ok(vec![format!(
            "DELETE FROM {own} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same} AND {equal})"
        )])
    }

    /// Before anything of the way back: how many values would find no row although their rows may be there under other keys.
    /// Rows that went took their values along, and rows that came never had one; where there are both, some may be the same.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn stranded(self, archive: &Archive) -> Result<Option<Stranded>, WriteError> {
        let (column, key, differs) = match &archive.kept {
            Kept::Column { column, key, .. } => (column, key, "kept IS NOT NULL"),
            // What converts back to what it was has lost nothing.
            Kept::Converted { column, key, .. } => (
                column,
                key,
                match self.0 {
                    Dialect::Mysql => "NOT (CAST(kept AS BINARY) <=> CAST(became AS BINARY))",
                    Dialect::Sqlite => "CAST(kept AS TEXT) IS NOT CAST(became AS TEXT)",
                    Dialect::Postgres => "kept::text IS DISTINCT FROM became::text",
                },
            ),
            Kept::Table | Kept::Counter { .. } => return Ok(None),
        };
        if key.is_empty() {
            return Ok(None);
        }
        let (own, table) = (self.name(&archive.name)?, self.name(&archive.after)?);
        let same = self.same_key(key, &own, &table)?;
        let query = format!(
            "SELECT CASE WHEN (SELECT count(*) FROM {table}) > (SELECT count(*) FROM {own} JOIN {table} ON {same}) \
             THEN (SELECT count(*) FROM {own} WHERE {differs} AND NOT EXISTS (SELECT 1 FROM {table} WHERE {same})) \
             ELSE 0 END"
        );
        Ok(Some(Stranded {
            of: format!("{}.{column}", archive.after),
            why: format!(
                "kept in {} under keys that no row has any more, while other rows have nothing kept: a key may have \
                 changed, and the value would not find its row",
                archive.name
            ),
            query,
        }))
    }

    /// On the way back, once the table looks as before: puts the values where they were.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn restore(self, archive: &Archive) -> Result<Vec<String>, WriteError> {
        let (own, table) = (self.name(&archive.name)?, self.name(&archive.before)?);
        match &archive.kept {
            Kept::Table => {
                let (mut names, mut values) = (Vec::new(), Vec::new());
                for column in &archive.columns {
                    let name = quote(self.0, &column.name)?;
                    values.push(match self.as_text(&column.data_type) {
                        true => format!("{name}::{}", column.data_type),
                        false => name.clone(),
                    });
                    names.push(name);
                }
                if names.is_empty() {
                    return Ok(Vec::new());
                }
                let (names, values) = (names.join(", "), values.join(", "));
                let overriding = if self.0 == Dialect::Postgres {
                    " OVERRIDING SYSTEM VALUE"
                } else {
                    ""
                };
                Ok(vec![format!(
                    "INSERT INTO {table} ({names}){overriding} SELECT {values} FROM {own}"
                )])
            }
            Kept::Counter { column: None } => Ok(vec![match self.0 {
                // Where it stands is the one row of a sequence that was made anew as it was.
                Dialect::Mysql => format!("INSERT INTO {table} SELECT * FROM {own}"),
                Dialect::Sqlite | Dialect::Postgres => counters::restore(&own, &table),
            }]),
            Kept::Counter { column: Some(column) } => Ok(match self.0 {
                Dialect::Mysql => vec![counters::count_on(&own, &table, &quote(self.0, column)?)],
                Dialect::Sqlite | Dialect::Postgres => counters::set_sequence(&own, &archive.before),
            }),
            Kept::Column { key, .. } | Kept::Converted { key, .. } if key.is_empty() => Ok(Vec::new()),
            Kept::Column { column, data_type, key }
            | Kept::Converted {
                column, data_type, key, ..
            } => {
                let kept = column;
                let column = quote(self.0, column)?;
                let back = if self.as_text(data_type) {
                    format!("::{data_type}")
                } else {
                    String::new()
                };
                let same = self.same_key_before(key, &own, &table)?;
                Ok(vec![match self.0 {
                    Dialect::Mysql => {
                        let mut set = format!("{table}.{column} = {own}.kept");
                        // Putting a value back is no change that a row's time is to tell.
                        for noting in &archive.columns {
                            if noting.notes_changes && noting.name != *kept {
                                let noting = quote(self.0, &noting.name)?;
                                set.push_str(&format!(", {table}.{noting} = {table}.{noting}"));
                            }
                        }
                        format!("UPDATE {table} JOIN {own} ON {same} SET {set}")
                    }
                    Dialect::Sqlite | Dialect::Postgres => {
                        format!("UPDATE {table} SET {column} = {own}.kept{back} FROM {own} WHERE {same}")
                    }
                }])
            }
        }
    }

    /// The same for columns of one virtual table of SQLite, whose module may take them only together: the ends of a box.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn restore_together(self, archives: &[&Archive]) -> Result<Vec<String>, WriteError> {
        let (mut sets, mut owns, mut same, mut of) = (Vec::new(), Vec::new(), Vec::new(), String::new());
        for archive in archives {
            let Kept::Column { column, key, .. } = &archive.kept else {
                continue;
            };
            let (own, table) = (self.name(&archive.name)?, self.name(&archive.before)?);
            sets.push(format!("{} = {own}.kept", quote(self.0, column)?));
            same.push(self.same_key_before(key, &own, &table)?);
            owns.push(own);
            of = table;
        }
        Ok(match sets.is_empty() {
            true => Vec::new(),
            false => vec![format!(
                "UPDATE {of} SET {} FROM {} WHERE {}",
                sets.join(", "),
                owns.join(", "),
                same.join(" AND ")
            )],
        })
    }

    /// At the end of the way back: the archive goes.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn forget(self, archive: &Archive) -> Result<String, WriteError> {
        Ok(format!("DROP TABLE {}", self.name(&archive.name)?))
    }

    /// How statements name a column whose values become something else, and its archive; nothing where none is found again.
    fn converted(self, archive: &Archive) -> Result<Option<Converted<'_>>, WriteError> {
        let Kept::Converted {
            renamed,
            key,
            becomes,
            data_type,
            filled,
            ..
        } = &archive.kept
        else {
            return Ok(None);
        };
        if key.is_empty() {
            return Ok(None);
        }
        let (own, table) = (self.name(&archive.name)?, self.name(&archive.after)?);
        Ok(Some(Converted {
            column: quote(self.0, renamed)?,
            same: self.same_key(key, &own, &table)?,
            own,
            table,
            becomes,
            data_type,
            filled: filled.as_deref(),
        }))
    }

    fn same_key(self, key: &[KeyColumn], own: &str, table: &str) -> Result<String, WriteError> {
        self.same(key.iter().map(|part| part.after.as_str()), own, table)
    }

    fn same_key_before(self, key: &[KeyColumn], own: &str, table: &str) -> Result<String, WriteError> {
        self.same(key.iter().map(|part| part.before.as_str()), own, table)
    }

    fn same<'k>(self, key: impl Iterator<Item = &'k str>, own: &str, table: &str) -> Result<String, WriteError> {
        let parts = key.enumerate().map(|(at, column)| {
            let column = quote(self.0, column)?;
            Ok(format!("{own}.{} = {table}.{column}", key_name(at)))
        });
        Ok(parts.collect::<Result<Vec<_>, WriteError>>()?.join(" AND "))
    }
}

/// A converted column after the up, and its archive, as statements name them.
struct Converted<'a> {
    own: String,
    table: String,
    column: String,
    /// Where a row of the one is that of the other.
    same: String,
    becomes: &'a str,
    data_type: &'a str,
    filled: Option<&'a str>,
}

/// Whether a default is the same value in every row and at every moment: a text or a number.
fn is_literal(default: &str) -> bool {
    // PostgreSQL says its type behind it.
    let is_type = |text: &str| {
        text.chars()
            .all(|one| one.is_alphanumeric() || "_ ()[]\".,".contains(one))
    };
    let default = match default.rsplit_once("::") {
        Some((value, data_type)) if value.ends_with('\'') && is_type(data_type) => value,
        _ => default,
    };
    let digits = default.trim_start_matches('-');
    let number = digits.starts_with(|first: char| first.is_ascii_digit())
        && digits.chars().all(|one| one.is_ascii_alphanumeric() || one == '.');
    let text = || default.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
    number || text().is_some_and(|text| !text.replace("''", "").contains('\'')) || matches!(default, "true" | "false")
}

/// A key's column in an archive: never the name of one of the table's.
fn key_name(at: usize) -> String {
    format!("key_{at}")
}
