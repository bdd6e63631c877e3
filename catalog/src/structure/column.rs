//! A column.

use serde::{Deserialize, Serialize};

use super::{Name, Options};

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in the one spelling the engine uses: `character varying(40)`, `int(11) unsigned`, `public.mood[]`; on SQLite
    /// as declared, in lower case, and empty where none was declared.
    pub data_type: String,
    /// Whether it may hold NULL.
    pub nullable: bool,
    /// What it holds where nothing is said, as the engine prints the expression.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// How it is computed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generated: Option<Generated>,
    /// The counter it is filled from (PostgreSQL's identity).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// MySQL's `AUTO_INCREMENT`, SQLite's `AUTOINCREMENT`: the attribute, never the counter.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub auto_increment: bool,
    /// Its collation, where it is not the table's or the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// PostgreSQL: `storage`, `compression`, `statistics`, … MySQL: `charset`, `on_update`, `invisible`, `srid`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// PostgreSQL: whether only a parent declares it (inheritance, partitions).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub inherited: bool,
}

/// A computed column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generated {
    /// The expression, as the engine prints it.
    pub expression: String,
    /// Whether it is kept on disk, rather than computed when read.
    pub stored: bool,
}

/// An identity column (PostgreSQL).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// `GENERATED ALWAYS`, rather than `BY DEFAULT`.
    pub always: bool,
    /// The name of its counter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub counter: Option<Name>,
    /// Its counter's settings.
    pub sequence: SequenceOptions,
}

/// The settings of a counter; never where it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SequenceOptions {
    /// The type of its values: `bigint`.
    pub data_type: String,
    /// The first value.
    pub start: String,
    /// The distance between values.
    pub increment: String,
    /// The smallest value.
    pub minimum: String,
    /// The greatest value.
    pub maximum: String,
    /// How many values a session takes at once.
    pub cache: String,
    /// Whether it begins again at its end.
    pub cycle: bool,
}
