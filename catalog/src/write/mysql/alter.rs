//! A table that is there and should look different.
//!
//! ```text
//!  questions to the rows ─► rows are filled where a column now demands a value ─► types that need two steps take the first
//!      ─► one ALTER TABLE: drops, columns, keys, indexes, checks, settings ─► partitions
//! ```

use std::collections::HashSet;

use super::column::{self, declaration, definition, is_same};
use super::convert::{Typed, conversion};
use super::{Writer, change, check, full, history, lock, quoted, table};
use crate::backtick::literal;
use crate::compare::{Pair, TablePair};
use crate::structure::{Column, Table};
use crate::write::WriteError;

/// One ALTER TABLE while it is put together.
#[derive(Default)]
pub(super) struct Alter {
    pub(super) clauses: Vec<String>,
    /// Clauses that need an ALTER each, behind the one.
    pub(super) later: Vec<String>,
    pub(super) rewrites: bool,
    pub(super) scans: bool,
    /// The columns that go and come back under the same name, in lower case.
    pub(super) remade: HashSet<String>,
    /// The columns of which no index may be there while they change, in lower case.
    pub(super) bare: HashSet<String>,
}

impl Alter {
    /// Whether an index over this column has to go, and come back when it has changed.
    pub(super) fn parts_from(&self, column: &str) -> bool {
        let column = column.to_lowercase();
        self.remade.contains(&column) || self.bare.contains(&column)
    }

    pub(super) fn add(&mut self, clause: String) {
        self.clauses.push(clause);
    }
}

/// How a column gets from one declaration to another.
enum Way {
    /// `MODIFY`.
    Modify,
    /// Dropped and added: the values are computed anyway.
    Remake,
    /// Computed values that become a column's own: copied into a new one, which takes the name.
    Keep,
}

fn way(from: &Column, to: &Column) -> Way {
    match (&from.generated, &to.generated) {
        (None, None) => Way::Modify,
        (Some(old), Some(new)) if old.stored == new.stored => Way::Modify,
        (Some(_), Some(_)) => Way::Remake,
        (None, Some(new)) if new.stored => Way::Modify,
        (None, Some(_)) => Way::Remake,
        (Some(old), None) if old.stored => Way::Modify,
        (Some(_), None) => Way::Keep,
    }
}

/// What rows without a value get, where the column must have one from now on and says which.
pub(super) fn fills<'c>(from: &Column, to: &'c Column) -> Option<&'c str> {
    let written = to.generated.is_none() && from.generated.is_none();
    to.default
        .as_deref()
        .filter(|_| written && from.nullable && !to.nullable)
}

pub(super) fn is_filled(from: &Column, to: &Column) -> bool {
    fills(from, to).is_some()
}

impl<'a> Writer<'a> {
    /// The tables whose rows are filled, for what must not watch.
    pub(super) fn find_filled(&mut self) {
        let comparison = self.comparison;
        for pair in &comparison.tables {
            let fills = pair.columns.iter().any(|pair| match pair {
                Pair::Both { from, to, .. } => is_filled(from, to) || matches!(way(from, to), Way::Keep),
                Pair::Added(column) => self.is_mysql() && differs_by_row(column),
                _ => false,
            });
            let Pair::Both { to: table, .. } = pair.table else {
                continue;
            };
            if fills {
                self.filled.insert(table.name.name.clone());
            }
        }
    }

    pub(super) fn alter_tables(&mut self) -> Result<(), WriteError> {
        let comparison = self.comparison;
        for pair in &comparison.tables {
            if let Pair::Both { from, to, .. } = pair.table {
                self.alter_table(pair, from, to)?;
            }
        }
        Ok(())
    }

    fn alter_table(&mut self, pair: &TablePair<'a>, from: &'a Table, to: &'a Table) -> Result<(), WriteError> {
        let mut alter = Alter::default();
        self.ask_history(pair, from, to)?;
        self.forget_history(pair, from, to)?;
        self.columns(&mut alter, pair, from, to)?;
        self.keys_and_checks(&mut alter, pair, from, to)?;
        self.indexes(&mut alter, pair, from, to)?;
        self.ask_period(from, to)?;
        settings(&mut alter, from, to, history::is_redeclared(pair, from, to))?;
        let cut = alter.clauses.is_empty() || !self.put_together(from, to)?;
        if !alter.clauses.is_empty() {
            let mut altering = change(
                format!("ALTER TABLE {} {}", full(&to.name)?, alter.clauses.join(", ")),
                format!("table {}", to.name),
                check::of_table(to),
            );
            altering.lock = lock(&to.name.name, alter.rewrites);
            altering.rewrites = alter.rewrites;
            altering.scans = alter.scans || alter.rewrites;
            self.push(altering);
        }
        for clause in alter.later {
            let sql = format!("ALTER TABLE {} {clause}", full(&to.name)?);
            let mut altering = change(sql, format!("table {}", to.name), check::of_table(to));
            altering.lock = lock(&to.name.name, true);
            altering.scans = true;
            self.push(altering);
        }
        self.repartition(from.partitioning.as_ref().filter(|_| cut), to)
    }

    /// A table's new collation stands in the same ALTER, so a column that takes it over need not say it: MySQL remembers who
    /// did.
    fn columns(&mut self, alter: &mut Alter, pair: &TablePair<'a>, from: &Table, to: &Table) -> Result<(), WriteError> {
        let redeclared = history::is_redeclared(pair, from, to);
        for pair in &pair.columns {
            if let Pair::Dropped(old) = *pair {
                if old.options.contains_key("row") && redeclared {
                    continue;
                }
                alter.add(format!("DROP COLUMN {}", quoted(&old.name)?));
                alter.rewrites |= old.generated.as_ref().is_none_or(|generated| generated.stored);
            }
        }
        let added: HashSet<&str> = pair
            .columns
            .iter()
            .filter_map(|pair| match pair {
                Pair::Added(column) => Some(column.name.as_str()),
                _ => None,
            })
            .collect();
        // New ones at the end need no place said.
        let tail = to
            .columns
            .iter()
            .rev()
            .take_while(|one| added.contains(one.name.as_str()))
            .count();
        for (at, pair) in pair.columns.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| to.columns.get(at));
            let place = match before {
                _ if at + tail >= to.columns.len() => String::new(),
                Some(before) => format!(" AFTER {}", quoted(&before.name)?),
                None => " FIRST".to_owned(),
            };
            match *pair {
                Pair::Added(column) if self.is_mysql() && differs_by_row(column) => {
                    let known = |one: &Column| from.columns.iter().any(|old| old.name == one.name);
                    let place = if before.is_none_or(known) { place.as_str() } else { "" };
                    self.add_filled(column, from, to, place)?;
                    alter
                        .later
                        .push(format!("MODIFY COLUMN {}", definition(column, to, false)?));
                }
                Pair::Added(column) => {
                    alter.add(format!("ADD COLUMN {}{place}", definition(column, to, false)?));
                    alter.rewrites |= column.auto_increment || column.generated.as_ref().is_some_and(|one| one.stored);
                    self.ask_new_column(column, to)?;
                    self.ask_computed(to, column)?;
                }
                Pair::Both { from: old, to: new, .. } if !is_same((old, from), (new, to)) => {
                    self.column(alter, (old, from), (new, to), &place)?;
                    // MySQL takes such a default for one of a column that the same statement adds.
                    if !added.is_empty() && self.is_mysql() && differs_by_row(new) {
                        let modify = alter.clauses.pop_if(|clause| clause.starts_with("MODIFY"));
                        alter.later.extend(modify);
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// MySQL adds no column whose default is another one for each row; an existing one may have it. So the column comes
    /// empty, the rows are filled, and then it gets its declaration.
    fn add_filled(&mut self, column: &Column, from: &Table, to: &Table, place: &str) -> Result<(), WriteError> {
        let plain = Column {
            nullable: true,
            default: None,
            ..column.clone()
        };
        self.push(change(
            format!(
                "ALTER TABLE {} ADD COLUMN {}{place}",
                full(&to.name)?,
                definition(&plain, to, true)?
            ),
            format!(
                "{}.{}: a place for values of which each row gets its own",
                to.name, column.name
            ),
            check::of_table(to),
        ));
        self.fill(to, from, &column.name, column.default.as_deref().unwrap_or("NULL"), "")
    }

    /// A new column that must have a value, of which nobody says which: the server would make one up.
    fn ask_new_column(&mut self, column: &Column, table: &Table) -> Result<(), WriteError> {
        let has_value = column.nullable
            || column.default.is_some()
            || column.auto_increment
            || column.generated.is_some()
            || column.options.contains_key("row");
        if has_value {
            return Ok(());
        }
        self.ask(
            table,
            &column.name,
            "NULL",
            "",
            format!(
                "has no value for {}, which must not be NULL and has no default",
                column.name
            ),
        )
    }

    fn column(
        &mut self,
        alter: &mut Alter,
        (old, from): (&Column, &Table),
        (new, to): (&Column, &Table),
        place: &str,
    ) -> Result<(), WriteError> {
        let retyped = old.data_type != new.data_type || column::collation(old, from) != column::collation(new, to);
        let remakes = !matches!(way(old, new), Way::Modify);
        alter.rewrites |= retyped || old.nullable != new.nullable || remakes || old.generated != new.generated;
        self.ask_column((old, from), (new, to))?;
        match way(old, new) {
            Way::Modify => {
                if old.options.get("srid") != new.options.get("srid") {
                    alter.bare.insert(new.name.to_lowercase());
                }
                self.prepare_column((old, from), (new, to))?;
                let verb = if old.name == new.name {
                    "MODIFY COLUMN".to_owned()
                } else {
                    format!("CHANGE COLUMN {}", quoted(&old.name)?)
                };
                alter.add(format!("{verb} {}", definition(new, to, false)?));
            }
            Way::Remake => {
                alter.add(format!("DROP COLUMN {}", quoted(&old.name)?));
                alter.add(format!("ADD COLUMN {}{place}", definition(new, to, false)?));
                alter.remade.insert(new.name.to_lowercase());
            }
            Way::Keep => {
                let spare = spare_name(from, to, &new.name);
                let plain = Column {
                    name: spare.clone(),
                    nullable: true,
                    default: None,
                    auto_increment: false,
                    options: Default::default(),
                    ..new.clone()
                };
                self.push(change(
                    format!(
                        "ALTER TABLE {} ADD COLUMN {}",
                        full(&to.name)?,
                        definition(&plain, to, true)?
                    ),
                    format!("{}.{}: a place for the values that were computed", to.name, new.name),
                    check::of_table(to),
                ));
                self.fill(to, from, &spare, &quoted(&old.name)?, "")?;
                alter.add(format!("DROP COLUMN {}", quoted(&old.name)?));
                alter.add(format!(
                    "CHANGE COLUMN {} {}{place}",
                    quoted(&spare)?,
                    definition(new, to, false)?
                ));
                alter.remade.insert(new.name.to_lowercase());
            }
        }
        Ok(())
    }

    /// What has to happen to a column's values before its declaration changes.
    fn prepare_column(
        &mut self,
        (old, from): (&Column, &Table),
        (new, to): (&Column, &Table),
    ) -> Result<(), WriteError> {
        let typed = |column: &'_ Column, table: &'_ Table| {
            (
                column.data_type.clone(),
                column::collation(column, table).map(str::to_owned),
            )
        };
        let (was, becomes) = (typed(old, from), typed(new, to));
        let way = conversion(
            "",
            Typed {
                data_type: &was.0,
                collation: was.1.as_deref(),
            },
            Typed {
                data_type: &becomes.0,
                collation: becomes.1.as_deref(),
            },
        );
        let mut between = Column {
            name: old.name.clone(),
            nullable: old.nullable,
            comment: old.comment.clone(),
            ..Column::default()
        };
        if let Some(through) = way.through {
            through.clone_into(&mut between.data_type);
            self.modify_first(to, &between, "labels, not their numbers, are converted")?;
        }
        if is_filled(old, new) {
            if was != becomes {
                between.data_type.clone_from(&new.data_type);
                between.collation.clone_from(&becomes.1);
                self.modify_first(to, &between, "the type first, for the default may only fit that")?;
            }
            let value = new.default.clone().unwrap_or_default();
            let name = quoted(&old.name)?;
            self.fill(to, from, &old.name, &value, &format!(" WHERE {name} IS NULL"))?;
        }
        Ok(())
    }

    fn modify_first(&mut self, table: &Table, column: &Column, why: &str) -> Result<(), WriteError> {
        let mut modifying = change(
            format!(
                "ALTER TABLE {} MODIFY COLUMN {} {}",
                full(&table.name)?,
                quoted(&column.name)?,
                declaration(column, table, column.collation.is_some())
            ),
            format!("{}.{}: {why}", table.name, column.name),
            check::of_table(table),
        );
        modifying.lock = lock(&table.name.name, true);
        modifying.rewrites = true;
        modifying.scans = true;
        self.push(modifying);
        Ok(())
    }

    /// Gives a column values. Columns that note the time of a change keep theirs: nobody changed the rows.
    fn fill(
        &mut self,
        table: &Table,
        from: &Table,
        column: &str,
        value: &str,
        condition: &str,
    ) -> Result<(), WriteError> {
        let mut sets = vec![format!("{} = {value}", quoted(column)?)];
        for noting in from.columns.iter().filter(|one| one.options.contains_key("on_update")) {
            let name = quoted(&noting.name)?;
            if noting.name != column {
                sets.push(format!("{name} = {name}"));
            }
        }
        let mut filling = change(
            format!("UPDATE {} SET {}{condition}", full(&table.name)?, sets.join(", ")),
            format!("{}.{column}: rows get its value", table.name),
            check::of_table(table),
        );
        filling.scans = true;
        self.push(filling);
        Ok(())
    }

    /// The values that a column could not keep.
    fn ask_column(&mut self, (old, from): (&Column, &Table), (new, to): (&Column, &Table)) -> Result<(), WriteError> {
        if old.nullable && !new.nullable && !is_filled(old, new) && new.generated.is_none() {
            self.ask_filled(to, old)?;
        }
        let name = quoted(self.names.old_column(&to.name, &old.name).unwrap_or(&old.name))?;
        if let (None, Some(generated)) = (&old.generated, &new.generated) {
            if let Some(expression) = self.before(to, &generated.expression)? {
                self.ask(
                    to,
                    &old.name,
                    &name,
                    &format!("NOT ({name} <=> ({expression}))"),
                    format!("is not what {} would be computed to", old.name),
                )?;
            }
            return Ok(());
        }
        if let (Some(before), Some(after)) = (&old.generated, &new.generated) {
            return match before.expression != after.expression || old.data_type != new.data_type {
                true => self.ask_computed(to, new),
                false => Ok(()),
            };
        }
        let converts = conversion(
            &name,
            Typed {
                data_type: &old.data_type,
                collation: column::collation(old, from),
            },
            Typed {
                data_type: &new.data_type,
                collation: column::collation(new, to),
            },
        );
        if let Some(lost) = converts.lost {
            self.ask(
                to,
                &old.name,
                &name,
                &lost,
                format!("cannot become {} as it is", new.data_type),
            )?;
        }
        if let (Some(srid), true) = (
            new.options.get("srid"),
            old.options.get("srid") != new.options.get("srid"),
        ) {
            self.ask(
                to,
                &old.name,
                &format!("ST_SRID({name})"),
                &format!("ST_SRID({name}) <> {srid}"),
                format!("is the system of its place, not {srid}"),
            )?;
        }
        if new.auto_increment && !old.auto_increment {
            self.ask(
                to,
                &old.name,
                &name,
                &format!("{name} = 0"),
                "is 0, for which AUTO_INCREMENT would put another number",
            )?;
        }
        Ok(())
    }
}

/// Whether a column's default calls a function that answers each row with another value.
fn differs_by_row(column: &Column) -> bool {
    const FUNCTIONS: [&str; 7] = [
        "uuid",
        "uuid_short",
        "rand",
        "random_bytes",
        "sysdate",
        "user",
        "current_user",
    ];
    let calls = |text: &str, function: &str| {
        crate::backtick::behind(text, &[function]).is_some_and(|rest| rest.trim_start().starts_with('('))
    };
    let computed = column.default.as_deref().filter(|default| default.starts_with('('));
    computed.is_some_and(|text| FUNCTIONS.iter().any(|function| calls(text, function)))
}

/// A column name that neither table has.
fn spare_name(from: &Table, to: &Table, name: &str) -> String {
    let start: String = name.chars().take(56).collect();
    let taken = |name: &str| {
        let lower = name.to_lowercase();
        from.columns
            .iter()
            .chain(&to.columns)
            .any(|one| one.name.to_lowercase() == lower)
    };
    (0_u32..)
        .map(|number| format!("{start}_new{number}"))
        .find(|name| !taken(name))
        .unwrap_or(start)
}

/// `redeclared`: the history went before, and begins anew.
fn settings(alter: &mut Alter, from: &Table, to: &Table, redeclared: bool) -> Result<(), WriteError> {
    let changed = |name: &str| from.options.get(name) != to.options.get(name);
    if changed("period") {
        if from.options.contains_key("period")
            && let Some((name, _)) = from.options.get("period").and_then(|period| period.split_once(" ("))
        {
            alter.clauses.insert(0, format!("DROP PERIOD FOR {name}"));
        }
        if let Some(period) = to.options.get("period") {
            alter.add(format!("ADD PERIOD FOR {period}"));
        }
        alter.rewrites = true;
    }
    if changed("system_versioning") || redeclared {
        alter.rewrites = true;
        if to.options.contains_key("system_versioning") {
            if let Some(period) = table::system_period(to)? {
                alter.add(format!("ADD {period}"));
            }
            alter.add("ADD SYSTEM VERSIONING".to_owned());
        } else {
            alter.add("DROP SYSTEM VERSIONING".to_owned());
        }
    }
    let names: std::collections::BTreeSet<&String> = from.options.keys().chain(to.options.keys()).collect();
    for name in names {
        if changed(name)
            && let Some(option) = table::option(name, to.options.get(name).map(String::as_str))
        {
            alter.add(option);
            alter.rewrites |= name != "collation" && !name.starts_with("stats_");
        }
    }
    if from.comment != to.comment {
        alter.add(format!(
            "COMMENT={}",
            literal(to.comment.as_deref().unwrap_or_default())
        ));
    }
    Ok(())
}
