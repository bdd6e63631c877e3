//! Situations in which established migration runners fail somewhere: a start that races, a history that cannot be written,
//! a kill between two steps or inside a long one, a retry, an older program, a failure half-way.
//!
//! Two more of the kind are facts of the suite: `line_ends_and_trailing_space_do_not_matter` and
//! `a_runtime_without_files_takes_back_what_was_stored`.

use std::time::Duration;

use lockstep::{ErrorKind, Runtime, SchemaState};

use crate::conformance::{s, v};
use crate::crashes::{noted, scenario, truth};
use crate::invariants;
use crate::support::process::{SIGABRT, ended};
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    four_processes_start_at_once_on_an_empty_database
    a_step_whose_history_cannot_be_written_is_not_in_effect_and_runs_again
    a_state_that_cannot_be_written_is_not_in_effect_and_runs_again
    a_kill_between_two_steps_and_the_same_command_again
    a_kill_inside_a_long_statement_and_the_same_command_at_once
    a_failure_tried_again_in_the_same_process_does_not_hang
    an_older_program_works_where_it_may_and_takes_back_what_it_never_saw
    the_third_of_three_steps_fails_and_once_mended_all_are_in_effect_once
);

/// No wait of a probe is longer, whatever goes wrong.
const PATIENCE: Duration = Duration::from_secs(300);

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> T {
    let done = tokio::time::timeout(PATIENCE, work).await;
    done.unwrap_or_else(|_| panic!("hangs: {what}"))
}

async fn four_processes_start_at_once_on_an_empty_database(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let starters: Vec<_> = (0..4)
        .map(|i| Actor::new(&database, &folder, &["activate", "users@2.0.0", &format!("web-{i}")]).start())
        .collect();
    let mut applied = 0;
    for starter in starters {
        applied += usize::from(ended(starter).await.told()["outcome"] == "applied");
    }
    assert_eq!(applied, 1, "one of them applied it, the others found it applied");
    invariants::check(&database, true).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_processes_build_one_concurrent_index() {
    let database = scenario::database(Engine::Postgres).await;
    let folder = scenario::alone();
    let starters: Vec<_> = (0..3)
        .map(|i| Actor::new(&database, &folder, &["activate", "users@2.0.0", &format!("web-{i}")]).start())
        .collect();
    for starter in starters {
        ended(starter).await.told();
    }
    truth(&database, &folder, true).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Makes every insert into one of Lockstep's tables fail where the condition on the new row holds.
async fn break_inserts(database: &Database, table: &str, condition: &str) {
    let sql = match database.engine {
        Engine::Sqlite => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON {table} WHEN NEW.{condition} \
             BEGIN SELECT RAISE(ABORT, 'the history is broken'); END"
        ),
        Engine::Mysql => format!(
            "CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW BEGIN IF NEW.{condition} THEN \
             SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the history is broken'; END IF; END"
        ),
        Engine::Postgres => format!(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS \
             $$ BEGIN RAISE EXCEPTION 'the history is broken'; END $$; \
             CREATE TRIGGER broken BEFORE INSERT ON {table} FOR EACH ROW WHEN (NEW.{condition}) EXECUTE FUNCTION broken()"
        ),
    };
    database.execute(&sql).await;
}

async fn mend_inserts(database: &Database, table: &str) {
    let sql = match database.engine {
        Engine::Sqlite | Engine::Mysql => "DROP TRIGGER broken".to_owned(),
        Engine::Postgres => format!("DROP TRIGGER broken ON {table}; DROP FUNCTION broken()"),
    };
    database.execute(&sql).await;
}

async fn a_step_whose_history_cannot_be_written_is_not_in_effect_and_runs_again(engine: Engine) {
    broken_history(engine, "lockstep_step", "schema_version = 'schema_v2'").await;
}

async fn a_state_that_cannot_be_written_is_not_in_effect_and_runs_again(engine: Engine) {
    broken_history(engine, "lockstep_event", "kind = 'schema_applied'").await;
}

async fn broken_history(engine: Engine, table: &str, condition: &str) {
    let database = scenario::database(engine).await;
    let folder = scenario::transactional();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    break_inserts(&database, table, condition).await;
    let refused = in_time("the first try", runtime.activate(v("users@2.0.0"))).await;
    let error = refused.expect_err("the history is broken");
    assert!(error.to_string().contains("the history is broken"), "{error}");
    assert!(!database.has_column("users", "display_name").await, "no orphan is left");
    assert_eq!(noted(&database, "v2 up").await, 0);
    assert_ne!(runtime.status(s("schema_v2")), Some(SchemaState::Applied));
    // Where DDL commits by itself it is half-way, as recorded; the next one goes on from there.
    invariants::check(&database, engine != Engine::Mysql).await;

    mend_inserts(&database, table).await;
    in_time("the second try", runtime.activate(v("users@2.0.0")))
        .await
        .expect("it runs again");
    runtime.shutdown().await;
    truth(&database, &folder, true).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_kill_between_two_steps_and_the_same_command_again(engine: Engine) {
    let database = scenario::database(engine).await;
    let folder = scenario::transactional();
    let command = ["activate", "users@2.0.0", "deploy"];
    let killed = Actor::new(&database, &folder, &command)
        .dies_at("activation.after_step:2")
        .run()
        .await;
    assert_eq!(killed.signal, Some(SIGABRT), "{killed:?}");
    Actor::new(&database, &folder, &command).run().await.told();
    truth(&database, &folder, true).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// About ten seconds of one statement.
fn with_long_step() -> Folder {
    let folder = scenario::transactional();
    folder.write(
        "schema_v2/004_long.up.sql",
        "-- lockstep: timeout=10m\n\
         INSERT INTO log SELECT 'long ' || (count(*) > 0) FROM \
         (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT i FROM n);\n",
    );
    folder.write(
        "schema_v2/004_long.up.postgres.sql",
        "INSERT INTO log SELECT 'long ' || (count(*)) FROM (SELECT pg_sleep(10)) t;\n",
    );
    folder.write(
        "schema_v2/004_long.up.mysql.sql",
        "INSERT INTO log SELECT CONCAT('long ', SLEEP(10));\n",
    );
    folder.write(
        "schema_v2/004_long.down.sql",
        "DELETE FROM log WHERE what LIKE 'long%';\n",
    );
    folder
}

async fn a_kill_inside_a_long_statement_and_the_same_command_at_once(engine: Engine) {
    let database = scenario::database(engine).await;
    let folder = with_long_step();
    let command = ["activate", "users@2.0.0", "deploy"];
    let mut first = Actor::new(&database, &folder, &command).start();
    until("the work is announced", async || {
        database.status().await.operation.is_some()
    })
    .await;
    until("the long statement runs", async || match engine {
        Engine::Postgres => database.running("pg_sleep").await == 1,
        Engine::Mysql => database.running("sleep(").await == 1,
        Engine::Sqlite => database
            .try_execute("PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK")
            .await
            .is_err(),
    })
    .await;
    first.start_kill().expect("killed");
    assert_eq!(ended(first).await.signal, Some(9), "it was at work");

    // With little patience: done, or told what is waited for.
    let hasty = Runtime::builder(&database.url)
        .schemas_dir(folder.path())
        .settings(|s| {
            s.reap_every = None;
            s.operation_timeout = Duration::from_millis(900);
        })
        .build()
        .await
        .expect("a runtime");
    if let Err(error) = in_time("the hasty one", hasty.activate(v("users@2.0.0"))).await {
        let patient_next_time = matches!(error.kind(), ErrorKind::Retry | ErrorKind::StepFailed);
        assert!(patient_next_time, "{error:?}");
        assert!(error.next_step().is_some(), "{error}");
    }
    hasty.shutdown().await;

    Actor::new(&database, &folder, &command).run().await.told();
    let long = database
        .number("SELECT count(*) FROM log WHERE what LIKE 'long%'")
        .await;
    assert_eq!(long, 1, "the long statement took effect once");
    truth(&database, &folder, true).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_failure_tried_again_in_the_same_process_does_not_hang(engine: Engine) {
    let database = scenario::database(engine).await;
    let folder = scenario::transactional();
    folder.write("schema_v2/004_wrong.up.sql", "INSERT INTO nowhere VALUES (1);\n");
    folder.write("schema_v2/004_wrong.down.sql", "DELETE FROM log WHERE what = 'none';\n");
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    for _ in 0..3 {
        let failed = in_time("one after another", runtime.activate(v("users@2.0.0"))).await;
        assert_eq!(failed.expect_err("it cannot work").kind(), ErrorKind::StepFailed);
    }
    let at_once = (0..5).map(|_| runtime.activate(v("users@2.0.0")));
    for failed in in_time("all at once", futures_util::future::join_all(at_once)).await {
        assert_eq!(failed.expect_err("it cannot work").kind(), ErrorKind::StepFailed);
    }
    // The first program is still there, with its pool, when the mended one comes.
    let mended = scenario::transactional();
    let second = database.runtime(|b| b.schemas_dir(mended.path())).await;
    in_time("mended", second.activate(v("users@2.0.0")))
        .await
        .expect("mended");
    runtime.shutdown().await;
    second.shutdown().await;
    truth(&database, &mended, true).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn an_older_program_works_where_it_may_and_takes_back_what_it_never_saw(engine: Engine) {
    let database = Database::new(engine).await;
    let newer = Folder::users();
    // A third schema breaks with the first: nothing says that it leaves its users unharmed.
    newer.write("schema_v3/schema.toml", "requires = [\"schema_v2\"]\n");
    newer.write("schema_v3/001_nick.up.sql", "ALTER TABLE users ADD COLUMN nick TEXT;\n");
    newer.write("schema_v3/001_nick.down.sql", "ALTER TABLE users DROP COLUMN nick;\n");
    newer.write(
        "handlers.toml",
        "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n\"2.0.0\" = \"schema_v2\"\n\"3.0.0\" = \"schema_v3\"\n",
    );
    Actor::new(&database, &newer, &["activate", "users@2.0.0", "new"])
        .run()
        .await
        .told();

    let older = Folder::users();
    older.write("handlers.toml", "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n");
    std::fs::remove_dir_all(older.path().join("schema_v2")).expect("an older program's files");
    let told = Actor::new(&database, &older, &["activate", "users@1.0.0", "old"])
        .run()
        .await
        .told();
    assert_eq!(
        told["outcome"], "already_applied",
        "schema_v2 leaves its users unharmed"
    );
    Actor::new(&database, &older, &["deactivate", "users@1.0.0", "old"])
        .run()
        .await
        .told();

    Actor::new(&database, &newer, &["deactivate", "users@2.0.0", "new"])
        .run()
        .await
        .told();
    Actor::new(&database, &newer, &["activate", "users@3.0.0", "new"])
        .run()
        .await
        .told();
    let refused = Actor::new(&database, &older, &["activate", "users@1.0.0", "old"])
        .run()
        .await
        .json();
    assert_eq!(refused["code"], "incompatible", "{refused}");
    let reason = refused["error"].as_str().expect("a reason");
    assert!(
        reason.contains("schema_v3") && reason.contains("users@3.0.0"),
        "{reason}"
    );
    invariants::check(&database, true).await;

    // What it does not have as files it takes back by the spec as applied.
    Actor::new(&database, &older, &["deactivate", "users@3.0.0", "new"])
        .run()
        .await
        .told();
    assert!(!database.has_table("users").await);
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn the_third_of_three_steps_fails_and_once_mended_all_are_in_effect_once(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::empty();
    folder.write("handlers.toml", "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n");
    for (step, up, down) in [
        (
            "001_a",
            "CREATE TABLE a (id INTEGER PRIMARY KEY, email VARCHAR(50));",
            "DROP TABLE a;",
        ),
        (
            "002_rows",
            "INSERT INTO a VALUES (1, 'same'), (2, 'same');",
            "DELETE FROM a;",
        ),
        (
            "003_unique",
            "CREATE UNIQUE INDEX a_email ON a (email);",
            "DROP INDEX a_email;",
        ),
    ] {
        folder.write(&format!("schema_1/{step}.up.sql"), up);
        folder.write(&format!("schema_1/{step}.down.sql"), down);
    }
    let command = ["activate", "app@1.0.0", "deploy"];
    let failed = Actor::new(&database, &folder, &command).run().await;
    let told = failed.json();
    assert_eq!(failed.code, Some(1), "{told}");
    let reason = told["error"].as_str().expect("a reason");
    assert!(reason.contains("003_unique") && reason.contains("schema_1"), "{reason}");
    assert_eq!(database.indexes("a_email").await, (0, 0));
    invariants::check(&database, true).await;

    folder.write("schema_1/003_unique.up.sql", "CREATE INDEX a_email ON a (email);");
    Actor::new(&database, &folder, &command).run().await.told();
    assert_eq!(database.number("SELECT count(*) FROM a").await, 2, "the rows came once");
    assert_eq!(database.indexes("a_email").await, (1, 0));
    assert_eq!(database.times("schema_applied", "schema_1").await, 1);
    invariants::check(&database, true).await;
    database.drop().await;
}
