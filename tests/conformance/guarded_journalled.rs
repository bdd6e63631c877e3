//! Guarded transactions beside ways back that no transaction takes back as a whole.

use std::time::{Duration, Instant};

use sqlx::Connection;

use super::guarded::{count, deploy, hasty, indexed_notes, insert, notes};
use super::{end, start, start_with, taken_back, v};
use crate::support::{Actor, Database, Engine, Folder, steady};

/// A schema whose way back is journalled: on MySQL every one is.
pub fn journalled_notes(engine: Engine) -> Folder {
    match engine {
        Engine::Mysql => notes(),
        _ => indexed_notes(),
    }
}

pub async fn work_outside_a_transaction_waits_for_those_that_are_open(engine: Engine) {
    let folder = journalled_notes(engine);
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let other = hasty(&database, &folder).await;
    let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    let busy = other.deactivate(v("one@1.0.0")).await.expect_err("it is in use");
    assert!(busy.to_string().contains("guarded transactions"), "{busy:?}");
    assert_eq!(runtime.report().await.unwrap().leases.len(), 1, "nothing was begun");
    let journalled = "SELECT count(*) FROM lockstep_step WHERE direction = 'down'";
    assert_eq!(database.number(journalled).await, 0, "nothing was begun");
    if engine == Engine::Postgres {
        assert_eq!(database.indexes("notes_text").await, (1, 0), "nothing was begun");
    }
    insert(&mut guarded, "in time").await;
    guarded.commit().await.unwrap();
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    end(database, [runtime, other]).await;
}

/// A hold like that of a guarded transaction, on a connection of the test's own.
enum Hold {
    Postgres(sqlx::PgConnection),
    Mysql(sqlx::MySqlConnection),
}

impl Hold {
    /// The statement that takes it; asked while a guarded transaction is open.
    async fn statement(database: &Database) -> String {
        match database.engine {
            Engine::Postgres => {
                let key = "SELECT CAST((classid::bigint << 32) | objid::bigint AS TEXT) FROM pg_locks \
                           WHERE locktype = 'advisory' AND mode = 'ShareLock' \
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
                let key = database.rows(key).await.concat().concat();
                format!("BEGIN; SELECT pg_advisory_xact_lock_shared({key})")
            }
            _ => "BEGIN; SELECT * FROM lockstep_guard WHERE schema_version = 'schema_a' LOCK IN SHARE MODE".to_owned(),
        }
    }

    async fn take(database: &Database, statement: String) -> Self {
        let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(statement));
        if database.engine == Engine::Postgres {
            let mut open = sqlx::PgConnection::connect(&database.url).await.unwrap();
            sql.execute(&mut open).await.unwrap();
            return Self::Postgres(open);
        }
        let mut open = sqlx::MySqlConnection::connect(&database.url).await.unwrap();
        let held = sql.fetch_all(&mut open).await.unwrap();
        assert_eq!(held.len(), 1, "there is a row to hold");
        Self::Mysql(open)
    }

    async fn leave(self) {
        match self {
            Self::Postgres(open) => open.close().await.unwrap(),
            Self::Mysql(open) => crate::support::leave(open).await,
        }
    }
}

/// A process that crashed while its T1 was on the way lets go of the schema, so one may have begun before T1 counted.
pub async fn a_recovery_waits_for_those_that_are_open(engine: Engine) {
    let folder = journalled_notes(engine);
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    let statement = Hold::statement(&database).await;
    guarded.rollback().await;
    let crashed = Actor::new(&database, &folder, &["deactivate", "one@1.0.0", "deploy"])
        .dies_at("deactivation.begun")
        .run()
        .await;
    assert_eq!(crashed.code, None, "{crashed:?}");
    // In place of the one that began.
    let open = Hold::take(&database, statement).await;
    let other = hasty(&database, &folder).await;
    let busy = other.deactivate(v("one@1.0.0")).await.expect_err("one is open");
    assert!(busy.to_string().contains("guarded transactions"), "{busy:?}");
    assert!(database.has_table("notes").await);
    open.leave().await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert!(!database.has_table("notes").await, "{left:?}");
    end(database, [runtime, other]).await;
}

pub async fn one_that_is_left_idle_is_ended_by_the_server(engine: Engine) {
    steady(Duration::from_millis(100), async || {
        is_ended_by_the_server(engine).await
    })
    .await;
}

async fn is_ended_by_the_server(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start_with(engine, |b| {
        b.schemas_dir(folder.path())
            .settings(|x| x.guarded_timeout = Duration::from_secs(2))
    })
    .await;
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "never").await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    assert!(guarded.execute("SELECT 1").await.is_err());
    assert!(guarded.commit().await.is_err());
    // A statement that does not end is ended as well.
    let endless = match engine {
        // Nothing with SLEEP, which ends well on MySQL where the server's limit wakes it.
        Engine::Mysql => {
            "SELECT count(*) FROM information_schema.columns a, information_schema.columns b, information_schema.columns c"
        }
        _ => "SELECT pg_sleep(3600)",
    };
    let mut guarded = lease.begin().await.unwrap();
    let started = Instant::now();
    assert!(guarded.execute(endless).await.is_err());
    assert!(started.elapsed() < Duration::from_secs(60), "{:?}", started.elapsed());
    drop(guarded);
    assert_eq!(count(&database).await, 0);
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "next").await;
    guarded.commit().await.unwrap();
    lease.release().await.unwrap();
    end(database, [runtime]).await;
}
