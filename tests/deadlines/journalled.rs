//! Deadlines where every change of the schema commits by itself: the step is stopped at the server, what came before it
//! stays, the state says so, and the same command goes on once the file is mended.

use std::time::Duration;

use lockstep::{Error, ErrorKind, SchemaState};

use super::{ends, server_is_free};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Mysql mysql:
    an_endless_step_is_stopped_at_its_timeout
    an_endless_way_down_is_stopped_and_resumed
    a_shutdown_stops_what_is_in_flight_and_says_so
    a_table_that_somebody_locked_is_waited_for_no_longer_than_allowed
    waiting_for_the_structural_lock_ends_and_names_its_holder
);

/// Waiting, computing, looping, copying a table; the first with the server's own limit switched off.
const ENDLESS: &[&str] = &[
    "{no limit}; SELECT SLEEP(3600)",
    "SELECT BENCHMARK(1000000000000, SHA2('x', 512))",
    "UPDATE users SET email = SHA2(REPEAT(email, 8000000), 512) ORDER BY id",
    "ALTER TABLE users ADD COLUMN slow VARCHAR(128) AS (SHA2(REPEAT(email, 8000000), 512)) STORED, ALGORITHM = COPY",
];

/// `schema_v2` with a second step that takes far longer than its limit.
fn endless(way: &str, body: &str) -> Folder {
    let folder = Folder::users();
    for each in ["up", "down"] {
        folder.write(&format!("schema_v2/002_endless.{each}.sql"), "SELECT 1;\n");
    }
    folder.write(
        &format!("schema_v2/002_endless.{way}.sql"),
        &format!("-- lockstep: timeout=300ms\n{body};\n"),
    );
    folder
}

async fn with_rows(database: &Database) {
    let rows: Vec<_> = (0..400).map(|i| format!("({i}, 'x')")).collect();
    let columns = "INSERT INTO users (id, email) VALUES ";
    database.execute(&format!("{columns}{}", rows.join(", "))).await;
}

async fn an_endless_step_is_stopped_at_its_timeout(engine: Engine) {
    for body in ENDLESS {
        let database = Database::new(engine).await;
        let body = body.replace("{no limit}", database.without_server_limit().await);
        let folder = endless("up", &body);
        let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
        runtime.activate(v("users@1.0.0")).await.unwrap();
        with_rows(&database).await;
        let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
        println!("stopped after {} ms of 300: {body}", took.as_millis());
        server_is_free(&database).await;
        let error = outcome.expect_err("stopped");
        let Error::Step { failure } = &error else {
            panic!("{error:?}");
        };
        assert!(
            failure.timed_out && failure.leaves_traces && failure.step == "002_endless",
            "{failure:?}"
        );
        assert!(error.to_string().contains("was stopped at its time limit"), "{error}");
        assert_eq!(runtime.status(s("schema_v2")), Some(SchemaState::Failed));
        assert!(
            database.has_column("users", "display_name").await,
            "the step before it stays"
        );
        assert!(!database.has_column("users", "slow").await, "nothing of it is there");
        let touched = database.number("SELECT count(*) FROM users WHERE email <> 'x'").await;
        assert_eq!(touched, 0, "nothing of it is there");
        invariants::check(&database, true).await;
        let mended = endless("up", "SELECT 2");
        let again = database.runtime(|b| b.schemas_dir(mended.path())).await;
        again.activate(v("users@2.0.0")).await.expect("the mended step runs");
        for runtime in [runtime, again] {
            runtime.shutdown().await;
        }
        invariants::check(&database, true).await;
        database.drop().await;
    }
}

async fn an_endless_way_down_is_stopped_and_resumed(engine: Engine) {
    let database = Database::new(engine).await;
    database.execute("CREATE TABLE stuck (yes INTEGER)").await;
    let folder = endless("down", "SELECT SLEEP(3600) FROM stuck");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    database.execute("INSERT INTO stuck VALUES (1)").await;
    let (outcome, _) = ends(runtime.deactivate(v("users@2.0.0"))).await;
    server_is_free(&database).await;
    let error = outcome.expect_err("stopped");
    assert!(
        matches!(&error, Error::Step { failure } if failure.timed_out && failure.leaves_traces),
        "{error:?}"
    );
    assert!(
        error.next_step().expect("advice").contains("repair schema_v2"),
        "{error:?}"
    );
    assert_eq!(runtime.status(s("schema_v2")), Some(SchemaState::Failed));
    invariants::check(&database, true).await;
    database.execute("DELETE FROM stuck").await;
    let resume = lockstep::RepairAction::Resume;
    let done = runtime.repair(s("schema_v2"), resume, false).await.unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    assert!(!database.has_column("users", "display_name").await);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_shutdown_stops_what_is_in_flight_and_says_so(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = endless("up", "SELECT 1");
    folder.write(
        "schema_v2/002_endless.up.sql",
        "-- lockstep: timeout=1h\nSELECT SLEEP(3600);\n",
    );
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    until("the step runs", async || database.running("sleep(").await == 1).await;
    let ((), took) = ends(runtime.shutdown()).await;
    println!("shut down in the middle of a step after {} ms", took.as_millis());
    let error = work.await.expect("no panic").expect_err("stopped");
    assert!(error.to_string().contains("its program ended"), "{error}");
    server_is_free(&database).await;
    let status = database.status().await;
    assert!(status.operation.is_none(), "{:?}", status.operation);
    invariants::check(&database, true).await;
    let mended = Folder::users();
    let again = database.runtime(|b| b.schemas_dir(mended.path())).await;
    again.activate(v("users@2.0.0")).await.expect("it goes on");
    again.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Somebody who is no Lockstep holds a table that a step needs.
async fn a_table_that_somebody_locked_is_waited_for_no_longer_than_allowed(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    runtime.shutdown().await;
    let mut someone = super::locks::Someone::connect(&database).await;
    someone.execute("BEGIN; SELECT count(*) FROM users").await;
    let short = database
        .runtime(|b| {
            b.schemas_dir(folder.path()).settings(|s| {
                s.step_timeout = Duration::from_millis(1500);
                s.lock_timeout = Duration::from_millis(200);
            })
        })
        .await;
    let (outcome, took) = ends(short.activate(v("users@2.0.0"))).await;
    println!("gave a locked table up after {} ms of 1500", took.as_millis());
    let error = outcome.expect_err("the table is locked");
    assert!(
        matches!(&error, Error::Step { failure } if failure.timed_out && !failure.leaves_traces),
        "{error:?}"
    );
    assert!(!database.has_column("users", "display_name").await);
    // Others were let through in between: a statement that waits for good would stop them all.
    invariants::check(&database, true).await;

    // Let go in time, the same waiting succeeds.
    let again = tokio::spawn({
        let short = short.clone();
        async move { short.activate(v("users@2.0.0")).await }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    someone.execute("ROLLBACK").await;
    someone.leave().await;
    again.await.expect("no panic").expect("the table is free");
    assert!(database.has_column("users", "display_name").await);
    short.shutdown().await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn waiting_for_the_structural_lock_ends_and_names_its_holder(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    // Asleep with the lock in its hand, until it is killed.
    let mut holder = Actor::new(&database, &folder, &["activate", "users@1.0.0", "deploy"])
        .dies_at("activation.journal.started=sleep")
        .start();
    until("the work is half-way", async || {
        let status = database.status().await;
        status.schemas.iter().any(|x| x.state == SchemaState::Applying)
    })
    .await;
    let announced = database.status().await.operation.expect("announced");
    let runtime = database
        .runtime(|b| {
            b.schemas_dir(folder.path())
                .settings(|s| s.operation_timeout = Duration::from_secs(1))
        })
        .await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("gave up waiting after {} ms of 1000", took.as_millis());
    let error = outcome.expect_err("the lock is held");
    let Error::Busy { holder: named, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(named.as_deref(), Some(&announced), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    holder.start_kill().expect("killed");
    holder.wait().await.expect("ended");
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("the lock was free {} ms after its holder was killed", took.as_millis());
    outcome.expect("the lock is free");
    runtime.shutdown().await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}
