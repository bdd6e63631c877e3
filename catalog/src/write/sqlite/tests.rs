#![allow(clippy::unwrap_used)]

use super::super::{Choices, Plan, write};
use crate::Dialect;
use crate::compare::{Rename, Renames};
use crate::read::sqlite::{fold, index, table, trigger, view, virtual_table};
use crate::structure::{Name, Structure};

/// A structure as the engine would have it read, but for what only the engine knows.
fn structure(script: &str) -> Structure {
    let mut structure = Structure::empty(Dialect::Sqlite);
    for statement in crate::split(Dialect::Sqlite, script).unwrap() {
        let sql = statement.text.as_str();
        if let Some(read) = table(sql) {
            structure.tables.push(read.table);
        } else if let Some(read) = virtual_table(sql) {
            structure.tables.push(read);
        } else if let Some(read) = view(sql) {
            structure.views.push(read);
        } else if let Some(read) = trigger(sql) {
            structure.triggers.push(read);
        } else {
            let on = sql.split_once(" ON ").unwrap().1.split(' ').next().unwrap();
            let of = structure
                .tables
                .iter_mut()
                .find(|one| fold(&one.name.name) == fold(on))
                .unwrap();
            let known: Vec<String> = of.columns.iter().map(|one| fold(&one.name)).collect();
            of.indexes
                .push(index(sql, &|name| known.contains(&fold(name))).unwrap());
        }
    }
    structure.sort();
    structure
}

fn plan(from: &str, to: &str) -> Plan {
    write(&structure(from), &structure(to), &Renames::none(), Choices::default()).unwrap()
}

fn statements(from: &str, to: &str) -> Vec<String> {
    plan(from, to).statements.into_iter().map(|one| one.sql).collect()
}

#[test]
fn what_can_be_altered_is_not_built_anew() {
    let t = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0))";
    for (to, expected) in [
        (t, None),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0), b TEXT NOT NULL DEFAULT 'x')",
            Some("ALTER TABLE \"t\" ADD COLUMN b TEXT NOT NULL DEFAULT 'x'"),
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0), b INT, CONSTRAINT less CHECK (b < a))",
            Some("ALTER TABLE \"t\" ADD COLUMN \"b\" int CONSTRAINT \"less\" CHECK (b < a)"),
        ),
        (
            "CREATE TABLE t (id INTEGER PRIMARY KEY)",
            Some("ALTER TABLE \"t\" DROP COLUMN \"a\""),
        ),
    ] {
        let found = statements(t, to);
        assert_eq!(found.first().map(String::as_str), expected, "{to}");
        assert!(found.len() < 2, "{found:?}");
    }
}

#[test]
fn what_cannot_be_altered_is_built_anew() {
    let t = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CHECK (a > 0))";
    for to in [
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT, CHECK (a > 0))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT UNIQUE, CHECK (a > 0))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b TEXT DEFAULT CURRENT_TIMESTAMP, CHECK (a > 0))",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a) STORED, CHECK (a > 0))",
    ] {
        let found = statements(t, to);
        assert!(found[0].contains("lockstep_new_t is in the way of t"), "{found:?}");
        assert!(found[1].starts_with("CREATE TABLE \"lockstep_new_t\""), "{found:?}");
        assert_eq!(
            found[3..],
            ["DROP TABLE \"t\"", "ALTER TABLE \"lockstep_new_t\" RENAME TO \"t\""]
        );
    }
}

#[test]
fn a_drop_that_would_cascade_is_guarded() {
    let child = "CREATE TABLE c (id INTEGER PRIMARY KEY, t_id INT REFERENCES t ON DELETE CASCADE);";
    let found = statements(
        &format!("{child} CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);"),
        &format!("{child} CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);"),
    );
    assert!(found[0].contains("pragma_foreign_keys"), "{found:?}");
}

#[test]
fn what_names_a_table_steps_aside_while_it_is_built_anew() {
    let rest = "CREATE TABLE other (id INTEGER PRIMARY KEY); CREATE VIEW v AS SELECT a FROM t; CREATE VIEW w AS SELECT a FROM v;
                CREATE VIEW apart AS SELECT id FROM other;
                CREATE TRIGGER tr AFTER INSERT ON other BEGIN DELETE FROM w; END;";
    let found = statements(
        &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a INT); {rest}"),
        &format!("CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); {rest}"),
    );
    assert_eq!(
        found[..3],
        ["DROP TRIGGER \"tr\"", "DROP VIEW \"v\"", "DROP VIEW \"w\""]
    );
    assert!(found[found.len() - 3].starts_with("CREATE VIEW v "), "{found:?}");
    assert!(!found.iter().any(|one| one.contains("apart")), "{found:?}");
}

#[test]
fn what_the_engine_renames_by_itself_is_left_to_it() {
    let from = structure(
        "CREATE TABLE t (old INT CHECK (old > 0), g INT AS (old + 1)); CREATE VIEW v AS SELECT old AS x FROM t;
         CREATE INDEX i ON t (old) WHERE old > 1; CREATE TRIGGER tr AFTER DELETE ON t BEGIN SELECT old.old; END;",
    );
    let to = structure(
        "CREATE TABLE t (new_one INT CHECK (new_one > 0), g INT AS (new_one + 1));
         CREATE VIEW v AS SELECT new_one AS x FROM t; CREATE INDEX i ON t (new_one) WHERE new_one > 1;
         CREATE TRIGGER tr AFTER DELETE ON t BEGIN SELECT old.new_one; END;",
    );
    let renames = Renames(vec![Rename::Column {
        table: Name::plain("t"),
        from: "old".to_owned(),
        to: "new_one".to_owned(),
    }]);
    let plan = write(&from, &to, &renames, Choices::default()).unwrap();
    let found: Vec<&str> = plan.statements.iter().map(|one| one.sql.as_str()).collect();
    assert_eq!(found, ["ALTER TABLE \"t\" RENAME COLUMN \"old\" TO \"new_one\""]);
}

#[test]
fn a_structure_without_its_texts_is_written_from_the_model() {
    let mut one = structure("CREATE TABLE \"T x\" (Id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE) STRICT");
    one.tables[0].sql = None;
    one.tables[0].columns[1].nullable = false;
    let plan = write(
        &Structure::empty(Dialect::Sqlite),
        &one,
        &Renames::none(),
        Choices::default(),
    )
    .unwrap();
    let read = table(&plan.statements[0].sql).unwrap().table;
    assert_eq!(
        (&read.columns, &read.constraints),
        (&one.tables[0].columns, &one.tables[0].constraints)
    );
}

#[test]
fn tables_that_others_point_to_come_first_and_go_last() {
    let script = "CREATE TABLE a (id INTEGER PRIMARY KEY, b INT REFERENCES b); CREATE TABLE b (id INTEGER PRIMARY KEY);
                  CREATE TABLE x (id INTEGER PRIMARY KEY, y INT REFERENCES y); CREATE TABLE y (id INTEGER PRIMARY KEY, x INT REFERENCES x);";
    let made = statements("", script);
    let place = |found: &[String], name: &str| found.iter().position(|one| one.contains(name)).unwrap();
    assert!(place(&made, "TABLE b ") < place(&made, "TABLE a "), "{made:?}");
    assert_eq!(made.len(), 4);
    let gone = statements(script, "");
    assert!(place(&gone, "\"a\"") < place(&gone, "\"b\""), "{gone:?}");
}

#[test]
fn an_index_over_a_view_that_shows_other_words_is_filled_again() {
    let script = |shown: &str| {
        format!(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT); CREATE VIEW v AS SELECT id, {shown} AS w FROM t;
             CREATE VIRTUAL TABLE f USING fts5(w, content=v, content_rowid=id);"
        )
    };
    let found = statements(&script("a"), &script("a || b"));
    assert_eq!(found.last().unwrap(), "INSERT INTO \"f\" (\"f\") VALUES ('rebuild')");
}
