//! Zombies: a process is stopped for longer than its lease lives, its schema goes and comes again, and then it goes on.
//! Through a guarded transaction it writes nothing any more, and it learns that it lost.

use std::time::Duration;

use lockstep::{Error, ErrorKind, Policy, Reaped, Runtime};
use tokio::process::Child;

use crate::conformance::{guarded::notes, s, v};
use crate::invariants;
use crate::support::process::{Ended, ended, signal};
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    one_that_was_stopped_between_its_transactions_writes_nothing_and_learns_it
);

const TTL_MS: &str = "3000";

const A_WHILE: Duration = Duration::from_secs(20);

/// A runtime that takes back what nobody holds any more, with so much patience.
async fn reaper(database: &Database, folder: &Folder, patience: Duration) -> Runtime {
    database
        .runtime(|b| {
            b.schemas_dir(folder.path()).settings(|x| {
                x.on_expire = Policy::Rollback;
                x.operation_timeout = patience;
            })
        })
        .await
}

/// One round; `None` where it is to be tried again: the process may have been stopped in the middle of a renewal.
async fn round(runtime: &Runtime) -> Option<Reaped> {
    match runtime.reap().await {
        Ok(reaped) => Some(reaped),
        Err(error) if error.kind() == ErrorKind::Retry => None,
        Err(error) => panic!("a round: {error:?}"),
    }
}

async fn has_written(database: &Database, many: i64) {
    until("it writes", async || {
        (database.engine != Engine::Sqlite || database.file().exists())
            && database.has_table("notes").await
            && database.number("SELECT count(*) FROM notes").await >= many
    })
    .await;
}

/// Whether a guarded transaction of the process is open.
async fn is_inside(database: &Database) -> bool {
    match database.engine {
        Engine::Sqlite => database
            .try_execute("PRAGMA busy_timeout = 100; BEGIN IMMEDIATE; ROLLBACK")
            .await
            .is_err(),
        Engine::Mysql => database.busy_sessions().await > 0,
        Engine::Postgres => {
            let held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND mode = 'ShareLock' \
                        AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            database.number(held).await > 0
        }
    }
}

/// Stops it where it is wanted; one that is somewhere else goes on for a moment.
async fn stop(database: &Database, child: &Child, inside: bool) {
    for _ in 0..100 {
        signal(child, "STOP");
        // What was on its way to a server arrives.
        tokio::time::sleep(Duration::from_millis(100)).await;
        if is_inside(database).await == inside {
            return;
        }
        signal(child, "CONT");
        tokio::time::sleep(Duration::from_millis(37)).await;
    }
    panic!("it was never caught there");
}

fn written(of: &Ended) -> i64 {
    let lines = of.stdout.lines().filter(|line| line.contains("\"written\""));
    i64::try_from(lines.count()).expect("a few")
}

/// The schema went and came again while it was stopped: another table by the same name is there.
async fn goes_on(database: &Database, runtime: &Runtime, child: Child) {
    assert!(!database.has_table("notes").await);
    let kept = database.number("SELECT count(*) FROM notes_kept").await;
    runtime.activate(v("one@1.0.0")).await.expect("an activation");
    signal(&child, "CONT");
    let end = ended(child).await;
    assert_eq!(end.code, Some(1), "{end:?}");
    assert_eq!(end.json()["kind"], "LeaseLost", "{end:?}");
    assert_eq!(end.json()["code"], "lease_lost", "{end:?}");
    assert_eq!(written(&end), kept, "what it was told counts is kept: {end:?}");
    assert_eq!(
        database.number("SELECT count(*) FROM notes").await,
        0,
        "and nothing came after: {end:?}"
    );
}

async fn one_that_was_stopped_between_its_transactions_writes_nothing_and_learns_it(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = notes();
    let child = Actor::new(&database, &folder, &["write", "one@1.0.0", TTL_MS, "0"]).start();
    has_written(&database, 3).await;
    stop(&database, &child, false).await;
    let runtime = reaper(&database, &folder, A_WHILE).await;
    until("its lease runs out and its schema goes", async || {
        let reaped = round(&runtime).await;
        reaped.is_some_and(|reaped| reaped.rolled_back.iter().any(|gone| gone.schema == s("schema_a")))
    })
    .await;
    goes_on(&database, &runtime, child).await;
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// On PostgreSQL the server ends the transaction that is left idle; until then the schema stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_inside_a_transaction_keeps_its_schema_until_the_server_ends_it() {
    let database = Database::new(Engine::Postgres).await;
    let folder = notes();
    let child = Actor::new(&database, &folder, &["write", "one@1.0.0", TTL_MS, "200"]).start();
    has_written(&database, 2).await;
    stop(&database, &child, true).await;
    let runtime = reaper(&database, &folder, A_WHILE).await;
    let mut fenced_before = false;
    until("its lease runs out and its schema goes", async || {
        let Some(reaped) = round(&runtime).await else {
            return false;
        };
        let gone = !reaped.rolled_back.is_empty();
        let inside = is_inside(&database).await;
        assert!(!(gone && inside), "R1 at the edge");
        fenced_before |= !reaped.fenced.is_empty() && !gone;
        gone
    })
    .await;
    println!("fenced while it still kept its schema: {fenced_before}");
    goes_on(&database, &runtime, child).await;
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// On SQLite nobody writes beside it, so nobody fences it either: it finds its lease as it left it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_stopped_inside_a_transaction_of_the_only_writer_goes_on() {
    let database = Database::new(Engine::Sqlite).await;
    let folder = notes();
    let mut child = Actor::new(&database, &folder, &["write", "one@1.0.0", TTL_MS, "200"]).start();
    has_written(&database, 2).await;
    stop(&database, &child, true).await;
    let before = database.number("SELECT count(*) FROM notes").await;
    tokio::time::sleep(Duration::from_millis(3500)).await;
    let runtime = reaper(&database, &folder, Duration::from_secs(2)).await;
    let busy = runtime.reap().await.expect_err("the writer lock is held");
    assert!(matches!(busy, Error::Busy { .. }), "{busy:?}");
    assert_eq!(busy.kind(), ErrorKind::Retry);
    signal(&child, "CONT");
    has_written(&database, before + 3).await;
    child.start_kill().expect("killed");
    let end = ended(child).await;
    assert!(!end.stdout.contains("failed"), "{end:?}");
    runtime.shutdown().await;
    invariants::check(&database, false).await;
    database.drop().await;
}
