//! Views and triggers that have to step aside.
//!
//! Every RENAME and DROP COLUMN makes SQLite resolve all views and triggers of the database, and fails where one of them
//! names something that is not there at that moment. So what mentions a table that is being built anew, or a column that is
//! being dropped, goes before and comes back after; and with it what mentions that.

use std::collections::{HashMap, HashSet};

use crate::compare::{Comparison, Pair};
use crate::read::sqlite::{fold, given, is_loose, mentioned, sources};
use crate::structure::{Structure, Trigger, View};

/// What is in pieces for a while.
#[derive(Debug, Default)]
pub(super) struct Shaken {
    /// Tables that are built anew or dropped, as they are called after the renames, folded.
    pub(super) tables: HashSet<String>,
    /// Views that get another name, which no statement gives them, as they are called then, folded.
    pub(super) views: HashSet<String>,
    /// Columns that get another name, and their tables, as they are called then, folded.
    pub(super) renamed: HashSet<String>,
    /// Columns that are dropped, folded.
    pub(super) columns: HashSet<String>,
    /// Whether any statement makes SQLite resolve everything.
    pub(super) resolves: bool,
}

/// Who steps aside: views by their folded name, triggers by theirs.
#[derive(Debug, Default)]
pub(super) struct Aside {
    pub(super) views: HashSet<String>,
    pub(super) triggers: HashSet<String>,
}

/// Who steps aside, those that change or go anyway included.
pub(super) fn aside(comparison: &Comparison<'_>, shaken: &Shaken) -> Aside {
    let mut aside = Aside::default();
    for pair in &comparison.views {
        if let Some(view) = pair.from() {
            let own = fold(&view.name.name);
            if pair.differs() || shaken.views.contains(&own) {
                aside.views.insert(own);
            }
        }
    }
    for pair in &comparison.triggers {
        if let (Some(trigger), true) = (pair.from(), pair.differs()) {
            aside.triggers.insert(fold(&trigger.name));
        }
    }
    if shaken.resolves {
        close(comparison, shaken, &mut aside);
    }
    // A trigger on a view goes with it.
    for trigger in &comparison.from.triggers {
        if aside.views.contains(&fold(&trigger.on.name)) {
            aside.triggers.insert(fold(&trigger.name));
        }
    }
    aside
}

fn close(comparison: &Comparison<'_>, shaken: &Shaken, aside: &mut Aside) {
    let from = comparison.from;
    let known: HashSet<String> = from
        .tables
        .iter()
        .map(|one| fold(&one.name.name))
        .chain(from.views.iter().map(|one| fold(&one.name.name)))
        .collect();
    let columns = columns(from, &known);
    let unsettled = |text: &str, names: &HashSet<String>| {
        !names.is_disjoint(&shaken.tables)
            || !names.is_disjoint(&shaken.columns)
            || (joins_by_name(names) && !names.is_disjoint(&shaken.renamed))
            || sources(text).iter().any(|name| !known.contains(name))
            || is_loose(text, &columns)
    };
    let views: HashMap<String, (HashSet<String>, &View)> = from
        .views
        .iter()
        .map(|view| (fold(&view.name.name), (mentioned(&view.query), view)))
        .collect();
    loop {
        let more: Vec<String> = views
            .iter()
            .filter(|(name, (names, view))| {
                !aside.views.contains(*name) && (!names.is_disjoint(&aside.views) || unsettled(&view.query, names))
            })
            .map(|(name, _)| name.clone())
            .collect();
        if more.is_empty() {
            break;
        }
        aside.views.extend(more);
    }
    for trigger in &from.triggers {
        let mut names = mentioned(&trigger.definition);
        names.insert(fold(&trigger.on.name));
        if !names.is_disjoint(&aside.views) || unsettled(&trigger.definition, &names) {
            aside.triggers.insert(fold(&trigger.name));
        }
    }
}

/// Whether it joins tables by columns that have to be called the same: while they are renamed one by one, they are not.
fn joins_by_name(words: &HashSet<String>) -> bool {
    words.contains("using") || words.contains("natural")
}

/// Every name that could be a column's, wherever it is one.
fn columns(from: &Structure, relations: &HashSet<String>) -> HashSet<String> {
    let mut names = relations.clone();
    for table in &from.tables {
        names.extend(table.columns.iter().map(|column| fold(&column.name)));
    }
    for view in &from.views {
        names.extend(given(&view.query));
        names.extend(view.columns.iter().map(|(name, _)| fold(name)));
    }
    for trigger in &from.triggers {
        names.extend(given(&trigger.definition));
    }
    names
}

impl Aside {
    /// Those to be made at the end: what is new, what changes, what stepped aside. Those that others mention first.
    pub(super) fn views_to_make<'a>(&self, comparison: &Comparison<'a>) -> Vec<&'a View> {
        let mut left: Vec<&View> = comparison
            .views
            .iter()
            .filter_map(|pair| match *pair {
                Pair::Added(view) => Some(view),
                Pair::Both { from, to, .. } if self.views.contains(&fold(&from.name.name)) => Some(to),
                _ => None,
            })
            .collect();
        let mut made = Vec::with_capacity(left.len());
        let mut names: HashMap<String, HashSet<String>> = left
            .iter()
            .map(|view| (fold(&view.name.name), mentioned(&view.query)))
            .collect();
        while !left.is_empty() {
            let waiting: HashSet<String> = left.iter().map(|view| fold(&view.name.name)).collect();
            let (ready, later): (Vec<&View>, Vec<&View>) = left.iter().partition(|view| {
                let own = fold(&view.name.name);
                names
                    .get(&own)
                    .is_none_or(|names| names.iter().all(|name| *name == own || !waiting.contains(name)))
            });
            if ready.is_empty() {
                // A circle that only over-reading can make.
                made.extend(later);
                break;
            }
            for view in &ready {
                names.remove(&fold(&view.name.name));
            }
            made.extend(ready);
            left = later;
        }
        made
    }

    /// Those to be made at the end.
    pub(super) fn triggers_to_make<'a>(&self, comparison: &Comparison<'a>) -> Vec<&'a Trigger> {
        comparison
            .triggers
            .iter()
            .filter_map(|pair| match *pair {
                Pair::Added(trigger) => Some(trigger),
                Pair::Both { from, to, .. } if self.triggers.contains(&fold(&from.name)) => Some(to),
                _ => None,
            })
            .collect()
    }
}
