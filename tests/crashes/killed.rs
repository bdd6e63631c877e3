//! `kill -9` from outside, while a statement runs: the server ends the orphan, a successor goes on.

use std::time::{Duration, Instant};

use sqlx::Connection;

use super::{noted, scenario, truth};
use crate::invariants;
use crate::support::process::ended;
use crate::support::{Actor, Database, Engine, Folder, facts_on, steady, until};

facts_on!(Sqlite sqlite, Postgres postgres:
    a_successor_goes_on_after_a_kill_in_the_middle_of_a_step
    a_successor_goes_on_after_a_kill_in_the_middle_of_a_way_down
);

const ENDLESS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n";
const SLEEPS: &str = "-- lockstep: timeout=50m\nSELECT pg_sleep(3600);\n";

fn runs_for_ever(folder: &Folder, step: &str, way: &str) {
    folder.write(
        &format!("{step}.{way}.sql"),
        &format!("-- lockstep: timeout=50m\n{ENDLESS}"),
    );
    folder.write(&format!("{step}.{way}.postgres.sql"), SLEEPS);
}

/// Kills the actor once its statement runs.
async fn kill_while_it_works(database: &Database, folder: &Folder, arguments: &[&str]) {
    let mut actor = Actor::new(database, folder, arguments).start();
    match database.engine {
        Engine::Postgres => {
            until("the step runs", async || database.running("pg_sleep").await == 1).await;
        }
        Engine::Mysql => {
            until("the step runs", async || database.running("sleep(").await == 1).await;
        }
        Engine::Sqlite => {
            // Announced, and then the writer lock stays taken.
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
            .await;
        }
    }
    actor.start_kill().expect("killed");
    let ended = ended(actor).await;
    assert_eq!(ended.signal, Some(9), "{ended:?}");
    invariants::check(database, false).await;
}

/// The orphan's statement, which takes an hour, was ended. Its session may still be on its way out.
async fn nobody_sleeps(database: &Database) {
    let gone = async || database.running("sleep(").await == 0;
    let took = until("the orphan's statement was ended", gone).await;
    assert!(took < Duration::from_secs(30), "it lingered for {took:?}");
}

async fn a_successor_goes_on_after_a_kill_in_the_middle_of_a_step(engine: Engine) {
    let database = scenario::database(engine).await;
    let stuck = scenario::transactional();
    runs_for_ever(&stuck, "schema_v2/004_stuck", "up");
    stuck.write("schema_v2/004_stuck.down.sql", "SELECT 1;\n");
    kill_while_it_works(&database, &stuck, &["activate", "users@2.0.0", "deploy"]).await;

    let folder = scenario::transactional();
    let started = Instant::now();
    Actor::new(&database, &folder, &["activate", "users@2.0.0", "deploy"])
        .run()
        .await
        .told();
    println!(
        "{engine:?}: a successor was done {} ms after the kill",
        started.elapsed().as_millis()
    );
    invariants::check(&database, true).await;
    truth(&database, &folder, true).await;
    if engine != Engine::Sqlite {
        nobody_sleeps(&database).await;
    }
    database.drop().await;
}

async fn a_successor_goes_on_after_a_kill_in_the_middle_of_a_way_down(engine: Engine) {
    let database = scenario::database(engine).await;
    database.execute("CREATE TABLE stuck (yes INTEGER)").await;
    let folder = scenario::transactional();
    folder.write("schema_v2/004_stuck.up.sql", "SELECT 1;\n");
    folder.write(
        "schema_v2/004_stuck.down.sql",
        "-- lockstep: timeout=50m\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
         WHERE i < 3 OR EXISTS (SELECT 1 FROM stuck)) SELECT count(*) FROM n;\n",
    );
    folder.write(
        "schema_v2/004_stuck.down.postgres.sql",
        "-- lockstep: timeout=50m\nSELECT pg_sleep(3600) FROM stuck;\n",
    );
    Actor::new(&database, &folder, &["activate", "users@2.0.0", "deploy"])
        .run()
        .await
        .told();
    database.execute("INSERT INTO stuck VALUES (1)").await;
    let deactivate = &["deactivate", "users@2.0.0", "deploy"];
    kill_while_it_works(&database, &folder, deactivate).await;
    // Nothing of it happened: the lease is there, and so is the schema.
    assert_eq!(database.status().await.leases.len(), 1);
    truth(&database, &folder, true).await;

    database.execute("DELETE FROM stuck").await;
    Actor::new(&database, &folder, deactivate).run().await.told();
    invariants::check(&database, true).await;
    truth(&database, &folder, false).await;
    database.drop().await;
}

/// PostgreSQL: an index built concurrently waits for an old transaction; its builder is killed meanwhile. What that leaves
/// is an index that is there and not valid.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_builds_the_index_that_a_killed_process_left_invalid() {
    let database = scenario::database(Engine::Postgres).await;
    let folder = without_the_column();
    Actor::new(&database, &folder, &["activate", "users@1.0.0", "deploy"])
        .run()
        .await
        .told();

    let mut old = sqlx::PgConnection::connect(&database.url).await.expect("a connection");
    let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ; INSERT INTO users (id, email) VALUES (1, 'a@b')";
    sqlx::raw_sql(begin)
        .execute(&mut old)
        .await
        .expect("an open transaction");
    let activate = &["activate", "users@2.0.0", "deploy"];
    let mut actor = Actor::new(&database, &folder, activate).start();
    until("the index is being built", async || {
        database.running("CREATE INDEX CONCURRENTLY").await == 1
    })
    .await;
    until("it waits for the old transaction", async || {
        let waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                     AND wait_event_type = 'Lock' AND query LIKE 'CREATE INDEX CONC%'";
        database.number(waits).await > 0
    })
    .await;
    actor.start_kill().expect("killed");
    assert_eq!(ended(actor).await.signal, Some(9));
    invariants::check(&database, false).await;

    let started = Instant::now();
    let successor = Actor::new(&database, &folder, activate).start();
    tokio::time::sleep(Duration::from_secs(2)).await;
    sqlx::raw_sql("COMMIT").execute(&mut old).await.expect("committed");
    old.close().await.expect("closed");
    ended(successor).await.told();
    println!(
        "Postgres: the successor was done {} ms after the kill",
        started.elapsed().as_millis()
    );
    invariants::check(&database, true).await;
    assert_eq!(database.indexes("users_name").await, (1, 0), "valid, invalid");
    assert_eq!(noted(&database, "v2 up").await, 1);
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    database.drop().await;
}

/// `schema_v2` without its column, so that nothing but the index meets a transaction that holds the table.
fn without_the_column() -> Folder {
    let free = scenario::alone();
    free.write("schema_v2/001_name.up.sql", "SELECT 1;\n");
    free.write("schema_v2/001_name.down.sql", "SELECT 1;\n");
    free.write(
        "schema_v2/002_name.up.sql",
        "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY users_name ON users (lower(email));\n",
    );
    free
}

/// MariaDB and MySQL do not notice that a client is gone, so an orphan runs to its end; the successor waits for the lock
/// that it holds, looks its effect up, and goes on.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_successor_waits_for_an_orphaned_alter_and_finds_it_done() {
    let database = scenario::database(Engine::Mysql).await;
    let folder = scenario::transactional();
    // Every row costs the hash of eight million characters while the table is copied: seconds in all.
    folder.write(
        "schema_v2/001_name.up.mysql.sql",
        "-- lockstep: timeout=10m\n\
         ALTER TABLE users ADD COLUMN display_name VARCHAR(128) AS (SHA2(REPEAT(email, 8000000), 512)) STORED, \
         ALGORITHM = COPY;\n",
    );
    let activate = |version| ["activate", version, "deploy"];
    Actor::new(&database, &folder, &activate("users@1.0.0"))
        .run()
        .await
        .told();
    let row = |i: usize| format!("({i}, 'x')");
    let rows: Vec<_> = (0..150).map(row).collect();
    database
        .execute(&format!("INSERT INTO users VALUES {}", rows.join(", ")))
        .await;

    let mut actor = Actor::new(&database, &folder, &activate("users@2.0.0")).start();
    let altering = async || database.running("ALTER TABLE users ADD").await;
    until("the change runs", async || altering().await == 1).await;
    actor.start_kill().expect("killed");
    assert_eq!(ended(actor).await.signal, Some(9));
    assert_eq!(altering().await, 1, "the orphan goes on");
    invariants::check(&database, false).await;

    let started = Instant::now();
    Actor::new(&database, &folder, &activate("users@2.0.0"))
        .run()
        .await
        .told();
    println!(
        "a successor was done {} ms after the kill",
        started.elapsed().as_millis()
    );
    invariants::check(&database, true).await;
    truth(&database, &folder, true).await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let history = runtime.history(None, 100).await.expect("a history");
    let sent = history.iter().filter(|e| e.step == "001_name").count();
    assert_eq!(sent, 1, "it was not sent again: {history:?}");
    runtime.shutdown().await;
    database.drop().await;
}

/// A session that holds the lock beyond its step's limit is ended by whoever comes next: the server did not stop it, and
/// its process is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_that_outstays_its_limit_is_ended_by_its_successor() {
    for stuck in ["{no limit}; SELECT SLEEP(3600) FROM stuck", "CALL linger()"] {
        steady(Duration::from_secs(1), async || outstays_its_limit(stuck).await).await;
    }
}

async fn outstays_its_limit(stuck: &str) {
    let database = scenario::database(Engine::Mysql).await;
    database
        .execute(
            "CREATE TABLE stuck (yes INTEGER); INSERT INTO stuck VALUES (1); \
             CREATE PROCEDURE linger() SELECT SLEEP(3600) FROM stuck",
        )
        .await;
    let stuck = stuck.replace("{no limit}", database.without_server_limit().await);
    let folder = scenario::transactional();
    folder.write(
        "schema_v2/004_stuck.up.sql",
        &format!("-- lockstep: timeout=2s\n-- lockstep: manual\n{stuck};\n"),
    );
    folder.write("schema_v2/004_stuck.down.sql", "SELECT 1;\n");
    let activate = ["activate", "users@2.0.0", "deploy"];
    let mut actor = Actor::new(&database, &folder, &activate).start();
    until("the step runs", async || {
        assert!(matches!(actor.try_wait(), Ok(None)), "it gave up before it was killed");
        database.running("sleep(").await == 1
    })
    .await;
    actor.start_kill().expect("killed");
    assert_eq!(ended(actor).await.signal, Some(9));

    database.execute("DELETE FROM stuck").await;
    let started = Instant::now();
    let successor = Actor::new(&database, &folder, &activate).run().await;
    println!(
        "{stuck}: its session was ended {} ms after the kill",
        started.elapsed().as_millis()
    );
    nobody_sleeps(&database).await;
    if stuck.starts_with("CALL") {
        // What a procedure did before it was ended, only a person can tell.
        assert!(
            successor.json()["error"].to_string().contains("look for yourself"),
            "{successor:?}"
        );
        let repair = ["repair", "schema_v2", "resume"];
        Actor::new(&database, &folder, &repair).run().await.told();
        Actor::new(&database, &folder, &activate).run().await.told();
    } else {
        successor.told();
    }
    invariants::check(&database, true).await;
    truth(&database, &folder, true).await;
    database.drop().await;
}
