//! Texts made comparable: scripts for their checksums, object definitions for their meaning.

use crate::dialect::{self, Dialect};
use crate::lex::{self, Kind, Lexeme};

/// The form of a script that checksums are taken of, so that an editor, `git` or a copy between systems does not look like a
/// changed step: line ends are `\n`, there is no byte order mark, no white space at the end of a line, no empty line at the
/// end, and one `\n` closes the text. Empty text stays empty.
pub fn normalize(text: &str) -> String {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut normal = String::with_capacity(text.len() + 1);
    for line in text.split('\n') {
        normal.push_str(line.trim_end());
        normal.push('\n');
    }
    normal.truncate(normal.trim_end_matches('\n').len());
    if !normal.is_empty() {
        normal.push('\n');
    }
    normal
}

/// A form of an object's definition that is the same for texts a server treats the same: tokens at fixed distances, no
/// comments, unquoted words in lower case, quoted identifiers in double quotes, no `IF NOT EXISTS`. It is made to be
/// compared, not to be run.
///
/// On SQLite a quoted plain name (`"users"`, `[Users]`) comes out like the bare word: names there do not differ by case or
/// quotes, and SQLite itself adds quotes when a table is renamed, so that renaming it and back would look like a change.
///
/// Text that cannot be read as SQL has its white space collapsed and is otherwise left alone.
pub fn canonical_sql(dialect: Dialect, text: &str) -> String {
    let lexed = lex::lex(dialect, text);
    if lexed.failure.is_some() {
        return text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    let tokens: Vec<&Lexeme<'_>> = lexed.lexemes.iter().filter(|lexeme| lexeme.is_significant()).collect();
    let mut canonical = String::with_capacity(text.len());
    let mut before: Option<&Lexeme<'_>> = None;
    let mut remaining = tokens.as_slice();
    while let [token, rest @ ..] = remaining {
        if let [first, second, third, rest @ ..] = remaining
            && first.is_word("IF")
            && second.is_word("NOT")
            && third.is_word("EXISTS")
        {
            remaining = rest;
            continue;
        }
        if before.is_some_and(|before| apart(before, token)) {
            canonical.push(' ');
        }
        canonical.push_str(&spelled(dialect, token, before));
        before = Some(token);
        remaining = rest;
    }
    while canonical.ends_with([';', ' ']) {
        canonical.pop();
    }
    canonical
}

/// Whether a space belongs between two tokens. It depends on the tokens alone, never on how they were written.
fn apart(before: &Lexeme<'_>, token: &Lexeme<'_>) -> bool {
    let closes = [",", ")", "."].iter().any(|mark| token.is_symbol(mark));
    let opens = ["(", "."].iter().any(|mark| before.is_symbol(mark));
    !closes && !opens && token.kind != Kind::Semicolon
}

fn spelled(dialect: Dialect, token: &Lexeme<'_>, before: Option<&Lexeme<'_>>) -> String {
    match &token.kind {
        Kind::Word => token.text.to_ascii_lowercase(),
        // After DEFAULT, SQLite takes a double-quoted name for a string, in which case counts.
        Kind::Quoted(name)
            if dialect == Dialect::Sqlite
                && is_plain(name)
                && !before.is_some_and(|before| before.is_word("DEFAULT")) =>
        {
            name.to_ascii_lowercase()
        }
        Kind::Quoted(name) => dialect::enclose(name, '"'),
        _ => token.text.to_owned(),
    }
}

/// Whether the bare word would mean the same: a plain name, and none of those that are values when they stand bare.
fn is_plain(name: &str) -> bool {
    const VALUES: [&str; 6] = [
        "current_date",
        "current_time",
        "current_timestamp",
        "false",
        "null",
        "true",
    ];
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
        && !VALUES.iter().any(|value| name.eq_ignore_ascii_case(value))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_script_is_the_same_on_every_system() {
        let normal = "SELECT 1;\n\n  SELECT 2;\n";
        for text in [
            normal,
            "SELECT 1;\n\n  SELECT 2;",
            "SELECT 1;\r\n\r\n  SELECT 2;\r\n\r\n",
            "\u{feff}SELECT 1;  \r\t\r  SELECT 2;\t\r",
        ] {
            assert_eq!(normalize(text), normal, "{text:?}");
        }
        for blank in ["", "\n", " \r\n\t\n", "\u{feff}"] {
            assert_eq!(normalize(blank), "", "{blank:?}");
        }
    }

    #[test]
    fn definitions_that_mean_the_same_compare_equal() {
        use Dialect::{Mysql, Postgres, Sqlite};
        for (dialect, first, second) in [
            (
                Sqlite,
                "CREATE TABLE IF NOT EXISTS \"Users\"(id INTEGER PRIMARY KEY,[user] TEXT) -- all of them",
                "create table users (\n  id integer primary key, -- rowid\n  `user` text\n);",
            ),
            (
                Sqlite,
                "CREATE INDEX i ON t(a)",
                "create index IF NOT EXISTS \"i\" on \"t\" ( a )",
            ),
            (Sqlite, "SELECT [a b]", "select \"a b\""),
            (Postgres, "SELECT A . B", "select a.b"),
            (Mysql, "SELECT `a`", "select /* x */ `a` # y"),
        ] {
            assert_eq!(canonical_sql(dialect, first), canonical_sql(dialect, second), "{first}");
        }
    }

    #[test]
    fn definitions_that_differ_stay_different() {
        use Dialect::{Postgres, Sqlite};
        for (dialect, first, second) in [
            (Sqlite, "SELECT 'A'", "SELECT 'a'"),
            (Sqlite, "SELECT 'a  b'", "SELECT 'a b'"),
            (Sqlite, "a TEXT DEFAULT \"A\"", "a TEXT DEFAULT \"a\""),
            (Sqlite, "DEFAULT null", "DEFAULT \"null\""),
            (Sqlite, "CHECK (a = true)", "CHECK (a = \"true\")"),
            (Postgres, "SELECT \"Users\"", "SELECT users"),
            (Postgres, "SELECT \"user\"", "SELECT user"),
        ] {
            assert_ne!(canonical_sql(dialect, first), canonical_sql(dialect, second), "{first}");
        }
    }

    #[test]
    fn the_canonical_form_is_pinned() {
        // Fingerprints are stored: a change of this form looks like drift to every database out there.
        assert_eq!(
            canonical_sql(
                Dialect::Sqlite,
                "CREATE TABLE IF NOT EXISTS \"a b\" (x  NUMERIC(10,2) DEFAULT (1+2), `y` TEXT CHECK(y <> 'It''s'));"
            ),
            "create table \"a b\" (x numeric (10, 2) default (1 + 2), y text check (y <> 'It''s'))"
        );
    }

    #[test]
    fn text_that_cannot_be_read_only_has_its_white_space_collapsed() {
        assert_eq!(canonical_sql(Dialect::Sqlite, " SELECT\n 'It "), "SELECT 'It");
    }

    proptest! {
        #[test]
        fn normalizing_twice_changes_nothing(text in any::<String>()) {
            let once = normalize(&text);
            prop_assume!(!once.starts_with('\u{feff}'));
            prop_assert_eq!(normalize(&once), once);
        }

        #[test]
        fn a_canonical_form_is_its_own_canonical_form(
            words in prop::collection::vec(r#"[a-zA-Z_]{1,4}|'[a-z ]{0,3}'|"[a-z ]{1,3}"|[0-9]{1,3}|[(),=<+;]|[a-z]{1,2}\.[a-z]{1,2}"#, 0..12),
        ) {
            let text = words.join(" ");
            for dialect in [Dialect::Sqlite, Dialect::Postgres] {
                let once = canonical_sql(dialect, &text);
                prop_assert_eq!(canonical_sql(dialect, &once), once);
            }
        }
    }
}
