//! The parts of a definition that may be said in short.

use std::borrow::Cow;

use schemars::JsonSchema;
use schemars::json_schema;
use serde::Deserialize;
use serde_json::{Value, json};

use super::Named;
use super::shorthand::{Shorthand, shorthand};
use crate::Dialect;

/// What a column holds where nothing is said, as SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DefaultDefinition(pub String);

/// SQL that may be written as a table, too.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullDefault {
    /// The expression.
    expression: String,
}

impl From<FullDefault> for DefaultDefinition {
    fn from(full: FullDefault) -> Self {
        Self(full.expression)
    }
}

impl Shorthand for DefaultDefinition {
    type Full = FullDefault;
    const EXPECTED: &'static str = "SQL in a text, a number, true or false";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self(text.to_owned()))
    }

    fn of_literal(literal: String) -> Option<Self> {
        Some(Self(literal))
    }
}

fn of_type(name: &str) -> Value {
    json!({ "type": name })
}

fn texts() -> Value {
    json!({ "type": "array", "items": { "type": "string" } })
}

shorthand!(
    DefaultDefinition,
    "Default",
    (of_type("string")),
    (of_type("number")),
    (of_type("boolean"))
);

/// A computed column.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullGenerated {
    /// The expression, as SQL.
    expression: String,
    /// Whether it is kept on disk, rather than computed when read; kept if not said.
    #[serde(default = "yes")]
    stored: bool,
}

fn yes() -> bool {
    true
}

/// How a column is computed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GeneratedDefinition {
    /// The expression, as SQL.
    pub expression: String,
    /// Whether it is kept on disk.
    pub stored: bool,
}

impl From<FullGenerated> for GeneratedDefinition {
    fn from(full: FullGenerated) -> Self {
        Self {
            expression: full.expression,
            stored: full.stored,
        }
    }
}

impl Shorthand for GeneratedDefinition {
    type Full = FullGenerated;
    const EXPECTED: &'static str = "an expression, or { expression = \"…\", stored = false }";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self {
            expression: text.to_owned(),
            stored: true,
        })
    }
}

shorthand!(GeneratedDefinition, "Generated", (of_type("string")));

/// A unique constraint.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UniqueDefinition {
    /// Its name, where it should have one of yours.
    pub name: Option<String>,
    /// Its columns.
    pub columns: Vec<String>,
}

/// A unique constraint.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullUnique {
    /// Its name, where it should have one of yours.
    #[serde(default)]
    name: Option<String>,
    /// Its columns.
    columns: Vec<String>,
}

impl From<FullUnique> for UniqueDefinition {
    fn from(full: FullUnique) -> Self {
        Self {
            name: full.name,
            columns: full.columns,
        }
    }
}

impl Shorthand for UniqueDefinition {
    type Full = FullUnique;
    const EXPECTED: &'static str = "a list of columns, or { name = \"…\", columns = […] }";

    fn of_list(columns: Vec<String>) -> Option<Self> {
        Some(Self { name: None, columns })
    }
}

shorthand!(UniqueDefinition, "Unique", (texts()));

/// A check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CheckDefinition {
    /// Its name, where it should have one of yours.
    pub name: Option<String>,
    /// What must not be false, as SQL.
    pub expression: String,
}

/// A check.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullCheck {
    /// Its name, where it should have one of yours.
    #[serde(default)]
    name: Option<String>,
    /// What must not be false, as SQL.
    expression: String,
}

impl From<FullCheck> for CheckDefinition {
    fn from(full: FullCheck) -> Self {
        Self {
            name: full.name,
            expression: full.expression,
        }
    }
}

impl Shorthand for CheckDefinition {
    type Full = FullCheck;
    const EXPECTED: &'static str = "a condition, or { name = \"…\", expression = \"…\" }";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self {
            name: None,
            expression: text.to_owned(),
        })
    }
}

shorthand!(CheckDefinition, "Check", (of_type("string")));

/// A part of an index.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct IndexPartDefinition {
    /// A column, or an expression.
    pub column: Option<String>,
    /// An expression, as SQL.
    pub expression: Option<String>,
    /// From the greatest to the smallest.
    pub descending: bool,
    /// Only so many characters (MySQL).
    pub prefix: Option<u32>,
    /// The collation, where it is not the column's.
    pub collation: Option<String>,
    /// The operator class (PostgreSQL).
    pub operator_class: Option<String>,
}

/// A part of an index: a column or an expression.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullIndexPart {
    /// The column.
    #[serde(default)]
    column: Option<String>,
    /// The expression, as SQL, where it is no column.
    #[serde(default)]
    expression: Option<String>,
    /// From the greatest to the smallest.
    #[serde(default)]
    descending: bool,
    /// Only so many characters (MySQL).
    #[serde(default)]
    prefix: Option<u32>,
    /// The collation, where it is not the column's.
    #[serde(default)]
    collation: Option<String>,
    /// The operator class (PostgreSQL).
    #[serde(default)]
    operator_class: Option<String>,
}

impl From<FullIndexPart> for IndexPartDefinition {
    fn from(full: FullIndexPart) -> Self {
        Self {
            column: full.column,
            expression: full.expression,
            descending: full.descending,
            prefix: full.prefix,
            collation: full.collation,
            operator_class: full.operator_class,
        }
    }
}

impl Shorthand for IndexPartDefinition {
    type Full = FullIndexPart;
    const EXPECTED: &'static str = "a column, { column = \"…\", descending = true } or { expression = \"…\" }";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self {
            column: Some(text.to_owned()),
            ..Self::default()
        })
    }
}

shorthand!(IndexPartDefinition, "IndexPart", (of_type("string")));

/// A view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ViewDefinition {
    /// What it selects, as SQL.
    pub query: String,
    /// Whether its rows are kept (PostgreSQL).
    pub materialized: bool,
    /// Its comment.
    pub comment: Option<String>,
    /// The name it had before.
    pub renamed_from: Option<String>,
}

/// A view.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullView {
    /// What it selects, as SQL.
    query: String,
    /// Whether its rows are kept (PostgreSQL).
    #[serde(default)]
    materialized: bool,
    /// Its comment (PostgreSQL).
    #[serde(default)]
    comment: Option<String>,
    /// The name it had before.
    #[serde(default)]
    renamed_from: Option<String>,
}

impl From<FullView> for ViewDefinition {
    fn from(full: FullView) -> Self {
        Self {
            query: full.query,
            materialized: full.materialized,
            comment: full.comment,
            renamed_from: full.renamed_from,
        }
    }
}

impl Shorthand for ViewDefinition {
    type Full = FullView;
    const EXPECTED: &'static str = "a query, or { query = \"…\" }";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self {
            query: text.to_owned(),
            ..Self::default()
        })
    }
}

shorthand!(ViewDefinition, "View", (of_type("string")));

/// A type with a list of values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EnumDefinition {
    /// The values, in the order they sort.
    pub values: Vec<String>,
    /// The name it had before.
    pub renamed_from: Option<String>,
    /// Values that had other names before: the new one, then the old one.
    pub renamed_values: Named<String>,
    /// Its comment.
    pub comment: Option<String>,
}

/// A type with a list of values.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullEnum {
    /// The values, in the order they sort.
    values: Vec<String>,
    /// The name it had before (PostgreSQL).
    #[serde(default)]
    renamed_from: Option<String>,
    /// Values that had other names before (PostgreSQL): the new one, then the old one.
    #[serde(default)]
    renamed_values: Named<String>,
    /// Its comment (PostgreSQL).
    #[serde(default)]
    comment: Option<String>,
}

impl From<FullEnum> for EnumDefinition {
    fn from(full: FullEnum) -> Self {
        Self {
            values: full.values,
            renamed_from: full.renamed_from,
            renamed_values: full.renamed_values,
            comment: full.comment,
        }
    }
}

impl Shorthand for EnumDefinition {
    type Full = FullEnum;
    const EXPECTED: &'static str = "a list of values, or { values = […] }";

    fn of_list(values: Vec<String>) -> Option<Self> {
        Some(Self {
            values,
            ..Self::default()
        })
    }
}

shorthand!(EnumDefinition, "Enum", (texts()));

/// SQL for what the rest cannot say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawDefinition {
    /// One statement, or several.
    pub sql: String,
    /// The engine it is for; every one if not given.
    pub dialect: Option<Dialect>,
}

/// SQL for what the rest cannot say.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct FullRaw {
    /// One statement, or several.
    sql: String,
    /// The engine it is for: `sqlite`, `postgres` or `mysql`; every one if not given.
    #[serde(default)]
    #[schemars(with = "Option<DialectName>")]
    dialect: Option<Dialect>,
}

/// An engine.
#[derive(JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(dead_code)] // its variants are the schema's
enum DialectName {
    Sqlite,
    Postgres,
    Mysql,
}

impl From<FullRaw> for RawDefinition {
    fn from(full: FullRaw) -> Self {
        Self {
            sql: full.sql,
            dialect: full.dialect,
        }
    }
}

impl Shorthand for RawDefinition {
    type Full = FullRaw;
    const EXPECTED: &'static str = "SQL, or { sql = \"…\", dialect = \"sqlite\" }";

    fn of_text(text: &str) -> Option<Self> {
        Some(Self {
            sql: text.to_owned(),
            dialect: None,
        })
    }
}

shorthand!(RawDefinition, "Raw", (of_type("string")));

/// What runs once on the way to a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MigrationDefinition {
    /// Statements, in order.
    Sql(Vec<String>),
    /// A code step that the program registered under this name.
    Code(String),
}

/// What runs once on the way to a version: exactly one of the two.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub(super) enum FullMigration {
    /// Statements, in order.
    Sql(Vec<String>),
    /// The name of a code step that the program registered.
    Code(String),
}

impl From<FullMigration> for MigrationDefinition {
    fn from(full: FullMigration) -> Self {
        match full {
            FullMigration::Sql(statements) => Self::Sql(statements),
            FullMigration::Code(name) => Self::Code(name),
        }
    }
}

impl Shorthand for MigrationDefinition {
    type Full = FullMigration;
    const EXPECTED: &'static str = "a list of statements in brackets, or the name of a code step";

    fn of_text(text: &str) -> Option<Self> {
        let is_name = !text.is_empty() && !text.contains(|c: char| c.is_whitespace() || c == ';');
        is_name.then(|| Self::Code(text.to_owned()))
    }

    fn of_list(statements: Vec<String>) -> Option<Self> {
        Some(Self::Sql(statements))
    }
}

shorthand!(MigrationDefinition, "Migration", (texts()), (of_type("string")));

/// What a foreign key does when the row it points to goes or changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReferenceAction {
    /// Refuses, at the end of the statement.
    NoAction,
    /// Refuses, at once.
    Restrict,
    /// Goes or changes too.
    Cascade,
    /// Points nowhere.
    SetNull,
    /// Points to the default.
    SetDefault,
}

impl ReferenceAction {
    const ALL: [Self; 5] = [
        Self::NoAction,
        Self::Restrict,
        Self::Cascade,
        Self::SetNull,
        Self::SetDefault,
    ];

    /// As in SQL.
    pub const fn as_sql(self) -> &'static str {
        match self {
            Self::NoAction => "NO ACTION",
            Self::Restrict => "RESTRICT",
            Self::Cascade => "CASCADE",
            Self::SetNull => "SET NULL",
            Self::SetDefault => "SET DEFAULT",
        }
    }
}

impl<'de> Deserialize<'de> for ReferenceAction {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Cow::<'_, str>::deserialize(deserializer)?;
        let plain = text.trim().replace('_', " ").to_ascii_uppercase();
        Self::ALL.into_iter().find(|one| one.as_sql() == plain).ok_or_else(|| {
            serde::de::Error::custom(format_args!(
                "expected CASCADE, SET NULL, SET DEFAULT, RESTRICT or NO ACTION, not {text:?}"
            ))
        })
    }
}

impl JsonSchema for ReferenceAction {
    fn schema_name() -> Cow<'static, str> {
        "ReferenceAction".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        let words: Vec<_> = Self::ALL.into_iter().map(Self::as_sql).collect();
        json_schema!({ "type": "string", "enum": words })
    }
}
