//! Pieces of SQL in a definition: types, defaults, conditions. Each has to be one piece, so that it cannot end the statement
//! it is put into.

use crate::Dialect;
use crate::lex::{self, Kind, Lexeme};

/// Why this text is not one piece of SQL, if it is not.
pub(super) fn fault(dialect: Dialect, text: &str) -> Option<String> {
    let lexed = lex::lex(dialect, text);
    if lexed.failure.is_some() {
        return Some("a quote or comment in it is never closed".to_owned());
    }
    if text.contains('\0') {
        return Some("it contains a NUL character".to_owned());
    }
    if !lexed.lexemes.iter().any(Lexeme::is_significant) {
        return Some("it is empty".to_owned());
    }
    let mut open = Vec::new();
    for lexeme in &lexed.lexemes {
        match (&lexeme.kind, lexeme.text) {
            (Kind::Semicolon, _) => return Some("a semicolon would end the statement; take it out".to_owned()),
            (Kind::Comment, _) => {
                return Some("a comment would hide what comes after it; write it outside the quotes".to_owned());
            }
            (Kind::Symbol, "(" | "[") => open.push(lexeme.text),
            (Kind::Symbol, ")") if open.pop() != Some("(") => {
                return Some("a bracket is closed that was not opened".into());
            }
            (Kind::Symbol, "]") if open.pop() != Some("[") => {
                return Some("a bracket is closed that was not opened".into());
            }
            _ => {}
        }
    }
    (!open.is_empty()).then(|| "a bracket is opened and never closed".to_owned())
}

/// Words that are a default by themselves.
const CONSTANTS: &[&str] = &[
    "null",
    "true",
    "false",
    "current_timestamp",
    "current_date",
    "current_time",
    "current_user",
    "session_user",
    "user",
    "localtime",
    "localtimestamp",
];

/// The one bare word this default is, where that is no constant: a text somebody forgot the quotes of.
pub(super) fn bare_word(dialect: Dialect, default: &str) -> Option<String> {
    let lexed = lex::lex(dialect, default);
    let mut tokens = lexed.lexemes.iter().filter(|lexeme| lexeme.is_significant());
    let (Some(token), None) = (tokens.next(), tokens.next()) else {
        return None;
    };
    let is_word = token.kind == Kind::Word && !token.is_any(CONSTANTS);
    // SQLite and PostgreSQL take "draft" for a name; it is a text in TOML that kept its quotes.
    let is_name = matches!(token.kind, Kind::Quoted(_)) && dialect != Dialect::Mysql;
    (is_word || is_name).then(|| token.text.to_owned())
}

/// Whether a default is a value by itself, which needs no brackets: a literal, a signed number, a constant.
pub(super) fn is_literal(dialect: Dialect, default: &str) -> bool {
    let lexed = lex::lex(dialect, default);
    let tokens: Vec<_> = lexed.lexemes.iter().filter(|lexeme| lexeme.is_significant()).collect();
    let is_value = |token: &Lexeme<'_>| {
        token.kind == Kind::Text
            || token.is_any(CONSTANTS)
            || token.text.starts_with(|c: char| c.is_ascii_digit() || c == '.')
    };
    match tokens.as_slice() {
        [one] => is_value(one),
        [sign, one] => {
            (sign.is_symbol("-") || sign.is_symbol("+")) && is_value(one)
                || sign.is_any(&["x", "b", "n", "e"]) && one.kind == Kind::Text
        }
        _ => false,
    }
}

/// Whether brackets enclose all of it already.
pub(super) fn is_enclosed(dialect: Dialect, text: &str) -> bool {
    let lexed = lex::lex(dialect, text);
    let tokens: Vec<_> = lexed.lexemes.iter().filter(|lexeme| lexeme.is_significant()).collect();
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match (&token.kind, token.text) {
            (Kind::Symbol, "(") => depth += 1,
            (Kind::Symbol, ")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return at + 1 == tokens.len() && at > 0;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_end_the_statement_is_refused() {
        for text in [
            "text; DROP TABLE users",
            "0) , (evil text",
            "'open",
            "1 -- rest",
            "1 /* rest",
            "(1",
            "",
            "  ",
            "[1)",
            "a\0b",
        ] {
            assert!(fault(Dialect::Sqlite, text).is_some(), "{text:?}");
        }
        for text in [
            "'a;b'",
            "enum('a','--')",
            "coalesce(a, (b))",
            "decimal(10,2)",
            "\"a;b\"",
        ] {
            assert_eq!(fault(Dialect::Postgres, text), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_without_quotes_is_told_from_a_constant() {
        for (text, bare) in [
            ("draft", true),
            ("\"draft\"", true),
            ("'draft'", false),
            ("NULL", false),
            ("current_timestamp", false),
            ("now()", false),
            ("-1", false),
        ] {
            assert_eq!(bare_word(Dialect::Postgres, text).is_some(), bare, "{text}");
        }
    }

    #[test]
    fn literals_need_no_brackets() {
        for (text, literal) in [
            ("0", true),
            ("-1.5", true),
            ("'it''s'", true),
            ("TRUE", true),
            ("x'00ff'", true),
            ("julianday('now')", false),
            ("1 + 1", false),
        ] {
            assert_eq!(is_literal(Dialect::Sqlite, text), literal, "{text}");
        }
        assert!(is_enclosed(Dialect::Sqlite, "(1 + (2))"));
        assert!(!is_enclosed(Dialect::Sqlite, "(1) + (2)"));
        assert!(!is_enclosed(Dialect::Sqlite, "1"));
    }
}
