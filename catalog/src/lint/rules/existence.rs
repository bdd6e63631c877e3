//! What a statement names and what is not there, not yet or not any more.

use crate::Dialect;

use super::super::act::{Act, Action, AlterTable, Constraint};
use super::super::context::{Context, words};
use super::super::finding::Severity;
use super::super::words::{Ident, Named};
use super::super::world::Gone;

pub(super) fn check(context: &mut Context<'_, '_>) {
    let act = context.act;
    match act {
        Act::CreateTable(create) => {
            let there = context.world.tables.get(&create.name.key());
            if there.is_some() && !create.if_not_exists && !create.temporary {
                already(context, &create.name, "table");
            }
            let own = create.name.key();
            let inline = create.columns.iter().filter_map(|column| column.references.as_ref());
            let more = create.constraints.iter().filter_map(|one| one.references.as_ref());
            for reference in inline.chain(more).filter(|one| one.table.key() != own) {
                referenced(context, &reference.table);
            }
        }
        Act::AlterTable(alter) => {
            if !alter.if_exists {
                table(context, &alter.table);
            }
            altered(context, alter);
        }
        Act::CreateIndex(index) => {
            table(context, &index.table);
            columns(context, &index.table, &index.columns);
        }
        Act::Create {
            kind: "TRIGGER",
            on: Some(on),
            ..
        } => table(context, on),
        Act::Drop(dropped) if matches!(dropped.kind, "TABLE" | "VIEW") && !dropped.if_exists && !dropped.temporary => {
            for name in &dropped.names {
                table(context, name);
            }
        }
        Act::RenameTables(pairs) => {
            // A swap goes through names that the same statement makes.
            for (at, (from, _)) in pairs.iter().enumerate() {
                if !pairs[..at].iter().any(|(_, to)| to.key() == from.key()) {
                    table(context, from);
                }
            }
        }
        Act::Truncate { tables, .. } | Act::LockTable(tables) => {
            for name in tables {
                table(context, name);
            }
        }
        Act::Update(written) | Act::Delete(written) => {
            if let Some(name) = &written.table {
                table(context, name);
            }
        }
        Act::Insert {
            table: into,
            columns: given,
            ..
        } => {
            table(context, into);
            columns(context, into, given);
        }
        _ => {}
    }
}

fn altered(context: &mut Context<'_, '_>, alter: &AlterTable) {
    let of = &alter.table;
    // What one action adds the next may use.
    let added = |key: &str| {
        alter.actions.iter().any(|(action, _)| match action {
            Action::AddColumn { column, .. } => column.name.key == key,
            Action::RenameColumn { to, .. } => to.key == key,
            Action::Modify { column, .. } => column.name.key == key,
            _ => false,
        })
    };
    for (action, _) in &alter.actions {
        match action {
            Action::AddColumn { column, if_not_exists } => {
                let known = context.world.table(of).and_then(|table| table.columns.as_ref());
                let there = known.is_some_and(|known| known.contains_key(&column.name.key));
                if there && !if_not_exists {
                    let name = Named {
                        schema: Some(of.ident.clone()),
                        ident: column.name.clone(),
                    };
                    already(context, &name, "column");
                }
                if let Some(reference) = &column.references {
                    referenced(context, &reference.table);
                }
            }
            Action::DropColumn { column, if_exists } if !if_exists => {
                columns(context, of, std::slice::from_ref(column))
            }
            Action::SetType { column, .. }
            | Action::SetNotNull(column)
            | Action::DropNotNull(column)
            | Action::DropDefault(column)
            | Action::AlterColumn(column)
            | Action::RenameColumn { from: column, .. }
            | Action::Modify { from: Some(column), .. } => columns(context, of, std::slice::from_ref(column)),
            Action::Modify { from: None, column } => columns(context, of, std::slice::from_ref(&column.name)),
            Action::AddConstraint(one) => {
                let used: Vec<Ident> = one.columns.iter().filter(|one| !added(&one.key)).cloned().collect();
                columns(context, of, &used);
                constrained(context, one);
            }
            _ => {}
        }
    }
}

fn constrained(context: &mut Context<'_, '_>, one: &Constraint) {
    if let Some(reference) = &one.references {
        referenced(context, &reference.table);
        columns(context, &reference.table, &reference.columns);
    }
}

/// SQLite looks for the other table of a foreign key when rows come, not when the key is declared.
fn referenced(context: &mut Context<'_, '_>, name: &Named) {
    if context.dialect != Dialect::Sqlite {
        table(context, name);
    }
}

/// Names of which no catalog shows the table.
fn is_the_servers(name: &Named) -> bool {
    let schema = name.schema.as_ref().map(|schema| schema.key.as_str());
    let own = ["sqlite_", "pg_", "lockstep_", "new.", "old."];
    own.iter().any(|start| name.ident.key.starts_with(start))
        || schema.is_some_and(|schema| {
            [
                "information_schema",
                "pg_catalog",
                "pg_temp",
                "temp",
                "mysql",
                "sys",
                "performance_schema",
            ]
            .contains(&schema)
        })
}

fn table(context: &mut Context<'_, '_>, name: &Named) {
    let key = name.key();
    if is_the_servers(name) || context.world.table(name).is_some() {
        return;
    }
    let shown = name.shown();
    let gone = context.world.gone.get(&key).copied();
    if let Some((how, _)) = gone {
        let what = match how {
            Gone::Dropped => "dropped",
            Gone::Renamed => "renamed",
        };
        return context.say(
            "used-after-drop",
            Severity::Error,
            name.span(),
            words(
                format!("{shown} was {what} further up"),
                "the statement fails",
                "use the table before that, or by its new name",
            ),
        );
    }
    let later = context.memory.made_at.get(&key).is_some_and(|made| *made > context.at);
    // What goes to make room for what takes its name (a rebuild) was there before.
    let makes_room = matches!(context.act, Act::Drop(_));
    if later && !makes_room && context.is_up() {
        return context.say(
            "used-before-created",
            Severity::Error,
            name.span(),
            words(
                format!("{shown} is only created further down"),
                "the statement fails, unless a table of this name is there already",
                "put the statement that creates it above",
            ),
        );
    }
    if context.world.complete {
        context.say(
            "unknown-table",
            Severity::Error,
            name.span(),
            words(
                format!("there is no table {shown}"),
                "the statement fails",
                "correct the name, or require the schema that creates it",
            ),
        );
    }
}

fn columns(context: &mut Context<'_, '_>, of: &Named, used: &[Ident]) {
    let known = context.world.table(of).and_then(|table| table.columns.as_ref());
    let Some(known) = known else {
        return;
    };
    let hidden: &[&str] = match context.dialect {
        Dialect::Sqlite => &["rowid", "oid", "_rowid_"],
        Dialect::Postgres => &["ctid", "xmin", "xmax", "tableoid"],
        Dialect::Mysql => &[],
    };
    let missing: Vec<Ident> = used
        .iter()
        .filter(|column| !known.contains_key(&column.key) && !hidden.contains(&column.key.as_str()))
        .cloned()
        .collect();
    for column in missing {
        context.say(
            "unknown-column",
            Severity::Error,
            column.span.clone(),
            words(
                format!("{} has no column {}", of.shown(), column.shown),
                "the statement fails",
                "correct the name, or add the column first",
            ),
        );
    }
}

fn already(context: &mut Context<'_, '_>, name: &Named, what: &'static str) {
    context.say(
        "already-exists",
        Severity::Error,
        name.ident.span.clone(),
        words(
            format!("there is a {what} {} already", name.shown()),
            "the statement fails",
            "choose another name, or take the statement out",
        ),
    );
}
