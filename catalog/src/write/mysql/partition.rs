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
    if let Some(count) = &partitioning.partitions
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
    let mut sql = format!("PARTITION {} {}", quoted(&part.name)?, part.values);
    if let Some(comment) = &part.comment {
        sql.push_str(&format!(" COMMENT = {}", literal(comment)));
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
            return Ok(match after.checked_sub(before) {
                Some(more) if more > 0 => Some((
                    format!("ADD PARTITION PARTITIONS {more}"),
                    format!("{after} partitions"),
                )),
                _ => Some((
                    format!("COALESCE PARTITION {}", before - after),
                    format!("{after} partitions"),
                )),
            });
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
                let names: Result<Vec<String>, _> = gone.iter().map(|part| quoted(&part.name)).collect();
                Some((
                    format!(
                        "REORGANIZE PARTITION {}, {} INTO ({})",
                        names?.join(", "),
                        quoted(&next.name)?,
                        definition(next)?
                    ),
                    "partitions put together".to_owned(),
                ))
            }
            (_, [], _) => {
                for part in gone {
                    self.check_empty(table, part)?;
                }
                let names: Result<Vec<String>, _> = gone.iter().map(|part| quoted(&part.name)).collect();
                Some((
                    format!("DROP PARTITION {}", names?.join(", ")),
                    "partitions without rows".to_owned(),
                ))
            }
            // The last of those that were must reach as far as the last of those that come.
            _ if is_range && gone.last().map(|part| &part.values) == come.last().map(|part| &part.values) => {
                let names: Result<Vec<String>, _> = gone.iter().map(|part| quoted(&part.name)).collect();
                Some((
                    format!("REORGANIZE PARTITION {} INTO ({})", names?.join(", "), list(come)?),
                    "partitions cut anew".to_owned(),
                ))
            }
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
        let inner = |text: &str| {
            let open = text.find('(')?;
            let close = text.rfind(')')?;
            text.get(open + 1..close).map(str::to_owned)
        };
        let Some(expression) = inner(new.by.split(" SUBPARTITION BY ").next().unwrap_or_default()) else {
            return Ok(());
        };
        let Some(expression) = self.before(table, &expression)? else {
            return Ok(());
        };
        let condition = if new.by.starts_with("RANGE (") {
            match new
                .parts
                .last()
                .and_then(|part| part.values.strip_prefix("VALUES LESS THAN ("))
            {
                Some(bound) => format!("({expression}) >= {}", bound.trim_end_matches(')')),
                None => return Ok(()),
            }
        } else if new.by.starts_with("LIST (") && new.parts.iter().all(|part| part.values != "DEFAULT") {
            let values: Vec<String> = new.parts.iter().filter_map(|part| inner(&part.values)).collect();
            let values = values.join(",");
            let values: Vec<&str> = values.split(',').map(str::trim).collect();
            let known: Vec<&str> = values
                .iter()
                .copied()
                .filter(|value| !value.eq_ignore_ascii_case("NULL"))
                .collect();
            let mut condition = format!("({expression}) NOT IN ({})", known.join(", "));
            if known.len() == values.len() {
                condition.push_str(&format!(" OR ({expression}) IS NULL"));
            }
            condition
        } else {
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

/// The number of partitions that are only counted.
fn count(partitioning: &Partitioning) -> Option<u64> {
    partitioning
        .partitions
        .as_ref()?
        .strip_prefix("PARTITIONS ")?
        .parse()
        .ok()
}
