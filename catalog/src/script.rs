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
pub(crate) use conduct::conduct_of;
pub use conduct::{Conduct, conduct, kind_of};
pub use ddl::{is_about_privileges, is_setting, split_ddl};
pub use error::ScriptError;
pub use footprint::{Became, Footprint, Trace};
pub use loss::{Losses, losses};
pub(crate) use transaction::forbidden as forbidden_in_transaction;
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
    let scanned = scan(dialect, text);
    if let Some(refusal) = scanned.refusals.into_iter().next() {
        return Err(refusal);
    }
    let lines = Lines::new(text);
    let statements = scanned.pieces.iter().map(|piece| Statement {
        text: text[piece.span()].to_owned(),
        line: lines.line(piece.span().start),
    });
    Ok(statements.collect())
}

/// A statement where it stands in its script.
#[derive(Debug)]
pub(crate) struct Piece<'a> {
    /// The comments above it, from the statement before on, and those within it.
    pub(crate) comments: Vec<Lexeme<'a>>,
    /// What the server reads of it; never empty.
    pub(crate) tokens: Vec<Lexeme<'a>>,
}

impl Piece<'_> {
    /// Its bytes in the script.
    pub(crate) fn span(&self) -> std::ops::Range<usize> {
        let start = self.tokens.first().map_or(0, |token| token.start);
        start..self.tokens.last().map_or(start, Lexeme::end)
    }
}

/// A script in pieces, and everything that keeps it from running.
#[derive(Debug)]
pub(crate) struct Scanned<'a> {
    /// The statements that may run, in order.
    pub(crate) pieces: Vec<Piece<'a>>,
    /// What is refused; the first is what [`split`] says.
    pub(crate) refusals: Vec<ScriptError>,
}

/// Splits a script and goes on where [`split`] would stop, as far as what follows can still be told apart.
pub(crate) fn scan(dialect: Dialect, text: &str) -> Scanned<'_> {
    let lines = Lines::new(text);
    let mut scanned = Scanned {
        pieces: Vec::new(),
        refusals: Vec::new(),
    };
    if let Some(offset) = text.find('\0') {
        let Place { line, column } = lines.place(offset);
        scanned.refusals.push(ScriptError::Nul { line, column });
        return scanned;
    }
    let lexed = lex::lex(dialect, text);
    let tokens: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| matters(dialect, lexeme)).collect();
    let comments: Vec<&Lexeme<'_>> = lexed
        .lexemes
        .iter()
        .filter(|lexeme| lexeme.kind == Kind::Comment)
        .collect();
    let mut comment = 0;
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
        let refused = gate::check(dialect, statement, &lines).err();
        let unclosed = match (extent, &lexed.failure) {
            (Extent::Unclosed { statement }, None) => {
                let Place { line, column } = lines.place(first.start);
                Some(ScriptError::UnterminatedBody {
                    statement,
                    line,
                    column,
                })
            }
            _ => None,
        };
        // What stands before the place where reading failed is half a statement.
        let whole = lexed.failure.is_none() || matches!(extent, Extent::Ends(_));
        let end = statement.last().map_or(first.end(), |last| last.end());
        let from = comment;
        while comments.get(comment).is_some_and(|one| one.start < end) {
            comment += 1;
        }
        match refused.or(unclosed) {
            Some(refusal) => {
                let shell = matches!(refusal, ScriptError::Delimiter { .. } | ScriptError::CopyStream { .. });
                scanned.refusals.push(refusal);
                if shell {
                    // What follows is not meant to be split at semicolons.
                    return scanned;
                }
            }
            None if whole => scanned.pieces.push(Piece {
                comments: comments[from..comment].iter().map(|one| (*one).clone()).collect(),
                tokens: statement.iter().map(|one| (*one).clone()).collect(),
            }),
            None => {}
        }
        remaining = rest;
    }
    // Last, because what stands before the unreadable part may be the better explanation: the data after a COPY, or what
    // follows a shell command, need not be SQL at all.
    if let Some(failure) = lexed.failure {
        scanned.refusals.push(unreadable(failure, &lines));
    }
    scanned
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
    // MariaDB's `SET STATEMENT variable = value FOR …` is what follows, whatever is set for it.
    if dialect == Dialect::Mysql
        && let [set, statement, ..] = lexemes.as_slice()
        && set.is_word("SET")
        && statement.is_word("STATEMENT")
        && let Some(at) = lexemes.iter().position(|token| token.is_word("FOR"))
    {
        lexemes.drain(..=at);
    }
    lexemes
}

/// A place in a script, for people: both counted from 1, columns in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// Where the lines of a text start.
pub(crate) struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
    /// How many characters begin before each block of bytes, so that a place in a line of megabytes is found at once.
    counted: Vec<usize>,
}

/// Bytes between two counts of characters.
const BLOCK: usize = 4096;

impl<'a> Lines<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
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
        let mut counted = vec![0];
        for block in bytes.chunks(BLOCK) {
            counted.push(counted.last().copied().unwrap_or(0) + characters(block));
        }
        Self { text, starts, counted }
    }

    /// The line an offset is in, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> u32 {
        number(self.starts.partition_point(|start| *start <= offset).max(1))
    }

    pub(crate) fn place(&self, offset: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= offset).max(1);
        let before = self.before(offset).saturating_sub(self.before(self.starts[line - 1]));
        Place {
            line: number(line),
            column: number(before + 1),
        }
    }

    /// The offset of a place; the end of the text where there is no such place.
    pub(crate) fn offset(&self, place: Place) -> usize {
        let line = usize::try_from(place.line.max(1)).unwrap_or(usize::MAX);
        let Some(start) = self.starts.get(line - 1) else {
            return self.text.len();
        };
        let column = usize::try_from(place.column.max(1)).unwrap_or(usize::MAX);
        let rest = &self.text[*start..];
        rest.char_indices()
            .nth(column - 1)
            .map_or(self.text.len(), |(at, _)| start + at)
    }

    /// How many characters begin before an offset.
    fn before(&self, offset: usize) -> usize {
        let offset = offset.min(self.text.len());
        let block = offset / BLOCK;
        let counted = self.counted.get(block).copied().unwrap_or(0);
        counted + characters(&self.text.as_bytes()[block * BLOCK..offset])
    }
}

/// How many characters begin in these bytes.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests;
