//! What indexes, keys and checks are declared as.

use super::period::WITHOUT_OVERLAPS;
use super::{full, list, quoted};
use crate::IdentifierError;
use crate::backtick::literal;
use crate::structure::{Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Options, Table};

/// An index, as it stands in CREATE TABLE and behind ADD.
pub(super) fn definition(index: &Index, table: &Table) -> Result<String, IdentifierError> {
    // Where the server printed it, with what no catalog tells.
    if let Some(printed) = &index.definition {
        return Ok(printed.clone());
    }
    let kind = match (index.method.as_str(), index.unique) {
        ("fulltext", _) => "FULLTEXT KEY",
        ("spatial", _) => "SPATIAL KEY",
        (_, true) => "UNIQUE KEY",
        _ => "KEY",
    };
    let columns = key_parts(&index.parts, &index.options)?;
    let mut sql = format!("{kind} {} ({columns})", quoted(&index.name)?);
    let in_memory = table
        .options
        .get("engine")
        .is_some_and(|engine| engine.eq_ignore_ascii_case("memory"));
    match index.method.as_str() {
        "hash" if !in_memory => sql.push_str(" USING HASH"),
        "btree" if in_memory => sql.push_str(" USING BTREE"),
        "rtree" => sql.push_str(" USING RTREE"),
        _ => {}
    }
    if let Some(parser) = index.options.get("parser") {
        sql.push_str(&format!(" WITH PARSER {}", quoted(parser)?));
    }
    if let Some(comment) = &index.comment {
        sql.push_str(&format!(" COMMENT {}", literal(comment)));
    }
    if let Some(word) = index.options.get("invisible") {
        sql.push(' ');
        sql.push_str(word);
    }
    Ok(sql)
}

/// The parts of an index or a key, and the period in which they tell rows apart.
fn key_parts(of: &[IndexPart], options: &Options) -> Result<String, IdentifierError> {
    let columns = parts(of)?;
    Ok(match options.get(WITHOUT_OVERLAPS) {
        Some(period) => format!("{columns}, {} WITHOUT OVERLAPS", quoted(period)?),
        None => columns,
    })
}

/// The parts of an index, in order.
pub(super) fn parts(parts: &[IndexPart]) -> Result<String, IdentifierError> {
    let mut written = Vec::with_capacity(parts.len());
    for part in parts {
        let mut sql = match &part.on {
            IndexTarget::Column(column) => quoted(column)?,
            IndexTarget::Expression(expression) => format!("({expression})"),
        };
        if let Some(prefix) = part.prefix {
            sql.push_str(&format!("({prefix})"));
        }
        if part.descending {
            sql.push_str(" DESC");
        }
        written.push(sql);
    }
    Ok(written.join(", "))
}

/// A constraint, as it stands in CREATE TABLE and behind ADD. `named`: with its name, else the server makes one up.
pub(super) fn constraint(constraint: &Constraint, named: bool) -> Result<String, IdentifierError> {
    let mut sql = String::new();
    if named && !matches!(constraint.kind, ConstraintKind::PrimaryKey(_)) {
        sql.push_str(&format!("CONSTRAINT {} ", quoted(&constraint.name)?));
    }
    match &constraint.kind {
        ConstraintKind::PrimaryKey(key) => {
            sql.push_str(&format!(
                "PRIMARY KEY ({})",
                key_parts(&key.parts, &constraint.options)?
            ));
            if let Some(method) = constraint.options.get("using") {
                sql.push_str(&format!(" USING {method}"));
            }
            if let Some(comment) = &constraint.comment {
                sql.push_str(&format!(" COMMENT {}", literal(comment)));
            }
        }
        ConstraintKind::Unique(key) => sql.push_str(&format!("UNIQUE KEY ({})", parts(&key.parts)?)),
        ConstraintKind::ForeignKey(key) => sql.push_str(&foreign_key(key)?),
        ConstraintKind::Check { expression } => {
            sql.push_str(&format!("CHECK ({expression})"));
            if constraint.unchecked {
                sql.push_str(" NOT ENFORCED");
            }
        }
        ConstraintKind::Exclusion { definition } => sql.push_str(definition),
    }
    Ok(sql)
}

fn foreign_key(key: &ForeignKey) -> Result<String, IdentifierError> {
    Ok(format!(
        "FOREIGN KEY ({}) REFERENCES {} ({}) ON DELETE {} ON UPDATE {}",
        list(&key.columns)?,
        full(&key.references)?,
        list(&key.referenced)?,
        key.on_delete,
        key.on_update
    ))
}

/// The names of the columns of an index, in order, up to the first part that is none.
pub(super) fn leading(parts: &[IndexPart]) -> Vec<String> {
    parts
        .iter()
        .map_while(|part| part.column_name().filter(|_| part.prefix.is_none()))
        .map(str::to_lowercase)
        .collect()
}
