//! What must not be in a step: whatever would escape the transaction, the session or the eyes of the bookkeeping.

use crate::dialect::{Dialect, Excess};
use crate::lex::{self, Kind, Lexeme};

use super::error::ScriptError;
use super::{Lines, Place};

/// Checks one statement, and returns the first reason to refuse it.
pub(super) fn check(dialect: Dialect, tokens: &[&Lexeme<'_>], lines: &Lines<'_>) -> Result<(), ScriptError> {
    let Some(first) = tokens.first() else {
        return Ok(());
    };
    let Place { line, column } = lines.place(first.start);
    let words = leading_words(tokens);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();

    if let Some(statement) = transaction_control(dialect, &words, tokens) {
        return Err(ScriptError::TransactionControl {
            statement,
            line,
            column,
        });
    }
    if let Some((statement, advice)) = session_change(dialect, &words) {
        return Err(ScriptError::SessionChange {
            statement,
            advice,
            line,
            column,
        });
    }
    match dialect {
        Dialect::Sqlite => check_sqlite(&words, tokens, lines)?,
        Dialect::Postgres => check_postgres(&words, tokens, lines)?,
        Dialect::Mysql if words.first() == Some(&"DELIMITER") => {
            return Err(ScriptError::Delimiter { line, column });
        }
        Dialect::Mysql => {}
    }
    tokens
        .iter()
        .enumerate()
        .try_for_each(|(at, token)| check_token(dialect, token, tokens.get(at + 1).copied(), lines))
}

/// `/*! … */`, and MariaDB's `/*M! … */`.
pub(super) fn is_conditional_comment(lexeme: &Lexeme<'_>) -> bool {
    lexeme.kind == Kind::Comment && (lexeme.text.starts_with("/*!") || lexeme.text.starts_with("/*M!"))
}

/// The bare words a statement starts with, in upper case: enough to know its kind.
fn leading_words(tokens: &[&Lexeme<'_>]) -> Vec<String> {
    let words = tokens.iter().take(5).take_while(|token| token.kind == Kind::Word);
    words.map(|token| token.text.to_ascii_uppercase()).collect()
}

fn transaction_control(dialect: Dialect, words: &[&str], tokens: &[&Lexeme<'_>]) -> Option<String> {
    use Dialect::{Mysql, Postgres, Sqlite};
    let length = match (dialect, words) {
        (_, ["BEGIN" | "COMMIT" | "ROLLBACK" | "SAVEPOINT" | "RELEASE", ..]) => 1,
        (Sqlite | Postgres, ["END", ..]) | (Postgres, ["ABORT", ..]) | (Mysql, ["XA", ..]) => 1,
        (Postgres | Mysql, ["START", "TRANSACTION", ..]) => 2,
        (Postgres, ["PREPARE", "TRANSACTION", ..]) => 2,
        (Postgres | Mysql, ["SET", "TRANSACTION", ..]) => 2,
        (Postgres | Mysql, ["SET", "SESSION" | "LOCAL" | "GLOBAL", "TRANSACTION", ..]) => 3,
        (Postgres, ["SET", "SESSION", "CHARACTERISTICS", ..]) => 3,
        (Mysql, ["LOCK" | "UNLOCK", "TABLE" | "TABLES" | "INSTANCE", ..]) => 2,
        (Mysql, ["SET", ..]) if tokens.iter().any(|token| names(token, "autocommit")) => {
            return Some("SET autocommit".to_owned());
        }
        (Mysql, ["FLUSH", ..]) if tokens.iter().any(|token| token.is_word("LOCK")) => {
            return Some("FLUSH … WITH READ LOCK".to_owned());
        }
        _ => return None,
    };
    Some(words[..length].join(" "))
}

fn names(token: &Lexeme<'_>, name: &str) -> bool {
    token
        .identifier()
        .is_some_and(|identifier| identifier.eq_ignore_ascii_case(name))
}

fn session_change(dialect: Dialect, words: &[&str]) -> Option<(String, &'static str)> {
    use Dialect::{Mysql, Postgres};
    const CONNECT_AS: &str = "connect as the role that should own the objects, or use ALTER … OWNER TO";
    const REMOVE: &str = "remove it";
    let change = match (dialect, words) {
        (Postgres, ["SET", "SESSION" | "LOCAL", "ROLE", ..]) => "SET ROLE",
        (Postgres | Mysql, ["SET", "ROLE", ..]) => "SET ROLE",
        (Postgres, ["SET", "SESSION", "AUTHORIZATION", ..])
        | (Postgres, ["SET", "SESSION" | "LOCAL", "SESSION", "AUTHORIZATION", ..])
        | (Postgres, ["SET", "SESSION_AUTHORIZATION", ..])
        | (Postgres, ["SET", "SESSION" | "LOCAL", "SESSION_AUTHORIZATION", ..]) => "SET SESSION AUTHORIZATION",
        (Postgres, ["RESET", "ROLE", ..]) => "RESET ROLE",
        (Postgres, ["RESET", "SESSION", "AUTHORIZATION", ..]) | (Postgres, ["RESET", "SESSION_AUTHORIZATION", ..]) => {
            "RESET SESSION AUTHORIZATION"
        }
        (Postgres, ["RESET", "ALL", ..]) => return Some(("RESET ALL".to_owned(), REMOVE)),
        (Postgres, ["DISCARD", ..]) => return Some(("DISCARD".to_owned(), REMOVE)),
        (Mysql, ["USE", ..]) => {
            return Some(("USE".to_owned(), "write database.table where another database is meant"));
        }
        _ => return None,
    };
    Some((change.to_owned(), CONNECT_AS))
}

fn check_sqlite(words: &[&str], tokens: &[&Lexeme<'_>], lines: &Lines<'_>) -> Result<(), ScriptError> {
    let Place { line, column } = lines.place(tokens[0].start);
    match words {
        ["PRAGMA", ..] => {
            // PRAGMA name, or PRAGMA database.name
            let qualified = tokens.get(2).is_some_and(|token| token.is_symbol("."));
            let pragma = tokens.get(if qualified { 3 } else { 1 });
            if pragma.is_some_and(|token| names(token, "foreign_keys")) {
                return Err(ScriptError::ForeignKeysPragma { line, column });
            }
        }
        ["ATTACH", ..] => {
            return Err(ScriptError::Attach {
                statement: "ATTACH",
                line,
                column,
            });
        }
        ["DETACH", ..] => {
            return Err(ScriptError::Attach {
                statement: "DETACH",
                line,
                column,
            });
        }
        _ => {}
    }
    if tokens[0].is_symbol(".") {
        return Err(shell_command(Dialect::Sqlite, tokens[0], tokens.get(1).copied(), lines));
    }
    Ok(())
}

fn check_postgres(words: &[&str], tokens: &[&Lexeme<'_>], lines: &Lines<'_>) -> Result<(), ScriptError> {
    let Place { line, column } = lines.place(tokens[0].start);
    match words {
        ["COPY", ..] => {
            let has = |first: &str, second: &str| {
                tokens
                    .windows(2)
                    .any(|pair| pair[0].is_word(first) && pair[1].is_word(second))
            };
            if has("FROM", "STDIN") {
                return Err(ScriptError::CopyStream {
                    direction: "FROM STDIN",
                    line,
                    column,
                });
            }
            if has("TO", "STDOUT") {
                return Err(ScriptError::CopyStream {
                    direction: "TO STDOUT",
                    line,
                    column,
                });
            }
        }
        ["DO", ..] => tokens.iter().try_for_each(|token| check_block(token, lines))?,
        _ => {}
    }
    Ok(())
}

/// Looks for COMMIT and ROLLBACK in the body of a DO block, which is a string to everyone but the server. Only where a
/// statement starts: `ON COMMIT DROP` and a column called `commit` are harmless.
fn check_block(token: &Lexeme<'_>, lines: &Lines<'_>) -> Result<(), ScriptError> {
    let (body, body_start) = match token.kind {
        Kind::Dollar => {
            let tag = token.text[1..].find('$').map_or(0, |at| at + 2);
            let body = token.text.get(tag..token.text.len().saturating_sub(tag));
            (body.unwrap_or_default().to_owned(), Some(token.start + tag))
        }
        Kind::Text => {
            let opening = token.text.find('\'').map_or(0, |at| at + 1);
            let body = token.text.get(opening..token.text.len().saturating_sub(1));
            (body.unwrap_or_default().replace("''", "'"), None)
        }
        _ => return Ok(()),
    };
    let lexed = lex::lex(Dialect::Postgres, &body);
    let inner: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| lexeme.is_significant()).collect();
    for (at, lexeme) in inner.iter().enumerate() {
        let starts = at == 0
            || inner[at - 1].kind == Kind::Semicolon
            || inner[at - 1].is_any(&["BEGIN", "THEN", "ELSE", "LOOP"])
            || inner[at - 1].text.ends_with(">>");
        if starts && lexeme.is_any(&["COMMIT", "ROLLBACK"]) {
            let offset = body_start.map_or(token.start, |start| start + lexeme.start);
            let Place { line, column } = lines.place(offset);
            let statement = lexeme.text.to_ascii_uppercase();
            return Err(ScriptError::TransactionControlInBlock {
                statement,
                line,
                column,
            });
        }
    }
    Ok(())
}

/// What no token anywhere in a statement may be.
fn check_token(
    dialect: Dialect,
    token: &Lexeme<'_>,
    next: Option<&Lexeme<'_>>,
    lines: &Lines<'_>,
) -> Result<(), ScriptError> {
    // Outside strings a backslash means nothing to any of the servers, and a command to two of the shells.
    if token.is_symbol("\\") {
        return Err(shell_command(dialect, token, next, lines));
    }
    if is_conditional_comment(token) {
        let Place { line, column } = lines.place(token.start);
        return Err(ScriptError::ConditionalComment { line, column });
    }
    let Some(name) = token.identifier() else {
        return Ok(());
    };
    let Some(Excess { length, limit, unit }) = dialect.excess(name) else {
        return Ok(());
    };
    let Place { line, column } = lines.place(token.start);
    Err(ScriptError::IdentifierTooLong {
        name: name.to_owned(),
        length,
        limit,
        unit,
        dialect,
        line,
        column,
    })
}

/// The mark, and the rest of the command's name when it follows at once: `\connect`, `\.`, `.read`.
fn shell_command(dialect: Dialect, mark: &Lexeme<'_>, next: Option<&Lexeme<'_>>, lines: &Lines<'_>) -> ScriptError {
    let name = next
        .filter(|next| next.start == mark.end())
        .map_or("", |next| next.text);
    let name = name.lines().next().unwrap_or_default();
    let shell = match dialect {
        Dialect::Sqlite => "sqlite3",
        Dialect::Postgres => "psql",
        Dialect::Mysql => "mysql",
    };
    let Place { line, column } = lines.place(mark.start);
    ScriptError::ShellCommand {
        command: format!("{}{name}", mark.text),
        shell,
        line,
        column,
    }
}
