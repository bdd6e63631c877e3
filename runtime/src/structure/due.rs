//! Migrations that a declaration brings along: what runs once on the way from the version a database was brought to to the
//! declared one, before anything is compared.
//!
//! Each is a schema version of its own in the history (`sync_0007_v1_2_0`), which is how it runs once, whatever crashes.

use lockstep_catalog::Dialect;
use lockstep_catalog::declare::{Migration, MigrationDefinition};
use lockstep_registry::{SchemaSpec, SchemaVersion, Step};
use semver::Version;

use super::Declaration;
use super::sync::{PREFIX, SyncOptions, handler_version, newest, next_number, number_of};
use crate::runtime::Runtime;
use crate::{Error, Result};

/// Under which schema a program registers the code of a declaration's migrations
/// ([`Runtime::add_code_step`]): they belong to no schema until they run.
pub const DECLARED: &str = "declared";

impl Runtime {
    /// The migrations that a sync has to run first.
    pub(super) async fn due<'a>(&self, declaration: Option<&'a Declaration>) -> Result<Vec<&'a Migration>> {
        let Some(declaration) = declaration else {
            return Ok(Vec::new());
        };
        if declaration.migrations.is_empty() {
            return Ok(Vec::new());
        }
        let recorded = self.database().declared_version(self.core().scope()).await?;
        let mut due = declaration.due(recorded.as_ref())?;
        let facts = self.facts().await?;
        // A crash between a migration and the record of the version leaves it in the history.
        due.retain(|one| {
            let mark = mark(&one.version);
            !facts.schemas.iter().any(|(version, record)| {
                number_of(version).is_some() && version.as_str().ends_with(&mark) && record.occupies()
            })
        });
        Ok(due)
    }

    /// Runs what is due, in order.
    pub(super) async fn run_due(&self, due: &[&Migration], options: &SyncOptions) -> Result<()> {
        for migration in due {
            let facts = self.facts().await?;
            let number = next_number(&facts);
            let version = SchemaVersion::new(&format!("{PREFIX}{number:04}{}", mark(&migration.version)))?;
            let mut spec = SchemaSpec::new(version.clone(), self.steps_of(migration, &version)?);
            spec.description = format!("the declaration's migration to {}", migration.version);
            if let Some(previous) = newest(&facts) {
                self.recall(&previous).await?;
                spec = spec.requires(previous);
            }
            let handler_version = handler_version(number)?;
            self.add_schema(spec)?;
            self.register(handler_version.clone(), version.as_str()).await?;
            self.take_over(&handler_version, options).await?;
        }
        Ok(())
    }

    fn steps_of(&self, migration: &Migration, version: &SchemaVersion) -> Result<Vec<Step>> {
        let irreversible = |at: usize, sql: &str| Step::irreversible(&format!("{at:03}_migration"), sql);
        Ok(match &migration.work {
            MigrationDefinition::Sql(statements) if self.core().dialect() == Dialect::Mysql => statements
                .iter()
                .enumerate()
                .map(|(at, sql)| irreversible(at + 1, sql))
                .collect(),
            MigrationDefinition::Sql(statements) => vec![irreversible(1, &statements.join(";\n"))],
            MigrationDefinition::Code(name) => {
                let declared = SchemaVersion::new(DECLARED)?;
                let code = self
                    .core()
                    .codes
                    .get(&(declared, name.clone()))
                    .map(|code| code.clone());
                let code = code.ok_or_else(|| Error::MissingCode {
                    schema: version.clone(),
                    step: name.clone(),
                })?;
                self.add_code_step(version.clone(), name, code);
                vec![Step::code(name, &migration.version.to_string())]
            }
        })
    }
}

fn mark(version: &Version) -> String {
    let words: String = version
        .to_string()
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '_' })
        .collect();
    format!("_v{words}")
}
