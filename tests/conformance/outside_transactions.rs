//! PostgreSQL: steps that cannot run inside a transaction, and what else only it has.

use lockstep::{Error, RepairAction, SchemaState};

use super::{applied, end, failed, folder, one, s, start, taken_back, v};
use crate::support::process::SIGABRT;
use crate::support::{Actor, Database, Engine, Folder, until};

const UP: &str = "-- lockstep: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY items_name ON items (name);";
const DOWN: &str = "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY items_name;";

/// `app@1.0.0` on a table, `app@2.0.0` on a unique index of it that is built without a transaction.
fn indexed() -> Folder {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
                "DROP TABLE items;",
            ),
            ("schema_2/001_i", UP, DOWN),
        ],
    );
    made.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\n",
    );
    made
}

pub async fn a_concurrent_index_is_built_and_taken_back(engine: Engine) {
    let (database, runtime) = start(engine, &indexed()).await;
    // The closure: one schema in a transaction, one outside.
    let activation = runtime.activate(v("app@2.0.0")).await.unwrap();
    assert_eq!(applied(&activation), ["schema_1", "schema_2"]);
    assert_eq!(database.indexes("items_name").await, (1, 0));
    let left = runtime.deactivate(v("app@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_2", "schema_1"]);
    assert!(!database.has_table("items").await);
    end(database, [runtime]).await;
}

pub async fn failing_on_duplicates_leaves_no_invalid_index_and_mended_it_activates(engine: Engine) {
    let (database, runtime) = start(engine, &indexed()).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO items VALUES (1, 'same'), (2, 'same')")
        .await;
    let failure = failed(runtime.activate(v("app@2.0.0")).await);
    assert_eq!((failure.schema.as_str(), failure.step.as_str()), ("schema_2", "001_i"));
    assert!(failure.error.contains("items_name"), "{failure:?}");
    assert_eq!(
        database.indexes("items_name").await,
        (0, 0),
        "no invalid index stays behind"
    );
    assert_eq!(runtime.status(s("schema_2")), Some(SchemaState::Failed));
    assert!(runtime.is_active(s("schema_1")));
    database.execute("UPDATE items SET name = 'other' WHERE id = 2").await;
    let activation = runtime.activate(v("app@2.0.0")).await.unwrap();
    assert_eq!(applied(&activation), ["schema_2"]);
    assert_eq!(database.indexes("items_name").await, (1, 0));
    end(database, [runtime]).await;
}

pub async fn mixed_with_transactional_steps_it_goes_on_where_it_failed(engine: Engine) {
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        (
            "002_r",
            "INSERT INTO items VALUES (1, 'x'), (2, 'x');",
            "DELETE FROM items;",
        ),
        ("003_i", UP, DOWN),
        (
            "004_c",
            "ALTER TABLE items ADD COLUMN extra TEXT;",
            "ALTER TABLE items DROP COLUMN extra;",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert_eq!((failure.step.as_str(), failure.position), ("003_i", 2));
    assert!(failure.leaves_traces, "the steps before it are in effect: {failure:?}");
    assert_eq!(database.number("SELECT count(*) FROM items").await, 2);
    database.execute("UPDATE items SET name = 'y' WHERE id = 2").await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(
        database.number("SELECT count(*) FROM items").await,
        2,
        "R2: no step ran twice"
    );
    assert!(database.has_column("items", "extra").await);
    end(database, [runtime]).await;
}

pub async fn a_failed_one_is_undone(engine: Engine) {
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        (
            "002_i",
            "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY items_x ON items (nowhere);",
            "DROP INDEX items_x;",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    assert!(database.has_table("items").await);
    let done = runtime
        .repair(s("schema_a"), lockstep::RepairAction::Undo, false)
        .await
        .unwrap();
    assert_eq!((done.state, done.steps), (SchemaState::RolledBack, 1));
    assert!(!database.has_table("items").await);
    end(database, [runtime]).await;
}

/// R2 across a person's work: the journal knows what the steps that nobody saw run have left.
pub async fn one_that_was_finished_by_hand_is_taken_back_whole(engine: Engine) {
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        (
            "002_i",
            "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY items_x ON items (missing);",
            "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY items_x;",
        ),
        ("003_o", "CREATE TABLE other (id INTEGER);", "DROP TABLE other;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    for by_hand in [
        "CREATE INDEX items_x ON items (name)",
        "CREATE TABLE other (id INTEGER)",
    ] {
        database.execute(by_hand).await;
    }
    let done = runtime
        .repair(s("schema_a"), lockstep::RepairAction::MarkDone, false)
        .await
        .unwrap();
    assert_eq!((done.state, done.steps), (SchemaState::Applied, 0));
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    assert!(!database.has_table("other").await, "its down ran, too");
    assert!(!database.has_table("items").await);
    // And up again from the beginning: nothing of it counts as done.
    database.execute("CREATE TABLE other (id INTEGER)").await;
    failed(runtime.activate(v("one@1.0.0")).await);
    assert!(database.has_table("items").await);
    end(database, [runtime]).await;
}

pub async fn rows_are_counted_before_a_way_back_outside_a_transaction(engine: Engine) {
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        ("002_i", UP, DOWN),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database.execute("INSERT INTO items VALUES (1, 'x')").await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(left.name(), "retained", "R8: {left:?}");
    assert_eq!(database.number("SELECT count(*) FROM items").await, 1);
    assert_eq!(database.indexes("items_name").await, (1, 0), "nothing of it went");
    end(database, [runtime]).await;
}

/// The trial that told of no loss, and the drop, are two transactions: what is written between them is found by the second.
pub async fn rows_written_after_the_trial_stop_the_way_back(engine: Engine) {
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        ("002_i", UP, DOWN),
        // The last to come is the first to go: on trial it is quick, and then it waits until somebody wrote.
        (
            "003_slow",
            "SELECT 1;",
            "DO $$ BEGIN WHILE EXISTS (SELECT FROM lockstep_schema WHERE state = 'reverting') \
             AND NOT EXISTS (SELECT FROM items) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.deactivate(v("one@1.0.0")).await }
    });
    until("the way back has begun", async || {
        database
            .rows("SELECT version FROM lockstep_schema WHERE state = 'reverting'")
            .await
            .len()
            == 1
    })
    .await;
    database.execute("INSERT INTO items VALUES (1, 'late')").await;
    let failure = failed(work.await.unwrap());
    let said = "table items holds 1 row, and nobody allowed that to go";
    assert!(failure.step == "001_t" && failure.error.contains(said), "{failure:?}");
    assert_eq!(database.number("SELECT count(*) FROM items").await, 1);
    // A person saves the row.
    database.execute("DELETE FROM items").await;
    let done = runtime
        .repair(s("schema_a"), RepairAction::Resume, false)
        .await
        .unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    assert!(!database.has_table("items").await);
    end(database, [runtime]).await;
}

/// The same for whoever goes on with what a crash left: the row came in between.
pub async fn rows_written_after_a_crash_stop_its_successor(engine: Engine) {
    let database = Database::new(engine).await;
    let made = one(&[
        (
            "001_t",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT);",
            "DROP TABLE items;",
        ),
        ("002_i", UP, DOWN),
    ]);
    let activate = Actor::new(&database, &made, &["activate", "one@1.0.0", "deploy"]);
    activate.run().await.told();
    let deactivate = ["deactivate", "one@1.0.0", "deploy"];
    let dead = Actor::new(&database, &made, &deactivate).dies_at("deactivation.journal.executed");
    assert_eq!(dead.run().await.signal, Some(SIGABRT));
    assert_eq!(database.indexes("items_name").await, (0, 0), "it is half-way");
    database.execute("INSERT INTO items VALUES (1, 'late')").await;
    let runtime = database.runtime(|b| b.schemas_dir(made.path())).await;
    let failure = failed(runtime.deactivate(v("one@1.0.0")).await);
    assert!(failure.error.contains("table items holds 1 row"), "{failure:?}");
    assert_eq!(database.number("SELECT count(*) FROM items").await, 1);
    assert_eq!(runtime.status(s("schema_a")), Some(SchemaState::Failed));
    // A person does not mind.
    let done = runtime.repair(s("schema_a"), RepairAction::Resume, true).await.unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    end(database, [runtime]).await;
}

pub async fn two_statements_outside_a_transaction_are_refused(engine: Engine) {
    let made = one(&[("001_i", &format!("{UP}\nSELECT 1;"), DOWN)]);
    let database = crate::support::Database::new(engine).await;
    let built = lockstep::Runtime::builder(&database.url)
        .schemas_dir(made.path())
        .build()
        .await;
    let Err(Error::Script { message, .. }) = built else {
        panic!("{built:?}");
    };
    assert!(message.contains("one statement"), "{message}");
    database.drop().await;
}

pub async fn a_step_that_moves_the_search_path_moves_nobody_after_it(engine: Engine) {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_p",
                "CREATE SCHEMA elsewhere; SET search_path = elsewhere; CREATE TABLE hidden (id INTEGER);",
                "SET search_path = nowhere; DROP SCHEMA elsewhere CASCADE;",
            ),
            (
                "schema_2/001_t",
                "CREATE TABLE shown (id INTEGER);",
                "DROP TABLE shown;",
            ),
        ],
    );
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    runtime.activate(v("app@2.0.0")).await.unwrap();
    let found = database
        .rows(
            "SELECT table_schema::text, table_name::text FROM information_schema.tables \
             WHERE table_name IN ('hidden', 'shown') OR table_name = 'lockstep_scope' ORDER BY 2",
        )
        .await;
    let expected = [
        ["elsewhere", "hidden"],
        ["public", "lockstep_scope"],
        ["public", "shown"],
    ];
    assert_eq!(found, expected);
    runtime.deactivate(v("app@1.0.0")).await.unwrap();
    let left = runtime.deactivate(v("app@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_2"]);
    end(database, [runtime]).await;
}

/// Sent again it would fail: the value is there already.
pub async fn what_took_effect_before_a_crash_is_told_by_the_catalog(engine: Engine) {
    let database = Database::new(engine).await;
    database.execute("CREATE TYPE mood AS ENUM ('low')").await;
    let made = one(&[(
        "001_mood",
        "-- lockstep: no-transaction\nALTER TYPE mood ADD VALUE 'high';",
        "SELECT 1;",
    )]);
    for (point, there) in [("activation.journal.started", 1), ("activation.journal.executed", 2)] {
        let dead = Actor::new(&database, &made, &["activate", "one@1.0.0", "deploy"]).dies_at(point);
        assert_eq!(dead.run().await.signal, Some(SIGABRT), "{point}");
        let values = "SELECT count(*) FROM pg_enum";
        assert_eq!(database.number(values).await, there, "{point}");
        Actor::new(&database, &made, &["activate", "one@1.0.0", "deploy"])
            .run()
            .await
            .told();
        assert_eq!(database.number(values).await, 2, "{point}");
        let runtime = database.runtime(|b| b.schemas_dir(made.path())).await;
        runtime.deactivate(v("one@1.0.0")).await.unwrap();
        runtime.shutdown().await;
        database
            .execute("DROP TYPE mood; CREATE TYPE mood AS ENUM ('low')")
            .await;
    }
    end(database, []).await;
}

pub async fn what_nothing_can_verify_is_refused_unless_marked(engine: Engine) {
    let database = Database::new(engine).await;
    for (statement, advice) in [
        ("CALL tidy_up()", "manual"),
        ("UPDATE a SET b = 1", "take 'no-transaction' out"),
    ] {
        let up = format!("-- lockstep: no-transaction\n{statement};");
        let made = one(&[("001_a", &up, "SELECT 1;")]);
        let built = lockstep::Runtime::builder(&database.url)
            .schemas_dir(made.path())
            .build()
            .await;
        let error = built.expect_err("refused").to_string();
        assert!(error.contains("001_a.verify.sql") && error.contains(advice), "{error}");
    }
    database
        .execute(
            "CREATE TABLE done (n INTEGER); CREATE PROCEDURE tidy_up() LANGUAGE sql AS 'INSERT INTO done VALUES (1)'",
        )
        .await;
    let up = "-- lockstep: no-transaction\n-- lockstep: manual\nCALL tidy_up();";
    let made = one(&[("001_a", up, "DELETE FROM done;")]);
    let runtime = database.runtime(|b| b.schemas_dir(made.path())).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM done").await, 1);
    end(database, [runtime]).await;
}
