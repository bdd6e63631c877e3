//! Answers: each command's is a document, shown to people as text and to programs as JSON.
//!
//! The documents are the contract with programs: one struct a command in [`documents`], stable names. What the library's
//! own types serialise is made kinder by [`json`]: durations are `…_us`, times have an RFC 3339 twin `…_utc`.

pub(crate) mod documents;
mod human;
mod human_look;
pub(crate) mod json;
pub(crate) mod lint;
pub(crate) mod page;
pub(crate) mod structure;
pub(crate) mod time;

use serde::Serialize;

use crate::args::Format;
use crate::output::page::Page;
use crate::terminal;
use crate::trouble::Trouble;

/// What a command answers.
pub(crate) trait Document: Serialize {
    /// The same for people.
    fn human(&self, page: &mut Page);
}

/// Writes an answer to standard output.
pub(crate) fn show(format: Format, document: &impl Document) {
    match format {
        Format::Json => terminal::print_exactly(&json::line(document)),
        _ => {
            let mut page = Page::default();
            document.human(&mut page);
            terminal::print(page.text());
        }
    }
}

#[derive(Serialize)]
struct Failed<'a> {
    error: &'a Trouble,
}

/// Writes an error: to standard error for people, in JSON mode to standard output for programs as well.
pub(crate) fn show_trouble(format: Format, trouble: &Trouble, verbose: bool) {
    if format == Format::Json {
        tell_program(trouble);
    }
    let mut text = format!("{}: {}", terminal::styled(terminal::ERROR, "error"), trouble.message);
    if let Some(excerpt) = &trouble.excerpt {
        text.push_str(&format!("\n{excerpt}"));
    }
    if verbose {
        for cause in &trouble.causes {
            text.push_str(&format!("\n  because: {cause}"));
        }
    }
    text.push_str(&format!("\n   now: {}", trouble.state));
    if let Some(next) = &trouble.next {
        text.push_str(&format!("\n  next: {}", terminal::styled(terminal::STRONG, next)));
    }
    terminal::say(&text);
}

/// Writes an error to standard output, as JSON.
pub(crate) fn tell_program(trouble: &Trouble) {
    terminal::print_exactly(&json::line(&Failed { error: trouble }));
}
