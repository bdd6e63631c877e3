//! Rehearsal: a way back that does not work is found before anything is applied.

use lockstep::Error;

use super::{end, one, refused, s, seq, start, v};
use crate::support::{Database, Engine, Folder};

/// The first example of the first source document: its rollback is in the order of its migrations.
fn source_one() -> Folder {
    let folder = Folder::empty();
    folder.write(
        "handlers.toml",
        "[handlers.\"/api/products\"]\n\"1.0.0\" = \"schema_v1\"\n",
    );
    folder.write(
        "schema_v1/schema.json",
        r#"{
            "version": "schema_v1",
            "migrations": [
                "CREATE TABLE products (id INT, name VARCHAR(255), price DECIMAL(10,2))",
                "CREATE INDEX idx_products_name ON products(name)"
            ],
            "rollback": ["DROP INDEX idx_products_name", "DROP TABLE products"]
        }"#,
    );
    folder
}

/// In place needs a schema that can be taken back as a whole.
fn places(engine: Engine) -> Vec<bool> {
    match engine {
        Engine::Mysql => vec![false],
        _ => vec![false, true],
    }
}

pub async fn in_place_is_refused_where_nothing_can_be_taken_back(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let before = seq(&runtime).await;
    let error = runtime.rehearse(&[], true).await.unwrap_err();
    assert!(
        matches!(error, Error::Setting { .. }) && error.to_string().contains("temporary database"),
        "{error}"
    );
    untouched(&database, &runtime, before).await;
    end(database, [runtime]).await;
}

async fn untouched(database: &Database, runtime: &lockstep::Runtime, before: u64) {
    assert_eq!(seq(runtime).await, before, "a rehearsal leaves no event");
    assert!(!database.has_table("products").await && !database.has_table("a").await);
    let status = database.status().await;
    assert!(status.operation.is_none() && status.leases.is_empty());
}

pub async fn a_rollback_in_the_wrong_order_is_understandable_and_touches_nothing(engine: Engine) {
    let (database, runtime) = start(engine, &source_one()).await;
    let before = seq(&runtime).await;
    for in_place in places(engine) {
        let error = runtime.rehearse(&[], in_place).await.unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Rehearsal(_)), "{text}");
        for part in [
            "schema_v1",
            "cannot be taken back",
            "reverse order",
            "002",
            "DROP TABLE products",
        ] {
            // Which of the two fails first is the engine's affair: with the table goes its index.
            let either = part == "002" || part == "DROP TABLE products";
            assert!(
                text.contains(part) || (either && text.contains("DROP INDEX idx_products_name")),
                "{part}: {text}"
            );
        }
        untouched(&database, &runtime, before).await;
    }
    // Put right, it passes and can be lived with.
    let mended = source_one();
    let json = r#"{"version": "schema_v1", "migrations": [
        "CREATE TABLE products (id INT, name VARCHAR(255), price DECIMAL(10,2))",
        "CREATE INDEX idx_products_name ON products(name)"],
        "rollback": ["DROP TABLE products", "DROP INDEX idx_products_name OF"]}"#;
    let of = if engine == Engine::Mysql { " ON products" } else { "" };
    mended.write("schema_v1/schema.json", &json.replace(" OF", of));
    let second = database.runtime(|b| b.schemas_dir(mended.path())).await;
    let passed = second.rehearse(&[s("schema_v1")], false).await.unwrap();
    assert_eq!((passed[0].outcome, passed[0].steps), ("passed", 2));
    second.activate(v("/api/products@1.0.0")).await.unwrap();
    second.deactivate(v("/api/products@1.0.0")).await.unwrap();
    end(database, [runtime, second]).await;
}

pub async fn a_way_back_that_leaves_something_names_it(engine: Engine) {
    let folder = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        (
            "002_b",
            "CREATE TABLE products (id INTEGER, name VARCHAR(40));",
            "SELECT 1;",
        ),
        ("003_c", "CREATE INDEX left_over ON products (name);", "SELECT 1;"),
    ]);
    let (database, runtime) = start(engine, &folder).await;
    let before = seq(&runtime).await;
    for in_place in places(engine) {
        let error = runtime.rehearse(&[], in_place).await.unwrap_err();
        let text = error.to_string();
        let Error::Rehearsal(failure) = error else {
            panic!("{text}");
        };
        assert!(failure.failure.is_none() && !failure.differences.is_empty());
        assert!(text.contains("products"), "{text}");
        untouched(&database, &runtime, before).await;
    }
    end(database, [runtime]).await;
}

pub async fn a_sound_schema_passes_on_a_copy_and_in_place(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let before = seq(&runtime).await;
    for in_place in places(engine) {
        let rehearsed = runtime.rehearse(&[], in_place).await.unwrap();
        let told: Vec<_> = rehearsed.iter().map(|r| (r.schema.to_string(), r.outcome)).collect();
        assert_eq!(
            told,
            [("schema_v1".to_owned(), "passed"), ("schema_v2".to_owned(), "passed")]
        );
        assert!(!database.has_table("users").await);
        assert_eq!(seq(&runtime).await, before);
    }
    // Only the wanted ones are judged; what they build on is merely there.
    let rehearsed = runtime.rehearse(&[s("schema_v2")], false).await.unwrap();
    assert_eq!((rehearsed.len(), rehearsed[0].schema.as_str()), (1, "schema_v2"));
    refused(runtime.rehearse(&[s("nobody_knows")], false).await);
    end(database, [runtime]).await;
}

pub async fn what_is_applied_stays_out_of_a_rehearsal_in_place(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    database.execute("INSERT INTO users VALUES (1, 'a')").await;
    let rehearsed = runtime.rehearse(&[], true).await.unwrap();
    let told: Vec<_> = rehearsed.iter().map(|r| r.outcome).collect();
    assert_eq!(told, ["applied", "passed"]);
    runtime.rehearse(&[], false).await.unwrap();
    assert_eq!(database.number("SELECT count(*) FROM users").await, 1);
    assert!(!database.has_column("users", "display_name").await);
    end(database, [runtime]).await;
}

pub async fn a_failing_way_up_is_found_too(engine: Engine) {
    let folder = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;"),
        ("002_b", "INSERT INTO a VALUES (nowhere);", "DELETE FROM a;"),
    ]);
    let (database, runtime) = start(engine, &folder).await;
    let before = seq(&runtime).await;
    let error = runtime.rehearse(&[], false).await.unwrap_err();
    assert!(error.to_string().contains("cannot be applied"), "{error}");
    untouched(&database, &runtime, before).await;
    end(database, [runtime]).await;
}

pub async fn an_irreversible_step_is_rehearsed_one_way(engine: Engine) {
    let folder = one(&[("001_a", "-- lockstep: irreversible\nCREATE TABLE a (id INTEGER);", "")]);
    let (database, runtime) = start(engine, &folder).await;
    let rehearsed = runtime.rehearse(&[], false).await.unwrap();
    assert_eq!(rehearsed[0].outcome, "irreversible");
    assert!(!database.has_table("a").await);
    end(database, [runtime]).await;
}

pub async fn what_cannot_be_asked_before_a_way_back_is_found_too(engine: Engine) {
    let made = Folder::users();
    let version = std::fs::read_dir(made.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.is_dir())
        .expect("a schema");
    let step = std::fs::read_dir(&version)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .find_map(|name| Some(name.strip_suffix(".up.sql")?.to_owned()))
        .expect("a step");
    let asked = "-- users.name: kept elsewhere\nSELECT count(*) FROM no_such_table;";
    std::fs::write(version.join(format!("{step}.lost.sql")), asked).unwrap();
    let (database, runtime) = start(engine, &made).await;
    for in_place in places(engine) {
        let error = runtime.rehearse(&[], in_place).await.unwrap_err().to_string();
        assert!(error.contains("no_such_table"), "{error}");
    }
    end(database, [runtime]).await;
}
