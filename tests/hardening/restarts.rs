//! A server that crashes and comes back: what was in flight is gone as a whole, and the same runtimes go on. And sessions
//! that an administrator ends, where a commit may count all the same.

use std::time::Duration;

use lockstep::ErrorKind;

use super::{all_is_well, at};
use crate::conformance::v;
use crate::support::{Database, Folder, Server, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_in_a_step_and_comes_back_is_gone_on_with() {
    let mut server = Server::new();
    server.start().await;
    let database = Database::on(&server.url("postgres"), "").await;
    let (stuck, mended) = (Folder::users(), Folder::users());
    stuck.write(
        "schema_v2/002_long.up.sql",
        "-- lockstep: timeout=1m\nSELECT pg_sleep(60);\n",
    );
    stuck.write("schema_v2/002_long.down.sql", "SELECT 1;\n");
    let runtime = at(&database.url, &stuck).await.expect("the server is there");
    let other = at(&database.url, &mended).await.expect("the server is there");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@2.0.0")).await }
    });
    until("the step runs", async || database.running("pg_sleep").await == 1).await;
    server.stop();

    let (ended, _) = crate::deadlines::ends(work).await;
    let error = ended.expect("no panic").expect_err("the server is gone");
    println!("Postgres: {error}");
    let kinds = [ErrorKind::StepFailed, ErrorKind::Retry];
    assert!(kinds.contains(&error.kind()), "{error:?}");
    let error = other.activate(v("users@1.1.0")).await.expect_err("the server is gone");
    assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");

    server.start().await;
    assert!(
        !database.has_column("users", "display_name").await,
        "nothing of it is there"
    );
    // Connections that died with the server are noticed, one after another.
    let mut tries = 0;
    while let Err(error) = other.activate(v("users@2.0.0")).await {
        assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");
        tries += 1;
        assert!(tries < 10, "{error}");
    }
    until("what others do is followed again", async || {
        runtime.is_active("schema_v2")
    })
    .await;
    let lease = runtime
        .lease_for(v("users@1.1.0"), Duration::from_secs(2), false)
        .await
        .expect("a lease");
    lease.release().await.expect("given back");
    runtime.shutdown().await;
    other.shutdown().await;
    all_is_well(&database).await;
}

/// A commit that is durable here and waits for a standby that never comes: the server ends the session, and
/// says nothing of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_session_an_administrator_ends_is_looked_up() {
    let mut server = Server::new();
    server.configure("synchronous_commit = on");
    server.start().await;
    let database = Database::on(&server.url("postgres"), "").await;
    let folder = Folder::users();
    let runtime = at(&database.url, &folder).await.expect("the server is there");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    database
        .execute("ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
        .await;
    database.execute("SELECT pg_reload_conf()").await;
    let waiting = "FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'SyncRep'";
    // Its processes hear of it one after another: from the first commit that waits on, all do.
    until("commits wait", async || {
        let probe = database.at(database.url.clone());
        let writing = tokio::spawn(async move {
            probe
                .try_execute("CREATE TABLE probe (i INTEGER); DROP TABLE probe")
                .await
        });
        // It waits, or it has come through.
        loop {
            if database.number(&format!("SELECT count(*) {waiting}")).await == 1 {
                return true;
            }
            if writing.is_finished() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    })
    .await;
    let work = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.activate(v("users@1.1.0")).await }
    });
    until("the commit waits", async || {
        database.number(&format!("SELECT count(*) {waiting}")).await == 2
    })
    .await;
    database
        .execute(&format!("SELECT pg_terminate_backend(pid) {waiting}"))
        .await;
    let (ended, _) = crate::deadlines::ends(work).await;
    let activation = ended.expect("no panic").expect("it counts, and that is told");
    println!("Postgres: ended while committing: {}", activation.name());
    database.execute("ALTER SYSTEM RESET synchronous_standby_names").await;
    database.execute("SELECT pg_reload_conf()").await;
    assert_eq!(database.status().await.leases.len(), 2, "once, not twice");
    runtime.deactivate(v("users@1.1.0")).await.expect("given back");
    runtime.shutdown().await;
    all_is_well(&database).await;
}
