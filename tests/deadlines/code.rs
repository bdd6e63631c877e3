//! Steps in Rust that never end: asleep, deaf to errors, or waiting for the database.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep::{Binding, CodeStep, SchemaSpec, Step, StepConnection, StepError};

use super::{ENDLESS_SQLITE, ends, failed_on_its_way_up, server_is_free, works_once_mended};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    code_that_sleeps_for_ever_is_stopped_at_its_timeout
    code_that_waits_for_the_database_is_stopped_at_its_timeout
    code_that_will_not_hear_of_errors_is_stopped_at_its_timeout
    a_shutdown_stops_code_that_sleeps_for_ever
);

#[derive(Debug, Clone, Copy)]
enum Endless {
    Asleep,
    InTheDatabase,
    Deaf,
    Mended,
}

fn never_ends(connection: &StepConnection<'_>) -> &'static str {
    match connection {
        StepConnection::Sqlite(_) => ENDLESS_SQLITE,
        StepConnection::Mysql(_) => "SELECT SLEEP(3600)",
        _ => "SELECT pg_sleep(3600)",
    }
}

#[async_trait]
impl CodeStep for Endless {
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        connection
            .execute("INSERT INTO users (id, email) VALUES (1, 'a@b')")
            .await?;
        let sql = never_ends(connection);
        match self {
            Self::Asleep => std::future::pending().await,
            Self::InTheDatabase => connection.execute(sql).await.map(drop),
            Self::Mended => Ok(()),
            Self::Deaf => loop {
                let _ = connection.execute(sql).await;
            },
        }
    }

    async fn down(&self, _: &mut StepConnection<'_>) -> Result<(), StepError> {
        Ok(())
    }
}

/// `schema_v1` of the users' story, and a `schema_v2` whose second step is code.
fn with_code(builder: lockstep::Builder, folder: &Folder, code: Endless) -> lockstep::Builder {
    let mut endless = Step::code("002_endless", "v1");
    endless.timeout = Some(Duration::from_millis(300));
    let name = Step::sql(
        "001_name",
        "ALTER TABLE users ADD COLUMN display_name VARCHAR(200);",
        "ALTER TABLE users DROP COLUMN display_name;",
    );
    let spec = SchemaSpec {
        version: s("schema_v2"),
        description: String::new(),
        requires: vec![s("schema_v1")],
        compatible_with: vec![s("schema_v1")],
        steps: vec![name, endless],
        expects: None,
        files: std::collections::BTreeMap::new(),
    };
    builder
        .schemas_dir(folder.path())
        .schema(spec)
        .binding(Binding::new(v("users@2.0.0"), s("schema_v2")))
        .code_step(s("schema_v2"), "002_endless", Arc::new(code))
}

/// The users' story without its second schema, which is code here.
fn only_the_first() -> Folder {
    let folder = Folder::users();
    folder.write("handlers.toml", "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n");
    std::fs::remove_dir_all(folder.path().join("schema_v2")).expect("it is there");
    folder
}

/// The code was mended, and the same command works. Where every change of the schema commits by itself, what became of the
/// step is looked up, so it must still be there: it is not taken out.
async fn works_with_mended_code(database: &Database, folder: &Folder) {
    if database.engine != Engine::Mysql {
        works_once_mended(database).await;
        return;
    }
    let mended = database.runtime(|b| with_code(b, folder, Endless::Mended)).await;
    mended.activate(v("users@2.0.0")).await.expect("the mended code runs");
    mended.shutdown().await;
}

async fn is_stopped(engine: Engine, code: Endless) {
    let database = Database::new(engine).await;
    let folder = only_the_first();
    let runtime = database.runtime(|b| with_code(b, &folder, code)).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!(
        "{engine:?}: code stopped after {} ms of 300: {code:?}",
        took.as_millis()
    );
    server_is_free(&database).await;
    failed_on_its_way_up(&database, &runtime, &outcome.expect_err("stopped")).await;
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    works_with_mended_code(&database, &folder).await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn code_that_sleeps_for_ever_is_stopped_at_its_timeout(engine: Engine) {
    is_stopped(engine, Endless::Asleep).await;
}

async fn code_that_waits_for_the_database_is_stopped_at_its_timeout(engine: Engine) {
    is_stopped(engine, Endless::InTheDatabase).await;
}

async fn code_that_will_not_hear_of_errors_is_stopped_at_its_timeout(engine: Engine) {
    is_stopped(engine, Endless::Deaf).await;
}

async fn a_shutdown_stops_code_that_sleeps_for_ever(engine: Engine) {
    for code in [Endless::Asleep, Endless::Deaf] {
        let database = Database::new(engine).await;
        let folder = only_the_first();
        let runtime = database
            .runtime(|b| {
                let mut spec = with_code(b, &folder, code);
                spec = spec.settings(|s| s.step_timeout = Duration::from_secs(3600));
                spec
            })
            .await;
        let work = tokio::spawn({
            let runtime = runtime.clone();
            async move { runtime.activate(v("users@2.0.0")).await }
        });
        tokio::time::sleep(Duration::from_millis(150)).await;
        let ((), took) = ends(runtime.shutdown()).await;
        println!("{engine:?}: shut down after {} ms: {code:?}", took.as_millis());
        work.await.expect("no panic").expect_err("not done");
        server_is_free(&database).await;
        if engine != Engine::Mysql {
            assert!(!database.has_table("users").await);
        }
        works_with_mended_code(&database, &folder).await;
        invariants::check(&database, true).await;
        database.drop().await;
    }
}
