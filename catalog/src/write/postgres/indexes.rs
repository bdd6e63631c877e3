//! Indexes.

use std::collections::{BTreeMap, BTreeSet};

use super::change::Mode;
use super::context::{Context, either};
use super::names::{ident, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::rows;
use super::spelled;
use super::types::text_or_null;
use crate::compare::{Alike, Pair};
use crate::structure::{Index, Kind, Name, ObjectRef};
use crate::write::Change;

pub(super) fn nodes<'a>(context: &Context<'a>, table: &'a Name, pairs: &[Pair<'a, Index>], nodes: &mut Nodes<'a>) {
    let mut pairs: Vec<Pair<'a, Index>> = pairs.to_vec();
    renamed(context, table, &mut pairs, nodes);
    for pair in pairs {
        let inherited = match pair {
            Pair::Added(one) | Pair::Dropped(one) => one.inherited,
            // What was its parent's becomes the table's own where that lets it go.
            Pair::Both { from, to, .. } => to.inherited || (from.inherited && context.is_let_go(table)),
        };
        if !inherited {
            nodes.add(node(context, table, pair));
        }
    }
}

/// One that differs in nothing but its name is renamed: it need not be built again.
fn renamed<'a>(context: &Context<'a>, table: &'a Name, pairs: &mut Vec<Pair<'a, Index>>, nodes: &mut Nodes<'a>) {
    let added: Vec<&'a Index> = pairs
        .iter()
        .filter_map(|pair| match pair {
            Pair::Added(one) if !one.inherited || context.is_handed_down_unchanged(table) => Some(*one),
            _ => None,
        })
        .collect();
    for to in added {
        let before = pairs.iter().find_map(|pair| match pair {
            Pair::Dropped(one) if one.inherited == to.inherited && one.is_alike(to) => Some(*one),
            _ => None,
        });
        let Some(from) = before else { continue };
        pairs.retain(|pair| !matches!(pair, Pair::Dropped(one) if std::ptr::eq(*one, from)));
        pairs.retain(|pair| !matches!(pair, Pair::Added(one) if std::ptr::eq(*one, to)));
        let about = id::part(Kind::Index, table, &to.name);
        let old = Name::new(&table.schema, &from.name);
        let sql = format!("ALTER INDEX {} RENAME TO {}", qualified(&old), ident(&to.name));
        let pair = Pair::Both { from, to, alike: true };
        let change = Change::new(&about, sql, "rename the index").locks(table, Mode::ShareUpdateExclusive);
        nodes.add(Node::new(about, Thing::Index { on: table, pair }, State::Keep).altered(vec![change]));
    }
}

pub(super) fn node<'a>(context: &Context<'a>, on: &'a Name, pair: Pair<'a, Index>) -> Node<'a> {
    let name = either(&pair).map_or("", |one| one.name.as_str());
    let about = id::part(Kind::Index, on, name);
    let thing = Thing::Index { on, pair };
    match pair {
        Pair::Added(one) => Node::new(about, thing, State::Create).checked(rows::index(context, on, one)),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike: true, .. } => Node::new(about, thing, State::Keep),
        Pair::Both { from, to, .. } => {
            let mut plain = from.clone();
            plain.comment.clone_from(&to.comment);
            let mut wanted = to.clone();
            for option in ["clustered", STATISTICS] {
                plain.options.remove(option);
                wanted.options.remove(option);
            }
            if plain.is_alike(&wanted) {
                let mut statements = statistics(&about, on, Some(from), to);
                if from.comment != to.comment {
                    statements.push(comment(&about, on, to));
                }
                return Node::new(about, thing, State::Keep).altered(statements);
            }
            Node::new(about, thing, State::Recreate).checked(rows::index(context, on, to))
        }
    }
}

pub(super) fn drop(context: &Context<'_>, about: &ObjectRef, on: &Name, pair: &Pair<'_, Index>) -> Vec<Change> {
    let Some(one) = pair.from().filter(|one| !one.inherited) else {
        return Vec::new();
    };
    let apart = context.choices.concurrently && !is_partitioned(context, on);
    let word = if apart { "CONCURRENTLY " } else { "" };
    let sql = format!("DROP INDEX {word}{}", qualified(&Name::new(&on.schema, &one.name)));
    let mode = if apart {
        Mode::ShareUpdateExclusive
    } else {
        Mode::AccessExclusive
    };
    vec![Change::new(about, sql, "drop the index").locks(on, mode).outside(apart)]
}

fn is_partitioned(context: &Context<'_>, table: &Name) -> bool {
    context
        .table_to(table)
        .or(context.table_from(table))
        .is_some_and(|table| table.partitioning.is_some())
}

pub(super) fn create(context: &Context<'_>, about: &ObjectRef, on: &Name, one: &Index) -> Vec<Change> {
    if one.inherited {
        return Vec::new();
    }
    let exists = context.exists(on);
    let apart = context.choices.concurrently && exists && !is_partitioned(context, on);
    let sql = format!(
        "CREATE {}INDEX {}{} ON {}{} USING {}",
        if one.unique { "UNIQUE " } else { "" },
        if apart { "CONCURRENTLY " } else { "" },
        ident(&one.name),
        // Of a partitioned table, one that is not whole yet: its parts are to be attached by hand.
        if one.invalid && is_partitioned(context, on) {
            "ONLY "
        } else {
            ""
        },
        qualified(on),
        spelled::index(one)
    );
    let mut change = Change::new(about, sql, "create the index").outside(apart);
    if exists {
        let mode = if apart { Mode::ShareUpdateExclusive } else { Mode::Share };
        change = change.locks(on, mode).scans(true);
    }
    let mut statements = vec![change];
    if let Some(space) = one.options.get("tablespace") {
        let name = qualified(&Name::new(&on.schema, &one.name));
        statements.push(Change::new(
            about,
            format!("ALTER INDEX {name} SET TABLESPACE {}", ident(space)),
            "move the index",
        ));
    }
    statements.extend(statistics(about, on, None, one));
    if one.comment.is_some() {
        statements.push(comment(about, on, one));
    }
    statements
}

/// How closely the values of its expressions are looked at: `number=target` for each that says so.
const STATISTICS: &str = "statistics";

fn statistics(about: &ObjectRef, on: &Name, from: Option<&Index>, to: &Index) -> Vec<Change> {
    let said = |one: &Index| -> BTreeMap<String, String> {
        let pairs = one.options.get(STATISTICS).map_or("", String::as_str).split(',');
        let pairs = pairs.filter_map(|pair| pair.split_once('='));
        pairs.map(|(at, target)| (at.to_owned(), target.to_owned())).collect()
    };
    let (was, is) = (from.map(said).unwrap_or_default(), said(to));
    let name = qualified(&Name::new(&on.schema, &to.name));
    let numbers: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    numbers
        .into_iter()
        .filter(|number| was.get(*number) != is.get(*number))
        .map(|number| {
            let target = is.get(number).map_or("-1", String::as_str);
            let sql = format!("ALTER INDEX {name} ALTER COLUMN {number} SET STATISTICS {target}");
            Change::new(about, sql, "how closely values are looked at")
        })
        .collect()
}

fn comment(about: &ObjectRef, on: &Name, one: &Index) -> Change {
    let name = qualified(&Name::new(&on.schema, &one.name));
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON INDEX {name} IS {text}"),
        "describe the index",
    )
}
