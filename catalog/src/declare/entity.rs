//! Entity types: what there is, said by attributes, without a word about tables.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Deserialize;

use super::Named;
use super::brief::DefaultDefinition;
use super::check::Findings;
use super::expand;
use super::place::Path;
use crate::Dialect;

/// Entity types. Each becomes a table of its entities, and for each backend type that its attributes use a table of values
/// with a column an attribute.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Entities {
    /// Where an editor finds the JSON Schema of this file; not read.
    #[serde(default, rename = "$schema")]
    pub json_schema: Option<String>,
    /// The version of this file, three numbers: `1.4.0`.
    #[serde(default)]
    pub version: Option<String>,
    /// The entity types, by code.
    #[serde(alias = "entity_types")]
    pub entities: Named<EntityDefinition>,
}

/// An entity type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an entity: its attributes and options")]
pub struct EntityDefinition {
    /// The table of its entities, whose name begins those of the tables of values; the code if not given.
    #[serde(default)]
    pub table: Option<String>,
    /// The attributes.
    #[serde(default)]
    pub attributes: Vec<AttributeDefinition>,
    /// What it is, for the table's comment.
    #[serde(default)]
    pub comment: Option<String>,
    /// The table's name before.
    #[serde(default)]
    pub renamed_from: Option<String>,
}

/// An attribute of an entity type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, expecting = "an attribute: a table with its type and options")]
pub struct AttributeDefinition {
    /// Its name, and that of its column.
    pub code: String,
    /// What it holds; attributes of one backend type share a table.
    pub backend_type: BackendType,
    /// Whether every entity has it.
    #[serde(default)]
    pub required: bool,
    /// Whether no two entities have the same.
    #[serde(default)]
    pub unique: bool,
    /// Whether people search in it: a full-text index for texts on PostgreSQL and MySQL, an ordinary one for the rest.
    #[serde(default)]
    pub searchable: bool,
    /// Whether lists are filtered by it: an index that leads from the value to the entity.
    #[serde(default)]
    pub filterable: bool,
    /// The value where nothing is said: a text, a number, true or false; `"now"` for a date or time.
    #[serde(default)]
    pub default: Option<DefaultDefinition>,
    /// The longest value of a `varchar`, in characters; 255 if not given.
    #[serde(default)]
    pub length: Option<u32>,
    /// How many digits a `decimal` has; 12 if not given.
    #[serde(default)]
    pub precision: Option<u32>,
    /// How many of them stand behind the point; 4 if not given.
    #[serde(default)]
    pub scale: Option<u32>,
    /// What it is, for the column's comment.
    #[serde(default)]
    pub comment: Option<String>,
    /// Its code before.
    #[serde(default)]
    pub renamed_from: Option<String>,
}

/// What an attribute holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum BackendType {
    /// A text of a line.
    Varchar,
    /// A text of any length.
    Text,
    /// A whole number.
    Int,
    /// A whole number of up to 19 digits.
    Bigint,
    /// A number with digits behind the point, exactly.
    Decimal,
    /// Yes or no.
    Boolean,
    /// A day.
    Date,
    /// A day and a time.
    Datetime,
    /// A document.
    Json,
}

impl BackendType {
    /// Its word in a file, and the end of its table's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Varchar => "varchar",
            Self::Text => "text",
            Self::Int => "int",
            Self::Bigint => "bigint",
            Self::Decimal => "decimal",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
            Self::Json => "json",
        }
    }

    /// Whether it holds text that words can be looked up in.
    pub(super) const fn is_text(self) -> bool {
        matches!(self, Self::Varchar | Self::Text)
    }
}

impl Entities {
    /// Keeps one entity type.
    pub(super) fn keep(&mut self, code: &str) -> Result<(), String> {
        if self.entities.get(code).is_none() {
            let known: Vec<_> = self.entities.iter().map(|(code, _)| code).collect();
            return Err(format!(
                "there is no entity type {code:?}; there are {}",
                known.join(", ")
            ));
        }
        self.entities.0.retain(|(known, _)| known == code);
        Ok(())
    }
}

/// The table of an entity type's entities.
pub(super) fn table_of<'a>(code: &'a str, entity: &'a EntityDefinition) -> &'a str {
    entity.table.as_deref().unwrap_or(code)
}

pub(super) fn check(dialect: Dialect, read: &Entities) -> Findings {
    let mut found = Findings::default();
    let root = Path::default();
    if let Some(text) = &read.version
        && let Err(error) = semver::Version::parse(text)
    {
        let message = format!("{text:?} is no version ({error}); a version is three numbers, as 1.4.0");
        found.fault(root.key("version"), message);
    }
    let mut tables: BTreeMap<String, String> = BTreeMap::new();
    for (code, entity) in read.entities.iter() {
        let path = root.key("entities").key(code);
        code_there(&path, "an entity type", code, &mut found);
        if let Some(table) = &entity.table {
            code_there(&path.key("table"), "a table", table, &mut found);
        }
        for table in expand::tables(code, entity) {
            possible(dialect, &path, &table, &mut found);
            if let Some(other) = tables.insert(dialect.folded_part(&table), code.to_owned()) {
                found.fault(
                    path.clone(),
                    format!("{code:?} and {other:?} would both have a table {table:?}; name one of theirs with table = \"…\""),
                );
            }
        }
        attributes(dialect, &path, code, entity, &mut found);
    }
    found
}

fn code_there(path: &Path, what: &str, code: &str, found: &mut Findings) {
    let is_word = code.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_word {
        found.fault(
            path.clone(),
            format!(
                "{what} cannot be called {code:?}: a code is letters, digits and underscores, and begins with a letter"
            ),
        );
    } else if code.to_ascii_lowercase().starts_with("lockstep_") {
        found.fault(
            path.clone(),
            format!("{code:?}: names that begin with lockstep_ are Lockstep's own"),
        );
    }
}

fn possible(dialect: Dialect, path: &Path, name: &str, found: &mut Findings) {
    if let Err(error) = crate::quote(dialect, name) {
        found.fault(path.clone(), error.to_string());
    }
}

fn attributes(dialect: Dialect, path: &Path, entity_code: &str, entity: &EntityDefinition, found: &mut Findings) {
    let mut codes = BTreeSet::new();
    for (at, attribute) in entity.attributes.iter().enumerate() {
        let place = path.key("attributes").at(at);
        let code = &attribute.code;
        code_there(&place.key("code"), "an attribute", code, found);
        if code.eq_ignore_ascii_case(expand::ENTITY_ID) {
            found.fault(
                place.key("code"),
                format!("{code:?} is the column that leads to the entity; choose another code"),
            );
        }
        if !codes.insert(code.to_ascii_lowercase()) {
            found.fault(
                place.key("code"),
                format!("{entity_code:?} has an attribute {code:?} already"),
            );
        }
        for index in expand::index_names(entity_code, entity, attribute) {
            possible(dialect, &place.key("code"), &index, found);
        }
        kind(dialect, &place, attribute, found);
    }
    for (at, attribute) in entity.attributes.iter().enumerate() {
        if let Some(old) = &attribute.renamed_from
            && codes.contains(&old.to_ascii_lowercase())
        {
            found.fault(
                path.key("attributes").at(at).key("renamed_from"),
                format!(
                    "{old:?} is still an attribute of {entity_code:?}, so {:?} was not renamed from it",
                    attribute.code
                ),
            );
        }
    }
}

/// What the backend type allows.
fn kind(dialect: Dialect, place: &Path, attribute: &AttributeDefinition, found: &mut Findings) {
    let kind = attribute.backend_type;
    if let Some(default) = &attribute.default
        && let Err(expected) = expand::default_sql(dialect, attribute, &default.0)
    {
        let message = format!(
            "{:?} is {}; its default is {expected}, not {:?}",
            attribute.code,
            kind.as_str(),
            default.0
        );
        found.fault(place.key("default"), message);
    }
    for (word, given, is_of) in [
        ("length", attribute.length, kind == BackendType::Varchar),
        ("precision", attribute.precision, kind == BackendType::Decimal),
        ("scale", attribute.scale, kind == BackendType::Decimal),
    ] {
        if given.is_some() && !is_of {
            found.fault(
                place.key(word),
                format!("{:?} is {}, which has no {word}", attribute.code, kind.as_str()),
            );
        }
    }
    if attribute.length == Some(0) {
        found.fault(
            place.key("length"),
            "a text of no characters holds nothing; give it a length",
        );
    }
    let (precision, scale) = expand::digits(attribute);
    if kind == BackendType::Decimal && (scale > precision || precision == 0 || precision > 65) {
        found.fault(
            place.key("precision"),
            format!("decimal({precision},{scale}) cannot be: 1 to 65 digits, no more of them behind the point than there are"),
        );
    }
    let is_indexed = attribute.searchable || attribute.filterable || attribute.unique;
    if kind == BackendType::Json && is_indexed {
        found.fault(
            place.key("backend_type"),
            format!(
                "{:?} is a document, which cannot be unique, searchable or filterable as a whole",
                attribute.code
            ),
        );
    }
    if kind == BackendType::Text && attribute.unique && dialect == Dialect::Mysql {
        found.fault(
            place.key("unique"),
            format!(
                "MySQL cannot keep {:?} unique, a text of any length: make it varchar",
                attribute.code
            ),
        );
    }
}
