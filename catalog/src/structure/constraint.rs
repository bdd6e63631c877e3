//! Keys, foreign keys, checks and exclusions.

use serde::{Deserialize, Serialize};

use super::{IndexPart, Name, Options};

/// A constraint.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its name; empty where it has none (SQLite).
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// Whether the engine made up the name, so that another one is no difference.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub generated_name: bool,
    /// What it demands.
    pub kind: ConstraintKind,
    /// The whole of it as the engine prints it, where it does (`pg_get_constraintdef`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<String>,
    /// `None`: not deferrable; otherwise whether it begins deferred.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deferrable: Option<bool>,
    /// Whether the rows of before were not checked (`NOT VALID`), or nothing is (`NOT ENFORCED`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// PostgreSQL: whether it is a parent's (inheritance, partitions).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
    /// `on_conflict` (SQLite), `no_inherit`, `tablespace`, index options, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a constraint demands.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConstraintKind {
    /// A primary key.
    PrimaryKey(Key),
    /// A unique constraint.
    Unique(Key),
    /// A foreign key.
    ForeignKey(ForeignKey),
    /// A check.
    Check {
        /// What must not be false, as the engine prints it.
        expression: String,
    },
    /// An exclusion constraint (PostgreSQL).
    Exclusion {
        /// All of it, as the engine prints it.
        definition: String,
    },
}

/// The columns of a primary key or unique constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    /// The columns, in order, with prefix lengths, orders and collations where there are any.
    pub parts: Vec<IndexPart>,
    /// Columns that are only carried along (`INCLUDE`).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Whether two NULLs are the same (`NULLS NOT DISTINCT`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub nulls_not_distinct: bool,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ForeignKey {
    /// The columns here.
    pub columns: Vec<String>,
    /// The table they point to.
    pub references: Name,
    /// The columns there; empty where its primary key is meant (SQLite).
    pub referenced: Vec<String>,
    /// In capitals as in SQL: `NO ACTION`, `CASCADE`, `SET NULL`, …
    pub on_delete: String,
    /// In capitals as in SQL.
    pub on_update: String,
    /// The columns that `SET NULL` or `SET DEFAULT` is for, where not all (PostgreSQL).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub on_delete_columns: Vec<String>,
    /// `MATCH FULL`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub match_full: bool,
}
