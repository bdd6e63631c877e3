//! What information_schema cannot say of a table: characters of four bytes, which it gives as `?`, and bytes that are no text.
//!
//! ```text
//!  a default that is a value ──► SELECT DEFAULT(column), in hexadecimal
//!  an expression (MariaDB)   ──► the line of SHOW CREATE TABLE, in which it is whole
//! ```
//!
//! The labels of an enum or a set are nowhere told; what changes such a column asks the rows whether theirs are the ones told.

use lockstep_catalog::backtick::literal;
use lockstep_catalog::structure::{Column, ConstraintKind, Table};
use lockstep_catalog::{Dialect, quote};

use super::Reading;

/// What stands for a character of four bytes in an expression.
const LOST: &str = "????";

/// The questions for the defaults that may not be what was told.
pub(super) fn questions(tables: &[Table]) -> Vec<String> {
    let mut asked = Vec::new();
    for table in tables {
        for column in table.columns.iter().filter(|column| is_doubtful(column)) {
            let quoted = |name: &str| quote(Dialect::Mysql, name).ok();
            if let (Some(of), Some(name)) = (quoted(&table.name.name), quoted(&column.name)) {
                let value = match is_bytes(column) {
                    true => format!("DEFAULT(d.{name})"),
                    false => format!("CONVERT(DEFAULT(d.{name}) USING utf8mb4)"),
                };
                asked.push(format!(
                    "SELECT {} AS exact_default, {}, HEX({value}) FROM (SELECT 1 AS one) o LEFT JOIN {of} d ON FALSE",
                    literal(&table.name.name),
                    literal(&column.name)
                ));
            }
        }
    }
    asked
}

fn is_bytes(column: &Column) -> bool {
    ["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"]
        .iter()
        .any(|kind| column.data_type.split('(').next() == Some(kind))
}

/// A value, between quotes, that holds what information_schema may have lost something for.
fn is_doubtful(column: &Column) -> bool {
    let lost = |character: char| matches!(character, '?' | '\u{fffd}') || character.is_control();
    column.default.as_deref().is_some_and(|default| {
        let is_value = default.starts_with('\'');
        is_value && (default.contains(lost) || (is_bytes(column) && !default.is_ascii()))
    })
}

/// Whether some expression of the table may have lost a character.
pub(super) fn lost_something(table: &Table) -> bool {
    table
        .columns
        .iter()
        .any(|column| texts(column).any(|text| text.contains(LOST)))
        || table.constraints.iter().any(|one| match &one.kind {
            ConstraintKind::Check { expression } => expression.contains(LOST),
            _ => false,
        })
}

/// The expressions of a column.
fn texts(column: &Column) -> impl Iterator<Item = &String> {
    let computed = column.generated.as_ref().map(|generated| &generated.expression);
    computed
        .into_iter()
        .chain(&column.default)
        .chain(column.options.get("check"))
}

impl Reading {
    /// A default, said exactly.
    pub(super) fn exact_default(&mut self, table: &str, column: &str, hexadecimal: &str) {
        let table = self.tables.get(table).and_then(|at| self.structure.tables.get_mut(*at));
        let column = table.and_then(|table| table.columns.iter_mut().find(|one| one.name == column));
        let Some(column) = column else { return };
        let text = bytes(hexadecimal).and_then(|bytes| String::from_utf8(bytes).ok());
        let plain = |text: &String| !text.contains(|character: char| character == '\u{fffd}' || character.is_control());
        match text.filter(|text| !is_bytes(column) || plain(text)) {
            Some(text) => column.default = Some(literal(&text)),
            None => column.default = Some(format!("x'{hexadecimal}'")),
        }
    }
}

fn bytes(hexadecimal: &str) -> Option<Vec<u8>> {
    let digits = hexadecimal.as_bytes().chunks(2);
    digits
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok())
        .collect()
}

/// Puts back what a line of SHOW CREATE TABLE has and the catalog lost.
pub(super) fn restore(table: &mut Table, line: &str) {
    let begins = |name: &str| quote(Dialect::Mysql, name).is_ok_and(|name| line.starts_with(&format!("{name} ")));
    if let Some(column) = table.columns.iter_mut().find(|column| begins(&column.name)) {
        if let Some(generated) = &mut column.generated {
            put_back(&mut generated.expression, line);
        }
        if let Some(default) = &mut column.default
            && !default.starts_with('\'')
        {
            put_back(default, line);
        }
        if let Some(check) = column.options.get_mut("check") {
            put_back(check, line);
        }
        return;
    }
    for one in &mut table.constraints {
        let is_it =
            quote(Dialect::Mysql, &one.name).is_ok_and(|name| line.starts_with(&format!("CONSTRAINT {name} CHECK ")));
        if let (true, ConstraintKind::Check { expression }) = (is_it, &mut one.kind) {
            put_back(expression, line);
        }
    }
}

fn put_back(told: &mut String, line: &str) {
    if told.contains(LOST)
        && let Some(whole) = line.char_indices().find_map(|(at, _)| matching(told, &line[at..]))
    {
        whole.clone_into(told);
    }
}

/// The beginning of `line` that is `told`, but for the characters that were lost.
fn matching<'a>(told: &str, line: &'a str) -> Option<&'a str> {
    let (mut told, mut rest) = (told, line);
    while let Some(expected) = told.chars().next() {
        let found = rest.chars().next()?;
        if found == expected {
            told = &told[expected.len_utf8()..];
        } else if found.len_utf8() == LOST.len() {
            told = told.strip_prefix(LOST)?;
        } else {
            return None;
        }
        rest = &rest[found.len_utf8()..];
    }
    line.get(..line.len() - rest.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_put_back() {
        let line = "`g` varchar(20) GENERATED ALWAYS AS (concat('😀????',`a`,'ü')) VIRTUAL";
        let mut told = "concat('????????',`a`,'ü')".to_owned();
        put_back(&mut told, line);
        assert_eq!(told, "concat('😀????',`a`,'ü')");
        let mut other = "concat('????',`b`)".to_owned();
        put_back(&mut other, line);
        assert_eq!(other, "concat('????',`b`)");
    }

    #[test]
    fn hexadecimal_is_read() {
        assert_eq!(bytes("C3BC"), Some(vec![0xc3, 0xbc]));
        assert_eq!(bytes("C"), Some(vec![0xc]));
        assert_eq!(bytes("zz"), None);
    }
}
