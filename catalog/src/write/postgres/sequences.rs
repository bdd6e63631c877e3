//! Sequences, and the columns they go with.

use super::context::{Context, either};
use super::names::{ident, literal, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::takeover;
use super::types::text_or_null;
use crate::compare::Pair;
use crate::structure::{Kind, Name, ObjectRef, Sequence, SequenceOptions};
use crate::write::Change;

pub(super) fn nodes<'a>(pair: &Pair<'a, Sequence>, nodes: &mut Nodes<'a>) {
    let Some(one) = either(pair) else { return };
    let about = id::of(Kind::Sequence, &one.name);
    let owner = |sequence: &'a Sequence, nodes: &mut Nodes<'a>| {
        let about = id::part(Kind::Sequence, &sequence.name, "owner");
        nodes.add(Node::new(about, Thing::Owner(sequence), State::Create));
    };
    match *pair {
        Pair::Added(to) => {
            nodes.add(Node::new(about, Thing::Sequence(*pair), State::Create));
            if to.owned_by.is_some() {
                owner(to, nodes);
            }
        }
        Pair::Dropped(_) => nodes.add(Node::new(about, Thing::Sequence(*pair), State::Drop)),
        Pair::Both { from, to, .. } => {
            let statements = alter(&about, from, to);
            nodes.add(Node::new(about, Thing::Sequence(*pair), State::Keep).altered(statements));
            if from.owned_by != to.owned_by {
                owner(to, nodes);
            }
        }
    }
}

/// What a sequence went with until now, where it lets go of that.
pub(super) fn owner_before(context: &Context<'_>, sequence: &Sequence) -> Option<(Name, String)> {
    context
        .comparison
        .from
        .sequences
        .iter()
        .find(|one| one.name == sequence.name)
        .and_then(|one| one.owned_by.clone())
}

/// What `CREATE SEQUENCE` takes, without what goes without saying.
pub(super) fn settings(one: &SequenceOptions, with_type: bool) -> String {
    let mut text = String::new();
    let (low, high) = limits(&one.data_type);
    let descending = one.increment.starts_with('-');
    let (minimum, maximum) = if descending { (low, "-1") } else { ("1", high) };
    if with_type && one.data_type != "bigint" && !one.data_type.is_empty() {
        text.push_str(&format!(" AS {}", one.data_type));
    }
    let start = if descending { &one.maximum } else { &one.minimum };
    for (value, usual, words) in [
        (&one.increment, "1", " INCREMENT BY "),
        (&one.minimum, minimum, " MINVALUE "),
        (&one.maximum, maximum, " MAXVALUE "),
        (&one.start, start.as_str(), " START WITH "),
        (&one.cache, "1", " CACHE "),
    ] {
        if value != usual && !value.is_empty() {
            text.push_str(&format!("{words}{value}"));
        }
    }
    if one.cycle {
        text.push_str(" CYCLE");
    }
    text
}

fn limits(data_type: &str) -> (&'static str, &'static str) {
    match data_type {
        "smallint" => ("-32768", "32767"),
        "integer" => ("-2147483648", "2147483647"),
        _ => ("-9223372036854775808", "9223372036854775807"),
    }
}

pub(super) fn create(about: &ObjectRef, one: &Sequence) -> Vec<Change> {
    let unlogged = if one.options.contains_key("unlogged") {
        "UNLOGGED "
    } else {
        ""
    };
    let sql = format!(
        "CREATE {unlogged}SEQUENCE {}{}",
        qualified(&one.name),
        settings(&one.settings, true)
    );
    let mut statements = vec![Change::new(about, sql, "create the sequence")];
    if one.comment.is_some() {
        statements.push(comment(about, one));
    }
    statements
}

fn comment(about: &ObjectRef, one: &Sequence) -> Change {
    let sql = format!(
        "COMMENT ON SEQUENCE {} IS {}",
        qualified(&one.name),
        text_or_null(one.comment.as_ref())
    );
    Change::new(about, sql, "describe the sequence")
}

pub(super) fn drop(context: &Context<'_>, about: &ObjectRef, pair: &Pair<'_, Sequence>) -> Vec<Change> {
    match pair.from() {
        Some(one) if takeover::is_left(context, one) => Vec::new(),
        // It goes with its column.
        Some(one)
            if one
                .owned_by
                .as_ref()
                .is_some_and(|(table, column)| context.is_column_dropped(table, column)) =>
        {
            Vec::new()
        }
        Some(one) => vec![Change::new(
            about,
            format!("DROP SEQUENCE {}", qualified(&one.name)),
            "drop the sequence",
        )],
        None => Vec::new(),
    }
}

/// What changes between two settings, as `ALTER SEQUENCE` takes it.
pub(super) fn changed(from: &SequenceOptions, to: &SequenceOptions, with_type: bool, set: &str) -> String {
    let mut text = String::new();
    if with_type && from.data_type != to.data_type {
        text.push_str(&format!(" AS {}", to.data_type));
    }
    for (old, new, words) in [
        (&from.increment, &to.increment, "INCREMENT BY"),
        (&from.minimum, &to.minimum, "MINVALUE"),
        (&from.maximum, &to.maximum, "MAXVALUE"),
        (&from.start, &to.start, "START WITH"),
        (&from.cache, &to.cache, "CACHE"),
    ] {
        if old != new {
            text.push_str(&format!(" {set}{words} {new}"));
        }
    }
    if from.cycle != to.cycle {
        text.push_str(&format!(" {set}{}", if to.cycle { "CYCLE" } else { "NO CYCLE" }));
    }
    text
}

/// A counter that stands outside of its new limits is brought into them; the server refuses them otherwise.
pub(super) fn into_limits(about: &ObjectRef, name: &Name, from: &SequenceOptions, to: &SequenceOptions) -> Vec<Change> {
    let number = |text: &str| text.parse::<i64>().ok();
    let name = qualified(name);
    let mut statements = Vec::new();
    for (old, new, beyond, narrower) in [
        (
            &from.minimum,
            &to.minimum,
            "<",
            number(&to.minimum) > number(&from.minimum),
        ),
        (
            &from.maximum,
            &to.maximum,
            ">",
            number(&to.maximum) < number(&from.maximum),
        ),
    ] {
        if old != new && narrower {
            let sql = format!(
                "SELECT pg_catalog.setval({}, {new}, false) FROM {name} WHERE last_value {beyond} {new}",
                literal(&name)
            );
            statements.push(Change::new(about, sql, "bring the counter into its new limits"));
        }
    }
    statements
}

fn alter(about: &ObjectRef, from: &Sequence, to: &Sequence) -> Vec<Change> {
    let name = qualified(&to.name);
    let mut statements = Vec::new();
    let settings = changed(&from.settings, &to.settings, true, "");
    statements.extend(into_limits(about, &to.name, &from.settings, &to.settings));
    if !settings.is_empty() {
        statements.push(Change::new(
            about,
            format!("ALTER SEQUENCE {name}{settings}"),
            "change the sequence",
        ));
    }
    match (
        from.options.contains_key("unlogged"),
        to.options.contains_key("unlogged"),
    ) {
        (true, false) => statements.push(Change::new(
            about,
            format!("ALTER SEQUENCE {name} SET LOGGED"),
            "log the sequence",
        )),
        (false, true) => {
            statements.push(Change::new(
                about,
                format!("ALTER SEQUENCE {name} SET UNLOGGED"),
                "stop logging the sequence",
            ));
        }
        _ => {}
    }
    if from.comment != to.comment {
        statements.push(comment(about, to));
    }
    statements
}

/// That it goes with a column, and goes on where the column's values end.
pub(super) fn own(context: &Context<'_>, about: &ObjectRef, one: &Sequence) -> Vec<Change> {
    let name = qualified(&one.name);
    let Some((table, column)) = &one.owned_by else {
        return vec![Change::new(
            about,
            format!("ALTER SEQUENCE {name} OWNED BY NONE"),
            "let the sequence stand alone",
        )];
    };
    let mut statements = vec![Change::new(
        about,
        format!("ALTER SEQUENCE {name} OWNED BY {}.{}", qualified(table), ident(column)),
        "the sequence goes with its column",
    )];
    let is_new = !context.comparison.from.sequences.iter().any(|old| old.name == one.name);
    let was_there = context.table_from(table).and_then(|table| table.column(column));
    if takeover::is_begun(context, one) {
        return statements;
    }
    if is_new && was_there.is_some_and(|column| is_integer(&column.data_type)) && one.settings.increment == "1" {
        statements.push(go_on(about, &literal(&name), table, column));
    }
    statements
}

/// A new counter on a column with values goes on after the greatest of them.
pub(super) fn go_on(about: &ObjectRef, counter: &str, table: &Name, column: &str) -> Change {
    Change::new(
        about,
        format!(
            "SELECT pg_catalog.setval({counter}, (SELECT pg_catalog.max({}) FROM {} HAVING pg_catalog.max({}) > 0))",
            ident(column),
            qualified(table),
            ident(column)
        ),
        "go on after the values that are there",
    )
    .scans(true)
}

fn is_integer(data_type: &str) -> bool {
    matches!(data_type, "smallint" | "integer" | "bigint")
}
