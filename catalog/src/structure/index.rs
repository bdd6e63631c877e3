//! Indexes.

use serde::{Deserialize, Serialize};

use super::Options;

/// An index that no constraint made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Index {
    /// Its name; in its table's schema.
    pub name: String,
    /// Whether the engine made up the name, so that another one is no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generated_name: bool,
    /// Whether two rows may not be alike in it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unique: bool,
    /// In lower case: `btree`, `gin`, `hash`, `fulltext`, `spatial`; empty where there is but one (SQLite).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub method: String,
    /// What it is over, in order.
    pub parts: Vec<IndexPart>,
    /// Columns that are only carried along (`INCLUDE`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Which rows it is over, as the engine prints it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predicate: Option<String>,
    /// Whether two NULLs are the same (`NULLS NOT DISTINCT`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nulls_not_distinct: bool,
    /// Half-built, and used by no query (PostgreSQL).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub invalid: bool,
    /// The whole of it as the engine prints it, where it does (`pg_get_indexdef`, `sqlite_schema.sql`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// Storage parameters, `parser`, `invisible`, `clustered`, `replica_identity`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// PostgreSQL: whether it is the part of a partitioned table's index.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
}

/// One part of an index or a key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct IndexPart {
    /// What it sorts by.
    pub on: IndexTarget,
    /// Only so many characters (MySQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<u32>,
    /// From the greatest to the smallest.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub descending: bool,
    /// Where NULLs are not where the direction puts them: whether first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nulls_first: Option<bool>,
    /// The collation, where it is not the column's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// The operator class, where it is not the default (PostgreSQL).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operator_class: Option<String>,
}

impl IndexPart {
    /// A column as it stands.
    pub fn column(name: impl Into<String>) -> Self {
        Self {
            on: IndexTarget::Column(name.into()),
            prefix: None,
            descending: false,
            nulls_first: None,
            collation: None,
            operator_class: None,
        }
    }

    /// The column's name, where it is a column.
    pub fn column_name(&self) -> Option<&str> {
        match &self.on {
            IndexTarget::Column(name) => Some(name),
            IndexTarget::Expression(_) => None,
        }
    }
}

/// What a part of an index sorts by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IndexTarget {
    /// A column.
    Column(String),
    /// An expression, as the engine prints it.
    Expression(String),
}
