#![allow(clippy::unwrap_used)]

use super::*;
use crate::compare::Rename;
use crate::structure::{Column, Constraint, ConstraintKind, ForeignKey, Index, IndexPart, Key, Table};
use crate::write::write;

fn column(name: &str, data_type: &str, nullable: bool) -> Column {
    Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        nullable,
        ..Column::default()
    }
}

fn constraint(name: &str, kind: ConstraintKind) -> Constraint {
    Constraint {
        name: name.to_owned(),
        generated_name: false,
        kind,
        definition: None,
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Default::default(),
        comment: None,
    }
}

/// A table with the key `id`.
fn table(name: &str, columns: Vec<Column>) -> Table {
    let mut all = vec![column("id", "int(11)", false)];
    all.extend(columns);
    let key = Key {
        parts: vec![IndexPart::column("id")],
        ..Key::default()
    };
    Table {
        name: Name::plain(name),
        columns: all,
        constraints: vec![constraint("PRIMARY", ConstraintKind::PrimaryKey(key))],
        ..Table::default()
    }
}

fn points(name: &str, column: &str, to: &str) -> Constraint {
    constraint(
        name,
        ConstraintKind::ForeignKey(ForeignKey {
            columns: vec![column.to_owned()],
            references: Name::plain(to),
            referenced: vec!["id".to_owned()],
            on_delete: "CASCADE".to_owned(),
            on_update: "RESTRICT".to_owned(),
            ..ForeignKey::default()
        }),
    )
}

fn structure(tables: Vec<Table>) -> Structure {
    let mut structure = Structure::empty(Dialect::Mysql);
    structure.tables = tables;
    structure.sort();
    structure
}

fn plan(from: &Structure, to: &Structure, renames: Vec<Rename>) -> (Vec<String>, Vec<String>) {
    let plan = write(from, to, &Renames(renames), Choices::default()).unwrap();
    (
        plan.statements.into_iter().map(|one| one.sql).collect(),
        plan.checks.into_iter().map(|one| one.query).collect(),
    )
}

#[test]
fn what_is_needed_comes_first_and_circles_are_told() {
    let items = ["a", "b", "c", "d", "e"].map(str::to_owned);
    let needs: HashMap<String, HashSet<String>> =
        [("a", vec!["c"]), ("d", vec!["e"]), ("e", vec!["d"]), ("b", vec!["b"])]
            .into_iter()
            .map(|(item, needs)| (item.to_owned(), needs.into_iter().map(str::to_owned).collect()))
            .collect();
    let (ordered, circle) = in_order(&items, &needs);
    assert_eq!(ordered, ["b", "c", "a"]);
    assert_eq!(circle, ["d", "e"]);
}

#[test]
fn tables_that_point_in_a_circle_are_made_first_and_tied_then() {
    let circle = || {
        let mut a = table("a", vec![column("b", "int(11)", true)]);
        a.constraints.push(points("to_b", "b", "b"));
        let mut b = table("b", vec![column("a", "int(11)", true)]);
        b.constraints.push(points("to_a", "a", "a"));
        structure(vec![a, b])
    };
    let empty = Structure::empty(Dialect::Mysql);
    let (made, _) = plan(&empty, &circle(), Vec::new());
    let starts: Vec<&str> = made.iter().map(|sql| &sql[..11]).collect();
    assert_eq!(
        starts,
        ["CREATE TABL", "CREATE TABL", "ALTER TABLE", "ALTER TABLE"],
        "{made:?}"
    );
    let (gone, _) = plan(&circle(), &empty, Vec::new());
    assert!(gone[0].contains("DROP FOREIGN KEY"), "{gone:?}");
    assert!(gone[gone.len() - 1].starts_with("DROP TABLE"), "{gone:?}");
}

#[test]
fn rows_get_the_default_before_a_column_demands_a_value() {
    let from = structure(vec![table("t", vec![column("n", "int(11)", true)])]);
    let demanded = Column {
        default: Some("5".to_owned()),
        ..column("n", "int(11)", false)
    };
    let (statements, checks) = plan(&from, &structure(vec![table("t", vec![demanded])]), Vec::new());
    assert_eq!(
        statements,
        [
            "UPDATE `t` SET `n` = 5 WHERE `n` IS NULL",
            "ALTER TABLE `t` MODIFY COLUMN `n` int(11) NOT NULL DEFAULT 5"
        ]
    );
    assert_eq!(checks, Vec::<String>::new());
    let (_, checks) = plan(
        &from,
        &structure(vec![table("t", vec![column("n", "int(11)", false)])]),
        Vec::new(),
    );
    assert_eq!(checks, ["SELECT `id`, `n` FROM `t` WHERE `n` IS NULL"]);
}

#[test]
fn rows_are_asked_under_their_names_of_before() {
    let from = structure(vec![table("old", vec![column("a", "varchar(20)", true)])]);
    let to = structure(vec![table("new", vec![column("b", "varchar(3)", true)])]);
    let renames = vec![
        Rename::Table {
            from: Name::plain("old"),
            to: Name::plain("new"),
        },
        Rename::Column {
            table: Name::plain("new"),
            from: "a".to_owned(),
            to: "b".to_owned(),
        },
    ];
    let (statements, checks) = plan(&from, &to, renames);
    assert_eq!(
        statements,
        [
            "RENAME TABLE `old` TO `new`",
            "ALTER TABLE `new` RENAME COLUMN `a` TO `b`",
            "ALTER TABLE `new` MODIFY COLUMN `b` varchar(3)"
        ]
    );
    assert_eq!(checks, ["SELECT `id`, `a` FROM `old` WHERE CHAR_LENGTH(`a`) > 3"]);
}

#[test]
fn another_name_for_the_same_index_is_a_rename() {
    let with_index = |name: &str| {
        let mut table = table("t", vec![column("a", "int(11)", true)]);
        table.indexes.push(Index {
            name: name.to_owned(),
            method: "btree".to_owned(),
            parts: vec![IndexPart::column("a")],
            ..Index::default()
        });
        structure(vec![table])
    };
    let (statements, checks) = plan(&with_index("x"), &with_index("y"), Vec::new());
    assert_eq!(statements, ["ALTER TABLE `t` RENAME INDEX `x` TO `y`"]);
    assert_eq!(checks, Vec::<String>::new());
}

#[test]
fn foreign_keys_step_aside_for_a_new_type() {
    let both = |data_type: &str| {
        let mut parent = table("p", Vec::new());
        parent.columns[0].data_type = data_type.to_owned();
        let mut child = table("c", vec![column("p", data_type, true)]);
        child.constraints.push(points("to_p", "p", "p"));
        structure(vec![parent, child])
    };
    let (statements, _) = plan(&both("int(11)"), &both("bigint(20)"), Vec::new());
    assert_eq!(statements.len(), 4, "{statements:?}");
    assert_eq!(statements[0], "ALTER TABLE `c` DROP FOREIGN KEY `to_p`");
    assert!(statements[3].starts_with("ALTER TABLE `c` ADD CONSTRAINT `to_p`"));
}
