//! PostgreSQL: an index built concurrently waits for an old transaction. Stopping it leaves an index that is not valid.

use std::time::Duration;

use lockstep::{Error, ErrorKind, Runtime, SchemaState};

use super::ends;
use super::locks::Someone;
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, until};

fn with_index(timeout: &str) -> Folder {
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_index.up.sql",
        &format!("-- lockstep: no-transaction\n-- lockstep: timeout={timeout}\nCREATE INDEX CONCURRENTLY users_name ON users (lower(email));\n"),
    );
    folder.write(
        "schema_v2/002_index.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY users_name;\n",
    );
    folder.write("schema_v2/001_name.up.sql", "-- lockstep: timeout=1h\nSELECT 1;\n");
    folder.write("schema_v2/001_name.down.sql", "-- lockstep: timeout=1h\nSELECT 1;\n");
    folder
}

async fn held_up(folder: &Folder, step_timeout: Duration) -> (Database, Runtime, Someone) {
    let database = Database::new(Engine::Postgres).await;
    let unhurried = database.runtime(|b| b.schemas_dir(folder.path())).await;
    unhurried.activate(v("users@1.0.0")).await.unwrap();
    unhurried.shutdown().await;
    let runtime = database
        .runtime(|b| b.schemas_dir(folder.path()).settings(|s| s.step_timeout = step_timeout))
        .await;
    let mut someone = Someone::connect(&database).await;
    someone
        .execute("BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO users (id, email) VALUES (1, 'a@b')")
        .await;
    (database, runtime, someone)
}

/// The server does nothing more, although nobody let go of what the building waits for.
async fn nothing_is_built(database: &Database) {
    let still = async || database.running("INDEX CONCURRENTLY").await == 0;
    let took = until("the server does nothing more", still).await;
    assert!(took < super::A_WHILE, "it went on for {took:?}");
}

async fn completes(database: &Database, folder: &Folder) {
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    outcome.expect("the way is free");
    println!(
        "Postgres: the index was built {} ms after the way was free",
        took.as_millis()
    );
    runtime.shutdown().await;
    assert_eq!(database.indexes("users_name").await, (1, 0), "valid, invalid");
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    invariants::check(database, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_that_could_not_be_built_in_time_can_be_built_later() {
    let folder = with_index("500ms");
    let (database, runtime, mut someone) = held_up(&folder, Duration::from_secs(1)).await;
    for attempt in ["first", "second"] {
        // Dropping what the attempt left would wait for the old transaction too, so it has to be possible later.
        let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
        println!(
            "Postgres: {attempt} attempt stopped after {} ms of 500",
            took.as_millis()
        );
        let error = outcome.expect_err("held up");
        assert_eq!(error.kind(), ErrorKind::StepFailed, "{attempt}: {error:?}");
        let Error::Step { failure } = &error else {
            panic!("{attempt}: {error:?}");
        };
        assert!(failure.step == "002_index" && failure.leaves_traces, "{failure:?}");
        assert!(
            error.state().contains("schema_v2 is marked failed"),
            "{}",
            error.state()
        );
        assert!(
            error.next_step().expect("advice").contains("activate again"),
            "{:?}",
            error.next_step()
        );
        let status = runtime.report().await.unwrap();
        let schema = status
            .schemas
            .iter()
            .find(|x| x.schema == s("schema_v2"))
            .expect("known");
        assert_eq!(schema.state, SchemaState::Failed, "{attempt}");
        nothing_is_built(&database).await;
    }
    invariants::check(&database, true).await;
    someone.execute("COMMIT").await;
    someone.leave().await;
    runtime.shutdown().await;
    completes(&database, &folder).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shutdown_while_an_index_is_built_leaves_work_that_another_completes() {
    let folder = with_index("1h");
    let (database, runtime, mut someone) = held_up(&folder, Duration::from_secs(1)).await;
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    until("the index is being built", async || {
        database.running("CREATE INDEX CONCURRENTLY").await == 1
    })
    .await;
    let ((), took) = ends(runtime.shutdown()).await;
    println!(
        "Postgres: shut down while an index was built after {} ms",
        took.as_millis()
    );
    work.await.expect("no panic").expect_err("stopped");
    nothing_is_built(&database).await;
    invariants::check(&database, false).await;
    someone.execute("COMMIT").await;
    someone.leave().await;
    completes(&database, &folder).await;
    database.drop().await;
}
