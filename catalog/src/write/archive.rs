//! Values that a change would lose, kept for the way back.
//!
//! ```text
//!  up     archive: key, value ──► the change ──► (converted: what became of the value)
//!  down   archive: forget what was changed since ──► the change back ──► value where the key is the same ──► drop the archive
//! ```
//!
//! An archive is a table of Lockstep's own (`lockstep_archive_…`), so no structure shows it. Rows written after the up are not
//! in it and keep what they have.

use sha2::{Digest, Sha256};

use super::{WriteError, counters};
use crate::compare::{Comparison, Pair, Renames, is_widening};
use crate::read::sqlite::is_rowid_alias;
use crate::structure::{Column, ConstraintKind, Name, Structure, Table};
use crate::{Dialect, quote};

/// Something kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// The archive's own name, in the table's schema.
    pub name: Name,
    /// The table, as it is called before the up.
    pub before: Name,
    /// The table, as it is called after the up; the same where it is dropped.
    pub after: Name,
    /// Its columns before the up that are not computed.
    pub columns: Vec<KeptColumn>,
    /// What is kept of it.
    pub kept: Kept,
}

/// A column of a table of which something is kept, as it is before the up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptColumn {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// Whether the server writes the time of a row's change into it (MySQL, MariaDB).
    pub notes_changes: bool,
}

/// What is kept of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kept {
    /// All rows.
    Table,
    /// The values of a column that goes.
    Column {
        /// Its name before the up.
        column: String,
        /// Its type before the up.
        data_type: String,
        /// What finds the row again; empty where nothing does.
        key: Vec<KeyColumn>,
    },
    /// The values of a column that become something else.
    Converted {
        /// Its name before the up.
        column: String,
        /// Its type before the up.
        data_type: String,
        /// Whether it might be empty before the up.
        nullable: bool,
        /// Its name after the up.
        renamed: String,
        /// What finds the row again; empty where nothing does.
        key: Vec<KeyColumn>,
        /// The type the values become.
        becomes: String,
    },
    /// Where a counter stands that goes (PostgreSQL): a sequence, or the one of an identity. The archive's names are its own.
    Counter,
}

/// A column of a key, under both its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Before the up.
    pub before: String,
    /// After the up.
    pub after: String,
}

impl Archive {
    /// Whether the way back can put the values back where they were.
    pub fn finds_rows(&self) -> bool {
        match &self.kept {
            Kept::Table | Kept::Counter => true,
            Kept::Column { key, .. } | Kept::Converted { key, .. } => !key.is_empty(),
        }
    }

    /// Whether there is no way back without it: a column that went, and that nothing fills again. What was converted is
    /// converted back.
    pub fn is_indispensable(&self) -> bool {
        matches!(self.kept, Kept::Column { .. })
    }

    /// What is kept, for people.
    pub fn told(&self) -> String {
        match &self.kept {
            Kept::Table => format!("the rows of {}", self.before),
            Kept::Counter => format!("where {} stands", self.before),
            Kept::Column { column, .. } | Kept::Converted { column, .. } => {
                format!("the values of {}.{column}", self.before)
            }
        }
    }
}

/// Whether the rows of a PostgreSQL table that goes are in other tables: a partitioned table has none but its partitions', and
/// those of a partition move with the whole where that is made anew.
fn is_elsewhere(from: &Structure, comparison: &Comparison<'_>, table: &Table) -> bool {
    if from.dialect != Dialect::Postgres {
        return false;
    }
    let mut root = table;
    while let Some(above) = root.partition_of.as_ref().and_then(|part| from.table(&part.parent)) {
        root = above;
    }
    let recut = comparison.tables.iter().any(|pair| {
        pair.table
            .changed()
            .is_some_and(|(old, new)| old.name == root.name && super::postgres::is_recut(old, new))
    });
    table.partitioning.is_some() || recut
}

/// What the way from `from` would lose. `comparison` has the renames applied; `salt` tells archives of different
/// migrations apart.
pub fn archives(from: &Structure, comparison: &Comparison<'_>, renames: &Renames, salt: &str) -> Vec<Archive> {
    let mut kept = Vec::new();
    let dialect = from.dialect;
    for pair in &comparison.tables {
        let Some(now) = pair.table.from() else { continue };
        let before = renames.original_table(&now.name);
        let Some(table) = from.table(&before) else { continue };
        let stays = |schema: &str| {
            let goes =
                |one: &Pair<'_, crate::structure::Namespace>| matches!(one, Pair::Dropped(gone) if gone.name == schema);
            !comparison.namespaces.iter().any(goes)
        };
        let schema = if stays(&before.schema) {
            before.schema.as_str()
        } else {
            "public"
        };
        let columns = table.columns.iter().filter(|column| column.generated.is_none());
        let columns: Vec<KeptColumn> = columns
            .map(|column| KeptColumn {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                notes_changes: column.options.contains_key("on_update"),
            })
            .collect();
        let mut keep = |what: &str, of: Kept| {
            kept.push(Archive {
                name: archive_name(schema, &before, what, salt),
                before: before.clone(),
                after: now.name.clone(),
                columns: columns.clone(),
                kept: of,
            });
        };
        if matches!(pair.table, Pair::Dropped(_)) {
            if !is_elsewhere(from, comparison, table) {
                keep("", Kept::Table);
            }
            continue;
        }
        let converting = |name: &str| {
            pair.columns.iter().any(|one| {
                one.changed().is_some_and(|(is, should)| {
                    is.name == name && !is_widening(dialect, &is.data_type, &should.data_type)
                })
            })
        };
        let key: Vec<KeyColumn> = key_of(table, pair.table.to(), renames, dialect);
        // What becomes something else finds nothing afterwards.
        let lost = key.iter().any(|one| converting(&one.after) || converting(&one.before));
        let gone = |one: &KeyColumn| {
            pair.columns
                .iter()
                .any(|column| matches!(column, Pair::Dropped(gone) if gone.name == one.after))
        };
        let key = if lost || key.iter().any(gone) { Vec::new() } else { key };
        for column in &pair.columns {
            match *column {
                Pair::Dropped(gone) if gone.generated.is_none() => {
                    let column = renames.original_column(&now.name, &gone.name);
                    let of = Kept::Column {
                        column: column.clone(),
                        data_type: gone.data_type.clone(),
                        key: key.clone(),
                    };
                    keep(&column, of);
                }
                Pair::Both {
                    from: is,
                    to: should,
                    alike: false,
                } if converts(dialect, is, should) => {
                    let column = renames.original_column(&now.name, &is.name);
                    let of = Kept::Converted {
                        column: column.clone(),
                        data_type: is.data_type.clone(),
                        nullable: is.nullable,
                        renamed: should.name.clone(),
                        key: key.clone(),
                        becomes: should.data_type.clone(),
                    };
                    keep(&column, of);
                }
                _ => {}
            }
        }
    }
    if dialect == Dialect::Postgres {
        kept.extend(counters::archives(comparison, renames, salt));
    }
    kept
}

fn converts(dialect: Dialect, is: &Column, should: &Column) -> bool {
    let written = |column: &Column| column.generated.is_none();
    let filled = is.nullable && !should.nullable && should.default.is_some();
    // What is computed from now on may be a value where there was none.
    let computed = !written(should);
    written(is) && (computed || filled || !is_widening(dialect, &is.data_type, &should.data_type))
}

/// The columns that find a row of the table again.
fn key_of(table: &Table, to: Option<&Table>, renames: &Renames, dialect: Dialect) -> Vec<KeyColumn> {
    let after = to.map_or(&table.name, |to| &to.name);
    let names = |key: &crate::structure::Key| -> Option<Vec<String>> {
        key.parts
            .iter()
            .map(|part| part.column_name().map(str::to_owned))
            .collect()
    };
    let filled = |name: &String| table.column(name).is_some_and(|column| !column.nullable);
    let unique = || {
        table.constraints.iter().find_map(|constraint| match &constraint.kind {
            ConstraintKind::Unique(key) => names(key).filter(|names| names.iter().all(filled)),
            _ => None,
        })
    };
    // Rows get other numbers where a column becomes the rowid, and none without rowids: the key to come is one already.
    let renumbered = || {
        let to = to.filter(|to| dialect == Dialect::Sqlite && to.virtual_table.is_none())?;
        let names = names(to.primary_key()?)?;
        let originals: Option<Vec<String>> = names
            .iter()
            .map(|name| {
                let original = renames.original_column(after, name);
                let own = table
                    .columns
                    .iter()
                    .find(|one| one.name.eq_ignore_ascii_case(&original));
                own.map(|one| one.name.clone())
            })
            .collect();
        originals.filter(|_| to.options.contains_key("without_rowid") || is_rowid_alias(to).is_some())
    };
    let has_rowid = to.is_none_or(|to| !to.options.contains_key("without_rowid"));
    let columns = table.primary_key().and_then(names).or_else(unique).or_else(renumbered);
    match columns {
        Some(columns) => columns
            .into_iter()
            .map(|before| KeyColumn {
                after: renames.renamed_column(after, &before),
                before,
            })
            .collect(),
        None if dialect == Dialect::Sqlite && has_rowid && table.column("rowid").is_none() => vec![KeyColumn {
            before: "rowid".to_owned(),
            after: "rowid".to_owned(),
        }],
        None => Vec::new(),
    }
}

pub(super) fn archive_name(schema: &str, table: &Name, what: &str, salt: &str) -> Name {
    let hash = Sha256::digest(format!("{salt}\0{table}\0{what}"));
    let digits: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Name::new(schema, format!("lockstep_archive_{digits}"))
}

/// How archives are written in one dialect.
#[derive(Debug, Clone, Copy)]
pub struct Archivist(pub Dialect);

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
            Kept::Counter => "last_value, is_called".to_owned(),
            Kept::Column { column, data_type, key }
            | Kept::Converted {
                column, data_type, key, ..
            } if !key.is_empty() => {
                let mut parts = Vec::new();
                for (at, part) in key.iter().enumerate() {
                    parts.push(format!("{} AS {}", quote(self.0, &part.before)?, key_name(at)));
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

    /// After the up: notes what a value became, so that the way back can tell what was changed since.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn note(self, archive: &Archive) -> Result<Vec<String>, WriteError> {
        let Kept::Converted {
            renamed, key, becomes, ..
        } = &archive.kept
        else {
            return Ok(Vec::new());
        };
        if key.is_empty() {
            return Ok(Vec::new());
        }
        let (own, table, column) = (
            self.name(&archive.name)?,
            self.name(&archive.after)?,
            quote(self.0, renamed)?,
        );
        let typed = if self.0 == Dialect::Sqlite {
            ""
        } else {
            becomes.as_str()
        };
        let alter = format!("ALTER TABLE {own} ADD COLUMN became {typed}");
        let same = self.same_key(key, &own, &table)?;
        let note = match self.0 {
            Dialect::Mysql => format!("UPDATE {own} JOIN {table} ON {same} SET {own}.became = {table}.{column}"),
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
        let Kept::Converted { renamed, key, .. } = &archive.kept else {
            return Ok(Vec::new());
        };
        if key.is_empty() {
            return Ok(Vec::new());
        }
        let (own, table, column) = (
            self.name(&archive.name)?,
            self.name(&archive.after)?,
            quote(self.0, renamed)?,
        );
        let same = self.same_key(key, &own, &table)?;
        let equal = match self.0 {
            Dialect::Mysql => format!("{table}.{column} <=> {own}.became"),
            Dialect::Sqlite => format!("{table}.{column} IS {own}.became"),
            // Types without an order still have a text.
            Dialect::Postgres => format!("{table}.{column}::text IS NOT DISTINCT FROM {own}.became::text"),
        };
        Ok(vec![format!(
            "DELETE FROM {own} WHERE NOT EXISTS (SELECT 1 FROM {table} WHERE {same} AND {equal})"
        )])
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
            Kept::Counter => Ok(vec![counters::restore(&own, &table)]),
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
                let mut parts = Vec::new();
                for (at, part) in key.iter().enumerate() {
                    parts.push(format!(
                        "{own}.{} = {table}.{}",
                        key_name(at),
                        quote(self.0, &part.before)?
                    ));
                }
                let same = parts.join(" AND ");
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

    /// At the end of the way back: the archive goes.
    ///
    /// # Errors
    ///
    /// Where a name cannot be quoted.
    pub fn forget(self, archive: &Archive) -> Result<String, WriteError> {
        Ok(format!("DROP TABLE {}", self.name(&archive.name)?))
    }

    fn same_key(self, key: &[KeyColumn], own: &str, table: &str) -> Result<String, WriteError> {
        let mut parts = Vec::new();
        for (at, part) in key.iter().enumerate() {
            parts.push(format!(
                "{own}.{} = {table}.{}",
                key_name(at),
                quote(self.0, &part.after)?
            ));
        }
        Ok(parts.join(" AND "))
    }
}

/// A key's column in an archive: never the name of one of the table's.
fn key_name(at: usize) -> String {
    format!("key_{at}")
}

/// `from` with what is put back on the way allowed to be missing meanwhile: restored columns may be empty, restored tables
/// have no constraints but their key yet, and neither have triggers.
#[must_use]
pub fn relaxed(from: &Structure, archives: &[Archive]) -> Structure {
    let mut relaxed = from.clone();
    for archive in archives {
        let Some(at) = relaxed.tables.iter().position(|one| one.name == archive.before) else {
            continue;
        };
        let table = &mut relaxed.tables[at];
        match &archive.kept {
            Kept::Table => {
                table
                    .constraints
                    .retain(|one| matches!(one.kind, ConstraintKind::PrimaryKey(_)));
            }
            Kept::Column { column, .. } => {
                for column in table.columns.iter_mut().filter(|one| one.name == *column) {
                    column.nullable = true;
                }
            }
            Kept::Converted { .. } | Kept::Counter => {}
        }
        // Putting values back is no change that a trigger is to see, and an index over the text is filled after it.
        relaxed.triggers.retain(|one| one.on != archive.before);
        relaxed
            .tables
            .retain(|one| !super::sqlite::is_text_of(one, &archive.before));
    }
    relaxed
}
