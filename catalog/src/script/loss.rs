//! What the way back of a schema takes along, read from its statements: for servers where it cannot be tried out and
//! taken back. Whatever is not understood counts as "cannot tell".

use std::collections::{BTreeMap, BTreeSet};

use crate::dialect::Dialect;
use crate::difference::Removed;
use crate::lex::Lexeme;
use crate::snapshot::Snapshot;

use super::{Statement, kind_of, tokens_of};

/// What statements would take along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Losses {
    /// These tables and columns, by the names they have today.
    Removed(Vec<Removed>),
    /// A statement whose effect on rows cannot be told from its text.
    Unknown {
        /// Its place among the statements, from 0.
        at: usize,
        /// Its first words, or the part of it that is not understood.
        what: String,
        /// What the others take along.
        removed: Vec<Removed>,
    },
}

/// Reads what statements, run in this order on what is there now, would remove.
pub fn losses(dialect: Dialect, statements: &[Statement], now: &Snapshot) -> Losses {
    let mut reading = Reading {
        now,
        tables: BTreeMap::new(),
        columns: BTreeMap::new(),
        made: BTreeSet::new(),
        removed: BTreeSet::new(),
    };
    let mut unknown = None;
    for (at, statement) in statements.iter().enumerate() {
        let tokens = tokens_of(dialect, statement);
        if let Err(part) = reading.statement(&tokens) {
            unknown.get_or_insert_with(|| (at, part.unwrap_or_else(|| kind_of(dialect, statement))));
        }
    }
    // With a table go its columns.
    let gone = reading.removed.clone();
    let whole = |removed: &Removed| match removed {
        Removed::Table { .. } => true,
        Removed::Column { table, .. } => !gone.contains(&Removed::Table { table: table.clone() }),
    };
    let removed = reading.removed.into_iter().filter(whole).collect();
    match unknown {
        None => Losses::Removed(removed),
        Some((at, what)) => Losses::Unknown { at, what, removed },
    }
}

/// Clauses of ALTER TABLE that put partitions, with their rows, elsewhere.
const MOVES_PARTITIONS: &[&str] = &[
    "DISCARD",
    "IMPORT",
    "TRUNCATE",
    "EXCHANGE",
    "COALESCE",
    "REORGANIZE",
    "REMOVE",
    "CONVERT",
];

/// Clauses of ALTER TABLE after which every row is there, with all its columns.
const KEEPS_ROWS: &[&str] = &[
    "ADD",
    "MODIFY",
    "ALTER",
    "ENGINE",
    "COMMENT",
    "DEFAULT",
    "CHARACTER",
    "CHARSET",
    "COLLATE",
    "AUTO_INCREMENT",
    "ROW_FORMAT",
    "KEY_BLOCK_SIZE",
    "ORDER",
    "ENABLE",
    "DISABLE",
    "FORCE",
    "ALGORITHM",
    "LOCK",
    "WITH",
    "WITHOUT",
    "STATS_PERSISTENT",
    "STATS_AUTO_RECALC",
    "STATS_SAMPLE_PAGES",
    "PACK_KEYS",
    "CHECKSUM",
    "VALIDATION",
];

/// `Err(Some(_))` names the part that is not understood.
type Read<T = ()> = Result<T, Option<String>>;

struct Reading<'a> {
    now: &'a Snapshot,
    /// Names that tables were given on the way, and what they are called today; `None` for those that are not there today.
    tables: BTreeMap<String, Option<String>>,
    /// The same for columns, within today's tables.
    columns: BTreeMap<(String, String), Option<String>>,
    /// Tables made on the way.
    made: BTreeSet<String>,
    removed: BTreeSet<Removed>,
}

impl Reading<'_> {
    fn statement(&mut self, tokens: &[Lexeme<'_>]) -> Read {
        let mut words = Cursor { tokens, at: 0 };
        let Some(first) = tokens.first() else {
            return Ok(());
        };
        // Rows that the author's own statements move or delete are the author's own affair, as everywhere.
        if first.is_any(&[
            "INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH", "VALUES", "SET", "SHOW",
        ]) || first.is_any(&["OPTIMIZE", "ANALYZE", "CHECK", "GRANT", "REVOKE"])
            || first.is_symbol("(")
        {
            return Ok(());
        }
        words.at = 1;
        match first.text.to_ascii_uppercase().as_str() {
            "DROP" => self.drop(&mut words),
            "TRUNCATE" => {
                words.take("TABLE");
                let table = words.table()?;
                self.lose_table(&table);
                Ok(())
            }
            "RENAME" if words.take("TABLE") || words.take("TABLES") => self.rename(&mut words),
            "CREATE" => self.create(&mut words),
            "ALTER" => self.alter(&mut words),
            _ => Err(None),
        }
    }

    fn drop(&mut self, words: &mut Cursor<'_>) -> Read {
        let temporary = words.take("TEMPORARY");
        if words.take("TABLE") || words.take("TABLES") {
            words.if_exists();
            loop {
                let table = words.table()?;
                if !temporary {
                    self.lose_table(&table);
                }
                if !words.symbol(",") {
                    return Ok(());
                }
            }
        }
        let harmless = ["INDEX", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"];
        if harmless.iter().any(|kind| words.take(kind)) {
            Ok(())
        } else {
            Err(None)
        }
    }

    fn rename(&mut self, words: &mut Cursor<'_>) -> Read {
        words.if_exists();
        loop {
            let from = words.table()?;
            if !words.take("TO") {
                return Err(None);
            }
            let to = words.table()?;
            self.rename_table(&from, &to);
            if !words.symbol(",") {
                return Ok(());
            }
        }
    }

    fn create(&mut self, words: &mut Cursor<'_>) -> Read {
        let replaces = words.take("OR") && words.take("REPLACE");
        let temporary = words.take("TEMPORARY");
        if !words.take("TABLE") {
            // Indexes, views, triggers, routines hold no rows; databases and users are no part of a way back.
            let kinds = ["INDEX", "VIEW", "TRIGGER", "PROCEDURE", "FUNCTION", "EVENT", "SEQUENCE"];
            let near = words.tokens.iter().take(16);
            let mut near = near.take_while(|token| !token.is_any(&["AS", "ON", "BEGIN"]));
            return if near.any(|token| token.is_any(&kinds)) {
                Ok(())
            } else {
                Err(None)
            };
        }
        if words.take("IF") {
            words.take("NOT");
            words.take("EXISTS");
        }
        let table = words.table()?;
        if temporary {
            return Ok(());
        }
        if replaces {
            self.lose_table(&table);
        }
        if self.today(&table).is_none() {
            self.tables.insert(table.clone(), None);
            self.made.insert(table);
        }
        Ok(())
    }

    fn alter(&mut self, words: &mut Cursor<'_>) -> Read {
        words.take("ONLINE");
        words.take("IGNORE");
        if !words.take("TABLE") {
            let harmless = [
                "VIEW",
                "EVENT",
                "PROCEDURE",
                "FUNCTION",
                "SEQUENCE",
                "ALGORITHM",
                "DEFINER",
                "SQL",
            ];
            return if harmless.iter().any(|kind| words.take(kind)) {
                Ok(())
            } else {
                Err(None)
            };
        }
        words.if_exists();
        let table = words.table()?;
        if words.take("WAIT") {
            words.at += 1;
        }
        words.take("NOWAIT");
        // The table has its new name once all the clauses are done.
        let mut renamed = None;
        for clause in clauses(&words.tokens[words.at..]) {
            let to = self.clause(&table, &mut Cursor { tokens: clause, at: 0 })?;
            renamed = to.or(renamed);
        }
        if let Some(to) = renamed {
            self.rename_table(&table, &to);
        }
        Ok(())
    }

    /// Returns the table's new name where the clause gives it one.
    fn clause(&mut self, table: &str, words: &mut Cursor<'_>) -> Read<Option<String>> {
        let Some(first) = words.tokens.first() else {
            return Ok(None);
        };
        let shown = || {
            let words = words.tokens.iter().take(3).map(|token| token.text);
            Some(format!("ALTER TABLE … {}", words.collect::<Vec<_>>().join(" ")))
        };
        let unknown = shown();
        words.at = 1;
        if first.is_word("DROP") {
            return self.drop_clause(table, words).ok_or(unknown).map(|()| None);
        }
        if first.is_word("CHANGE") {
            words.take("COLUMN");
            words.if_exists();
            let (from, to) = (words.name(), words.name());
            let (Some(from), Some(to)) = (from, to) else {
                return Err(unknown);
            };
            self.rename_column(table, &from, &to);
            return Ok(None);
        }
        if first.is_word("RENAME") {
            return self.rename_clause(table, words).ok_or(unknown);
        }
        // CONVERT TO CHARACTER SET keeps every row; CONVERT PARTITION does not.
        let keeps_rows = match first.is_any(MOVES_PARTITIONS) {
            true => first.is_word("CONVERT") && words.take("TO") && words.take("CHARACTER"),
            false => first.is_any(KEEPS_ROWS),
        };
        match keeps_rows {
            true => Ok(None),
            false => Err(unknown),
        }
    }

    /// What follows `DROP`; nothing where it is not understood.
    fn drop_clause(&mut self, table: &str, words: &mut Cursor<'_>) -> Option<()> {
        if words.any(&["PRIMARY", "INDEX", "KEY", "FOREIGN", "CONSTRAINT", "CHECK"]) {
            return Some(());
        }
        if words.any(&["PARTITION", "SYSTEM", "PERIOD"]) {
            return None;
        }
        words.take("COLUMN");
        words.if_exists();
        let column = words.name()?;
        self.lose_column(table, &column);
        Some(())
    }

    /// What follows `RENAME`: the table's new name where it gets one; nothing where it is not understood.
    fn rename_clause(&mut self, table: &str, words: &mut Cursor<'_>) -> Option<Option<String>> {
        if words.take("COLUMN") {
            words.if_exists();
            let from = words.name()?;
            if !words.take("TO") {
                return None;
            }
            let to = words.name()?;
            self.rename_column(table, &from, &to);
            return Some(None);
        }
        if words.any(&["INDEX", "KEY", "CONSTRAINT"]) {
            return Some(None);
        }
        if !words.take("TO") {
            words.take("AS");
        }
        words.table().ok().map(Some)
    }

    /// What a table of that name is called today; `None` where it is not there today.
    fn today(&self, table: &str) -> Option<String> {
        if let Some(known) = self.tables.get(table) {
            return known.clone();
        }
        if self.now.tables.contains_key(table) {
            return Some(table.to_owned());
        }
        // Whether case counts is the server's setting.
        let mut alike = self.now.tables.keys().filter(|name| name.eq_ignore_ascii_case(table));
        alike.next().cloned()
    }

    fn lose_table(&mut self, table: &str) {
        if let Some(table) = self.today(table) {
            self.removed.insert(Removed::Table { table });
        }
        self.tables.insert(table.to_owned(), None);
        self.made.remove(table);
    }

    fn lose_column(&mut self, table: &str, column: &str) {
        let Some(table) = self.today(table) else {
            return;
        };
        let key = (table.clone(), column.to_lowercase());
        let today = match self.columns.get(&key) {
            Some(known) => known.clone(),
            None => self.now.tables.get(&table).and_then(|known| {
                let mut names = known.columns.keys();
                names.find(|name| name.eq_ignore_ascii_case(column)).cloned()
            }),
        };
        if let Some(column) = today {
            self.removed.insert(Removed::Column { table, column });
        }
        self.columns.insert(key, None);
    }

    fn rename_table(&mut self, from: &str, to: &str) {
        let today = self.today(from);
        self.tables.insert(from.to_owned(), None);
        if self.made.remove(from) {
            self.made.insert(to.to_owned());
        }
        self.tables.insert(to.to_owned(), today);
    }

    fn rename_column(&mut self, table: &str, from: &str, to: &str) {
        let Some(table) = self.today(table) else {
            return;
        };
        let (from_key, to_key) = ((table.clone(), from.to_lowercase()), (table.clone(), to.to_lowercase()));
        if from_key == to_key {
            return;
        }
        let today = match self.columns.get(&from_key) {
            Some(known) => known.clone(),
            None => self.now.tables.get(&table).and_then(|known| {
                let mut names = known.columns.keys();
                names.find(|name| name.eq_ignore_ascii_case(from)).cloned()
            }),
        };
        self.columns.insert(from_key, None);
        self.columns.insert(to_key, today);
    }
}

/// The clauses of an `ALTER TABLE`: what stands between commas outside parentheses.
fn clauses<'a>(tokens: &'a [Lexeme<'a>]) -> Vec<&'a [Lexeme<'a>]> {
    let mut clauses = Vec::new();
    let (mut depth, mut start) = (0_usize, 0);
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is_symbol(",") {
            clauses.push(&tokens[start..at]);
            start = at + 1;
        }
    }
    clauses.push(&tokens[start..]);
    clauses
}

struct Cursor<'a> {
    tokens: &'a [Lexeme<'a>],
    at: usize,
}

impl Cursor<'_> {
    fn take(&mut self, word: &str) -> bool {
        self.any(&[word])
    }

    fn any(&mut self, words: &[&str]) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is_any(words));
        self.at += usize::from(found);
        found
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        let found = self.tokens.get(self.at).is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(found);
        found
    }

    fn if_exists(&mut self) {
        if self.take("IF") {
            self.take("EXISTS");
        }
    }

    fn name(&mut self) -> Option<String> {
        let name = self.tokens.get(self.at)?.identifier()?.to_owned();
        self.at += 1;
        Some(name)
    }

    /// A table's name. One of another database is beyond what we can count.
    fn table(&mut self) -> Read<String> {
        let name = self.name().ok_or(None)?;
        if self.symbol(".") {
            let table = self.name().unwrap_or_default();
            return Err(Some(format!("{name}.{table}, which names a database,")));
        }
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::tests::table;

    fn read(texts: &[&str]) -> Result<Vec<String>, String> {
        let mut now = table("orders", &[("id", "int"), ("note", "text"), ("Total", "int")]);
        now.tables.extend(table("users", &[("id", "int")]).tables);
        let statement = |text: &&str| Statement {
            text: (*text).to_owned(),
            line: 1,
        };
        let statements: Vec<_> = texts.iter().map(statement).collect();
        match losses(Dialect::Mysql, &statements, &now) {
            Losses::Removed(removed) => Ok(removed.iter().map(ToString::to_string).collect()),
            Losses::Unknown { at, what, .. } => Err(format!("{at}: {what}")),
        }
    }

    /// What cannot be told of one statement is no reason to forget what the others say.
    #[test]
    fn beside_a_statement_that_nobody_understands_the_others_are_read() {
        let now = table("orders", &[("id", "int")]);
        let statements = ["CALL tidy_up()", "DROP TABLE orders"].map(|text| Statement {
            text: text.to_owned(),
            line: 1,
        });
        let Losses::Unknown { at, removed, .. } = losses(Dialect::Mysql, &statements, &now) else {
            panic!("nobody knows what a procedure does");
        };
        assert_eq!((at, removed.len()), (0, 1), "{removed:?}");
    }

    #[test]
    fn tables_and_columns_are_found_wherever_they_are_named() {
        for (texts, expected) in [
            (&["DROP TABLE orders, users"][..], &["table orders", "table users"][..]),
            (&["drop table if exists `orders`"], &["table orders"]),
            (&["TRUNCATE TABLE users"], &["table users"]),
            (&["TRUNCATE users"], &["table users"]),
            (
                &["ALTER TABLE orders DROP note", "DROP TABLE orders"],
                &["table orders"],
            ),
            (&["ALTER TABLE orders DROP COLUMN note"], &["column orders.note"]),
            (
                &["ALTER TABLE orders ADD x DECIMAL(10,2), DROP note, drop column IF EXISTS total"],
                &["column orders.Total", "column orders.note"],
            ),
            (&["CREATE OR REPLACE TABLE users (id INT)"], &["table users"]),
        ] {
            assert_eq!(
                read(texts),
                Ok(expected.iter().map(ToString::to_string).collect()),
                "{texts:?}"
            );
        }
    }

    #[test]
    fn what_holds_no_rows_is_harmless() {
        for text in [
            "ALTER TABLE orders DROP PRIMARY KEY, DROP INDEX i, DROP FOREIGN KEY f, DROP CONSTRAINT c, DROP CHECK k",
            "ALTER TABLE orders MODIFY note VARCHAR(10) NOT NULL, ALTER COLUMN id SET DEFAULT 1",
            "DROP INDEX i ON orders",
            "DROP VIEW v",
            "DROP TRIGGER g",
            "DROP PROCEDURE IF EXISTS p",
            "CREATE OR REPLACE DEFINER = a@b VIEW v AS SELECT 1",
            "DELETE FROM orders",
            "INSERT INTO users SELECT id FROM orders",
            "DROP TABLE no_such_table",
            "ALTER TABLE orders DROP COLUMN no_such_column",
            "DROP TEMPORARY TABLE orders",
        ] {
            assert_eq!(read(&[text]), Ok(Vec::new()), "{text}");
        }
    }

    #[test]
    fn names_are_followed_to_what_they_are_today() {
        for (texts, expected) in [
            (
                &["RENAME TABLE orders TO old, users TO orders", "DROP TABLE old"][..],
                &["table orders"][..],
            ),
            (
                &[
                    "ALTER TABLE orders RENAME TO o, CHANGE note remark TEXT",
                    "ALTER TABLE o DROP remark",
                ],
                &["column orders.note"],
            ),
            (
                &[
                    "ALTER TABLE orders RENAME COLUMN note TO n",
                    "ALTER TABLE orders DROP n",
                ],
                &["column orders.note"],
            ),
            (
                &[
                    "CREATE TABLE copy (id INT)",
                    "INSERT INTO copy SELECT id FROM users",
                    "DROP TABLE users",
                    "RENAME TABLE copy TO users",
                ],
                &["table users"],
            ),
            (&["CREATE TABLE t (id INT)", "DROP TABLE t"], &[]),
            (&["DROP TABLE users", "DROP TABLE users"], &["table users"]),
        ] {
            assert_eq!(
                read(texts),
                Ok(expected.iter().map(ToString::to_string).collect()),
                "{texts:?}"
            );
        }
    }

    #[test]
    fn whatever_is_not_understood_says_so() {
        for (texts, expected) in [
            (&["DROP VIEW v", "CALL clean_up()"][..], "1: CALL"),
            (&["DROP DATABASE d"], "0: DROP DATABASE"),
            (&["DROP TABLE shop.orders"], "0: shop.orders, which names a database,"),
            (
                &["ALTER TABLE orders DROP PARTITION p0"],
                "0: ALTER TABLE … DROP PARTITION p0",
            ),
            (
                &["ALTER TABLE orders TRUNCATE PARTITION ALL"],
                "0: ALTER TABLE … TRUNCATE PARTITION ALL",
            ),
            (&["LOAD DATA INFILE 'x' INTO TABLE orders"], "0: LOAD DATA"),
            (&["ALTER TABLE orders FROBNICATE"], "0: ALTER TABLE … FROBNICATE"),
        ] {
            assert_eq!(read(texts), Err(expected.to_owned()), "{texts:?}");
        }
    }
}
