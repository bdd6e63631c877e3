//! A SQL script, split into the statements a server is to run one by one.
//!
//! ```text
//! text ──lex──▶ lexemes ──body──▶ where each statement ends ──gate──▶ statements, or the first refusal
//! ```
//!
//! A statement is a slice of the script, from its first token to its last: what the author wrote is what runs. Comments
//! before and after it, and the `;`, are left out. Bodies keep their semicolons: `CREATE TRIGGER … BEGIN …; END` on
//! SQLite, `BEGIN ATOMIC … END` and `CREATE RULE … DO (…; …)` on PostgreSQL, stored programs on MySQL. Because MySQL's
//! bodies are recognised, the mysql client's `DELIMITER` lines are not needed; they are refused with that advice.
//!
//! Refused as well is everything that would escape the bookkeeping: transaction control, a change of role or database for
//! the rest of the session, commands of the database's own shell, code inside MySQL's `/*! … */` comments, and names that
//! the server would cut off. What is built at run time (`EXECUTE 'COM' || 'MIT'`, a called procedure that commits) cannot
//! be seen in a text; the engines guard against that when they run it.

mod body;
mod concurrent;
mod conduct;
mod ddl;
mod dump;
mod error;
mod footprint;
mod gate;
mod loss;
mod transaction;

pub use concurrent::{ConcurrentAction, ConcurrentIndex, index_of_concurrent};
pub use conduct::{Conduct, conduct, kind_of};
pub use ddl::{is_setting, split_ddl};
pub use error::ScriptError;
pub use footprint::{Became, Footprint, Trace};
pub use loss::{Losses, losses};
pub use transaction::forbids_transaction;

use serde::{Deserialize, Serialize};

use crate::dialect::Dialect;
use crate::lex::{self, Failure, FailureKind, Kind, Lexeme};
use body::Extent;

/// One statement of a script.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Statement {
    /// The statement as written, without the white space and comments around it and without the closing `;`.
    pub text: String,
    /// The line of the script, counted from 1, on which the statement starts.
    pub line: u32,
}

/// Splits a script into its statements, in order. A script of comments alone has none.
///
/// ```
/// use lockstep_catalog::{Dialect, split};
///
/// let statements = split(Dialect::Postgres, "SELECT 'a;b'; -- done\nSELECT $$;$$").unwrap();
/// assert_eq!(statements[0].text, "SELECT 'a;b'");
/// assert_eq!((statements[1].text.as_str(), statements[1].line), ("SELECT $$;$$", 2));
/// ```
///
/// # Errors
///
/// The first thing in the script that cannot be read or must not be run; see [`ScriptError`].
pub fn split(dialect: Dialect, text: &str) -> Result<Vec<Statement>, ScriptError> {
    let lines = Lines::new(text);
    if let Some(offset) = text.find('\0') {
        let Place { line, column } = lines.place(offset);
        return Err(ScriptError::Nul { line, column });
    }
    let lexed = lex::lex(dialect, text);
    let tokens: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| matters(dialect, lexeme)).collect();

    let mut statements = Vec::new();
    let mut remaining = tokens.as_slice();
    while let Some(first) = remaining.first() {
        if first.kind == Kind::Semicolon {
            remaining = &remaining[1..];
            continue;
        }
        let extent = body::extent(dialect, remaining);
        let (statement, rest) = match extent {
            Extent::Ends(at) => (&remaining[..at], &remaining[at + 1..]),
            Extent::RunsOut | Extent::Unclosed { .. } => (remaining, &[][..]),
        };
        gate::check(dialect, statement, &lines)?;
        if let (Extent::Unclosed { statement }, None) = (extent, &lexed.failure) {
            let Place { line, column } = lines.place(first.start);
            return Err(ScriptError::UnterminatedBody {
                statement,
                line,
                column,
            });
        }
        if let Some(last) = statement.last() {
            statements.push(Statement {
                text: text[first.start..last.end()].to_owned(),
                line: lines.place(first.start).line,
            });
        }
        remaining = rest;
    }
    // Last, because what stands before the unreadable part may be the better explanation: the data after a COPY, or what
    // follows a shell command, need not be SQL at all.
    match lexed.failure {
        Some(failure) => Err(unreadable(failure, &lines)),
        None => Ok(statements),
    }
}

/// MySQL runs what stands in `/*! … */`, so to the gate it is a token.
fn matters(dialect: Dialect, lexeme: &Lexeme<'_>) -> bool {
    lexeme.is_significant() || (dialect == Dialect::Mysql && gate::is_conditional_comment(lexeme))
}

fn unreadable(failure: Failure, lines: &Lines) -> ScriptError {
    let Place { line, column } = lines.place(failure.start);
    let what = match failure.kind {
        FailureKind::String => "string",
        FailureKind::Identifier => "quoted identifier",
        FailureKind::Comment => "comment",
        FailureKind::DollarQuote => "dollar-quoted string",
        FailureKind::Other(message) => {
            return ScriptError::Unreadable { message, line, column };
        }
    };
    ScriptError::Unterminated { what, line, column }
}

/// The tokens of a statement that [`split`] returned.
fn tokens_of<'a>(dialect: Dialect, statement: &'a Statement) -> Vec<Lexeme<'a>> {
    let mut lexemes = lex::lex(dialect, &statement.text).lexemes;
    lexemes.retain(Lexeme::is_significant);
    lexemes
}

/// A place in a script, for people: both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Place {
    line: u32,
    column: u32,
}

/// Where the lines of a text start.
struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let ends_line = |at: usize| match bytes[at] {
            b'\n' => true,
            b'\r' => bytes.get(at + 1) != Some(&b'\n'),
            _ => false,
        };
        // A byte order mark is no column.
        let first = if text.starts_with('\u{feff}') {
            '\u{feff}'.len_utf8()
        } else {
            0
        };
        let mut starts = vec![first];
        starts.extend((0..bytes.len()).filter(|at| ends_line(*at)).map(|at| at + 1));
        Self { text, starts }
    }

    fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let before = self.text.get(self.starts[line - 1]..offset).unwrap_or_default();
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        Place {
            line: count(line),
            column: count(before.chars().count() + 1),
        }
    }
}

#[cfg(test)]
mod tests;
