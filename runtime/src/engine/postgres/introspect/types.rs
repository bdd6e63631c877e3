//! Enums, domains, composites and ranges.

use std::collections::HashMap;

use lockstep_catalog::structure::{Attribute, DomainCheck, Kind, Name, ObjectRef, Structure, UserType, UserTypeKind};

use super::answers::{Answers, Line};
use super::ids::{Class, Ids};
use super::queries::About;

pub(super) fn read(answers: &Answers, ids: &mut Ids, structure: &mut Structure) {
    let mut labels: HashMap<u32, Vec<String>> = HashMap::new();
    for row in answers.of(About::Labels) {
        labels.entry(row.id(0)).or_default().push(row.text(1).to_owned());
    }
    let mut attributes: HashMap<u32, Vec<Attribute>> = HashMap::new();
    let composites: HashMap<u32, ()> = answers
        .of(About::Types)
        .iter()
        .filter(|row| row.text(3) == "c")
        .map(|row| (row.id(4), ()))
        .collect();
    for row in answers.of(About::Columns) {
        if composites.contains_key(&row.id(0)) {
            attributes.entry(row.id(0)).or_default().push(Attribute {
                name: row.text(2).to_owned(),
                data_type: row.text(3).to_owned(),
                collation: row.owned(7),
                comment: ids.comment(Class::Relation, row.id(0), row.number(1)),
            });
        }
    }
    let mut checks: HashMap<u32, Vec<DomainCheck>> = HashMap::new();
    for row in answers.of(About::Constraints) {
        if row.id(2) != 0 {
            let unchecked = !row.flag(8);
            let text = row.text(5);
            checks.entry(row.id(2)).or_default().push(DomainCheck {
                name: row.text(3).to_owned(),
                definition: text.strip_suffix(" NOT VALID").unwrap_or(text).to_owned(),
                unchecked,
                comment: ids.comment(Class::Constraint, row.id(0), 0),
            });
        }
    }
    for row in answers.of(About::Types) {
        let id = row.id(0);
        let name = Name::new(row.text(1), row.text(2));
        ids.learn(Class::Type, id, ObjectRef::new(Kind::Type, name.clone()));
        let comment = match row.text(3) {
            "c" => {
                ids.learn(Class::Relation, row.id(4), ObjectRef::new(Kind::Type, name.clone()));
                ids.comment(Class::Type, id, 0)
            }
            _ => ids.comment(Class::Type, id, 0),
        };
        let kind = match row.text(3) {
            "e" => UserTypeKind::Enum {
                labels: labels.remove(&id).unwrap_or_default(),
            },
            "c" => UserTypeKind::Composite {
                attributes: attributes.remove(&row.id(4)).unwrap_or_default(),
            },
            "r" => range(row),
            _ => {
                let mut checks = checks.remove(&id).unwrap_or_default();
                checks.sort_by(|a, b| a.name.cmp(&b.name));
                UserTypeKind::Domain {
                    base: row.text(5).to_owned(),
                    nullable: !row.flag(6),
                    default: row.owned(7),
                    collation: row.owned(8),
                    checks,
                }
            }
        };
        structure.types.push(UserType { name, kind, comment });
    }
    for row in answers.of(About::Constraints).iter().filter(|row| row.id(2) != 0) {
        if let Some(domain) = ids.find(Class::Type, row.id(2), 0) {
            let condition = ObjectRef::part(Kind::Constraint, domain.name, row.text(3));
            ids.learn(Class::Constraint, row.id(0), condition);
        }
    }
    // What is built on a type by the server: its array, its multirange, both stand for it.
    for row in answers.of(About::TypeIds) {
        let behind = if row.id(1) != 0 { row.id(1) } else { row.id(3) };
        if behind != 0
            && let Some(object) = ids.find(Class::Type, behind, 0)
        {
            ids.learn(Class::Type, row.id(0), object);
        }
    }
}

fn range(row: &Line) -> UserTypeKind {
    let words = [
        (9, "subtype"),
        (10, "subtype_opclass"),
        (11, "collation"),
        (12, "canonical"),
        (13, "subtype_diff"),
        (14, "multirange_type_name"),
    ];
    UserTypeKind::Range {
        options: words
            .iter()
            .filter_map(|(at, word)| Some(((*word).to_owned(), row.owned(*at)?)))
            .collect(),
    }
}
