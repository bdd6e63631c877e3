//! `handlers.toml`, `schema.toml`, `schema.json`: never panic, and an error names a line of the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockstep::fuzzing::{handlers_toml, schema_json, schema_toml};
use lockstep::{Error, SchemaVersion};

fn is_pointed_at(text: &str, error: Error) {
    let Error::Format { line, .. } = error else {
        panic!("{error:?}");
    };
    let lines = text.matches('\n').count() + 1;
    assert!(
        line.is_none_or(|line| (1..=lines).contains(&(line as usize))),
        "{line:?}"
    );
}

fuzz_target!(|text: &str| {
    let version = SchemaVersion::new("schema_v2").expect("a name");
    if let Err(error) = handlers_toml(text) {
        is_pointed_at(text, error);
    }
    if let Err(error) = schema_json(text, &version) {
        is_pointed_at(text, error);
    }
    if let Err(error) = schema_toml(text, version) {
        is_pointed_at(text, error);
    }
});
