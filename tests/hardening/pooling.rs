//! PgBouncer in transaction pooling: the next transaction of a client may run on another connection of the server, so that
//! whatever outlives a transaction leaks to others or is lost.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row};

use super::{at, whole_story};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, Pooler, renewed, steady, stretched, until};

/// What the URL must say before such a pooler.
const PARAMETERS: &str = "&statement-cache-capacity=0";

/// Asks one of the connections that the pooler keeps. The driver's own parameters would not let it in.
async fn ask(pooler: &Pooler, sql: &str) -> String {
    let options: PgConnectOptions = pooler.url("").parse().expect("a URL");
    let connected = sqlx::PgConnection::connect_with(&options.extra_float_digits(None)).await;
    let mut connection = connected.expect("the pooler is there");
    let row = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .fetch_one(&mut connection)
        .await
        .expect("an answer");
    connection.close().await.expect("closed");
    row.try_get(0).expect("text")
}

/// Nothing of ours is left at the connections that the pooler keeps: no lock, no transaction, no statement, no setting.
async fn nothing_leaked(database: &Database, pooler: &Pooler) {
    crate::deadlines::server_is_free(database).await;
    let locks = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    assert_eq!(database.number(locks).await, 0, "advisory locks");
    for name in [
        "lock_timeout",
        "statement_timeout",
        "idle_in_transaction_session_timeout",
        "search_path",
        "plan_cache_mode",
    ] {
        let here = database.rows(&format!("SELECT current_setting('{name}')")).await;
        // Several times: the pooler hands out whichever connection it likes.
        for _ in 0..4 {
            assert_eq!(
                ask(pooler, &format!("SELECT current_setting('{name}')")).await,
                here[0][0],
                "{name}"
            );
        }
    }
    for what in ["pg_prepared_statements", "pg_listening_channels()"] {
        for _ in 0..4 {
            assert_eq!(
                ask(pooler, &format!("SELECT count(*)::text FROM {what}")).await,
                "0",
                "{what}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_whole_story_runs_through_a_transaction_pooler() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let pooler = Pooler::new(&database, 4).await;
    let runtime = at(&pooler.url(PARAMETERS), &folder).await.expect("the pooler is there");
    whole_story(&runtime).await;
    // Again with rows in the way, and with a failure.
    runtime.activate(v("users@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO users (id, email) VALUES (1, 'a@b')")
        .await;
    let kept = runtime.deactivate(v("users@1.0.0")).await.unwrap();
    assert!(crate::conformance::taken_back(&kept).is_empty(), "{kept:?}");
    runtime.rollback(s("schema_v1"), true).await.unwrap();
    assert!(!database.has_table("users").await);
    runtime.shutdown().await;
    nothing_leaked(&database, &pooler).await;
    invariants::check(&database, true).await;
    drop(pooler);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_runtimes_with_leases_share_a_pooler_and_follow_each_other() {
    steady(Duration::from_millis(100), two_runtimes_with_leases).await;
}

async fn two_runtimes_with_leases() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let pooler = Pooler::new(&database, 4).await;
    let one = at(&pooler.url(PARAMETERS), &folder).await.expect("the pooler is there");
    let two = at(&pooler.url(PARAMETERS), &folder).await.expect("the pooler is there");
    let first = one
        .lease_for(v("users@1.0.0"), stretched(Duration::from_secs(3)), false)
        .await
        .unwrap();
    let second = two
        .lease_for(v("users@2.0.0"), stretched(Duration::from_secs(3)), false)
        .await
        .unwrap();
    // No notification gets through a pooler: the log is polled.
    until("the other is followed", async || one.is_active("schema_v2")).await;
    let storms = futures_util::future::join_all((0..6).map(|n| {
        let runtime = if n % 2 == 0 { &one } else { &two };
        async move {
            let name = format!("i{n}");
            for _ in 0..4 {
                let by = crate::conformance::by(&name);
                runtime.activate_with(v("users@1.1.0"), by).await.expect("a lease");
                let of = crate::conformance::of(&name);
                runtime.deactivate_with(v("users@1.1.0"), of).await.expect("given back");
            }
        }
    }));
    storms.await;
    for lease in [&first, &second] {
        renewed(&database, lease, 2).await;
    }
    assert!(first.is_live() && second.is_live(), "both were renewed");
    let refused = one.rollback(s("schema_v1"), true).await.expect_err("in use");
    assert_eq!(refused.kind(), lockstep::ErrorKind::Refused, "R1: {refused}");
    second.release().await.unwrap();
    first.release().await.unwrap();
    until("the view follows", async || {
        !one.is_active("schema_v1") && !two.is_active("schema_v1")
    })
    .await;
    assert!(!database.has_table("users").await);
    one.shutdown().await;
    two.shutdown().await;
    nothing_leaked(&database, &pooler).await;
    invariants::check(&database, true).await;
    drop(pooler);
    database.drop().await;
}

/// Structural work holds its lock through the pooler as without it, and an endless step is stopped.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_limits_and_the_structural_lock_hold_through_a_pooler() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_long.up.sql",
        "-- lockstep: timeout=500ms\nSELECT pg_sleep(3600);\n",
    );
    folder.write("schema_v2/002_long.down.sql", "SELECT 1;\n");
    let pooler = Pooler::new(&database, 4).await;
    let runtime = at(&pooler.url(PARAMETERS), &folder).await.expect("the pooler is there");
    let failure = crate::conformance::failed(runtime.activate(v("users@2.0.0")).await);
    assert!(failure.timed_out, "{failure:?}");
    runtime.shutdown().await;
    nothing_leaked(&database, &pooler).await;
    invariants::check(&database, true).await;
    let mended = Folder::users();
    let (one, two) = (
        at(&pooler.url(PARAMETERS), &mended).await.expect("the pooler is there"),
        at(&database.url, &mended).await.expect("the server is there"),
    );
    // One through it, one beside it: the lock is the server's.
    let (a, b) = tokio::join!(
        one.activate_with(v("users@2.0.0"), crate::conformance::by("a")),
        two.activate_with(v("users@2.0.0"), crate::conformance::by("b"))
    );
    a.expect("active");
    b.expect("active");
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    one.shutdown().await;
    two.shutdown().await;
    nothing_leaked(&database, &pooler).await;
    invariants::check(&database, true).await;
    drop(pooler);
    database.drop().await;
}

/// What needs a session of its own is refused before anything happens, and what to do is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_outside_a_transaction_is_refused_behind_a_pooler() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let alone = |sql: &str| format!("-- lockstep: no-transaction\n{sql};\n");
    folder.write(
        "schema_v2/002_index.up.sql",
        &alone("CREATE INDEX CONCURRENTLY users_name ON users (display_name)"),
    );
    folder.write(
        "schema_v2/002_index.down.sql",
        &alone("DROP INDEX CONCURRENTLY users_name"),
    );
    let pooler = Pooler::new(&database, 4).await;
    let runtime = at(&pooler.url(PARAMETERS), &folder).await.expect("the pooler is there");
    runtime
        .activate(v("users@1.0.0"))
        .await
        .expect("transactions are no trouble");
    let before = crate::conformance::seq(&runtime).await;
    let error = runtime.activate(v("users@2.0.0")).await.expect_err("refused");
    assert!(error.to_string().contains("leads to the server itself"), "{error}");
    assert_eq!(error.kind(), lockstep::ErrorKind::FixInput);
    assert_eq!(crate::conformance::seq(&runtime).await, before, "nothing was changed");
    runtime.shutdown().await;
    nothing_leaked(&database, &pooler).await;
    invariants::check(&database, true).await;
    let direct = at(&database.url, &folder).await.expect("the server is there");
    direct.activate(v("users@2.0.0")).await.expect("without the pooler");
    direct.shutdown().await;
    drop(pooler);
    database.drop().await;
}

/// Without the parameter statements of others are met; the error names the parameter.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pooler_that_nobody_told_us_of_is_named_in_the_error() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let pooler = Pooler::new(&database, 3).await;
    let mut met = None;
    for _ in 0..6 {
        // Opening may be told already what the round before it asked to hear.
        let runtime = match at(&pooler.url(""), &folder).await {
            Ok(runtime) => runtime,
            Err(error) => {
                met = Some(error);
                break;
            }
        };
        // What a way back would lose is held still by a statement that the driver prepares under a number.
        let done = async {
            runtime.activate(v("users@1.0.0")).await?;
            database
                .execute("INSERT INTO users (id, email) VALUES (1, 'a@b.c') ON CONFLICT DO NOTHING")
                .await;
            runtime.deactivate(v("users@1.0.0")).await
        };
        let done = done.await;
        runtime.shutdown().await;
        if let Err(error) = done {
            met = Some(error);
            break;
        }
    }
    let error = met
        .expect("the second connection meets the statements of the first")
        .to_string();
    assert!(error.contains("statement-cache-capacity=0"), "{error}");
    invariants::check(&database, true).await;
    drop(pooler);
    database.drop().await;
}
