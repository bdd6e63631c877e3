//! What takes a name or the rows behind it from programs that run.

use super::super::act::{Act, Action, Dropped};
use super::super::context::{Context, words};
use super::super::finding::Severity;
use super::super::words::Named;

pub(super) fn check(context: &mut Context<'_, '_>) {
    // A way back takes what its way up added; whether it does is a rule of its own.
    if !context.is_up() {
        return;
    }
    match context.act {
        Act::Drop(dropped) => drop(context, dropped),
        Act::RenameTables(pairs) => {
            for (from, to) in pairs {
                rename(context, from, to);
            }
        }
        Act::AlterTable(alter) => {
            let new = context.world.is_new(&alter.table);
            for (action, span) in &alter.actions {
                match action {
                    Action::RenameTable(to) => rename(context, &alter.table, to),
                    Action::RenameColumn { from, to } if !new => {
                        context.say(
                            "rename-column",
                            Severity::Warning,
                            span.clone(),
                            renamed(
                                &format!("column {}", from.shown),
                                &to.shown,
                                "add the new column, keep both filled, move the programs, then drop the old one",
                            ),
                        );
                    }
                    Action::Modify {
                        from: Some(from),
                        column,
                    } if !new && from.key != column.name.key => {
                        context.say(
                            "rename-column",
                            Severity::Warning,
                            span.clone(),
                            renamed(
                                &format!("column {}", from.shown),
                                &column.name.shown,
                                "add the new column, keep both filled, move the programs, then drop the old one",
                            ),
                        );
                    }
                    Action::DropColumn { column, .. } if !new => {
                        context.say(
                            "drop-column",
                            Severity::Warning,
                            span.clone(),
                            words(
                                format!("the values of column {} go", column.shown),
                                "programs that still name the column fail, and the way back cannot bring the values again",
                                "drop it in a later schema version, when no live version reads or writes it",
                            ),
                        );
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
}

fn renamed(what: &str, to: &str, advice: &str) -> super::super::context::Words {
    words(
        format!("{what} is called {to} from now on"),
        "programs that run use the old name and fail until they are replaced",
        advice,
    )
}

fn rename(context: &mut Context<'_, '_>, from: &Named, to: &Named) {
    // A table that this migration made takes a name: the end of a rebuild.
    if context.world.is_new(from) {
        return;
    }
    context.say(
        "rename-table",
        Severity::Warning,
        from.span(),
        renamed(
            &format!("table {}", from.shown()),
            &to.shown(),
            "create the new table, or a view of the new name, and let go of the old one when no live version uses it",
        ),
    );
}

fn drop(context: &mut Context<'_, '_>, dropped: &Dropped) {
    if let Some(cascade) = &dropped.cascade {
        context.say(
            "drop-cascade",
            Severity::Warning,
            cascade.clone(),
            words(
                "CASCADE also drops what nobody named",
                "views, foreign keys and functions that depend on it go without being listed, and no way back knows them",
                "drop the dependents by name, so that it fails where one was forgotten",
            ),
        );
    }
    for name in &dropped.names {
        match dropped.kind {
            "TABLE" if !dropped.temporary && !context.world.is_new(name) => {
                if is_rebuild(context, name) {
                    continue;
                }
                context.say(
                    "drop-table",
                    Severity::Warning,
                    name.span(),
                    words(
                        format!("the rows of {} go", name.shown()),
                        "programs that still name the table fail, and the way back cannot bring the rows again",
                        "drop it in a later schema version, when no live version reads or writes it",
                    ),
                );
            }
            "DATABASE" | "SCHEMA" => context.say(
                "drop-database",
                Severity::Warning,
                name.span(),
                words(
                    format!("everything in {} goes", name.shown()),
                    "no way back brings it again",
                    "drop the tables by name, in a later schema version",
                ),
            ),
            _ => {}
        }
    }
}

/// Whether a table that this migration made takes the dropped one's name further down.
fn is_rebuild(context: &Context<'_, '_>, name: &Named) -> bool {
    let made = context.memory.made_at.get(&name.key());
    made.is_some_and(|made| *made > context.at) || context.memory.renamed.contains_key(&name.key())
}
