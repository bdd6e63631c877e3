//! What the rows have to be asked before a script runs: each row of an answer is one that cannot follow.

use std::ops::Range;

use serde::Serialize;

use crate::Dialect;
use crate::quote;
use crate::structure::Name;

use super::act::{Act, Action, ConstraintKind, Reference};
use super::context::Context;
use super::types::{base, canonical, keeps_values, range, size};
use super::words::{Ident, Named};

/// A question to the rows. It has no side effects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Question {
    /// Each row of its answer is in the way: its values name it.
    pub query: String,
    /// What such rows mean.
    pub message: String,
    /// What to do about them.
    pub advice: String,
    /// The script.
    pub file: String,
    /// The line, counted from 1.
    pub line: u32,
    /// The column, counted from 1 in characters.
    pub column: u32,
    /// The first byte of the statement's part that is meant.
    pub start: usize,
    /// The byte after it.
    pub end: usize,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) span: Range<usize>,
    pub(super) query: String,
    pub(super) message: String,
    pub(super) advice: String,
}

/// Puts the questions that a statement raises. Only about tables and columns that are still as the database has them.
pub(super) fn ask(context: &mut Context<'_, '_>) {
    match context.act {
        Act::AlterTable(alter) => {
            for (action, span) in &alter.actions {
                let asked = about(context, &alter.table, action, span.clone());
                let at = context.at;
                context.questions.extend(asked.map(|asked| (at, asked)));
            }
        }
        Act::CreateIndex(index) if index.unique && index.plain => {
            let long = index.prefixes.iter().any(|(_, prefix)| *prefix);
            let asked = unique(context, &index.table, &index.columns, context.piece.span()).filter(|_| !long);
            let at = context.at;
            context.questions.extend(asked.map(|asked| (at, asked)));
        }
        _ => {}
    }
}

fn about(context: &Context<'_, '_>, table: &Named, action: &Action, span: Range<usize>) -> Option<Asked> {
    let dialect = context.dialect;
    match action {
        Action::SetNotNull(column) => nulls(context, table, column, span),
        Action::SetType {
            column,
            data_type,
            using: false,
        } => converts(context, table, column, data_type, span),
        Action::Modify { from, column } if dialect == Dialect::Mysql => {
            let of = from.as_ref().unwrap_or(&column.name);
            let was_nullable = known(context, table, of)?.nullable;
            if column.not_null.is_some()
                && was_nullable
                && let Some(asked) = nulls(context, table, of, span.clone())
            {
                return Some(asked);
            }
            converts(context, table, of, &column.data_type, span)
        }
        Action::AddConstraint(one) => match one.kind {
            ConstraintKind::PrimaryKey | ConstraintKind::Unique if one.plain => {
                unique(context, table, &one.columns, span)
            }
            ConstraintKind::ForeignKey if !one.not_valid => {
                orphans(context, table, &one.columns, one.references.as_ref()?, span)
            }
            _ => None,
        },
        _ => None,
    }
}

fn known<'c>(context: &'c Context<'_, '_>, table: &Named, column: &Ident) -> Option<&'c crate::structure::Column> {
    let columns = context.world.table(table)?.columns.as_ref()?;
    columns.get(&column.key)?.column.as_ref()
}

/// The table's name and the columns', quoted.
fn quoted(context: &Context<'_, '_>, table: &Named, columns: &[Ident]) -> Option<(String, Vec<String>)> {
    let name = context.world.table(table)?.in_database.as_ref()?;
    let columns = columns.iter().map(|column| {
        let exact = &known(context, table, column)?.name;
        quote(context.dialect, exact).ok()
    });
    Some((whole(context.dialect, name)?, columns.collect::<Option<_>>()?))
}

fn whole(dialect: Dialect, name: &Name) -> Option<String> {
    let own = quote(dialect, &name.name).ok()?;
    if name.schema.is_empty() {
        return Some(own);
    }
    Some(format!("{}.{own}", quote(dialect, &name.schema).ok()?))
}

/// What names a row: its key, or PostgreSQL's and SQLite's own number of it.
fn key(context: &Context<'_, '_>, table: &Named) -> Option<String> {
    let at = context.world.table(table)?;
    let columns: Vec<String> = at
        .columns
        .as_ref()?
        .iter()
        .filter(|(key, _)| at.keys.first().is_some_and(|first| first.contains(key)))
        .filter_map(|(_, column)| quote(context.dialect, &column.column.as_ref()?.name).ok())
        .collect();
    if !columns.is_empty() {
        return Some(columns.join(", "));
    }
    Some(
        match context.dialect {
            Dialect::Postgres => "ctid",
            Dialect::Sqlite => "rowid",
            Dialect::Mysql => "'a row'",
        }
        .to_owned(),
    )
}

fn nulls(context: &Context<'_, '_>, table: &Named, column: &Ident, span: Range<usize>) -> Option<Asked> {
    let (from, columns) = quoted(context, table, std::slice::from_ref(column))?;
    let [value] = columns.as_slice() else {
        return None;
    };
    let key = key(context, table)?;
    Some(Asked {
        span,
        query: format!("SELECT {key}, NULL AS value FROM {from} WHERE {value} IS NULL"),
        message: format!("{} is NULL in some rows of {}", column.shown, table.shown()),
        advice: "fill them first".to_owned(),
    })
}

fn unique(context: &Context<'_, '_>, table: &Named, columns: &[Ident], span: Range<usize>) -> Option<Asked> {
    let (from, names) = quoted(context, table, columns)?;
    if names.is_empty() {
        return None;
    }
    let list = names.join(", ");
    let there: Vec<String> = names.iter().map(|name| format!("{name} IS NOT NULL")).collect();
    Some(Asked {
        span,
        query: format!(
            "SELECT {list}, count(*) AS times FROM {from} WHERE {} GROUP BY {list} HAVING count(*) > 1",
            there.join(" AND ")
        ),
        message: format!("some rows of {} are alike in {}", table.shown(), shown(columns)),
        advice: "make them different, or remove the surplus, first".to_owned(),
    })
}

fn shown(columns: &[Ident]) -> String {
    let names: Vec<&str> = columns.iter().map(|column| column.shown.as_str()).collect();
    names.join(", ")
}

fn orphans(
    context: &Context<'_, '_>,
    table: &Named,
    columns: &[Ident],
    reference: &Reference,
    span: Range<usize>,
) -> Option<Asked> {
    if reference.columns.len() != columns.len() {
        return None;
    }
    let (from, here) = quoted(context, table, columns)?;
    let (other, there) = quoted(context, &reference.table, &reference.columns)?;
    let pairs: Vec<String> = here
        .iter()
        .zip(&there)
        .map(|(here, there)| format!("parent.{there} = child.{here}"))
        .collect();
    let set: Vec<String> = here.iter().map(|name| format!("child.{name} IS NOT NULL")).collect();
    let list: Vec<String> = here.iter().map(|name| format!("child.{name}")).collect();
    Some(Asked {
        span,
        query: format!(
            "SELECT DISTINCT {} FROM {from} AS child WHERE {} AND NOT EXISTS (SELECT 1 FROM {other} AS parent WHERE {})",
            list.join(", "),
            set.join(" AND "),
            pairs.join(" AND ")
        ),
        message: format!(
            "{} of some rows of {} is not in {}",
            shown(columns),
            table.shown(),
            reference.table.shown()
        ),
        advice: "add what they point to, or change them, first".to_owned(),
    })
}

fn converts(context: &Context<'_, '_>, table: &Named, column: &Ident, to: &str, span: Range<usize>) -> Option<Asked> {
    let from_type = known(context, table, column)?.data_type.clone();
    let (from, names) = quoted(context, table, std::slice::from_ref(column))?;
    let [value] = names.as_slice() else {
        return None;
    };
    let condition = stays_behind(context.dialect, value, &from_type, to)?;
    let key = key(context, table)?;
    Some(Asked {
        span,
        query: format!("SELECT {key}, {value} AS value FROM {from} WHERE {condition}"),
        message: format!("{} of some rows of {} cannot become {to}", column.shown, table.shown()),
        advice: "mend these rows first".to_owned(),
    })
}

/// Which values cannot become the other type; `None` where all can, or nothing tells without trying.
fn stays_behind(dialect: Dialect, value: &str, from: &str, to: &str) -> Option<String> {
    if keeps_values(dialect, from, to) {
        return None;
    }
    let (from, to) = (canonical(dialect, from), canonical(dialect, to));
    let texts = [
        "character varying",
        "character",
        "text",
        "varchar",
        "char",
        "tinytext",
        "mediumtext",
        "longtext",
    ];
    let from_text = texts.contains(&base(&from));
    let (cast, matches) = match dialect {
        Dialect::Postgres => (format!("{value}::text"), "!~"),
        Dialect::Mysql => (value.to_owned(), "NOT REGEXP"),
        Dialect::Sqlite => return None,
    };
    if let Some((low, high)) = range(&to) {
        if from_text {
            return Some(format!("{cast} {matches} '^[[:space:]]*[-+]?[0-9]+[[:space:]]*$'"));
        }
        return range(&from).map(|_| format!("{value} NOT BETWEEN {low} AND {high}"));
    }
    match base(&to) {
        "numeric" | "decimal" | "double precision" | "double" | "real" | "float" if from_text => Some(format!(
            "{cast} {matches} '^[[:space:]]*[-+]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][-+]?[0-9]+)?[[:space:]]*$'"
        )),
        "uuid" if from_text && dialect == Dialect::Postgres => Some(format!(
            "lower({cast}) {matches} '^[{{]?[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?[0-9a-f]{{4}}-?[0-9a-f]{{4}}-?[0-9a-f]{{12}}[}}]?$'"
        )),
        name if texts.contains(&name) => {
            let limit = size(&to).or_else(|| ["char", "character"].contains(&name).then_some(1))?;
            Some(format!("char_length({cast}) > {limit}"))
        }
        _ => None,
    }
}
