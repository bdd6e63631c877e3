//! Holders that crash, sleep through their lease, or come back under an old name.

use std::time::Duration;

use lockstep::lifecycle::RetentionReason;
use lockstep::{Deactivation, ErrorKind, InstanceId, SchemaState};
use tokio::io::AsyncBufReadExt;

use crate::conformance::{s, v};
use crate::invariants;
use crate::support::process::{ended, signal};
use crate::support::{Actor, Database, Engine, Folder, facts_on, renewed, steady, stretched, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_crashed_holder_is_fenced_after_its_time_and_its_schema_is_retained
    a_holder_that_slept_past_its_lease_learns_that_it_lost
    a_new_incarnation_of_an_instance_fences_the_old_one
    an_old_incarnation_cannot_give_back_the_lease_of_the_new_one
    a_lease_taken_through_a_long_step_is_live_when_it_is_handed_out
);

/// For how long the machine may stand still.
const STILL: Duration = Duration::from_millis(100);

/// Starts a process that holds a timed lease, and waits until it says so.
async fn holder(database: &Database, folder: &Folder, ttl: &str) -> tokio::process::Child {
    let mut child = Actor::new(database, folder, &["lease", "users@1.0.0", ttl, "60"]).start();
    let stdout = child.stdout.take().expect("its output");
    let mut lines = tokio::io::BufReader::new(stdout).lines();
    let held = lines.next_line().await.expect("a line").expect("it holds the lease");
    assert!(held.contains("held"), "{held}");
    child.stdout = Some(lines.into_inner().into_inner());
    child
}

async fn a_crashed_holder_is_fenced_after_its_time_and_its_schema_is_retained(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let mut child = holder(&database, &folder, "800").await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    child.start_kill().expect("killed");
    child.wait().await.expect("ended");
    let reaped = runtime.reap().await.unwrap();
    let early = database.status().await.leases.len();
    assert_eq!(
        reaped.fenced.len() + early,
        1,
        "fenced at its time, not before: {reaped:?}"
    );
    let mut retained = reaped.retained;
    let took = until("the lease is fenced", async || {
        retained.extend(runtime.reap().await.unwrap().retained);
        database.status().await.leases.is_empty()
    })
    .await;
    println!("{engine:?}: fenced {} ms after the crash", took.as_millis());
    assert_eq!(retained.len(), 1, "{retained:?}");
    let status = database.status().await;
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v1"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Applied, "R5: expiry alone destroys nothing");
    assert_eq!(
        schema.retention.as_ref().expect("kept").reason,
        RetentionReason::Expired
    );
    assert!(database.has_table("users").await);
    // And it can be used again, or taken back.
    runtime.rollback(s("schema_v1"), false).await.unwrap();
    assert!(!database.has_table("users").await);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Stops it, but not in the middle of a renewal: the one writer that SQLite has would keep everybody out.
async fn stop_between_renewals(database: &Database, child: &tokio::process::Child) {
    until("it is stopped between two renewals", async || {
        signal(child, "STOP");
        tokio::time::sleep(Duration::from_millis(20)).await;
        let writes = "PRAGMA busy_timeout = 0; BEGIN IMMEDIATE; ROLLBACK";
        let between = database.engine != Engine::Sqlite || database.try_execute(writes).await.is_ok();
        if !between {
            signal(child, "CONT");
        }
        between
    })
    .await;
}

async fn a_holder_that_slept_past_its_lease_learns_that_it_lost(engine: Engine) {
    for fenced in [true, false] {
        let database = Database::new(engine).await;
        let folder = Folder::users();
        let child = holder(&database, &folder, "900").await;
        let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
        stop_between_renewals(&database, &child).await;
        until("the lease runs out", async || {
            database.status().await.leases.iter().all(|l| l.due)
        })
        .await;
        if fenced {
            assert_eq!(runtime.reap().await.unwrap().fenced.len(), 1);
        }
        signal(&child, "CONT");
        let told = ended(child).await;
        assert_eq!(told.code, Some(1), "{told:?}");
        assert_eq!(told.json()["code"], "lease_lost", "R6: {told:?}");
        // Not reaped, it is still due: nothing that happened revived it.
        assert!(database.status().await.leases.iter().all(|l| l.due));
        runtime.reap().await.unwrap();
        runtime.shutdown().await;
        invariants::check(&database, true).await;
        database.drop().await;
    }
}

async fn a_new_incarnation_of_an_instance_fences_the_old_one(engine: Engine) {
    steady(STILL, async || {
        fences_the_old_one(engine, stretched(Duration::from_secs(3))).await
    })
    .await;
}

async fn fences_the_old_one(engine: Engine, ttl: Duration) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let name = || InstanceId::new("web-1").expect("a name");
    let old = database
        .runtime(|b| b.schemas_dir(folder.path()).instance(name()))
        .await;
    let before = old.lease_for(v("users@1.0.0"), ttl, false).await.unwrap();
    let new = database
        .runtime(|b| b.schemas_dir(folder.path()).instance(name()))
        .await;
    let after = new.lease_for(v("users@1.0.0"), ttl, false).await.unwrap();
    let lost = before.lost().await;
    assert_eq!(lost.kind(), ErrorKind::LeaseLost);
    assert!(
        lost.to_string().contains("web-1") && lost.to_string().contains("fenced"),
        "{lost}"
    );
    assert!(!before.is_live() && after.is_live());
    drop(before);
    old.shutdown().await;
    let status = new.report().await.unwrap();
    assert_eq!(status.leases.len(), 1);
    assert_eq!(status.leases[0].lease.holder, after.granted().holder);
    assert_eq!(database.times("lease_fenced", "schema_v1").await, 1);
    assert!(matches!(
        after.release().await.unwrap(),
        Deactivation::RolledBack { .. }
    ));
    new.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// The old one may let go before it ever learns that it was fenced: what it gives back is its own lease only.
async fn an_old_incarnation_cannot_give_back_the_lease_of_the_new_one(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let name = || InstanceId::new("web-1").expect("a name");
    let old = database
        .runtime(|b| b.schemas_dir(folder.path()).instance(name()))
        .await;
    let new = database
        .runtime(|b| b.schemas_dir(folder.path()).instance(name()))
        .await;
    let first = old.lease(v("users@1.0.0")).await.unwrap();
    let dropped = old.lease(v("users@1.1.0")).await.unwrap();
    let second = new.lease(v("users@1.0.0")).await.unwrap();
    let third = new.lease(v("users@1.1.0")).await.unwrap();
    let released = first.release().await.unwrap();
    assert!(matches!(released, Deactivation::NotActive { .. }), "{released:?}");
    drop(dropped);
    // Dropping gives back in the background; the shutdown waits for that.
    tokio::time::sleep(Duration::from_millis(300)).await;
    old.shutdown().await;
    let status = new.report().await.unwrap();
    assert_eq!(
        status.leases.len(),
        2,
        "the new incarnation's leases stay: {:?}",
        status.leases
    );
    assert!(database.has_table("users").await, "R1");
    assert!(second.is_live() && third.is_live());
    third.release().await.unwrap();
    assert!(matches!(
        second.release().await.unwrap(),
        Deactivation::RolledBack { .. }
    ));
    new.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// The lease is granted at the end of the work, and counts from then.
async fn a_lease_taken_through_a_long_step_is_live_when_it_is_handed_out(engine: Engine) {
    steady(STILL, async || {
        taken_through_a_long_step(engine, stretched(Duration::from_secs(3))).await
    })
    .await;
}

/// `ttl`: shorter than the step is long, unless the machine needs more time.
async fn taken_through_a_long_step(engine: Engine, ttl: Duration) {
    let database = Database::new(engine).await;
    let folder = super::with_slow_step();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let lease = runtime.lease_for(v("reports@1.0.0"), ttl, false).await.unwrap();
    assert!(lease.is_live());
    let status = runtime.report().await.unwrap();
    assert!(status.leases.iter().all(|l| !l.due), "{:?}", status.leases);
    // It goes on being renewed well past its first time to live.
    renewed(&database, &lease, 3).await;
    assert!(lease.is_live());
    assert!(runtime.report().await.unwrap().leases.iter().all(|l| !l.due));
    lease.release().await.unwrap();
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
