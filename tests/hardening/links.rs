//! Links that are cut, late or full of holes: whatever message is lost, either all of an operation counts or nothing of it,
//! the caller is told which, and whoever comes next goes on.

use std::time::Duration;

use lockstep::lifecycle::Direction;
use lockstep::{Error, ErrorKind, RepairAction, Runtime, SchemaState};

use super::{all_is_well, at};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::link::Weather;
use crate::support::{Database, Engine, Fate, Folder, Link, facts_on, renewed, steady, stretched, until};

facts_on!(Postgres postgres, Mysql mysql:
    a_link_cut_before_any_request_leaves_all_or_nothing
    a_link_cut_before_any_reply_leaves_all_or_nothing_and_the_caller_is_told_which
    a_link_cut_after_any_reply_leaves_all_or_nothing
    a_slow_link_is_only_slow
    a_commit_that_a_hole_swallows_is_told_as_not_done
    a_holder_cut_off_from_the_server_stops_before_its_lease_runs_out
    the_view_catches_up_after_a_partition
);

/// Cuts the n-th request of activations and rollbacks, for every n until nothing is cut any more.
async fn cut_everywhere(engine: Engine, fate: Fate) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let direct = at(&database.url, &folder).await.expect("the server is there");
    let mut told_wrong = 0;
    let mut cuts = 0;
    // A journalled story has many more requests, and takes longer to go on with: every fifth of them, others for each fate.
    let (first, every) = match (engine, fate) {
        (Engine::Mysql, Fate::CutBefore) => (1, 5),
        (Engine::Mysql, Fate::CutBeforeReply) => (2, 5),
        (Engine::Mysql, _) => (3, 5),
        _ => (1, 1),
    };
    for n in (first..).step_by(every) {
        let link = Link::new(&database, move |at, _| if at == n { fate } else { Fate::Passes }).await;
        let outcome = story(&link, &database, &folder).await;
        if !link.met() {
            outcome.expect("nothing was cut");
            break;
        }
        cuts += 1;
        if let Err((doing, error)) = outcome {
            let kind = error.kind();
            // A step whose connection broke failed, and says why.
            let step = kind == ErrorKind::StepFailed && error.to_string().contains("connection broke");
            let expected = [ErrorKind::Retry, ErrorKind::Operator].contains(&kind);
            assert!(step || expected, "{doing}, request {n}: {error:?}");
            let status = database.status().await;
            let counts = status.leases.is_empty() != (doing == "activating");
            // What is said to be unchanged is unchanged.
            let begun = |state| matches!(state, SchemaState::Applying | SchemaState::Reverting);
            let begun = status.schemas.iter().any(|x| begun(x.state));
            assert!(
                !(begun && error.state() == "nothing was changed"),
                "{doing}, request {n}: {error:?}"
            );
            let step = matches!(&error, Error::Step { failure } if failure.leaves_traces);
            let half_way = step || error.code() == "half_way";
            if error.code() != "unknown_outcome" && !half_way && counts && doing != "opening" {
                told_wrong += 1;
                println!("{fate:?} at request {n}, {doing}: it counts, and was told as {error}");
            }
        }
        invariants::check(&database, false).await;
        // Whoever comes next is not hindered; a way back that failed half-way is gone on with by who was told so.
        for schema in ["schema_v2", "schema_v1"] {
            let failed = direct.report().await.expect("a status").schemas;
            let failed = failed.iter().find(|x| x.schema.as_str() == schema);
            let failure = failed
                .filter(|x| x.state == SchemaState::Failed)
                .and_then(|x| x.failure.clone());
            if failure.is_some_and(|failure| failure.direction == Direction::Down) {
                let repaired = direct.repair(s(schema), RepairAction::Resume, false).await;
                repaired.unwrap_or_else(|e| panic!("after request {n}: {e}"));
            }
        }
        direct
            .activate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("after request {n}: {e}"));
        direct
            .deactivate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("after request {n}: {e}"));
    }
    println!("{engine:?}: {cuts} requests of a story were cut ({fate:?})");
    assert!(cuts > 10, "only {cuts}");
    assert_eq!(told_wrong, 0);
    direct.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

async fn story(link: &Link, database: &Database, folder: &Folder) -> Result<(), (&'static str, lockstep::Error)> {
    let runtime = at(&link.url(database), folder).await.map_err(|e| ("opening", e))?;
    let done = async {
        runtime
            .activate(v("users@2.0.0"))
            .await
            .map_err(|e| ("activating", e))?;
        runtime
            .deactivate(v("users@2.0.0"))
            .await
            .map_err(|e| ("deactivating", e))?;
        Ok(())
    };
    let done = done.await;
    runtime.shutdown().await;
    done
}

async fn a_link_cut_before_any_request_leaves_all_or_nothing(engine: Engine) {
    cut_everywhere(engine, Fate::CutBefore).await;
}

async fn a_link_cut_before_any_reply_leaves_all_or_nothing_and_the_caller_is_told_which(engine: Engine) {
    cut_everywhere(engine, Fate::CutBeforeReply).await;
}

async fn a_link_cut_after_any_reply_leaves_all_or_nothing(engine: Engine) {
    cut_everywhere(engine, Fate::CutAfterReply).await;
}

async fn a_slow_link_is_only_slow(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let link = Link::new(&database, |_, _| Fate::Late(Duration::from_millis(40))).await;
    let runtime = at(&link.url(&database), &folder).await.expect("slow, but there");
    super::whole_story(&runtime).await;
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

/// What tells others of an event.
fn writes_an_event(sql: &str) -> bool {
    sql.contains("pg_notify") || sql.contains("INSERT INTO lockstep_event")
}

/// A commit whose request vanishes did not happen, and one that a hole swallows is looked up.
async fn a_commit_that_a_hole_swallows_is_told_as_not_done(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let link = Link::new(&database, |_, sql| {
        if writes_an_event(sql) && sql.contains("COMMIT") {
            Fate::BlackHole
        } else {
            Fate::Passes
        }
    })
    .await;
    let runtime = at(&link.url(&database), &folder).await.expect("the server is there");
    let patience = Duration::from_secs(120);
    let outcome = tokio::time::timeout(patience, runtime.activate(v("users@2.0.0")))
        .await
        .expect("it ends");
    let error = outcome.expect_err("nobody heard of it");
    println!("{engine:?}: a swallowed commit: {error}");
    assert!(link.met());
    runtime.shutdown().await;
    drop(link);
    let locks = match engine {
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
        }
        _ => {
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
             AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
        }
    };
    until("the server noticed", async || database.number(locks).await == 0).await;
    assert!(!database.has_table("users").await);
    let direct = at(&database.url, &folder).await.expect("the server is there");
    direct
        .activate(v("users@2.0.0"))
        .await
        .expect("nothing stands in the way");
    direct.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

/// A holder behind a partition learns in time that it lost, whether packets vanish or connections break.
async fn a_holder_cut_off_from_the_server_stops_before_its_lease_runs_out(engine: Engine) {
    for weather in [Weather::BlackHole, Weather::Cut] {
        steady(Duration::from_millis(100), async || cut_off(engine, weather).await).await;
    }
}

async fn cut_off(engine: Engine, weather: Weather) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let link = Link::clear(&database).await;
    let runtime = at(&link.url(&database), &folder).await.expect("the server is there");
    let ttl = stretched(Duration::from_millis(2400));
    let lease = runtime.lease_for(v("users@1.0.0"), ttl, false).await.expect("a lease");
    // Renewed at least once, and then cut off.
    renewed(&database, &lease, 1).await;
    assert!(lease.is_live());
    link.becomes(weather);
    let lost = tokio::time::timeout(Duration::from_secs(30), lease.lost()).await;
    let lost = lost.expect("it is told").to_string();
    // By the database's clock the lease still lives, or only just ended.
    let expires = database.number("SELECT max(expires_at) FROM lockstep_lease").await;
    let now = match engine {
        Engine::Mysql => "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(6))",
        _ => "SELECT (EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint",
    };
    let now = database.number(now).await;
    println!(
        "{engine:?}, {weather:?}: told {} ms before the lease ran out: {lost}",
        (expires - now) / 1000
    );
    assert!(now < expires + 500_000, "told {} ms too late", (now - expires) / 1000);
    assert!(!lease.is_live());
    link.becomes(Weather::Clear);
    // Back again, it works: the lease is another one.
    let again = until_it_works(&runtime, ttl).await;
    again.release().await.expect("given back");
    drop(lease);
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

async fn until_it_works(runtime: &Runtime, ttl: Duration) -> lockstep::Lease {
    for _ in 0..20 {
        match runtime.lease_for(v("users@1.0.0"), ttl, false).await {
            Ok(lease) => return lease,
            Err(error) => assert_eq!(error.kind(), ErrorKind::Retry, "{error}"),
        }
    }
    panic!("it never worked again");
}

/// What others do is followed again after the link comes back.
async fn the_view_catches_up_after_a_partition(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let link = Link::clear(&database).await;
    let watching = at(&link.url(&database), &folder).await.expect("the server is there");
    let direct = at(&database.url, &folder).await.expect("the server is there");
    direct.activate(v("users@1.0.0")).await.unwrap();
    until("it follows", async || watching.is_active("schema_v1")).await;
    link.becomes(Weather::Cut);
    direct.activate(v("users@2.0.0")).await.unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!watching.is_active("schema_v2"), "it cannot know");
    link.becomes(Weather::Clear);
    until("it follows again", async || watching.is_active("schema_v2")).await;
    watching.shutdown().await;
    direct.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}
