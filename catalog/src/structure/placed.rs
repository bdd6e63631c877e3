//! Where a structure lies (PostgreSQL).
//!
//! ```text
//!  tenant_a.t, nextval('tenant_a.t_id_seq') ──► public.t, nextval('public.t_id_seq') ◄── tenant_b.t, …
//! ```

use std::collections::BTreeSet;

use serde_json::Value;

use super::Structure;
use crate::{Dialect, quote};

/// What stands for the one schema in which everything lies.
const ANYWHERE: &str = "public";

/// The structure as if it lay in [`ANYWHERE`], where all of it lies in one schema of another name.
pub(super) fn anywhere(structure: &Structure) -> Option<Structure> {
    if structure.dialect != Dialect::Postgres {
        return None;
    }
    let mut structure = structure.clone();
    structure.dependencies.clear();
    let mut value = serde_json::to_value(&structure).ok()?;
    let mut schemas = BTreeSet::new();
    find(&value, &mut schemas);
    schemas.extend(structure.namespaces.iter().map(|one| one.name.clone()));
    let (Some(schema), None) = (schemas.pop_first(), schemas.pop_first()) else {
        return None;
    };
    if schema == ANYWHERE {
        return None;
    }
    let quoted = quote(Dialect::Postgres, &schema).ok()?;
    replace(&mut value, &schema, &quoted);
    let mut moved: Structure = serde_json::from_value(value).ok()?;
    for namespace in &mut moved.namespaces {
        ANYWHERE.clone_into(&mut namespace.name);
    }
    moved.sort();
    Some(moved)
}

/// Every schema that a name is in.
fn find(value: &Value, schemas: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(schema) = fields.get("schema").and_then(Value::as_str) {
                schemas.insert(schema.to_owned());
            }
            fields.values().for_each(|one| find(one, schemas));
        }
        Value::Array(items) => items.iter().for_each(|one| find(one, schemas)),
        _ => {}
    }
}

fn replace(value: &mut Value, schema: &str, quoted: &str) {
    match value {
        Value::Object(fields) => {
            for (key, one) in fields {
                match one {
                    Value::String(text) if key == "schema" && text == schema => ANYWHERE.clone_into(text),
                    _ => replace(one, schema, quoted),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|one| replace(one, schema, quoted)),
        Value::String(text) => {
            for name in [quoted, schema] {
                if text.contains(name) {
                    *text = replaced(text, name);
                }
            }
        }
        _ => {}
    }
}

/// A text with a schema's name exchanged, where it is a whole word and stands before a point, or is called one.
fn replaced(text: &str, name: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(name) {
        let (head, tail) = rest.split_at(at);
        let after = &tail[name.len()..];
        out.push_str(head);
        let goes_on = |one: char| one.is_alphanumeric() || matches!(one, '_' | '$' | '.' | '"');
        let begins = !out.chars().next_back().is_some_and(goes_on);
        let whole = after.starts_with('.') || out.ends_with("SCHEMA ") && !after.starts_with(goes_on);
        // A function's own search path is a list of texts.
        let line = out.rsplit('\n').next().unwrap_or_default();
        let in_path = line.contains("SET search_path TO ") && out.ends_with('\'') && after.starts_with('\'');
        out.push_str(if begins && (whole || in_path) { ANYWHERE } else { name });
        rest = after;
    }
    out.push_str(rest);
    out
}

#[test]
fn only_a_whole_word_in_a_schemas_place_is_one() {
    assert_eq!(
        replaced("GRANT USAGE ON SCHEMA a TO a", "a"),
        "GRANT USAGE ON SCHEMA public TO a"
    );
    assert_eq!(
        replaced("SELECT a.x FROM a.t, b.a.t, aa.t, a", "a"),
        "SELECT public.x FROM public.t, b.a.t, aa.t, a"
    );
    assert_eq!(
        replaced("f()\n SET search_path TO 'a', 'b', 'a b'\nAS 'SELECT ''a'''", "a"),
        "f()\n SET search_path TO 'public', 'b', 'a b'\nAS 'SELECT ''a'''"
    );
    assert_eq!(
        replaced("nextval('\"A b\".s'::regclass)", "\"A b\""),
        "nextval('public.s'::regclass)"
    );
}
