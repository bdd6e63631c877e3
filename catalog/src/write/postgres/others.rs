//! Schemas, extensions, and what is known as text alone.

use super::context::either;
use super::decide::plain;
use super::foreign;
use super::names::{ident, literal};
use super::node::{Node, State, Thing, id};
use super::types::text_or_null;
use crate::compare::Pair;
use crate::structure::{Extension, Kind, Name, Namespace, ObjectRef, Other};
use crate::write::Change;

const PUBLIC: &str = "public";

pub(super) fn namespace<'a>(pair: &Pair<'a, Namespace>) -> Node<'a> {
    let name = either(pair).map_or("", |one| one.name.as_str());
    let about = id::of(Kind::Namespace, &Name::plain(name));
    let thing = Thing::Namespace(*pair);
    if name == PUBLIC {
        // Every database begins with it; only what is said of it changes.
        let comment = match *pair {
            Pair::Both { alike: true, .. } => Vec::new(),
            _ => {
                let text = pair.to().map_or_else(
                    || literal("standard public schema"),
                    |one| text_or_null(one.comment.as_ref()),
                );
                vec![Change::new(
                    &about,
                    format!("COMMENT ON SCHEMA {} IS {text}", ident(PUBLIC)),
                    "describe the schema",
                )]
            }
        };
        return Node::new(about, thing, State::Keep).altered(comment);
    }
    match *pair {
        Pair::Added(_) => Node::new(about, thing, State::Create),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike, to, .. } => {
            let comment = if alike { Vec::new() } else { vec![comment(&about, to)] };
            Node::new(about, thing, State::Keep).altered(comment)
        }
    }
}

fn comment(about: &ObjectRef, one: &Namespace) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON SCHEMA {} IS {text}", ident(&one.name)),
        "describe the schema",
    )
}

pub(super) fn create_namespace(about: &ObjectRef, pair: &Pair<'_, Namespace>) -> Vec<Change> {
    let Some(one) = pair.to() else { return Vec::new() };
    let mut statements = vec![Change::new(
        about,
        format!("CREATE SCHEMA {}", ident(&one.name)),
        "create the schema",
    )];
    if one.comment.is_some() {
        statements.push(comment(about, one));
    }
    statements
}

pub(super) fn extension<'a>(pair: &Pair<'a, Extension>) -> Node<'a> {
    let name = either(pair).map_or("", |one| one.name.as_str());
    let about = id::of(Kind::Extension, &Name::plain(name));
    let thing = Thing::Extension(*pair);
    match *pair {
        Pair::Both { from, to, alike: false } => {
            let mut statements = Vec::new();
            let shown = ident(&to.name);
            if from.schema != to.schema {
                let sql = format!("ALTER EXTENSION {shown} SET SCHEMA {}", ident(&to.schema));
                statements.push(Change::new(&about, sql, "move the extension"));
            }
            if from.comment != to.comment {
                statements.push(comment_extension(&about, to));
            }
            Node::new(about, thing, State::Keep).altered(statements)
        }
        _ => {
            let state = plain(pair);
            Node::new(about, thing, state)
        }
    }
}

fn comment_extension(about: &ObjectRef, one: &Extension) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON EXTENSION {} IS {text}", ident(&one.name)),
        "describe the extension",
    )
}

pub(super) fn create_extension(about: &ObjectRef, pair: &Pair<'_, Extension>) -> Vec<Change> {
    let Some(one) = pair.to() else { return Vec::new() };
    let sql = format!(
        "CREATE EXTENSION IF NOT EXISTS {} WITH SCHEMA {}",
        ident(&one.name),
        ident(&one.schema)
    );
    vec![Change::new(about, sql, "install the extension")]
}

pub(super) fn drop_plain(node: &Node<'_>) -> Vec<Change> {
    let (word, name) = match &node.thing {
        Thing::Namespace(pair) => ("SCHEMA", pair.from().map(|one| one.name.as_str())),
        Thing::Extension(pair) => ("EXTENSION", pair.from().map(|one| one.name.as_str())),
        _ => return Vec::new(),
    };
    let Some(name) = name else { return Vec::new() };
    vec![Change::new(
        &node.id,
        format!("DROP {word} {}", ident(name)),
        format!("drop the {}", word.to_lowercase()),
    )]
}

pub(super) fn other<'a>(pair: &Pair<'a, Other>) -> Node<'a> {
    let about = either(pair).map_or_else(|| ObjectRef::new(Kind::Other, Name::default()), id::other);
    let thing = Thing::Other(*pair);
    match *pair {
        // What a grant or a comment says is said anew, not taken back first.
        Pair::Both { to, alike: false, .. } if to.kind == "comment" => {
            let statements = create_other(&about, to);
            Node::new(about, thing, State::Keep).altered(statements)
        }
        Pair::Both { from, to, alike: false } if foreign::is_foreign(&to.kind) => match foreign::changes(from, to) {
            Some(statements) => {
                let statements = statements
                    .into_iter()
                    .map(|sql| Change::new(&about, sql, format!("change the {}", to.kind)));
                let statements = statements.collect();
                Node::new(about, thing, State::Keep).altered(statements)
            }
            None => Node::new(about, thing, State::Recreate),
        },
        _ => {
            let state = plain(pair);
            Node::new(about, thing, state)
        }
    }
}

pub(super) fn drop_other(about: &ObjectRef, one: &Other) -> Vec<Change> {
    statements(about, &one.drop, &format!("drop the {}", one.kind))
}

pub(super) fn create_other(about: &ObjectRef, one: &Other) -> Vec<Change> {
    statements(about, &one.create, &format!("create the {}", one.kind))
}

/// A text may hold several statements, one a line.
fn statements(about: &ObjectRef, text: &str, comment: &str) -> Vec<Change> {
    if text.is_empty() {
        return Vec::new();
    }
    text.split(";\nALTER ")
        .enumerate()
        .map(|(at, part)| {
            let sql = if at == 0 {
                part.to_owned()
            } else {
                format!("ALTER {part}")
            };
            Change::new(about, sql, comment)
        })
        .collect()
}
