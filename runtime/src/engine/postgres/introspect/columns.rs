//! The columns of tables and views.

use std::collections::HashMap;

use lockstep_catalog::structure::{Column, Generated, Kind, ObjectRef, Options, Table, View};

use super::answers::{Answers, Line};
use super::expression::settled;
use super::ids::{Class, Ids};
use super::queries::About;
use super::relations::Counters;

/// Learns which number is which column.
pub(super) fn number(answers: &Answers, ids: &mut Ids) {
    for row in answers.of(About::Columns) {
        ids.learn_column(row.id(0), row.number(1), row.text(2));
        if row.get(7).is_some() {
            ids.learn_collation(row.id(0), row.text(2));
        }
    }
}

pub(super) fn read(
    answers: &Answers,
    ids: &mut Ids,
    counters: &Counters,
    tables: &mut HashMap<u32, Table>,
    views: &mut HashMap<u32, View>,
) {
    for row in answers.of(About::Columns) {
        let comment = ids.comment(Class::Relation, row.id(0), row.number(1));
        if let Some(view) = views.get_mut(&row.id(0)) {
            let name = row.text(2).to_owned();
            if let Some(comment) = comment {
                view.column_comments.insert(name.clone(), comment);
            }
            if let Some(default) = row.owned(13) {
                view.options.insert(format!("default.{name}"), default);
            }
            view.columns.push((name, row.text(3).to_owned()));
        } else if let Some(table) = tables.get_mut(&row.id(0)) {
            if row.id(14) != 0 {
                let at = ObjectRef::part(Kind::Default, table.name.clone(), row.text(2));
                ids.learn(Class::Default, row.id(14), at);
            }
            table.columns.push(column(row, comment, counters));
        }
    }
}

fn column(row: &Line, comment: Option<String>, counters: &Counters) -> Column {
    let stored = match row.text(6) {
        "s" => Some(true),
        "v" => Some(false),
        _ => None,
    };
    let expression = row.owned(13).map(|text| settled(&text).into_owned());
    let identity = match row.text(5) {
        "" => None,
        kind => counters.get(&(row.id(0), row.number(1))).cloned().map(|mut identity| {
            identity.always = kind == "a";
            identity
        }),
    };
    Column {
        name: row.text(2).to_owned(),
        data_type: row.text(3).to_owned(),
        nullable: !row.flag(4),
        default: expression.clone().filter(|_| stored.is_none()),
        generated: stored
            .zip(expression)
            .map(|(stored, expression)| Generated { expression, stored }),
        identity,
        collation: row.owned(7),
        comment,
        options: options(row),
        inherited: !row.flag(12),
        ..Column::default()
    }
}

fn options(row: &Line) -> Options {
    let mut options = Options::new();
    let storage = match row.text(8) {
        "p" => Some("PLAIN"),
        "e" => Some("EXTERNAL"),
        "m" => Some("MAIN"),
        "x" => Some("EXTENDED"),
        _ => None,
    };
    let compression = match row.text(9) {
        "p" => Some("pglz"),
        "l" => Some("lz4"),
        _ => None,
    };
    for (key, value) in [("storage", storage), ("compression", compression)] {
        if let Some(value) = value {
            options.insert(key.to_owned(), value.to_owned());
        }
    }
    if let Some(target) = row.owned(10).filter(|target| target != "-1") {
        options.insert("statistics".to_owned(), target);
    }
    for line in row.text(11).lines() {
        if let Some((key, value)) = line.split_once('=') {
            options.insert(format!("set.{key}"), value.to_owned());
        }
    }
    if let Some(foreign) = row.owned(15) {
        options.insert("foreign_options".to_owned(), foreign);
    }
    options
}
