//! Indexes.

use std::collections::HashMap;

use lockstep_catalog::structure::{Index, IndexPart, IndexTarget, Kind, Name, ObjectRef, Table, View};

use super::answers::{Answers, Line};
use super::expression::settled;
use super::ids::{Class, Ids};
use super::others::{ident, qualified};
use super::queries::About;

/// Indexes that no constraint made, and what is noted on those that one made.
pub(super) fn read(answers: &Answers, ids: &mut Ids, tables: &mut HashMap<u32, Table>, views: &mut HashMap<u32, View>) {
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
            ObjectRef::part(Kind::Index, name.clone(), row.text(2)),
        );
        let index = index(row, &name, ids);
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
    handed_down(answers, ids);
}

/// A partition's part of a partitioned index stands for the whole of it.
fn handed_down(answers: &Answers, ids: &mut Ids) {
    let rows = || answers.of(About::Indexes).iter().filter(|row| row.flag(12));
    if rows().next().is_none() {
        return;
    }
    let parents: HashMap<u32, u32> = answers
        .of(About::Inheritance)
        .iter()
        .map(|row| (row.id(0), row.id(1)))
        .collect();
    for row in rows().filter(|row| row.id(13) == 0) {
        let mut root = row.id(0);
        while let Some(above) = parents.get(&root) {
            root = *above;
        }
        if let Some(object) = ids.find(Class::Relation, root, 0).filter(|_| root != row.id(0)) {
            ids.learn_handed_down(Class::Relation, row.id(0), &object);
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
        if !row.flag(9) && table.partitioning.is_some() {
            constraint.options.insert("incomplete".to_owned(), "true".to_owned());
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
        .text(15)
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| format!("{key}='{}'", value.replace('\'', "''")))
        .collect();
    if !set.is_empty() {
        text.push_str(&format!(" WITH ({})", set.join(", ")));
    }
    if let Some(space) = row.get(14) {
        text.push_str(&format!(" USING INDEX TABLESPACE {}", ident(space)));
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

fn index(row: &Line, table: &Name, ids: &Ids) -> Index {
    let name = row.text(2);
    let mut index = Index {
        name: name.to_owned(),
        unique: row.flag(3),
        method: row.text(4).to_owned(),
        invalid: !row.flag(9),
        comment: ids.comment(Class::Relation, row.id(0), 0),
        inherited: row.flag(12),
        ..Index::default()
    };
    parts(row, ids, &mut index);
    let using = match row.get(5) {
        // What follows the table's name says everything but the names.
        Some(definition) => {
            let definition = settled(definition);
            let tail = tail(&definition);
            index.nulls_not_distinct = tail.contains(" NULLS NOT DISTINCT");
            index.definition = Some(definition.to_string());
            let written = Written::read(tail);
            index.predicate = written.predicate.map(str::to_owned);
            for (part, text) in index.parts.iter_mut().zip(&written.parts) {
                if let IndexTarget::Expression(expression) = &mut part.on {
                    expression_of(text).clone_into(expression);
                }
            }
            tail.to_owned()
        }
        None => {
            let using = using(&index, ids, row);
            index.definition = Some(format!(
                "CREATE INDEX {} ON {} USING {using}",
                ident(name),
                qualified(table)
            ));
            using
        }
    };
    index.options.insert("using".to_owned(), using);
    if row.flag(10) {
        index.options.insert("clustered".to_owned(), "true".to_owned());
    }
    if let Some(space) = row.owned(14) {
        index.options.insert("tablespace".to_owned(), space);
    }
    if let Some(statistics) = row.owned(16) {
        index.options.insert("statistics".to_owned(), statistics);
    }
    index
}

/// Which columns, in which order; expressions are filled in later.
fn parts(row: &Line, ids: &Ids, index: &mut Index) {
    let keys = usize::try_from(row.number(7)).unwrap_or(0);
    let orders: Vec<i64> = row.numbers(8).collect();
    for (at, number) in row.numbers(6).enumerate() {
        let on = match ids.column(row.id(1), number) {
            Some(column) if at >= keys => {
                index.include.push(column.to_owned());
                continue;
            }
            Some(column) => IndexTarget::Column(column.to_owned()),
            None => IndexTarget::Expression(String::new()),
        };
        let order = orders.get(at).copied().unwrap_or(0);
        let (descending, first) = (order & 1 != 0, order & 2 != 0);
        let mut part = IndexPart {
            descending,
            nulls_first: (first != descending).then_some(first),
            ..IndexPart::column("")
        };
        part.on = on;
        index.parts.push(part);
    }
}

/// What the server would say of an index of nothing but columns, each with its type's usual way of being compared.
fn using(index: &Index, ids: &Ids, row: &Line) -> String {
    let columns: Vec<String> = index
        .parts
        .iter()
        .map(|part| {
            let order = match (part.descending, part.nulls_first) {
                (false, None) => "",
                (false, Some(_)) => " NULLS FIRST",
                (true, None) => " DESC",
                (true, Some(_)) => " DESC NULLS LAST",
            };
            let column = part.column_name().unwrap_or_default();
            // The index compares as the database does, whatever the column says.
            let collation = match ids.has_collation(row.id(1), column) {
                true => " COLLATE pg_catalog.\"default\"",
                false => "",
            };
            format!("{}{collation}{order}", ident(column))
        })
        .collect();
    let mut text = format!("{} ({})", index.method, columns.join(", "));
    if !index.include.is_empty() {
        let include: Vec<String> = index.include.iter().map(|one| ident(one)).collect();
        text.push_str(&format!(" INCLUDE ({})", include.join(", ")));
    }
    text
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

/// The pieces of what the server says of an index behind ` USING `.
#[derive(Debug, PartialEq, Eq)]
struct Written<'a> {
    parts: Vec<&'a str>,
    predicate: Option<&'a str>,
}

impl<'a> Written<'a> {
    /// Quotes and brackets hold together what is within them.
    fn read(text: &'a str) -> Self {
        let mut parts = Vec::new();
        let mut predicate = None;
        let (mut depth, mut quote, mut from, mut listed) = (0_u32, None, 0, false);
        for (at, character) in text.char_indices() {
            match (quote, character) {
                (Some(open), _) if character == open => quote = None,
                (Some(_), _) => {}
                (None, '\'' | '"') => quote = Some(character),
                (None, '(') => {
                    depth += 1;
                    if depth == 1 && !listed {
                        from = at + 1;
                    }
                }
                (None, ')') => {
                    depth = depth.saturating_sub(1);
                    if depth == 0 && !listed {
                        parts.push(text[from..at].trim());
                        listed = true;
                    }
                }
                (None, ',') if depth == 1 && !listed => {
                    parts.push(text[from..at].trim());
                    from = at + 1;
                }
                (None, ' ') if depth == 0 && listed && text[at..].starts_with(" WHERE ") => {
                    predicate = Some(&text[at + " WHERE ".len()..]);
                    break;
                }
                _ => {}
            }
        }
        Self { parts, predicate }
    }
}

/// An expression ends where its first bracket closes; what follows says how it is compared.
fn expression_of(part: &str) -> &str {
    let (mut depth, mut quote) = (0_u32, None);
    for (at, character) in part.char_indices() {
        match (quote, character) {
            (Some(open), _) if character == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return &part[..=at];
                }
            }
            _ => {}
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_of_an_index_falls_into_its_pieces() {
        let text = "btree (a, lower((b)::text) text_pattern_ops DESC, (((c ->> 'x, (y'::text) || ')'::text))) INCLUDE (d) \
                    WITH (fillfactor='70') WHERE ((a > 0) AND (b <> ' WHERE '::text))";
        let written = Written::read(text);
        assert_eq!(written.parts.len(), 3);
        assert_eq!(expression_of(written.parts[1]), "lower((b)::text)");
        assert_eq!(
            expression_of(written.parts[2]),
            "(((c ->> 'x, (y'::text) || ')'::text))"
        );
        assert_eq!(written.predicate, Some("((a > 0) AND (b <> ' WHERE '::text))"));
        assert_eq!(Written::read("gin (\"a (b\")").parts, ["\"a (b\""]);
        assert_eq!(Written::read("gin (\"a (b\")").predicate, None);
    }
}
