//! A server behind a link that falls silent: no answer, no error, no end. What was begun is over in bounded time all the
//! same, and is settled by looking.

use std::time::Duration;

use lockstep::{Runtime, SchemaState};

use super::{ends, server_is_free, works_once_mended};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::database::quiet;
use crate::support::{Database, Engine, Fate, Folder, Link, facts_on, until};

facts_on!(Postgres postgres, Mysql mysql:
    a_step_whose_server_falls_silent_ends_in_bounded_time
    an_index_whose_server_falls_silent_is_looked_up_by_whoever_comes_next
    a_commit_whose_answer_never_comes_is_looked_up
);

/// Passes everything on, until a connection has sent a certain query: from then on nothing of the server's reaches it.
async fn falling_silent(database: &Database, when: fn(&str) -> bool) -> Link {
    Link::new(
        database,
        move |_, query| if when(query) { Fate::Silence } else { Fate::Passes },
    )
    .await
}

async fn behind(link: &Link, database: &Database, folder: &Folder) -> Runtime {
    let builder = Runtime::builder(&link.url(database))
        .schemas_dir(folder.path())
        .settings(quiet);
    builder.build().await.expect("a runtime")
}

async fn a_step_whose_server_falls_silent_ends_in_bounded_time(engine: Engine) {
    let database = Database::new(engine).await;
    let link = falling_silent(&database, |query| {
        query.starts_with("SELECT pg_sleep") || query.starts_with("SELECT SLEEP")
    })
    .await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_silent.up.sql",
        "-- lockstep: timeout=300ms\nSELECT pg_sleep(3600);\n",
    );
    folder.write(
        "schema_v2/002_silent.up.mysql.sql",
        "-- lockstep: timeout=300ms\nSELECT SLEEP(3600);\n",
    );
    folder.write("schema_v2/002_silent.down.sql", "SELECT 1;\n");
    let runtime = behind(&link, &database, &folder).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("{engine:?}: a silent step ended after {} ms of 300", took.as_millis());
    let error = outcome.expect_err("silent");
    println!("{error}");
    server_is_free(&database).await;
    let status = database.status().await;
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v2"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Failed, "R7: {error}");
    assert!(link.met());
    ends(runtime.shutdown()).await;
    invariants::check(&database, true).await;
    if engine == Engine::Mysql {
        // What was journalled stays a step of the schema.
        folder.write("schema_v2/002_silent.up.mysql.sql", "SELECT 2;\n");
        let mended = database.runtime(|b| b.schemas_dir(folder.path())).await;
        mended.activate(v("users@2.0.0")).await.expect("the mended step runs");
        mended.shutdown().await;
    } else {
        works_once_mended(&database).await;
    }
    invariants::check(&database, true).await;
    database.drop().await;
}

/// The statement outside a transaction takes effect, and nobody hears of it.
async fn an_index_whose_server_falls_silent_is_looked_up_by_whoever_comes_next(engine: Engine) {
    let database = Database::new(engine).await;
    let link = falling_silent(&database, |query| {
        query.starts_with("CREATE INDEX") && query.contains("users_name")
    })
    .await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_index.up.sql",
        "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY users_name ON users (display_name);\n",
    );
    folder.write(
        "schema_v2/002_index.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY users_name;\n",
    );
    let create = "CREATE INDEX users_name ON users (display_name);\n";
    folder.write("schema_v2/002_index.up.mysql.sql", create);
    // Nothing but the index is in a hurry, and only where nobody hears of it.
    let column = "-- lockstep: timeout=1h\nALTER TABLE users ADD COLUMN display_name VARCHAR(200);\n";
    folder.write("schema_v2/001_name.up.sql", column);
    let direct = database.runtime(|b| b.schemas_dir(folder.path())).await;
    direct.activate(v("users@1.0.0")).await.expect("the server is there");
    folder.write(
        "schema_v2/002_index.down.mysql.sql",
        "DROP INDEX users_name ON users;\n",
    );
    let runtime = Runtime::builder(&link.url(&database))
        .schemas_dir(folder.path())
        .settings(quiet)
        .settings(|s| s.step_timeout = Duration::from_millis(500))
        .build()
        .await
        .expect("a runtime");
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("{engine:?}: a silent index ended after {} ms of 500", took.as_millis());
    println!("{}", outcome.expect_err("silent"));
    ends(runtime.shutdown()).await;
    until("the server ends the session", async || {
        database.running("CREATE INDEX").await == 0
    })
    .await;
    invariants::check(&database, false).await;
    ends(direct.activate(v("users@2.0.0")))
        .await
        .0
        .expect("looked up, and gone on from there");
    assert_eq!(database.indexes("users_name").await, (1, 0), "valid, invalid");
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    direct.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// The answer to the commit never comes: it is looked up on another connection.
async fn a_commit_whose_answer_never_comes_is_looked_up(engine: Engine) {
    let database = Database::new(engine).await;
    // The end of the first transaction that tells the others.
    let once = std::sync::atomic::AtomicBool::new(true);
    let link = Link::new(&database, move |_, query| {
        let tells = query.contains("pg_notify") || query.contains("INSERT INTO lockstep_event");
        match tells && once.swap(false, std::sync::atomic::Ordering::SeqCst) {
            true => Fate::Silence,
            false => Fate::Passes,
        }
    })
    .await;
    let folder = Folder::users();
    let runtime = behind(&link, &database, &folder).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!(
        "{engine:?}: a silent commit ended after {} ms: {outcome:?}",
        took.as_millis()
    );
    assert!(link.met());
    let applied = database.has_column("users", "display_name").await;
    match outcome {
        Ok(_) => assert!(applied, "told that it counts"),
        Err(error) => assert!(
            !applied || error.code() == "unknown_outcome",
            "told that it does not count: {error}"
        ),
    }
    ends(runtime.shutdown()).await;
    server_is_free(&database).await;
    invariants::check(&database, true).await;
    database.drop().await;
}
