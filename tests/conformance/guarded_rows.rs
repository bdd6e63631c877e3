//! MySQL and MariaDB: guarded transactions and ways back meet at a row, whose lock is as good as the transaction that took it.

use std::time::Duration;

use lockstep::{ErrorKind, Runtime};
use sqlx::{AssertSqlSafe, Connection};

use super::guarded::{LONG, count, deploy, hasty, hasty_for, insert, notes};
use super::{end, start, taken_back, v};
use crate::support::{Actor, Database, Engine, Folder, MariaServer, until};

/// The session beside a known one that is in a transaction, says nothing, and has locked a row. The server renews what it tells
/// only for who has not asked for a while, so this is for a server of the test's own.
async fn holder_beside(database: &Database, known: &str) -> String {
    let sql = format!(
        "SELECT t.trx_mysql_thread_id FROM information_schema.innodb_trx t \
         JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id \
         WHERE p.db = DATABASE() AND p.command = 'Sleep' AND t.trx_rows_locked > 0 AND p.id <> {known}"
    );
    for _ in 0..80 {
        tokio::time::sleep(Duration::from_millis(250)).await;
        if let [holder] = database.rows(&sql).await.concat().as_slice() {
            return holder.clone();
        }
    }
    panic!("nobody holds a row");
}

/// Whether somebody keeps others out of a schema, or is in one.
async fn is_held(database: &Database) -> bool {
    let (mut probe, _) = transaction(database, "SELECT 1").await;
    let ask = sqlx::raw_sql("SELECT * FROM lockstep_guard FOR UPDATE NOWAIT");
    let held = ask.execute(&mut probe).await.is_err();
    crate::support::leave(probe).await;
    held
}

/// A server and a database of the test's own, and a runtime that serves `one@1.0.0` there.
async fn alone(engine: Engine, folder: &Folder, options: &[&str]) -> (MariaServer, Database, Runtime) {
    let mut server = MariaServer::new();
    for option in options {
        server.option(option);
    }
    server.start().await;
    let database = Database::on_server(engine, &server.url("mysql"), "").await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    (server, database, runtime)
}

/// A connection of the test's own in a transaction.
async fn transaction(database: &Database, sql: &str) -> (sqlx::MySqlConnection, String) {
    use sqlx::Row;
    let mut open = sqlx::MySqlConnection::connect(&database.url).await.unwrap();
    let row = sqlx::raw_sql("SELECT CAST(CONNECTION_ID() AS CHAR)").fetch_one(&mut open);
    let id: String = row.await.unwrap().try_get_unchecked(0).unwrap();
    let sql = sqlx::raw_sql(AssertSqlSafe(format!("BEGIN; {sql}")));
    sql.execute(&mut open).await.unwrap();
    (open, id)
}

/// A way back of `one@1.0.0` that has excluded guarded transactions and waits before its T1 for the scope's row, which the
/// returned connection holds; then the number of that connection's session.
async fn before_its_first_commit(
    database: &Database,
    runtime: &Runtime,
    other: &Runtime,
) -> (
    tokio::task::JoinHandle<lockstep::Result<lockstep::Deactivation>>,
    sqlx::MySqlConnection,
    String,
) {
    // One that is open keeps it at its asking for long enough.
    let guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    let leaving = tokio::spawn({
        let other = other.clone();
        async move { other.deactivate(v("one@1.0.0")).await }
    });
    until("it asks", async || {
        let connected = "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE()";
        database.status().await.operation.is_some() && database.number(connected).await > 3
    })
    .await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (scope, mine) = transaction(database, "SELECT * FROM lockstep_scope FOR UPDATE").await;
    guarded.commit().await.unwrap();
    until("it holds the schema", async || {
        assert!(!leaving.is_finished(), "it waits for the scope's row");
        is_held(database).await
    })
    .await;
    (leaving, scope, mine)
}

/// Patient with locks, so that a single attempt is enough.
async fn patient(database: &Database, folder: &Folder, operation: Duration) -> Runtime {
    database
        .runtime(|b| {
            b.schemas_dir(folder.path()).settings(|x| {
                x.operation_timeout = operation;
                x.lock_timeout = Duration::from_secs(5);
            })
        })
        .await
}

pub async fn a_way_back_whose_hold_is_ended_drops_nothing_under_an_open_one(engine: Engine) {
    let folder = notes();
    let (_server, database, runtime) = alone(engine, &folder, &[]).await;
    let other = patient(&database, &folder, Duration::from_secs(30)).await;
    let (leaving, scope, mine) = before_its_first_commit(&database, &runtime, &other).await;
    let holder = holder_beside(&database, &mine).await;
    database.execute(&format!("KILL {holder}")).await;
    // The hold is gone and the lease still counts: this one begins.
    let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    insert(&mut guarded, "before").await;
    crate::support::leave(scope).await;
    until("the lease is over", async || database.status().await.leases.is_empty()).await;
    for _ in 0..10 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(database.has_table("notes").await, "R1 at the edge");
    }
    insert(&mut guarded, "after").await;
    assert!(
        runtime.begin(&v("one@1.0.0"), &deploy()).await.is_err(),
        "no other begins"
    );
    guarded.commit().await.unwrap();
    // It failed in a way that invites another attempt, or waited.
    if let Err(error) = leaving.await.expect("no panic") {
        assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");
        println!("{error}");
    }
    let next = hasty_for(&database, &folder, LONG).await;
    until("somebody takes it back", async || {
        let _ = next.deactivate(v("one@1.0.0")).await;
        next.reap().await.expect("the recovery goes on");
        !database.has_table("notes").await
    })
    .await;
    assert_eq!(database.number("SELECT count(*) FROM notes_kept").await, 2);
    end(database, [runtime, other, next]).await;
}

/// Some servers take a whole transaction back when it waited for a lock in vain (`innodb_rollback_on_timeout`). What is asked
/// for next must not be taken for held then: outside a transaction a lock is let go as soon as it is had.
pub async fn a_way_back_whose_hold_was_taken_back_takes_it_again(engine: Engine) {
    let folder = notes();
    let (_server, database, runtime) = alone(engine, &folder, &["--innodb-rollback-on-timeout=ON"]).await;
    let other = patient(&database, &folder, LONG).await;
    // The hold counts, although it was had only after it was refused again and again.
    let (leaving, scope, _) = before_its_first_commit(&database, &runtime, &other).await;
    let beginning = tokio::time::timeout(Duration::from_secs(2), runtime.begin(&v("one@1.0.0"), &deploy())).await;
    assert!(beginning.is_err(), "it is kept out: {beginning:?}");
    crate::support::leave(scope).await;
    let left = leaving.await.unwrap().unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    end(database, [runtime, other]).await;
}

/// A machine that dies without a word keeps its sessions open; the server ends them after a while, those that hold a schema or
/// the scope's row no later than the one that holds the structural lock.
pub async fn what_a_silent_machine_holds_is_let_go(engine: Engine) {
    tokio::join!(
        falls_silent(engine, "deactivation.excluded=sleep"),
        falls_silent(engine, "deactivation.before_flip=sleep")
    );
}

async fn falls_silent(engine: Engine, point: &'static str) {
    let folder = notes();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let deactivate = ["deactivate", "one@1.0.0", "deploy"];
    let mut asleep = Actor::new(&database, &folder, &deactivate).dies_at(point).start();
    until("it holds the schema", async || is_held(&database).await).await;
    let next = hasty_for(&database, &folder, Duration::from_secs(150)).await;
    let mut told = Vec::new();
    for _ in 0..150 {
        // Deactivated it may be already; then whoever reaps goes on with what is half-way.
        told.extend(next.deactivate(v("one@1.0.0")).await.err());
        told.extend(next.reap().await.err());
        if next.status("schema_a") == Some(lockstep::SchemaState::RolledBack) {
            break;
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    assert_eq!(
        next.status("schema_a"),
        Some(lockstep::SchemaState::RolledBack),
        "{point}: {told:?}"
    );
    asleep.start_kill().expect("killed");
    asleep.wait().await.expect("ended");
    end(database, [runtime, next]).await;
}

pub async fn a_server_that_ends_idle_transactions_ends_no_hold(engine: Engine) {
    let folder = notes();
    // Its rows go one way, then nothing is said on the connection that holds for longer than the server likes.
    folder.write("schema_a/004_slow.up.sql", "SELECT 1;\n");
    folder.write("schema_a/004_slow.down.sql", "SELECT SLEEP(3);\n");
    folder.write(
        "handlers.toml",
        "[handlers.one]\n\"1.0.0\" = \"schema_a\"\n\"2.0.0\" = \"schema_b\"\n",
    );
    folder.write(
        "schema_b/schema.toml",
        "requires = [\"schema_a\"]\ncompatible_with = [\"schema_a\"]\n",
    );
    folder.write("schema_b/001_slow.up.sql", "SELECT 1;\n");
    folder.write("schema_b/001_slow.down.sql", "SELECT SLEEP(3);\n");
    let options = ["write-", "readonly-", ""].map(|kind| format!("--idle-{kind}transaction-timeout=1"));
    let options = options.each_ref().map(String::as_str);
    let (_server, database, runtime) = alone(engine, &folder, &options).await;
    runtime.deactivate(v("one@1.0.0")).await.unwrap();
    runtime.activate(v("one@2.0.0")).await.unwrap();
    let left = runtime.deactivate(v("one@2.0.0")).await.expect("the hold lasted");
    assert_eq!(taken_back(&left), ["schema_b", "schema_a"]);
    // And a guarded transaction is ended by our limit, not by the server's.
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "slowly").await;
    tokio::time::sleep(Duration::from_millis(2500)).await;
    insert(&mut guarded, "but in time").await;
    guarded.commit().await.unwrap();
    lease.release().await.unwrap();
    end(database, [runtime]).await;
}

/// A database that an earlier build prepared, or one that lost the table: it holds nothing but places to lock.
pub async fn where_the_table_of_holds_is_missing_it_is_made(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database.execute("DROP TABLE lockstep_guard").await;
    let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.expect("it is made");
    insert(&mut guarded, "a").await;
    let other = hasty(&database, &folder).await;
    let busy = other.deactivate(v("one@1.0.0")).await.expect_err("it is in use");
    assert!(busy.to_string().contains("guarded transactions"), "{busy:?}");
    guarded.commit().await.unwrap();
    assert_eq!(count(&database).await, 1);
    database.execute("DROP TABLE lockstep_guard").await;
    let left = runtime.deactivate(v("one@1.0.0")).await.expect("it is made");
    assert_eq!(taken_back(&left), ["schema_a"]);
    end(database, [runtime, other]).await;
}
