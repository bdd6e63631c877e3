//! MySQL and MariaDB.

use super::*;
use crate::Dialect::Mysql as MY;
use crate::lint::Severity::{Error, Info, Warning};

#[test]
fn an_alter_that_copies_the_table_is_said() {
    raise(
        MY,
        "alter-copies",
        Warning,
        &[
            ("ALTER TABLE t MODIFY a BIGINT NOT NULL", "MODIFY a BIGINT NOT NULL"),
            ("ALTER TABLE t CHANGE COLUMN a b TEXT", "CHANGE COLUMN a b TEXT"),
            (
                "ALTER TABLE t CONVERT TO CHARACTER SET utf8mb4",
                "CONVERT TO CHARACTER SET utf8mb4",
            ),
            ("ALTER TABLE t DROP PRIMARY KEY", "DROP PRIMARY KEY"),
            ("ALTER TABLE t ENGINE = InnoDB", "ENGINE = InnoDB"),
            (
                "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)",
                "ADD CONSTRAINT f FOREIGN KEY (a) REFERENCES u (id)",
            ),
            ("ALTER TABLE t ORDER BY a", "ORDER BY a"),
        ],
    );
    leave(
        MY,
        "alter-copies",
        &[
            "ALTER TABLE t ADD COLUMN a INT",
            "ALTER TABLE t ADD INDEX i (a), ADD KEY (b)",
            "ALTER TABLE t DROP PRIMARY KEY, ADD PRIMARY KEY (a)",
            "ALTER TABLE t MODIFY a BIGINT, ALGORITHM=INPLACE, LOCK=NONE",
            "ALTER TABLE t RENAME COLUMN a TO b",
        ],
    );
    raise(
        MY,
        "algorithm-copy",
        Warning,
        &[
            ("ALTER TABLE t ADD a INT, ALGORITHM = COPY", "ALGORITHM = COPY"),
            ("ALTER TABLE t ADD a INT, LOCK=EXCLUSIVE", "LOCK=EXCLUSIVE"),
        ],
    );
    leave(
        MY,
        "algorithm-copy",
        &[
            "ALTER TABLE t ADD a INT, ALGORITHM=INSTANT",
            "ALTER TABLE t ADD a INT, LOCK=NONE",
        ],
    );
    let shop = shop(MY);
    let told = |text: &str| {
        meeting(&shop, None, text)
            .findings
            .iter()
            .any(|one| one.rule == "alter-copies")
    };
    assert!(!told("ALTER TABLE users MODIFY total BIGINT(20)"), "the same type");
    assert!(
        !told("ALTER TABLE users MODIFY name VARCHAR(60)"),
        "longer, its length still in one byte"
    );
    assert!(told("ALTER TABLE users MODIFY name VARCHAR(64)"));
    assert!(told("ALTER TABLE users MODIFY total INT"));
}

#[test]
fn a_script_has_one_statement_that_commits_by_itself() {
    raise(
        MY,
        "several-ddl",
        Error,
        &[
            (
                "CREATE TABLE a (x INT); CREATE TABLE b (x INT)",
                "CREATE TABLE b (x INT)",
            ),
            ("UPDATE t SET a = 1 WHERE b;\nDROP TABLE c", "DROP TABLE c"),
        ],
    );
    leave(
        MY,
        "several-ddl",
        &["UPDATE t SET a = 1 WHERE b; DELETE FROM u WHERE c", "DROP TABLE a, b;"],
    );
    leave(
        MY,
        "several-ddl",
        &["CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; SET NEW.b = 2; END"],
    );
}

#[test]
fn modify_repeats_what_the_column_has() {
    let mut shop = shop(MY);
    let name = &mut shop.tables[0].columns[1];
    name.nullable = false;
    name.comment = Some("who".to_owned());
    name.default = Some("'x'".to_owned());
    let told = |text: &str| {
        let report = meeting(&shop, None, text);
        let found = report
            .findings
            .into_iter()
            .find(|one| one.rule == "modify-drops-attributes");
        found.map(|one| (one.severity, one.message))
    };
    let (severity, message) = told("ALTER TABLE users MODIFY `name` VARCHAR(40)").unwrap();
    assert_eq!(
        (severity, message.as_str()),
        (Warning, "name loses NOT NULL, DEFAULT, COMMENT")
    );
    let (_, message) = told("ALTER TABLE users CHANGE name title VARCHAR(40) NOT NULL COMMENT 'who'").unwrap();
    assert_eq!(message, "name loses DEFAULT");
    let whole = "ALTER TABLE users MODIFY name VARCHAR(40) NOT NULL DEFAULT 'x' COMMENT 'who'";
    assert_eq!(told(whole), None);
    // Without the database nobody knows.
    raise(
        MY,
        "modify-drops-attributes",
        Info,
        &[("ALTER TABLE t MODIFY a INT", "a INT")],
    );
    leave(
        MY,
        "modify-drops-attributes",
        &["ALTER TABLE t MODIFY a INT NOT NULL DEFAULT 1"],
    );
}

#[test]
fn nothing_is_cut_off_or_invented_without_a_word() {
    raise(
        MY,
        "implicit-default",
        Warning,
        &[("ALTER TABLE t ADD a INT NOT NULL", "NOT NULL")],
    );
    leave(
        MY,
        "implicit-default",
        &[
            "ALTER TABLE t ADD a INT NOT NULL DEFAULT 0",
            "ALTER TABLE t ADD a INT NULL",
            "CREATE TABLE t (b INT); ALTER TABLE t ADD a INT NOT NULL",
        ],
    );
    raise(
        MY,
        "ignore-truncates",
        Warning,
        &[("INSERT IGNORE INTO t VALUES (1)", "INSERT IGNORE INTO t VALUES (1)")],
    );
    leave(MY, "ignore-truncates", &["INSERT INTO t VALUES ('IGNORE')"]);
    raise(
        MY,
        "sql-mode-not-strict",
        Warning,
        &[("SET SESSION sql_mode = ''", "SET SESSION sql_mode = ''")],
    );
    raise(
        MY,
        "sql-mode-not-strict",
        Warning,
        &[("SET @@sql_mode = 'ANSI'", "SET @@sql_mode = 'ANSI'")],
    );
    leave(
        MY,
        "sql-mode-not-strict",
        &["SET sql_mode = 'STRICT_ALL_TABLES'", "SET @a = 1", "SET NAMES utf8mb4"],
    );
}

#[test]
fn settings_that_people_regret_are_remarked_on() {
    raise(
        MY,
        "utf8-three-bytes",
        Warning,
        &[
            ("CREATE TABLE t (a INT) DEFAULT CHARSET=utf8", "utf8"),
            ("CREATE TABLE t (a TEXT CHARACTER SET utf8mb3)", "utf8mb3"),
            ("ALTER TABLE t CONVERT TO CHARACTER SET utf8 COLLATE utf8_bin", "utf8"),
            ("CREATE TABLE t (a INT) COLLATE utf8_general_ci", "utf8_general_ci"),
        ],
    );
    leave(
        MY,
        "utf8-three-bytes",
        &["CREATE TABLE t (a INT) CHARSET=utf8mb4", "CREATE TABLE utf8 (utf8 INT)"],
    );
    raise(
        MY,
        "engine-not-innodb",
        Warning,
        &[("CREATE TABLE t (a INT) ENGINE=MyISAM", "MyISAM")],
    );
    leave(
        MY,
        "engine-not-innodb",
        &["CREATE TABLE t (a INT) ENGINE=InnoDB COMMENT='not MyISAM'"],
    );
    raise(
        MY,
        "timestamp-2038",
        Info,
        &[("CREATE TABLE t (a TIMESTAMP(6) NULL)", "TIMESTAMP(6)")],
    );
    leave(
        MY,
        "timestamp-2038",
        &["CREATE TABLE t (a DATETIME DEFAULT CURRENT_TIMESTAMP, timestamp INT)"],
    );
    raise(
        MY,
        "prefer-bigint-key",
        Info,
        &[(
            "CREATE TABLE t (id INT UNSIGNED AUTO_INCREMENT PRIMARY KEY)",
            "INT UNSIGNED",
        )],
    );
    leave(
        MY,
        "prefer-bigint-key",
        &["CREATE TABLE t (id BIGINT AUTO_INCREMENT PRIMARY KEY)"],
    );
}

#[test]
fn indexes_over_texts_have_a_length() {
    let table = "CREATE TABLE t (a TEXT, b VARCHAR(10));";
    raise(
        MY,
        "index-needs-prefix",
        Error,
        &[
            ("CREATE TABLE t (a TEXT, b INT); CREATE INDEX i ON t (b, a)", "a"),
            ("CREATE TABLE t (a LONGBLOB); ALTER TABLE t ADD KEY k (a)", "a"),
        ],
    );
    leave(
        MY,
        "index-needs-prefix",
        &[
            &format!("{table} CREATE INDEX i ON t (a(20), b)"),
            &format!("{table} CREATE INDEX i ON t (b)"),
            "CREATE INDEX i ON unknown (a)",
        ],
    );
    raise(
        MY,
        "unique-prefix",
        Warning,
        &[("CREATE UNIQUE INDEX i ON t (a(10))", "a")],
    );
    leave(
        MY,
        "unique-prefix",
        &["CREATE UNIQUE INDEX i ON t (a)", "CREATE INDEX i ON t (a(10))"],
    );
}

#[test]
fn whole_tables_are_not_locked_for_upkeep() {
    raise(
        MY,
        "optimize-table",
        Warning,
        &[("OPTIMIZE TABLE t", "OPTIMIZE TABLE t")],
    );
    leave(MY, "optimize-table", &["ANALYZE TABLE t", "CHECK TABLE t"]);
}
