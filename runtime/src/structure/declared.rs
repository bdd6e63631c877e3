//! What was declared, made in a throwaway database and read back: what it means is what the engine makes of it.
//!
//! ```text
//!  SQL ────────────────────────────── statements, any order ──┐
//!  definition, entity types ─────────── statements, raw SQL ──┼─► blank database ─► introspect ─► Structure
//!  schema:NAME ─► its closure ─ ups, in their order ──────────┘
//! ```

use std::path::Path;

use lockstep_catalog::declare::{Declared, Faults, Format, blame};
use lockstep_catalog::structure::{ObjectRef, Selection, Structure};
use lockstep_catalog::{Dialect, is_about_privileges, is_setting, split, split_ddl};
use lockstep_lifecycle::{Direction, Refusal};
use lockstep_registry::{Requires, SchemaVersion, Specs};

use super::Database;
use crate::clock::Deadline;
use crate::engine::console::Console;
use crate::statements::{Work, work_of};
use crate::{Error, Result, files};

/// What came of a declaration.
pub(crate) struct Made {
    /// What a database looks like in which nothing else was run.
    pub(crate) structure: Structure,
    /// Whether not one statement says who may do what: then those that are there may go on.
    pub(crate) leaves_privileges: bool,
}

/// In which order statements run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    /// As they stand.
    Given,
    /// One that needs a later one is tried again after it.
    Any,
}

/// A statement that the engine refuses to the end, and its words.
struct Refused {
    statement: usize,
    message: String,
}

/// What a database looks like in which nothing but `script` was run. `origin` names the script in errors.
///
/// Statements may stand in any order: one that needs a later one is tried again after it.
///
/// # Errors
///
/// Where a statement cannot be read or the engine refuses it; the first that stays refused is named with its line.
pub(crate) async fn load(database: &Database, origin: &str, script: &str, selection: &Selection) -> Result<Made> {
    let statements = split_ddl(database.dialect(), script).map_err(|error| Error::Script {
        origin: origin.to_owned(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    let texts: Vec<&str> = statements.iter().map(|one| one.text.as_str()).collect();
    made(database, &texts, Order::Any, selection)
        .await?
        .map_err(|refused| Error::Script {
            origin: origin.to_owned(),
            line: statements.get(refused.statement).map_or(1, |one| one.line),
            column: 1,
            message: refused.message,
        })
}

/// What is to be made of a definition: a statement, and where it comes from.
enum Piece {
    Object(ObjectRef),
    /// A line of the file.
    Raw(u32),
}

/// What a database looks like that is as a definition (or entity types) declares it.
///
/// # Errors
///
/// Where the engine refuses something; the place in the file is named.
pub(super) async fn load_definition(
    database: &Database,
    (origin, format, text): (&str, Format, &str),
    declared: &Declared,
    selection: &Selection,
) -> Result<Made> {
    let dialect = database.dialect();
    let makings = declared.makings().map_err(|error| Error::Format {
        path: origin.to_owned(),
        line: None,
        message: error.to_string(),
    })?;
    let mut pieces: Vec<_> = makings
        .into_iter()
        .map(|making| (making.sql, Piece::Object(making.about)))
        .collect();
    for raw in &declared.raw {
        let statements = split(dialect, &raw.sql).map_err(|error| Error::Script {
            origin: origin.to_owned(),
            line: raw.line,
            column: 1,
            message: error.to_string(),
        })?;
        pieces.extend(statements.into_iter().map(|one| (one.text, Piece::Raw(raw.line))));
    }
    let texts: Vec<&str> = pieces.iter().map(|(sql, _)| sql.as_str()).collect();
    let made = made(database, &texts, Order::Any, selection).await?;
    made.map_err(|refused| {
        let (sql, piece) = &pieces[refused.statement];
        let message = format!("{}\n  in: {sql}", refused.message);
        let (line, column) = match piece {
            Piece::Raw(line) => (*line, 1),
            Piece::Object(about) => {
                blame(dialect, format, text, about, "").map_or((1, 1), |fault| (fault.line, fault.column))
            }
        };
        Error::Script {
            origin: origin.to_owned(),
            line,
            column,
            message,
        }
    })
}

/// What a database looks like after the ups of a schema of the schemas folder, and of all that it builds on.
///
/// # Errors
///
/// Where the folder cannot be read, there is no such schema, a step is code, or the engine refuses a statement.
pub(super) async fn load_schema(
    database: &Database,
    folder: &Path,
    schema: &SchemaVersion,
    selection: &Selection,
) -> Result<Made> {
    let dialect = database.dialect();
    let specs = Specs::new(files::load(folder, dialect)?.specs)?;
    if specs.get(schema).is_none() {
        return Err(Refusal::UnknownSchema { schema: schema.clone() }.into());
    }
    let mut pieces = Vec::new();
    for version in specs.graph().closure(schema) {
        let Some(spec) = specs.get(&version) else { continue };
        for step in &spec.steps {
            match work_of(dialect, &version, step, Direction::Up)? {
                Work::Sql(statements) => pieces.extend(
                    statements
                        .into_iter()
                        .map(|one| (one.text, one.line, format!("{version}/{}", step.name))),
                ),
                Work::Code => {
                    return Err(Error::MissingCode {
                        schema: version,
                        step: step.name.clone(),
                    });
                }
                Work::Irreversible => {}
            }
        }
    }
    let texts: Vec<&str> = pieces.iter().map(|(sql, ..)| sql.as_str()).collect();
    let made = made(database, &texts, Order::Given, selection).await?;
    made.map_err(|refused| {
        let (_, line, origin) = &pieces[refused.statement];
        Error::Script {
            origin: origin.clone(),
            line: *line,
            column: 1,
            message: refused.message,
        }
    })
}

/// Faults of a file, as one error: the first with its place, the others below it.
pub(super) fn faulty(origin: &str, faults: Faults) -> Error {
    let mut faults = faults.0.into_iter();
    let Some(first) = faults.next() else {
        return Error::bug("a file was refused without a fault");
    };
    let mut message = first.message;
    for (at, fault) in faults.enumerate() {
        if at == TOLD {
            message.push_str("\nand more");
            break;
        }
        message.push_str(&format!("\n{origin}:{fault}"));
    }
    Error::Script {
        origin: origin.to_owned(),
        line: first.line,
        column: first.column,
        message,
    }
}

/// How many faults are told besides the first.
const TOLD: usize = 20;

/// Runs the statements in a blank database, and reads what is there then.
async fn made(
    database: &Database,
    statements: &[&str],
    order: Order,
    selection: &Selection,
) -> Result<Result<Made, Refused>> {
    let scratch = database
        .engine
        .blank(Deadline::after(database.settings.operation_timeout))
        .await?;
    let loaded = async {
        let mut console = scratch.engine.console().await?;
        let structure = match run(console.as_mut(), database.dialect(), statements, order).await {
            Ok(()) => console.introspect(selection).await.map(Ok),
            Err(refused) => Ok(Err(refused)),
        };
        console.close().await;
        structure
    };
    let structure = loaded.await;
    scratch.cleanup.await;
    let says = |sql: &&str| is_about_privileges(database.dialect(), sql);
    Ok(structure?.map(|structure| Made {
        leaves_privileges: !structure.has_privileges() && !statements.iter().any(says),
        structure,
    }))
}

async fn run(console: &mut dyn Console, dialect: Dialect, statements: &[&str], order: Order) -> Result<(), Refused> {
    let mut pending: Vec<usize> = (0..statements.len()).collect();
    // Tables that point at each other in a circle can only be made where nobody looks.
    let mut looser = (dialect == Dialect::Mysql && order == Order::Any).then_some("SET SESSION foreign_key_checks = 0");
    while !pending.is_empty() {
        let mut again = Vec::new();
        let mut first = None;
        for statement in &pending {
            if let Err(fault) = console.run(statements[*statement]).await {
                let refused = Refused {
                    statement: *statement,
                    message: fault.message,
                };
                if order == Order::Given {
                    return Err(refused);
                }
                // A setting of a dump that this server does not know means nothing for the structure.
                if is_setting(statements[*statement]) {
                    continue;
                }
                first.get_or_insert(refused);
                again.push(*statement);
            }
        }
        if again.len() == pending.len()
            && let Some(refused) = first
        {
            let set = match looser.take() {
                Some(setting) => console.run(setting).await.is_ok(),
                None => false,
            };
            if !set {
                return Err(refused);
            }
        }
        pending = again;
    }
    Ok(())
}
