//! SQLite.

use super::*;
use crate::Dialect::Sqlite;
use crate::lint::Severity::{Error, Info, Warning};

#[test]
fn what_alter_table_cannot_do_is_said() {
    raise(
        Sqlite,
        "add-column-limits",
        Error,
        &[
            ("ALTER TABLE t ADD a TEXT UNIQUE", "UNIQUE"),
            ("ALTER TABLE t ADD a INTEGER PRIMARY KEY", "PRIMARY KEY"),
            (
                "ALTER TABLE t ADD a TEXT DEFAULT CURRENT_TIMESTAMP",
                "CURRENT_TIMESTAMP",
            ),
            ("ALTER TABLE t ADD a TEXT DEFAULT (lower('X')) NOT NULL", "(lower('X'))"),
            ("ALTER TABLE t ADD a INT AS (b) STORED", "a INT AS (b) STORED"),
        ],
    );
    leave(
        Sqlite,
        "add-column-limits",
        &[
            "ALTER TABLE t ADD a TEXT DEFAULT 'UNIQUE'",
            "ALTER TABLE t ADD a TEXT DEFAULT (1)",
            "ALTER TABLE t ADD a INT AS (b) VIRTUAL",
            "CREATE TABLE t (b INT); ALTER TABLE t ADD a TEXT DEFAULT CURRENT_TIMESTAMP",
        ],
    );
    raise(
        Sqlite,
        "add-not-null-column",
        Error,
        &[("ALTER TABLE t ADD a TEXT NOT NULL", "NOT NULL")],
    );
    leave(
        Sqlite,
        "add-not-null-column",
        &["ALTER TABLE t ADD a TEXT NOT NULL DEFAULT ''"],
    );
    raise(
        Sqlite,
        "drop-column-limits",
        Error,
        &[
            (
                "CREATE TABLE t (a INT PRIMARY KEY, b INT); ALTER TABLE t DROP COLUMN A",
                "A",
            ),
            (
                "CREATE TABLE t (a INT, b INT); CREATE INDEX i ON t (b); ALTER TABLE t DROP b",
                "b",
            ),
        ],
    );
    leave(
        Sqlite,
        "drop-column-limits",
        &[
            "CREATE TABLE t (a INT PRIMARY KEY, b INT); ALTER TABLE t DROP COLUMN b",
            "ALTER TABLE t DROP a",
        ],
    );
}

#[test]
fn a_rebuild_keeps_what_belongs_to_the_table() {
    let shop = shop(Sqlite);
    let rebuild = "CREATE TABLE users_new (id INTEGER PRIMARY KEY, email TEXT) STRICT;\n\
                   INSERT INTO users_new SELECT id, email FROM users;\n\
                   DROP TABLE users;\n\
                   ALTER TABLE users_new RENAME TO users;\n";
    let report = meeting(&shop, None, rebuild);
    let [finding] = report.findings.as_slice() else {
        panic!("{report:#?}");
    };
    assert_eq!(
        (finding.rule, finding.severity, finding.line),
        ("rebuild-forgets", Warning, 4)
    );
    assert_eq!(
        finding.message,
        "index users_by_email, trigger users_log went with the old users"
    );
    let whole = format!(
        "{rebuild} CREATE INDEX users_by_email ON users (email);\n\
         CREATE TRIGGER users_log AFTER INSERT ON users BEGIN SELECT 1; END;"
    );
    assert_eq!(meeting(&shop, None, &whole).findings, []);

    // Without the database, what earlier migrations made is known.
    let first = migration(vec![Script::up(
        "1",
        "CREATE TABLE users (id INT) STRICT; CREATE INDEX i ON users (id);",
    )]);
    let second = migration(vec![Script::up("2", rebuild)]);
    let report = lint(&Input::of(Sqlite, &[first, second]));
    assert!(
        report
            .findings
            .iter()
            .any(|one| one.message == "index i went with the old users"),
        "{report:?}"
    );
}

#[test]
fn a_rebuild_drops_the_old_table_before_the_new_one_takes_its_name() {
    let wrong = "ALTER TABLE t RENAME TO t_old; CREATE TABLE t (a INT) STRICT; INSERT INTO t SELECT a FROM t_old; DROP TABLE t_old";
    raise(Sqlite, "rebuild-order", Error, &[(wrong, "RENAME TO t_old")]);
    leave(
        Sqlite,
        "rebuild-order",
        &[
            "CREATE TABLE t_new (a INT); INSERT INTO t_new SELECT a FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t",
            "ALTER TABLE t RENAME TO u; DROP TABLE v",
        ],
    );
    raise(
        Sqlite,
        "legacy-alter-table",
        Warning,
        &[("PRAGMA legacy_alter_table = ON", "PRAGMA legacy_alter_table = ON")],
    );
    raise(
        Sqlite,
        "writable-schema",
        Warning,
        &[("PRAGMA writable_schema(1)", "PRAGMA writable_schema(1)")],
    );
    leave(
        Sqlite,
        "legacy-alter-table",
        &["PRAGMA legacy_alter_table", "PRAGMA defer_foreign_keys = ON"],
    );
}

#[test]
fn strings_stand_in_single_quotes() {
    raise(
        Sqlite,
        "double-quoted-string",
        Warning,
        &[
            ("INSERT INTO t VALUES (1, \"x\")", "\"x\""),
            ("CREATE TABLE t (a TEXT DEFAULT \"x\")", "\"x\""),
            ("UPDATE t SET a = 1 WHERE b IN ('a', \"b\")", "\"b\""),
        ],
    );
    leave(
        Sqlite,
        "double-quoted-string",
        &[
            "CREATE TABLE \"t\" (\"a b\" TEXT DEFAULT 'x')",
            "INSERT INTO t (\"a b\") VALUES ('\"x\"')",
            "CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO u VALUES (NEW.\"a b\"); END",
            "SELECT \"a\" FROM t WHERE b IN (SELECT \"c\" FROM u)",
        ],
    );
}

#[test]
fn casts_that_lose_text_and_types_that_surprise_are_remarked_on() {
    raise(
        Sqlite,
        "cast-to-zero",
        Warning,
        &[("INSERT INTO u SELECT CAST(a AS INTEGER) FROM t", "CAST(a AS INTEGER)")],
    );
    leave(
        Sqlite,
        "cast-to-zero",
        &[
            "INSERT INTO u SELECT CAST(a AS TEXT) FROM t",
            "INSERT INTO u SELECT CAST(a AS INTEGER) FROM t WHERE a GLOB '[0-9]*'",
            "SELECT CAST(a AS INTEGER) FROM t",
        ],
    );
    raise(
        Sqlite,
        "int-primary-key",
        Info,
        &[("CREATE TABLE t (id INT PRIMARY KEY)", "INT")],
    );
    leave(
        Sqlite,
        "int-primary-key",
        &[
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            "CREATE TABLE t (id INT PRIMARY KEY) WITHOUT ROWID",
        ],
    );
    raise(
        Sqlite,
        "autoincrement",
        Info,
        &[("CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT)", "AUTOINCREMENT")],
    );
    leave(Sqlite, "autoincrement", &["CREATE TABLE t (id INTEGER PRIMARY KEY)"]);
    raise(Sqlite, "not-strict", Info, &[("CREATE TABLE t (id INT)", "t")]);
    leave(
        Sqlite,
        "not-strict",
        &[
            "CREATE TABLE t (id INT) STRICT",
            "CREATE VIRTUAL TABLE t USING fts5(a)",
            "CREATE TABLE t AS SELECT 1",
        ],
    );
    raise(Sqlite, "forbids-transaction", Error, &[("VACUUM", "VACUUM")]);
}
