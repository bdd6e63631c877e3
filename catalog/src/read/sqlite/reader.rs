//! A cursor over the lexemes of one statement.

use crate::Dialect;
use crate::lex::{self, Kind, Lexeme};

/// The lexemes of `text` that the engine reads; `None` where it cannot be read to its end.
pub(super) fn lexemes(text: &str) -> Option<Vec<Lexeme<'_>>> {
    let lexed = lex::lex(Dialect::Sqlite, text);
    if lexed.failure.is_some() {
        return None;
    }
    let mut lexemes = lexed.lexemes;
    lexemes.retain(Lexeme::is_significant);
    Some(lexemes)
}

/// A cursor over lexemes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a, 'b> {
    pub(super) rest: &'b [Lexeme<'a>],
}

impl<'a, 'b> Reader<'a, 'b> {
    pub(super) fn new(lexemes: &'b [Lexeme<'a>]) -> Self {
        Self { rest: lexemes }
    }

    pub(super) fn peek(&self) -> Option<&'b Lexeme<'a>> {
        self.rest.first()
    }

    pub(super) fn next(&mut self) -> Option<&'b Lexeme<'a>> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    pub(super) fn at_word(&self, word: &str) -> bool {
        self.peek().is_some_and(|one| one.is_word(word))
    }

    /// Whether these words come next, in this order.
    pub(super) fn at_words(&self, words: &[&str]) -> bool {
        self.rest.len() >= words.len() && self.rest.iter().zip(words).all(|(one, word)| one.is_word(word))
    }

    /// Steps over the words where they come next.
    pub(super) fn eat(&mut self, words: &[&str]) -> bool {
        let found = self.at_words(words);
        if found {
            self.rest = &self.rest[words.len()..];
        }
        found
    }

    pub(super) fn at_symbol(&self, symbol: &str) -> bool {
        self.peek().is_some_and(|one| one.is_symbol(symbol))
    }

    pub(super) fn eat_symbol(&mut self, symbol: &str) -> bool {
        let found = self.at_symbol(symbol);
        if found {
            self.rest = &self.rest[1..];
        }
        found
    }

    /// A name: a word, anything quoted, and a string, which SQLite takes for one where it expects a name.
    pub(super) fn name(&mut self) -> Option<String> {
        let name = name_of(self.peek()?)?;
        self.next();
        Some(name)
    }

    /// `schema.name`, or `name`; only the name is of interest.
    pub(super) fn qualified(&mut self) -> Option<(String, &'b Lexeme<'a>)> {
        let mut at = self.peek()?;
        let mut name = self.name()?;
        if self.eat_symbol(".") {
            at = self.peek()?;
            name = self.name()?;
        }
        Some((name, at))
    }

    /// What stands between the bracket that comes next and its end.
    pub(super) fn bracketed(&mut self) -> Option<&'b [Lexeme<'a>]> {
        if !self.at_symbol("(") {
            return None;
        }
        let mut depth = 0_usize;
        for (at, one) in self.rest.iter().enumerate() {
            if one.is_symbol("(") {
                depth += 1;
            } else if one.is_symbol(")") {
                depth -= 1;
                if depth == 0 {
                    let inside = &self.rest[1..at];
                    self.rest = &self.rest[at + 1..];
                    return Some(inside);
                }
            }
        }
        None
    }
}

/// The name a lexeme stands for.
pub(super) fn name_of(lexeme: &Lexeme<'_>) -> Option<String> {
    match &lexeme.kind {
        Kind::Text => unquoted(lexeme.text),
        _ => lexeme.identifier().map(str::to_owned),
    }
}

/// What a string in single quotes holds.
pub(super) fn unquoted(text: &str) -> Option<String> {
    Some(text.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'"))
}

/// Cuts at the commas of the first level.
pub(super) fn items<'a, 'b>(lexemes: &'b [Lexeme<'a>]) -> Vec<&'b [Lexeme<'a>]> {
    let mut items = Vec::new();
    let (mut depth, mut start) = (0_i32, 0);
    for (at, one) in lexemes.iter().enumerate() {
        if one.is_symbol("(") {
            depth += 1;
        } else if one.is_symbol(")") {
            depth -= 1;
        } else if depth == 0 && one.is_symbol(",") {
            items.push(&lexemes[start..at]);
            start = at + 1;
        }
    }
    if start < lexemes.len() {
        items.push(&lexemes[start..]);
    }
    items
}
