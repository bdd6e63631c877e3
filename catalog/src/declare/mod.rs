//! The ways to say what a database should be, other than SQL: a structured definition, and entity types.
//!
//! ```text
//!  definition.toml ──┐
//!  definition.json ──┴─ read ─► Definition ──┐
//!                                            ├─ check ─► Faults, each with line and column
//!  entities.toml ───── read ─► Entities ─────┘     └───► Declared: Structure, renames, raw SQL, migrations
//!                               (expanded into a Definition)
//! ```
//!
//! What a definition means is what an engine makes of it: it is made in a throwaway database ([`Declared::makings`]) and read
//! back before anything is compared with it.

mod brief;
mod build;
mod check;
mod ddl;
mod definition;
mod entity;
mod expand;
mod fault;
mod fragment;
mod json;
mod migrations;
mod named;
mod place;
mod shorthand;
mod types;

use schemars::generate::SchemaSettings;
use semver::Version;
use serde::de::DeserializeOwned;

use crate::Dialect;
use crate::compare::Renames;
use crate::structure::{Name, ObjectRef, Structure};

pub use brief::{
    CheckDefinition, DefaultDefinition, EnumDefinition, GeneratedDefinition, IndexPartDefinition, MigrationDefinition,
    RawDefinition, ReferenceAction, UniqueDefinition, ViewDefinition,
};
pub use ddl::Making;
pub use definition::{
    ColumnDefinition, Definition, ForeignKeyDefinition, IndexDefinition, TableDefinition, VirtualTableDefinition,
};
pub use entity::{AttributeDefinition, BackendType, Entities, EntityDefinition};
pub use fault::{Fault, Faults};
pub use migrations::{Migration, VersionWentBack, between};
pub use named::Named;
use place::{Path, Places};

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// TOML.
    Toml,
    /// JSON.
    Json,
}

/// What a file declares for one dialect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The objects. Expressions and types are as the author wrote them; only the engine knows how it prints them.
    pub structure: Structure,
    /// What was renamed.
    pub renames: Renames,
    /// SQL that has to run besides, in any order.
    pub raw: Vec<Raw>,
    /// The version of the definition.
    pub version: Option<Version>,
    /// What runs once between versions, in their order.
    pub migrations: Vec<Migration>,
    /// What is allowed and should be known.
    pub notes: Vec<Fault>,
}

/// SQL of a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// One statement, or several.
    pub sql: String,
    /// The line of the file it begins in, from 1.
    pub line: u32,
}

/// Reads a structured definition for a dialect.
///
/// # Errors
///
/// Everything that is wrong with it, each with line and column.
pub fn definition(dialect: Dialect, format: Format, text: &str) -> Result<Declared, Faults> {
    let read: Definition = parse(format, text)?;
    let found = check::check(dialect, &read);
    let notes = settle(format, text, found)?;
    let places = Places::of(format, text);
    let root = Path::default().key("raw");
    let lines = (0..read.raw.len()).map(|at| places.fault(&root.at(at), "").line);
    Ok(Declared {
        raw: read
            .raw
            .iter()
            .zip(lines)
            .filter(|(raw, _)| raw.dialect.is_none_or(|only| only == dialect))
            .map(|(raw, line)| Raw {
                sql: raw.sql.clone(),
                line,
            })
            .collect(),
        notes,
        ..build::declared(dialect, &read)
    })
}

/// Reads entity types for a dialect: all of them, or one.
///
/// # Errors
///
/// Everything that is wrong with the file, each with line and column; that there is no entity type of this code.
pub fn entities(dialect: Dialect, format: Format, text: &str, only: Option<&str>) -> Result<Declared, Faults> {
    let mut read: Entities = parse(format, text)?;
    let notes = settle(format, text, entity::check(dialect, &read))?;
    if let Some(code) = only {
        read.keep(code).map_err(|message| Faults::one(text, 0, message))?;
    }
    let definition = expand::expanded(dialect, &read);
    // What the file's own checks let pass is whole; anything else is told at its top.
    let mut found = check::check(dialect, &definition);
    for one in found.faults.iter_mut().chain(&mut found.notes) {
        one.path = Path::default();
    }
    settle(format, text, found)?;
    Ok(Declared {
        notes,
        ..build::declared(dialect, &definition)
    })
}

/// Where a definition declares an object that an engine refused, with what it said; `None` where it declares none of the
/// name.
pub fn blame(dialect: Dialect, format: Format, text: &str, about: &ObjectRef, message: &str) -> Option<Fault> {
    let read: Definition = parse(format, text).ok()?;
    let root = Path::default();
    let is = |name: &str| dialect.same_name(&name_of(dialect, name), &about.name);
    let index = about.part.as_deref().and_then(|part| {
        let at = read.indexes.iter().position(|one| is(&one.table) && one.name == part)?;
        Some(root.key("indexes").at(at))
    });
    let column = about.part.as_deref().and_then(|part| {
        let (name, table) = read.tables.iter().find(|(name, _)| is(name))?;
        let at = table.columns.iter().position(|one| one.name == part)?;
        Some(root.key("tables").key(name).key("columns").at(at))
    });
    let named = |key: &str, name: Option<&str>| name.map(|name| root.key(key).key(name));
    let path = index
        .or(column)
        .or_else(|| named("tables", read.tables.iter().map(|(name, _)| name).find(|name| is(name))))
        .or_else(|| named("views", read.views.iter().map(|(name, _)| name).find(|name| is(name))))
        .or_else(|| named("enums", read.enums.iter().map(|(name, _)| name).find(|name| is(name))))
        .or_else(|| {
            let at = read.virtual_tables.iter().position(|one| is(&one.name))?;
            Some(root.key("virtual_tables").at(at))
        })?;
    Some(Places::of(format, text).fault(&path, message))
}

/// The tables of one entity type.
///
/// # Errors
///
/// Where the file cannot be read as one of entity types, or there is none of this code.
pub fn entity_tables(format: Format, text: &str, code: &str) -> Result<Vec<String>, Faults> {
    let mut read: Entities = parse(format, text)?;
    read.keep(code).map_err(|message| Faults::one(text, 0, message))?;
    let tables = read
        .entities
        .iter()
        .flat_map(|(code, entity)| expand::tables(code, entity));
    Ok(tables.collect())
}

/// What a file holds, as far as its first keys tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A structured definition.
    Definition,
    /// Entity types.
    Entities,
    /// A structure that was written down: it says its dialect.
    Snapshot,
}

/// Tells a definition from entity types and from a snapshot. Text that cannot be read counts as a definition, whose reader
/// then says why.
pub fn holds(format: Format, text: &str) -> Holds {
    let keys: Vec<String> = match format {
        Format::Json => match serde_json::from_str(text) {
            Ok(serde_json::Value::Object(object)) => object.keys().cloned().collect(),
            _ => Vec::new(),
        },
        Format::Toml => {
            toml::from_str::<toml::Table>(text).map_or_else(|_| Vec::new(), |table| table.keys().cloned().collect())
        }
    };
    let has = |wanted: &str| keys.iter().any(|key| place::is_key(key, wanted));
    if has("entities") {
        Holds::Entities
    } else if has("dialect") {
        Holds::Snapshot
    } else {
        Holds::Definition
    }
}

/// The JSON Schema of a definition's file, for editors.
pub fn definition_schema() -> serde_json::Value {
    json_schema::<Definition>("A database, declared for Lockstep")
}

/// The JSON Schema of a file of entity types, for editors.
pub fn entities_schema() -> serde_json::Value {
    json_schema::<Entities>("Entity types, declared for Lockstep")
}

fn json_schema<T: schemars::JsonSchema>(title: &str) -> serde_json::Value {
    let generator = SchemaSettings::draft07().into_generator();
    let mut schema = generator.into_root_schema_for::<T>().to_value();
    if let Some(root) = schema.as_object_mut() {
        root.insert("title".to_owned(), title.into());
    }
    with_aliases(&mut schema);
    schema
}

/// What the readers take by another name, the schema takes too.
fn with_aliases(schema: &mut serde_json::Value) {
    match schema {
        serde_json::Value::Object(object) => {
            if let Some(serde_json::Value::Object(properties)) = object.get_mut("properties") {
                for (name, alias) in place::ALIASES {
                    // Of the two properties named "unique" only the list has the longer name.
                    let value = properties
                        .get(*name)
                        .filter(|value| value["type"] != "boolean")
                        .cloned();
                    if let Some(value) = value {
                        properties.insert((*alias).to_owned(), value);
                    }
                }
            }
            object.values_mut().for_each(with_aliases);
        }
        serde_json::Value::Array(list) => list.iter_mut().for_each(with_aliases),
        _ => {}
    }
}

fn parse<T: DeserializeOwned>(format: Format, text: &str) -> Result<T, Faults> {
    match format {
        Format::Toml => toml::from_str(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            Faults::one(text, offset, error.message())
        }),
        Format::Json => serde_json::from_str(text).map_err(|error| {
            let said = error.to_string();
            let place = format!(" at line {} column {}", error.line(), error.column());
            let whole = |number: usize| u32::try_from(number.max(1)).unwrap_or(u32::MAX);
            Faults(vec![Fault {
                line: whole(error.line()),
                column: whole(error.column()),
                message: said.strip_suffix(&place).unwrap_or(&said).to_owned(),
            }])
        }),
    }
}

/// Gives what was found its places; faults are an error, notes are returned.
fn settle(format: Format, text: &str, found: check::Findings) -> Result<Vec<Fault>, Faults> {
    let places = Places::of(format, text);
    let placed = |found: Vec<check::Found>| {
        let mut placed: Vec<_> = found
            .into_iter()
            .map(|one| places.fault(&one.path, one.message))
            .collect();
        placed.sort();
        placed
    };
    let faults = placed(found.faults);
    if faults.is_empty() {
        Ok(placed(found.notes))
    } else {
        Err(Faults(faults))
    }
}

/// The object that a name in a file means. PostgreSQL's may say their schema, `app.users`, each part in double quotes where
/// it holds a dot itself; elsewhere a name is taken as it is.
fn name_of(dialect: Dialect, text: &str) -> Name {
    if dialect != Dialect::Postgres {
        return Name::plain(text);
    }
    let mut parts = vec![String::new()];
    let mut rest = text.chars().peekable();
    let mut is_quoted = false;
    while let Some(character) = rest.next() {
        match character {
            '"' if is_quoted && rest.peek() == Some(&'"') => {
                rest.next();
                if let Some(part) = parts.last_mut() {
                    part.push('"');
                }
            }
            '"' => is_quoted = !is_quoted,
            '.' if !is_quoted => parts.push(String::new()),
            other => {
                if let Some(part) = parts.last_mut() {
                    part.push(other);
                }
            }
        }
    }
    match parts.as_slice() {
        [schema, name] if !is_quoted => Name::new(schema, name),
        [name] if !is_quoted => Name::new(DEFAULT_SCHEMA, name),
        // More dots, or a quote mark of its own: a name that somebody gave as it is.
        _ => Name::new(DEFAULT_SCHEMA, text),
    }
}

/// Where PostgreSQL's objects are whose names do not say.
const DEFAULT_SCHEMA: &str = "public";

#[cfg(test)]
mod tests;
