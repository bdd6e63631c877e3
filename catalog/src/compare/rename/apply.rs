//! Renaming in a structure: the thing itself, and what points to it.

use super::{Rename, text};
use crate::Dialect;
use crate::structure::{ConstraintKind, IndexPart, IndexTarget, Key, Name, Namespace, Structure, Table, UserTypeKind};

impl Rename {
    pub(super) fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Table { .. } | Self::View { .. } | Self::Type { .. } | Self::Sequence { .. }
        )
    }

    /// What moves to a schema that is not there makes it.
    pub(super) fn make_schema(&self, now: &mut Structure) {
        let (Self::Table { from, to }
        | Self::View { from, to }
        | Self::Type { from, to }
        | Self::Sequence { from, to }) = self
        else {
            return;
        };
        let is_there = to.schema == "public" || now.namespaces.iter().any(|one| one.name == to.schema);
        if from.schema != to.schema && !is_there {
            now.namespaces.push(Namespace {
                name: to.schema.clone(),
                ..Namespace::default()
            });
        }
    }

    /// Renames in `now`; false where there is nothing to rename, or the new name is taken.
    pub(super) fn apply(&self, now: &mut Structure) -> bool {
        match self {
            Self::Table { from, to } => rename_table(now, from, to),
            Self::View { from, to } => {
                let dialect = now.dialect;
                let names = now.views.iter_mut().map(|one| &mut one.name);
                rename_one(names.collect(), to, |one| dialect.same_name(one, from))
            }
            Self::Type { from, to } => {
                let names = now.types.iter_mut().map(|one| &mut one.name);
                rename_one(names.collect(), to, |one| one == from)
            }
            Self::Sequence { from, to } => {
                let names = now.sequences.iter_mut().map(|one| &mut one.name);
                rename_one(names.collect(), to, |one| one == from)
            }
            Self::Label { of, from, to } => rename_label(now, of, from, to),
            Self::Column { table, from, to } => rename_column(now, table, from, to),
            Self::Index { table, from, to } => rename_index(now, table, from, to),
            Self::Constraint { table, from, to } => {
                let from = now.dialect.folded_part(from);
                rename_constraint(now, table, &from, to)
            }
        }
    }
}

fn rename_table(now: &mut Structure, from: &Name, to: &Name) -> bool {
    let dialect = now.dialect;
    if now.table(to).is_some_and(|_| !dialect.same_name(from, to)) {
        return false;
    }
    let Some(table) = now.tables.iter_mut().find(|one| dialect.same_name(&one.name, from)) else {
        return false;
    };
    if table.name == *to {
        return false;
    }
    let old = std::mem::replace(&mut table.name, to.clone());
    // What counts for a table moves with it.
    let own = now.sequences.iter_mut().filter(|one| {
        let owner = one.owned_by.as_ref();
        old.schema != to.schema && owner.is_some_and(|(table, _)| *table == old)
    });
    own.for_each(|one| one.name.schema.clone_from(&to.schema));
    repoint(now, &old, to);
    true
}

/// Renames the one that is meant among names, unless the new one is among them, too.
fn rename_one(names: Vec<&mut Name>, to: &Name, is_meant: impl Fn(&Name) -> bool) -> bool {
    if names.iter().any(|one| **one == *to) {
        return false;
    }
    match names.into_iter().find(|one| is_meant(one)) {
        Some(name) => {
            name.clone_from(to);
            true
        }
        None => false,
    }
}

fn rename_label(now: &mut Structure, of: &Name, from: &String, to: &String) -> bool {
    let Some(one) = now.types.iter_mut().find(|one| one.name == *of) else {
        return false;
    };
    let UserTypeKind::Enum { labels } = &mut one.kind else {
        return false;
    };
    if labels.contains(to) {
        return false;
    }
    let Some(label) = labels.iter_mut().find(|one| *one == from) else {
        return false;
    };
    label.clone_from(to);
    true
}

/// An index's name alone finds it: a script may name it without its table. It may be a constraint's.
fn rename_index(now: &mut Structure, table: &Name, from: &str, to: &str) -> bool {
    let dialect = now.dialect;
    let (from, free) = (dialect.folded_part(from), dialect.folded_part(to));
    let found = now.tables.iter_mut().find(|one| {
        (table.name.is_empty() || dialect.same_name(&one.name, table))
            && one.indexes.iter().any(|index| dialect.folded_part(&index.name) == from)
    });
    let Some(found) = found else {
        return rename_constraint(now, table, &from, to);
    };
    if found.indexes.iter().any(|one| dialect.folded_part(&one.name) == free) {
        return false;
    }
    let indexes = found.indexes.iter_mut();
    for index in indexes.filter(|one| dialect.folded_part(&one.name) == from) {
        to.clone_into(&mut index.name);
        index.generated_name = false;
    }
    true
}

fn rename_constraint(now: &mut Structure, table: &Name, from: &str, to: &str) -> bool {
    let dialect = now.dialect;
    let Some(found) = now.tables.iter_mut().find(|one| dialect.same_name(&one.name, table)) else {
        return false;
    };
    let taken = dialect.folded_part(to);
    if found
        .constraints
        .iter()
        .any(|one| dialect.folded_part(&one.name) == taken)
    {
        return false;
    }
    let Some(one) = found
        .constraints
        .iter_mut()
        .find(|one| dialect.folded_part(&one.name) == from)
    else {
        return false;
    };
    to.clone_into(&mut one.name);
    one.generated_name = false;
    true
}

fn rename_column(now: &mut Structure, table: &Name, from: &str, to: &str) -> bool {
    let dialect = now.dialect;
    let Some(at) = now.tables.iter().position(|one| dialect.same_name(&one.name, table)) else {
        return false;
    };
    let same = |one: &str, other: &str| dialect.folded_part(one) == dialect.folded_part(other);
    let found = &mut now.tables[at];
    // PostgreSQL stores an unquoted name in lower case, and `read` cannot know how it was written.
    let to = match found.columns.iter().any(|one| same(&one.name, to)) {
        true if !same(from, to) => return false,
        _ => to.to_owned(),
    };
    let Some(column) = found.columns.iter_mut().find(|one| same(&one.name, from)) else {
        return false;
    };
    if column.name == to {
        return false;
    }
    let old = std::mem::replace(&mut column.name, to.clone());
    // In keys and indexes SQLite's names stand folded.
    let (old, to) = match dialect {
        Dialect::Sqlite => (dialect.folded_part(&old), dialect.folded_part(&to)),
        Dialect::Postgres | Dialect::Mysql => (old, to),
    };
    column_in_table(found, &old, &to);
    let name = found.name.clone();
    for other in &mut now.tables {
        for constraint in &mut other.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && dialect.same_name(&key.references, &name)
            {
                for column in key.referenced.iter_mut().filter(|one| **one == old) {
                    column.clone_from(&to);
                }
            }
        }
    }
    if dialect == Dialect::Sqlite {
        text::rename_column(now, &name, &old, &to);
    }
    for sequence in &mut now.sequences {
        if let Some((table, column)) = &mut sequence.owned_by
            && *table == name
            && *column == old
        {
            column.clone_from(&to);
        }
    }
    true
}

fn column_in_table(table: &mut Table, old: &str, to: &str) {
    let part = |part: &mut IndexPart| {
        if let IndexTarget::Column(name) = &mut part.on
            && name == old
        {
            to.clone_into(name);
        }
    };
    let names = |names: &mut Vec<String>| {
        for name in names.iter_mut().filter(|one| *one == old) {
            to.clone_into(name);
        }
    };
    for index in &mut table.indexes {
        index.parts.iter_mut().for_each(part);
        names(&mut index.include);
    }
    for constraint in &mut table.constraints {
        match &mut constraint.kind {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                let Key { parts, include, .. } = key;
                parts.iter_mut().for_each(part);
                names(include);
            }
            ConstraintKind::ForeignKey(key) => {
                names(&mut key.columns);
                names(&mut key.on_delete_columns);
            }
            ConstraintKind::Check { .. } | ConstraintKind::Exclusion { .. } => {}
        }
    }
}

/// Makes what points to a table point to its new name.
fn repoint(now: &mut Structure, old: &Name, to: &Name) {
    let dialect = now.dialect;
    for table in &mut now.tables {
        for constraint in &mut table.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && dialect.same_name(&key.references, old)
            {
                key.references = dialect.folded(to);
            }
        }
        if let Some(part) = &mut table.partition_of
            && part.parent == *old
        {
            part.parent = to.clone();
        }
        for parent in table.inherits.iter_mut().filter(|one| *one == old) {
            *parent = to.clone();
        }
    }
    for sequence in &mut now.sequences {
        if let Some((table, _)) = &mut sequence.owned_by
            && table == old
        {
            *table = to.clone();
        }
    }
    for trigger in now.triggers.iter_mut().filter(|one| dialect.same_name(&one.on, old)) {
        trigger.on = to.clone();
    }
    for other in now.others.iter_mut().filter(|one| one.on.as_ref() == Some(old)) {
        other.on = Some(to.clone());
    }
    if dialect == Dialect::Sqlite {
        text::rename_table(now, old, to);
    }
}
