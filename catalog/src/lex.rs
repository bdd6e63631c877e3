//! Lexemes of SQL text: the only place that knows sqlparser.
//!
//! Only its tokenizer is used, and never what it prints: every lexeme is a slice of the text that was given, so statements
//! reach the server byte for byte as they were written. The rules below are our own ([`Rules`]) because a few of
//! sqlparser's differ from the servers' in ways that would let text slip past the gate: its PostgreSQL operators swallow
//! `--` and `/*`, its MySQL rules read `--1` as a comment and lose the place of what stands in `/*! … */`. What cannot be
//! set by rules is put right in [`lex`]: `||/* … */`, `(row)._field`, and escape strings whose bytes it cannot decode.
//!
//! With these rules the tokenizer has no path that panics (it only does for quote marks we do not enable); the property
//! tests in `script` hold that.

use std::any::TypeId;

use sqlparser::dialect::{Dialect as TokenRules, MySqlDialect, PostgreSqlDialect};
use sqlparser::tokenizer::{Location, Token, Tokenizer, Whitespace};

use crate::dialect::Dialect;

/// What a lexeme is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    /// White space, byte order marks included.
    Space,
    /// A comment with its marks.
    Comment,
    /// A bare word: a keyword or an identifier.
    Word,
    /// A quoted identifier, with the name it stands for.
    Quoted(String),
    /// A string literal of any kind but dollar-quoted.
    Text,
    /// A dollar-quoted string.
    Dollar,
    /// `;`
    Semicolon,
    /// Operators, punctuation, numbers, placeholders: whatever nobody here needs to tell apart.
    Symbol,
}

/// A piece of SQL text.
#[derive(Debug, Clone)]
pub(crate) struct Lexeme<'a> {
    pub(crate) kind: Kind,
    /// The piece itself.
    pub(crate) text: &'a str,
    /// Where it starts in the whole text, in bytes.
    pub(crate) start: usize,
}

impl Lexeme<'_> {
    /// The byte after the piece.
    pub(crate) fn end(&self) -> usize {
        self.start + self.text.len()
    }

    /// Whether the server reads it.
    pub(crate) fn is_significant(&self) -> bool {
        !matches!(self.kind, Kind::Space | Kind::Comment)
    }

    /// Whether it is this keyword; a quoted identifier never is.
    pub(crate) fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword)
    }

    /// Whether it is one of these keywords.
    pub(crate) fn is_any(&self, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is_word(keyword))
    }

    /// Whether it is this operator or punctuation mark.
    pub(crate) fn is_symbol(&self, symbol: &str) -> bool {
        self.kind == Kind::Symbol && self.text == symbol
    }

    /// The identifier it spells, without folding its case.
    pub(crate) fn identifier(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word => Some(self.text),
            Kind::Quoted(name) => Some(name),
            _ => None,
        }
    }
}

/// What was opened and never closed, or could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum FailureKind {
    String,
    Identifier,
    Comment,
    DollarQuote,
    Other(String),
}

/// Where reading stopped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    pub(crate) start: usize,
}

/// The lexemes of a text, gapless from its first byte to its end or to where reading failed.
#[derive(Debug)]
pub(crate) struct Lexed<'a> {
    pub(crate) lexemes: Vec<Lexeme<'a>>,
    pub(crate) failure: Option<Failure>,
}

/// Reads `text` into lexemes.
pub(crate) fn lex(dialect: Dialect, text: &str) -> Lexed<'_> {
    let rules = Rules(dialect);
    let mut lexemes: Vec<Lexeme<'_>> = Vec::new();
    let mut offset = 0;
    let mut failure = None;
    'restart: while offset < text.len() {
        let rest = &text[offset..];
        let mut tokens = Vec::new();
        let outcome = Tokenizer::new(&rules, rest).tokenize_with_location_into_buf(&mut tokens);
        let mut cursor = Cursor::new(rest);
        for token in tokens {
            let start = offset + cursor.at;
            let mut end = offset + cursor.advance_to(token.span.end);
            let glued = glued_to_comment(&token.token, &text[end..]);
            if glued {
                end -= 1;
            }
            lexemes.push(Lexeme {
                kind: kind(token.token),
                text: &text[start..end],
                start,
            });
            if glued {
                offset = end;
                continue 'restart;
            }
        }
        let Err(error) = outcome else { break };
        let start = offset + cursor.at;
        let unread = &text[start..];
        let Some((kind, length)) = read_on(dialect, unread) else {
            failure = Some(Failure {
                kind: failure_kind(dialect, unread, error.message),
                start,
            });
            break;
        };
        lexemes.push(Lexeme {
            kind,
            text: &unread[..length],
            start,
        });
        offset = start + length;
    }
    if dialect == Dialect::Mysql && failure.is_none() {
        close_bare_comment(text, &mut lexemes);
    }
    Lexed { lexemes, failure }
}

fn kind(token: Token) -> Kind {
    match token {
        Token::Whitespace(Whitespace::SingleLineComment { .. } | Whitespace::MultiLineComment(_)) => Kind::Comment,
        Token::Whitespace(_) | Token::Char('\u{feff}') => Kind::Space,
        Token::Word(word) if word.quote_style.is_some() => Kind::Quoted(word.value),
        Token::Word(_) => Kind::Word,
        Token::SemiColon => Kind::Semicolon,
        Token::DollarQuotedString(_) => Kind::Dollar,
        Token::SingleQuotedString(_)
        | Token::DoubleQuotedString(_)
        | Token::SingleQuotedByteStringLiteral(_)
        | Token::DoubleQuotedByteStringLiteral(_)
        | Token::NationalStringLiteral(_)
        | Token::EscapedStringLiteral(_)
        | Token::HexStringLiteral(_) => Kind::Text,
        _ => Kind::Symbol,
    }
}

/// `||/* … */` and `#-- …`: the tokenizer takes the comment's first character for the operator's last.
fn glued_to_comment(token: &Token, following: &str) -> bool {
    match token {
        Token::PGSquareRoot | Token::PGCubeRoot => following.starts_with('*'),
        Token::HashMinus => following.starts_with('-'),
        _ => false,
    }
}

/// Reads the one lexeme that the tokenizer stumbled over, where the servers read it without trouble.
fn read_on(dialect: Dialect, unread: &str) -> Option<(Kind, usize)> {
    let mut characters = unread.chars();
    match characters.next()? {
        // `(row)._field` and `array[1]._field`
        '.' if characters.next() == Some('_') => Some((Kind::Symbol, 1)),
        // `1_` and `0x_`: what to make of these is the server's business.
        '0'..='9' | '.' => {
            let digits = unread.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.');
            Some((Kind::Symbol, digits.count()))
        }
        // `E'\xC3\xA9'`: bytes of a character that the tokenizer does not put together.
        'e' | 'E' if dialect == Dialect::Postgres => Some((Kind::Text, escape_string_length(unread)?)),
        _ => None,
    }
}

/// The length of the `E'…'` at the start of `text`; `None` if it never ends.
fn escape_string_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = 2;
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'\'' if bytes.get(at + 1) == Some(&b'\'') => at += 2,
            b'\'' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

fn failure_kind(dialect: Dialect, unread: &str, message: String) -> FailureKind {
    let bytes = unread.as_bytes();
    match (bytes.first(), bytes.get(1)) {
        (Some(b'/'), _) => FailureKind::Comment,
        (Some(b'$'), _) => FailureKind::DollarQuote,
        (Some(b'\''), _) => FailureKind::String,
        (Some(b'"'), _) if dialect == Dialect::Mysql => FailureKind::String,
        (Some(b'"' | b'`' | b'['), _) => FailureKind::Identifier,
        // E'…', N'…', B'…', X'…'
        (Some(_), Some(b'\'' | b'"')) => FailureKind::String,
        _ => FailureKind::Other(message),
    }
}

/// MySQL wants white space after `--`, and takes the end of the text for it; the tokenizer does not.
fn close_bare_comment<'a>(text: &'a str, lexemes: &mut Vec<Lexeme<'a>>) {
    if let [.., first, second] = lexemes.as_slice()
        && first.is_symbol("-")
        && second.is_symbol("-")
    {
        let start = first.start;
        lexemes.truncate(lexemes.len() - 2);
        lexemes.push(Lexeme {
            kind: Kind::Comment,
            text: &text[start..],
            start,
        });
    }
}

/// Turns the tokenizer's lines and columns into bytes, walking along with it.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
    line: u64,
    column: u64,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            line: 1,
            column: 1,
        }
    }

    fn advance_to(&mut self, end: Location) -> usize {
        let mut characters = self.text[self.at..].chars();
        while (self.line, self.column) < (end.line, end.column) {
            let Some(character) = characters.next() else {
                break;
            };
            self.at += character.len_utf8();
            if character == '\n' {
                self.line += 1;
                self.column = 1;
            } else {
                self.column += 1;
            }
        }
        self.at
    }
}

/// How each dialect is read, as sqlparser's tokenizer asks for it.
#[derive(Debug)]
struct Rules(Dialect);

impl TokenRules for Rules {
    // The tokenizer asks "are you PostgreSQL or MySQL" for bit strings, `#` comments and what ends a line.
    fn dialect(&self) -> TypeId {
        match self.0 {
            Dialect::Sqlite => TypeId::of::<Self>(),
            Dialect::Postgres => TypeId::of::<PostgreSqlDialect>(),
            Dialect::Mysql => TypeId::of::<MySqlDialect>(),
        }
    }

    // All three servers take everything beyond ASCII for a letter. `$` starts no word anywhere: on SQLite it starts a
    // parameter, on the others a dollar quote.
    fn is_identifier_start(&self, character: char) -> bool {
        character.is_ascii_alphabetic() || character == '_' || (!character.is_ascii() && character != '\u{feff}')
    }

    fn is_identifier_part(&self, character: char) -> bool {
        self.is_identifier_start(character) || character.is_ascii_digit() || character == '$'
    }

    fn is_delimited_identifier_start(&self, character: char) -> bool {
        match self.0 {
            Dialect::Sqlite => matches!(character, '"' | '`' | '['),
            Dialect::Postgres => character == '"',
            Dialect::Mysql => character == '`',
        }
    }

    fn supports_string_literal_backslash_escape(&self) -> bool {
        self.0 == Dialect::Mysql
    }

    fn supports_string_escape_constant(&self) -> bool {
        self.0 == Dialect::Postgres
    }

    fn supports_nested_comments(&self) -> bool {
        self.0 == Dialect::Postgres
    }

    fn requires_single_line_comment_whitespace(&self) -> bool {
        self.0 == Dialect::Mysql
    }

    fn supports_numeric_prefix(&self) -> bool {
        self.0 == Dialect::Mysql
    }

    fn supports_numeric_literal_underscores(&self) -> bool {
        self.0 != Dialect::Mysql
    }

    fn supports_dollar_placeholder(&self) -> bool {
        self.0 == Dialect::Sqlite
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn significant(dialect: Dialect, text: &str) -> Vec<String> {
        let lexed = lex(dialect, text);
        assert_eq!(lexed.failure, None, "{text}");
        let whole: String = lexed.lexemes.iter().map(|lexeme| lexeme.text).collect();
        assert_eq!(whole, text, "lexemes are gapless");
        lexed
            .lexemes
            .iter()
            .filter(|lexeme| lexeme.is_significant())
            .map(|lexeme| lexeme.text.to_owned())
            .collect()
    }

    #[test]
    fn lexemes_are_the_slices_a_server_would_read() {
        use Dialect::{Mysql, Postgres, Sqlite};
        let cases: &[(Dialect, &str, &[&str])] = &[
            (Postgres, "a||/* it's; */b", &["a", "||", "b"]),
            (Sqlite, "'a'||/* it's; */'b'", &["'a'", "||", "'b'"]),
            (Postgres, "a|/* it's */b", &["a", "|", "b"]),
            (Postgres, "a +-- it's\nb", &["a", "+", "b"]),
            (Postgres, "a #-- it's\nb", &["a", "#", "b"]),
            (Postgres, "a ?-- it's\nb", &["a", "?", "b"]),
            (Postgres, "(c)._x", &["(", "c", ")", ".", "_x"]),
            (Postgres, r"E'\xC3\xA9 \' ''x' y", &[r"E'\xC3\xA9 \' ''x'", "y"]),
            (Postgres, r"U&'\zz' y", &["U", "&", r"'\zz'", "y"]),
            (Postgres, "$a$ $$ ; $b$ $a$ $1", &["$a$ $$ ; $b$ $a$", "$1"]),
            (Postgres, "a$$b", &["a$$b"]),
            (Postgres, "/* a /* b */ ; */ c", &["c"]),
            (Postgres, "1_", &["1", "_"]),
            (Sqlite, "/* a /* b */ c", &["c"]),
            (Sqlite, r"'\' ; x", &[r"'\'", ";", "x"]),
            (Sqlite, "[a b] `c``d` \"e\"", &["[a b]", "`c``d`", "\"e\""]),
            (Sqlite, "a$b $c", &["a$b", "$c"]),
            (Mysql, r"'\'' ; x", &[r"'\''", ";", "x"]),
            (Mysql, "1--1 -- it's\n# it's\n2", &["1", "-", "-", "1", "2"]),
            (Mysql, "a --", &["a"]),
            (Mysql, "@@a.b @c", &["@@", "a", ".", "b", "@", "c"]),
            (Mysql, "@;x", &["@", ";", "x"]),
            (Mysql, "é😀", &["é😀"]),
            (Postgres, "a\rb -- c\rd", &["a", "b", "d"]),
        ];
        for (dialect, text, expected) in cases {
            assert_eq!(significant(*dialect, text), *expected, "{dialect}: {text}");
        }
    }

    #[test]
    fn what_is_never_closed_is_reported_where_it_was_opened() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, text, start, kind) in [
            (Postgres, "a 'b", 2, FailureKind::String),
            (Postgres, "a E'b\\'", 2, FailureKind::String),
            (Postgres, "a \"b", 2, FailureKind::Identifier),
            (Postgres, "a $x$ b $y$", 2, FailureKind::DollarQuote),
            (Postgres, "a /* /* */ b", 2, FailureKind::Comment),
            (Sqlite, "é [b", 3, FailureKind::Identifier),
            (Mysql, "a\n\"b", 2, FailureKind::String),
        ] {
            let failure = lex(dialect, text).failure;
            assert_eq!(failure, Some(Failure { kind, start }), "{dialect}: {text}");
        }
    }
}
