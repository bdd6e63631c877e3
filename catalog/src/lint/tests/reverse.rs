//! Ways back.

use super::*;

fn both(dialect: Dialect, up: &str, down: &str) -> Vec<(&'static str, String)> {
    let script = Script::up("001.up.sql", up);
    let back = Script::down_of(&script, "001.down.sql", down);
    let report = lint(&Input::of(dialect, &[migration(vec![script, back])]));
    let ours = report.findings.into_iter().filter(|one| one.rule.starts_with("down-"));
    ours.map(|one| (one.rule, one.message)).collect()
}

#[test]
fn a_way_back_undoes_its_way_up() {
    for (up, down) in [
        ("CREATE TABLE t (a INT)", "DROP TABLE t"),
        (
            "CREATE TABLE t (a INT); CREATE INDEX i ON t (a)",
            "DROP TABLE IF EXISTS t",
        ),
        (
            "ALTER TABLE t ADD a INT, ADD COLUMN b INT",
            "ALTER TABLE t DROP b, DROP COLUMN a",
        ),
        ("ALTER TABLE t RENAME TO u", "ALTER TABLE u RENAME TO t"),
        ("ALTER TABLE t RENAME COLUMN a TO b", "ALTER TABLE t RENAME b TO a"),
        ("DROP TABLE t", "CREATE TABLE t (a INT)"),
        ("DROP VIEW v", "CREATE VIEW v AS SELECT 1"),
        ("UPDATE t SET a = 1 WHERE b", "UPDATE t SET a = 0 WHERE b"),
        (
            "CREATE TABLE n (a INT); DROP TABLE t; ALTER TABLE n RENAME TO t",
            "CREATE TABLE n (a INT); DROP TABLE t; ALTER TABLE n RENAME TO t",
        ),
        (
            "ALTER TABLE t ADD a INT; CREATE INDEX i ON t (a)",
            "ALTER TABLE t DROP a",
        ),
    ] {
        for dialect in Dialect::ALL {
            assert_eq!(both(dialect, up, down), [], "{up} / {down}");
        }
    }
    assert_eq!(both(Dialect::Postgres, "DO $$ BEGIN END $$", "SELECT 1"), []);
}

#[test]
fn what_is_left_or_taken_too_much_is_named() {
    for (up, down, rule, what) in [
        ("CREATE TABLE t (a INT)", "SELECT 1", "down-incomplete", "table t"),
        (
            "CREATE TABLE t (a INT); CREATE TABLE u (a INT)",
            "DROP TABLE t",
            "down-incomplete",
            "table u",
        ),
        (
            "ALTER TABLE t ADD a INT, ADD b INT",
            "ALTER TABLE t DROP a",
            "down-incomplete",
            "column t.b",
        ),
        ("DROP TABLE t", "SELECT 1", "down-incomplete", "table t"),
        ("ALTER TABLE t DROP a", "SELECT 1", "down-incomplete", "column t.a"),
        ("CREATE INDEX i ON t (a)", "SELECT 1", "down-incomplete", "index t.i"),
        ("ALTER TABLE t RENAME TO u", "SELECT 1", "down-incomplete", "t / u"),
        ("CREATE VIEW v AS SELECT 1", "SELECT 1", "down-incomplete", "view v"),
        (
            "ALTER TABLE t ADD a INT",
            "ALTER TABLE t DROP a, DROP b",
            "down-drops-more",
            "column t.b",
        ),
        ("ALTER TABLE t ADD a INT", "DROP TABLE t", "down-drops-more", "table t"),
        ("SELECT 1", "DROP TABLE IF EXISTS t", "down-drops-more", "table t"),
    ] {
        for dialect in Dialect::ALL {
            let found = both(dialect, up, down);
            assert!(
                found
                    .iter()
                    .any(|(found, message)| *found == rule && message.contains(what)),
                "{up} / {down}: {found:?}"
            );
        }
    }
}

#[test]
fn a_step_without_a_way_back_says_so() {
    let script = Script {
        needs_down: true,
        ..Script::up("001.up.sql", "CREATE TABLE t (a INT)")
    };
    let alone = lint(&Input::of(Dialect::Postgres, &[migration(vec![script.clone()])]));
    assert_eq!(alone.findings[0].rule, "missing-down");
    let back = Script::down_of(&script, "001.down.sql", "DROP TABLE t");
    assert_eq!(
        lint(&Input::of(Dialect::Postgres, &[migration(vec![script, back])])).findings,
        []
    );
}

#[test]
fn a_way_back_may_drop_what_its_way_up_made_without_a_word_about_rows() {
    let script = Script::up("001.up.sql", "ALTER TABLE t ADD a INT");
    let back = Script::down_of(&script, "001.down.sql", "ALTER TABLE t DROP a");
    assert_eq!(
        lint(&Input::of(Dialect::Postgres, &[migration(vec![script, back])])).findings,
        []
    );
}

#[test]
fn a_table_built_anew_is_neither_used_too_early_nor_left_with_its_index() {
    let up = "CREATE TABLE t_new (id INTEGER PRIMARY KEY, a INT);\nINSERT INTO t_new SELECT id, a FROM t;\nDROP TABLE t;\n\
              ALTER TABLE t_new RENAME TO t;\nCREATE INDEX t_a ON t (a);";
    let down = "CREATE TABLE t_old (id INTEGER PRIMARY KEY, a TEXT);\nINSERT INTO t_old SELECT id, a FROM t;\nDROP TABLE t;\n\
                ALTER TABLE t_old RENAME TO t;";
    let script = Script::up("001.up.sql", up);
    let back = Script::down_of(&script, "001.down.sql", down);
    let report = lint(&Input::of(Dialect::Sqlite, &[migration(vec![script, back])]));
    let rules: Vec<_> = report.findings.iter().map(|one| one.rule).collect();
    assert!(
        !rules
            .iter()
            .any(|one| ["used-before-created", "down-incomplete"].contains(one)),
        "{rules:?}"
    );
}
