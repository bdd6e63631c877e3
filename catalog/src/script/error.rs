//! Why a script is refused.

use crate::dialect::Dialect;

/// Why a script is refused, and where: `line` and `column` are counted from 1, columns in characters. Every one of these is
/// for the script's author to fix; trying again does not help.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScriptError {
    /// A string, comment, quoted identifier or dollar quote is opened and never closed.
    #[error("line {line}, column {column}: the {what} that starts here is never closed")]
    Unterminated {
        /// What was opened.
        what: &'static str,
        /// Line of the opening mark.
        line: u32,
        /// Column of the opening mark.
        column: u32,
    },
    /// The body of a trigger or routine is opened and never closed.
    #[error("line {line}, column {column}: the body of this {statement} never ends; it has to be closed with `END;`")]
    UnterminatedBody {
        /// `CREATE TRIGGER` and the like.
        statement: &'static str,
        /// Line on which the statement starts.
        line: u32,
        /// Column in which the statement starts.
        column: u32,
    },
    /// The text cannot be read as SQL of this dialect.
    #[error("line {line}, column {column}: this cannot be read as SQL: {message}")]
    Unreadable {
        /// What the tokenizer said.
        message: String,
        /// Line where reading stopped.
        line: u32,
        /// Column where reading stopped.
        column: u32,
    },
    /// A NUL character, at which drivers and servers would silently stop reading.
    #[error("line {line}, column {column}: the script contains a NUL character; remove it")]
    Nul {
        /// Line of the character.
        line: u32,
        /// Column of the character.
        column: u32,
    },
    /// A statement that begins, ends or shapes a transaction, or holds locks past it.
    #[error(
        "line {line}, column {column}: {statement} is not allowed in a step: Lockstep opens, commits and rolls back \
         transactions itself, so that a step and its record stand or fall together; remove the statement"
    )]
    TransactionControl {
        /// The statement's keywords.
        statement: String,
        /// Line of the statement.
        line: u32,
        /// Column of the statement.
        column: u32,
    },
    /// `COMMIT` or `ROLLBACK` inside a PostgreSQL `DO` block.
    #[error(
        "line {line}, column {column}: {statement} inside a DO block would end the transaction that Lockstep keeps its \
         record in; remove it, or split the work into several steps"
    )]
    TransactionControlInBlock {
        /// The statement's keyword.
        statement: String,
        /// Line of the keyword, or of the block where that cannot be told.
        line: u32,
        /// Column of the keyword, or of the block where that cannot be told.
        column: u32,
    },
    /// A statement that changes who or where the rest of the session is.
    #[error(
        "line {line}, column {column}: {statement} is not allowed in a step: it changes the session for everything that \
         follows on this connection, Lockstep's own records included; {advice}"
    )]
    SessionChange {
        /// The statement's keywords.
        statement: String,
        /// What to do instead.
        advice: &'static str,
        /// Line of the statement.
        line: u32,
        /// Column of the statement.
        column: u32,
    },
    /// SQLite's `PRAGMA foreign_keys`, which does nothing inside a transaction.
    #[error(
        "line {line}, column {column}: PRAGMA foreign_keys has no effect inside a transaction, and a step runs inside one; \
         `PRAGMA defer_foreign_keys = ON` puts the checks off until the end of the step"
    )]
    ForeignKeysPragma {
        /// Line of the statement.
        line: u32,
        /// Column of the statement.
        column: u32,
    },
    /// SQLite's `ATTACH` and `DETACH`.
    #[error(
        "line {line}, column {column}: {statement} is not allowed in a step: a step works on one database, inside a \
         transaction, and {statement} belongs to the connection"
    )]
    Attach {
        /// `ATTACH` or `DETACH`.
        statement: &'static str,
        /// Line of the statement.
        line: u32,
        /// Column of the statement.
        column: u32,
    },
    /// A command of psql, the mysql client or the sqlite3 shell.
    #[error(
        "line {line}, column {column}: `{command}` is a command of the {shell} shell, not SQL; a step can only hold what the \
         server itself understands"
    )]
    ShellCommand {
        /// The command as written.
        command: String,
        /// `psql`, `mysql` or `sqlite3`.
        shell: &'static str,
        /// Line of the command.
        line: u32,
        /// Column of the command.
        column: u32,
    },
    /// A `DELIMITER` line of the mysql client.
    #[error(
        "line {line}, column {column}: DELIMITER is a command of the mysql shell and not needed here: Lockstep knows where a \
         BEGIN … END body ends; remove the DELIMITER lines and end the body with `END;`"
    )]
    Delimiter {
        /// Line of the command.
        line: u32,
        /// Column of the command.
        column: u32,
    },
    /// PostgreSQL's `COPY … FROM STDIN` or `COPY … TO STDOUT`.
    #[error(
        "line {line}, column {column}: COPY … {direction} exchanges data with a client, and a step has none; use INSERT, or \
         COPY from a file on the server"
    )]
    CopyStream {
        /// `FROM STDIN` or `TO STDOUT`.
        direction: &'static str,
        /// Line of the statement.
        line: u32,
        /// Column of the statement.
        column: u32,
    },
    /// MySQL's `/*! … */`.
    #[error(
        "line {line}, column {column}: the server runs what stands inside this `/*! … */` comment, so it cannot be checked; \
         write it as plain SQL"
    )]
    ConditionalComment {
        /// Line of the comment.
        line: u32,
        /// Column of the comment.
        column: u32,
    },
    /// A name that the server would cut off or reject.
    #[error(
        "line {line}, column {column}: the name {name:?} has {length} {unit}, {dialect} allows {limit}: choose a shorter name"
    )]
    IdentifierTooLong {
        /// The name.
        name: String,
        /// Its length, in `unit`.
        length: usize,
        /// The longest allowed, in `unit`.
        limit: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
        /// Whose limit it is.
        dialect: Dialect,
        /// Line of the name.
        line: u32,
        /// Column of the name.
        column: u32,
    },
}

impl ScriptError {
    /// The line it is about, counted from 1.
    pub fn line(&self) -> u32 {
        self.place().0
    }

    /// The column it is about, counted from 1 in characters.
    pub fn column(&self) -> u32 {
        self.place().1
    }

    fn place(&self) -> (u32, u32) {
        match self {
            Self::Unterminated { line, column, .. }
            | Self::UnterminatedBody { line, column, .. }
            | Self::Unreadable { line, column, .. }
            | Self::Nul { line, column }
            | Self::TransactionControl { line, column, .. }
            | Self::TransactionControlInBlock { line, column, .. }
            | Self::SessionChange { line, column, .. }
            | Self::ForeignKeysPragma { line, column }
            | Self::Attach { line, column, .. }
            | Self::ShellCommand { line, column, .. }
            | Self::Delimiter { line, column }
            | Self::CopyStream { line, column, .. }
            | Self::ConditionalComment { line, column }
            | Self::IdentifierTooLong { line, column, .. } => (*line, *column),
        }
    }
}
