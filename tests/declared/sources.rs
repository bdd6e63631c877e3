//! How a source is named, and what it takes to read it.

use lockstep::catalog::structure::Selection;
use lockstep::structure::Source;
use lockstep::{Error, Settings};

use super::{opened, source, try_read};
use crate::support::{Cli, Database, Engine, Folder, facts_on};

#[test]
fn a_file_is_told_by_what_it_holds() {
    let folder = Folder::empty();
    folder.write("definition.toml", "version = \"1.0.0\"\n");
    folder.write("definition.json", "{\"tables\": {}}");
    folder.write("entities.json", "{\"entities\": {\"a\": {}}}");
    folder.write("snapshot.json", "{\"dialect\": \"sqlite\"}");
    assert!(matches!(source(&folder, "definition.toml"), Source::Definition(_)));
    assert!(matches!(source(&folder, "definition.json"), Source::Definition(_)));
    assert!(matches!(source(&folder, "snapshot.json"), Source::Snapshot(_)));
    assert!(matches!(
        source(&folder, "entities.json"),
        Source::Entities { only: None, .. }
    ));
    match source(&folder, "entities.json#a") {
        Source::Entities { only, .. } => assert_eq!(only.as_deref(), Some("a")),
        other => panic!("{other:?}"),
    }
    for wrong in ["definition.toml#a", "nothing", "x.txt", "schema:"] {
        let path = folder.path().join(wrong).display().to_string();
        let text = if wrong.starts_with("schema") { wrong } else { &path };
        assert!(text.parse::<Source>().is_err(), "{wrong}");
    }
    match "schema:schema_v2".parse().expect("a source") {
        Source::Schema { version, .. } => assert_eq!(version.as_str(), "schema_v2"),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_only_a_database_can_tell_asks_for_one() {
    let folder = Folder::empty();
    folder.write("definition.toml", "version = \"1.0.0\"\n");
    let read = source(&folder, "definition.toml")
        .read(None, &Settings::default(), &Selection::all())
        .await;
    let error = read.expect_err("no database").to_string();
    assert!(error.contains("--database-url"), "{error}");
}

#[tokio::test]
async fn a_folder_without_sql_declares_nothing_that_could_be_meant() {
    let (database, folder, desired) = (Database::new(Engine::Sqlite).await, Folder::empty(), Folder::empty());
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    desired.write("notes.txt", "no SQL");
    let path = desired.path().display().to_string();
    let drop_all = ["schema", "sync", "--to", &path, "--strategy", "full", "--yes"];
    let ended = Cli::json(&database, &folder, &drop_all).run().await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let said = format!("{}{}", ended.stdout, ended.stderr);
    assert!(said.contains("there is no .sql file in it"), "{said}");
    assert!(database.has_table("t").await);
    database.drop().await;
}

async fn a_schema_version_is_made_of_all_that_it_builds_on(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    opened(&database).await;
    folder.write("v1.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL);\nCREATE INDEX users_email ON users (email);\n");
    folder.write("v2.sql", "CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(200) NOT NULL, display_name VARCHAR(200));\nCREATE INDEX users_email ON users (email);\n");
    for (schema, file) in [("schema:schema_v1", "v1.sql"), ("schema:schema_v2", "v2.sql")] {
        let file = folder.path().join(file).display().to_string();
        let same = ["schema", "diff", "--from", schema, "--to", &file, "--exit-code"];
        let ended = Cli::json(&database, &schemas(&folder), &same).run().await;
        assert_eq!(ended.code, Some(0), "{schema}: {ended:?}");
    }
    assert!(
        !database.has_table("users").await,
        "nothing is made in the database itself"
    );
    database.drop().await;
}

/// The schemas alone: a folder of schemas holds nothing else.
fn schemas(folder: &Folder) -> Folder {
    let alone = Folder::empty();
    for file in ["schema_v1/001_users", "schema_v1/002_email", "schema_v2/001_name"] {
        for way in ["up", "down"] {
            let name = format!("{file}.{way}.sql");
            alone.write(
                &name,
                &std::fs::read_to_string(folder.path().join(&name)).expect("a step"),
            );
        }
    }
    for name in ["schema_v1/002_email.down.mysql.sql", "schema_v2/schema.toml"] {
        alone.write(
            name,
            &std::fs::read_to_string(folder.path().join(name)).expect("a file"),
        );
    }
    alone
}

async fn a_schema_version_that_cannot_be_made_says_why(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let read = |name: &str| {
        let source = name.parse::<Source>().expect("a source").in_folder(folder.path());
        let url = database.url.clone();
        async move {
            let settings = Settings::default();
            let beside = lockstep::structure::Database::connect(&url, &settings).await?;
            let read = source.read(Some(&beside), &settings, &Selection::all()).await;
            beside.close().await;
            read
        }
    };
    let unknown = read("schema:schema_v9").await.expect_err("unknown");
    assert!(unknown.to_string().contains("schema_v9"), "{unknown}");
    folder.write(
        "schema_v3/001_wrong.up.sql",
        "CREATE TABLE ok (id INTEGER);\nINSERT INTO nowhere VALUES (1);\n",
    );
    folder.write("schema_v3/001_wrong.down.sql", "DROP TABLE ok;\n");
    folder.write("schema_v3/schema.toml", "requires = [\"schema_v2\"]\n");
    if engine != Engine::Mysql {
        let wrong = read("schema:schema_v3").await.expect_err("wrong");
        assert!(matches!(&wrong, Error::Script { line: 2, .. }), "{wrong:?}");
        assert!(wrong.to_string().contains("schema_v3/001_wrong"), "{wrong}");
    }
    read("schema:schema_v2")
        .await
        .expect("what it does not build on is left alone");
    database.drop().await;
}

async fn one_entity_type_is_looked_at_alone(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    folder.write(
        "types.toml",
        "[entities.product]\nattributes = [{ code = \"sku\", backend_type = \"varchar\", unique = true }]\n[entities.shop]\n",
    );
    let unknown = try_read(&database, &folder, "types.toml#planet")
        .await
        .expect_err("unknown")
        .to_string();
    assert!(unknown.contains("there are product, shop"), "{unknown}");
    let (one, tables) = source(&folder, "types.toml")
        .entity("product")
        .expect("read")
        .expect("one");
    assert_eq!(tables, ["product", "product_varchar"]);
    assert_eq!(one, source(&folder, "types.toml#product"));
    let side = try_read(&database, &folder, "types.toml").await.expect("both");
    assert_eq!(side.declaration.expect("a file").kind, "entities");
    let file = folder.path().join("types.toml").display().to_string();
    let analyzed = Cli::json(
        &database,
        &Folder::users(),
        &["schema", "analyze", "planet", "--to", &file],
    )
    .run()
    .await;
    assert_eq!(analyzed.code, Some(1), "{analyzed:?}");
    database.drop().await;
}

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_schema_version_is_made_of_all_that_it_builds_on
    a_schema_version_that_cannot_be_made_says_why
    one_entity_type_is_looked_at_alone
);

#[tokio::test]
async fn the_schemas_of_the_files_are_printed() {
    for of in ["definition", "entities"] {
        let ended = Cli::bare(&["schema", "json-schema", of]).run().await;
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let schema: serde_json::Value = serde_json::from_str(&ended.stdout).expect("JSON alone");
        assert_eq!(schema["type"], "object", "{schema:#}");
    }
}

#[tokio::test]
async fn statements_are_printed_byte_for_byte() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::empty());
    database.execute("CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    let steering = "a\u{1b}[31mb\u{1}c\u{7f}d";
    folder.write(
        "desired.sql",
        &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT '{steering}')"),
    );
    let file = folder.path().join("desired.sql").display().to_string();
    let args = [
        "schema",
        "diff",
        "--from",
        &database.url,
        "--to",
        &file,
        "--format",
        "sql",
    ];
    let printed = Cli::bare(&args).run().await.stdout;
    assert!(printed.contains(steering), "{printed:?}");
    // A snapshot is JSON: what it leaves out would be a difference.
    let told = Cli::json(&database, &folder, &["schema", "diff", "--to", &file])
        .run()
        .await
        .told();
    let sql = told["plan"]["statements"][0]["sql"].as_str().expect("a statement");
    assert!(sql.contains(steering), "{sql:?}");
    database.drop().await;
}
