//! Files that nobody would write.

use super::{lint, path, told};
use crate::support::Folder;

#[tokio::test]
async fn what_cannot_be_read_is_a_finding_with_its_place() {
    let folder = Folder::empty();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).expect("written");
    write("latin.sql", b"SELECT 'caf\xe9';");
    write("nul.sql", b"SELECT 1;\nSELECT '\0';");
    write("open.sql", "SELECT 1;\n  SELECT 'ü".as_bytes());
    write("empty.sql", b"");
    write("remarks.sql", b"-- nothing\n/* at all */");
    write("commit.sql", b"SELECT 1;\nCOMMIT;");
    for dialect in ["sqlite", "postgres", "mysql"] {
        for (name, code, expected) in [
            ("latin.sql", 1, "unreadable 1:1 error"),
            ("nul.sql", 1, "unreadable 2:9 error"),
            ("open.sql", 1, "unreadable 2:10 error"),
            ("commit.sql", 1, "not-allowed 2:1 error"),
            ("empty.sql", 0, "empty 1:1 info"),
            ("remarks.sql", 0, "empty 1:1 info"),
        ] {
            let ended = lint(&folder, &["--dialect", dialect, &path(&folder, name)]).await;
            assert_eq!(ended.code, Some(code), "{name}: {ended:?}");
            assert_eq!(told(&ended.json()), [expected], "{name} on {dialect}");
        }
    }
}

#[tokio::test]
async fn megabytes_on_one_line_are_judged() {
    let folder = Folder::empty();
    let text = format!("{}DROP TABLE \"ü\"", "INSERT INTO t (a) VALUES ('ü'); ".repeat(63_000));
    assert!(text.len() > 2_000_000);
    folder.write("big.sql", &text);
    let ended = lint(&folder, &["--dialect", "postgres", &path(&folder, "big.sql")]).await;
    let column = text.chars().count() - 2;
    assert_eq!(told(&ended.told()), [format!("drop-table 1:{column} warning")]);
}

#[tokio::test]
async fn any_name_may_be_quoted() {
    let folder = Folder::empty();
    for (dialect, name, length) in [
        ("sqlite", "[drop table; --]", 200),
        ("sqlite", "\"it''s \"\"quoted\"\"\"", 200),
        ("postgres", "\"select\"", 60),
        ("mysql", "`größe ``x`", 60),
    ] {
        let long = "ü".repeat(length / 2);
        let quote = if dialect == "mysql" { '`' } else { '"' };
        let text = format!("ALTER TABLE {name}\n  DROP COLUMN {quote}{long}{quote};");
        folder.write("a.sql", &text);
        let ended = lint(&folder, &["--dialect", dialect, &path(&folder, "a.sql")]).await;
        assert_eq!(told(&ended.told()), ["drop-column 2:3 warning"], "{text}");
    }
    // Names that the server would cut off.
    folder.write("a.sql", &format!("DROP TABLE \"{}\";", "ü".repeat(32)));
    let ended = lint(&folder, &["--dialect", "postgres", &path(&folder, "a.sql")]).await;
    assert_eq!(told(&ended.json()), ["not-allowed 1:12 error"]);
}
