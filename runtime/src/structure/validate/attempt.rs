//! The scripts, tried out on a throwaway database: what the engine refuses, it refuses there first.

use std::collections::BTreeSet;
use std::ops::Range;

use lockstep_catalog::Dialect;
use lockstep_catalog::lint::{Finding, Script, Severity, Way, statements, token};
use lockstep_catalog::structure::Structure;
use lockstep_catalog::write::create;
use lockstep_registry::SchemaVersion;

use super::super::Database;
use super::{Group, Scripts};
use crate::Result;
use crate::clock::Deadline;
use crate::engine::console::Console;
use crate::engine::step::Fault;

/// What the engine had to say.
#[derive(Debug, Default)]
pub(super) struct Tried {
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<String>,
}

/// Runs every way up in order and then every way back, on an empty database or, for scripts that are no schema, on one
/// that looks like the real one.
pub(super) async fn attempt(
    scripts: &Scripts,
    beside: &Database,
    structure: Option<&Structure>,
    known: &[Finding],
) -> Result<Tried> {
    let (schemas, plain): (Vec<&Group>, Vec<&Group>) = scripts.groups.iter().partition(|group| group.schema.is_some());
    let mut tried = Tried::default();
    if !schemas.is_empty() {
        on_scratch(scripts, &schemas, beside, None, known, &mut tried).await?;
    }
    if !plain.is_empty() {
        on_scratch(scripts, &plain, beside, structure, known, &mut tried).await?;
    }
    Ok(tried)
}

async fn on_scratch(
    scripts: &Scripts,
    groups: &[&Group],
    beside: &Database,
    structure: Option<&Structure>,
    known: &[Finding],
    tried: &mut Tried,
) -> Result<()> {
    let scratch = beside
        .engine
        .blank(Deadline::after(beside.settings.operation_timeout))
        .await?;
    let work = async {
        let mut console = scratch.engine.console().await?;
        let ready = match structure {
            Some(structure) => look_like(console.as_mut(), structure).await,
            None => Ok(()),
        };
        match ready {
            Ok(()) => run(scripts.dialect, groups, console.as_mut(), known, tried).await,
            Err(why) => tried.notes.push(format!(
                "the engine could not try the scripts: a copy of the database's structure: {why}"
            )),
        }
        console.close().await;
        Ok(())
    };
    let worked = work.await;
    scratch.cleanup.await;
    worked
}

/// Makes the objects of the real database, without rows.
async fn look_like(console: &mut dyn Console, structure: &Structure) -> Result<(), String> {
    let plan = create(structure).map_err(|error| error.to_string())?;
    for change in &plan.statements {
        console.run(&change.sql).await.map_err(|fault| fault.message)?;
    }
    Ok(())
}

async fn run(dialect: Dialect, groups: &[&Group], console: &mut dyn Console, known: &[Finding], tried: &mut Tried) {
    let mut failed: BTreeSet<&SchemaVersion> = BTreeSet::new();
    let mut up: Vec<&Group> = Vec::new();
    for group in groups {
        if group.requires.iter().any(|schema| failed.contains(schema)) {
            failed.extend(&group.schema);
            continue;
        }
        let ups = group.migration.scripts.iter().filter(|script| script.way == Way::Up);
        if all(dialect, group, ups, console, known, tried).await {
            up.push(group);
        } else {
            failed.extend(&group.schema);
        }
    }
    if !failed.is_empty() {
        return;
    }
    for group in up.into_iter().rev() {
        let downs = group
            .migration
            .scripts
            .iter()
            .rev()
            .filter(|script| script.way == Way::Down);
        if !all(dialect, group, downs, console, known, tried).await {
            return;
        }
    }
}

/// What PostgreSQL says where a statement only makes sense in a transaction.
const NO_TRANSACTION: &str = "SQLSTATE 25P01";

/// Runs the scripts until the engine refuses one.
async fn all<'a>(
    dialect: Dialect,
    group: &Group,
    scripts: impl Iterator<Item = &'a Script>,
    console: &mut dyn Console,
    known: &[Finding],
    tried: &mut Tried,
) -> bool {
    for script in scripts {
        // What must not run is a finding already.
        let Some(spans) = statements(dialect, &script.text) else {
            return false;
        };
        for span in spans {
            let Err(fault) = console.run(&script.text[span.clone()]).await else {
                continue;
            };
            // PostgreSQL: a lock needs the transaction that it will have when the script runs.
            if fault.message.contains(NO_TRANSACTION) && !script.outside_transaction {
                continue;
            }
            let told = known
                .iter()
                .any(|one| one.severity == Severity::Error && one.file == script.file && within(one, &span));
            if group.migration.judges(script) && !told {
                tried.findings.extend(refused(dialect, group, script, span, &fault));
            } else if !told {
                tried
                    .notes
                    .push(format!("{}: the engine says: {}", script.file, fault.message));
            }
            return false;
        }
    }
    true
}

fn within(finding: &Finding, span: &Range<usize>) -> bool {
    span.start <= finding.start && finding.start < span.end
}

/// The engine's words as a finding, at the place they are about.
fn refused(dialect: Dialect, group: &Group, script: &Script, span: Range<usize>, fault: &Fault) -> Option<Finding> {
    let missing = is_missing(dialect, &fault.message);
    // A script by itself, on a database nobody knows: only its grammar can be judged.
    if missing && group.schema.is_none() {
        return None;
    }
    let place = place(dialect, &script.text, &span, fault);
    let severity = if missing { Severity::Warning } else { Severity::Error };
    let advice = if missing {
        "where it is made outside of these schemas, the engine cannot judge the script without it"
    } else {
        "correct the statement"
    };
    let finding = Finding::at("engine-refuses", severity, &script.file, &script.text, place);
    Some(finding.saying(
        format!("{dialect} refuses this: {}", fault.message),
        "the statement fails, tried out on an empty database",
        advice,
    ))
}

/// Whether the engine misses an object, which may be there in the real database.
fn is_missing(dialect: Dialect, message: &str) -> bool {
    let signs: &[&str] = match dialect {
        Dialect::Sqlite => &[
            "no such table",
            "no such column",
            "no such index",
            "no such view",
            "no such trigger",
            "no such module",
            "no such function",
        ],
        // Tables, columns, functions, objects, schemas.
        Dialect::Postgres => &["42P01", "42703", "42883", "42704", "3F000"],
        Dialect::Mysql => &[
            "error 1146",
            "error 1054",
            "error 1091",
            "error 1051",
            "error 1305",
            "error 1049",
            "error 1824",
            "error 1005",
        ],
    };
    signs.iter().any(|sign| message.contains(sign))
}

/// Where in the script: where the engine says so, or where the word stands that it quotes, or the statement.
fn place(dialect: Dialect, text: &str, span: &Range<usize>, fault: &Fault) -> Range<usize> {
    let statement = &text[span.clone()];
    let at = fault
        .position
        .and_then(|at| statement.char_indices().nth(at))
        .map(|(at, _)| at)
        .or_else(|| near(dialect, statement, &fault.message));
    if let Some(at) = at {
        let rest = &statement[at..];
        let word = rest
            .find(|c: char| !(c.is_alphanumeric() || c == '_'))
            .unwrap_or(rest.len());
        let length = if word == 0 {
            rest.chars().next().map_or(0, char::len_utf8)
        } else {
            word
        };
        return span.start + at..span.start + at + length;
    }
    quoted(&fault.message)
        .into_iter()
        .find_map(|word| token(dialect, text, span.clone(), word))
        .unwrap_or_else(|| span.clone())
}

/// MySQL quotes the rest of the statement from where it stumbled: `near 'FORM t' at line 2`.
fn near(dialect: Dialect, statement: &str, message: &str) -> Option<usize> {
    if dialect != Dialect::Mysql {
        return None;
    }
    let (_, rest) = message.split_once("near '")?;
    let (quoted, _) = rest.rsplit_once("' at line ")?;
    if quoted.is_empty() {
        return None;
    }
    statement.rfind(quoted)
}

/// Words that a message quotes, or names behind a colon: `near "FORM": syntax error`, `no such table: userz`.
fn quoted(message: &str) -> Vec<&str> {
    let mut words: Vec<&str> = message.split('"').skip(1).step_by(2).collect();
    words.extend(message.split('\'').skip(1).step_by(2));
    if let Some((_, name)) = message.rsplit_once(": ") {
        words.push(
            name.split_whitespace()
                .next()
                .unwrap_or_default()
                .rsplit('.')
                .next()
                .unwrap_or_default(),
        );
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::step::Cause;

    fn shown(dialect: Dialect, text: &str, message: &str, position: Option<usize>) -> String {
        let fault = Fault {
            position,
            ..Fault::new(Cause::Refused, message)
        };
        text[place(dialect, text, &(0..text.len()), &fault)].to_owned()
    }

    #[test]
    fn the_engines_words_lead_to_the_place_they_are_about() {
        let text = "SELECT 'é', nam FORM users";
        assert_eq!(shown(Dialect::Postgres, text, "x", Some(12)), "nam");
        assert_eq!(
            shown(Dialect::Sqlite, text, "near \"users\": syntax error", None),
            "users"
        );
        assert_eq!(shown(Dialect::Sqlite, text, "no such column: users.nam", None), "nam");
        let words = "You have an error near 'FORM users' at line 1 (error 1064)";
        assert_eq!(shown(Dialect::Mysql, text, words, None), "FORM");
        assert_eq!(shown(Dialect::Mysql, text, "no idea", None), text);
        assert_eq!(shown(Dialect::Postgres, text, "x", Some(99)), text);
    }
}
