//! `schema`: what a database looks like, and what lies between two.

use lockstep::structure::{Database, DiffOptions, Plan, Side, Source, diff};

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
        Format::Sql => terminal::print(&sql(&lockstep::structure::declaration(&side.structure)?)),
        _ => terminal::print(&serde_json::to_string_pretty(&side.structure).unwrap_or_default()),
    }
    Ok(exit::DONE)
}

async fn difference(app: &App, args: SchemaDiff) -> Result<u8> {
    let (from, to) = sides(app, &args.from, &args.to).await?;
    let diff = diff(from, to, &DiffOptions::default()).await?;
    match app.format {
        Format::Json => terminal::print(&serde_json::to_string_pretty(&diff).unwrap_or_default()),
        _ => terminal::print(&sql(&diff.plan)),
    }
    for obstacle in &diff.obstacles {
        terminal::say(&format!("{:?}", obstacle));
    }
    if !diff.obstacles.is_empty() {
        return Ok(exit::REFUSED);
    }
    Ok(exit::DONE)
}

/// The statements alone.
fn sql(plan: &Plan) -> String {
    let mut text = String::new();
    for change in &plan.statements {
        text.push_str(&change.sql);
        text.push_str(";\n");
    }
    text
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
