//! PostgreSQL.

use super::*;
use crate::Dialect::Postgres as PG;
use crate::lint::Severity::{Error, Info, Warning};

#[test]
fn indexes_on_tables_in_use_are_built_concurrently() {
    raise(
        PG,
        "index-not-concurrent",
        Warning,
        &[
            ("CREATE INDEX i ON t (a);", "CREATE INDEX i ON t (a)"),
            (
                "SELECT 1;\ncreate unique index if not exists i on only shop.t using btree (lower(a)) where b",
                "create unique index if not exists i on only shop.t using btree (lower(a)) where b",
            ),
        ],
    );
    leave(
        PG,
        "index-not-concurrent",
        &[
            "CREATE INDEX CONCURRENTLY i ON t (a)",
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a)",
            "CREATE TABLE \"T\" (a int); CREATE INDEX i ON \"T\" (a)",
            "-- CREATE INDEX i ON t (a)\nSELECT 'CREATE INDEX i ON t (a)'",
            "CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $$ CREATE INDEX i ON t (a) $$",
        ],
    );
    // Quoted, it is another table.
    raise(
        PG,
        "index-not-concurrent",
        Warning,
        &[(
            "CREATE TABLE t (a int); CREATE INDEX i ON \"T\" (a)",
            "CREATE INDEX i ON \"T\" (a)",
        )],
    );
    raise(
        PG,
        "drop-index-not-concurrent",
        Info,
        &[("DROP INDEX i", "DROP INDEX i")],
    );
    leave(
        PG,
        "drop-index-not-concurrent",
        &[
            "DROP INDEX CONCURRENTLY i",
            "CREATE TABLE t (a int); CREATE INDEX i ON t (a); DROP INDEX i",
        ],
    );
    raise(
        PG,
        "concurrent-index-if-not-exists",
        Warning,
        &[(
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON t (a)",
        )],
    );
}

#[test]
fn what_cannot_run_in_a_transaction_is_only_fine_outside_one() {
    let text = "CREATE INDEX CONCURRENTLY i ON t (a)";
    raise(PG, "concurrently-in-transaction", Error, &[(text, text)]);
    raise(PG, "forbids-transaction", Error, &[("VACUUM t", "VACUUM t")]);
    let script = Script {
        outside_transaction: true,
        ..Script::up("001.up.sql", text)
    };
    assert_eq!(lint(&Input::of(PG, &[migration(vec![script])])).findings, []);
}

#[test]
fn a_new_column_neither_rewrites_nor_fails() {
    raise(
        PG,
        "add-column-rewrites",
        Warning,
        &[
            (
                "ALTER TABLE t ADD a uuid DEFAULT gen_random_uuid()",
                "gen_random_uuid()",
            ),
            (
                "ALTER TABLE t ADD COLUMN a float DEFAULT (1 + random()) NOT NULL",
                "(1 + random())",
            ),
            ("ALTER TABLE t ADD a bigserial", "a bigserial"),
            (
                "ALTER TABLE t ADD a int GENERATED ALWAYS AS (b * 2) STORED",
                "a int GENERATED ALWAYS AS (b * 2) STORED",
            ),
        ],
    );
    leave(
        PG,
        "add-column-rewrites",
        &[
            "ALTER TABLE t ADD a timestamptz DEFAULT now()",
            "ALTER TABLE t ADD a int DEFAULT 1",
            "ALTER TABLE t ALTER a SET DEFAULT random()",
            "CREATE TABLE t (b int); ALTER TABLE t ADD a float DEFAULT random()",
            "ALTER TABLE t ADD a text DEFAULT 'random()'",
        ],
    );
    raise(
        PG,
        "add-not-null-column",
        Error,
        &[
            ("ALTER TABLE t ADD a int NOT NULL", "NOT NULL"),
            (
                "ALTER TABLE t ADD b int, ADD COLUMN a int DEFAULT NULL NOT NULL",
                "NOT NULL",
            ),
        ],
    );
    leave(
        PG,
        "add-not-null-column",
        &[
            "ALTER TABLE t ADD a int NOT NULL DEFAULT 0",
            "ALTER TABLE t ADD a int",
            "ALTER TABLE t ADD a bigint NOT NULL GENERATED ALWAYS AS IDENTITY",
            "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID",
        ],
    );
}

#[test]
fn constraints_are_added_without_reading_the_table_under_a_lock() {
    for (rule, text, better) in [
        (
            "foreign-key-scan",
            "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)",
            "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id) ON DELETE SET NULL NOT VALID",
        ),
        ("check-scan", "ADD CHECK (a > 0)", "ADD CHECK (a > 0) NOT VALID"),
        (
            "unique-blocks",
            "ADD UNIQUE (a, b)",
            "ADD CONSTRAINT c UNIQUE USING INDEX i",
        ),
        (
            "primary-key-blocks",
            "ADD PRIMARY KEY (a)",
            "ADD CONSTRAINT c PRIMARY KEY USING INDEX i",
        ),
    ] {
        let whole = format!("ALTER TABLE ONLY t {text}");
        raise(PG, rule, Warning, &[(&whole, text.trim_start_matches("ADD "))]);
        leave(
            PG,
            rule,
            &[
                &format!("ALTER TABLE t {better}"),
                &format!("CREATE TABLE t (a int, b int); {whole}"),
            ],
        );
    }
    raise(
        PG,
        "exclusion-blocks",
        Warning,
        &[(
            "ALTER TABLE t ADD EXCLUDE USING gist (r WITH &&)",
            "EXCLUDE USING gist (r WITH &&)",
        )],
    );
    raise(
        PG,
        "unique-blocks",
        Warning,
        &[("ALTER TABLE t ADD a int UNIQUE", "UNIQUE")],
    );
    raise(
        PG,
        "attach-partition-scans",
        Warning,
        &[(
            "ALTER TABLE t ATTACH PARTITION p FOR VALUES IN (1)",
            "ATTACH PARTITION p FOR VALUES IN (1)",
        )],
    );
}

#[test]
fn not_null_is_set_once_a_check_proved_it() {
    raise(
        PG,
        "set-not-null",
        Warning,
        &[
            (
                "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
                "ALTER COLUMN a SET NOT NULL",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (a IS NOT NULL) NOT VALID; ALTER TABLE t ALTER a SET NOT NULL",
                "ALTER a SET NOT NULL",
            ),
            (
                "ALTER TABLE t ADD CONSTRAINT c CHECK (b IS NOT NULL); ALTER TABLE t ALTER a SET NOT NULL",
                "ALTER a SET NOT NULL",
            ),
        ],
    );
    let add = "ALTER TABLE t ADD CONSTRAINT c CHECK ((a IS NOT NULL)) NOT VALID; ALTER TABLE t VALIDATE CONSTRAINT c;";
    leave(
        PG,
        "set-not-null",
        &[&format!("{add} ALTER TABLE t ALTER a SET NOT NULL")],
    );
    // One transaction holds the first lock to the end.
    raise(
        PG,
        "validate-in-same-transaction",
        Warning,
        &[(add, "VALIDATE CONSTRAINT c")],
    );
    let apart: Vec<Script> = add.split_inclusive(';').map(|text| Script::up(text, text)).collect();
    let apart = Migration {
        one_transaction: false,
        ..migration(apart)
    };
    let rules: Vec<_> = lint(&Input::of(PG, &[apart]))
        .findings
        .into_iter()
        .map(|one| one.rule)
        .collect();
    assert_eq!(rules, [""; 0]);
}

#[test]
fn a_type_change_is_free_or_said_to_rewrite() {
    raise(
        PG,
        "change-type",
        Warning,
        &[
            (
                "ALTER TABLE t ALTER COLUMN a TYPE bigint USING a::bigint, ADD b int",
                "ALTER COLUMN a TYPE bigint USING a::bigint",
            ),
            (
                "ALTER TABLE t ALTER a SET DATA TYPE numeric(10, 2)",
                "ALTER a SET DATA TYPE numeric(10, 2)",
            ),
        ],
    );
    let shop = shop(PG);
    let told = |text: &str| {
        meeting(&shop, None, text)
            .findings
            .iter()
            .any(|one| one.rule == "change-type")
    };
    for free in ["varchar(60)", "character varying (40)", "text", "varchar"] {
        assert!(!told(&format!("ALTER TABLE users ALTER name TYPE {free}")), "{free}");
    }
    for other in ["varchar(20)", "integer", "jsonb", "text USING name || ''"] {
        assert!(told(&format!("ALTER TABLE users ALTER name TYPE {other}")), "{other}");
    }
    assert!(told("ALTER TABLE public.users ALTER total TYPE int"));
    assert!(!told("ALTER TABLE public.users ALTER total TYPE int8"));
}

#[test]
fn rows_decide_how_grave_a_lock_is() {
    let shop = shop(PG);
    let text = "CREATE INDEX i ON users (name)";
    for (rows, severity, word) in [
        (None, Warning, "built"),
        (Some(0), Info, "0 rows now"),
        (Some(1), Info, "1 row now"),
        (Some(5_000), Warning, "5000 rows"),
        (Some(100_001), Error, "more than 100000 rows"),
    ] {
        let report = meeting(&shop, rows, text);
        let [finding] = report.findings.as_slice() else {
            panic!("{report:?}");
        };
        assert_eq!(finding.severity, severity, "{finding:?}");
        assert!(finding.message.contains(word), "{finding:?}");
    }
}

#[test]
fn names_that_programs_know_stay_for_a_version() {
    for dialect in Dialect::ALL {
        raise(dialect, "rename-table", Warning, &[("ALTER TABLE t RENAME TO u", "t")]);
        raise(
            dialect,
            "rename-column",
            Warning,
            &[("ALTER TABLE t RENAME COLUMN a TO b", "RENAME COLUMN a TO b")],
        );
        raise(dialect, "drop-table", Warning, &[("DROP TABLE IF EXISTS t", "t")]);
        raise(
            dialect,
            "drop-column",
            Warning,
            &[("ALTER TABLE t DROP COLUMN a", "DROP COLUMN a")],
        );
        raise(
            dialect,
            "update-without-where",
            Warning,
            &[("UPDATE t SET a = 1", "UPDATE t SET a = 1")],
        );
        raise(
            dialect,
            "delete-without-where",
            Warning,
            &[("DELETE FROM t /* WHERE 1 */; -- WHERE 2", "DELETE FROM t")],
        );
        leave(
            dialect,
            "rename-table",
            &["CREATE TABLE t (a int); ALTER TABLE t RENAME TO u"],
        );
        leave(
            dialect,
            "rename-column",
            &["CREATE TABLE t (a int); ALTER TABLE t RENAME a TO b"],
        );
        leave(
            dialect,
            "drop-table",
            &[
                "CREATE TABLE t (a int); DROP TABLE t",
                "SELECT 'DROP TABLE t'",
                "DROP VIEW v",
            ],
        );
        leave(
            dialect,
            "drop-column",
            &["CREATE TABLE t (a int, b int); ALTER TABLE t DROP a"],
        );
        leave(
            dialect,
            "update-without-where",
            &[
                "UPDATE t SET a = 1 WHERE b",
                "CREATE TABLE t (a int); UPDATE t SET a = 1",
                "INSERT INTO t VALUES (1)",
            ],
        );
        raise(
            dialect,
            "update-without-where",
            Warning,
            &[(
                "UPDATE t SET a = (SELECT b FROM u WHERE c)",
                "UPDATE t SET a = (SELECT b FROM u WHERE c)",
            )],
        );
        leave(
            dialect,
            "delete-without-where",
            &["DELETE FROM t WHERE a", "CREATE TABLE t (a int); DELETE FROM t"],
        );
    }
    for dialect in [PG, Dialect::Mysql] {
        raise(dialect, "truncate", Warning, &[("TRUNCATE TABLE t", "t")]);
        leave(dialect, "truncate", &["CREATE TABLE t (a int); TRUNCATE t"]);
    }
    raise(PG, "drop-cascade", Warning, &[("DROP TABLE t CASCADE", "CASCADE")]);
    leave(PG, "drop-cascade", &["DROP TABLE t RESTRICT"]);
    raise(
        PG,
        "drop-not-null",
        Info,
        &[("ALTER TABLE t ALTER a DROP NOT NULL", "ALTER a DROP NOT NULL")],
    );
    raise(
        PG,
        "drop-default",
        Info,
        &[("ALTER TABLE t ALTER a DROP DEFAULT", "ALTER a DROP DEFAULT")],
    );
    raise(PG, "drop-database", Warning, &[("DROP SCHEMA shop", "shop")]);
}

#[test]
fn whole_tables_are_not_locked_for_upkeep() {
    for (rule, text) in [
        ("vacuum-full", "VACUUM (FULL, ANALYZE) t"),
        ("vacuum-full", "VACUUM FULL t"),
        ("cluster", "CLUSTER t USING i"),
        ("reindex-not-concurrent", "REINDEX TABLE t"),
        ("refresh-not-concurrent", "REFRESH MATERIALIZED VIEW v"),
        ("lock-table", "LOCK TABLE t IN ACCESS EXCLUSIVE MODE"),
    ] {
        raise(PG, rule, Warning, &[(text, text)]);
    }
    raise(
        PG,
        "rewrites-table",
        Warning,
        &[("ALTER TABLE t SET UNLOGGED", "SET UNLOGGED")],
    );
    leave(PG, "vacuum-full", &["VACUUM t", "VACUUM (ANALYZE) t"]);
    leave(
        PG,
        "reindex-not-concurrent",
        &["REINDEX (VERBOSE) TABLE CONCURRENTLY t"],
    );
    leave(
        PG,
        "refresh-not-concurrent",
        &["REFRESH MATERIALIZED VIEW CONCURRENTLY v"],
    );
}

#[test]
fn an_enum_value_is_used_after_the_commit() {
    raise(
        PG,
        "enum-value-in-transaction",
        Error,
        &[(
            "ALTER TYPE mood ADD VALUE 'it''s';\nUPDATE t SET m = 'it''s' WHERE a",
            "'it''s'",
        )],
    );
    leave(
        PG,
        "enum-value-in-transaction",
        &[
            "ALTER TYPE mood ADD VALUE 'ok' BEFORE 'sad'",
            "ALTER TYPE mood ADD VALUE 'ok'; UPDATE t SET m = 'sad' WHERE a",
            "ALTER TYPE mood ADD VALUE 'ok'; ALTER TYPE mood ADD VALUE 'fine' AFTER 'ok'",
        ],
    );
}

#[test]
fn types_that_people_regret_are_remarked_on() {
    for (rule, text, marked) in [
        (
            "prefer-identity",
            "CREATE TABLE t (id bigserial PRIMARY KEY)",
            "bigserial",
        ),
        (
            "prefer-timestamptz",
            "CREATE TABLE t (a timestamp NOT NULL)",
            "timestamp",
        ),
        (
            "prefer-timestamptz",
            "ALTER TABLE t ADD a timestamp(3) without time zone",
            "timestamp(3) without time zone",
        ),
        ("avoid-char", "CREATE TABLE t (a char(3))", "char(3)"),
        (
            "varchar-limit",
            "CREATE TABLE t (a character varying (30) DEFAULT 'x')",
            "character varying (30)",
        ),
        ("prefer-jsonb", "CREATE TABLE t (a json)", "json"),
        (
            "prefer-bigint-key",
            "CREATE TABLE t (a text, id int, PRIMARY KEY (id))",
            "int",
        ),
    ] {
        raise(PG, rule, Info, &[(text, marked)]);
    }
    for (rule, text) in [
        (
            "prefer-identity",
            "CREATE TABLE t (id bigint GENERATED ALWAYS AS IDENTITY)",
        ),
        (
            "prefer-timestamptz",
            "CREATE TABLE t (a timestamptz, b timestamp(3) with time zone)",
        ),
        ("avoid-char", "CREATE TABLE t (a \"char\", b text)"),
        ("varchar-limit", "CREATE TABLE t (a varchar, b text)"),
        ("prefer-jsonb", "CREATE TABLE t (a jsonb, json text)"),
        ("prefer-bigint-key", "CREATE TABLE t (id int8 PRIMARY KEY, n int)"),
        ("prefer-bigint-key", "CREATE TABLE t (a int, b int, PRIMARY KEY (a, b))"),
        (
            "prefer-bigint-key",
            "CREATE TABLE t (id int PRIMARY KEY REFERENCES u (id))",
        ),
    ] {
        leave(PG, rule, &[text]);
    }
}

#[test]
fn foreign_keys_have_an_index() {
    raise(
        PG,
        "foreign-key-without-index",
        Info,
        &[(
            "CREATE TABLE t (u int REFERENCES u (id) ON DELETE CASCADE NOT NULL)",
            "REFERENCES u (id) ON DELETE CASCADE",
        )],
    );
    leave(
        PG,
        "foreign-key-without-index",
        &[
            "CREATE TABLE t (u int REFERENCES u (id)); CREATE INDEX i ON t (u, v)",
            "CREATE TABLE t (u int REFERENCES u (id) UNIQUE)",
            "CREATE TABLE t (u int, v int, FOREIGN KEY (u, v) REFERENCES w (a, b), PRIMARY KEY (v, u))",
        ],
    );
}
