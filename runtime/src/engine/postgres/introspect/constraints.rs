//! Constraints and indexes.

use std::collections::HashMap;

use lockstep_catalog::structure::{
    Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Key, Kind, ObjectRef, Options, Table, View,
};

use super::answers::{Answers, Line};
use super::ids::{Class, Ids};
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
}

fn constraint(row: &Line, ids: &Ids) -> Constraint {
    let text = row.text(5);
    let unchecked = !row.flag(8);
    let text = text.strip_suffix(" NOT VALID").unwrap_or(text);
    let mut options = Options::new();
    if row.flag(11) && row.text(4) == "c" {
        options.insert("no_inherit".to_owned(), "true".to_owned());
    }
    Constraint {
        name: row.text(3).to_owned(),
        generated_name: false,
        kind: kind(row, text, ids),
        definition: Some(text.to_owned()),
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

/// Indexes that no constraint made, and what is noted on those that one made.
pub(super) fn indexes(
    answers: &Answers,
    ids: &mut Ids,
    tables: &mut HashMap<u32, Table>,
    views: &mut HashMap<u32, View>,
) {
    for row in answers.of(About::Indexes) {
        let owner = row.id(1);
        let Some(name) = ids.relation(owner).cloned() else {
            continue;
        };
        if row.id(13) != 0 {
            if let Some(table) = tables.get_mut(&owner) {
                note_on_constraint(table, row);
            }
            continue;
        }
        ids.learn(
            Class::Relation,
            row.id(0),
            ObjectRef::part(Kind::Index, name, row.text(2)),
        );
        let index = index(row, ids);
        if let Some(table) = tables.get_mut(&owner) {
            if row.flag(11) {
                table
                    .options
                    .insert("replica_identity".to_owned(), format!("index {}", index.name));
            }
            table.indexes.push(index);
        } else if let Some(view) = views.get_mut(&owner) {
            view.indexes.push(index);
        }
    }
}

fn note_on_constraint(table: &mut Table, row: &Line) {
    if row.flag(11) {
        table
            .options
            .insert("replica_identity".to_owned(), format!("index {}", row.text(2)));
    }
    for constraint in table.constraints.iter_mut().filter(|one| one.name == row.text(2)) {
        if row.flag(10) {
            constraint.options.insert("clustered".to_owned(), "true".to_owned());
        }
        if let Some(space) = row.owned(14) {
            constraint.options.insert("tablespace".to_owned(), space);
        }
        if let Some(definition) = &mut constraint.definition {
            add_storage(definition, row);
        }
    }
}

/// The server leaves out what is set on the index of a constraint; it stands before what is said of deferring and of which
/// rows it is for.
fn add_storage(definition: &mut String, row: &Line) {
    let mut text = String::new();
    let set: Vec<String> = row
        .text(17)
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| format!("{key}='{}'", value.replace('\'', "''")))
        .collect();
    if !set.is_empty() {
        text.push_str(&format!(" WITH ({})", set.join(", ")));
    }
    if let Some(space) = row.get(14) {
        text.push_str(&format!(" USING INDEX TABLESPACE {}", super::others::ident(space)));
    }
    if text.is_empty() {
        return;
    }
    let end = [" WHERE (", " DEFERRABLE"]
        .iter()
        .filter_map(|word| definition.find(word))
        .min()
        .unwrap_or(definition.len());
    definition.insert_str(end, &text);
}

fn index(row: &Line, ids: &Ids) -> Index {
    let definition = row.text(5);
    // What follows the table's name says everything but the names.
    let tail = tail(definition);
    let mut options = Options::new();
    options.insert("using".to_owned(), tail.to_owned());
    if row.flag(10) {
        options.insert("clustered".to_owned(), "true".to_owned());
    }
    if let Some(space) = row.owned(14) {
        options.insert("tablespace".to_owned(), space);
    }
    let keys = usize::try_from(row.number(7)).unwrap_or(0);
    let orders: Vec<i64> = row.numbers(8).collect();
    let mut expressions = row.text(16).lines();
    let mut parts = Vec::new();
    let mut include = Vec::new();
    for (at, number) in row.numbers(6).enumerate() {
        let on = match ids.column(row.id(1), number) {
            Some(column) if at >= keys => {
                include.push(column.to_owned());
                continue;
            }
            Some(column) => IndexTarget::Column(column.to_owned()),
            None => IndexTarget::Expression(expressions.next().unwrap_or_default().to_owned()),
        };
        let order = orders.get(at).copied().unwrap_or(0);
        let (descending, first) = (order & 1 != 0, order & 2 != 0);
        parts.push(IndexPart {
            descending,
            nulls_first: (first != descending).then_some(first),
            ..IndexPart::column("")
        });
        if let Some(part) = parts.last_mut() {
            part.on = on;
        }
    }
    Index {
        name: row.text(2).to_owned(),
        unique: row.flag(3),
        method: row.text(4).to_owned(),
        parts,
        include,
        predicate: row.owned(15),
        nulls_not_distinct: tail.contains(" NULLS NOT DISTINCT"),
        invalid: !row.flag(9),
        definition: Some(definition.to_owned()),
        options,
        comment: ids.comment(Class::Relation, row.id(0), 0),
        inherited: row.flag(12),
        ..Index::default()
    }
}

/// What stands behind ` USING ` outside of quotes.
fn tail(definition: &str) -> &str {
    let mut quoted = false;
    for (at, character) in definition.char_indices() {
        if character == '"' {
            quoted = !quoted;
        } else if !quoted && definition[at..].starts_with(" USING ") {
            return &definition[at + " USING ".len()..];
        }
    }
    definition
}
