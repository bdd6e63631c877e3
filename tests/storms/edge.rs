//! The edge: half activate while half deactivate, and what is in the database afterwards is what the leases say.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep::{ActivateOptions, Activation, DeactivateOptions, Deactivation, InstanceId, Runtime, SchemaState};
use tokio::sync::Barrier;

use crate::conformance::{s, v};
use crate::invariants;
use crate::support::process::ended;
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_schema_stays_exactly_while_somebody_uses_it
    processes_at_the_edge_agree_with_the_catalog
    what_is_let_go_while_the_downs_run_goes_as_well
);

/// How many come, round by round: at most 16 tasks meet.
const COMING: [usize; 6] = [8, 8, 1, 1, 2, 0];
const RUNTIMES: usize = 4;

/// `LOCKSTEP_STORM_ROUNDS` raises it.
fn rounds(least: usize) -> usize {
    let asked = std::env::var("LOCKSTEP_STORM_ROUNDS").ok().and_then(|n| n.parse().ok());
    asked.unwrap_or(0).max(least)
}

fn instance(round: usize, i: usize) -> InstanceId {
    InstanceId::new(&format!("web-{round}-{i}")).expect("a name")
}

async fn a_schema_stays_exactly_while_somebody_uses_it(engine: Engine) {
    storm(engine, &Folder::users(), rounds(50)).await;
}

/// Where the schema has an index built concurrently, taking it back cannot be one transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_journalled_schema_stays_exactly_while_somebody_uses_it() {
    let folder = Folder::users();
    folder.write(
        "schema_v1/002_email.up.sql",
        "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY users_email ON users (email);\n",
    );
    folder.write(
        "schema_v1/002_email.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY users_email;\n",
    );
    storm(Engine::Postgres, &folder, rounds(12)).await;
}

/// Round by round those who hold the schema let go while others come: a crowd, or one against one, where it is open whether
/// the schema goes and comes again. Every sixth round nobody comes.
async fn storm(engine: Engine, folder: &Folder, rounds: usize) {
    let database = Database::new(engine).await;
    let mut runtimes = Vec::new();
    for _ in 0..RUNTIMES {
        runtimes.push(database.runtime(|b| b.schemas_dir(folder.path())).await);
    }
    let started = Instant::now();
    let mut holding: Vec<InstanceId> = Vec::new();
    let mut rolled_back = 0;
    for round in 0..rounds {
        let coming: Vec<_> = (0..COMING[round % COMING.len()]).map(|i| instance(round, i)).collect();
        // A few come a little later, at ever another moment of the rollback.
        let late = if coming.len() < 4 { round as u64 * 23 % 140 } else { 0 };
        rolled_back += meet(&runtimes, &coming, &holding, Duration::from_millis(late)).await;
        holding = coming;
        truth(&database, &runtimes[0], &holding).await;
    }
    println!(
        "{engine:?}: {rounds} rounds in {} ms, {rolled_back} rollbacks, {} events",
        started.elapsed().as_millis(),
        database.log().await.len()
    );
    assert!(rolled_back > 0, "the edge was met");
    for runtime in runtimes {
        runtime.shutdown().await;
    }
    database.drop().await;
}

/// One half comes while the other goes; returns how often the schema was taken back.
async fn meet(runtimes: &[Runtime], coming: &[InstanceId], going: &[InstanceId], late: Duration) -> usize {
    let together = Arc::new(Barrier::new(coming.len() + going.len()));
    let mut arrivals = Vec::new();
    let mut departures = Vec::new();
    for (i, instance) in coming.iter().enumerate() {
        let (runtime, together) = (runtimes[i % RUNTIMES].clone(), Arc::clone(&together));
        let instance = Some(instance.clone());
        arrivals.push(tokio::spawn(async move {
            together.wait().await;
            tokio::time::sleep(late).await;
            let options = ActivateOptions {
                instance,
                ..Default::default()
            };
            runtime.activate_with(v("users@1.0.0"), options).await
        }));
    }
    for (i, instance) in going.iter().enumerate() {
        let (runtime, together) = (runtimes[(i + 1) % RUNTIMES].clone(), Arc::clone(&together));
        let instance = Some(instance.clone());
        departures.push(tokio::spawn(async move {
            together.wait().await;
            let options = DeactivateOptions {
                instance,
                ..Default::default()
            };
            runtime.deactivate_with(v("users@1.0.0"), options).await
        }));
    }
    for task in arrivals {
        let done = task.await.expect("no panic").expect("an activation at the edge");
        assert!(!matches!(done, Activation::AlreadyActive { .. }), "{done:?}");
    }
    let mut rolled_back = 0;
    for task in departures {
        let done = task.await.expect("no panic").expect("a deactivation at the edge");
        assert!(!matches!(done, Deactivation::NotActive { .. }), "{done:?}");
        rolled_back += usize::from(matches!(done, Deactivation::RolledBack { .. }));
    }
    rolled_back
}

/// The catalog, the state and the leases say the same.
async fn truth(database: &Database, runtime: &Runtime, holding: &[InstanceId]) {
    invariants::check(database, true).await;
    let status = runtime.report().await.expect("a status");
    let held: std::collections::BTreeSet<_> = status.leases.iter().map(|l| l.lease.holder.instance.clone()).collect();
    assert_eq!(held, holding.iter().cloned().collect());
    let state = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v1"))
        .expect("known")
        .state;
    assert_eq!(
        state == SchemaState::Applied,
        !holding.is_empty(),
        "{state} with {} leases",
        holding.len()
    );
    let there = state == SchemaState::Applied;
    assert_eq!(
        database.has_table("users").await,
        there,
        "the catalog says what the state says: {state}"
    );
    assert_eq!(database.indexes("users_email").await, (i64::from(there), 0));
    assert!(
        status.operation.is_none(),
        "nobody works any more: {:?}",
        status.operation
    );
}

/// The same with real processes, a few rounds of them.
async fn processes_at_the_edge_agree_with_the_catalog(engine: Engine) {
    const HALF: usize = 8;
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let mut holding: Vec<InstanceId> = Vec::new();
    for round in 0..rounds(2) {
        let coming: Vec<_> = (0..HALF).map(|i| instance(round, i)).collect();
        let act =
            |verb: &str, who: &InstanceId| Actor::new(&database, &folder, &[verb, "users@1.0.0", who.as_str()]).start();
        let mut children: Vec<_> = coming.iter().map(|who| act("activate", who)).collect();
        children.extend(holding.iter().map(|who| act("deactivate", who)));
        for child in children {
            ended(child).await.told();
        }
        holding = coming;
        truth(&database, &runtime, &holding).await;
    }
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Keeps the way back of `schema_v1` in its first step until there is a row in a table of its own.
async fn held_up(database: &Database, folder: &Folder, more: &str) {
    database.execute("CREATE TABLE go_on (yes INTEGER)").await;
    let waits = "DO $$ BEGIN WHILE NOT EXISTS (SELECT FROM go_on) LOOP PERFORM pg_sleep(0.02); END LOOP; END $$;";
    folder.write("schema_v1/003_wait.up.sql", "SELECT 1;\n");
    folder.write("schema_v1/003_wait.down.sql", &format!("{waits}\n{more}"));
}

async fn let_go_on(database: &Database) {
    database.execute("INSERT INTO go_on VALUES (1)").await;
}

/// R1 under an open rollback: the lease that appears wins, the rollback comes to nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lease_that_appears_under_a_rollback_makes_it_a_no_op() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    held_up(&database, &folder, "").await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let other = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let leaving = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.deactivate(v("users@1.0.0")).await }
    });
    until("the way down runs", async || database.running("pg_sleep").await == 1).await;
    let lease = other
        .lease(v("users@1.1.0"))
        .await
        .expect("a lease while the rollback is open");
    assert_eq!(
        database.running("pg_sleep").await,
        1,
        "it did not wait for the rollback"
    );
    let_go_on(&database).await;
    let left = leaving.await.unwrap().unwrap();
    let Deactivation::KeptInUse { by, .. } = left else {
        panic!("the rollback was to come to nothing: {left:?}");
    };
    assert_eq!(by[0].instance, *other.instance());
    assert!(database.has_table("users").await && lease.is_live());
    assert_eq!(database.indexes("users_email").await, (1, 0));
    assert_eq!(database.times("schema_rolled_back", "schema_v1").await, 0);
    assert!(matches!(
        lease.release().await.unwrap(),
        Deactivation::RolledBack { .. }
    ));
    assert!(!database.has_table("users").await);
    other.shutdown().await;
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// R8 under an open rollback: the instance that leaves writes to the last. What it was told is written is counted, or the
/// schema stays.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_written_under_a_rollback_are_not_lost() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    held_up(&database, &folder, "SELECT pg_sleep(0.5);\n").await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let leaving = tokio::spawn({
        let runtime = runtime.clone();
        async move { runtime.deactivate(v("users@1.0.0")).await }
    });
    until("the trial runs", async || database.running("pg_sleep").await == 1).await;
    let_go_on(&database).await;
    until("the trial is over", async || {
        database.running("pg_sleep").await == 0 || leaving.is_finished()
    })
    .await;
    let mut written = 0;
    while !leaving.is_finished() {
        let insert = format!("SET lock_timeout = '20s'; INSERT INTO users (id, email) VALUES ({written}, 'late')");
        written += usize::from(database.try_execute(&insert).await.is_ok());
    }
    let left = leaving.await.unwrap().unwrap();
    let there = database.has_table("users").await;
    assert!(
        there || written == 0,
        "{written} rows were written and are gone: {left:?}"
    );
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn what_is_let_go_while_the_downs_run_goes_as_well(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    for (way, postgres) in [("up", "SELECT 1;\n"), ("down", "SELECT pg_sleep(2);\n")] {
        folder.write(&format!("schema_v2/002_slow.{way}.sql"), "SELECT 1;\n");
        folder.write(&format!("schema_v2/002_slow.{way}.postgres.sql"), postgres);
    }
    for version in ["users@1.0.0", "users@2.0.0"] {
        Actor::new(&database, &folder, &["activate", version, "deploy"])
            .run()
            .await
            .told();
    }
    let newer = Actor::new(&database, &folder, &["deactivate", "users@2.0.0", "deploy"]).start();
    if engine == Engine::Postgres {
        until("the way down runs", async || database.running("pg_sleep").await == 1).await;
    }
    Actor::new(&database, &folder, &["deactivate", "users@1.0.0", "deploy"])
        .run()
        .await
        .told();
    ended(newer).await.told();
    assert!(!database.has_table("users").await, "nothing uses either of them");
    invariants::check(&database, true).await;
    database.drop().await;
}
