//! Statements for MySQL and MariaDB.
//!
//! ```text
//!  what is in the way goes     triggers, events, routines, views, foreign keys
//!  names                       tables, views, then columns and indexes
//!  tables                      gone · changed: rows first, then one ALTER, then partitions · new, in the order of their foreign keys
//!  what needs tables comes     foreign keys, routines, views, triggers, events
//! ```
//!
//! Every statement commits by itself here. So each is whole: a table is changed by one ALTER wherever one can say it, and
//! between two statements nothing is lost that the plan does not mean to lose.

mod alter;
mod check;
mod column;
mod computed;
mod convert;
mod data_type;
mod foreign;
mod history;
mod index;
mod key;
mod names;
mod number;
mod object;
mod partition;
mod period;
mod rename;
mod table;

use std::collections::{HashMap, HashSet};

use super::{Change, Check, Choices, Lock, Plan, WriteError};
use crate::compare::{Comparison, Renames, compare};
use crate::structure::{Kind, Name, ObjectRef, Structure};
use crate::{Dialect, IdentifierError, quote};

use names::Names;

pub(super) fn write(
    from: &Structure,
    renames: &Renames,
    comparison: &Comparison<'_>,
    _choices: Choices,
) -> Result<Plan, WriteError> {
    let names = Names::of(renames);
    let renamed = names.in_texts(comparison.from);
    let comparison = match &renamed {
        Some(renamed) => &compare(renamed, comparison.to),
        None => comparison,
    };
    let mut writer = Writer {
        plan: Plan::default(),
        names,
        original: from,
        comparison,
        filled: HashSet::new(),
    };
    writer.run(renames)?;
    Ok(writer.plan)
}

/// Whether values get from one type to another by way of texts: an enum's number is not what is meant.
pub(super) fn goes_through_text(from: &str, to: &str) -> bool {
    let typed = |data_type| convert::Typed {
        data_type,
        collation: None,
    };
    convert::conversion("", typed(from), typed(to)).through.is_some()
}

/// Whether values of a type are compared by a collation.
pub(super) fn is_collated(data_type: &str) -> bool {
    data_type::DataType::read(data_type).has_collation()
}

/// What a plan is put together with.
struct Writer<'a> {
    plan: Plan,
    names: Names,
    /// What is there, under the names of before.
    original: &'a Structure,
    /// What is there under the names of afterwards, and what should be.
    comparison: &'a Comparison<'a>,
    /// The tables whose rows get values that a column now demands.
    filled: HashSet<String>,
}

impl Writer<'_> {
    fn run(&mut self, renames: &Renames) -> Result<(), WriteError> {
        self.find_filled();
        self.drop_triggers()?;
        self.drop_events();
        self.drop_routines()?;
        self.drop_views()?;
        self.rename_objects(renames)?;
        self.rename_parts(renames)?;
        let foreign = self.foreign_keys();
        self.drop_foreign_keys(&foreign)?;
        self.drop_tables()?;
        self.sequences()?;
        self.alter_tables()?;
        self.create_tables()?;
        self.drop_sequences()?;
        self.add_foreign_keys(&foreign)?;
        self.create_routines()?;
        self.create_views()?;
        self.create_triggers()?;
        self.create_events();
        self.alter_histories();
        Ok(())
    }

    /// Whether the server is MySQL's own, and not MariaDB.
    fn is_mysql(&self) -> bool {
        let sides = [self.comparison.to, self.comparison.from];
        let server = sides.iter().find_map(|side| side.options.get("server"));
        server.is_some_and(|server| server == "mysql")
    }

    fn push(&mut self, change: Change) {
        self.plan.statements.push(change);
    }

    fn check(&mut self, about: ObjectRef, query: String, message: impl Into<String>) {
        self.plan.checks.push(Check {
            about,
            query,
            message: message.into(),
        });
    }
}

/// A statement about an object, of no cost.
fn change(sql: String, comment: impl Into<String>, about: ObjectRef) -> Change {
    Change {
        sql,
        comment: comment.into(),
        about,
        lock: None,
        rewrites: false,
        scans: false,
        outside_transaction: false,
        apart: false,
    }
}

/// What a statement on a table stops: for a moment everybody, and while it copies rows those who write.
fn lock(table: &str, copies: bool) -> Option<Lock> {
    Some(Lock {
        table: table.to_owned(),
        mode: if copies { "SHARED" } else { "EXCLUSIVE METADATA" },
        blocks_reads: false,
        blocks_writes: copies,
    })
}

fn about(kind: Kind, name: &Name) -> ObjectRef {
    ObjectRef::new(kind, name.clone())
}

fn quoted(name: &str) -> Result<String, IdentifierError> {
    quote(Dialect::Mysql, name)
}

/// A table's name, with its database where that is another one.
fn full(name: &Name) -> Result<String, IdentifierError> {
    if name.schema.is_empty() {
        quoted(&name.name)
    } else {
        Ok(format!("{}.{}", quoted(&name.schema)?, quoted(&name.name)?))
    }
}

fn list<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Result<String, IdentifierError> {
    let quoted: Result<Vec<String>, _> = names.into_iter().map(|name| quoted(name.as_ref())).collect();
    Ok(quoted?.join(", "))
}

/// Brings `items` into an order in which each comes after those it needs, as far as there is one; the second list are those
/// that need each other in a circle, in the order they were given.
fn in_order(items: &[String], needs: &HashMap<String, HashSet<String>>) -> (Vec<String>, Vec<String>) {
    let known: HashSet<&str> = items.iter().map(String::as_str).collect();
    let mut waiting: HashMap<&str, usize> = HashMap::new();
    let mut users: HashMap<&str, Vec<&str>> = HashMap::new();
    for item in items {
        let needed = needs.get(item).into_iter().flatten();
        let mut count = 0;
        for need in needed.filter(|need| known.contains(need.as_str()) && *need != item) {
            users.entry(need.as_str()).or_default().push(item);
            count += 1;
        }
        waiting.insert(item, count);
    }
    let mut ready: std::collections::BTreeSet<(usize, &str)> = items
        .iter()
        .enumerate()
        .filter(|(_, item)| waiting.get(item.as_str()) == Some(&0))
        .map(|(at, item)| (at, item.as_str()))
        .collect();
    let place: HashMap<&str, usize> = items.iter().enumerate().map(|(at, item)| (item.as_str(), at)).collect();
    let mut ordered = Vec::with_capacity(items.len());
    while let Some((_, item)) = ready.pop_first() {
        ordered.push(item.to_owned());
        for user in users.get(item).into_iter().flatten() {
            if let Some(count) = waiting.get_mut(user) {
                *count -= 1;
                if *count == 0 {
                    ready.insert((place.get(user).copied().unwrap_or_default(), user));
                }
            }
        }
    }
    let done: HashSet<&str> = ordered.iter().map(String::as_str).collect();
    let circle = items
        .iter()
        .filter(|item| !done.contains(item.as_str()))
        .cloned()
        .collect();
    (ordered, circle)
}

#[cfg(test)]
mod tests;
