//! Sync: makes a database look as declared, as a schema version like any other.
//!
//! ```text
//!  analyse ─► in sync
//!     └─► differences ─► rows in the way: refused
//!             └─► risk ─► dangerous and not confirmed: asked
//!                   └─► migration, tried out ─► schema sync_0007_… (expects: fingerprint before, after)
//!                          └─► activated: under the lock, before and after the steps, the database is read again;
//!                                another fingerprint takes everything back, and is recorded with the schema
//! ```
//!
//! What holds a synced schema is the handler `schema` of the instance `sync`: its newest version is active, the ones before
//! stay because the next builds on them. `deactivate schema@0.0.7` takes a sync back.

use std::path::PathBuf;
use std::sync::Arc;

use lockstep_catalog::compare::{Difference, Renames, additive, compare};
use lockstep_catalog::declare::Migration;
use lockstep_catalog::risk::{Risk, assess};
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::write::{Choices, Plan, pending};
use lockstep_lifecycle::{Facts, Policy, Refusal, SchemaRecord};
use lockstep_registry::{Checksum, Expectation, HandlerVersion, InstanceId, SchemaSpec, SchemaVersion};
use serde::Serialize;

use super::diff::{Diff, DiffOptions, Obstacle, diff};
use super::{Database, Declaration, Migration as Steps, Side, generate, rows};
use crate::failpoint::failpoint;
use crate::runtime::{ActivateOptions, DeactivateOptions, Runtime};
use crate::{Activation, Error, Result};

/// What a sync may do.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strategy {
    /// Adds what is missing; nothing that is there is changed or removed.
    #[default]
    Additive,
    /// Adds, changes and removes until the database looks as declared.
    Full,
}

/// How to sync.
#[derive(Debug, Clone, Default)]
pub struct SyncOptions {
    /// What may be done.
    pub strategy: Strategy,
    /// Whether it only says what it would do.
    pub dry_run: bool,
    /// The plan that a person agreed to ([`Proposal::id`]), or any.
    pub consent: Option<Consent>,
    /// Whether people depend on this database.
    pub production: bool,
    /// Goes ahead although users of another live schema may be harmed.
    pub override_incompatible: bool,
    /// Which objects.
    pub selection: Selection,
    /// How statements are chosen.
    pub choices: Choices,
    /// Renames besides those that the desired side declares.
    pub renames: Renames,
    /// A schemas folder to write the schema into, so that handler versions can be bound to it.
    pub save_to: Option<PathBuf>,
}

/// What a person agreed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Consent {
    /// Whatever it turns out to be.
    Any,
    /// This plan and no other.
    To(String),
}

/// What a sync would do.
#[derive(Debug, Clone, Serialize)]
pub struct Proposal {
    /// Stands for the database as it is and the statements: another database or another plan has another.
    pub id: String,
    /// The declaration's migrations that run first, by their versions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub migrations: Vec<String>,
    /// Everything that is not as declared.
    pub differences: Vec<Difference>,
    /// What the strategy leaves as it is.
    pub left: Vec<Difference>,
    /// How dangerous it is.
    pub risk: Risk,
    /// The statements.
    pub plan: Plan,
    /// The fingerprint now.
    pub before: String,
    /// The fingerprint afterwards.
    pub after: String,
}

/// What a sync came to.
#[derive(Debug, Clone, Serialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
pub enum Synced {
    /// There was nothing to do.
    InSync {
        /// What the database looks like.
        fingerprint: String,
        /// What the strategy leaves as it is.
        left: Vec<Difference>,
    },
    /// It was a dry run.
    Planned {
        /// What would be done.
        proposal: Box<Proposal>,
    },
    /// Rows cannot follow; nothing was changed.
    Obstructed {
        /// What would be done.
        proposal: Box<Proposal>,
        /// The rows.
        obstacles: Vec<Obstacle>,
    },
    /// It is dangerous enough to ask first, or values would go; nothing was changed.
    NeedsConsent {
        /// What would be done.
        proposal: Box<Proposal>,
    },
    /// It was done, and the database looks as it should.
    Synchronized {
        /// What was done.
        proposal: Box<Proposal>,
        /// The schema version that it is in the history.
        schema: SchemaVersion,
        /// The handler version that holds it.
        handler_version: HandlerVersion,
        /// The sync before it, where there is one. Deactivating takes that back, too, once nothing else uses it; deactivating
        /// with [`Policy::Retain`] and [`Runtime::rollback`] of this schema leads back to it and no further.
        builds_on: Option<SchemaVersion>,
        /// Whether it can be taken back; else the notes say why not.
        reversible: bool,
        /// The files it was written into.
        files: Vec<PathBuf>,
        /// What a person should know about the way back.
        notes: Vec<String>,
        /// What the activation came to.
        activation: Box<Activation>,
    },
}

/// Who holds what was synced.
const HANDLER: &str = "schema";
const INSTANCE: &str = "sync";
pub(super) const PREFIX: &str = "sync_";

impl Runtime {
    /// Makes the database look as declared. Safe to repeat after a crash: what was begun is ended first.
    ///
    /// # Errors
    ///
    /// Where either side cannot be read, no way keeps the rows, the steps do not lead there and back on a throwaway
    /// database, or somebody changed the database meanwhile. The database is as it was then, unless the error says otherwise.
    pub async fn sync(&self, desired: Side, options: &SyncOptions) -> Result<Synced> {
        let facts = self.facts().await?;
        if !options.dry_run {
            self.end_what_was_begun(&facts).await?;
        }
        let database = self.database();
        let declaration = desired.declaration.clone();
        let due = self.due(declaration.as_ref()).await?;
        let (mut diff, left) = analysed(&database, &desired, options).await?;
        let mut proposal = Box::new(proposed(&database, &diff, left, &due, options).await?);
        if diff.plan.statements.is_empty() && due.is_empty() {
            if !options.dry_run {
                self.settle(options).await?;
                self.keep(&database, declaration.as_ref()).await?;
            }
            return Ok(Synced::InSync {
                fingerprint: proposal.before,
                left: proposal.left,
            });
        }
        // What runs first may mend what is in the way now.
        if !diff.obstacles.is_empty() && due.is_empty() {
            let obstacles = diff.obstacles;
            return Ok(Synced::Obstructed { proposal, obstacles });
        }
        if options.dry_run {
            return Ok(Synced::Planned { proposal });
        }
        let agreed = match &options.consent {
            Some(Consent::Any) => true,
            Some(Consent::To(id)) => *id == proposal.id,
            None => false,
        };
        // R8: whatever the score, values do not go unasked.
        let loses = proposal.differences.iter().any(|one| one.loses_data);
        let harmless = proposal.risk.auto_approve && !loses && due.is_empty();
        if !agreed && !harmless {
            return Ok(Synced::NeedsConsent { proposal });
        }
        if !due.is_empty() {
            self.run_due(&due, options).await?;
            let left;
            (diff, left) = analysed(&database, &desired, options).await?;
            proposal = Box::new(proposed(&database, &diff, left, &due, options).await?);
            if !diff.obstacles.is_empty() {
                let obstacles = diff.obstacles;
                return Ok(Synced::Obstructed { proposal, obstacles });
            }
        }
        let synced = if diff.plan.statements.is_empty() {
            self.settle(options).await?;
            Synced::InSync {
                fingerprint: proposal.before,
                left: proposal.left,
            }
        } else {
            self.carry_out(&database, &diff, proposal, options).await?
        };
        self.keep(&database, declaration.as_ref()).await?;
        Ok(synced)
    }

    /// Keeps what the database was brought to.
    async fn keep(&self, database: &Database, declaration: Option<&Declaration>) -> Result<()> {
        if let Some(declaration) = declaration {
            let creator = self.core().holder.instance.as_str();
            database
                .keep_declaration(self.core().scope(), declaration, creator)
                .await?;
        }
        Ok(())
    }

    /// The runtime's database, to be looked at.
    pub fn database(&self) -> Database {
        Database::of(Arc::clone(&self.core().engine), self.core().settings.clone())
    }

    async fn carry_out(
        &self,
        database: &Database,
        diff: &Diff,
        proposal: Box<Proposal>,
        options: &SyncOptions,
    ) -> Result<Synced> {
        failpoint!("sync.planned");
        let facts = self.facts().await?;
        let number = next_number(&facts);
        let version = SchemaVersion::new(&format!("{PREFIX}{number:04}_{}", &proposal.after[..8]))?;
        let migration = Steps::of(database, diff, version.as_str(), &options.selection).await?;
        let reversible = migration.is_reversible();
        let mut spec = SchemaSpec::new(version.clone(), migration.steps);
        spec.description = format!("{} of the declared schema", told(options.strategy));
        let builds_on = newest(&facts);
        if let Some(previous) = builds_on.clone() {
            self.recall(&previous).await?;
            if options.strategy == Strategy::Additive || !harms(&proposal.differences) {
                spec = spec.compatible_with(previous.clone());
            }
            spec = spec.requires(previous);
        }
        let known = &self.core().known;
        spec.expects = Some(Expectation {
            before: known.remember(&diff.from),
            after: known.remember(&diff.to),
            schemas: options.selection.schemas.clone(),
            include: options.selection.include.clone(),
            exclude: options.selection.exclude.clone(),
        });
        let handler_version = handler_version(number)?;
        self.add_schema(spec)?;
        self.register(handler_version.clone(), version.as_str()).await?;
        failpoint!("sync.registered");
        let activation = Box::new(self.take_over(&handler_version, options).await?);
        failpoint!("sync.activated");
        let files = self.settle(options).await?;
        Ok(Synced::Synchronized {
            proposal,
            schema: version,
            handler_version,
            builds_on,
            reversible,
            files,
            notes: migration.notes,
            activation,
        })
    }

    /// Activates the next sync. Where nothing but the sync before it is in the way, that one lets go first; it stays
    /// applied, and takes hold again where the next one does not come about.
    pub(super) async fn take_over(&self, next: &HandlerVersion, options: &SyncOptions) -> Result<Activation> {
        let refused = match self.activate_with(next.clone(), self.as_sync(options)?).await {
            Err(Error::Refused(refused)) => refused,
            done => return done,
        };
        let own = match refused.as_ref() {
            Refusal::Incompatible { live, .. } if live.iter().all(|one| one.instance.as_str() == INSTANCE) => {
                live.clone()
            }
            _ => return Err(Error::Refused(refused)),
        };
        for older in &own {
            self.let_go(&older.handler_version).await?;
        }
        let done = self.activate_with(next.clone(), self.as_sync(options)?).await;
        if done.is_err() {
            for older in own {
                let again = self.activate_with(older.handler_version, self.as_sync(options)?).await;
                again.inspect_err(|error| tracing::warn!(%error, "the sync before could not take hold again"))?;
            }
        }
        done
    }

    /// Lets go of a sync; its schema stays.
    async fn let_go(&self, of: &HandlerVersion) -> Result<()> {
        let options = DeactivateOptions {
            instance: Some(InstanceId::new(INSTANCE)?),
            policy: Some(Policy::Retain),
            allow_data_loss: false,
        };
        self.deactivate_with(of.clone(), options).await.map(|_| ())
    }

    pub(super) fn as_sync(&self, options: &SyncOptions) -> Result<ActivateOptions> {
        Ok(ActivateOptions {
            instance: Some(InstanceId::new(INSTANCE)?),
            ttl: None,
            override_incompatible: options.override_incompatible,
        })
    }

    /// A sync that a crash left half-way is ended before anything new is planned.
    async fn end_what_was_begun(&self, facts: &Facts) -> Result<()> {
        let begun = facts.schemas.iter().filter(|(version, record)| {
            number_of(version).is_some() && record.occupies() && record.state != lockstep_registry::SchemaState::Applied
        });
        for (version, _) in begun {
            let Some(number) = number_of(version) else { continue };
            self.recall(version).await?;
            let ended = self
                .activate_with(handler_version(number)?, self.as_sync(&SyncOptions::default())?)
                .await;
            // The same step fails as often as somebody syncs: a person has to end it one way or the other.
            ended.map_err(|cause| match cause {
                Error::Step { .. } => Error::Unfinished {
                    schema: version.clone(),
                    cause: Box::new(cause),
                },
                other => other,
            })?;
        }
        Ok(())
    }

    /// What follows a sync that counts, and what a crash after it may have left out: older ones are let go of, and every sync
    /// in the database has its files. Returns the files that were missing.
    async fn settle(&self, options: &SyncOptions) -> Result<Vec<PathBuf>> {
        let facts = self.facts().await?;
        self.let_go_of_older(&facts).await?;
        // Who let go, and crashed before the next one took hold, left the newest without a holder.
        let held = facts.leases.keys().any(|key| key.instance.as_str() == INSTANCE);
        if let (Some(newest), false) = (newest(&facts), held)
            && let Some(number) = number_of(&newest)
        {
            self.recall(&newest).await?;
            self.activate_with(handler_version(number)?, self.as_sync(options)?)
                .await?;
        }
        let mut files = Vec::new();
        let Some(folder) = &options.save_to else {
            return Ok(files);
        };
        for (version, _) in facts.schemas.iter().filter(|(_, record)| record.occupies()) {
            if number_of(version).is_none() || folder.join(version.as_str()).exists() {
                continue;
            }
            let stored = self.core().engine.stored_spec(self.core().scope(), version).await?;
            let Some(spec) = stored else { continue };
            match generate::save(folder, &spec, self.core().dialect()) {
                Ok(written) => files.extend(written),
                // Another process that synced the same wrote it meanwhile.
                Err(_) if folder.join(version.as_str()).exists() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(files)
    }

    /// The newest sync holds its schema; the others stay because it builds on them.
    async fn let_go_of_older(&self, facts: &Facts) -> Result<()> {
        let ours = |of: &HandlerVersion| of.handler.as_str() == HANDLER;
        let mut held: Vec<_> = facts
            .leases
            .keys()
            .filter(|key| key.instance.as_str() == INSTANCE && ours(&key.handler_version))
            .map(|key| key.handler_version.clone())
            .collect();
        held.sort();
        held.pop();
        for older in held {
            self.let_go(&older).await?;
        }
        Ok(())
    }

    /// Makes a schema known to this process that only the database knows, and those it builds on.
    pub(crate) async fn recall(&self, version: &SchemaVersion) -> Result<()> {
        let mut missing = vec![version.clone()];
        let mut found = Vec::new();
        while let Some(next) = missing.pop() {
            if self.core().specs.load().get(&next).is_some() {
                continue;
            }
            let Some(spec) = self.core().engine.stored_spec(self.core().scope(), &next).await? else {
                continue;
            };
            missing.extend(spec.requires.iter().cloned());
            found.push(spec);
        }
        // What is built on comes first.
        for spec in found.into_iter().rev() {
            self.add_schema(spec)?;
        }
        Ok(())
    }
}

/// What lies between the database and the goal that the strategy allows, and what it leaves.
async fn analysed(database: &Database, desired: &Side, options: &SyncOptions) -> Result<(Diff, Vec<Difference>)> {
    let from = database.side(&options.selection).await?;
    let mut renames = options.renames.clone();
    renames.0.extend(desired.renames.0.iter().cloned());
    let mut left = Vec::new();
    let (goal, renames): (Structure, Renames) = match options.strategy {
        Strategy::Full => (desired.structure.clone(), renames),
        Strategy::Additive => {
            let renames = pending(&from.structure, &desired.structure, &renames);
            let goal = additive(&from.structure, &desired.structure, &renames);
            let there = renames.applied_to(&goal);
            left = compare(&there, &desired.goal(&there)).differences(&renames);
            (goal, Renames::none())
        }
    };
    let to = Side {
        leaves_privileges: desired.leaves_privileges,
        ..Side::of(goal)
    };
    let options = DiffOptions {
        selection: options.selection.clone(),
        choices: options.choices,
        renames,
    };
    Ok((diff(from, to, &options).await?, left))
}

async fn proposed(
    database: &Database,
    diff: &Diff,
    left: Vec<Difference>,
    due: &[&Migration],
    options: &SyncOptions,
) -> Result<Proposal> {
    let migrations: Vec<String> = due.iter().map(|one| one.version.to_string()).collect();
    let renamed = diff.renames.applied_to(&diff.from);
    let differences = compare(&renamed, &diff.to).differences(&diff.renames);
    let rows = rows::counted(database, &diff.from, &differences).await?;
    let risk = assess(&differences, |name| rows.get(name).copied(), options.production);
    let (before, after) = (diff.from.fingerprint().to_string(), diff.to.fingerprint().to_string());
    let statements = diff.plan.statements.iter().map(|change| change.sql.as_str());
    let first = migrations.iter().map(String::as_str);
    let id = Checksum::of(
        [before.as_str(), after.as_str()]
            .into_iter()
            .chain(first)
            .chain(statements),
    );
    Ok(Proposal {
        id: id.to_string(),
        migrations,
        differences,
        left,
        risk,
        plan: diff.plan.clone(),
        before,
        after,
    })
}

/// Whether users of the schema before may miss something afterwards.
fn harms(differences: &[Difference]) -> bool {
    use lockstep_catalog::compare::Action;
    differences
        .iter()
        .any(|one| one.loses_data || one.converts || matches!(one.action, Action::Rename | Action::Drop))
}

fn told(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Additive => "an additive sync",
        Strategy::Full => "a full sync",
    }
}

pub(super) fn number_of(version: &SchemaVersion) -> Option<u32> {
    version.as_str().strip_prefix(PREFIX)?.split('_').next()?.parse().ok()
}

/// The number of the next sync.
pub(super) fn next_number(facts: &Facts) -> u32 {
    1 + facts.schemas.keys().filter_map(number_of).max().unwrap_or(0)
}

/// The newest sync that is in the database.
pub(super) fn newest(facts: &Facts) -> Option<SchemaVersion> {
    let there = facts
        .schemas
        .iter()
        .filter(|(_, record)| SchemaRecord::occupies(record));
    there
        .filter_map(|(version, _)| Some((number_of(version)?, version.clone())))
        .max()
        .map(|(_, version)| version)
}

pub(super) fn handler_version(number: u32) -> Result<HandlerVersion> {
    Ok(format!("{HANDLER}@0.0.{number}").parse()?)
}
