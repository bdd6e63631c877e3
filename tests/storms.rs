//! Many at once: deploys beside a long step, a fleet that starts together, the edge between activating and rolling back.

mod edge;
mod fencing;

use std::time::Instant;

use lockstep::lifecycle::OperationKind;
use lockstep::{Activation, SchemaState};

use crate::conformance::{s, v};
use crate::invariants;
use crate::support::process::{SIGABRT, ended};
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    sixty_four_processes_activate_one_version_and_its_schema_is_applied_once
    status_shows_who_applies_what_since_when
    status_shows_who_takes_back_what_even_after_a_crash
    an_activation_does_not_fail_because_the_pool_was_busy
);

/// The users' story, and a `schema_slow` beside it whose one step takes a few seconds.
pub(crate) fn with_slow_step() -> Folder {
    let folder = Folder::users();
    folder.write(
        "handlers.toml",
        "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n\"1.1.0\" = \"schema_v1\"\n[handlers.reports]\n\"1.0.0\" = \"schema_slow\"\n",
    );
    folder.write("schema_slow/001_slow.up.postgres.sql", "SELECT pg_sleep(4);\n");
    folder.write("schema_slow/001_slow.up.mysql.sql", "SELECT SLEEP(4);\n");
    folder.write(
        "schema_slow/001_slow.up.sql",
        "-- lockstep: timeout=10m\nCREATE TABLE reports AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) \
         SELECT count(*) AS many FROM n;\n",
    );
    folder.write("schema_slow/001_slow.down.postgres.sql", "SELECT 1;\n");
    folder.write("schema_slow/001_slow.down.mysql.sql", "SELECT 1;\n");
    folder.write("schema_slow/001_slow.down.sql", "DROP TABLE reports;\n");
    folder
}

async fn sixty_four_processes_activate_one_version_and_its_schema_is_applied_once(engine: Engine) {
    const MANY: usize = 64;
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let started = Instant::now();
    let children: Vec<_> = (0..MANY)
        .map(|i| Actor::new(&database, &folder, &["activate", "users@2.0.0", &format!("web-{i}")]).start())
        .collect();
    let mut outcomes = std::collections::BTreeMap::new();
    for child in children {
        let told = ended(child).await.told();
        *outcomes
            .entry(told["outcome"].as_str().expect("an outcome").to_owned())
            .or_insert(0) += 1;
    }
    println!(
        "{engine:?}: {MANY} processes in {} ms: {outcomes:?}",
        started.elapsed().as_millis()
    );
    assert_eq!(
        outcomes.get("applied"),
        Some(&1),
        "one of them applied it: {outcomes:?}"
    );
    assert_eq!(outcomes.get("already_applied"), Some(&(MANY - 1)), "{outcomes:?}");
    for schema in ["schema_v1", "schema_v2"] {
        assert_eq!(
            database.times("schema_applied", schema).await,
            1,
            "{schema} is applied exactly once"
        );
    }
    let status = database.status().await;
    assert_eq!(status.leases.len(), MANY);
    let of_schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v2"))
        .expect("known");
    assert_eq!((of_schema.state, of_schema.references), (SchemaState::Applied, MANY));
    assert!(
        status.operation.is_none(),
        "nobody works any more: {:?}",
        status.operation
    );
    assert!(database.has_column("users", "display_name").await);
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn status_shows_who_applies_what_since_when(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = with_slow_step();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let before = runtime.report().await.unwrap().now;

    let slow = Actor::new(&database, &folder, &["activate", "reports@1.0.0", "deploy"]).start();
    let pid = slow.id().expect("it runs");
    let mut announced = None;
    until("the long work is announced", async || {
        announced = runtime.report().await.unwrap().operation;
        announced.is_some()
    })
    .await;
    let operation = announced.expect("announced");
    assert_eq!(
        (operation.kind, operation.subject.as_str()),
        (OperationKind::Activate, "reports@1.0.0")
    );
    assert_eq!(operation.session, format!("process {pid}"));
    assert_ne!(operation.holder.instance, *runtime.instance());
    assert!(operation.since >= before, "since when, by the database's clock");

    ended(slow).await.told();
    let after = runtime.report().await.unwrap();
    assert!(after.operation.is_none(), "over: {:?}", after.operation);
    assert!(after.now >= operation.since);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// What a crash left announced does not hide who works now.
async fn status_shows_who_takes_back_what_even_after_a_crash(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = with_slow_step();
    folder.write("schema_slow/001_slow.up.postgres.sql", "SELECT 1;\n");
    folder.write("schema_slow/001_slow.up.mysql.sql", "SELECT 1;\n");
    folder.write("schema_slow/001_slow.down.postgres.sql", "SELECT pg_sleep(2);\n");
    folder.write("schema_slow/001_slow.down.mysql.sql", "SELECT SLEEP(4);\n");
    folder.write("schema_slow/001_slow.up.sql", "CREATE TABLE reports (many INTEGER);\n");
    folder.write(
        "schema_slow/001_slow.down.sql",
        "-- lockstep: timeout=10m\nCREATE TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 6000000) \
         SELECT count(*) AS many FROM n; DROP TABLE n; DROP TABLE reports;\n",
    );
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("reports@1.0.0")).await.unwrap();
    let crashed = ["activate", "users@1.0.0", "deploy"];
    let crashed = Actor::new(&database, &folder, &crashed)
        .dies_at("activation.locked")
        .run()
        .await;
    assert_eq!(crashed.signal, Some(SIGABRT), "{crashed:?}");
    assert_eq!(
        runtime.report().await.unwrap().operation.expect("left behind").subject,
        "users@1.0.0"
    );

    let slow = Actor::new(&database, &folder, &["deactivate", "reports@1.0.0", "deploy"]).start();
    let pid = slow.id().expect("it runs");
    until("the work is announced", async || {
        let operation = runtime.report().await.unwrap().operation;
        operation.is_some_and(|o| o.session == format!("process {pid}") && o.kind == OperationKind::Deactivate)
    })
    .await;
    assert_eq!(ended(slow).await.told()["outcome"], "rolled_back");
    assert!(runtime.report().await.unwrap().operation.is_none());
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

// Not on SQLite: it has one writer, so there others wait for the step to end.
facts_on!(Postgres postgres_beside, Mysql mysql_beside:
    another_process_activates_and_renews_while_a_long_step_runs
);

async fn another_process_activates_and_renews_while_a_long_step_runs(engine: Engine) {
    beside_a_long_step(engine, &with_open_end()).await;
}

/// The slow step goes on until somebody lets it: on MySQL, where no statement sees what others write meanwhile, by a lock.
fn with_open_end() -> Folder {
    let folder = with_slow_step();
    let limit = "-- lockstep: timeout=10m\n";
    let waits = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM go_on) LOOP PERFORM pg_sleep(0.05); END LOOP; END $$;\n";
    folder.write("schema_slow/001_slow.up.postgres.sql", &format!("{limit}{waits}"));
    let waits = "SELECT GET_LOCK(CONCAT(DATABASE(), '_sleep('), 600);\n";
    folder.write("schema_slow/001_slow.up.mysql.sql", &format!("{limit}{waits}"));
    folder
}

/// Keeps the slow step from ending.
enum Open {
    Postgres,
    Mysql(sqlx::MySqlConnection),
}

impl Open {
    async fn hold(database: &Database) -> Self {
        use sqlx::Connection;
        if database.engine == Engine::Postgres {
            database.execute("CREATE TABLE go_on (yes INTEGER)").await;
            return Self::Postgres;
        }
        let mut holder = sqlx::MySqlConnection::connect(&database.url)
            .await
            .expect("a connection");
        let hold = sqlx::raw_sql("DO GET_LOCK(CONCAT(DATABASE(), '_sleep('), 0)");
        hold.execute(&mut holder).await.expect("held");
        Self::Mysql(holder)
    }

    async fn end(self, database: &Database) {
        match self {
            Self::Postgres => database.execute("INSERT INTO go_on VALUES (1)").await,
            Self::Mysql(holder) => crate::support::leave(holder).await,
        }
    }
}

/// The same where the long step is one of a schema that also has steps outside a transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_activates_and_renews_while_a_long_journalled_step_runs() {
    let folder = with_open_end();
    folder.write(
        "schema_slow/000_alone.up.sql",
        "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY users_by_email ON users (email);\n",
    );
    folder.write(
        "schema_slow/000_alone.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY users_by_email;\n",
    );
    folder.write(
        "schema_slow/schema.toml",
        "requires = [\"schema_v1\"]\ncompatible_with = [\"schema_v1\"]\n",
    );
    beside_a_long_step(Engine::Postgres, &folder).await;
}

async fn beside_a_long_step(engine: Engine, folder: &Folder) {
    let database = Database::new(engine).await;
    Actor::new(&database, folder, &["activate", "users@1.0.0", "deploy"])
        .run()
        .await
        .told();

    let open = Open::hold(&database).await;
    let mut slow = Actor::new(&database, folder, &["activate", "reports@1.0.0", "deploy"]).start();
    until("the long step runs", async || database.running("sleep(").await == 1).await;
    let told = Actor::new(&database, folder, &["measure", "users@1.1.0", "5"])
        .run()
        .await
        .told();
    let still = database.running("sleep(").await;
    println!("beside a long step: {told}");
    assert_eq!(still, 1, "all of it was done while the long step still ran");
    assert!(slow.try_wait().expect("a look").is_none(), "the long work still runs");
    open.end(&database).await;

    assert_eq!(ended(slow).await.told()["outcome"], "applied");
    invariants::check(&database, true).await;
    database.drop().await;
}

/// A pool is small and a writer may be long: waiting for a connection is waiting, not a failure.
async fn an_activation_does_not_fail_because_the_pool_was_busy(engine: Engine) {
    const MANY: usize = 12;
    let database = Database::new(engine).await;
    let folder = with_slow_step();
    let runtime = database
        .runtime(|b| {
            b.schemas_dir(folder.path()).settings(|s| {
                s.max_connections = 1;
                s.connect_timeout = std::time::Duration::from_secs(3);
            })
        })
        .await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let slow = Actor::new(&database, &folder, &["activate", "reports@1.0.0", "deploy"]).start();
    until("the long work is announced", async || {
        runtime.report().await.is_ok_and(|r| r.operation.is_some())
    })
    .await;
    let tasks: Vec<_> = (0..MANY)
        .map(|i| {
            let runtime = runtime.clone();
            tokio::spawn(async move {
                let options = lockstep::ActivateOptions {
                    instance: Some(lockstep::InstanceId::new(&format!("web-{i}")).expect("a name")),
                    ..Default::default()
                };
                runtime.activate_with(v("users@1.1.0"), options).await
            })
        })
        .collect();
    for task in tasks {
        let done = task.await.expect("no panic").expect("an activation");
        assert!(matches!(done, Activation::AlreadyApplied { .. }), "{done:?}");
    }
    ended(slow).await.told();
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
