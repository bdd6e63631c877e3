//! Each rule with what it finds and what it must leave alone.
#![allow(clippy::unwrap_used)]

mod allowed;
mod existence;
mod hostile;
mod mysql;
mod postgres;
mod reverse;
mod sqlite;

use std::collections::{BTreeSet, HashMap};

use crate::Dialect;
use crate::structure::{Column, Constraint, ConstraintKind, Index, IndexPart, Key, Name, Structure, Table, Trigger};

use super::{Finding, Input, Migration, RULES, Report, Script, Severity, lint};

fn migration(scripts: Vec<Script>) -> Migration {
    Migration {
        scripts,
        judged: true,
        one_transaction: true,
        only: None,
    }
}

fn found(dialect: Dialect, text: &str) -> Vec<Finding> {
    lint(&Input::of(dialect, &[migration(vec![Script::up("001.up.sql", text)])])).findings
}

fn rules(dialect: Dialect, text: &str) -> Vec<&'static str> {
    found(dialect, text).into_iter().map(|one| one.rule).collect()
}

/// Each script raises the rule, and the text that is meant is marked.
fn raise(dialect: Dialect, rule: &str, severity: Severity, cases: &[(&str, &str)]) {
    let listed = RULES.iter().find(|one| one.name == rule);
    let engines = listed.unwrap_or_else(|| panic!("{rule} is not in the list")).engines;
    assert!(engines.contains(&dialect.file_suffix()), "{rule} is for {engines:?}");
    for (text, marked) in cases {
        let all = found(dialect, text);
        let one = all.iter().find(|one| one.rule == rule);
        let one = one.unwrap_or_else(|| panic!("{rule} is not raised by {text}: {all:#?}"));
        assert_eq!(one.severity, severity, "{text}: {one:?}");
        assert_eq!(&text[one.start..one.end], *marked, "{text}");
        assert!(!one.message.is_empty() && !one.consequence.is_empty(), "{one:?}");
        assert!(
            one.rule == "not-allowed" || one.rule == "unreadable" || !one.advice.is_empty(),
            "{one:?}"
        );
        let before = &text[..one.start];
        assert_eq!(
            usize::try_from(one.line).unwrap(),
            before.matches('\n').count() + 1,
            "{text}"
        );
    }
}

/// None of the scripts raises the rule.
fn leave(dialect: Dialect, rule: &str, cases: &[&str]) {
    for text in cases {
        let all = found(dialect, text);
        assert!(
            all.iter().all(|one| one.rule != rule),
            "{rule} is raised by {text}: {all:#?}"
        );
    }
}

fn column(name: &str, data_type: &str) -> Column {
    Column {
        name: name.to_owned(),
        data_type: data_type.to_owned(),
        nullable: true,
        ..Column::default()
    }
}

/// A database with `users (id, name, email, total)`: `id` its key, an index over `email`, a trigger.
fn shop(dialect: Dialect) -> Structure {
    let schema = if dialect == Dialect::Postgres { "public" } else { "" };
    let name = Name::new(schema, "users");
    let text = if dialect == Dialect::Postgres {
        "character varying(40)"
    } else {
        "varchar(40)"
    };
    let users = Table {
        name: name.clone(),
        columns: vec![
            column("id", "bigint"),
            column("name", text),
            column("email", text),
            column("total", "bigint"),
        ],
        constraints: vec![Constraint {
            name: "users_pkey".to_owned(),
            generated_name: true,
            kind: ConstraintKind::PrimaryKey(Key {
                parts: vec![IndexPart::column("id")],
                ..Key::default()
            }),
            definition: None,
            deferrable: None,
            unchecked: false,
            inherited: false,
            options: Default::default(),
            comment: None,
        }],
        indexes: vec![Index {
            name: "users_by_email".to_owned(),
            parts: vec![IndexPart::column("email")],
            ..Index::default()
        }],
        ..Table::default()
    };
    let mut structure = Structure::empty(dialect);
    structure.tables.push(users);
    structure.triggers.push(Trigger {
        name: "users_log".to_owned(),
        on: name,
        ..Trigger::default()
    });
    structure
}

fn meeting(structure: &Structure, rows: Option<u64>, text: &str) -> Report {
    let migrations = [migration(vec![Script::up("001.up.sql", text)])];
    let rows: Option<HashMap<Name, u64>> = rows.map(|many| [(structure.tables[0].name.clone(), many)].into());
    lint(&Input {
        dialect: structure.dialect,
        migrations: &migrations,
        database: Some(structure),
        rows: rows.as_ref(),
    })
}

/// The list names the rules that there are: each is said somewhere, and by its name in the list.
#[test]
fn every_rule_of_the_list_is_found_in_these_tests() {
    let tests = [
        include_str!("allowed.rs"),
        include_str!("existence.rs"),
        include_str!("hostile.rs"),
        include_str!("mysql.rs"),
        include_str!("postgres.rs"),
        include_str!("reverse.rs"),
        include_str!("sqlite.rs"),
    ];
    // What the runtime finds, with the engine's help and the files'.
    let elsewhere = ["engine-refuses", "directive"];
    for rule in RULES.iter().filter(|rule| !elsewhere.contains(&rule.name)) {
        let name = format!("\"{}\"", rule.name);
        let quoted = |text: &&str| text.contains(&name) || text.contains(&format!("allow={}", rule.name));
        assert!(tests.iter().any(quoted), "no test is about {}", rule.name);
    }
}

#[test]
fn rules_have_names_of_their_own_in_kebab_case() {
    let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len());
    for rule in RULES {
        assert!(
            rule.name
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'),
            "{rule:?}"
        );
        assert!(!rule.engines.is_empty() && !rule.finds.is_empty(), "{rule:?}");
    }
}
