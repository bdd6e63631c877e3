//! Functions, procedures, aggregates and triggers.

use std::collections::HashMap;

use lockstep_catalog::structure::{Kind, Name, ObjectRef, Options, Routine, RoutineKind, Structure, Trigger};
use lockstep_catalog::{Dialect, quote};

use super::answers::{Answers, Line};
use super::expression::settled;
use super::ids::{Class, Ids};
use super::queries::About;

/// The name by which a routine is referred to: with the types of its arguments.
fn reference(name: &Name, arguments: &str) -> ObjectRef {
    ObjectRef::new(
        Kind::Routine,
        Name::new(&name.schema, format!("{}({arguments})", name.name)),
    )
}

pub(super) fn read(answers: &Answers, ids: &mut Ids, structure: &mut Structure) {
    let aggregates: HashMap<u32, &Line> = answers
        .of(About::Aggregates)
        .iter()
        .map(|row| (row.id(0), row))
        .collect();
    for row in answers.of(About::Routines) {
        let name = Name::new(row.text(1), row.text(2));
        let arguments = row.text(4).to_owned();
        ids.learn(Class::Routine, row.id(0), reference(&name, &arguments));
        let kind = match row.text(3) {
            "p" => RoutineKind::Procedure,
            "a" => RoutineKind::Aggregate,
            _ => RoutineKind::Function,
        };
        let definition = match aggregates.get(&row.id(0)) {
            Some(aggregate) => self::aggregate(&name, row.text(5), aggregate),
            None => row.text(7).trim_end().to_owned(),
        };
        let mut options = Options::new();
        options.insert("identity_arguments".to_owned(), row.text(5).to_owned());
        if row.text(3) == "w" {
            options.insert("window".to_owned(), "true".to_owned());
        }
        if row.text(8) != "0" {
            options.insert("default_arguments".to_owned(), row.text(8).to_owned());
        }
        structure.routines.push(Routine {
            name,
            kind,
            arguments,
            returns: row.owned(6),
            definition,
            options,
            comment: ids.comment(Class::Routine, row.id(0), 0),
        });
    }
    triggers(answers, ids, structure);
}

fn aggregate(name: &Name, arguments: &str, row: &Line) -> String {
    let ident = |name: &str| quote(Dialect::Postgres, name).unwrap_or_else(|_| name.to_owned());
    let arguments = if arguments.is_empty() { "*" } else { arguments };
    let literal = |text: &str| format!("'{}'", text.replace('\'', "''"));
    let mut parts = vec![format!("SFUNC = {}", row.text(5)), format!("STYPE = {}", row.text(2))];
    if row.number(3) > 0 {
        parts.push(format!("SSPACE = {}", row.text(3)));
    }
    let mut add = |word: &str, value: Option<String>| {
        if let Some(value) = value {
            parts.push(format!("{word} = {value}"));
        }
    };
    add("FINALFUNC", row.owned(6));
    let default_modify = if row.text(1) == "n" { "r" } else { "w" };
    if row.flag(7) {
        add("FINALFUNC_EXTRA", Some("true".to_owned()));
    }
    if row.get(6).is_some() && row.text(8) != default_modify {
        let word = match row.text(8) {
            "r" => "READ_ONLY",
            "s" => "SHAREABLE",
            _ => "READ_WRITE",
        };
        add("FINALFUNC_MODIFY", Some(word.to_owned()));
    }
    add("COMBINEFUNC", row.owned(9));
    add("SERIALFUNC", row.owned(10));
    add("DESERIALFUNC", row.owned(11));
    add("INITCOND", row.get(4).map(literal));
    add("MSFUNC", row.owned(12));
    add("MINVFUNC", row.owned(13));
    add("MSTYPE", row.owned(15));
    add("MFINALFUNC", row.owned(14));
    add("MINITCOND", row.get(16).map(literal));
    add("SORTOP", row.get(17).map(|operator| format!("OPERATOR({operator})")));
    match row.text(18) {
        "s" => add("PARALLEL", Some("SAFE".to_owned())),
        "r" => add("PARALLEL", Some("RESTRICTED".to_owned())),
        _ => {}
    }
    if row.text(1) == "h" {
        parts.push("HYPOTHETICAL".to_owned());
    }
    format!(
        "CREATE AGGREGATE {}.{}({arguments}) (\n    {}\n)",
        ident(&name.schema),
        ident(&name.name),
        parts.join(",\n    ")
    )
}

fn triggers(answers: &Answers, ids: &mut Ids, structure: &mut Structure) {
    for row in answers.of(About::Triggers) {
        let Some(on) = ids.relation(row.id(1)).cloned() else {
            continue;
        };
        ids.learn(
            Class::Trigger,
            row.id(0),
            ObjectRef::part(Kind::Trigger, on.clone(), row.text(2)),
        );
        let mut options = Options::new();
        let enabled = match row.text(4) {
            "D" => Some("disabled"),
            "A" => Some("always"),
            "R" => Some("replica"),
            _ => None,
        };
        if let Some(enabled) = enabled {
            options.insert("enabled".to_owned(), enabled.to_owned());
        }
        structure.triggers.push(Trigger {
            name: row.text(2).to_owned(),
            on,
            definition: settled(row.text(3)).into_owned(),
            options,
            comment: ids.comment(Class::Trigger, row.id(0), 0),
            ..Trigger::default()
        });
    }
}
