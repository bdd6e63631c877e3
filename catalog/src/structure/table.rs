//! A table and what belongs to it alone.

use serde::{Deserialize, Serialize};

use super::{Column, Constraint, ConstraintKind, Index, Key, Name, Options};

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// Its name.
    pub name: Name,
    /// Its columns in their order, which counts for reading but is no difference by itself.
    pub columns: Vec<Column>,
    /// Keys, foreign keys, checks, exclusions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub constraints: Vec<Constraint>,
    /// Indexes that no constraint made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// How it is cut into partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitioning: Option<Partitioning>,
    /// Whose partition it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partition_of: Option<PartitionOf>,
    /// The tables it inherits from (PostgreSQL), in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub inherits: Vec<Name>,
    /// The module that implements it (SQLite).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub virtual_table: Option<VirtualTable>,
    /// SQLite: `without_rowid`, `strict`, `autoincrement`. PostgreSQL: `unlogged`, storage parameters, `row_security`, …
    /// MySQL: `engine`, `charset`, `collation`, `row_format`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The text it was made by, where the engine keeps it (SQLite); for the parts no catalog shows. Not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

impl Table {
    /// The column of exactly this name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Its primary key.
    pub fn primary_key(&self) -> Option<&Key> {
        self.constraints.iter().find_map(|constraint| match &constraint.kind {
            ConstraintKind::PrimaryKey(key) => Some(key),
            _ => None,
        })
    }

    pub(crate) fn sort(&mut self) {
        self.constraints
            .sort_by(|a, b| (&a.name, &a.kind).cmp(&(&b.name, &b.kind)));
        self.indexes.sort_by(|a, b| a.name.cmp(&b.name));
    }
}

/// How a table is cut into partitions.
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize)]
pub struct Partitioning {
    /// What stands after `PARTITION BY`, as the engine prints it: `RANGE (created_at)`.
    pub by: String,
    /// The partitions themselves where they are no tables (MySQL), as the engine prints them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partitions: Option<String>,
    /// The partitions one by one, where each has a name and a place of its own (MySQL's `RANGE` and `LIST`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Partition>,
    /// Whether those that are only counted were told one by one, by the names they have anyway. It is no difference, so it is
    /// neither kept nor compared.
    #[serde(skip)]
    pub listed: bool,
}

impl PartialEq for Partitioning {
    fn eq(&self, other: &Self) -> bool {
        self.by == other.by && self.partitions == other.partitions && self.parts == other.parts
    }
}

/// A partition that is no table (MySQL).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partition {
    /// Its name.
    pub name: String,
    /// Which rows it holds: `VALUES LESS THAN (2020)`.
    pub values: String,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// What else is said of it, as the engine prints it: `MAX_ROWS = 5`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub settings: String,
    /// The names of its own partitions, where some are not those that the engine makes up.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub subpartitions: Vec<String>,
}

/// A partition's place (PostgreSQL).
#[derive(Debug, Clone, Default, Eq, Serialize, Deserialize)]
pub struct PartitionOf {
    /// The table it is a part of.
    pub parent: Name,
    /// Its bounds, as the engine prints them: `FOR VALUES FROM (1) TO (2)`, `DEFAULT`.
    pub bound: String,
    /// What a row must be like to be in it, as the engine prints it; follows from the rest, so it is neither kept nor compared.
    #[serde(skip)]
    pub condition: Option<String>,
}

impl PartialEq for PartitionOf {
    fn eq(&self, other: &Self) -> bool {
        self.parent == other.parent && self.bound == other.bound
    }
}

/// A table that a module implements (SQLite).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualTable {
    /// The module: `fts5`, `rtree`.
    pub module: String,
    /// What stands between the brackets, one argument each.
    pub arguments: Vec<String>,
}
