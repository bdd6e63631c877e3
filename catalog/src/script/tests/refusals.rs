//! What is refused, and what only looks like it.

use super::*;

#[test]
fn what_is_never_closed_is_refused_where_it_was_opened() {
    for (dialect, script, what, line, column) in [
        (Sqlite, "SELECT 1;\n  SELECT 'a;", "string", 2, 10),
        (Sqlite, "SELECT [a", "quoted identifier", 1, 8),
        (Postgres, "SELECT é, \"a;\n", "quoted identifier", 1, 11),
        (Postgres, "a;\r\n/* /* */ b", "comment", 2, 1),
        (Postgres, "DO $x$ begin $y$", "dollar-quoted string", 1, 4),
        (Postgres, "\u{feff}SELECT E'\\'", "string", 1, 8),
        (Mysql, "SELECT '\\'", "string", 1, 8),
    ] {
        assert_eq!(
            refusal(dialect, script),
            ScriptError::Unterminated { what, line, column },
            "{script}"
        );
    }
    for (dialect, script, statement) in [
        (
            Sqlite,
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT 1;",
            "CREATE TRIGGER",
        ),
        (
            Sqlite,
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN SELECT CASE 1 WHEN 1 THEN 2 END;",
            "CREATE TRIGGER",
        ),
        (
            Postgres,
            "CREATE FUNCTION f() BEGIN ATOMIC SELECT CASE WHEN 1 THEN 2 END;",
            "CREATE FUNCTION",
        ),
        (
            Mysql,
            "CREATE PROCEDURE p() BEGIN IF a THEN SELECT 1; END IF;",
            "CREATE PROCEDURE",
        ),
    ] {
        assert_eq!(
            refusal(dialect, &format!("SELECT 0;\n {script}\n SELECT 3")),
            ScriptError::UnterminatedBody {
                statement,
                line: 2,
                column: 2
            },
            "{script}"
        );
    }
}

#[test]
fn transaction_control_is_refused() {
    let everywhere = [
        "BEGIN",
        "begin work",
        "COMMIT",
        "Rollback to x",
        "SAVEPOINT x",
        "RELEASE x",
        "/* a */ COMMIT -- b",
    ];
    for dialect in Dialect::ALL {
        for statement in everywhere {
            let error = refusal(dialect, &format!("SELECT 1;\n {statement};"));
            assert!(
                matches!(error, ScriptError::TransactionControl { .. }),
                "{dialect}: {error}"
            );
            assert_eq!(error.line(), 2);
        }
    }
    for (dialect, script, expected) in [
        (Sqlite, "END TRANSACTION", "END"),
        (Sqlite, "BEGIN IMMEDIATE", "BEGIN"),
        (Postgres, "END", "END"),
        (Postgres, "ABORT", "ABORT"),
        (Postgres, "start transaction read only", "START TRANSACTION"),
        (Postgres, "PREPARE TRANSACTION 'x'", "PREPARE TRANSACTION"),
        (Postgres, "COMMIT PREPARED 'x'", "COMMIT"),
        (
            Postgres,
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SET TRANSACTION",
        ),
        (
            Postgres,
            "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY",
            "SET SESSION CHARACTERISTICS",
        ),
        (Mysql, "START TRANSACTION", "START TRANSACTION"),
        (Mysql, "SET GLOBAL TRANSACTION READ ONLY", "SET GLOBAL TRANSACTION"),
        (Mysql, "SET autocommit=0", "SET autocommit"),
        (Mysql, "SET SESSION AUTOCOMMIT = 1", "SET autocommit"),
        (Mysql, "SET @a = 1, @@session.autocommit = 0", "SET autocommit"),
        (Mysql, "LOCK TABLES a WRITE", "LOCK TABLES"),
        (Mysql, "UNLOCK TABLES", "UNLOCK TABLES"),
        (Mysql, "FLUSH TABLES WITH READ LOCK", "FLUSH … WITH READ LOCK"),
        (Mysql, "XA START 'x'", "XA"),
    ] {
        match refusal(dialect, script) {
            ScriptError::TransactionControl {
                statement,
                line: 1,
                column: 1,
            } => {
                assert_eq!(statement, expected);
            }
            other => panic!("{script}: {other}"),
        }
    }
}

#[test]
fn what_only_looks_like_transaction_control_is_not() {
    for (dialect, script) in [
        (Sqlite, "SELECT 'COMMIT; BEGIN'"),
        (Sqlite, "CREATE TABLE \"begin\" (commit_at)"),
        (Postgres, "COMMENT ON TABLE t IS 'COMMIT;'"),
        (Postgres, "LOCK TABLE t IN SHARE MODE"),
        (Postgres, "CREATE TEMP TABLE t (a int) ON COMMIT DROP"),
        (Postgres, "PREPARE x AS SELECT 1"),
        (Postgres, "SET LOCAL search_path = a"),
        (Postgres, "RESET search_path"),
        (Postgres, "ALTER TYPE mood ADD VALUE 'meh'"),
        (Mysql, "SET @x = 'autocommit'"),
        (Mysql, "FLUSH PRIVILEGES"),
        (Mysql, "START REPLICA"),
    ] {
        assert_eq!(texts(dialect, script), [script]);
    }
}

#[test]
fn a_commit_inside_a_dollar_quoted_function_is_not_transaction_control() {
    is_one(
        Postgres,
        &[
            "CREATE FUNCTION f() RETURNS void LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$",
            "CREATE PROCEDURE p() LANGUAGE plpgsql AS $p$ BEGIN INSERT INTO a VALUES (1); COMMIT; END $p$",
        ],
    );
}

#[test]
fn a_commit_inside_a_do_block_is_refused() {
    for (script, line, column) in [
        ("DO $$ BEGIN COMMIT; END $$", 1, 13),
        (
            "DO LANGUAGE plpgsql $x$\nBEGIN\n  UPDATE a SET b = 1;\n  rollback;\nEND $x$",
            4,
            3,
        ),
        ("DO $$ BEGIN IF a THEN COMMIT; END IF; END $$", 1, 23),
        ("DO $$ BEGIN LOOP /* so */ COMMIT; END LOOP; END $$", 1, 27),
        ("DO $$ <<a>> COMMIT $$", 1, 13),
        ("DO 'BEGIN PERFORM ''x''; COMMIT; END'", 1, 4),
    ] {
        let error = refusal(Postgres, script);
        assert!(
            matches!(error, ScriptError::TransactionControlInBlock { .. }),
            "{script}: {error}"
        );
        assert_eq!((error.line(), error.column()), (line, column), "{script}");
    }
    is_one(
        Postgres,
        &[
            "DO $$ BEGIN CREATE TEMP TABLE a (b int) ON COMMIT DROP; SELECT a.commit, rollback FROM a; END $$",
            "DO $$ BEGIN RAISE NOTICE 'x; COMMIT;'; -- ; COMMIT\n END $$",
            "DO $$$$",
        ],
    );
}

#[test]
fn what_changes_the_session_is_refused() {
    for (dialect, script, expected) in [
        (Postgres, "SET ROLE admin", "SET ROLE"),
        (Postgres, "SET LOCAL ROLE admin", "SET ROLE"),
        (Postgres, "set role to admin", "SET ROLE"),
        (Postgres, "RESET ROLE", "RESET ROLE"),
        (Postgres, "SET SESSION AUTHORIZATION admin", "SET SESSION AUTHORIZATION"),
        (
            Postgres,
            "SET LOCAL SESSION AUTHORIZATION admin",
            "SET SESSION AUTHORIZATION",
        ),
        (
            Postgres,
            "SET session_authorization = admin",
            "SET SESSION AUTHORIZATION",
        ),
        (Postgres, "RESET SESSION AUTHORIZATION", "RESET SESSION AUTHORIZATION"),
        (Postgres, "RESET ALL", "RESET ALL"),
        (Postgres, "DISCARD ALL", "DISCARD"),
        (Mysql, "SET ROLE admin", "SET ROLE"),
        (Mysql, "USE other", "USE"),
    ] {
        match refusal(dialect, script) {
            ScriptError::SessionChange { statement, .. } => assert_eq!(statement, expected),
            other => panic!("{script}: {other}"),
        }
    }
}

#[test]
fn what_sqlite_cannot_do_in_a_transaction_is_refused() {
    for script in [
        "PRAGMA foreign_keys=OFF",
        "pragma main . Foreign_Keys ( 0 )",
        "PRAGMA foreign_keys",
        "PRAGMA [foreign_keys] = 1",
    ] {
        let error = refusal(Sqlite, script);
        assert_eq!(error, ScriptError::ForeignKeysPragma { line: 1, column: 1 });
        assert!(error.to_string().contains("no effect inside a transaction"), "{error}");
    }
    for script in ["ATTACH 'a.db' AS a", "DETACH a"] {
        assert!(
            matches!(refusal(Sqlite, script), ScriptError::Attach { .. }),
            "{script}"
        );
    }
    is_one(
        Sqlite,
        &["PRAGMA defer_foreign_keys = ON", "PRAGMA foreign_key_check", "VACUUM"],
    );
}

#[test]
fn commands_of_a_shell_are_refused() {
    for (dialect, script, expected, line) in [
        (Postgres, "\\c other\nSELECT 1;", "\\c", 1),
        (Postgres, "SELECT 1;\n\\connect it's", "\\connect", 2),
        (Postgres, "SELECT 1\n\\g\n", "\\g", 2),
        (Postgres, "\\copy a from 'a.csv'", "\\copy", 1),
        (Postgres, "\\.\n", "\\.", 1),
        (Mysql, "SELECT 1\\G", "\\G", 1),
        (Sqlite, ".read it's.sql", ".read", 1),
    ] {
        match refusal(dialect, script) {
            ScriptError::ShellCommand {
                command, line: found, ..
            } => {
                assert_eq!((command.as_str(), found), (expected, line), "{script}");
            }
            other => panic!("{script}: {other}"),
        }
    }
    is_one(Postgres, &[r"SELECT '\c', $$ \copy $$"]);
}

#[test]
fn a_copy_that_needs_a_client_is_refused_before_its_data_is_read() {
    let script = "COPY a (b) FROM stdin;\nit's\t\"not\tSQL\n\\.\n";
    let expected = ScriptError::CopyStream {
        direction: "FROM STDIN",
        line: 1,
        column: 1,
    };
    assert_eq!(refusal(Postgres, script), expected);
    assert!(matches!(
        refusal(Postgres, "COPY a TO STDOUT"),
        ScriptError::CopyStream { .. }
    ));
    is_one(Postgres, &["COPY a FROM '/tmp/stdin.csv'"]);
}

#[test]
fn delimiter_lines_are_refused_with_the_way_out() {
    let script = "SELECT 1;\nDELIMITER $$\nCREATE PROCEDURE p() BEGIN SELECT 1; END$$\nDELIMITER ;\n";
    let error = refusal(Mysql, script);
    assert_eq!(error, ScriptError::Delimiter { line: 2, column: 1 });
    assert!(error.to_string().contains("remove the DELIMITER lines"), "{error}");
}

#[test]
fn code_inside_a_mysql_comment_is_refused() {
    for (script, line, column) in [
        ("/*!40101 SET autocommit=0 */;", 1, 1),
        ("SELECT 1;\nCREATE TABLE a (b INT) /*! ENGINE=MyISAM */", 2, 24),
        ("/*M!100100 COMMIT */", 1, 1),
    ] {
        assert_eq!(refusal(Mysql, script), ScriptError::ConditionalComment { line, column });
    }
    is_one(Mysql, &["SELECT /*+ MAX_EXECUTION_TIME(1) */ 1"]);
    splits(Postgres, &[("/*! a; */ SELECT 1", &["SELECT 1"])]);
}

#[test]
fn a_name_the_server_would_cut_off_is_refused() {
    let long = "x".repeat(64);
    for script in [
        format!("CREATE TABLE\n  {long} (a int)"),
        format!("CREATE TABLE\n  \"{long}\" (a int)"),
    ] {
        assert_eq!(
            refusal(Postgres, &script),
            ScriptError::IdentifierTooLong {
                name: long.clone(),
                length: 64,
                limit: 63,
                unit: "bytes",
                dialect: Postgres,
                line: 2,
                column: 3,
            }
        );
        assert_eq!(texts(Sqlite, &script).len(), 1);
    }
    is_one(Mysql, &[&format!("SELECT `{}`", "é".repeat(64))]);
    let error = refusal(Mysql, &format!("SELECT {}", "é".repeat(65)));
    assert!(error.to_string().contains("65 characters, MySQL allows 64"), "{error}");
    is_one(Postgres, &[&format!("SELECT '{long}', $${long}$$ -- {long}\n+ 1")]);
}

#[test]
fn a_nul_is_refused() {
    let expected = ScriptError::Nul { line: 2, column: 3 };
    assert_eq!(refusal(Sqlite, "SELECT 1;\n--\0 BEGIN"), expected);
}
