//! Steps whose SQL never ends.

use std::time::Duration;

use lockstep::{Deactivation, Error, ErrorKind, SchemaState};

use super::{ENDLESS_SQLITE, endless, ends, failed_on_its_way_up, server_is_free, works_once_mended};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    an_endless_step_is_stopped_at_its_timeout
    an_endless_way_down_is_stopped_at_its_timeout
    a_step_is_stopped_when_the_whole_operation_runs_out_of_time
);

/// Waiting, computing, and looping inside the server.
const ENDLESS_POSTGRES: &[&str] = &[
    "SELECT pg_sleep(3600)",
    "SELECT count(*) FROM (SELECT generate_series(1, 1000000000000)) n",
    "DO $$ BEGIN LOOP PERFORM 1; END LOOP; END $$",
    "SET LOCAL statement_timeout = 0; SELECT pg_sleep(3600)",
];

/// The same; the last with the server's own limit switched off.
const ENDLESS_MYSQL: &[&str] = &[
    "SELECT SLEEP(3600)",
    "SELECT BENCHMARK(1000000000000, SHA2('x', 512))",
    "{no limit}; SELECT SLEEP(3600)",
];

async fn an_endless_step_is_stopped_at_its_timeout(engine: Engine) {
    let bodies = match engine {
        Engine::Sqlite => &[ENDLESS_SQLITE],
        Engine::Postgres => ENDLESS_POSTGRES,
        Engine::Mysql => ENDLESS_MYSQL,
    };
    for body in bodies {
        let database = Database::new(engine).await;
        let folder = Folder::users();
        let body = match engine {
            Engine::Mysql => body.replace("{no limit}", database.without_server_limit().await),
            _ => (*body).to_owned(),
        };
        endless(&folder, "up", &body, &body, &body);
        let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
        let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
        println!("{engine:?}: stopped after {} ms of 300: {body}", took.as_millis());
        server_is_free(&database).await;
        failed_on_its_way_up(&database, &runtime, &outcome.expect_err("stopped")).await;
        runtime.shutdown().await;
        invariants::check(&database, true).await;
        works_once_mended(&database).await;
        invariants::check(&database, true).await;
        database.drop().await;
    }
}

async fn an_endless_way_down_is_stopped_at_its_timeout(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    endless(&folder, "down", ENDLESS_SQLITE, ENDLESS_POSTGRES[0], ENDLESS_MYSQL[0]);
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let (outcome, took) = ends(runtime.deactivate(v("users@2.0.0"))).await;
    println!("{engine:?}: a way down stopped after {} ms of 300", took.as_millis());
    server_is_free(&database).await;
    let error = outcome.expect_err("stopped");
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert!(
        error
            .to_string()
            .contains("002_endless (down) of schema_v2 was stopped at its time limit"),
        "{error}"
    );
    if engine == Engine::Mysql {
        half_taken_back(&database, runtime, &error).await;
        return database.drop().await;
    }
    assert!(
        error
            .state()
            .contains("schema_v2 is applied as before and no lease changed"),
        "{}",
        error.state()
    );
    assert!(
        error.next_step().expect("advice").contains("Policy::Retain"),
        "{:?}",
        error.next_step()
    );
    let status = runtime.report().await.unwrap();
    assert_eq!(status.leases.len(), 1, "it is as it was");
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v2"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Applied);
    assert_eq!(schema.failure.as_ref().expect("told").step, "002_endless");
    assert!(database.has_column("users", "display_name").await);

    // The advice works.
    let options = lockstep::DeactivateOptions {
        policy: Some(lockstep::Policy::Retain),
        ..Default::default()
    };
    let retained = runtime.deactivate_with(v("users@2.0.0"), options).await.unwrap();
    assert!(matches!(retained, Deactivation::Retained { .. }), "{retained:?}");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_step_is_stopped_when_the_whole_operation_runs_out_of_time(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_endless.up.sql",
        &format!("-- lockstep: timeout=1h\n{ENDLESS_SQLITE};\n"),
    );
    folder.write(
        "schema_v2/002_endless.up.postgres.sql",
        "-- lockstep: timeout=1h\nSELECT pg_sleep(3600);\n",
    );
    folder.write(
        "schema_v2/002_endless.up.mysql.sql",
        "-- lockstep: timeout=1h\nSELECT SLEEP(3600);\n",
    );
    folder.write("schema_v2/002_endless.down.sql", "SELECT 1;\n");
    let runtime = database
        .runtime(|b| {
            b.schemas_dir(folder.path())
                .settings(|s| s.operation_timeout = Duration::from_secs(6))
        })
        .await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("{engine:?}: the operation ended after {} ms of 6000", took.as_millis());
    server_is_free(&database).await;
    let error = outcome.expect_err("stopped");
    assert!(
        matches!(&error, Error::Step { failure } if failure.timed_out),
        "{error:?}"
    );
    failed_on_its_way_up(&database, &runtime, &error).await;
    runtime.shutdown().await;
    works_once_mended(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Where nothing can be taken back as a whole, the schema is half-way: the state says so, and the advice names the command
/// that goes on.
async fn half_taken_back(database: &Database, runtime: lockstep::Runtime, error: &Error) {
    assert!(
        matches!(error, Error::Step { failure } if failure.timed_out && failure.leaves_traces),
        "{error:?}"
    );
    assert!(error.state().contains("half taken back"), "{}", error.state());
    assert!(
        error.next_step().expect("advice").contains("schema_v2"),
        "{:?}",
        error.next_step()
    );
    assert_eq!(runtime.status(s("schema_v2")), Some(SchemaState::Failed));
    assert!(
        database.has_column("users", "display_name").await,
        "that is not reached yet"
    );
    runtime.shutdown().await;
    invariants::check(database, true).await;
}
