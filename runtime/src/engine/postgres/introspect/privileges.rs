//! What was granted and revoked, beyond what an object begins with. The owner's name does not count.

use lockstep_catalog::structure::{Dependency, Kind, Name, ObjectRef, Other, Structure};

use super::answers::{Answers, Line};
use super::ids::{Class, Ids};
use super::others::{ident, qualified, reference};
use super::queries::About;

pub(super) fn read(answers: &Answers, ids: &Ids, structure: &mut Structure) {
    let rows = answers.of(About::Privileges);
    let mut at = 0;
    while at < rows.len() {
        let same = |row: &Line| (0..4).chain(5..8).all(|column| row.get(column) == rows[at].get(column));
        let end = rows[at..]
            .iter()
            .position(|row| !same(row))
            .map_or(rows.len(), |more| at + more);
        if let Some((target, object, on)) = target(&rows[at], ids, structure) {
            let words: Vec<&str> = rows[at..end].iter().map(|row| row.text(4)).collect();
            let other = privilege(&rows[at], &target, &words, on);
            structure.dependencies.push(Dependency {
                of: reference(&other.kind, &other.name, other.on.as_ref()),
                on: object,
            });
            structure.others.push(other);
        }
        at = end;
    }
    for row in answers.of(About::DefaultPrivileges) {
        let other = by_default(row);
        if let Some(schema) = row.get(1) {
            structure.dependencies.push(Dependency {
                of: reference(&other.kind, &other.name, None),
                on: ObjectRef::new(Kind::Namespace, Name::plain(schema)),
            });
        }
        structure.others.push(other);
    }
}

/// How SQL names it, the object it is, and the table or view it goes with.
fn target(row: &Line, ids: &Ids, structure: &Structure) -> Option<(String, ObjectRef, Option<Name>)> {
    let id = row.id(1);
    match row.text(0) {
        "n" => {
            let name = ids.namespace_name(id)?;
            let object = ObjectRef::new(Kind::Namespace, Name::plain(name));
            Some((format!("SCHEMA {}", ident(name)), object, None))
        }
        "p" => {
            let object = ids.find(Class::Routine, id, 0)?;
            let routine = structure.routines.iter().find(|one| {
                one.name.schema == object.name.schema
                    && object.name.name.strip_prefix(one.name.name.as_str()) == Some(&format!("({})", one.arguments))
            })?;
            let target = format!("ROUTINE {}({})", qualified(&routine.name), routine.arguments);
            Some((target, object, None))
        }
        "t" => {
            let object = ids
                .find(Class::Type, id, 0)
                .filter(|object| object.kind == Kind::Type)?;
            Some((format!("TYPE {}", qualified(&object.name)), object, None))
        }
        class @ ("S" | "F" | "l") => {
            let word = match class {
                "S" => "FOREIGN SERVER",
                "F" => "FOREIGN DATA WRAPPER",
                _ => "LANGUAGE",
            };
            let catalog = if class == "S" {
                "pg_foreign_server"
            } else {
                "pg_foreign_data_wrapper"
            };
            // What an extension brought is known by its name alone.
            let object = ids
                .find(Class::named(catalog), id, 0)
                .filter(|_| class != "l")
                .unwrap_or_else(|| ObjectRef::new(Kind::Extension, Name::plain(row.text(8))));
            Some((format!("{word} {}", ident(row.text(8))), object, None))
        }
        class => {
            let object = ids.find(Class::Relation, id, 0)?;
            let column = (class == "a").then(|| ids.column(id, row.number(2))).flatten();
            let object = match (column, object.kind) {
                (Some(column), Kind::Table) => ObjectRef::part(Kind::Table, object.name, column),
                _ => object,
            };
            let word = if object.kind == Kind::Sequence {
                "SEQUENCE"
            } else {
                "TABLE"
            };
            let on = object.name.clone();
            let shown = match column {
                Some(column) => format!("({}) ON {word} {}", ident(column), qualified(&on)),
                None => format!("{word} {}", qualified(&on)),
            };
            Some((shown, object, Some(on)))
        }
    }
}

fn privilege(row: &Line, target: &str, words: &[&str], on: Option<Name>) -> Other {
    let (granted, further, owner) = (row.flag(3), row.flag(5), row.flag(6));
    let who = if owner { "CURRENT_USER" } else { row.text(7) };
    let column = target.starts_with('(');
    let list = |words: &[&str]| {
        let joined: Vec<String> = match target.split_once(") ON ") {
            Some((columns, _)) if column => words.iter().map(|word| format!("{word} {columns})")).collect(),
            _ => words.iter().map(|word| (*word).to_owned()).collect(),
        };
        joined.join(", ")
    };
    let object = target
        .split_once(") ON ")
        .filter(|_| column)
        .map_or(target, |(_, object)| object);
    let give = format!(
        "GRANT {} ON {object} TO {who}{}",
        list(words),
        if further { " WITH GRANT OPTION" } else { "" }
    );
    let take = format!("REVOKE {} ON {object} FROM {who}", list(words));
    let (create, drop) = if granted { (give, take) } else { (take, give) };
    Other {
        kind: "privilege".to_owned(),
        name: format!(
            "{target} {} {who}{}",
            if granted { "to" } else { "from" },
            if further { " with grant option" } else { "" }
        ),
        on,
        create,
        drop,
    }
}

fn by_default(row: &Line) -> Other {
    let objects = match row.text(2) {
        "r" => "TABLES",
        "S" => "SEQUENCES",
        "f" => "FUNCTIONS",
        "T" => "TYPES",
        _ => "SCHEMAS",
    };
    let place = row
        .get(1)
        .map_or_else(String::new, |schema| format!(" IN SCHEMA {}", ident(schema)));
    let head = format!("ALTER DEFAULT PRIVILEGES FOR ROLE {}{place}", row.text(0));
    let (words, who, further, granted) = (row.text(5), row.text(3), row.flag(4), row.flag(6));
    let option = if further { " WITH GRANT OPTION" } else { "" };
    let give = format!("{head} GRANT {words} ON {objects} TO {who}{option}");
    let take = format!("{head} REVOKE {words} ON {objects} FROM {who}");
    let (create, drop) = if granted { (give, take) } else { (take, give) };
    Other {
        kind: "default privilege".to_owned(),
        name: format!(
            "{}{place} {objects} {} {who}{option}",
            row.text(0),
            if granted { "to" } else { "from" }
        ),
        on: None,
        create,
        drop,
    }
}
