//! What an operation costs in commits and statements, counted at the server, where noise cannot hide it.

use lockstep::{HandlerVersion, Runtime, SchemaVersion, Settings};

use crate::conformance::v;
use crate::invariants;
use crate::support::{Database, Folder, Server};

const SCHEMAS: usize = 5;
const STEPS: usize = 20;

/// A chain of schemas whose steps are one statement each, and carry a mark that tells them from ours.
fn chain() -> Folder {
    let folder = Folder::empty();
    folder.write(
        "handlers.toml",
        &format!("[handlers.app]\n\"1.0.0\" = \"schema_{SCHEMAS}\"\n"),
    );
    for schema in 1..=SCHEMAS {
        if schema > 1 {
            let requires = format!("requires = [\"schema_{}\"]\n", schema - 1);
            folder.write(&format!("schema_{schema}/schema.toml"), &requires);
        }
        for step in 1..=STEPS {
            let name = format!("schema_{schema}/{step:03}");
            let table = format!("users_own_{schema}_{step}");
            folder.write(
                &format!("{name}.up.sql"),
                &format!("CREATE TABLE {table} (id INTEGER);\n"),
            );
            folder.write(&format!("{name}.down.sql"), &format!("DROP TABLE {table};\n"));
        }
    }
    folder
}

/// What the server counted in this database since the last look.
#[derive(Debug)]
struct Counted {
    /// Of transactions that may write.
    commits: i64,
    /// Transactions that only read.
    reads: i64,
    steps: i64,
    ours: i64,
}

async fn start_counting(database: &Database) {
    database
        .execute(
            "SELECT pg_stat_statements_reset(0, (SELECT oid FROM pg_database WHERE datname = current_database()), 0)",
        )
        .await;
}

async fn counted(database: &Database) -> Counted {
    let calls = |which: &str| {
        format!(
            "SELECT COALESCE(sum(calls), 0)::bigint FROM pg_stat_statements WHERE query NOT LIKE '%pg_stat_statements%' \
             AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND {which}"
        )
    };
    let of_steps = "(query LIKE '%TABLE users_own%')";
    let commits = database.number(&calls("query = 'COMMIT'")).await;
    let reads = database.number(&calls("query = 'BEGIN READ ONLY'")).await;
    Counted {
        commits: commits - reads,
        reads,
        steps: database.number(&calls(of_steps)).await,
        ours: database.number(&calls(&format!("NOT {of_steps}"))).await,
    }
}

/// Nothing is looked for by itself.
fn unasked(settings: &mut Settings) {
    settings.poll_every = std::time::Duration::from_secs(3600);
}

/// A server of the test's own: what counts has room for some thousand statements of all databases, and forgets the rest.
async fn counting() -> (Server, Database, Folder, Runtime) {
    let mut server = Server::new();
    server.configure("shared_preload_libraries = pg_stat_statements");
    server.start().await;
    let database = Database::on(&server.url("postgres"), "").await;
    database.execute("CREATE EXTENSION pg_stat_statements").await;
    let folder = chain();
    let runtime = database
        .runtime(|b| b.schemas_dir(folder.path()).settings(unasked))
        .await;
    // The bindings are recorded, the pool is warm.
    let refused = runtime.activate("nobody@1.0.0".parse().expect("valid")).await;
    refused.expect_err("nobody binds it");
    (server, database, folder, runtime)
}

fn app() -> HandlerVersion {
    v("app@1.0.0")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operation_takes_two_commits_and_two_statements_a_step_however_much_it_does() {
    let (_server, database, _folder, runtime) = counting().await;
    let steps = (SCHEMAS * STEPS) as i64;

    start_counting(&database).await;
    runtime.activate(app()).await.unwrap();
    let up = counted(&database).await;
    println!("activating {SCHEMAS} schemas of {STEPS} steps: {up:?}");
    assert_eq!(up.steps, steps, "every step ran once: {up:?}");
    assert!(up.commits <= 2, "one announces, one makes it true: {up:?}");
    assert!(up.ours <= 2 * steps, "two statements of ours a step: {up:?}");

    start_counting(&database).await;
    runtime.deactivate(app()).await.unwrap();
    let down = counted(&database).await;
    println!("taking them back: {down:?}");
    assert!(down.steps >= steps, "{down:?}");
    assert!(down.commits <= 2, "one announces, one makes it true: {down:?}");
    assert!(down.ours <= 2 * steps, "two statements of ours a step: {down:?}");
    let oldest: SchemaVersion = "schema_1".parse().expect("valid");
    assert!(!runtime.is_active(oldest.as_str()));

    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nothing_is_to_do_one_transaction_reads_and_none_writes() {
    let (_server, database, folder, runtime) = counting().await;
    runtime.activate(app()).await.unwrap();
    runtime.shutdown().await;

    start_counting(&database).await;
    let again = database
        .runtime(|b| b.schemas_dir(folder.path()).settings(unasked))
        .await;
    again.shutdown().await;
    let start = counted(&database).await;
    println!("a start with nothing to do: {start:?}");
    assert_eq!(
        (start.reads, start.commits, start.steps),
        (1, 0, 0),
        "one read: {start:?}"
    );
    invariants::check(&database, true).await;
    database.drop().await;
}
