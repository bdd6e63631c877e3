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

use super::counters;
use crate::Dialect;
use crate::compare::{Comparison, Pair, Renames, is_widening};
use crate::read::sqlite::is_rowid_alias;
use crate::structure::{Column, ConstraintKind, Name, Structure, Table};

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
        /// What rows without a value get, where they must have one after the up.
        filled: Option<String>,
    },
    /// Where a counter stands that goes: a sequence, or that of an identity, and the archive's names are its own; or, but on
    /// PostgreSQL, a table's, and they are the table's.
    Counter {
        /// The column that it fills, where it is a table's.
        column: Option<String>,
    },
}

/// A column of a key, under both its names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyColumn {
    /// Before the up.
    pub before: String,
    /// After the up.
    pub after: String,
    /// Whether it may be NULL: SQLite lets it be in keys that are not the rowid.
    pub nullable: bool,
}

impl Archive {
    /// Whether the way back can put the values back where they were.
    pub fn finds_rows(&self) -> bool {
        match &self.kept {
            Kept::Table | Kept::Counter { .. } => true,
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
            Kept::Counter { column: None } => format!("where {} stands", self.before),
            Kept::Counter { column: Some(_) } => format!("where the counter of {} stands", self.before),
            Kept::Column { column, .. } | Kept::Converted { column, .. } => {
                format!("the values of {}.{column}", self.before)
            }
        }
    }
}

/// Whether the rows of a table that goes are in other tables. On PostgreSQL a partitioned table has none but its partitions',
/// and those of a partition move with the whole where that is made anew; on SQLite virtual tables may stand for others' rows.
fn is_elsewhere(from: &Structure, comparison: &Comparison<'_>, table: &Table) -> bool {
    match from.dialect {
        Dialect::Postgres => {}
        Dialect::Sqlite => return !super::sqlite::has_own_rows(table),
        Dialect::Mysql => return false,
    }
    let mut root = table;
    while let Some(above) = root.partition_of.as_ref().and_then(|part| from.table(&part.parent)) {
        root = above;
    }
    let recut = comparison.tables.iter().any(|pair| {
        let both = pair.table.from().zip(pair.table.to());
        both.is_some_and(|(old, new)| {
            old.name == root.name && super::postgres::is_recut(comparison.from, comparison.to, old, new)
        })
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
        let mut columns: Vec<KeptColumn> = columns
            .map(|column| KeptColumn {
                name: column.name.clone(),
                data_type: column.data_type.clone(),
                notes_changes: column.options.contains_key("on_update"),
            })
            .collect();
        let mut keep = |what: &str, columns: &[KeptColumn], of: Kept| {
            kept.push(Archive {
                name: archive_name(schema, &before, what, salt),
                before: before.clone(),
                after: now.name.clone(),
                columns: columns.to_vec(),
                kept: of,
            });
        };
        if matches!(pair.table, Pair::Dropped(_)) {
            if is_elsewhere(from, comparison, table) {
                continue;
            }
            if dialect == Dialect::Sqlite && super::sqlite::is_numbered(table) {
                columns.insert(0, rowid());
            }
            keep("", &columns, Kept::Table);
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
                    keep(&column, &columns, of);
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
                        filled: should.default.clone().filter(|_| is_filled(is, should)),
                    };
                    keep(&column, &columns, of);
                }
                _ => {}
            }
        }
    }
    kept.extend(match dialect {
        Dialect::Postgres => counters::archives(comparison, renames, salt),
        Dialect::Sqlite | Dialect::Mysql => counters::of_tables(comparison, renames, salt),
    });
    kept
}

/// What finds the rows of a full-text table.
fn rowid() -> KeptColumn {
    KeptColumn {
        name: "rowid".to_owned(),
        data_type: String::new(),
        notes_changes: false,
    }
}

fn is_filled(is: &Column, should: &Column) -> bool {
    is.nullable && !should.nullable && should.default.is_some()
}

fn converts(dialect: Dialect, is: &Column, should: &Column) -> bool {
    let written = |column: &Column| column.generated.is_none();
    let filled = is_filled(is, should);
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
    let always = table.options.contains_key("without_rowid") || is_rowid_alias(table).is_some();
    let columns = table.primary_key().and_then(names).or_else(unique).or_else(renumbered);
    match columns {
        Some(columns) => columns
            .into_iter()
            .map(|before| KeyColumn {
                after: renames.renamed_column(after, &before),
                nullable: dialect == Dialect::Sqlite && !always && !filled(&before),
                before,
            })
            .collect(),
        None if dialect == Dialect::Sqlite && to.is_some_and(|to| keeps_rowids(table, to)) => vec![KeyColumn {
            before: "rowid".to_owned(),
            after: "rowid".to_owned(),
            nullable: false,
        }],
        None => Vec::new(),
    }
}

/// Whether a row without a key of its own keeps its rowid after the up, whatever happens. The rowid of an ordinary table is
/// no name of a row: VACUUM gives others, and the next row takes that of one that went.
fn keeps_rowids(table: &Table, to: &Table) -> bool {
    let taken = |table: &Table| table.columns.iter().any(|one| one.name.eq_ignore_ascii_case("rowid"));
    let is_virtual = table.virtual_table.is_some() && to.virtual_table.is_some();
    !taken(table) && !taken(to) && (is_virtual || is_rowid_alias(to).is_some())
}

pub(super) fn archive_name(schema: &str, table: &Name, what: &str, salt: &str) -> Name {
    let hash = Sha256::digest(format!("{salt}\0{table}\0{what}"));
    let digits: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    Name::new(schema, format!("lockstep_archive_{digits}"))
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
            Kept::Converted { .. } => {}
            // A counter of SQLite is set without touching the table.
            Kept::Counter { .. } if from.dialect == Dialect::Sqlite => continue,
            Kept::Counter { .. } => {}
        }
        // Putting values back is no change that a trigger is to see, and an index over the text is filled after it.
        relaxed.triggers.retain(|one| one.on != archive.before);
        relaxed
            .tables
            .retain(|one| !super::sqlite::is_text_of(one, &archive.before));
    }
    relaxed
}
