//! Domains: what they demand and what they say comes and goes by itself, so that a function can be made anew beneath them
//! while columns hold their values.

use super::context::Context;
use super::decide::plain;
use super::names::{ident, literal, qualified};
use super::node::{Node, Nodes, State, Thing, id};
use super::rows;
use crate::compare::Pair;
use crate::structure::{DomainCheck, Kind, Name, ObjectRef, UserType, UserTypeKind};
use crate::write::Change;

/// What of a domain is looked at by itself.
struct Parts<'a> {
    default: Option<&'a String>,
    nullable: bool,
    checks: &'a [DomainCheck],
}

fn parts(one: &UserType) -> Option<Parts<'_>> {
    match &one.kind {
        UserTypeKind::Domain {
            default,
            nullable,
            checks,
            ..
        } => Some(Parts {
            default: default.as_ref(),
            nullable: *nullable,
            checks,
        }),
        _ => None,
    }
}

/// The id of a domain's default.
pub(super) fn default_id(domain: &Name) -> ObjectRef {
    id::part(Kind::Default, domain, "")
}

/// Conditions and the default of a domain that stays.
pub(super) fn nodes<'a>(context: &Context<'a>, from: &'a UserType, to: &'a UserType, nodes: &mut Nodes<'a>) {
    let (Some(old), Some(new)) = (parts(from), parts(to)) else {
        return;
    };
    let state = match (old.default, new.default) {
        (None, None) => None,
        (None, Some(_)) => Some(State::Create),
        (Some(_), None) => Some(State::Drop),
        (Some(one), Some(other)) if one == other => Some(State::Keep),
        _ => Some(State::Alter),
    };
    if let Some(state) = state {
        let about = default_id(&to.name);
        let mut node = Node::new(about.clone(), Thing::DomainDefault(to), state);
        if state == State::Alter {
            node.alter = create_default(&about, to);
        }
        nodes.add(node);
    }
    let mut asked = rows::domain(context, from, to);
    let find = |list: &'a [DomainCheck], name: &str| list.iter().find(|one| one.name == name);
    for one in new.checks {
        let pair = match find(old.checks, &one.name) {
            Some(before) => Pair::Both {
                from: before,
                to: one,
                alike: before == one,
            },
            None => Pair::Added(one),
        };
        let node = check(&to.name, pair);
        let asks = node.state != State::Keep;
        nodes.add(if asks {
            node.checked(std::mem::take(&mut asked))
        } else {
            node
        });
    }
    for one in old.checks.iter().filter(|one| find(new.checks, &one.name).is_none()) {
        nodes.add(check(&to.name, Pair::Dropped(one)));
    }
}

fn check<'a>(domain: &'a Name, pair: Pair<'a, DomainCheck>) -> Node<'a> {
    let name = pair.to().or(pair.from()).map_or("", |one| one.name.as_str());
    let about = id::part(Kind::Constraint, domain, name);
    let thing = Thing::DomainCheck { domain, pair };
    if let Pair::Both { from, to, alike: false } = pair
        && from.definition == to.definition
        && (from.unchecked || !to.unchecked)
    {
        let mut statements = Vec::new();
        if from.unchecked != to.unchecked {
            let sql = format!("ALTER DOMAIN {} VALIDATE CONSTRAINT {}", qualified(domain), ident(name));
            statements.push(Change::new(&about, sql, "check the values that are there"));
        }
        if from.comment != to.comment {
            statements.push(comment(&about, domain, to));
        }
        return Node::new(about, thing, State::Keep).altered(statements);
    }
    let state = plain(&pair);
    Node::new(about, thing, state)
}

/// What is changed of the domain itself.
pub(super) fn alter(about: &ObjectRef, from: &UserType, to: &UserType) -> Vec<Change> {
    let (Some(old), Some(new)) = (parts(from), parts(to)) else {
        return Vec::new();
    };
    let (what, purpose) = match (old.nullable, new.nullable) {
        (true, false) => ("SET NOT NULL", "forbid NULL"),
        (false, true) => ("DROP NOT NULL", "allow NULL"),
        _ => return Vec::new(),
    };
    let sql = format!("ALTER DOMAIN {} {what}", qualified(&to.name));
    vec![Change::new(about, sql, purpose)]
}

/// Whether the server can look at all values of it: not at those within arrays and rows.
pub(super) fn in_place(context: &Context<'_>, from: &UserType, to: &UserType) -> bool {
    let (Some(old), Some(new)) = (parts(from), parts(to)) else {
        return false;
    };
    let demands_more = (old.nullable && !new.nullable)
        || new.checks.iter().any(|one| {
            let before = old.checks.iter().find(|other| other.name == one.name);
            !one.unchecked && before.is_none_or(|other| other.definition != one.definition || other.unchecked)
        });
    !(demands_more && is_within(context, &from.name))
}

/// Whether values of it, or of a domain over it, are within arrays or rows.
fn is_within(context: &Context<'_>, name: &Name) -> bool {
    context.from_needs.iter().any(|(of, on)| {
        on.kind == Kind::Type
            && on.name == *name
            && match (of.kind, &of.part) {
                (Kind::Table, Some(column)) => context
                    .table_from(&of.name)
                    .and_then(|table| table.column(column))
                    .is_some_and(|column| column.data_type.ends_with("[]")),
                (Kind::Type, None) if of.name != *name => {
                    context.from_types.get(&of.name).is_some_and(|one| match one.kind {
                        UserTypeKind::Composite { .. } => true,
                        UserTypeKind::Domain { .. } => is_within(context, &one.name),
                        _ => false,
                    })
                }
                _ => false,
            }
    })
}

pub(super) fn create_check(about: &ObjectRef, domain: &Name, one: &DomainCheck) -> Vec<Change> {
    let unchecked = if one.unchecked { " NOT VALID" } else { "" };
    let sql = format!(
        "ALTER DOMAIN {} ADD CONSTRAINT {} {}{unchecked}",
        qualified(domain),
        ident(&one.name),
        one.definition
    );
    let mut statements = vec![Change::new(about, sql, "add the condition")];
    if one.comment.is_some() {
        statements.push(comment(about, domain, one));
    }
    statements
}

pub(super) fn drop_check(about: &ObjectRef, domain: &Name, one: &DomainCheck) -> Change {
    let sql = format!(
        "ALTER DOMAIN {} DROP CONSTRAINT {}",
        qualified(domain),
        ident(&one.name)
    );
    Change::new(about, sql, "drop the condition")
}

pub(super) fn create_default(about: &ObjectRef, to: &UserType) -> Vec<Change> {
    let default = parts(to).and_then(|parts| parts.default);
    let set = default.map(|default| format!("ALTER DOMAIN {} SET DEFAULT {default}", qualified(&to.name)));
    set.map(|sql| Change::new(about, sql, "set the default"))
        .into_iter()
        .collect()
}

pub(super) fn drop_default(about: &ObjectRef, to: &UserType) -> Change {
    let sql = format!("ALTER DOMAIN {} DROP DEFAULT", qualified(&to.name));
    Change::new(about, sql, "drop the default")
}

/// What can only be said of a new domain's conditions when it is there.
pub(super) fn after_creation(about: &ObjectRef, one: &UserType) -> Vec<Change> {
    let checks = parts(one).map_or(&[] as &[DomainCheck], |parts| parts.checks);
    checks
        .iter()
        .flat_map(|check| match (check.unchecked, &check.comment) {
            (true, _) => create_check(about, &one.name, check),
            (false, Some(_)) => vec![comment(about, &one.name, check)],
            (false, None) => Vec::new(),
        })
        .collect()
}

fn comment(about: &ObjectRef, domain: &Name, one: &DomainCheck) -> Change {
    let text = one
        .comment
        .as_ref()
        .map_or_else(|| "NULL".to_owned(), |text| literal(text));
    let sql = format!(
        "COMMENT ON CONSTRAINT {} ON DOMAIN {} IS {text}",
        ident(&one.name),
        qualified(domain)
    );
    Change::new(about, sql, "describe the condition")
}
