//! Tables as a whole: made, removed, renamed.

use std::collections::{HashMap, HashSet};

use super::{Writer, about, change, column, full, in_order, index, lock, partition, quoted};
use crate::backtick::literal;
use crate::compare::Pair;
use crate::structure::{ConstraintKind, Kind, Table};
use crate::write::WriteError;

impl<'a> Writer<'a> {
    /// Those that others point to come last. Foreign keys in a circle are gone by then.
    pub(super) fn drop_tables(&mut self) -> Result<(), WriteError> {
        let mut gone: Vec<&Table> = Vec::new();
        for pair in &self.comparison.tables {
            if let Pair::Dropped(table) = pair.table {
                gone.push(table);
            }
        }
        for table in &gone {
            self.ask_history_of_dropped(table)?;
        }
        let (mut order, circle) = in_order(&names_of(&gone), &references(&gone));
        order.reverse();
        for name in circle.into_iter().chain(order) {
            let mut dropping = change(
                format!("DROP TABLE {}", quoted(&name)?),
                format!("{name} and all its rows"),
                about(Kind::Table, &crate::structure::Name::plain(name.as_str())),
            );
            dropping.lock = lock(&name, false);
            self.push(dropping);
        }
        Ok(())
    }

    /// In the order of their foreign keys; what points in a circle is added when all are there.
    pub(super) fn create_tables(&mut self) -> Result<(), WriteError> {
        let new: Vec<&Table> = self.new_tables();
        let by_name: HashMap<&str, &Table> = new.iter().map(|table| (table.name.name.as_str(), *table)).collect();
        let (order, circle) = in_order(&names_of(&new), &references(&new));
        let circle: HashSet<&str> = circle.iter().map(String::as_str).collect();
        let names = order.iter().map(String::as_str);
        for table in names
            .chain(
                new.iter()
                    .map(|one| one.name.name.as_str())
                    .filter(|name| circle.contains(name)),
            )
            .filter_map(|name| by_name.get(name))
        {
            let sql = create(table, circle.contains(table.name.name.as_str()))?;
            self.push(change(
                sql,
                format!("table {}", table.name),
                about(Kind::Table, &table.name),
            ));
        }
        Ok(())
    }

    fn new_tables(&self) -> Vec<&'a Table> {
        let comparison = self.comparison;
        comparison
            .tables
            .iter()
            .filter_map(|pair| match pair.table {
                Pair::Added(table) => Some(table),
                _ => None,
            })
            .collect()
    }

    /// The new tables whose foreign keys cannot be said when they are made: they point at each other in a circle.
    pub(super) fn in_circle(&self) -> HashSet<String> {
        circle(&self.new_tables())
    }
}

/// Those of the tables that point at each other in a circle, or at one that does.
pub(super) fn circle(tables: &[&Table]) -> HashSet<String> {
    in_order(&names_of(tables), &references(tables)).1.into_iter().collect()
}

fn names_of(tables: &[&Table]) -> Vec<String> {
    tables.iter().map(|table| table.name.name.clone()).collect()
}

/// Which tables each points to.
fn references(tables: &[&Table]) -> HashMap<String, HashSet<String>> {
    let mut needs: HashMap<String, HashSet<String>> = HashMap::new();
    for table in tables {
        for constraint in &table.constraints {
            if let ConstraintKind::ForeignKey(key) = &constraint.kind
                && key.references.schema.is_empty()
            {
                needs
                    .entry(table.name.name.clone())
                    .or_default()
                    .insert(key.references.name.clone());
            }
        }
    }
    needs
}

pub(super) fn create(table: &Table, without_foreign_keys: bool) -> Result<String, WriteError> {
    let mut items = Vec::new();
    for one in &table.columns {
        items.push(column::definition(one, table, false)?);
    }
    let mut constraints = Vec::new();
    for constraint in &table.constraints {
        match &constraint.kind {
            ConstraintKind::PrimaryKey(_) => items.push(index::constraint(constraint, false)?),
            ConstraintKind::ForeignKey(_) if without_foreign_keys => {}
            _ => constraints.push(index::constraint(constraint, true)?),
        }
    }
    if let Some(period) = system_period(table)? {
        items.push(period);
    }
    if let Some(period) = table.options.get("period") {
        items.push(format!("PERIOD FOR {period}"));
    }
    for one in &table.indexes {
        items.push(index::definition(one, table)?);
    }
    items.extend(constraints);
    let mut sql = format!("CREATE TABLE {} (\n  {}\n)", full(&table.name)?, items.join(",\n  "));
    for (name, value) in &table.options {
        if let Some(option) = option(name, Some(value)) {
            sql.push(' ');
            sql.push_str(&option);
        }
    }
    if let Some(comment) = &table.comment {
        sql.push_str(&format!(" COMMENT={}", literal(comment)));
    }
    if table.options.contains_key("system_versioning") {
        sql.push_str(" WITH SYSTEM VERSIONING");
    }
    if let Some(partitioning) = &table.partitioning {
        sql.push_str(&format!("\n{}", partition::clause(partitioning)?));
    }
    Ok(sql)
}

/// `PERIOD FOR SYSTEM_TIME`, where the columns that hold it are declared.
pub(super) fn system_period(table: &Table) -> Result<Option<String>, WriteError> {
    let holding = |row: &str| {
        let mut columns = table.columns.iter();
        columns.find(|column| column.options.get("row").is_some_and(|said| said == row))
    };
    match (holding("ROW START"), holding("ROW END")) {
        (Some(start), Some(end)) => Ok(Some(format!(
            "PERIOD FOR SYSTEM_TIME ({}, {})",
            quoted(&start.name)?,
            quoted(&end.name)?
        ))),
        _ => Ok(None),
    }
}

/// A setting of a table as SQL; without a value back to what it is where nothing is said. `None` for what is no setting.
pub(super) fn option(name: &str, value: Option<&str>) -> Option<String> {
    let value = match (name, value) {
        ("system_versioning" | "period", _) => return None,
        // Columns name theirs; this is what later ones take over.
        ("collation", Some(value)) => {
            return Some(format!(
                "DEFAULT CHARACTER SET={} COLLATE={value}",
                super::convert::charset(value)
            ));
        }
        ("collation", None) => return None,
        (_, Some(value)) => value,
        ("key_block_size" | "checksum" | "delay_key_write" | "avg_row_length" | "min_rows" | "max_rows", None) => "0",
        ("page_checksum", None) => "1",
        ("encryption", None) => "'N'",
        ("insert_method", None) => "NO",
        ("union", None) => "()",
        (_, None) => "DEFAULT",
    };
    Some(format!("{}={value}", name.to_ascii_uppercase()))
}
