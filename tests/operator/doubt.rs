//! A crash in the middle: what `repair` sees, and that each choice then does what it said.

use super::{folder, human, json, killed_at};
use crate::invariants;
use crate::support::{Actor, Database, Engine, Folder};
use serde_json::Value;

/// The second step changes the schema outside a transaction.
fn three(engine: Engine) -> Folder {
    let (up, down) = match engine {
        Engine::Postgres => (
            "-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY items_name ON items (name);",
            "-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY items_name;",
        ),
        _ => (
            "CREATE INDEX items_name ON items (name);",
            "DROP INDEX items_name ON items;",
        ),
    };
    folder(&[
        (
            "001_items",
            "CREATE TABLE items (id INTEGER PRIMARY KEY, name VARCHAR(40));",
            "DROP TABLE items;",
        ),
        ("002_name", up, down),
        (
            "003_more",
            "ALTER TABLE items ADD COLUMN more INTEGER;",
            "ALTER TABLE items DROP COLUMN more;",
        ),
    ])
}

/// What `repair` tells once the dead process's session has gone.
async fn looked(database: &Database, folder: &Folder) -> Value {
    for _ in 0..1_000 {
        let told = json(database, folder, &["repair", "schema_a"]).await;
        if told["seen"]["doubt"]["session_lives"] != true {
            return told;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("the session of a dead process did not end");
}

fn choice<'a>(told: &'a Value, flag: &str) -> &'a Value {
    let choices = told["choices"].as_array().expect("choices");
    choices.iter().find(|c| c["flag"] == flag).expect("the choice")
}

async fn each_choice_does_what_it_said(engine: Engine) {
    let made = three(engine);
    // Where every change commits by itself, the first step is the first in doubt.
    let first = if engine == Engine::Mysql {
        "001_items"
    } else {
        "002_name"
    };
    for (point, seen) in [
        ("activation.journal.started", "not_in_effect"),
        ("activation.journal.executed", "in_effect"),
    ] {
        for (flag, state) in [("--resume", "applied"), ("--undo", "rolled_back")] {
            let database = Database::new(engine).await;
            killed_at(&database, &made, point).await;
            let told = looked(&database, &made).await;
            let doubt = &told["seen"]["doubt"];
            assert_eq!(
                (&doubt["step"], &doubt["seen"], &doubt["session_lives"]),
                (&first.into(), &seen.into(), &false.into()),
                "{point}: {told}"
            );
            assert_eq!(doubt["settles_itself"], true, "{doubt}");
            let page = human(&database, &made, &["repair", "schema_a"]).await.stdout;
            let words = format!("the catalog says: {}", seen.replace('_', " "));
            assert!(page.contains(&words) && page.contains(first), "{page}");

            let promised = choice(&told, flag);
            assert_eq!(promised["leads_to"], state, "{promised}");
            let steps = promised["steps"].as_array().expect("steps");
            assert_eq!(
                steps.contains(&first.into()),
                (seen == "in_effect") == (flag == "--undo"),
                "{point} {flag}: {promised}"
            );
            let done = json(&database, &made, &["repair", "schema_a", flag]).await;
            assert_eq!(done["state"], state, "{done}");
            assert_eq!(
                done["steps"],
                steps.len(),
                "{point} {flag}: {done}, promised {promised}"
            );
            assert_eq!(database.has_table("items").await, flag == "--resume");
            let left = json(&database, &made, &["repair", "schema_a"]).await;
            assert_eq!(left["seen"]["doubt"], Value::Null, "{left}");
            invariants::check(&database, true).await;
            database.drop().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_choice_does_what_it_said_on_postgres() {
    each_choice_does_what_it_said(Engine::Postgres).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_choice_does_what_it_said_on_mysql() {
    each_choice_does_what_it_said(Engine::Mysql).await;
}

/// An index that a crash left half-built is none, and the look does not remove it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_half_built_index_is_seen_and_left_alone() {
    let made = three(Engine::Postgres);
    let database = Database::new(Engine::Postgres).await;
    killed_at(&database, &made, "activation.journal.executed").await;
    database
        .execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'items_name'::regclass")
        .await;
    let told = looked(&database, &made).await;
    let doubt = &told["seen"]["doubt"];
    assert_eq!(doubt["seen"], "not_in_effect", "{doubt}");
    assert!(doubt["because"].as_str().unwrap().contains("invalid index"), "{doubt}");
    assert_eq!(database.indexes("items_name").await, (0, 1), "only looked");
    let done = json(&database, &made, &["repair", "schema_a", "--resume"]).await;
    assert_eq!(
        (&done["state"], &done["steps"]),
        (&"applied".into(), &2.into()),
        "{done}"
    );
    assert_eq!(database.indexes("items_name").await, (1, 0));
    database.drop().await;
}

/// The author's query counts before everything else, and is asked where nothing can be written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_authors_query_tells_and_what_nothing_tells_is_said_so() {
    for engine in [Engine::Mysql, Engine::Postgres] {
        let (procedure, mark) = match engine {
            Engine::Mysql => ("CREATE PROCEDURE fill() INSERT INTO filled VALUES (1)", ""),
            _ => (
                "CREATE PROCEDURE fill() LANGUAGE sql AS 'INSERT INTO filled VALUES (1)'",
                "-- lockstep: no-transaction\n",
            ),
        };
        let manual = format!("{mark}-- lockstep: manual\nCALL fill();");
        let verified = format!("{mark}CALL fill();");
        for (point, there) in [
            ("activation.journal.started", false),
            ("activation.journal.executed", true),
        ] {
            for (up, query) in [(&manual, None), (&verified, Some("SELECT count(*) = 1 FROM filled"))] {
                let database = Database::new(engine).await;
                database.execute("CREATE TABLE filled (n INTEGER)").await;
                database.execute(procedure).await;
                let made = folder(&[("001_fill", up, "DELETE FROM filled;")]);
                if let Some(query) = query {
                    made.write("schema_a/001_fill.verify.sql", query);
                }
                killed_at(&database, &made, point).await;
                let told = looked(&database, &made).await;
                let doubt = &told["seen"]["doubt"];
                let seen = match (query, there) {
                    (None, _) => "cannot_tell",
                    (_, true) => "in_effect",
                    (_, false) => "not_in_effect",
                };
                assert_eq!(doubt["seen"], seen, "{told}");
                assert_eq!(doubt["settles_itself"], query.is_some(), "{told}");
                if query.is_none() {
                    // Nobody may guess; a person looks, takes it back, and says go on.
                    let tried = Actor::new(&database, &made, &["activate", "app@1.0.0", "deploy"])
                        .run()
                        .await;
                    assert_eq!(tried.code, Some(1), "{tried:?}");
                    database.execute("DELETE FROM filled").await;
                }
                json(&database, &made, &["repair", "schema_a", "--resume"]).await;
                assert_eq!(
                    database.number("SELECT count(*) FROM filled").await,
                    1,
                    "{engine:?} {point}"
                );
                invariants::check(&database, true).await;
                database.drop().await;
            }
        }
    }
}
