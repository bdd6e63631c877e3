//! Renames: said by a person, never guessed.
//!
//! In SQL they are comments beside the new name (`-- @renamed from=old_name`, `/* @renamed from="Old Name" */`): of the
//! object where the comment stands outside its brackets or right behind the opening one, else of the column, constraint,
//! index or enum value it trails.

mod text;

use serde::{Deserialize, Serialize};

use crate::Dialect;
use crate::lex::{self, Kind as LexKind, Lexeme};
use crate::structure::{ConstraintKind, IndexPart, IndexTarget, Key, Name, Structure, Table, UserTypeKind};

/// One rename. Tables and types are named as they are called afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Rename {
    /// A table.
    Table {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A view.
    View {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A type.
    Type {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A sequence.
    Sequence {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A value of an enum.
    Label {
        /// The enum.
        of: Name,
        /// The value it is.
        from: String,
        /// The value it becomes.
        to: String,
    },
    /// A column.
    Column {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// An index.
    Index {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// A constraint.
    Constraint {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
}

/// A rename that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {message}")]
pub struct RenameError {
    /// Its line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub message: String,
}

/// All renames between two structures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renames(pub Vec<Rename>);

const MARK: &str = "@renamed";

impl Renames {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// The renames that the comments of a script declare. Names without a schema are in `schema` (empty where there are none).
    ///
    /// # Errors
    ///
    /// Where a mark does not say what was renamed, or stands where nothing can be.
    pub fn read(dialect: Dialect, schema: &str, script: &str) -> Result<Self, RenameError> {
        if !script.contains(MARK) {
            return Ok(Self::none());
        }
        let lexed = lex::lex(dialect, script);
        let mut renames = Vec::new();
        for (at, lexeme) in lexed.lexemes.iter().enumerate() {
            if lexeme.kind != LexKind::Comment {
                continue;
            }
            let Some(said) = lexeme.text.find(MARK) else { continue };
            let wrong = |message: String| RenameError {
                line: script[..lexeme.start].matches('\n').count() + 1,
                message,
            };
            let old = old_name(&lexeme.text[said + MARK.len()..])
                .ok_or_else(|| wrong("expected @renamed from=old_name, or from=\"old name\"".to_owned()))?;
            let place = Place::of(dialect, &lexed.lexemes, at)
                .ok_or_else(|| wrong(format!("@renamed from={old} stands beside nothing that has a name")))?;
            renames.push(place.rename(schema, old));
        }
        Ok(Self(renames))
    }

    /// Whether nothing is renamed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The renames that lead back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let table = |after: &Name| self.original_table(after);
        let back = self.0.iter().rev().map(|one| match one.clone() {
            Rename::Table { from, to } => Rename::Table { from: to, to: from },
            Rename::View { from, to } => Rename::View { from: to, to: from },
            Rename::Type { from, to } => Rename::Type { from: to, to: from },
            Rename::Sequence { from, to } => Rename::Sequence { from: to, to: from },
            Rename::Label { of, from, to } => {
                let of = self
                    .0
                    .iter()
                    .find_map(|one| match one {
                        Rename::Type { from, to } if *to == of => Some(from.clone()),
                        _ => None,
                    })
                    .unwrap_or(of);
                Rename::Label { of, from: to, to: from }
            }
            Rename::Column { table: of, from, to } => Rename::Column {
                table: table(&of),
                from: to,
                to: from,
            },
            Rename::Index { table: of, from, to } => Rename::Index {
                table: table(&of),
                from: to,
                to: from,
            },
            Rename::Constraint { table: of, from, to } => Rename::Constraint {
                table: table(&of),
                from: to,
                to: from,
            },
        });
        Self(back.collect())
    }

    /// Those that have something to rename in `from` and whose new name is still free there: declaring a rename stays in a
    /// file for years, and means something once.
    #[must_use]
    pub fn pending(&self, from: &Structure) -> Self {
        let mut now = from.clone();
        let mut pending = Vec::new();
        // Tables first: what is within a table names it as it is called afterwards.
        for whole in [true, false] {
            for rename in self.0.iter().filter(|one| one.is_whole() == whole) {
                if rename.apply(&mut now) {
                    pending.push(rename.clone());
                }
            }
        }
        Self(pending)
    }

    /// `from` with the new names, in the structured parts; texts that the engine rewrites by itself keep the old ones.
    #[must_use]
    pub fn applied_to(&self, from: &Structure) -> Structure {
        let mut now = from.clone();
        for whole in [true, false] {
            for rename in self.0.iter().filter(|one| one.is_whole() == whole) {
                rename.apply(&mut now);
            }
        }
        now.sort();
        now
    }
}

/// The value of `from=`, without quotes.
fn old_name(text: &str) -> Option<String> {
    let text = text
        .trim_start()
        .strip_prefix("from")?
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    for quote in ['"', '`', '\''] {
        if let Some(rest) = text.strip_prefix(quote) {
            let name = &rest[..rest.find(quote)?];
            return (!name.is_empty()).then(|| name.to_owned());
        }
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == ',' || c == ';')
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches("*/");
    (!name.is_empty()).then(|| name.to_owned())
}

/// What a mark stands beside.
enum Place {
    Object {
        what: String,
        name: Vec<String>,
        on: Option<Vec<String>>,
    },
    Item {
        object: Vec<String>,
        item: ItemName,
    },
}

enum ItemName {
    Column(String),
    Constraint(String),
    Index(String),
    Label(String),
}

impl Place {
    fn of(dialect: Dialect, lexemes: &[Lexeme<'_>], at: usize) -> Option<Self> {
        let on_its_own = lexemes[..at]
            .iter()
            .rev()
            .take_while(|one| !(one.kind == LexKind::Space && one.text.contains('\n')))
            .all(|one| !one.is_significant());
        // The statement it is in; behind its semicolon on the same line still that one.
        let mut start = lexemes[..at]
            .iter()
            .rposition(|one| one.kind == LexKind::Semicolon)
            .map_or(0, |end| end + 1);
        let nothing_yet = !lexemes[start..at].iter().any(Lexeme::is_significant);
        if nothing_yet && !on_its_own && start > 0 {
            start = lexemes[..start - 1]
                .iter()
                .rposition(|one| one.kind == LexKind::Semicolon)
                .map_or(0, |end| end + 1);
        }
        let end = lexemes[start..]
            .iter()
            .position(|one| one.kind == LexKind::Semicolon)
            .map_or(lexemes.len(), |end| start + end);
        let statement: Vec<(usize, &Lexeme<'_>)> = (start..end)
            .filter(|index| lexemes[*index].is_significant())
            .map(|index| (index, &lexemes[index]))
            .collect();
        let words: Vec<&Lexeme<'_>> = statement.iter().map(|(_, one)| *one).collect();
        let (what, name, on, after) = header(dialect, &words)?;
        // Where the brackets begin, and how deep the mark stands.
        let open = words
            .iter()
            .enumerate()
            .skip(after)
            .find(|(_, one)| one.is_symbol("("))
            .map(|(index, _)| index);
        let before = statement.iter().take_while(|(index, _)| *index < at).count();
        let Some(open) = open else {
            return Some(Self::Object { what, name, on });
        };
        let depth = words[open.min(before)..before].iter().fold(0_i32, |depth, one| {
            depth + i32::from(one.is_symbol("(")) - i32::from(one.is_symbol(")"))
        });
        let right_behind = before == open + 1 && !on_its_own;
        if what == "index" || before <= open || depth <= 0 || right_behind {
            return Some(Self::Object { what, name, on });
        }
        // The parts between the commas of the first level.
        let mut items: Vec<Vec<(usize, &Lexeme<'_>)>> = vec![Vec::new()];
        let mut level = 0;
        for (index, one) in statement.iter().skip(open) {
            if one.is_symbol("(") {
                level += 1;
                if level == 1 {
                    continue;
                }
            } else if one.is_symbol(")") {
                level -= 1;
                if level == 0 {
                    break;
                }
            }
            if level == 1 && one.is_symbol(",") {
                items.push(Vec::new());
            } else if let Some(item) = items.last_mut() {
                item.push((*index, one));
            }
        }
        items.retain(|item| !item.is_empty());
        let item = if on_its_own {
            items
                .iter()
                .find(|item| item.first().is_some_and(|(index, _)| *index > at))
        } else {
            items
                .iter()
                .rev()
                .find(|item| item.first().is_some_and(|(index, _)| *index < at))
        }?;
        let item: Vec<&Lexeme<'_>> = item.iter().map(|(_, one)| *one).collect();
        Some(Self::Item {
            object: name,
            item: item_name(&item)?,
        })
    }

    fn rename(self, schema: &str, old: String) -> Rename {
        let full = |parts: &[String]| match parts {
            [schema, name] => Name::new(schema.as_str(), name.as_str()),
            [.., name] => Name::new(schema, name.as_str()),
            [] => Name::default(),
        };
        match self {
            Self::Object { what, name, on } => {
                let to = full(&name);
                // `from` may name its schema; otherwise it is where it was.
                let from = match old.split_once('.') {
                    Some((schema, name)) if !to.schema.is_empty() => Name::new(schema, name),
                    _ => Name::new(to.schema.as_str(), old.as_str()),
                };
                match what.as_str() {
                    "type" => Rename::Type { from, to },
                    "view" => Rename::View { from, to },
                    "sequence" => Rename::Sequence { from, to },
                    "index" => Rename::Index {
                        table: full(&on.unwrap_or_default()),
                        from: old,
                        to: to.name,
                    },
                    _ => Rename::Table { from, to },
                }
            }
            Self::Item { object, item } => {
                let object = full(&object);
                match item {
                    ItemName::Column(to) => Rename::Column {
                        table: object,
                        from: old,
                        to,
                    },
                    ItemName::Constraint(to) => Rename::Constraint {
                        table: object,
                        from: old,
                        to,
                    },
                    ItemName::Index(to) => Rename::Index {
                        table: object,
                        from: old,
                        to,
                    },
                    ItemName::Label(to) => Rename::Label {
                        of: object,
                        from: old,
                        to,
                    },
                }
            }
        }
    }
}

/// What a statement makes, its name, what it is on, and where the name ends.
fn header(dialect: Dialect, words: &[&Lexeme<'_>]) -> Option<(String, Vec<String>, Option<Vec<String>>, usize)> {
    let made = words
        .iter()
        .position(|one| one.is_any(&["TABLE", "INDEX", "TYPE", "VIEW", "SEQUENCE", "DOMAIN"]))?;
    if made > 6 || !words.first()?.is_any(&["CREATE", "ALTER"]) {
        return None;
    }
    let what = match words[made].text.to_ascii_lowercase().as_str() {
        "domain" => "type".to_owned(),
        word => word.to_owned(),
    };
    let mut at = made + 1;
    while words.get(at).is_some_and(|one| one.is_any(&["CONCURRENTLY", "ONLY"])) {
        at += 1;
    }
    if words.get(at).is_some_and(|one| one.is_word("IF")) {
        at += if words.get(at + 1).is_some_and(|one| one.is_word("NOT")) {
            3
        } else {
            2
        };
    }
    let (name, after) = dotted(dialect, words, at)?;
    let on = (what == "index")
        .then(|| {
            let at = words.iter().skip(after).position(|one| one.is_word("ON"))? + after + 1;
            let at = at + usize::from(words.get(at).is_some_and(|one| one.is_word("ONLY")));
            Some(dotted(dialect, words, at)?.0)
        })
        .flatten();
    Some((what, name, on, after))
}

/// A name with its schema, and where it ends.
fn dotted(dialect: Dialect, words: &[&Lexeme<'_>], mut at: usize) -> Option<(Vec<String>, usize)> {
    let mut parts = vec![identifier(dialect, words.get(at)?)?];
    at += 1;
    while words.get(at).is_some_and(|one| one.is_symbol(".")) {
        parts.push(identifier(dialect, words.get(at + 1)?)?);
        at += 2;
    }
    Some((parts, at))
}

/// The name as the server stores it.
fn identifier(dialect: Dialect, lexeme: &Lexeme<'_>) -> Option<String> {
    let name = lexeme.identifier()?;
    Some(if dialect == Dialect::Postgres && lexeme.kind == LexKind::Word {
        name.to_lowercase()
    } else {
        name.to_owned()
    })
}

fn item_name(item: &[&Lexeme<'_>]) -> Option<ItemName> {
    let first = item.first()?;
    if first.kind == LexKind::Text {
        let text = first.text.trim_start_matches(['e', 'E']);
        let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
        return Some(ItemName::Label(inner.replace("''", "'")));
    }
    let own = |lexeme: &Lexeme<'_>| lexeme.identifier().map(str::to_owned);
    if first.is_word("CONSTRAINT") {
        return Some(ItemName::Constraint(own(item.get(1)?)?));
    }
    if first.is_any(&["INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"]) {
        let named = item[1..].iter().find(|one| !one.is_any(&["INDEX", "KEY"]))?;
        return Some(ItemName::Index(own(named)?));
    }
    // A column's name is the first thing; which dialect folds it is settled when it is looked up.
    Some(ItemName::Column(match &first.kind {
        LexKind::Word => first.text.to_owned(),
        _ => own(first)?,
    }))
}

impl Rename {
    fn is_whole(&self) -> bool {
        matches!(
            self,
            Self::Table { .. } | Self::View { .. } | Self::Type { .. } | Self::Sequence { .. }
        )
    }

    /// Renames in `now`; false where there is nothing to rename, or the new name is taken.
    fn apply(&self, now: &mut Structure) -> bool {
        let dialect = now.dialect;
        match self {
            Self::Table { from, to } => {
                if now.table(to).is_some_and(|_| !dialect.same_name(from, to)) {
                    return false;
                }
                let Some(at) = now.tables.iter().position(|one| dialect.same_name(&one.name, from)) else {
                    return false;
                };
                if now.tables[at].name == *to {
                    return false;
                }
                let old = std::mem::replace(&mut now.tables[at].name, to.clone());
                repoint(now, &old, to);
                true
            }
            Self::View { from, to } => {
                if now.view(to).is_some() {
                    return false;
                }
                let Some(view) = now.views.iter_mut().find(|one| dialect.same_name(&one.name, from)) else {
                    return false;
                };
                view.name = to.clone();
                true
            }
            Self::Type { from, to } => {
                if now.types.iter().any(|one| one.name == *to) {
                    return false;
                }
                let Some(one) = now.types.iter_mut().find(|one| one.name == *from) else {
                    return false;
                };
                one.name = to.clone();
                true
            }
            Self::Sequence { from, to } => {
                if now.sequences.iter().any(|one| one.name == *to) {
                    return false;
                }
                let Some(one) = now.sequences.iter_mut().find(|one| one.name == *from) else {
                    return false;
                };
                one.name = to.clone();
                true
            }
            Self::Label { of, from, to } => {
                let Some(one) = now.types.iter_mut().find(|one| one.name == *of) else {
                    return false;
                };
                let UserTypeKind::Enum { labels } = &mut one.kind else {
                    return false;
                };
                if labels.contains(to) {
                    return false;
                }
                let Some(label) = labels.iter_mut().find(|one| *one == from) else {
                    return false;
                };
                label.clone_from(to);
                true
            }
            Self::Column { table, from, to } => rename_column(now, table, from, to),
            Self::Index { table, from, to } => {
                let (from, free) = (dialect.folded_part(from), dialect.folded_part(to));
                // An index's name alone finds it: a script may name it without its table.
                let found = now.tables.iter_mut().find(|one| {
                    (table.name.is_empty() || dialect.same_name(&one.name, table))
                        && one.indexes.iter().any(|index| dialect.folded_part(&index.name) == from)
                });
                if let Some(found) = found {
                    if found.indexes.iter().any(|one| dialect.folded_part(&one.name) == free) {
                        return false;
                    }
                    for index in found
                        .indexes
                        .iter_mut()
                        .filter(|one| dialect.folded_part(&one.name) == from)
                    {
                        index.name.clone_from(to);
                        index.generated_name = false;
                    }
                    return true;
                }
                rename_constraint(now, table, &from, to)
            }
            Self::Constraint { table, from, to } => rename_constraint(now, table, &dialect.folded_part(from), to),
        }
    }
}

fn rename_constraint(now: &mut Structure, table: &Name, from: &str, to: &str) -> bool {
    let dialect = now.dialect;
    let Some(found) = now.tables.iter_mut().find(|one| dialect.same_name(&one.name, table)) else {
        return false;
    };
    let taken = dialect.folded_part(to);
    if found
        .constraints
        .iter()
        .any(|one| dialect.folded_part(&one.name) == taken)
    {
        return false;
    }
    let Some(one) = found
        .constraints
        .iter_mut()
        .find(|one| dialect.folded_part(&one.name) == from)
    else {
        return false;
    };
    to.clone_into(&mut one.name);
    one.generated_name = false;
    true
}

fn rename_column(now: &mut Structure, table: &Name, from: &str, to: &str) -> bool {
    let dialect = now.dialect;
    let Some(at) = now.tables.iter().position(|one| dialect.same_name(&one.name, table)) else {
        return false;
    };
    let same = |one: &str, other: &str| dialect.folded_part(one) == dialect.folded_part(other);
    let found = &mut now.tables[at];
    // PostgreSQL stores an unquoted name in lower case, and `read` cannot know how it was written.
    let to = match found.columns.iter().any(|one| same(&one.name, to)) {
        true if !same(from, to) => return false,
        _ => to.to_owned(),
    };
    let Some(column) = found.columns.iter_mut().find(|one| same(&one.name, from)) else {
        return false;
    };
    if column.name == to {
        return false;
    }
    let old = std::mem::replace(&mut column.name, to.clone());
    // In keys and indexes SQLite's names stand folded.
    let (old, to) = match dialect {
        Dialect::Sqlite => (dialect.folded_part(&old), dialect.folded_part(&to)),
        Dialect::Postgres | Dialect::Mysql => (old, to),
    };
    column_in_table(found, &old, &to);
    let name = found.name.clone();
    for other in &mut now.tables {
        for constraint in &mut other.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && dialect.same_name(&key.references, &name)
            {
                for column in key.referenced.iter_mut().filter(|one| **one == old) {
                    column.clone_from(&to);
                }
            }
        }
    }
    if dialect == Dialect::Sqlite {
        text::rename_column(now, &name, &old, &to);
    }
    for sequence in &mut now.sequences {
        if let Some((table, column)) = &mut sequence.owned_by
            && *table == name
            && *column == old
        {
            column.clone_from(&to);
        }
    }
    true
}

fn column_in_table(table: &mut Table, old: &str, to: &str) {
    let part = |part: &mut IndexPart| {
        if let IndexTarget::Column(name) = &mut part.on
            && name == old
        {
            to.clone_into(name);
        }
    };
    let names = |names: &mut Vec<String>| {
        for name in names.iter_mut().filter(|one| *one == old) {
            to.clone_into(name);
        }
    };
    for index in &mut table.indexes {
        index.parts.iter_mut().for_each(part);
        names(&mut index.include);
    }
    for constraint in &mut table.constraints {
        match &mut constraint.kind {
            ConstraintKind::PrimaryKey(key) | ConstraintKind::Unique(key) => {
                let Key { parts, include, .. } = key;
                parts.iter_mut().for_each(part);
                names(include);
            }
            ConstraintKind::ForeignKey(key) => {
                names(&mut key.columns);
                names(&mut key.on_delete_columns);
            }
            ConstraintKind::Check { .. } | ConstraintKind::Exclusion { .. } => {}
        }
    }
}

/// Makes what points to a table point to its new name.
fn repoint(now: &mut Structure, old: &Name, to: &Name) {
    let dialect = now.dialect;
    for table in &mut now.tables {
        for constraint in &mut table.constraints {
            if let ConstraintKind::ForeignKey(key) = &mut constraint.kind
                && dialect.same_name(&key.references, old)
            {
                key.references = dialect.folded(to);
            }
        }
        if let Some(part) = &mut table.partition_of
            && part.parent == *old
        {
            part.parent = to.clone();
        }
        for parent in table.inherits.iter_mut().filter(|one| *one == old) {
            *parent = to.clone();
        }
    }
    for sequence in &mut now.sequences {
        if let Some((table, _)) = &mut sequence.owned_by
            && table == old
        {
            *table = to.clone();
        }
    }
    for trigger in now.triggers.iter_mut().filter(|one| dialect.same_name(&one.on, old)) {
        trigger.on = to.clone();
    }
    for other in now.others.iter_mut().filter(|one| one.on.as_ref() == Some(old)) {
        other.on = Some(to.clone());
    }
    if dialect == Dialect::Sqlite {
        text::rename_table(now, old, to);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn read(dialect: Dialect, script: &str) -> Vec<Rename> {
        Renames::read(dialect, "", script).unwrap().0
    }

    #[test]
    fn a_mark_belongs_to_what_it_trails() {
        let column = |from: &str, to: &str| Rename::Column {
            table: Name::plain("t"),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        let table = |from: &str| Rename::Table {
            from: Name::plain(from),
            to: Name::plain("t"),
        };
        let index = |from: &str, to: &str| Rename::Index {
            table: Name::plain("t"),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        for (script, expected) in [
            ("CREATE TABLE t ( -- @renamed from=old\n a int)", table("old")),
            ("CREATE TABLE t /* @renamed from=old */ (\n a int)", table("old")),
            (
                "CREATE VIRTUAL TABLE t USING fts5(a); -- @renamed from=old",
                table("old"),
            ),
            ("-- @renamed from=old\nCREATE TABLE t (a int)", table("old")),
            (
                "CREATE TABLE t (\n a int, -- @renamed from=\"b c\"\n d int)",
                column("b c", "a"),
            ),
            (
                "CREATE TABLE t (\n a int,\n d decimal(1, 2) -- @renamed from=e\n)",
                column("e", "d"),
            ),
            (
                "CREATE TABLE t (\n -- @renamed from=e\n a int,\n d int)",
                column("e", "a"),
            ),
            (
                "CREATE TABLE t (a int,\n INDEX i (a) -- @renamed from=j\n)",
                index("j", "i"),
            ),
            (
                "CREATE TABLE t (a int,\n UNIQUE KEY i (a) -- @renamed from=j\n)",
                index("j", "i"),
            ),
            ("CREATE UNIQUE INDEX i /* @renamed from=j */ ON t (a)", index("j", "i")),
            (
                "CREATE TABLE t (a int,\n CONSTRAINT c UNIQUE (a) -- @renamed from=k\n)",
                Rename::Constraint {
                    table: Name::plain("t"),
                    from: "k".to_owned(),
                    to: "c".to_owned(),
                },
            ),
        ] {
            assert_eq!(read(Dialect::Sqlite, script), [expected], "{script}");
        }
    }

    #[test]
    fn types_and_their_values_are_renamed() {
        let t = || Name::new("public", "t");
        let of_type = Rename::Type {
            from: Name::new("public", "old"),
            to: t(),
        };
        let label = |from: &str, to: &str| Rename::Label {
            of: t(),
            from: from.to_owned(),
            to: to.to_owned(),
        };
        for (script, expected) in [
            ("CREATE TYPE t -- @renamed from=old\nAS ENUM ('a')", &of_type),
            ("CREATE TYPE t AS ENUM ( /* @renamed from=old */ 'a', 'b')", &of_type),
            ("CREATE TYPE t AS ENUM ( -- @renamed from=old\n 'a',\n 'b')", &of_type),
            ("CREATE /* @renamed from=old */ TYPE t AS ENUM ('a')", &of_type),
            (
                "CREATE TYPE t AS ENUM (\n 'x',\n 'a' /* @renamed from=z */,\n 'b')",
                &label("z", "a"),
            ),
            (
                "CREATE TYPE t AS ENUM (\n 'a', -- @renamed from=z\n 'b')",
                &label("z", "a"),
            ),
        ] {
            let found = Renames::read(Dialect::Postgres, "public", script).unwrap().0;
            assert_eq!(found, std::slice::from_ref(expected), "{script}");
        }
    }

    #[test]
    fn a_mark_that_says_nothing_is_refused_with_its_line() {
        let error = Renames::read(Dialect::Sqlite, "", "CREATE TABLE t (\n a int -- @renamed to=b\n)").unwrap_err();
        assert_eq!(error.line, 2);
    }
}
