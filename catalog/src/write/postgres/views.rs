//! Views and materialized views.

use super::context::either;
use super::names::{ident, literal, qualified};
use super::node::{Node, State, Thing, id};
use super::tables::storage;
use super::types::text_or_null;
use crate::compare::Pair;
use crate::structure::{Kind, Name, ObjectRef, View};
use crate::write::Change;

pub(super) fn node<'a>(pair: &Pair<'a, View>) -> Node<'a> {
    let name = either(pair).map_or_else(Name::default, |view| view.name.clone());
    let about = id::of(Kind::View, &name);
    let thing = Thing::View(*pair);
    match *pair {
        Pair::Added(_) => Node::new(about, thing, State::Create),
        Pair::Dropped(_) => Node::new(about, thing, State::Drop),
        Pair::Both { alike: true, .. } => Node::new(about, thing, State::Keep),
        Pair::Both { from, to, .. } => {
            let says_the_same =
                from.query == to.query && from.options == to.options && from.materialized == to.materialized;
            let mut statements = Vec::new();
            if !says_the_same {
                let grows = !from.materialized && !to.materialized && to.columns.starts_with(&from.columns);
                if !grows {
                    return Node::new(about, thing, State::Recreate);
                }
                statements.extend(create(&about, to, true));
            }
            if from.comment != to.comment {
                statements.push(comment(&about, to));
            }
            for (column, _) in &to.columns {
                let text = to.column_comments.get(column);
                if from.column_comments.get(column) != text {
                    statements.push(comment_column(&about, to, column, text));
                }
            }
            for key in from.options.keys().filter(|key| !to.options.contains_key(*key)) {
                if let Some(column) = key.strip_prefix("default.") {
                    let sql = format!(
                        "ALTER VIEW {} ALTER COLUMN {} DROP DEFAULT",
                        qualified(&to.name),
                        ident(column)
                    );
                    statements.push(Change::new(&about, sql, "drop the default"));
                }
            }
            Node::new(about, thing, State::Keep).altered(statements)
        }
    }
}

fn word(one: &View) -> &'static str {
    if one.materialized { "MATERIALIZED VIEW" } else { "VIEW" }
}

pub(super) fn drop(about: &ObjectRef, one: &View) -> Change {
    Change::new(
        about,
        format!("DROP {} {}", word(one), qualified(&one.name)),
        "drop the view",
    )
}

/// `replacing` leaves out what a replaced view keeps.
pub(super) fn create(about: &ObjectRef, one: &View, replacing: bool) -> Vec<Change> {
    let mut sql = format!(
        "CREATE {}{} {}",
        if replacing { "OR REPLACE " } else { "" },
        word(one),
        qualified(&one.name)
    );
    if let Some(method) = one.options.get("access_method") {
        sql.push_str(&format!(" USING {}", ident(method)));
    }
    let with = storage(&one.options);
    if !with.is_empty() {
        sql.push_str(&format!(" WITH ({with})"));
    }
    if let Some(space) = one.options.get("tablespace") {
        sql.push_str(&format!(" TABLESPACE {}", ident(space)));
    }
    sql.push_str(&format!(" AS\n{}", one.query));
    let purpose = if replacing {
        "replace the view"
    } else {
        "create the view"
    };
    let mut statements = vec![Change::new(about, sql, purpose).scans(one.materialized)];
    for (key, value) in &one.options {
        if let Some(column) = key.strip_prefix("default.") {
            let sql = format!(
                "ALTER VIEW {} ALTER COLUMN {} SET DEFAULT {value}",
                qualified(&one.name),
                ident(column)
            );
            statements.push(Change::new(about, sql, "set the default"));
        }
    }
    if !replacing {
        if one.comment.is_some() {
            statements.push(comment(about, one));
        }
        for (column, text) in &one.column_comments {
            statements.push(comment_column(about, one, column, Some(text)));
        }
    }
    statements
}

fn comment(about: &ObjectRef, one: &View) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON {} {} IS {text}", word(one), qualified(&one.name)),
        "describe the view",
    )
}

fn comment_column(about: &ObjectRef, one: &View, column: &str, text: Option<&String>) -> Change {
    let text = text.map_or_else(|| "NULL".to_owned(), |text| literal(text));
    let sql = format!("COMMENT ON COLUMN {}.{} IS {text}", qualified(&one.name), ident(column));
    Change::new(about, sql, "describe the column")
}
