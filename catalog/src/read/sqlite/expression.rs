//! Expressions in one form.

use std::collections::HashSet;

use super::fold;
use super::reader::{lexemes, unquoted};
use crate::dialect::enclose;
use crate::lex::{Kind, Lexeme};

/// Words that mean something else without quotes.
pub(super) const RESERVED: &[&str] = &[
    "add",
    "all",
    "alter",
    "and",
    "as",
    "autoincrement",
    "between",
    "case",
    "cast",
    "check",
    "collate",
    "commit",
    "constraint",
    "create",
    "current_date",
    "current_time",
    "current_timestamp",
    "default",
    "deferrable",
    "delete",
    "distinct",
    "drop",
    "else",
    "escape",
    "except",
    "exists",
    "false",
    "foreign",
    "from",
    "glob",
    "group",
    "having",
    "if",
    "in",
    "index",
    "insert",
    "intersect",
    "into",
    "is",
    "isnull",
    "join",
    "like",
    "limit",
    "match",
    "not",
    "nothing",
    "notnull",
    "null",
    "on",
    "or",
    "order",
    "primary",
    "raise",
    "references",
    "regexp",
    "returning",
    "select",
    "set",
    "table",
    "then",
    "to",
    "transaction",
    "true",
    "union",
    "unique",
    "update",
    "using",
    "values",
    "when",
    "where",
    "without",
];

/// The one form of an expression: fixed distances, no comments, keywords and names in lower case, quotes only where a name
/// needs them, no brackets around the whole. `is_column` says which names the place knows: SQLite takes a double-quoted
/// name that is none of them for a string.
///
/// The form means what the text means, so it can be run as well as compared.
pub fn expression(text: &str, is_column: &dyn Fn(&str) -> bool) -> String {
    match lexemes(text) {
        Some(lexemes) => spelled(&lexemes, is_column),
        None => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

pub(super) fn spelled(lexemes: &[Lexeme<'_>], is_column: &dyn Fn(&str) -> bool) -> String {
    let lexemes = without_brackets(lexemes);
    let mut text = String::new();
    for (at, one) in lexemes.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| &lexemes[at]);
        let after = lexemes.get(at + 1);
        if before.is_some_and(|_| apart(&lexemes[..at], one)) {
            text.push(' ');
        }
        match &one.kind {
            Kind::Word if is_plain(one.text) => text.push_str(&fold(one.text)),
            Kind::Word => text.push_str(&enclose(&fold(one.text), '"')),
            Kind::Quoted(name) => {
                let is_name = !one.text.starts_with('"')
                    || is_column(name)
                    || after.is_some_and(|next| next.is_symbol(".") || next.is_symbol("("))
                    || before.is_some_and(|before| before.is_symbol(".") || before.is_word("COLLATE"));
                if is_name {
                    text.push_str(&bare_or_quoted(name));
                } else {
                    text.push_str(&enclose(name, '\''));
                }
            }
            _ => text.push_str(one.text),
        }
    }
    text
}

/// A name as it is written in an expression.
pub(super) fn bare_or_quoted(name: &str) -> String {
    let folded = fold(name);
    if is_plain(&folded) && !RESERVED.contains(&folded.as_str()) {
        folded
    } else {
        enclose(&folded, '"')
    }
}

fn is_plain(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// Takes off brackets around the whole, as often as there are any.
pub(super) fn without_brackets<'a, 'b>(mut lexemes: &'b [Lexeme<'a>]) -> &'b [Lexeme<'a>] {
    while let [first, inside @ .., last] = lexemes
        && first.is_symbol("(")
        && last.is_symbol(")")
        && !inside.is_empty()
    {
        let mut depth = 0_i32;
        for one in inside {
            depth += i32::from(one.is_symbol("(")) - i32::from(one.is_symbol(")"));
            if depth < 0 {
                return lexemes;
            }
        }
        lexemes = inside;
    }
    lexemes
}

/// Whether a space belongs before `one`; it depends on the tokens alone.
fn apart(before: &[Lexeme<'_>], one: &Lexeme<'_>) -> bool {
    let Some(last) = before.last() else { return false };
    if [",", ")", "."].iter().any(|mark| one.is_symbol(mark)) || last.is_symbol("(") || last.is_symbol(".") {
        return false;
    }
    if one.is_symbol("(") {
        // A call keeps its bracket; `IN (` and `AND (` do not.
        return !matches!(last.kind, Kind::Word) || RESERVED.contains(&fold(last.text).as_str());
    }
    if last.is_symbol("-") || last.is_symbol("+") {
        // A sign, rather than an operator.
        let sign = match before.len().checked_sub(2).map(|at| &before[at]) {
            None => true,
            Some(one) => match one.kind {
                Kind::Symbol => {
                    !one.is_symbol(")")
                        && !one
                            .text
                            .starts_with(|c: char| c.is_ascii_digit() || "?:@$.".contains(c))
                }
                Kind::Word => RESERVED.contains(&fold(one.text).as_str()),
                _ => false,
            },
        };
        return !sign;
    }
    true
}

/// `text` with names replaced: `replace` is given each name (folded), and whether a `.` follows it.
pub fn respelled(text: &str, replace: &dyn Fn(&str, bool) -> Option<String>) -> String {
    let Some(lexemes) = lexemes(text) else {
        return text.to_owned();
    };
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for (at, one) in lexemes.iter().enumerate() {
        let Some(name) = one.identifier() else { continue };
        let next = lexemes.get(at + 1);
        let qualifies = next.is_some_and(|next| next.is_symbol("."));
        let is_call = next.is_some_and(|next| next.is_symbol("(")) && one.kind == Kind::Word;
        if let Some(new) = replace(&fold(name), qualifies)
            && (!is_call || at > 0)
        {
            out.push_str(&text[copied..one.start]);
            out.push_str(&new);
            copied = one.end();
        }
    }
    out.push_str(&text[copied..]);
    out
}

/// Every name that a text mentions, folded: more than it means, never less.
pub fn mentioned(text: &str) -> HashSet<String> {
    lexemes(text)
        .unwrap_or_default()
        .iter()
        .filter_map(|one| match one.kind {
            Kind::Text => unquoted(one.text).map(|name| fold(&name)),
            _ => one.identifier().map(fold),
        })
        .collect()
}

/// The names that a query reads from or a trigger writes to, folded, as far as they stand behind the word that says so.
/// Table functions and common table expressions are left out.
pub fn sources(text: &str) -> HashSet<String> {
    let lexemes = lexemes(text).unwrap_or_default();
    let mut found = HashSet::new();
    let mut own: HashSet<String> = HashSet::new();
    for (at, one) in lexemes.iter().enumerate() {
        let next = |by: usize| lexemes.get(at + by);
        if one.is_any(&["FROM", "JOIN", "INTO", "UPDATE"]) {
            let Some(name) = next(1).and_then(Lexeme::identifier) else {
                continue;
            };
            let is_action = next(1).is_some_and(|one| one.kind == Kind::Word && one.is_any(&["OF", "ON", "OR"]));
            let goes_on = next(2).is_some_and(|one| one.is_symbol("(") || one.is_symbol("."));
            let reads = !goes_on || one.is_word("INTO");
            if reads && !is_action {
                found.insert(fold(name));
            }
        } else if one.is_word("AS") && next(1).is_some_and(|one| one.is_symbol("(")) {
            // `name AS (` and `name (columns) AS (`
            let mut back = at;
            if back > 0 && lexemes[back - 1].is_symbol(")") {
                while back > 0 && !lexemes[back].is_symbol("(") {
                    back -= 1;
                }
            }
            own.extend(back.checked_sub(1).and_then(|at| lexemes[at].identifier()).map(fold));
        }
    }
    found.retain(|name| !own.contains(name) && !name.starts_with("sqlite_") && !name.starts_with("pragma_"));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_expression_has_one_form() {
        let columns = |name: &str| ["a", "b", "order", "b c", "größe"].contains(&fold(name).as_str());
        for (text, expected) in [
            ("((A>1))", "a > 1"),
            ("(a) + (b)", "(a) + (b)"),
            ("\"A\" <> \"x\"", "a <> 'x'"),
            ("[order]= `b c`", "\"order\" = \"b c\""),
            ("LOWER( a )||'X'", "lower(a) || 'X'"),
            ("a IN(1,-2)", "a in (1, -2)"),
            ("a-1 -- less", "a - 1"),
            ("-1", "-1"),
            ("a = - 1.5", "a = -1.5"),
            ("\"it's\"", "'it''s'"),
            ("CASE WHEN a THEN -b END", "case when a then -b end"),
            ("a COLLATE \"NoCase\"", "a collate nocase"),
            ("größe", "\"größe\""),
        ] {
            let once = expression(text, &columns);
            assert_eq!(once, expected, "{text}");
            assert_eq!(expression(&once, &columns), expected, "twice: {text}");
        }
    }
}
