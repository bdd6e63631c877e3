//! A schema's folder, written from its spec: ordinary files, to be reviewed, changed and activated like any other.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use lockstep_catalog::Dialect;
use lockstep_registry::{Action, SchemaSpec, Step};

use crate::{Error, Result, files};

/// Writes a schema into a schemas folder, and reads it back: what lies there afterwards is the spec. Nothing that is there is
/// overwritten; what was begun and failed is removed again. Returns the files in the order a person would read them.
///
/// # Errors
///
/// Where the schema's folder is there already, or a file cannot be written.
pub fn save(schemas: &Path, spec: &SchemaSpec, dialect: Dialect) -> Result<Vec<PathBuf>> {
    let folder = schemas.join(spec.version.as_str());
    let failed = |path: &Path, message: String| Error::File {
        path: path.display().to_string(),
        message,
    };
    if folder.exists() {
        return Err(failed(&folder, "it is there already; choose another name".to_owned()));
    }
    std::fs::create_dir_all(schemas).map_err(|error| failed(schemas, error.to_string()))?;
    // Written beside and moved, so that nobody reads half a schema.
    let draft = tempfile::Builder::new()
        .prefix(".lockstep-draft-")
        .tempdir_in(schemas)
        .map_err(|error| failed(schemas, error.to_string()))?;
    let mut written = Vec::new();
    for (name, text) in contents(spec, dialect) {
        let file = draft.path().join(&name);
        std::fs::write(&file, text).map_err(|error| failed(&file, error.to_string()))?;
        written.push(folder.join(name));
    }
    let read = files::read_schema(draft.path(), spec.version.clone(), dialect)?;
    if read.checksum() != spec.checksum() {
        return Err(Error::bug("a generated schema reads back as another one"));
    }
    std::fs::rename(draft.path(), &folder).map_err(|error| failed(&folder, error.to_string()))?;
    // It is where it belongs now.
    let _ = draft.keep();
    Ok(written)
}

/// The files of a schema's folder: their names and texts.
pub fn contents(spec: &SchemaSpec, dialect: Dialect) -> Vec<(String, String)> {
    let mut head = String::new();
    let quoted = |texts: &[lockstep_registry::SchemaVersion]| {
        let texts: Vec<String> = texts.iter().map(|one| format!("{:?}", one.as_str())).collect();
        texts.join(", ")
    };
    if !spec.description.is_empty() {
        let _ = writeln!(head, "description = {:?}", spec.description);
    }
    if !spec.requires.is_empty() {
        let _ = writeln!(head, "requires = [{}]", quoted(&spec.requires));
    }
    if !spec.compatible_with.is_empty() {
        let _ = writeln!(head, "compatible_with = [{}]", quoted(&spec.compatible_with));
    }
    let mut files = vec![("schema.toml".to_owned(), head)];
    let suffix = dialect.file_suffix();
    for step in &spec.steps {
        if let Action::Sql(up) = &step.up {
            files.push((format!("{}.up.{suffix}.sql", step.name), up.clone()));
        }
        if let Some(Action::Sql(down)) = &step.down {
            files.push((format!("{}.down.{suffix}.sql", step.name), down.clone()));
        }
        if let Some(lost) = &step.lost {
            files.push((format!("{}.lost.{suffix}.sql", step.name), lost.clone()));
        }
    }
    files
}

/// The step with what its files say about themselves at their top.
pub(super) fn headed(mut step: Step) -> Step {
    let (up, down) = (above(&step, true), above(&step, false));
    if let Action::Sql(text) = &mut step.up {
        text.insert_str(0, &up);
    }
    if let Some(Action::Sql(text)) = &mut step.down {
        text.insert_str(0, &down);
    }
    step
}

/// What a step's file says about itself.
fn above(step: &Step, up: bool) -> String {
    let mut text = String::new();
    let outside = if up {
        step.no_transaction
    } else {
        step.down_no_transaction
    };
    if outside {
        text.push_str("-- lockstep: no-transaction\n");
    }
    if up && step.down.is_none() {
        text.push_str("-- lockstep: irreversible\n");
    }
    if !up && !step.carries.is_empty() {
        let _ = writeln!(text, "-- lockstep: carries={}", step.carries.join(", "));
    }
    text
}
