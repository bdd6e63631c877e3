//! What a MySQL or MariaDB database looks like.
//!
//! ```text
//!  one script over information_schema ──► rows, each saying what it is ──► tables, columns, indexes, …
//!  what it does not tell (routines, sequences, parsers, periods) ──► one script of SHOW CREATE and SELECT, if any
//! ```
//!
//! Two round trips however many tables there are. Counters, definers and the database's own name are left out: two
//! databases that were made alike look alike. What the servers print differently for one and the same thing is brought
//! into one form, that in which it can be said again.

mod exact;
mod object;
mod partition;
mod query;
mod show;
mod table;

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, backtick};
use sqlx::Row;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::connect::{Server, is_lock_timeout, optional_text, own, rows};
use crate::Result;
use crate::clock::{Deadline, pause};

pub(super) const DOING: &str = "reading the database's structure";

/// How long tables that others change are waited for.
const PATIENCE: Duration = Duration::from_secs(10);

pub(super) async fn structure(
    connection: &mut MySqlConnection,
    database: &str,
    server: Server,
    selection: &Selection,
) -> Result<Structure> {
    let found = patiently(connection, query::script(database, server)).await?;
    let mut reading = Reading::new(database, server);
    for row in &found {
        reading.take(&mut Cells::of(row)?);
    }
    reading.partitions.place(&mut reading.structure, &reading.tables);
    show::complete(connection, &mut reading).await?;
    let mut structure = reading.finish();
    structure.select(selection);
    structure.sort();
    Ok(structure)
}

/// A table that somebody else changes at the moment cannot be looked at: that is over in moments, or told.
async fn patiently(connection: &mut MySqlConnection, script: String) -> Result<Vec<MySqlRow>> {
    let deadline = Deadline::after(PATIENCE);
    loop {
        match rows(connection, script.clone()).await {
            Err(error) if is_lock_timeout(&error) && !deadline.is_over() => {
                pause(Duration::from_millis(50), deadline).await;
            }
            done => return done.map_err(own(DOING)),
        }
    }
}

/// The cells of a row, taken one by one; what is NULL or missing is `None`.
struct Cells(std::vec::IntoIter<Option<String>>);

impl Cells {
    fn of(row: &MySqlRow) -> Result<Self> {
        let mut cells = Vec::with_capacity(row.len());
        for at in 0..row.len() {
            cells.push(optional_text(row, at).map_err(own(DOING))?);
        }
        Ok(Self(cells.into_iter()))
    }

    fn optional(&mut self) -> Option<String> {
        self.0.next().flatten()
    }

    /// What is empty counts as not there.
    fn filled(&mut self) -> Option<String> {
        self.optional().filter(|cell| !cell.is_empty())
    }

    fn text(&mut self) -> String {
        self.optional().unwrap_or_default()
    }

    fn is(&mut self, value: &str) -> bool {
        self.optional().is_some_and(|cell| cell.eq_ignore_ascii_case(value))
    }
}

/// What was read so far.
struct Reading {
    structure: Structure,
    database: String,
    mariadb: bool,
    /// Where in `structure.tables` a table is.
    tables: HashMap<String, usize>,
    /// Where in `structure.views` a view is.
    views: HashMap<String, usize>,
    /// The collation that each table's columns take over.
    collations: HashMap<String, String>,
    sequences: Vec<String>,
    routines: Vec<object::ToldRoutine>,
    /// What information_schema may not tell as it is.
    inexact: Vec<object::Inexact>,
    partitions: partition::Partitions,
}

impl Reading {
    fn new(database: &str, server: Server) -> Self {
        Self {
            structure: Structure::empty(Dialect::Mysql),
            database: database.to_owned(),
            mariadb: server.mariadb,
            tables: HashMap::new(),
            views: HashMap::new(),
            collations: HashMap::new(),
            sequences: Vec::new(),
            routines: Vec::new(),
            inexact: Vec::new(),
            partitions: partition::Partitions::default(),
        }
    }

    /// Takes a row in; its first cell says what it is.
    fn take(&mut self, cells: &mut Cells) {
        match cells.text().as_str() {
            "database" => self.take_database(cells),
            "table" => self.take_table(cells),
            "column" => self.take_column(cells),
            "index" => self.take_index(cells),
            "reference" => self.take_reference(cells),
            "rule" => self.take_rule(cells),
            "check" => self.take_check(cells),
            "partition" => self.partitions.take(cells),
            "view" => self.take_view(cells),
            "trigger" => self.take_trigger(cells),
            "routine" => self.take_routine(cells),
            "event" => self.take_event(cells),
            _ => {}
        }
    }

    fn take_database(&mut self, cells: &mut Cells) {
        let options = &mut self.structure.options;
        options.insert("charset".to_owned(), cells.text());
        options.insert("collation".to_owned(), cells.text());
        // Some things have a word of their own in each.
        let server = if self.mariadb { "mariadb" } else { "mysql" };
        options.insert("server".to_owned(), server.to_owned());
    }

    fn finish(mut self) -> Structure {
        self.view_dependencies();
        self.structure
    }

    /// An expression as it can be said again in any database.
    fn expression(&self, printed: &str) -> String {
        let printed = match self.mariadb {
            true => Cow::Borrowed(printed),
            false => Cow::Owned(unescaped(&decoded(printed))),
        };
        backtick::without_database(&printed, &self.database)
    }
}

/// MySQL's information_schema gives an expression's UTF-8 as if each byte were a character of latin1: `Ã¼` for `ü`. What
/// could not have come about like that stays as it is.
fn decoded(printed: &str) -> Cow<'_, str> {
    if printed.is_ascii() {
        return Cow::Borrowed(printed);
    }
    let bytes: Result<Vec<u8>, _> = printed
        .chars()
        .map(|character| u8::try_from(u32::from(character)))
        .collect();
    match bytes.ok().and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(text) => Cow::Owned(text),
        None => Cow::Borrowed(printed),
    }
}

/// MySQL's information_schema escapes the quotes of an expression's strings once more: `_utf8mb4\'a\'`.
fn unescaped(printed: &str) -> String {
    let mut bare = String::with_capacity(printed.len());
    let mut characters = printed.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => bare.extend(characters.next()),
            other => bare.push(other),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_that_were_taken_for_bytes_are_letters_again() {
        assert_eq!(decoded("`a` <> 'Ã¼â\u{82}¬ð\u{9f}\u{98}\u{80}'"), "`a` <> 'ü€😀'");
        assert_eq!(decoded("`größe` > 1"), "`größe` > 1");
        assert_eq!(decoded("`a` <> 'ü€'"), "`a` <> 'ü€'");
    }

    #[test]
    fn quotes_that_were_escaped_once_more_are_quotes_again() {
        assert_eq!(
            unescaped(r"json_extract(`a`,_utf8mb4\'$.b\')"),
            "json_extract(`a`,_utf8mb4'$.b')"
        );
        assert_eq!(unescaped(r"`a` <> _utf8mb4\'it\\\'s\'"), r"`a` <> _utf8mb4'it\'s'");
    }
}
