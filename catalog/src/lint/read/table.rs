//! `CREATE TABLE`, and the constraints that stand in it and in `ALTER TABLE`.

use crate::Dialect;
use crate::lex::Lexeme;

use super::super::act::{Constraint, ConstraintKind, CreateTable, TableOptions};
use super::super::words::{Cursor, Ident, parts, span_of};
use super::column;

/// What stands behind `CREATE [TEMPORARY] TABLE`.
pub(super) fn create(words: &mut Cursor<'_, '_>, temporary: bool) -> Option<CreateTable> {
    let dialect = words.dialect();
    let if_not_exists = words.take(&["IF", "NOT", "EXISTS"]);
    let mut table = CreateTable {
        name: words.name()?,
        temporary,
        if_not_exists,
        columns: Vec::new(),
        constraints: Vec::new(),
        indexes: Vec::new(),
        more_columns: false,
        options: TableOptions::default(),
    };
    let plain = words.peek().is_some_and(|token| token.is_symbol("("));
    if plain {
        let inside = words.brackets().unwrap_or_default();
        for part in parts(inside) {
            part_of(dialect, part, &mut table);
        }
    } else {
        table.more_columns = true;
    }
    options(words, &mut table);
    Some(table)
}

fn part_of(dialect: Dialect, part: &[Lexeme<'_>], table: &mut CreateTable) {
    let mut words = Cursor::new(dialect, part);
    if let Some(constraint) = constraint(&mut words) {
        table.constraints.push(constraint);
        return;
    }
    let mut words = Cursor::new(dialect, part);
    if words.any(&["LIKE", "EXCLUDE", "PERIOD"]).is_some() {
        table.more_columns = true;
        return;
    }
    if dialect == Dialect::Mysql
        && let Some((columns, unique)) = inline_index(&mut words)
    {
        table.indexes.push((columns, unique));
        return;
    }
    if let Some(column) = column::definition(&mut words) {
        table.columns.push(column);
    }
}

/// MySQL's `INDEX name (columns)` within a table.
pub(super) fn inline_index(words: &mut Cursor<'_, '_>) -> Option<(Vec<Ident>, bool)> {
    let mut ahead = *words;
    ahead.any(&["FULLTEXT", "SPATIAL"]);
    ahead.any(&["INDEX", "KEY"])?;
    ahead.take(&["IF", "NOT", "EXISTS"]);
    ahead.until(|at| at.peek().is_some_and(|token| token.is_symbol("(")));
    let (columns, _) = ahead.columns()?;
    *words = ahead;
    Some((columns, false))
}

/// What follows the brackets: `ENGINE = MyISAM DEFAULT CHARSET = utf8`, `STRICT`, `PARTITION BY`, `AS SELECT`.
fn options(words: &mut Cursor<'_, '_>, table: &mut CreateTable) {
    while let Some(token) = words.peek() {
        if token.is_any(&["SELECT", "WITH", "VALUES"]) && words.dialect() == Dialect::Mysql
            || token.is_any(&["AS", "INHERITS"])
        {
            table.more_columns = true;
            return;
        }
        if words.take(&["ENGINE"]) {
            words.symbol("=");
            table.options.engine = words.ident();
        } else if words.take(&["CHARACTER", "SET"]) || words.any(&["CHARSET", "COLLATE"]).is_some() {
            words.symbol("=");
            let given = words.ident();
            table.options.charset = table.options.charset.take().or(given);
        } else if words.take(&["STRICT"]) {
            table.options.strict = true;
        } else if words.take(&["WITHOUT", "ROWID"]) {
            table.options.without_rowid = true;
        } else if words.brackets().is_none() {
            words.bump();
        }
    }
}

/// `[CONSTRAINT name] PRIMARY KEY | UNIQUE | FOREIGN KEY | CHECK | EXCLUDE …`; `None` where it is something else.
pub(super) fn constraint(words: &mut Cursor<'_, '_>) -> Option<Constraint> {
    let whole = words.rest();
    let mut name = None;
    if words.take(&["CONSTRAINT"]) {
        words.take(&["IF", "NOT", "EXISTS"]);
        let unnamed = words
            .peek()
            .is_some_and(|token| token.is_any(&["PRIMARY", "UNIQUE", "FOREIGN", "CHECK", "EXCLUDE"]));
        if !unnamed {
            name = words.ident();
        }
    }
    let kind = if words.take(&["PRIMARY", "KEY"]) {
        ConstraintKind::PrimaryKey
    } else if words.take(&["UNIQUE"]) {
        ConstraintKind::Unique
    } else if words.take(&["FOREIGN", "KEY"]) {
        ConstraintKind::ForeignKey
    } else if words.take(&["CHECK"]) {
        ConstraintKind::Check
    } else if words.take(&["EXCLUDE"]) {
        ConstraintKind::Exclusion
    } else {
        return None;
    };
    let mut made = Constraint {
        name,
        kind,
        columns: Vec::new(),
        plain: false,
        references: None,
        not_valid: false,
        using_index: false,
        expression: None,
        is_not_null: None,
        span: span_of(whole),
    };
    if words.take(&["USING", "INDEX"]) {
        made.using_index = true;
    } else if kind == ConstraintKind::Check {
        let inside = words.brackets().unwrap_or_default();
        made.expression = Some(span_of(inside));
        made.is_not_null = not_null_check(words.dialect(), inside);
    } else {
        words.until(|at| at.peek().is_some_and(|token| token.is_symbol("(")));
        if let Some((columns, plain)) = words.columns() {
            made.columns = columns;
            made.plain = plain;
        }
    }
    let rest = words.rest();
    if words.take(&["REFERENCES"]) {
        made.references = column::reference(words, rest);
    }
    while words.peek().is_some() {
        if words.take(&["NOT", "VALID"]) || words.take(&["NOT", "ENFORCED"]) {
            made.not_valid = true;
        } else {
            words.bump();
        }
    }
    Some(made)
}

/// The column of `column IS NOT NULL`.
fn not_null_check(dialect: Dialect, inside: &[Lexeme<'_>]) -> Option<String> {
    let mut words = Cursor::new(dialect, inside);
    let inner = words.brackets();
    let mut words = match inner {
        Some(inner) if words.rest().is_empty() => Cursor::new(dialect, inner),
        _ => Cursor::new(dialect, inside),
    };
    let column = words.ident()?;
    (words.take(&["IS", "NOT", "NULL"]) && words.rest().is_empty()).then_some(column.key)
}
