//! What SQLite's `.dump` makes of virtual tables: a row put into the schema by hand, and the shadow tables one by one.
//!
//! The row holds the statement that makes the virtual table, which makes its shadow tables as well.

use std::collections::HashSet;

use super::Statement;
use crate::lex::{Kind, Lexeme};
use crate::read::sqlite::{fold, table, virtual_table};

/// The statement of a virtual table that is put into the schema as a row; `None` where it is no such row.
pub(super) fn virtual_table_in(statement: &[&Lexeme<'_>]) -> Option<String> {
    let [insert, into, target, ..] = statement else {
        return None;
    };
    let names_schema = target
        .identifier()
        .is_some_and(|name| ["sqlite_master", "sqlite_schema"].contains(&fold(name).as_str()));
    if !insert.is_word("INSERT") || !into.is_word("INTO") || !names_schema {
        return None;
    }
    let text = statement.iter().rev().find(|one| one.kind == Kind::Text)?.text;
    let sql = text.strip_prefix('\'')?.strip_suffix('\'')?.replace("''", "'");
    virtual_table(&sql).is_some().then_some(sql)
}

/// Leaves out the shadow tables of those virtual tables.
pub(super) fn without_shadows(statements: &mut Vec<Statement>, virtual_tables: &[String]) {
    let mut shadows: HashSet<String> = HashSet::new();
    for sql in virtual_tables {
        let Some(made) = virtual_table(sql) else { continue };
        let module = made.virtual_table.map(|one| one.module).unwrap_or_default();
        let endings: &[&str] = match module.as_str() {
            "fts5" => &["data", "idx", "content", "docsize", "config"],
            "fts3" | "fts4" => &["content", "segments", "segdir", "docsize", "stat"],
            "rtree" | "rtree_i32" | "geopoly" => &["node", "parent", "rowid"],
            _ => &[],
        };
        let name = fold(&made.name.name);
        shadows.extend(endings.iter().map(|ending| format!("{name}_{ending}")));
    }
    if !shadows.is_empty() {
        statements.retain(|one| table(&one.text).is_none_or(|read| !shadows.contains(&fold(&read.table.name.name))));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use crate::{Dialect, split_ddl};

    #[test]
    fn a_dump_of_a_virtual_table_is_the_statement_that_made_it() {
        let dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nCREATE TABLE notes_idea (id INTEGER);\n\
                    PRAGMA writable_schema=ON;\nINSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)\
                    VALUES('table','notes','notes',0,'CREATE VIRTUAL TABLE notes USING fts5(body, tokenize=''porter'')');\n\
                    CREATE TABLE IF NOT EXISTS 'notes_data'(id INTEGER PRIMARY KEY, block BLOB);\n\
                    INSERT INTO notes_data VALUES(1,X'');\nPRAGMA writable_schema=OFF;\nCOMMIT;\n";
        let found = split_ddl(Dialect::Sqlite, dump).unwrap();
        let texts: Vec<&str> = found.iter().map(|one| one.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "CREATE TABLE notes_idea (id INTEGER)",
                "CREATE VIRTUAL TABLE notes USING fts5(body, tokenize='porter')"
            ]
        );
    }
}
