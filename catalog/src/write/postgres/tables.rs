//! Changing what a table says of itself: storage, row security, its place among partitions and parents.

use super::change::Mode;
use super::context::Context;
use super::foreign;
use super::names::{ident, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::relations;
use super::rows;
use crate::compare::TablePair;
use crate::structure::{ConstraintKind, Index, Kind, Name, ObjectRef, Options, Table};
use crate::write::Change;

pub(super) fn attachment_id(name: &Name) -> ObjectRef {
    id::part(Kind::Other, name, "attachment")
}

pub(super) fn detachment_id(name: &Name) -> ObjectRef {
    id::part(Kind::Other, name, "detachment")
}

pub(super) fn nodes<'a>(
    context: &Context<'a>,
    from: &'a Table,
    to: &'a Table,
    pair: &TablePair<'a>,
    nodes: &mut Nodes<'a>,
) {
    let about = id::of(Kind::Table, &to.name);
    nodes.add(Node::new(about.clone(), Thing::Table(pair.table), State::Keep).altered(alter(&about, from, to)));
    if to.inherits.iter().any(|one| !from.inherits.contains(one)) {
        nodes.add(Node::new(attachment_id(&to.name), Thing::Attachment(to), State::Create));
    }
    if from.partition_of != to.partition_of {
        if from.partition_of.is_some() {
            nodes.add(Node::new(
                detachment_id(&from.name),
                Thing::Detachment(from),
                State::Create,
            ));
        }
        if to.partition_of.is_some() {
            let attachment = Node::new(attachment_id(&to.name), Thing::Attachment(to), State::Create);
            nodes.add(attachment.checked(rows::strangers(context, to)));
        }
    }
}

/// A partition of a table that stays, where foreign keys point to that: the server lets no such partition go before it is a
/// table of its own, and that not while some row points to one in it.
pub(super) fn let_go<'a>(context: &Context<'a>, from: &'a Table) -> Option<Node<'a>> {
    let mut above = Vec::new();
    let mut at = from;
    while let Some(part) = &at.partition_of {
        above.push(&part.parent);
        at = context.table_from(&part.parent)?;
    }
    if above.first().is_none_or(|parent| context.is_dropped(parent)) {
        return None;
    }
    let mut checks = Vec::new();
    for table in &context.comparison.from.tables {
        for constraint in table.constraints.iter().filter(|one| !one.inherited) {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind
                && above.contains(&&key.references)
            {
                checks.extend(rows::pointing(context, &table.name, key, &from.name));
            }
        }
    }
    let about = detachment_id(&from.name);
    (!checks.is_empty()).then(|| Node::new(about, Thing::Detachment(from), State::Create).checked(checks))
}

/// A child joins its parents once its columns are like theirs.
pub(super) fn inherit(context: &Context<'_>, about: &ObjectRef, one: &Table) -> Vec<Change> {
    let before = context.table_from(&one.name);
    let new = |parent: &&Name| before.is_some_and(|before| !before.inherits.contains(parent));
    let join = |parent: &Name| {
        let sql = format!("ALTER TABLE {} INHERIT {}", qualified(&one.name), qualified(parent));
        Change::new(about, sql, "inherit from the parent").locks(&one.name, Mode::AccessExclusive)
    };
    one.inherits.iter().filter(new).map(join).collect()
}

pub(super) fn attach(about: &ObjectRef, one: &Table) -> Vec<Change> {
    let Some(part) = &one.partition_of else {
        return Vec::new();
    };
    vec![
        Change::new(
            about,
            format!(
                "ALTER TABLE {} ATTACH PARTITION {} {}",
                qualified(&part.parent),
                qualified(&one.name),
                part.bound
            ),
            "make the table a partition",
        )
        .locks(&one.name, Mode::AccessExclusive)
        .scans(true),
    ]
}

pub(super) fn detach(about: &ObjectRef, one: &Table) -> Vec<Change> {
    let Some(part) = &one.partition_of else {
        return Vec::new();
    };
    vec![
        Change::new(
            about,
            format!(
                "ALTER TABLE {} DETACH PARTITION {}",
                qualified(&part.parent),
                qualified(&one.name)
            ),
            "make the partition a table of its own",
        )
        .locks(&part.parent, Mode::AccessExclusive),
    ]
}

/// `WITH (…)`, without the brackets.
pub(super) fn storage(options: &Options) -> String {
    let set: Vec<String> = options
        .iter()
        .filter_map(|(key, value)| Some(format!("{} = {}", key.strip_prefix("with.")?, parameter(value))))
        .collect();
    set.join(", ")
}

/// A storage parameter's value: numbers and words as they are, everything else as a text.
pub(super) fn parameter(value: &str) -> String {
    let plain = !value.is_empty()
        && value
            .chars()
            .all(|one| one.is_ascii_alphanumeric() || "._-".contains(one));
    if plain && !value.starts_with('-') {
        value.to_owned()
    } else {
        format!("'{}'", value.replace('\'', "''"))
    }
}

/// The settings that differ: what to set, and what to reset.
pub(super) fn changed(from: &Options, to: &Options, prefix: &str) -> (Vec<String>, Vec<String>) {
    let set = to
        .iter()
        .filter(|(key, value)| from.get(*key) != Some(value))
        .filter_map(|(key, value)| Some(format!("{} = {}", key.strip_prefix(prefix)?, parameter(value))))
        .collect();
    let reset = from
        .keys()
        .filter(|key| !to.contains_key(*key))
        .filter_map(|key| Some(key.strip_prefix(prefix)?.to_owned()))
        .collect();
    (set, reset)
}

pub(super) fn row_security(about: &ObjectRef, from: Option<&Table>, to: &Table) -> Vec<Change> {
    let mut statements = Vec::new();
    for (key, on, off, comment) in [
        ("row_security", "ENABLE", "DISABLE", "row security"),
        ("force_row_security", "FORCE", "NO FORCE", "row security for the owner"),
    ] {
        let was = from.is_some_and(|from| from.options.contains_key(key));
        let is = to.options.contains_key(key);
        if was != is {
            let word = if is { on } else { off };
            let sql = format!("ALTER TABLE {} {word} ROW LEVEL SECURITY", qualified(&to.name));
            statements.push(Change::new(about, sql, comment).locks(&to.name, Mode::AccessExclusive));
        }
    }
    statements
}

/// Whether its columns are a type's, before and after: they come and go with it.
pub(super) fn is_of_type(from: &Table, to: &Table) -> bool {
    let of = |table: &'_ Table| table.options.get("of_type").cloned();
    of(from).is_some() && of(from) == of(to)
}

fn alter(about: &ObjectRef, from: &Table, to: &Table) -> Vec<Change> {
    let mut statements = Vec::new();
    let name = qualified(&to.name);
    let say = |what: String, comment: &str| {
        Change::new(about, format!("ALTER TABLE {name} {what}"), comment).locks(&to.name, Mode::AccessExclusive)
    };
    let get = |table: &'_ Table, key: &str| table.options.get(key).cloned();
    match (get(from, "unlogged"), get(to, "unlogged")) {
        (None, Some(_)) => statements.push(say("SET UNLOGGED".to_owned(), "stop logging the table").rewrites(true)),
        (Some(_), None) => statements.push(say("SET LOGGED".to_owned(), "log the table").rewrites(true)),
        _ => {}
    }
    let text = |table: &'_ Table| table.options.get("foreign_options").cloned();
    let options = foreign::changed_options(text(from).as_deref(), text(to).as_deref());
    if !options.is_empty() {
        let sql = format!("ALTER FOREIGN TABLE {name} OPTIONS ({options})");
        statements
            .push(Change::new(about, sql, "what the other server is told").locks(&to.name, Mode::AccessExclusive));
    }
    let (set, reset) = changed(&from.options, &to.options, "with.");
    if !set.is_empty() {
        statements.push(say(format!("SET ({})", set.join(", ")), "set storage parameters"));
    }
    if !reset.is_empty() {
        statements.push(say(format!("RESET ({})", reset.join(", ")), "reset storage parameters"));
    }
    if get(from, "tablespace") != get(to, "tablespace") {
        let space = get(to, "tablespace").unwrap_or_else(|| "pg_default".to_owned());
        statements.push(say(format!("SET TABLESPACE {}", ident(&space)), "move the table").rewrites(true));
    }
    if get(from, "access_method") != get(to, "access_method") {
        let method = get(to, "access_method").unwrap_or_else(|| "heap".to_owned());
        statements.push(
            say(
                format!("SET ACCESS METHOD {}", ident(&method)),
                "change how rows are kept",
            )
            .rewrites(true),
        );
    }
    if get(from, "of_type") != get(to, "of_type") {
        let what = get(to, "of_type").map_or_else(|| "NOT OF".to_owned(), |of| format!("OF {of}"));
        statements.push(say(what, "change the table's type"));
    }
    if from.inherits != to.inherits {
        for parent in from.inherits.iter().filter(|one| !to.inherits.contains(one)) {
            statements.push(say(format!("NO INHERIT {}", qualified(parent)), "leave the parent"));
        }
    }
    statements.extend(row_security(about, Some(from), to));
    if from.comment != to.comment {
        statements.push(relations::comment(about, to));
    }
    statements
}

/// What a table says after its indexes are there: which names its rows to replicas, and which it is clustered by.
pub(super) fn marks<'a>(from: Option<&Table>, to: &'a Table, nodes: &mut Nodes<'a>) {
    let replica = |table: &Table| table.options.get("replica_identity").cloned();
    let differs = from.and_then(replica) != replica(to) || from.and_then(clustered) != clustered(to);
    if differs {
        let about = id::part(Kind::Other, &to.name, "marks");
        nodes.add(Node::new(about, Thing::Marks(to), State::Create));
    }
}

fn clustered(table: &Table) -> Option<&str> {
    let by_index = |index: &&Index| index.options.contains_key("clustered");
    let index = table.indexes.iter().find(by_index).map(|index| index.name.as_str());
    let constraint = table
        .constraints
        .iter()
        .find(|one| one.options.contains_key("clustered"));
    index.or(constraint.map(|one| one.name.as_str()))
}

pub(super) fn create_marks(context: &Context<'_>, about: &ObjectRef, to: &Table) -> Vec<Change> {
    let from = context.table_from(&to.name);
    let name = qualified(&to.name);
    let mut statements = Vec::new();
    let say = |what: String, comment: &str| {
        Change::new(about, format!("ALTER TABLE {name} {what}"), comment).locks(&to.name, Mode::AccessExclusive)
    };
    let (was, is) = (
        from.and_then(|table| table.options.get("replica_identity")),
        to.options.get("replica_identity"),
    );
    if was != is {
        let what = match is.map(String::as_str) {
            None => "DEFAULT".to_owned(),
            Some("full") => "FULL".to_owned(),
            Some("nothing") => "NOTHING".to_owned(),
            Some(index) => format!("USING INDEX {}", ident(index.trim_start_matches("index "))),
        };
        statements.push(say(format!("REPLICA IDENTITY {what}"), "what names rows to replicas"));
    }
    if from.and_then(clustered) != clustered(to) {
        let what = clustered(to).map_or_else(
            || "SET WITHOUT CLUSTER".to_owned(),
            |index| format!("CLUSTER ON {}", ident(index)),
        );
        statements.push(say(what, "what the table is clustered by"));
    }
    statements
}
