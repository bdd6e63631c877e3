//! The index a `CREATE` or `DROP INDEX CONCURRENTLY` is about.
//!
//! Such a statement cannot be rolled back, and when it fails it leaves an invalid index behind that `IF NOT EXISTS` then
//! accepts. Recovery has to look the index up by name, so the name is read from the statement.

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::lex::{Kind, Lexeme};

use super::{Statement, tokens_of};

/// What is done to the index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConcurrentAction {
    /// `CREATE [UNIQUE] INDEX CONCURRENTLY`
    Create,
    /// `DROP INDEX CONCURRENTLY`
    Drop,
}

/// The index of a concurrent statement. Names are as PostgreSQL stores them: without quotes, and in lower case where they
/// were not quoted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConcurrentIndex {
    /// Created or dropped.
    pub action: ConcurrentAction,
    /// The schema, if the statement names it. A created index lives in its table's schema, so there it is the table's.
    pub schema: Option<String>,
    /// The index; `None` where PostgreSQL is to choose a name.
    pub name: Option<String>,
    /// The table, for `CREATE`.
    pub table: Option<String>,
    /// `DROP … IF EXISTS`
    pub if_exists: bool,
    /// `CREATE … IF NOT EXISTS`
    pub if_not_exists: bool,
}

/// The index that a PostgreSQL statement creates or drops concurrently; `None` for every other statement.
pub fn index_of_concurrent(dialect: Dialect, statement: &Statement) -> Option<ConcurrentIndex> {
    if dialect != Dialect::Postgres {
        return None;
    }
    let tokens = tokens_of(dialect, statement);
    let mut reader = Reader { tokens: &tokens };
    if reader.take("CREATE") {
        reader.take("UNIQUE");
        reader.expect(&["INDEX", "CONCURRENTLY"])?;
        created(&mut reader)
    } else {
        reader.expect(&["DROP", "INDEX", "CONCURRENTLY"])?;
        let if_exists = reader.expect(&["IF", "EXISTS"]).is_some();
        let (schema, name) = reader.qualified_name()?;
        Some(ConcurrentIndex {
            action: ConcurrentAction::Drop,
            schema,
            name: Some(name),
            table: None,
            if_exists,
            if_not_exists: false,
        })
    }
}

fn created(reader: &mut Reader<'_>) -> Option<ConcurrentIndex> {
    let if_not_exists = reader.expect(&["IF", "NOT", "EXISTS"]).is_some();
    // ON is reserved: unquoted, it cannot be the index's name.
    let name = if reader.next_is("ON") {
        None
    } else {
        Some(reader.name()?)
    };
    reader.expect(&["ON"])?;
    reader.take("ONLY");
    let (schema, table) = reader.qualified_name()?;
    Some(ConcurrentIndex {
        action: ConcurrentAction::Create,
        schema,
        name,
        table: Some(table),
        if_exists: false,
        if_not_exists,
    })
}

/// Reads tokens from left to right.
struct Reader<'a> {
    tokens: &'a [Lexeme<'a>],
}

impl Reader<'_> {
    fn next_is(&self, keyword: &str) -> bool {
        self.tokens.first().is_some_and(|token| token.is_word(keyword))
    }

    fn take(&mut self, keyword: &str) -> bool {
        self.expect(&[keyword]).is_some()
    }

    /// Takes all of the keywords, or none.
    fn expect(&mut self, keywords: &[&str]) -> Option<()> {
        let (head, rest) = self.tokens.split_at_checked(keywords.len())?;
        let all = head.iter().zip(keywords).all(|(token, keyword)| token.is_word(keyword));
        all.then(|| self.tokens = rest)
    }

    fn name(&mut self) -> Option<String> {
        let (first, rest) = self.tokens.split_first()?;
        let name = match &first.kind {
            Kind::Word => first.text.to_ascii_lowercase(),
            Kind::Quoted(name) => name.clone(),
            _ => return None,
        };
        self.tokens = rest;
        Some(name)
    }

    /// `[schema.]name`; of `database.schema.name` the last two.
    fn qualified_name(&mut self) -> Option<(Option<String>, String)> {
        let mut schema = None;
        let mut name = self.name()?;
        while self.tokens.first().is_some_and(|token| token.is_symbol(".")) {
            self.tokens = &self.tokens[1..];
            schema = Some(std::mem::replace(&mut name, self.name()?));
        }
        Some((schema, name))
    }
}
