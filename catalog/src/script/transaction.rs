//! Which statements a server will not run inside a transaction.

use crate::dialect::Dialect;
use crate::lex::{Kind, Lexeme};

use super::{Statement, tokens_of};

/// The kind of a statement that cannot run inside a transaction block, such as `CREATE INDEX CONCURRENTLY`; `None` when it
/// can. On MySQL it always is: DDL there commits by itself, in a transaction or out of it.
pub fn forbids_transaction(dialect: Dialect, statement: &Statement) -> Option<&'static str> {
    forbidden(dialect, &tokens_of(dialect, statement))
}

/// The same of a statement's tokens.
pub(crate) fn forbidden(dialect: Dialect, tokens: &[Lexeme<'_>]) -> Option<&'static str> {
    let first = tokens.first()?;
    match dialect {
        Dialect::Sqlite => first.is_word("VACUUM").then_some("VACUUM"),
        Dialect::Postgres => postgres(tokens),
        Dialect::Mysql => None,
    }
}

fn postgres(tokens: &[Lexeme<'_>]) -> Option<&'static str> {
    let words: Vec<String> = tokens
        .iter()
        .take(4)
        .take_while(|token| token.kind == Kind::Word)
        .map(|token| token.text.to_ascii_uppercase())
        .collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["CREATE", "INDEX", "CONCURRENTLY", ..] | ["CREATE", "UNIQUE", "INDEX", "CONCURRENTLY", ..] => {
            Some("CREATE INDEX CONCURRENTLY")
        }
        ["DROP", "INDEX", "CONCURRENTLY", ..] => Some("DROP INDEX CONCURRENTLY"),
        ["REINDEX", ..] => reindex(tokens),
        ["VACUUM", ..] => Some("VACUUM"),
        ["CREATE", "DATABASE", ..] => Some("CREATE DATABASE"),
        ["DROP", "DATABASE", ..] => Some("DROP DATABASE"),
        ["ALTER", "DATABASE", ..] => follow(tokens, "SET", "TABLESPACE").then_some("ALTER DATABASE … SET TABLESPACE"),
        ["CREATE", "TABLESPACE", ..] => Some("CREATE TABLESPACE"),
        ["DROP", "TABLESPACE", ..] => Some("DROP TABLESPACE"),
        ["ALTER", "SYSTEM", ..] => Some("ALTER SYSTEM"),
        ["ALTER", "TABLE", ..] if follow(tokens, "DETACH", "PARTITION") => tokens
            .last()
            .is_some_and(|last| last.is_any(&["CONCURRENTLY", "FINALIZE"]))
            .then_some("ALTER TABLE … DETACH PARTITION CONCURRENTLY"),
        // Without a table it goes through the whole database, one transaction a table.
        ["CLUSTER"] | ["CLUSTER", "VERBOSE"] if tokens.len() == words.len() => Some("CLUSTER"),
        _ => None,
    }
}

/// `REINDEX [(options)] kind [CONCURRENTLY] name`: not in a transaction when concurrent, or over many tables.
fn reindex(tokens: &[Lexeme<'_>]) -> Option<&'static str> {
    let many = tokens.iter().take_while(|token| !token.is_any(&["INDEX", "TABLE"]));
    if many
        .into_iter()
        .any(|token| token.is_any(&["SCHEMA", "DATABASE", "SYSTEM"]))
    {
        return Some("REINDEX of a schema or database");
    }
    tokens
        .iter()
        .any(|token| token.is_word("CONCURRENTLY"))
        .then_some("REINDEX CONCURRENTLY")
}

fn follow(tokens: &[Lexeme<'_>], first: &str, second: &str) -> bool {
    tokens
        .windows(2)
        .any(|pair| pair[0].is_word(first) && pair[1].is_word(second))
}
