//! Walking along the tokens of a statement.

use std::ops::Range;

use crate::Dialect;
use crate::lex::{Kind, Lexeme};

/// A name as it stands in a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lint) struct Ident {
    /// The form under which the engine looks it up.
    pub(in crate::lint) key: String,
    /// As a person would say it.
    pub(in crate::lint) shown: String,
    /// Where it stands.
    pub(in crate::lint) span: Range<usize>,
}

/// The name of an object, with its schema where one is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::lint) struct Named {
    pub(in crate::lint) schema: Option<Ident>,
    pub(in crate::lint) ident: Ident,
}

impl Named {
    /// The form under which it is looked up; what is in the schema everything is in by default has none.
    pub(in crate::lint) fn key(&self) -> String {
        match &self.schema {
            Some(schema) if !is_default_schema(&schema.key) => format!("{}.{}", schema.key, self.ident.key),
            _ => self.ident.key.clone(),
        }
    }

    pub(in crate::lint) fn shown(&self) -> String {
        match &self.schema {
            Some(schema) => format!("{}.{}", schema.shown, self.ident.shown),
            None => self.ident.shown.clone(),
        }
    }

    pub(in crate::lint) fn span(&self) -> Range<usize> {
        let start = self.schema.as_ref().map_or(self.ident.span.start, |one| one.span.start);
        start..self.ident.span.end
    }
}

/// PostgreSQL's and SQLite's name for where everything is.
pub(in crate::lint) fn is_default_schema(schema: &str) -> bool {
    matches!(schema, "public" | "main")
}

/// The form under which an identifier is looked up. MySQL's tables are told apart by case on some systems and not on others;
/// here they are not, so that nothing that is there counts as missing.
pub(in crate::lint) fn folded(dialect: Dialect, name: &str, quoted: bool) -> String {
    match dialect {
        Dialect::Postgres if quoted => name.to_owned(),
        Dialect::Sqlite => name.to_ascii_lowercase(),
        Dialect::Postgres | Dialect::Mysql => name.to_lowercase(),
    }
}

/// The bytes from the first to the last of some tokens.
pub(in crate::lint) fn span_of(tokens: &[Lexeme<'_>]) -> Range<usize> {
    let start = tokens.first().map_or(0, |token| token.start);
    start..tokens.last().map_or(start, Lexeme::end)
}

/// The parts between the commas that stand in no brackets.
pub(in crate::lint) fn parts<'t, 'a>(tokens: &'t [Lexeme<'a>]) -> Vec<&'t [Lexeme<'a>]> {
    let (mut parts, mut from, mut depth) = (Vec::new(), 0, 0_usize);
    for (at, token) in tokens.iter().enumerate() {
        depth = deeper(depth, token);
        if depth == 0 && token.is_symbol(",") {
            parts.push(&tokens[from..at]);
            from = at + 1;
        }
    }
    parts.push(&tokens[from..]);
    parts.retain(|part| !part.is_empty());
    parts
}

fn deeper(depth: usize, token: &Lexeme<'_>) -> usize {
    if token.is_symbol("(") || token.is_symbol("[") {
        depth + 1
    } else if token.is_symbol(")") || token.is_symbol("]") {
        depth.saturating_sub(1)
    } else {
        depth
    }
}

/// A place among tokens.
#[derive(Debug, Clone, Copy)]
pub(in crate::lint) struct Cursor<'t, 'a> {
    dialect: Dialect,
    tokens: &'t [Lexeme<'a>],
    at: usize,
}

impl<'t, 'a> Cursor<'t, 'a> {
    pub(in crate::lint) fn new(dialect: Dialect, tokens: &'t [Lexeme<'a>]) -> Self {
        Self { dialect, tokens, at: 0 }
    }

    pub(in crate::lint) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// What is left.
    pub(in crate::lint) fn rest(&self) -> &'t [Lexeme<'a>] {
        &self.tokens[self.at..]
    }

    pub(in crate::lint) fn peek(&self) -> Option<&'t Lexeme<'a>> {
        self.tokens.get(self.at)
    }

    /// Whether the token so many places on is this keyword.
    pub(in crate::lint) fn sees(&self, ahead: usize, keyword: &str) -> bool {
        self.tokens
            .get(self.at + ahead)
            .is_some_and(|token| token.is_word(keyword))
    }

    pub(in crate::lint) fn bump(&mut self) -> Option<&'t Lexeme<'a>> {
        let token = self.tokens.get(self.at)?;
        self.at += 1;
        Some(token)
    }

    /// Takes these keywords, all of them or none.
    pub(in crate::lint) fn take(&mut self, keywords: &[&str]) -> bool {
        let all = keywords.iter().enumerate().all(|(at, keyword)| self.sees(at, keyword));
        if all {
            self.at += keywords.len();
        }
        all
    }

    /// Takes one of these keywords.
    pub(in crate::lint) fn any(&mut self, keywords: &[&'static str]) -> Option<&'static str> {
        let found = keywords.iter().find(|keyword| self.sees(0, keyword))?;
        self.at += 1;
        Some(found)
    }

    pub(in crate::lint) fn symbol(&mut self, symbol: &str) -> bool {
        let is = self.peek().is_some_and(|token| token.is_symbol(symbol));
        self.at += usize::from(is);
        is
    }

    /// An identifier.
    pub(in crate::lint) fn ident(&mut self) -> Option<Ident> {
        let token = self.peek()?;
        let name = token.identifier()?;
        self.at += 1;
        Some(Ident {
            key: folded(self.dialect, name, matches!(token.kind, Kind::Quoted(_))),
            shown: name.to_owned(),
            span: token.start..token.end(),
        })
    }

    /// A name with up to two dots in it; of a database, a schema and an object the last two count.
    pub(in crate::lint) fn name(&mut self) -> Option<Named> {
        let mut schema = None;
        let mut ident = self.ident()?;
        while self.symbol(".") {
            let next = self.ident()?;
            schema = Some(std::mem::replace(&mut ident, next));
        }
        Some(Named { schema, ident })
    }

    /// Names with commas between.
    pub(in crate::lint) fn names(&mut self) -> Vec<Named> {
        let mut names = Vec::new();
        loop {
            self.take(&["ONLY"]);
            match self.name() {
                Some(name) => names.push(name),
                None => return names,
            }
            self.symbol("*");
            if !self.symbol(",") {
                return names;
            }
        }
    }

    /// What stands in the brackets that open here.
    pub(in crate::lint) fn brackets(&mut self) -> Option<&'t [Lexeme<'a>]> {
        if !self.peek()?.is_symbol("(") {
            return None;
        }
        let (from, mut depth) = (self.at + 1, 0_usize);
        while let Some(token) = self.bump() {
            depth = deeper(depth, token);
            if depth == 0 {
                return Some(&self.tokens[from..self.at - 1]);
            }
        }
        Some(&self.tokens[from.min(self.at)..self.at])
    }

    /// Everything up to the first token that `stops`, brackets counting as one.
    pub(in crate::lint) fn until(&mut self, stops: impl Fn(&Self) -> bool) -> &'t [Lexeme<'a>] {
        let from = self.at;
        while self.peek().is_some() && !stops(self) {
            if self.brackets().is_none() {
                self.at += 1;
            }
        }
        &self.tokens[from..self.at]
    }

    /// The columns of `(a, b DESC, lower(c))`: those that are plain columns, and whether all are.
    pub(in crate::lint) fn columns(&mut self) -> Option<(Vec<Ident>, bool)> {
        let inside = self.brackets()?;
        let mut plain = Vec::new();
        let parts = parts(inside);
        for part in &parts {
            let mut cursor = Cursor::new(self.dialect, part);
            let ident = cursor.ident();
            // `name(10)` is a prefix on MySQL; anything else in brackets makes it a function.
            let inside = cursor.brackets();
            let prefix = |inside: &[Lexeme<'_>]| {
                let digits = |one: &Lexeme<'_>| one.text.bytes().all(|byte| byte.is_ascii_digit());
                self.dialect == Dialect::Mysql && matches!(inside, [one] if digits(one))
            };
            if let (Some(ident), true) = (ident, inside.is_none_or(prefix)) {
                plain.push(ident);
            }
        }
        let whole = plain.len() == parts.len();
        Some((plain, whole))
    }
}
