//! SQLite: what only a file has.

use lockstep::{Error, ErrorKind, Runtime};

use super::{end, folder, one, s, start, v};
use crate::support::{Database, Engine, Folder};

/// `app@2.0.0` rebuilds the parent table, as SQLite's manual says, without switching foreign keys off.
fn rebuilding(copy: &str) -> Folder {
    let rebuild = |columns: &str| {
        format!(
            "CREATE TABLE parent_new (id INTEGER PRIMARY KEY{columns}); {copy} DROP TABLE parent; \
             ALTER TABLE parent_new RENAME TO parent;"
        )
    };
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE parent (id INTEGER PRIMARY KEY); \
                 CREATE TABLE child (id INTEGER PRIMARY KEY, of INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE);",
                "DROP TABLE child; DROP TABLE parent;",
            ),
            ("schema_2/001_r", &rebuild(", note TEXT"), &rebuild("")),
        ],
    );
    made.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\n",
    );
    made
}

pub async fn a_table_rebuild_does_not_cascade_into_children(engine: Engine) {
    let (database, runtime) = start(
        engine,
        &rebuilding("INSERT INTO parent_new (id) SELECT id FROM parent;"),
    )
    .await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (10, 1), (20, 2);")
        .await;
    runtime.activate(v("app@2.0.0")).await.unwrap();
    assert!(database.has_column("parent", "note").await);
    assert_eq!(database.number("SELECT count(*) FROM child").await, 2);
    runtime.deactivate(v("app@2.0.0")).await.unwrap();
    assert!(!database.has_column("parent", "note").await);
    assert_eq!(database.number("SELECT count(*) FROM child").await, 2);
    end(database, [runtime]).await;
}

pub async fn rows_left_dangling_refuse_the_commit(engine: Engine) {
    let copy = "INSERT INTO parent_new (id) SELECT id FROM parent WHERE id > 1;";
    let (database, runtime) = start(engine, &rebuilding(copy)).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (10, 1), (20, 2);")
        .await;
    let error = runtime.activate(v("app@2.0.0")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("1 rows that point to rows that do not exist"),
        "{error}"
    );
    assert!(!database.has_column("parent", "note").await);
    assert_eq!(database.number("SELECT count(*) FROM parent").await, 2);
    assert!(runtime.is_active(s("schema_1")) && !runtime.is_active(s("schema_2")));
    end(database, [runtime]).await;
}

pub async fn what_was_broken_before_is_not_held_against_the_steps(engine: Engine) {
    let copy = "INSERT INTO parent_new (id) SELECT id FROM parent WHERE id <> 3;";
    let (database, runtime) = start(engine, &rebuilding(copy)).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    // A child of nobody, and a reference to a column that is no key, which SQLite cannot check at all.
    database
        .execute(
            "PRAGMA foreign_keys = off; INSERT INTO parent VALUES (1); INSERT INTO child VALUES (10, 1), (20, 2);
             CREATE TABLE place (code TEXT); CREATE TABLE visit (at TEXT REFERENCES place (code));
             INSERT INTO visit VALUES ('nowhere');",
        )
        .await;
    runtime.activate(v("app@2.0.0")).await.unwrap();
    assert!(database.has_column("parent", "note").await);
    runtime.deactivate(v("app@2.0.0")).await.unwrap();
    // What the steps break is told from it.
    database
        .execute("PRAGMA foreign_keys = off; INSERT INTO parent VALUES (3); INSERT INTO child VALUES (30, 3);")
        .await;
    let error = runtime.activate(v("app@2.0.0")).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("1 rows that point to rows that do not exist"),
        "{error}"
    );
    assert_eq!(database.number("SELECT count(*) FROM child").await, 3);
    assert_eq!(database.number("SELECT count(*) FROM parent").await, 2);
    end(database, [runtime]).await;
}

pub async fn a_step_outside_a_transaction_is_refused_when_read(engine: Engine) {
    let folder = one(&[(
        "001_a",
        "-- lockstep: no-transaction\nCREATE TABLE a (id INTEGER);",
        "DROP TABLE a;",
    )]);
    let database = Database::new(engine).await;
    let built = Runtime::builder(&database.url).schemas_dir(folder.path()).build().await;
    let error = built.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FixInput);
    assert!(error.to_string().contains("no-transaction"), "{error}");
    database.drop().await;
}

pub async fn a_file_that_is_no_database_is_left_alone(engine: Engine) {
    let database = Database::new(engine).await;
    let garbage = "this is a letter to my aunt\n".repeat(400);
    std::fs::write(database.file(), &garbage).unwrap();
    let error = Runtime::builder(&database.url).build().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    assert!(error.to_string().contains("not a database"), "{error}");
    assert_eq!(std::fs::read_to_string(database.file()).unwrap(), garbage);
    database.drop().await;
}

pub async fn a_read_only_url_reads_and_refuses_to_write(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let url = format!("{}?mode=ro", database.url);
    let reading = Runtime::builder(&url)
        .schemas_dir(folder.path())
        .read_only()
        .build()
        .await
        .unwrap();
    assert!(reading.is_active(s("schema_v1")));
    reading.shutdown().await;
    match Runtime::builder(&url).schemas_dir(folder.path()).build().await {
        Ok(writing) => {
            let result = writing.activate(v("users@2.0.0")).await;
            assert!(matches!(result, Err(Error::ReadOnly { .. })), "{result:?}");
            writing.shutdown().await;
        }
        Err(error) => assert!(
            matches!(error, Error::ReadOnly { .. } | Error::NotPrepared { .. }),
            "{error:?}"
        ),
    }
    runtime.activate(v("users@2.0.0")).await.unwrap();
    end(database, [runtime]).await;
}

pub async fn a_database_in_memory_works_too(engine: Engine) {
    assert_eq!(engine, Engine::Sqlite);
    let folder = Folder::users();
    let builder = Runtime::builder("sqlite::memory:").settings(crate::support::database::quiet);
    let runtime = builder.schemas_dir(folder.path()).build().await.unwrap();
    let activation = runtime.activate(v("users@2.0.0")).await.unwrap();
    assert_eq!(super::applied(&activation), ["schema_v1", "schema_v2"]);
    let left = runtime.deactivate(v("users@2.0.0")).await.unwrap();
    assert_eq!(super::taken_back(&left), ["schema_v2", "schema_v1"]);
    runtime.shutdown().await;
}
