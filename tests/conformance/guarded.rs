//! Guarded transactions: while one is open its schema stays, and none begins under a lease that is over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lockstep::{ActivateOptions, Error, ErrorKind, Guarded, InstanceId, Runtime, Settings};
use sqlx::Connection;

use super::{by, end, of, one, s, soon, start, start_with, taken_back, v};
use crate::support::{Database, Engine, Folder, renewed, steady, stretched};

/// `one@1.0.0` on a table of notes; the way back keeps what was written.
pub fn notes() -> Folder {
    one(&[
        (
            "001_notes",
            "CREATE TABLE notes (text TEXT NOT NULL);",
            "-- lockstep: carries=notes\nDROP TABLE notes;",
        ),
        (
            "002_move",
            "SELECT 1;",
            "INSERT INTO notes_kept SELECT text FROM notes;",
        ),
        (
            "003_kept",
            "CREATE TABLE IF NOT EXISTS notes_kept (text TEXT NOT NULL);",
            "SELECT 1;",
        ),
    ])
}

/// The same with a step that cannot be taken back in a transaction.
pub fn indexed_notes() -> Folder {
    let folder = notes();
    folder.write(
        "schema_a/004_index.up.sql",
        "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY notes_text ON notes (text);\n",
    );
    folder.write(
        "schema_a/004_index.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY notes_text;\n",
    );
    folder
}

pub fn deploy() -> InstanceId {
    InstanceId::deploy()
}

pub const LONG: Duration = Duration::from_secs(60);

/// A second runtime that gives up soon.
pub async fn hasty(database: &Database, folder: &Folder) -> Runtime {
    hasty_for(database, folder, Duration::from_secs(4)).await
}

pub async fn hasty_for(database: &Database, folder: &Folder, patience: Duration) -> Runtime {
    database
        .runtime(|b| {
            b.schemas_dir(folder.path())
                .settings(|x| x.operation_timeout = patience)
        })
        .await
}

fn lost<T: std::fmt::Debug>(result: lockstep::Result<T>) -> String {
    match result {
        Err(error @ Error::LeaseLost { .. }) => {
            assert_eq!(error.kind(), ErrorKind::LeaseLost);
            error.to_string()
        }
        other => panic!("the lease was to be lost: {other:?}"),
    }
}

pub async fn insert(guarded: &mut Guarded<'_>, text: &str) {
    let sql = format!("INSERT INTO notes VALUES ('{text}')");
    assert_eq!(guarded.execute(&sql).await.expect("an insert"), 1);
}

pub async fn count(database: &Database) -> i64 {
    database.number("SELECT count(*) FROM notes").await
}

pub async fn what_is_committed_counts_and_nothing_else(engine: Engine) {
    let (database, runtime) = start(engine, &notes()).await;
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "kept").await;
    guarded.commit().await.unwrap();
    assert_eq!(count(&database).await, 1);

    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "rolled back").await;
    guarded.rollback().await;
    assert_eq!(count(&database).await, 1);

    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "dropped").await;
    drop(guarded);
    assert_eq!(count(&database).await, 1);

    // The driver's own connection, and a savepoint in it.
    let mut guarded = lease.begin().await.unwrap();
    match engine {
        Engine::Sqlite => {
            let connection = guarded.as_sqlite().expect("SQLite");
            let mut inner = connection.begin().await.unwrap();
            let sql = sqlx::query("INSERT INTO notes VALUES ($1)").bind("inner");
            sql.execute(&mut *inner).await.unwrap();
            inner.rollback().await.unwrap();
        }
        Engine::Postgres => {
            let connection = guarded.as_postgres().expect("PostgreSQL");
            let mut inner = connection.begin().await.unwrap();
            let sql = sqlx::query("INSERT INTO notes VALUES ($1)").bind("inner");
            sql.execute(&mut *inner).await.unwrap();
            inner.rollback().await.unwrap();
        }
        Engine::Mysql => {
            let connection = guarded.as_mysql().expect("MySQL");
            let mut inner = connection.begin().await.unwrap();
            let sql = sqlx::query("INSERT INTO notes VALUES (?)").bind("inner");
            sql.execute(&mut *inner).await.unwrap();
            inner.rollback().await.unwrap();
        }
    }
    insert(&mut guarded, "outer").await;
    guarded.commit().await.unwrap();
    let rows = database.rows("SELECT text FROM notes ORDER BY text").await.concat();
    assert_eq!(rows, ["kept", "outer"]);
    assert_eq!(taken_back(&lease.release().await.unwrap()), ["schema_a"]);
    assert_eq!(database.number("SELECT count(*) FROM notes_kept").await, 2);
    end(database, [runtime]).await;
}

pub async fn a_schema_is_not_taken_back_while_one_is_open(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let other = hasty(&database, &folder).await;
    let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    insert(&mut guarded, "before").await;
    let started = Instant::now();
    let busy = other.deactivate(v("one@1.0.0")).await.expect_err("it is in use");
    assert!(started.elapsed() < LONG, "bounded by its deadline");
    assert!(matches!(busy, Error::Busy { .. }), "{busy:?}");
    assert_eq!(busy.kind(), ErrorKind::Retry);
    if engine == Engine::Postgres {
        assert!(busy.to_string().contains("guarded transactions"), "{busy}");
        assert!(busy.next_step().expect("advice").contains("try again"), "{busy}");
    }
    insert(&mut guarded, "after").await;
    guarded.commit().await.unwrap();
    assert_eq!(count(&database).await, 2);
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    assert!(!database.has_table("notes").await);
    let told = lost(runtime.begin(&v("one@1.0.0"), &deploy()).await);
    assert!(told.contains("one@1.0.0") && told.contains("deploy"), "{told}");
    end(database, [runtime, other]).await;
}

pub async fn a_rollback_waits_for_those_that_are_open(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let other = hasty_for(&database, &folder, LONG).await;
    let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
    let leaving = tokio::spawn({
        let other = other.clone();
        async move { other.deactivate(v("one@1.0.0")).await }
    });
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert!(!leaving.is_finished(), "it waits");
    insert(&mut guarded, "in time").await;
    if engine == Engine::Postgres {
        // It does not queue ahead of those who come meanwhile: whatever else is slow, none of them waits for it.
        let mut fastest = LONG;
        for _ in 0..5 {
            let started = Instant::now();
            let another = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
            another.commit().await.unwrap();
            fastest = fastest.min(started.elapsed());
        }
        assert!(fastest < Duration::from_millis(1400), "{fastest:?}");
    }
    guarded.commit().await.unwrap();
    let left = leaving.await.unwrap().unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    assert_eq!(database.number("SELECT count(*) FROM notes_kept").await, 1);
    end(database, [runtime, other]).await;
}

/// A lease that is taken over while a transaction of it is open.
pub async fn one_that_is_open_when_its_lease_is_lost_may_commit_and_no_other_begins(engine: Engine) {
    let folder = notes();
    let (database, holder) = start(engine, &folder).await;
    let lease = holder.lease_for(v("one@1.0.0"), LONG, false).await.unwrap();
    let name = holder.instance().clone();
    let successor = database
        .runtime(|b| {
            b.schemas_dir(folder.path())
                .instance(name)
                .settings(|x| x.operation_timeout = LONG)
        })
        .await;
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "meant for it").await;
    if engine == Engine::Sqlite {
        // Nobody writes beside it, so nobody fences: it ends first.
        guarded.commit().await.unwrap();
        let next = successor.lease_for(v("one@1.0.0"), LONG, false).await.unwrap();
        learns(&lease).await;
        assert_eq!(taken_back(&next.release().await.unwrap()), ["schema_a"]);
    } else {
        let next = successor.lease_for(v("one@1.0.0"), LONG, false).await.unwrap();
        let leaving = tokio::spawn(next.release());
        tokio::time::sleep(Duration::from_millis(700)).await;
        assert!(
            !leaving.is_finished() && database.has_table("notes").await,
            "R1 at the edge"
        );
        learns(&lease).await;
        insert(&mut guarded, "still there").await;
        guarded.commit().await.unwrap();
        assert_eq!(taken_back(&leaving.await.unwrap().unwrap()), ["schema_a"]);
    }
    assert!(database.number("SELECT count(*) FROM notes_kept").await >= 1);
    learns(&lease).await;
    drop(lease);
    end(database, [holder, successor]).await;
}

/// At once, not at the next renewal, which is twice as far.
async fn learns(lease: &lockstep::Lease) {
    lost(lease.begin().await);
    assert!(!lease.is_live());
    let told = tokio::time::timeout(Duration::from_secs(10), lease.lost()).await;
    assert!(matches!(told, Ok(Error::LeaseLost { .. })), "{told:?}");
}

pub async fn none_begins_under_a_lease_that_is_over(engine: Engine) {
    let (database, runtime) = start(engine, &notes()).await;
    let version = v("one@1.0.0");
    assert!(lost(runtime.begin(&version, &deploy()).await).contains("no such"));
    // Somebody else's keeps the schema there all the while.
    runtime.activate(version.clone()).await.unwrap();
    let name: InstanceId = "host-a".parse().unwrap();
    let timed = |ttl| ActivateOptions {
        ttl: Some(ttl),
        ..by("host-a")
    };
    runtime.activate_with(version.clone(), timed(LONG)).await.unwrap();
    runtime.begin(&version, &name).await.unwrap().commit().await.unwrap();
    runtime.deactivate_with(version.clone(), of("host-a")).await.unwrap();
    lost(runtime.begin(&version, &name).await);
    // One that ran out does not, whether it was fenced or not.
    let short = timed(Duration::from_millis(400));
    runtime.activate_with(version.clone(), short).await.unwrap();
    soon("the lease runs out", async || {
        database.status().await.leases.iter().any(|l| l.due).then_some(())
    })
    .await;
    assert!(lost(runtime.begin(&version, &name).await).contains("ran out"));
    runtime.reap().await.unwrap();
    lost(runtime.begin(&version, &name).await);
    runtime
        .begin(&version, &deploy())
        .await
        .expect("the deploy's lease is live")
        .rollback()
        .await;
    end(database, [runtime]).await;
}

/// With a single connection of each kind, so that a dirty one would be the next one's.
pub async fn one_that_is_dropped_leaves_nothing_for_the_next(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start_with(engine, |b| b.schemas_dir(folder.path()).settings(narrow)).await;
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    // Beginnings dropped half-way, at ever another moment.
    for at in 0..40_u64 {
        let begun = tokio::time::timeout(Duration::from_micros(at * 60), lease.begin()).await;
        if let Ok(begun) = begun {
            insert(&mut begun.unwrap(), "dropped").await;
        }
    }
    // And statements.
    for at in 0..10_u64 {
        let mut guarded = lease.begin().await.unwrap();
        let work = guarded.execute("INSERT INTO notes VALUES ('half-way')");
        let _ = tokio::time::timeout(Duration::from_micros(at * 40), work).await;
    }
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "the only one").await;
    guarded.commit().await.unwrap();
    assert_eq!(count(&database).await, 1);
    if engine == Engine::Postgres {
        let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'";
        soon("no session is left inside a transaction", async || {
            (database.number(idle).await == 0).then_some(())
        })
        .await;
    }
    assert_eq!(taken_back(&lease.release().await.unwrap()), ["schema_a"]);
    end(database, [runtime]).await;
}

fn narrow(settings: &mut Settings) {
    settings.max_connections = 1;
    settings.max_guarded = 1;
}

pub async fn renewals_go_on_while_one_is_open(engine: Engine) {
    for ends in ["commit", "rollback"] {
        steady(STILL, async || renewals_go_on(engine, ends).await).await;
    }
}

/// For how long the machine may stand still.
const STILL: Duration = Duration::from_millis(100);

async fn renewals_go_on(engine: Engine, ends: &str) {
    let ttl = stretched(Duration::from_secs(2));
    let folder = notes();
    let (database, runtime) = start_with(engine, |b| b.schemas_dir(folder.path()).settings(narrow)).await;
    let other = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let lease = runtime.lease_for(v("one@1.0.0"), ttl, false).await.unwrap();
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, ends).await;
    for _ in 0..5 {
        tokio::time::sleep(ttl / 4).await;
        assert!(lease.is_live());
        if engine == Engine::Postgres {
            let due: Vec<_> = database.status().await.leases.into_iter().filter(|l| l.due).collect();
            assert!(due.is_empty(), "{due:?}");
        }
    }
    match ends {
        "commit" => guarded.commit().await.unwrap(),
        _ => guarded.rollback().await,
    }
    let reaped = other.reap().await.unwrap();
    assert!(reaped.fenced.is_empty() && lease.is_live(), "{ends}: {reaped:?}");
    renewed(&database, &lease, 2).await;
    assert!(lease.is_live(), "and after it");
    assert_eq!(count(&database).await, i64::from(ends == "commit"));
    lease.release().await.unwrap();
    end(database, [runtime, other]).await;
}

pub async fn one_that_was_ended_by_a_statement_does_not_commit(engine: Engine) {
    let (database, runtime) = start(engine, &notes()).await;
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    for ending in ["ROLLBACK", "COMMIT", "ROLLBACK; BEGIN"] {
        let mut guarded = lease.begin().await.unwrap();
        guarded.execute(ending).await.unwrap();
        let error = guarded.commit().await.expect_err("there is nothing to commit");
        assert!(matches!(error, Error::Database { .. }), "{ending}: {error:?}");
        assert!(error.to_string().contains("ended it"), "{ending}: {error}");
    }
    // A value that breaks a rule of the table: PostgreSQL gives the transaction up, the others the statement.
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "before").await;
    let broken = guarded.execute("INSERT INTO notes VALUES (NULL)").await;
    assert!(broken.is_err(), "{broken:?}");
    let committed = guarded.commit().await;
    match engine {
        Engine::Sqlite | Engine::Mysql => committed.unwrap(),
        Engine::Postgres => {
            let error = committed.expect_err("nothing of it counts");
            assert!(error.to_string().contains("nothing of it counts"), "{error}");
        }
    }
    assert_eq!(count(&database).await, i64::from(engine != Engine::Postgres));
    // What follows is not disturbed.
    let mut guarded = lease.begin().await.unwrap();
    insert(&mut guarded, "next").await;
    guarded.commit().await.unwrap();
    lease.release().await.unwrap();
    end(database, [runtime]).await;
}

pub async fn more_than_there_are_connections_wait_their_turn(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start_with(engine, |b| {
        b.schemas_dir(folder.path()).settings(|x| {
            narrow(x);
            x.max_guarded = 2;
        })
    })
    .await;
    let lease = Arc::new(runtime.lease(v("one@1.0.0")).await.unwrap());
    let tasks: Vec<_> = (0..12)
        .map(|i| {
            let lease = Arc::clone(&lease);
            tokio::spawn(async move {
                let mut guarded = lease.begin().await.unwrap();
                insert(&mut guarded, &i.to_string()).await;
                guarded.commit().await.unwrap();
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(count(&database).await, 12);
    Arc::into_inner(lease).expect("the last").release().await.unwrap();
    end(database, [runtime]).await;
}

pub async fn waiting_for_a_turn_ends(engine: Engine) {
    steady(STILL, async || a_turn_ends(engine).await).await;
}

async fn a_turn_ends(engine: Engine) {
    let folder = notes();
    let (database, runtime) = start_with(engine, |b| {
        b.schemas_dir(folder.path()).settings(|x| {
            narrow(x);
            x.guarded_timeout = stretched(Duration::from_secs(2));
        })
    })
    .await;
    let lease = runtime.lease(v("one@1.0.0")).await.unwrap();
    let first = lease.begin().await.unwrap();
    let started = Instant::now();
    let busy = lease.begin().await.expect_err("there is one connection");
    assert!(started.elapsed() < LONG, "{:?}", started.elapsed());
    assert!(matches!(busy, Error::Busy { .. }), "{busy:?}");
    assert!(lease.is_live(), "that is no loss");
    first.rollback().await;
    lease.begin().await.unwrap().commit().await.unwrap();
    lease.release().await.unwrap();
    end(database, [runtime]).await;
}

/// A plan prepared before a change of the schema would fail for as long as its connection lives.
pub async fn a_schema_that_changes_meanwhile_leaves_no_stale_plans(engine: Engine) {
    let folder = notes();
    folder.write(
        "handlers.toml",
        "[handlers.one]\n\"1.0.0\" = \"schema_a\"\n\"2.0.0\" = \"schema_b\"\n",
    );
    folder.write(
        "schema_b/schema.toml",
        "requires = [\"schema_a\"]\ncompatible_with = [\"schema_a\"]\n",
    );
    folder.write("schema_b/001_more.up.sql", "ALTER TABLE notes ADD COLUMN more TEXT;\n");
    folder.write("schema_b/001_more.down.sql", "ALTER TABLE notes DROP COLUMN more;\n");
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database.execute("INSERT INTO notes VALUES ('a')").await;
    for columns in [1, 2, 1] {
        if columns == 2 {
            runtime.activate(v("one@2.0.0")).await.unwrap();
        } else if runtime.is_active(s("schema_b")) {
            runtime.deactivate(v("one@2.0.0")).await.unwrap();
        }
        for _ in 0..3 {
            // On SQLite one at a time.
            let many = if engine == Engine::Sqlite { 1 } else { 3 };
            let mut open = Vec::new();
            for _ in 0..many {
                let mut guarded = runtime.begin(&v("one@1.0.0"), &deploy()).await.unwrap();
                assert_eq!(width(&mut guarded).await, columns);
                open.push(guarded);
            }
            for guarded in open {
                guarded.commit().await.unwrap();
            }
        }
    }
    end(database, [runtime]).await;
}

async fn width(guarded: &mut Guarded<'_>) -> usize {
    use sqlx::Row;
    const SQL: &str = "SELECT * FROM notes";
    if let Some(connection) = guarded.as_sqlite() {
        return sqlx::query(SQL).fetch_one(connection).await.unwrap().len();
    }
    if let Some(connection) = guarded.as_mysql() {
        return sqlx::query(SQL).fetch_one(connection).await.unwrap().len();
    }
    let connection = guarded.as_postgres().expect("PostgreSQL");
    sqlx::query(SQL).fetch_one(connection).await.unwrap().len()
}
