//! `migration lint`: what is dangerous about scripts, before they run.

use lockstep::catalog::Dialect;
use lockstep::catalog::lint::Severity;
use lockstep::structure::Database;
use lockstep::structure::validate::{Scripts, validate};
use lockstep::{dialect_of, redact};

use crate::app::App;
use crate::args::MigrationLint;
use crate::exit;
use crate::output::lint::Linted;
use crate::trouble::{Result, scrub};

pub(crate) async fn lint(app: &App, args: MigrationLint) -> Result<u8> {
    let dialect = dialect(app, &args)?;
    let scripts = Scripts::read(&app.project.schemas, dialect, &args.targets)?;
    let settings = &app.project.settings;
    let (database, note) = if args.no_database {
        (None, None)
    } else {
        database(app, dialect).await?
    };
    let work = async { Ok(validate(&scripts, database.as_ref(), settings).await?) };
    let validated = app.in_time(work).await;
    if let Some(database) = &database {
        database.close().await;
    }
    let validated = validated?;
    let notes = note
        .into_iter()
        .chain(validated.notes)
        .map(|note| scrub(&note))
        .collect();
    let answer = Linted::new(&scripts, validated.findings, notes, database.is_some());
    app.show(&answer);
    Ok(match answer.worst() {
        Some(Severity::Error) => exit::FAILED,
        Some(Severity::Warning) if args.strict => exit::DIFFERENT,
        _ => exit::DONE,
    })
}

/// What was said, else what the names of the files say, else the database's.
fn dialect(app: &App, args: &MigrationLint) -> Result<Dialect> {
    if let Some(name) = args.dialect {
        return Ok(name.into());
    }
    let mut named = args.targets.iter().map(|target| Scripts::dialect_of(target));
    if let Some(Some(first)) = named.next()
        && named.all(|one| one == Some(first))
    {
        return Ok(first);
    }
    app.project.dialect()
}

/// The database, where there is one of this kind; why not, where one was named that does not answer.
async fn database(app: &App, dialect: Dialect) -> Result<(Option<Database>, Option<String>)> {
    if app.project.missing_file()?.is_some() {
        return Ok((None, None));
    }
    let url = app.project.url()?;
    if dialect_of(&url)? != dialect {
        return Ok((None, None));
    }
    let connected = app
        .in_time(async { Ok(Database::connect(&url, &app.project.settings).await?) })
        .await;
    Ok(match connected {
        Ok(database) => (Some(database), None),
        Err(trouble) => {
            let note = format!("{} was not asked: {}", redact(&url), trouble.message);
            (None, Some(note))
        }
    })
}
