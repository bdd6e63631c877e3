//! The main job through the command line, every command a process of its own, its JSON read by a program.

use serde_json::Value;

use crate::invariants;
use crate::support::{Cli, Database, Engine, Folder};

async fn lockstep(database: &Database, folder: &Folder, arguments: &[&str]) -> Value {
    let ended = Cli::json(database, folder, arguments).run().await;
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.json()
}

async fn refused(database: &Database, folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let ended = Cli::json(database, folder, arguments).run().await;
    assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
    assert!(!ended.stderr.is_empty(), "people are told, too");
    ended.json()["error"].clone()
}

const VERSIONS: [&str; 3] = ["users@1.0.0", "users@1.1.0", "users@2.0.0"];

async fn in_order(engine: Engine, leaving: [usize; 3]) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    for (version, outcome) in VERSIONS.iter().zip(["applied", "already_applied", "applied"]) {
        let done = lockstep(&database, &folder, &["activate", version]).await;
        assert_eq!(done["outcome"], outcome, "{done}");
    }
    for (nth, at) in leaving.into_iter().enumerate() {
        let done = lockstep(&database, &folder, &["deactivate", VERSIONS[at]]).await;
        let left: Vec<_> = leaving[nth + 1..].iter().map(|l| VERSIONS[*l]).collect();
        let needs_v2 = left.contains(&"users@2.0.0");
        assert_eq!(database.has_table("users").await, !left.is_empty(), "{done}");
        assert_eq!(database.has_column("users", "display_name").await, needs_v2, "{done}");
        invariants::check(&database, true).await;
    }
    let status = lockstep(&database, &folder, &["status"]).await;
    let states: Vec<_> = status["schemas"]
        .as_array()
        .expect("schemas")
        .iter()
        .map(|s| s["state"].clone())
        .collect();
    assert_eq!(states, ["rolled_back", "rolled_back"]);
    database.drop().await;
}

macro_rules! orders {
    ($($name:ident $engine:ident),+) => {
        $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $name() {
            for leaving in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
                in_order(Engine::$engine, leaving).await;
            }
        })+
    };
}
orders!(every_order_of_leaving_on_sqlite Sqlite, every_order_of_leaving_on_postgres Postgres, every_order_of_leaving_on_mysql Mysql);

async fn exit_codes(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    lockstep(&database, &folder, &["activate", "users@1.0.0"]).await;
    assert_eq!(
        refused(&database, &folder, &["activate", "users@9.9.9"], 1).await["code"],
        "unknown_handler_version"
    );
    assert_eq!(
        refused(&database, &folder, &["activate", "users@1.x"], 2).await["kind"],
        "usage"
    );
    assert_eq!(
        refused(&database, &folder, &["rollback", "schema_v1"], 3).await["code"],
        "in_use"
    );
    folder.write(
        "schema_v1/001_users.up.sql",
        "CREATE TABLE users (id INTEGER PRIMARY KEY);",
    );
    let tampered = refused(&database, &folder, &["activate", "users@1.1.0"], 3).await;
    assert_eq!(tampered["code"], "tampered");
    assert!(tampered["next"].is_string(), "{tampered}");
    invariants::check(&database, true).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_say_what_helps_on_sqlite() {
    exit_codes(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_say_what_helps_on_postgres() {
    exit_codes(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn exit_codes_say_what_helps_on_mysql() {
    exit_codes(Engine::Mysql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_runs_under_a_lease_and_its_exit_code_is_passed_on() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::users());
    lockstep(&database, &folder, &["activate", "users@1.0.0"]).await;
    let script = "test -n \"$LOCKSTEP_INSTANCE\" && exit 7";
    let ended = Cli::json(&database, &folder, &["run", "users@1.1.0", "--", "sh", "-c", script])
        .run()
        .await;
    assert_eq!(ended.code, Some(7), "{ended:?}");
    let status = lockstep(&database, &folder, &["status"]).await;
    assert_eq!(
        status["leases"].as_array().map(Vec::len),
        Some(1),
        "released at the end: {status}"
    );
    invariants::check(&database, true).await;
    database.drop().await;
}
