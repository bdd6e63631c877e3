//! The schemas folder, read before anything connects, so that a mistake in it is told at once and with its line.

use std::path::Path;

use lockstep::catalog::Dialect;
use lockstep::registry::Specs;
use lockstep::{SchemaFiles, check_spec, load_schemas};

use crate::project::Project;
use crate::terminal;
use crate::trouble::{Result, Trouble};

/// What a command wants of the files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Files {
    /// Nothing.
    Unread,
    /// What they say is worth knowing; the database's own record is enough where they are wrong.
    Helpful,
    /// They have to be right, where there are any; else the database's own record is enough.
    Recorded,
    /// They have to be right, if they are there.
    Needed,
}

/// Reads the folder as far as the command wants it.
pub(crate) fn read(project: &Project, files: Files) -> Result<SchemaFiles> {
    let folder = &project.schemas;
    if files == Files::Unread || (!project.schemas_named && !folder.exists()) {
        return Ok(SchemaFiles::default());
    }
    match (read_all(folder, project.dialect()?), files) {
        // An empty folder is where schemas are about to be written.
        (Err(_), Files::Helpful | Files::Recorded) if is_empty(folder) => Ok(SchemaFiles::default()),
        (Err(trouble), Files::Helpful) => {
            terminal::warn(&format!("going on without the schema files: {}", trouble.message));
            Ok(SchemaFiles::default())
        }
        (result, _) => result,
    }
}

fn read_all(folder: &Path, dialect: Dialect) -> Result<SchemaFiles> {
    let explain = |error: lockstep::Error| {
        Trouble::from_files(error, folder)
            .or_next(|| Some("'lockstep validate' shows everything that is wrong".to_owned()))
    };
    let found = load_schemas(folder, dialect).map_err(explain)?;
    for spec in &found.specs {
        check_spec(dialect, spec).map_err(explain)?;
    }
    Specs::new(found.specs.clone()).map_err(|e| explain(e.into()))?;
    Ok(found)
}

impl Trouble {
    /// An error about a file in the schemas folder, with the line it means.
    pub(crate) fn from_files(error: lockstep::Error, folder: &Path) -> Self {
        let script = matches!(error, lockstep::Error::Script { .. });
        let trouble = Self::from_ref(&error);
        if script {
            trouble.with_excerpt(&error, Some(folder))
        } else {
            trouble
        }
    }
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none())
}
