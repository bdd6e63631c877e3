//! Places in scripts, for whoever has something to say about them.

use std::ops::Range;

use crate::Dialect;
use crate::lex;
use crate::script::{Lines, Place, scan};

use super::finding::{Finding, Severity};

impl Finding {
    /// A finding about some bytes of a script.
    pub fn at(rule: &'static str, severity: Severity, file: &str, text: &str, span: Range<usize>) -> Self {
        let Place { line, column } = Lines::new(text).place(span.start);
        Self {
            rule,
            severity,
            message: String::new(),
            consequence: String::new(),
            advice: String::new(),
            file: file.to_owned(),
            line,
            column,
            start: span.start,
            end: span.end,
        }
    }

    /// A finding about a line of a file of which nothing else is known.
    pub fn of_line(rule: &'static str, severity: Severity, file: &str, text: &str, line: u32) -> Self {
        let start = Lines::new(text).offset(Place { line, column: 1 });
        let rest = text.get(start..).unwrap_or_default();
        let length = rest.find(['\n', '\r']).unwrap_or(rest.len());
        Self {
            line,
            column: 1,
            ..Self::at(rule, severity, file, text, start..start + length)
        }
    }

    /// With what was found, what comes of it and what to do instead.
    #[must_use]
    pub fn saying(
        mut self,
        message: impl Into<String>,
        consequence: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        self.message = message.into();
        self.consequence = consequence.into();
        self.advice = advice.into();
        self
    }
}

/// Where the statements of a script stand, in order; `None` where one of them cannot be run.
pub fn statements(dialect: Dialect, text: &str) -> Option<Vec<Range<usize>>> {
    let scanned = scan(dialect, text);
    let spans = scanned.pieces.iter().map(|piece| piece.span()).collect();
    scanned.refusals.is_empty().then_some(spans)
}

/// Where a token stands within a statement, if it stands there once: what an engine quotes when it gives no place.
pub fn token(dialect: Dialect, text: &str, statement: Range<usize>, word: &str) -> Option<Range<usize>> {
    let base = statement.start;
    let lexed = lex::lex(dialect, text.get(statement)?);
    let mut found = lexed.lexemes.iter().filter(|one| {
        let name = one.identifier().is_some_and(|name| name.eq_ignore_ascii_case(word));
        one.is_significant() && (name || one.text == word)
    });
    let one = found.next()?;
    found.next().is_none().then(|| base + one.start..base + one.end())
}
