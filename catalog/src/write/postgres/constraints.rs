//! Constraints of tables that are there, and foreign keys of new ones.

use super::change::Mode;
use super::context::{Context, either};
use super::names::{ident, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::rows;
use super::spelled;
use super::types::text_or_null;
use crate::compare::{Alike, Pair};
use crate::structure::{Constraint, ConstraintKind, Kind, Name, ObjectRef};
use crate::write::Change;

/// Set on a partitioned table's key that not every partition has: its parts are to be attached by hand.
pub(super) const INCOMPLETE: &str = "incomplete";

pub(super) fn nodes<'a>(context: &Context<'a>, table: &'a Name, pairs: &[Pair<'a, Constraint>], nodes: &mut Nodes<'a>) {
    let mut pairs: Vec<Pair<'a, Constraint>> = pairs.to_vec();
    renamed(context, table, &mut pairs, nodes);
    for pair in pairs {
        // What a parent declares is the parent's to change.
        let inherited = match pair {
            Pair::Added(one) => one.inherited && !comes_first(context, table, one),
            Pair::Dropped(one) => one.inherited,
            // What was its parent's becomes the table's own where that lets it go.
            Pair::Both { from, to, .. } => to.inherited || (from.inherited && context.is_let_go(table)),
        };
        if !inherited {
            nodes.add(node(context, table, pair));
        }
    }
}

/// A parent's condition that a table has to have before it becomes a child.
fn comes_first(context: &Context<'_>, table: &Name, one: &Constraint) -> bool {
    matches!(one.kind, ConstraintKind::Check { .. }) && context.table_to(table).is_some_and(|to| context.joins(to))
}

/// One that differs in nothing but its name is renamed: it need not be checked again.
fn renamed<'a>(context: &Context<'a>, table: &'a Name, pairs: &mut Vec<Pair<'a, Constraint>>, nodes: &mut Nodes<'a>) {
    // A partition's condition has its parent's name; its key may have one of its own.
    let own_name = |one: &Constraint| {
        !one.inherited || (!matches!(one.kind, ConstraintKind::Check { .. }) && context.is_handed_down_unchanged(table))
    };
    let added: Vec<&'a Constraint> = pairs
        .iter()
        .filter_map(|pair| match pair {
            Pair::Added(one) if own_name(one) => Some(*one),
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
        let about = id::part(Kind::Constraint, table, &to.name);
        let sql = format!(
            "ALTER TABLE {} RENAME CONSTRAINT {} TO {}",
            qualified(table),
            ident(&from.name),
            ident(&to.name)
        );
        let change = Change::new(&about, sql, "rename the constraint").locks(table, Mode::AccessExclusive);
        let pair = Pair::Both { from, to, alike: true };
        // Dependents know it by its old name.
        nodes.add(Node::new(about, Thing::Constraint { table, pair }, State::Keep).altered(vec![change]));
    }
}

pub(super) fn node<'a>(context: &Context<'a>, table: &'a Name, pair: Pair<'a, Constraint>) -> Node<'a> {
    let name = either(&pair).map_or("", |one| one.name.as_str());
    let about = id::part(Kind::Constraint, table, name);
    let thing = Thing::Constraint { table, pair };
    match pair {
        Pair::Added(one) => Node::new(about, thing, State::Create).checked(rows::constraint(context, table, one)),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike: true, .. } => Node::new(about, thing, State::Keep),
        Pair::Both { from, to, .. } => {
            let same = |from: &Constraint| {
                Constraint {
                    unchecked: to.unchecked,
                    comment: to.comment.clone(),
                    options: to.options.clone(),
                    ..from.clone()
                } == *to
            };
            let whole = |one: &Constraint| !one.options.contains_key(INCOMPLETE);
            let only_options = whole(from) == whole(to)
                && (from.options.get("clustered") != to.options.get("clustered")
                    || from.options.get("tablespace") == to.options.get("tablespace"));
            if (from.unchecked || !to.unchecked) && only_options && same(from) {
                let mut statements = Vec::new();
                let mut checks = Vec::new();
                if from.unchecked && !to.unchecked {
                    statements.push(validate(context, &about, table, &to.name));
                    checks = rows::constraint(context, table, to);
                }
                if from.comment != to.comment {
                    statements.push(comment(&about, table, to));
                }
                return Node::new(about, thing, State::Keep).altered(statements).checked(checks);
            }
            Node::new(about, thing, State::Recreate).checked(rows::constraint(context, table, to))
        }
    }
}

pub(super) fn drop(about: &ObjectRef, table: &Name, pair: &Pair<'_, Constraint>) -> Vec<Change> {
    let Some(one) = pair.from() else { return Vec::new() };
    if one.inherited {
        return Vec::new();
    }
    let sql = format!("ALTER TABLE {} DROP CONSTRAINT {}", qualified(table), ident(&one.name));
    vec![Change::new(about, sql, "drop the constraint").locks(table, Mode::AccessExclusive)]
}

pub(super) fn create(
    context: &Context<'_>,
    about: &ObjectRef,
    table: &Name,
    pair: &Pair<'_, Constraint>,
) -> Vec<Change> {
    let Some(one) = pair.to() else { return Vec::new() };
    if one.inherited && !comes_first(context, table, one) {
        return Vec::new();
    }
    let apart = validates_apart(context, table, one);
    let unchecked = if one.unchecked || apart { " NOT VALID" } else { "" };
    let only = if one.options.contains_key(INCOMPLETE) {
        "ONLY "
    } else {
        ""
    };
    let sql = format!(
        "ALTER TABLE {only}{} ADD CONSTRAINT {} {}{unchecked}",
        qualified(table),
        ident(&one.name),
        spelled::constraint(one)
    );
    let mut change = Change::new(about, sql, "add the constraint");
    if context.exists(table) {
        let mode = match one.kind {
            ConstraintKind::ForeignKey(_) => Mode::ShareRowExclusive,
            _ => Mode::AccessExclusive,
        };
        change = change.locks(table, mode).scans(!one.unchecked && !apart);
    }
    let mut statements = vec![change];
    if apart {
        statements.push(validate(context, about, table, &one.name));
    }
    if one.comment.is_some() {
        statements.push(comment(about, table, one));
    }
    statements
}

/// Only checks and foreign keys can come without a look at the rows; a foreign key of a partitioned table cannot.
fn validates_apart(context: &Context<'_>, table: &Name, one: &Constraint) -> bool {
    let partitioned = || {
        context
            .table_to(table)
            .is_some_and(|table| table.partitioning.is_some())
    };
    context.choices.safe
        && !one.unchecked
        && context.exists(table)
        && match one.kind {
            ConstraintKind::Check { .. } => true,
            ConstraintKind::ForeignKey(_) => !partitioned(),
            _ => false,
        }
}

/// Looks at the rows while others write. In one transaction with what added the constraint it would do so under that one's
/// lock.
pub(super) fn validate(context: &Context<'_>, about: &ObjectRef, table: &Name, name: &str) -> Change {
    let sql = format!("ALTER TABLE {} VALIDATE CONSTRAINT {}", qualified(table), ident(name));
    Change::new(about, sql, "check the rows that are there")
        .locks(table, Mode::ShareUpdateExclusive)
        .scans(true)
        .outside(context.choices.safe)
}

pub(super) fn comment(about: &ObjectRef, table: &Name, one: &Constraint) -> Change {
    let sql = format!(
        "COMMENT ON CONSTRAINT {} ON {} IS {}",
        ident(&one.name),
        qualified(table),
        text_or_null(one.comment.as_ref())
    );
    Change::new(about, sql, "describe the constraint")
}
