//! Steps written in Rust: they count exactly if their transaction counts.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep::{Binding, Builder, CodeStep, Error, SchemaSpec, SchemaState, Step, StepConnection, StepError};

use super::{end, failed, s, start_with, taken_back, v};
use crate::support::{Database, Engine};

/// What the code does on its way up.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Way {
    Works,
    Fails,
    Panics,
    Commits,
    RollsBack,
    Hangs,
}

struct Doubles(Way);

#[async_trait]
impl CodeStep for Doubles {
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        connection.execute("UPDATE a SET n = n * 2").await?;
        match self.0 {
            Way::Works => {}
            Way::Fails => return Err("the abacus is broken".into()),
            Way::Panics => panic!("the abacus exploded"),
            Way::Commits => drop(connection.execute("COMMIT").await?),
            Way::RollsBack => drop(connection.execute("ROLLBACK").await?),
            Way::Hangs => tokio::time::sleep(Duration::from_secs(3600)).await,
        }
        Ok(())
    }

    async fn down(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        connection.execute("UPDATE a SET n = n / 2").await?;
        Ok(())
    }
}

/// `one@1.0.0` on a table with rows made beforehand, doubled by code, marked by SQL.
fn doubling(way: Option<Way>) -> impl FnOnce(Builder) -> Builder {
    move |builder| {
        let mut code = Step::code("002_double", "1");
        code.timeout = Some(Duration::from_secs(if way == Some(Way::Hangs) { 1 } else { 30 }));
        let mut table = Step::sql("000_table", "CREATE TABLE a (n INTEGER);", "DROP TABLE a;");
        table.carries = vec!["a".to_owned()];
        let fill = Step::sql("001_fill", "INSERT INTO a VALUES (1), (2);", "DELETE FROM a;");
        let mark = Step::sql("003_mark", "CREATE TABLE mark (id INTEGER)", "DROP TABLE mark");
        let spec = SchemaSpec::new(s("schema_a"), vec![table, fill, code, mark]);
        let builder = builder
            .schema(spec)
            .binding(Binding::new(v("one@1.0.0"), s("schema_a")));
        match way {
            Some(way) => builder.code_step(s("schema_a"), "002_double", Arc::new(Doubles(way))),
            None => builder,
        }
    }
}

/// Where the schema is no part of a transaction, the steps before the code stay, and the code's own work does not.
async fn taken_back_or_as_before(database: &Database) {
    if database.engine == Engine::Mysql {
        assert_eq!(database.number("SELECT sum(n) FROM a").await, 3);
    } else {
        assert!(!database.has_table("a").await);
    }
}

pub async fn code_runs_between_statements_and_back(engine: Engine) {
    let (database, runtime) = start_with(engine, doubling(Some(Way::Works))).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(database.number("SELECT sum(n) FROM a").await, 6);
    let history = runtime.history(Some(&s("schema_a")), 10).await.unwrap();
    let rows: Vec<_> = history.iter().map(|e| (e.step.as_str(), e.rows)).collect();
    assert_eq!(
        (rows[1], rows[3]),
        (("001_fill", 2), ("003_mark", 0)),
        "each step has its own"
    );
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"], "{left:?}");
    assert!(!database.has_table("a").await);
    end(database, [runtime]).await;
}

pub async fn failing_code_takes_everything_back(engine: Engine) {
    let (database, runtime) = start_with(engine, doubling(Some(Way::Fails))).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert_eq!((failure.step.as_str(), failure.position), ("002_double", 2));
    assert!(failure.error.contains("the abacus is broken"), "{failure:?}");
    taken_back_or_as_before(&database).await;
    let mended = database.runtime(doubling(Some(Way::Works))).await;
    mended.activate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime, mended]).await;
}

pub async fn code_that_panics_takes_only_itself_down(engine: Engine) {
    let (database, runtime) = start_with(engine, doubling(Some(Way::Panics))).await;
    let error = runtime.activate(v("one@1.0.0")).await.unwrap_err();
    assert!(!error.to_string().is_empty());
    taken_back_or_as_before(&database).await;
    // The runtime works on, and so do others.
    runtime.deactivate(v("one@1.0.0")).await.ok();
    let mended = database.runtime(doubling(Some(Way::Works))).await;
    mended.activate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime, mended]).await;
}

pub async fn code_that_ends_the_transaction_is_caught(engine: Engine) {
    for way in [Way::Commits, Way::RollsBack] {
        let (database, runtime) = start_with(engine, doubling(Some(way))).await;
        let error = runtime.activate(v("one@1.0.0")).await.unwrap_err();
        assert!(error.to_string().contains("002_double"), "{way:?}: {error}");
        assert!(!runtime.is_active(s("schema_a")), "{way:?}");
        assert!(
            !database.has_table("mark").await,
            "{way:?}: what comes after it does not run outside the bookkeeping"
        );
        end(database, [runtime]).await;
    }
}

pub async fn code_that_hangs_is_stopped_at_its_time_limit(engine: Engine) {
    let (database, runtime) = start_with(engine, doubling(Some(Way::Hangs))).await;
    let failure = failed(runtime.activate(v("one@1.0.0")).await);
    assert!(failure.timed_out && failure.step == "002_double", "{failure:?}");
    taken_back_or_as_before(&database).await;
    end(database, [runtime]).await;
}

pub async fn missing_code_is_named_and_changes_nothing(engine: Engine) {
    let (database, runtime) = start_with(engine, doubling(Some(Way::Works))).await;
    let bare = database.runtime(doubling(None)).await;
    let error = bare.activate(v("one@1.0.0")).await.unwrap_err();
    assert!(
        matches!(&error, Error::MissingCode { step, .. } if step == "002_double"),
        "{error}"
    );
    assert!(!database.has_table("a").await);
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let error = bare.deactivate(v("one@1.0.0")).await.unwrap_err();
    assert!(matches!(&error, Error::MissingCode { .. }), "{error}");
    assert_eq!(runtime.status(s("schema_a")), Some(SchemaState::Applied));
    assert_eq!(database.number("SELECT sum(n) FROM a").await, 6);
    // Registered later, it works.
    bare.add_code_step(s("schema_a"), "002_double", Arc::new(Doubles(Way::Works)));
    bare.deactivate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime, bare]).await;
}
