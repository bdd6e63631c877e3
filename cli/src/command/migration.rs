//! `migration`: a schema's folder out of a difference.

use lockstep::SchemaVersion;
use lockstep::catalog::compare::{Difference, compare};
use lockstep::catalog::structure::Selection;
use lockstep::catalog::write::Choices;
use lockstep::registry::SchemaSpec;
use lockstep::structure::{DiffOptions, Migration as Steps, diff, generate};

use super::schema::{declared, in_the_way, sides};
use crate::app::App;
use crate::args::{Migration, MigrationGenerate};
use crate::exit;
use crate::output::structure::Generated;
use crate::trouble::{Result, Trouble};

pub(crate) async fn migration(app: &App, args: Migration) -> Result<u8> {
    match args {
        Migration::Generate(args) => generate_one(app, args).await,
        Migration::Lint(args) => super::lint::lint(app, args).await,
    }
}

async fn generate_one(app: &App, args: MigrationGenerate) -> Result<u8> {
    let selection = Selection::from(&args.selection);
    let to = declared(app, args.to)?;
    let (from, to) = sides(app, args.from, to, &selection).await?;
    let beside = from.database.clone().or_else(|| to.database.clone());
    let Some(beside) = beside else {
        return Err(Trouble::input(
            "no_database",
            "neither side is a database, and a migration is tried out on one",
        )
        .next("name one with --from"));
    };
    let options = DiffOptions {
        selection: selection.clone(),
        choices: Choices {
            concurrently: args.planning.concurrently,
            safe: args.planning.safe,
        },
        ..DiffOptions::default()
    };
    let diff = app.in_time(async { Ok(diff(from, to, &options).await?) }).await?;
    if !diff.obstacles.is_empty() {
        return Err(in_the_way(&diff));
    }
    let renamed = diff.renames.applied_to(&diff.from);
    let differences = compare(&renamed, &diff.to).differences(&diff.renames);
    if differences.is_empty() {
        app.show(&Generated::nothing());
        return Ok(exit::DONE);
    }
    let name = args.name.unwrap_or_else(|| named_after(&differences));
    let version = SchemaVersion::new(&name).map_err(lockstep::Error::from)?;
    let steps = app
        .in_time(async { Ok(Steps::of(&beside, &diff, version.as_str(), &selection).await?) })
        .await?;
    let mut spec = SchemaSpec::new(version, steps.steps);
    spec.description = summary(&differences);
    for parent in &args.requires {
        spec = spec.requires(SchemaVersion::new(parent).map_err(lockstep::Error::from)?);
    }
    let contents = generate::contents(&spec, diff.to.dialect);
    let files = if args.preview {
        Vec::new()
    } else {
        generate::save(&app.project.schemas, &spec, diff.to.dialect)?
    };
    app.show(&Generated {
        command: "migration generate",
        schema: Some(spec.version.clone()),
        files,
        preview: args.preview.then_some(contents),
        differences,
        notes: steps.notes,
    });
    Ok(exit::DONE)
}

/// A name out of what is done: `add_orders_total`, or how much.
fn named_after(differences: &[Difference]) -> String {
    use lockstep::catalog::compare::Action;
    let [one, rest @ ..] = differences else {
        return "change".to_owned();
    };
    let verb = match one.action {
        Action::Add => "add",
        Action::Drop => "drop",
        Action::Rename => "rename",
        Action::Modify | Action::Recreate => "change",
    };
    let more = if rest.is_empty() { "" } else { " and more" };
    let text = format!("{verb} {}{more}", one.what);
    let mut name = String::new();
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            name.extend(character.to_lowercase());
        } else if !name.ends_with('_') {
            name.push('_');
        }
    }
    name.truncate(60);
    name.trim_matches('_').to_owned()
}

fn summary(differences: &[Difference]) -> String {
    let told: Vec<String> = differences
        .iter()
        .take(5)
        .map(|one| one.recommended_action.clone())
        .collect();
    let more = differences.len().saturating_sub(told.len());
    match more {
        0 => told.join("; "),
        _ => format!("{}; and {more} more", told.join("; ")),
    }
}
