//! The rules, by what they are about.

mod columns;
mod existence;
mod mysql;
mod names;
mod postgres;
mod postgres_types;
mod reverse;
mod rows;
mod sqlite;

pub(super) use reverse::there_and_back;

use crate::Dialect;

use super::act::{Act, Action, ColumnDef, Constraint, ConstraintKind, Span};
use super::context::{Context, Found, Memory, Read, words};
use super::finding::Severity;
use super::input::Script;
use super::question;
use super::words::Named;
use super::world::World;

/// Everything there is to say about one statement, before it runs.
pub(super) fn check(context: &mut Context<'_, '_>) {
    existence::check(context);
    names::check(context);
    rows::check(context);
    columns::check(context);
    in_transaction(context);
    match context.dialect {
        Dialect::Postgres => {
            postgres::check(context);
            postgres_types::check(context);
        }
        Dialect::Mysql => mysql::check(context),
        Dialect::Sqlite => sqlite::check(context),
    }
    if context.is_up() {
        note_foreign_keys(context);
        question::ask(context);
    }
}

fn in_transaction(context: &mut Context<'_, '_>) {
    if context.script.outside_transaction {
        return;
    }
    let Some(what) = crate::script::forbidden_in_transaction(context.dialect, &context.piece.tokens) else {
        return;
    };
    let rule = if what.contains("CONCURRENTLY") {
        "concurrently-in-transaction"
    } else {
        "forbids-transaction"
    };
    context.say(
        rule,
        Severity::Error,
        context.piece.span(),
        words(
            format!("{what} cannot run inside a transaction"),
            "the statement fails",
            "put it alone into a step with '-- lockstep: no-transaction' at the top",
        ),
    );
}

/// What can only be said of a whole script.
pub(super) fn of_script(dialect: Dialect, script: &Script, at: usize, reads: &[Read<'_>], found: &mut Vec<Found>) {
    if dialect == Dialect::Mysql {
        mysql::of_script(script, at, reads, found);
    }
}

/// What can only be said once every way up ran.
pub(super) fn after_ups(dialect: Dialect, world: &World, memory: &Memory, found: &mut Vec<Found>) {
    if dialect == Dialect::Sqlite {
        sqlite::after_ups(world, memory, found);
    }
    // MySQL makes the index itself.
    if dialect == Dialect::Mysql {
        return;
    }
    for (table, columns, at, span) in &memory.foreign_keys {
        let Some(known) = world.table(table) else {
            continue;
        };
        if columns.is_empty() || known.has_key_for(columns) {
            continue;
        }
        found.push(Found {
            at: *at,
            rule: "foreign-key-without-index",
            severity: Severity::Info,
            span: span.clone(),
            words: words(
                format!("no index of {} begins with {}", table.ident.shown, columns.join(", ")),
                "deleting or changing a row of the other table reads all of this one",
                format!("create an index on {} ({})", table.ident.shown, columns.join(", ")),
            ),
        });
    }
}

fn note_foreign_keys(context: &mut Context<'_, '_>) {
    let mut keys: Vec<(&Named, Vec<String>, Span)> = Vec::new();
    let inline = |column: &ColumnDef| {
        let span = column.references.as_ref()?.span.clone();
        Some((vec![column.name.key.clone()], span))
    };
    let declared = |one: &Constraint| one.columns.iter().map(|one| one.key.clone()).collect();
    match context.act {
        Act::CreateTable(create) => {
            let of = &create.name;
            keys.extend(
                create
                    .columns
                    .iter()
                    .filter_map(inline)
                    .map(|(columns, span)| (of, columns, span)),
            );
            let constraints = create
                .constraints
                .iter()
                .filter(|one| one.kind == ConstraintKind::ForeignKey);
            keys.extend(constraints.map(|one| (of, declared(one), one.span.clone())));
        }
        Act::AlterTable(alter) => {
            for (action, span) in &alter.actions {
                match action {
                    Action::AddColumn { column, .. } => {
                        keys.extend(inline(column).map(|(columns, span)| (&alter.table, columns, span)));
                    }
                    Action::AddConstraint(one) if one.kind == ConstraintKind::ForeignKey => {
                        keys.push((&alter.table, declared(one), span.clone()));
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    let at = context.at;
    let keys = keys
        .into_iter()
        .map(|(of, columns, span)| (of.clone(), columns, at, span));
    context.memory.foreign_keys.extend(keys);
}
