//! Where a structure comes from.

use std::path::{Path, PathBuf};
use std::str::FromStr;

use lockstep_catalog::Dialect;
use lockstep_catalog::compare::Renames;
use lockstep_catalog::structure::{Selection, Structure};

use super::{Database, declared};
use crate::settings::Settings;
use crate::{Error, Result};

/// Where a structure comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A database.
    Url(String),
    /// A file of SQL, or a folder of them, taken in the order of their names.
    Sql(PathBuf),
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
}

impl FromStr for Source {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text.contains("://") || text.starts_with("sqlite:") {
            return Ok(Self::Url(text.to_owned()));
        }
        let path = PathBuf::from(text);
        match path.extension().and_then(|e| e.to_str()) {
            _ if path.is_dir() => Ok(Self::Sql(path)),
            Some("sql") => Ok(Self::Sql(path)),
            Some("json") => Ok(Self::Snapshot(path)),
            _ => Err(Error::File {
                path: text.to_owned(),
                message: "expected a database URL, a .sql file or a folder of them, or a .json snapshot".to_owned(),
            }),
        }
    }
}

impl Source {
    /// The database it is, without connecting.
    pub fn url(&self) -> Option<&str> {
        match self {
            Self::Url(url) => Some(url),
            _ => None,
        }
    }

    /// Reads it. SQL is run in a throwaway database beside `beside`.
    ///
    /// # Errors
    ///
    /// Where the database or the file cannot be read, or the engine refuses a statement.
    pub async fn read(&self, beside: Option<&Database>, settings: &Settings, selection: &Selection) -> Result<Side> {
        match self {
            Self::Url(url) => {
                let database = Database::connect(url, settings).await?;
                Ok(Side {
                    structure: database.structure(selection).await?,
                    renames: Renames::none(),
                    database: Some(database),
                })
            }
            Self::Sql(path) => {
                let beside = beside.ok_or_else(|| Error::File {
                    path: path.display().to_string(),
                    message: "what this SQL means only a database can tell: name one for the other side, or with \
                              --database-url"
                        .to_owned(),
                })?;
                let script = script(path)?;
                let origin = path.display().to_string();
                let schema = match beside.dialect() {
                    Dialect::Postgres => "public",
                    Dialect::Sqlite | Dialect::Mysql => "",
                };
                let renames = Renames::read(beside.dialect(), schema, &script).map_err(|error| Error::Format {
                    path: origin.clone(),
                    line: u32::try_from(error.line).ok(),
                    message: error.message,
                })?;
                Ok(Side {
                    structure: declared::load(beside, &origin, &script, selection).await?,
                    renames,
                    database: None,
                })
            }
            Self::Snapshot(path) => {
                let mut structure: Structure = serde_json::from_str(&text(path)?).map_err(|error| Error::Format {
                    path: path.display().to_string(),
                    line: u32::try_from(error.line()).ok(),
                    message: error.to_string(),
                })?;
                structure.select(selection);
                structure.sort();
                Ok(Side {
                    structure,
                    renames: Renames::none(),
                    database: None,
                })
            }
        }
    }
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
    files.sort();
    let mut whole = String::new();
    for file in files {
        whole.push_str(&text(&file)?);
        whole.push_str("\n;\n");
    }
    Ok(whole)
}
