//! What columns are made of, on every engine.

use crate::Dialect;

use super::super::act::{Act, Action, ColumnDef, ConstraintKind};
use super::super::context::{Context, words};
use super::super::finding::Severity;
use super::super::types::{base, canonical};
use super::super::words::Named;

pub(super) fn check(context: &mut Context<'_, '_>) {
    if !context.is_up() {
        return;
    }
    match context.act {
        Act::CreateTable(create) => {
            let mut keys: Vec<&ColumnDef> = create.columns.iter().filter(|one| one.primary_key.is_some()).collect();
            for constraint in &create.constraints {
                if let (ConstraintKind::PrimaryKey, [column]) = (constraint.kind, constraint.columns.as_slice()) {
                    keys.extend(create.columns.iter().find(|one| one.name.key == column.key));
                }
            }
            for column in keys {
                key(context, column);
            }
        }
        Act::AlterTable(alter) => {
            for (action, _) in &alter.actions {
                if let Action::AddColumn { column, .. } = action {
                    if column.primary_key.is_some() {
                        key(context, column);
                    }
                    without_value(context, &alter.table, column);
                }
            }
        }
        _ => {}
    }
}

/// A key of four bytes or fewer. SQLite's integers have eight.
fn key(context: &mut Context<'_, '_>, column: &ColumnDef) {
    let spelled = canonical(context.dialect, &column.data_type);
    let small = match context.dialect {
        Dialect::Sqlite => return,
        _ => ["integer", "int", "smallint", "mediumint", "tinyint"]
            .contains(&base(&spelled).trim_end_matches(" unsigned")),
    };
    // A key that points elsewhere is as wide as what it points to.
    if !small || column.references.is_some() {
        return;
    }
    context.say(
        "prefer-bigint-key",
        Severity::Info,
        column.type_span.clone(),
        words(
            format!("the key {} runs out of {} values", column.name.shown, column.data_type),
            "every insert fails from then on, and widening the key writes the table anew",
            "make it bigint; four bytes a row are all it costs",
        ),
    );
}

/// NOT NULL without anything to put into the rows that are there.
fn without_value(context: &mut Context<'_, '_>, table: &Named, column: &ColumnDef) {
    let filled = column.default.as_ref().is_some_and(|default| !default.is_null);
    let spelled = base(&column.data_type);
    let counted = column.identity || column.stored || column.auto_increment.is_some() || spelled.contains("serial");
    let Some(not_null) = &column.not_null else {
        return;
    };
    let empty = context.rows(table) == Some(0) || context.world.is_new(table);
    if filled || counted || empty || context.dialect == Dialect::Mysql {
        return;
    }
    context.say(
        "add-not-null-column",
        Severity::Error,
        not_null.clone(),
        words(
            format!("the rows of {} have no value for {}", table.shown(), column.name.shown),
            "the statement fails if there is a single row, and programs that do not know the column cannot insert",
            "give it a DEFAULT, or add it without NOT NULL, fill it, and set NOT NULL in a later version",
        ),
    );
}
