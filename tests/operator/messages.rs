//! What the messages of a failure say, and that the commands they name do what they say.

use super::{folder, json, killed_at};
use crate::invariants;
use crate::support::process::Ended;
use crate::support::{Cli, Database, Engine, Folder};
use serde_json::Value;

/// The command's error: its message, its state and its next step.
async fn fails(database: &Database, folder: &Folder, arguments: &[&str]) -> Value {
    let ended = Cli::json(database, folder, arguments).run().await;
    assert!(matches!(ended.code, Some(1 | 3)), "{arguments:?}: {ended:?}");
    ended.json()["error"].clone()
}

/// The commands in a text, as they would be typed.
fn commands(next: &Value) -> Vec<Vec<String>> {
    let next = next.as_str().expect("a next step");
    let starts: Vec<_> = next
        .match_indices("lockstep ")
        .map(|(at, found)| at + found.len())
        .collect();
    let typed = |from: usize| {
        let text = next[from..].split([';', ',', '\'', ')']).next().unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    };
    starts.into_iter().map(typed).collect()
}

/// Types the command that a message names, which must be one of those.
async fn types(database: &Database, folder: &Folder, error: &Value, command: &[&str]) -> Ended {
    let named = commands(&error["next"]);
    assert!(
        named.iter().any(|each| each == command),
        "{command:?} is not among {named:?}: {error}"
    );
    Cli::json(database, folder, command).run().await
}

fn says(error: &Value, part: &str, words: &[&str]) {
    let text = error[part].as_str().expect("text");
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {part}: {error}");
    }
}

/// Two tables; the first cannot be taken back as long as there is no table `needed`.
fn stuck() -> Folder {
    folder(&[
        (
            "001_a",
            "CREATE TABLE a (id INTEGER PRIMARY KEY);",
            "DROP TABLE needed;",
        ),
        ("002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;"),
    ])
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_step_among_six_names_what_stays_and_two_ways_out() {
    for flag in ["activate", "--undo"] {
        let (database, made) = (Database::new(Engine::Mysql).await, Folder::empty());
        made.write("handlers.toml", "[handlers.app]\n\"1.0.0\" = \"schema_a\"\n");
        for at in 1..=6 {
            let up = match at {
                3 => "ALTER TABLE nowhere ADD COLUMN x INTEGER;".to_owned(),
                _ => format!("CREATE TABLE t{at} (id INTEGER PRIMARY KEY);"),
            };
            made.write(&format!("schema_a/00{at}_t.up.sql"), &up);
            made.write(&format!("schema_a/00{at}_t.down.sql"), &format!("DROP TABLE t{at};"));
        }
        let error = fails(&database, &made, &["activate", "app@1.0.0"]).await;
        says(&error, "message", &["003_t", "schema_a", "nowhere"]);
        says(&error, "state", &["what came before 003_t is in effect"]);
        let looked = types(&database, &made, &error, &["repair", "schema_a"]).await.told();
        assert_eq!(looked["in_effect"], serde_json::json!(["001_t", "002_t"]));
        let there = |at: usize| looked["seen"]["steps"][at]["there"].to_string();
        assert!(there(0).contains("table:t1") && !there(0).contains("t2"), "{looked}");
        if flag == "--undo" {
            types(&database, &made, &error, &["repair", "schema_a", "--undo"])
                .await
                .told();
            assert!(!database.has_table("t1").await);
        } else {
            made.write("schema_a/003_t.up.sql", "CREATE TABLE t3 (id INTEGER);");
            json(&database, &made, &["activate", "app@1.0.0"]).await;
        }
        invariants::check(&database, true).await;
        database.drop().await;
    }
}

/// Mending the file mends nothing there, and says so; and what is refused leaves everything as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_down_half_way_says_what_is_left_and_what_mends_it() {
    let (database, made) = (Database::new(Engine::Mysql).await, stuck());
    json(&database, &made, &["activate", "app@1.0.0"]).await;
    let error = fails(&database, &made, &["deactivate", "app@1.0.0"]).await;
    says(&error, "state", &["half taken back", "after 001_a is undone"]);
    says(&error, "next", &["in the database", "not the file's"]);
    made.write("schema_a/001_a.down.sql", "DROP TABLE a;");
    let refused = fails(&database, &made, &["repair", "schema_a", "--undo"]).await;
    assert_eq!(refused["code"], "tampered");
    says(&refused, "state", &["nothing was changed"]);
    let looked = json(&database, &made, &["repair", "schema_a"]).await;
    assert_eq!(looked["state"], "failed", "a refusal turns nothing round: {looked}");
    assert_eq!(looked["choices"][0]["leads_to"], "rolled_back", "{looked}");
    says(&looked["choices"][1], "stopped_by", &["001_a"]);

    // R8: what goes now holds a row; nobody said yes to that.
    database
        .execute("CREATE TABLE needed (id INTEGER PRIMARY KEY); INSERT INTO needed VALUES (1);")
        .await;
    let ended = types(&database, &made, &error, &["repair", "schema_a", "--resume"]).await;
    assert_eq!(ended.code, Some(3), "{ended:?}");
    let refused = ended.json()["error"].clone();
    assert_eq!(refused["code"], "data_loss", "{refused}");
    assert_eq!(database.number("SELECT count(*) FROM needed").await, 1);
    let accepted = ["repair", "schema_a", "--resume", "--allow-data-loss"];
    let done = types(&database, &made, &refused, &accepted).await.told();
    assert_eq!(done["state"], "rolled_back");
    invariants::check(&database, true).await;
    database.drop().await;
}

/// Where all of it was taken back, going up is no choice, and is not offered.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_down_in_a_transaction_offers_what_works() {
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let (database, made) = (Database::new(engine).await, stuck());
        json(&database, &made, &["activate", "app@1.0.0"]).await;
        let error = fails(&database, &made, &["deactivate", "app@1.0.0"]).await;
        says(&error, "state", &["everything was taken back"]);
        says(&error, "next", &["in the database", "--retain"]);
        let page = super::human(&database, &made, &["repair", "schema_a"]).await.stdout;
        assert!(page.contains("--resume") && !page.contains("--undo"), "{page}");
        json(&database, &made, &["deactivate", "app@1.0.0", "--retain"]).await;
        database.execute("CREATE TABLE needed (id INTEGER)").await;
        let done = json(&database, &made, &["repair", "schema_a", "--resume"]).await;
        assert_eq!(done["state"], "rolled_back", "{done}");
        database.drop().await;
    }
}

/// Activating again would only ask again: the message leads out.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manual_step_in_doubt_leads_a_person_through() {
    for flag in ["--resume", "--undo"] {
        let database = Database::new(Engine::Mysql).await;
        database.execute("CREATE TABLE filled (n INTEGER)").await;
        database
            .execute("CREATE PROCEDURE fill() INSERT INTO filled VALUES (1)")
            .await;
        let made = folder(&[("001_fill", "-- lockstep: manual\nCALL fill();", "DELETE FROM filled;")]);
        killed_at(&database, &made, "activation.journal.executed").await;
        for _ in 0..2 {
            let error = fails(&database, &made, &["activate", "app@1.0.0"]).await;
            says(&error, "message", &["001_fill", "in doubt"]);
            says(&error, "state", &["whether 001_fill took effect"]);
            assert!(!error["next"].to_string().contains("mend"), "{error}");
        }
        let error = fails(&database, &made, &["activate", "app@1.0.0"]).await;
        database.execute("DELETE FROM filled").await;
        types(&database, &made, &error, &["repair", "schema_a", flag])
            .await
            .told();
        let there = if flag == "--resume" { 1 } else { 0 };
        assert_eq!(database.number("SELECT count(*) FROM filled").await, there);
        invariants::check(&database, true).await;
        database.drop().await;
    }
}

/// A verify query that only looks for the name would take a half-built index for the index.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_unique_index_over_duplicates_leaves_nothing_and_mended_it_is_built() {
    let made = folder(&[
        (
            "001_items",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT); INSERT INTO items VALUES (1, 'x'), (2, 'x');",
            "DELETE FROM items; DROP TABLE items;",
        ),
        (
            "002_name",
            "-- lockstep: no-transaction\nCREATE UNIQUE INDEX CONCURRENTLY items_name ON items (name);",
            "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY items_name;",
        ),
    ]);
    made.write(
        "schema_a/002_name.verify.sql",
        "SELECT count(*) = 1 FROM pg_class WHERE relname = 'items_name'",
    );
    let database = Database::new(Engine::Postgres).await;
    let error = fails(&database, &made, &["activate", "app@1.0.0"]).await;
    says(&error, "message", &["002_name", "items_name", "duplicated"]);
    says(&error, "next", &["the rows it met"]);
    assert_eq!(database.indexes("items_name").await, (0, 0), "no invalid index stays");
    database.execute("UPDATE items SET name = 'y' WHERE id = 2").await;
    json(&database, &made, &["activate", "app@1.0.0"]).await;
    assert_eq!(database.indexes("items_name").await, (1, 0));
    invariants::check(&database, true).await;
    database.drop().await;
}

/// What the author's query does not bear out is there all the same: it is not sent again, and the mended query settles it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_verify_query_is_mended_and_settles_what_is_there() {
    let indexed = folder(&[
        (
            "001_items",
            "CREATE TABLE items (id INTEGER PRIMARY KEY);",
            "DROP TABLE items;",
        ),
        (
            "002_id",
            "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY items_id ON items (id);",
            "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY items_id;",
        ),
    ]);
    let plain = folder(&[(
        "002_id",
        "CREATE TABLE items (id INTEGER PRIMARY KEY);",
        "DROP TABLE items;",
    )]);
    for (engine, made) in [(Engine::Postgres, indexed), (Engine::Mysql, plain)] {
        let database = Database::new(engine).await;
        made.write("schema_a/002_id.verify.sql", "SELECT 1 = 0");
        for _ in 0..2 {
            let error = fails(&database, &made, &["activate", "app@1.0.0"]).await;
            says(&error, "message", &["002_id", "verify query"]);
            says(&error, "next", &["mend 002_id.verify.sql"]);
            let looked = types(&database, &made, &error, &["repair", "schema_a"]).await.told();
            assert_eq!(looked["seen"]["doubt"]["seen"], "disputed", "{looked}");
            says(&looked["choices"][0], "stopped_by", &["002_id"]);
        }
        made.write("schema_a/002_id.verify.sql", "SELECT 1 = 1");
        let looked = json(&database, &made, &["repair", "schema_a"]).await;
        assert_eq!(looked["seen"]["doubt"]["seen"], "in_effect", "{looked}");
        assert_eq!(looked["choices"][0]["steps"], serde_json::json!([]), "{looked}");
        json(&database, &made, &["activate", "app@1.0.0"]).await;
        invariants::check(&database, true).await;
        database.drop().await;
    }
}
