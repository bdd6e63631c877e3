//! Whether a query names a column that nothing has.

use std::collections::HashSet;

use super::expression::RESERVED;
use super::fold;
use super::reader::lexemes;
use crate::lex::{Kind, Lexeme};

/// Words of queries that could be names as well, but seldom are, and the names of every table's rowid.
const OTHER_WORDS: &[&str] = &[
    "abort",
    "after",
    "always",
    "any",
    "asc",
    "before",
    "begin",
    "by",
    "cross",
    "current",
    "desc",
    "do",
    "each",
    "end",
    "exclude",
    "excluded",
    "fail",
    "filter",
    "first",
    "following",
    "for",
    "full",
    "groups",
    "ignore",
    "indexed",
    "inner",
    "instead",
    "intersect",
    "last",
    "left",
    "materialized",
    "natural",
    "new",
    "no",
    "nulls",
    "of",
    "offset",
    "oid",
    "old",
    "others",
    "outer",
    "over",
    "partition",
    "preceding",
    "range",
    "recursive",
    "replace",
    "right",
    "rollback",
    "row",
    "rowid",
    "_rowid_",
    "rows",
    "ties",
    "unbounded",
    "window",
    "with",
    "within",
];

/// The names that a query gives: what stands behind `AS`, behind another name or a bracket, and before `AS (`.
pub fn given(text: &str) -> HashSet<String> {
    let lexemes = lexemes(text).unwrap_or_default();
    let named = |pair: &[Lexeme<'_>]| {
        let [before, one] = pair else { return None };
        let name = one.identifier()?;
        (before.is_word("AS") || before.is_symbol(")") || is_name(before)).then(|| fold(name))
    };
    let common = |three: &[Lexeme<'_>]| {
        let [one, word, bracket] = three else { return None };
        let name = one.identifier()?;
        (word.is_word("AS") && bracket.is_symbol("(")).then(|| fold(name))
    };
    let after = lexemes.windows(2).filter_map(named);
    after.chain(lexemes.windows(3).filter_map(common)).collect()
}

/// Whether the text of a view or a trigger names a column that is not `known`. It may take other words for such a name, and
/// takes nothing in double quotes for one, which SQLite reads as a string where no column bears that name.
pub fn is_loose(text: &str, known: &HashSet<String>) -> bool {
    let lexemes = lexemes(text).unwrap_or_default();
    lexemes.iter().enumerate().any(|(at, one)| {
        let before = at.checked_sub(1).map(|at| &lexemes[at]);
        let after = lexemes.get(at + 1);
        is_name(one)
            && !one.text.starts_with('"')
            && !after.is_some_and(|next| next.is_symbol("(") || next.is_symbol("."))
            && !before.is_some_and(|before| before.is_word("COLLATE"))
            && one.identifier().is_some_and(|name| !known.contains(&fold(name)))
    })
}

fn is_name(one: &Lexeme<'_>) -> bool {
    match &one.kind {
        Kind::Word => {
            let word = fold(one.text);
            !RESERVED.contains(&word.as_str()) && !OTHER_WORDS.contains(&word.as_str())
        }
        Kind::Quoted(_) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_nothing_has_is_found() {
        let known: HashSet<String> = ["t", "a", "b", "v"].map(str::to_owned).into();
        for (text, loose) in [
            ("SELECT a FROM t", false),
            ("SELECT gone FROM t", true),
            ("SELECT t.gone FROM t", true),
            ("SELECT [gone] FROM t", true),
            ("SELECT \"text\" FROM t", false),
            (
                "SELECT a AS x, sum(b) total FROM t AS u LEFT JOIN v w ON u.a = w.b ORDER BY x DESC, total",
                false,
            ),
            ("WITH c AS (SELECT a FROM t) SELECT a COLLATE nocase FROM c", false),
            (
                "SELECT rank() OVER (PARTITION BY a ORDER BY b ROWS UNBOUNDED PRECEDING) FROM t",
                false,
            ),
            ("AFTER INSERT ON t BEGIN UPDATE t SET gone = new.a; END", true),
            (
                "AFTER UPDATE OF a ON t WHEN new.a > old.b BEGIN SELECT RAISE(ABORT, 'x'); END",
                false,
            ),
        ] {
            let mut known = known.clone();
            known.extend(given(text));
            assert_eq!(is_loose(text, &known), loose, "{text}");
        }
    }
}
