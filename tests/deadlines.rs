//! Every wait ends: steps that run for ever, code that sleeps, locks that are held, servers that fall silent, callers that
//! go away. What was begun is over at the server, the state says what failed, and the next one can go on at once (R7, R10).

mod cancelled;
mod code;
mod concurrent;
mod journalled;
mod locks;
mod silence;
mod steps;

use std::time::{Duration, Instant};

use lockstep::{Error, ErrorKind, Runtime, SchemaState};

use crate::conformance::{s, v};
use crate::support::{Database, Engine, Folder, until};

/// How long a statement is looked for at the server after it was stopped, and a lock is waited for: a loaded machine is slow,
/// and what would be left over lasts for an hour. How soon it is over on a machine at rest, `proof` measures.
const A_WHILE: Duration = Duration::from_secs(30);

/// Generous for the same reason, and shorter than the limit of a whole operation: work that waits for that one is too late.
const PATIENCE: Duration = Duration::from_secs(50);

/// Waits for work that must end by itself.
pub async fn ends<T>(work: impl Future<Output = T>) -> (T, Duration) {
    let started = Instant::now();
    let done = tokio::time::timeout(PATIENCE, work).await;
    (done.expect("it ends by itself"), started.elapsed())
}

/// Nothing of ours runs at the server any more, and nothing is locked: another writer gets in.
pub async fn server_is_free(database: &Database) {
    if database.engine != Engine::Sqlite {
        let free = async || database.busy_sessions().await == 0;
        let took = until("the server does nothing more", free).await;
        assert!(took < A_WHILE, "it went on for {took:?}");
    }
    let write = match database.engine {
        Engine::Sqlite => {
            "PRAGMA busy_timeout = 30000; BEGIN IMMEDIATE; CREATE TABLE other (i INTEGER); DROP TABLE other; COMMIT"
        }
        Engine::Postgres => "SET lock_timeout = '30s'; CREATE TABLE other (i INTEGER); DROP TABLE other",
        Engine::Mysql => "SET lock_wait_timeout = 30; CREATE TABLE other (i INTEGER); DROP TABLE other",
    };
    database.execute(write).await;
}

/// A step of `schema_v2` that never ends, with a time limit; `way` is the direction in which it is endless.
fn endless(folder: &Folder, way: &str, sqlite: &str, postgres: &str, mysql: &str) {
    for each in ["up", "down"] {
        folder.write(&format!("schema_v2/002_endless.{each}.sql"), "SELECT 1;\n");
        folder.write(&format!("schema_v2/002_endless.{each}.postgres.sql"), "SELECT 1;\n");
    }
    let limited = |sql: &str| format!("-- lockstep: timeout=300ms\n{sql};\n");
    folder.write(&format!("schema_v2/002_endless.{way}.sql"), &limited(sqlite));
    folder.write(&format!("schema_v2/002_endless.{way}.postgres.sql"), &limited(postgres));
    folder.write(&format!("schema_v2/002_endless.{way}.mysql.sql"), &limited(mysql));
}

const ENDLESS_SQLITE: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";

/// The step was stopped on its way up: the error, the state and the advice say so, and a mended file works. Where every
/// change of the schema commits by itself, what came before the step stays.
async fn failed_on_its_way_up(database: &Database, runtime: &Runtime, error: &Error) {
    assert_eq!(error.kind(), ErrorKind::StepFailed, "{error:?}");
    let Error::Step { failure } = error else {
        panic!("{error:?}");
    };
    assert!(
        failure.timed_out && failure.step == "002_endless" && failure.position == 1,
        "{failure:?}"
    );
    assert!(
        error
            .to_string()
            .contains("002_endless (up) of schema_v2 was stopped at its time limit"),
        "{error}"
    );
    let stays = database.engine == Engine::Mysql;
    assert_eq!(failure.leaves_traces, stays, "{failure:?}");
    let state = if stays {
        "what came before 002_endless is in effect and stays"
    } else {
        "nothing of schema_v2 is in the database"
    };
    assert!(error.state().contains(state), "{}", error.state());
    let next = error.next_step().expect("advice");
    assert!(
        next.contains("mend step 002_endless") && next.contains("activate again"),
        "{next}"
    );

    let status = runtime.report().await.unwrap();
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v2"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Failed);
    assert_eq!(schema.failure.as_ref().expect("a failure").step, "002_endless");
    assert!(
        status.leases.is_empty() && status.operation.is_none(),
        "{:?}",
        status.operation
    );
    assert_eq!(
        database.has_column("users", "display_name").await,
        stays,
        "taken back, or kept"
    );
}

/// The file was mended, and the same command works.
async fn works_once_mended(database: &Database) {
    let mended = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(mended.path())).await;
    runtime.activate(v("users@2.0.0")).await.expect("the mended step runs");
    assert!(database.has_column("users", "display_name").await);
    assert_eq!(runtime.status(s("schema_v2")), Some(SchemaState::Applied));
    runtime.shutdown().await;
}
