//! Everything that is neither a table nor a type.

use serde::{Deserialize, Serialize};

use super::{Index, Name, Options, SequenceOptions};

/// What an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A schema in PostgreSQL's sense.
    Namespace,
    /// An extension.
    Extension,
    /// A type.
    Type,
    /// A sequence.
    Sequence,
    /// A function, procedure or aggregate; its name ends with the types of its arguments in brackets.
    Routine,
    /// A table.
    Table,
    /// A view.
    View,
    /// A trigger; the part is its name, the name its table's.
    Trigger,
    /// Anything else; the name is its kind, a colon and its name.
    Other,
    /// A column's default; the part is the column, the name its table's.
    Default,
    /// A constraint; the part is its name, the name its table's.
    Constraint,
    /// An index; the part is its name, the name its table's.
    Index,
}

/// A schema in PostgreSQL's sense.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Namespace {
    /// Its name.
    pub name: String,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An extension.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Extension {
    /// Its name.
    pub name: String,
    /// The schema its objects are in.
    pub schema: String,
    /// Its version; servers differ in it, so it is shown and not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Its comment, where it is not the one it comes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A sequence.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sequence {
    /// Its name.
    pub name: Name,
    /// Its settings.
    pub settings: SequenceOptions,
    /// The table and column it goes with (`OWNED BY`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owned_by: Option<(Name, String)>,
    /// `unlogged`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// A view.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Its name.
    pub name: Name,
    /// Whether its rows are kept.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub materialized: bool,
    /// Its columns, in order, with their types where the engine knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub columns: Vec<(String, String)>,
    /// What it selects, as the engine prints it.
    pub query: String,
    /// `security_barrier`, `check_option`, `algorithm`, `definer`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// The indexes of a materialized view.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indexes: Vec<Index>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The comments of its columns.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub column_comments: Options,
    /// The text it was made by, where the engine keeps it (SQLite). Not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// A function, procedure or aggregate.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Routine {
    /// Its name.
    pub name: Name,
    /// What it is.
    pub kind: RoutineKind,
    /// The types that tell it from others of its name.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub arguments: String,
    /// The type it returns, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub returns: Option<String>,
    /// The statement that makes it, as the engine prints it.
    pub definition: String,
    /// PostgreSQL: `identity_arguments` and `default_arguments`, which decide whether it can be replaced in place.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a routine is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RoutineKind {
    /// A function.
    #[default]
    Function,
    /// A procedure.
    Procedure,
    /// An aggregate.
    Aggregate,
}

/// A trigger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// Its name.
    pub name: String,
    /// The table or view it is on.
    pub on: Name,
    /// The statement that makes it, as the engine prints it.
    pub definition: String,
    /// `enabled` where it is not the default, `order`, `sql_mode`, …
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// The text it was made by, where the engine keeps it (SQLite). Not compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sql: Option<String>,
}

/// Anything else, as the statement that makes it and the one that removes it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Other {
    /// The engine's word for it: `policy`, `rule`, `privilege`, `event`, `statistics`, …
    pub kind: String,
    /// What tells it from others of its kind.
    pub name: String,
    /// The table or view it goes with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<Name>,
    /// The statement that makes it. Two of the same kind and name differ exactly where this does.
    pub create: String,
    /// The statement that removes it; empty where it goes with `on`.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub drop: String,
}

/// Names an object or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ObjectRef {
    /// What it is.
    pub kind: Kind,
    /// Its name; a routine's with the types of its arguments.
    pub name: Name,
    /// The column, constraint, index or trigger of it that is meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub part: Option<String>,
}

impl ObjectRef {
    /// A whole object.
    pub fn new(kind: Kind, name: Name) -> Self {
        Self { kind, name, part: None }
    }

    /// A part of an object.
    pub fn part(kind: Kind, name: Name, part: impl Into<String>) -> Self {
        Self {
            kind,
            name,
            part: Some(part.into()),
        }
    }
}

/// That one object cannot be without another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Dependency {
    /// The object that needs.
    pub of: ObjectRef,
    /// The object that is needed.
    pub on: ObjectRef,
}
