//! Types: enums grow in place, everything that cannot be changed in place is made anew and its columns converted.

use super::context::{Context, either};
use super::domains;
use super::names::{ident, literal, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::rows;
use crate::compare::Pair;
use crate::structure::{Attribute, Kind, Name, ObjectRef, UserType, UserTypeKind};
use crate::write::{Change, Check, WriteError};

pub(super) fn nodes<'a>(
    context: &Context<'a>,
    pair: &Pair<'a, UserType>,
    nodes: &mut Nodes<'a>,
) -> Result<(), WriteError> {
    let Some(one) = either(pair) else { return Ok(()) };
    let about = id::of(Kind::Type, &one.name);
    match *pair {
        Pair::Added(_) => nodes.add(Node::new(about, Thing::Type(*pair), State::Create)),
        Pair::Dropped(_) => nodes.add(Node::new(about, Thing::Type(*pair), State::Drop)),
        Pair::Both { from, to, .. } if context.swapped.contains(&to.name) => {
            let has_columns = context.of_swapped.iter().any(|(table, column)| {
                context
                    .from_needs
                    .iter()
                    .any(|(of, on)| of.name == *table && of.part.as_ref() == Some(column) && on.name == to.name)
            });
            let built_on = context
                .from_needs
                .iter()
                .any(|(of, on)| of.kind == Kind::Type && of != on && on.kind == Kind::Type && on.name == to.name);
            if !has_columns && !built_on {
                nodes.add(Node::new(about, Thing::Type(*pair), State::Recreate));
                return Ok(());
            }
            let mut node = Node::new(about.clone(), Thing::Type(*pair), State::Keep).altered(swap(&about, from, to));
            node.disturbs = true;
            nodes.add(node);
            nodes.add(Node::new(old_id(&from.name), Thing::OldType(from), State::Drop));
        }
        Pair::Both { from, to, alike: true } => {
            nodes.add(Node::new(about, Thing::Type(*pair), State::Keep));
            domains::nodes(context, from, to, nodes);
        }
        Pair::Both { from, to, .. } => {
            let (statements, checks) = alter(context, &about, from, to);
            nodes.add(
                Node::new(about, Thing::Type(*pair), State::Keep)
                    .altered(statements)
                    .checked(checks),
            );
            domains::nodes(context, from, to, nodes);
        }
    }
    Ok(())
}

/// The id of what a swapped type was.
pub(super) fn old_id(name: &Name) -> ObjectRef {
    id::part(Kind::Type, name, "before")
}

/// The name that a swapped type has until its columns are converted.
pub(super) fn old_name(name: &Name) -> Name {
    let mut short = name.name.clone();
    while short.len() > 45 {
        short.pop();
    }
    Name::new(&name.schema, format!("lockstep_before_{short}"))
}

fn swap(about: &ObjectRef, from: &UserType, to: &UserType) -> Vec<Change> {
    let old = old_name(&from.name);
    let mut statements = makers_aside(about, from);
    statements.push(Change::new(
        about,
        format!(
            "ALTER {} {} RENAME TO {}",
            word(from),
            qualified(&from.name),
            ident(&old.name)
        ),
        "set the old type aside",
    ));
    statements.extend(create(about, to));
    statements
}

/// A range has functions of its name, and a multirange with such functions, which would be in the new one's way.
fn makers_aside(about: &ObjectRef, from: &UserType) -> Vec<Change> {
    let UserTypeKind::Range { options } = &from.kind else {
        return Vec::new();
    };
    let (Some(subtype), Some(multirange)) = (options.get("subtype"), options.get("multirange_type_name")) else {
        return Vec::new();
    };
    let (range, multirange) = (&from.name, Name::new(&from.name.schema, multirange));
    let shown = qualified(range);
    let aside = |word: &str, name: &Name, arguments: &str| {
        let to = ident(&old_name(name).name);
        Change::new(
            about,
            format!("ALTER {word} {}{arguments} RENAME TO {to}", qualified(name)),
            "set what makes its values aside",
        )
    };
    vec![
        aside("FUNCTION", range, &format!("({subtype}, {subtype})")),
        aside("FUNCTION", range, &format!("({subtype}, {subtype}, text)")),
        aside("FUNCTION", &multirange, "()"),
        aside("FUNCTION", &multirange, &format!("({shown})")),
        aside("FUNCTION", &multirange, &format!("(VARIADIC {shown}[])")),
        aside("TYPE", &multirange, ""),
    ]
}

pub(super) fn drop_old(about: &ObjectRef, old: &UserType) -> Change {
    Change::new(
        about,
        format!("DROP {} {}", word(old), qualified(&old_name(&old.name))),
        "drop the type that was set aside",
    )
}

pub(super) fn drop(about: &ObjectRef, one: &UserType) -> Change {
    Change::new(
        about,
        format!("DROP {} {}", word(one), qualified(&one.name)),
        "drop the type",
    )
}

fn word(one: &UserType) -> &'static str {
    match one.kind {
        UserTypeKind::Domain { .. } => "DOMAIN",
        _ => "TYPE",
    }
}

/// Whether there are statements that change one into the other where it is.
pub(super) fn in_place(context: &Context<'_>, from: &UserType, to: &UserType) -> bool {
    match (&from.kind, &to.kind) {
        (UserTypeKind::Enum { labels: old }, UserTypeKind::Enum { labels: new }) => {
            let mut rest = new.iter();
            old.iter().all(|label| rest.any(|one| one == label))
        }
        (
            UserTypeKind::Domain { base, collation, .. },
            UserTypeKind::Domain {
                base: new_base,
                collation: new_collation,
                ..
            },
        ) => base == new_base && collation == new_collation && domains::in_place(context, from, to),
        (UserTypeKind::Composite { attributes: old }, UserTypeKind::Composite { attributes: new }) => {
            let about = id::of(Kind::Type, &from.name);
            let in_columns = context
                .from_needs
                .iter()
                .any(|(of, on)| *on == about && of.kind == Kind::Table);
            let kept: Vec<&Attribute> = new
                .iter()
                .filter(|one| old.iter().any(|other| other.name == one.name))
                .collect();
            let retyped = kept.iter().any(|one| {
                old.iter().any(|other| {
                    other.name == one.name && (other.data_type != one.data_type || other.collation != one.collation)
                })
            });
            // New attributes come last, and kept ones keep their order.
            let order: Vec<&str> = old
                .iter()
                .filter(|one| new.iter().any(|other| other.name == one.name))
                .map(|one| one.name.as_str())
                .chain(
                    new.iter()
                        .filter(|one| !old.iter().any(|other| other.name == one.name))
                        .map(|one| one.name.as_str()),
                )
                .collect();
            let as_wanted = order.iter().copied().eq(new.iter().map(|one| one.name.as_str()));
            as_wanted && !(retyped && in_columns)
        }
        (UserTypeKind::Range { options: old }, UserTypeKind::Range { options: new }) => old == new,
        _ => false,
    }
}

pub(super) fn create(about: &ObjectRef, one: &UserType) -> Vec<Change> {
    let name = qualified(&one.name);
    let sql = match &one.kind {
        UserTypeKind::Enum { labels } => {
            let labels: Vec<String> = labels.iter().map(|label| literal(label)).collect();
            format!("CREATE TYPE {name} AS ENUM ({})", labels.join(", "))
        }
        UserTypeKind::Domain {
            base,
            nullable,
            default,
            collation,
            checks,
        } => {
            let mut sql = format!("CREATE DOMAIN {name} AS {base}");
            if let Some(collation) = collation {
                sql.push_str(&format!(" COLLATE {collation}"));
            }
            if let Some(default) = default {
                sql.push_str(&format!(" DEFAULT {default}"));
            }
            if !nullable {
                sql.push_str(" NOT NULL");
            }
            for check in checks.iter().filter(|check| !check.unchecked) {
                sql.push_str(&format!(" CONSTRAINT {} {}", ident(&check.name), check.definition));
            }
            sql
        }
        UserTypeKind::Composite { attributes } => {
            let attributes: Vec<String> = attributes.iter().map(attribute).collect();
            format!("CREATE TYPE {name} AS ({})", attributes.join(", "))
        }
        UserTypeKind::Range { options } => {
            let options: Vec<String> = options
                .iter()
                .map(|(key, value)| match key.as_str() {
                    "multirange_type_name" => format!("{key} = {}", ident(value)),
                    _ => format!("{key} = {value}"),
                })
                .collect();
            format!("CREATE TYPE {name} AS RANGE ({})", options.join(", "))
        }
    };
    let mut statements = vec![Change::new(about, sql, "create the type")];
    statements.extend(domains::after_creation(about, one));
    if one.comment.is_some() {
        statements.push(comment(about, one));
    }
    if let UserTypeKind::Composite { attributes } = &one.kind {
        for attribute in attributes.iter().filter(|attribute| attribute.comment.is_some()) {
            statements.push(comment_attribute(about, &name, attribute));
        }
    }
    statements
}

fn attribute(one: &Attribute) -> String {
    let collation = one
        .collation
        .as_ref()
        .map_or_else(String::new, |name| format!(" COLLATE {name}"));
    format!("{} {}{collation}", ident(&one.name), one.data_type)
}

pub(super) fn text_or_null(text: Option<&String>) -> String {
    text.map_or_else(|| "NULL".to_owned(), |text| literal(text))
}

fn comment(about: &ObjectRef, one: &UserType) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON {} {} IS {text}", word(one), qualified(&one.name)),
        "describe the type",
    )
}

fn comment_attribute(about: &ObjectRef, name: &str, one: &Attribute) -> Change {
    let text = text_or_null(one.comment.as_ref());
    Change::new(
        about,
        format!("COMMENT ON COLUMN {name}.{} IS {text}", ident(&one.name)),
        "describe the attribute",
    )
}

fn alter(context: &Context<'_>, about: &ObjectRef, from: &UserType, to: &UserType) -> (Vec<Change>, Vec<Check>) {
    let mut checks = Vec::new();
    let mut statements = match (&from.kind, &to.kind) {
        (UserTypeKind::Enum { labels: old }, UserTypeKind::Enum { labels: new }) => grow(context, about, to, old, new),
        (UserTypeKind::Composite { attributes: old }, UserTypeKind::Composite { attributes: new }) => {
            reshape(about, &qualified(&to.name), old, new)
        }
        (UserTypeKind::Domain { .. }, UserTypeKind::Domain { .. }) => {
            checks = rows::domain(context, from, to);
            domains::alter(about, from, to)
        }
        _ => Vec::new(),
    };
    if from.comment != to.comment {
        statements.push(comment(about, to));
    }
    (statements, checks)
}

fn grow(context: &Context<'_>, about: &ObjectRef, to: &UserType, old: &[String], new: &[String]) -> Vec<Change> {
    let mut have: Vec<&String> = old.iter().collect();
    let mut statements = Vec::new();
    for (at, label) in new.iter().enumerate() {
        if have.contains(&label) {
            continue;
        }
        // Beside the one before it, or before the first.
        let place = match (at.checked_sub(1).map(|before| &new[before]), have.first()) {
            (Some(before), _) if have.last() == Some(&before) => String::new(),
            (Some(before), _) => format!(" AFTER {}", literal(before)),
            (None, Some(first)) => format!(" BEFORE {}", literal(first)),
            (None, None) => String::new(),
        };
        let where_to = at
            .checked_sub(1)
            .and_then(|before| have.iter().position(|one| **one == new[before]));
        have.insert(where_to.map_or(0, |before| before + 1), label);
        // A value cannot be used in the transaction that adds it.
        let used = is_used(context, label);
        statements.push(
            Change::new(
                about,
                format!("ALTER TYPE {} ADD VALUE {}{place}", qualified(&to.name), literal(label)),
                "add the value",
            )
            .outside(used),
        );
    }
    statements
}

fn is_used(context: &Context<'_>, label: &str) -> bool {
    let text = literal(label);
    // Within the literal of an array it has no quotes of its own.
    let names =
        |expression: &str| expression.contains(&text) || (expression.contains("'{") && expression.contains(label));
    let to = context.comparison.to;
    to.tables.iter().any(|table| {
        table.columns.iter().any(|column| {
            [
                column.default.as_deref(),
                column.generated.as_ref().map(|one| one.expression.as_str()),
            ]
            .into_iter()
            .flatten()
            .any(names)
        }) || table
            .constraints
            .iter()
            .any(|one| one.definition.as_ref().is_some_and(|definition| names(definition)))
            || table
                .indexes
                .iter()
                .any(|one| one.predicate.as_ref().is_some_and(|predicate| names(predicate)))
    }) || to.views.iter().any(|view| names(&view.query))
}

fn reshape(about: &ObjectRef, name: &str, old: &[Attribute], new: &[Attribute]) -> Vec<Change> {
    let mut statements = Vec::new();
    let find = |list: &[Attribute], name: &str| list.iter().position(|one| one.name == name);
    for one in old.iter().filter(|one| find(new, &one.name).is_none()) {
        statements.push(Change::new(
            about,
            format!("ALTER TYPE {name} DROP ATTRIBUTE {} CASCADE", ident(&one.name)),
            "drop the attribute",
        ));
    }
    for one in new {
        match find(old, &one.name).map(|at| &old[at]) {
            None => statements.push(Change::new(
                about,
                format!("ALTER TYPE {name} ADD ATTRIBUTE {} CASCADE", attribute(one)),
                "add the attribute",
            )),
            Some(before) if before.data_type != one.data_type || before.collation != one.collation => {
                let collation = one
                    .collation
                    .as_ref()
                    .map_or_else(String::new, |name| format!(" COLLATE {name}"));
                statements.push(Change::new(
                    about,
                    format!(
                        "ALTER TYPE {name} ALTER ATTRIBUTE {} TYPE {}{collation} CASCADE",
                        ident(&one.name),
                        one.data_type
                    ),
                    "change the attribute's type",
                ));
            }
            Some(_) => {}
        }
        if find(old, &one.name).and_then(|at| old[at].comment.as_ref()) != one.comment.as_ref() {
            statements.push(comment_attribute(about, name, one));
        }
    }
    statements
}

/// The labels of an enum.
pub(super) fn labels(one: &UserType) -> Option<&[String]> {
    match &one.kind {
        UserTypeKind::Enum { labels } => Some(labels),
        _ => None,
    }
}

/// The labels as a list of literals.
pub(super) fn label_list(labels: &[String]) -> String {
    labels.iter().map(|label| literal(label)).collect::<Vec<_>>().join(", ")
}
