//! Hostile and mistaken files: each fault names file, line and column, and nothing changes.

use super::{opened, try_read};
use crate::support::{Cli, Database, Engine, Folder, facts_on};

/// A table that is right, and what is wrong with the rest of the file.
const TABLE: &str = "[tables.t]\ncolumns = [{ name = \"id\", type = \"integer\", primary_key = true }]\n";

async fn faults_name_file_line_and_column(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    for (file, text, place, said) in [
        (
            "a.toml",
            format!("{TABLE}colour = 1\n"),
            ":3:1:",
            "unknown field `colour`",
        ),
        ("b.toml", format!("{TABLE}{TABLE}"), ":3:", "duplicate key"),
        ("c.toml", TABLE.replace("\"id\"", "\"\""), ":2:14:", "empty"),
        (
            "d.toml",
            format!("{TABLE}unique = [[\"x\"]]\n"),
            ":3:11:",
            "no column \"x\"",
        ),
        ("e.toml", format!("version = \"1\"\n{TABLE}"), ":1:1:", "no version"),
        (
            "f.json",
            "{\"tables\": {},\n  \"tables\": {}}".to_owned(),
            ":2:",
            "duplicate field",
        ),
        ("g.json", "{\"tables\": {\n".to_owned(), ":2:", "EOF"),
        (
            "h.json",
            "{\"entities\": {\"e\": {\"attributes\": [\n {\"code\": 1}]}}}".to_owned(),
            ":2:",
            "expected a string",
        ),
        (
            "i.toml",
            format!("{TABLE}checks = [\"id > 0) ; DROP TABLE t --\"]\n"),
            ":3:11:",
            "bracket",
        ),
        ("j.toml", format!("raw = [\"CREATE TABLE half (\"]\n{TABLE}"), ":1:", ""),
        (
            "k.toml",
            format!("raw = [\n \"BEGIN; DROP TABLE t; COMMIT\",\n]\n{TABLE}"),
            ":2:2:",
            "",
        ),
    ] {
        folder.write(file, &text);
        let error = try_read(&database, &folder, file).await.expect_err(file).to_string();
        let path = folder.path().join(file);
        assert!(
            error.starts_with(&format!("{}{place}", path.display())),
            "{file}: {error}"
        );
        assert!(error.contains(said), "{file}: {error}");
    }
    database.drop().await;
}

async fn what_an_engine_refuses_names_its_place(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    folder.write("raw.toml", &format!("{TABLE}\n[[raw]]\nsql = \"CREATE VIEW v AS SELECT x FROM nowhere_at_all\"\n[[raw]]\nsql = \"NO SUCH STATEMENT\"\n"));
    let error = try_read(&database, &folder, "raw.toml")
        .await
        .expect_err("refused")
        .to_string();
    assert!(error.contains("raw.toml:"), "{error}");
    assert!(error.contains("\n  in: "), "{error}");
    database.drop().await;
}

async fn the_command_line_tells_all_faults_and_changes_nothing(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    opened(&database).await;
    database.execute("CREATE TABLE there (id INTEGER)").await;
    folder.write(
        "it.toml",
        &format!("{TABLE}unique = [[\"x\"]]\nprimary_key = [\"y\"]\n"),
    );
    let file = folder.path().join("it.toml").display().to_string();
    for command in [
        vec!["schema", "diff", "--from", &database.url, "--to", &file],
        vec!["schema", "inspect", &file],
        vec!["schema", "sync", "--to", &file, "--yes"],
    ] {
        let ended = Cli::json(&database, &folder, &command).run().await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        let error = ended.json()["error"].clone();
        assert_eq!(error["kind"], "fix_input", "{error}");
        let message = error["message"].as_str().expect("a message").to_owned();
        assert!(
            message.contains("it.toml:3:") && message.contains("it.toml:4:"),
            "{message}"
        );
    }
    assert!(database.has_table("there").await);
    assert!(!database.has_table("t").await);
    assert!(!database.has_table("lockstep_declared").await);
    database.drop().await;
}

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    faults_name_file_line_and_column
    what_an_engine_refuses_names_its_place
    the_command_line_tells_all_faults_and_changes_nothing
);
