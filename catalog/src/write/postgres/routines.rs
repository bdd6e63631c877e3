//! Functions, procedures, aggregates and triggers.

use super::change::Mode;
use super::names::{ident, qualified};
use super::node::{Node, State, Thing, id};
use super::types::text_or_null;
use crate::compare::Pair;
use crate::structure::{Kind, ObjectRef, Routine, RoutineKind, Trigger};
use crate::write::Change;

pub(super) fn routine<'a>(pair: &Pair<'a, Routine>) -> Node<'a> {
    let about = pair
        .to()
        .or(pair.from())
        .map_or_else(|| ObjectRef::new(Kind::Routine, Default::default()), id::routine);
    let thing = Thing::Routine(*pair);
    match *pair {
        Pair::Added(_) => Node::new(about, thing, State::Create),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike: true, .. } => Node::new(about, thing, State::Keep),
        Pair::Both { from, to, .. } => {
            let mut statements = Vec::new();
            if from.definition != to.definition {
                if !replaceable(from, to) {
                    return Node::new(about, thing, State::Recreate);
                }
                statements.push(Change::new(&about, to.definition.clone(), "replace the function"));
            }
            if from.comment != to.comment {
                statements.push(comment(&about, to));
            }
            Node::new(about, thing, State::Keep).altered(statements)
        }
    }
}

/// What `CREATE OR REPLACE` may not change: the result, the arguments' names, defaults that calls rely on.
fn replaceable(from: &Routine, to: &Routine) -> bool {
    let number = |one: &Routine| {
        one.options
            .get("default_arguments")
            .and_then(|count| count.parse::<u32>().ok())
            .unwrap_or(0)
    };
    from.kind != RoutineKind::Aggregate
        && from.returns == to.returns
        && from.options.get("identity_arguments") == to.options.get("identity_arguments")
        && from.options.get("window") == to.options.get("window")
        && number(from) <= number(to)
}

fn target(one: &Routine) -> String {
    let (word, arguments) = match one.kind {
        RoutineKind::Function => ("FUNCTION", one.arguments.as_str()),
        RoutineKind::Procedure => ("PROCEDURE", one.arguments.as_str()),
        RoutineKind::Aggregate => {
            let arguments = one.options.get("identity_arguments").map_or("", String::as_str);
            ("AGGREGATE", if arguments.is_empty() { "*" } else { arguments })
        }
    };
    format!("{word} {}({arguments})", qualified(&one.name))
}

pub(super) fn drop(about: &ObjectRef, one: &Routine) -> Change {
    Change::new(about, format!("DROP {}", target(one)), "drop the function")
}

pub(super) fn create(about: &ObjectRef, one: &Routine) -> Vec<Change> {
    let mut statements = vec![Change::new(about, one.definition.clone(), "create the function")];
    if one.comment.is_some() {
        statements.push(comment(about, one));
    }
    statements
}

fn comment(about: &ObjectRef, one: &Routine) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON {} IS {text}", target(one)),
        "describe the function",
    )
}

pub(super) fn trigger<'a>(pair: &Pair<'a, Trigger>) -> Node<'a> {
    let about = pair.to().or(pair.from()).map_or_else(
        || ObjectRef::new(Kind::Trigger, Default::default()),
        |one| id::part(Kind::Trigger, &one.on, &one.name),
    );
    let thing = Thing::Trigger(*pair);
    match *pair {
        Pair::Added(_) => Node::new(about, thing, State::Create),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike: true, .. } => Node::new(about, thing, State::Keep),
        Pair::Both { from, to, .. } => {
            if from.definition != to.definition {
                return Node::new(about, thing, State::Recreate);
            }
            let mut statements = Vec::new();
            if from.options != to.options {
                statements.push(enable(&about, to));
            }
            if from.comment != to.comment {
                statements.push(comment_trigger(&about, to));
            }
            Node::new(about, thing, State::Keep).altered(statements)
        }
    }
}

fn enable(about: &ObjectRef, one: &Trigger) -> Change {
    let word = match one.options.get("enabled").map(String::as_str) {
        Some("disabled") => "DISABLE TRIGGER",
        Some("always") => "ENABLE ALWAYS TRIGGER",
        Some("replica") => "ENABLE REPLICA TRIGGER",
        _ => "ENABLE TRIGGER",
    };
    let sql = format!("ALTER TABLE {} {word} {}", qualified(&one.on), ident(&one.name));
    Change::new(about, sql, "when the trigger fires").locks(&one.on, Mode::ShareRowExclusive)
}

pub(super) fn drop_trigger(about: &ObjectRef, one: &Trigger) -> Change {
    let sql = format!("DROP TRIGGER {} ON {}", ident(&one.name), qualified(&one.on));
    Change::new(about, sql, "drop the trigger").locks(&one.on, Mode::AccessExclusive)
}

pub(super) fn create_trigger(about: &ObjectRef, one: &Trigger) -> Vec<Change> {
    let made = Change::new(about, one.definition.clone(), "create the trigger").locks(&one.on, Mode::ShareRowExclusive);
    let mut statements = vec![made];
    if !one.options.is_empty() {
        statements.push(enable(about, one));
    }
    if one.comment.is_some() {
        statements.push(comment_trigger(about, one));
    }
    statements
}

fn comment_trigger(about: &ObjectRef, one: &Trigger) -> Change {
    let sql = format!(
        "COMMENT ON TRIGGER {} ON {} IS {}",
        ident(&one.name),
        qualified(&one.on),
        text_or_null(one.comment.as_ref())
    );
    Change::new(about, sql, "describe the trigger")
}
