//! What every operation works with, and how operations begin and end.

use std::sync::Arc;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use lockstep_catalog::Dialect;
use lockstep_lifecycle::{Commit, Decision, Event, Facts, Failure, Operation, OperationChange, OperationKind, Refusal};
use lockstep_registry::{Bindings, HandlerVersion, Holder, SchemaSpec, SchemaVersion, Scope, Specs};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Deadline;
use crate::engine::{CodeStep, Engine, Limit, Reading, Records, Transaction};
use crate::expect::Known;
use crate::settings::Settings;
use crate::statements::{self, Compiled};
use crate::view::View;
use crate::{Error, Result};

/// Shared by a runtime and its tasks.
pub(crate) struct Core {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Settings,
    pub(crate) holder: Holder,
    pub(crate) specs: ArcSwap<Specs>,
    pub(crate) bindings: ArcSwap<Bindings>,
    pub(crate) codes: DashMap<(SchemaVersion, String), Arc<dyn CodeStep>>,
    /// Specs as they are run, prepared once.
    pub(crate) compiled: DashMap<SchemaVersion, Arc<Compiled>>,
    /// What the fingerprints stand for that specs expect.
    pub(crate) known: Known,
    pub(crate) view: View,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("engine", &self.engine)
            .field("holder", &self.holder)
            .finish_non_exhaustive()
    }
}

impl Core {
    pub(crate) fn scope(&self) -> &Scope {
        &self.settings.scope
    }

    pub(crate) fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    pub(crate) fn deadline(&self) -> Deadline {
        Deadline::after(self.settings.operation_timeout)
    }

    pub(crate) fn records(&self) -> Records {
        Records::of(self.holder.instance.clone())
    }

    /// The spec with its statements split and checked; the work is done once for each content.
    pub(crate) fn compiled(&self, spec: &SchemaSpec) -> Result<Arc<Compiled>> {
        let checksum = spec.checksum();
        if let Some(held) = self.compiled.get(&spec.version)
            && held.checksum == checksum
        {
            return Ok(Arc::clone(&held));
        }
        let compiled = Arc::new(statements::compile(self.dialect(), spec)?);
        self.compiled.insert(spec.version.clone(), Arc::clone(&compiled));
        Ok(compiled)
    }

    /// The bounds of a step within an operation.
    pub(crate) fn step_limit(&self, spec_limit: Option<std::time::Duration>, deadline: Deadline) -> Limit {
        let limit = spec_limit.unwrap_or(self.settings.step_timeout);
        Limit {
            deadline: deadline.within(limit),
            cancel: self.stop.clone(),
        }
    }

    /// Whether an attempt that a lock, a deadlock or a busy database ended is worth making again. One without the time to
    /// wait for a lock would fail for lack of time, and look like a step that ran too long.
    pub(crate) fn may_retry(&self, error: &Error, deadline: Deadline) -> bool {
        let least = self.settings.lock_timeout + std::time::Duration::from_millis(200);
        (error.is_transient() || error.is_guarded_use()) && deadline.remaining() > least && !self.stop.is_cancelled()
    }

    /// Keeps guarded transactions out of schemas that are to be taken back, before any of their tables is touched. Waits
    /// for as long as an attempt may wait for a lock: the structural lock is given back before the next attempt.
    pub(crate) async fn exclude_guarded(
        &self,
        transaction: &mut dyn Transaction,
        schemas: &[SchemaVersion],
        deadline: Deadline,
    ) -> Result<()> {
        let limit = deadline.within(self.settings.lock_timeout);
        match transaction.exclude_guarded(schemas, limit).await? {
            true => Ok(()),
            false => Err(Error::guarded_use(limit.length())),
        }
    }

    /// Until when a failure is recorded: it must not go untold for lack of the time that the failed step used up.
    pub(crate) fn recording_deadline(&self) -> Deadline {
        Deadline::after(self.settings.lock_timeout * 20)
    }

    /// The bounds of looking up and cleaning up after a step: a shutdown must not leave that half-done.
    pub(crate) fn cleanup_limit(&self) -> Limit {
        Limit {
            deadline: Deadline::after(self.settings.step_timeout),
            cancel: CancellationToken::new(),
        }
    }

    /// Runs work in a task of its own: a caller that goes away leaves nothing half-done.
    pub(crate) async fn owned<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> Result<T> {
        if self.stop.is_cancelled() {
            return Err(Error::Cancelled);
        }
        match self.tasks.spawn(work).await {
            Ok(result) => result,
            Err(error) if error.is_cancelled() => Err(Error::Cancelled),
            Err(error) => Err(Error::bug(format!("an operation panicked: {error}"))),
        }
    }

    pub(crate) fn operation(&self, kind: OperationKind, subject: impl ToString, facts: &Facts) -> Operation {
        Operation {
            id: uuid::Uuid::now_v7().to_string(),
            kind,
            subject: subject.to_string(),
            holder: self.holder.clone(),
            session: format!("process {}", std::process::id()),
            since: facts.now,
        }
    }

    /// The binding this process knows of a handler version.
    pub(crate) fn binding_of(&self, of: &HandlerVersion) -> Option<lockstep_registry::Binding> {
        self.bindings.load().get(of).cloned()
    }

    /// The spec to take a schema back by: as it was applied, even where this process never saw the files.
    pub(crate) async fn applied_spec(&self, schema: &SchemaVersion) -> Result<Arc<SchemaSpec>> {
        if let Some(stored) = self.engine.stored_spec(self.scope(), schema).await? {
            return Ok(Arc::new(stored));
        }
        let known = self.specs.load().get(schema).cloned();
        known.ok_or_else(|| Refusal::UnknownSchema { schema: schema.clone() }.into())
    }

    /// Commits a decision and shows it to this process's readers before anyone hears of it.
    pub(crate) async fn commit(
        &self,
        transaction: Box<dyn Transaction>,
        decision: Decision,
        operation: OperationChange,
        takes_epoch: bool,
        records: Records,
    ) -> Result<Vec<Event>> {
        let commit = Commit {
            events: decision.events,
            operation,
            takes_epoch,
        };
        let events = transaction.commit(commit, records).await?;
        self.view.take(self, &events).await;
        Ok(events)
    }

    /// Announces an operation in the transaction that found it necessary; another's announcement stays unless `force`.
    pub(crate) async fn announce(
        &self,
        transaction: Box<dyn Transaction>,
        facts: &Facts,
        operation: &Operation,
        force: bool,
    ) -> Result<()> {
        if facts.operation.is_some() && !force {
            transaction.abandon().await;
            return Ok(());
        }
        let commit = Commit {
            operation: OperationChange::Announce(operation.clone()),
            ..Commit::default()
        };
        transaction.commit(commit, self.records()).await.map(|_| ())
    }

    /// Records a failed step as `decide` says, and returns the error that tells of it. Work of an epoch (`None` where its
    /// own transaction took everything back) that another process took over meanwhile is that one's to record.
    pub(crate) async fn record_failure(
        &self,
        failure: Failure,
        operation: &Operation,
        epoch: Option<u64>,
        decide: impl FnOnce(Facts) -> Result<Decision, Refusal>,
    ) -> Error {
        let record = async {
            // The engine's own lock: a runtime that is stopping still tells what failed.
            let deadline = self.recording_deadline();
            let (transaction, facts) = self.engine.lock_scope(self.scope(), Reading::Whole, deadline).await?;
            if let Some(ours) = epoch.filter(|ours| *ours != facts.epoch) {
                transaction.abandon().await;
                return Err(Error::Fenced {
                    ours,
                    found: facts.epoch,
                });
            }
            let clear = OperationChange::Clear(operation.id.clone());
            self.commit(transaction, decide(facts)?, clear, false, self.records())
                .await
        };
        match record.await {
            Ok(_) => {}
            Err(fenced @ Error::Fenced { .. }) => return fenced,
            Err(error) => tracing::error!(%error, "a failed step could not be recorded"),
        }
        Error::Step {
            failure: Box::new(failure),
        }
    }

    /// Takes an announcement back after work that did not happen; at worst the next operation clears it.
    pub(crate) async fn retract(&self, operation: &Operation) {
        let deadline = Deadline::after(self.settings.lock_timeout * 4);
        let cleared = async {
            let (transaction, facts) = self.engine.lock_scope(self.scope(), Reading::Whole, deadline).await?;
            if facts.operation.as_ref().is_none_or(|o| o.id != operation.id) {
                transaction.abandon().await;
                return Ok(());
            }
            let commit = Commit {
                operation: OperationChange::Clear(operation.id.clone()),
                ..Commit::default()
            };
            transaction.commit(commit, self.records()).await.map(|_| ())
        };
        if let Err(error) = cleared.await {
            let error: Error = error;
            tracing::debug!(%error, "an announcement stays until the next operation");
        }
    }

    /// A short transaction that holds the scope's row, and what is; given up when the runtime stops.
    pub(crate) async fn lock_scope(
        &self,
        reading: Reading<'_>,
        deadline: Deadline,
    ) -> Result<(Box<dyn Transaction>, Facts)> {
        let locked = tokio::select! {
            locked = self.engine.lock_scope(self.scope(), reading, deadline) => locked,
            () = self.stop.cancelled() => Err(Error::Cancelled),
        };
        self.name_holder(locked).await
    }

    /// Takes the structural lock, and tells who is announced as working where it does not become free.
    pub(crate) async fn lock_structure(&self, deadline: Deadline) -> Result<Box<dyn Transaction>> {
        let wait = crate::clock::Stopwatch::start();
        let locked = tokio::select! {
            locked = self.engine.lock_structure(self.scope(), deadline) => locked,
            () = self.stop.cancelled() => Err(Error::Cancelled),
        };
        metrics::histogram!(crate::metric::LOCK_WAIT).record(wait.elapsed());
        self.name_holder(locked).await
    }

    /// Adds to a wait that was in vain who is announced as working.
    async fn name_holder<T>(&self, waited_for: Result<T>) -> Result<T> {
        match waited_for {
            Err(Error::Busy {
                what,
                waited,
                holder: None,
            }) => Err(Error::Busy {
                what,
                waited,
                holder: self.announced().await,
            }),
            other => other,
        }
    }

    async fn announced(&self) -> Option<Box<Operation>> {
        let facts = self.engine.facts(self.scope()).await.ok()??;
        facts.operation.map(Box::new)
    }

    /// Names the steps that differ, where a refusal says that a schema was changed after it was applied.
    pub(crate) async fn explain(&self, refusal: Refusal) -> Error {
        let (schema, recorded, found) = match refusal {
            Refusal::Tampered {
                schema,
                recorded,
                found,
                ..
            } => (schema, recorded, found),
            Refusal::UnknownHandlerVersion {
                handler_version,
                mut known,
            } => {
                // The files may bind versions that the database has not met yet.
                known.extend(
                    self.bindings
                        .load()
                        .of(&handler_version.handler)
                        .map(|b| b.handler_version.clone()),
                );
                known.sort_unstable();
                known.dedup();
                return Refusal::UnknownHandlerVersion { handler_version, known }.into();
            }
            other => return other.into(),
        };
        let stored = self.engine.stored_spec(self.scope(), &schema).await.ok().flatten();
        let known = self.specs.load().get(&schema).cloned();
        let steps = match (stored, known) {
            (Some(stored), Some(known)) => changed_steps(&stored, &known),
            _ => Vec::new(),
        };
        Refusal::Tampered {
            schema,
            recorded,
            found,
            steps,
        }
        .into()
    }
}

fn changed_steps(stored: &SchemaSpec, known: &SchemaSpec) -> Vec<String> {
    let longest = stored.steps.len().max(known.steps.len());
    (0..longest)
        .filter_map(|at| match (stored.steps.get(at), known.steps.get(at)) {
            (Some(was), Some(is)) if was.checksum() == is.checksum() => None,
            (Some(was), Some(is)) if was.name == is.name => Some(was.name.clone()),
            (Some(was), Some(is)) => Some(format!("{} (was {})", is.name, was.name)),
            (Some(was), None) => Some(format!("{} (gone)", was.name)),
            (None, Some(is)) => Some(format!("{} (new)", is.name)),
            (None, None) => None,
        })
        .collect()
}
