//! Locks that others hold: waiting for them ends, and the error names who holds them.

use std::time::Duration;

use lockstep::{Error, ErrorKind, SchemaState};

use super::{ends, server_is_free};
use crate::conformance::v;
use crate::invariants;
use crate::support::{Actor, Database, Engine, Folder, facts_on, steady, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    waiting_for_the_structural_lock_ends_and_names_its_holder
    a_table_that_somebody_locked_is_waited_for_no_longer_than_allowed
);

async fn waiting_for_the_structural_lock_ends_and_names_its_holder(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    // Asleep inside its transaction, or with the lock in its hand, until it is killed.
    let asleep = match engine {
        Engine::Mysql => "activation.journal.started=sleep",
        _ => "activation.after_step=sleep",
    };
    let mut holder = Actor::new(&database, &folder, &["activate", "users@1.0.0", "deploy"])
        .dies_at(asleep)
        .start();
    until("the work is announced", async || {
        database.status().await.operation.is_some()
    })
    .await;
    until("the lock is held", async || match engine {
        Engine::Postgres => {
            database
                .number(
                    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' \
                     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
                )
                .await
                > 0
        }
        Engine::Mysql => {
            let status = database.status().await;
            status.schemas.iter().any(|x| x.state == SchemaState::Applying)
        }
        Engine::Sqlite => database
            .try_execute("PRAGMA busy_timeout = 200; BEGIN IMMEDIATE; ROLLBACK")
            .await
            .is_err(),
    })
    .await;
    let announced = database.status().await.operation.expect("announced");
    let runtime = database
        .runtime(|b| {
            b.schemas_dir(folder.path())
                .settings(|s| s.operation_timeout = Duration::from_secs(4))
        })
        .await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("{engine:?}: gave up waiting after {} ms of 4000", took.as_millis());
    let error = outcome.expect_err("the lock is held");
    let Error::Busy { holder: named, .. } = &error else {
        panic!("{error:?}");
    };
    assert_eq!(named.as_deref(), Some(&announced), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Retry);
    let instance = announced.holder.instance.to_string();
    assert!(
        error.to_string().contains(&instance) && error.to_string().contains("users@1.0.0"),
        "{error}"
    );
    assert!(error.next_step().expect("advice").contains(&instance));
    assert_eq!(error.state(), "nothing was changed");

    holder.start_kill().expect("killed");
    holder.wait().await.expect("ended");
    let unhurried = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let (outcome, took) = ends(unhurried.activate(v("users@2.0.0"))).await;
    println!(
        "{engine:?}: the lock was free {} ms after its holder was killed",
        took.as_millis()
    );
    outcome.expect("the lock is free");
    unhurried.shutdown().await;
    runtime.shutdown().await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Somebody who is no Lockstep holds a table that a step needs.
async fn a_table_that_somebody_locked_is_waited_for_no_longer_than_allowed(engine: Engine) {
    steady(Duration::from_millis(100), async || {
        waits_for_a_locked_table(engine).await
    })
    .await;
}

async fn waits_for_a_locked_table(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    runtime.shutdown().await;

    let lock = match engine {
        Engine::Sqlite => "BEGIN IMMEDIATE; INSERT INTO users (id, email) VALUES (7, 'x')",
        Engine::Postgres | Engine::Mysql => "BEGIN; SELECT count(*) FROM users",
    };
    let mut someone = Someone::connect(&database).await;
    someone.execute(lock).await;
    let short = database
        .runtime(|b| {
            b.schemas_dir(folder.path()).settings(|s| {
                s.operation_timeout = Duration::from_secs(4);
                s.lock_timeout = Duration::from_millis(200);
            })
        })
        .await;
    let (outcome, took) = ends(short.activate(v("users@2.0.0"))).await;
    println!(
        "{engine:?}: gave a locked table up after {} ms of 4000",
        took.as_millis()
    );
    let error = outcome.expect_err("the table is locked");
    if engine == Engine::Mysql {
        // There a statement waits again and again, until its step runs out of time.
        assert!(
            matches!(&error, Error::Step { failure } if failure.timed_out && !failure.leaves_traces),
            "{error:?}"
        );
    } else {
        assert_eq!(error.kind(), ErrorKind::Retry, "{error:?}");
        assert_eq!(error.state(), "nothing was changed");
    }
    invariants::check(&database, true).await;
    assert!(!database.has_column("users", "display_name").await);

    // Let go in time, the same waiting succeeds.
    let waiting = |b: lockstep::Builder| {
        b.schemas_dir(folder.path())
            .settings(|s| s.lock_timeout = Duration::from_millis(200))
    };
    let long = database.runtime(waiting).await;
    let again = tokio::spawn({
        let long = long.clone();
        async move { long.activate(v("users@2.0.0")).await }
    });
    tokio::time::sleep(Duration::from_millis(400)).await;
    someone.execute("ROLLBACK").await;
    someone.leave().await;
    again.await.expect("no panic").expect("the table is free");
    assert!(database.has_column("users", "display_name").await);
    short.shutdown().await;
    long.shutdown().await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// A connection beside Lockstep that stays open.
pub(super) enum Someone {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
    Mysql(sqlx::MySqlConnection),
}

impl Someone {
    pub(super) async fn connect(database: &Database) -> Self {
        use sqlx::Connection;
        match database.engine {
            Engine::Sqlite => Self::Sqlite(
                sqlx::SqliteConnection::connect(&database.url)
                    .await
                    .expect("a connection"),
            ),
            Engine::Mysql => Self::Mysql(
                sqlx::MySqlConnection::connect(&database.url)
                    .await
                    .expect("a connection"),
            ),
            Engine::Postgres => Self::Postgres(sqlx::PgConnection::connect(&database.url).await.expect("a connection")),
        }
    }

    pub(super) async fn execute(&mut self, sql: &'static str) {
        let sql = sqlx::raw_sql(sql);
        match self {
            Self::Sqlite(connection) => drop(sql.execute(connection).await.expect("done")),
            Self::Postgres(connection) => drop(sql.execute(connection).await.expect("done")),
            Self::Mysql(connection) => drop(sql.execute(connection).await.expect("done")),
        }
    }

    pub(super) async fn leave(self) {
        use sqlx::Connection;
        match self {
            Self::Sqlite(connection) => connection.close().await.expect("closed"),
            Self::Postgres(connection) => connection.close().await.expect("closed"),
            Self::Mysql(connection) => crate::support::leave(connection).await,
        }
    }
}
