//! Transactions that are over before one thinks: aborted, interrupted, rolled back by a trigger. Nothing that comes after runs
//! on its own, and nobody is told that it counts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep::{Binding, CodeStep, ErrorKind, Runtime, SchemaSpec, SchemaState, Step, StepConnection, StepError};

use super::all_is_well;
use crate::conformance::{failed, one, s, start, start_with, v};
use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres:
    an_interrupted_insert_takes_everything_back_and_nothing_after_it_runs
    code_that_goes_on_after_an_interrupt_leaves_nothing
    code_that_goes_on_after_ending_its_transaction_leaves_nothing
);
facts_on!(Postgres postgres_alone: a_commit_of_an_aborted_transaction_is_no_success);
facts_on!(Sqlite sqlite_alone: a_trigger_that_rolls_everything_back_fails_its_step);

/// Code that runs statements, deaf to their errors.
struct Deaf(Vec<&'static str>);

#[async_trait]
impl CodeStep for Deaf {
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        for sql in &self.0 {
            let _ = connection.execute(sql).await;
        }
        Ok(())
    }

    async fn down(&self, _: &mut StepConnection<'_>) -> Result<(), StepError> {
        Ok(())
    }
}

/// `one@1.0.0`: a table, then deaf code.
async fn deaf(engine: Engine, statements: &[&'static str], limit: Duration) -> (Database, Runtime) {
    let mut code = Step::code("002_deaf", "1");
    code.timeout = Some(limit);
    let table = Step::sql(
        "001_table",
        "CREATE TABLE a (n INTEGER UNIQUE); INSERT INTO a VALUES (1)",
        "DROP TABLE a",
    );
    let spec = SchemaSpec::new(s("schema_a"), vec![table, code]);
    start_with(engine, |b| {
        b.schema(spec)
            .binding(Binding::new(v("one@1.0.0"), s("schema_a")))
            .code_step(s("schema_a"), "002_deaf", Arc::new(Deaf(statements.to_vec())))
    })
    .await
}

/// Nothing of it is there, and it is known as failed.
async fn nothing_is_left(database: Database, runtime: Runtime) {
    for table in ["a", "stray", "later"] {
        assert!(!database.has_table(table).await, "{table} is there");
    }
    let status = runtime.report().await.unwrap();
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_a"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Failed);
    assert!(
        status.leases.is_empty() && status.operation.is_none(),
        "{:?}",
        status.operation
    );
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

async fn an_interrupted_insert_takes_everything_back_and_nothing_after_it_runs(engine: Engine) {
    let endless = match engine {
        Engine::Sqlite | Engine::Mysql => {
            "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        }
        Engine::Postgres => "INSERT INTO a SELECT i FROM generate_series(1, 1000000000) i, pg_sleep(0.01)",
    };
    let folder = one(&[
        ("001_table", "CREATE TABLE a (n INTEGER);", "DROP TABLE a;"),
        (
            "002_endless",
            &format!("-- lockstep: timeout=300ms\n{endless};\nCREATE TABLE stray (n INTEGER);"),
            "DROP TABLE stray;",
        ),
        ("003_later", "CREATE TABLE later (n INTEGER);", "DROP TABLE later;"),
    ]);
    let (database, runtime) = start(engine, &folder).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert!(failure.timed_out && failure.step == "002_endless", "{failure:?}");
    nothing_is_left(database, runtime).await;
}

async fn code_that_goes_on_after_an_interrupt_leaves_nothing(engine: Engine) {
    let endless = match engine {
        Engine::Sqlite | Engine::Mysql => {
            "INSERT INTO a WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n) SELECT i FROM n"
        }
        Engine::Postgres => "SELECT pg_sleep(3600)",
    };
    let statements = [endless, "CREATE TABLE stray (n INTEGER)"];
    let (database, runtime) = deaf(engine, &statements, Duration::from_millis(400)).await;
    let error = runtime
        .activate(v("one@1.0.0"))
        .await
        .expect_err("it did not do its work");
    assert_eq!(error.kind(), ErrorKind::StepFailed, "{error:?}");
    println!("{engine:?}: {error}");
    nothing_is_left(database, runtime).await;
}

async fn code_that_goes_on_after_ending_its_transaction_leaves_nothing(engine: Engine) {
    for end in ["COMMIT", "ROLLBACK"] {
        let (database, runtime) = deaf(
            engine,
            &[end, "CREATE TABLE stray (n INTEGER)"],
            Duration::from_secs(10),
        )
        .await;
        let failure = failed(runtime.activate(v("one@1.0.0")).await);
        println!("{engine:?}, {end}: {failure:?}");
        if engine == Engine::Postgres {
            // What a session commits by itself nobody can take back: it is named, and the schema is failed.
            assert!(failure.error.contains("ended the transaction"), "{failure:?}");
            runtime.shutdown().await;
            crate::deadlines::server_is_free(&database).await;
            database.drop().await;
        } else {
            nothing_is_left(database, runtime).await;
        }
    }
}

/// The server answers such a COMMIT with success, and takes everything back.
async fn a_commit_of_an_aborted_transaction_is_no_success(engine: Engine) {
    let statements = ["INSERT INTO a VALUES (1)", "CREATE TABLE stray (n INTEGER)"];
    let (database, runtime) = deaf(engine, &statements, Duration::from_secs(10)).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert!(failure.error.contains("went on after an error"), "{failure:?}");
    nothing_is_left(database, runtime).await;
}

async fn a_trigger_that_rolls_everything_back_fails_its_step(engine: Engine) {
    let folder = one(&[
        ("001_table", "CREATE TABLE a (n INTEGER);", "DROP TABLE a;"),
        (
            "002_trigger",
            "CREATE TRIGGER no BEFORE INSERT ON a BEGIN SELECT RAISE(ROLLBACK, 'not today'); END;\n\
             INSERT INTO a VALUES (1);\nCREATE TABLE stray (n INTEGER);",
            "DROP TRIGGER no;",
        ),
        ("003_later", "CREATE TABLE later (n INTEGER);", "DROP TABLE later;"),
    ]);
    let (database, runtime) = start(engine, &folder).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert!(failure.error.contains("not today"), "{failure:?}");
    nothing_is_left(database, runtime).await;
}
