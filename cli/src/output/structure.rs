//! The answers of `schema` and `migration`.

use std::path::PathBuf;

use lockstep::SchemaVersion;
use lockstep::catalog::compare::{Difference, Severity, compare};
use lockstep::catalog::risk::Risk;
use lockstep::catalog::structure::{Structure, Table};
use lockstep::catalog::write::Plan;
use lockstep::catalog::{Dialect, Fingerprint};
use lockstep::structure::{Diff, Obstacle, Proposal, Synced};
use serde::Serialize;

use crate::output::Document;
use crate::output::page::{Page, cell, count};
use crate::terminal::{DIM, ERROR, GOOD, STRONG, WARNING, styled};

/// The statements of a plan alone, one after another.
pub(crate) fn statements(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.statements {
        text.push_str(&change.sql);
        text.push_str(";\n");
    }
    text
}

/// `schema inspect`
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Inspected<'a>(pub(crate) &'a Structure);

impl Document for Inspected<'_> {
    fn human(&self, page: &mut Page) {
        let structure = self.0;
        if structure.is_empty() {
            page.line("nothing is declared here");
            return;
        }
        for table in &structure.tables {
            show_table(page, table);
        }
        let lines = |page: &mut Page, title: &str, names: Vec<String>| {
            if !names.is_empty() {
                page.heading(title);
                for name in names {
                    page.line(format!("  {name}"));
                }
            }
        };
        let views = structure.views.iter().map(|one| one.name.to_string()).collect();
        lines(page, "views", views);
        let types = structure.types.iter().map(|one| one.name.to_string()).collect();
        lines(page, "types", types);
        let sequences = structure.sequences.iter().map(|one| one.name.to_string()).collect();
        lines(page, "sequences", sequences);
        let routines = structure
            .routines
            .iter()
            .map(|one| format!("{}({})", one.name, one.arguments));
        lines(page, "routines", routines.collect());
        let triggers = structure
            .triggers
            .iter()
            .map(|one| format!("{} on {}", one.name, one.on));
        lines(page, "triggers", triggers.collect());
        let extensions = structure.extensions.iter().map(|one| one.name.clone()).collect();
        lines(page, "extensions", extensions);
        let others = structure.others.iter().map(|one| format!("{} {}", one.kind, one.name));
        lines(page, "others", others.collect());
    }
}

fn show_table(page: &mut Page, table: &Table) {
    let what = match &table.virtual_table {
        Some(virtual_table) => format!(" (virtual, {})", virtual_table.module),
        None => String::new(),
    };
    page.heading(format!("{}{what}", table.name));
    let rows = table.columns.iter().map(|column| {
        let mut more = Vec::new();
        more.extend(column.default.as_ref().map(|text| format!("default {text}")));
        more.extend(column.generated.as_ref().map(|one| format!("= {}", one.expression)));
        more.extend(column.identity.as_ref().map(|_| "identity".to_owned()));
        more.extend(column.auto_increment.then(|| "auto_increment".to_owned()));
        more.extend(column.options.get("on_update").map(|text| format!("on update {text}")));
        more.extend(column.collation.as_ref().map(|name| format!("collate {name}")));
        more.extend(column.comment.as_ref().map(|text| format!("-- {text}")));
        vec![
            cell(format!("  {}", column.name)),
            cell(&column.data_type),
            cell(if column.nullable { "" } else { "not null" }),
            cell(more.join(" ")),
        ]
    });
    page.table(&["  column", "type", "", ""], rows);
    for constraint in &table.constraints {
        page.line(format!("  {}", constraint.kind));
    }
    for index in &table.indexes {
        page.line(format!("  index {}: {index}", index.name));
    }
}

/// `schema fingerprint`
#[derive(Debug, Serialize)]
pub(crate) struct Fingerprinted {
    pub(crate) command: &'static str,
    pub(crate) dialect: Dialect,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) tables: usize,
}

impl Document for Fingerprinted {
    fn human(&self, page: &mut Page) {
        page.line(self.fingerprint.as_str());
    }
}

/// `schema diff`
#[derive(Debug, Serialize)]
pub(crate) struct Compared<'a> {
    command: &'static str,
    in_sync: bool,
    differences: Vec<Difference>,
    plan: &'a Plan,
    obstacles: &'a [Obstacle],
    fingerprint_from: Fingerprint,
    fingerprint_to: Fingerprint,
}

impl<'a> Compared<'a> {
    pub(crate) fn of(command: &'static str, diff: &'a Diff) -> Self {
        let renamed = diff.renames.applied_to(&diff.from);
        Self {
            command,
            in_sync: diff.plan.statements.is_empty(),
            differences: compare(&renamed, &diff.to).differences(&diff.renames),
            plan: &diff.plan,
            obstacles: &diff.obstacles,
            fingerprint_from: diff.from.fingerprint(),
            fingerprint_to: diff.to.fingerprint(),
        }
    }
}

impl Document for Compared<'_> {
    fn human(&self, page: &mut Page) {
        if self.in_sync {
            page.styled(GOOD, "in sync");
            return;
        }
        show_differences(page, &self.differences);
        if self.obstacles.is_empty() {
            show_plan(page, self.plan);
        }
    }
}

fn show_differences(page: &mut Page, differences: &[Difference]) {
    for difference in differences {
        let style = match difference.severity {
            Severity::Critical => ERROR,
            Severity::Warning => WARNING,
            Severity::Info => DIM,
        };
        let lost = if difference.loses_data { " (its values go)" } else { "" };
        page.line(format!("{}{lost}", styled(style, difference)));
    }
}

fn show_plan(page: &mut Page, plan: &Plan) {
    for note in &plan.notes {
        let style = match note.severity {
            Severity::Critical => ERROR,
            Severity::Warning => WARNING,
            Severity::Info => DIM,
        };
        page.styled(style, format!("! {note}"));
    }
    page.heading(count(plan.statements.len(), "statement"));
    for change in &plan.statements {
        let mut about = change.comment.clone();
        if let Some(lock) = &change.lock {
            let stops = match (lock.blocks_reads, lock.blocks_writes) {
                (true, _) => "stops readers and writers",
                (false, true) => "stops writers",
                (false, false) => "stops nobody",
            };
            about.push_str(&format!(" [{} on {}: {stops}]", lock.mode, lock.table));
        }
        if change.rewrites {
            about.push_str(" [writes the table anew]");
        } else if change.scans {
            about.push_str(" [reads the table]");
        }
        if change.outside_transaction {
            about.push_str(" [outside a transaction]");
        }
        page.styled(DIM, format!("-- {about}"));
        page.line(format!("{};", change.sql));
    }
}

fn show_risk(page: &mut Page, risk: &Risk) {
    let factors: Vec<String> = risk
        .factors
        .iter()
        .map(|factor| format!("{factor} +{}", factor.points()))
        .collect();
    let why = if factors.is_empty() {
        String::new()
    } else {
        format!(" ({})", factors.join(", "))
    };
    page.line(format!(
        "risk: {} of 100, {}{why}",
        risk.score,
        styled(STRONG, risk.level.as_str())
    ));
}

/// `schema analyze`
#[derive(Debug, Serialize)]
pub(crate) struct Analyzed {
    pub(crate) command: &'static str,
    pub(crate) in_sync: bool,
    #[serde(skip)]
    pub(crate) by_table: bool,
    pub(crate) differences: Vec<Difference>,
    pub(crate) risk: Risk,
}

impl Document for Analyzed {
    fn human(&self, page: &mut Page) {
        if self.in_sync {
            page.styled(GOOD, "in sync");
            return;
        }
        let row = |one: &Difference| {
            vec![
                cell(format!("{:?}", one.severity).to_lowercase()),
                cell(&one.difference_type),
                cell(&one.what),
                cell(&one.recommended_action),
            ]
        };
        if self.by_table {
            let mut groups: std::collections::BTreeMap<String, Vec<&Difference>> = std::collections::BTreeMap::new();
            for one in &self.differences {
                groups.entry(one.object.name.to_string()).or_default().push(one);
            }
            for (name, differences) in groups {
                page.heading(name);
                page.table(
                    &["severity", "difference", "what", "do"],
                    differences.into_iter().map(row),
                );
            }
        } else {
            page.table(
                &["severity", "difference", "what", "do"],
                self.differences.iter().map(row),
            );
        }
        show_risk(page, &self.risk);
    }
}

/// `schema sync`
#[derive(Debug, Serialize)]
pub(crate) struct SyncAnswer<'a> {
    pub(crate) command: &'static str,
    #[serde(flatten)]
    pub(crate) synced: &'a Synced,
}

impl Document for SyncAnswer<'_> {
    fn human(&self, page: &mut Page) {
        match self.synced {
            Synced::InSync { left, .. } => {
                page.styled(GOOD, "in sync");
                show_left(page, left);
            }
            Synced::Planned { proposal } => {
                show_proposal(page, proposal);
                page.line("nothing was changed: this was a dry run");
            }
            Synced::NeedsConsent { proposal } => {
                show_proposal(page, proposal);
                page.styled(WARNING, "nothing was changed: somebody has to agree");
                page.next("lockstep schema sync --yes");
            }
            Synced::Obstructed { proposal, obstacles } => {
                show_proposal(page, proposal);
                for obstacle in obstacles {
                    page.styled(ERROR, &obstacle.check.message);
                    for row in &obstacle.rows {
                        let values: Vec<&str> = row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
                        page.line(format!("  {}", values.join(" | ")));
                    }
                }
                page.styled(ERROR, "nothing was changed: these rows cannot follow");
            }
            Synced::Synchronized {
                proposal,
                schema,
                handler_version,
                builds_on,
                reversible,
                files,
                notes,
                ..
            } => {
                show_differences(page, &proposal.differences);
                page.styled(GOOD, format!("synchronized as {schema}, held by {handler_version}"));
                for file in files {
                    page.line(format!("  wrote {}", file.display()));
                }
                for note in notes {
                    page.styled(WARNING, note);
                }
                show_left(page, &proposal.left);
                let deactivate = format!("lockstep deactivate {handler_version} --instance sync");
                match builds_on {
                    _ if !reversible => page.line("  it cannot be taken back"),
                    None => page.line(format!("  taken back by: {deactivate}")),
                    Some(before) => {
                        page.line(format!(
                            "  back to {before}: {deactivate} --retain && lockstep rollback {schema}"
                        ));
                        page.line(format!("  back to before the first sync: {deactivate}"));
                    }
                }
            }
        }
    }
}

fn show_proposal(page: &mut Page, proposal: &Proposal) {
    for version in &proposal.migrations {
        page.line(format!("first, the declaration's migration to {version}"));
    }
    show_differences(page, &proposal.differences);
    show_plan(page, &proposal.plan);
    show_risk(page, &proposal.risk);
    show_left(page, &proposal.left);
}

fn show_left(page: &mut Page, left: &[Difference]) {
    if left.is_empty() {
        return;
    }
    page.heading("left as it is; --strategy full would do something about it");
    show_differences(page, left);
}

/// `migration generate`
#[derive(Debug, Serialize)]
pub(crate) struct Generated {
    pub(crate) command: &'static str,
    pub(crate) schema: Option<SchemaVersion>,
    pub(crate) files: Vec<PathBuf>,
    /// Names and texts, where no file was written.
    pub(crate) preview: Option<Vec<(String, String)>>,
    pub(crate) differences: Vec<Difference>,
    pub(crate) notes: Vec<String>,
}

impl Generated {
    /// Where there is nothing to do.
    pub(crate) fn nothing() -> Self {
        Self {
            command: "migration generate",
            schema: None,
            files: Vec::new(),
            preview: None,
            differences: Vec::new(),
            notes: Vec::new(),
        }
    }
}

impl Document for Generated {
    fn human(&self, page: &mut Page) {
        let Some(schema) = &self.schema else {
            page.styled(GOOD, "in sync: there is nothing to write");
            return;
        };
        if let Some(contents) = &self.preview {
            for (name, text) in contents {
                page.heading(format!("{schema}/{name}"));
                page.line(text.trim_end());
            }
        } else {
            show_differences(page, &self.differences);
            for file in &self.files {
                page.line(format!("wrote {}", file.display()));
            }
        }
        for note in &self.notes {
            page.styled(WARNING, note);
        }
        if self.preview.is_none() {
            page.line(format!("bind a handler version to {schema} in handlers.toml, then:"));
            page.next("lockstep rehearse");
        }
    }
}
