//! Where statements end.

use super::*;

#[test]
fn a_script_without_statements_has_none() {
    for dialect in Dialect::ALL {
        for script in [
            "",
            "\n",
            ";",
            " ; ;\r\n",
            "-- a",
            "/* a; */",
            "\u{feff}-- a\n;\n/* b */ -- c",
        ] {
            assert_eq!(texts(dialect, script), [""; 0], "{dialect}: {script:?}");
        }
    }
    splits(Mysql, &[("# a;\n--", &[])]);
}

#[test]
fn a_semicolon_inside_a_token_ends_nothing() {
    for dialect in Dialect::ALL {
        splits(
            dialect,
            &[
                ("a; b;", &["a", "b"]),
                ("a;;b", &["a", "b"]),
                ("a 'x;''y;'; b", &["a 'x;''y;'", "b"]),
                ("a -- x; y\n; b -- c;", &["a", "b"]),
                ("a /* x; */ b; /* y; */ c", &["a /* x; */ b", "c"]),
                ("-- x\na\r\n;\r\nb\r\n", &["a", "b"]),
            ],
        );
    }
    splits(
        Sqlite,
        &[
            (r"a '\'; b", &[r"a '\'", "b"]),
            ("[x;]; `y;`; \"z;\"", &["[x;]", "`y;`", "\"z;\""]),
        ],
    );
    splits(
        Postgres,
        &[
            (r"a '\'; b", &[r"a '\'", "b"]),
            (r"a E'\';'; b", &[r"a E'\';'", "b"]),
            ("a $$;$$; b $x$;$$;$x$; c", &["a $$;$$", "b $x$;$$;$x$", "c"]),
            ("a /* /* ; */ ; */ b; c", &["a /* /* ; */ ; */ b", "c"]),
            ("a \"x;\"\"y;\"; b", &["a \"x;\"\"y;\"", "b"]),
            ("SELECT $1; SELECT a$b", &["SELECT $1", "SELECT a$b"]),
        ],
    );
    splits(
        Mysql,
        &[
            (r"a '\';'; b", &[r"a '\';'", "b"]),
            (r#"a "\";"; b"#, &[r#"a "\";""#, "b"]),
            ("a `x;`` ;`; b", &["a `x;`` ;`", "b"]),
            ("a # x;\n; b", &["a", "b"]),
            ("SELECT 1--1; b", &["SELECT 1--1", "b"]),
        ],
    );
}

#[test]
fn a_statement_knows_the_line_of_its_first_token() {
    let script = "\u{feff}-- one\r\nSELECT\n 1; SELECT 2;\r/* 4\n5 */ SELECT 3";
    let lines: Vec<u32> = split(Sqlite, script).unwrap().iter().map(|found| found.line).collect();
    assert_eq!(lines, [2, 3, 5]);
}

#[test]
fn a_sqlite_trigger_keeps_its_body() {
    is_one(
        Sqlite,
        &[
            "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END",
            "create temp trigger t after insert on a begin\n  select 1; -- END;\n  select 2;\nend",
            "CREATE TRIGGER IF NOT EXISTS t UPDATE OF x ON a WHEN CASE new.x WHEN 1 THEN 1 ELSE 0 END BEGIN\
             \n  UPDATE b SET c = CASE WHEN d THEN CASE e WHEN 1 THEN 'END;' END ELSE 2 END;\
             \n  SELECT CASE WHEN 1 THEN 2 END; END",
        ],
    );
    splits(
        Sqlite,
        &[(
            "CREATE TABLE trigger_log(a); SELECT CASE WHEN 1 THEN 2 END; SELECT 3",
            &[
                "CREATE TABLE trigger_log(a)",
                "SELECT CASE WHEN 1 THEN 2 END",
                "SELECT 3",
            ],
        )],
    );
}

#[test]
fn a_postgres_body_keeps_its_semicolons() {
    is_one(
        Postgres,
        &[
            "CREATE FUNCTION f() RETURNS int LANGUAGE plpgsql AS $f$ BEGIN RETURN 1; END; $f$",
            "CREATE OR REPLACE FUNCTION f(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC\
             \n SELECT 1 AS end; SELECT CASE WHEN a > 0 THEN CASE a WHEN 1 THEN 2 END ELSE 3 END; END",
            "CREATE PROCEDURE p() BEGIN ATOMIC INSERT INTO a VALUES (1); INSERT INTO b VALUES (2); END",
            "CREATE RULE r AS ON INSERT TO a DO ALSO (INSERT INTO b VALUES (1); DELETE FROM c;)",
            "CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN CASE WHEN true THEN 1 END",
        ],
    );
}

#[test]
fn a_mysql_stored_program_keeps_its_body() {
    is_one(
        Mysql,
        &[
            "CREATE PROCEDURE p() SELECT 1",
            "CREATE PROCEDURE p() BEGIN END",
            "CREATE PROCEDURE p(IN a INT, OUT b VARCHAR(10)) COMMENT 'x;' BEGIN SELECT 1; BEGIN SELECT 2; END; END",
            "CREATE DEFINER=`root`@`localhost` PROCEDURE IF NOT EXISTS p() SQL SECURITY INVOKER BEGIN SELECT 1; END",
            "CREATE OR REPLACE DEFINER = CURRENT_USER() FUNCTION f(a INT) RETURNS VARCHAR(9) CHARACTER SET utf8mb4 \
             DETERMINISTIC BEGIN IF a > 1 THEN RETURN 'a'; ELSEIF a THEN RETURN 'b'; ELSE RETURN 'c'; END IF; END",
            "CREATE FUNCTION f(a INT) RETURNS SET('x','y') RETURN CASE a WHEN 1 THEN 'x' ELSE 'y' END",
            "CREATE PROCEDURE p() BEGIN SET @x = IF(1, 2, 3); SET y = CASE WHEN a THEN IF(b, 1, 2) ELSE c END; END",
            "CREATE PROCEDURE p() BEGIN CASE a WHEN 1 THEN SELECT 1; ELSE BEGIN SELECT 2; END; END CASE; SELECT 3; END",
            "CREATE PROCEDURE p() top: BEGIN again: LOOP LEAVE again; END LOOP again; END top",
            "CREATE PROCEDURE p() BEGIN REPEAT SET a = a + 1; UNTIL a > 3 END REPEAT; WHILE a DO SET a = 0; END WHILE; END",
            "CREATE PROCEDURE p() BEGIN SELECT begin, end, t.case FROM t; SELECT @end; SELECT 2; END",
            "CREATE PROCEDURE p() BEGIN DECLARE EXIT HANDLER FOR SQLEXCEPTION, SQLSTATE '23000' BEGIN ROLLBACK; END; \
             DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1; DECLARE c CURSOR FOR SELECT 1; SELECT 2; END",
            "CREATE PROCEDURE p() BEGIN START TRANSACTION; CREATE TABLE IF NOT EXISTS t (a INT); COMMIT; END",
            "CREATE TRIGGER t BEFORE UPDATE ON a FOR EACH ROW SET NEW.b = 1",
            "CREATE TRIGGER t BEFORE INSERT ON a FOR EACH ROW FOLLOWS s IF NEW.b < 0 THEN SET NEW.b = 0; END IF",
            "CREATE TRIGGER t AFTER DELETE ON a FOR EACH ROW BEGIN INSERT INTO b VALUES (OLD.c); END",
            "CREATE EVENT e ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DO BEGIN DELETE FROM a; DELETE FROM b; END",
            "ALTER EVENT e ON SCHEDULE EVERY 1 DAY DO BEGIN DELETE FROM a; END",
            "CREATE PROCEDURE p() BEGIN FOR i IN 1..3 DO SELECT i; END FOR; END",
            "CREATE FUNCTION f RETURNS STRING SONAME 'f.so'",
        ],
    );
    splits(
        Mysql,
        &[
            (
                "CREATE TABLE event (begin INT, end INT); SELECT 1",
                &["CREATE TABLE event (begin INT, end INT)", "SELECT 1"],
            ),
            (
                "ALTER TABLE t ADD trigger_at INT; SELECT 1",
                &["ALTER TABLE t ADD trigger_at INT", "SELECT 1"],
            ),
            (
                "CREATE FUNCTION f RETURNS INT SONAME 'f'; SELECT (1)",
                &["CREATE FUNCTION f RETURNS INT SONAME 'f'", "SELECT (1)"],
            ),
        ],
    );
}
