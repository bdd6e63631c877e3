//! Where a structure comes from.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lockstep_catalog::Dialect;
use lockstep_catalog::compare::Renames;
use lockstep_catalog::declare::{self, Format, Holds, entity_tables, holds};
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_registry::SchemaVersion;

use super::{Database, Declaration, declared};
use crate::settings::Settings;
use crate::{Error, Result};

/// Where a structure comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A database.
    Url(String),
    /// A file of SQL, or a folder of them, taken in the order of their names.
    Sql(PathBuf),
    /// A structured definition, in TOML or JSON.
    Definition(PathBuf),
    /// Entity types, in TOML or JSON.
    Entities {
        /// The file.
        path: PathBuf,
        /// The one that is looked at; all if none is named.
        only: Option<String>,
    },
    /// A schema version of a schemas folder: what a database looks like once it, and all it builds on, is applied.
    Schema {
        /// Which.
        version: SchemaVersion,
        /// The schemas folder.
        folder: PathBuf,
    },
    /// A structure that was written down as JSON (`schema inspect --format json`).
    Snapshot(PathBuf),
}

/// A structure, and what else is known of where it comes from.
#[derive(Debug)]
pub struct Side {
    /// What it looks like.
    pub structure: Structure,
    /// What it says was renamed.
    pub renames: Renames,
    /// The database itself, where it is one: its rows can be asked.
    pub database: Option<Database>,
    /// The files it was declared in, where it was.
    pub declaration: Option<Declaration>,
    /// Whether it was declared without a word on privileges: those of the other side stay as they are.
    pub leaves_privileges: bool,
}

impl Side {
    /// A structure, and nothing else that is known of it.
    pub fn of(structure: Structure) -> Self {
        Self {
            structure,
            renames: Renames::none(),
            database: None,
            declaration: None,
            leaves_privileges: false,
        }
    }

    fn made(made: declared::Made) -> Self {
        Self {
            leaves_privileges: made.leaves_privileges,
            ..Self::of(made.structure)
        }
    }

    /// What it means where `there` is what there is: privileges that it says nothing of stay.
    #[must_use]
    pub fn goal(&self, there: &Structure) -> Structure {
        if self.leaves_privileges {
            self.structure.with_privileges_of(there)
        } else {
            self.structure.clone()
        }
    }
}

/// What begins the name of a schema version.
const SCHEMA: &str = "schema:";

impl FromStr for Source {
    type Err = Error;

    /// A URL, a path, `schema:NAME`, or `FILE#ENTITY` for one entity type. What a TOML or JSON file holds is told by its
    /// keys, so the file is looked into.
    fn from_str(text: &str) -> Result<Self> {
        if let Some(name) = text.strip_prefix(SCHEMA) {
            return Ok(Self::Schema {
                version: SchemaVersion::new(name)?,
                folder: PathBuf::from("schemas"),
            });
        }
        if text.contains("://") || text.starts_with("sqlite:") {
            return Ok(Self::Url(text.to_owned()));
        }
        let path = PathBuf::from(text);
        if path.is_dir() || is(&path, "sql") {
            return Ok(Self::Sql(path));
        }
        if format_of(&path).is_some() {
            return Self::by_content(path, None);
        }
        match text.rsplit_once('#') {
            Some((file, entity)) if format_of(Path::new(file)).is_some() && !entity.is_empty() => {
                Self::by_content(PathBuf::from(file), Some(entity.to_owned()))
            }
            _ => Err(Error::File {
                path: text.to_owned(),
                message: "expected a database URL, a .sql file or a folder of them, a definition or entity types \
                          (.toml, .json), a .json snapshot, or schema:NAME"
                    .to_owned(),
            }),
        }
    }
}

impl Source {
    /// A TOML or JSON file, by its keys. One that cannot be read is a definition, so that reading it says why.
    fn by_content(path: PathBuf, only: Option<String>) -> Result<Self> {
        let format = format_of(&path).unwrap_or(Format::Json);
        let held = std::fs::read_to_string(&path).map_or(Holds::Definition, |text| holds(format, &text));
        match (held, only) {
            (Holds::Entities, only) => Ok(Self::Entities { path, only }),
            (_, Some(entity)) => Err(Error::File {
                path: path.display().to_string(),
                message: format!("it holds no entity types, so there is no {entity:?} in it"),
            }),
            (Holds::Definition, None) => Ok(Self::Definition(path)),
            (Holds::Snapshot, None) => Ok(Self::Snapshot(path)),
        }
    }

    /// The database it is, without connecting.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url),
            _ => None,
        }
    }

    /// Whether only a database can tell what it means.
    pub fn needs_a_database(&self) -> bool {
        !matches!(self, Self::Url(_) | Self::Snapshot(_))
    }

    /// The same, with schema versions from this folder.
    #[must_use]
    pub fn in_folder(self, schemas: &Path) -> Self {
        match self {
            Self::Schema { version, .. } => Self::Schema {
                version,
                folder: schemas.to_owned(),
            },
            other => other,
        }
    }

    /// The same with one entity type, and which tables are its own; `None` where it holds no entity types.
    ///
    /// # Errors
    ///
    /// Where the file cannot be read, or there is no such entity type.
    pub fn entity(&self, code: &str) -> Result<Option<(Self, Vec<String>)>> {
        let Self::Entities { path, .. } = self else {
            return Ok(None);
        };
        let format = format_of(path).unwrap_or(Format::Json);
        let tables = entity_tables(format, &text(path)?, code)
            .map_err(|faults| declared::faulty(&path.display().to_string(), faults))?;
        let one = Self::Entities {
            path: path.clone(),
            only: Some(code.to_owned()),
        };
        Ok(Some((one, tables)))
    }

    /// Reads it. What only an engine can tell is made in a throwaway database beside `beside`.
    ///
    /// # Errors
    ///
    /// Where the database or the file cannot be read, or the engine refuses a statement.
    pub async fn read(&self, beside: Option<&Database>, settings: &Settings, selection: &Selection) -> Result<Side> {
        match self {
            Self::Url(url) => Database::connect(url, settings).await?.side(selection).await,
            Self::Sql(path) => sql(path, needed(beside, path)?, selection).await,
            Self::Definition(path) => definition(path, None, needed(beside, path)?, selection).await,
            Self::Entities { path, only } => {
                definition(path, Some(only.as_deref()), needed(beside, path)?, selection).await
            }
            Self::Schema { version, folder } => {
                let made = declared::load_schema(needed(beside, folder)?, folder, version, selection).await?;
                Ok(Side::made(made))
            }
            Self::Snapshot(path) => snapshot(path, selection),
        }
    }
}

/// The database beside which something is made.
fn needed<'a>(beside: Option<&'a Database>, path: &Path) -> Result<&'a Database> {
    beside.ok_or_else(|| Error::File {
        path: path.display().to_string(),
        message: "what this means only a database can tell: name one for the other side, or with --database-url"
            .to_owned(),
    })
}

async fn sql(path: &Path, beside: &Database, selection: &Selection) -> Result<Side> {
    let script = script(path)?;
    let origin = path.display().to_string();
    let schema = match beside.dialect() {
        Dialect::Postgres => "public",
        Dialect::Sqlite | Dialect::Mysql => "",
    };
    let renames = Renames::read(beside.dialect(), schema, &script).map_err(|error| Error::Script {
        origin: origin.clone(),
        line: u32::try_from(error.line).unwrap_or(u32::MAX),
        column: u32::try_from(error.column).unwrap_or(u32::MAX),
        message: error.message,
    })?;
    Ok(Side {
        renames,
        declaration: Some(Declaration::new("sql", &origin, &script)),
        ..Side::made(declared::load(beside, &origin, &script, selection).await?)
    })
}

/// `entities`: whether the file holds entity types, and which one is looked at.
async fn definition(
    path: &Path,
    entities: Option<Option<&str>>,
    beside: &Database,
    selection: &Selection,
) -> Result<Side> {
    let text = text(path)?;
    let origin = path.display().to_string();
    let format = format_of(path).unwrap_or(Format::Json);
    let dialect = beside.dialect();
    let (kind, read) = match entities {
        Some(only) => ("entities", declare::entities(dialect, format, &text, only)),
        None => ("definition", declare::definition(dialect, format, &text)),
    };
    let read = read.map_err(|faults| declared::faulty(&origin, faults))?;
    let made = declared::load_definition(beside, (&origin, format, &text), &read, selection).await?;
    Ok(Side {
        renames: read.renames,
        declaration: Some(Declaration {
            version: read.version,
            migrations: read.migrations,
            notes: read.notes,
            ..Declaration::new(kind, &origin, &text)
        }),
        ..Side::made(made)
    })
}

fn snapshot(path: &Path, selection: &Selection) -> Result<Side> {
    let text = text(path)?;
    let origin = path.display().to_string();
    let mut structure: Structure = serde_json::from_str(&text).map_err(|error| Error::Format {
        path: origin.clone(),
        line: u32::try_from(error.line()).ok(),
        message: error.to_string(),
    })?;
    structure.select(selection);
    structure.sort();
    Ok(Side {
        declaration: Some(Declaration::new("snapshot", &origin, &text)),
        ..Side::of(structure)
    })
}

fn is(path: &Path, extension: &str) -> bool {
    path.extension()
        .is_some_and(|found| found.eq_ignore_ascii_case(extension))
}

/// How a file is written, by its name.
fn format_of(path: &Path) -> Option<Format> {
    let formats = [("toml", Format::Toml), ("json", Format::Json)];
    formats
        .into_iter()
        .find(|(extension, _)| is(path, extension))
        .map(|(_, format)| format)
}

fn text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| Error::File {
        path: path.display().to_string(),
        message: error.to_string(),
    })
}

fn script(path: &Path) -> Result<String> {
    if !path.is_dir() {
        return text(path);
    }
    let wrong = |error: std::io::Error| Error::File {
        path: path.display().to_string(),
        message: error.to_string(),
    };
    let mut files: Vec<PathBuf> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        if file.extension().is_some_and(|e| e == "sql") {
            files.push(file);
        }
    }
    // An empty file declares nothing; an empty folder is more likely the wrong one, and would have everything dropped.
    if files.is_empty() {
        return Err(Error::File {
            path: path.display().to_string(),
            message: "there is no .sql file in it".to_owned(),
        });
    }
    files.sort();
    let mut whole = String::new();
    for file in files {
        whole.push_str(&text(&file)?);
        whole.push_str("\n;\n");
    }
    Ok(whole)
}
