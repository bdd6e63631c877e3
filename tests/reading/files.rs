//! `handlers.toml`, `schema.toml`, `schema.json`.

use std::collections::BTreeMap;

use lockstep::fuzzing::{handlers_toml, schema_json, schema_toml};
use lockstep::registry::{Action, Binding, SchemaVersion};
use lockstep::{Error, SchemaSpec};
use proptest::prelude::*;

use super::lines;

fn version() -> SchemaVersion {
    SchemaVersion::new("schema_v2").unwrap()
}

/// The error names the file, and a line that is in it.
fn is_pointed_at(text: &str, file: &str, error: &Error) -> Result<(), TestCaseError> {
    let Error::Format { path, line, message } = error else {
        return Err(TestCaseError::fail(format!("{error:?}")));
    };
    prop_assert_eq!(path, file);
    prop_assert!(
        line.is_none_or(|line| (1..=lines(text)).contains(&(line as usize))),
        "{error}: {text:?}"
    );
    prop_assert!(!message.is_empty());
    Ok(())
}

fn all_hold(text: &str) -> Result<(), TestCaseError> {
    if let Err(error) = handlers_toml(text) {
        is_pointed_at(text, "handlers.toml", &error)?;
    }
    if let Err(error) = schema_toml(text, version()) {
        is_pointed_at(text, "schema.toml", &error)?;
    }
    match schema_json(text, &version()) {
        Ok(spec) => prop_assert_eq!(spec.version, version()),
        Err(error) => is_pointed_at(text, "schema.json", &error)?,
    }
    Ok(())
}

fn file_like() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "[handlers]",
        "[handlers.users]",
        "[handlers.\"/api/users\"]",
        "[handlers.\"us ers\"]",
        "\"1.0.0\" = ",
        "\"1.x\" = ",
        "\"schema_v1\"",
        "\"schema v1\"",
        "{ schema = \"schema_v1\", tags = [\"stable\"] }",
        "{ schema = 1 }",
        "requires = ",
        "compatible_with = ",
        "description = ",
        "[\"schema_v1\"]",
        "[]",
        "[1]",
        "\"\"\"",
        "'",
        "other = 1",
        "{",
        "}",
        "\"version\":",
        "\"schema_v2\",",
        "\"migrations\":",
        "\"rollback\":",
        "[\"a\"]",
        ",",
        "é",
        "\u{0}",
    ]);
    let end = prop::sample::select(vec!["\n", "\r\n", " ", ""]);
    prop::collection::vec((piece, end), 0..10)
        .prop_map(|pieces| pieces.into_iter().map(|(piece, end)| format!("{piece}{end}")).collect())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn files_never_panic_and_their_errors_are_in_the_text(arbitrary in any::<String>(), likely in file_like()) {
        all_hold(&arbitrary)?;
        all_hold(&likely)?;
    }

    #[test]
    fn bindings_read_back(
        versions in prop::collection::btree_map(
            ("[a-z/][a-z0-9_./{}-]{0,12}", 0u64..4, 0u64..4),
            ("[a-z][a-z0-9_]{0,8}", prop::option::of("[a-f0-9]{0,8}")),
            0..6,
        ),
    ) {
        let bindings: BTreeMap<_, Binding> = versions
            .into_iter()
            .map(|((handler, major, minor), (schema, artifact))| {
                let named = format!("{handler}@{major}.{minor}.0").parse().unwrap();
                let binding = Binding { artifact, ..Binding::new(named, SchemaVersion::new(&schema).unwrap()) };
                (binding.handler_version.clone(), binding)
            })
            .collect();
        let mut text = String::new();
        for (at, binding) in bindings.values().enumerate() {
            let handler = &binding.handler_version.handler;
            if at == 0 || bindings.values().nth(at - 1).is_none_or(|b| b.handler_version.handler != *handler) {
                text += &format!("[handlers.\"{handler}\"]\n");
            }
            let (version, schema) = (&binding.handler_version.version, &binding.schema);
            text += &match &binding.artifact {
                None => format!("\"{version}\" = \"{schema}\"\n"),
                Some(artifact) => format!("\"{version}\" = {{ schema = \"{schema}\", artifact = \"{artifact}\" }}\n"),
            };
        }
        let read: BTreeMap<_, _> = handlers_toml(&text)
            .map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))?
            .into_iter()
            .map(|binding| (binding.handler_version.clone(), binding))
            .collect();
        prop_assert_eq!(read, bindings, "{}", text);
    }

    #[test]
    fn a_flat_schema_reads_back_paired_by_position(
        pairs in prop::collection::vec((any::<String>(), any::<String>()), 0..5),
        description in any::<String>(),
    ) {
        let (ups, downs): (Vec<_>, Vec<_>) = pairs.iter().cloned().unzip();
        let text = serde_json::json!({
            "version": version(), "description": description, "migrations": ups, "rollback": downs,
        });
        let spec: SchemaSpec = schema_json(&text.to_string(), &version()).unwrap();
        let read: Vec<_> = spec
            .steps
            .into_iter()
            .map(|step| match (step.up, step.down) {
                (Action::Sql(up), Some(Action::Sql(down))) => (up, down),
                other => panic!("{other:?}"),
            })
            .collect();
        prop_assert_eq!((read, spec.description), (pairs, description));
    }
}
