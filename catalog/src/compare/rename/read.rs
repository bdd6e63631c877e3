//! Renames that the comments of a script declare.

use super::{Rename, RenameError, Renames};
use crate::Dialect;
use crate::directive::quoted_name;
use crate::lex::{self, Kind as LexKind, Lexeme};
use crate::structure::Name;

const MARK: &str = "@renamed";

impl Renames {
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
            let begins = lexeme.start + said;
            let wrong = |at: usize, message: String| {
                let line = script[..at].rfind('\n').map_or(0, |end| end + 1);
                RenameError {
                    line: script[..at].matches('\n').count() + 1,
                    column: script[line..at].chars().count() + 1,
                    message,
                }
            };
            let text = &lexeme.text[said + MARK.len()..];
            let old = old_name(text).map_err(|at| {
                let message = "expected @renamed from=old_name, or from=\"old name\"".to_owned();
                wrong(begins + MARK.len() + at, message)
            })?;
            let place = Place::of(dialect, &lexed.lexemes, at).ok_or_else(|| {
                let told = old.join(".");
                wrong(
                    begins,
                    format!("@renamed from={told} stands beside nothing that has a name"),
                )
            })?;
            renames.push(place.rename(schema, old));
        }
        Ok(Self(renames))
    }
}

/// The value of `from=`, without quotes: a name, perhaps its schema before it. Else the byte at which it goes wrong.
fn old_name(text: &str) -> Result<Vec<String>, usize> {
    let value = || {
        let rest = text.trim_start().strip_prefix("from")?.trim_start();
        Some(rest.strip_prefix('=')?.trim_start())
    };
    let mut rest = value().ok_or(0_usize)?;
    let mut parts = Vec::new();
    loop {
        let at = text.len() - rest.len();
        let name = match quoted_name(rest) {
            Some((name, after)) => {
                rest = after;
                name
            }
            None if rest.starts_with(['"', '`', '\'', '[']) => return Err(at),
            None => {
                let ends = |c: char| c.is_whitespace() || matches!(c, ',' | ';' | '.');
                let (name, after) = rest.split_at(rest.find(ends).unwrap_or(rest.len()));
                rest = after;
                name.trim_end_matches("*/").to_owned()
            }
        };
        // A full stop at the end is that of a sentence.
        if name.is_empty() {
            return if parts.is_empty() { Err(at) } else { Ok(parts) };
        }
        parts.push(name);
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.starts_with(|c: char| c.is_alphanumeric() || c == '_') => return Err(text.len() - rest.len()),
            None => return Ok(parts),
        }
    }
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
        let Header { what, name, on, after } = header(dialect, &words)?;
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
            item: item_name(dialect, &item)?,
        })
    }

    fn rename(self, schema: &str, path: Vec<String>) -> Rename {
        let old = path.join(".");
        let full = |parts: &[String]| match parts {
            [schema, name] => Name::new(schema.as_str(), name.as_str()),
            [.., name] => Name::new(schema, name.as_str()),
            [] => Name::default(),
        };
        match self {
            Self::Object { what, name, on } => {
                let to = full(&name);
                // `from` may name its schema; otherwise it is where it was.
                let from = match path.as_slice() {
                    [schema, name] if !to.schema.is_empty() => Name::new(schema.as_str(), name.as_str()),
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

/// What a statement makes.
struct Header {
    /// In lower case: `table`, `index`.
    what: String,
    name: Vec<String>,
    /// The table of an index.
    on: Option<Vec<String>>,
    /// Where the name ends.
    after: usize,
}

fn header(dialect: Dialect, words: &[&Lexeme<'_>]) -> Option<Header> {
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
    Some(Header { what, name, on, after })
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

fn item_name(dialect: Dialect, item: &[&Lexeme<'_>]) -> Option<ItemName> {
    let first = item.first()?;
    if first.kind == LexKind::Text {
        let text = first.text.trim_start_matches(['e', 'E']);
        let inner = text.strip_prefix('\'')?.strip_suffix('\'')?;
        return Some(ItemName::Label(inner.replace("''", "'")));
    }
    let own = |lexeme: &Lexeme<'_>| identifier(dialect, lexeme);
    if first.is_word("CONSTRAINT") {
        return Some(ItemName::Constraint(own(item.get(1)?)?));
    }
    // Elsewhere these begin the name of a column.
    if dialect == Dialect::Mysql && first.is_any(&["INDEX", "KEY", "UNIQUE", "FULLTEXT", "SPATIAL"]) {
        let named = item[1..].iter().find(|one| !one.is_any(&["INDEX", "KEY"]))?;
        return Some(ItemName::Index(own(named)?));
    }
    // A constraint without a name has none to change.
    let second = item.get(1);
    let follows = |word: &str| second.is_some_and(|one| one.is_word(word));
    let opens = second.is_some_and(|one| one.is_symbol("("));
    if (first.is_any(&["PRIMARY", "FOREIGN"]) && follows("KEY")) || (first.is_any(&["UNIQUE", "CHECK"]) && opens) {
        return None;
    }
    Some(ItemName::Column(own(first)?))
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
            let dialect = if script.contains("INDEX i (") || script.contains("KEY i (") {
                Dialect::Mysql
            } else {
                Dialect::Sqlite
            };
            assert_eq!(read(dialect, script), [expected], "{script}");
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
        assert_eq!((error.line, error.column), (2, 19));
        let error = Renames::read(Dialect::Sqlite, "", "CREATE TABLE t (\n a int -- @renamed from=\"b\n)").unwrap_err();
        assert_eq!((error.line, error.column), (2, 25));
        for part in [
            "PRIMARY KEY (a)",
            "UNIQUE (a)",
            "CHECK (a > 0)",
            "FOREIGN KEY (a) REFERENCES p (b)",
        ] {
            let script = format!("CREATE TABLE t (\n a int,\n {part} -- @renamed from=b\n)");
            let error = Renames::read(Dialect::Sqlite, "", &script).unwrap_err();
            assert_eq!(error.line, 3, "{part}");
        }
    }

    #[test]
    fn old_names_may_have_blanks_commas_and_quotes() {
        for (said, name) in [
            ("\"order, items\"", Name::new("public", "order, items")),
            ("\"the \"\"best\"\" ones\"", Name::new("public", "the \"best\" ones")),
            ("`a``b`, once", Name::new("public", "a`b")),
            ("\"my shop\".\"a.b\"", Name::new("my shop", "a.b")),
            ("shop.\"a b\".", Name::new("shop", "a b")),
            ("\"a.b\"", Name::new("public", "a.b")),
        ] {
            let script = format!("-- @renamed from={said}\nCREATE TABLE t (a int);");
            let found = Renames::read(Dialect::Postgres, "public", &script).unwrap().0;
            let to = Name::new("public", "t");
            assert_eq!(found, [Rename::Table { from: name, to }], "{script}");
        }
    }

    #[test]
    fn a_column_may_be_called_like_a_constraint() {
        for name in ["\"primary\"", "\"check\"", "\"foreign\""] {
            let script = format!("CREATE TABLE t (\n {name} int -- @renamed from=b\n)");
            assert_eq!(read(Dialect::Sqlite, &script).len(), 1, "{name}");
        }
    }
}
