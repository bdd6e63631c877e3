//! Scripts that declare what should be, dumps of the engines' own tools among them.
//!
//! They are loaded into a database that is thrown away, so what would escape the bookkeeping of a step does no harm here:
//! transaction control and commands of a shell are left out, data is skipped, settings are kept (a search path decides
//! where what follows is made).

use crate::dialect::Dialect;

use super::error::ScriptError;
use super::{Statement, split_checked};

/// Splits a script that declares a schema. What `pg_dump`, `mysqldump` and `.dump` put around the declarations is left out;
/// lines keep their numbers.
///
/// # Errors
///
/// Where the script cannot be read.
pub fn declarations(dialect: Dialect, text: &str) -> Result<Vec<Statement>, ScriptError> {
    let cleaned = match dialect {
        Dialect::Postgres => without_shell(text),
        Dialect::Sqlite | Dialect::Mysql => text.to_owned(),
    };
    let mut statements = split_checked(dialect, &cleaned, false)?;
    statements.retain(|statement| declares(dialect, &statement.text));
    Ok(statements)
}

/// Whether a failure of this statement says nothing about what is declared: a setting that this server does not know.
pub fn is_setting(text: &str) -> bool {
    first_word(text).eq_ignore_ascii_case("SET")
}

fn first_word(text: &str) -> &str {
    let text = text.trim_start();
    &text[..text
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(text.len())]
}

fn declares(dialect: Dialect, text: &str) -> bool {
    let words: Vec<String> = text.split_whitespace().take(4).map(str::to_ascii_uppercase).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        [
            "BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE" | "END" | "ABORT",
            ..,
        ] => false,
        ["START", "TRANSACTION", ..] | ["LOCK" | "UNLOCK", "TABLES", ..] => false,
        ["SET", "ROLE" | "SESSION", ..] | ["RESET", ..] | ["DISCARD", ..] if dialect == Dialect::Postgres => false,
        // Owners are no part of what is compared, and their roles need not exist here.
        ["ALTER", ..] if dialect == Dialect::Postgres => !changes_owner(text),
        _ => true,
    }
}

fn changes_owner(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.len() >= 3
        && words[words.len() - 3].eq_ignore_ascii_case("OWNER")
        && words[words.len() - 2].eq_ignore_ascii_case("TO")
}

/// Blanks psql's own commands, and the data behind a `COPY … FROM stdin`.
fn without_shell(text: &str) -> String {
    let mut cleaned = String::with_capacity(text.len());
    let mut in_data = false;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_end();
        if in_data {
            in_data = bare != "\\.";
            cleaned.push('\n');
        } else if is_copy(bare) {
            in_data = true;
            cleaned.push('\n');
        } else if is_shell(bare) {
            cleaned.push('\n');
        } else {
            cleaned.push_str(line);
        }
    }
    cleaned
}

fn is_copy(line: &str) -> bool {
    let upper = line.to_ascii_uppercase();
    upper.starts_with("COPY ") && upper.trim_end_matches(';').trim_end().ends_with("FROM STDIN")
}

/// `\\connect`, `\\restrict`, …: a backslash and a letter where a line begins.
fn is_shell(line: &str) -> bool {
    line.strip_prefix('\\')
        .and_then(|rest| rest.chars().next())
        .is_some_and(|first| first.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn texts(script: &str) -> Vec<String> {
        let found = declarations(Dialect::Postgres, script).unwrap();
        found.into_iter().map(|one| one.text).collect()
    }

    #[test]
    fn what_a_dump_puts_around_declarations_is_left_out() {
        let dump = "\\restrict x\nSET search_path = app;\nBEGIN;\nCREATE TABLE t (a int);\nALTER TABLE t OWNER TO somebody;\n\
                    COPY t (a) FROM stdin;\n1\nit's\n\\.\n\nCREATE TABLE u (b int);\nCOMMIT;\n";
        assert_eq!(
            texts(dump),
            [
                "SET search_path = app",
                "CREATE TABLE t (a int)",
                "CREATE TABLE u (b int)"
            ]
        );
        let lines: Vec<u32> = declarations(Dialect::Postgres, dump)
            .unwrap()
            .iter()
            .map(|one| one.line)
            .collect();
        assert_eq!(lines, [2, 4, 11]);
    }

    #[test]
    fn a_body_may_hold_transaction_words() {
        let script = "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN PERFORM 1; END $$;";
        assert_eq!(texts(script).len(), 1);
    }
}
