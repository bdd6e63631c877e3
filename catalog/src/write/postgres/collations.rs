//! A collation that sorts in another way: the old one is set aside, what is sorted by it moves to the new one, and it goes.

use super::context::Context;
use super::names::ident;
use super::node::{Node, Nodes, State, Thing, id};
use super::others;
use crate::compare::Pair;
use crate::structure::{Kind, ObjectRef, Other};
use crate::write::Change;

/// Those that are there, and are made anew.
pub(super) fn remade<'a>(pairs: &[Pair<'a, Other>]) -> impl Iterator<Item = (&'a Other, &'a Other)> {
    pairs.iter().filter_map(|pair| match *pair {
        Pair::Both {
            from, to, alike: false, ..
        } if to.kind == "collation" => Some((from, to)),
        _ => None,
    })
}

/// The id of what a collation was.
pub(super) fn old_id(one: &Other) -> ObjectRef {
    ObjectRef::part(Kind::Other, id::other(one).name, "before")
}

/// Its schema, ready to stand before a name, and the name that it has until nothing is sorted by it any more.
fn set_aside(one: &Other) -> (String, String) {
    let at = match one.name.ends_with('"') {
        true => one.name.rfind(".\""),
        false => one.name.rfind('.'),
    };
    let (schema, name) = at.map_or(("", one.name.as_str()), |at| one.name.split_at(at + 1));
    let mut short = name.trim_matches(['.', '"']).to_owned();
    while short.len() > 45 {
        short.pop();
    }
    (schema.to_owned(), ident(&format!("lockstep_before_{short}")))
}

pub(super) fn nodes<'a>(context: &Context<'a>, nodes: &mut Nodes<'a>) {
    for (from, to) in remade(&context.comparison.others) {
        let about = id::other(to);
        let (_, aside) = set_aside(from);
        let sql = format!("ALTER COLLATION {} RENAME TO {aside}", from.name);
        let mut statements = vec![Change::new(&about, sql, "set the old collation aside")];
        statements.extend(others::create_other(&about, to));
        // The comment was on the old one.
        let described = format!("COLLATION {}", to.name);
        let mut comments = context.comparison.to.others.iter();
        if let Some(comment) = comments.find(|one| one.kind == "comment" && one.name == described) {
            statements.extend(others::create_other(&about, comment));
        }
        let pair = Pair::Both { from, to, alike: false };
        let mut node = Node::new(about, Thing::Other(pair), State::Keep).altered(statements);
        node.disturbs = true;
        node.changes_family = true;
        nodes.add(node);
        nodes.add(Node::new(old_id(from), Thing::OldCollation(from), State::Drop));
    }
}

pub(super) fn drop_old(about: &ObjectRef, one: &Other) -> Change {
    let (schema, aside) = set_aside(one);
    let sql = format!("DROP COLLATION {schema}{aside}");
    Change::new(about, sql, "drop the collation that was set aside")
}
