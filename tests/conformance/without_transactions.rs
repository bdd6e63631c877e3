//! Where DDL commits by itself: what fails half-way goes on or back to the exact catalog, and what could not be told after
//! a crash is refused before it runs.

use lockstep::lifecycle::{Direction, Refusal, RetentionReason};
use lockstep::{DeactivateOptions, Deactivation, Error, ErrorKind, RepairAction, Runtime, SchemaState};

use sqlx::Connection;

use super::{end, failed, folder, one, refused, s, soon, start, taken_back, v};
use crate::support::{Actor, Database, Engine, Folder};

/// Six steps of every kind; each can be made to fail.
const SIX: [(&str, &str, &str); 6] = [
    (
        "001_orders",
        // MySQL renames no column that a CHECK names.
        "CREATE TABLE orders (id INTEGER AUTO_INCREMENT PRIMARY KEY, total INTEGER NOT NULL, \
         parts INTEGER NOT NULL DEFAULT 1, CHECK (parts > 0));",
        "DROP TABLE orders;",
    ),
    (
        "002_lines",
        "CREATE TABLE order_lines (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL, \
         CONSTRAINT of_order FOREIGN KEY (order_id) REFERENCES orders (id));",
        "DROP TABLE order_lines;",
    ),
    (
        "003_rows",
        "INSERT INTO orders (total) VALUES (5), (7); INSERT INTO order_lines VALUES (1, 1), (2, 2);",
        "DELETE FROM order_lines; DELETE FROM orders;",
    ),
    (
        "004_index",
        "CREATE INDEX orders_by_total ON orders (total);",
        "DROP INDEX orders_by_total ON orders;",
    ),
    (
        "005_note",
        "ALTER TABLE orders ADD COLUMN note VARCHAR(40) DEFAULT 'none', RENAME COLUMN total TO sum;",
        "ALTER TABLE orders DROP COLUMN note, RENAME COLUMN sum TO total;",
    ),
    (
        "006_view",
        "CREATE VIEW big_orders AS SELECT id, sum FROM orders WHERE sum > 6;",
        "DROP VIEW big_orders;",
    ),
];

fn six() -> Folder {
    one(&SIX)
}

/// The same, with step `k` failing: a part of it that is no transaction cannot be half there.
fn six_failing_at(k: usize) -> Folder {
    let made = six();
    made.write(
        &format!("schema_a/{}.up.sql", SIX[k].0),
        "INSERT INTO nowhere VALUES (1);",
    );
    made
}

/// Every table and view as the server spells it, and its rows: nothing else is in the database.
async fn picture(database: &Database) -> Vec<Vec<String>> {
    let others = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() \
                  AND table_name NOT LIKE 'lockstep%' ORDER BY 1";
    let mut all = Vec::new();
    for table in database.rows(others).await {
        let create = database.rows(&format!("SHOW CREATE TABLE {}", table[0])).await;
        // Its counter is no part of what a table is, and a view names its database.
        let name = database.rows("SELECT DATABASE()").await[0][0].clone();
        let text = create[0][1].replace(&name, "");
        let words = text.split_whitespace().filter(|w| !w.starts_with("AUTO_INCREMENT="));
        all.push(words.map(str::to_owned).collect());
        all.extend(database.rows(&format!("SELECT * FROM {} ORDER BY 1", table[0])).await);
    }
    all
}

async fn open(database: &Database, folder: &Folder) -> Runtime {
    database.runtime(|b| b.schemas_dir(folder.path())).await
}

pub async fn failing_at_any_of_six_steps_resume_and_undo_lead_to_the_exact_catalog(engine: Engine) {
    let (whole, runtime) = start(engine, &six()).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let success = picture(&whole).await;
    assert_eq!(success.len(), 3 + 2 + 2 + 1, "{success:?}");
    end(whole, [runtime]).await;

    for (k, (name, ..)) in SIX.into_iter().enumerate() {
        for action in [RepairAction::Resume, RepairAction::Undo] {
            let (database, runtime) = start(engine, &six_failing_at(k)).await;
            let failure = failed(runtime.activate(v("one@1.0.0")).await);
            assert_eq!((failure.step.as_str(), failure.position as usize), (name, k));
            assert_eq!(failure.leaves_traces, k > 0, "{failure:?}");
            crate::invariants::check(&database, true).await;
            let mended = open(&database, &six()).await;
            let done = mended.repair(s("schema_a"), action, false).await.unwrap();
            if action == RepairAction::Resume {
                assert_eq!(done.state, SchemaState::Applied, "{k}");
                assert_eq!(picture(&database).await, success, "{k}");
                mended.activate(v("one@1.0.0")).await.unwrap();
            } else {
                assert_eq!(done.state, SchemaState::RolledBack, "{k}");
                assert_eq!(picture(&database).await, Vec::<Vec<String>>::new(), "{k}");
                // And it can be applied from there.
                mended.activate(v("one@1.0.0")).await.unwrap();
                assert_eq!(picture(&database).await, success, "{k}");
            }
            end(database, [runtime, mended]).await;
        }
    }
}

pub async fn a_failed_down_goes_on_or_back(engine: Engine) {
    let made = one(&[
        (
            "001_a",
            "CREATE TABLE a (id INTEGER PRIMARY KEY);",
            "DROP TABLE nowhere;",
        ),
        ("002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;"),
    ]);
    for action in [RepairAction::Resume, RepairAction::Undo] {
        let (database, runtime) = start(engine, &made).await;
        runtime.activate(v("one@1.0.0")).await.unwrap();
        let result = runtime.deactivate(v("one@1.0.0")).await;
        let Err(error @ Error::Step { .. }) = result else {
            panic!("{result:?}");
        };
        let next = error.next_step().unwrap_or_default();
        assert!(next.contains("examine(\"schema_a\")"), "{next}");
        let failure = failed::<()>(Err(error));
        assert_eq!((failure.step.as_str(), failure.direction), ("001_a", Direction::Down));
        assert!(database.has_table("a").await && !database.has_table("b").await);
        assert_eq!(runtime.status(s("schema_a")), Some(SchemaState::Failed));
        let refusal = refused(runtime.activate(v("one@1.0.0")).await);
        assert!(matches!(refusal, Refusal::NeedsRepair { .. }), "{refusal}");
        database.execute("CREATE TABLE nowhere (id INTEGER)").await;
        let done = runtime.repair(s("schema_a"), action, true).await.unwrap();
        let applied = action == RepairAction::Undo;
        let state = if applied {
            SchemaState::Applied
        } else {
            SchemaState::RolledBack
        };
        assert_eq!(done.state, state);
        assert_eq!(database.has_table("b").await, applied);
        assert_eq!(database.has_table("nowhere").await, applied);
        end(database, [runtime]).await;
    }
}

pub async fn a_failure_above_keeps_what_was_applied_below_it(engine: Engine) {
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
    assert_eq!((failure.schema, failure.leaves_traces), (s("schema_2"), false));
    assert!(database.has_table("t").await);
    let usage = runtime.usage(s("schema_1")).unwrap();
    assert!(
        usage.retained && usage.state == SchemaState::Applied,
        "it stays, and says why"
    );
    runtime.rollback(s("schema_1"), false).await.unwrap();
    assert!(!database.has_table("t").await);
    end(database, [runtime]).await;
}

/// What building a runtime says about the folder.
async fn says(database: &Database, folder: &Folder, parts: &[&str]) {
    let built = Runtime::builder(&database.url).schemas_dir(folder.path()).build().await;
    let error = built.expect_err("refused").to_string();
    for part in parts {
        assert!(error.contains(part), "{part}: {error}");
    }
}

pub async fn a_mixed_step_is_refused_with_the_advice_to_split_it(engine: Engine) {
    let database = Database::new(engine).await;
    let mixed = [
        "CREATE TABLE a (id INTEGER);\nINSERT INTO a VALUES (1);",
        "CREATE TABLE a (id INTEGER);\nCREATE TABLE b (id INTEGER);",
        "INSERT INTO log VALUES (1);\nALTER TABLE log ADD COLUMN c INTEGER;",
    ];
    for up in mixed {
        let made = one(&[("001_a", up, "SELECT 1;")]);
        says(&database, &made, &["001_a.up.sql", "commits by itself", "split it"]).await;
    }
    let made = one(&[("001_a", "SELECT 1;", "DROP TABLE a;\nDROP TABLE b;")]);
    says(&database, &made, &["001_a.down.sql", "DROP TABLE", "split it"]).await;
    assert!(!database.has_table("lockstep_scope").await || !database.has_table("a").await);
    database.drop().await;
}

pub async fn what_nothing_can_verify_needs_a_query_or_the_mark(engine: Engine) {
    let database = Database::new(engine).await;
    for (up, advice) in [
        ("CALL fill()", "manual"),
        ("LOAD DATA INFILE '/tmp/x' INTO TABLE a", "001_a.verify.sql"),
        ("TRUNCATE TABLE a", "DELETE FROM"),
    ] {
        let made = one(&[("001_a", up, "SELECT 1;")]);
        says(&database, &made, &["001_a.up.sql", "after a crash", advice]).await;
    }
    database
        .execute("CREATE TABLE filled (n INTEGER); CREATE PROCEDURE fill() INSERT INTO filled VALUES (1);")
        .await;
    let marked = one(&[("001_a", "-- lockstep: manual\nCALL fill();", "DELETE FROM filled;")]);
    let verified = one(&[("001_a", "CALL fill();", "DELETE FROM filled;")]);
    verified.write("schema_a/001_a.verify.sql", "SELECT count(*) = 1 FROM filled");
    for made in [marked, verified] {
        let runtime = open(&database, &made).await;
        runtime.activate(v("one@1.0.0")).await.unwrap();
        assert_eq!(database.number("SELECT count(*) FROM filled").await, 1);
        runtime.deactivate(v("one@1.0.0")).await.unwrap();
        assert_eq!(database.number("SELECT count(*) FROM filled").await, 0);
        runtime.shutdown().await;
    }
    end(database, []).await;
}

pub async fn a_manual_step_in_doubt_waits_for_a_person(engine: Engine) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE filled (n INTEGER); CREATE PROCEDURE fill() INSERT INTO filled VALUES (1);")
        .await;
    let made = one(&[("001_a", "-- lockstep: manual\nCALL fill();", "DELETE FROM filled;")]);
    for point in ["activation.journal.started", "activation.journal.executed"] {
        let dead = Actor::new(&database, &made, &["activate", "one@1.0.0", "deploy"]).dies_at(point);
        assert_eq!(dead.run().await.signal, Some(crate::support::process::SIGABRT));
        let runtime = open(&database, &made).await;
        let failure = failed(runtime.activate(v("one@1.0.0")).await);
        assert!(
            failure.error.contains("look for yourself") && failure.leaves_traces,
            "{failure:?}"
        );
        // The person looks, takes back what is there, and says go on.
        database.execute("DELETE FROM filled").await;
        let done = runtime
            .repair(s("schema_a"), RepairAction::Resume, false)
            .await
            .unwrap();
        assert_eq!((done.state, done.steps), (SchemaState::Applied, 1));
        assert_eq!(database.number("SELECT count(*) FROM filled").await, 1);
        runtime.rollback(s("schema_a"), false).await.unwrap();
        runtime.shutdown().await;
    }
    end(database, []).await;
}

pub async fn a_loss_that_cannot_be_told_keeps_the_schema(engine: Engine) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE filled (n INTEGER); CREATE PROCEDURE clear_up() DELETE FROM filled;")
        .await;
    let made = one(&[(
        "001_a",
        "INSERT INTO filled VALUES (1);",
        "-- lockstep: manual\nCALL clear_up();",
    )]);
    let runtime = open(&database, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    let Deactivation::Retained { kept } = &left else {
        panic!("{left:?}");
    };
    assert!(
        matches!(&kept[0].reason, RetentionReason::LossUnknown { step, what } if step == "001_a" && what == "CALL"),
        "{kept:?}"
    );
    let refusal = refused(runtime.rollback(s("schema_a"), false).await);
    assert!(matches!(refusal, Refusal::LossUnknown { .. }), "{refusal}");
    assert_eq!(refusal.rule(), Some("R8"));
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let options = DeactivateOptions {
        allow_data_loss: true,
        ..DeactivateOptions::default()
    };
    let left = runtime.deactivate_with(v("one@1.0.0"), options).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    assert_eq!(database.number("SELECT count(*) FROM filled").await, 0);
    end(database, [runtime]).await;
}

pub async fn a_session_setting_of_one_step_is_not_the_next_ones(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (d VARCHAR(40));", "DROP TABLE a;"),
        (
            "002_set",
            "SET sql_mode = 'ANSI_QUOTES'; SET time_zone = '+05:00'; SET foreign_key_checks = 0;",
            "SELECT 1;",
        ),
        (
            "003_tell",
            "INSERT INTO a VALUES (\"double\"), (@@time_zone), (@@foreign_key_checks);",
            "DELETE FROM a;",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(
        database.rows("SELECT d FROM a ORDER BY d").await,
        [["+00:00"], ["1"], ["double"]]
    );
    end(database, [runtime]).await;
}

pub async fn a_session_that_is_cut_in_the_middle_is_settled_by_the_next_attempt(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    // The change waits for somebody, and its session is cut meanwhile.
    let mut someone = sqlx::MySqlConnection::connect(&database.url).await.unwrap();
    let hold = sqlx::raw_sql("BEGIN; SELECT count(*) FROM users");
    hold.execute(&mut someone).await.unwrap();
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    let altering =
        "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND info LIKE 'ALTER TABLE users%'";
    let session = soon("the change waits", async || {
        database.rows(altering).await.into_iter().next()
    })
    .await;
    database.execute(&format!("KILL {}", session[0])).await;
    let error = work.await.unwrap().unwrap_err();
    let next = error.next_step().unwrap_or_default();
    assert!(next.contains("do the same again") && !next.contains("mend"), "{next}");
    assert_eq!(error.kind(), ErrorKind::Retry, "{error}");
    let failure = failed::<()>(Err(error));
    assert!(
        failure.error.contains("the connection broke") && failure.leaves_traces,
        "{failure:?}"
    );
    crate::support::leave(someone).await;
    let again = runtime.activate(v("users@2.0.0")).await.unwrap();
    assert_eq!(again.name(), "applied", "{again:?}");
    assert!(database.has_column("users", "display_name").await);
    end(database, [runtime]).await;
}

pub async fn a_journal_that_cannot_be_written_orphans_nothing(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    for state in ["started", "done"] {
        database
            .execute(&format!(
                "CREATE TRIGGER no_more BEFORE INSERT ON lockstep_step FOR EACH ROW BEGIN \
                 IF NEW.state = '{state}' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'the disk is full'; END IF; END"
            ))
            .await;
        let error = runtime.activate(v("users@1.0.0")).await.unwrap_err();
        assert!(error.to_string().contains("the disk is full"), "{state}: {error}");
        // What was not announced was not sent.
        assert_eq!(database.has_table("users").await, state == "done", "{state}");
        database.execute("DROP TRIGGER no_more").await;
    }
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let history = runtime.history(None, 50).await.unwrap();
    let sent = history.iter().filter(|e| e.step == "001_users").count();
    assert_eq!(sent, 1, "it was not sent again: {history:?}");
    end(database, [runtime]).await;
}

/// The count and the drop are no transaction: what was written in between is found a moment before.
pub async fn rows_written_after_the_count_stop_the_way_back(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        // The last to come is the first to go: while it waits, others write.
        ("002_b", "SELECT 1;", "INSERT INTO a SELECT 7;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let failure = failed(runtime.deactivate(v("one@1.0.0")).await);
    assert!(
        failure.step == "001_a"
            && failure
                .error
                .contains("table a holds 1 row, and nobody allowed that to go"),
        "{failure:?}"
    );
    assert_eq!(database.number("SELECT count(*) FROM a").await, 1);
    // A person saves the row, or does not mind.
    let done = runtime.repair(s("schema_a"), RepairAction::Resume, true).await.unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    end(database, [runtime]).await;
}
