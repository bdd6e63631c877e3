//! How a table is cut into partitions, and how it is cut anew.
//!
//! A partition that goes takes its rows along, so it only goes when it holds none, or when its rows fit into what is left:
//! then the server moves them.

use super::{Writer, about, change, full, lock, quoted};
use crate::IdentifierError;
use crate::backtick::{self, literal};
use crate::structure::{Kind, Partition, Partitioning, Table};
use crate::write::WriteError;

/// `PARTITION BY …`.
pub(super) fn clause(partitioning: &Partitioning) -> Result<String, IdentifierError> {
    let mut sql = format!("PARTITION BY {}", partitioning.by);
    if let (Some(count), true) = (count(partitioning), partitioning.listed) {
        let named: Vec<String> = (0..count).map(|at| format!("PARTITION `p{at}`")).collect();
        sql.push_str(&format!(" ({})", named.join(", ")));
    } else if let Some(count) = &partitioning.partitions
        && count != "PARTITIONS 1"
    {
        sql.push(' ');
        sql.push_str(count);
    }
    if !partitioning.parts.is_empty() {
        sql.push_str(&format!(" ({})", list(&partitioning.parts)?));
    }
    Ok(sql)
}

fn list(parts: &[Partition]) -> Result<String, IdentifierError> {
    let written: Result<Vec<String>, _> = parts.iter().map(definition).collect();
    Ok(written?.join(", "))
}

fn definition(part: &Partition) -> Result<String, IdentifierError> {
    let mut sql = format!("PARTITION {}", quoted(&part.name)?);
    if !part.values.is_empty() {
        sql.push(' ');
        sql.push_str(&part.values);
    }
    if !part.settings.is_empty() {
        sql.push_str(&format!(" {}", part.settings));
    }
    if let Some(comment) = &part.comment {
        sql.push_str(&format!(" COMMENT = {}", literal(comment)));
    }
    if !part.subpartitions.is_empty() {
        let names: Result<Vec<String>, _> = part.subpartitions.iter().map(|name| quoted(name)).collect();
        sql.push_str(&format!(" (SUBPARTITION {})", names?.join(", SUBPARTITION ")));
    }
    Ok(sql)
}

impl Writer<'_> {
    /// Puts a table together that is cut by something it will not be cut by any more, so that its columns and keys are free
    /// to change. Whether it did.
    pub(super) fn put_together(&mut self, from: &Table, to: &Table) -> Result<bool, WriteError> {
        let by = |table: &Table| table.partitioning.as_ref().map(|one| one.by.clone());
        if by(from).is_none() || by(from) == by(to) {
            return Ok(false);
        }
        let mut joining = change(
            format!("ALTER TABLE {} REMOVE PARTITIONING", full(&to.name)?),
            format!("{}: one piece again", to.name),
            about(Kind::Table, &to.name),
        );
        joining.lock = lock(&to.name.name, true);
        joining.rewrites = true;
        self.push(joining);
        Ok(true)
    }

    /// What makes the partitions that are there those of the table.
    pub(super) fn repartition(&mut self, from: Option<&Partitioning>, to: &Table) -> Result<(), WriteError> {
        if from == to.partitioning.as_ref() {
            return Ok(());
        }
        let table = full(&to.name)?;
        let (sql, comment, copies) = match (from, &to.partitioning) {
            (None, None) => return Ok(()),
            (Some(_), None) => ("REMOVE PARTITIONING".to_owned(), "one piece again".to_owned(), true),
            (Some(old), Some(new)) if old.by == new.by => match self.rearranged(to, old, new)? {
                Some((sql, comment)) => (sql, comment, false),
                None => {
                    self.check_places(to, new)?;
                    (clause(new)?, "cut anew".to_owned(), true)
                }
            },
            (_, Some(new)) => {
                self.check_places(to, new)?;
                (clause(new)?, format!("cut by {}", new.by), true)
            }
        };
        let mut cutting = change(
            format!("ALTER TABLE {table} {sql}"),
            format!("{}: {comment}", to.name),
            about(Kind::Table, &to.name),
        );
        cutting.lock = lock(&to.name.name, copies);
        cutting.rewrites = copies;
        self.push(cutting);
        Ok(())
    }

    /// The cheap ways: partitions added at the end, removed there when empty, or some of them taken apart and put together.
    fn rearranged(
        &mut self,
        table: &Table,
        old: &Partitioning,
        new: &Partitioning,
    ) -> Result<Option<(String, String)>, WriteError> {
        if let (Some(before), Some(after)) = (count(old), count(new)) {
            // Those of a history are no spread that could be put together.
            let fewer = new.by.starts_with("SYSTEM_TIME") && after < before;
            return Ok((!fewer).then(|| counted(before, after)));
        }
        if is_spread(old) || is_spread(new) {
            return Ok(spread(old, new)?);
        }
        let is_range = new.by.starts_with("RANGE");
        let same = |a: &&Partition, b: &&Partition| a == b;
        let before = old.parts.iter().zip(&new.parts).take_while(|(a, b)| same(a, b)).count();
        let (old_rest, new_rest) = (&old.parts[before..], &new.parts[before..]);
        let after = old_rest
            .iter()
            .rev()
            .zip(new_rest.iter().rev())
            .take_while(|(a, b)| same(a, b))
            .count();
        let gone = &old_rest[..old_rest.len() - after];
        let come = &new_rest[..new_rest.len() - after];
        let follower = new_rest.get(come.len());
        Ok(match (gone, come, follower) {
            ([], _, None) => Some((format!("ADD PARTITION ({})", list(come)?), "more partitions".to_owned())),
            // What comes in between takes its rows from the one behind it.
            ([], _, Some(next)) if is_range => Some((
                format!(
                    "REORGANIZE PARTITION {} INTO ({}, {})",
                    quoted(&next.name)?,
                    list(come)?,
                    definition(next)?
                ),
                "a partition taken apart".to_owned(),
            )),
            (_, [], Some(next)) if is_range => {
                let (names, into) = (names(gone)?, quoted(&next.name)?);
                Some((
                    format!("REORGANIZE PARTITION {names}, {into} INTO ({})", definition(next)?),
                    "partitions put together".to_owned(),
                ))
            }
            // Its rows have a place in the one that takes the rest.
            (_, [], _) if new.parts.iter().any(|part| part.values == "DEFAULT") => None,
            (_, [], _) => {
                for part in gone {
                    self.check_empty(table, part)?;
                }
                Some((
                    format!("DROP PARTITION {}", names(gone)?),
                    "partitions without rows".to_owned(),
                ))
            }
            // The last of those that were must reach as far as the last of those that come.
            _ if is_range && gone.last().map(|part| &part.values) == come.last().map(|part| &part.values) => Some((
                format!("REORGANIZE PARTITION {} INTO ({})", names(gone)?, list(come)?),
                "partitions cut anew".to_owned(),
            )),
            _ => None,
        })
    }

    fn check_empty(&mut self, table: &Table, part: &Partition) -> Result<(), WriteError> {
        let old = self.names.old_table(&table.name);
        let key = self.row_key(table)?;
        let query = format!(
            "SELECT {key}{} FROM {} PARTITION ({})",
            literal(&part.name),
            full(&old)?,
            quoted(&part.name)?
        );
        self.check(
            about(Kind::Table, &table.name),
            query,
            format!("is in partition {}, which would go with its rows", part.name),
        );
        Ok(())
    }

    /// The rows for which no partition has a place.
    fn check_places(&mut self, table: &Table, new: &Partitioning) -> Result<(), WriteError> {
        let Some(expression) = inner(new.by.split(" SUBPARTITION BY ").next().unwrap_or_default()) else {
            return Ok(());
        };
        let Some(expression) = self.before(table, &expression)? else {
            return Ok(());
        };
        let Some(condition) = outside(new, &expression) else {
            return Ok(());
        };
        let old = self.names.old_table(&table.name);
        let key = self.row_key(table)?;
        let names = backtick::names(&expression);
        let value = names
            .first()
            .map_or_else(|| Ok(expression.clone()), |name| quoted(name))?;
        let query = format!("SELECT {key}{value} FROM {} WHERE {condition}", full(&old)?);
        self.check(about(Kind::Table, &table.name), query, "has no partition to be in");
        Ok(())
    }
}

/// Whether the rows are spread over all partitions, so that none has a place of its own.
fn is_spread(partitioning: &Partitioning) -> bool {
    partitioning.partitions.is_some() || partitioning.parts.iter().any(|part| part.values.is_empty())
}

/// Named partitions of a hash come and go at the end; the server moves the rows.
fn spread(old: &Partitioning, new: &Partitioning) -> Result<Option<(String, String)>, IdentifierError> {
    let comment = format!("{} partitions", new.parts.len());
    if old.parts.is_empty() || new.parts.is_empty() {
        return Ok(None);
    }
    if let Some(more) = new.parts.strip_prefix(old.parts.as_slice()) {
        return Ok(Some((format!("ADD PARTITION ({})", list(more)?), comment)));
    }
    let fewer = old.parts.strip_prefix(new.parts.as_slice());
    Ok(fewer.map(|fewer| (format!("COALESCE PARTITION {}", fewer.len()), comment)))
}

/// What stands between the first and the last parenthesis.
fn inner(text: &str) -> Option<String> {
    let open = text.find('(')?;
    let close = text.rfind(')')?;
    text.get(open + 1..close).map(str::to_owned)
}

/// True of the rows for which `expression` names no partition; `None` where each has one.
fn outside(new: &Partitioning, expression: &str) -> Option<String> {
    let method = new.by.split(" (").next().unwrap_or_default();
    match method {
        "RANGE" | "RANGE COLUMNS" => {
            let bound = new.parts.last()?.values.strip_prefix("VALUES LESS THAN (")?;
            let bounds = elements(bound.strip_suffix(')').unwrap_or(bound));
            let reached = |value: &&str| value.eq_ignore_ascii_case("MAXVALUE");
            // Whatever stands behind MAXVALUE, a row that is equal in front of it has its place.
            let open = bounds.iter().position(|value| reached(&value.as_str()));
            let (count, sign) = open.map_or((bounds.len(), ">="), |at| (at, ">"));
            let of: Vec<String> = match method {
                "RANGE" => vec![format!("({expression})")],
                _ => elements(expression),
            };
            let (of, bounds) = (of.get(..count)?, bounds.get(..count)?);
            (count > 0).then(|| format!("({}) {sign} ({})", of.join(", "), bounds.join(", ")))
        }
        "LIST" | "LIST COLUMNS" if new.parts.iter().all(|part| part.values != "DEFAULT") => {
            let of: Vec<String> = match method {
                "LIST" => vec![format!("({expression})")],
                _ => elements(expression),
            };
            let values = new.parts.iter().filter_map(|part| inner(&part.values));
            let places: Vec<String> = values
                .flat_map(|values| elements(&values))
                .map(|place| one_of(&of, &place))
                .collect();
            Some(format!("NOT ({})", places.join(" OR ")))
        }
        _ => None,
    }
}

/// True of the rows that are in one place of a list: a value, or one for each column between parentheses. NULL is a value.
fn one_of(of: &[String], place: &str) -> String {
    let values = match of.len() {
        1 => vec![place.to_owned()],
        _ => elements(&inner(place).unwrap_or_else(|| place.to_owned())),
    };
    let same: Vec<String> = of
        .iter()
        .zip(&values)
        .map(|(of, value)| format!("{of} <=> {value}"))
        .collect();
    same.join(" AND ")
}

/// What stands between the commas that are in no string and between no parentheses.
fn elements(text: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    let (mut depth, mut quote, mut escaped) = (0_u32, None, false);
    for character in text.chars() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if character == '\\' => escaped = true,
            Some(open) if open == character => quote = None,
            Some(_) => {}
            None => match character {
                '\'' | '"' | '`' => quote = Some(character),
                '(' => depth += 1,
                ')' => depth = depth.saturating_sub(1),
                ',' if depth == 0 => {
                    found.push(String::new());
                    continue;
                }
                _ => {}
            },
        }
        if let Some(last) = found.last_mut() {
            last.push(character);
        }
    }
    found.into_iter().map(|one| one.trim().to_owned()).collect()
}

fn names(parts: &[Partition]) -> Result<String, IdentifierError> {
    super::list(parts.iter().map(|part| part.name.as_str()))
}

/// More or fewer of the partitions that are only counted; the server moves the rows.
fn counted(before: u64, after: u64) -> (String, String) {
    let sql = if after > before {
        format!("ADD PARTITION PARTITIONS {}", after - before)
    } else {
        format!("COALESCE PARTITION {}", before - after)
    };
    (sql, format!("{after} partitions"))
}

/// The number of partitions that are only counted.
fn count(partitioning: &Partitioning) -> Option<u64> {
    partitioning
        .partitions
        .as_ref()?
        .strip_prefix("PARTITIONS ")?
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(by: &str, values: &[&str]) -> Option<String> {
        let part = |values: &&str| Partition {
            values: (*values).to_owned(),
            ..Partition::default()
        };
        let new = Partitioning {
            by: by.to_owned(),
            parts: values.iter().map(part).collect(),
            ..Partitioning::default()
        };
        outside(&new, &inner(by).unwrap_or_default())
    }

    #[test]
    fn the_rows_without_a_place_are_asked_for() {
        for (by, values, expected) in [
            ("RANGE (`a`)", "VALUES LESS THAN (5)", "((`a`)) >= (5)"),
            (
                "RANGE COLUMNS (`a`,`b`)",
                "VALUES LESS THAN (5,'x,)')",
                "(`a`, `b`) >= (5, 'x,)')",
            ),
            (
                "RANGE COLUMNS (`a`,`b`)",
                "VALUES LESS THAN (5,MAXVALUE)",
                "(`a`) > (5)",
            ),
            (
                "LIST (`a`)",
                "VALUES IN (1,NULL)",
                "NOT ((`a`) <=> 1 OR (`a`) <=> NULL)",
            ),
            (
                "LIST COLUMNS (`a`)",
                "VALUES IN ('x,y','it''s')",
                "NOT (`a` <=> 'x,y' OR `a` <=> 'it''s')",
            ),
            (
                "LIST COLUMNS (`a`,`b`)",
                "VALUES IN ((1,'x'))",
                "NOT (`a` <=> 1 AND `b` <=> 'x')",
            ),
        ] {
            assert_eq!(places(by, &[values]).as_deref(), Some(expected), "{by}");
        }
        assert_eq!(places("RANGE COLUMNS (`a`)", &["VALUES LESS THAN (MAXVALUE)"]), None);
        assert_eq!(places("RANGE (`a`)", &["VALUES LESS THAN MAXVALUE"]), None);
        assert_eq!(places("LIST (`a`)", &["VALUES IN (1)", "DEFAULT"]), None);
        assert_eq!(places("HASH (`a`)", &[]), None);
    }
}
