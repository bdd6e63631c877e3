//! What information_schema does not tell: asked in one more round trip, and only where there is such a thing.
//!
//! - routines as their authors wrote them, parameters included
//! - triggers, events and views with strings in them: information_schema has the backslashes of a string resolved or lost,
//!   `?` for characters of four bytes, and `'a'` for `_latin1'a'`; made again from that, they would do something else
//! - the settings of MariaDB's sequences, which are rows
//! - defaults and expressions that information_schema cannot tell whole
//! - the parser of a FULLTEXT index, a view's algorithm and the names of its columns (MySQL)
//! - in a database of few tables, the words of an index that change nothing, so that they are said again
//! - which partition takes the rest, and what else is said of partitions (MariaDB)
//! - the tables that a table of the engine MERGE is put together from
//! - periods of time that a table's rows are valid for, and keys without overlaps (MariaDB)

use lockstep_catalog::structure::{ConstraintKind, Name, Options, Routine, RoutineKind, Sequence, SequenceOptions};
use lockstep_catalog::{Dialect, quote};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{Column as _, Row};

use super::super::connect::{optional_text, own};
use super::object::felt_modes;
use super::{DOING, Reading, exact, partition, patiently};
use crate::{Error, Result};

pub(super) async fn complete(connection: &mut MySqlConnection, reading: &mut Reading) -> Result<()> {
    let Some(script) = script(reading) else { return Ok(()) };
    let found = patiently(connection, script).await?;
    for row in &found {
        let Some(first) = row.columns().first().map(|column| column.name().to_owned()) else {
            continue;
        };
        let cell = |at: usize| printed(row, at);
        let name = cell(0)?.unwrap_or_default();
        match first.as_str() {
            "Procedure" | "Function" => {
                let text = cell(2)?.ok_or_else(|| Error::NotPrepared {
                    message: format!(
                        "the text of the {} {name} cannot be read; the right SHOW CREATE ROUTINE, or to read all of \
                         mysql.proc, is missing",
                        first.to_ascii_lowercase()
                    ),
                })?;
                reading.routine(&first, name, &text);
            }
            "Table" => {
                let text = cell(1)?.unwrap_or_default();
                reading.table_text(&name, &text);
            }
            "View" => {
                let text = cell(1)?.unwrap_or_default();
                reading.view_text(&name, &text);
            }
            "exact_default" => {
                if let Some(value) = cell(2)? {
                    reading.exact_default(&name, &cell(1)?.unwrap_or_default(), &value);
                }
            }
            "Trigger" => reading.exact_body("TRIGGER", &name, &cell(2)?.unwrap_or_default()),
            "Event" => reading.exact_body("EVENT", &name, &cell(3)?.unwrap_or_default()),
            _ => reading.sequence(row)?,
        }
    }
    Ok(())
}

/// A cell of what the server prints, in which a default of bytes may stand as it is (MariaDB).
fn printed(row: &MySqlRow, at: usize) -> Result<Option<String>> {
    let bytes: Option<Vec<u8>> = row.try_get_unchecked(at).map_err(own(DOING))?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// So many tables are asked for their texts, for nothing but how their indexes were said (`USING BTREE`, which means nothing
/// where there is no other method): as it is no difference, more of them need not be.
const FEW: usize = 100;

fn script(reading: &Reading) -> Option<String> {
    let mut statements = Vec::new();
    let quoted = |name: &str| quote(Dialect::Mysql, name).ok();
    for routine in &reading.routines {
        statements.push(format!("SHOW CREATE {} {}", routine.kind, quoted(&routine.name)?));
    }
    let few = reading.structure.tables.len() <= FEW;
    for table in &reading.structure.tables {
        if needs_text(reading.mariadb, table) || (few && !table.indexes.is_empty()) {
            statements.push(format!("SHOW CREATE TABLE {}", quoted(&table.name.name)?));
        }
    }
    statements.extend(exact::questions(&reading.structure.tables));
    for inexact in &reading.inexact {
        statements.push(format!("SHOW CREATE {} {}", inexact.kind, quoted(&inexact.name)?));
    }
    if !reading.mariadb {
        for view in &reading.structure.views {
            statements.push(format!("SHOW CREATE VIEW {}", quoted(&view.name.name)?));
        }
    }
    if !reading.sequences.is_empty() {
        let mut selects = Vec::new();
        for name in &reading.sequences {
            let literal = lockstep_catalog::backtick::literal(name);
            selects.push(format!(
                "SELECT {literal} AS sequence, start_value, increment, minimum_value, maximum_value, cache_size, \
                 cycle_option FROM {}",
                quoted(name)?
            ));
        }
        statements.push(selects.join(" UNION ALL "));
    }
    (!statements.is_empty()).then(|| statements.join("; "))
}

/// A period leaves a check behind that compares its two columns; nothing else of it shows.
fn needs_text(mariadb: bool, table: &lockstep_catalog::structure::Table) -> bool {
    let merges = table
        .options
        .get("engine")
        .is_some_and(|engine| engine.eq_ignore_ascii_case("MRG_MyISAM"));
    if !mariadb || merges {
        return merges || table.indexes.iter().any(|index| index.method == "fulltext");
    }
    table.partitioning.is_some()
        || exact::lost_something(table)
        || table.constraints.iter().any(|one| match &one.kind {
            ConstraintKind::Check { expression } => is_period(expression),
            _ => false,
        })
}

/// `` `a` < `b` ``
fn is_period(expression: &str) -> bool {
    expression
        .split_once(" < ")
        .is_some_and(|(from, to)| [from, to].iter().all(|one| one.starts_with('`') && one.ends_with('`')))
}

impl Reading {
    fn routine(&mut self, kind: &str, name: String, text: &str) {
        let text = without_definer(text);
        let head = text.find(['(', '"']).filter(|at| text[*at..].starts_with('"'));
        // Made under ANSI_QUOTES, its name stands between the other quotes.
        let text = match (head, quote(Dialect::Mysql, &name)) {
            (Some(_), Ok(quoted)) => {
                let bare = format!("\"{}\"", name.replace('"', "\"\""));
                text.replacen(&bare, &quoted, 1)
            }
            _ => text,
        };
        let definition = lockstep_catalog::backtick::without_database(&text, &self.database);
        let definition = ended(&definition).to_owned();
        let told = self
            .routines
            .iter()
            .find(|one| one.kind.eq_ignore_ascii_case(kind) && one.name == name);
        let modes = told.and_then(|one| felt_modes(&one.modes, &definition));
        let options = modes.map(|modes| ("sql_mode".to_owned(), modes)).into_iter().collect();
        self.structure.routines.push(Routine {
            name: Name::plain(name),
            kind: match kind {
                "Procedure" => RoutineKind::Procedure,
                _ => RoutineKind::Function,
            },
            arguments: String::new(),
            returns: None,
            definition,
            comment: None,
            options,
        });
    }

    fn sequence(&mut self, row: &MySqlRow) -> Result<()> {
        let cell =
            |at: usize| -> Result<String> { Ok(optional_text(row, at).map_err(own(DOING))?.unwrap_or_default()) };
        let settings = SequenceOptions {
            data_type: "bigint".to_owned(),
            start: cell(1)?,
            increment: cell(2)?,
            minimum: cell(3)?,
            maximum: cell(4)?,
            cache: cell(5)?,
            cycle: cell(6)? == "1",
        };
        self.structure.sequences.push(Sequence {
            name: Name::plain(cell(0)?),
            settings,
            ..Sequence::default()
        });
        Ok(())
    }

    /// The lines of SHOW CREATE TABLE that say what nothing else does.
    fn table_text(&mut self, name: &str, text: &str) {
        let Some(table) = self.tables.get(name).and_then(|at| self.structure.tables.get_mut(*at)) else {
            return;
        };
        for line in text.lines().map(str::trim) {
            let line = line.strip_suffix(',').unwrap_or(line);
            if let Some((_, merged)) = line.split_once(") ENGINE=MRG_MyISAM ") {
                merge(&mut table.options, merged);
            }
            exact::restore(table, line);
            if let Some(period) = line.strip_prefix("PERIOD FOR `") {
                let Some((period, columns)) = period.split_once("` (") else {
                    continue;
                };
                table.constraints.retain(|one| one.name != period);
                table
                    .options
                    .insert("period".to_owned(), format!("`{period}` ({columns}"));
                continue;
            }
            let overlaps = without_overlaps(line);
            if let (true, Some(period)) = (line.starts_with("PRIMARY KEY "), &overlaps) {
                for one in &mut table.constraints {
                    if let ConstraintKind::PrimaryKey(key) = &mut one.kind {
                        key.parts.truncate(key.parts.len().saturating_sub(2));
                        one.options.insert("without_overlaps".to_owned(), period.clone());
                    }
                }
            }
            let Some(index) = table.indexes.iter_mut().find(|index| {
                line.contains(&format!(
                    "KEY {} (",
                    quote(Dialect::Mysql, &index.name).unwrap_or_default()
                ))
            }) else {
                continue;
            };
            if [" USING BTREE", " USING HASH", " KEY_BLOCK_SIZE="]
                .iter()
                .any(|said| line.contains(said))
            {
                index.definition = Some(line.to_owned());
            }
            if let Some((_, parser)) = line.split_once("WITH PARSER `") {
                let parser = parser.split('`').next().unwrap_or_default();
                index.options.insert("parser".to_owned(), parser.to_owned());
            }
            if let Some(period) = overlaps {
                index.parts.truncate(index.parts.len().saturating_sub(2));
                index.options.insert("without_overlaps".to_owned(), period);
            }
        }
        partition::restore(table, text);
    }
}

/// `INSERT_METHOD=LAST UNION=(`a`,`b`)`: the tables that a table of the engine MERGE is put together from.
fn merge(options: &mut Options, text: &str) {
    let text = text.split(" COMMENT=").next().unwrap_or(text);
    if let Some((_, of)) = text.split_once("UNION=(`")
        && let Some((of, _)) = of.rsplit_once("`)")
    {
        options.insert("union".to_owned(), format!("(`{of}`)"));
    }
    if let Some((_, method)) = text.split_once("INSERT_METHOD=") {
        let method = method.split(' ').next().unwrap_or_default();
        options.insert("insert_method".to_owned(), method.to_owned());
    }
}

/// The period of a key whose values may not be there twice at a time. Its two columns stand for it in the catalog.
fn without_overlaps(line: &str) -> Option<String> {
    let (before, _) = line.split_once("` WITHOUT OVERLAPS)")?;
    before.rsplit('`').next().map(str::to_owned)
}

/// What was sent together with other statements keeps the sign between them in MySQL.
pub(super) fn ended(body: &str) -> &str {
    body.trim_end_matches(|character: char| character == ';' || character.is_whitespace())
}

/// ``CREATE DEFINER=`x`@`y` PROCEDURE …`` without who defined it.
fn without_definer(text: &str) -> String {
    let Some(rest) = text.strip_prefix("CREATE DEFINER=") else {
        return text.to_owned();
    };
    let kinds = [
        "PROCEDURE `",
        "FUNCTION `",
        "AGGREGATE FUNCTION `",
        "PROCEDURE \"",
        "FUNCTION \"",
        "AGGREGATE FUNCTION \"",
    ];
    let kind = kinds.iter().filter_map(|kind| rest.find(&format!(" {kind}"))).min();
    match kind {
        Some(at) => format!("CREATE{}", &rest[at..]),
        None => text.to_owned(),
    }
}
