//! Scripts validated before anything runs: by the rules, by the engine, by the rows.
//!
//! ```text
//!  files ── Scripts ──► rules ─────────────────────────────────┐
//!              │         ▲                                     │
//!              │         └── structure, row counts ── database ├─► findings, each with file, line and column
//!              │                                       │       │
//!              ├──► ups, then downs, on a throwaway ───┤       │
//!              │    database: what the engine refuses ─┼───────┤
//!              └──► questions of the rules ─► its rows ┘───────┘
//! ```
//!
//! Without a database only the rules speak, and on SQLite, which needs no server, the engine. A database that is named is
//! only read.

mod attempt;
mod scripts;

use std::collections::BTreeSet;

use lockstep_catalog::Dialect;
use lockstep_catalog::lint::{Finding, Input, Report, Severity, lint};
use lockstep_catalog::structure::{Selection, Structure};

use super::{Database, rows};
use crate::Result;
use crate::settings::Settings;

pub use scripts::{Group, Scripts};

/// How many rows in the way are named.
const NAMED: usize = 20;

/// The most schemas a database is asked about.
const SCHEMAS: usize = 100_000;

/// What validation came to.
#[derive(Debug, Clone, Default)]
pub struct Validated {
    /// In the order of the scripts and of the places in them.
    pub findings: Vec<Finding>,
    /// What could not be looked at, and why.
    pub notes: Vec<String>,
}

/// Validates scripts, against a database where one is given.
///
/// What the database already holds, because the schema is applied there, is judged by the rules alone.
///
/// # Errors
///
/// Where the database cannot be read. What it refuses, and what its rows say, are findings.
pub async fn validate(scripts: &Scripts, database: Option<&Database>, settings: &Settings) -> Result<Validated> {
    let mut validated = Validated {
        findings: scripts.findings.clone(),
        notes: Vec::new(),
    };
    let applied = match database {
        Some(database) => applied(database, settings).await,
        None => BTreeSet::new(),
    };
    let structure = match database {
        Some(database) => Some(database.structure(&Selection::all()).await?),
        None => None,
    };
    by_rules(scripts, database, structure.as_ref(), &applied, &mut validated).await;
    let beside = match database {
        Some(database) => Some(database.clone()),
        None => in_memory(scripts.dialect, settings).await,
    };
    if let Some(beside) = &beside {
        let tried = attempt::attempt(scripts, beside, structure.as_ref(), &validated.findings).await;
        match tried {
            Ok(tried) => {
                validated.findings.extend(tried.findings);
                validated.notes.extend(tried.notes);
            }
            Err(error) => validated
                .notes
                .push(format!("the engine could not try the scripts: {error}")),
        }
    }
    if let (None, Some(beside)) = (database, beside) {
        beside.close().await;
    }
    // What is no text was judged as an empty one.
    let no_text = |file: &str| {
        scripts
            .findings
            .iter()
            .any(|one| one.rule == "unreadable" && one.file == file)
    };
    validated
        .findings
        .retain(|one| one.rule != "empty" || !no_text(&one.file));
    let order: Vec<&str> = scripts.files().collect();
    let place = |finding: &Finding| order.iter().position(|file| *file == finding.file);
    validated
        .findings
        .sort_by_key(|finding| (place(finding), finding.start));
    Ok(validated)
}

/// SQLite needs no server to try things out.
async fn in_memory(dialect: Dialect, settings: &Settings) -> Option<Database> {
    match dialect {
        Dialect::Sqlite => Database::connect("sqlite::memory:", settings).await.ok(),
        Dialect::Postgres | Dialect::Mysql => None,
    }
}

async fn by_rules(
    scripts: &Scripts,
    database: Option<&Database>,
    structure: Option<&Structure>,
    applied: &BTreeSet<String>,
    validated: &mut Validated,
) {
    let is_applied = |group: &&Group| {
        group
            .schema
            .as_ref()
            .is_some_and(|name| applied.contains(name.as_str()))
    };
    let (there, new): (Vec<&Group>, Vec<&Group>) = scripts.groups.iter().partition(|group| is_applied(group));
    // What is applied met another database than this one.
    if !there.is_empty() {
        let migrations: Vec<_> = there.iter().map(|group| group.migration.clone()).collect();
        let report = lint(&Input::of(scripts.dialect, &migrations));
        validated.findings.extend(report.findings);
    }
    let counts = match (database, structure) {
        (Some(database), Some(structure)) => {
            match rows::counted_of(database, structure, |name| scripts.name(name)).await {
                Ok(counts) => Some(counts),
                Err(error) => {
                    validated.notes.push(format!("the rows could not be counted: {error}"));
                    None
                }
            }
        }
        _ => None,
    };
    let migrations: Vec<_> = new.iter().map(|group| group.migration.clone()).collect();
    let report = lint(&Input {
        dialect: scripts.dialect,
        migrations: &migrations,
        database: structure,
        rows: counts.as_ref(),
    });
    if let Some(database) = database {
        by_rows(database, &report, validated).await;
    }
    validated.findings.extend(report.findings);
}

/// Asks the rows what the rules want to know.
async fn by_rows(database: &Database, report: &Report, validated: &mut Validated) {
    for question in &report.questions {
        let rows = match database.ask(&question.query, NAMED + 1).await {
            Ok(rows) => rows,
            Err(error) => {
                validated
                    .notes
                    .push(format!("whether {} could not be asked: {error}", question.message));
                continue;
            }
        };
        if rows.is_empty() {
            continue;
        }
        let more = if rows.len() > NAMED { ", and more" } else { "" };
        let named: Vec<String> = rows.iter().take(NAMED).map(|row| told(row)).collect();
        validated.findings.push(Finding {
            rule: "rows-in-the-way",
            severity: Severity::Error,
            message: format!("{}: {}{more}", question.message, named.join("; ")),
            consequence: "the statement fails".to_owned(),
            advice: question.advice.clone(),
            file: question.file.clone(),
            line: question.line,
            column: question.column,
            start: question.start,
            end: question.end,
        });
    }
}

fn told(row: &[Option<String>]) -> String {
    let values = row.iter().map(|value| match value {
        Some(text) if text.chars().count() > 40 => text.chars().take(40).chain(['…']).collect(),
        Some(text) => text.clone(),
        None => "NULL".to_owned(),
    });
    values.collect::<Vec<_>>().join(" | ")
}

/// The schemas of the scope that are applied; none where Lockstep was never here.
async fn applied(database: &Database, settings: &Settings) -> BTreeSet<String> {
    let query = "SELECT scope, version FROM lockstep_schema WHERE state = 'applied'";
    let rows = database.ask(query, SCHEMAS).await.unwrap_or_default();
    let ours = rows.into_iter().filter_map(|row| match row.as_slice() {
        [Some(scope), Some(version)] if scope == settings.scope.as_str() => Some(version.clone()),
        _ => None,
    });
    ours.collect()
}

/// A file that cannot be judged.
fn unreadable(file: &str, message: String) -> Finding {
    Finding::at("unreadable", Severity::Error, file, "", 0..0).saying(message, "nothing of it runs", "")
}
