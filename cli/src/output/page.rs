//! Text for people: lines, headings and tables.

use anstyle::Style;
use comfy_table::presets::NOTHING;
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Table};

use crate::terminal::{STRONG, styled};

/// The narrowest terminal, in columns, that tables are fitted into.
const NARROWEST: u16 = 60;

/// A text under construction.
#[derive(Debug, Default)]
pub(crate) struct Page {
    text: String,
}

impl Page {
    /// All of it.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// A line.
    pub(crate) fn line(&mut self, text: impl AsRef<str>) {
        self.text.push_str(text.as_ref());
        self.text.push('\n');
    }

    /// A line in a style.
    pub(crate) fn styled(&mut self, style: Style, text: impl std::fmt::Display) {
        self.line(styled(style, text));
    }

    /// An empty line, then a title.
    pub(crate) fn heading(&mut self, title: impl std::fmt::Display) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.styled(STRONG, title);
    }

    /// The command that comes next.
    pub(crate) fn next(&mut self, command: impl std::fmt::Display) {
        self.line(format!("  next: {}", styled(STRONG, command)));
    }

    /// A table.
    pub(crate) fn table(&mut self, header: &[&str], rows: impl IntoIterator<Item = Vec<Cell>>) {
        let mut table = Table::new();
        table.load_style(NOTHING);
        table.set_content_arrangement(ContentArrangement::Dynamic);
        // Below this, names broken in the middle are worse than long lines; a pseudo terminal may even say 0.
        if table.width().is_some_and(|width| width < NARROWEST) {
            table.set_content_arrangement(ContentArrangement::Disabled);
        }
        // The stream decides about colours, not the table.
        table.enforce_styling();
        table.style_text_only();
        table.set_header(
            header
                .iter()
                .map(|title| Cell::new(title).add_attribute(Attribute::Dim)),
        );
        table.add_rows(rows);
        if let Some(first) = table.column_mut(0) {
            first.set_padding((0, 1));
        }
        for line in table.lines() {
            self.line(line.trim_end());
        }
    }
}

/// A cell with plain text.
pub(crate) fn cell(text: impl ToString) -> Cell {
    Cell::new(text)
}

/// A state, in the colour of how good it is.
pub(crate) fn state(name: &str) -> Cell {
    let plain = Cell::new(name.replace('_', " "));
    match name {
        "applied" | "active" | "done" | "passed" => plain.fg(Color::Green),
        "failed" => plain.fg(Color::Red),
        "applying" | "reverting" | "activating" | "draining" | "started" => plain.fg(Color::Yellow),
        _ => plain,
    }
}

/// Names with commas, or a dash.
pub(crate) fn list<T: std::fmt::Display>(items: impl IntoIterator<Item = T>) -> String {
    let names: Vec<_> = items.into_iter().map(|item| item.to_string()).collect();
    if names.is_empty() {
        "-".to_owned()
    } else {
        names.join(", ")
    }
}

/// `1 step`, `2 steps`.
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
