//! Statements that change rows, and whole tables at once.

use super::super::act::{Act, Written};
use super::super::context::{Context, words};
use super::super::finding::Severity;

pub(super) fn check(context: &mut Context<'_, '_>) {
    match context.act {
        Act::Truncate { tables, cascade } => {
            for table in tables {
                if context.world.is_new(table) {
                    continue;
                }
                let more = if *cascade {
                    ", and of every table that points to it,"
                } else {
                    ""
                };
                context.say(
                    "truncate",
                    Severity::Warning,
                    table.span(),
                    words(
                        format!("all rows of {}{more} go", table.shown()),
                        "everybody waits for the lock, and nothing brings the rows again",
                        "keep the rows elsewhere first, or delete those that are not needed",
                    ),
                );
            }
        }
        Act::Update(written) if !written.chosen => {
            every_row(context, written, "update-without-where", "changed");
        }
        Act::Delete(written) if !written.chosen => {
            every_row(context, written, "delete-without-where", "deleted");
        }
        Act::Maintain {
            rule,
            what,
            advice,
            table,
        } => {
            let consequence = "everybody who uses it waits until it is done";
            match table {
                Some(table) => context.cost(
                    rule,
                    table,
                    context.piece.span(),
                    words(format!("{what} locks {}", table.shown()), consequence, *advice),
                ),
                None => context.say(
                    rule,
                    Severity::Warning,
                    context.piece.span(),
                    words(format!("{what} locks what it works on"), consequence, *advice),
                ),
            }
        }
        Act::LockTable(tables) => {
            for table in tables {
                context.cost(
                    "lock-table",
                    table,
                    context.piece.span(),
                    words(
                        format!("{} is locked to the end of the transaction", table.shown()),
                        "programs wait for as long as the whole schema takes",
                        "leave locking to the statements that need it",
                    ),
                );
            }
        }
        _ => {}
    }
}

fn every_row(context: &mut Context<'_, '_>, written: &Written, rule: &'static str, what: &str) {
    let Some(table) = &written.table else {
        return;
    };
    context.cost(
        rule,
        table,
        context.piece.span(),
        words(
            format!("every row of {} is {what}", table.shown()),
            "writers wait until all of it is done, in one transaction, and a forgotten WHERE looks the same",
            "say which rows are meant, and go through a large table in batches",
        ),
    );
}
