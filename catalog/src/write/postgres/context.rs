//! What every part of the writer looks at.

use std::collections::{HashMap, HashSet};

use super::collations;
use super::node::id;
use super::rebuild::Rebuild;
use super::types;
use crate::compare::{Alike, Comparison, Pair, Renames, TablePair};
use crate::structure::{Column, Dependency, Kind, Name, ObjectRef, Structure, Table, UserType};
use crate::write::Choices;

pub(super) struct Context<'a> {
    /// What there is, by the names that it has before the renames.
    pub(super) before: &'a Structure,
    pub(super) renames: &'a Renames,
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) choices: Choices,
    /// Tables that are made anew, their rows moved.
    pub(super) rebuilds: &'a [Rebuild],
    /// Who needs what in `from`, defaults of computed columns taken for the columns.
    pub(super) from_needs: Vec<(ObjectRef, ObjectRef)>,
    /// The same in `to`.
    pub(super) to_needs: Vec<(ObjectRef, ObjectRef)>,
    /// Types that are made anew under their name, the columns of them converted.
    pub(super) swapped: HashSet<Name>,
    /// Columns of swapped types.
    pub(super) of_swapped: HashSet<(Name, String)>,
    from_tables: HashMap<&'a Name, &'a Table>,
    to_tables: HashMap<&'a Name, &'a Table>,
    pub(super) from_types: HashMap<&'a Name, &'a UserType>,
    pub(super) to_types: HashMap<&'a Name, &'a UserType>,
}

impl<'a> Context<'a> {
    pub(super) fn new(
        before: &'a Structure,
        renames: &'a Renames,
        comparison: &'a Comparison<'a>,
        choices: Choices,
        rebuilds: &'a [Rebuild],
    ) -> Self {
        let from_tables = comparison.from.tables.iter().map(|one| (&one.name, one)).collect();
        let to_tables = comparison.to.tables.iter().map(|one| (&one.name, one)).collect();
        let mut context = Self {
            before,
            renames,
            comparison,
            choices,
            rebuilds,
            from_needs: needs(&comparison.from.dependencies, &from_tables),
            to_needs: needs(&comparison.to.dependencies, &to_tables),
            swapped: HashSet::new(),
            of_swapped: HashSet::new(),
            from_tables,
            to_tables,
            from_types: comparison.from.types.iter().map(|one| (&one.name, one)).collect(),
            to_types: comparison.to.types.iter().map(|one| (&one.name, one)).collect(),
        };
        context.find_swapped();
        context
    }

    pub(super) fn table_from(&self, name: &Name) -> Option<&'a Table> {
        self.from_tables.get(name).copied()
    }

    pub(super) fn table_to(&self, name: &Name) -> Option<&'a Table> {
        self.to_tables.get(name).copied()
    }

    /// The column of a parent that a column is inherited from.
    pub(super) fn parents_column(&self, table: &Table, column: &str) -> Option<&'a Column> {
        let parents = table
            .partition_of
            .iter()
            .map(|part| &part.parent)
            .chain(&table.inherits);
        parents
            .filter_map(|parent| self.table_to(parent))
            .find_map(|parent| parent.column(column))
    }

    /// Whether a parent hands a column's change down.
    pub(super) fn hands_down(&self, (from, to): (&Table, &Table), (old, new): (&Column, &Column)) -> bool {
        let Some(parent_to) = self.parents_column(to, &new.name).filter(|_| !self.is_moved(to)) else {
            return false;
        };
        // A child that joins its parents is like them beforehand.
        let stays = |parent: &&Name| from.partition_of.is_some() || from.inherits.contains(parent);
        let parents = to.partition_of.iter().map(|part| &part.parent).chain(&to.inherits);
        let parent_from = parents
            .filter(stays)
            .filter_map(|name| self.table_from(name))
            .find_map(|table| table.column(&old.name));
        parent_from.is_some_and(|parent_from| {
            !parent_from.is_alike(parent_to)
                && parent_to.data_type == new.data_type
                && parent_from.data_type == old.data_type
        })
    }

    /// Swapped are those that cannot be changed in place, and those built on them.
    fn find_swapped(&mut self) {
        for pair in &self.comparison.types {
            if let Some((from, to)) = pair.changed()
                && !types::in_place(self, from, to)
            {
                self.swapped.insert(to.name.clone());
            }
        }
        let sorted: HashSet<ObjectRef> = collations::remade(&self.comparison.others)
            .map(|(from, _)| id::other(from))
            .collect();
        for (of, _) in self.from_needs.iter().filter(|(_, on)| sorted.contains(on)) {
            match (&of.kind, &of.part) {
                (Kind::Table, Some(part)) => {
                    self.of_swapped.insert((of.name.clone(), part.clone()));
                }
                (Kind::Type, None) if self.to_types.contains_key(&of.name) => {
                    self.swapped.insert(of.name.clone());
                }
                _ => {}
            }
        }
        if self.swapped.is_empty() {
            return;
        }
        loop {
            let more: Vec<Name> = self
                .from_needs
                .iter()
                .filter(|(of, on)| {
                    of.kind == Kind::Type
                        && on.kind == Kind::Type
                        && self.swapped.contains(&on.name)
                        && !self.swapped.contains(&of.name)
                        && self.to_types.contains_key(&of.name)
                })
                .map(|(of, _)| of.name.clone())
                .collect();
            if more.is_empty() {
                break;
            }
            self.swapped.extend(more);
        }
        let of_swapped = self
            .from_needs
            .iter()
            .filter(|(of, on)| of.kind == Kind::Table && on.kind == Kind::Type && self.swapped.contains(&on.name))
            .filter_map(|(of, _)| Some((of.name.clone(), of.part.clone()?)));
        self.of_swapped.extend(of_swapped);
    }

    /// Whether the column's values stand in a table that is there already.
    pub(super) fn exists(&self, table: &Name) -> bool {
        self.from_tables.contains_key(table)
    }

    /// Whether a table is made anew for rows that are there.
    pub(super) fn is_rebuilt(&self, table: &Name) -> bool {
        self.rebuilds.iter().any(|one| one.table == *table)
    }

    /// Whether a table is removed.
    pub(super) fn is_dropped(&self, table: &Name) -> bool {
        self.from_tables.contains_key(table) && !self.to_tables.contains_key(table)
    }

    /// Whether a table that is there becomes the child of another: it needs what the parent has beforehand.
    pub(super) fn joins(&self, to: &Table) -> bool {
        let joins = |from: &Table| to.inherits.iter().any(|one| !from.inherits.contains(one));
        self.table_from(&to.name).is_some_and(joins) || self.is_moved(to)
    }

    /// Whether a partition is detached, and attached again elsewhere or for other rows: meanwhile nothing is handed down to it.
    pub(super) fn is_moved(&self, to: &Table) -> bool {
        let from = self.table_from(&to.name).and_then(|from| from.partition_of.as_ref());
        from.is_some() && to.partition_of.is_some() && from != to.partition_of.as_ref()
    }

    /// Whether a partition becomes a table of its own, or one of another parent: what its parent handed down is its own then.
    pub(super) fn is_let_go(&self, table: &Name) -> bool {
        let of = |table: Option<&'a Table>| table.and_then(|one| one.partition_of.as_ref()).map(|part| &part.parent);
        let before = of(self.table_from(table));
        before.is_some() && self.exists_after(table) && before != of(self.table_to(table))
    }

    fn exists_after(&self, table: &Name) -> bool {
        self.to_tables.contains_key(table)
    }

    /// Whether nothing changes in the tables that hand something down to a partition: what it has of them may be renamed.
    pub(super) fn is_handed_down_unchanged(&self, table: &Name) -> bool {
        let mut at = table;
        while let Some(part) = self.table_to(at).and_then(|one| one.partition_of.as_ref()) {
            at = &part.parent;
        }
        let root = |pair: &&TablePair<'_>| pair.table.to().is_some_and(|one| one.name == *at);
        at != table
            && self
                .comparison
                .tables
                .iter()
                .find(root)
                .is_some_and(|pair| !pair.is_changed())
    }

    /// Whether a child keeps a column that its parent loses: its values are not the parent's to take.
    pub(super) fn is_spared(&self, parent: &Name, column: &str) -> bool {
        let keeps = |child: &Table| {
            child.column(column).is_some_and(|one| one.inherited)
                && self.table_to(&child.name).is_some_and(|to| to.column(column).is_some())
        };
        let mut children = self.comparison.from.tables.iter();
        children.any(|child| child.inherits.contains(parent) && keeps(child))
    }

    /// Whether a table or one column of it is removed.
    pub(super) fn is_column_dropped(&self, table: &Name, column: &str) -> bool {
        match (self.table_from(table), self.table_to(table)) {
            (Some(from), Some(to)) => from.column(column).is_some() && to.column(column).is_none(),
            (Some(_), None) => true,
            _ => false,
        }
    }
}

/// A computed column's expression belongs to the column: it cannot be taken off alone.
fn needs(dependencies: &[Dependency], tables: &HashMap<&Name, &Table>) -> Vec<(ObjectRef, ObjectRef)> {
    let canonical = |one: &ObjectRef| -> ObjectRef {
        if one.kind == Kind::Default
            && let Some(part) = &one.part
            && tables
                .get(&one.name)
                .and_then(|table| table.column(part))
                .is_some_and(|column| column.generated.is_some())
        {
            return ObjectRef::part(Kind::Table, one.name.clone(), part.as_str());
        }
        one.clone()
    };
    dependencies
        .iter()
        .map(|one| (canonical(&one.of), canonical(&one.on)))
        .filter(|(of, on)| of != on)
        .collect()
}

/// What a pair is called afterwards, or was called.
pub(super) fn either<'a, T>(pair: &Pair<'a, T>) -> Option<&'a T> {
    pair.to().or(pair.from())
}
