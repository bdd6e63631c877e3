//! Tables, views and sequences.

use std::collections::HashMap;

use lockstep_catalog::structure::{
    Identity, Kind, Name, ObjectRef, Options, PartitionOf, Partitioning, Sequence, SequenceOptions, Structure, Table,
    View,
};

use super::answers::{Answers, Line};
use super::expression::settled;
use super::ids::{Class, Ids};
use super::queries::About;
use super::{columns, constraints, indexes};

/// The counters of identity columns, by table and column number.
pub(super) type Counters = HashMap<(u32, i64), Identity>;

pub(super) fn read(answers: &Answers, ids: &mut Ids, structure: &mut Structure) {
    let mut tables: HashMap<u32, Table> = HashMap::new();
    let mut views: HashMap<u32, View> = HashMap::new();
    for row in answers.of(About::Classes) {
        let (id, name) = (row.id(0), Name::new(row.text(1), row.text(2)));
        let comment = ids.comment(Class::Relation, id, 0);
        match row.text(3) {
            "v" | "m" => {
                ids.learn(Class::Relation, id, ObjectRef::new(Kind::View, name.clone()));
                views.insert(id, view(row, name, comment));
            }
            "c" => {}
            _ => {
                ids.learn(Class::Relation, id, ObjectRef::new(Kind::Table, name.clone()));
                tables.insert(id, table(row, name, comment));
            }
        }
    }
    rows_of_relations(answers, ids);
    columns::number(answers, ids);
    let counters = sequences(answers, ids, structure);
    columns::read(answers, ids, &counters, &mut tables, &mut views);
    parents(answers, ids, &mut tables);
    constraints::read(answers, ids, &mut tables);
    indexes::read(answers, ids, &mut tables, &mut views);
    for row in answers.of(About::Views) {
        if let Some(view) = views.get_mut(&row.id(0)) {
            ids.learn(Class::Rule, row.id(1), ObjectRef::new(Kind::View, view.name.clone()));
            let query = settled(row.text(2).trim());
            query.strip_suffix(';').unwrap_or(&query).clone_into(&mut view.query);
        }
    }
    structure.tables = tables.into_values().collect();
    structure.views = views.into_values().collect();
}

/// A relation's row type, and the arrays of it, stand for the relation.
fn rows_of_relations(answers: &Answers, ids: &mut Ids) {
    for row in answers.of(About::TypeIds) {
        if row.id(2) != 0
            && let Some(object) = ids.find(Class::Relation, row.id(2), 0)
        {
            ids.learn(Class::Type, row.id(0), object);
        }
    }
    for row in answers.of(About::TypeIds) {
        if row.id(1) != 0
            && let Some(object) = ids.find(Class::Type, row.id(1), 0)
        {
            ids.learn(Class::Type, row.id(0), object);
        }
    }
}

fn settings(lines: Option<&str>, prefix: &str, into: &mut Options) {
    for line in lines.unwrap_or_default().lines() {
        if let Some((key, value)) = line.split_once('=') {
            into.insert(format!("{prefix}{key}"), value.to_owned());
        }
    }
}

fn table(row: &Line, name: Name, comment: Option<String>) -> Table {
    let mut options = Options::new();
    let mut set = |key: &str, value: &str| options.insert(key.to_owned(), value.to_owned());
    if row.text(4) == "u" {
        set("unlogged", "true");
    }
    if row.flag(7) {
        set("row_security", "enabled");
    }
    if row.flag(8) {
        set("force_row_security", "enabled");
    }
    match row.text(9) {
        "f" => drop(set("replica_identity", "full")),
        "n" if row.text(3) != "f" => drop(set("replica_identity", "nothing")),
        _ => {}
    }
    for (at, key) in [
        (10, "tablespace"),
        (11, "access_method"),
        (12, "of_type"),
        (15, "foreign_server"),
        (16, "foreign_options"),
    ] {
        if let Some(value) = row.get(at) {
            set(key, value);
        }
    }
    settings(row.get(5), "with.", &mut options);
    settings(row.get(6), "with.toast.", &mut options);
    Table {
        name,
        options,
        comment,
        partitioning: row.owned(13).map(|by| Partitioning {
            by,
            ..Partitioning::default()
        }),
        // The parent is filled in when the table above it is known.
        partition_of: row.owned(14).map(|bound| PartitionOf {
            parent: Name::default(),
            bound,
            // A condition that names the table by its id means nothing elsewhere.
            condition: row.owned(17).filter(|text| !text.contains("satisfies_hash_partition(")),
        }),
        ..Table::default()
    }
}

fn view(row: &Line, name: Name, comment: Option<String>) -> View {
    let mut options = Options::new();
    settings(row.get(5), "with.", &mut options);
    for (at, key) in [(10, "tablespace"), (11, "access_method")] {
        if let Some(value) = row.get(at) {
            options.insert(key.to_owned(), value.to_owned());
        }
    }
    View {
        name,
        materialized: row.text(3) == "m",
        options,
        comment,
        ..View::default()
    }
}

fn parents(answers: &Answers, ids: &Ids, tables: &mut HashMap<u32, Table>) {
    for row in answers.of(About::Inheritance) {
        if let (Some(table), Some(parent)) = (tables.get_mut(&row.id(0)), ids.relation(row.id(1))) {
            match &mut table.partition_of {
                Some(part) => part.parent = parent.clone(),
                None => table.inherits.push(parent.clone()),
            }
        }
    }
}

fn sequences(answers: &Answers, ids: &mut Ids, structure: &mut Structure) -> Counters {
    let mut counters = Counters::new();
    for row in answers.of(About::Sequences) {
        let name = Name::new(row.text(1), row.text(2));
        let settings = SequenceOptions {
            data_type: row.text(3).to_owned(),
            start: row.text(4).to_owned(),
            increment: row.text(5).to_owned(),
            minimum: row.text(6).to_owned(),
            maximum: row.text(7).to_owned(),
            cache: row.text(8).to_owned(),
            cycle: row.flag(9),
        };
        if row.text(13) == "i" {
            let counter = Identity {
                always: false,
                counter: Some(name),
                sequence: settings,
            };
            counters.insert((row.id(11), row.number(12)), counter);
            continue;
        }
        ids.learn(Class::Relation, row.id(0), ObjectRef::new(Kind::Sequence, name.clone()));
        let owned_by = ids
            .relation(row.id(11))
            .zip(ids.column(row.id(11), row.number(12)))
            .map(|(table, column)| (table.clone(), column.to_owned()));
        let mut options = Options::new();
        if row.text(10) == "u" {
            options.insert("unlogged".to_owned(), "true".to_owned());
        }
        structure.sequences.push(Sequence {
            name,
            settings,
            owned_by,
            options,
            comment: ids.comment(Class::Relation, row.id(0), 0),
        });
    }
    counters
}
