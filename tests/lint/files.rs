//! Files, folders and schemas, without a database.

use super::{lint, path, told};
use crate::support::{Cli, Folder};

#[tokio::test]
async fn a_file_is_judged_for_the_engine_it_is_written_for() {
    let folder = Folder::empty();
    let text = "CREATE TABLE t (\n  id serial PRIMARY KEY\n);\nCREATE INDEX i ON u (a);\n";
    folder.write("a.postgres.sql", text);
    let ended = lint(&folder, &[&path(&folder, "a.postgres.sql")]).await;
    let answer = ended.told();
    assert_eq!(answer["dialect"], "postgres");
    assert_eq!(
        told(&answer),
        [
            "prefer-bigint-key 2:6 info",
            "prefer-identity 2:6 info",
            "index-not-concurrent 4:1 warning"
        ]
    );
    // The same for another engine.
    let ended = lint(&folder, &["--dialect", "mysql", &path(&folder, "a.postgres.sql")]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(ended.json()["error"]["code"], "format");
}

#[tokio::test]
async fn exit_codes_say_how_grave_it_is() {
    let folder = Folder::empty();
    folder.write("remark.sql", "CREATE TABLE t (a json);");
    folder.write("warning.sql", "DROP TABLE t;");
    folder.write("error.sql", "ALTER TABLE t ADD a INT NOT NULL;");
    folder.write("clean.sql", "ALTER TABLE t ADD a INT;");
    for (file, plain, strict) in [("clean", 0, 0), ("remark", 0, 0), ("warning", 0, 5), ("error", 1, 1)] {
        let file = path(&folder, &format!("{file}.sql"));
        for (arguments, code) in [(&[][..], plain), (&["--strict"][..], strict)] {
            let arguments = [&["--dialect", "postgres", &file], arguments].concat();
            let ended = lint(&folder, &arguments).await;
            assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        }
    }
    for nothing in ["none.sql", "schema_v9", "no/such/folder"] {
        let ended = lint(&folder, &[nothing]).await;
        assert_eq!(ended.code, Some(1), "{ended:?}");
        assert!(ended.json()["error"]["message"].is_string(), "{ended:?}");
    }
}

#[tokio::test]
async fn people_are_shown_the_line_and_the_place_in_it() {
    let folder = Folder::empty();
    folder.write("a.sql", "SELECT 'ü';\nALTER TABLE users DROP COLUMN age;\n");
    let file = path(&folder, "a.sql");
    let ended = Cli::bare(&["migration", "lint", "--no-database", "--dialect", "mysql", &file])
        .run()
        .await;
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let expected = format!(
        "warning[drop-column]: the values of column age go\n --> {file}:2:19\n  |\n\
         2 | ALTER TABLE users DROP COLUMN age;\n  |                   ^^^^^^^^^^^^^^^\n  |\n\
         \x20 = note: programs that still name the column fail, and the way back cannot bring the values again\n\
         \x20 = help: drop it in a later schema version, when no live version reads or writes it\n"
    );
    assert!(ended.stdout.contains(&expected), "{}", ended.stdout);
    assert!(ended.stdout.ends_with("in 1 file\n"), "{}", ended.stdout);
}

#[tokio::test]
async fn schemas_are_judged_on_what_they_require() {
    let folder = Folder::users();
    let all = lint(&folder, &["--dialect", "postgres"]).await.told();
    assert_eq!(all["files"].as_array().map(Vec::len), Some(6), "{all}");
    // The index of the second step is on a table of the same schema.
    assert!(
        !told(&all).iter().any(|one| one.starts_with("index-not-concurrent")),
        "{all}"
    );
    folder.write(
        "schema_v2/002_index.up.sql",
        "CREATE INDEX j ON users (display_name, nam);",
    );
    folder.write("schema_v2/002_index.down.sql", "DROP INDEX j;");
    let one = lint(&folder, &["--dialect", "postgres", "schema_v2"]).await;
    assert_eq!(one.code, Some(1), "{one:?}");
    let found = told(&one.json());
    assert!(
        found.contains(&"index-not-concurrent 1:1 warning".to_owned()),
        "{found:?}"
    );
    assert!(found.contains(&"unknown-column 1:40 error".to_owned()), "{found:?}");
    // One file of it, with the rest for what it builds on.
    let alone = lint(
        &folder,
        &["--dialect", "postgres", &path(&folder, "schema_v2/001_name.up.sql")],
    )
    .await;
    assert_eq!(alone.told()["files"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_schema_without_a_way_back_or_with_a_wrong_one_is_told() {
    let folder = Folder::empty();
    folder.write("schema_v1/001_a.up.sql", "CREATE TABLE a (x INT) STRICT;");
    folder.write("schema_v1/002_b.up.sql", "CREATE TABLE b (x INT) STRICT;");
    folder.write("schema_v1/002_b.down.sql", "DROP TABLE a;");
    folder.write(
        "schema_v1/003_c.up.sql",
        "-- lockstep: irreversible\nCREATE TABLE c (x INT) STRICT;",
    );
    folder.write(
        "schema_v1/004_d.up.sql",
        "-- lockstep: no-transactoin\nCREATE TABLE d (x INT) STRICT;",
    );
    folder.write("schema_v1/004_d.down.sql", "DROP TABLE d;");
    let ended = lint(&folder, &["schema_v1"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert_eq!(
        told(&ended.json()),
        [
            "missing-down 1:1 warning",
            "down-incomplete 1:1 warning",
            "down-drops-more 1:1 error",
            "directive 1:1 error"
        ]
    );
}

#[tokio::test]
async fn sqlite_itself_reads_the_grammar_without_a_database() {
    let folder = Folder::users();
    assert_eq!(lint(&folder, &[]).await.code, Some(0));
    folder.write(
        "schema_v2/002_more.up.sql",
        "ALTER TABLE users\n  ADD COLUMN a INT DEFAULT (1;",
    );
    folder.write("schema_v2/002_more.down.sql", "SELECT 1;");
    let ended = lint(&folder, &["schema_v2"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    let answer = ended.json();
    let refused = answer["findings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["rule"] == "engine-refuses");
    let refused = refused.unwrap_or_else(|| panic!("{answer}"));
    assert!(
        refused["file"].as_str().unwrap().ends_with("002_more.up.sql"),
        "{refused}"
    );
    // A way back that fails is found as well.
    folder.write("schema_v2/002_more.up.sql", "CREATE TABLE more (a INT) STRICT;");
    folder.write("schema_v2/002_more.down.sql", "DROP TABLE more;\nDROP INDEX none;");
    let answer = lint(&folder, &["schema_v2"]).await.told();
    assert!(
        told(&answer).contains(&"engine-refuses 2:12 warning".to_owned()),
        "{answer}"
    );
}
