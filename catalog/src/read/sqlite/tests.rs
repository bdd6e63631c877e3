#![allow(clippy::unwrap_used)]

use super::*;
use crate::structure::{ConstraintKind, Table};

fn read(sql: &str) -> Table {
    table(sql).unwrap_or_else(|| panic!("unread: {sql}")).table
}

fn kinds(table: &Table) -> Vec<&ConstraintKind> {
    table.constraints.iter().map(|one| &one.kind).collect()
}

#[test]
fn what_stands_beside_a_column_and_what_stands_at_the_end_is_the_same() {
    let beside = read(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE REFERENCES p (x) ON DELETE CASCADE, b INT CHECK (b > 0))",
    );
    let end = read(
        "CREATE TABLE T (Id INTEGER, a TEXT, b INT, PRIMARY KEY ([id]) UNIQUE (\"A\"), CHECK ((B>0)), \
         FOREIGN KEY (a) REFERENCES P(X) ON DELETE CASCADE ON UPDATE NO ACTION)",
    );
    assert_eq!(kinds(&beside), kinds(&end));
}

#[test]
fn types_are_the_words_before_the_first_constraint() {
    for (declared, data_type) in [
        ("a", ""),
        ("a INT", "int"),
        ("a UNSIGNED  BIG INT NOT NULL", "unsigned big int"),
        ("a Decimal ( 10 , 2 ) DEFAULT 1", "decimal(10,2)"),
        ("a \"int\" NULL", "int"),
        ("a int GENERATED ALWAYS AS (1)", "int"),
        ("a GENERATED ALWAYS AS (1)", ""),
        ("a VARCHAR(10) AS (1) STORED", "varchar(10)"),
        ("a TEXT COLLATE NOCASE", "text"),
    ] {
        assert_eq!(
            read(&format!("CREATE TABLE t ({declared})")).columns[0].data_type,
            data_type,
            "{declared}"
        );
    }
}

#[test]
fn defaults_have_one_form() {
    for (declared, default) in [
        ("DEFAULT 'it''s'", "'it''s'"),
        ("DEFAULT \"it's\"", "'it''s'"),
        ("DEFAULT word", "'word'"),
        ("DEFAULT TRUE", "true"),
        ("DEFAULT ((5))", "5"),
        ("DEFAULT - 1", "-1"),
        ("DEFAULT Current_Timestamp NOT NULL", "current_timestamp"),
        ("DEFAULT (Lower( 'X' ))", "lower('X')"),
        ("DEFAULT x'0A' UNIQUE", "x'0A'"),
    ] {
        let table = read(&format!("CREATE TABLE t (a {declared}, b)"));
        assert_eq!(table.columns[0].default.as_deref(), Some(default), "{declared}");
    }
}

#[test]
fn only_one_way_of_saying_it_makes_the_rowid() {
    for (sql, alias) in [
        ("CREATE TABLE t (a INTEGER PRIMARY KEY)", Some("a")),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY ASC AUTOINCREMENT)", Some("a")),
        ("CREATE TABLE t (a INTEGER, PRIMARY KEY (A DESC))", Some("a")),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY DESC)", None),
        ("CREATE TABLE t (a INT PRIMARY KEY)", None),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY) WITHOUT ROWID", None),
        ("CREATE TABLE t (a INTEGER, b, PRIMARY KEY (a, b))", None),
    ] {
        assert_eq!(is_rowid_alias(&read(sql)), alias, "{sql}");
    }
}

#[test]
fn what_no_pragma_shows_is_read() {
    let table = read(
        "CREATE TABLE t (a TEXT CONSTRAINT n NOT NULL ON CONFLICT REPLACE COLLATE NoCase DEFAULT '', \
         b INT REFERENCES p DEFERRABLE INITIALLY DEFERRED, CONSTRAINT u UNIQUE (a COLLATE RTRIM, b DESC) ON CONFLICT IGNORE) \
         STRICT, WITHOUT ROWID",
    );
    assert_eq!(table.columns[0].collation.as_deref(), Some("nocase"));
    assert_eq!(table.columns[0].options["not_null_on_conflict"], "REPLACE");
    let unique = table.constraints.iter().find(|one| one.name == "u").unwrap();
    assert_eq!(unique.options["on_conflict"], "IGNORE");
    let ConstraintKind::Unique(key) = &unique.kind else {
        panic!("{unique:?}")
    };
    assert_eq!(key.parts[0].collation.as_deref(), Some("rtrim"));
    assert!(key.parts[1].descending);
    let points = table.constraints.iter().find(|one| one.name.is_empty()).unwrap();
    assert_eq!(points.deferrable, Some(true));
    assert!(table.options.contains_key("strict") && table.options.contains_key("without_rowid"));
}

#[test]
fn what_is_not_known_is_not_guessed() {
    for sql in [
        "CREATE TABLE t (a INT DEFAULT 1 FANCY)",
        "CREATE TABLE t (a INT) IN SPACE",
        "CREATE TABLE t (a INT",
        "CREATE TABLE t (a INT CHECK)",
        "",
    ] {
        assert!(table(sql).is_none(), "{sql}");
    }
}

#[test]
fn sources_are_what_a_query_needs() {
    let mut found: Vec<String> = sources(
        "with recursive up(id) as (select id from t), down as (select 1) select * from up join \"U v\" on 1 left join down \
         where exists (select 1 from json_each('[]')) and x in (select y from w)",
    )
    .into_iter()
    .collect();
    found.sort();
    assert_eq!(found, ["t", "u v", "w"]);
}

#[test]
fn the_columns_of_a_key_hold_no_null_where_the_engine_says_so() {
    for (sql, nullable, alias) in [
        ("CREATE TABLE t (a TEXT PRIMARY KEY)", true, false),
        ("CREATE TABLE t (a TEXT PRIMARY KEY) STRICT", false, false),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT", true, true),
        ("CREATE TABLE t (a INTEGER PRIMARY KEY DESC) STRICT", false, false),
        ("CREATE TABLE t (a INTEGER, PRIMARY KEY (a DESC)) STRICT", true, true),
        (
            "CREATE TABLE t (a INTEGER PRIMARY KEY) STRICT, WITHOUT ROWID",
            false,
            false,
        ),
    ] {
        let table = read(sql);
        assert_eq!(table.columns[0].nullable, nullable, "{sql}");
        assert_eq!(is_rowid_alias(&table).is_some(), alias, "{sql}");
    }
}
