//! Columns: added, dropped, changed with their rows.

use super::PASSING_CHECK;
use super::change::Mode;
use super::constraints;
use super::context::{Context, either};
use super::conversion;
use super::foreign;
use super::names::{ident, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::rows;
use super::sequences;
use super::tables;
use super::takeover;
use super::types::text_or_null;
use crate::compare::Pair;
use crate::structure::{Column, Identity, Kind, Name, ObjectRef, Table};
use crate::write::{Change, Check, WriteError};

/// A column inside `CREATE TABLE` and `ADD COLUMN`.
pub(super) fn definition(table: &Name, one: &Column) -> String {
    let mut text = format!("{} {}", ident(&one.name), one.data_type);
    if let Some(method) = one.options.get("compression") {
        text.push_str(&format!(" COMPRESSION {method}"));
    }
    if let Some(options) = one.options.get("foreign_options") {
        text.push_str(&format!(" OPTIONS ({options})"));
    }
    if let Some(collation) = &one.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(generated) = &one.generated {
        let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
        text.push_str(&format!(" GENERATED ALWAYS AS ({}) {kept}", generated.expression));
    } else if let Some(default) = &one.default {
        text.push_str(&format!(" DEFAULT {default}"));
    }
    if let Some(one_identity) = &one.identity {
        text.push_str(&format!(" {}", identity(table, one, one_identity)));
    }
    if !one.nullable {
        text.push_str(" NOT NULL");
    }
    text
}

/// A column of a typed table, where it says more than its type does.
pub(super) fn with_options(one: &Column) -> Option<String> {
    let default = one.default.as_ref().map(|default| format!(" DEFAULT {default}"));
    let not_null = (!one.nullable).then_some(" NOT NULL");
    (default.is_some() || not_null.is_some()).then(|| {
        format!(
            "{} WITH OPTIONS{}{}",
            ident(&one.name),
            default.unwrap_or_default(),
            not_null.unwrap_or_default()
        )
    })
}

fn identity(table: &Name, column: &Column, one: &Identity) -> String {
    let when = if one.always { "ALWAYS" } else { "BY DEFAULT" };
    let mut settings = sequences::settings(&one.sequence, false);
    let usual = Name::new(&table.schema, format!("{}_{}_seq", table.name, column.name));
    if let Some(counter) = one.counter.as_ref().filter(|counter| **counter != usual) {
        settings = format!(" SEQUENCE NAME {}{settings}", qualified(counter));
    }
    if settings.is_empty() {
        format!("GENERATED {when} AS IDENTITY")
    } else {
        format!("GENERATED {when} AS IDENTITY ({})", settings.trim_start())
    }
}

/// What can only be said when the table is there.
pub(super) fn after_creation(context: &Context<'_>, about: &ObjectRef, table: &Table, one: &Column) -> Vec<Change> {
    let mut statements = Vec::new();
    let name = qualified(&table.name);
    let mut say = |what: String, comment: &str| {
        let sql = format!("ALTER TABLE ONLY {name} ALTER COLUMN {} {what}", ident(&one.name));
        statements.push(Change::new(about, sql, comment));
    };
    let parent = context.parents_column(table, &one.name);
    if let Some(parent) = parent.filter(|_| one.inherited || table.partition_of.is_some()) {
        if parent.default != one.default {
            match &one.default {
                Some(default) => say(format!("SET DEFAULT {default}"), "its own default"),
                None => say("DROP DEFAULT".to_owned(), "no default of its own"),
            }
        }
        if parent.nullable && !one.nullable {
            say("SET NOT NULL".to_owned(), "forbid NULL");
        }
    }
    let inherited = |key: &str| parent.is_some_and(|parent| parent.options.get(key) == one.options.get(key));
    for (what, key) in settings(one) {
        if !inherited(&key) {
            say(what, "how the column is kept");
        }
    }
    if one.comment.is_some() {
        statements.push(comment(about, &table.name, one));
    }
    statements
}

/// Settings that are no part of a column's definition.
fn settings(one: &Column) -> Vec<(String, String)> {
    let mut list = Vec::new();
    for (key, value) in &one.options {
        let what = match key.as_str() {
            "storage" => format!("SET STORAGE {value}"),
            "statistics" => format!("SET STATISTICS {value}"),
            other => match other.strip_prefix("set.") {
                Some(setting) => format!("SET ({setting} = {})", tables::parameter(value)),
                None => continue,
            },
        };
        list.push((what, key.clone()));
    }
    list
}

fn comment(about: &ObjectRef, table: &Name, one: &Column) -> Change {
    let text = text_or_null(one.comment.as_ref());
    let sql = format!("COMMENT ON COLUMN {}.{} IS {text}", qualified(table), ident(&one.name));
    Change::new(about, sql, "describe the column")
}

pub(super) fn nodes<'a>(
    context: &Context<'a>,
    from: &'a Table,
    to: &'a Table,
    pair: &Pair<'a, Column>,
    nodes: &mut Nodes<'a>,
) -> Result<(), WriteError> {
    let Some(name) = either(pair).map(|one| one.name.as_str()) else {
        return Ok(());
    };
    let table = &to.name;
    let about = id::part(Kind::Table, table, name);
    let thing = Thing::Column { table, pair: *pair };
    match *pair {
        // They come and go with the type.
        Pair::Added(_) | Pair::Dropped(_) if tables::is_of_type(from, to) => {}
        Pair::Added(one) => {
            // It comes with the parent's, unless the parent has it already and the table joins it now.
            let stays = to.partition_of.is_some() && from.partition_of.is_some();
            let comes = (one.inherited || stays) && !context.joins(to);
            if !comes || context.parents_column(to, name).is_none() {
                let checks = rows::added_column(context, table, one);
                nodes.add(Node::new(about, thing, State::Create).checked(checks));
            }
        }
        Pair::Dropped(one) => {
            let goes_with_parent = (one.inherited || from.partition_of.is_some())
                && from
                    .partition_of
                    .iter()
                    .map(|part| &part.parent)
                    .chain(&from.inherits)
                    .any(|parent| context.is_column_dropped(parent, name) && !context.is_spared(parent, name));
            if !goes_with_parent {
                nodes.add(Node::new(about, thing, State::Drop));
            }
        }
        Pair::Both {
            from: old,
            to: new,
            alike,
        } => {
            let swapped = context.of_swapped.contains(&(table.clone(), name.to_owned()));
            if alike && !swapped {
                nodes.add(Node::new(about, thing, State::Keep));
                default_node(table, pair, old, new, nodes);
                return Ok(());
            }
            both(context, from, to, old, new, nodes)?;
        }
    }
    Ok(())
}

fn default_node<'a>(table: &'a Name, pair: &Pair<'a, Column>, old: &Column, new: &Column, nodes: &mut Nodes<'a>) {
    if old.generated.is_some() && new.generated.is_some() {
        return;
    }
    let state = match (&old.default, &new.default) {
        (None, None) => return,
        (None, Some(_)) => State::Create,
        (Some(_), None) => State::Drop,
        (Some(old), Some(new)) if old == new => State::Keep,
        _ => State::Alter,
    };
    let about = id::part(Kind::Default, table, &new.name);
    let mut node = Node::new(about.clone(), Thing::Default { table, pair: *pair }, state);
    if state == State::Alter {
        node.alter = create_default(&about, table, pair);
    }
    nodes.add(node);
}

fn both<'a>(
    context: &Context<'a>,
    from: &'a Table,
    to: &'a Table,
    old: &'a Column,
    new: &'a Column,
    nodes: &mut Nodes<'a>,
) -> Result<(), WriteError> {
    let table = &to.name;
    let about = id::part(Kind::Table, table, &new.name);
    let pair = Pair::Both {
        from: old,
        to: new,
        alike: false,
    };
    let thing = Thing::Column { table, pair };
    let converted_above = context.hands_down((from, to), (old, new));
    // What else a child says of a column of its own is its own.
    let handed_down = converted_above && (from.partition_of.is_some() || old.inherited);
    let swapped = context.of_swapped.contains(&(table.clone(), new.name.clone()));
    let converts = old.data_type != new.data_type || old.collation != new.collation || swapped;
    let recomputes = match (&old.generated, &new.generated) {
        (None, Some(_)) => true,
        (Some(one), Some(other)) => one != other || converts,
        _ => false,
    };
    if recomputes {
        let checks = match &new.generated {
            Some(generated) if old.generated.is_none() => rows::computed(context, table, old, &generated.expression),
            _ => Vec::new(),
        };
        nodes.add(Node::new(about, thing, State::Recreate).checked(checks));
        return Ok(());
    }
    let mut statements = Vec::new();
    let mut checks = Vec::new();
    let mut disturbs = false;
    let mut family = false;
    let say = |what: String, comment: &str| {
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} {what}",
            qualified(table),
            ident(&new.name)
        );
        Change::new(&about, sql, comment).locks(table, Mode::AccessExclusive)
    };
    if old.generated.is_some() {
        statements.push(say("DROP EXPRESSION".to_owned(), "keep the values as they are"));
    }
    if let (Some(identity), None) = (&old.identity, &new.identity) {
        statements.extend(takeover::by_sequence(context, &about, table, &new.name, identity));
        statements.push(say("DROP IDENTITY".to_owned(), "no longer filled from a counter"));
    }
    if converts {
        let conversion = conversion::between(context, table, old, new, swapped);
        disturbs = true;
        family = conversion.changes_family;
        if !converted_above && !tables::is_of_type(from, to) {
            let collation = match &new.collation {
                Some(collation) => format!(" COLLATE {collation}"),
                None if old.collation.is_some() => " COLLATE \"default\"".to_owned(),
                None => String::new(),
            };
            let using = conversion
                .using
                .as_ref()
                .map_or_else(String::new, |using| format!(" USING {using}"));
            let change = say(format!("TYPE {}{collation}{using}", new.data_type), "change the type");
            statements.push(change.rewrites(conversion.rewrites).scans(conversion.rewrites));
            checks.extend(conversion.checks);
        }
    }
    if !handed_down {
        nullability(context, table, old, new, &about, &mut statements, &mut checks);
        checks.extend(rows::after_change(context, table, old, new));
    }
    identity_changes(context, table, old, new, &about, &mut statements);
    statements.extend(setting_changes(table, old, new, &about));
    if old.comment != new.comment {
        statements.push(comment(&about, table, new));
    }
    let mut node = Node::new(about, thing, State::Keep).altered(statements).checked(checks);
    node.disturbs = disturbs;
    node.changes_family = family;
    nodes.add(node);
    default_node_of_both(
        table,
        pair,
        old,
        new,
        handed_down || says_first(context, old, new),
        nodes,
    );
    Ok(())
}

fn default_node_of_both<'a>(
    table: &'a Name,
    pair: Pair<'a, Column>,
    old: &'a Column,
    new: &'a Column,
    handed_down: bool,
    nodes: &mut Nodes<'a>,
) {
    if !(handed_down && old.default != new.default) {
        default_node(table, &pair, old, new, nodes);
    }
}

/// Whether a default comes before the rows are filled with it: those that come meanwhile have it, too.
fn says_first(context: &Context<'_>, old: &Column, new: &Column) -> bool {
    let fills = old.nullable && !new.nullable && new.default.is_some();
    context.choices.safe && fills && old.default != new.default && old.data_type == new.data_type
}

fn nullability(
    context: &Context<'_>,
    table: &Name,
    old: &Column,
    new: &Column,
    about: &ObjectRef,
    statements: &mut Vec<Change>,
    checks: &mut Vec<Check>,
) {
    let (name, column) = (qualified(table), ident(&new.name));
    match (old.nullable, new.nullable) {
        (true, false) => {
            let fill = new.default.as_ref().map(|default| {
                let sql = format!("UPDATE {name} SET {column} = {default} WHERE {column} IS NULL");
                Change::new(about, sql, "give the rows without a value the default")
                    .locks(table, Mode::RowExclusive)
                    .scans(true)
            });
            if fill.is_none() {
                checks.extend(rows::not_null(context, table, &new.name));
            }
            let sql = format!("ALTER TABLE {name} ALTER COLUMN {column} SET NOT NULL");
            let forbid = Change::new(about, sql, "forbid NULL").locks(table, Mode::AccessExclusive);
            // A type that changes writes the table anew, and nobody else does meanwhile.
            if context.choices.safe && old.data_type == new.data_type {
                if let (true, Some(default)) = (says_first(context, old, new), &new.default) {
                    let sql = format!("ALTER TABLE {name} ALTER COLUMN {column} SET DEFAULT {default}");
                    statements.push(Change::new(about, sql, "set the default").locks(table, Mode::AccessExclusive));
                }
                statements.extend(proved(context, about, table, &new.name, (fill, forbid)));
            } else {
                statements.extend(fill);
                statements.push(forbid.scans(true));
            }
        }
        (false, true) => {
            let sql = format!("ALTER TABLE {name} ALTER COLUMN {column} DROP NOT NULL");
            statements.push(Change::new(about, sql, "allow NULL").locks(table, Mode::AccessExclusive));
        }
        _ => {}
    }
}

/// Whether a counter's next value is simply the next greater one.
pub(super) fn counts_up(one: &Identity) -> bool {
    one.sequence.increment == "1"
}

fn identity_changes(
    context: &Context<'_>,
    table: &Name,
    old: &Column,
    new: &Column,
    about: &ObjectRef,
    statements: &mut Vec<Change>,
) {
    let (name, column) = (qualified(table), ident(&new.name));
    let alter = |what: String, comment: &str| {
        Change::new(
            about,
            format!("ALTER TABLE {name} ALTER COLUMN {column} {what}"),
            comment,
        )
        .locks(table, Mode::AccessExclusive)
    };
    match (&old.identity, &new.identity) {
        (None, Some(one)) => {
            let add = alter(format!("ADD {}", identity(table, new, one)), "filled from a counter");
            if let Some(sequence) = takeover::left_to(context, table, &new.name) {
                statements.extend(takeover::by_identity(about, sequence, add, table, &new.name));
                return;
            }
            statements.push(add);
            if counts_up(one) {
                let counter = format!(
                    "pg_catalog.pg_get_serial_sequence({}, {})",
                    super::names::literal(&name),
                    super::names::literal(&new.name)
                );
                statements.push(sequences::go_on(about, &counter, table, &new.name));
            }
        }
        (Some(one), Some(other)) if one != other => {
            if let (Some(before), Some(after)) = (&one.counter, &other.counter)
                && before.name != after.name
            {
                let sql = format!("ALTER SEQUENCE {} RENAME TO {}", qualified(before), ident(&after.name));
                statements.push(Change::new(about, sql, "rename the counter"));
            }
            let mut what = String::new();
            if one.always != other.always {
                what.push_str(if other.always {
                    " SET GENERATED ALWAYS"
                } else {
                    " SET GENERATED BY DEFAULT"
                });
            }
            let mut before = one.sequence.clone();
            if old.data_type != new.data_type {
                // The counter's type and its limits follow the column's.
                before.data_type.clone_from(&other.sequence.data_type);
                let usual = |text: &str| matches!(text, "32767" | "2147483647" | "9223372036854775807");
                if usual(&before.maximum) {
                    before.maximum.clone_from(&other.sequence.maximum);
                }
            }
            what.push_str(&sequences::changed(&before, &other.sequence, false, "SET "));
            if let Some(counter) = &other.counter {
                statements.extend(sequences::into_limits(about, counter, &before, &other.sequence));
            }
            if !what.is_empty() {
                statements.push(alter(what.trim_start().to_owned(), "change the counter"));
            }
        }
        _ => {}
    }
}

/// A check that was validated spares `SET NOT NULL` its look at the rows under a lock that stops everybody.
///
/// Rows are filled before that, because whoever writes one without a value would be refused from then on, and what came
/// meanwhile after it; each in a transaction of its own, which keeps nobody from the table.
fn proved(
    context: &Context<'_>,
    about: &ObjectRef,
    table: &Name,
    column: &str,
    (fill, forbid): (Option<Change>, Change),
) -> Vec<Change> {
    let check = format!("{PASSING_CHECK}{column}");
    let alter = |what: String, comment: &str| {
        let sql = format!("ALTER TABLE {} {what}", qualified(table));
        Change::new(about, sql, comment).locks(table, Mode::AccessExclusive)
    };
    let added = format!(
        "ADD CONSTRAINT {} CHECK ({} IS NOT NULL) NOT VALID",
        ident(&check),
        ident(column)
    );
    let mut from_here_on = alter(added, "no more NULL from here on");
    from_here_on.apart = fill.is_some();
    let mut statements: Vec<Change> = fill.clone().map(Change::apart).into_iter().collect();
    statements.push(from_here_on);
    statements.extend(fill.map(Change::apart));
    statements.extend([
        constraints::validate(context, about, table, &check),
        forbid,
        alter(format!("DROP CONSTRAINT {}", ident(&check)), "the column says it now"),
    ]);
    statements
}

fn setting_changes(table: &Name, old: &Column, new: &Column, about: &ObjectRef) -> Vec<Change> {
    let mut statements = Vec::new();
    let mut say = |what: String| {
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} {what}",
            qualified(table),
            ident(&new.name)
        );
        statements.push(Change::new(about, sql, "how the column is kept").locks(table, Mode::ShareUpdateExclusive));
    };
    let get = |column: &Column, key: &str| column.options.get(key).cloned();
    let (was, is) = (get(old, "foreign_options"), get(new, "foreign_options"));
    let options = foreign::changed_options(was.as_deref(), is.as_deref());
    if !options.is_empty() {
        say(format!("OPTIONS ({options})"));
    }
    if get(old, "compression") != get(new, "compression") {
        say(format!(
            "SET COMPRESSION {}",
            get(new, "compression").unwrap_or_else(|| "default".to_owned())
        ));
    }
    if get(old, "statistics") != get(new, "statistics") {
        say(format!(
            "SET STATISTICS {}",
            get(new, "statistics").unwrap_or_else(|| "-1".to_owned())
        ));
    }
    if get(old, "storage") != get(new, "storage") {
        // The word for a type's own way is only known from PostgreSQL 16 on.
        let own = match new.data_type.split('(').next().unwrap_or_default() {
            "numeric" | "inet" | "cidr" => "MAIN",
            "integer" | "bigint" | "smallint" | "boolean" | "uuid" | "date" => "PLAIN",
            _ => "EXTENDED",
        };
        say(format!(
            "SET STORAGE {}",
            get(new, "storage").unwrap_or_else(|| own.to_owned())
        ));
    }
    let (set, reset) = tables::changed(&old.options, &new.options, "set.");
    if !set.is_empty() {
        say(format!("SET ({})", set.join(", ")));
    }
    if !reset.is_empty() {
        say(format!("RESET ({})", reset.join(", ")));
    }
    statements
}

pub(super) fn drop(context: &Context<'_>, about: &ObjectRef, table: &Name, pair: &Pair<'_, Column>) -> Vec<Change> {
    let Some(one) = pair.from() else { return Vec::new() };
    // Without the word the children lose theirs, too, with what is in it.
    let only = if context.is_spared(table, &one.name) {
        "ONLY "
    } else {
        ""
    };
    let sql = format!(
        "ALTER TABLE {only}{} DROP COLUMN {}",
        qualified(table),
        ident(&one.name)
    );
    vec![Change::new(about, sql, "drop the column").locks(table, Mode::AccessExclusive)]
}

pub(super) fn create(about: &ObjectRef, table: &Name, pair: &Pair<'_, Column>) -> Vec<Change> {
    let Some(one) = pair.to() else { return Vec::new() };
    let sql = format!("ALTER TABLE {} ADD COLUMN {}", qualified(table), definition(table, one));
    let volatile = one.generated.is_some()
        || one.identity.is_some()
        || one.default.as_ref().is_some_and(|default| default.contains('('));
    let mut statements = vec![
        Change::new(about, sql, "add the column")
            .locks(table, Mode::AccessExclusive)
            .rewrites(volatile),
    ];
    for (what, _) in settings(one) {
        let sql = format!(
            "ALTER TABLE {} ALTER COLUMN {} {what}",
            qualified(table),
            ident(&one.name)
        );
        statements.push(Change::new(about, sql, "how the column is kept"));
    }
    if one.comment.is_some() {
        statements.push(comment(about, table, one));
    }
    statements
}

pub(super) fn drop_default(about: &ObjectRef, table: &Name, pair: &Pair<'_, Column>) -> Vec<Change> {
    let Some(one) = pair.from() else { return Vec::new() };
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} DROP DEFAULT",
        qualified(table),
        ident(&one.name)
    );
    vec![Change::new(about, sql, "drop the default").locks(table, Mode::AccessExclusive)]
}

pub(super) fn create_default(about: &ObjectRef, table: &Name, pair: &Pair<'_, Column>) -> Vec<Change> {
    let Some((one, default)) = pair.to().and_then(|one| Some((one, one.default.as_ref()?))) else {
        return Vec::new();
    };
    let sql = format!(
        "ALTER TABLE {} ALTER COLUMN {} SET DEFAULT {default}",
        qualified(table),
        ident(&one.name)
    );
    vec![Change::new(about, sql, "set the default").locks(table, Mode::AccessExclusive)]
}
