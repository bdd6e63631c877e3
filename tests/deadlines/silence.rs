//! PostgreSQL behind a link that falls silent: no answer, no error, no end. What was begun is over in bounded time all the
//! same, and is settled by looking.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use lockstep::{Runtime, SchemaState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixListener, UnixStream};

use super::{ends, server_is_free, works_once_mended};
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::database::quiet;
use crate::support::{Database, Engine, Folder, until};

/// Passes everything on, until a connection has sent a certain query: from then on nothing of the server's reaches it.
struct Link {
    folder: tempfile::TempDir,
    task: tokio::task::JoinHandle<()>,
    silent: Arc<AtomicBool>,
}

impl Link {
    async fn new(database: &Database, falls_silent: fn(&str) -> bool) -> Self {
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let folder = tempfile::tempdir().expect("a folder");
        let listener = UnixListener::bind(folder.path().join(".s.PGSQL.5432")).expect("a socket");
        let silent = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&silent);
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let (options, seen) = (options.clone(), Arc::clone(&seen));
                tokio::spawn(async move {
                    match options.get_socket() {
                        Some(path) => {
                            let far = path.join(format!(".s.PGSQL.{}", options.get_port()));
                            pass(
                                near,
                                UnixStream::connect(far).await.expect("the server"),
                                falls_silent,
                                seen,
                            )
                            .await;
                        }
                        None if options.get_host().starts_with('/') => {
                            let far = Path::new(options.get_host()).join(format!(".s.PGSQL.{}", options.get_port()));
                            pass(
                                near,
                                UnixStream::connect(far).await.expect("the server"),
                                falls_silent,
                                seen,
                            )
                            .await;
                        }
                        None => {
                            let far = TcpStream::connect((options.get_host(), options.get_port())).await;
                            pass(near, far.expect("the server"), falls_silent, seen).await;
                        }
                    }
                });
            }
        });
        Self { folder, task, silent }
    }

    /// The database behind it.
    fn url(&self, database: &Database) -> String {
        let options: sqlx::postgres::PgConnectOptions = database.url.parse().expect("a URL");
        let name = options.get_database().expect("a name").to_owned();
        let user = options.get_username().to_owned();
        format!(
            "postgres://{user}@localhost/{name}?host={}",
            self.folder.path().display()
        )
    }
}

async fn pass(
    near: UnixStream,
    far: impl tokio::io::AsyncRead + tokio::io::AsyncWrite + Send + 'static,
    falls_silent: fn(&str) -> bool,
    seen: Arc<AtomicBool>,
) {
    let (mut from_near, mut to_near) = near.into_split();
    let (mut from_far, mut to_far) = tokio::io::split(far);
    let silent = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&silent);
    let back = tokio::spawn(async move {
        let mut buffer = vec![0; 16384];
        while let Ok(n @ 1..) = from_far.read(&mut buffer).await {
            if !told.load(Ordering::SeqCst) && to_near.write_all(&buffer[..n]).await.is_err() {
                return;
            }
        }
        // The server's end does not get through either.
        while told.load(Ordering::SeqCst) {
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    });
    let mut buffer = vec![0; 16384];
    while let Ok(n @ 1..) = from_near.read(&mut buffer).await {
        // A simple query: its tag, its length, its text.
        let query = (buffer[0] == b'Q' && n > 5).then(|| String::from_utf8_lossy(&buffer[5..n]));
        if query.is_some_and(|text| falls_silent(&text)) {
            silent.store(true, Ordering::SeqCst);
            seen.store(true, Ordering::SeqCst);
        }
        if to_far.write_all(&buffer[..n]).await.is_err() {
            break;
        }
    }
    let _ = to_far.shutdown().await;
    back.abort();
}

async fn behind(link: &Link, database: &Database, folder: &Folder) -> Runtime {
    let builder = Runtime::builder(&link.url(database))
        .schemas_dir(folder.path())
        .settings(quiet);
    builder.build().await.expect("a runtime")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_whose_server_falls_silent_ends_in_bounded_time() {
    let database = Database::new(Engine::Postgres).await;
    let link = Link::new(&database, |query| query.starts_with("SELECT pg_sleep")).await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_silent.up.sql",
        "-- lockstep: timeout=300ms\nSELECT pg_sleep(3600);\n",
    );
    folder.write("schema_v2/002_silent.down.sql", "SELECT 1;\n");
    let runtime = behind(&link, &database, &folder).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("Postgres: a silent step ended after {} ms of 300", took.as_millis());
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
    assert!(link.silent.load(Ordering::SeqCst));
    ends(runtime.shutdown()).await;
    invariants::check(&database, true).await;
    works_once_mended(&database).await;
    invariants::check(&database, true).await;
    link.task.abort();
    database.drop().await;
}

/// The statement outside a transaction takes effect, and nobody hears of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_index_whose_server_falls_silent_is_looked_up_by_whoever_comes_next() {
    let database = Database::new(Engine::Postgres).await;
    let link = Link::new(&database, |query| query.starts_with("CREATE INDEX CONCURRENTLY")).await;
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_index.up.sql",
        "-- lockstep: no-transaction\n-- lockstep: timeout=500ms\nCREATE INDEX CONCURRENTLY users_name ON users (display_name);\n",
    );
    folder.write(
        "schema_v2/002_index.down.sql",
        "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY users_name;\n",
    );
    let runtime = behind(&link, &database, &folder).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!("Postgres: a silent index ended after {} ms of 500", took.as_millis());
    println!("{}", outcome.expect_err("silent"));
    ends(runtime.shutdown()).await;
    until("the server ends the session", async || {
        database.running("CREATE INDEX").await == 0
    })
    .await;
    invariants::check(&database, false).await;
    let direct = database.runtime(|b| b.schemas_dir(folder.path())).await;
    ends(direct.activate(v("users@2.0.0")))
        .await
        .0
        .expect("looked up, and gone on from there");
    assert_eq!(database.indexes("users_name").await, (1, 0), "valid, invalid");
    assert_eq!(database.times("schema_applied", "schema_v2").await, 1);
    direct.shutdown().await;
    invariants::check(&database, true).await;
    link.task.abort();
    database.drop().await;
}

/// The answer to the commit never comes: it is looked up on another connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_never_comes_is_looked_up() {
    let database = Database::new(Engine::Postgres).await;
    // The end of the transaction that tells the others.
    let link = Link::new(&database, |query| query.contains("pg_notify")).await;
    let folder = Folder::users();
    let runtime = behind(&link, &database, &folder).await;
    let (outcome, took) = ends(runtime.activate(v("users@2.0.0"))).await;
    println!(
        "Postgres: a silent commit ended after {} ms: {outcome:?}",
        took.as_millis()
    );
    assert!(link.silent.load(Ordering::SeqCst));
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
    link.task.abort();
    database.drop().await;
}
