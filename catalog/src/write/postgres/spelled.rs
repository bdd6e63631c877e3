//! Constraints and indexes in SQL: as the server printed them where it did, else put together from their parts.

use std::borrow::Cow;

use super::names::{ident, qualified};
use crate::structure::{Constraint, ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Key};

/// What stands behind a constraint's name.
pub(super) fn constraint(one: &Constraint) -> Cow<'_, str> {
    if let Some(definition) = &one.definition {
        return Cow::Borrowed(definition);
    }
    let mut text = match &one.kind {
        ConstraintKind::PrimaryKey(key) => format!("PRIMARY KEY{}", of_key(key)),
        ConstraintKind::Unique(key) => format!("UNIQUE{}", of_key(key)),
        ConstraintKind::ForeignKey(key) => foreign(key),
        ConstraintKind::Check { expression } => format!("CHECK ({expression})"),
        ConstraintKind::Exclusion { definition } => definition.clone(),
    };
    if one.options.contains_key("no_inherit") {
        text.push_str(" NO INHERIT");
    }
    match one.deferrable {
        None => {}
        Some(false) => text.push_str(" DEFERRABLE"),
        Some(true) => text.push_str(" DEFERRABLE INITIALLY DEFERRED"),
    }
    Cow::Owned(text)
}

/// What stands behind `USING`.
pub(super) fn index(one: &Index) -> Cow<'_, str> {
    if let Some(using) = one.options.get("using") {
        return Cow::Borrowed(using);
    }
    let method = if one.method.is_empty() { "btree" } else { &one.method };
    let parts: Vec<String> = one.parts.iter().map(part).collect();
    let mut text = format!("{method} ({}){}", parts.join(", "), include(&one.include));
    if one.nulls_not_distinct {
        text.push_str(" NULLS NOT DISTINCT");
    }
    if let Some(predicate) = &one.predicate {
        text.push_str(&format!(" WHERE {predicate}"));
    }
    Cow::Owned(text)
}

fn part(one: &IndexPart) -> String {
    let mut text = match &one.on {
        IndexTarget::Column(name) => ident(name),
        IndexTarget::Expression(expression) => format!("({expression})"),
    };
    if let Some(collation) = &one.collation {
        text.push_str(&format!(" COLLATE {collation}"));
    }
    if let Some(class) = &one.operator_class {
        text.push_str(&format!(" {class}"));
    }
    if one.descending {
        text.push_str(" DESC");
    }
    match one.nulls_first {
        None => {}
        Some(true) => text.push_str(" NULLS FIRST"),
        Some(false) => text.push_str(" NULLS LAST"),
    }
    text
}

fn list(columns: &[String]) -> String {
    columns.iter().map(|one| ident(one)).collect::<Vec<_>>().join(", ")
}

fn include(columns: &[String]) -> String {
    match columns.is_empty() {
        true => String::new(),
        false => format!(" INCLUDE ({})", list(columns)),
    }
}

fn of_key(key: &Key) -> String {
    let nulls = if key.nulls_not_distinct {
        " NULLS NOT DISTINCT"
    } else {
        ""
    };
    let columns: Vec<String> = key.parts.iter().map(part).collect();
    format!("{nulls} ({}){}", columns.join(", "), include(&key.include))
}

fn foreign(key: &ForeignKey) -> String {
    let mut text = format!(
        "FOREIGN KEY ({}) REFERENCES {}",
        list(&key.columns),
        qualified(&key.references)
    );
    if !key.referenced.is_empty() {
        text.push_str(&format!("({})", list(&key.referenced)));
    }
    if key.match_full {
        text.push_str(" MATCH FULL");
    }
    for (when, action) in [("UPDATE", &key.on_update), ("DELETE", &key.on_delete)] {
        if !action.is_empty() && action != "NO ACTION" {
            text.push_str(&format!(" ON {when} {action}"));
        }
    }
    if !key.on_delete_columns.is_empty() {
        text.push_str(&format!(" ({})", list(&key.on_delete_columns)));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::structure::Name;

    #[test]
    fn what_no_server_printed_is_put_together() {
        let foreign = Constraint {
            name: "f".to_owned(),
            generated_name: false,
            kind: ConstraintKind::ForeignKey(ForeignKey {
                columns: vec!["a".to_owned()],
                references: Name::new("public", "t"),
                referenced: vec!["id".to_owned()],
                on_delete: "SET NULL".to_owned(),
                on_update: "NO ACTION".to_owned(),
                on_delete_columns: vec!["a".to_owned()],
                match_full: false,
            }),
            definition: None,
            deferrable: Some(true),
            unchecked: false,
            inherited: false,
            options: Default::default(),
            comment: None,
        };
        assert_eq!(
            constraint(&foreign),
            r#"FOREIGN KEY ("a") REFERENCES "public"."t"("id") ON DELETE SET NULL ("a") DEFERRABLE INITIALLY DEFERRED"#
        );
        let one = Index {
            parts: vec![IndexPart {
                descending: true,
                nulls_first: Some(false),
                ..IndexPart::column("n")
            }],
            include: vec!["m".to_owned()],
            predicate: Some("(n > 0)".to_owned()),
            ..Index::default()
        };
        assert_eq!(
            index(&one),
            r#"btree ("n" DESC NULLS LAST) INCLUDE ("m") WHERE (n > 0)"#
        );
    }
}
