//! R7: what fails leaves everything as it was, or `failed` with the exact step and the database's own words.

use lockstep::lifecycle::{Direction, Policy};
use lockstep::{DeactivateOptions, Error, SchemaState};

use super::{applied, end, failed, folder, handler_state, one, s, start, taken_back, v};
use crate::support::{Engine, Folder};

pub async fn a_failed_up_takes_everything_back_and_mended_it_activates(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        (
            "002_b",
            "CREATE TABLE b (id INTEGER PRIMARY KEY);\nINSERT INTO nowhere VALUES (1);",
            "DROP TABLE b;",
        ),
        ("003_c", "CREATE TABLE c (id INTEGER PRIMARY KEY);", "DROP TABLE c;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    let result = runtime.activate(v("one@1.0.0")).await;
    let Err(error @ Error::Step { .. }) = result else {
        panic!("{result:?}");
    };
    let (state, next) = (error.state(), error.next_step().unwrap_or_default());
    assert!(state.contains("everything was taken back"), "{state}");
    assert!(next.contains("002_b") && next.contains("activate again"), "{next}");
    let failure = failed::<()>(Err(error));
    assert_eq!((failure.step.as_str(), failure.position), ("002_b", 1));
    assert_eq!(failure.direction, Direction::Up);
    assert!(failure.statement.contains("INSERT INTO nowhere"), "{failure:?}");
    assert!(
        failure.error.contains("nowhere"),
        "the database's own words: {failure:?}"
    );
    assert!(!failure.leaves_traces && !failure.timed_out);
    for table in ["a", "b", "c"] {
        assert!(!database.has_table(table).await, "{table} is still there");
    }
    let status = database.status().await;
    let shown = status.schemas.iter().find(|x| x.schema == s("schema_a")).unwrap();
    assert_eq!(
        (shown.state, shown.failure.as_ref()),
        (SchemaState::Failed, Some(&failure))
    );
    assert!(status.leases.is_empty() && status.operation.is_none());
    assert_eq!(handler_state(&runtime, "one@1.0.0").await, "failed");

    made.write("schema_a/002_b.up.sql", "CREATE TABLE b (id INTEGER PRIMARY KEY);");
    let mended = database.runtime(|b| b.schemas_dir(made.path())).await;
    let activation = mended.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(applied(&activation), ["schema_a"]);
    let status = database.status().await;
    assert!(status.schemas[0].failure.is_none(), "until something succeeds");
    end(database, [runtime, mended]).await;
}

pub async fn a_failed_down_keeps_the_schema_applied_and_the_version_active(engine: Engine) {
    let made = one(&[
        (
            "001_a",
            "CREATE TABLE a (id INTEGER PRIMARY KEY);",
            "DROP TABLE nowhere;",
        ),
        ("002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let failure = failed(runtime.deactivate(v("one@1.0.0")).await);
    assert_eq!((failure.step.as_str(), failure.direction), ("001_a", Direction::Down));
    assert!(database.has_table("a").await && database.has_table("b").await);
    assert_eq!(runtime.status(s("schema_a")), Some(SchemaState::Applied));
    assert_eq!(handler_state(&runtime, "one@1.0.0").await, "active");
    let status = database.status().await;
    assert_eq!(status.schemas[0].failure.as_ref(), Some(&failure));
    // What comes next works: keep it, or mend the database and try again.
    let options = DeactivateOptions {
        policy: Some(Policy::Retain),
        ..DeactivateOptions::default()
    };
    runtime.deactivate_with(v("one@1.0.0"), options).await.unwrap();
    database.execute("CREATE TABLE nowhere (id INTEGER)").await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    database.execute("DROP TABLE a").await;
    end(database, [runtime]).await;
}

pub async fn the_right_one_of_several_statements_is_named(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        (
            "002_b",
            "INSERT INTO a VALUES (0);\n-- not this; nor 'this';\nINSERT INTO a VALUES (1);\n\
             INSERT INTO a VALUES (1);\nINSERT INTO a VALUES (2);",
            "DELETE FROM a;",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert!(failure.statement.contains("INSERT INTO a VALUES (1)"), "{failure:?}");
    assert!(
        !failure.statement.contains("VALUES (2)") && !failure.statement.contains("VALUES (0)"),
        "{failure:?}"
    );
    end(database, [runtime]).await;
}

pub async fn a_failure_above_takes_back_what_was_applied_below_it(engine: Engine) {
    let made = folder(
        "[handlers.app]\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE t (id INTEGER PRIMARY KEY);",
                "DROP TABLE t;",
            ),
            ("schema_2/001_r", "ALTER TABLE t ADD COLUMN id TEXT;", "SELECT 1;"),
        ],
    );
    made.write("schema_2/schema.toml", "requires = [\"schema_1\"]\n");
    let (database, runtime) = start(engine, &made).await;
    let failure = failed(runtime.activate(v("app@2.0.0")).await);
    assert_eq!(failure.schema, s("schema_2"));
    assert!(!database.has_table("t").await);
    assert!(!runtime.is_active(s("schema_1")));
    end(database, [runtime]).await;
}

pub async fn a_failed_verify_fails_its_step(engine: Engine) {
    let made = one(&[("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")]);
    made.write("schema_a/001_a.verify.sql", "SELECT count(*) = 1 FROM a");
    let (database, runtime) = start(engine, &made).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert_eq!(failure.step, "001_a");
    assert!(failure.error.contains("verify"), "{failure:?}");
    // Where the table is no part of a transaction it stays, in doubt, until the query tells.
    assert_eq!(database.has_table("a").await, engine == Engine::Mysql);
    made.write("schema_a/001_a.verify.sql", "SELECT count(*) = 0 FROM a");
    let mended = database.runtime(|b| b.schemas_dir(made.path())).await;
    mended.activate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime, mended]).await;
}

pub async fn a_runtime_without_files_takes_back_what_was_stored(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let bare = database.runtime(|b| b).await;
    assert!(bare.is_active(s("schema_v2")), "it knows from the database");
    let left = bare.deactivate(v("users@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_v2", "schema_v1"]);
    assert!(!database.has_table("users").await);
    end(database, [runtime, bare]).await;
}

pub async fn the_history_tells_every_step_with_its_rows_and_time(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        ("002_b", "INSERT INTO a VALUES (1), (2), (3);", "DELETE FROM a;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let options = DeactivateOptions {
        allow_data_loss: true,
        ..DeactivateOptions::default()
    };
    runtime.deactivate_with(v("one@1.0.0"), options).await.unwrap();
    let history = runtime.history(Some(&s("schema_a")), 100).await.unwrap();
    let told: Vec<_> = history.iter().map(|e| (e.step.as_str(), e.direction, e.rows)).collect();
    let (up, down) = (Direction::Up, Direction::Down);
    assert_eq!(
        told,
        [
            ("001_a", up, 0),
            ("002_b", up, 3),
            ("002_b", down, 3),
            ("001_a", down, 0)
        ]
    );
    assert!(
        history
            .iter()
            .all(|e| e.finished_at.is_some_and(|end| end >= e.started_at))
    );
    end(database, [runtime]).await;
}
