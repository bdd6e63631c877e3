//! MySQL and MariaDB: what copies a table, what is cut off or taken away without a word.

use crate::Dialect;
use crate::script::{Conduct, conduct_of};

use super::super::act::{Act, Action, AlterTable, ColumnDef, ConstraintKind, CreateTable};
use super::super::context::{At, Context, Found, Read, words};
use super::super::finding::Severity;
use super::super::input::Script;
use super::super::types::{base, canonical};
use super::super::words::{Ident, Named};

pub(super) fn check(context: &mut Context<'_, '_>) {
    match context.act {
        Act::CreateTable(create) => create_table(context, create),
        Act::AlterTable(alter) => table(context, alter),
        Act::CreateIndex(index) => prefixes(context, &index.table, &index.prefixes, index.unique),
        Act::SqlMode { strict: false } => context.say(
            "sql-mode-not-strict",
            Severity::Warning,
            context.piece.span(),
            words(
                "the mode is not strict",
                "values that do not fit are cut off or become 0, and only a warning says so",
                "leave sql_mode alone; mend the values instead",
            ),
        ),
        Act::Insert { ignore: true, .. } => ignores(context),
        Act::Update(written) | Act::Delete(written) if written.ignore => ignores(context),
        _ => {}
    }
}

fn ignores(context: &mut Context<'_, '_>) {
    context.say(
        "ignore-truncates",
        Severity::Warning,
        context.piece.span(),
        words(
            "IGNORE turns errors into warnings",
            "rows that are in the way are left out, and values that do not fit are cut off, without a word",
            "say what is to be left out with a WHERE, and let the rest fail",
        ),
    );
}

/// Statements that commit by themselves, beside others.
pub(super) fn of_script(script: &Script, at: usize, reads: &[Read<'_>], found: &mut Vec<Found>) {
    let commits = |read: &Read<'_>| conduct_of(Dialect::Mysql, &read.piece.tokens) != Conduct::Transactional;
    let Some(first) = reads.iter().position(commits).filter(|_| reads.len() > 1) else {
        return;
    };
    // The first one is fine by itself; what comes beside it is not.
    let piece = if first == 0 { 1 } else { first };
    found.push(Found {
        at: At { script: at, piece },
        rule: "several-ddl",
        // Lockstep refuses such a step; other tools run it.
        severity: if script.is_step {
            Severity::Error
        } else {
            Severity::Warning
        },
        span: reads[piece].piece.span(),
        words: words(
            "a statement that changes the schema commits by itself, and this script has more than one statement",
            "a failure or a crash between them leaves half of the script done",
            "split it: a script for each statement that changes the schema, and those that change rows apart",
        ),
    });
}

fn create_table(context: &mut Context<'_, '_>, create: &CreateTable) {
    if let Some(engine) = &create.options.engine {
        engine_is(context, engine);
    }
    if let Some(charset) = &create.options.charset {
        charset_is(context, charset);
    }
    for column in &create.columns {
        column_type(context, column);
    }
}

fn engine_is(context: &mut Context<'_, '_>, engine: &Ident) {
    if ["myisam", "aria", "memory", "csv", "merge", "archive"].contains(&engine.key.as_str()) && context.is_up() {
        context.say(
            "engine-not-innodb",
            Severity::Warning,
            engine.span.clone(),
            words(
                format!("{} has no transactions", engine.shown),
                "a failure in the middle of a statement leaves half of it, and foreign keys are not checked",
                "write ENGINE = InnoDB, or leave it out",
            ),
        );
    }
}

fn charset_is(context: &mut Context<'_, '_>, charset: &Ident) {
    let name = charset.key.as_str();
    let three_bytes = ["utf8", "utf8mb3"].contains(&name) || name.starts_with("utf8_") || name.starts_with("utf8mb3_");
    if three_bytes && context.is_up() {
        context.say(
            "utf8-three-bytes",
            Severity::Warning,
            charset.span.clone(),
            words(
                format!("{} has three bytes a character", charset.shown),
                "an emoji or a rare character is refused, or cuts off the text where the mode is not strict",
                "write utf8mb4",
            ),
        );
    }
}

fn column_type(context: &mut Context<'_, '_>, column: &ColumnDef) {
    if let Some(charset) = &column.charset {
        charset_is(context, charset);
    }
    if base(&canonical(Dialect::Mysql, &column.data_type)) == "timestamp" && context.is_up() {
        context.say(
            "timestamp-2038",
            Severity::Info,
            column.type_span.clone(),
            words(
                format!("{} is TIMESTAMP", column.name.shown),
                "it ends on 19 January 2038, and its values move with the session's time zone",
                "write DATETIME, and keep UTC in it",
            ),
        );
    }
}

/// The words of a hint, as far as they decide whether a copy is made.
struct Hints {
    copies: bool,
    refuses_to_copy: bool,
}

fn hints(alter: &AlterTable) -> Hints {
    let has = |wanted: &[&str]| {
        alter.actions.iter().any(|(action, _)| match action {
            Action::Algorithm(word) => wanted.contains(&word.as_str()),
            _ => false,
        })
    };
    let lock_free = alter.actions.iter().any(|(action, _)| match action {
        Action::Lock(word) => word == "NONE",
        _ => false,
    });
    Hints {
        copies: has(&["COPY"]),
        refuses_to_copy: has(&["INPLACE", "INSTANT", "NOCOPY"]) || lock_free,
    }
}

fn table(context: &mut Context<'_, '_>, alter: &AlterTable) {
    let of = &alter.table;
    let hints = hints(alter);
    let new_key = alter.actions.iter().any(|(action, _)| match action {
        Action::AddConstraint(constraint) => constraint.kind == ConstraintKind::PrimaryKey,
        Action::AddColumn { column, .. } => column.primary_key.is_some(),
        _ => false,
    });
    for (action, span) in &alter.actions {
        match action {
            Action::Algorithm(word) if word == "COPY" => waits(context, of, span, "ALGORITHM=COPY copies the table"),
            Action::Lock(word) if ["EXCLUSIVE", "SHARED"].contains(&word.as_str()) => {
                waits(context, of, span, "the hint locks the table");
            }
            Action::AddColumn { column, .. } => {
                column_type(context, column);
                implicit(context, of, column);
            }
            Action::Modify { from, column } => {
                column_type(context, column);
                forgets(context, of, from.as_ref().unwrap_or(&column.name), column);
            }
            Action::Engine(engine) => engine_is(context, engine),
            Action::Charset(charset) | Action::ConvertCharset(Some(charset)) => charset_is(context, charset),
            Action::AddIndex {
                prefixes: parts,
                unique,
                ..
            } => prefixes(context, of, parts, *unique),
            _ => {}
        }
        let why = copies(context, of, action, new_key);
        if let (Some(why), false, false) = (why, hints.copies, hints.refuses_to_copy) {
            context.cost(
                "alter-copies",
                of,
                span.clone(),
                words(
                    format!("{why}: {} is copied", of.shown()),
                    "nobody writes to it until all rows are copied",
                    "add ALGORITHM=INPLACE, LOCK=NONE so that it fails rather than blocks, or use gh-ost or pt-online-schema-change",
                ),
            );
        }
    }
}

fn waits(context: &mut Context<'_, '_>, table: &Named, span: &std::ops::Range<usize>, message: &str) {
    context.cost(
        "algorithm-copy",
        table,
        span.clone(),
        words(
            message,
            "writers wait until it is done, with EXCLUSIVE readers as well",
            "write ALGORITHM=INPLACE, LOCK=NONE, so that it fails where it would block",
        ),
    );
}

/// Why the action makes a copy of the table, if it does.
fn copies(context: &Context<'_, '_>, table: &Named, action: &Action, new_key: bool) -> Option<String> {
    match action {
        Action::Modify { from, column } => {
            let known = context.world.table(table).and_then(|table| table.columns.as_ref());
            let before = known.and_then(|known| known.get(&from.as_ref().unwrap_or(&column.name).key));
            let to = canonical(Dialect::Mysql, &column.data_type);
            match before.map(|before| canonical(Dialect::Mysql, &before.data_type)) {
                Some(from) if from == to => None,
                // A longer varchar is a note in the table's definition, while its length takes one byte before and after.
                Some(from) if short_strings(&from, &to) => None,
                Some(from) => Some(format!("{} becomes {to} instead of {from}", column.name.shown)),
                None => Some(format!("{} may become another type", column.name.shown)),
            }
        }
        Action::ConvertCharset(_) => Some("every text is converted".to_owned()),
        Action::DropPrimaryKey if !new_key => Some("rows are sorted by the primary key".to_owned()),
        Action::Engine(_) => Some("the storage engine changes".to_owned()),
        Action::Rewrites(what) => Some((*what).to_owned()),
        Action::AddConstraint(constraint) if constraint.kind == ConstraintKind::ForeignKey => {
            Some("the foreign key is checked".to_owned())
        }
        Action::AddColumn { column, .. } if column.stored => Some("the value is computed for every row".to_owned()),
        _ => None,
    }
}

fn short_strings(from: &str, to: &str) -> bool {
    use super::super::types::size;
    let both = base(from) == "varchar" && base(to) == "varchar";
    // Four bytes a character: up to 63 of them the length fits into one byte.
    both && matches!((size(from), size(to)), (Some(from), Some(to)) if from <= to && (to <= 63 || from >= 256))
}

fn implicit(context: &mut Context<'_, '_>, table: &Named, column: &ColumnDef) {
    let Some(not_null) = &column.not_null else {
        return;
    };
    if column.default.is_some() || column.auto_increment.is_some() || column.stored || context.world.is_new(table) {
        return;
    }
    if context.rows(table) == Some(0) {
        return;
    }
    context.say(
        "implicit-default",
        Severity::Warning,
        not_null.clone(),
        words(
            format!("the rows of {} get an invented {}", table.shown(), column.name.shown),
            "0, '' or '0000-00-00' look like values that somebody gave; programs that do not know the column cannot insert",
            "give it a DEFAULT, or add it without NOT NULL, fill it, and make it NOT NULL later",
        ),
    );
}

/// What the definition of before had and the new one does not repeat.
fn forgets(context: &mut Context<'_, '_>, table: &Named, from: &Ident, column: &ColumnDef) {
    let known = context.world.table(table).and_then(|table| table.columns.as_ref());
    let before = known
        .and_then(|known| known.get(&from.key))
        .and_then(|known| known.column.as_ref());
    let message = match before {
        Some(before) => {
            let mut lost = Vec::new();
            let mut check = |had: bool, has: bool, what: &'static str| {
                if had && !has {
                    lost.push(what);
                }
            };
            check(
                !before.nullable,
                column.not_null.is_some() || column.primary_key.is_some(),
                "NOT NULL",
            );
            check(
                before.default.is_some(),
                column.default.is_some() || column.auto_increment.is_some(),
                "DEFAULT",
            );
            check(before.comment.is_some(), column.comment, "COMMENT");
            check(before.auto_increment, column.auto_increment.is_some(), "AUTO_INCREMENT");
            check(before.options.contains_key("on_update"), column.on_update, "ON UPDATE");
            check(
                before.options.contains_key("charset") || before.collation.is_some(),
                column.charset.is_some(),
                "CHARACTER SET",
            );
            if lost.is_empty() {
                return;
            }
            format!("{} loses {}", from.shown, lost.join(", "))
        }
        None if column.not_null.is_none() && column.default.is_none() && !column.comment => {
            format!("{} loses whatever is not repeated here", from.shown)
        }
        None => return,
    };
    let severity = if before.is_some() {
        Severity::Warning
    } else {
        Severity::Info
    };
    context.say(
        "modify-drops-attributes",
        severity,
        column.span.clone(),
        words(
            message,
            "MODIFY and CHANGE replace the whole definition: NOT NULL, DEFAULT, COMMENT and the rest go where they are left out",
            "repeat all of it, as SHOW CREATE TABLE prints it",
        ),
    );
}

/// Texts without a length in an index, and unique indexes over beginnings.
fn prefixes(context: &mut Context<'_, '_>, table: &Named, parts: &[(Ident, bool)], unique: bool) {
    for (column, prefix) in parts {
        let known = context.world.table(table).and_then(|table| table.columns.as_ref());
        let data_type = known
            .and_then(|known| known.get(&column.key))
            .map(|column| canonical(Dialect::Mysql, &column.data_type))
            .unwrap_or_default();
        let long = ["text", "blob"].iter().any(|kind| base(&data_type).ends_with(kind));
        if long && !prefix {
            context.say(
                "index-needs-prefix",
                Severity::Error,
                column.span.clone(),
                words(
                    format!(
                        "{} is {data_type}, of which an index takes a beginning only",
                        column.shown
                    ),
                    "the statement fails: key specification without a key length",
                    format!("write {}(64), or give the column a VARCHAR type", column.shown),
                ),
            );
        }
        if *prefix && unique {
            context.say(
                "unique-prefix",
                Severity::Warning,
                column.span.clone(),
                words(
                    format!("the index looks at the beginning of {} only", column.shown),
                    "two values that begin alike count as the same, and the second is refused",
                    "index the whole column, or a hash of it",
                ),
            );
        }
    }
}
