//! How a statement behaves where a transaction cannot hold it: whether it commits by itself, and whether anything tells
//! afterwards that it took effect.

use crate::dialect::Dialect;
use crate::lex::Lexeme;

use super::{Statement, tokens_of};

/// What a crash in the middle of a statement means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Conduct {
    /// It is part of the transaction it runs in.
    Transactional,
    /// It is in effect once it ran, and the catalog shows it: tables, indexes, constraints, views, triggers, routines.
    Shown,
    /// It is in effect once it ran, and running it again does no harm.
    Repeatable,
    /// It is in effect once it ran, and nothing but its author can tell whether it did.
    Opaque,
}

/// How a statement behaves. Words it does not know make it [`Conduct::Opaque`].
///
/// On SQLite and PostgreSQL the answer is about statements that run outside a transaction; inside one everything there is
/// transactional.
pub fn conduct(dialect: Dialect, statement: &Statement) -> Conduct {
    conduct_of(dialect, &tokens_of(dialect, statement))
}

/// The same of a statement's tokens.
pub(crate) fn conduct_of(dialect: Dialect, tokens: &[Lexeme<'_>]) -> Conduct {
    let words = Words(tokens);
    match dialect {
        Dialect::Sqlite => Conduct::Transactional,
        Dialect::Postgres => postgres(&words),
        Dialect::Mysql => mysql(&words),
    }
}

/// The first words of a statement, for people: `LOAD DATA`, `CALL`.
pub fn kind_of(dialect: Dialect, statement: &Statement) -> String {
    let tokens = tokens_of(dialect, statement);
    let first = tokens.first().map_or("", |token| token.text);
    let second = tokens.get(1).filter(|token| {
        let more = ["DATA", "XML", "USER", "DATABASE", "SCHEMA", "ROLE", "SERVER", "PLUGIN"];
        token.is_any(SHOWN) || token.is_any(&more)
    });
    match second {
        Some(second) => format!("{first} {}", second.text).to_ascii_uppercase(),
        None => first.to_ascii_uppercase(),
    }
}

struct Words<'a>(&'a [Lexeme<'a>]);

impl Words<'_> {
    fn is(&self, at: usize, words: &[&str]) -> bool {
        self.0.get(at).is_some_and(|token| token.is_any(words))
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|token| token.is_word(word))
    }

    /// What a `CREATE`, `ALTER` or `DROP` is about: the first of these words near the start.
    fn object(&self, kinds: &[&str]) -> bool {
        self.0
            .iter()
            .take(16)
            .take_while(|token| !token.is_symbol("(") && !token.is_any(&["AS", "ON", "BEGIN"]))
            .any(|token| token.is_any(kinds))
    }
}

/// What makes or changes objects of these kinds shows in a snapshot.
const SHOWN: &[&str] = &[
    "TABLE",
    "INDEX",
    "VIEW",
    "TRIGGER",
    "PROCEDURE",
    "FUNCTION",
    "EVENT",
    "SEQUENCE",
    "TYPE",
    "DOMAIN",
    "EXTENSION",
];

/// Objects that belong to the server rather than to the database, which a snapshot does not hold.
const ELSEWHERE: &[&str] = &[
    "DATABASE",
    "SCHEMA",
    "USER",
    "ROLE",
    "SERVER",
    "TABLESPACE",
    "LOGFILE",
    "RESOURCE",
    "INSTANCE",
    "SYSTEM",
    "SUBSCRIPTION",
    "PUBLICATION",
    "PACKAGE",
    "SPATIAL",
];

fn shown(words: &Words<'_>) -> Conduct {
    // `CREATE SPATIAL INDEX` is one of ours, `CREATE SPATIAL REFERENCE SYSTEM` is not.
    let elsewhere = words.0.get(1).is_some_and(|token| token.is_any(ELSEWHERE)) && !words.is(2, &["INDEX"]);
    if !elsewhere && words.object(SHOWN) {
        Conduct::Shown
    } else {
        Conduct::Opaque
    }
}

fn mysql(words: &Words<'_>) -> Conduct {
    let Some(first) = words.0.first() else {
        return Conduct::Transactional;
    };
    if first.is_any(&[
        "INSERT", "UPDATE", "DELETE", "REPLACE", "SELECT", "WITH", "VALUES", "TABLE", "SET",
    ]) || first.is_any(&["SHOW", "EXPLAIN", "DESCRIBE", "DESC"])
        || first.is_symbol("(")
    {
        return Conduct::Transactional;
    }
    if first.is_any(&["CREATE", "DROP"]) && words.is(1, &["TEMPORARY"]) {
        return Conduct::Transactional;
    }
    if first.is_any(&[
        "OPTIMIZE", "ANALYZE", "ANALYSE", "CHECK", "CHECKSUM", "REPAIR", "FLUSH", "GRANT", "REVOKE",
    ]) {
        return Conduct::Repeatable;
    }
    if first.is_any(&["CREATE", "ALTER", "DROP"]) {
        return shown(words);
    }
    if first.is_word("RENAME") && words.is(1, &["TABLE", "TABLES"]) {
        return Conduct::Shown;
    }
    Conduct::Opaque
}

fn postgres(words: &Words<'_>) -> Conduct {
    let Some(first) = words.0.first() else {
        return Conduct::Transactional;
    };
    if first.is_any(&[
        "VACUUM",
        "ANALYZE",
        "ANALYSE",
        "REINDEX",
        "CLUSTER",
        "CHECKPOINT",
        "GRANT",
        "REVOKE",
        "SET",
    ]) || first.is_any(&["SELECT", "SHOW", "EXPLAIN", "COMMENT"]) && !words.has("INTO")
    {
        return Conduct::Repeatable;
    }
    if first.is_word("REFRESH") {
        return Conduct::Repeatable;
    }
    if first.is_any(&["CREATE", "ALTER", "DROP"]) {
        return shown(words);
    }
    Conduct::Opaque
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(dialect: Dialect, text: &str) -> Conduct {
        let text = text.to_owned();
        conduct(dialect, &Statement { text, line: 1 })
    }

    #[test]
    fn mysql_commits_at_every_change_of_the_schema() {
        use Conduct::{Opaque, Repeatable, Shown, Transactional};
        for (text, expected) in [
            ("INSERT INTO t VALUES (1)", Transactional),
            ("WITH a AS (SELECT 1) UPDATE t SET x = 1", Transactional),
            ("(SELECT 1)", Transactional),
            ("SET @a = 1", Transactional),
            ("SET STATEMENT a = b FOR UPDATE t SET x = 1", Transactional),
            ("SET STATEMENT a = b FOR ALTER TABLE t DROP COLUMN c", Shown),
            ("create temporary table t (id INT)", Transactional),
            ("CREATE TABLE t (id INT)", Shown),
            (
                "CREATE OR REPLACE ALGORITHM = MERGE DEFINER = a@b SQL SECURITY INVOKER VIEW v AS SELECT 1",
                Shown,
            ),
            ("CREATE UNIQUE INDEX i ON t (a)", Shown),
            ("CREATE SPATIAL INDEX i ON t (a)", Shown),
            ("CREATE FULLTEXT INDEX i ON t (a)", Shown),
            ("CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1", Shown),
            ("CREATE DEFINER = `a`@`%` PROCEDURE p() SELECT 1", Shown),
            ("ALTER TABLE t ADD COLUMN c INT", Shown),
            ("DROP TABLE IF EXISTS a, b", Shown),
            ("RENAME TABLE a TO b", Shown),
            ("OPTIMIZE TABLE t", Repeatable),
            ("GRANT SELECT ON t TO u", Repeatable),
            ("TRUNCATE TABLE t", Opaque),
            ("CALL p()", Opaque),
            ("LOAD DATA INFILE 'x' INTO TABLE t", Opaque),
            ("DO SLEEP(1)", Opaque),
            ("CREATE USER u", Opaque),
            ("CREATE DATABASE d", Opaque),
            ("RENAME USER a TO b", Opaque),
            ("DROP ROLE r", Opaque),
            ("CREATE SPATIAL REFERENCE SYSTEM 1 NAME 'x'", Opaque),
            ("EXECUTE p", Opaque),
        ] {
            assert_eq!(of(Dialect::Mysql, text), expected, "{text}");
        }
    }

    #[test]
    fn postgres_outside_a_transaction() {
        use Conduct::{Opaque, Repeatable, Shown};
        for (text, expected) in [
            ("CREATE INDEX CONCURRENTLY i ON t (a)", Shown),
            ("ALTER TYPE mood ADD VALUE 'fine'", Shown),
            ("ALTER TABLE t DETACH PARTITION p CONCURRENTLY", Shown),
            ("VACUUM t", Repeatable),
            ("REINDEX INDEX CONCURRENTLY i", Repeatable),
            ("SELECT 1", Repeatable),
            ("CALL p()", Opaque),
            ("UPDATE t SET a = 1", Opaque),
            ("CREATE DATABASE d", Opaque),
        ] {
            assert_eq!(of(Dialect::Postgres, text), expected, "{text}");
        }
    }

    #[test]
    fn a_statement_is_told_by_its_first_words() {
        let kind = |text: &str| {
            let text = text.to_owned();
            kind_of(Dialect::Mysql, &Statement { text, line: 1 })
        };
        assert_eq!(kind("load data infile 'x' into table t"), "LOAD DATA");
        assert_eq!(kind("call p()"), "CALL");
        assert_eq!(kind("TRUNCATE TABLE t"), "TRUNCATE TABLE");
    }
}
