//! `CREATE TABLE`.

use std::collections::HashSet;
use std::ops::Range;

use super::expression::{spelled, without_brackets};
use super::fold;
use super::object::part;
use super::reader::{Reader, items, lexemes, name_of};
use crate::dialect::enclose;
use crate::lex::{Kind, Lexeme};
use crate::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Generated, IndexPart, Key, Name, Options, Table,
};

/// A table, and where its parts stand in the text.
#[derive(Debug, Clone)]
pub struct Declared {
    /// The table.
    pub table: Table,
    /// Where its name stands.
    pub name: Range<usize>,
    /// Where each column's definition stands, in order.
    pub columns: Vec<Range<usize>>,
    /// The constraints that stand within a column's definition, with the place of that column.
    pub inline: Vec<(usize, Constraint)>,
}

/// Whether the table has a column that is its rowid, and which: `INTEGER PRIMARY KEY`.
pub fn is_rowid_alias(table: &Table) -> Option<&str> {
    if table.virtual_table.is_some() || table.options.contains_key("without_rowid") {
        return None;
    }
    let [part] = table.primary_key()?.parts.as_slice() else {
        return None;
    };
    let name = part.column_name()?;
    let column = table.columns.iter().find(|one| fold(&one.name) == fold(name))?;
    (column.data_type == "integer" && !part.descending).then_some(column.name.as_str())
}

/// What `CREATE TABLE` makes; `None` where it holds something unknown.
pub fn table(sql: &str) -> Option<Declared> {
    let lexemes = lexemes(sql)?;
    let mut reader = Reader::new(&lexemes);
    if !reader.eat(&["CREATE"]) {
        return None;
    }
    let _ = reader.eat(&["TEMP"]) || reader.eat(&["TEMPORARY"]);
    if !reader.eat(&["TABLE"]) {
        return None;
    }
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let (name, at) = reader.qualified()?;
    let body = reader.bracketed()?;
    let entries = items(body);
    let names: Vec<String> = entries
        .iter()
        .take_while(|entry| !is_table_constraint(entry))
        .map(|entry| entry.first().and_then(name_of).map(|name| fold(&name)))
        .collect::<Option<_>>()?;
    let known = |name: &str| {
        let name = fold(name);
        names.contains(&name) || ["rowid", "oid", "_rowid_"].contains(&name.as_str())
    };
    let mut made = Making {
        table: Table {
            name: Name::plain(name),
            options: options(reader)?,
            sql: Some(sql.to_owned()),
            ..Table::default()
        },
        inline: Vec::new(),
        known: &known,
    };
    let mut columns = Vec::new();
    for (at, entry) in entries.iter().enumerate() {
        let (Some(first), Some(last)) = (entry.first(), entry.last()) else {
            return None;
        };
        if at < names.len() {
            columns.push(first.start..last.end());
            made.column(entry)?;
        } else {
            made.constraints(entry)?;
        }
    }
    let Making { mut table, inline, .. } = made;
    let beside = |(_, one): &(usize, Constraint)| matches!(one.kind, ConstraintKind::PrimaryKey(_));
    let key_stands_beside = inline.iter().any(beside);
    finish(&mut table, key_stands_beside);
    Some(Declared {
        table,
        name: at.start..at.end(),
        columns,
        inline,
    })
}

fn is_table_constraint(entry: &[Lexeme<'_>]) -> bool {
    entry
        .first()
        .is_some_and(|first| first.is_any(&["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"]))
}

fn options(mut reader: Reader<'_, '_>) -> Option<Options> {
    let mut options = Options::new();
    while reader.peek().is_some() {
        if reader.eat(&["WITHOUT", "ROWID"]) {
            options.insert("without_rowid".to_owned(), "true".to_owned());
        } else if reader.eat(&["STRICT"]) {
            options.insert("strict".to_owned(), "true".to_owned());
        } else if !reader.eat_symbol(",") && !reader.peek().is_some_and(|one| one.kind == Kind::Semicolon) {
            return None;
        } else if reader.peek().is_some_and(|one| one.kind == Kind::Semicolon) {
            reader.next();
        }
    }
    Some(options)
}

/// What follows from the whole: the columns of a key hold no NULL where there is no rowid, or the table is STRICT; and an
/// alias of the rowid has no direction (beside its column, DESC makes it none).
fn finish(table: &mut Table, key_stands_beside: bool) {
    let has = |option: &str| table.options.contains_key(option);
    let (without_rowid, strict) = (has("without_rowid"), has("strict"));
    let integers: HashSet<String> = table
        .columns
        .iter()
        .filter(|one| one.data_type == "integer")
        .map(|one| fold(&one.name))
        .collect();
    for constraint in &mut table.constraints {
        if let ConstraintKind::PrimaryKey(key) = &mut constraint.kind
            && let [part] = key.parts.as_mut_slice()
            && part.column_name().is_some_and(|name| integers.contains(&fold(name)))
            && !(key_stands_beside || without_rowid)
        {
            part.descending = false;
        }
    }
    if without_rowid || strict {
        let alias = is_rowid_alias(table).map(fold);
        let key: HashSet<String> = table
            .primary_key()
            .map(|key| key.parts.iter().filter_map(IndexPart::column_name).map(fold).collect())
            .unwrap_or_default();
        for column in &mut table.columns {
            let own = fold(&column.name);
            column.nullable &= !key.contains(&own) || alias.as_ref() == Some(&own);
        }
    }
    table.sort();
}

struct Making<'k> {
    table: Table,
    inline: Vec<(usize, Constraint)>,
    known: &'k dyn Fn(&str) -> bool,
}

/// Words that end a type.
const AFTER_TYPE: &[&str] = &[
    "CONSTRAINT",
    "NULL",
    "NOT",
    "PRIMARY",
    "UNIQUE",
    "CHECK",
    "DEFAULT",
    "COLLATE",
    "REFERENCES",
    "AS",
    "DEFERRABLE",
    "ON",
    "FOREIGN",
];

impl Making<'_> {
    fn column(&mut self, entry: &[Lexeme<'_>]) -> Option<()> {
        let mut reader = Reader::new(entry);
        let place = self.table.columns.len();
        let mut column = Column {
            name: reader.name()?,
            data_type: data_type(&mut reader),
            nullable: true,
            ..Column::default()
        };
        let mut name = String::new();
        while reader.peek().is_some() {
            if reader.eat(&["CONSTRAINT"]) {
                name = reader.name()?;
                continue;
            }
            if let Some(constraint) = self.column_constraint(&mut reader, &mut column, &name)? {
                self.inline.push((place, constraint.clone()));
                self.table.constraints.push(constraint);
            }
            name.clear();
        }
        self.table.columns.push(column);
        Some(())
    }

    /// One constraint of a column: `Some(None)` where it is a property of the column rather than a constraint of the table.
    fn column_constraint(
        &mut self,
        reader: &mut Reader<'_, '_>,
        column: &mut Column,
        name: &str,
    ) -> Option<Option<Constraint>> {
        let own = || IndexPart::column(fold(&column.name));
        let mut options = Options::new();
        let kind = if reader.eat(&["PRIMARY", "KEY"]) {
            let descending = reader.eat(&["DESC"]);
            reader.eat(&["ASC"]);
            conflict(reader, &mut options, "on_conflict")?;
            let part = IndexPart { descending, ..own() };
            column.auto_increment = reader.eat(&["AUTOINCREMENT"]);
            ConstraintKind::PrimaryKey(Key {
                parts: vec![part],
                ..Key::default()
            })
        } else if reader.eat(&["NOT", "NULL"]) {
            column.nullable = false;
            conflict(reader, &mut column.options, "not_null_on_conflict")?;
            return Some(None);
        } else if reader.eat(&["NULL"]) {
            conflict(reader, &mut options, "ignored")?;
            return Some(None);
        } else if reader.eat(&["UNIQUE"]) {
            conflict(reader, &mut options, "on_conflict")?;
            ConstraintKind::Unique(Key {
                parts: vec![own()],
                ..Key::default()
            })
        } else if reader.eat(&["CHECK"]) {
            let expression = spelled(reader.bracketed()?, self.known);
            conflict(reader, &mut options, "on_conflict")?;
            ConstraintKind::Check { expression }
        } else if reader.eat(&["DEFAULT"]) {
            column.default = Some(default(reader)?);
            return Some(None);
        } else if reader.eat(&["COLLATE"]) {
            column.collation = Some(fold(&reader.name()?));
            return Some(None);
        } else if reader.eat(&["REFERENCES"]) {
            let columns = vec![fold(&column.name)];
            return self.foreign_key(reader, columns, name).map(Some);
        } else if reader.at_word("DEFERRABLE") || reader.at_words(&["NOT", "DEFERRABLE"]) {
            let deferrable = deferrable(reader);
            let (_, last) = self.inline.last_mut()?;
            last.deferrable = deferrable;
            if let Some(last) = self.table.constraints.last_mut() {
                last.deferrable = deferrable;
            }
            return Some(None);
        } else if reader.eat(&["GENERATED", "ALWAYS", "AS"]) || reader.eat(&["AS"]) {
            let expression = spelled(reader.bracketed()?, self.known);
            let stored = reader.eat(&["STORED"]);
            reader.eat(&["VIRTUAL"]);
            column.generated = Some(Generated { expression, stored });
            return Some(None);
        } else {
            return None;
        };
        Some(Some(Constraint {
            name: name.to_owned(),
            options,
            ..bare(kind)
        }))
    }

    /// The constraints of an entry; the comma between two of them may be left out.
    fn constraints(&mut self, entry: &[Lexeme<'_>]) -> Option<()> {
        let mut reader = Reader::new(entry);
        let mut name = String::new();
        while reader.peek().is_some() {
            if reader.eat(&["CONSTRAINT"]) {
                name = reader.name()?;
                continue;
            }
            let constraint = self.constraint(&mut reader, &name)?;
            self.table.constraints.push(constraint);
            name.clear();
        }
        Some(())
    }

    fn constraint(&mut self, reader: &mut Reader<'_, '_>, name: &str) -> Option<Constraint> {
        let mut options = Options::new();
        let kind = if reader.eat(&["PRIMARY", "KEY"]) {
            let mut inside = reader.bracketed()?;
            let mut counts = false;
            if let [before @ .., last] = inside
                && last.is_word("AUTOINCREMENT")
            {
                (inside, counts) = (before, true);
            }
            let mut key = self.key(inside)?;
            conflict(reader, &mut options, "on_conflict")?;
            if let [part] = key.parts.as_mut_slice() {
                let column = self
                    .table
                    .columns
                    .iter_mut()
                    .find(|one| Some(fold(&one.name)) == part.column_name().map(fold))?;
                column.auto_increment |= counts;
                // Said at the table, DESC does not keep the column from being the rowid, which has no direction.
                if column.data_type == "integer" {
                    part.descending = false;
                }
            }
            ConstraintKind::PrimaryKey(key)
        } else if reader.eat(&["UNIQUE"]) {
            let key = self.key(reader.bracketed()?)?;
            conflict(reader, &mut options, "on_conflict")?;
            ConstraintKind::Unique(key)
        } else if reader.eat(&["CHECK"]) {
            let expression = spelled(reader.bracketed()?, self.known);
            conflict(reader, &mut options, "on_conflict")?;
            ConstraintKind::Check { expression }
        } else if reader.eat(&["FOREIGN", "KEY"]) {
            let columns = names(reader.bracketed()?)?;
            if !reader.eat(&["REFERENCES"]) {
                return None;
            }
            let mut constraint = self.foreign_key(reader, columns, name)?;
            if reader.at_word("DEFERRABLE") || reader.at_words(&["NOT", "DEFERRABLE"]) {
                constraint.deferrable = deferrable(reader);
            }
            return Some(constraint);
        } else {
            return None;
        };
        Some(Constraint {
            name: name.to_owned(),
            options,
            ..bare(kind)
        })
    }

    fn key(&self, inside: &[Lexeme<'_>]) -> Option<Key> {
        let parts = items(inside)
            .into_iter()
            .map(|item| part(item, self.known))
            .collect::<Option<Vec<_>>>()?;
        Some(Key {
            parts,
            ..Key::default()
        })
    }

    /// What follows `REFERENCES`, but for when it is checked.
    fn foreign_key(&self, reader: &mut Reader<'_, '_>, columns: Vec<String>, name: &str) -> Option<Constraint> {
        let references = Name::plain(fold(&reader.name()?));
        let referenced = match reader.bracketed() {
            Some(inside) => names(inside)?,
            None => Vec::new(),
        };
        let mut key = ForeignKey {
            columns,
            references,
            referenced,
            on_delete: "NO ACTION".to_owned(),
            on_update: "NO ACTION".to_owned(),
            ..ForeignKey::default()
        };
        loop {
            if reader.eat(&["MATCH"]) {
                key.match_full = reader.name()?.eq_ignore_ascii_case("full");
            } else if reader.eat(&["ON", "DELETE"]) {
                key.on_delete = action(reader)?;
            } else if reader.eat(&["ON", "UPDATE"]) {
                key.on_update = action(reader)?;
            } else if reader.eat(&["ON", "INSERT"]) {
                action(reader)?;
            } else {
                break;
            }
        }
        Some(Constraint {
            name: name.to_owned(),
            ..bare(ConstraintKind::ForeignKey(key))
        })
    }
}

fn bare(kind: ConstraintKind) -> Constraint {
    Constraint {
        name: String::new(),
        generated_name: false,
        kind,
        definition: None,
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Options::new(),
        comment: None,
    }
}

/// The type's words in lower case, as `PRAGMA table_xinfo` has them.
fn data_type(reader: &mut Reader<'_, '_>) -> String {
    let mut words: Vec<String> = Vec::new();
    while let Some(one) = reader.peek() {
        let is_name = one.identifier().is_some() || one.kind == Kind::Text;
        if !is_name || one.is_any(AFTER_TYPE) || reader.at_words(&["GENERATED", "ALWAYS"]) {
            break;
        }
        let name = name_of(one).unwrap_or_default();
        words.push(match one.kind {
            Kind::Word => fold(&name),
            _ if name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => fold(&name),
            _ => enclose(&fold(&name), '"'),
        });
        reader.next();
    }
    let mut text = words.join(" ");
    if !text.is_empty()
        && let Some(inside) = reader.bracketed()
    {
        text.push('(');
        for one in inside {
            text.push_str(&fold(one.text));
        }
        text.push(')');
    }
    text
}

/// What follows `DEFAULT`: a bracket, a literal with its sign, or a word, which is a string unless it is a value.
fn default(reader: &mut Reader<'_, '_>) -> Option<String> {
    let nothing = |_: &str| false;
    if let Some(inside) = reader.bracketed() {
        return Some(spelled(without_brackets(inside), &nothing));
    }
    let start = reader.rest;
    if reader.at_symbol("-") || reader.at_symbol("+") {
        reader.next();
        reader.next()?;
        return Some(spelled(&start[..2], &nothing));
    }
    let one = reader.next()?;
    Some(match one.kind {
        Kind::Word
            if one.is_any(&[
                "NULL",
                "TRUE",
                "FALSE",
                "CURRENT_DATE",
                "CURRENT_TIME",
                "CURRENT_TIMESTAMP",
            ]) =>
        {
            fold(one.text)
        }
        Kind::Word | Kind::Quoted(_) => enclose(one.identifier()?, '\''),
        _ => one.text.to_owned(),
    })
}

fn conflict(reader: &mut Reader<'_, '_>, options: &mut Options, key: &str) -> Option<()> {
    if reader.eat(&["ON", "CONFLICT"]) {
        let word = reader.next()?.text.to_ascii_uppercase();
        // ABORT is what happens where nothing is said.
        if word != "ABORT" {
            options.insert(key.to_owned(), word);
        }
    }
    Some(())
}

fn action(reader: &mut Reader<'_, '_>) -> Option<String> {
    for words in [
        &["SET", "NULL"][..],
        &["SET", "DEFAULT"],
        &["NO", "ACTION"],
        &["CASCADE"],
        &["RESTRICT"],
    ] {
        if reader.eat(words) {
            return Some(words.join(" "));
        }
    }
    None
}

/// `None` where it is checked at once and nobody can change that.
fn deferrable(reader: &mut Reader<'_, '_>) -> Option<bool> {
    let not = reader.eat(&["NOT"]);
    reader.eat(&["DEFERRABLE"]);
    let deferred = reader.eat(&["INITIALLY", "DEFERRED"]);
    reader.eat(&["INITIALLY", "IMMEDIATE"]);
    (!not).then_some(deferred)
}

fn names(inside: &[Lexeme<'_>]) -> Option<Vec<String>> {
    items(inside)
        .into_iter()
        .map(|item| Some(fold(&name_of(item.first()?)?)))
        .collect()
}
