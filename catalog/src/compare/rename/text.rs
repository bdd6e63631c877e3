//! What SQLite does to the texts it keeps when a table or a column is renamed: the names in them are replaced.
//!
//! The engine resolves each name; here every name that is spelled so is replaced where the table is mentioned. Where that is
//! too much, the text comes out different from what is wanted, and the object is made again: never wrong, at times needless.

use crate::Dialect;
use crate::dialect::enclose;
use crate::normalize::canonical_sql;
use crate::read::sqlite::{expression, fold, mentioned, respelled};
use crate::structure::{ConstraintKind, IndexTarget, Name, Structure, Table};

/// In all texts, the table's old name by its new one.
pub(super) fn rename_table(now: &mut Structure, old: &Name, to: &Name) {
    let (old, new) = (fold(&old.name), enclose(&to.name, '"'));
    let replace = |name: &str, _: bool| (name == old).then(|| new.clone());
    objects(now, &replace, &|_| true);
    let qualifier = |name: &str, qualifies: bool| (qualifies && name == old).then(|| new.clone());
    if let Some(table) = now.tables.iter_mut().find(|one| one.name == *to) {
        expressions(table, &qualifier);
    }
}

/// In the texts about a table, a column's old name by its new one.
pub(super) fn rename_column(now: &mut Structure, table: &Name, old: &str, to: &str) {
    let new = enclose(to, '"');
    let replace = |name: &str, qualifies: bool| (!qualifies && name == old).then(|| new.clone());
    let about = fold(&table.name);
    objects(now, &replace, &|text| mentioned(text).contains(&about));
    if let Some(table) = now.tables.iter_mut().find(|one| one.name == *table) {
        expressions(table, &replace);
    }
}

type Replace<'a> = &'a dyn Fn(&str, bool) -> Option<String>;

fn objects(now: &mut Structure, replace: Replace<'_>, is_about: &dyn Fn(&str) -> bool) {
    let views = now.views.iter_mut().map(|view| &mut view.query);
    let triggers = now.triggers.iter_mut().map(|trigger| &mut trigger.definition);
    for text in views.chain(triggers) {
        if is_about(text) {
            *text = canonical_sql(Dialect::Sqlite, &respelled(text, replace));
        }
    }
}

fn expressions(table: &mut Table, replace: Replace<'_>) {
    let again = |text: &mut String| *text = expression(&respelled(text, replace), &|_| true);
    for column in &mut table.columns {
        if let Some(generated) = &mut column.generated {
            again(&mut generated.expression);
        }
    }
    for constraint in &mut table.constraints {
        if let ConstraintKind::Check { expression } = &mut constraint.kind {
            again(expression);
        }
    }
    for index in &mut table.indexes {
        for part in &mut index.parts {
            if let IndexTarget::Expression(expression) = &mut part.on {
                again(expression);
            }
        }
        if let Some(predicate) = &mut index.predicate {
            again(predicate);
        }
    }
}
