//! A structured definition, as it stands in a file.

use schemars::JsonSchema;
use serde::Deserialize;

use super::Named;
use super::brief::{
    CheckDefinition, DefaultDefinition, EnumDefinition, GeneratedDefinition, IndexPartDefinition, MigrationDefinition,
    RawDefinition, ReferenceAction, UniqueDefinition, ViewDefinition,
};

/// What a database should be, in TOML or JSON. Expressions (defaults, checks, conditions, queries) are SQL of the engine it
/// is used on; types are portable names or the engine's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// Where an editor finds the JSON Schema of this file; not read.
    #[serde(default, rename = "$schema")]
    pub json_schema: Option<String>,
    /// The version of this definition, three numbers: `1.4.0`. Needed where there are migrations.
    #[serde(default)]
    pub version: Option<String>,
    /// The tables, by name. On PostgreSQL a name may say its schema: `app.users`.
    #[serde(default)]
    pub tables: Named<TableDefinition>,
    /// The indexes.
    #[serde(default)]
    pub indexes: Vec<IndexDefinition>,
    /// Tables that a module implements (SQLite).
    #[serde(default)]
    pub virtual_tables: Vec<VirtualTableDefinition>,
    /// The views, by name: a query, or a table with `query` and more.
    #[serde(default)]
    pub views: Named<ViewDefinition>,
    /// Types with a list of values, by name. PostgreSQL gets a type, MySQL an `enum` column, SQLite a check.
    #[serde(default)]
    pub enums: Named<EnumDefinition>,
    /// SQL for what the rest cannot say: triggers, functions, policies. Statements may stand in any order.
    #[serde(default)]
    pub raw: Vec<RawDefinition>,
    /// What runs once on the way from an older version, by the version it leads to: a list of SQL statements, or the name
    /// of a code step. All that lie behind the recorded version, up to this definition's own, run in order.
    #[serde(default, alias = "migration_methods")]
    pub migrations: Named<MigrationDefinition>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "a table's definition: columns, and what belongs to them"
)]
pub struct TableDefinition {
    /// The columns, in order.
    pub columns: Vec<ColumnDefinition>,
    /// The columns of the primary key, where it has more than one or an order of its own.
    #[serde(default)]
    pub primary_key: Vec<String>,
    /// The foreign keys.
    #[serde(default)]
    pub foreign_keys: Vec<ForeignKeyDefinition>,
    /// The unique constraints: `{ columns = ["a", "b"] }`, or in short `["a", "b"]`.
    #[serde(default, alias = "unique_constraints")]
    pub unique: Vec<UniqueDefinition>,
    /// The checks: `{ name = "…", expression = "a < b" }`, or in short `"a < b"`.
    #[serde(default, alias = "check_constraints")]
    pub checks: Vec<CheckDefinition>,
    /// Its comment; SQLite keeps none.
    #[serde(default)]
    pub comment: Option<String>,
    /// The name it had before.
    #[serde(default)]
    pub renamed_from: Option<String>,
    /// SQLite: without a rowid.
    #[serde(default)]
    pub without_rowid: bool,
    /// SQLite: with types that are enforced.
    #[serde(default)]
    pub strict: bool,
    /// MySQL: the storage engine, where it is not the server's default.
    #[serde(default)]
    pub engine: Option<String>,
    /// MySQL: the character set, where it is not the database's.
    #[serde(default)]
    pub charset: Option<String>,
    /// MySQL: the collation, where it is not the character set's.
    #[serde(default)]
    pub collation: Option<String>,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a column: a table with name and type")]
pub struct ColumnDefinition {
    /// Its name.
    pub name: String,
    /// Its type: one of this definition's enums, a portable name (`text`, `varchar(40)`, `char(2)`, `smallint`, `integer`,
    /// `bigint`, `boolean`, `real`, `double`, `decimal(10,2)`, `date`, `time`, `timestamp`, `timestamptz`, `datetime`,
    /// `uuid`, `json`, `blob`), or a type of the engine's own.
    #[serde(rename = "type")]
    pub data_type: String,
    /// Whether it never holds NULL.
    #[serde(default)]
    pub not_null: bool,
    /// Whether it is the primary key, or a part of it.
    #[serde(default)]
    pub primary_key: bool,
    /// Whether the database counts it up: `AUTOINCREMENT`, an identity, `AUTO_INCREMENT`.
    #[serde(default)]
    pub autoincrement: bool,
    /// Whether no two rows are alike in it.
    #[serde(default)]
    pub unique: bool,
    /// What it holds where nothing is said: SQL in a text (`"'draft'"`, `"julianday('now')"`), or a number, true or false.
    #[serde(default)]
    pub default: Option<DefaultDefinition>,
    /// A condition that its rows fulfil, as SQL.
    #[serde(default)]
    pub check: Option<String>,
    /// How it is computed: an expression that is kept on disk, or `{ expression = "…", stored = false }`.
    #[serde(default)]
    pub generated: Option<GeneratedDefinition>,
    /// Its collation.
    #[serde(default)]
    pub collation: Option<String>,
    /// Its comment; SQLite keeps none.
    #[serde(default)]
    pub comment: Option<String>,
    /// The name it had before.
    #[serde(default)]
    pub renamed_from: Option<String>,
}

/// A foreign key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a foreign key: columns, references, …")]
pub struct ForeignKeyDefinition {
    /// Its name, where it should have one of yours.
    #[serde(default)]
    pub name: Option<String>,
    /// The columns here.
    pub columns: Vec<String>,
    /// The table they point to.
    pub references_table: String,
    /// The columns there; that table's primary key if not given.
    #[serde(default)]
    pub references_columns: Vec<String>,
    /// What happens here when the row there goes: `CASCADE`, `SET NULL`, `SET DEFAULT`, `RESTRICT`, `NO ACTION`.
    #[serde(default)]
    pub on_delete: Option<ReferenceAction>,
    /// What happens here when the key there changes.
    #[serde(default)]
    pub on_update: Option<ReferenceAction>,
    /// Whether it may be judged at the end of a transaction (SQLite, PostgreSQL); there it then is by default.
    #[serde(default)]
    pub deferrable: bool,
}

/// An index.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an index: its columns and options")]
pub struct IndexDefinition {
    /// Its name.
    pub name: String,
    /// The table it is on.
    pub table: String,
    /// What it is over, in order: a column's name, or `{ column = "…", descending = true }`, `{ expression = "lower(name)" }`.
    pub columns: Vec<IndexPartDefinition>,
    /// Whether no two rows are alike in it.
    #[serde(default)]
    pub unique: bool,
    /// Which rows it is over, as SQL (SQLite, PostgreSQL).
    #[serde(default, rename = "where", alias = "where_clause")]
    pub predicate: Option<String>,
    /// The engine's word for how it is built: `btree`, `gin`, `fulltext`.
    #[serde(default)]
    pub method: Option<String>,
    /// Columns that are only carried along (PostgreSQL).
    #[serde(default)]
    pub include: Vec<String>,
    /// The name it had before.
    #[serde(default)]
    pub renamed_from: Option<String>,
}

/// A table that a module implements (SQLite).
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "a virtual table: module and columns")]
pub struct VirtualTableDefinition {
    /// Its name.
    pub name: String,
    /// The module: `fts5`, `rtree`.
    #[serde(rename = "type")]
    pub module: String,
    /// Its columns; with FTS5 also `"body UNINDEXED"`.
    #[serde(default)]
    pub columns: Vec<String>,
    /// The module's settings, as in `content = "articles"`.
    #[serde(default)]
    pub options: Named<String>,
    /// The name it had before.
    #[serde(default)]
    pub renamed_from: Option<String>,
}
