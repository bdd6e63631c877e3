//! From entity types to tables.
//!
//! ```text
//!  product: sku varchar, name varchar, price decimal
//!      product           entity_id (counted up), created_at, updated_at
//!      product_varchar   entity_id ──► product, sku, name
//!      product_decimal   entity_id ──► product, price
//! ```

use super::brief::{DefaultDefinition, IndexPartDefinition, ReferenceAction, UniqueDefinition};
use super::definition::{ColumnDefinition, Definition, ForeignKeyDefinition, IndexDefinition, TableDefinition};
use super::entity::{AttributeDefinition, BackendType, Entities, EntityDefinition, table_of};
use crate::Dialect;
use crate::dialect::enclose;

/// The key of every table: the entity.
pub(super) const ENTITY_ID: &str = "entity_id";

/// How many characters of a long text MySQL sorts by.
const PREFIX: u32 = 191;

/// The definition that entity types stand for; they were checked before.
pub(super) fn expanded(dialect: Dialect, read: &Entities) -> Definition {
    let mut definition = Definition {
        version: read.version.clone(),
        ..Definition::default()
    };
    for (code, entity) in read.entities.iter() {
        let base = table_of(code, entity);
        definition
            .tables
            .0
            .push((base.to_owned(), entity_table(dialect, entity)));
        for kind in kinds(entity) {
            let name = value_table(base, kind);
            definition
                .tables
                .0
                .push((name.clone(), values(dialect, base, entity, kind)));
            for attribute in entity.attributes.iter().filter(|one| one.backend_type == kind) {
                definition
                    .indexes
                    .extend(indexes(dialect, code, entity, &name, attribute));
            }
        }
    }
    definition
}

/// The tables of an entity type.
pub(super) fn tables(code: &str, entity: &EntityDefinition) -> Vec<String> {
    let base = table_of(code, entity);
    let mut tables = vec![base.to_owned()];
    tables.extend(kinds(entity).into_iter().map(|kind| value_table(base, kind)));
    tables
}

/// The backend types in use, in a fixed order.
fn kinds(entity: &EntityDefinition) -> Vec<BackendType> {
    let mut kinds: Vec<_> = entity.attributes.iter().map(|one| one.backend_type).collect();
    kinds.sort();
    kinds.dedup();
    kinds
}

fn value_table(base: &str, kind: BackendType) -> String {
    format!("{base}_{}", kind.as_str())
}

fn entity_table(dialect: Dialect, entity: &EntityDefinition) -> TableDefinition {
    let time = |name: &str| ColumnDefinition {
        name: name.to_owned(),
        data_type: "datetime".to_owned(),
        not_null: true,
        default: Some(DefaultDefinition("CURRENT_TIMESTAMP".to_owned())),
        ..ColumnDefinition::default()
    };
    let id = ColumnDefinition {
        autoincrement: true,
        ..id_column(dialect)
    };
    TableDefinition {
        columns: vec![id, time("created_at"), time("updated_at")],
        comment: entity.comment.clone(),
        renamed_from: entity.renamed_from.clone(),
        ..TableDefinition::default()
    }
}

/// SQLite finds a row by its key directly where that is an "integer".
fn id_column(dialect: Dialect) -> ColumnDefinition {
    let data_type = match dialect {
        Dialect::Sqlite => "integer",
        Dialect::Postgres | Dialect::Mysql => "bigint",
    };
    ColumnDefinition {
        name: ENTITY_ID.to_owned(),
        data_type: data_type.to_owned(),
        not_null: true,
        primary_key: true,
        ..ColumnDefinition::default()
    }
}

fn values(dialect: Dialect, base: &str, entity: &EntityDefinition, kind: BackendType) -> TableDefinition {
    let attributes = || entity.attributes.iter().filter(|one| one.backend_type == kind);
    let mut columns = vec![id_column(dialect)];
    columns.extend(attributes().map(|attribute| column(dialect, attribute)));
    TableDefinition {
        columns,
        foreign_keys: vec![ForeignKeyDefinition {
            columns: vec![ENTITY_ID.to_owned()],
            references_table: base.to_owned(),
            references_columns: vec![ENTITY_ID.to_owned()],
            on_delete: Some(ReferenceAction::Cascade),
            ..ForeignKeyDefinition::default()
        }],
        unique: attributes()
            .filter(|attribute| attribute.unique)
            .map(|attribute| UniqueDefinition {
                name: None,
                columns: vec![attribute.code.clone()],
            })
            .collect(),
        renamed_from: entity.renamed_from.as_deref().map(|old| value_table(old, kind)),
        ..TableDefinition::default()
    }
}

fn column(dialect: Dialect, attribute: &AttributeDefinition) -> ColumnDefinition {
    let default = attribute.default.as_ref();
    ColumnDefinition {
        name: attribute.code.clone(),
        data_type: match attribute.backend_type {
            BackendType::Varchar => format!("varchar({})", attribute.length.unwrap_or(255)),
            BackendType::Decimal => {
                let (precision, scale) = digits(attribute);
                format!("decimal({precision},{scale})")
            }
            // In SQLite too, where "int" and "integer" are the same.
            BackendType::Int => "integer".to_owned(),
            other => other.as_str().to_owned(),
        },
        not_null: attribute.required,
        default: default.and_then(|value| default_sql(dialect, attribute, &value.0).ok().map(DefaultDefinition)),
        comment: attribute.comment.clone(),
        renamed_from: attribute.renamed_from.clone(),
        ..ColumnDefinition::default()
    }
}

/// How many digits a decimal has, and how many of them behind the point.
pub(super) fn digits(attribute: &AttributeDefinition) -> (u32, u32) {
    let precision = attribute.precision.unwrap_or(12);
    (precision, attribute.scale.unwrap_or(4.min(precision)))
}

/// A default as SQL: in an entity type it is a value, not an expression. The error says what it has to be.
pub(super) fn default_sql(
    dialect: Dialect,
    attribute: &AttributeDefinition,
    value: &str,
) -> Result<String, &'static str> {
    let literal = match dialect {
        Dialect::Mysql => enclose(&value.replace('\\', "\\\\"), '\''),
        Dialect::Sqlite | Dialect::Postgres => enclose(value, '\''),
    };
    let is_number = |points: usize| {
        let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
        digits.chars().any(|c| c.is_ascii_digit())
            && digits.chars().all(|c| c.is_ascii_digit() || c == '.')
            && digits.matches('.').count() <= points
    };
    match attribute.backend_type {
        BackendType::Varchar => Ok(literal),
        // MySQL gives long texts a default only where it is an expression.
        BackendType::Text | BackendType::Json if dialect == Dialect::Mysql => Ok(format!("({literal})")),
        BackendType::Text | BackendType::Json => Ok(literal),
        BackendType::Int | BackendType::Bigint if is_number(0) => Ok(value.to_owned()),
        BackendType::Int | BackendType::Bigint => Err("a whole number"),
        BackendType::Decimal if is_number(1) => Ok(value.to_owned()),
        BackendType::Decimal => Err("a number"),
        BackendType::Boolean => match (value, dialect) {
            ("true" | "1", Dialect::Postgres) => Ok("true".to_owned()),
            ("false" | "0", Dialect::Postgres) => Ok("false".to_owned()),
            ("true" | "1", _) => Ok("1".to_owned()),
            ("false" | "0", _) => Ok("0".to_owned()),
            _ => Err("true or false"),
        },
        BackendType::Date if value.eq_ignore_ascii_case("now") => Ok(match dialect {
            Dialect::Mysql => "(CURRENT_DATE)".to_owned(),
            Dialect::Sqlite | Dialect::Postgres => "CURRENT_DATE".to_owned(),
        }),
        BackendType::Datetime if value.eq_ignore_ascii_case("now") => Ok("CURRENT_TIMESTAMP".to_owned()),
        BackendType::Date | BackendType::Datetime if value.starts_with(|c: char| c.is_ascii_digit()) => Ok(literal),
        BackendType::Date | BackendType::Datetime => Err("\"now\", or a date as 2026-01-31"),
    }
}

/// The names of the indexes that an attribute asks for.
pub(super) fn index_names(code: &str, entity: &EntityDefinition, attribute: &AttributeDefinition) -> Vec<String> {
    let table = value_table(table_of(code, entity), attribute.backend_type);
    let named = |asked: bool, what: &str| asked.then(|| format!("{table}_{}_{what}", attribute.code));
    let names = [
        named(attribute.searchable, "search"),
        named(attribute.filterable, "filter"),
    ];
    names.into_iter().flatten().collect()
}

fn indexes(
    dialect: Dialect,
    code: &str,
    entity: &EntityDefinition,
    table: &str,
    attribute: &AttributeDefinition,
) -> Vec<IndexDefinition> {
    let names = index_names(code, entity, attribute);
    names
        .into_iter()
        .map(|name| {
            let is_search = name.ends_with("_search") && attribute.searchable;
            let (method, columns) = if is_search {
                search(dialect, attribute)
            } else {
                (None, filter(dialect, attribute))
            };
            IndexDefinition {
                name,
                table: table.to_owned(),
                columns,
                method,
                ..IndexDefinition::default()
            }
        })
        .collect()
}

fn at(column: &str) -> IndexPartDefinition {
    IndexPartDefinition {
        column: Some(column.to_owned()),
        ..IndexPartDefinition::default()
    }
}

/// Words in texts where the engine can index them; else the values themselves.
fn search(dialect: Dialect, attribute: &AttributeDefinition) -> (Option<String>, Vec<IndexPartDefinition>) {
    let column = at(&attribute.code);
    match dialect {
        Dialect::Mysql if attribute.backend_type.is_text() => (Some("fulltext".to_owned()), vec![column]),
        Dialect::Postgres if attribute.backend_type.is_text() => {
            let words = format!("to_tsvector('simple', {})", enclose(&attribute.code, '"'));
            let part = IndexPartDefinition {
                expression: Some(words),
                ..IndexPartDefinition::default()
            };
            (Some("gin".to_owned()), vec![part])
        }
        _ => (None, vec![column]),
    }
}

/// From the value to the entity without a look at the table.
fn filter(dialect: Dialect, attribute: &AttributeDefinition) -> Vec<IndexPartDefinition> {
    let long = dialect == Dialect::Mysql && attribute.backend_type == BackendType::Text;
    let value = IndexPartDefinition {
        prefix: long.then_some(PREFIX),
        ..at(&attribute.code)
    };
    vec![value, at(ENTITY_ID)]
}
