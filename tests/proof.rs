//! Figures that a promise rests on, measured on every engine: how soon work ends at the server after its deadline, how
//! soon a crashed holder is fenced, what a crowd of processes gets done. Short here; `scripts/prove` runs them at length
//! (`LOCKSTEP_PROOF=1`) and prints what it saw. Only what is promised is asserted; how fast a machine is, is printed.

use std::time::{Duration, Instant};

use lockstep::{ErrorKind, EventKind};

use crate::conformance::v;
use crate::invariants;
use crate::support::process::ended;
use crate::support::{Actor, Database, Engine, Folder, PATIENCE, facts_on, steady, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    work_ends_at_the_server_within_a_second_of_its_deadline
    a_crashed_holder_is_fenced_within_its_ttl_and_five_seconds
    a_crowd_activates_and_deactivates_and_nobody_fails_without_a_reason
    a_start_with_nothing_to_do_changes_nothing
);

/// So many at length, so many in the everyday run.
fn times(at_length: usize, otherwise: usize) -> usize {
    if std::env::var_os("LOCKSTEP_PROOF").is_some() {
        at_length
    } else {
        otherwise
    }
}

/// The value below which this part of them lies; they are sorted.
fn percentile(sorted: &[Duration], part: f64) -> Duration {
    let at = ((sorted.len() as f64 * part).ceil() as usize).clamp(1, sorted.len());
    sorted[at - 1]
}

fn told(what: &str, mut taken: Vec<Duration>) -> Duration {
    taken.sort_unstable();
    let ms = |part| percentile(&taken, part).as_secs_f64() * 1e3;
    let (p50, p99) = (ms(0.5), ms(0.99));
    println!("{what}: p50 {p50:.1} ms, p99 {p99:.1} ms, of {}", taken.len());
    percentile(&taken, 0.99)
}

const LIMIT: Duration = Duration::from_millis(300);

/// A step that never ends, with a limit of its own.
fn endless() -> Folder {
    let folder = Folder::empty();
    folder.write("handlers.toml", "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n");
    folder.write(
        "schema_1/001_endless.up.sql",
        "-- lockstep: timeout=300ms\nWITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;\n",
    );
    folder.write(
        "schema_1/001_endless.up.postgres.sql",
        "-- lockstep: timeout=300ms\nSELECT pg_sleep(3600);\n",
    );
    folder.write(
        "schema_1/001_endless.up.mysql.sql",
        "-- lockstep: timeout=300ms\nSELECT SLEEP(3600);\n",
    );
    folder.write("schema_1/001_endless.down.sql", "SELECT 1;\n");
    folder
}

async fn work_ends_at_the_server_within_a_second_of_its_deadline(engine: Engine) {
    steady(Duration::from_millis(100), async || ends_within_a_second(engine).await).await;
}

async fn ends_within_a_second(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = endless();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let mut late = Vec::new();
    for _ in 0..times(100, 5) {
        let asked = Instant::now();
        let begun = tokio::spawn({
            let runtime = runtime.clone();
            async move { runtime.activate(v("app@1.0.0")).await }
        });
        until("the step runs", async || {
            at_work(&database).await || begun.is_finished()
        })
        .await;
        until("it is over", async || !at_work(&database).await).await;
        // The step began later than it was asked for, so it is late by less than this.
        late.push(asked.elapsed().saturating_sub(LIMIT));
        let error = begun.await.expect("no panic").expect_err("it never ends");
        assert_eq!(error.kind(), ErrorKind::StepFailed, "{error:?}");
    }
    let p99 = told(&format!("{engine:?}: work outlives its deadline"), late);
    assert!(
        p99 < Duration::from_secs(1),
        "a second after the deadline the server is at work: {p99:?}"
    );
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Whether the server is busy with the step: SQLite's writer lock tells.
async fn at_work(database: &Database) -> bool {
    match database.engine {
        Engine::Sqlite => {
            let writer = "PRAGMA busy_timeout = 5; BEGIN IMMEDIATE; ROLLBACK";
            database.try_execute(writer).await.is_err()
        }
        Engine::Postgres => database.running("pg_sleep").await > 0,
        Engine::Mysql => database.running("SLEEP").await > 0,
    }
}

async fn a_crashed_holder_is_fenced_within_its_ttl_and_five_seconds(engine: Engine) {
    steady(Duration::from_millis(200), async || is_fenced_in_time(engine).await).await;
}

async fn is_fenced_in_time(engine: Engine) {
    const TTL: Duration = Duration::from_secs(1);
    let database = Database::new(engine).await;
    let folder = Folder::users();
    // One that reaps on its own, as it does by default.
    let runtime = lockstep::Runtime::builder(&database.url)
        .schemas_dir(folder.path())
        .build()
        .await
        .expect("a runtime");
    runtime.activate(v("users@1.1.0")).await.unwrap();
    let mut taken = Vec::new();
    for _ in 0..times(10, 1) {
        let mut events = runtime.events();
        let mut holder = Actor::new(&database, &folder, &["lease", "users@1.0.0", "1000", "60"]).start();
        until_told(&mut events, |kind| matches!(kind, EventKind::LeaseGranted { .. })).await;
        holder.start_kill().expect("killed");
        ended(holder).await;
        let crashed = Instant::now();
        until_told(&mut events, |kind| matches!(kind, EventKind::LeaseFenced { .. })).await;
        taken.push(crashed.elapsed());
    }
    let worst = taken.iter().max().copied().unwrap_or_default();
    told(
        &format!("{engine:?}: a crashed holder is fenced, its lease being {TTL:?}"),
        taken,
    );
    assert!(worst < TTL + Duration::from_secs(5), "R5: {worst:?}");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn until_told(events: &mut lockstep::EventStream, so: impl Fn(&EventKind) -> bool) {
    let wait = async {
        while let Some(event) = events.next().await {
            if so(&event.kind) {
                return;
            }
        }
        panic!("the stream ended");
    };
    let told = tokio::time::timeout(PATIENCE, wait).await;
    told.expect("the event comes");
}

async fn a_crowd_activates_and_deactivates_and_nobody_fails_without_a_reason(engine: Engine) {
    let (crowd, rounds) = (times(64, 12), times(20, 3));
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let count = rounds.to_string();
    let started = Instant::now();
    let actors: Vec<_> = (0..crowd)
        .map(|i| {
            let version = if i % 2 == 0 { "users@1.0.0" } else { "users@2.0.0" };
            Actor::new(&database, &folder, &["rounds", version, &format!("web-{i}"), &count]).start()
        })
        .collect();
    let (mut up, mut down, mut failed) = (Vec::new(), Vec::new(), Vec::new());
    for actor in actors {
        let told = ended(actor).await.told();
        let durations = |name: &str| {
            let list = told[name].as_array().expect("a list").iter();
            list.map(|us| Duration::from_micros(us.as_u64().expect("a number")))
                .collect::<Vec<_>>()
        };
        up.extend(durations("activate_us"));
        down.extend(durations("deactivate_us"));
        failed.extend(
            told["failed"]
                .as_array()
                .expect("a list")
                .iter()
                .map(ToString::to_string),
        );
    }
    let wall = started.elapsed();
    let rate = up.len() as f64 / wall.as_secs_f64();
    println!(
        "{engine:?}: {crowd} processes x {rounds} rounds in {wall:.1?}: {rate:.0} activations/s, {} failed",
        failed.len()
    );
    assert_eq!(failed, Vec::<String>::new(), "nobody fails");
    told(&format!("{engine:?}: activating in a crowd"), up);
    told(&format!("{engine:?}: deactivating in a crowd"), down);
    // The last one out takes both back.
    assert!(!database.has_table("users").await);
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_start_with_nothing_to_do_changes_nothing(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let first = database.runtime(|b| b.schemas_dir(folder.path())).await;
    first.activate(v("users@2.0.0")).await.unwrap();
    first.shutdown().await;
    let before = database.log().await.len();
    let mut taken = Vec::new();
    for _ in 0..times(100, 5) {
        let started = Instant::now();
        let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
        taken.push(started.elapsed());
        runtime.shutdown().await;
    }
    told(&format!("{engine:?}: a start with nothing to do"), taken);
    assert_eq!(database.log().await.len(), before);
    invariants::check(&database, true).await;
    database.drop().await;
}
