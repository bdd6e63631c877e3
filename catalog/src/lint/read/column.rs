//! `name type attribute…`, in `CREATE TABLE` and in `ALTER TABLE`.

use crate::Dialect;
use crate::lex::{Kind, Lexeme};

use super::super::act::{ColumnDef, DefaultValue, Reference};
use super::super::words::{Cursor, span_of};

/// What ends a type or an expression of a default.
fn is_attribute(words: &Cursor<'_, '_>) -> bool {
    let Some(token) = words.peek() else {
        return true;
    };
    if token.is_any(&["CHARACTER", "CHAR"]) {
        return words.sees(1, "SET");
    }
    if token.is_word("ON") {
        return true;
    }
    if token.is_word("KEY") {
        return words.dialect() == Dialect::Mysql;
    }
    if words.dialect() == Dialect::Mysql
        && token.is_any(&[
            "COMMENT",
            "CHARSET",
            "FIRST",
            "AFTER",
            "VISIBLE",
            "INVISIBLE",
            "SRID",
            "STORAGE",
        ])
    {
        return true;
    }
    token.is_any(&[
        "CONSTRAINT",
        "NOT",
        "NULL",
        "DEFAULT",
        "PRIMARY",
        "UNIQUE",
        "CHECK",
        "REFERENCES",
        "COLLATE",
        "GENERATED",
        "AS",
        "AUTO_INCREMENT",
        "AUTOINCREMENT",
        "STORED",
        "VIRTUAL",
        "PERSISTENT",
        "DEFERRABLE",
        "INITIALLY",
        "USING",
    ])
}

/// A whole definition.
pub(super) fn definition(words: &mut Cursor<'_, '_>) -> Option<ColumnDef> {
    let whole = words.rest();
    let name = words.ident()?;
    let (data_type, type_span) = data_type(words);
    let mut column = ColumnDef {
        span: span_of(whole),
        type_span: if type_span.is_empty() {
            name.span.clone()
        } else {
            type_span
        },
        name,
        data_type,
        not_null: None,
        default: None,
        primary_key: None,
        unique: None,
        auto_increment: None,
        identity: false,
        stored: false,
        check: None,
        references: None,
        charset: None,
        comment: false,
        on_update: false,
    };
    while words.peek().is_some() {
        attribute(words, &mut column);
    }
    Some(column)
}

/// The type, in lower case with single spaces, and where it stands.
pub(super) fn data_type(words: &mut Cursor<'_, '_>) -> (String, std::ops::Range<usize>) {
    let tokens = words.until(is_attribute);
    (spelled(tokens), span_of(tokens))
}

/// Words with a space between, and nothing around brackets and commas.
fn spelled(tokens: &[Lexeme<'_>]) -> String {
    let mut text = String::new();
    let mut after_word = false;
    for token in tokens {
        let word = token.identifier();
        if word.is_some() && (after_word || text.ends_with(')')) {
            text.push(' ');
        }
        match (&token.kind, word) {
            // PostgreSQL's "char" is not char.
            (Kind::Quoted(_), _) if token.text.starts_with('"') => text.push_str(token.text),
            (Kind::Quoted(_) | Kind::Word, Some(word)) => text.push_str(&word.to_lowercase()),
            _ => text.push_str(token.text),
        }
        after_word = word.is_some();
    }
    text
}

fn attribute(words: &mut Cursor<'_, '_>, column: &mut ColumnDef) {
    let before = words.rest();
    let here = |words: &Cursor<'_, '_>| span_of(&before[..before.len() - words.rest().len()]);
    if words.take(&["NOT", "NULL"]) {
        column.not_null = Some(here(words));
    } else if words.take(&["DEFAULT"]) {
        column.default = default(words);
    } else if words.take(&["PRIMARY", "KEY"]) {
        column.primary_key = Some(here(words));
    } else if words.take(&["UNIQUE"]) {
        words.take(&["KEY"]);
        column.unique = Some(here(words));
    } else if words.any(&["AUTO_INCREMENT", "AUTOINCREMENT"]).is_some() {
        column.auto_increment = Some(here(words));
    } else if words.take(&["CHECK"]) {
        words.brackets();
        column.check = Some(here(words));
    } else if words.take(&["REFERENCES"]) {
        column.references = reference(words, before);
    } else if words.take(&["GENERATED"]) {
        words.take(&["ALWAYS"]);
        words.take(&["BY", "DEFAULT"]);
        words.take(&["AS"]);
        column.identity |= words.take(&["IDENTITY"]);
    } else if words.any(&["STORED", "PERSISTENT"]).is_some() {
        column.stored = true;
    } else if words.take(&["CHARACTER", "SET"]) || words.take(&["CHARSET"]) {
        column.charset = words.ident();
    } else if words.take(&["COLLATE"]) {
        let collation = words.ident();
        column.charset = column.charset.take().or(collation);
    } else if words.take(&["COMMENT"]) {
        column.comment = true;
        words.bump();
    } else if words.take(&["ON", "UPDATE"]) {
        column.on_update = true;
        words.bump();
    } else if words.brackets().is_none() {
        words.bump();
    }
}

/// `table [(columns)] [MATCH …] [ON DELETE …] [ON UPDATE …]`, after `REFERENCES`.
pub(super) fn reference(words: &mut Cursor<'_, '_>, from: &[Lexeme<'_>]) -> Option<Reference> {
    let table = words.name()?;
    let columns = words.columns().map(|(columns, _)| columns).unwrap_or_default();
    while words.take(&["MATCH"]) || words.take(&["ON", "DELETE"]) || words.take(&["ON", "UPDATE"]) {
        words.any(&["SET", "NO"]);
        words.bump();
        words.brackets();
    }
    let used = from.len() - words.rest().len();
    Some(Reference {
        table,
        columns,
        span: span_of(&from[..used]),
    })
}

fn default(words: &mut Cursor<'_, '_>) -> Option<DefaultValue> {
    let mut tokens = words.rest();
    let first = words.peek()?;
    if words.brackets().is_none() {
        words.bump();
        words.until(is_attribute);
    }
    tokens = &tokens[..tokens.len() - words.rest().len()];
    let mut calls: Vec<String> = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let called = tokens.get(at + 1).is_some_and(|next| next.is_symbol("("));
        let stands_for_one = token.is_any(&["CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME", "LOCALTIMESTAMP"]);
        if let Some(name) = token.identifier()
            && (called || stands_for_one)
        {
            calls.push(name.to_lowercase());
        }
    }
    let now = first.is_any(&["CURRENT_TIMESTAMP", "CURRENT_DATE", "CURRENT_TIME"]);
    Some(DefaultValue {
        span: span_of(tokens),
        is_null: first.is_word("NULL"),
        computed: now || first.is_symbol("("),
        calls,
    })
}
