//! The JSON Schemas say what the readers take.

use serde_json::Value;

use super::*;

/// Every property of the file is a property of the schema, as deep as objects go.
fn holds_all(root: &Value, schema: &Value, value: &Value, path: &str) {
    let schema = resolved(root, schema);
    match value {
        Value::Object(object) => {
            for (name, inner) in object {
                let found = branches(root, schema).into_iter().find_map(|branch| {
                    let property = branch["properties"].get(name);
                    property.or_else(|| Some(&branch["additionalProperties"]).filter(|one| one.is_object()))
                });
                assert!(found.is_some(), "{path}.{name} is no part of the schema: {schema:#}");
                holds_all(root, found.unwrap(), inner, &format!("{path}.{name}"));
            }
        }
        Value::Array(list) => {
            let items = branches(root, schema)
                .into_iter()
                .find(|branch| branch["items"].is_object());
            assert!(items.is_some(), "{path} is no list in the schema: {schema:#}");
            for inner in list {
                holds_all(root, &items.unwrap()["items"], inner, path);
            }
        }
        _ => {}
    }
}

fn resolved<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(place) => root.pointer(place.trim_start_matches('#')).unwrap(),
        None => match schema["allOf"].as_array().map(Vec::as_slice) {
            Some([one]) => resolved(root, one),
            _ => schema,
        },
    }
}

fn branches<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    match schema["anyOf"].as_array() {
        Some(list) => list
            .iter()
            .flat_map(|one| branches(root, resolved(root, one)))
            .collect(),
        None => vec![schema],
    }
}

#[test]
fn a_definition_fits_its_schema() {
    let schema = definition_schema();
    let file: Value = serde_json::from_str(FILES_JSON).unwrap();
    holds_all(&schema, &schema, &file, "");
    assert_eq!(schema["additionalProperties"], false, "{schema:#}");
}

#[test]
fn entity_types_fit_theirs() {
    let schema = entities_schema();
    let file: Value = serde_json::from_str(
        r#"{"entity_types": {"product": {"attributes": [{"code": "a", "backend_type": "int", "default": 1}]}}}"#,
    )
    .unwrap();
    holds_all(&schema, &schema, &file, "");
}

#[test]
fn an_editor_is_told_what_everything_is() {
    for schema in [definition_schema(), entities_schema()] {
        let mut silent = Vec::new();
        let definitions = schema["definitions"].as_object().unwrap();
        for (name, of) in definitions.iter().chain([(&"root".to_owned(), &schema)]) {
            for (property, is) in of["properties"].as_object().into_iter().flatten() {
                if is["description"].as_str().is_none_or(str::is_empty) {
                    silent.push(format!("{name}.{property}"));
                }
            }
        }
        assert!(silent.is_empty(), "{silent:?}");
    }
}
