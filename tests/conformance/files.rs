//! What people write wrongly is found before anything runs, with the file, the line and what to do.

use lockstep::{Error, ErrorKind, Runtime};

use super::{end, folder, one, start, v};
use crate::support::{Database, Engine, Folder};

/// What building a runtime on such a folder is refused with; the database stays as it was.
async fn wrong(engine: Engine, folder: &Folder) -> String {
    let database = Database::new(engine).await;
    let built = Runtime::builder(&database.url).schemas_dir(folder.path()).build().await;
    let error = built.expect_err("the folder is wrong");
    assert_eq!(error.kind(), ErrorKind::FixInput, "{error}");
    database.drop().await;
    error.to_string()
}

async fn says(engine: Engine, folder: &Folder, parts: &[&str]) {
    let text = wrong(engine, folder).await;
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing: {text}");
    }
}

pub async fn an_empty_or_missing_folder_says_so(engine: Engine) {
    says(engine, &Folder::empty(), &["there is no schema in it"]).await;
    let database = Database::new(engine).await;
    let built = Runtime::builder(&database.url)
        .schemas_dir("/nowhere/at/all")
        .build()
        .await;
    assert!(
        matches!(&built, Err(Error::File { path, .. }) if path == "/nowhere/at/all"),
        "{built:?}"
    );
    database.drop().await;
}

pub async fn garbage_is_named_by_file_and_line(engine: Engine) {
    let made = Folder::users();
    made.write(
        "handlers.toml",
        "[handlers.users]\n\"1.0.0\" = \"schema_v1\"\n= broken\n",
    );
    says(engine, &made, &["handlers.toml:3"]).await;
    let made = Folder::users();
    made.write("schema_v2/schema.toml", "requires = [\"schema_v1\"]\n\nrequire = 1\n");
    says(engine, &made, &["schema.toml:3", "require"]).await;
    let made = Folder::users();
    made.write("handlers.toml", "[handlers.users]\n\"one\" = \"schema_v1\"\n");
    says(engine, &made, &["handlers.toml", "one"]).await;
    let made = Folder::empty();
    made.write(
        "schema_v1/schema.json",
        "{\"version\": \"schema_v1\",\n \"migrations\": [],\n \"rollbacks\": []}",
    );
    says(engine, &made, &["schema.json:3", "rollbacks"]).await;
}

pub async fn misnamed_and_missing_step_files_are_named(engine: Engine) {
    let made = Folder::users();
    made.write("schema_v1/003_more.sql", "SELECT 1;");
    says(engine, &made, &["003_more.sql", "001_name.up.sql"]).await;
    let made = Folder::users();
    made.write("schema_v1/003_more.up.oracle.sql", "SELECT 1;");
    says(engine, &made, &["003_more.up.oracle.sql", "oracle"]).await;
    says(
        engine,
        &one(&[("001_a", "CREATE TABLE a (id INTEGER);", "")]),
        &["001_a", "no way back"],
    )
    .await;
    let made = Folder::users();
    made.write("schema_v1/003_more.down.sql", "SELECT 1;");
    says(engine, &made, &["003_more", "no 003_more.up.sql"]).await;
    says(
        engine,
        &one(&[("001_a", "-- nothing\n", "SELECT 1;")]),
        &["001_a", "no statement"],
    )
    .await;
    let made = Folder::users();
    made.write("schema_v3/schema.toml", "description = \"no steps\"\n");
    says(engine, &made, &["schema_v3", "no steps"]).await;
}

pub async fn a_missing_parent_and_a_cycle_are_named(engine: Engine) {
    let made = Folder::users();
    made.write("schema_v2/schema.toml", "requires = [\"schema_v0\"]\n");
    says(engine, &made, &["schema_v2", "schema_v0"]).await;
    let made = Folder::users();
    made.write("schema_v1/schema.toml", "requires = [\"schema_v2\"]\n");
    says(engine, &made, &["schema_v1", "schema_v2"]).await;
    let made = Folder::users();
    made.write("schema_v1/schema.toml", "requires = [\"schema_v1\"]\n");
    says(engine, &made, &["schema_v1", "itself"]).await;
}

pub async fn transaction_control_is_refused_with_its_line(engine: Engine) {
    for control in [
        "COMMIT",
        "begin",
        "ROLLBACK TO x",
        "/* hidden */ End",
        "SAVEPOINT x",
        "RELEASE x",
    ] {
        // To MySQL it is an unknown word, which the server refuses.
        if engine == Engine::Mysql && control.contains("End") {
            continue;
        }
        let up = format!("SELECT 1;\n-- COMMIT;\n{control};\nSELECT 2;");
        let text = wrong(engine, &one(&[("001_a", &up, "SELECT 1;")])).await;
        assert!(text.contains("001_a.up.sql:3"), "{control}: {text}");
    }
    // In the way back too.
    let text = wrong(
        engine,
        &one(&[("001_a", "CREATE TABLE a (id INTEGER);", "DROP TABLE a;\nCOMMIT;")]),
    )
    .await;
    assert!(text.contains("001_a.down.sql:2"), "{text}");
}

pub async fn words_in_texts_names_and_trigger_bodies_are_no_transaction_control(engine: Engine) {
    let trigger = match engine {
        Engine::Sqlite => {
            "CREATE TRIGGER \"commit\" AFTER INSERT ON a BEGIN UPDATE a SET note = 'COMMIT;'; DELETE FROM a WHERE id = 0; END;"
        }
        Engine::Mysql => {
            "CREATE TRIGGER `commit` BEFORE INSERT ON a FOR EACH ROW BEGIN SET NEW.note = 'COMMIT;'; SET @a = 'ROLLBACK'; END;"
        }
        Engine::Postgres => {
            "CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $body$ BEGIN UPDATE a SET note = 'COMMIT;'; \
             RETURN NEW; END; $body$; CREATE TRIGGER \"commit\" AFTER INSERT ON a EXECUTE FUNCTION f();"
        }
    };
    let down = match engine {
        Engine::Sqlite => "DROP TRIGGER \"commit\";",
        Engine::Mysql => "DROP TRIGGER `commit`;",
        Engine::Postgres => "DROP TRIGGER \"commit\" ON a; DROP FUNCTION f();",
    };
    let table = "CREATE TABLE a (id INTEGER PRIMARY KEY, note VARCHAR(40) DEFAULT 'BEGIN; COMMIT;');";
    let made = one(&[("001_a", table, "DROP TABLE a;"), ("002_trigger", trigger, down)]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database.execute("INSERT INTO a (id) VALUES (1)").await;
    assert_eq!(database.rows("SELECT note FROM a").await, [["COMMIT;"]]);
    database.execute("DELETE FROM a").await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(super::taken_back(&left), ["schema_a"]);
    end(database, [runtime]).await;
}

pub async fn an_engines_own_variant_wins(engine: Engine) {
    let made = one(&[("001_a", "CREATE TABLE generic (id INTEGER);", "DROP TABLE generic;")]);
    made.write("schema_a/001_a.up.sqlite.sql", "CREATE TABLE for_sqlite (id INTEGER);");
    made.write("schema_a/001_a.down.sqlite.sql", "DROP TABLE for_sqlite;");
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(database.has_table("for_sqlite").await, engine == Engine::Sqlite);
    assert_eq!(database.has_table("generic").await, engine != Engine::Sqlite);
    end(database, [runtime]).await;
    if engine != Engine::Sqlite {
        let only = Folder::empty();
        only.write("schema_a/001_a.up.sqlite.sql", "SELECT 1;");
        only.write("schema_a/001_a.down.sqlite.sql", "SELECT 1;");
        says(engine, &only, &["001_a", "SQLite only"]).await;
    }
}

pub async fn a_name_that_the_server_would_cut_is_refused(engine: Engine) {
    let long = "n".repeat(65);
    let quote = if engine == Engine::Mysql { '`' } else { '"' };
    let made = one(&[(
        "001_a",
        &format!("CREATE TABLE {quote}{long}{quote} (id INTEGER);"),
        &format!("DROP TABLE {quote}{long}{quote};"),
    )]);
    let limit = match engine {
        Engine::Postgres => "63",
        Engine::Mysql => "64",
        Engine::Sqlite => "",
    };
    if engine != Engine::Sqlite {
        return says(engine, &made, &["001_a.up.sql:1", limit]).await;
    }
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    assert!(database.has_table(&long).await);
    runtime.deactivate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime]).await;
}

pub async fn a_binding_to_an_unknown_schema_is_no_obstacle_to_others(engine: Engine) {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"not_written_yet\"\n",
        &[("schema_1/001_t", "CREATE TABLE t (id INTEGER);", "DROP TABLE t;")],
    );
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    let error = runtime.activate(v("app@2.0.0")).await.unwrap_err();
    assert_eq!((error.code(), error.kind()), ("unknown_schema", ErrorKind::FixInput));
    end(database, [runtime]).await;
}
