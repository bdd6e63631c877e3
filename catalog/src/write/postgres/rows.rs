//! Questions to the rows that are there. They are asked before anything runs, so they name tables and columns as they are
//! called before the renames.

use std::collections::HashMap;

use super::context::Context;
use super::conversion;
use super::exclusion;
use super::names::{ident, qualified};
use super::node::id;
use crate::Dialect;
use crate::compare::{Rename, is_widening};
use crate::lex;
use crate::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Kind, Name, ObjectRef, Table,
    UserType, UserTypeKind,
};
use crate::write::Check;
use crate::write::fill::filled_with;

/// What a row must not be like.
#[derive(Debug)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) message: String,
}

/// A table that is there, seen under its new names.
struct Rows {
    /// What stands behind `FROM`.
    source: String,
    /// What names a row.
    key: String,
}

impl Rows {
    /// As they will be: with values of the types and defaults that come, where that can be foreseen.
    fn of(context: &Context<'_>, table: &Name) -> Option<Self> {
        Self::seen(context, table, true)
    }

    /// With values of the types that are.
    fn as_they_are(context: &Context<'_>, table: &Name) -> Option<Self> {
        Self::seen(context, table, false)
    }

    fn seen(context: &Context<'_>, table: &Name, converted: bool) -> Option<Self> {
        let old = name_before(context, table);
        // A new table under a name that another one gave up has no rows.
        let given_up = |one: &Rename| matches!(one, Rename::Table { from, .. } if from == table);
        if old == *table && context.renames.0.iter().any(given_up) {
            return None;
        }
        // The rows of a foreign table are another server's.
        let is_here = |table: &&Table| !table.options.contains_key("foreign_server");
        let before = context.before.table(&old).filter(is_here)?;
        let columns = columns_before(context, table);
        let to = context.table_to(table);
        let mut wanted: Vec<String> = Vec::new();
        let mut changed = old != *table;
        for column in &before.columns {
            let renamed = columns.iter().find(|(_, was)| **was == column.name);
            let now = renamed.map_or(&column.name, |(now, _)| now);
            let after = to.and_then(|to| to.column(now));
            let foreseen = after
                .filter(|_| converted)
                .and_then(|after| conversion::foreseen(column, after));
            let filled = after.and_then(|after| filled(column, after, foreseen.is_some()));
            let is_foreseen = foreseen.is_some();
            let name = foreseen.unwrap_or_else(|| ident(&column.name));
            match filled {
                Some(default) => wanted.push(format!("COALESCE({name}, {default}) AS {}", ident(now))),
                None if renamed.is_some() || is_foreseen => wanted.push(format!("{name} AS {}", ident(now))),
                None => {
                    wanted.push(name);
                    continue;
                }
            }
            changed = true;
        }
        // A new column is in every row what its default says.
        for column in to.iter().flat_map(|table| &table.columns) {
            let was = columns.get(&column.name).map_or(column.name.as_str(), String::as_str);
            if before.column(was).is_none() && column.generated.is_none() && column.identity.is_none() {
                let value = column
                    .default
                    .as_deref()
                    .filter(|default| !default.contains("nextval("))
                    .unwrap_or("NULL");
                changed = true;
                wanted.push(format!("({value})::{} AS {}", column.data_type, ident(&column.name)));
            }
        }
        let key = key(before, &columns);
        let source = if changed {
            format!(
                "(SELECT {}, ctid FROM {}) AS {}",
                wanted.join(", "),
                qualified(&old),
                ident(&table.name)
            )
        } else {
            qualified(&old)
        };
        Some(Self { source, key })
    }
}

/// What a column without a value will hold; a counter is not to be moved by asking.
fn filled<'c>(from: &Column, to: &'c Column, foreseen: bool) -> Option<&'c str> {
    let same_type = foreseen || from.data_type == to.data_type;
    filled_with(from, to).filter(|default| same_type && !default.contains("nextval("))
}

/// What demands something of a column that gets its default where it holds nothing, or values of another type, and stays as
/// it is: it is asked of the rows as if it were new.
pub(super) fn after_change(context: &Context<'_>, table: &Name, old: &Column, new: &Column) -> Vec<Check> {
    let converts = conversion::foreseen(old, new).is_some();
    let narrows = converts && !is_widening(Dialect::Postgres, &old.data_type, &new.data_type);
    let (Some(from), Some(to)) = (context.table_from(table), context.table_to(table)) else {
        return Vec::new();
    };
    if filled(old, new, converts).is_none() && !narrows {
        return Vec::new();
    }
    let column = new.name.as_str();
    let is_over = |part: &IndexPart| match &part.on {
        IndexTarget::Column(name) => name == column,
        IndexTarget::Expression(text) => mentions(text, column),
    };
    let mut checks = Vec::new();
    // Names that the server gave may have changed with the column's.
    let was = |one: &&Constraint| from.constraints.iter().any(|other| other.kind == one.kind);
    for one in to.constraints.iter().filter(was) {
        let is_about = match &one.kind {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => key.parts.iter().any(is_over),
            ConstraintKind::ForeignKey(key) => key.columns.iter().any(|name| name == column),
            ConstraintKind::Check { expression } => mentions(expression, column),
            ConstraintKind::Exclusion { definition } => mentions(definition, column),
        };
        if is_about {
            checks.extend(constraint(context, table, one));
        }
    }
    let was = |one: &&Index| {
        let mut others = from.indexes.iter();
        others.any(|other| (&other.parts, &other.predicate) == (&one.parts, &one.predicate))
    };
    for one in to.indexes.iter().filter(was) {
        if one.parts.iter().any(is_over) || one.predicate.as_ref().is_some_and(|text| mentions(text, column)) {
            checks.extend(index(context, table, one));
        }
    }
    checks
}

/// Whether an expression, as the server prints it, names a column.
fn mentions(text: &str, column: &str) -> bool {
    let quoted = ident(column);
    let mut lexemes = lex::lex(Dialect::Postgres, text).lexemes.into_iter();
    lexemes.any(|lexeme| lexeme.text == column || lexeme.text == quoted)
}

/// What a table was called.
fn name_before(context: &Context<'_>, table: &Name) -> Name {
    context
        .renames
        .0
        .iter()
        .find_map(|rename| match rename {
            Rename::Table { from, to } if to == table => Some(from.clone()),
            _ => None,
        })
        .unwrap_or_else(|| table.clone())
}

/// Columns that were called something else: by their new names.
fn columns_before(context: &Context<'_>, table: &Name) -> HashMap<String, String> {
    context
        .renames
        .0
        .iter()
        .filter_map(|rename| match rename {
            Rename::Column { table: of, from, to } if of == table => Some((to.clone(), from.clone())),
            _ => None,
        })
        .collect()
}

fn key(table: &Table, renamed: &HashMap<String, String>) -> String {
    let now = |column: &str| {
        let found = renamed.iter().find(|(_, was)| was.as_str() == column);
        ident(found.map_or(column, |(now, _)| now.as_str()))
    };
    match table.primary_key() {
        Some(key) if !key.parts.is_empty() => key
            .parts
            .iter()
            .filter_map(|part| part.column_name())
            .map(now)
            .collect::<Vec<_>>()
            .join(", "),
        _ => "ctid".to_owned(),
    }
}

fn check(about: ObjectRef, rows: &Rows, value: &str, condition: &str, message: String) -> Check {
    Check {
        about,
        query: format!("SELECT {}, {value} FROM {} WHERE {condition}", rows.key, rows.source),
        message,
    }
}

/// Rows of a column that a conversion would not keep.
pub(super) fn condition(context: &Context<'_>, table: &Name, column: &str, condition: Condition) -> Option<Check> {
    let rows = Rows::as_they_are(context, table)?;
    let about = id::part(Kind::Table, table, column);
    let guarded = format!("{} IS NOT NULL AND ({})", ident(column), condition.sql);
    Some(check(about, &rows, &ident(column), &guarded, condition.message))
}

pub(super) fn not_null(context: &Context<'_>, table: &Name, column: &str) -> Option<Check> {
    let rows = Rows::as_they_are(context, table)?;
    let about = id::part(Kind::Table, table, column);
    let name = ident(column);
    Some(check(
        about,
        &rows,
        &name,
        &format!("{name} IS NULL"),
        "is NULL, which will not be allowed".to_owned(),
    ))
}

/// A column that must have a value, and has none to give to the rows that are there.
pub(super) fn added_column(context: &Context<'_>, table: &Name, column: &Column) -> Vec<Check> {
    let fills_itself = column.default.is_some() || column.generated.is_some() || column.identity.is_some();
    let domain = context.to_types.values().any(|one| match &one.kind {
        UserTypeKind::Domain { default: Some(_), .. } => column.data_type.ends_with(&one.name.name),
        _ => false,
    });
    if column.nullable || fills_itself || domain {
        return Vec::new();
    }
    let Some(rows) = Rows::of(context, table) else {
        return Vec::new();
    };
    let about = id::part(Kind::Table, table, &column.name);
    let message = format!("has no value for the new column {}, which has no default", column.name);
    vec![check(about, &rows, "NULL", "true", message)]
}

/// Rows that none of the partitions takes. What only the server can tell (`HASH`) is left to it.
pub(super) fn homeless(context: &Context<'_>, table: &Name, leaves: &[&Table]) -> Option<Check> {
    let rows = Rows::of(context, table)?;
    let takes = leaves
        .iter()
        .map(|leaf| Some(format!("({})", leaf.partition_of.as_ref()?.condition.as_ref()?)))
        .collect::<Option<Vec<String>>>()?;
    let condition = match takes.is_empty() {
        true => "true".to_owned(),
        false => format!("({}) IS NOT TRUE", takes.join(" OR ")),
    };
    let about = id::of(Kind::Table, table);
    Some(check(
        about,
        &rows,
        "NULL",
        &condition,
        "has no partition to go to".to_owned(),
    ))
}

/// Rows of a table that becomes a partition which do not belong there, and rows of the default partition that do.
pub(super) fn strangers(context: &Context<'_>, table: &Table) -> Vec<Check> {
    let Some((part, condition)) = table
        .partition_of
        .as_ref()
        .and_then(|part| Some((part, part.condition.as_ref()?)))
    else {
        return Vec::new();
    };
    let about = id::of(Kind::Table, &table.name);
    // One that was set aside gives its rows to the new whole, which asks for itself.
    let rows_of = |name: &Name| Rows::of(context, name).filter(|_| context.exists(name));
    let own = rows_of(&table.name).map(|rows| {
        let message = format!("does not belong to the partition {}", table.name);
        check(
            about.clone(),
            &rows,
            "NULL",
            &format!("({condition}) IS NOT TRUE"),
            message,
        )
    });
    let is_default = |one: &&Table| {
        one.name != table.name
            && one
                .partition_of
                .as_ref()
                .is_some_and(|other| other.parent == part.parent && other.bound == "DEFAULT")
    };
    let others = context
        .comparison
        .to
        .tables
        .iter()
        .find(is_default)
        .filter(|_| part.bound != "DEFAULT");
    let others = others
        .and_then(|one| Some((one, rows_of(&one.name)?)))
        .map(|(one, rows)| {
            let message = format!(
                "is in {} and would belong to the new partition {}",
                one.name, table.name
            );
            check(about, &rows, "NULL", &format!("({condition})"), message)
        });
    own.into_iter().chain(others).collect()
}

/// A column that will be computed: rows that hold something else would lose it.
pub(super) fn computed(context: &Context<'_>, table: &Name, column: &Column, expression: &str) -> Vec<Check> {
    let Some(rows) = Rows::as_they_are(context, table) else {
        return Vec::new();
    };
    let about = id::part(Kind::Table, table, &column.name);
    let name = ident(&column.name);
    let condition = format!("{name} IS NOT NULL AND {name}::text IS DISTINCT FROM ({expression})::text");
    vec![check(
        about,
        &rows,
        &name,
        &condition,
        "is not what the column will compute".to_owned(),
    )]
}

/// What a constraint demands of the rows that are there.
pub(super) fn constraint(context: &Context<'_>, table: &Name, one: &Constraint) -> Vec<Check> {
    if one.unchecked {
        return Vec::new();
    }
    let about = id::part(Kind::Constraint, table, &one.name);
    let Some(rows) = Rows::of(context, table) else {
        return Vec::new();
    };
    match &one.kind {
        ConstraintKind::Check { expression } => {
            let message = format!("does not meet {}", one.name);
            vec![check(about, &rows, "NULL", &format!("NOT ({expression})"), message)]
        }
        ConstraintKind::ForeignKey(key) => foreign(context, about, &rows, key).into_iter().collect(),
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
            let columns: Vec<String> = key
                .parts
                .iter()
                .filter_map(|part| part.column_name())
                .map(ident)
                .collect();
            vec![duplicates(about, &rows, &columns, None, key.nulls_not_distinct)]
        }
        ConstraintKind::Exclusion { definition } => {
            exclusion::check(about, &rows.source, &rows.key, definition, &one.name)
                .into_iter()
                .collect()
        }
    }
}

pub(super) fn index(context: &Context<'_>, table: &Name, one: &Index) -> Vec<Check> {
    if !one.unique {
        return Vec::new();
    }
    let Some(rows) = Rows::of(context, table) else {
        return Vec::new();
    };
    let about = id::part(Kind::Index, table, &one.name);
    let parts: Vec<String> = one
        .parts
        .iter()
        .map(|part| match &part.on {
            IndexTarget::Column(name) => ident(name),
            IndexTarget::Expression(text) => format!("({text})"),
        })
        .collect();
    vec![duplicates(
        about,
        &rows,
        &parts,
        one.predicate.as_deref(),
        one.nulls_not_distinct,
    )]
}

fn duplicates(about: ObjectRef, rows: &Rows, parts: &[String], predicate: Option<&str>, nulls_alike: bool) -> Check {
    let mut conditions: Vec<String> = predicate.map(|text| format!("({text})")).into_iter().collect();
    if !nulls_alike {
        conditions.extend(parts.iter().map(|part| format!("{part} IS NOT NULL")));
    }
    let filter = if conditions.is_empty() {
        String::new()
    } else {
        format!(" WHERE {}", conditions.join(" AND "))
    };
    let list = parts.join(", ");
    let Rows { source, key } = rows;
    // Where NULLs are alike `IN` does not find them.
    let query = if nulls_alike {
        let partition = format!("pg_catalog.count(*) OVER (PARTITION BY {list}) AS lockstep_count");
        let all = format!("SELECT *, ctid AS lockstep_ctid, {partition} FROM {source}{filter}");
        let key = if key == "ctid" { "lockstep_ctid" } else { key.as_str() };
        format!("SELECT {key}, {list} FROM ({all}) AS lockstep_row WHERE lockstep_count > 1 ORDER BY {list}")
    } else {
        let more = if filter.is_empty() { " WHERE" } else { " AND" };
        format!(
            "SELECT {key}, {list} FROM {source}{filter}{more} ({list}) IN (SELECT {list} FROM {source}{filter} GROUP BY \
             {list} HAVING pg_catalog.count(*) > 1) ORDER BY {list}"
        )
    };
    Check {
        about,
        query,
        message: "is there more than once".to_owned(),
    }
}

/// Rows that point to a row of a partition that goes.
pub(super) fn pointing(context: &Context<'_>, table: &Name, key: &ForeignKey, partition: &Name) -> Option<Check> {
    let (rows, gone) = (Rows::of(context, table)?, Rows::of(context, partition)?);
    let list = |columns: &[String]| columns.iter().map(|one| ident(one)).collect::<Vec<_>>().join(", ");
    let columns = list(&key.columns);
    let condition = format!("({columns}) IN (SELECT {} FROM {})", list(&key.referenced), gone.source);
    let about = id::of(Kind::Table, partition);
    let message = format!("points to a row of {partition}, which goes");
    Some(check(about, &rows, &columns, &condition, message))
}

fn foreign(context: &Context<'_>, about: ObjectRef, rows: &Rows, key: &ForeignKey) -> Option<Check> {
    let columns: Vec<String> = key.columns.iter().map(|column| ident(column)).collect();
    let there = columns
        .iter()
        .map(|column| format!("{column} IS NOT NULL"))
        .collect::<Vec<_>>()
        .join(" AND ");
    let alias = ident("lockstep_referenced");
    let condition = match Rows::of(context, &key.references) {
        Some(referenced) => {
            let same: Vec<String> = columns
                .iter()
                .zip(&key.referenced)
                .map(|(column, other)| format!("{alias}.{} = {}.{column}", ident(other), ident("lockstep_row")))
                .collect();
            format!(
                "{there} AND NOT EXISTS (SELECT FROM (SELECT * FROM {}) AS {alias} WHERE {})",
                referenced.source,
                same.join(" AND ")
            )
        }
        None => there,
    };
    let rows = Rows {
        source: format!("(SELECT *, ctid FROM {}) AS {}", rows.source, ident("lockstep_row")),
        key: rows.key.clone(),
    };
    // Where the names were changed, `ctid` is a column of the inner table already.
    let rows = Rows {
        source: rows
            .source
            .replace("(SELECT *, ctid FROM (SELECT", "(SELECT * FROM (SELECT"),
        key: rows.key,
    };
    let message = format!("points to no row of {}", key.references);
    Some(check(about, &rows, &columns.join(", "), &condition, message))
}

/// What a changed domain demands of the columns of it.
pub(super) fn domain(context: &Context<'_>, from: &UserType, to: &UserType) -> Vec<Check> {
    let (
        UserTypeKind::Domain {
            nullable: was,
            checks: old,
            ..
        },
        UserTypeKind::Domain { nullable, checks, .. },
    ) = (&from.kind, &to.kind)
    else {
        return Vec::new();
    };
    let about = id::of(Kind::Type, &to.name);
    let columns: Vec<(Name, String)> = context
        .from_needs
        .iter()
        .filter(|(of, on)| *on == about && of.kind == Kind::Table)
        .filter_map(|(of, _)| Some((of.name.clone(), of.part.clone()?)))
        .collect();
    let mut found = Vec::new();
    for (table, column) in columns {
        let Some(rows) = Rows::of(context, &table) else {
            continue;
        };
        let about = id::part(Kind::Table, &table, &column);
        let name = ident(&column);
        if *was && !nullable {
            found.push(check(
                about.clone(),
                &rows,
                &name,
                &format!("{name} IS NULL"),
                "is NULL".to_owned(),
            ));
        }
        for one in checks.iter().filter(|one| !one.unchecked && !old.contains(one)) {
            let condition = format!("NOT {}", with_value(&one.definition, &name));
            found.push(check(
                about.clone(),
                &rows,
                &name,
                &condition,
                format!("does not meet {}", one.name),
            ));
        }
    }
    found
}

/// What a check of a domain says of the column that `VALUE` stands for.
pub(super) fn with_value(definition: &str, column: &str) -> String {
    let text = definition.strip_prefix("CHECK ").unwrap_or(definition);
    lex::lex(Dialect::Postgres, text)
        .lexemes
        .iter()
        .map(|lexeme| if lexeme.is_word("VALUE") { column } else { lexeme.text })
        .collect()
}
