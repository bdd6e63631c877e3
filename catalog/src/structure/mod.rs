//! What a database looks like: every object a person can declare, none of the data, no counters, no statistics.
//!
//! ```text
//!  engine ── introspect ──► Structure ── fingerprint ──► 64 digits
//!                               │
//!                 two of them ──┴── compare ──► Comparison ── write ──► statements
//! ```
//!
//! One model for three dialects: what all of them have is a field, what one of them has is a field that the others leave
//! empty, and what is a switch of one engine alone stands in `options` under the engine's own word for it.
//!
//! Expressions and definitions are texts as the engine prints them, so two structures are compared only where both
//! were read by the same engine: to know what a piece of DDL means, it is loaded into a scratch database and read back.

mod column;
mod constraint;
mod fingerprint;
mod index;
mod object;
mod placed;
mod selection;
mod table;
mod told;
mod user_type;

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::Dialect;

pub use column::{Column, Generated, Identity, SequenceOptions};
pub use constraint::{Constraint, ConstraintKind, ForeignKey, Key};
pub use index::{Index, IndexPart, IndexTarget};
pub use object::{
    Dependency, Extension, Kind, Namespace, ObjectRef, Other, Routine, RoutineKind, Sequence, Trigger, View,
};
pub use selection::{Selection, is_own};
pub use table::{Partition, PartitionOf, Partitioning, Table, VirtualTable};
pub use user_type::{Attribute, DomainCheck, UserType, UserTypeKind};

/// Settings of one engine alone, under that engine's own words; absent where they have their default.
pub type Options = BTreeMap<String, String>;

/// A database, or the part of it that was asked for.
///
/// Every list is sorted by name once [`sort`](Self::sort) has run, which introspection does: the order in which objects
/// were made means nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// Whose words the texts are in.
    pub dialect: Dialect,
    /// Schemas in PostgreSQL's sense; empty elsewhere.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub namespaces: Vec<Namespace>,
    /// Extensions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub extensions: Vec<Extension>,
    /// Enums, domains, composites, ranges.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub types: Vec<UserType>,
    /// Sequences, but for those that belong to an identity column.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sequences: Vec<Sequence>,
    /// Tables, partitions and virtual tables, without shadow tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tables: Vec<Table>,
    /// Views and materialized views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<View>,
    /// Functions, procedures and aggregates.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routines: Vec<Routine>,
    /// Triggers, on tables and on views.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub triggers: Vec<Trigger>,
    /// Whatever else can be declared, as its text: policies, rules, privileges, events, …
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Other>,
    /// Settings of the database that new objects take over, as its default character set.
    #[serde(default, skip_serializing_if = "Options::is_empty")]
    pub options: Options,
    /// Who needs whom, as far as the engine knows it. Decides the order of statements; not part of what is compared.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dependencies: Vec<Dependency>,
}

impl Structure {
    /// A database in which nothing was made yet.
    pub fn empty(dialect: Dialect) -> Self {
        Self {
            dialect,
            namespaces: Vec::new(),
            extensions: Vec::new(),
            types: Vec::new(),
            sequences: Vec::new(),
            tables: Vec::new(),
            views: Vec::new(),
            routines: Vec::new(),
            triggers: Vec::new(),
            others: Vec::new(),
            options: Options::new(),
            dependencies: Vec::new(),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        *self
            == Self {
                options: self.options.clone(),
                dependencies: self.dependencies.clone(),
                ..Self::empty(self.dialect)
            }
    }

    /// Brings every list whose order means nothing into the one order that is compared and printed.
    pub fn sort(&mut self) {
        for table in &mut self.tables {
            table.sort();
        }
        self.sort_objects();
    }

    /// The lists of objects alone, without what is inside them.
    fn sort_objects(&mut self) {
        self.namespaces.sort_by(|a, b| a.name.cmp(&b.name));
        self.extensions.sort_by(|a, b| a.name.cmp(&b.name));
        self.types.sort_by(|a, b| a.name.cmp(&b.name));
        self.sequences.sort_by(|a, b| a.name.cmp(&b.name));
        self.tables.sort_by(|a, b| a.name.cmp(&b.name));
        self.views.sort_by(|a, b| a.name.cmp(&b.name));
        for view in &mut self.views {
            view.indexes.sort_by(|a, b| a.name.cmp(&b.name));
        }
        self.routines
            .sort_by(|a, b| (&a.name, &a.arguments, a.kind).cmp(&(&b.name, &b.arguments, b.kind)));
        self.triggers.sort_by(|a, b| (&a.on, &a.name).cmp(&(&b.on, &b.name)));
        self.others
            .sort_by(|a, b| (&a.kind, &a.name, &a.create).cmp(&(&b.kind, &b.name, &b.create)));
        self.dependencies.sort();
        self.dependencies.dedup();
    }

    /// The table of this name, compared as the dialect compares names.
    pub fn table(&self, name: &Name) -> Option<&Table> {
        self.tables
            .iter()
            .find(|table| self.dialect.same_name(&table.name, name))
    }

    /// The view of this name, compared as the dialect compares names.
    pub fn view(&self, name: &Name) -> Option<&View> {
        self.views.iter().find(|view| self.dialect.same_name(&view.name, name))
    }
}

impl Dialect {
    /// Whether two names mean the same object: SQLite does not tell `Users` from `users`, PostgreSQL does, MySQL does so for
    /// tables (as it does on the file systems of servers).
    pub fn same_name(self, one: &Name, other: &Name) -> bool {
        match self {
            Self::Sqlite => one.name.eq_ignore_ascii_case(&other.name),
            Self::Postgres | Self::Mysql => one == other,
        }
    }

    /// The form of an object's name under which it is looked up; equal exactly where [`same_name`](Self::same_name) holds.
    pub fn folded(self, name: &Name) -> Name {
        match self {
            Self::Sqlite => Name::new(&name.schema, name.name.to_ascii_lowercase()),
            Self::Postgres | Self::Mysql => name.clone(),
        }
    }

    /// The form of a column's, constraint's or index's name under which it is looked up: SQLite and MySQL do not tell upper
    /// from lower case there.
    pub fn folded_part(self, name: &str) -> String {
        match self {
            Self::Sqlite => name.to_ascii_lowercase(),
            Self::Mysql => name.to_lowercase(),
            Self::Postgres => name.to_owned(),
        }
    }
}

/// The name of an object, as it is, without quotes.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Name {
    /// PostgreSQL's schema; empty elsewhere.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub schema: String,
    /// The name in it.
    pub name: String,
}

impl Name {
    /// `name` in `schema`.
    pub fn new(schema: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            schema: schema.into(),
            name: name.into(),
        }
    }

    /// A name where there are no schemas.
    pub fn plain(name: impl Into<String>) -> Self {
        Self::new("", name)
    }
}

impl fmt::Display for Name {
    /// `schema.name`, for people; SQL is written by [`crate::quote`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.schema.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}.{}", self.schema, self.name)
        }
    }
}
