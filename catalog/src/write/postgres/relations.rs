//! Making and dropping tables.

use std::collections::HashSet;

use super::change::Mode;
use super::columns;
use super::constraints;
use super::context::Context;
use super::names::{ident, qualified};
use super::spelled;
use super::tables;
use super::types::text_or_null;
use crate::structure::{Constraint, ConstraintKind, Name, ObjectRef, Table};
use crate::write::Change;

/// Whether a constraint is written inside `CREATE TABLE`. Foreign keys come when all tables are there.
pub(super) fn is_inline(one: &Constraint) -> bool {
    !one.inherited
        && !one.unchecked
        && !one.options.contains_key(constraints::INCOMPLETE)
        && !matches!(one.kind, ConstraintKind::ForeignKey(_))
}

/// Whether foreign keys lead from one table that goes back to another.
pub(super) fn points_back(context: &Context<'_>, from: &Name, to: &Name) -> bool {
    let mut seen: HashSet<&Name> = HashSet::new();
    let mut work = vec![from];
    while let Some(name) = work.pop() {
        if name == to {
            return true;
        }
        let Some(table) = context.table_from(name).filter(|_| context.is_dropped(name)) else {
            continue;
        };
        for constraint in &table.constraints {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind
                && seen.insert(&key.references)
            {
                work.push(&key.references);
            }
        }
    }
    false
}

pub(super) fn drop(about: &ObjectRef, one: &Table) -> Change {
    let word = if one.options.contains_key("foreign_server") {
        "FOREIGN TABLE"
    } else {
        "TABLE"
    };
    Change::new(about, format!("DROP {word} {}", qualified(&one.name)), "drop the table")
        .locks(&one.name, Mode::AccessExclusive)
}

pub(super) fn create(context: &Context<'_>, about: &ObjectRef, one: &Table) -> Vec<Change> {
    let name = qualified(&one.name);
    let foreign = one.options.get("foreign_server");
    let unlogged = if one.options.contains_key("unlogged") {
        "UNLOGGED "
    } else {
        ""
    };
    let word = if foreign.is_some() { "FOREIGN TABLE" } else { "TABLE" };
    let mut sql = format!("CREATE {unlogged}{word} {name}");
    let typed = one.options.get("of_type");
    let joins = joins_later(context, one);
    let partition_of = one.partition_of.as_ref().filter(|_| !joins);
    let mut items: Vec<String> = match (partition_of, typed) {
        (Some(_), _) => Vec::new(),
        (None, Some(_)) => one.columns.iter().filter_map(columns::with_options).collect(),
        (None, None) => one
            .columns
            .iter()
            .filter(|column| joins || !column.inherited)
            .map(|column| columns::definition(&one.name, column))
            .collect(),
    };
    let said = |constraint: &&Constraint| {
        is_inline(constraint) || (joins && matches!(constraint.kind, ConstraintKind::Check { .. }))
    };
    for constraint in one.constraints.iter().filter(said) {
        items.push(format!(
            "CONSTRAINT {} {}",
            ident(&constraint.name),
            spelled::constraint(constraint)
        ));
    }
    let body = if items.is_empty() {
        "()".to_owned()
    } else {
        format!("(\n    {}\n)", items.join(",\n    "))
    };
    match (partition_of, typed) {
        (Some(part), _) => {
            sql.push_str(&format!(" PARTITION OF {}", qualified(&part.parent)));
            if !items.is_empty() {
                sql.push_str(&format!(" {body}"));
            }
            sql.push_str(&format!(" {}", part.bound));
        }
        (None, Some(of)) => {
            sql.push_str(&format!(" OF {of}"));
            if !items.is_empty() {
                sql.push_str(&format!(" {body}"));
            }
        }
        (None, None) => sql.push_str(&format!(" {body}")),
    }
    if !one.inherits.is_empty() {
        let parents: Vec<String> = one.inherits.iter().map(qualified).collect();
        sql.push_str(&format!(" INHERITS ({})", parents.join(", ")));
    }
    if let Some(partitioning) = &one.partitioning {
        sql.push_str(&format!(" PARTITION BY {}", partitioning.by));
    }
    if let Some(server) = foreign {
        sql.push_str(&format!(" SERVER {}", ident(server)));
        if let Some(options) = one.options.get("foreign_options").filter(|text| !text.is_empty()) {
            sql.push_str(&format!(" OPTIONS ({options})"));
        }
    }
    if let Some(method) = one.options.get("access_method") {
        sql.push_str(&format!(" USING {}", ident(method)));
    }
    let with = tables::storage(&one.options);
    if !with.is_empty() {
        sql.push_str(&format!(" WITH ({with})"));
    }
    if let Some(space) = one.options.get("tablespace") {
        sql.push_str(&format!(" TABLESPACE {}", ident(space)));
    }
    let mut statements = vec![Change::new(about, sql, "create the table")];
    for column in &one.columns {
        statements.extend(columns::after_creation(context, about, one, column));
    }
    if joins {
        statements.extend(tables::attach(about, one));
    }
    if !context.is_rebuilt(&one.name) {
        statements.extend(tables::row_security(about, None, one));
    }
    if one.comment.is_some() {
        statements.push(comment(about, one));
    }
    for constraint in one
        .constraints
        .iter()
        .filter(|constraint| is_inline(constraint) && constraint.comment.is_some())
    {
        statements.push(constraints::comment(about, &one.name, constraint));
    }
    statements
}

/// A partition with keys of its own, of a table that is there: made as a table and attached, so that its keys become the
/// parts of the parent's indexes; made as a partition it would get parts beside them.
fn joins_later(context: &Context<'_>, one: &Table) -> bool {
    let own_key = |one: &Constraint| {
        !one.inherited && matches!(one.kind, ConstraintKind::PrimaryKey(_) | ConstraintKind::Unique(_))
    };
    one.partition_of
        .as_ref()
        .is_some_and(|part| context.exists(&part.parent))
        && one.constraints.iter().any(own_key)
}

pub(super) fn comment(about: &ObjectRef, one: &Table) -> Change {
    let word = if one.options.contains_key("foreign_server") {
        "FOREIGN TABLE"
    } else {
        "TABLE"
    };
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON {word} {} IS {text}", qualified(&one.name)),
        "describe the table",
    )
}
