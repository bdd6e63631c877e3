//! Questions to the rows: which of them cannot follow.

use super::alter::fills;
use super::data_type::DataType;
use super::{Writer, about, column, full, list, quoted};
use crate::IdentifierError;
use crate::backtick;
use crate::structure::{Column, ForeignKey, IndexPart, IndexTarget, Kind, Name, ObjectRef, Table};
use crate::write::WriteError;

impl Writer<'_> {
    /// The table that is there, under its name of afterwards.
    pub(super) fn table_before(&self, name: &Name) -> Option<&Table> {
        let tables = &self.comparison.from.tables;
        let at = tables.binary_search_by(|table| table.name.cmp(name)).ok()?;
        tables.get(at)
    }

    /// The columns that tell a row from others, for the front of a SELECT; nothing where there are none.
    pub(super) fn row_key(&self, table: &Table) -> Result<String, IdentifierError> {
        let old = self.names.old_table(&table.name);
        let tables = &self.original.tables;
        let Ok(at) = tables.binary_search_by(|table| table.name.cmp(&old)) else {
            return Ok(String::new());
        };
        let table = &tables[at];
        let columns: Option<Vec<&str>> = match table.primary_key() {
            Some(key) => key.parts.iter().map(IndexPart::column_name).collect(),
            None => table.indexes.iter().find(|index| index.unique).and_then(|index| {
                let names: Option<Vec<&str>> = index.parts.iter().map(IndexPart::column_name).collect();
                names.filter(|names| {
                    names
                        .iter()
                        .all(|name| table.column(name).is_some_and(|column| !column.nullable))
                })
            }),
        };
        match columns {
            Some(columns) => Ok(format!("{}, ", list(columns)?)),
            None => Ok(String::new()),
        }
    }

    /// SQL for what a column of afterwards holds before: its old name, and what it will be filled with where it is new or
    /// must be something from now on.
    /// `None` where that is not known.
    pub(super) fn column_before(&self, table: &Table, name: &str) -> Result<Option<String>, IdentifierError> {
        let wanted = name.to_lowercase();
        let find = |table: &Table| {
            let mut columns = table.columns.iter();
            columns.position(|column| column.name.to_lowercase() == wanted)
        };
        if let Some(from) = self.table_before(&table.name)
            && let Some(at) = find(from)
        {
            let new = find(table).and_then(|at| table.columns.get(at));
            if let (Some(before), Some(after)) =
                (&from.columns[at].generated, new.and_then(|new| new.generated.as_ref()))
                && before.expression != after.expression
            {
                let computed = self.before(table, &after.expression)?;
                return Ok(computed.map(|sql| format!("({sql})")));
            }
            let old = self.names.old_column(&table.name, name);
            let sql = quoted(old.unwrap_or(&from.columns[at].name))?;
            return Ok(Some(match new.and_then(|new| fills(&from.columns[at], new)) {
                Some(default) => format!("COALESCE({sql}, {default})"),
                None => sql,
            }));
        }
        let Some(new) = find(table).and_then(|at| table.columns.get(at)) else {
            return quoted(name).map(Some);
        };
        if let Some(generated) = &new.generated {
            let computed = self.before(table, &generated.expression)?;
            return Ok(computed.map(|sql| format!("({sql})")));
        }
        Ok(match &new.default {
            _ if new.auto_increment => None,
            Some(default) => Some(format!("({default})")),
            None if new.nullable => Some("NULL".to_owned()),
            None => None,
        })
    }

    /// An expression over columns of afterwards, said of the rows of before.
    pub(super) fn before(&self, table: &Table, expression: &str) -> Result<Option<String>, IdentifierError> {
        let mut known = std::collections::HashMap::new();
        for name in backtick::names(expression) {
            match self.column_before(table, &name)? {
                Some(sql) => known.insert(name, sql),
                None => return Ok(None),
            };
        }
        Ok(Some(backtick::replaced(expression, |name| known.get(name).cloned())))
    }

    /// Whether there are rows that could be in the way.
    pub(super) fn has_rows_before(&self, table: &Table) -> bool {
        self.table_before(&table.name).is_some()
    }

    /// Asks for rows of a table, under its name of before.
    pub(super) fn ask(
        &mut self,
        table: &Table,
        part: &str,
        value: &str,
        condition: &str,
        message: impl Into<String>,
    ) -> Result<(), WriteError> {
        let key = self.row_key(table)?;
        let old = full(&self.names.old_table(&table.name))?;
        let query = match condition {
            "" => format!("SELECT {key}{value} FROM {old}"),
            condition => format!("SELECT {key}{value} FROM {old} WHERE {condition}"),
        };
        self.check(ObjectRef::part(Kind::Table, table.name.clone(), part), query, message);
        Ok(())
    }

    /// Rows that are alike in what must tell them apart.
    pub(super) fn ask_unique(&mut self, table: &Table, name: &str, parts: &[IndexPart]) -> Result<(), WriteError> {
        if !self.has_rows_before(table) {
            return Ok(());
        }
        let mut expressions = Vec::new();
        for part in parts {
            let expression = match &part.on {
                IndexTarget::Column(column) => match self.value_before(table, column)? {
                    Some(sql) => sql,
                    None => return Ok(()),
                },
                IndexTarget::Expression(expression) => match self.before(table, expression)? {
                    Some(sql) => sql,
                    None => return Ok(()),
                },
            };
            if expression == "NULL" || (part.prefix.is_none() && is_never_twice(&expression)) {
                return Ok(());
            }
            expressions.push(match part.prefix {
                Some(prefix) => format!("LEFT({expression}, {prefix})"),
                None => expression,
            });
        }
        let columns = expressions.join(", ");
        let old = full(&self.names.old_table(&table.name))?;
        // What a new column is filled with is the same in every row; a number in GROUP BY would be a place, besides.
        let told_by: Vec<&str> = expressions
            .iter()
            .map(String::as_str)
            .filter(|sql| sql.contains('`'))
            .collect();
        let told_by = told_by.join(", ");
        // NULLs are never alike.
        let condition = if told_by.is_empty() {
            format!("(SELECT COUNT(*) FROM {old}) > 1")
        } else {
            // By names of their own: where only what is grouped may be asked for, an expression is not known again.
            let (mut named, mut names) = (Vec::new(), Vec::new());
            for (at, sql) in expressions.iter().filter(|sql| sql.contains('`')).enumerate() {
                named.push(format!("{sql} AS value{at}"));
                names.push(format!("value{at}"));
            }
            let (named, names) = (named.join(", "), names.join(", "));
            format!(
                "({told_by}) IN (SELECT {names} FROM (SELECT {named} FROM {old}) AS each_row GROUP BY {names} HAVING \
                 COUNT(*) > 1)"
            )
        };
        self.ask(
            table,
            name,
            &columns,
            &condition,
            format!("is there more than once, which {name} does not allow"),
        )
    }

    /// A column's value, compared as it will be.
    fn value_before(&self, table: &Table, name: &str) -> Result<Option<String>, IdentifierError> {
        let Some(sql) = self.column_before(table, name)? else {
            return Ok(None);
        };
        let wanted = name.to_lowercase();
        let find = |table: &'_ Table| -> Option<Column> {
            let mut columns = table.columns.iter();
            columns.find(|column| column.name.to_lowercase() == wanted).cloned()
        };
        let (Some(from), Some(to)) = (self.table_before(&table.name), find(table)) else {
            return Ok(Some(sql));
        };
        let Some(before) = find(from) else { return Ok(Some(sql)) };
        let (old, new) = (column::collation(&before, from), column::collation(&to, table));
        Ok(Some(match new {
            Some(new) if old != Some(new) && sql != "NULL" => {
                let text = if DataType::read(&before.data_type).has_collation() {
                    sql
                } else {
                    format!("CAST({sql} AS CHAR)")
                };
                format!("CONVERT({text} USING {}) COLLATE {new}", super::convert::charset(new))
            }
            _ if before.data_type != to.data_type && sql != "NULL" => {
                let (old, new) = (DataType::read(&before.data_type), DataType::read(&to.data_type));
                taken_for(&sql, &old, &new).unwrap_or(sql)
            }
            _ => sql,
        }))
    }

    /// Rows that point to none.
    pub(super) fn ask_reference(&mut self, table: &Table, name: &str, key: &ForeignKey) -> Result<(), WriteError> {
        if !self.has_rows_before(table) {
            return Ok(());
        }
        let mut here = Vec::new();
        for column in &key.columns {
            match self.column_before(table, column)? {
                Some(sql) if sql == "NULL" => return Ok(()),
                Some(sql) => here.push(of("here", &sql)),
                None => return Ok(()),
            }
        }
        let comparison = self.comparison;
        let filled: Vec<String> = here.iter().map(|sql| format!("{sql} IS NOT NULL")).collect();
        let mut condition = filled.join(" AND ");
        let there = comparison.to.table(&key.references);
        let exists = !key.references.schema.is_empty() || self.table_before(&key.references).is_some();
        if exists {
            let mut same = Vec::new();
            for (column, sql) in key.referenced.iter().zip(&here) {
                let other = match there {
                    Some(other) => match self.column_before(other, column)? {
                        Some(other) => of("there", &other),
                        None => return Ok(()),
                    },
                    None => format!("there.{}", quoted(column)?),
                };
                same.push(format!("{other} = {sql}"));
            }
            condition.push_str(&format!(
                " AND NOT EXISTS (SELECT 1 FROM {} AS there WHERE {})",
                full(&self.names.old_table(&key.references))?,
                same.join(" AND ")
            ));
        }
        let row = self.row_key(table)?;
        let row = of("here", &row);
        let query = format!(
            "SELECT {row}{} FROM {} AS here WHERE {condition}",
            here.join(", "),
            full(&self.names.old_table(&table.name))?
        );
        self.check(
            ObjectRef::part(Kind::Table, table.name.clone(), name),
            query,
            format!("points to no row of {}", key.references),
        );
        Ok(())
    }

    /// Rows for which a check is false.
    pub(super) fn ask_check(&mut self, table: &Table, name: &str, expression: &str) -> Result<(), WriteError> {
        if !self.has_rows_before(table) {
            return Ok(());
        }
        let Some(condition) = self.before(table, expression)? else {
            return Ok(());
        };
        let mut values: Vec<String> = Vec::new();
        for column in backtick::names(&condition) {
            let column = quoted(&column)?;
            if !values.contains(&column) {
                values.push(column);
            }
        }
        let value = if values.is_empty() {
            "NULL".to_owned()
        } else {
            values.join(", ")
        };
        self.ask(
            table,
            name,
            &value,
            &format!("NOT ({condition})"),
            format!("breaks {name}: {expression}"),
        )
    }

    /// Rows that have nothing to put into a column.
    pub(super) fn ask_filled(&mut self, table: &Table, from: &Column) -> Result<(), WriteError> {
        let old = quoted(self.names.old_column(&table.name, &from.name).unwrap_or(&from.name))?;
        self.ask(
            table,
            &from.name,
            &old,
            &format!("{old} IS NULL"),
            format!("is NULL, and {} must not be and has no default", from.name),
        )
    }
}

/// What is written in several ways, as the one value that it becomes; `None` where nothing else than what is the same now will
/// be the same then.
fn taken_for(value: &str, old: &DataType, new: &DataType) -> Option<String> {
    let kind = match new {
        DataType::Int { .. } => "DECIMAL(65,0)".to_owned(),
        DataType::Decimal { digits, scale, .. } => format!("DECIMAL({digits},{scale})"),
        DataType::Float | DataType::Double => "DOUBLE".to_owned(),
        DataType::Date => "DATE".to_owned(),
        DataType::Time { fraction } => format!("TIME({fraction})"),
        DataType::Datetime { fraction } | DataType::Timestamp { fraction } => format!("DATETIME({fraction})"),
        DataType::Other(kind) => kind.clone(),
        _ => return None,
    };
    (old.is_text() || old.is_bytes()).then(|| format!("CAST({value} AS {kind})"))
}

/// The names in an expression told from those of another table.
pub(super) fn of(table: &str, expression: &str) -> String {
    backtick::replaced(expression, |name| {
        quoted(name).ok().map(|name| format!("{table}.{name}"))
    })
}

/// About a table.
pub(super) fn of_table(table: &Table) -> ObjectRef {
    about(Kind::Table, &table.name)
}

/// Whether the server answers every row with another value.
fn is_never_twice(expression: &str) -> bool {
    let bare = expression.trim_matches(|character| matches!(character, '(' | ')' | ' '));
    ["uuid", "uuid_short", "uuid_to_bin(uuid"]
        .iter()
        .any(|call| bare.eq_ignore_ascii_case(call))
}
