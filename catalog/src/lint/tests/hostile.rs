//! Text that nobody would write, and names that somebody does.

use proptest::prelude::*;

use super::*;
use crate::lint::Severity::{Error, Warning};

#[test]
fn what_cannot_be_read_is_shown_where_it_starts() {
    for dialect in Dialect::ALL {
        raise(
            dialect,
            "unreadable",
            Error,
            &[
                ("DROP TABLE a;\nSELECT 'it", "'it"),
                ("SELECT 1;\n/* never", "/*"),
                ("SELECT 1\0;", "\0"),
            ],
        );
        // What stands before it is judged all the same; what stands in it is not.
        assert_eq!(
            rules(dialect, "DROP TABLE a;\nDROP TABLE b 'it"),
            ["drop-table", "unreadable"]
        );
        assert_eq!(rules(dialect, ""), ["empty"]);
        assert_eq!(rules(dialect, "\u{feff}-- nothing\n;;"), ["empty"]);
    }
    raise(
        Dialect::Postgres,
        "not-allowed",
        Error,
        &[("SELECT 1; COMMIT;", "COMMIT"), ("SELECT 1;\n\\i other.sql", "\\i")],
    );
    // Everything that is refused is told, and what stands between is judged.
    assert_eq!(
        rules(Dialect::Postgres, "BEGIN; DROP TABLE a; COMMIT"),
        ["not-allowed", "drop-table", "not-allowed"]
    );
    raise(
        Dialect::Mysql,
        "not-allowed",
        Error,
        &[("DELIMITER //\nCREATE TABLE t (a INT)//", "DELIMITER")],
    );
    raise(
        Dialect::Sqlite,
        "not-allowed",
        Error,
        &[("PRAGMA foreign_keys = OFF", "PRAGMA")],
    );
}

#[test]
fn any_name_is_a_name() {
    for (dialect, text, marked) in [
        (
            Dialect::Postgres,
            "DROP TABLE \"a \"\"b\"\" drop\"",
            "\"a \"\"b\"\" drop\"",
        ),
        (Dialect::Mysql, "DROP TABLE `größe``;`", "`größe``;`"),
        (Dialect::Sqlite, "DROP TABLE [select]", "[select]"),
        (Dialect::Sqlite, "DROP TABLE \"表\"", "\"表\""),
        (Dialect::Postgres, "DROP TABLE größe", "größe"),
    ] {
        raise(dialect, "drop-table", Warning, &[(text, marked)]);
    }
    let text = "SELECT 'ü€𝄞'; DROP TABLE \"é\"";
    let one = &found(Dialect::Postgres, text)[0];
    assert_eq!((one.line, one.column, &text[one.start..one.end]), (1, 26, "\"é\""));
    leave(
        Dialect::Postgres,
        "index-not-concurrent",
        &["CREATE TABLE \"a.b\" (\"WHERE\" int); CREATE INDEX i ON \"a.b\" (\"WHERE\")"],
    );
}

#[test]
fn thousands_of_statements_on_one_line_are_judged() {
    let text = "INSERT INTO t (a) VALUES ('ü'); ".repeat(3_000);
    for dialect in Dialect::ALL {
        assert_eq!(rules(dialect, &text), [""; 0]);
    }
    let text = "DROP TABLE ü; ".repeat(2_000);
    assert_eq!(rules(Dialect::Postgres, &text).len(), 2_000 + 1_999);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever the text, nothing panics, and every place is one in the text.
    #[test]
    fn any_text_is_judged(text in "(?s).{0,200}") {
        for dialect in Dialect::ALL {
            places(&found(dialect, &text), &text)?;
        }
    }

    /// The same of text that looks like SQL.
    #[test]
    fn any_words_are_judged(words in proptest::collection::vec(word(), 0..40)) {
        let text = words.join(" ");
        for dialect in Dialect::ALL {
            places(&found(dialect, &text), &text)?;
        }
    }
}

fn word() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "CREATE",
        "TABLE",
        "ALTER",
        "DROP",
        "ADD",
        "COLUMN",
        "INDEX",
        "CONCURRENTLY",
        "ON",
        "t",
        "u",
        "a",
        "b",
        "(",
        ")",
        ",",
        ";",
        "INT",
        "NOT",
        "NULL",
        "DEFAULT",
        "PRIMARY",
        "KEY",
        "UNIQUE",
        "CHECK",
        "REFERENCES",
        "FOREIGN",
        "RENAME",
        "TO",
        "UPDATE",
        "SET",
        "WHERE",
        "DELETE",
        "FROM",
        "INSERT",
        "INTO",
        "VALUES",
        "'x'",
        "\"y\"",
        "CONSTRAINT",
        "TYPE",
        "USING",
        "MODIFY",
        "CHANGE",
        "=",
        ".",
        "1",
        "IF",
        "EXISTS",
        "CAST",
        "AS",
        "VALIDATE",
        "TRUNCATE",
        "VACUUM",
        "FULL",
        "ENUM",
        "VALUE",
        "ONLY",
        "*",
        "[",
        "]",
        "CASCADE",
        "VIEW",
        "TRIGGER",
        "BEGIN",
        "END",
        "é",
    ])
}

fn places(findings: &[Finding], text: &str) -> Result<(), TestCaseError> {
    for one in findings {
        prop_assert!(text.get(one.start..one.end).is_some(), "{one:?} in {text:?}");
        prop_assert!(one.line >= 1 && one.column >= 1);
    }
    Ok(())
}
