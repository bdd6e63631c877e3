//! A column's counter that becomes one of another kind: `serial` an identity, or an identity `serial`.
//!
//! The new one goes on where the old one stands, which is nowhere written but in it: the old one steps aside under another
//! name until it has been read.

use super::context::Context;
use super::names::{ident, literal, qualified};
use super::sequences;
use super::types;
use crate::structure::{Identity, Kind, Name, ObjectRef, Sequence};
use crate::write::Change;

/// Whether a sequence goes because its column's identity goes on in its place.
pub(super) fn is_left(context: &Context<'_>, sequence: &Sequence) -> bool {
    let Some((table, column)) = &sequence.owned_by else {
        return false;
    };
    left_to(context, table, column).is_some_and(|one| one.name == sequence.name)
}

/// The sequence that leaves its place to a column's new identity: one that nothing else counts with.
pub(super) fn left_to<'a>(context: &Context<'a>, table: &Name, column: &str) -> Option<&'a Sequence> {
    if !has_identity(context, table, column, false) || has_identity(context, table, column, true) {
        return None;
    }
    let stays = |name: &Name| context.comparison.to.sequences.iter().any(|one| one.name == *name);
    let owned = |one: &&Sequence| {
        one.owned_by
            .as_ref()
            .is_some_and(|(of, part)| of == table && part == column)
    };
    let sequence = context.comparison.from.sequences.iter().find(owned)?;
    let others = context.from_needs.iter().any(|(of, on)| {
        on.kind == Kind::Sequence
            && on.name == sequence.name
            && !(of.name == *table && of.part.as_deref() == Some(column))
            && of.name != sequence.name
    });
    (!stays(&sequence.name) && !others).then_some(sequence)
}

/// Whether a new sequence goes on where its column's identity stood.
pub(super) fn is_begun(context: &Context<'_>, sequence: &Sequence) -> bool {
    let Some((table, column)) = &sequence.owned_by else {
        return false;
    };
    has_identity(context, table, column, true)
        && !has_identity(context, table, column, false)
        && context.table_to(table).is_some_and(|to| to.column(column).is_some())
        && !context
            .comparison
            .from
            .sequences
            .iter()
            .any(|one| one.name == sequence.name)
        && counter_of(context, table, column).is_some()
}

fn has_identity(context: &Context<'_>, table: &Name, column: &str, old: bool) -> bool {
    let table = if old {
        context.table_from(table)
    } else {
        context.table_to(table)
    };
    table
        .and_then(|table| table.column(column))
        .is_some_and(|column| column.identity.is_some())
}

fn counter_of<'a>(context: &Context<'a>, table: &Name, column: &str) -> Option<&'a Name> {
    let column = context.table_from(table)?.column(column)?;
    column.identity.as_ref()?.counter.as_ref()
}

fn aside(about: &ObjectRef, name: &Name) -> (Name, Change) {
    let aside = types::old_name(name);
    let sql = format!("ALTER SEQUENCE {} RENAME TO {}", qualified(name), ident(&aside.name));
    (aside, Change::new(about, sql, "the counter makes way for the next"))
}

fn go_on(about: &ObjectRef, counter: &str, old: &Name) -> Change {
    let sql = format!(
        "SELECT pg_catalog.setval({counter}, last_value, is_called) FROM {}",
        qualified(old)
    );
    Change::new(about, sql, "the counter goes on where it was")
}

/// An identity in place of a sequence; `add` makes it.
pub(super) fn by_identity(
    about: &ObjectRef,
    sequence: &Sequence,
    add: Change,
    table: &Name,
    column: &str,
) -> Vec<Change> {
    let (old, rename) = aside(about, &sequence.name);
    let counter = format!(
        "pg_catalog.pg_get_serial_sequence({}, {})",
        literal(&qualified(table)),
        literal(column)
    );
    // Two counters of one column, and only one of them is found by it.
    let alone = format!("ALTER SEQUENCE {} OWNED BY NONE", qualified(&old));
    vec![
        rename,
        Change::new(about, alone, "let the old counter stand alone"),
        add,
        go_on(about, &counter, &old),
        Change::new(
            about,
            format!("DROP SEQUENCE {}", qualified(&old)),
            "drop the old counter",
        ),
    ]
}

/// Sequences in place of an identity, which goes afterwards.
pub(super) fn by_sequence(
    context: &Context<'_>,
    about: &ObjectRef,
    table: &Name,
    column: &str,
    identity: &Identity,
) -> Vec<Change> {
    let owned = |one: &&Sequence| {
        one.owned_by
            .as_ref()
            .is_some_and(|(of, part)| of == table && part == column)
    };
    let sequences = context.comparison.to.sequences.iter().filter(owned);
    let Some(sequence) = sequences.into_iter().find(|one| is_begun(context, one)) else {
        return Vec::new();
    };
    let Some(counter) = &identity.counter else {
        return Vec::new();
    };
    let (old, rename) = aside(about, counter);
    let mut statements = vec![rename];
    statements.extend(sequences::create(
        &ObjectRef::new(Kind::Sequence, sequence.name.clone()),
        sequence,
    ));
    statements.push(go_on(about, &literal(&qualified(&sequence.name)), &old));
    statements
}
