//! One start of a program: what it asks of its runtime, and the leases it holds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use lockstep::simulation::Simulation;
use lockstep::{
    ActivateOptions, Binding, DeactivateOptions, Error, ErrorKind, HandlerVersion, InstanceId, Lease, Policy,
    RepairAction, Runtime, SchemaSpec, SchemaVersion, Step,
};
use tokio::task::JoinHandle;

use crate::model::explorer::Violation;

/// How long a lease lives without a renewal.
pub(crate) const TTL: Duration = Duration::from_secs(15);

/// Statements of a guarded transaction.
const STATEMENTS: usize = 4;

/// Two schemas, the second built on the first, and a handler version on each.
pub(crate) const SCHEMAS: [&str; 2] = ["schema_v1", "schema_v2"];
const VERSIONS: [&str; 2] = ["users@1.0.0", "users@2.0.0"];

pub(crate) fn version(at: u8) -> HandlerVersion {
    VERSIONS[usize::from(at)].parse().unwrap()
}

pub(crate) fn schema(at: u8) -> SchemaVersion {
    SCHEMAS[usize::from(at)].parse().unwrap()
}

/// The table that a schema's programs write to.
pub(crate) fn table(at: u8) -> &'static str {
    ["users", "orders"][usize::from(at)]
}

pub(crate) fn specs() -> Vec<SchemaSpec> {
    let create = |at: u8| {
        let table = table(at);
        Step::sql(
            "001_table",
            &format!("CREATE TABLE {table} (id INTEGER)"),
            &format!("DROP TABLE {table}"),
        )
    };
    let mark = Step::sql(
        "002_mark",
        "INSERT INTO marks VALUES ('first')",
        "DELETE FROM marks WHERE mark = 'first'",
    );
    let more = Step::sql("002_more", "CREATE TABLE parts (id INTEGER)", "DROP TABLE parts");
    let first = SchemaSpec::new(schema(0), vec![create(0), mark]);
    let mut second = SchemaSpec::new(schema(1), vec![create(1), more]);
    second.requires.push(schema(0));
    second.compatible_with.push(schema(0));
    vec![first, second]
}

/// What a program asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// A pinned lease, as a deploy takes it.
    Activate(u8),
    Deactivate(u8),
    /// A timed lease, renewed in the background.
    Lease(u8),
    Release,
    /// A transaction under the first lease held.
    Guarded,
    Reap,
    Rollback(u8),
    Repair(u8, RepairAction),
}

impl Work {
    pub(crate) const ALL: [Self; 15] = [
        Self::Activate(0),
        Self::Activate(1),
        Self::Deactivate(0),
        Self::Deactivate(1),
        Self::Lease(0),
        Self::Lease(1),
        Self::Release,
        Self::Guarded,
        Self::Reap,
        Self::Rollback(0),
        Self::Rollback(1),
        Self::Repair(0, RepairAction::Resume),
        Self::Repair(1, RepairAction::Resume),
        Self::Repair(0, RepairAction::Undo),
        Self::Repair(1, RepairAction::Undo),
    ];
}

type Done = Result<Option<Lease>, Error>;

pub(crate) struct Process {
    /// Of this start.
    pub(crate) number: u8,
    pub(crate) runtime: Runtime,
    pub(crate) leases: Vec<Arc<Lease>>,
    task: Option<(Work, JoinHandle<Done>)>,
    /// On which schema its guarded transaction is open, from when it began to when it asks for its end.
    inside: Arc<Mutex<Option<SchemaVersion>>>,
}

impl Process {
    /// Starts `slot`'s program, for the `number`th time that any is started.
    pub(crate) async fn start(simulation: &Simulation, slot: usize, number: u8, policy: Policy) -> Self {
        let name: InstanceId = format!("web-{slot}").parse().unwrap();
        let mut builder = simulation.builder(number).instance(name).on_deactivate(policy);
        for spec in specs() {
            builder = builder.schema(spec);
        }
        for at in [0, 1] {
            builder = builder.binding(Binding::new(version(at), schema(at)));
        }
        let builder = builder.settings(|settings| {
            settings.lease_ttl = TTL;
            settings.on_expire = policy;
            settings.reap_every = None;
            settings.poll_every = Duration::from_secs(3600);
            settings.operation_timeout = Duration::from_secs(60);
        });
        Self {
            number,
            runtime: builder.build().await.expect("a simulated database lets everybody in"),
            leases: Vec::new(),
            task: None,
            inside: Arc::default(),
        }
    }

    pub(crate) fn is_busy(&self) -> bool {
        self.task.is_some()
    }

    pub(crate) fn inside(&self) -> Option<SchemaVersion> {
        self.inside.lock().unwrap().clone()
    }

    /// Begins a piece of work; false where there is nothing to do it with.
    pub(crate) fn begin(&mut self, work: Work) -> bool {
        let runtime = self.runtime.clone();
        let deploy = Some(InstanceId::new("deploy").unwrap());
        let task = match work {
            Work::Activate(at) => tokio::spawn(async move {
                let options = ActivateOptions {
                    instance: deploy,
                    ..ActivateOptions::default()
                };
                runtime.activate_with(version(at), options).await.map(|_| None)
            }),
            Work::Deactivate(at) => tokio::spawn(async move {
                let options = DeactivateOptions {
                    instance: deploy,
                    ..DeactivateOptions::default()
                };
                runtime.deactivate_with(version(at), options).await.map(|_| None)
            }),
            Work::Lease(at) => {
                if self.leases.iter().any(|held| *held.handler_version() == version(at)) {
                    return false;
                }
                tokio::spawn(async move { runtime.lease(version(at)).await.map(Some) })
            }
            Work::Release => {
                let Some(Ok(lease)) = self.leases.pop().map(Arc::try_unwrap) else {
                    return false;
                };
                tokio::spawn(async move { lease.release().await.map(|_| None) })
            }
            Work::Guarded => {
                let Some(lease) = self.leases.first().cloned() else {
                    return false;
                };
                let inside = Arc::clone(&self.inside);
                tokio::spawn(async move {
                    let mut guarded = lease.begin().await?;
                    *inside.lock().unwrap() = Some(lease.granted().schema.clone());
                    let mut done = Ok(0);
                    for _ in 0..STATEMENTS {
                        if done.is_ok() {
                            done = guarded.execute("INSERT INTO users VALUES (1)").await;
                        }
                    }
                    let done = match done {
                        Ok(_) => guarded.commit().await,
                        Err(error) => Err(error),
                    };
                    *inside.lock().unwrap() = None;
                    done.map(|()| None)
                })
            }
            Work::Reap => tokio::spawn(async move { runtime.reap().await.map(|_| None) }),
            Work::Rollback(at) => tokio::spawn(async move { runtime.rollback(schema(at), false).await.map(|_| None) }),
            Work::Repair(at, action) => {
                tokio::spawn(async move { runtime.repair(schema(at), action, false).await.map(|_| None) })
            }
        };
        self.task = Some((work, task));
        true
    }

    /// Takes the result of work that is done.
    pub(crate) async fn collect(&mut self) -> Result<(), Violation> {
        if !self.task.as_ref().is_some_and(|(_, task)| task.is_finished()) {
            return Ok(());
        }
        let Some((work, task)) = self.task.take() else {
            return Ok(());
        };
        let wrong = |found: String| Err(Violation::of("no bug", format!("{work:?}: {found}")));
        match task.await {
            Err(panicked) => return wrong(panicked.to_string()),
            Ok(Err(error)) if error.kind() == ErrorKind::Bug || matches!(error, Error::Damaged { .. }) => {
                return wrong(error.to_string());
            }
            Ok(Err(_)) => {}
            Ok(Ok(lease)) => self.leases.extend(lease.map(Arc::new)),
        }
        Ok(())
    }

    /// Forgets leases that it was told are lost.
    pub(crate) fn drop_lost(&mut self) {
        self.leases.retain(|lease| lease.is_live());
    }

    /// Leaves everything as a process does that ends at once: nothing of it says goodbye. A lease that is dropped would, so
    /// whoever asks keeps them until nobody listens any more.
    pub(crate) fn vanish(self) -> Vec<Arc<Lease>> {
        self.leases
    }
}
