//! Constraints.

use std::collections::HashMap;

use lockstep_catalog::structure::{
    Constraint, ConstraintKind, ForeignKey, IndexPart, Key, Kind, ObjectRef, Options, Table,
};

use super::answers::{Answers, Line};
use super::expression::settled;
use super::ids::{Class, Ids};
use super::others::{ident, qualified};
use super::queries::About;

pub(super) fn read(answers: &Answers, ids: &mut Ids, tables: &mut HashMap<u32, Table>) {
    for row in answers.of(About::Constraints) {
        let Some(table) = tables.get_mut(&row.id(1)) else {
            continue;
        };
        let at = ObjectRef::part(Kind::Constraint, table.name.clone(), row.text(3));
        ids.learn(Class::Constraint, row.id(0), at.clone());
        if row.id(18) != 0 && row.text(4) != "f" {
            // The index that keeps it is the constraint.
            ids.learn(Class::Relation, row.id(18), at);
        }
        table.constraints.push(constraint(row, ids));
    }
    handed_down(answers, ids);
}

/// What a partition has of its parent stands for the parent's: a foreign key to it needs the parent's key, and what the
/// server keeps beside a foreign key for each partition is no constraint that anybody made.
fn handed_down(answers: &Answers, ids: &mut Ids) {
    let rows = answers.of(About::Constraints);
    let parents: HashMap<u32, u32> = rows
        .iter()
        .filter(|row| row.id(19) != 0)
        .map(|row| (row.id(0), row.id(19)))
        .collect();
    for row in rows.iter().filter(|row| row.id(19) != 0) {
        let mut root = row.id(19);
        while let Some(above) = parents.get(&root) {
            root = *above;
        }
        let Some(object) = ids.find(Class::Constraint, root, 0) else {
            continue;
        };
        ids.learn_handed_down(Class::Constraint, row.id(0), &object);
        if row.id(18) != 0 && row.text(4) != "f" {
            ids.learn_handed_down(Class::Relation, row.id(18), &object);
        }
    }
}

fn constraint(row: &Line, ids: &Ids) -> Constraint {
    let text = settled(row.text(5));
    let unchecked = !row.flag(8);
    let text = text.strip_suffix(" NOT VALID").unwrap_or(&text);
    let mut options = Options::new();
    if row.flag(11) && row.text(4) == "c" {
        options.insert("no_inherit".to_owned(), "true".to_owned());
    }
    let kind = kind(row, text, ids);
    let definition = match &kind {
        ConstraintKind::ForeignKey(key) if text.is_empty() => foreign(row, key),
        _ => text.to_owned(),
    };
    Constraint {
        name: row.text(3).to_owned(),
        generated_name: false,
        kind,
        definition: Some(definition),
        deferrable: row.flag(6).then(|| row.flag(7)),
        unchecked,
        inherited: row.id(19) != 0 || (row.number(10) > 0 && !row.flag(9)),
        options,
        comment: ids.comment(Class::Constraint, row.id(0), 0),
    }
}

fn names(row: &Line, table: u32, at: usize, ids: &Ids) -> Vec<String> {
    row.numbers(at)
        .filter_map(|number| ids.column(table, number).map(str::to_owned))
        .collect()
}

fn kind(row: &Line, text: &str, ids: &Ids) -> ConstraintKind {
    let columns = names(row, row.id(1), 12, ids);
    let key = || {
        let include = text
            .split_once(" INCLUDE (")
            .and_then(|(_, rest)| rest.split_once(')'))
            .map(|(inside, _)| inside.split(", ").map(|one| one.trim_matches('"').to_owned()).collect())
            .unwrap_or_default();
        Key {
            parts: columns.iter().map(IndexPart::column).collect(),
            include,
            nulls_not_distinct: text.contains("NULLS NOT DISTINCT"),
        }
    };
    match row.text(4) {
        "p" => ConstraintKind::PrimaryKey(key()),
        "u" => ConstraintKind::Unique(key()),
        "f" => ConstraintKind::ForeignKey(ForeignKey {
            columns: columns.clone(),
            references: ids.relation(row.id(13)).cloned().unwrap_or_default(),
            referenced: names(row, row.id(13), 14, ids),
            on_delete: action(row.text(16)).to_owned(),
            on_update: action(row.text(15)).to_owned(),
            on_delete_columns: text
                .split_once(" ON DELETE SET ")
                .and_then(|(_, rest)| rest.split_once(" ("))
                .filter(|(word, _)| matches!(*word, "NULL" | "DEFAULT"))
                .and_then(|(_, rest)| rest.split_once(')'))
                .map(|(inside, _)| inside.split(", ").map(|one| one.trim_matches('"').to_owned()).collect())
                .unwrap_or_default(),
            match_full: row.text(17) == "f",
        }),
        "x" => ConstraintKind::Exclusion {
            definition: text.to_owned(),
        },
        _ => {
            let text = text.strip_suffix(" NO INHERIT").unwrap_or(text);
            let inner = text.strip_prefix("CHECK (").and_then(|rest| rest.strip_suffix(')'));
            ConstraintKind::Check {
                expression: inner.unwrap_or(text).to_owned(),
            }
        }
    }
}

fn action(letter: &str) -> &'static str {
    match letter {
        "r" => "RESTRICT",
        "c" => "CASCADE",
        "n" => "SET NULL",
        "d" => "SET DEFAULT",
        _ => "NO ACTION",
    }
}

/// What the server would say of a foreign key.
fn foreign(row: &Line, key: &ForeignKey) -> String {
    let list = |columns: &[String]| columns.iter().map(|one| ident(one)).collect::<Vec<_>>().join(", ");
    let mut text = format!(
        "FOREIGN KEY ({}) REFERENCES {}({})",
        list(&key.columns),
        qualified(&key.references),
        list(&key.referenced)
    );
    if key.match_full {
        text.push_str(" MATCH FULL");
    }
    for (when, action) in [("UPDATE", &key.on_update), ("DELETE", &key.on_delete)] {
        if action != "NO ACTION" {
            text.push_str(&format!(" ON {when} {action}"));
        }
    }
    if row.flag(6) {
        text.push_str(" DEFERRABLE");
    }
    if row.flag(7) {
        text.push_str(" INITIALLY DEFERRED");
    }
    text
}
