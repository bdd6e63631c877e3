//! Deadlines where every change of the schema commits by itself: the step is stopped at the server, what came before it
//! stays, the state says so, and the same command goes on once the file is mended.

use lockstep::{Error, SchemaState};

use super::{ends, server_is_free};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Mysql mysql:
    an_endless_step_leaves_every_row_as_it_was
    an_endless_way_down_is_stopped_and_resumed
);

/// Changing rows, copying a table.
const ENDLESS: &[&str] = &[
    "UPDATE users SET email = SHA2(REPEAT(email, 8000000), 512) ORDER BY id",
    "ALTER TABLE users ADD COLUMN slow VARCHAR(128) AS (SHA2(REPEAT(email, 8000000), 512)) STORED, ALGORITHM = COPY",
];

/// `schema_v2` with a second step that takes far longer than its limit.
fn endless(way: &str, limit: &str, body: &str) -> Folder {
    let folder = Folder::users();
    for each in ["up", "down"] {
        folder.write(&format!("schema_v2/002_endless.{each}.sql"), "SELECT 1;\n");
    }
    folder.write(
        &format!("schema_v2/002_endless.{way}.sql"),
        &format!("-- lockstep: timeout={limit}\n{body};\n"),
    );
    folder
}

async fn with_rows(database: &Database) {
    let rows: Vec<_> = (0..4000).map(|i| format!("({i}, 'x')")).collect();
    let columns = "INSERT INTO users (id, email) VALUES ";
    database.execute(&format!("{columns}{}", rows.join(", "))).await;
}

async fn an_endless_step_leaves_every_row_as_it_was(engine: Engine) {
    for body in ENDLESS {
        let database = Database::new(engine).await;
        let folder = endless("up", "300ms", body);
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
        let mended = endless("up", "1h", "SELECT 2");
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
    // The same limit holds when it is resumed.
    let folder = endless("down", "3s", "SELECT SLEEP(3600) FROM stuck");
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
        error.next_step().expect("advice").contains("repair(\"schema_v2\""),
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
