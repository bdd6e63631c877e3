//! Against a database: what it has, how many rows, and which of them cannot follow.

use serde_json::Value;

use super::told;
use crate::support::{Cli, Database, Engine, Folder};

async fn lint(database: &Database, folder: &Folder, arguments: &[&str]) -> Value {
    let ended = Cli::json(database, folder, &[&["migration", "lint"], arguments].concat())
        .run()
        .await;
    assert!(matches!(ended.code, Some(0 | 1)), "{ended:?}");
    let answer = ended.json();
    assert_eq!(answer["database"], true, "{answer}");
    assert_eq!(answer["notes"].as_array().map(Vec::len), Some(0), "{answer}");
    answer
}

async fn judged(database: &Database, text: &str) -> (Vec<String>, Value) {
    let folder = Folder::empty();
    folder.write("a.sql", text);
    let file = folder.path().join("a.sql").display().to_string();
    let answer = lint(database, &folder, &[&file]).await;
    (told(&answer), answer)
}

async fn existence(engine: Engine) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), age VARCHAR(10))")
        .await;
    let (found, _) = judged(&database, "DELETE FROM userz WHERE id = 1").await;
    assert_eq!(found, ["unknown-table 1:13 error"]);
    let (found, _) = judged(&database, "ALTER TABLE users\nADD COLUMN mail VARCHAR(40)").await;
    assert!(found.iter().all(|one| one.ends_with("info")), "{found:?}");
    let (found, _) = judged(&database, "CREATE INDEX i ON users (nam)").await;
    assert!(found.contains(&"unknown-column 1:26 error".to_owned()), "{found:?}");
    let (found, _) = judged(&database, "CREATE TABLE users (id INT)").await;
    assert!(found.contains(&"already-exists 1:14 error".to_owned()), "{found:?}");
    // The grammar is the engine's.
    let (found, _) = judged(&database, "DELETE FROM users\nWERE id = 1").await;
    assert!(
        found.iter().any(|one| one.starts_with("engine-refuses 2:")),
        "{found:?}"
    );
    // Nothing of all that is in the database.
    assert!(!database.has_column("users", "mail").await);
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_known_on_sqlite() {
    existence(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_known_on_postgres() {
    existence(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_there_is_known_on_mysql() {
    existence(Engine::Mysql).await;
}

async fn rows(engine: Engine, script: &str) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40), age VARCHAR(10))")
        .await;
    database
        .execute("INSERT INTO users VALUES (1, 'a', '41'), (2, 'b', 'old'), (3, 'c', NULL), (4, 'd', ' 7 ')")
        .await;
    let (found, answer) = judged(&database, script).await;
    let there = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "rows-in-the-way");
    let there = there.unwrap_or_else(|| panic!("{found:?}"));
    assert_eq!(there["severity"], "error");
    let message = there["message"].as_str().unwrap();
    assert!(
        message.contains("2 | old") && !message.contains("41") && !message.contains('7'),
        "{message}"
    );
    database.execute("UPDATE users SET age = '42' WHERE id = 2").await;
    let (found, _) = judged(&database, script).await;
    assert!(!found.iter().any(|one| one.starts_with("rows-in-the-way")), "{found:?}");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_become_a_number_are_named_on_postgres() {
    rows(Engine::Postgres, "ALTER TABLE users ALTER age TYPE integer").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_cannot_become_a_number_are_named_on_mysql() {
    rows(Engine::Mysql, "ALTER TABLE users MODIFY age INT").await;
}

async fn twins(engine: Engine) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE users (id INTEGER NOT NULL PRIMARY KEY, name VARCHAR(40))")
        .await;
    database
        .execute("INSERT INTO users VALUES (1, 'a'), (2, 'a'), (3, 'b'), (4, NULL), (5, NULL)")
        .await;
    let (_, answer) = judged(&database, "CREATE UNIQUE INDEX i ON users (name)").await;
    let there = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "rows-in-the-way");
    let message = there.unwrap_or_else(|| panic!("{answer}"))["message"].as_str().unwrap();
    assert!(message.ends_with("a | 2"), "{message}");
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_alike_are_named_on_sqlite() {
    twins(Engine::Sqlite).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_alike_are_named_on_postgres() {
    twins(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_are_alike_are_named_on_mysql() {
    twins(Engine::Mysql).await;
}

/// Schemas are tried out from the first on, whether the database holds them or not.
async fn applied(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let before = lint(&database, &folder, &[]).await;
    let activated = Cli::json(&database, &folder, &["activate", "users@1.0.0"]).run().await;
    assert_eq!(activated.code, Some(0), "{activated:?}");
    let after = lint(&database, &folder, &[]).await;
    for answer in [before, after] {
        assert_eq!(answer["errors"], 0, "{answer}");
    }
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_are_judged_whether_applied_or_not_on_sqlite() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::users());
    // There is no file yet.
    let ended = Cli::json(&database, &folder, &["migration", "lint"]).run().await;
    assert_eq!(ended.told()["database"], false);
    database.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)").await;
    applied_on(&database, &folder).await;
    database.drop().await;
}

async fn applied_on(database: &Database, folder: &Folder) {
    let activated = Cli::json(database, folder, &["activate", "users@1.0.0"]).run().await;
    assert_eq!(activated.code, Some(0), "{activated:?}");
    assert_eq!(lint(database, folder, &[]).await["errors"], 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_are_judged_whether_applied_or_not_on_postgres() {
    applied(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schemas_are_judged_whether_applied_or_not_on_mysql() {
    applied(Engine::Mysql).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_answer_leaves_the_rules() {
    let folder = Folder::empty();
    folder.write("a.sql", "DROP TABLE t;");
    let file = folder.path().join("a.sql").display().to_string();
    let url = "postgres://app:s3cret@127.0.0.1:1/shop";
    let arguments = ["--format", "json", "--database-url", url, "migration", "lint", &file];
    let ended = Cli::bare(&arguments).run().await;
    let answer = ended.told();
    assert_eq!(told(&answer), ["drop-table 1:12 warning"]);
    let note = answer["notes"][0].as_str().expect("a note");
    assert!(note.contains("was not asked") && !note.contains("s3cret"), "{note}");
}
