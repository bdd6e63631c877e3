//! The schemas folder: what a person writes, read into specs and bindings.
//!
//! ```text
//! schemas/handlers.toml                          which handler version needs which schema
//! schemas/schema_v2/schema.toml                  requires, compatible_with, description
//! schemas/schema_v2/001_name.up.sql  .down.sql   a step and its way back; .up.postgres.sql is an engine's own variant
//! schemas/schema_v2/001_name.verify.sql          a query that returns one row, true, once the step is in effect
//! schemas/schema_v2/001_name.lost.sql            queries asked before the way back: how many values would not come back
//! schemas/schema_v2/schema.json                  the flat shape instead: migrations[i] is undone by rollback[i]
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockstep_catalog::{Dialect, Directives};
use lockstep_registry::{
    Action, Binding, Checksum, HandlerId, HandlerVersion, SchemaSpec, SchemaVersion, SourceOneSchema, SpecsError, Step,
    Tag,
};
use serde::Deserialize;

use crate::{Error, Result};

/// What a schemas folder holds.
#[derive(Debug, Clone, Default)]
pub struct SchemaFiles {
    /// Every schema, by folder name.
    pub specs: Vec<SchemaSpec>,
    /// Every binding of `handlers.toml`.
    pub bindings: Vec<Binding>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Handlers {
    #[serde(default)]
    handlers: BTreeMap<String, BTreeMap<String, Bound>>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Bound {
    Schema(SchemaVersion),
    Full(FullBinding),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, expecting = "a schema's name, or a table with schema = \"…\"")]
struct FullBinding {
    schema: SchemaVersion,
    artifact: Option<String>,
    #[serde(default)]
    tags: BTreeSet<Tag>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaToml {
    #[serde(default)]
    description: String,
    #[serde(default)]
    requires: Vec<SchemaVersion>,
    #[serde(default)]
    compatible_with: Vec<SchemaVersion>,
}

/// Reads a schemas folder for a dialect. Nothing but the files is looked at.
pub fn load(folder: &Path, dialect: Dialect) -> Result<SchemaFiles> {
    let mut found = SchemaFiles::default();
    let mut entries = list(folder)?;
    entries.sort();
    for path in entries {
        let name = file_name(&path);
        if path.is_dir() {
            let version = SchemaVersion::new(&name).map_err(|e| format_error(&path, None, e.to_string()))?;
            found.specs.push(read_schema(&path, version, dialect)?);
        } else if name == "handlers.toml" {
            found.bindings = handlers_of(&path, &read(&path)?)?;
        }
    }
    if found.specs.is_empty() {
        let message = "there is no schema in it; a schema is a folder with steps, such as schema_v1/001_users.up.sql";
        return Err(format_error(folder, None, message.to_owned()));
    }
    Ok(found)
}

impl SchemaFiles {
    /// Bindings to schemas that are not in the folder.
    pub fn unbound(&self) -> impl Iterator<Item = &Binding> {
        let known: BTreeSet<_> = self.specs.iter().map(|spec| spec.version.clone()).collect();
        self.bindings
            .iter()
            .filter(move |binding| !known.contains(&binding.schema))
    }
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |e: std::io::Error| Error::File {
        path: folder.display().to_string(),
        message: e.to_string(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|n| n.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn read(path: &Path) -> Result<String> {
    let failed = |message: String| Error::File {
        path: path.display().to_string(),
        message,
    };
    let bytes = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    String::from_utf8(bytes).map_err(|e| {
        failed(format!(
            "it is not UTF-8 text (byte {})",
            e.utf8_error().valid_up_to() + 1
        ))
    })
}

fn format_error(path: &Path, line: Option<u32>, message: String) -> Error {
    Error::Format {
        path: path.display().to_string(),
        line,
        message,
    }
}

fn parse_toml<T: serde::de::DeserializeOwned>(path: &Path, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| line_of(text, span.start));
        format_error(path, line, error.message().to_owned())
    })
}

fn line_of(text: &str, offset: usize) -> u32 {
    let before = text.get(..offset).unwrap_or(text);
    u32::try_from(before.matches('\n').count() + 1).unwrap_or(u32::MAX)
}

/// The bindings of a `handlers.toml`.
pub(crate) fn handlers_of(path: &Path, text: &str) -> Result<Vec<Binding>> {
    let file: Handlers = parse_toml(path, text)?;
    let mut bindings = Vec::new();
    let mut tags: BTreeMap<(HandlerId, Tag), HandlerVersion> = BTreeMap::new();
    let wrong = |message: String| format_error(path, None, message);
    for (handler, versions) in file.handlers {
        let handler = HandlerId::new(&handler).map_err(|e| wrong(e.to_string()))?;
        for (version, bound) in versions {
            let version = version
                .parse()
                .map_err(|e: lockstep_registry::ParseError| wrong(format!("[handlers.\"{handler}\"]: {e}")))?;
            let of = HandlerVersion::new(handler.clone(), version);
            let binding = match bound {
                Bound::Schema(schema) => Binding::new(of, schema),
                Bound::Full(full) => Binding {
                    handler_version: of,
                    schema: full.schema,
                    artifact: full.artifact,
                    tags: full.tags,
                },
            };
            for tag in &binding.tags {
                let key = (handler.clone(), tag.clone());
                if let Some(other) = tags.insert(key, binding.handler_version.clone()) {
                    return Err(wrong(format!(
                        "tag {tag} names both {other} and {}",
                        binding.handler_version
                    )));
                }
            }
            bindings.push(binding);
        }
    }
    Ok(bindings)
}

/// The files read for one schema, each with the checksum of its bytes.
type Read = BTreeMap<String, Checksum>;

/// Reads a file of a schema, and keeps the checksum of its bytes.
fn read_for(files: &mut Read, path: &Path) -> Result<String> {
    let text = read(path)?;
    files.insert(file_name(path), Checksum::of_file(text.as_bytes()));
    Ok(text)
}

pub(crate) fn read_schema(folder: &Path, version: SchemaVersion, dialect: Dialect) -> Result<SchemaSpec> {
    let json = folder.join("schema.json");
    let mut files = Read::new();
    let mut spec = if json.exists() {
        flat_of(&json, &read_for(&mut files, &json)?, &version)?
    } else {
        let toml = folder.join("schema.toml");
        let mut head = if toml.exists() {
            head_of(&toml, &read_for(&mut files, &toml)?, version)?
        } else {
            SchemaSpec::new(version, Vec::new())
        };
        head.steps = load_steps(folder, dialect, &mut files)?;
        head
    };
    spec.files = files;
    spec.check().map_err(SpecsError::from)?;
    Ok(spec)
}

/// What a `schema.toml` says; the steps are files of their own.
pub(crate) fn head_of(path: &Path, text: &str, version: SchemaVersion) -> Result<SchemaSpec> {
    let head: SchemaToml = parse_toml(path, text)?;
    Ok(SchemaSpec {
        description: head.description,
        requires: head.requires,
        compatible_with: head.compatible_with,
        ..SchemaSpec::new(version, Vec::new())
    })
}

/// The schema of a `schema.json`.
pub(crate) fn flat_of(path: &Path, text: &str, version: &SchemaVersion) -> Result<SchemaSpec> {
    let flat: SourceOneSchema =
        serde_json::from_str(text).map_err(|e| format_error(path, u32::try_from(e.line()).ok(), e.to_string()))?;
    let spec = SchemaSpec::try_from(flat).map_err(|e| format_error(path, None, e.to_string()))?;
    if spec.version != *version {
        let message = format!("it is for {}, but lies in the folder {version}", spec.version);
        return Err(format_error(path, None, message));
    }
    Ok(spec)
}

/// The files of one step: the generic ones, and those of the dialect.
#[derive(Default)]
struct StepFiles {
    up: Option<PathBuf>,
    down: Option<PathBuf>,
    verify: Option<PathBuf>,
    lost: Option<PathBuf>,
    /// Seen for other engines only.
    others: BTreeSet<String>,
}

fn load_steps(folder: &Path, dialect: Dialect, read: &mut Read) -> Result<Vec<Step>> {
    let mut steps: BTreeMap<String, StepFiles> = BTreeMap::new();
    let mut paths = list(folder)?;
    // Sorted, an engine's own variant comes before the generic file; either order gives the variant.
    paths.sort();
    for path in paths {
        let name = file_name(&path);
        if path.is_dir() {
            let message = format!("the folder {name:?} is not understood; steps lie directly in the schema's folder");
            return Err(format_error(folder, None, message));
        }
        let Some(stem) = name.strip_suffix(".sql") else {
            continue;
        };
        let mut parts = stem.split('.');
        let (step, way, engine) = (parts.next(), parts.next(), parts.next());
        let (Some(step), Some(way @ ("up" | "down" | "verify" | "lost")), None) = (step, way, parts.next()) else {
            let message =
                "a step's files are named like 001_name.up.sql, 001_name.down.sql, 001_name.up.postgres.sql".to_owned();
            return Err(format_error(&path, None, message));
        };
        let variant = match engine {
            None => None,
            Some(engine) => Some(Dialect::from_file_suffix(engine).ok_or_else(|| {
                format_error(
                    &path,
                    None,
                    format!("{engine:?} is no engine; known are sqlite, postgres and mysql"),
                )
            })?),
        };
        let files = steps.entry(step.to_owned()).or_default();
        let slot = match way {
            "up" => &mut files.up,
            "down" => &mut files.down,
            "lost" => &mut files.lost,
            _ => &mut files.verify,
        };
        match variant {
            Some(found) if found != dialect => drop(files.others.insert(found.to_string())),
            Some(_) => *slot = Some(path),
            None if slot.is_none() => *slot = Some(path),
            None => {}
        }
    }
    steps
        .into_iter()
        .map(|(name, files)| load_step(folder, name, files, dialect, read))
        .collect()
}

fn directives(path: &Path, text: &str) -> Result<Directives> {
    lockstep_catalog::directive::read(text).map_err(|e| Error::directive(path.display().to_string(), &e))
}

fn load_step(folder: &Path, name: String, files: StepFiles, dialect: Dialect, read: &mut Read) -> Result<Step> {
    let Some(up_path) = files.up else {
        let message = if files.others.is_empty() {
            format!("step {name} has no {name}.up.sql")
        } else {
            let others: Vec<_> = files.others.into_iter().collect();
            format!(
                "step {name} is written for {} only, not for {dialect}",
                others.join(" and ")
            )
        };
        return Err(format_error(folder, None, message));
    };
    let up = read_for(read, &up_path)?;
    let above = directives(&up_path, &up)?;
    if !above.carries.is_empty() {
        let message = "'carries' belongs at the top of the down file: it says what that keeps elsewhere".to_owned();
        return Err(format_error(&up_path, None, message));
    }
    let mut step = Step::irreversible(&name, &up);
    step.no_transaction = above.no_transaction;
    step.manual = above.manual;
    step.timeout = above.timeout;
    match (&files.down, above.irreversible) {
        (Some(path), true) => {
            let message = format!("step {name} is marked irreversible and has a way back; take one of them out");
            return Err(format_error(path, None, message));
        }
        (None, false) => {
            let message = format!(
                "step {name} has no way back: add {name}.down.sql, or '-- lockstep: irreversible' at the top of the up file"
            );
            return Err(format_error(&up_path, None, message));
        }
        (None, true) => {}
        (Some(path), false) => {
            let down = read_for(read, path)?;
            let below = directives(path, &down)?;
            if below.irreversible {
                let message =
                    "'irreversible' belongs at the top of the up file, and then there is no down file".to_owned();
                return Err(format_error(path, None, message));
            }
            step.down_no_transaction = below.no_transaction;
            step.down_manual = below.manual;
            step.timeout = step.timeout.max(below.timeout);
            step.carries = below.carries;
            step.down = Some(Action::Sql(down));
        }
    }
    step.verify = files.verify.map(|path| read_for(read, &path)).transpose()?;
    step.lost = files.lost.map(|path| read_for(read, &path)).transpose()?;
    Ok(step)
}
