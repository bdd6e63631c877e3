//! The facade: what a program does with Lockstep.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use lockstep_lifecycle::{
    Activate, Deactivate, Event, JournalEntry, JournalState, OperationChange, Policy, RepairAction, plan_register,
};
use lockstep_registry::{
    Binding, Checksum, Compatibility, HandlerId, HandlerRef, HandlerVersion, Holder, InstanceId, LeaseKind, SchemaSpec,
    SchemaState, SchemaUsage, SchemaVersion, Statistics, Timestamp, compatible,
};

use crate::builder::Builder;
use crate::core::Core;
use crate::engine::{CodeStep, Reading};
use crate::outcome::{Activation, Deactivation, Reaped, Repaired, RolledBack};
use crate::settings::MIN_LEASE_TTL;
use crate::view::EventStream;
use crate::{
    Error, Examination, Guarded, Lease, Preview, Rehearsal, Result, Settings, Status, activation, deactivation,
    examine, lease, preview, reaper, recovery, rehearse, statements, status, view,
};

/// A database, the schemas and bindings this process knows, and everything that can be done with them.
///
/// Cloning is cheap. Every operation runs in a task of its own: a caller that goes away leaves nothing half-done. Call
/// [`shutdown`](Self::shutdown) before the program ends, so that work in flight is finished or taken back.
#[derive(Debug, Clone)]
pub struct Runtime {
    core: Arc<Core>,
    read_only: bool,
}

/// How to activate; the default is a pinned lease of the instance `deploy`.
#[derive(Debug, Clone, Default)]
pub struct ActivateOptions {
    /// Whose lease; `deploy` where not given.
    pub instance: Option<InstanceId>,
    /// A timed lease of this length instead of a pinned one. Renewing it is the caller's affair: see
    /// [`Runtime::renew`], or use [`Runtime::lease`].
    pub ttl: Option<Duration>,
    /// Go ahead although users of another live schema may be harmed.
    pub override_incompatible: bool,
}

/// How to deactivate; the default releases the lease of the instance `deploy` under the runtime's policy.
#[derive(Debug, Clone, Default)]
pub struct DeactivateOptions {
    /// Whose lease; `deploy` where not given.
    pub instance: Option<InstanceId>,
    /// Another policy than the runtime's.
    pub policy: Option<Policy>,
    /// Take the schema back even if rows go with it (R8).
    pub allow_data_loss: bool,
}

impl Runtime {
    /// Starts building a runtime for the database a URL names: `sqlite://file.db`, `sqlite::memory:`, `postgres://…`,
    /// `mysql://…` or `mariadb://…`.
    pub fn builder(url: &str) -> Builder {
        Builder::new(url)
    }

    pub(crate) fn new(core: Arc<Core>, read_only: bool) -> Self {
        Self { core, read_only }
    }

    fn writable(&self) -> Result<()> {
        if self.read_only {
            return Err(Error::ReadOnly {
                message: "this runtime was built to look only".to_owned(),
            });
        }
        Ok(())
    }

    // What changes something.

    /// Binds a handler version to a schema. A binding of a version that was ever active does not change.
    pub async fn register<S>(&self, handler_version: HandlerVersion, schema: S) -> Result<()>
    where
        S: TryInto<SchemaVersion>,
        Error: From<S::Error>,
    {
        self.register_binding(Binding::new(handler_version, schema.try_into()?))
            .await
    }

    /// Binds a handler version with its artifact hash and tags; tags move here from their former versions.
    pub async fn register_binding(&self, binding: Binding) -> Result<()> {
        self.writable()?;
        let core = Arc::clone(&self.core);
        self.core
            .owned(async move {
                let (transaction, facts) = core.lock_scope(Reading::Whole, core.deadline()).await?;
                let decision = match plan_register(facts, &binding) {
                    Ok(decision) => decision,
                    Err(refusal) => {
                        transaction.abandon().await;
                        return Err(refusal.into());
                    }
                };
                if decision.events.is_empty() {
                    transaction.abandon().await;
                } else {
                    core.commit(transaction, decision, OperationChange::Keep, false, core.records())
                        .await?;
                }
                core.bindings.rcu(|known| {
                    let mut known = lockstep_registry::Bindings::clone(known);
                    known.insert(binding.clone());
                    known
                });
                Ok(())
            })
            .await
    }

    /// Adds a schema to those this process knows; nothing happens in the database until a version that needs it is activated.
    pub fn add_schema(&self, spec: SchemaSpec) -> Result<()> {
        statements::check_spec(self.core.dialect(), &spec)?;
        let specs = self.core.specs.load().with([spec])?;
        self.core.view.know(&specs);
        self.core.specs.store(Arc::new(specs));
        Ok(())
    }

    /// Registers the code of a step made with [`Step::code`](crate::Step::code).
    pub fn add_code_step(&self, schema: SchemaVersion, step: &str, code: Arc<dyn CodeStep>) {
        self.core.codes.insert((schema, step.to_owned()), code);
    }

    /// Activates a handler version for a deploy: applies what its schema needs, then pins it.
    pub async fn activate(&self, handler_version: HandlerVersion) -> Result<Activation> {
        self.activate_with(handler_version, ActivateOptions::default()).await
    }

    /// Activates with options. Twice with the same instance is a no-op that says so.
    ///
    /// Once polled it goes on even if the future is dropped; only [`shutdown`](Self::shutdown) stops it. Where several operations
    /// wait for the same lock nobody says which comes first: await one before asking for what must come after it.
    pub async fn activate_with(&self, handler_version: HandlerVersion, options: ActivateOptions) -> Result<Activation> {
        self.writable()?;
        let kind = match options.ttl {
            Some(ttl) => lease::timed(check_ttl(ttl)?),
            None => LeaseKind::Pinned,
        };
        let instance = options.instance.unwrap_or_else(InstanceId::deploy);
        let request = self.request(handler_version, instance, kind, options.override_incompatible);
        let core = Arc::clone(&self.core);
        self.core.owned(activation::activate(core, request)).await
    }

    /// Takes a timed lease for this process and keeps it renewed in the background.
    pub async fn lease(&self, handler_version: HandlerVersion) -> Result<Lease> {
        self.lease_for(handler_version, self.core.settings.lease_ttl, false)
            .await
    }

    /// Takes a timed lease of a given length, at least 300 ms.
    pub async fn lease_for(
        &self,
        handler_version: HandlerVersion,
        ttl: Duration,
        override_incompatible: bool,
    ) -> Result<Lease> {
        self.writable()?;
        let kind = lease::timed(check_ttl(ttl)?);
        let request = self.request(
            handler_version,
            self.core.holder.instance.clone(),
            kind,
            override_incompatible,
        );
        lease::acquire(&self.core, request, ttl).await
    }

    fn request(
        &self,
        handler_version: HandlerVersion,
        instance: InstanceId,
        kind: LeaseKind,
        override_incompatible: bool,
    ) -> Activate {
        Activate {
            binding: self.core.binding_of(&handler_version),
            handler_version,
            holder: Holder {
                instance,
                incarnation: self.core.holder.incarnation.clone(),
            },
            kind,
            override_incompatible,
        }
    }

    /// Renews the timed lease another call granted to an instance; for schedulers that do it themselves.
    pub async fn renew(&self, handler_version: &HandlerVersion, instance: &InstanceId) -> Result<()> {
        self.writable()?;
        let facts = self.facts().await?;
        let key = lockstep_registry::LeaseKey {
            instance: instance.clone(),
            handler_version: handler_version.clone(),
        };
        let lost = |reason: &str| Error::LeaseLost {
            instance: instance.to_string(),
            handler_version: handler_version.to_string(),
            reason: reason.to_owned(),
        };
        let held = facts
            .leases
            .get(&key)
            .ok_or_else(|| lost("there is no such live lease"))?;
        let LeaseKind::Timed { ttl } = held.kind else {
            return Ok(());
        };
        let token = crate::engine::LeaseToken {
            holder: held.holder.clone(),
            handler_version: handler_version.clone(),
            epoch: held.epoch,
            ttl,
        };
        let core = Arc::clone(&self.core);
        let deadline = crate::clock::Deadline::after(ttl);
        let renewed = self
            .core
            .owned(async move { core.engine.renew(core.scope(), &token, deadline).await })
            .await?;
        if renewed {
            Ok(())
        } else {
            Err(lost("it ran out or was fenced"))
        }
    }

    /// Begins a transaction in which the schema of a handler version provably exists, under a lease that another call
    /// granted to an instance, a pinned one as well: see [`Guarded`]. For this process's own lease use
    /// [`Lease::begin`].
    pub async fn begin(&self, handler_version: &HandlerVersion, instance: &InstanceId) -> Result<Guarded<'_>> {
        self.writable()?;
        Guarded::begin_for(&self.core, handler_version, instance).await
    }

    /// Deactivates a handler version for the deploy; takes its schema back if nothing uses it any more.
    pub async fn deactivate(&self, handler_version: HandlerVersion) -> Result<Deactivation> {
        self.deactivate_with(handler_version, DeactivateOptions::default())
            .await
    }

    /// Deactivates with options. Like an activation it goes on even if the future is dropped.
    pub async fn deactivate_with(
        &self,
        handler_version: HandlerVersion,
        options: DeactivateOptions,
    ) -> Result<Deactivation> {
        self.writable()?;
        let request = Deactivate {
            handler_version,
            instance: options.instance.unwrap_or_else(InstanceId::deploy),
            incarnation: None,
            policy: options.policy.unwrap_or(self.core.settings.on_deactivate),
        };
        let core = Arc::clone(&self.core);
        self.core
            .owned(deactivation::deactivate(core, request, options.allow_data_loss))
            .await
    }

    /// Takes a retained schema back; refuses while it is in use, and where rows would be lost unless that is allowed.
    pub async fn rollback(&self, schema: SchemaVersion, allow_data_loss: bool) -> Result<RolledBack> {
        self.writable()?;
        let core = Arc::clone(&self.core);
        self.core
            .owned(deactivation::rollback(core, schema, allow_data_loss))
            .await
    }

    /// Repairs a schema after a failure.
    pub async fn repair(&self, schema: SchemaVersion, action: RepairAction, allow_data_loss: bool) -> Result<Repaired> {
        self.writable()?;
        let core = Arc::clone(&self.core);
        self.core
            .owned(recovery::repair(core, schema, action, allow_data_loss))
            .await
    }

    /// One round of the reaper.
    pub async fn reap(&self) -> Result<Reaped> {
        self.writable()?;
        let core = Arc::clone(&self.core);
        self.core.owned(reaper::reap(core)).await
    }

    // What only looks.

    /// What activating would do, from one reading; nothing is locked or changed.
    pub async fn preview_activate(&self, handler_version: HandlerVersion, options: ActivateOptions) -> Result<Preview> {
        let instance = options.instance.unwrap_or_else(InstanceId::deploy);
        let kind = options.ttl.map_or(LeaseKind::Pinned, lease::timed);
        let request = self.request(handler_version, instance, kind, options.override_incompatible);
        preview::activation(&self.core, &request).await
    }

    /// What deactivating would do, from one reading; nothing is locked or changed.
    pub async fn preview_deactivate(
        &self,
        handler_version: HandlerVersion,
        options: DeactivateOptions,
    ) -> Result<Preview> {
        let request = Deactivate {
            handler_version,
            instance: options.instance.unwrap_or_else(InstanceId::deploy),
            incarnation: None,
            policy: options.policy.unwrap_or(self.core.settings.on_deactivate),
        };
        preview::deactivation(&self.core, deactivation::Request::Deactivate(request)).await
    }

    /// What taking a schema back would do, from one reading; nothing is locked or changed.
    pub async fn preview_rollback(&self, schema: SchemaVersion) -> Result<Preview> {
        let request = lockstep_lifecycle::Rollback { schema };
        preview::deactivation(&self.core, deactivation::Request::Rollback(request)).await
    }

    /// Runs schemas up and down on a throwaway database and requires the fingerprint of before; all known ones if none is named.
    pub async fn rehearse(&self, schemas: &[SchemaVersion], in_place: bool) -> Result<Vec<Rehearsal>> {
        let (core, schemas) = (Arc::clone(&self.core), schemas.to_vec());
        self.core.owned(rehearse::rehearse(core, schemas, in_place)).await
    }

    /// Everything that is, as of one reading of the database.
    pub async fn report(&self) -> Result<Status> {
        status::read(&self.core).await
    }

    /// What the catalog shows of a schema's steps now: of the one a crash left in doubt, and of those on record; and what
    /// repairing it would run. Nothing is locked or changed.
    pub async fn examine(&self, schema: &SchemaVersion) -> Result<Examination> {
        examine::examine(&self.core, schema).await
    }

    /// The files a schema was applied from, each with the SHA-256 of its bytes as they were: for audits, and to be compared
    /// with what `sha256sum` prints. Empty where it was applied from a program, or never.
    pub async fn applied_files(&self, schema: &SchemaVersion) -> Result<BTreeMap<String, Checksum>> {
        let stored = self.core.engine.stored_spec(self.core.scope(), schema).await?;
        Ok(stored.map(|spec| spec.files).unwrap_or_default())
    }

    /// The journal of steps, oldest first: of one schema, or the newest `limit` of all.
    pub async fn history(&self, schema: Option<&SchemaVersion>, limit: u32) -> Result<Vec<JournalEntry>> {
        let mut entries = self.core.engine.journal(self.core.scope(), schema, limit).await?;
        // Outside a transaction a step is written down twice, perhaps by two who came one after the other; once it has
        // ended, how it began is no news.
        let mut ended = std::collections::BTreeSet::new();
        entries.reverse();
        entries.retain(|entry| {
            let key = (entry.schema.clone(), entry.position, entry.direction);
            match entry.state {
                JournalState::Started => !ended.contains(&key),
                JournalState::Done | JournalState::Failed => {
                    ended.insert(key);
                    true
                }
            }
        });
        entries.reverse();
        Ok(entries)
    }

    /// The durable event log after a sequence number, at most `limit` events.
    pub async fn events_since(&self, seq: u64, limit: u32) -> Result<Vec<Event>> {
        self.core.engine.events(self.core.scope(), seq, limit).await
    }

    /// A live stream of everything that happens from now on, in every process.
    pub fn events(&self) -> EventStream {
        EventStream::new(Arc::clone(&self.core), self.core.view.seen())
    }

    /// A stream of everything after a sequence number.
    pub fn events_from(&self, seq: u64) -> EventStream {
        EventStream::new(Arc::clone(&self.core), seq)
    }

    /// Brings the in-memory view up to the end of the event log, now.
    pub async fn refresh(&self) -> Result<()> {
        view::catch_up(&self.core).await
    }

    /// The exact version that a person's name for it stands for: a version, or a tag that the database or this process knows.
    pub async fn resolve(&self, named: &HandlerRef) -> Result<HandlerVersion> {
        if let lockstep_registry::VersionOrTag::Version(version) = &named.version {
            return Ok(HandlerVersion::new(named.handler.clone(), version.clone()));
        }
        // What a person sees in the files in front of them is what they mean; without files the database knows.
        let found = match self.core.bindings.load().resolve(named) {
            Some(found) => Some(found),
            None => self.facts().await?.known_bindings().resolve(named),
        };
        found.ok_or_else(|| Error::Format {
            path: named.to_string(),
            line: None,
            message: format!("no version of {} carries that tag", named.handler),
        })
    }

    /// The version of a handler that was newest at a time, among those that carry their time.
    pub async fn version_at(&self, handler: &HandlerId, time: Timestamp) -> Result<Option<HandlerVersion>> {
        let mut known = lockstep_registry::Bindings::clone(&self.core.bindings.load());
        for binding in self.facts().await?.known_bindings().iter() {
            known.insert(binding.clone());
        }
        Ok(known.version_at(handler, time))
    }

    pub(crate) fn core(&self) -> &Core {
        &self.core
    }

    pub(crate) async fn facts(&self) -> Result<lockstep_lifecycle::Facts> {
        Ok(self.core.engine.facts(self.core.scope()).await?.unwrap_or_default())
    }

    // What is in memory: no query, no waiting.

    /// Whether a schema is applied.
    pub fn is_active(&self, schema: impl AsRef<str>) -> bool {
        self.core.view.map.is_active(schema.as_ref())
    }

    /// Who uses a schema; `None` for one nobody knows.
    pub fn usage(&self, schema: impl AsRef<str>) -> Option<Arc<SchemaUsage>> {
        self.core.view.map.usage(schema.as_ref())
    }

    /// Whether anyone but a handler version keeps a schema.
    pub fn used_by_others(&self, schema: impl AsRef<str>, handler_version: &HandlerVersion) -> bool {
        self.core.view.map.used_by_others(schema.as_ref(), handler_version)
    }

    /// Where a schema is in its life; `None` for one nobody knows.
    pub fn status(&self, schema: impl AsRef<str>) -> Option<SchemaState> {
        self.core.view.map.status(schema.as_ref())
    }

    /// The applied schemas, by name.
    pub fn active_schemas(&self) -> Vec<SchemaVersion> {
        self.core.view.map.active_schemas()
    }

    /// Every schema this process or the database knows, by name.
    pub fn schemas(&self) -> Vec<Arc<SchemaUsage>> {
        self.core.view.map.schemas()
    }

    /// How many schemas are in which state.
    pub fn statistics(&self) -> Statistics {
        self.core.view.map.statistics()
    }

    /// Whether users of two schemas may run at once, by the specs this process knows.
    pub fn compatible(&self, a: &SchemaVersion, b: &SchemaVersion) -> Compatibility {
        let specs = self.core.specs.load();
        let declares = |upper: &SchemaVersion, lower: &SchemaVersion| {
            specs.get(upper).is_some_and(|s| s.compatible_with.contains(lower))
        };
        compatible(a, b, specs.graph(), declares)
    }

    /// The specs this process knows.
    pub fn specs(&self) -> Arc<lockstep_registry::Specs> {
        self.core.specs.load_full()
    }

    /// The bindings this process knows.
    pub fn bindings(&self) -> Arc<lockstep_registry::Bindings> {
        self.core.bindings.load_full()
    }

    /// This process's name.
    pub fn instance(&self) -> &InstanceId {
        &self.core.holder.instance
    }

    /// The time limits and policies in force.
    pub fn settings(&self) -> &Settings {
        &self.core.settings
    }

    /// Stops: no new operation begins, statements in flight are stopped at the server and taken back, tasks end.
    /// Timed leases that were not released run out by themselves.
    pub async fn shutdown(&self) {
        self.core.stop.cancel();
        self.core.tasks.close();
        self.core.tasks.wait().await;
        self.core.engine.close().await;
    }
}

fn check_ttl(ttl: Duration) -> Result<Duration> {
    if ttl < MIN_LEASE_TTL {
        return Err(Error::Setting {
            name: "ttl",
            message: format!("is {ttl:?}; it must be at least {MIN_LEASE_TTL:?}"),
        });
    }
    Ok(ttl)
}
