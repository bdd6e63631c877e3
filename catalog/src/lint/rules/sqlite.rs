//! SQLite: what ALTER TABLE cannot do, and what rebuilding a table by hand forgets.

use std::collections::BTreeSet;

use crate::lex::{Kind, Lexeme};

use super::super::act::{Act, Action, AlterTable, ColumnDef, ConstraintKind, CreateTable};
use super::super::context::{Context, Found, Memory, words};
use super::super::finding::Severity;
use super::super::types::base;
use super::super::words::{Ident, Named};
use super::super::world::World;

pub(super) fn check(context: &mut Context<'_, '_>) {
    strings(context);
    match context.act {
        Act::CreateTable(create) => create_table(context, create),
        Act::AlterTable(alter) => table(context, alter),
        Act::Drop(dropped) if dropped.kind == "TABLE" => {
            for name in &dropped.names {
                dropped_table(context, name);
            }
        }
        Act::Pragma { name } => pragma(context, name),
        Act::Insert { .. } | Act::Update(_) => casts(context),
        _ => {}
    }
}

fn create_table(context: &mut Context<'_, '_>, create: &CreateTable) {
    if !context.is_up() {
        return;
    }
    let key_of_table = create
        .constraints
        .iter()
        .find_map(|one| match (one.kind, one.columns.as_slice()) {
            (ConstraintKind::PrimaryKey, [column]) => Some(column.key.clone()),
            _ => None,
        });
    for column in &create.columns {
        let key = column.primary_key.is_some() || key_of_table.as_ref() == Some(&column.name.key);
        if key && column.data_type == "int" && !create.options.without_rowid {
            context.say(
                "int-primary-key",
                Severity::Info,
                column.type_span.clone(),
                words(
                    format!(
                        "{} is INT PRIMARY KEY, which is no alias of the rowid",
                        column.name.shown
                    ),
                    "it may be NULL, it is not numbered by itself, and it has an index of its own",
                    "write INTEGER PRIMARY KEY",
                ),
            );
        }
        if let Some(span) = &column.auto_increment {
            context.say(
                "autoincrement",
                Severity::Info,
                span.clone(),
                words(
                    "AUTOINCREMENT only keeps numbers of deleted rows from coming again",
                    "every insert also writes to sqlite_sequence",
                    "leave it out; INTEGER PRIMARY KEY numbers rows by itself",
                ),
            );
        }
    }
    let typed = !create.columns.is_empty() && !create.more_columns;
    if typed && !create.options.strict && !create.temporary {
        context.say(
            "not-strict",
            Severity::Info,
            create.name.span(),
            words(
                format!("{} takes any type in any column", create.name.shown()),
                "a text in an integer column stays a text, and nobody is told",
                "write STRICT behind the brackets",
            ),
        );
    }
}

fn table(context: &mut Context<'_, '_>, alter: &AlterTable) {
    for (action, span) in &alter.actions {
        match action {
            Action::AddColumn { column, .. } => add_column(context, &alter.table, column),
            Action::DropColumn { column, .. } => drop_column(context, &alter.table, column),
            Action::RenameTable(to) => renamed(context, &alter.table, to, span),
            _ => {}
        }
    }
}

fn limit(context: &mut Context<'_, '_>, span: &std::ops::Range<usize>, what: &str, error: &str) {
    context.say(
        "add-column-limits",
        Severity::Error,
        span.clone(),
        words(
            format!("ALTER TABLE cannot add {what}"),
            format!("the statement fails: {error}"),
            "add a plain column and build what it needs apart, or rebuild the table: create the new one, copy, drop, rename",
        ),
    );
}

fn add_column(context: &mut Context<'_, '_>, table: &Named, column: &ColumnDef) {
    if let Some(span) = &column.primary_key {
        limit(context, span, "a PRIMARY KEY column", "Cannot add a PRIMARY KEY column");
    }
    if let Some(span) = &column.unique {
        limit(context, span, "a UNIQUE column", "Cannot add a UNIQUE column");
    }
    if column.stored {
        limit(context, &column.span, "a STORED column", "cannot add a STORED column");
    }
    let empty = context.rows(table) == Some(0) || context.world.is_new(table);
    if let Some(default) = column.default.as_ref().filter(|default| default.computed && !empty) {
        // A constant in brackets is one all the same.
        if !default.calls.is_empty() {
            limit(
                context,
                &default.span,
                "a column with a default that is computed",
                "Cannot add a column with non-constant default",
            );
        }
    }
}

fn drop_column(context: &mut Context<'_, '_>, table: &Named, column: &Ident) {
    let Some(known) = context.world.table(table) else {
        return;
    };
    let used = if known.key_columns.contains(&column.key) {
        "a key or unique"
    } else if known.keys.iter().flatten().any(|one| *one == column.key) {
        "part of an index"
    } else {
        return;
    };
    context.say(
        "drop-column-limits",
        Severity::Error,
        column.span.clone(),
        words(
            format!("{} is {used}", column.shown),
            "the statement fails: SQLite drops no column that something else uses",
            "drop the index first, or rebuild the table without the column",
        ),
    );
}

fn renamed(context: &mut Context<'_, '_>, from: &Named, to: &Named, span: &std::ops::Range<usize>) {
    let (at, memory) = (context.at, &mut *context.memory);
    if context.world.is_new(from) {
        if memory.lost.contains_key(&to.key()) {
            memory.rebuilt.insert(to.key(), (at, span.clone()));
        }
    } else {
        memory.renamed.insert(to.key(), (from.key(), at, span.clone()));
    }
}

fn dropped_table(context: &mut Context<'_, '_>, name: &Named) {
    let key = name.key();
    if let Some(known) = context.world.table(name).filter(|known| !known.made_here) {
        context.memory.lost.insert(key.clone(), known.belongings.clone());
    }
    // t became old, a new t was made, old goes: what pointed to t points to nothing now.
    let Some((before, at, span)) = context.memory.renamed.get(&key).cloned() else {
        return;
    };
    let again = context.world.tables.get(&before).is_some_and(|table| table.made_here);
    if !again || context.memory.legacy {
        return;
    }
    context.found.push(Found {
        at,
        rule: "rebuild-order",
        severity: Severity::Error,
        span,
        words: words(
            format!("{before} is renamed out of the way, and dropped under its new name"),
            "foreign keys, triggers and views of other tables follow the rename, and point to a table that is gone",
            "create the new table under another name, copy, drop the old one, then rename the new one",
        ),
    });
}

fn pragma(context: &mut Context<'_, '_>, name: &str) {
    let span = context.piece.span();
    match name {
        "legacy_alter_table" => {
            context.memory.legacy = true;
            context.say(
                "legacy-alter-table",
                Severity::Warning,
                span,
                words(
                    "a rename no longer follows into views and triggers",
                    "they name a table that is not there, and fail when they are used",
                    "leave it off, and drop and create what has to change",
                ),
            );
        }
        "writable_schema" => context.say(
            "writable-schema",
            Severity::Warning,
            span,
            words(
                "the schema can be edited as text",
                "a slip makes the database unreadable, and nothing checks it",
                "rebuild the table: create the new one, copy, drop, rename",
            ),
        ),
        _ => {}
    }
}

/// What a rebuilt table had and nobody made again.
pub(super) fn after_ups(world: &World, memory: &Memory, found: &mut Vec<Found>) {
    for (table, (at, span)) in &memory.rebuilt {
        let (Some(lost), Some(now)) = (memory.lost.get(table), world.tables.get(table)) else {
            continue;
        };
        let missing: BTreeSet<_> = lost.difference(&now.belongings).collect();
        if missing.is_empty() {
            continue;
        }
        let names: Vec<String> = missing
            .iter()
            .map(|(kind, name)| format!("{} {name}", kind.to_ascii_lowercase()))
            .collect();
        found.push(Found {
            at: *at,
            rule: "rebuild-forgets",
            severity: Severity::Warning,
            span: span.clone(),
            words: words(
                format!("{} went with the old {table}", names.join(", ")),
                "DROP TABLE takes a table's indexes and triggers along, and the new table has none of its own",
                "create them again below, or drop them by name above if that is meant",
            ),
        });
    }
}

/// `"x"` where a value is meant: an identifier, and a string only because nothing has that name.
fn strings(context: &mut Context<'_, '_>) {
    let tokens = &context.piece.tokens;
    let doubled = |token: &Lexeme<'_>| matches!(token.kind, Kind::Quoted(_)) && token.text.starts_with('"');
    let mut found = Vec::new();
    // How deep we are in brackets that hold values.
    let (mut values, mut depth) = (false, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| tokens.get(at));
        let next = tokens.get(at + 1);
        if token.is_word("VALUES") {
            values = true;
        } else if token.is_any(&["SELECT", "RETURNING", "CONFLICT", "BEGIN"]) || token.kind == Kind::Semicolon {
            (values, depth) = (false, 0);
        } else if token.is_symbol("(") {
            let list = before.is_some_and(|before| before.is_word("IN"));
            depth += usize::from(values || list || depth > 0);
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        }
        let path = |token: Option<&Lexeme<'_>>| token.is_some_and(|token| token.is_symbol(".") || token.is_symbol("("));
        let default = before.is_some_and(|before| before.is_word("DEFAULT"));
        if doubled(token) && (depth > 0 || default) && !path(next) && !path(before.filter(|one| one.is_symbol("."))) {
            found.push((token.text.to_owned(), token.start..token.end()));
        }
    }
    for (text, span) in found {
        context.say(
            "double-quoted-string",
            Severity::Warning,
            span,
            words(
                format!("{text} is the name of a column"),
                "it is taken for a string only while no column has that name, and not at all where that is switched off",
                "write strings in single quotes",
            ),
        );
    }
}

/// `CAST(x AS INTEGER)` makes 0 of whatever is no number.
fn casts(context: &mut Context<'_, '_>) {
    let tokens = &context.piece.tokens;
    // Whoever looks at the values first knows.
    let guarded = tokens.iter().any(|token| {
        let guards = ["typeof", "GLOB", "REGEXP", "LIKE", "CASE"];
        token.is_any(&guards)
    });
    if guarded {
        return;
    }
    let mut found = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if !token.is_word("CAST") {
            continue;
        }
        let inside = super::super::words::Cursor::new(context.dialect, &tokens[at + 1..]).brackets();
        let Some([.., word, kind]) = inside else {
            continue;
        };
        let number = ["INTEGER", "INT", "BIGINT", "REAL", "NUMERIC", "DOUBLE", "FLOAT"];
        if word.is_word("AS") && kind.is_any(&number) {
            let end = kind.end() + 1;
            found.push((base(kind.text).to_ascii_uppercase(), token.start..end));
        }
    }
    for (kind, span) in found {
        context.say(
            "cast-to-zero",
            Severity::Warning,
            span,
            words(
                format!("CAST … AS {kind} turns text that is no number into 0"),
                "what stood there is lost without an error",
                "leave such rows out with WHERE … GLOB or typeof(), and deal with them apart",
            ),
        );
    }
}
