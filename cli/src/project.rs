//! Where things are: database, schemas folder, settings; from flags, environment, file and defaults, in this order.

use std::path::{Path, PathBuf};

use lockstep::catalog::Dialect;
use lockstep::sqlx::sqlite::SqliteConnectOptions;
use lockstep::{Settings, dialect_of};

use crate::args::Global;
use crate::config::{Config, FILE, expand};
use crate::trouble::{Result, Trouble};

const DEFAULT_URL: &str = "sqlite://lockstep.db";
const DEFAULT_SCHEMAS: &str = "schemas";

/// Where things are.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    url: Url,
    /// The folder with the schemas.
    pub(crate) schemas: PathBuf,
    /// Whether somebody named that folder, so that it has to be there.
    pub(crate) schemas_named: bool,
    /// What says what the database should look like.
    pub(crate) declared: Option<PathBuf>,
    /// Limits, policies, scope.
    pub(crate) settings: Settings,
}

/// The database's URL, and who said it.
#[derive(Debug, Clone)]
enum Url {
    Given(String),
    /// From the file, where variables may stand in it.
    Configured {
        text: String,
        file: PathBuf,
    },
    Default,
}

impl Project {
    /// Reads the configuration file, if there is one, and puts everything together.
    pub(crate) fn find(global: &Global) -> Result<Self> {
        let file = match &global.config {
            Some(path) => Some(path.clone()),
            None => Some(PathBuf::from(FILE)).filter(|path| path.exists()),
        };
        let config = file.as_deref().map(Config::read).transpose()?.unwrap_or_default();
        Ok(Self::put_together(global, file, config))
    }

    /// The same for a command that does without the file, so that it may be missing or wrong.
    pub(crate) fn without_file(global: &Global) -> Self {
        Self::put_together(global, global.config.clone(), Config::default())
    }

    fn put_together(global: &Global, file: Option<PathBuf>, config: Config) -> Self {
        let mut settings = Settings::default();
        config.apply(&mut settings);
        if let Some(scope) = &global.scope {
            settings.scope = scope.clone();
        }
        if let Some(limit) = global.timeout {
            settings.operation_timeout = limit;
            settings.connect_timeout = settings.connect_timeout.min(limit);
        }
        if let Some(limit) = global.step_timeout {
            settings.step_timeout = limit;
        }
        let beside = file.as_deref().and_then(Path::parent).unwrap_or(Path::new(""));
        let (schemas, schemas_named) = match (&global.schemas, &config.schemas) {
            (Some(folder), _) => (folder.clone(), true),
            (None, Some(folder)) => (beside.join(folder), true),
            (None, None) => (beside.join(DEFAULT_SCHEMAS), false),
        };
        let declared = config.declared.map(|path| beside.join(path));
        let given = global
            .database_url
            .clone()
            .or_else(|| variable("LOCKSTEP_DATABASE_URL"));
        let url = match (given.or_else(|| variable("DATABASE_URL")), config.database.url, file) {
            (Some(url), ..) => Url::Given(url),
            (None, Some(text), Some(file)) => Url::Configured { text, file },
            _ => Url::Default,
        };
        Self {
            url,
            schemas,
            schemas_named,
            declared,
            settings,
        }
    }

    /// The database's URL, secrets and all.
    pub(crate) fn url(&self) -> Result<String> {
        match &self.url {
            Url::Given(url) => Ok(url.clone()),
            Url::Default => Ok(DEFAULT_URL.to_owned()),
            Url::Configured { text, file } => expand(text, |name| std::env::var(name).ok()).map_err(|message| {
                Trouble::input(
                    "config",
                    format!("{}: in the database's url: {message}", file.display()),
                )
                .next("set the variable, or name the database with --database-url")
            }),
        }
    }

    /// The dialect the URL stands for. Its scheme is enough: what a password variable holds does not matter.
    pub(crate) fn dialect(&self) -> Result<Dialect> {
        let plain_scheme = |text: &str| text.split_once(':').is_some_and(|(scheme, _)| !scheme.contains('$'));
        match &self.url {
            Url::Configured { text, .. } if plain_scheme(text) => Ok(dialect_of(text)?),
            _ => Ok(dialect_of(&self.url()?)?),
        }
    }

    /// The SQLite file that the URL names and that is not there.
    pub(crate) fn missing_file(&self) -> Result<Option<PathBuf>> {
        let url = self.url()?;
        if !url.starts_with("sqlite:") || url.contains(":memory:") || url.contains("mode=memory") {
            return Ok(None);
        }
        // A URL that cannot be read is the library's to explain.
        let file = url
            .parse::<SqliteConnectOptions>()
            .ok()
            .map(|o| o.get_filename().to_path_buf());
        Ok(file.filter(|path| !path.exists()))
    }
}

/// An environment variable; one set to nothing counts as not set.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}
