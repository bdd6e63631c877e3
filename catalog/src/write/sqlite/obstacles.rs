//! What must hold of the rows before anything runs.

use std::collections::HashSet;

use super::conversion::{changed_by, refused_by_strict};
use super::create::{default_value, name};
use super::full_text::{Text, text_of};
use super::projection::{Projection, stored};
use super::script::part_of;
use crate::compare::{Comparison, Pair, TablePair};
use crate::read::sqlite::{fold, mentioned};
use crate::structure::{Column, Constraint, ConstraintKind, ForeignKey, IndexPart, IndexTarget, ObjectRef, Table};
use crate::write::fill::filled_with;
use crate::write::sqlite::names::Names;
use crate::write::{Check, WriteError};

/// The questions about one table that is on both sides.
pub(super) fn obstacles(
    comparison: &Comparison<'_>,
    names: &Names<'_>,
    pair: &TablePair<'_>,
) -> Result<Vec<Check>, WriteError> {
    if let Pair::Dropped(table) = pair.table {
        return gone_without_text(table);
    }
    let Pair::Both { from, to: wanted, .. } = pair.table else {
        return Ok(Vec::new());
    };
    let Some(rows) = Projection::of(names, wanted)? else {
        return Ok(Vec::new());
    };
    if wanted.virtual_table.is_some() {
        return without_text(&rows, pair, from, wanted);
    }
    let mut asking = Asking {
        rows,
        checks: Vec::new(),
    };
    let strict = wanted.options.contains_key("strict");
    let was_strict = from.options.contains_key("strict");
    for column in &pair.columns {
        match *column {
            Pair::Added(column) => {
                asking.has_a_value(column)?;
                asking.takes_its_default(column, strict)?;
                asking.can_be_computed(None, column)?;
            }
            Pair::Both { from, to, .. } => {
                asking.is_what_is_computed(from, to)?;
                asking.can_be_computed(Some(from), to)?;
                asking.is_not_null(from, to)?;
                asking.converts(from, to, strict && (!was_strict || from.data_type != to.data_type))?;
            }
            Pair::Dropped(_) => {}
        }
    }
    let moved: HashSet<String> = pair
        .columns
        .iter()
        .filter_map(|column| match column {
            Pair::Both { from: was, to, .. }
                if was.data_type != to.data_type
                    || stored(from, was) != stored(wanted, to)
                    || was.collation != to.collation
                    || filled_with(was, to).is_some() =>
            {
                Some(fold(&to.name))
            }
            _ => None,
        })
        .collect();
    let filled = |column: &String| {
        pair.columns.iter().any(|one| match *one {
            Pair::Both { from, to, .. } => fold(&to.name) == fold(column) && filled_with(from, to).is_some(),
            _ => false,
        })
    };
    for constraint in &pair.constraints {
        match *constraint {
            Pair::Added(one) => asking.constraint(comparison, names, one, from)?,
            Pair::Both { to: one, alike, .. } if !alike || is_about(one, &moved) => {
                asking.constraint(comparison, names, one, from)?;
            }
            Pair::Both { to: one, .. } => {
                if let ConstraintKind::ForeignKey(key) = &one.kind
                    && key.columns.iter().any(filled)
                {
                    asking.points_somewhere(comparison, names, one, key)?;
                }
            }
            _ => {}
        }
    }
    for index in &pair.indexes {
        match *index {
            Pair::Both {
                to: one, alike: true, ..
            } if !one.parts.iter().any(|part| is_over(part, &moved))
                && !one.predicate.iter().any(|text| !mentioned(text).is_disjoint(&moved)) => {}
            Pair::Added(one) | Pair::Both { to: one, .. } if one.unique => {
                asking.is_unique(&one.name, &one.parts, one.predicate.as_deref())?;
            }
            Pair::Added(one) | Pair::Both { to: one, .. } => {
                asking.can_be_indexed(&one.name, &one.parts, one.predicate.as_deref())?;
            }
            Pair::Dropped(_) => {}
        }
    }
    Ok(asking.checks)
}

fn is_over(part: &IndexPart, columns: &HashSet<String>) -> bool {
    match &part.on {
        IndexTarget::Column(column) => columns.contains(&fold(column)),
        IndexTarget::Expression(expression) => !mentioned(expression).is_disjoint(columns),
    }
}

fn is_about(one: &Constraint, columns: &HashSet<String>) -> bool {
    match &one.kind {
        ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
            key.parts.iter().any(|part| is_over(part, columns))
        }
        ConstraintKind::Check { expression } => !mentioned(expression).is_disjoint(columns),
        _ => false,
    }
}

/// A full-text index that keeps no text cannot be made anew for the rows it holds.
fn without_text(
    rows: &Projection<'_>,
    pair: &TablePair<'_>,
    from: &Table,
    to: &Table,
) -> Result<Vec<Check>, WriteError> {
    let lost = text_of(from) == Text::Nowhere && !matches!(text_of(to), Text::In(_));
    if !pair.table.is_changed() || !lost {
        return Ok(Vec::new());
    }
    Ok(vec![Check {
        about: ObjectRef::new(crate::structure::Kind::Table, to.name.clone()),
        query: format!("SELECT rowid, rowid FROM {}", rows.source()?),
        message: "is indexed, but its text is kept nowhere, so that it cannot be indexed anew".to_owned(),
    }])
}

/// One that goes could not be made again on the way back.
fn gone_without_text(table: &Table) -> Result<Vec<Check>, WriteError> {
    if text_of(table) != Text::Nowhere {
        return Ok(Vec::new());
    }
    let own = name(&table.name.name)?;
    Ok(vec![Check {
        about: ObjectRef::new(crate::structure::Kind::Table, table.name.clone()),
        query: format!("SELECT rowid, rowid FROM {own}"),
        message: format!(
            "is indexed, but its text is kept nowhere, so that the way back could not index it again; \
             INSERT INTO {own} ({own}) VALUES ('delete-all') gives the index up"
        ),
    }])
}

struct Asking<'a> {
    rows: Projection<'a>,
    checks: Vec<Check>,
}

impl Asking<'_> {
    fn ask(&mut self, part: &str, query: String, message: String) {
        self.checks.push(Check {
            about: part_of(&self.rows.to.name.name, part),
            query,
            message,
        });
    }

    /// A new column without a default takes no NULL: there must be no rows.
    fn has_a_value(&mut self, column: &Column) -> Result<(), WriteError> {
        let has_default = column.default.as_deref().is_some_and(|default| default != "null");
        let is_key = crate::read::sqlite::is_rowid_alias(self.rows.to) == Some(column.name.as_str());
        if column.nullable || has_default || column.generated.is_some() || is_key {
            return Ok(());
        }
        let query = format!("SELECT {}, NULL FROM {}", self.rows.key(), self.rows.source()?);
        let message = format!(
            "has no value for {}, which takes no NULL and has no default",
            column.name
        );
        self.ask(&column.name, query, message);
        Ok(())
    }

    /// A default that a STRICT table does not take stands in the way of every row that would get it.
    fn takes_its_default(&mut self, column: &Column, strict: bool) -> Result<(), WriteError> {
        let default = column.default.as_deref().filter(|_| strict).map(default_value);
        let Some(default) = default else { return Ok(()) };
        let Some(wrong) = refused_by_strict(&column.data_type, &default) else {
            return Ok(());
        };
        let query = format!(
            "SELECT {}, {default} FROM {} WHERE {wrong}",
            self.rows.key(),
            self.rows.source()?
        );
        let message = format!("would get a default that cannot become {}", column.data_type);
        self.ask(&column.name, query, message);
        Ok(())
    }

    /// A column that is computed from now on: what it holds goes, so it has to hold that already, or nothing.
    fn is_what_is_computed(&mut self, from: &Column, to: &Column) -> Result<(), WriteError> {
        if to.generated.is_none() || from.generated.is_some() {
            return Ok(());
        }
        let Some(held) = self.rows.column(&to.name)? else {
            return Ok(());
        };
        let needed = HashSet::from([fold(&to.name)]);
        let query = format!(
            "SELECT {}, lockstep_value FROM {} WHERE lockstep_value IS NOT NULL AND lockstep_value IS NOT {}",
            self.rows.shown_key(),
            self.rows.rows_beside(&needed, Some(&held))?,
            name(&to.name)?
        );
        let message = format!("is not what {} is computed from now on, and would be lost", to.name);
        self.ask(&to.name, query, message);
        Ok(())
    }

    /// A column whose values are worked out when rows are written: for every row that has to come out, and be no NULL where
    /// the column takes none.
    fn can_be_computed(&mut self, from: Option<&Column>, to: &Column) -> Result<(), WriteError> {
        let Some(computed) = &to.generated else { return Ok(()) };
        let was = from.and_then(|from| from.generated.as_ref());
        let same = was.is_some_and(|was| was.expression == computed.expression);
        let was_checked = same && from.is_some_and(|from| !from.nullable);
        let now_checked = !to.nullable && !was_checked;
        if !now_checked && (same || !computed.stored) {
            return Ok(());
        }
        let column = name(&to.name)?;
        let wrong = if now_checked {
            format!("{column} IS NULL")
        } else {
            never(&column)
        };
        let query = format!(
            "SELECT {}, NULL FROM {} WHERE {wrong}",
            self.rows.shown_key(),
            self.rows.rows(&HashSet::from([fold(&to.name)]))?
        );
        self.ask(
            &to.name,
            query,
            format!("has no value from which {} could be computed", to.name),
        );
        Ok(())
    }

    /// What an index holds is worked out for every row in it.
    fn can_be_indexed(&mut self, part: &str, parts: &[IndexPart], predicate: Option<&str>) -> Result<(), WriteError> {
        let mut needed: HashSet<String> = predicate.map(mentioned).unwrap_or_default();
        let mut texts = Vec::new();
        for one in parts {
            // Only a function fails.
            if let IndexTarget::Expression(expression) = &one.on
                && expression.contains('(')
            {
                needed.extend(mentioned(expression));
                texts.push(never(&format!("({expression})")));
            }
        }
        if texts.is_empty() {
            return Ok(());
        }
        let query = format!(
            "SELECT {}, NULL FROM {} WHERE ({}) AND ({})",
            self.rows.shown_key(),
            self.rows.rows(&needed)?,
            predicate.unwrap_or("TRUE"),
            texts.join(" OR ")
        );
        self.ask(part, query, "has no value that could be indexed".to_owned());
        Ok(())
    }

    fn is_not_null(&mut self, from: &Column, to: &Column) -> Result<(), WriteError> {
        let has_default = to.default.as_deref().is_some_and(|default| default != "null");
        let is_key = crate::read::sqlite::is_rowid_alias(self.rows.from) == Some(from.name.as_str());
        if to.nullable || !from.nullable || has_default || to.generated.is_some() || is_key {
            return Ok(());
        }
        let Some(held) = self.rows.column(&to.name)? else {
            return Ok(());
        };
        let query = format!(
            "SELECT {}, {held} FROM {} WHERE {held} IS NULL",
            self.rows.key(),
            self.rows.source()?
        );
        self.ask(
            &to.name,
            query,
            format!("is NULL, which {} does not take any more", to.name),
        );
        Ok(())
    }

    /// Values that the new type would change or refuse. Text that is no number is never turned into one.
    fn converts(&mut self, from: &Column, to: &Column, strict: bool) -> Result<(), WriteError> {
        if to.generated.is_some() || (!strict && stored(self.rows.from, from) == stored(self.rows.to, to)) {
            return Ok(());
        }
        let Some(held) = self.rows.column(&to.name)? else {
            return Ok(());
        };
        let wrong = if strict {
            refused_by_strict(&to.data_type, &held)
        } else {
            changed_by(&to.data_type, &held)
        };
        let Some(wrong) = wrong else { return Ok(()) };
        let query = format!(
            "SELECT {}, {held} FROM {} WHERE {wrong}",
            self.rows.key(),
            self.rows.source()?
        );
        let shown = if to.data_type.is_empty() {
            "a value without a type"
        } else {
            &to.data_type
        };
        self.ask(&to.name, query, format!("cannot become {shown} as it is"));
        Ok(())
    }

    fn constraint(
        &mut self,
        comparison: &Comparison<'_>,
        names: &Names<'_>,
        one: &Constraint,
        from: &Table,
    ) -> Result<(), WriteError> {
        match &one.kind {
            ConstraintKind::PrimaryKey(key) => {
                let part = "primary key";
                for column in key.parts.iter().filter_map(IndexPart::column_name) {
                    self.is_a_key(column)?;
                }
                self.is_unique(part, &key.parts, None)
            }
            ConstraintKind::Unique(key) => self.is_unique(&label(one, "unique"), &key.parts, None),
            ConstraintKind::Check { expression } => {
                let rows = self.rows.rows(&mentioned(expression))?;
                let query = format!(
                    "SELECT {}, 'violates' FROM {rows} WHERE NOT ({expression})",
                    self.rows.shown_key()
                );
                self.ask(&label(one, "check"), query, format!("violates CHECK ({expression})"));
                Ok(())
            }
            ConstraintKind::ForeignKey(key) if is_old(key, from) => Ok(()),
            ConstraintKind::ForeignKey(key) => self.points_somewhere(comparison, names, one, key),
            ConstraintKind::Exclusion { .. } => Ok(()),
        }
    }

    /// A column that becomes the rowid must hold whole numbers; NULL would silently get a number.
    fn is_a_key(&mut self, column: &str) -> Result<(), WriteError> {
        let to = self.rows.to;
        let alias = crate::read::sqlite::is_rowid_alias(to).is_some_and(|alias| fold(alias) == fold(column));
        let was = crate::read::sqlite::is_rowid_alias(self.rows.from).map(fold);
        let Some(held) = self.rows.column(column)? else {
            return Ok(());
        };
        if !alias || was.is_some_and(|was| name(&was).ok().map(|one| fold(&one)) == Some(fold(&held))) {
            return Ok(());
        }
        let query = format!(
            "SELECT {}, {held} FROM {} WHERE {held} IS NULL OR typeof(CAST({held} AS NUMERIC)) <> 'integer' OR \
             CAST({held} AS NUMERIC) <> {held}",
            self.rows.key(),
            self.rows.source()?
        );
        self.ask(
            column,
            query,
            format!("is no whole number, which {column} has to be as INTEGER PRIMARY KEY"),
        );
        Ok(())
    }

    fn is_unique(&mut self, part: &str, parts: &[IndexPart], predicate: Option<&str>) -> Result<(), WriteError> {
        let mut needed: HashSet<String> = predicate.map(mentioned).unwrap_or_default();
        let (mut texts, mut shown) = (Vec::new(), Vec::new());
        for one in parts {
            let (text, collation) = match &one.on {
                IndexTarget::Column(column) => {
                    needed.insert(fold(column));
                    let declared = self
                        .rows
                        .to
                        .columns
                        .iter()
                        .find(|other| fold(&other.name) == fold(column));
                    (name(column)?, declared.and_then(|one| one.collation.clone()))
                }
                IndexTarget::Expression(expression) => {
                    needed.extend(mentioned(expression));
                    (format!("({expression})"), None)
                }
            };
            shown.push(format!("quote({text})"));
            texts.push(match one.collation.as_ref().or(collation.as_ref()) {
                Some(collation) => (text.clone(), format!("{text} COLLATE {}", name(collation)?)),
                None => (text.clone(), text),
            });
        }
        // Two NULLs are never alike.
        let mut conditions: Vec<String> = texts.iter().map(|(text, _)| format!("{text} IS NOT NULL")).collect();
        conditions.extend(predicate.map(|one| format!("({one})")));
        let alike: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
        let query = format!(
            "SELECT {key}, lockstep_value FROM (SELECT {key}, {shown} AS lockstep_value, count(*) OVER (PARTITION BY {alike}) \
             AS lockstep_count FROM {rows} WHERE {conditions}) WHERE lockstep_count > 1",
            key = self.rows.shown_key(),
            shown = shown.join(" || ', ' || "),
            alike = alike.join(", "),
            rows = self.rows.rows(&needed)?,
            conditions = conditions.join(" AND "),
        );
        let message = "is there more than once, where it has to be unique".to_owned();
        self.ask(part, query, message);
        Ok(())
    }

    fn points_somewhere(
        &mut self,
        comparison: &Comparison<'_>,
        names: &Names<'_>,
        one: &Constraint,
        key: &ForeignKey,
    ) -> Result<(), WriteError> {
        let parent = comparison
            .to
            .tables
            .iter()
            .find(|table| fold(&table.name.name) == fold(&key.references.name));
        let Some(parent) = parent else {
            return Ok(());
        };
        let referenced: Vec<String> = if key.referenced.is_empty() {
            let parts = parent.primary_key().map(|key| key.parts.as_slice()).unwrap_or_default();
            parts
                .iter()
                .filter_map(IndexPart::column_name)
                .map(str::to_owned)
                .collect()
        } else {
            key.referenced.clone()
        };
        if referenced.len() != key.columns.len() {
            return Ok(());
        }
        let child = name(&self.rows.to.name.name)?;
        let (mut needed, mut held, mut matches, mut shown) = (HashSet::new(), Vec::new(), Vec::new(), Vec::new());
        let mut is_there = names.table(&parent.name.name).is_some();
        for (column, target) in key.columns.iter().zip(&referenced) {
            needed.insert(fold(column));
            let own = format!("{child}.{}", name(column)?);
            held.push(format!("{own} IS NOT NULL"));
            shown.push(format!("quote({own})"));
            match names.column(&parent.name.name, target) {
                Some(target) => matches.push(format!("lockstep_parent.{} = {own}", name(target)?)),
                None => is_there = false,
            }
        }
        let exists = match names.table(&parent.name.name) {
            Some(table) if is_there => format!(
                " AND NOT EXISTS (SELECT 1 FROM {} AS lockstep_parent WHERE {})",
                name(&table.name.name)?,
                matches.join(" AND ")
            ),
            _ => String::new(),
        };
        let query = format!(
            "SELECT {}, {} FROM {} WHERE {}{exists}",
            self.rows.shown_key(),
            shown.join(" || ', ' || "),
            self.rows.rows(&needed)?,
            held.join(" AND "),
        );
        let message = format!("points to no row of {}", parent.name.name);
        self.ask(&label(one, "foreign key"), query, message);
        Ok(())
    }
}

/// Whether rows had to point to the same before.
fn is_old(key: &ForeignKey, from: &Table) -> bool {
    from.constraints.iter().any(|other| match &other.kind {
        ConstraintKind::ForeignKey(other) => {
            (&other.columns, &other.references, &other.referenced) == (&key.columns, &key.references, &key.referenced)
        }
        _ => false,
    })
}

fn label(one: &Constraint, kind: &str) -> String {
    if one.name.is_empty() {
        kind.to_owned()
    } else {
        one.name.clone()
    }
}

/// True of no row, and worked out for each: asks whether it can be.
fn never(expression: &str) -> String {
    format!("typeof({expression}) IS NULL")
}
