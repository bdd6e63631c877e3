//! Processes that stop in the middle of structural work: nobody waits for them for ever, and when they go on, or are killed,
//! every step has one net effect.

use std::time::Duration;

use lockstep::{ErrorKind, Runtime};

use super::all_is_well;
use crate::conformance::v;
use crate::invariants;
use crate::support::process::{ended, signal};
use crate::support::{Actor, Database, Engine, Folder, facts_on, steady, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_process_stopped_in_a_step_finishes_it_once_when_it_goes_on
    a_process_killed_while_it_was_stopped_leaves_nothing_behind
);

/// A step that takes a few seconds, started by a process that is then stopped.
async fn stopped(database: &Database, folder: &Folder) -> tokio::process::Child {
    folder.write(
        "schema_v2/002_long.up.sql",
        "-- lockstep: timeout=10m\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000000) SELECT count(*) FROM n;\n",
    );
    folder.write("schema_v2/002_long.up.postgres.sql", "SELECT pg_sleep(4);\n");
    folder.write("schema_v2/002_long.up.mysql.sql", "SELECT SLEEP(4);\n");
    folder.write("schema_v2/002_long.down.sql", "SELECT 1;\n");
    let mut child = Actor::new(database, folder, &["activate", "users@2.0.0", "sleeper"]).start();
    let mut at_work = || {
        assert!(
            matches!(child.try_wait(), Ok(None)),
            "it was over before it was stopped"
        )
    };
    match database.engine {
        Engine::Postgres => {
            until("the step runs", async || {
                at_work();
                database.running("pg_sleep").await == 1
            })
            .await
        }
        Engine::Mysql => {
            until("the step runs", async || {
                at_work();
                database.running("SLEEP").await == 1
            })
            .await
        }
        Engine::Sqlite => {
            // Announced, and then the writer lock stays taken.
            until("the work is announced", async || {
                at_work();
                database.status().await.operation.is_some()
            })
            .await;
            until("the step runs", async || {
                at_work();
                let write = "PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK";
                database.try_execute(write).await.is_err()
            })
            .await
        }
    };
    signal(&child, "STOP");
    child
}

async fn impatient(database: &Database, folder: &Folder) -> Runtime {
    let quick = |b: lockstep::Builder| {
        b.schemas_dir(folder.path())
            .settings(|s| s.operation_timeout = Duration::from_secs(2))
    };
    database.runtime(quick).await
}

/// Those who need the lock are told in time, and by whom it is held.
async fn others_are_told(database: &Database, folder: &Folder) {
    let runtime = impatient(database, folder).await;
    let (outcome, _) = crate::deadlines::ends(runtime.activate(v("users@2.0.0"))).await;
    let error = outcome.expect_err("the lock is held");
    assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");
    assert_eq!(error.state(), "nothing was changed");
    println!("{:?}: {error}", database.engine);
    assert!(error.to_string().contains("announced"), "who works is named: {error}");
    if database.engine == Engine::Postgres {
        // Whoever needs no structural work is not in the way of it.
        let beside = database.runtime(|b| b.schemas_dir(folder.path())).await;
        beside
            .activate(v("users@1.1.0"))
            .await
            .expect("a lease on what is there");
        beside.deactivate(v("users@1.1.0")).await.expect("given back");
        beside.shutdown().await;
    }
    runtime.shutdown().await;
}

async fn a_process_stopped_in_a_step_finishes_it_once_when_it_goes_on(engine: Engine) {
    steady(STILL, async || finishes_it_once(engine).await).await;
}

/// For how long the machine may stand still: a step lasts longer.
const STILL: Duration = Duration::from_secs(1);

async fn finishes_it_once(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let first = database.runtime(|b| b.schemas_dir(folder.path())).await;
    first.activate(v("users@1.0.0")).await.unwrap();
    first.shutdown().await;
    let child = stopped(&database, &folder).await;
    others_are_told(&database, &folder).await;
    signal(&child, "CONT");
    ended(child).await.told();
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    assert!(database.has_column("users", "display_name").await);
    all_is_well(&database).await;
    database.drop().await;
}

async fn a_process_killed_while_it_was_stopped_leaves_nothing_behind(engine: Engine) {
    steady(STILL, async || leaves_nothing_behind(engine).await).await;
}

async fn leaves_nothing_behind(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let first = database.runtime(|b| b.schemas_dir(folder.path())).await;
    first.activate(v("users@1.0.0")).await.unwrap();
    let mut child = stopped(&database, &folder).await;
    child.start_kill().expect("killed");
    child.wait().await.expect("ended");
    invariants::check(&database, false).await;
    // The server may still be at the dead process's statement; whoever comes next waits for that, and goes on.
    let next = database.runtime(|b| b.schemas_dir(folder.path())).await;
    next.activate(v("users@2.0.0"))
        .await
        .expect("nothing stands in the way");
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    next.shutdown().await;
    first.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}
