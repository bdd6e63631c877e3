//! Where a statement ends, when it may have a body with semicolons of its own.
//!
//! The body is never understood, only its nesting. SQLite and PostgreSQL need little for that. MySQL's words are mostly
//! not reserved (`begin` and `end` are fine names for columns), so there a word opens or closes a block only where a
//! statement may start:
//!
//! ```text
//!  Awaiting ──word that starts a statement──▶ Inside ──;  THEN  ELSE  DO──▶ Start
//!     │                                        ▲ │                           │
//!     └──BEGIN LOOP REPEAT──▶ Start            │ └──DECLARE … HANDLER──▶ Awaiting
//!                                              └──────any other word, IF CASE WHILE END──┘
//! ```

use crate::dialect::Dialect;
use crate::lex::{Kind, Lexeme};

/// How far the first statement of some tokens goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// The token at this index is the `;` that ends it.
    Ends(usize),
    /// It goes to the end of the text.
    RunsOut,
    /// Its body is still open at the end of the text.
    Unclosed { statement: &'static str },
}

/// How far the statement at the start of `tokens` goes.
pub(super) fn extent(dialect: Dialect, tokens: &[&Lexeme<'_>]) -> Extent {
    match dialect {
        Dialect::Sqlite if creates_trigger(tokens) => sqlite_trigger(tokens),
        Dialect::Postgres if creates(tokens, &["FUNCTION", "PROCEDURE"]) => sql_routine(tokens),
        Dialect::Postgres if creates(tokens, &["RULE"]) => rule(tokens),
        Dialect::Mysql => match stored_program(tokens) {
            Some(program) => Body::default().extent(tokens, program),
            None => next_semicolon(tokens, 0),
        },
        _ => next_semicolon(tokens, 0),
    }
}

fn next_semicolon(tokens: &[&Lexeme<'_>], from: usize) -> Extent {
    (from..tokens.len())
        .find(|at| tokens[*at].kind == Kind::Semicolon)
        .map_or(Extent::RunsOut, Extent::Ends)
}

fn word_at(tokens: &[&Lexeme<'_>], at: usize, keywords: &[&str]) -> bool {
    tokens.get(at).is_some_and(|token| token.is_any(keywords))
}

fn symbol_at(tokens: &[&Lexeme<'_>], at: usize, symbol: &str) -> bool {
    tokens.get(at).is_some_and(|token| token.is_symbol(symbol))
}

/// The index after `CREATE [OR REPLACE]`.
fn after_create(tokens: &[&Lexeme<'_>]) -> Option<usize> {
    if !word_at(tokens, 0, &["CREATE"]) {
        return None;
    }
    let replaces = word_at(tokens, 1, &["OR"]) && word_at(tokens, 2, &["REPLACE"]);
    Some(if replaces { 3 } else { 1 })
}

fn creates(tokens: &[&Lexeme<'_>], kinds: &[&str]) -> bool {
    after_create(tokens).is_some_and(|at| word_at(tokens, at, kinds))
}

fn creates_trigger(tokens: &[&Lexeme<'_>]) -> bool {
    let temporary = usize::from(word_at(tokens, 1, &["TEMP", "TEMPORARY"]));
    word_at(tokens, 0, &["CREATE"]) && word_at(tokens, 1 + temporary, &["TRIGGER"])
}

/// SQLite's own rule (`sqlite3_complete`): a trigger ends with `; END ;`. No CASE … END ever follows a `;`.
fn sqlite_trigger(tokens: &[&Lexeme<'_>]) -> Extent {
    for at in 0..tokens.len() {
        if tokens[at].kind == Kind::Semicolon && word_at(tokens, at + 1, &["END"]) {
            match tokens.get(at + 2) {
                None => return Extent::RunsOut,
                Some(token) if token.kind == Kind::Semicolon => return Extent::Ends(at + 2),
                Some(_) => {}
            }
        }
    }
    Extent::Unclosed {
        statement: "CREATE TRIGGER",
    }
}

/// PostgreSQL's routines in plain SQL: `BEGIN ATOMIC … END`. Bodies in quotes are single tokens already.
fn sql_routine(tokens: &[&Lexeme<'_>]) -> Extent {
    let mut depth = 0_usize;
    for at in 0..tokens.len() {
        // Reserved words are names after a `.` and after AS, and nowhere else.
        let is_name = at > 0 && (tokens[at - 1].is_symbol(".") || tokens[at - 1].is_word("AS"));
        if depth == 0 {
            if tokens[at].kind == Kind::Semicolon {
                return Extent::Ends(at);
            }
            if tokens[at].is_word("BEGIN") && word_at(tokens, at + 1, &["ATOMIC"]) {
                depth = 1;
            }
        } else if is_name {
        } else if tokens[at].is_word("CASE") {
            depth += 1;
        } else if tokens[at].is_word("END") {
            depth -= 1;
        }
    }
    if depth > 0 {
        Extent::Unclosed {
            statement: "CREATE FUNCTION",
        }
    } else {
        Extent::RunsOut
    }
}

/// PostgreSQL's `CREATE RULE … DO ALSO (INSERT …; UPDATE …)`.
fn rule(tokens: &[&Lexeme<'_>]) -> Extent {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.kind == Kind::Semicolon {
            return Extent::Ends(at);
        }
    }
    if depth > 0 {
        Extent::Unclosed {
            statement: "CREATE RULE",
        }
    } else {
        Extent::RunsOut
    }
}

/// A MySQL statement that may have a body: its name, and the index from which the body may begin.
struct Program {
    statement: &'static str,
    body_from: usize,
}

/// `CREATE [OR REPLACE] [DEFINER = user] [AGGREGATE] PROCEDURE | FUNCTION | TRIGGER | EVENT` or `ALTER … EVENT`.
fn stored_program(tokens: &[&Lexeme<'_>]) -> Option<Program> {
    let alters = word_at(tokens, 0, &["ALTER"]);
    let mut at = if alters { 1 } else { after_create(tokens)? };
    if word_at(tokens, at, &["DEFINER"]) && symbol_at(tokens, at + 1, "=") {
        at += 3;
        if symbol_at(tokens, at, "(") && symbol_at(tokens, at + 1, ")") {
            at += 2;
        }
        if symbol_at(tokens, at, "@") {
            at += 2;
        }
    }
    if word_at(tokens, at, &["AGGREGATE"]) {
        at += 1;
    }
    let kind = tokens.get(at)?;
    if alters && !kind.is_word("EVENT") {
        return None;
    }
    // A body cannot begin in the header, where words like IF, UPDATE and SET mean other things.
    let (statement, header_ends) = if kind.is_word("PROCEDURE") {
        ("CREATE PROCEDURE", closing_parenthesis(tokens, at))
    } else if kind.is_word("FUNCTION") {
        ("CREATE FUNCTION", closing_parenthesis(tokens, at))
    } else if kind.is_word("TRIGGER") {
        let row = (at..tokens.len()).find(|at| word_at(tokens, *at, &["EACH"]) && word_at(tokens, at + 1, &["ROW"]));
        ("CREATE TRIGGER", row.map(|row| row + 1))
    } else if kind.is_word("EVENT") {
        (
            "CREATE EVENT",
            (at..tokens.len()).find(|at| word_at(tokens, *at, &["DO"])),
        )
    } else {
        return None;
    };
    let header_semicolon = next_semicolon(tokens, at);
    match (header_ends, header_semicolon) {
        (Some(end), Extent::Ends(semicolon)) if semicolon < end => None,
        (Some(end), _) => Some(Program {
            statement,
            body_from: end + 1,
        }),
        (None, _) => None,
    }
}

fn closing_parenthesis(tokens: &[&Lexeme<'_>], from: usize) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate().skip(from) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.checked_sub(1)?;
            if depth == 0 {
                return Some(at);
            }
        }
    }
    None
}

/// What is open in a MySQL body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Block {
    Begin,
    If,
    Case,
    /// `CASE … END` within an expression: closed by END anywhere, and its THEN and ELSE start no statement.
    CaseExpression,
    Loop,
    Repeat,
    /// `WHILE … DO`, and MariaDB's `FOR … DO`.
    While,
}

impl Block {
    fn opened_by(word: &Lexeme<'_>) -> Option<Self> {
        const OPENERS: [(&str, Block); 6] = [
            ("BEGIN", Block::Begin),
            ("IF", Block::If),
            ("CASE", Block::Case),
            ("LOOP", Block::Loop),
            ("REPEAT", Block::Repeat),
            ("WHILE", Block::While),
        ];
        OPENERS
            .into_iter()
            .find(|(keyword, _)| word.is_word(keyword))
            .map(|(_, block)| block)
    }

    /// Where we stand right after the opening word.
    fn entered_at(self) -> Position {
        match self {
            Self::Begin | Self::Loop | Self::Repeat => Position::Start,
            Self::If | Self::Case | Self::CaseExpression | Self::While => Position::Inside,
        }
    }
}

/// Where in a body we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Position {
    /// Between a header (of the program, or of a handler) and the statement that must follow it.
    #[default]
    Awaiting,
    /// Where a statement may start.
    Start,
    /// Within a statement.
    Inside,
}

/// Words with which a body of one plain statement begins.
const PLAIN: &[&str] = &[
    "ALTER", "CALL", "CREATE", "DELETE", "DO", "DROP", "INSERT", "REPLACE", "RETURN", "SELECT", "SET", "SIGNAL",
    "TRUNCATE", "UPDATE", "WITH",
];

#[derive(Debug, Default)]
struct Body {
    open: Vec<Block>,
    position: Position,
    /// Within `DECLARE …`, where `HANDLER FOR condition` is followed by a statement.
    declares: bool,
}

impl Body {
    fn extent(mut self, tokens: &[&Lexeme<'_>], program: Program) -> Extent {
        let mut at = program.body_from;
        while at < tokens.len() {
            let token = tokens[at];
            let before = tokens[at - 1];
            if token.kind == Kind::Semicolon {
                // An expression does not reach beyond its statement: a CASE still open was a name.
                while self.open.last() == Some(&Block::CaseExpression) {
                    self.open.pop();
                }
                if self.open.is_empty() {
                    return Extent::Ends(at);
                }
                self.position = Position::Start;
                self.declares = false;
            } else if before.is_symbol(".") || before.is_symbol("@") || before.is_symbol("@@") {
                // A name, whatever it is spelled like.
            } else if self.position == Position::Start && symbol_at(tokens, at + 1, ":") {
                // A label: the statement starts after it.
                at += 1;
            } else {
                self.read(token, before, tokens.get(at + 1).copied());
            }
            at += 1;
        }
        let open = self.open.iter().any(|block| *block != Block::CaseExpression);
        if open {
            Extent::Unclosed {
                statement: program.statement,
            }
        } else {
            Extent::RunsOut
        }
    }

    fn read(&mut self, token: &Lexeme<'_>, before: &Lexeme<'_>, after: Option<&Lexeme<'_>>) {
        match self.position {
            Position::Awaiting => {
                if let Some(block) = Block::opened_by(token) {
                    self.enter(block);
                } else if token.is_any(PLAIN) && !before.is_any(&["CHARACTER", "RETURNS"]) {
                    self.position = Position::Inside;
                }
            }
            Position::Start => {
                self.declares = token.is_word("DECLARE");
                if let Some(block) = Block::opened_by(token) {
                    self.enter(block);
                } else if token.is_word("FOR") {
                    self.enter(Block::While);
                } else if token.is_word("END") {
                    self.open.pop();
                    self.position = Position::Inside;
                } else if !token.is_word("ELSE") {
                    self.position = Position::Inside;
                }
            }
            Position::Inside => self.read_inside(token, after),
        }
    }

    fn read_inside(&mut self, token: &Lexeme<'_>, after: Option<&Lexeme<'_>>) {
        let innermost = self.open.last().copied();
        if token.is_word("CASE") {
            self.open.push(Block::CaseExpression);
        } else if token.is_word("END") {
            let closes_repeat = after.is_some_and(|after| after.is_word("REPEAT"));
            match innermost {
                Some(Block::CaseExpression) => drop(self.open.pop()),
                // UNTIL condition END REPEAT
                Some(Block::Repeat) if closes_repeat => drop(self.open.pop()),
                _ => {}
            }
        } else if token.is_any(&["THEN", "ELSE"]) {
            if matches!(innermost, Some(Block::If | Block::Case)) {
                self.position = Position::Start;
            }
        } else if token.is_word("DO") {
            if innermost == Some(Block::While) {
                self.position = Position::Start;
            }
        } else if self.declares && token.is_word("HANDLER") {
            self.position = Position::Awaiting;
            self.declares = false;
        }
    }

    fn enter(&mut self, block: Block) {
        self.open.push(block);
        self.position = block.entered_at();
        self.declares = false;
    }
}
