//! What went wrong, in the shape people and programs are told: what happened, how things stand, what comes next.

use std::path::Path;

use lockstep::{Error, ErrorKind};
use serde::Serialize;

use crate::exit;
use crate::wording::Commands;

/// The result of a command.
pub(crate) type Result<T, E = Trouble> = std::result::Result<T, E>;

/// An error on its way to the person or the program that asked.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Trouble {
    /// A short name for programs, such as `in_use`.
    pub(crate) code: String,
    /// What can be done about it: `retry`, `refused`, `fix_input`, `step_failed`, `operator`, `lease_lost`,
    /// `cancelled`, `bug` or `usage`.
    pub(crate) kind: &'static str,
    /// What happened.
    pub(crate) message: String,
    /// How things stand now.
    pub(crate) state: String,
    /// The command that comes next.
    pub(crate) next: Option<String>,
    /// The step that failed, or what a rehearsal found.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<serde_json::Value>,
    /// The line of a file that is meant, for people.
    #[serde(skip)]
    pub(crate) excerpt: Option<String>,
    /// Why, down to the bottom.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) causes: Vec<String>,
    #[serde(skip)]
    pub(crate) exit: u8,
}

impl Trouble {
    /// Something this program found by itself; nothing was changed.
    pub(crate) fn new(code: &'static str, kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            kind: exit::kind_name(kind),
            message: scrub(&message.into()),
            state: "nothing was changed".to_owned(),
            next: None,
            detail: None,
            excerpt: None,
            causes: Vec::new(),
            exit: exit::FAILED,
        }
    }

    /// A file or a setting is wrong.
    pub(crate) fn input(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(code, ErrorKind::FixInput, message)
    }

    /// The command line is wrong in a way its grammar cannot say.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self {
            kind: "usage",
            exit: exit::USAGE,
            ..Self::input("usage", message)
        }
    }

    /// The time for the whole command is over.
    pub(crate) fn timed_out(limit: std::time::Duration) -> Self {
        let message = format!(
            "the database did not answer within {}",
            humantime::format_duration(limit)
        );
        Self {
            exit: exit::BUSY,
            ..Self::new("timed_out", ErrorKind::Retry, message).next("try again, or give it more time with --timeout")
        }
    }

    /// A signal ended it before anything was begun.
    pub(crate) fn cancelled() -> Self {
        Error::Cancelled.into()
    }

    pub(crate) fn next(mut self, next: impl Into<String>) -> Self {
        self.next = Some(next.into());
        self
    }

    /// Adds the next command where the library names none.
    pub(crate) fn or_next(mut self, next: impl FnOnce() -> Option<String>) -> Self {
        if self.next.is_none() {
            self.next = next();
        }
        self
    }

    /// Shows the line of a step file that an error of the library points at.
    pub(crate) fn with_excerpt(mut self, error: &Error, schemas: Option<&Path>) -> Self {
        self.excerpt = excerpt(error, schemas);
        self
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::from_ref(&error)
    }
}

impl Trouble {
    /// What the library says about its error.
    pub(crate) fn from_ref(error: &Error) -> Self {
        let begun = match error {
            Error::Unfinished { cause, .. } => cause,
            other => other,
        };
        let detail = match begun {
            Error::Step { failure } => serde_json::to_value(failure).ok(),
            Error::Rehearsal(failure) => serde_json::to_value(failure).ok(),
            _ => None,
        };
        let mut causes = Vec::new();
        let mut at = std::error::Error::source(error);
        while let Some(cause) = at {
            causes.push(scrub(&cause.to_string()));
            at = cause.source();
        }
        Self {
            code: error.code().to_owned(),
            kind: exit::kind_name(error.kind()),
            message: scrub(&error.to_string()),
            state: error.state_in(&Commands),
            next: error.next_step_in(&Commands),
            detail,
            excerpt: excerpt(error, None),
            causes,
            exit: exit::of(error),
        }
    }
}

/// The line an error points at, with a caret under the column.
fn excerpt(error: &Error, schemas: Option<&Path>) -> Option<String> {
    let (text, line, column) = match error {
        Error::Script {
            origin, line, column, ..
        } => (read_step(origin, schemas?)?, *line, Some(*column)),
        Error::Format {
            path, line: Some(line), ..
        } => (std::fs::read_to_string(path).ok()?, *line, None),
        _ => return None,
    };
    point(&text, line, column)
}

/// The file of a step: the library names it by schema and step, an engine's own variant lies beside it.
fn read_step(origin: &str, schemas: &Path) -> Option<String> {
    let generic = schemas.join(origin);
    let stem = origin.strip_suffix(".sql")?;
    let variants = ["sqlite", "postgres", "mysql"].map(|engine| schemas.join(format!("{stem}.{engine}.sql")));
    let mut there = std::iter::once(generic).chain(variants).filter(|path| path.is_file());
    let found = there.next()?;
    // With several variants beside each other, the wrong one's line would mislead.
    match there.next() {
        Some(_) => None,
        None => std::fs::read_to_string(found).ok(),
    }
}

fn point(text: &str, line: u32, column: Option<u32>) -> Option<String> {
    let at = usize::try_from(line.checked_sub(1)?).ok()?;
    let shown = text.lines().nth(at)?.replace('\t', " ");
    let number = line.to_string();
    let margin = " ".repeat(number.len());
    let mut out = format!(" {number} | {shown}");
    if let Some(column) = column {
        let before = usize::try_from(column.saturating_sub(1))
            .ok()?
            .min(shown.chars().count());
        out.push_str(&format!("\n {margin} | {}^", " ".repeat(before)));
    }
    Some(out)
}

/// The text with the secrets of every URL in it taken out: a database's or a parser's own words may quote one.
pub(crate) fn scrub(text: &str) -> String {
    let begins = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '`' | ',' | '(' | '<');
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(found) = rest.find("://") {
        let start = rest[..found]
            .rfind(begins)
            .map_or(0, |at| at + rest[at..].chars().next().map_or(1, char::len_utf8));
        // What quotes it ends it; a password may hold every other mark.
        let quote = rest[..start]
            .chars()
            .next_back()
            .filter(|c| matches!(c, '"' | '\'' | '`'));
        let ends = |c: char| quote.map_or(c.is_whitespace(), |quote| c == quote);
        let end = rest[found..].find(ends).map_or(rest.len(), |at| found + at);
        out.push_str(&rest[..start]);
        out.push_str(&lockstep::redact(&rest[start..end]));
        rest = &rest[end..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::{point, scrub};

    #[test]
    fn a_url_within_a_text_loses_its_password() {
        let text =
            "invalid type: string \"postgres://app:s3cret@db/shop\", expected a table; see https://x.y/z?token=abc ok";
        let shown =
            "invalid type: string \"postgres://app:***@db/shop\", expected a table; see https://x.y/z?token=*** ok";
        assert_eq!(scrub(text), shown);
        assert_eq!(scrub("no url: here"), "no url: here");
        for password in ["s3,cret", "s3)cret", "s3'cret", "s3>cret", "s3://cret"] {
            let text = format!("invalid \"postgres://app:{password}@db/shop\" (line 1)");
            assert_eq!(scrub(&text), "invalid \"postgres://app:***@db/shop\" (line 1)");
            let text = format!("cannot reach postgres://app:{password}@db/shop now");
            assert_eq!(scrub(&text), "cannot reach postgres://app:***@db/shop now");
        }
    }

    #[test]
    fn the_caret_stands_under_the_column() {
        assert_eq!(
            point("a\n  BEGIN;\n", 2, Some(3)).expect("there"),
            " 2 |   BEGIN;\n   |   ^"
        );
        assert_eq!(point("a", 7, None), None);
        assert_eq!(point("a", 0, Some(0)), None);
    }
}
