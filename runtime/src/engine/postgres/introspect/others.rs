//! What is kept as text: rules, policies, extended statistics, and what the big question about the rest returns.

use lockstep_catalog::structure::{Kind, Name, ObjectRef, Other, Structure};
use lockstep_catalog::{Dialect, quote};

use super::answers::{Answers, Line};
use super::expression;
use super::ids::{Class, Ids};
use super::queries::About;

/// A name in SQL. What the server has is a name it takes.
pub(super) fn ident(name: &str) -> String {
    quote(Dialect::Postgres, name).unwrap_or_else(|_| name.to_owned())
}

pub(super) fn qualified(name: &Name) -> String {
    format!("{}.{}", ident(&name.schema), ident(&name.name))
}

pub(super) fn literal(text: &str) -> String {
    if text.contains('\\') {
        format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
    } else {
        format!("'{}'", text.replace('\'', "''"))
    }
}

/// How an object of this kind is referred to in dependencies.
pub(super) fn reference(kind: &str, name: &str, on: Option<&Name>) -> ObjectRef {
    let name = Name::plain(format!("{kind}:{name}"));
    match on {
        Some(on) => ObjectRef::part(Kind::Other, name, on.to_string()),
        None => ObjectRef::new(Kind::Other, name),
    }
}

struct Text {
    class: Class,
    id: u32,
    kind: &'static str,
    name: String,
    on: Option<Name>,
    create: String,
    drop: String,
    /// How `COMMENT ON` names it.
    named: String,
}

pub(super) fn read(answers: &Answers, ids: &mut Ids, structure: &mut Structure) {
    let mut texts = Vec::new();
    let settled = |mut text: Text| {
        text.create = expression::settled(&text.create).into_owned();
        text
    };
    let of = |about: About| answers.of(about).iter();
    texts.extend(of(About::Rules).filter_map(|row| rule(row, ids)).map(settled));
    texts.extend(of(About::Policies).filter_map(|row| policy(row, ids)).map(settled));
    texts.extend(
        answers
            .of(About::Statistics)
            .iter()
            .filter_map(|row| statistics(row, ids)),
    );
    for row in answers.of(About::Others) {
        let kind = KINDS
            .iter()
            .find(|kind| **kind == row.text(2))
            .copied()
            .unwrap_or("other");
        let drop = row.text(5).to_owned();
        texts.push(Text {
            class: Class::named(row.text(0)),
            id: row.id(1),
            kind,
            name: row.text(3).to_owned(),
            on: None,
            create: row.text(4).to_owned(),
            named: drop.strip_prefix("DROP ").unwrap_or_default().to_owned(),
            drop,
        });
    }
    for text in texts {
        let at = reference(text.kind, &text.name, text.on.as_ref());
        ids.learn(text.class, text.id, at.clone());
        if let Some(comment) = ids.comment(text.class, text.id, 0) {
            let other = Other {
                kind: "comment".to_owned(),
                name: text.named.clone(),
                on: text.on.clone(),
                create: format!("COMMENT ON {} IS {}", text.named, literal(&comment)),
                drop: format!("COMMENT ON {} IS NULL", text.named),
            };
            structure.dependencies.push(lockstep_catalog::structure::Dependency {
                of: reference("comment", &other.name, other.on.as_ref()),
                on: at,
            });
            structure.others.push(other);
        }
        structure.others.push(Other {
            kind: text.kind.to_owned(),
            name: text.name,
            on: text.on,
            create: text.create,
            drop: text.drop,
        });
    }
    // That a table is in a publication is said by the publication, and which operators are in a class by the class.
    for row in answers.of(About::Members) {
        if let Some(whole) = ids.find(Class::of(row.id(2)), row.id(3), 0) {
            ids.learn(Class::of(row.id(0)), row.id(1), whole);
        }
    }
}

const KINDS: [&str; 14] = [
    "conversion",
    "access method",
    "operator family",
    "operator class",
    "event trigger",
    "collation",
    "cast",
    "operator",
    "text search dictionary",
    "text search configuration",
    "foreign data wrapper",
    "server",
    "publication",
    "user mapping",
];

fn rule(row: &Line, ids: &Ids) -> Option<Text> {
    let on = ids.relation(row.id(1))?.clone();
    let named = format!("RULE {} ON {}", ident(row.text(2)), qualified(&on));
    let mut create = row.text(3).trim_end_matches(';').to_owned();
    let enabled = match row.text(4) {
        "D" => Some("DISABLE"),
        "A" => Some("ENABLE ALWAYS"),
        "R" => Some("ENABLE REPLICA"),
        _ => None,
    };
    if let Some(enabled) = enabled {
        create.push_str(&format!(
            ";\nALTER TABLE {} {enabled} RULE {}",
            qualified(&on),
            ident(row.text(2))
        ));
    }
    Some(Text {
        class: Class::Rule,
        id: row.id(0),
        kind: "rule",
        name: row.text(2).to_owned(),
        on: Some(on),
        create,
        drop: format!("DROP {named}"),
        named,
    })
}

fn policy(row: &Line, ids: &Ids) -> Option<Text> {
    let on = ids.relation(row.id(1))?.clone();
    let named = format!("POLICY {} ON {}", ident(row.text(2)), qualified(&on));
    let mut create = format!("CREATE {named}");
    if !row.flag(4) {
        create.push_str(" AS RESTRICTIVE");
    }
    match row.text(3) {
        "r" => create.push_str(" FOR SELECT"),
        "a" => create.push_str(" FOR INSERT"),
        "w" => create.push_str(" FOR UPDATE"),
        "d" => create.push_str(" FOR DELETE"),
        _ => {}
    }
    for (at, word, close) in [(5, " TO ", ""), (6, " USING (", ")"), (7, " WITH CHECK (", ")")] {
        if let Some(text) = row.get(at) {
            create.push_str(&format!("{word}{text}{close}"));
        }
    }
    Some(Text {
        class: Class::Policy,
        id: row.id(0),
        kind: "policy",
        name: row.text(2).to_owned(),
        on: Some(on),
        create,
        drop: format!("DROP {named}"),
        named,
    })
}

fn statistics(row: &Line, ids: &Ids) -> Option<Text> {
    let on = ids.relation(row.id(1))?.clone();
    let named = format!("STATISTICS {}.{}", ident(row.text(2)), ident(row.text(3)));
    let mut create = row.text(4).to_owned();
    if row.number(5) >= 0 && row.get(5).is_some() {
        create.push_str(&format!(";\nALTER {named} SET STATISTICS {}", row.number(5)));
    }
    Some(Text {
        class: Class::Statistics,
        id: row.id(0),
        kind: "statistics",
        name: format!("{}.{}", row.text(2), row.text(3)),
        on: Some(on),
        create,
        drop: format!("DROP {named}"),
        named,
    })
}
