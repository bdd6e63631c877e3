//! `schema`: what a database looks like, and what lies between two.

use lockstep::structure::{Choices, Database, DiffOptions, Renames, Side, Source, Structure, diff, write};

use crate::app::App;
use crate::args::{Format, Schema, SchemaDiff, SchemaInspect};
use crate::exit;
use crate::terminal;
use crate::trouble::Result;

pub(crate) async fn schema(app: &App, args: Schema) -> Result<u8> {
    match args {
        Schema::Inspect(args) => inspect(app, args).await,
        Schema::Diff(args) => difference(app, args).await,
    }
}

async fn inspect(app: &App, args: SchemaInspect) -> Result<u8> {
    let settings = &app.project.settings;
    let side = args.source.read(None, settings, &Default::default()).await?;
    match app.format {
        Format::Sql => {
            let structure = &side.structure;
            let empty = Structure::empty(structure.dialect);
            let plan = write(&empty, structure, &Renames::none(), Choices::default()).map_err(|error| {
                lockstep::Error::Format {
                    path: "the schema".to_owned(),
                    line: None,
                    message: error.to_string(),
                }
            })?;
            let mut text = String::new();
            for change in &plan.statements {
                text.push_str(&change.sql);
                text.push_str(";\n");
            }
            terminal::print(&text);
        }
        _ => terminal::print(&serde_json::to_string_pretty(&side.structure).unwrap_or_default()),
    }
    Ok(exit::DONE)
}

async fn difference(app: &App, args: SchemaDiff) -> Result<u8> {
    let (from, to) = sides(app, &args.from, &args.to).await?;
    let diff = diff(from, to, &DiffOptions::default()).await?;
    match app.format {
        Format::Json => terminal::print(&serde_json::to_string_pretty(&diff).unwrap_or_default()),
        _ => {
            let mut text = String::new();
            for change in &diff.plan.statements {
                text.push_str(&change.sql);
                text.push_str(";\n");
            }
            terminal::print(&text);
        }
    }
    for obstacle in &diff.obstacles {
        terminal::say(&format!("{:?}", obstacle));
    }
    if !diff.obstacles.is_empty() {
        return Ok(exit::REFUSED);
    }
    Ok(exit::DONE)
}

/// Reads both sides; SQL is understood beside the database that the other names.
async fn sides(app: &App, from: &Source, to: &Source) -> Result<(Side, Side)> {
    let settings = &app.project.settings;
    let selection = Default::default();
    let beside = match from.url().or(to.url()) {
        Some(url) => Some(Database::connect(url, settings).await?),
        None => None,
    };
    let from = from.read(beside.as_ref(), settings, &selection).await?;
    let to = to.read(beside.as_ref(), settings, &selection).await?;
    Ok((from, to))
}
