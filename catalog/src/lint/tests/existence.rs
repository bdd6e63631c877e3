//! What is there when a statement runs, and what the rows are asked.

use super::*;
use crate::lint::Severity::Error;

#[test]
fn the_order_of_statements_is_checked_without_a_database() {
    for dialect in Dialect::ALL {
        raise(
            dialect,
            "used-before-created",
            Error,
            &[
                ("ALTER TABLE t ADD a INT; CREATE TABLE t (b INT)", "t"),
                ("INSERT INTO t VALUES (1); CREATE TABLE IF NOT EXISTS t (b INT)", "t"),
            ],
        );
        raise(
            dialect,
            "used-after-drop",
            Error,
            &[
                ("DROP TABLE t; UPDATE t SET a = 1 WHERE b", "t"),
                ("ALTER TABLE t RENAME TO u;\nALTER TABLE t ADD a INT", "t"),
            ],
        );
        leave(
            dialect,
            "used-after-drop",
            &["DROP TABLE t; CREATE TABLE t (a INT); DELETE FROM t WHERE a"],
        );
        leave(dialect, "unknown-table", &["ALTER TABLE t ADD a INT", "DROP TABLE t"]);
        raise(
            dialect,
            "unknown-column",
            Error,
            &[
                ("CREATE TABLE t (a INT); CREATE INDEX i ON t (b)", "b"),
                ("CREATE TABLE t (a INT); ALTER TABLE t DROP COLUMN b", "b"),
                ("CREATE TABLE t (a INT); INSERT INTO t (a, b) VALUES (1, 2)", "b"),
            ],
        );
        leave(
            dialect,
            "unknown-column",
            &[
                "CREATE TABLE t (a INT); ALTER TABLE t ADD b INT; CREATE INDEX i ON t (b)",
                "CREATE TABLE t (a INT); CREATE INDEX i ON t (lower(x))",
                "CREATE TABLE t AS SELECT 1 AS a; ALTER TABLE t DROP COLUMN b",
                "CREATE TABLE t (a INT); INSERT INTO t (SELECT b FROM u)",
            ],
        );
        raise(
            dialect,
            "already-exists",
            Error,
            &[
                ("CREATE TABLE t (a INT); CREATE TABLE t (b INT)", "t"),
                ("CREATE TABLE t (a INT); ALTER TABLE t ADD a INT", "a"),
            ],
        );
        leave(
            dialect,
            "already-exists",
            &[
                "CREATE TABLE t (a INT); CREATE TABLE IF NOT EXISTS t (b INT)",
                "CREATE TABLE t (a INT); DROP TABLE t; CREATE TABLE t (b INT)",
            ],
        );
    }
}

#[test]
fn what_the_database_has_is_known() {
    for dialect in Dialect::ALL {
        let shop = shop(dialect);
        let told = |text: &str| -> Vec<&'static str> {
            let findings = meeting(&shop, Some(0), text).findings.into_iter();
            findings
                .filter(|one| one.severity == Error)
                .map(|one| one.rule)
                .collect()
        };
        assert_eq!(told("ALTER TABLE userz ADD a INT"), ["unknown-table"]);
        assert_eq!(told("ALTER TABLE IF EXISTS userz ADD a INT"), [""; 0]);
        assert_eq!(told("DROP TABLE IF EXISTS userz"), [""; 0]);
        assert_eq!(told("INSERT INTO users (nam) VALUES ('x')"), ["unknown-column"]);
        assert_eq!(told("CREATE TABLE users (id INT)"), ["already-exists"]);
        assert_eq!(
            told("UPDATE users SET name = 'x' WHERE id = 1; CREATE INDEX j ON users (name)"),
            if dialect == Dialect::Mysql {
                vec!["several-ddl"]
            } else {
                vec![]
            }
        );
    }
    let shop = shop(Dialect::Postgres);
    let told = |text: &str| meeting(&shop, None, text).findings.len();
    // Another schema may hold what this one lacks; the server's own is always there.
    assert_eq!(told("DELETE FROM pg_catalog.pg_description WHERE false"), 0);
    assert_eq!(told("DELETE FROM \"Users\" WHERE false"), 1);
    assert_eq!(told("DELETE FROM public.USERS WHERE false"), 0);
    assert_eq!(told("DO $$ BEGIN EXECUTE 'x'; END $$; DELETE FROM made WHERE false"), 0);
}

#[test]
fn rows_are_asked_about_what_they_have_to_follow() {
    let shop = shop(Dialect::Postgres);
    let asked = |text: &str| -> Vec<String> {
        let questions = meeting(&shop, None, text).questions.into_iter();
        questions.map(|one| one.query).collect()
    };
    assert_eq!(
        asked("ALTER TABLE users ALTER name SET NOT NULL"),
        [r#"SELECT "id", NULL AS value FROM "public"."users" WHERE "name" IS NULL"#]
    );
    assert_eq!(
        asked("ALTER TABLE users ALTER name TYPE int"),
        [
            r#"SELECT "id", "name" AS value FROM "public"."users" WHERE "name"::text !~ '^[[:space:]]*[-+]?[0-9]+[[:space:]]*$'"#
        ]
    );
    assert_eq!(
        asked("ALTER TABLE users ALTER total TYPE int"),
        [r#"SELECT "id", "total" AS value FROM "public"."users" WHERE "total" NOT BETWEEN -2147483648 AND 2147483647"#]
    );
    assert_eq!(
        asked("CREATE UNIQUE INDEX u ON users (email, name)"),
        [
            r#"SELECT "email", "name", count(*) AS times FROM "public"."users" WHERE "email" IS NOT NULL AND "name" IS NOT NULL GROUP BY "email", "name" HAVING count(*) > 1"#
        ]
    );
    assert_eq!(
        asked("ALTER TABLE users ADD FOREIGN KEY (total) REFERENCES users (id)"),
        [
            r#"SELECT DISTINCT child."total" FROM "public"."users" AS child WHERE child."total" IS NOT NULL AND NOT EXISTS (SELECT 1 FROM "public"."users" AS parent WHERE parent."id" = child."total")"#
        ]
    );
    for nothing in [
        "ALTER TABLE users ALTER name TYPE text",
        "ALTER TABLE users ALTER name TYPE int USING length(name)",
        "CREATE UNIQUE INDEX u ON users (email) WHERE total > 1",
        "CREATE INDEX u ON users (email)",
        "ALTER TABLE users RENAME name TO title; ALTER TABLE users ALTER title SET NOT NULL",
        "-- lockstep: allow=rows-in-the-way\nALTER TABLE users ALTER name SET NOT NULL",
    ] {
        assert_eq!(asked(nothing), [""; 0], "{nothing}");
    }
}
