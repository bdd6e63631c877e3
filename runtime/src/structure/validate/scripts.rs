//! The files that are validated, read however broken they are: what is wrong with a file is a finding, not the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use lockstep_catalog::lint::{Finding, Migration, Script, Severity, Way};
use lockstep_catalog::{Dialect, Directives, directive};
use lockstep_lifecycle::Refusal;
use lockstep_registry::{Action, SchemaVersion};

use super::unreadable;
use crate::files::{flat_of, head_of};
use crate::{Error, Result};

/// Scripts that are applied together, and what they build on.
#[derive(Debug, Clone)]
pub struct Group {
    /// The schema version, where they are one.
    pub schema: Option<SchemaVersion>,
    /// The schemas it builds on.
    pub requires: Vec<SchemaVersion>,
    /// The scripts.
    pub migration: Migration,
}

/// What is validated, in the order in which it would be applied.
#[derive(Debug, Clone)]
pub struct Scripts {
    /// Whose words they are in.
    pub dialect: Dialect,
    /// Everything that was asked for, and what it builds on.
    pub groups: Vec<Group>,
    /// What is wrong with the files themselves.
    pub(super) findings: Vec<Finding>,
    /// Every name in them, in lower case: which tables are worth a look.
    names: BTreeSet<String>,
}

/// What a folder holds.
struct Folder {
    group: Group,
    findings: Vec<Finding>,
}

impl Scripts {
    /// Reads what is named: files, folders, schemas of the schemas folder; all of its schemas where nothing is named.
    ///
    /// # Errors
    ///
    /// Where something is not there, or a `schema.toml` or `schema.json` cannot be read. What is wrong with a script is a
    /// finding.
    pub fn read(schemas: &Path, dialect: Dialect, targets: &[String]) -> Result<Self> {
        let mut reading = Reading::new(dialect);
        if targets.is_empty() {
            reading.all_of(schemas)?;
        }
        for target in targets {
            let path = Path::new(target);
            if path.is_file() {
                reading.file(path)?;
            } else if path.is_dir() {
                reading.folder(path)?;
            } else if schemas.join(target).is_dir() {
                reading.whole(&schemas.join(target))?;
            } else if SchemaVersion::new(target).is_ok() && !target.ends_with(".sql") {
                return Err(match SchemaVersion::new(target) {
                    Ok(schema) => Refusal::UnknownSchema { schema }.into(),
                    Err(error) => error.into(),
                });
            } else {
                return Err(Error::File {
                    path: target.clone(),
                    message: "there is no such file, folder or schema".to_owned(),
                });
            }
        }
        Ok(reading.finish())
    }

    /// The dialect that a file's name says it is written for: `001_x.up.postgres.sql`.
    pub fn dialect_of(file: &str) -> Option<Dialect> {
        named(file).and_then(|name| name.engine)
    }

    /// The text of a file by its name in findings.
    pub fn text(&self, file: &str) -> Option<&str> {
        let scripts = self.groups.iter().flat_map(|group| &group.migration.scripts);
        scripts
            .into_iter()
            .find(|script| script.file == file)
            .map(|script| script.text.as_str())
    }

    /// The names of all files, in order.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let scripts = self.groups.iter().flat_map(|group| &group.migration.scripts);
        scripts.map(|script| script.file.as_str())
    }

    /// The names of the files of which findings were asked for, in order.
    pub fn judged(&self) -> impl Iterator<Item = &str> {
        let judged = |group: &&Group| group.migration.judged;
        let scripts = self.groups.iter().filter(judged).flat_map(|group| {
            let scripts = group.migration.scripts.iter();
            scripts.filter(|script| group.migration.judges(script))
        });
        scripts.map(|script| script.file.as_str())
    }

    /// Whether a name stands in the scripts; one of more than a word always may.
    pub(super) fn name(&self, name: &str) -> bool {
        !name.chars().all(is_plain) || self.names.contains(&name.to_lowercase())
    }
}

/// What names are made of that need no quotes.
fn is_plain(character: char) -> bool {
    character.is_alphanumeric() || character == '_' || character == '$'
}

/// Folders on the way into an order.
struct Reading {
    dialect: Dialect,
    groups: Vec<Group>,
    /// What is wrong with the files of each.
    findings: Vec<Vec<Finding>>,
    /// Where each folder's group is, and whether its findings are wanted.
    seen: BTreeMap<PathBuf, usize>,
    /// Of folders in which single files were named, those.
    only: BTreeMap<usize, BTreeSet<String>>,
    /// Folders that were named themselves.
    whole: BTreeSet<usize>,
}

impl Reading {
    fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            groups: Vec::new(),
            findings: Vec::new(),
            seen: BTreeMap::new(),
            only: BTreeMap::new(),
            whole: BTreeSet::new(),
        }
    }

    fn finish(mut self) -> Scripts {
        self.only.retain(|at, _| !self.whole.contains(at));
        for (at, only) in self.only {
            self.groups[at].migration.only = Some(only);
        }
        let mut findings = Vec::new();
        for (group, found) in self.groups.iter().zip(self.findings) {
            let wanted = |one: &Finding| {
                let mut scripts = group.migration.scripts.iter();
                scripts.any(|script| script.file == one.file && group.migration.judges(script))
            };
            findings.extend(found.into_iter().filter(wanted));
        }
        let scripts = self.groups.iter().flat_map(|group| &group.migration.scripts);
        let words = scripts.flat_map(|script| script.text.split(|c: char| !is_plain(c)));
        Scripts {
            dialect: self.dialect,
            names: words.map(str::to_lowercase).collect(),
            groups: self.groups,
            findings,
        }
    }

    /// A folder of schemas.
    fn all_of(&mut self, root: &Path) -> Result<()> {
        let mut found = false;
        for path in list(root)? {
            if path.is_dir() {
                found = true;
                self.whole(&path)?;
            }
        }
        if found {
            return Ok(());
        }
        Err(Error::Format {
            path: root.display().to_string(),
            line: None,
            message: "there is no schema in it; a schema is a folder with steps, such as schema_v1/001_users.up.sql"
                .to_owned(),
        })
    }

    /// A folder: a schema, schemas, or scripts.
    fn folder(&mut self, folder: &Path) -> Result<()> {
        let inside = list(folder)?;
        let has_scripts = inside
            .iter()
            .any(|path| path.extension().is_some_and(|end| end == "sql"));
        if is_schema(folder) || has_scripts {
            return self.whole(folder);
        }
        self.all_of(folder)
    }

    /// A folder of which every script is wanted.
    fn whole(&mut self, folder: &Path) -> Result<()> {
        let at = self.schema(folder)?;
        self.whole.insert(at);
        Ok(())
    }

    /// A folder of scripts, after what it requires.
    fn schema(&mut self, folder: &Path) -> Result<usize> {
        let mut stack = vec![(folder.to_owned(), false)];
        // Folders that are being read: a circle ends there.
        let mut open = BTreeSet::new();
        while let Some((path, entered)) = stack.pop() {
            let key = path.canonicalize().unwrap_or_else(|_| path.clone());
            if self.seen.contains_key(&key) {
                continue;
            }
            let requires = head(&path)?;
            let beside = path.parent().unwrap_or(Path::new("")).to_owned();
            let parents: Vec<PathBuf> = requires.iter().map(|name| beside.join(name.as_str())).collect();
            if !entered && open.insert(key.clone()) {
                stack.push((path, true));
                stack.extend(
                    parents
                        .into_iter()
                        .filter(|one| one.is_dir())
                        .rev()
                        .map(|one| (one, false)),
                );
                continue;
            }
            if !entered {
                continue;
            }
            let mut read = read_folder(&path, self.dialect, requires)?;
            read.group.migration.judged = false;
            self.seen.insert(key, self.groups.len());
            self.groups.push(read.group);
            self.findings.push(read.findings);
        }
        let key = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        let at = self.seen.get(&key).copied().unwrap_or_default();
        if let Some(group) = self.groups.get_mut(at) {
            group.migration.judged = true;
        }
        Ok(at)
    }

    /// One file; where it is a step, with the steps around it, which it may build on.
    fn file(&mut self, path: &Path) -> Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let folder = match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let step = named(&name).is_some_and(|name| name.way.is_some());
        if name == "schema.json" {
            return self.whole(&folder);
        }
        if step {
            let shown = path.display().to_string();
            let at = self.schema(&folder)?;
            let group = &self.groups[at];
            let wanted = group
                .migration
                .scripts
                .iter()
                .find(|script| same_file(&script.file, &shown));
            if let Some(script) = wanted {
                let file = script.file.clone();
                self.only.entry(at).or_default().insert(file);
                return Ok(());
            }
        }
        if let Some(engine) = Scripts::dialect_of(&name).filter(|engine| *engine != self.dialect) {
            return Err(Error::Format {
                path: path.display().to_string(),
                line: None,
                message: format!(
                    "it is written for {engine}, not for {}; say so with --dialect",
                    self.dialect
                ),
            });
        }
        let mut findings = Vec::new();
        let script = plain(path, &mut findings)?;
        self.findings.push(findings);
        self.groups.push(Group {
            schema: None,
            requires: Vec::new(),
            migration: Migration {
                scripts: vec![script],
                judged: true,
                ..Migration::default()
            },
        });
        Ok(())
    }
}

fn same_file(one: &str, other: &str) -> bool {
    let plain = |path: &str| Path::new(path).canonicalize().ok();
    one == other || plain(one).is_some() && plain(one) == plain(other)
}

fn is_schema(folder: &Path) -> bool {
    ["schema.toml", "schema.json"]
        .iter()
        .any(|name| folder.join(name).is_file())
}

/// What a folder says it requires; circles and what is not there are for `validate` to tell.
fn head(folder: &Path) -> Result<Vec<SchemaVersion>> {
    let (toml, json) = (folder.join("schema.toml"), folder.join("schema.json"));
    let Ok(version) = SchemaVersion::new(&file_name(folder)) else {
        return Ok(Vec::new());
    };
    if json.is_file() {
        return Ok(flat_of(&json, &text_of(&json)?, &version)?.requires);
    }
    if toml.is_file() {
        return Ok(head_of(&toml, &text_of(&toml)?, version)?.requires);
    }
    Ok(Vec::new())
}

fn file_name(path: &Path) -> String {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    name.or_else(|| Some(path.canonicalize().ok()?.file_name()?.to_string_lossy().into_owned()))
        .unwrap_or_default()
}

fn list(folder: &Path) -> Result<Vec<PathBuf>> {
    let failed = |error: std::io::Error| Error::File {
        path: folder.display().to_string(),
        message: error.to_string(),
    };
    let mut paths = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if !file_name(&path).starts_with('.') {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn bytes_of(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|error| Error::File {
        path: path.display().to_string(),
        message: error.to_string(),
    })
}

fn text_of(path: &Path) -> Result<String> {
    String::from_utf8(bytes_of(path)?).map_err(|error| Error::File {
        path: path.display().to_string(),
        message: format!("it is not UTF-8 text (byte {})", error.utf8_error().valid_up_to() + 1),
    })
}

/// What a file's name says.
struct Named {
    step: String,
    way: Option<Way>,
    engine: Option<Dialect>,
}

/// `001_x.up.sql`, `001_x.down.mysql.sql`, `anything.sql`; `None` where it holds no statements to judge.
fn named(name: &str) -> Option<Named> {
    let name = Path::new(name).file_name()?.to_str()?;
    let stem = name.strip_suffix(".sql")?;
    let (stem, engine) = match stem.rsplit_once('.') {
        Some((rest, last)) if Dialect::from_file_suffix(last).is_some() => (rest, Dialect::from_file_suffix(last)),
        _ => (stem, None),
    };
    let (step, way) = match stem.rsplit_once('.') {
        Some((step, "up")) => (step, Some(Way::Up)),
        Some((step, "down")) => (step, Some(Way::Down)),
        Some((_, "verify" | "lost")) => return None,
        _ => (stem, None),
    };
    Some(Named {
        step: step.to_owned(),
        way,
        engine,
    })
}

/// The scripts of a folder in the order of their names, an engine's own variant before the generic file.
fn read_folder(folder: &Path, dialect: Dialect, requires: Vec<SchemaVersion>) -> Result<Folder> {
    let schema = SchemaVersion::new(&file_name(folder)).ok();
    let json = folder.join("schema.json");
    if let (true, Some(version)) = (json.is_file(), &schema) {
        return flat(&json, version);
    }
    let mut chosen: BTreeMap<(String, u8), (PathBuf, Named)> = BTreeMap::new();
    for path in list(folder)? {
        let Some(name) = named(&file_name(&path)).filter(|_| path.is_file()) else {
            continue;
        };
        let place = (name.step.clone(), name.way.map_or(0, |way| 1 + way as u8));
        match name.engine {
            Some(engine) if engine != dialect => {}
            Some(_) => drop(chosen.insert(place, (path, name))),
            None => drop(chosen.entry(place).or_insert((path, name))),
        }
    }
    let (mut scripts, mut findings, mut apart) = (Vec::new(), Vec::new(), false);
    let downs: BTreeSet<String> = chosen
        .values()
        .filter(|(_, name)| name.way == Some(Way::Down))
        .map(|(_, name)| name.step.clone())
        .collect();
    let is_step = is_schema(folder) || chosen.values().any(|(_, name)| name.way.is_some());
    for (path, name) in chosen.into_values() {
        let file = path.display().to_string();
        let (text, directives) = contents(&path, &mut findings)?;
        apart |= directives.no_transaction;
        let up = name.way != Some(Way::Down);
        scripts.push(Script {
            file,
            text,
            way: if up { Way::Up } else { Way::Down },
            needs_down: name.way == Some(Way::Up) && !directives.irreversible && !downs.contains(&name.step),
            pair: name.step,
            outside_transaction: directives.no_transaction,
            is_step,
        });
    }
    Ok(Folder {
        group: Group {
            schema: schema.filter(|_| is_step),
            requires,
            migration: Migration {
                scripts,
                one_transaction: is_step && !apart && dialect != Dialect::Mysql,
                judged: true,
                only: None,
            },
        },
        findings,
    })
}

/// A `schema.json`: each statement is a script of its own, named by its place.
fn flat(json: &Path, version: &SchemaVersion) -> Result<Folder> {
    let spec = flat_of(json, &text_of(json)?, version)?;
    let mut scripts = Vec::new();
    for (at, step) in spec.steps.iter().enumerate() {
        let sides = [
            ("migrations", Way::Up, Some(&step.up)),
            ("rollback", Way::Down, step.down.as_ref()),
        ];
        for (list, way, action) in sides {
            let Some(Action::Sql(text)) = action else {
                continue;
            };
            scripts.push(Script {
                way,
                pair: step.name.clone(),
                ..Script::up(format!("{}#{list}[{at}]", json.display()), text)
            });
        }
    }
    Ok(Folder {
        group: Group {
            schema: Some(version.clone()),
            requires: spec.requires,
            migration: Migration {
                scripts,
                one_transaction: true,
                judged: true,
                only: None,
            },
        },
        findings: Vec::new(),
    })
}

fn plain(path: &Path, findings: &mut Vec<Finding>) -> Result<Script> {
    let (text, directives) = contents(path, findings)?;
    Ok(Script {
        outside_transaction: directives.no_transaction,
        is_step: false,
        ..Script::up(path.display().to_string(), text)
    })
}

/// A script's text and what it says about itself; empty where it is no text.
fn contents(path: &Path, findings: &mut Vec<Finding>) -> Result<(String, Directives)> {
    let file = path.display().to_string();
    let text = match String::from_utf8(bytes_of(path)?) {
        Ok(text) => text,
        Err(error) => {
            let byte = error.utf8_error().valid_up_to() + 1;
            findings.push(unreadable(&file, format!("it is not UTF-8 text (byte {byte})")));
            return Ok((String::new(), Directives::default()));
        }
    };
    let directives = match directive::read(&text) {
        Ok(directives) => directives,
        Err(error) => {
            let told = error.to_string();
            let place = format!("line {}: ", error.line());
            let message = told.strip_prefix(&place).unwrap_or(&told).to_owned();
            let finding = Finding::of_line("directive", Severity::Error, &file, &text, error.line());
            findings.push(finding.saying(message, "the step is refused before anything of it runs", ""));
            Directives::default()
        }
    };
    Ok((text, directives))
}
