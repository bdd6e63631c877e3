//! Indexes, views, triggers and virtual tables.

use super::expression::spelled;
use super::fold;
use super::reader::{Reader, items, lexemes, name_of};
use crate::Dialect;
use crate::lex::{Kind, Lexeme};
use crate::normalize::canonical_sql;
use crate::structure::{Index, IndexPart, IndexTarget, Name, Table, Trigger, View, VirtualTable};

/// What `CREATE [UNIQUE] INDEX` makes. `is_column` says which columns its table has.
pub fn index(sql: &str, is_column: &dyn Fn(&str) -> bool) -> Option<Index> {
    let lexemes = lexemes(sql)?;
    let mut reader = Reader::new(&lexemes);
    if !reader.eat(&["CREATE"]) {
        return None;
    }
    let unique = reader.eat(&["UNIQUE"]);
    if !reader.eat(&["INDEX"]) {
        return None;
    }
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let (name, _) = reader.qualified()?;
    if !reader.eat(&["ON"]) {
        return None;
    }
    reader.name()?;
    let parts = items(reader.bracketed()?)
        .into_iter()
        .map(|item| part(item, is_column))
        .collect::<Option<Vec<_>>>()?;
    let predicate = reader.eat(&["WHERE"]).then(|| spelled(reader.rest, is_column));
    Some(Index {
        name,
        unique,
        parts,
        predicate,
        definition: Some(sql.to_owned()),
        ..Index::default()
    })
}

/// `column` or `expression`, with `COLLATE`, direction and the place of NULLs.
pub(super) fn part(item: &[Lexeme<'_>], is_column: &dyn Fn(&str) -> bool) -> Option<IndexPart> {
    let mut item = item;
    let mut nulls_first = None;
    if let [before @ .., nulls, place] = item
        && nulls.is_word("NULLS")
    {
        nulls_first = Some(place.is_word("FIRST"));
        item = before;
    }
    let mut descending = false;
    if let [before @ .., last] = item
        && last.is_any(&["ASC", "DESC"])
        && !before.is_empty()
    {
        descending = last.is_word("DESC");
        item = before;
    }
    let mut collation = None;
    if let [before @ .., word, name] = item
        && word.is_word("COLLATE")
        && !before.is_empty()
    {
        collation = Some(fold(&name_of(name)?));
        item = before;
    }
    let on = match item {
        [one] if name_of(one).is_some_and(|name| is_column(&name)) => IndexTarget::Column(fold(&name_of(one)?)),
        [] => return None,
        _ => IndexTarget::Expression(spelled(item, is_column)),
    };
    // NULLs stand first going up and last going down; saying so is no difference.
    let nulls_first = nulls_first.filter(|first| *first == descending);
    Some(IndexPart {
        on,
        prefix: None,
        descending,
        nulls_first,
        collation,
        operator_class: None,
    })
}

/// What `CREATE VIEW` makes.
pub fn view(sql: &str) -> Option<View> {
    let lexemes = lexemes(sql)?;
    let mut reader = Reader::new(&lexemes);
    if !reader.eat(&["CREATE"]) {
        return None;
    }
    let _ = reader.eat(&["TEMP"]) || reader.eat(&["TEMPORARY"]);
    if !reader.eat(&["VIEW"]) {
        return None;
    }
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let (name, _) = reader.qualified()?;
    let columns = match reader.bracketed() {
        Some(inside) => items(inside)
            .into_iter()
            .map(|item| Some((fold(&name_of(item.first()?)?), String::new())))
            .collect::<Option<Vec<_>>>()?,
        None => Vec::new(),
    };
    if !reader.eat(&["AS"]) {
        return None;
    }
    let start = reader.peek()?.start;
    let mut query = canonical_sql(Dialect::Sqlite, &sql[start..]);
    if !columns.is_empty() {
        let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
        query = format!("({}) as {query}", names.join(", "));
    }
    Some(View {
        name: Name::plain(name),
        columns,
        query,
        sql: Some(sql.to_owned()),
        ..View::default()
    })
}

/// What `CREATE TRIGGER` makes.
pub fn trigger(sql: &str) -> Option<Trigger> {
    let all = lexemes(sql)?;
    let mut reader = Reader::new(&all);
    if !reader.eat(&["CREATE"]) {
        return None;
    }
    let _ = reader.eat(&["TEMP"]) || reader.eat(&["TEMPORARY"]);
    if !reader.eat(&["TRIGGER"]) {
        return None;
    }
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let (name, _) = reader.qualified()?;
    let start = reader.peek()?.start;
    let body = reader.rest.iter().position(|one| one.is_word("BEGIN"))?;
    let on = reader.rest[..body].iter().position(|one| one.is_word("ON"))?;
    let mut target = Reader::new(&reader.rest[on + 1..]);
    let (table, _) = target.qualified()?;
    // Row by row is the only way there is; saying so is no difference.
    let definition = canonical_sql(Dialect::Sqlite, &sql[start..]).replacen(" for each row ", " ", 1);
    Some(Trigger {
        name,
        on: Name::plain(table),
        definition,
        sql: Some(sql.to_owned()),
        ..Trigger::default()
    })
}

/// What `CREATE VIRTUAL TABLE` makes, without its columns: those only the module knows.
pub fn virtual_table(sql: &str) -> Option<Table> {
    let lexemes = lexemes(sql)?;
    let mut reader = Reader::new(&lexemes);
    if !reader.eat(&["CREATE", "VIRTUAL", "TABLE"]) {
        return None;
    }
    reader.eat(&["IF", "NOT", "EXISTS"]);
    let (name, _) = reader.qualified()?;
    if !reader.eat(&["USING"]) {
        return None;
    }
    let module = fold(&reader.name()?);
    let arguments = match reader.bracketed() {
        Some(inside) => items(inside).into_iter().map(argument).collect(),
        None => Vec::new(),
    };
    Some(Table {
        name: Name::plain(name),
        virtual_table: Some(VirtualTable { module, arguments }),
        sql: Some(sql.to_owned()),
        ..Table::default()
    })
}

/// The module of a virtual table's statement.
pub fn module_of(sql: &str) -> Option<String> {
    virtual_table(sql)?.virtual_table.map(|one| one.module)
}

/// `option=value` without spaces and with the value in single quotes where it has any; anything else by its tokens.
fn argument(item: &[Lexeme<'_>]) -> String {
    if let [option, sign, value] = item
        && sign.is_symbol("=")
    {
        let option = name_of(option).map_or_else(|| option.text.to_owned(), |name| fold(&name));
        let value = match &value.kind {
            Kind::Quoted(name) => name.clone(),
            _ => name_of(value).unwrap_or_else(|| value.text.to_owned()),
        };
        return format!("{option}='{}'", value.replace('\'', "''"));
    }
    spelled(item, &|_| true)
}
