//! Work that is given up: the runtime shuts down, or the caller goes away.

use std::time::Duration;

use lockstep::{ErrorKind, Runtime};

use super::{ENDLESS_SQLITE, ends, server_is_free, works_once_mended};
use crate::conformance::v;
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres:
    a_shutdown_takes_back_what_is_in_flight
    a_shutdown_takes_back_a_rollback_in_flight
    work_goes_on_when_its_caller_goes_away
    a_shutdown_does_not_wait_for_a_lock
);
facts_on!(Mysql mysql:
    a_shutdown_stops_what_is_in_flight_and_says_so
    a_shutdown_stops_a_rollback_in_flight_and_says_so
    work_goes_on_when_its_caller_goes_away
    a_shutdown_does_not_wait_for_a_lock
);

/// A step that takes an hour.
fn long(folder: &Folder, way: &str) {
    folder.write("schema_v2/002_long.up.sql", "SELECT 1;\n");
    folder.write("schema_v2/002_long.down.sql", "SELECT 1;\n");
    let path = |engine: &str| format!("schema_v2/002_long.{way}{engine}.sql");
    folder.write(&path(""), &format!("-- lockstep: timeout=1h\n{ENDLESS_SQLITE};\n"));
    folder.write(&path(".postgres"), "-- lockstep: timeout=1h\nSELECT pg_sleep(3600);\n");
    folder.write(&path(".mysql"), "-- lockstep: timeout=1h\nSELECT SLEEP(3600);\n");
}

/// Until the long step runs.
async fn runs(database: &Database) {
    match database.engine {
        Engine::Postgres => until("the step runs", async || database.running("pg_sleep").await == 1).await,
        Engine::Mysql => until("the step runs", async || database.running("sleep(").await == 1).await,
        Engine::Sqlite => {
            until("the work is announced", async || {
                database.status().await.operation.is_some()
            })
            .await;
            until("the step runs", async || {
                database
                    .try_execute("PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK")
                    .await
                    .is_err()
            })
            .await
        }
    };
}

async fn a_shutdown_takes_back_what_is_in_flight(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    long(&folder, "up");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    runs(&database).await;
    let ((), took) = ends(runtime.shutdown()).await;
    println!(
        "{engine:?}: shut down in the middle of a step after {} ms",
        took.as_millis()
    );
    let error = work.await.expect("no panic").expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    assert_eq!(error.state(), "nothing was changed");
    server_is_free(&database).await;
    assert!(!database.has_table("users").await);
    let status = database.status().await;
    assert!(
        status.operation.is_none(),
        "nothing is left of it: {:?}",
        status.operation
    );
    invariants::check(&database, true).await;
    works_once_mended(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_shutdown_takes_back_a_rollback_in_flight(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    long(&folder, "down");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.deactivate(v("users@2.0.0")).await }
    });
    runs(&database).await;
    ends(runtime.shutdown()).await;
    let error = work.await.expect("no panic").expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    server_is_free(&database).await;
    let status = database.status().await;
    assert_eq!(status.leases.len(), 1, "it is as it was");
    assert!(status.operation.is_none(), "{:?}", status.operation);
    assert!(database.has_column("users", "display_name").await);
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Where nothing can be taken back the step is stopped, what came before it stays, and the state says so.
async fn a_shutdown_stops_what_is_in_flight_and_says_so(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    long(&folder, "up");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    runs(&database).await;
    let ((), took) = ends(runtime.shutdown()).await;
    println!(
        "{engine:?}: shut down in the middle of a step after {} ms",
        took.as_millis()
    );
    let error = work.await.expect("no panic").expect_err("stopped");
    assert!(error.to_string().contains("its program ended"), "{error}");
    server_is_free(&database).await;
    let status = database.status().await;
    assert!(status.operation.is_none(), "{:?}", status.operation);
    invariants::check(&database, true).await;
    works_once_mended(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_shutdown_stops_a_rollback_in_flight_and_says_so(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    long(&folder, "down");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.deactivate(v("users@2.0.0")).await }
    });
    runs(&database).await;
    ends(runtime.shutdown()).await;
    let error = work.await.expect("no panic").expect_err("stopped");
    assert!(error.to_string().contains("its program ended"), "{error}");
    server_is_free(&database).await;
    let status = database.status().await;
    assert!(status.operation.is_none(), "{:?}", status.operation);
    let found = status
        .schemas
        .iter()
        .find(|x| x.schema == crate::conformance::s("schema_v2"));
    assert_eq!(found.expect("known").state, lockstep::SchemaState::Failed);
    assert!(
        database.has_column("users", "display_name").await,
        "that is not reached yet"
    );
    invariants::check(&database, true).await;
    database.drop().await;
}

/// A caller that gives up leaves nothing half-done: the operation goes on to its end.
async fn work_goes_on_when_its_caller_goes_away(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_long.up.sql",
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000000) SELECT count(*) FROM n;\n",
    );
    folder.write("schema_v2/002_long.up.postgres.sql", "SELECT pg_sleep(1);\n");
    folder.write("schema_v2/002_long.up.mysql.sql", "SELECT SLEEP(1);\n");
    folder.write("schema_v2/002_long.down.sql", "SELECT 1;\n");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let other = database.runtime(|b| b.schemas_dir(folder.path())).await;
    // At whatever moment it goes away. One operation at a time: which of several that wait comes first nobody says.
    for (round, at) in [1, 20, 300].into_iter().enumerate() {
        let at = Duration::from_millis(at);
        drop(tokio::time::timeout(at, runtime.activate(v("users@2.0.0"))).await);
        until("the activation came to its end", async || {
            leases_at_rest(&other).await == Some(1)
        })
        .await;
        assert!(database.has_column("users", "display_name").await);
        assert_eq!(database.times("schema_applied", "schema_v2").await, round + 1);
        drop(tokio::time::timeout(at, runtime.deactivate(v("users@2.0.0"))).await);
        until("the deactivation came to its end", async || {
            leases_at_rest(&other).await == Some(0)
        })
        .await;
        assert!(!database.has_table("users").await);
    }
    ends(runtime.shutdown()).await;
    ends(other.shutdown()).await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// How many leases there are, once nobody is at work.
async fn leases_at_rest(runtime: &Runtime) -> Option<usize> {
    let status = runtime.report().await.expect("a status");
    status.operation.is_none().then_some(status.leases.len())
}

async fn a_shutdown_does_not_wait_for_a_lock(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    long(&folder, "up");
    let holder = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let holding = tokio::spawn({
        let holder = holder.clone();
        async move { holder.activate(v("users@2.0.0")).await }
    });
    runs(&database).await;
    let waiter = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let waiting = tokio::spawn({
        let waiter = waiter.clone();
        async move { waiter.activate(v("users@2.0.0")).await }
    });
    tokio::time::sleep(Duration::from_millis(300)).await;
    let ((), took) = ends(waiter.shutdown()).await;
    println!(
        "{engine:?}: shut down while waiting for a lock after {} ms",
        took.as_millis()
    );
    let error = waiting.await.expect("no panic").expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::Cancelled, "{error:?}");
    ends(holder.shutdown()).await;
    holding.await.expect("no panic").expect_err("stopped");
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}
