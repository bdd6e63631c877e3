//! Splitting what declares a schema, rather than changes one: no step, so nothing has to be kept from escaping one.
//!
//! Files of DDL are often dumps, or written for a database's own shell. What says nothing about the schema is left out:
//! transaction control, rows, the shell's commands; on MySQL and SQLite also settings of the session.

use super::{Lines, Place, Statement, body, dump, matters, unreadable};
use crate::dialect::Dialect;
use crate::lex::{self, Kind, Lexeme};
use crate::script::ScriptError;
use crate::script::body::Extent;

/// Splits a script that declares a schema into the statements that do.
///
/// ```
/// use lockstep_catalog::{Dialect, split_ddl};
///
/// let dump = "SET NAMES utf8;\nDELIMITER ;;\nCREATE TABLE t (a int);;\nDELIMITER ;\nINSERT INTO t VALUES (1);";
/// let statements = split_ddl(Dialect::Mysql, dump).unwrap();
/// assert_eq!(statements.len(), 1);
/// assert_eq!((statements[0].text.as_str(), statements[0].line), ("CREATE TABLE t (a int)", 3));
/// ```
///
/// # Errors
///
/// The first thing in the script that cannot be read.
pub fn split_ddl(dialect: Dialect, text: &str) -> Result<Vec<Statement>, ScriptError> {
    if let Some(offset) = text.find('\0') {
        let Place { line, column } = Lines::new(text).place(offset);
        return Err(ScriptError::Nul { line, column });
    }
    let text = &without_shell(dialect, text);
    let lines = Lines::new(text);
    let lexed = lex::lex(dialect, text);
    let tokens: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| matters(dialect, lexeme)).collect();
    let mut statements = Vec::new();
    let mut virtual_tables = Vec::new();
    let mut remaining = tokens.as_slice();
    while let Some(first) = remaining.first() {
        if first.kind == Kind::Semicolon {
            remaining = &remaining[1..];
            continue;
        }
        let (statement, rest) = match body::extent(dialect, remaining) {
            Extent::Ends(at) => (&remaining[..at], &remaining[at + 1..]),
            Extent::RunsOut | Extent::Unclosed { .. } => (remaining, &[][..]),
        };
        if dialect == Dialect::Sqlite
            && let Some(sql) = dump::virtual_table_in(statement)
        {
            let line = lines.place(first.start).line;
            virtual_tables.push(sql.clone());
            statements.push(Statement { text: sql, line });
        } else if let Some(last) = statement.last()
            && declares(dialect, statement)
        {
            statements.push(Statement {
                text: text[first.start..last.end()].to_owned(),
                line: lines.place(first.start).line,
            });
        }
        remaining = rest;
    }
    dump::without_shadows(&mut statements, &virtual_tables);
    match lexed.failure {
        Some(failure) => Err(unreadable(failure, &lines)),
        None => Ok(statements),
    }
}

/// Whether a statement says something about the schema, or about how the rest is to be read.
fn declares(dialect: Dialect, statement: &[&Lexeme<'_>]) -> bool {
    let words: Vec<String> = words(statement);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match (dialect, words.as_slice()) {
        (_, ["BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "END", ..]) => false,
        (_, ["START", "TRANSACTION", ..]) => false,
        (_, ["INSERT" | "REPLACE" | "UPDATE" | "DELETE" | "TRUNCATE" | "COPY", ..]) => false,
        (_, ["ANALYZE" | "VACUUM" | "OPTIMIZE", ..]) => false,
        (Dialect::Mysql, ["SET" | "USE" | "LOCK" | "UNLOCK" | "FLUSH" | "SHOW", ..]) => false,
        (Dialect::Mysql, ["CREATE" | "DROP" | "ALTER", "DATABASE" | "SCHEMA", ..]) => false,
        (Dialect::Sqlite, ["PRAGMA", ..]) => false,
        (Dialect::Postgres, ["SET", "ROLE" | "SESSION", ..] | ["RESET" | "DISCARD" | "ABORT", ..]) => false,
        // Owners are no part of what is compared, and their roles need not exist here.
        (Dialect::Postgres, ["ALTER", ..]) => !changes_owner(statement),
        _ => true,
    }
}

fn changes_owner(statement: &[&Lexeme<'_>]) -> bool {
    matches!(statement, [.., owner, to, _] if owner.is_word("OWNER") && to.is_word("TO"))
}

/// Whether a failure of this statement says nothing about what is declared: a setting that this server does not know.
pub fn is_setting(text: &str) -> bool {
    text.split_whitespace()
        .next()
        .is_some_and(|first| first.eq_ignore_ascii_case("SET"))
}

/// Whether a statement says who may do what.
pub fn is_about_privileges(dialect: Dialect, text: &str) -> bool {
    let lexed = lex::lex(dialect, text);
    let tokens: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| matters(dialect, lexeme)).collect();
    let words = words(&tokens);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    matches!(
        words.as_slice(),
        ["GRANT" | "REVOKE", ..] | ["ALTER", "DEFAULT", "PRIVILEGES", ..]
    )
}

/// The first words, those of MySQL's `/*!40101 … */` included: the server reads them, too.
fn words(statement: &[&Lexeme<'_>]) -> Vec<String> {
    let mut words = Vec::new();
    for token in statement.iter().take(3) {
        if let Some(inside) = token.text.strip_prefix("/*!").or(token.text.strip_prefix("/*M!")) {
            let inside = inside
                .trim_start_matches(|c: char| c.is_ascii_digit())
                .trim_end_matches("*/");
            words.extend(inside.split_whitespace().take(2).map(str::to_ascii_uppercase));
        } else if token.kind == Kind::Word {
            words.push(token.text.to_ascii_uppercase());
        } else {
            break;
        }
    }
    words
}

/// The text with spaces where a shell's commands stood, so that every line keeps its number.
fn without_shell(dialect: Dialect, text: &str) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut delimiter = ";".to_owned();
    let mut copying = false;
    for line in text.split_inclusive('\n') {
        let (content, end) = match line.strip_suffix('\n') {
            Some(content) => (content, "\n"),
            None => (line, ""),
        };
        let trimmed = content.trim();
        let first = trimmed.split_whitespace().next().unwrap_or_default();
        let is_command =
            |mark: char| content.starts_with(mark) && content[1..].starts_with(|c: char| c.is_ascii_alphabetic());
        match dialect {
            Dialect::Mysql if first.eq_ignore_ascii_case("DELIMITER") => {
                delimiter = trimmed[first.len()..].trim().to_owned();
                if delimiter.is_empty() {
                    delimiter = ";".to_owned();
                }
            }
            Dialect::Mysql if delimiter != ";" && trimmed.ends_with(delimiter.as_str()) => {
                let content = content.trim_end();
                kept.push_str(&content[..content.len() - delimiter.len()]);
                kept.push(';');
            }
            Dialect::Postgres if copying => copying = trimmed != "\\.",
            Dialect::Postgres if is_command('\\') => {}
            Dialect::Sqlite if is_command('.') => {}
            Dialect::Postgres
                if first.eq_ignore_ascii_case("COPY") && trimmed.to_ascii_lowercase().ends_with("from stdin;") =>
            {
                copying = true;
            }
            _ => kept.push_str(content),
        }
        kept.push_str(end);
    }
    kept
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn texts(dialect: Dialect, script: &str) -> Vec<String> {
        let statements = split_ddl(dialect, script).unwrap();
        statements.into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn a_dump_of_mysql_is_its_tables_and_triggers() {
        let dump = "/*!40101 SET NAMES utf8 */;\n/*!40014 SET @OLD=@@X */;\nDROP TABLE IF EXISTS `t`;\n\
                    CREATE TABLE `t` (a int) /*!50100 PARTITION BY KEY (a) */;\nLOCK TABLES `t` WRITE;\n\
                    INSERT INTO `t` VALUES (1),(2);\nUNLOCK TABLES;\nDELIMITER ;;\n\
                    /*!50003 CREATE*/ /*!50017 DEFINER=`x`@`y`*/ /*!50003 TRIGGER g BEFORE INSERT ON t FOR EACH ROW\nBEGIN\n  SET NEW.a = 1;\nEND */;;\n\
                    DELIMITER ;\n";
        let found = texts(Dialect::Mysql, dump);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[1].ends_with("PARTITION BY KEY (a) */"));
        assert!(found[2].ends_with("END */"));
    }

    #[test]
    fn a_body_with_another_delimiter_ends_where_it_says() {
        let script =
            "DELIMITER //\nCREATE PROCEDURE p()\nBEGIN\n  SELECT 1;\nEND//\nDELIMITER ;\nCREATE VIEW v AS SELECT 1;";
        let found = texts(Dialect::Mysql, script);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].ends_with("END"));
    }

    #[test]
    fn the_rows_of_a_dump_of_postgres_are_left_out() {
        let dump = "\\restrict x\nSET search_path = '';\nCREATE TABLE t (a text);\nCOPY t (a) FROM stdin;\nit's\n\\.\nCREATE INDEX i ON t (a);\n";
        let found = texts(Dialect::Postgres, dump);
        assert_eq!(
            found,
            [
                "SET search_path = ''",
                "CREATE TABLE t (a text)",
                "CREATE INDEX i ON t (a)"
            ]
        );
    }

    #[test]
    fn a_dump_of_sqlite_is_its_tables() {
        let dump =
            "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE t(a);\nINSERT INTO t VALUES(1);\nCOMMIT;\n";
        assert_eq!(texts(Dialect::Sqlite, dump), ["CREATE TABLE t(a)"]);
    }
}
