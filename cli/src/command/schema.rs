//! `schema`: what a database looks like, what lies between two, and making one look as declared.

use std::io::{BufRead, IsTerminal};

use lockstep::catalog::compare::compare;
use lockstep::catalog::declare::{definition_schema, entities_schema};
use lockstep::catalog::risk::assess;
use lockstep::catalog::structure::Selection;
use lockstep::catalog::write::{Choices, create};
use lockstep::structure::{Consent, Database, Diff, DiffOptions, Side, Source, SyncOptions, Synced, counted, diff};

use crate::app::{Access, App, Open};
use crate::args::{Described, Format, Schema, SchemaAnalyze, SchemaDiff, SchemaSync, SelectionArgs};
use crate::exit;
use crate::files::Files;
use crate::graph::tables;
use crate::output::structure::{Analyzed, Compared, Fingerprinted, Inspected, SyncAnswer, statements};
use crate::terminal;
use crate::trouble::{Result, Trouble};

pub(crate) async fn schema(app: &App, args: Schema) -> Result<u8> {
    match args {
        Schema::Inspect { source, selection } => inspect(app, source, &selection).await,
        Schema::Diff(args) => difference(app, args).await,
        Schema::Analyze(args) => analyze(app, args).await,
        Schema::Sync(args) => sync(app, args).await,
        Schema::Fingerprint { source, selection } => fingerprint(app, source, &selection).await,
        Schema::Describe { of } => {
            terminal::print(&format!("{:#}", json_schema(of)));
            Ok(exit::DONE)
        }
    }
}

fn json_schema(of: Described) -> serde_json::Value {
    match of {
        Described::Definition => definition_schema(),
        Described::Entities => entities_schema(),
    }
}

impl From<&SelectionArgs> for Selection {
    fn from(args: &SelectionArgs) -> Self {
        Self {
            schemas: args.namespace.clone(),
            include: args.include.clone(),
            exclude: args.exclude.clone(),
        }
    }
}

async fn inspect(app: &App, source: Option<Source>, selection: &SelectionArgs) -> Result<u8> {
    let side = one(app, source, selection).await?;
    match app.format {
        Format::Sql => {
            let plan = create(&side.structure).map_err(|error| Trouble::input("unsupported", error.to_string()))?;
            terminal::print_exactly(&statements(&plan));
        }
        Format::Mermaid | Format::Dot => terminal::print(&tables::mermaid(&side.structure)),
        Format::Svg => terminal::print(&tables::svg(&side.structure)),
        Format::Human | Format::Json => app.show(&Inspected(&side.structure)),
    }
    Ok(exit::DONE)
}

async fn fingerprint(app: &App, source: Option<Source>, selection: &SelectionArgs) -> Result<u8> {
    let side = one(app, source, selection).await?;
    app.show(&Fingerprinted {
        command: "schema fingerprint",
        dialect: side.structure.dialect,
        fingerprint: side.structure.fingerprint(),
        tables: side.structure.tables.len(),
    });
    Ok(exit::DONE)
}

async fn difference(app: &App, args: SchemaDiff) -> Result<u8> {
    let selection = Selection::from(&args.selection);
    let (from, to) = sides(app, args.from, args.to, &selection).await?;
    let options = DiffOptions {
        selection,
        choices: Choices {
            concurrently: args.planning.concurrently,
            safe: args.planning.safe,
        },
        ..DiffOptions::default()
    };
    let work = async { Ok(diff(from, to, &options).await?) };
    let diff = app.in_time(work).await?;
    let differs = !diff.plan.statements.is_empty();
    // Statements that must not run are not printed to be run.
    if diff.obstacles.is_empty() || app.format != Format::Sql {
        match app.format {
            Format::Sql => terminal::print_exactly(&statements(&diff.plan)),
            _ => app.show(&Compared::of("schema diff", &diff)),
        }
    }
    if !diff.obstacles.is_empty() {
        return Err(in_the_way(&diff));
    }
    Ok(if differs && args.exit_code {
        exit::DIFFERENT
    } else {
        exit::DONE
    })
}

async fn analyze(app: &App, args: SchemaAnalyze) -> Result<u8> {
    let mut selection = Selection::from(&args.selection);
    let mut to = declared(app, args.to)?;
    if let Some(entity) = &args.entity {
        (to, selection.include) = match to.entity(entity)? {
            Some((one, tables)) => (one, tables),
            None => (to, vec![entity.clone(), format!("{entity}_*")]),
        };
    }
    let (from, to) = sides(app, None, to, &selection).await?;
    let renames = to.renames.pending(&from.structure);
    let renamed = renames.applied_to(&from.structure);
    let differences = compare(&renamed, &to.goal(&renamed)).differences(&renames);
    let rows = match &from.database {
        Some(database) => {
            app.in_time(async { Ok(counted(database, &from.structure, &differences).await?) })
                .await?
        }
        None => Default::default(),
    };
    let risk = assess(&differences, |name| rows.get(name).copied(), args.production);
    let differs = !differences.is_empty();
    app.show(&Analyzed {
        command: "schema analyze",
        in_sync: !differs,
        by_table: args.all,
        differences,
        risk,
    });
    Ok(if differs && args.exit_code {
        exit::DIFFERENT
    } else {
        exit::DONE
    })
}

async fn sync(app: &App, args: SchemaSync) -> Result<u8> {
    let selection = Selection::from(&args.selection);
    let to = declared(app, args.to)?;
    let access = if args.dry_run {
        Access::LookAhead
    } else {
        Access::Create
    };
    let runtime = app.open(Open::to(access, Files::Helpful)).await?;
    let settings = &app.project.settings;
    let database = runtime.database();
    let schemas = &app.project.schemas;
    let mut options = SyncOptions {
        strategy: args.strategy.into(),
        dry_run: args.dry_run,
        consent: args.yes.then_some(Consent::Any),
        production: args.production,
        override_incompatible: args.override_incompatible,
        choices: Choices {
            concurrently: args.planning.concurrently,
            safe: args.planning.safe,
        },
        save_to: (schemas.is_dir() && !args.no_files).then(|| schemas.clone()),
        selection: selection.clone(),
        ..SyncOptions::default()
    };
    let desired = || async {
        let read = to.read(Some(&database), settings, &selection);
        app.in_time::<Side>(async { Ok(read.await?) }).await
    };
    let side = desired().await?;
    tell(&side);
    let mut synced = app.in_time(async { Ok(runtime.sync(side, &options).await?) }).await?;
    if let Synced::NeedsConsent { proposal } = &synced
        && asked(app, proposal)?
    {
        options.consent = Some(Consent::To(proposal.id.clone()));
        let side = desired().await?;
        synced = app.in_time(async { Ok(runtime.sync(side, &options).await?) }).await?;
    }
    let code = match &synced {
        Synced::InSync { .. } | Synced::Planned { .. } | Synced::Synchronized { .. } => exit::DONE,
        Synced::Obstructed { .. } | Synced::NeedsConsent { .. } => exit::REFUSED,
    };
    app.show(&SyncAnswer {
        command: "schema sync",
        synced: &synced,
    });
    Ok(code)
}

/// At a terminal, asks a person to type what is at stake; elsewhere nobody agreed.
fn asked(app: &App, proposal: &lockstep::structure::Proposal) -> Result<bool> {
    let stdin = std::io::stdin();
    if app.format != Format::Human || !stdin.is_terminal() {
        return Ok(false);
    }
    let word = database_name(&app.project.url()?);
    for difference in &proposal.differences {
        terminal::say(&format!("  {difference}"));
    }
    terminal::warn(&format!(
        "this is {} (risk {} of 100)",
        proposal.risk.level.as_str(),
        proposal.risk.score
    ));
    terminal::say(&format!("type {word} to go ahead, anything else to stop:"));
    let mut answer = String::new();
    stdin
        .lock()
        .read_line(&mut answer)
        .map_err(|error| Trouble::input("terminal", format!("the answer could not be read: {error}")))?;
    Ok(answer.trim() == word)
}

/// What a person calls the database a URL names: the end of its path.
fn database_name(url: &str) -> String {
    let path = url.split('?').next().unwrap_or_default();
    let name = path.rsplit(['/', ':']).next().unwrap_or_default();
    if name.is_empty() {
        "yes".to_owned()
    } else {
        name.to_owned()
    }
}

/// One source, or the database.
pub(super) async fn one(app: &App, source: Option<Source>, selection: &SelectionArgs) -> Result<Side> {
    let source = or_database(app, source)?;
    let settings = &app.project.settings;
    let selection = Selection::from(selection);
    let work = async {
        let beside = match source.needs_a_database() {
            true => Some(Database::connect(&beside(app)?, settings).await?),
            false => None,
        };
        let side = source.read(beside.as_ref(), settings, &selection).await?;
        tell(&side);
        Ok(side)
    };
    app.in_time(work).await
}

/// Where something is made that only a database understands: a file that is not there yet does not come to be by it.
fn beside(app: &App) -> Result<String> {
    match app.project.missing_file()? {
        Some(_) => Ok("sqlite::memory:".to_owned()),
        None => app.project.url(),
    }
}

/// What a file says that is allowed and should be known.
fn tell(side: &Side) {
    let Some(declaration) = &side.declaration else { return };
    for note in &declaration.notes {
        terminal::warn(&format!("{}:{note}", declaration.origin));
    }
}

/// Both sides; SQL is understood beside the database that the other names.
pub(super) async fn sides(app: &App, from: Option<Source>, to: Source, selection: &Selection) -> Result<(Side, Side)> {
    let from = or_database(app, from)?;
    let to = to.in_folder(&app.project.schemas);
    let settings = &app.project.settings;
    let url = match from.url().or(to.url()) {
        Some(url) => url.to_owned(),
        None => beside(app)?,
    };
    let work = async {
        let beside = Database::connect(&url, settings).await?;
        let (mut read, connected) = (Vec::new(), &beside);
        for source in [from, to] {
            read.push(match source.url() {
                // The connection is there already.
                Some(same) if same == url => connected.side(selection).await?,
                _ => source.read(Some(connected), settings, selection).await?,
            });
        }
        match (read.pop(), read.pop()) {
            (Some(to), Some(from)) => {
                tell(&from);
                tell(&to);
                Ok((from, to))
            }
            _ => Err(Trouble::new(
                "bug",
                lockstep::ErrorKind::Bug,
                "two sources make two sides",
            )),
        }
    };
    app.in_time(work).await
}

fn or_database(app: &App, source: Option<Source>) -> Result<Source> {
    match source {
        Some(source) => Ok(source.in_folder(&app.project.schemas)),
        None => Ok(Source::Url(app.project.url()?)),
    }
}

/// What should be, by the flag or by the configuration.
pub(super) fn declared(app: &App, given: Option<Source>) -> Result<Source> {
    match (given, &app.project.declared) {
        (Some(source), _) => Ok(source.in_folder(&app.project.schemas)),
        (None, Some(path)) => Ok(path.display().to_string().parse()?),
        (None, None) => Err(
            Trouble::input("usage", "nothing says what the database should look like")
                .next("name a source with --to, or write declared = \"schema.sql\" into lockstep.toml"),
        ),
    }
}

/// Rows that cannot follow, as an error that names them.
pub(super) fn in_the_way(diff: &Diff) -> Trouble {
    let mut message = String::from("some rows cannot follow:");
    for obstacle in &diff.obstacles {
        message.push_str(&format!("\n  {}", obstacle.check.message));
        for row in &obstacle.rows {
            let values: Vec<&str> = row.iter().map(|value| value.as_deref().unwrap_or("NULL")).collect();
            message.push_str(&format!("\n    {}", values.join(" | ")));
        }
    }
    Trouble {
        exit: exit::REFUSED,
        ..Trouble::new("rows_in_the_way", lockstep::ErrorKind::Refused, message)
    }
    .next("mend these rows, or declare something they can follow")
}

#[cfg(test)]
mod tests {
    use super::database_name;

    #[test]
    fn a_database_is_called_by_the_end_of_its_url_and_never_by_its_secrets() {
        for (url, name) in [
            ("sqlite://shop.db", "shop.db"),
            ("sqlite:///var/lib/shop.db?mode=rw", "shop.db"),
            ("postgres://app:secret@host:5432/shop", "shop"),
            ("mysql://app:secret@host/shop?ssl-mode=REQUIRED", "shop"),
            ("postgres://app:secret@host/", "yes"),
        ] {
            assert_eq!(database_name(url), name, "{url}");
        }
    }
}
