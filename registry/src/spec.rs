//! Schema specs: the immutable set of steps behind a schema version.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Checksum, SchemaVersion};

/// What one direction of a step does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// One or more SQL statements, as written.
    Sql(String),
    /// Rust code registered with the runtime; `revision` stands for its content in checksums.
    Code {
        /// Changed by the author whenever the code's effect changes.
        revision: String,
    },
}

impl Action {
    fn digest(&self) -> Checksum {
        match self {
            Self::Sql(text) => Checksum::of(["sql", &normalized(text)]),
            Self::Code { revision } => Checksum::of(["code", revision]),
        }
    }
}

/// Line ends, a byte order mark and trailing white space say nothing about what a step does.
fn normalized(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut out = String::with_capacity(text.len());
    for line in text.replace("\r\n", "\n").replace('\r', "\n").lines() {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

/// One unit of change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Names the step within its schema: `001_price_to_cents`.
    pub name: String,
    /// Makes the change.
    pub up: Action,
    /// Undoes exactly what `up` did; `None` only where the author declared the step irreversible.
    pub down: Option<Action>,
    /// A query that returns one row, true, once `up` is in effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verify: Option<String>,
    /// `up` cannot run inside a transaction (`CREATE INDEX CONCURRENTLY`).
    #[serde(default)]
    pub no_transaction: bool,
    /// `down` cannot run inside a transaction.
    #[serde(default)]
    pub down_no_transaction: bool,
    /// Nobody but a person can tell after a crash whether `up` took effect.
    #[serde(default, skip_serializing_if = "is_false")]
    pub manual: bool,
    /// Nobody but a person can tell after a crash whether `down` took effect.
    #[serde(default, skip_serializing_if = "is_false")]
    pub down_manual: bool,
    /// How long the step may take at the server; the runtime's default where not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<Duration>,
    /// Tables and columns (`products`, `products.price_cents`) whose rows `down` keeps elsewhere, so that removing them loses nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<String>,
    /// Queries asked before `down`, each under a comment that says of what: `-- products.price: why`. Each returns one number:
    /// how many values would not come back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<String>,
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde's signature
fn is_false(value: &bool) -> bool {
    !*value
}

impl Step {
    /// A step of SQL with the statements that undo it.
    pub fn sql(name: &str, up: &str, down: &str) -> Self {
        Self::new(name, Action::Sql(up.to_owned()), Some(Action::Sql(down.to_owned())))
    }

    /// A step of SQL that cannot be undone; a schema that has one stays for good.
    pub fn irreversible(name: &str, up: &str) -> Self {
        Self::new(name, Action::Sql(up.to_owned()), None)
    }

    /// A step of Rust code, registered with the runtime under the schema's and the step's name.
    pub fn code(name: &str, revision: &str) -> Self {
        let action = Action::Code {
            revision: revision.to_owned(),
        };
        Self::new(name, action.clone(), Some(action))
    }

    fn new(name: &str, up: Action, down: Option<Action>) -> Self {
        Self {
            name: name.to_owned(),
            up,
            down,
            verify: None,
            no_transaction: false,
            down_no_transaction: false,
            manual: false,
            down_manual: false,
            timeout: None,
            carries: Vec::new(),
            lost: None,
        }
    }

    /// The checksum that must not change once the step was applied (R9).
    pub fn checksum(&self) -> Checksum {
        let up = self.up.digest();
        let down = self.down.as_ref().map(Action::digest);
        let carries = self.carries.join(",");
        let mut flags = format!("{}{}{carries}", self.no_transaction, self.down_no_transaction);
        // Steps without the marks keep the checksum they had before there were any.
        if self.manual || self.down_manual {
            flags.push_str(&format!(";manual={},{}", self.manual, self.down_manual));
        }
        if let Some(lost) = &self.lost {
            flags.push_str(&format!(";lost={}", normalized(lost)));
        }
        let verify = self.verify.as_deref().map(normalized).unwrap_or_default();
        let down = down.as_ref().map_or("irreversible", Checksum::as_str);
        Checksum::of([&self.name, up.as_str(), down, &verify, &flags])
    }
}

/// A schema version with everything needed to apply it and to take it back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaSpec {
    /// Its name.
    pub version: SchemaVersion,
    /// For people.
    #[serde(default)]
    pub description: String,
    /// The schemas it builds on.
    #[serde(default)]
    pub requires: Vec<SchemaVersion>,
    /// The schemas whose users it leaves unharmed.
    #[serde(default)]
    pub compatible_with: Vec<SchemaVersion>,
    /// What to do, in this order.
    pub steps: Vec<Step>,
    /// The files it was read from, each with the checksum of its very bytes. Kept for audits, and no part of
    /// [`SchemaSpec::checksum`], to which line ends and trailing white space are nothing.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, Checksum>,
    /// What the database must look like before the first step and after the last; looked at under the lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expects: Option<Expectation>,
}

/// What a database must look like before and after a schema's steps, as fingerprints of its structure.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Expectation {
    /// Before the first step: another one means that somebody changed the database since the steps were made.
    pub before: String,
    /// After the last step: another one means that the steps did not do what they were made for.
    pub after: String,
    /// The schemas of the database that are looked at; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub schemas: Vec<String>,
    /// The names that are looked at; empty for all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// The names that are not looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
}

/// A spec that cannot be used; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Nothing to apply.
    #[error("schema {schema} has no steps; a schema needs at least one")]
    NoSteps {
        /// Which schema.
        schema: SchemaVersion,
    },
    /// Two steps of one name.
    #[error("schema {schema} has two steps named {step:?}; step names are unique within a schema")]
    DuplicateStep {
        /// Which schema.
        schema: SchemaVersion,
        /// The name.
        step: String,
    },
    /// A name twice in one list, or the schema itself.
    #[error("schema {schema} names {named} {how} in {list}")]
    Reference {
        /// Which schema.
        schema: SchemaVersion,
        /// What it names.
        named: SchemaVersion,
        /// "twice" or "itself".
        how: &'static str,
        /// `requires` or `compatible_with`.
        list: &'static str,
    },
    /// A flat pair of lists that do not pair.
    #[error(
        "schema {schema} has {migrations} migrations but {rollbacks} rollback scripts; they pair by position, so there must be one rollback for each migration"
    )]
    Unpaired {
        /// Which schema.
        schema: SchemaVersion,
        /// How many ups.
        migrations: usize,
        /// How many downs.
        rollbacks: usize,
    },
}

impl SchemaSpec {
    /// A spec without requirements; add them with the fields.
    pub fn new(version: SchemaVersion, steps: Vec<Step>) -> Self {
        Self {
            version,
            description: String::new(),
            requires: Vec::new(),
            compatible_with: Vec::new(),
            steps,
            files: BTreeMap::new(),
            expects: None,
        }
    }

    /// Builds on `parent`.
    #[must_use]
    pub fn requires(mut self, parent: SchemaVersion) -> Self {
        self.requires.push(parent);
        self
    }

    /// Leaves the users of `other` unharmed.
    #[must_use]
    pub fn compatible_with(mut self, other: SchemaVersion) -> Self {
        self.compatible_with.push(other);
        self
    }

    /// The checksum that must not change once the schema was applied (R9): name, requirements and steps.
    ///
    /// The description and `compatible_with` are promises about others and may be added to later; what is expected of the
    /// database is asked once, when the steps run.
    pub fn checksum(&self) -> Checksum {
        let mut requires: Vec<_> = self.requires.iter().map(SchemaVersion::as_str).collect();
        requires.sort_unstable();
        let steps: Vec<_> = self.steps.iter().map(Step::checksum).collect();
        let head = ["schema", self.version.as_str(), "requires"];
        let parts = head.into_iter().chain(requires).chain(["steps"]);
        Checksum::of(parts.chain(steps.iter().map(Checksum::as_str)))
    }

    /// Checks what can be checked without other schemas and without a dialect.
    pub fn check(&self) -> Result<(), SpecError> {
        let schema = || self.version.clone();
        if self.steps.is_empty() {
            return Err(SpecError::NoSteps { schema: schema() });
        }
        let mut names = BTreeSet::new();
        for step in &self.steps {
            if !names.insert(&step.name) {
                return Err(SpecError::DuplicateStep {
                    schema: schema(),
                    step: step.name.clone(),
                });
            }
        }
        for (list, named) in [("requires", &self.requires), ("compatible_with", &self.compatible_with)] {
            let mut seen = BTreeSet::new();
            for name in named {
                let how = if *name == self.version {
                    "itself"
                } else if !seen.insert(name) {
                    "twice"
                } else {
                    continue;
                };
                return Err(SpecError::Reference {
                    schema: schema(),
                    named: name.clone(),
                    how,
                    list,
                });
            }
        }
        Ok(())
    }

    /// Whether every step runs inside one transaction where the engine has transactional DDL.
    pub fn is_transactional(&self) -> bool {
        !self.steps.iter().any(|s| s.no_transaction || s.down_no_transaction)
    }

    /// The first step that cannot be undone.
    pub fn irreversible_step(&self) -> Option<&Step> {
        self.steps.iter().find(|s| s.down.is_none())
    }
}

/// A spec in the flat shape of `schema.json`: `migrations[i]` is undone by `rollback[i]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceOneSchema {
    version: SchemaVersion,
    #[serde(default)]
    description: String,
    migrations: Vec<String>,
    rollback: Vec<String>,
    #[serde(default)]
    compatible_with: Vec<SchemaVersion>,
    #[serde(default)]
    requires: Vec<SchemaVersion>,
}

impl TryFrom<SourceOneSchema> for SchemaSpec {
    type Error = SpecError;
    fn try_from(flat: SourceOneSchema) -> Result<Self, SpecError> {
        if flat.migrations.len() != flat.rollback.len() {
            return Err(SpecError::Unpaired {
                schema: flat.version,
                migrations: flat.migrations.len(),
                rollbacks: flat.rollback.len(),
            });
        }
        let pairs = flat.migrations.iter().zip(&flat.rollback);
        let steps = pairs
            .enumerate()
            .map(|(at, (up, down))| Step::sql(&format!("{:03}", at + 1), up, down))
            .collect();
        Ok(Self {
            version: flat.version,
            description: flat.description,
            requires: flat.requires,
            compatible_with: flat.compatible_with,
            steps,
            files: BTreeMap::new(),
            expects: None,
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn v(name: &str) -> SchemaVersion {
        SchemaVersion::new(name).unwrap()
    }

    fn spec(up: &str) -> SchemaSpec {
        SchemaSpec::new(v("schema_v1"), vec![Step::sql("001", up, "DROP TABLE t")])
    }

    #[test]
    fn line_ends_and_trailing_space_do_not_change_a_checksum_but_content_does() {
        let unix = spec("CREATE TABLE t (\n  a INT\n);\n").checksum();
        assert_eq!(
            unix,
            spec("\u{feff}CREATE TABLE t (\r\n  a INT  \r\n);\r\n\r\n").checksum()
        );
        assert_ne!(unix, spec("CREATE TABLE t (\n  b INT\n);\n").checksum());
        assert_ne!(unix, spec("CREATE TABLE t (\n a INT\n);\n").checksum());
    }

    #[test]
    fn what_a_schema_requires_is_part_of_its_checksum_and_what_it_leaves_unharmed_is_not() {
        let plain = spec("x").checksum();
        assert_ne!(plain, spec("x").requires(v("schema_v0")).checksum());
        assert_eq!(plain, spec("x").compatible_with(v("schema_v0")).checksum());
    }

    #[test]
    fn a_flat_spec_pairs_by_position() {
        let flat = r#"{"version":"schema_v1","migrations":["CREATE TABLE a(x)","CREATE INDEX i ON a(x)"],
                       "rollback":["DROP TABLE a","DROP INDEX i"],"compatibleWith":["schema_v0"]}"#;
        let flat: SourceOneSchema = serde_json::from_str(flat).unwrap();
        let spec = SchemaSpec::try_from(flat).unwrap();
        assert_eq!(spec.steps[1].down, Some(Action::Sql("DROP INDEX i".into())));
        assert_eq!(spec.compatible_with, [v("schema_v0")]);

        let uneven = r#"{"version":"schema_v1","migrations":["a","b"],"rollback":["c"]}"#;
        let uneven: SourceOneSchema = serde_json::from_str(uneven).unwrap();
        assert!(matches!(
            SchemaSpec::try_from(uneven),
            Err(SpecError::Unpaired {
                migrations: 2,
                rollbacks: 1,
                ..
            })
        ));
    }

    #[test]
    fn a_spec_that_makes_no_sense_is_refused() {
        let none = SchemaSpec::new(v("schema_v1"), vec![]);
        assert!(matches!(none.check(), Err(SpecError::NoSteps { .. })));
        let twin = Step::sql("001", "a", "b");
        let twins = SchemaSpec::new(v("schema_v1"), vec![twin.clone(), twin]);
        assert!(matches!(twins.check(), Err(SpecError::DuplicateStep { .. })));
        let own_parent = spec("x").requires(v("schema_v1"));
        assert!(matches!(
            own_parent.check(),
            Err(SpecError::Reference { how: "itself", .. })
        ));
    }

    #[test]
    fn a_spec_survives_its_stored_form() {
        let mut full = spec("x").requires(v("schema_v0"));
        full.steps.push(Step::code("002", "r1"));
        full.steps.push(Step::irreversible("003", "y"));
        full.steps[0].timeout = Some(Duration::from_millis(1500));
        let before = full.checksum();
        full.files.insert("001.up.sql".to_owned(), Checksum::of_file(b"x"));
        assert_eq!(
            full.checksum(),
            before,
            "where it was read from is no part of what it does"
        );
        let json = serde_json::to_string(&full).unwrap();
        let back: SchemaSpec = serde_json::from_str(&json).unwrap();
        assert_eq!(back, full);
        assert_eq!(back.checksum(), full.checksum());
    }
}
