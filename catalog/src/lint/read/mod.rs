//! From tokens to what a statement does. What is not understood is [`Act::Other`], never a guess.

mod alter;
mod column;
mod table;

use crate::Dialect;
use crate::lex::{Kind, Lexeme};

use super::act::{Act, CreateIndex, Dropped, Written};
use super::words::{Cursor, Ident, Named, parts};

/// What the statement does.
pub(super) fn act(dialect: Dialect, tokens: &[Lexeme<'_>]) -> Act {
    let mut words = Cursor::new(dialect, tokens);
    let Some(first) = words.bump() else {
        return Act::Other;
    };
    let read = match first.text.to_ascii_uppercase().as_str() {
        "CREATE" => create(&mut words),
        "ALTER" => alter(&mut words),
        "DROP" => dropped(&mut words),
        "RENAME" => renamed(&mut words),
        "TRUNCATE" => truncate(&mut words),
        "UPDATE" => update(&mut words),
        "DELETE" => delete(&mut words),
        "INSERT" | "REPLACE" => insert(&mut words),
        "LOCK" => {
            words.take(&["TABLE"]);
            Some(Act::LockTable(words.names()))
        }
        "DO" | "CALL" | "EXECUTE" => Some(Act::Opaque),
        "PRAGMA" => pragma(&mut words),
        "SET" => sql_mode(&mut words),
        "VACUUM" | "CLUSTER" | "REINDEX" | "REFRESH" | "OPTIMIZE" => maintain(first, &mut words),
        _ => None,
    };
    read.unwrap_or(Act::Other)
}

fn create(words: &mut Cursor<'_, '_>) -> Option<Act> {
    let replaces = words.take(&["OR", "REPLACE"]);
    if words.dialect() == Dialect::Mysql {
        // ALGORITHM = …, DEFINER = …, SQL SECURITY …
        words.until(|at| {
            let kinds = [
                "TABLE",
                "INDEX",
                "UNIQUE",
                "FULLTEXT",
                "SPATIAL",
                "VIEW",
                "TRIGGER",
                "TEMPORARY",
            ];
            let more = [
                "PROCEDURE",
                "FUNCTION",
                "EVENT",
                "SEQUENCE",
                "DATABASE",
                "SCHEMA",
                "AGGREGATE",
            ];
            at.peek()
                .is_some_and(|token| token.is_any(&kinds) || token.is_any(&more))
        });
    }
    words.any(&["GLOBAL", "LOCAL"]);
    let temporary = words.any(&["TEMP", "TEMPORARY"]).is_some();
    words.any(&[
        "UNLOGGED",
        "FOREIGN",
        "VIRTUAL",
        "MATERIALIZED",
        "CONSTRAINT",
        "RECURSIVE",
        "EVENT",
    ]);
    if words.take(&["TABLE"]) {
        return table::create(words, temporary).map(Act::CreateTable);
    }
    let unique = words.take(&["UNIQUE"]);
    words.any(&["FULLTEXT", "SPATIAL"]);
    if words.take(&["INDEX"]) {
        return index(words, unique).map(Act::CreateIndex);
    }
    let kind = words.any(&[
        "VIEW",
        "TRIGGER",
        "FUNCTION",
        "PROCEDURE",
        "TYPE",
        "DOMAIN",
        "SEQUENCE",
        "SCHEMA",
        "EXTENSION",
        "POLICY",
        "RULE",
    ])?;
    words.take(&["IF", "NOT", "EXISTS"]);
    let name = words.name()?;
    let on = (kind == "TRIGGER")
        .then(|| {
            words.until(|at| at.sees(0, "ON") || at.sees(0, "BEGIN"));
            words.take(&["ON"]).then(|| words.name()).flatten()
        })
        .flatten();
    Some(Act::Create {
        kind,
        name,
        on,
        replaces,
    })
}

/// `[CONCURRENTLY] [IF NOT EXISTS] [name] ON [ONLY] table [USING method] (columns) …`
fn index(words: &mut Cursor<'_, '_>, unique: bool) -> Option<CreateIndex> {
    let concurrently = words.take(&["CONCURRENTLY"]);
    let if_not_exists = words.take(&["IF", "NOT", "EXISTS"]);
    let name = if words.sees(0, "ON") { None } else { Some(words.name()?) };
    words.until(|at| at.sees(0, "ON"));
    if !words.take(&["ON"]) {
        return None;
    }
    words.take(&["ONLY"]);
    let table = words.name()?;
    words.until(|at| at.peek().is_some_and(|token| token.is_symbol("(")));
    let prefixes = prefixes(*words);
    let (columns, whole) = words.columns()?;
    let partial = words.rest().iter().any(|token| token.is_word("WHERE"));
    Some(CreateIndex {
        name,
        table,
        unique,
        concurrently,
        if_not_exists,
        columns,
        plain: whole && !partial,
        prefixes,
    })
}

/// The columns in the brackets that open here, and whether only their beginning counts.
fn prefixes(mut words: Cursor<'_, '_>) -> Vec<(Ident, bool)> {
    let dialect = words.dialect();
    let inside = words.brackets().unwrap_or_default();
    let columns = parts(inside).into_iter().filter_map(|part| {
        let mut cursor = Cursor::new(dialect, part);
        let ident = cursor.ident()?;
        Some((ident, cursor.brackets().is_some()))
    });
    columns.collect()
}

fn alter(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.any(&["ONLINE", "IGNORE", "FOREIGN"]);
    if words.take(&["TABLE"]) {
        return alter::table(words);
    }
    if words.take(&["TYPE"]) {
        words.name()?;
        if words.take(&["ADD", "VALUE"]) {
            words.take(&["IF", "NOT", "EXISTS"]);
            let value = words.bump().filter(|token| token.kind == Kind::Text)?;
            return Some(Act::AddEnumValue {
                value: value.text.to_owned(),
            });
        }
        return words.take(&["RENAME", "TO"]).then_some(Act::RenameType);
    }
    None
}

fn dropped(words: &mut Cursor<'_, '_>) -> Option<Act> {
    let temporary = words.take(&["TEMPORARY"]);
    words.any(&["MATERIALIZED", "FOREIGN"]);
    let kind = words.any(&[
        "TABLE",
        "TABLES",
        "INDEX",
        "VIEW",
        "TRIGGER",
        "FUNCTION",
        "PROCEDURE",
        "TYPE",
        "DOMAIN",
        "SEQUENCE",
        "SCHEMA",
        "DATABASE",
        "EXTENSION",
        "POLICY",
        "RULE",
        "EVENT",
    ])?;
    let concurrently = words.take(&["CONCURRENTLY"]);
    let if_exists = words.take(&["IF", "EXISTS"]);
    let names = words.names();
    // The types of a routine's arguments.
    words.brackets();
    let cascade = words.rest().iter().find(|token| token.is_word("CASCADE"));
    Some(Act::Drop(Dropped {
        kind: if kind == "TABLES" { "TABLE" } else { kind },
        names,
        if_exists,
        concurrently,
        // MySQL takes the word and does nothing.
        cascade: cascade
            .filter(|_| words.dialect() == Dialect::Postgres)
            .map(|token| token.start..token.end()),
        temporary,
    }))
}

fn renamed(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.any(&["TABLE", "TABLES"])?;
    let mut pairs = Vec::new();
    loop {
        let from = words.name()?;
        words.until(|at| at.sees(0, "TO"));
        if !words.take(&["TO"]) {
            return None;
        }
        pairs.push((from, words.name()?));
        if !words.symbol(",") {
            return Some(Act::RenameTables(pairs));
        }
    }
}

fn truncate(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.take(&["TABLE"]);
    Some(Act::Truncate {
        tables: words.names(),
        cascade: words.rest().iter().any(|token| token.is_word("CASCADE")),
    })
}

fn update(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.take(&["LOW_PRIORITY"]);
    let ignore = words.take(&["IGNORE"]);
    if words.take(&["OR"]) {
        words.bump();
    }
    words.take(&["ONLY"]);
    let table = words.name();
    words.until(|at| at.sees(0, "SET"));
    let chosen = chooses(words);
    Some(Act::Update(Written { table, chosen, ignore }))
}

fn delete(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.any(&["LOW_PRIORITY", "QUICK"]);
    let ignore = words.take(&["IGNORE"]);
    // MySQL: DELETE a, b FROM t AS a JOIN …, where what stands first may be an alias.
    let single = words.take(&["FROM"]);
    words.take(&["ONLY"]);
    let table = words.name().filter(|_| single);
    let chosen = chooses(words);
    Some(Act::Delete(Written { table, chosen, ignore }))
}

/// Whether a condition, a join or a limit outside all brackets chooses rows.
fn chooses(words: &mut Cursor<'_, '_>) -> bool {
    let choice = |at: &Cursor<'_, '_>| {
        at.peek()
            .is_some_and(|token| token.is_any(&["WHERE", "LIMIT", "JOIN", "USING"]))
    };
    words.until(choice);
    words.peek().is_some()
}

fn insert(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.any(&["LOW_PRIORITY", "DELAYED", "HIGH_PRIORITY"]);
    let mut ignore = words.take(&["IGNORE"]);
    if words.take(&["OR"]) {
        ignore |= words.bump().is_some_and(|token| token.is_word("IGNORE"));
    }
    words.take(&["INTO"]);
    let table = words.name()?;
    let mut ahead = *words;
    let columns = match ahead.columns() {
        Some((columns, true)) if !ahead.rest().is_empty() => columns,
        _ => Vec::new(),
    };
    Some(Act::Insert { table, columns, ignore })
}

fn pragma(words: &mut Cursor<'_, '_>) -> Option<Act> {
    let name: Named = words.name()?;
    // Without a value it is a question.
    words.peek()?;
    Some(Act::Pragma { name: name.ident.key })
}

fn sql_mode(words: &mut Cursor<'_, '_>) -> Option<Act> {
    words.any(&["SESSION", "GLOBAL"]);
    while words.symbol("@") || words.symbol("@@") {}
    let mut name = words.bump()?;
    while words.symbol(".") {
        name = words.bump()?;
    }
    let is_mode = name.text.trim_start_matches('@').eq_ignore_ascii_case("sql_mode");
    if words.dialect() != Dialect::Mysql || !is_mode {
        return None;
    }
    let text: String = words.rest().iter().map(|token| token.text).collect();
    let text = text.to_ascii_uppercase();
    Some(Act::SqlMode {
        strict: ["STRICT", "TRADITIONAL", "@@"].iter().any(|word| text.contains(word)),
    })
}

/// Statements that write a table, or all of them, anew.
fn maintain(first: &Lexeme<'_>, words: &mut Cursor<'_, '_>) -> Option<Act> {
    let has = |words: &Cursor<'_, '_>, word: &str| words.rest().iter().any(|token| token.is_word(word));
    let (rule, what, advice) = match (words.dialect(), first.text.to_ascii_uppercase().as_str()) {
        (Dialect::Postgres, "VACUUM") if has(words, "FULL") => (
            "vacuum-full",
            "VACUUM FULL",
            "let autovacuum work, or use pg_repack, which only locks for moments",
        ),
        (Dialect::Postgres, "CLUSTER") => (
            "cluster",
            "CLUSTER",
            "use pg_repack, which sorts the rows and only locks for moments",
        ),
        (Dialect::Postgres, "REINDEX") if !has(words, "CONCURRENTLY") => (
            "reindex-not-concurrent",
            "REINDEX",
            "write REINDEX … CONCURRENTLY, alone in a step with '-- lockstep: no-transaction'",
        ),
        (Dialect::Postgres, "REFRESH") if !has(words, "CONCURRENTLY") => (
            "refresh-not-concurrent",
            "REFRESH MATERIALIZED VIEW",
            "write REFRESH MATERIALIZED VIEW CONCURRENTLY; it needs a unique index on the view",
        ),
        (Dialect::Mysql, "OPTIMIZE") => (
            "optimize-table",
            "OPTIMIZE TABLE",
            "run it apart from migrations, when few write",
        ),
        _ => return None,
    };
    words.brackets();
    words.until(|at| {
        let skip = ["FULL", "FREEZE", "VERBOSE", "ANALYZE", "TABLE", "MATERIALIZED", "VIEW"];
        at.peek()
            .is_some_and(|token| token.identifier().is_some() && !token.is_any(&skip))
    });
    let of_table = !matches!(rule, "reindex-not-concurrent");
    let table = words.name().filter(|_| of_table);
    Some(Act::Maintain {
        rule,
        what,
        advice,
        table,
    })
}
