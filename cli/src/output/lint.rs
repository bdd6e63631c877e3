//! The answer of `migration lint`: for people as a compiler tells it, for programs as a list.

use annotate_snippets::{AnnotationKind, Group, Level, Origin, Renderer, Snippet};
use lockstep::catalog::Dialect;
use lockstep::catalog::lint::{Finding, Severity};
use lockstep::structure::validate::Scripts;
use serde::Serialize;

use crate::output::Document;
use crate::output::page::{Page, count};
use crate::terminal::{GOOD, STRONG, styled};

/// Lines longer than this are not shown: nobody reads them.
const LONGEST_LINE: usize = 2_000;

/// `migration lint`
#[derive(Debug, Serialize)]
pub(crate) struct Linted<'a> {
    command: &'static str,
    /// Whether nothing was found.
    clean: bool,
    dialect: Dialect,
    /// Whether a database was asked.
    database: bool,
    files: Vec<&'a str>,
    errors: usize,
    warnings: usize,
    infos: usize,
    findings: Vec<Finding>,
    /// What could not be looked at.
    notes: Vec<String>,
    #[serde(skip)]
    scripts: &'a Scripts,
}

impl<'a> Linted<'a> {
    pub(crate) fn new(scripts: &'a Scripts, findings: Vec<Finding>, notes: Vec<String>, database: bool) -> Self {
        let many = |severity| findings.iter().filter(|one| one.severity == severity).count();
        Self {
            command: "migration lint",
            clean: findings.is_empty(),
            dialect: scripts.dialect,
            database,
            files: scripts.judged().collect(),
            errors: many(Severity::Error),
            warnings: many(Severity::Warning),
            infos: many(Severity::Info),
            findings,
            notes,
            scripts,
        }
    }

    /// How grave the gravest is.
    pub(crate) fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|one| one.severity).max()
    }
}

impl Document for Linted<'_> {
    fn human(&self, page: &mut Page) {
        let renderer = Renderer::styled();
        for finding in &self.findings {
            let text = self.scripts.text(&finding.file).unwrap_or_default();
            page.line(rendered(&renderer, finding, text));
            page.line("");
        }
        for note in &self.notes {
            page.line(format!("{}: {note}", styled(STRONG, "note")));
        }
        let files = count(self.files.len(), "file");
        if self.clean {
            page.styled(GOOD, format!("nothing found in {files}"));
            return;
        }
        let counted = [
            (self.errors, "error"),
            (self.warnings, "warning"),
            (self.infos, "remark"),
        ];
        let parts: Vec<String> = counted
            .iter()
            .filter(|(many, _)| *many > 0)
            .map(|(many, what)| count(*many, what))
            .collect();
        page.line(format!("{} in {files}", parts.join(", ")));
    }
}

/// The finding with its line, as a compiler shows it.
fn rendered(renderer: &Renderer, finding: &Finding, text: &str) -> String {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Info => Level::INFO,
    };
    let title = level.primary_title(&finding.message).id(finding.rule);
    let mut group = match excerpt(finding, text) {
        Some((source, span)) => Group::with_title(title).element(
            Snippet::source(source)
                .line_start(number(finding.line))
                .path(&finding.file)
                .annotation(AnnotationKind::Primary.span(span)),
        ),
        None => Group::with_title(title).element(
            Origin::path(&finding.file)
                .line(number(finding.line))
                .char_column(number(finding.column)),
        ),
    };
    if !finding.consequence.is_empty() {
        group = group.element(Level::NOTE.message(&finding.consequence));
    }
    if !finding.advice.is_empty() {
        group = group.element(Level::HELP.message(&finding.advice));
    }
    renderer.render(&[group]).to_string()
}

fn number(count: u32) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The line a finding begins on, and where in it; the first of several lines is enough.
fn excerpt<'t>(finding: &Finding, text: &'t str) -> Option<(&'t str, std::ops::Range<usize>)> {
    let before = text.get(..finding.start)?;
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let rest = text.get(line_start..)?;
    let line = rest.lines().next().unwrap_or_default();
    // A byte order mark is no column.
    let (line, line_start) = match line.strip_prefix('\u{feff}') {
        Some(line) => (line, line_start + '\u{feff}'.len_utf8()),
        None => (line, line_start),
    };
    // Line ends of old Macs are not known to who draws.
    if line.len() > LONGEST_LINE || line.contains('\r') || line.is_empty() {
        return None;
    }
    let start = finding.start.checked_sub(line_start)?.min(line.len());
    let end = finding.end.checked_sub(line_start)?.clamp(start, line.len());
    Some((line, start..end))
}

#[cfg(test)]
mod tests {
    use lockstep::catalog::lint::{Finding, Severity};

    use super::{Renderer, rendered};

    fn shown(text: &str, what: &str) -> String {
        let start = text.find(what).unwrap_or(text.len());
        let finding = Finding::at(
            "drop-table",
            Severity::Warning,
            "a.sql",
            text,
            start..start + what.len(),
        )
        .saying("the rows of t go", "programs fail", "do it later");
        rendered(&Renderer::plain(), &finding, text)
    }

    #[test]
    fn a_finding_is_shown_with_its_line_like_a_compilers() {
        let told = "\
warning[drop-table]: the rows of t go
 --> a.sql:2:12
  |
2 | DROP TABLE t;
  |            ^
  |
  = note: programs fail
  = help: do it later";
        assert_eq!(shown("SELECT 1;\r\nDROP TABLE t;\r\n", "t;").replace("^^", "^"), told);
    }

    #[test]
    fn what_cannot_be_drawn_is_named_by_its_place() {
        for text in [
            format!("{}DROP TABLE t", " ".repeat(3_000)),
            "SELECT 1;\rDROP TABLE t".to_owned(),
        ] {
            let told = shown(&text, "DROP TABLE t");
            assert!(told.contains("a.sql:"), "{told}");
            assert!(!told.contains("| "), "{told}");
        }
        assert!(shown("", "x").contains("a.sql:1:1"));
        assert!(shown("\u{feff}DROP TABLE ü\n(\n)", "DROP TABLE ü\n(").contains("a.sql:1:1"));
    }
}
