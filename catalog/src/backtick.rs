//! Expressions and definitions as MySQL prints them: every name in them stands between backticks, so the names can be
//! found without understanding the rest.

use std::borrow::Cow;

use crate::dialect::enclose;

/// A piece of a printed text.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece<'a> {
    /// What stood between backticks, without them.
    Name(Cow<'a, str>),
    /// Everything else, strings included.
    Text(&'a str),
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let (mut start, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' | b'"' => at = end_of_string(bytes, at),
            b'#' | b'-' | b'/' => at = end_of_comment(bytes, at).unwrap_or(at + 1),
            b'`' => {
                let end = end_of_name(bytes, at);
                let Some(inner) = text.get(at + 1..end - 1) else { break };
                if start < at {
                    found.push(Piece::Text(&text[start..at]));
                }
                found.push(Piece::Name(if inner.contains("``") {
                    Cow::Owned(inner.replace("``", "`"))
                } else {
                    Cow::Borrowed(inner)
                }));
                start = end;
                at = end;
            }
            _ => at += 1,
        }
    }
    if start < text.len() {
        found.push(Piece::Text(&text[start..]));
    }
    found
}

/// The byte after the string that starts at `at`.
fn end_of_string(bytes: &[u8], at: usize) -> usize {
    let quote = bytes[at];
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'\\' => next += 2,
            byte if byte == quote && bytes.get(next + 1) == Some(&quote) => next += 2,
            byte if byte == quote => return next + 1,
            _ => next += 1,
        }
    }
    bytes.len()
}

/// The byte after the comment that starts at `at`, if one does. What stands in `/*! … */` is run, so it is none.
fn end_of_comment(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let is_line = match rest {
        [b'#', ..] => true,
        [b'-', b'-', after @ ..] => after
            .first()
            .is_none_or(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control()),
        _ => false,
    };
    if is_line {
        let length = rest
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(rest.len(), |end| end + 1);
        return Some(at + length);
    }
    if !rest.starts_with(b"/*") || rest.starts_with(b"/*!") || rest.starts_with(b"/*M!") {
        return None;
    }
    let length = rest[2..]
        .windows(2)
        .position(|pair| pair == b"*/")
        .map_or(rest.len(), |end| end + 4);
    Some(at + length)
}

/// The byte after the quoted name that starts at `at`.
fn end_of_name(bytes: &[u8], at: usize) -> usize {
    let mut next = at + 1;
    while next < bytes.len() {
        match bytes[next] {
            b'`' if bytes.get(next + 1) == Some(&b'`') => next += 2,
            b'`' => return next + 1,
            _ => next += 1,
        }
    }
    bytes.len()
}

/// The text without the name of its own database in front of other names.
///
/// ```
/// use lockstep_catalog::backtick::without_database;
///
/// assert_eq!(without_database("select `shop`.`t`.`a` from `shop`.`t`", "shop"), "select `t`.`a` from `t`");
/// ```
pub fn without_database(text: &str, database: &str) -> String {
    let pieces = pieces(text);
    let mut kept = String::with_capacity(text.len());
    let mut skip_dot = false;
    for (at, piece) in pieces.iter().enumerate() {
        match piece {
            Piece::Name(name) => {
                let qualifies = name == database
                    && matches!(pieces.get(at + 1), Some(Piece::Text(".")))
                    && matches!(pieces.get(at + 2), Some(Piece::Name(_)))
                    && !kept.ends_with('.');
                if qualifies {
                    skip_dot = true;
                } else {
                    kept.push_str(&enclose(name, '`'));
                }
            }
            Piece::Text(text) => {
                if skip_dot {
                    skip_dot = false;
                } else {
                    kept.push_str(text);
                }
            }
        }
    }
    kept
}

/// The text with some of its names replaced.
pub fn renamed(text: &str, new_name: impl Fn(&str) -> Option<String>) -> String {
    replaced(text, |name| new_name(name).map(|new| enclose(&new, '`')))
}

/// The text with SQL in the place of some of its names.
pub fn replaced(text: &str, sql: impl Fn(&str) -> Option<String>) -> String {
    let mut written = String::with_capacity(text.len());
    for piece in pieces(text) {
        match piece {
            Piece::Name(name) => written.push_str(&sql(&name).unwrap_or_else(|| enclose(&name, '`'))),
            Piece::Text(text) => written.push_str(text),
        }
    }
    written
}

/// The names in the text.
pub fn names(text: &str) -> Vec<String> {
    pieces(text)
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.into_owned()),
            Piece::Text(_) => None,
        })
        .collect()
}

/// What stands behind the first place where these words follow each other, outside strings, quoted names and comments.
///
/// ```
/// use lockstep_catalog::backtick::behind;
///
/// assert_eq!(behind("VIEW `a as b` AS select 1", &["as"]), Some(" select 1"));
/// ```
pub fn behind<'a>(text: &'a str, words: &[&str]) -> Option<&'a str> {
    let bytes = text.as_bytes();
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || !byte.is_ascii();
    let (mut found, mut at) = (0, 0);
    while at < bytes.len() {
        match bytes[at] {
            b'\'' | b'"' => {
                at = end_of_string(bytes, at);
                found = 0;
            }
            b'`' => {
                at = end_of_name(bytes, at);
                found = 0;
            }
            byte if is_part(byte) => {
                let length = bytes[at..].iter().take_while(|byte| is_part(**byte)).count();
                let word = text.get(at..at + length)?;
                let is = |wanted: &&str| word.eq_ignore_ascii_case(wanted);
                found = match words.get(found) {
                    Some(wanted) if is(wanted) => found + 1,
                    _ => usize::from(words.first().is_some_and(is)),
                };
                at += length;
                if found == words.len() {
                    return text.get(at..);
                }
            }
            byte => match end_of_comment(bytes, at) {
                Some(end) => at = end,
                None => {
                    if !byte.is_ascii_whitespace() {
                        found = 0;
                    }
                    at += 1;
                }
            },
        }
    }
    None
}

/// The quoted strings of `enum('a','b')`, as the values they stand for.
pub fn labels(data_type: &str) -> Vec<String> {
    let bytes = data_type.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] != b'\'' {
            at += 1;
            continue;
        }
        let end = end_of_string(bytes, at);
        let inner = data_type.get(at + 1..end.saturating_sub(1)).unwrap_or_default();
        let mut label = String::with_capacity(inner.len());
        let mut characters = inner.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '\'' => {
                    characters.next_if_eq(&'\'');
                    label.push('\'');
                }
                '\\' => match characters.next() {
                    Some('n') => label.push('\n'),
                    Some('r') => label.push('\r'),
                    Some('t') => label.push('\t'),
                    Some('0') => label.push('\0'),
                    Some(other) => label.push(other),
                    None => {}
                },
                other => label.push(other),
            }
        }
        found.push(label);
        at = end;
    }
    found
}

/// A text as a string literal, read the same whatever the server's `sql_mode` but for `NO_BACKSLASH_ESCAPES`.
pub fn literal(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('\'');
    for character in text.chars() {
        match character {
            '\'' => quoted.push_str("''"),
            '\\' => quoted.push_str("\\\\"),
            '\0' => quoted.push_str("\\0"),
            other => quoted.push(other),
        }
    }
    quoted.push('\'');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_goes_from_in_front_of_names_and_nowhere_else() {
        for (text, expected) in [
            ("nextval(`x`.`s`)", "nextval(`s`)"),
            (
                "select `x`.`t`.`x` AS `x` from `x`.`t`",
                "select `t`.`x` AS `x` from `t`",
            ),
            ("`t`.`a` <> '`x`.`t`'", "`t`.`a` <> '`x`.`t`'"),
            ("`x` + 1", "`x` + 1"),
            ("`y`.`t`.`x`", "`y`.`t`.`x`"),
            ("'it\\'s' = `x`.`a``b`", "'it\\'s' = `a``b`"),
            (
                "/* don't */ `x`.`a` -- it's\n, `x`.`b` # isn't",
                "/* don't */ `a` -- it's\n, `b` # isn't",
            ),
            ("/*! `x`.`a` */ 1--`x`.`b`", "/*! `a` */ 1--`b`"),
        ] {
            assert_eq!(without_database(text, "x"), expected, "{text}");
        }
    }

    #[test]
    fn names_are_replaced_and_strings_are_not() {
        let new = |name: &str| (name == "a").then(|| "b`c".to_owned());
        assert_eq!(renamed("`a` + `d` > '`a`'", new), "`b``c` + `d` > '`a`'");
        assert_eq!(names("`a`.`b` + '`c`'"), ["a", "b"]);
    }

    #[test]
    fn what_stands_behind_words_is_found_outside_strings_names_and_comments() {
        let row = ["FOR", "EACH", "ROW"];
        for (text, expected) in [
            ("on t for each row set @a = 1", Some(" set @a = 1")),
            (
                "on `for each row` /* for each row */ FOR -- x\n EACH ROW begin end",
                Some(" begin end"),
            ),
            ("on t comment 'for each row'", None),
            ("for every row, for each rows", None),
            ("for for each row x", Some(" x")),
        ] {
            assert_eq!(behind(text, &row), expected, "{text}");
        }
    }

    #[test]
    fn labels_are_the_values_and_back() {
        let values = labels(r"enum('a','b''c','d\\e','')");
        assert_eq!(values, ["a", "b'c", "d\\e", ""]);
        assert_eq!(literal("b'c\\"), r"'b''c\\'");
    }
}
