//! Virtual tables: what they are made of decides how one becomes another.
//!
//! An index over another table's text is dropped, made and filled from that table; one that keeps its text is copied row by
//! row; one that keeps no text at all cannot be made again.

use super::create::{self, name};
use super::rebuild::{free, interim};
use super::script::{Cost, Script, about};
use crate::read::sqlite::fold;
use crate::structure::Table;
use crate::write::WriteError;

/// Where a full-text table has its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Text {
    /// In itself.
    Own,
    /// In this table or view.
    In(String),
    /// Nowhere.
    Nowhere,
}

/// Modules whose tables show what others hold, and take no rows.
const SHOWING: &[&str] = &["fts5vocab", "fts4aux", "fts3tokenize", "dbstat"];

/// Whether it only shows what others hold.
pub(super) fn shows(table: &Table) -> bool {
    let module = table.virtual_table.as_ref().map(|one| one.module.as_str());
    module.is_some_and(|module| SHOWING.contains(&module))
}

/// Whether it is a full-text table.
pub(super) fn is_full_text(table: &Table) -> bool {
    let module = table.virtual_table.as_ref().map(|one| one.module.as_str());
    module.is_some_and(|module| module.starts_with("fts")) && !shows(table)
}

/// The column that says in which language each row is, which no list of its columns shows.
pub(super) fn language_of(table: &Table) -> Option<String> {
    let one = table.virtual_table.as_ref().filter(|_| is_full_text(table))?;
    option(&one.arguments, "languageid")
}

/// The value of an option among a module's arguments.
fn option(arguments: &[String], called: &str) -> Option<String> {
    arguments.iter().find_map(|argument| {
        let value = argument.strip_prefix(called)?.strip_prefix("='")?.strip_suffix('\'')?;
        Some(value.replace("''", "'"))
    })
}

/// Where the table has its text.
pub(super) fn text_of(table: &Table) -> Text {
    let Some(one) = &table.virtual_table else {
        return Text::Own;
    };
    if !is_full_text(table) {
        return Text::Own;
    }
    match option(&one.arguments, "content") {
        None => Text::Own,
        Some(name) if name.is_empty() => Text::Nowhere,
        Some(name) => Text::In(fold(&name)),
    }
}

/// Whether it can be filled from elsewhere, so that nothing needs to be copied.
pub(super) fn is_derived(from: &Table, to: &Table) -> bool {
    !matches!(text_of(to), Text::Own) || matches!(text_of(from), Text::Nowhere)
}

/// Makes it anew under another name, and puts it in the place of the old one. Made under its own name in a part of a
/// transaction that is taken back later, it would stop what comes then: its module still has unwritten entries for it.
pub(super) fn again(script: &mut Script, from: &Table, to: &Table) -> Result<(), WriteError> {
    let between = interim(&to.name.name);
    free(script, &to.name.name);
    let sql = create::table(to, Some(&between))?;
    script.push(about(&to.name.name), Cost::Nothing, "is made anew", sql);
    let sql = format!("DROP TABLE {}", name(&from.name.name)?);
    script.push(about(&from.name.name), Cost::Nothing, "is made anew", sql);
    let sql = format!("ALTER TABLE {} RENAME TO {}", name(&between)?, name(&to.name.name)?);
    script.push(about(&to.name.name), Cost::Nothing, "takes its place", sql);
    Ok(())
}

/// Makes a table anew that has no rows.
pub(super) fn replace(script: &mut Script, from: &Table, to: &Table) -> Result<(), WriteError> {
    let sql = format!("DROP TABLE {}", name(&from.name.name)?);
    script.push(about(&from.name.name), Cost::Nothing, "is made anew", sql);
    let sql = create::table(to, None)?;
    script.push(about(&to.name.name), Cost::Nothing, "shows what others hold", sql);
    Ok(())
}

/// Fills it from the text it is over.
pub(super) fn fill(script: &mut Script, table: &Table) -> Result<(), WriteError> {
    let own = name(&table.name.name)?;
    let sql = format!("INSERT INTO {own} ({own}) VALUES ('rebuild')");
    script.push(
        about(&table.name.name),
        Cost::Rewrite,
        "indexes the rows that are there",
        sql,
    );
    Ok(())
}

/// Takes the settings that were given to a full-text table by commands along to the one that takes its place.
pub(super) fn settings(script: &mut Script, from: &Table, to: &Table) -> Result<(), WriteError> {
    let is_fts5 = |table: &Table| table.virtual_table.as_ref().is_some_and(|one| one.module == "fts5");
    if !is_fts5(from) || !is_fts5(to) {
        return Ok(());
    }
    let new = name(&interim(&to.name.name))?;
    let sql = format!(
        "INSERT INTO {new} ({new}, rank) SELECT k, v FROM {} WHERE k <> 'version'",
        name(&format!("{}_config", from.name.name))?
    );
    script.push(about(&to.name.name), Cost::Nothing, "keeps its settings", sql);
    Ok(())
}
