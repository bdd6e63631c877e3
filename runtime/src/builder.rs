//! Building a runtime: connect, prepare, load, follow.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use dashmap::DashMap;
use lockstep_lifecycle::Policy;
use lockstep_registry::{Binding, Bindings, Holder, Incarnation, InstanceId, SchemaSpec, SchemaVersion, Scope, Specs};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::clock::Deadline;
use crate::core::Core;
use crate::engine::{self, CodeStep};
use crate::expect::Known;
use crate::observer::{self, SchemaObserver};
use crate::settings::{MIN_LEASE_TTL, Settings};
use crate::view::{self, View};
use crate::{Error, Result, Runtime, files, metric, reaper, statements};

/// Collects what a [`Runtime`] needs.
#[must_use = "a builder does nothing until it is built"]
pub struct Builder {
    database: Database,
    settings: Settings,
    folders: Vec<PathBuf>,
    specs: Vec<SchemaSpec>,
    bindings: Vec<Binding>,
    codes: Vec<(SchemaVersion, String, Arc<dyn CodeStep>)>,
    observers: Vec<Arc<dyn SchemaObserver>>,
    instance: Option<InstanceId>,
    read_only: bool,
}

/// Where a runtime works.
enum Database {
    Url(String),
    #[cfg(feature = "simulation")]
    Engine(Arc<dyn engine::Engine>),
}

impl Database {
    async fn connect(&self, settings: &Settings) -> Result<Arc<dyn engine::Engine>> {
        match self {
            Self::Url(url) => engine::connect(url, settings).await,
            #[cfg(feature = "simulation")]
            Self::Engine(engine) => Ok(Arc::clone(engine)),
        }
    }

    fn shown(&self) -> String {
        match self {
            Self::Url(url) => engine::redact(url),
            #[cfg(feature = "simulation")]
            Self::Engine(_) => "simulated".to_owned(),
        }
    }
}

impl std::fmt::Debug for Builder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("database", &self.database.shown())
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(url: &str) -> Self {
        Self::on(Database::Url(url.to_owned()))
    }

    /// On a database that is there already.
    #[cfg(feature = "simulation")]
    pub(crate) fn over(engine: Arc<dyn engine::Engine>) -> Self {
        Self::on(Database::Engine(engine))
    }

    fn on(database: Database) -> Self {
        Self {
            database,
            settings: Settings::default(),
            folders: Vec::new(),
            specs: Vec::new(),
            bindings: Vec::new(),
            codes: Vec::new(),
            observers: Vec::new(),
            instance: None,
            read_only: false,
        }
    }

    /// Reads schemas and `handlers.toml` from a folder.
    pub fn schemas_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folders.push(folder.into());
        self
    }

    /// Adds a schema made in code.
    pub fn schema(mut self, spec: SchemaSpec) -> Self {
        self.specs.push(spec);
        self
    }

    /// Adds a binding made in code.
    pub fn binding(mut self, binding: Binding) -> Self {
        self.bindings.push(binding);
        self
    }

    /// Registers the code of a step made with [`Step::code`](crate::Step::code).
    pub fn code_step(mut self, schema: SchemaVersion, step: &str, code: Arc<dyn CodeStep>) -> Self {
        self.codes.push((schema, step.to_owned(), code));
        self
    }

    /// Adds somebody to be told of every event.
    pub fn observer(mut self, observer: Arc<dyn SchemaObserver>) -> Self {
        self.observers.push(observer);
        self
    }

    /// Names this process; without a name it gets one of its own at every start.
    pub fn instance(mut self, instance: InstanceId) -> Self {
        self.instance = Some(instance);
        self
    }

    /// Works on another scope than `main`.
    pub fn scope(mut self, scope: Scope) -> Self {
        self.settings.scope = scope;
        self
    }

    /// What becomes of a schema whose last user was deactivated.
    pub fn on_deactivate(mut self, policy: Policy) -> Self {
        self.settings.on_deactivate = policy;
        self
    }

    /// How long a step may take, unless it says otherwise.
    pub fn step_timeout(mut self, limit: Duration) -> Self {
        self.settings.step_timeout = limit;
        self
    }

    /// How long a timed lease lives without a renewal.
    pub fn lease_ttl(mut self, ttl: Duration) -> Self {
        self.settings.lease_ttl = ttl;
        self
    }

    /// Changes any setting.
    pub fn settings(mut self, change: impl FnOnce(&mut Settings)) -> Self {
        change(&mut self.settings);
        self
    }

    /// Only looks: creates nothing, reaps nothing; every change is refused by the database or by this runtime.
    pub fn read_only(mut self) -> Self {
        self.read_only = true;
        self
    }

    /// Connects, creates Lockstep's tables where there are none, and starts following the event log.
    pub async fn build(self) -> Result<Runtime> {
        check_settings(&self.settings)?;
        metric::describe();
        let settings = self.settings;
        let engine = self.database.connect(&settings).await?;
        let loaded = load(&self.folders, engine.dialect(), self.specs, self.bindings)?;
        let compiled = DashMap::new();
        for spec in loaded.0.iter() {
            let ready = statements::compile(engine.dialect(), spec)?;
            compiled.insert(spec.version.clone(), Arc::new(ready));
        }
        let deadline = Deadline::after(settings.operation_timeout);
        let facts = if self.read_only {
            engine.facts(&settings.scope).await?.unwrap_or_default()
        } else {
            engine.prepare(&settings.scope, deadline).await?
        };
        let durable = self.instance.is_some();
        let id = uuid::Uuid::now_v7().simple().to_string();
        let named = match self.instance {
            Some(instance) => instance,
            None => InstanceId::new(&format!("i-{}", &id[..16]))?,
        };
        let holder = Holder {
            instance: named,
            incarnation: Incarnation::new(&id)?,
        };
        let (specs, bindings) = loaded;
        let view = View::new(facts, &specs);
        let core = Arc::new(Core {
            engine,
            holder,
            specs: ArcSwap::from_pointee(specs),
            bindings: ArcSwap::from_pointee(bindings),
            codes: self
                .codes
                .into_iter()
                .map(|(schema, step, code)| ((schema, step), code))
                .collect::<DashMap<_, _>>(),
            compiled,
            known: Known::default(),
            view,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            settings,
        });
        if !self.read_only {
            core.tasks.spawn(view::follow(Arc::clone(&core)));
            if let Some(every) = core.settings.reap_every {
                core.tasks.spawn(reaper::run(Arc::clone(&core), every));
            }
        }
        for each in self.observers {
            core.tasks
                .spawn(observer::serve(Arc::clone(&core), each, durable && !self.read_only));
        }
        Ok(Runtime::new(core, self.read_only))
    }
}

fn load(
    folders: &[PathBuf],
    dialect: lockstep_catalog::Dialect,
    specs: Vec<SchemaSpec>,
    bindings: Vec<Binding>,
) -> Result<(Specs, Bindings)> {
    let mut all = specs;
    let mut bound: Bindings = Bindings::default();
    for folder in folders {
        let read = files::load(folder, dialect)?;
        all.extend(read.specs);
        for binding in read.bindings {
            bound.insert(binding);
        }
    }
    for binding in bindings {
        bound.insert(binding);
    }
    Ok((Specs::new(all)?, bound))
}

fn check_settings(settings: &Settings) -> Result<()> {
    let at_least = |name: &'static str, value: Duration, least: Duration| {
        if value >= least {
            return Ok(());
        }
        Err(Error::Setting {
            name,
            message: format!("is {value:?}; it must be at least {least:?}"),
        })
    };
    at_least("lease_ttl", settings.lease_ttl, MIN_LEASE_TTL)?;
    at_least("step_timeout", settings.step_timeout, Duration::from_millis(1))?;
    at_least(
        "operation_timeout",
        settings.operation_timeout,
        Duration::from_millis(1),
    )?;
    at_least("guarded_timeout", settings.guarded_timeout, Duration::from_millis(1))?;
    at_least("poll_every", settings.poll_every, Duration::from_millis(10))
}
