//! Clocks that are hours wrong, at a client and at the server: leases may be lost too early, and their holders are told; nothing
//! that is in use is taken back, and no rows go (R5, R6, R12).

use std::time::Duration;

use lockstep::{ErrorKind, Runtime};

use super::at;
use crate::conformance::v;
use crate::invariants;
use crate::support::clock::Clock;
use crate::support::{Actor, Database, Engine, Folder, MariaServer, Server, renewed, steady, until};

/// Long enough for a slow machine; nobody waits for its end.
const TTL: Duration = Duration::from_secs(6);

/// For how long the machine may stand still.
const STILL: Duration = Duration::from_millis(200);

/// When a holder has to be told: at its next renewal.
const TOLD: Duration = Duration::from_secs(20);

/// A table with a row, held by a timed lease.
async fn held(database: &Database, folder: &Folder) -> (Runtime, lockstep::Lease) {
    let runtime = at(&database.url, folder).await.expect("the database is there");
    let lease = runtime.lease_for(v("users@1.0.0"), TTL, false).await.expect("a lease");
    database
        .execute("INSERT INTO users (id, email) VALUES (1, 'a@b')")
        .await;
    (runtime, lease)
}

/// On PostgreSQL the server's clock is the only one that counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_in_another_time_changes_nothing_on_postgres() {
    steady(STILL, another_time_changes_nothing).await;
}

async fn another_time_changes_nothing() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let (runtime, lease) = held(&database, &folder).await;
    for offset in ["+6h", "-6h"] {
        let clock = Clock::new();
        clock.moved(offset);
        let act =
            |arguments: &'static [&'static str]| Actor::new(&database, &folder, arguments).in_time_of(&clock).run();
        let reaped = act(&["reap"]).await.told();
        assert_eq!(reaped["fenced"].as_array().map(Vec::len), Some(0), "{offset}: {reaped}");
        act(&["activate", "users@2.0.0", "other"]).await.told();
        act(&["lease", "users@1.1.0", "4500", "2"]).await.told();
        act(&["deactivate", "users@2.0.0", "other"]).await.told();
        assert!(lease.is_live(), "{offset}");
    }
    lease.release().await.expect("given back");
    runtime.shutdown().await;
    // One clock alone is in the log.
    invariants::check(&database, true).await;
    database.drop().await;
}

/// On SQLite each process brings its own clock.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_hours_ahead_on_sqlite_may_end_a_lease_but_destroys_nothing() {
    steady(STILL, hours_ahead).await;
}

async fn hours_ahead() {
    let database = Database::new(Engine::Sqlite).await;
    let folder = Folder::users();
    let (runtime, lease) = held(&database, &folder).await;
    let clock = Clock::new();
    clock.moved("+6h");
    let reaped = Actor::new(&database, &folder, &["reap"])
        .in_time_of(&clock)
        .run()
        .await
        .told();
    println!("Sqlite, six hours ahead: {reaped}");
    assert_eq!(
        reaped["fenced"].as_array().map(Vec::len),
        Some(1),
        "by its clock the lease is over: {reaped}"
    );
    assert_eq!(reaped["rolled_back"].as_array().map(Vec::len), Some(0), "R5: {reaped}");
    let lost = tokio::time::timeout(TOLD, lease.lost())
        .await
        .expect("R6: its holder is told");
    assert_eq!(lost.kind(), ErrorKind::LeaseLost);
    assert_eq!(database.number("SELECT count(*) FROM users").await, 1, "R5");
    let again = runtime
        .lease_for(v("users@1.0.0"), TTL, false)
        .await
        .expect("and it may have another");
    again.release().await.expect("given back");
    runtime.shutdown().await;
    invariants::check_in_any_time(&database, true).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_hours_behind_on_sqlite_is_fenced_and_told() {
    let database = Database::new(Engine::Sqlite).await;
    let folder = Folder::users();
    let runtime = at(&database.url, &folder).await.expect("the database is there");
    runtime.activate(v("users@1.1.0")).await.unwrap();
    let clock = Clock::new();
    clock.moved("-6h");
    let behind = Actor::new(&database, &folder, &["lease", "users@1.0.0", "1500", "30"])
        .in_time_of(&clock)
        .start();
    until("it holds its lease", async || database.status().await.leases.len() == 2).await;
    let reaped = runtime.reap().await.unwrap();
    assert_eq!(reaped.fenced.len(), 1, "by ours it was over when it began: {reaped:?}");
    let ended = crate::support::process::ended(behind).await;
    assert_eq!(ended.json()["code"], "lease_lost", "R6: {ended:?}");
    // It cannot mistake a live lease of ours for anything it is not.
    let reaped = Actor::new(&database, &folder, &["reap"])
        .in_time_of(&clock)
        .run()
        .await
        .told();
    assert_eq!(reaped["fenced"].as_array().map(Vec::len), Some(0), "{reaped}");
    runtime.deactivate(v("users@1.1.0")).await.unwrap();
    runtime.shutdown().await;
    invariants::check_in_any_time(&database, true).await;
    database.drop().await;
}

/// The server's clock leaps forward and back again under live leases.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_clock_leaps_fences_at_worst_and_destroys_nothing() {
    steady(STILL, postgres_leaps).await;
}

async fn postgres_leaps() {
    let clock = Clock::new();
    let mut server = Server::new();
    server.environment(&clock.environment());
    server.start().await;
    let database = Database::on(&server.url("postgres"), "").await;
    leaps(
        &clock,
        &database,
        "SELECT EXTRACT(EPOCH FROM clock_timestamp())::bigint",
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mariadb_whose_clock_leaps_fences_at_worst_and_destroys_nothing() {
    steady(STILL, mariadb_leaps).await;
}

async fn mariadb_leaps() {
    let clock = Clock::new();
    let mut server = MariaServer::new();
    server.environment(&clock.environment());
    server.start().await;
    let database = Database::on_server(Engine::Mysql, &server.url("mysql"), "").await;
    leaps(&clock, &database, "SELECT UNIX_TIMESTAMP(SYSDATE())").await;
}

async fn leaps(clock: &Clock, database: &Database, seconds: &str) {
    let folder = Folder::users();
    let now = async || database.number(seconds).await;
    let before = now().await;
    let (runtime, lease) = held(database, &folder).await;

    clock.moved("+6h");
    assert!(now().await > before + 5 * 3600, "the server's clock leapt");
    let reaped = runtime.reap().await.unwrap();
    assert!(reaped.rolled_back.is_empty(), "R5: {reaped:?}");
    if reaped.fenced.is_empty() {
        // Its renewal came first: then it lives on in the new time.
        renewed(database, &lease, 1).await;
        assert!(lease.is_live() && runtime.reap().await.unwrap().fenced.is_empty());
        lease.release().await.expect("given back");
    } else {
        let lost = tokio::time::timeout(TOLD, lease.lost())
            .await
            .expect("R6: its holder is told");
        assert_eq!(lost.kind(), ErrorKind::LeaseLost);
        drop(lease);
    }
    assert_eq!(database.number("SELECT count(*) FROM users").await, 1, "R5");

    // And back: who holds a lease keeps it, and what is in use stays.
    let lease = runtime
        .lease_for(v("users@1.0.0"), TTL, false)
        .await
        .expect("a lease in the new time");
    clock.moved("-6h");
    renewed(database, &lease, 2).await;
    assert!(lease.is_live(), "it is renewed by whatever clock");
    let refused = runtime
        .rollback(crate::conformance::s("schema_v1"), true)
        .await
        .expect_err("R1");
    assert_eq!(refused.kind(), ErrorKind::Refused, "{refused:?}");
    runtime
        .activate(v("users@2.0.0"))
        .await
        .expect("work goes on in the old time");
    runtime.deactivate(v("users@2.0.0")).await.expect("both ways");
    lease.release().await.expect("given back");
    assert_eq!(database.number("SELECT count(*) FROM users").await, 1, "R8");
    runtime.shutdown().await;
    invariants::check_in_any_time(database, true).await;
}
