//! Whether a way back undoes its way up: what each adds and takes, held against each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::Dialect;

use super::super::act::{Act, Action, AlterTable};
use super::super::context::{At, Found, Read, words};
use super::super::finding::Severity;
use super::super::words::Named;

/// An object or a part of one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Thing {
    /// `table`, `column`, `index`, `view`, …
    kind: String,
    /// The table of a column.
    of: String,
    name: String,
}

impl Thing {
    fn new(kind: &str, of: &str, name: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            of: of.to_owned(),
            name: name.to_owned(),
        }
    }

    fn shown(&self) -> String {
        if self.of.is_empty() {
            format!("{} {}", self.kind, self.name)
        } else {
            format!("{} {}.{}", self.kind, self.of, self.name)
        }
    }
}

/// What a script does on balance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Effect {
    Added,
    Taken,
    /// Its type or definition becomes another one.
    Changed,
}

/// On balance, with the statement it comes from and where.
#[derive(Debug, Default)]
struct Balance {
    things: BTreeMap<Thing, (Effect, usize, std::ops::Range<usize>)>,
    /// Tables that went, if only to be made anew: what was on them went along.
    dropped: BTreeSet<String>,
    /// Something ran of which nobody knows what it did.
    opaque: bool,
}

pub(in crate::lint) fn there_and_back(
    dialect: Dialect,
    (up_script, up): (usize, &[Read<'_>]),
    (down_script, down): (usize, &[Read<'_>]),
    found: &mut Vec<Found>,
) {
    let (there, back) = (balance(dialect, up), balance(dialect, down));
    if there.opaque || back.opaque {
        return;
    }
    for (thing, (effect, piece, span)) in &there.things {
        let answer = back.things.get(thing).map(|(effect, ..)| *effect);
        let undone = match effect {
            Effect::Added => answer == Some(Effect::Taken) || goes_along(thing, &back),
            Effect::Taken => answer == Some(Effect::Added),
            Effect::Changed => answer.is_some() || goes_along(thing, &back),
        };
        // Indexes and triggers of other kinds of statements may be made under another name.
        if undone
            || *effect == Effect::Taken && thing.kind == "index" && back.things.keys().any(|one| one.kind == "index")
        {
            continue;
        }
        let what = match effect {
            Effect::Added => format!("the way back leaves {} there", thing.shown()),
            Effect::Taken => format!("the way back does not bring {} again", thing.shown()),
            Effect::Changed => format!("the way back leaves {} changed", thing.shown()),
        };
        found.push(Found {
            at: At {
                script: up_script,
                piece: *piece,
            },
            rule: "down-incomplete",
            severity: Severity::Warning,
            span: span.clone(),
            words: words(
                what,
                "after a rollback the database does not look as before, and applying the script again fails",
                "undo in the down script what the up script does, in reverse order",
            ),
        });
    }
    for (thing, (effect, piece, span)) in &back.things {
        let added = there.things.get(thing).map(|(effect, ..)| *effect) == Some(Effect::Added);
        let with_its_table = thing.kind != "column" || !there.is_added("table", &thing.of);
        if *effect == Effect::Taken && !added && with_its_table && matches!(thing.kind.as_str(), "table" | "column") {
            found.push(Found {
                at: At {
                    script: down_script,
                    piece: *piece,
                },
                rule: "down-drops-more",
                severity: Severity::Error,
                span: span.clone(),
                words: words(
                    format!("{} is not what the up script added", thing.shown()),
                    "a rollback loses rows that were there before",
                    "take back what the up script did, nothing else",
                ),
            });
        }
    }
}

/// Whether it goes with its table, or with the column it belongs to.
fn goes_along(thing: &Thing, back: &Balance) -> bool {
    let of = if thing.of.is_empty() { return false } else { &thing.of };
    let table = Thing::new("table", "", of);
    let part = matches!(thing.kind.as_str(), "index" | "trigger");
    part && back.dropped.contains(of)
        || matches!(back.things.get(&table), Some((Effect::Taken, ..)))
        || thing.kind != "column"
            && back
                .things
                .iter()
                .any(|(one, (effect, ..))| *effect == Effect::Taken && one.kind == "column" && one.of == *of)
}

impl Balance {
    fn is_added(&self, kind: &str, name: &str) -> bool {
        matches!(self.things.get(&Thing::new(kind, "", name)), Some((Effect::Added, ..)))
    }

    fn note(&mut self, thing: Thing, effect: Effect, at: usize, span: std::ops::Range<usize>) {
        // What happens to a table of the script's own is part of making it.
        if !thing.of.is_empty()
            && self.is_added("table", &thing.of)
            && matches!(thing.kind.as_str(), "column" | "constraint")
        {
            return;
        }
        match (self.things.get(&thing).map(|(effect, ..)| *effect), effect) {
            (Some(Effect::Added), Effect::Taken) => drop(self.things.remove(&thing)),
            // Gone and made again: the same name, perhaps another definition.
            (Some(Effect::Taken), Effect::Added) => {
                let again = thing.kind != "table";
                self.things.remove(&thing);
                if again {
                    self.things.insert(thing, (Effect::Changed, at, span));
                }
            }
            (Some(_), Effect::Changed) => {}
            _ => drop(self.things.insert(thing, (effect, at, span))),
        }
    }

    fn forget_parts(&mut self, table: &str) {
        self.things.retain(|thing, _| thing.of != table);
    }
}

fn balance(dialect: Dialect, reads: &[Read<'_>]) -> Balance {
    let mut balance = Balance::default();
    for (at, read) in reads.iter().enumerate() {
        statement(dialect, &mut balance, at, read);
    }
    balance
}

fn statement(dialect: Dialect, balance: &mut Balance, at: usize, read: &Read<'_>) {
    let span = read.piece.span();
    match &read.act {
        Act::CreateTable(create) if !create.temporary => {
            balance.note(Thing::new("table", "", &create.name.key()), Effect::Added, at, span);
        }
        // What is replaced may have been there before, and then going back is another replacement.
        Act::Create { replaces: true, .. } => {}
        Act::Create { kind, name, on, .. } => {
            let of = on.as_ref().map(Named::key).unwrap_or_default();
            if *kind != "EXTENSION" {
                balance.note(
                    Thing::new(&kind.to_ascii_lowercase(), &of, &name.key()),
                    Effect::Added,
                    at,
                    span,
                );
            }
        }
        Act::CreateIndex(index) => {
            if let Some(name) = &index.name {
                balance.note(
                    Thing::new("index", &index.table.key(), &name.ident.key),
                    Effect::Added,
                    at,
                    span,
                );
            }
        }
        Act::Drop(dropped) if !dropped.temporary => {
            for name in &dropped.names {
                gone(balance, dropped.kind, name, at, span.clone());
            }
        }
        Act::RenameTables(pairs) => {
            for (from, to) in pairs {
                rename(balance, from, to, at, span.clone());
            }
        }
        Act::AlterTable(alter) => altered(dialect, balance, alter, at),
        Act::Opaque => balance.opaque = true,
        _ => {}
    }
}

fn gone(balance: &mut Balance, kind: &str, name: &Named, at: usize, span: std::ops::Range<usize>) {
    let kind = kind.to_ascii_lowercase();
    if kind == "extension" {
        return;
    }
    if matches!(kind.as_str(), "index" | "trigger" | "policy" | "rule") {
        // Which table it is on is not said everywhere.
        let same = balance
            .things
            .keys()
            .find(|one| one.kind == kind && one.name == name.ident.key);
        let thing = same.cloned().unwrap_or_else(|| Thing::new(&kind, "", &name.ident.key));
        return balance.note(thing, Effect::Taken, at, span);
    }
    let key = name.key();
    if kind == "table" {
        balance.forget_parts(&key);
        balance.dropped.insert(key.clone());
    }
    balance.note(Thing::new(&kind, "", &key), Effect::Taken, at, span);
}

/// A rename is told apart from a drop and a creation: the rows stay.
fn rename(balance: &mut Balance, from: &Named, to: &Named, at: usize, span: std::ops::Range<usize>) {
    let (old, new) = (Thing::new("table", "", &from.key()), Thing::new("table", "", &to.key()));
    if balance.is_added("table", &old.name) {
        balance.note(old, Effect::Taken, at, span.clone());
        balance.note(new, Effect::Added, at, span);
        return;
    }
    renamed_thing(balance, "renamed table", "", (&old.name, &new.name), at, span);
}

/// `a -> b` in one direction is undone by `b -> a` in the other; both are one thing, under both names in order.
fn renamed_thing(
    balance: &mut Balance,
    kind: &str,
    of: &str,
    (from, to): (&str, &str),
    at: usize,
    span: std::ops::Range<usize>,
) {
    let forward = from < to;
    let (first, second) = if forward { (from, to) } else { (to, from) };
    let effect = if forward { Effect::Added } else { Effect::Taken };
    balance.note(Thing::new(kind, of, &format!("{first} / {second}")), effect, at, span);
}

fn altered(dialect: Dialect, balance: &mut Balance, alter: &AlterTable, at: usize) {
    let of = alter.table.key();
    for (action, span) in &alter.actions {
        let span = span.clone();
        match action {
            Action::AddColumn { column, .. } => {
                balance.note(Thing::new("column", &of, &column.name.key), Effect::Added, at, span);
            }
            Action::DropColumn { column, .. } => {
                balance.note(Thing::new("column", &of, &column.key), Effect::Taken, at, span);
            }
            Action::RenameColumn { from, to } => {
                renamed_thing(balance, "renamed column", &of, (&from.key, &to.key), at, span);
            }
            Action::Modify { from, column } => {
                if let Some(from) = from.as_ref().filter(|from| from.key != column.name.key) {
                    renamed_thing(
                        balance,
                        "renamed column",
                        &of,
                        (&from.key, &column.name.key),
                        at,
                        span.clone(),
                    );
                } else {
                    balance.note(Thing::new("column", &of, &column.name.key), Effect::Changed, at, span);
                }
            }
            Action::SetType { column, .. }
            | Action::SetNotNull(column)
            | Action::DropNotNull(column)
            | Action::DropDefault(column)
            | Action::AlterColumn(column) => {
                balance.note(Thing::new("column", &of, &column.key), Effect::Changed, at, span);
            }
            Action::RenameTable(to) => rename(balance, &alter.table, to, at, span),
            Action::AddConstraint(constraint) => {
                if let Some(name) = &constraint.name {
                    balance.note(Thing::new("constraint", &of, &name.key), Effect::Added, at, span);
                }
            }
            Action::DropConstraint(Some(name)) => {
                balance.note(Thing::new("constraint", &of, &name.key), Effect::Taken, at, span);
            }
            _ if dialect == Dialect::Mysql => {}
            _ => {}
        }
    }
}
