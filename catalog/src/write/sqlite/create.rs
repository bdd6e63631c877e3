//! CREATE statements: as their author wrote them where the text is there, else from the model.

use crate::dialect::enclose;
use crate::read::sqlite::{self as read, Declared, fold};
use crate::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Key, Table, Trigger, View,
};
use crate::write::WriteError;
use crate::{Dialect, quote};

pub(super) fn name(name: &str) -> Result<String, WriteError> {
    Ok(quote(Dialect::Sqlite, name)?)
}

fn names(names: &[String]) -> Result<String, WriteError> {
    let quoted: Vec<String> = names.iter().map(|one| name(one)).collect::<Result<_, _>>()?;
    Ok(quoted.join(", "))
}

pub(super) fn literal(text: &str) -> String {
    enclose(text, '\'')
}

/// What a table's text says, where it says what the model does: a structure that was changed after it was read is written
/// from the model.
pub(super) fn as_written(table: &Table) -> Option<Declared> {
    let declared = read::table(table.sql.as_deref()?)?;
    let text = &declared.table;
    let same = fold(&text.name.name) == fold(&table.name.name)
        && text.columns == table.columns
        && text.constraints == table.constraints
        && text.options == table.options;
    same.then_some(declared)
}

/// `CREATE TABLE`, under another name where one is given.
pub(super) fn table(table: &Table, under: Option<&str>) -> Result<String, WriteError> {
    let called = under.unwrap_or(&table.name.name);
    if let Some(one) = &table.virtual_table {
        let text = table
            .sql
            .as_deref()
            .filter(|sql| read::virtual_table(sql).is_some_and(|read| read.virtual_table.as_ref() == Some(one)));
        if let (Some(text), None) = (text, under) {
            return Ok(text.to_owned());
        }
        let tail = match text.and_then(after_using) {
            Some(tail) => tail.to_owned(),
            None => format!("{}({})", one.module, one.arguments.join(", ")),
        };
        return Ok(format!("CREATE VIRTUAL TABLE {} USING {tail}", name(called)?));
    }
    let unread = table.options.contains_key("definition");
    match (as_written(table), &table.sql) {
        (Some(declared), Some(sql)) if under.is_some() => {
            // A check may name its own table: under the interim name too, and SQLite takes it back with the rename.
            let (own, interim) = (fold(&table.name.name), name(called)?);
            let qualifier = |word: &str, qualifies: bool| (qualifies && word == own).then(|| interim.clone());
            let body = read::respelled(&sql[declared.name.end..], &qualifier);
            Ok(format!("CREATE TABLE {interim}{body}"))
        }
        (Some(_), Some(sql)) => Ok(sql.clone()),
        (None, Some(sql)) if unread && under.is_none() => Ok(sql.clone()),
        _ if unread => Err(WriteError::Unsupported {
            about: format!("table {}", table.name),
            message: "its definition holds words that are not known here".to_owned(),
        }),
        _ if under.is_some() => from_model(&qualified_by(table, called)?, called),
        _ => from_model(table, called),
    }
}

/// The table with what its expressions call it put right.
fn qualified_by(table: &Table, called: &str) -> Result<Table, WriteError> {
    let (own, called) = (fold(&table.name.name), name(called)?);
    let qualifier = |word: &str, qualifies: bool| (qualifies && word == own).then(|| called.clone());
    let mut table = table.clone();
    for constraint in &mut table.constraints {
        if let ConstraintKind::Check { expression } = &mut constraint.kind {
            *expression = read::respelled(expression, &qualifier);
        }
    }
    for generated in table.columns.iter_mut().filter_map(|one| one.generated.as_mut()) {
        generated.expression = read::respelled(&generated.expression, &qualifier);
    }
    Ok(table)
}

/// What follows `USING`.
fn after_using(sql: &str) -> Option<&str> {
    let at = sql.to_ascii_uppercase().find(" USING ")?;
    Some(sql[at + " USING ".len()..].trim())
}

fn from_model(table: &Table, called: &str) -> Result<String, WriteError> {
    // A primary key of one column has to stand with it: only there DESC and AUTOINCREMENT mean what they do.
    let own_key = table.constraints.iter().find(|one| match &one.kind {
        ConstraintKind::PrimaryKey(key) => matches!(key.parts.as_slice(), [part] if part.collation.is_none()),
        _ => false,
    });
    let mut lines = Vec::new();
    for one in &table.columns {
        let key = own_key.filter(|key| match &key.kind {
            ConstraintKind::PrimaryKey(key) => key
                .parts
                .iter()
                .any(|part| part.column_name().map(fold) == Some(fold(&one.name))),
            _ => false,
        });
        let constraints: Vec<&Constraint> = key.into_iter().collect();
        lines.push(format!("  {}", column(one, &constraints)?));
    }
    for one in table.constraints.iter().filter(|one| own_key != Some(one)) {
        lines.push(format!("  {}", table_constraint(one)?));
    }
    let mut options = Vec::new();
    if table.options.contains_key("without_rowid") {
        options.push("WITHOUT ROWID");
    }
    if table.options.contains_key("strict") {
        options.push("STRICT");
    }
    let tail = if options.is_empty() {
        String::new()
    } else {
        format!(" {}", options.join(", "))
    };
    Ok(format!(
        "CREATE TABLE {} (\n{}\n){tail}",
        name(called)?,
        lines.join(",\n")
    ))
}

/// A column with the constraints that stand with it.
pub(super) fn column(one: &Column, constraints: &[&Constraint]) -> Result<String, WriteError> {
    let mut text = name(&one.name)?;
    if !one.data_type.is_empty() {
        text.push(' ');
        text.push_str(&one.data_type);
    }
    for constraint in constraints {
        text.push(' ');
        text.push_str(&column_constraint(constraint, one.auto_increment)?);
    }
    if !one.nullable {
        text.push_str(" NOT NULL");
        if let Some(action) = one.options.get("not_null_on_conflict") {
            text.push_str(&format!(" ON CONFLICT {action}"));
        }
    }
    if let Some(default) = &one.default {
        text.push_str(&format!(" DEFAULT {}", default_value(default)));
    }
    if let Some(collation) = &one.collation {
        text.push_str(&format!(" COLLATE {}", name(collation)?));
    }
    if let Some(generated) = &one.generated {
        let kept = if generated.stored { "STORED" } else { "VIRTUAL" };
        text.push_str(&format!(" GENERATED ALWAYS AS ({}) {kept}", generated.expression));
    }
    Ok(text)
}

/// A default as it stands behind `DEFAULT`: bare where it is a literal, in brackets where it is computed.
pub(super) fn default_value(default: &str) -> String {
    let computed = !is_literal(default) && !default.starts_with("current_");
    if computed {
        format!("({default})")
    } else {
        default.to_owned()
    }
}

/// Whether a default is one value, so that SQLite can give it to rows that are there already.
pub(super) fn is_literal(default: &str) -> bool {
    let number = default.trim_start_matches(['-', '+', ' ']);
    let is_string = |text: &str| {
        text.len() > 1 && text.starts_with('\'') && text.ends_with('\'') && {
            let inside = &text[1..text.len() - 1];
            !inside.replace("''", "").contains('\'')
        }
    };
    ["null", "true", "false"].contains(&default)
        || is_string(default)
        || (default.starts_with(['x', 'X']) && is_string(&default[1..]))
        || (number.starts_with(|c: char| c.is_ascii_digit() || c == '.')
            && number.bytes().enumerate().all(|(at, byte)| {
                byte.is_ascii_alphanumeric()
                    || byte == b'.'
                    || byte == b'_'
                    || (matches!(byte, b'+' | b'-') && at > 0 && matches!(number.as_bytes()[at - 1], b'e' | b'E'))
            }))
}

fn named(constraint: &Constraint, text: String) -> Result<String, WriteError> {
    let conflict = match constraint.options.get("on_conflict") {
        Some(action) => format!(" ON CONFLICT {action}"),
        None => String::new(),
    };
    Ok(if constraint.name.is_empty() {
        format!("{text}{conflict}")
    } else {
        format!("CONSTRAINT {} {text}{conflict}", name(&constraint.name)?)
    })
}

fn column_constraint(one: &Constraint, counts: bool) -> Result<String, WriteError> {
    Ok(match &one.kind {
        ConstraintKind::PrimaryKey(key) => {
            let direction = if key.parts.iter().any(|part| part.descending) {
                " DESC"
            } else {
                ""
            };
            let text = named(one, format!("PRIMARY KEY{direction}"))?;
            if counts { format!("{text} AUTOINCREMENT") } else { text }
        }
        ConstraintKind::ForeignKey(key) => named(one, references(key, one.deferrable)?)?,
        _ => table_constraint(one)?,
    })
}

fn table_constraint(one: &Constraint) -> Result<String, WriteError> {
    let text = match &one.kind {
        ConstraintKind::PrimaryKey(Key { parts, .. }) => format!("PRIMARY KEY ({})", self::parts(parts)?),
        ConstraintKind::Unique(Key { parts, .. }) => format!("UNIQUE ({})", self::parts(parts)?),
        ConstraintKind::Check { expression } => format!("CHECK ({expression})"),
        ConstraintKind::ForeignKey(key) => format!(
            "FOREIGN KEY ({}) {}",
            names(&key.columns)?,
            references(key, one.deferrable)?
        ),
        ConstraintKind::Exclusion { .. } => {
            return Err(WriteError::Unsupported {
                about: format!("constraint {}", one.name),
                message: "SQLite has no exclusion constraints".to_owned(),
            });
        }
    };
    named(one, text)
}

fn references(key: &ForeignKey, deferrable: Option<bool>) -> Result<String, WriteError> {
    let mut text = format!("REFERENCES {}", name(&key.references.name)?);
    if !key.referenced.is_empty() {
        text.push_str(&format!(" ({})", names(&key.referenced)?));
    }
    for (event, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
        if !action.is_empty() && action != "NO ACTION" {
            text.push_str(&format!(" ON {event} {action}"));
        }
    }
    if key.match_full {
        text.push_str(" MATCH FULL");
    }
    match deferrable {
        Some(true) => text.push_str(" DEFERRABLE INITIALLY DEFERRED"),
        Some(false) => text.push_str(" DEFERRABLE INITIALLY IMMEDIATE"),
        None => {}
    }
    Ok(text)
}

fn parts(parts: &[IndexPart]) -> Result<String, WriteError> {
    let mut texts = Vec::with_capacity(parts.len());
    for part in parts {
        let mut text = match &part.on {
            IndexTarget::Column(column) => name(column)?,
            IndexTarget::Expression(expression) => expression.clone(),
        };
        if let Some(collation) = &part.collation {
            text.push_str(&format!(" COLLATE {}", name(collation)?));
        }
        if part.descending {
            text.push_str(" DESC");
        }
        texts.push(text);
    }
    Ok(texts.join(", "))
}

/// `CREATE INDEX`.
pub(super) fn index(table: &Table, one: &Index) -> Result<String, WriteError> {
    let is_column = |name: &str| table.columns.iter().any(|column| fold(&column.name) == fold(name));
    if let Some(sql) = &one.definition
        && let Some(read) = read::index(sql, &is_column)
        && fold(&read.name) == fold(&one.name)
        && (&read.parts, &read.predicate, read.unique) == (&one.parts, &one.predicate, one.unique)
    {
        return Ok(sql.clone());
    }
    let unique = if one.unique { "UNIQUE " } else { "" };
    let predicate = match &one.predicate {
        Some(predicate) => format!(" WHERE {predicate}"),
        None => String::new(),
    };
    Ok(format!(
        "CREATE {unique}INDEX {} ON {} ({}){predicate}",
        name(&one.name)?,
        name(&table.name.name)?,
        parts(&one.parts)?
    ))
}

/// `CREATE VIEW`.
pub(super) fn view(one: &View) -> Result<String, WriteError> {
    if let Some(sql) = &one.sql
        && read::view(sql).is_none_or(|read| fold(&read.name.name) == fold(&one.name.name) && read.query == one.query)
    {
        return Ok(sql.clone());
    }
    let link = if one.columns.is_empty() { " AS" } else { "" };
    Ok(format!("CREATE VIEW {}{link} {}", name(&one.name.name)?, one.query))
}

/// `CREATE TRIGGER`.
pub(super) fn trigger(one: &Trigger) -> Result<String, WriteError> {
    if let Some(sql) = &one.sql
        && read::trigger(sql)
            .is_none_or(|read| fold(&read.name) == fold(&one.name) && read.definition == one.definition)
    {
        return Ok(sql.clone());
    }
    Ok(format!("CREATE TRIGGER {} {}", name(&one.name)?, one.definition))
}
