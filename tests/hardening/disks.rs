//! Disks that are full: what does not fit is taken back, what was there stays, and once there is room it goes on.
//!
//! A memory disk of a few megabytes is mounted where the user may do that; elsewhere the writing process may not let a file
//! grow beyond a limit, which the kernel refuses in the same place with other words. `LOCKSTEP_TEST_NO_MOUNT=1` takes the second
//! way everywhere.

use lockstep::{ErrorKind, Runtime, SchemaState};

use super::{all_is_well, at};
use crate::conformance::{failed, s, v};
use crate::invariants;
use crate::support::disk::Disk;
use crate::support::maria::give_to_maria;
use crate::support::server::give_to_server;
use crate::support::{Actor, Database, Engine, Folder, MariaServer, Server};

const MEGABYTE: u64 = 1024 * 1024;

fn disk(megabytes: u32) -> Option<Disk> {
    let mounted = std::env::var_os("LOCKSTEP_TEST_NO_MOUNT")
        .is_none()
        .then(|| Disk::small(megabytes));
    let mounted = mounted.flatten();
    if mounted.is_none() {
        println!("no disk may be mounted here: files are limited instead");
    }
    mounted
}

/// A step of `schema_v2` that writes a hundred megabytes.
fn filling() -> Folder {
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_big.up.sql",
        "CREATE TABLE big AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
         SELECT i, randomblob(1000) AS b FROM n;\n",
    );
    folder.write(
        "schema_v2/002_big.up.postgres.sql",
        "CREATE TABLE big AS SELECT i, (SELECT string_agg(md5((i * 40 + j)::text), '') FROM generate_series(1, 32) j) AS b \
         FROM generate_series(1, 100000) i;\n",
    );
    folder.write("schema_v2/002_big.down.sql", "DROP TABLE big;\n");
    folder
}

/// The step did not fit: it failed with the database's own words, and nothing of its schema is there.
async fn did_not_fit(database: &Database, runtime: &Runtime, words: &[&str]) {
    let failure = failed(runtime.activate(v("users@2.0.0")).await);
    println!("{:?}: {}", database.engine, failure.error);
    assert_eq!(failure.step, "002_big");
    assert!(words.iter().any(|w| failure.error.contains(w)), "{failure:?}");
    assert!(!database.has_table("big").await && !database.has_column("users", "display_name").await);
    assert!(database.has_table("users").await, "what was there stays");
    let status = runtime.report().await.unwrap();
    let schema = status
        .schemas
        .iter()
        .find(|x| x.schema == s("schema_v2"))
        .expect("known");
    assert_eq!(schema.state, SchemaState::Failed, "there was room to say so");
}

/// Somebody else takes the last block: everything that needs one fails and says so, reading goes on, nothing is half-done.
async fn no_room_at_all(database: &Database, runtime: &Runtime, disk: &Disk) {
    let mended = Folder::users();
    // Something that needs new blocks for certain.
    mended.write(
        "schema_v2/002_more.up.sql",
        "CREATE TABLE more (id INTEGER PRIMARY KEY, t TEXT); CREATE INDEX more_t ON more (t);\n",
    );
    mended.write("schema_v2/002_more.down.sql", "DROP TABLE more;\n");
    let second = database.runtime(|b| b.schemas_dir(mended.path())).await;
    let filler = disk.fill();
    let error = second.activate(v("users@2.0.0")).await.expect_err("there is no room");
    println!(
        "{:?}: {error}; {}",
        database.engine,
        error.next_step().unwrap_or_default()
    );
    let kinds = [ErrorKind::Operator, ErrorKind::StepFailed];
    assert!(kinds.contains(&error.kind()), "{error:?}");
    let told = error.to_string();
    assert!(told.contains("full") || told.contains("No space left"), "{told}");
    assert!(runtime.report().await.is_ok(), "reading needs no room");
    assert!(!database.has_table("more").await);
    std::fs::remove_file(filler).expect("removed");
    invariants::check(database, false).await;
    second.activate(v("users@2.0.0")).await.expect("there is room again");
    second.deactivate(v("users@2.0.0")).await.expect("and back");
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_sqlite_costs_only_what_did_not_fit() {
    let Some(disk) = disk(2) else {
        return limited_files_under_sqlite().await;
    };
    let database = Database::in_folder(disk.path());
    let runtime = at(&database.url, &filling()).await.expect("there is room for this");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    // First, for a log that grew once keeps its room.
    no_room_at_all(&database, &runtime, &disk).await;
    did_not_fit(&database, &runtime, &["full"]).await;
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    runtime.shutdown().await;
    all_is_well(&database).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_whose_files_may_not_grow_fails_its_step_and_leaves_nothing() {
    limited_files_under_sqlite().await;
}

async fn limited_files_under_sqlite() {
    let database = Database::new(Engine::Sqlite).await;
    let (folder, mended) = (filling(), Folder::users());
    let limited = |folder, arguments: &[&str]| Actor::new(&database, folder, arguments).limited_to(MEGABYTE).run();
    limited(&folder, &["activate", "users@1.0.0", "deploy"]).await.told();
    let ended = limited(&folder, &["activate", "users@2.0.0", "deploy"]).await;
    println!("Sqlite: {}", ended.stdout);
    assert_eq!(ended.json()["code"], "step_failed", "{ended:?}");
    assert!(!database.has_table("big").await && !database.has_column("users", "display_name").await);
    invariants::check(&database, true).await;
    limited(&mended, &["activate", "users@2.0.0", "deploy"]).await.told();
    all_is_well(&database).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_postgres_costs_only_what_did_not_fit() {
    let mut server = Server::new();
    let disk = disk(24);
    if disk.is_none() {
        server.limit_files(8 * MEGABYTE);
    }
    server.start().await;
    let how = match &disk {
        Some(disk) => {
            give_to_server(disk.path());
            let space = format!("CREATE TABLESPACE small LOCATION '{}'", disk.path().display());
            let whole = Database::on(&server.url("postgres"), "").await;
            whole.execute(&space).await;
            "TABLESPACE small"
        }
        None => "",
    };
    let database = Database::on(&server.url("postgres"), how).await;
    let runtime = at(&database.url, &filling()).await.expect("there is room for this");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    if let Some(disk) = &disk {
        no_room_at_all(&database, &runtime, disk).await;
    }
    did_not_fit(&database, &runtime, &["No space left", "File too large"]).await;
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
    // Before its disk.
    drop(server);
}

/// The folder of one database is a small disk: the rest of the server has room. What came before the step that did not fit
/// stays, as everything does there that commits by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_mariadb_costs_only_what_did_not_fit() {
    let mut server = MariaServer::new();
    server.start().await;
    let database = Database::on_server(Engine::Mysql, &server.url("mysql"), "").await;
    let name = database.rows("SELECT DATABASE()").await[0][0].clone();
    let folder = server.folder_of(&name);
    let mounted = match std::env::var_os("LOCKSTEP_TEST_NO_MOUNT") {
        None => Disk::on(&folder, 8),
        Some(_) => None,
    };
    let Some(disk) = mounted else {
        // A limit on files ends the server's own log as well.
        println!("no disk may be mounted here, and MariaDB bears no other limit");
        return;
    };
    give_to_maria(disk.path());
    let made = filling();
    made.write(
        "schema_v2/002_big.up.mysql.sql",
        "CREATE TABLE big AS SELECT seq AS i, REPEAT(MD5(seq), 32) AS b FROM seq_1_to_100000;\n",
    );
    let runtime = at(&database.url, &made).await.expect("there is room for this");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let failure = failed(runtime.activate(v("users@2.0.0")).await);
    println!("{:?}: {}", database.engine, failure.error);
    assert_eq!((failure.step.as_str(), failure.leaves_traces), ("002_big", true));
    assert!(
        failure.error.contains("full") || failure.error.contains("No space"),
        "{failure:?}"
    );
    assert!(!database.has_table("big").await, "nothing of it is there");
    assert!(
        database.has_column("users", "display_name").await,
        "what came before it stays"
    );
    invariants::check(&database, true).await;

    // Somebody else takes the last block: no new table has room, and what is there goes on.
    let mended = Folder::users();
    mended.write(
        "schema_v2/002_big.up.sql",
        "CREATE TABLE more (id INTEGER PRIMARY KEY, t TEXT);\n",
    );
    mended.write("schema_v2/002_big.down.sql", "DROP TABLE more;\n");
    let second = at(&database.url, &mended).await.expect("there is room for this");
    let filler = disk.fill();
    let error = second.activate(v("users@2.0.0")).await.expect_err("there is no room");
    println!(
        "{:?}: {error}; {}",
        database.engine,
        error.next_step().unwrap_or_default()
    );
    let kinds = [ErrorKind::Operator, ErrorKind::StepFailed];
    assert!(kinds.contains(&error.kind()), "{error:?}");
    assert!(second.report().await.is_ok(), "reading needs no room");
    assert!(!database.has_table("more").await);
    std::fs::remove_file(filler).expect("removed");
    second.activate(v("users@2.0.0")).await.expect("there is room again");
    second.deactivate(v("users@2.0.0")).await.expect("and back");
    runtime.deactivate(v("users@1.0.0")).await.unwrap();
    for runtime in [runtime, second] {
        runtime.shutdown().await;
    }
    // The server goes first: it has files open on the disk.
    invariants::check(&database, true).await;
    drop(server);
}
