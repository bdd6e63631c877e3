//! `validate`: everything that can be known without a database, all of it at once.

use std::collections::BTreeSet;
use std::path::Path;

use lockstep::catalog::Dialect;
use lockstep::registry::{Action, Specs};
use lockstep::{Error, SchemaFiles, SchemaSpec, Step, check_spec, load_schemas};

use crate::app::App;
use crate::exit;
use crate::output::documents::{Finding, ValidSchema, Validated};
use crate::trouble::{Result, Trouble};

pub(crate) fn validate(app: &App) -> Result<u8> {
    let folder = &app.project.schemas;
    let dialect = app.project.dialect()?;
    let mut findings = Vec::new();
    let found = gather(folder, dialect, &mut findings)?;
    for spec in &found.specs {
        check_statements(folder, dialect, spec, &mut findings);
    }
    check_references(&found, findings.is_empty(), &mut findings);
    let schemas: Vec<_> = found.specs.iter().map(|spec| valid(spec, &found)).collect();
    let answer = Validated {
        command: "validate",
        valid: findings.iter().all(|f| f.severity != "error"),
        folder: folder.clone(),
        dialect,
        steps: schemas.iter().map(|s| s.steps).sum(),
        bindings: found.bindings.len(),
        schemas,
        findings,
    };
    app.show(&answer);
    Ok(if answer.valid { exit::DONE } else { exit::FAILED })
}

fn valid(spec: &SchemaSpec, found: &SchemaFiles) -> ValidSchema {
    let bound = found.bindings.iter().filter(|b| b.schema == spec.version);
    ValidSchema {
        schema: spec.version.clone(),
        steps: spec.steps.len(),
        requires: spec.requires.clone(),
        bound: bound.map(|b| b.handler_version.clone()).collect(),
        checksum: spec.checksum().as_str().to_owned(),
    }
}

fn error(trouble: Trouble) -> Finding {
    Finding {
        severity: "error",
        code: trouble.code,
        message: trouble.message,
        excerpt: trouble.excerpt,
    }
}

fn finding(severity: &'static str, code: &str, message: String) -> Finding {
    Finding {
        severity,
        code: code.to_owned(),
        message,
        excerpt: None,
    }
}

/// Loads the folder; where something in it is wrong, loads its parts one by one to find the rest.
fn gather(folder: &Path, dialect: Dialect, findings: &mut Vec<Finding>) -> Result<SchemaFiles> {
    let first = match load_schemas(folder, dialect) {
        Ok(found) => return Ok(found),
        Err(first) => first,
    };
    let mut entries: Vec<_> = match std::fs::read_dir(folder) {
        Ok(entries) => entries.flatten().map(|entry| entry.path()).collect(),
        Err(_) => return Err(Trouble::from_files(first, folder)),
    };
    entries.sort();
    let mut found = SchemaFiles::default();
    for path in entries {
        let hidden = path
            .file_name()
            .is_none_or(|name| name.to_string_lossy().starts_with('.'));
        if hidden || !(path.is_dir() || path.ends_with("handlers.toml")) {
            continue;
        }
        match load_alone(&path, dialect) {
            Ok(part) => {
                found.specs.extend(part.specs);
                found.bindings.extend(part.bindings);
            }
            Err(trouble) => findings.push(error(trouble)),
        }
    }
    // What no part shows by itself is wrong with the folder as a whole.
    if findings.is_empty() {
        findings.push(error(Trouble::from_files(first, folder)));
    }
    Ok(found)
}

/// Loads one schema folder, or handlers.toml, as if nothing lay beside it.
///
/// The library reads whole folders only, so the part is seen through a link in a folder of its own.
fn load_alone(path: &Path, dialect: Dialect) -> Result<SchemaFiles> {
    let failed = |e: std::io::Error| Trouble::input("file", format!("cannot look at {} alone: {e}", path.display()));
    let stage = tempfile::tempdir().map_err(failed)?;
    let real = std::path::absolute(path).map_err(failed)?;
    let name = path.file_name().unwrap_or_default();
    std::os::unix::fs::symlink(real, stage.path().join(name)).map_err(failed)?;
    let is_schema = path.is_dir();
    if !is_schema {
        // A folder without a schema is refused, and handlers.toml is none.
        let stand_in = stage.path().join("stand_in");
        std::fs::create_dir(&stand_in).map_err(failed)?;
        std::fs::write(stand_in.join("001.up.sql"), "-- lockstep: irreversible\nSELECT 1;").map_err(failed)?;
    }
    match load_schemas(stage.path(), dialect) {
        Ok(mut part) => {
            if !is_schema {
                part.specs.clear();
            }
            Ok(part)
        }
        Err(error) => Err(at_home(error, stage.path(), path.parent().unwrap_or(Path::new("")))),
    }
}

/// The error with the path a person knows.
fn at_home(error: Error, stage: &Path, home: &Path) -> Trouble {
    let moved = |path: String| match Path::new(&path).strip_prefix(stage) {
        Ok(inside) => home.join(inside).display().to_string(),
        Err(_) => path,
    };
    let error = match error {
        Error::File { path, message } => Error::File {
            path: moved(path),
            message,
        },
        Error::Format { path, line, message } => Error::Format {
            path: moved(path),
            line,
            message,
        },
        Error::Script {
            origin,
            line,
            column,
            message,
        } => Error::Script {
            origin: moved(origin),
            line,
            column,
            message,
        },
        other => other,
    };
    Trouble::from_files(error, home)
}

/// The statements of every step, each direction by itself: the first fault of one does not hide the next.
fn check_statements(folder: &Path, dialect: Dialect, spec: &SchemaSpec, findings: &mut Vec<Finding>) {
    let Err(whole) = check_spec(dialect, spec) else {
        return;
    };
    let before = findings.len();
    for step in &spec.steps {
        let up_only = Step {
            down: None,
            ..step.clone()
        };
        // A way up that is right by itself leaves the way back to be judged.
        let down_only = Step {
            up: Action::Sql("SELECT 1".to_owned()),
            ..step.clone()
        };
        for part in [up_only, down_only] {
            if let Err(fault) = check_spec(dialect, &SchemaSpec::new(spec.version.clone(), vec![part])) {
                findings.push(error(Trouble::from_files(fault, folder)));
            }
        }
    }
    if findings.len() == before {
        findings.push(error(Trouble::from_files(whole, folder)));
    }
}

/// What names something that is not there, and what goes in circles.
fn check_references(found: &SchemaFiles, complete: bool, findings: &mut Vec<Finding>) {
    let known: BTreeSet<_> = found.specs.iter().map(|spec| &spec.version).collect();
    let before = findings.len();
    for spec in &found.specs {
        for parent in spec.requires.iter().filter(|parent| !known.contains(parent)) {
            let message = format!(
                "schema {} requires {parent}, which is not among the schema files",
                spec.version
            );
            findings.push(finding("error", "unknown_schema", message));
        }
        for other in spec.compatible_with.iter().filter(|other| !known.contains(other)) {
            let message = format!(
                "schema {} is compatible_with {other}, which is not among the schema files",
                spec.version
            );
            findings.push(finding("warning", "unknown_schema", message));
        }
    }
    for binding in found.unbound() {
        let message = format!(
            "{} is bound to {}, which is not among the schema files",
            binding.handler_version, binding.schema
        );
        findings.push(finding("error", "unknown_schema", message));
    }
    // Missing parents were all told above; what is left for the graph are circles.
    if findings.len() == before
        && let Err(fault) = Specs::new(found.specs.iter().cloned())
    {
        findings.push(error(Error::from(fault).into()));
    }
    if complete && found.bindings.is_empty() {
        let message =
            "there is no handlers.toml, or it binds nothing: no handler version can be activated from these files";
        findings.push(finding("warning", "no_bindings", message.to_owned()));
    }
}
