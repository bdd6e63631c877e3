//! Metadata rows: read, or told to be damaged or newer; an event that was read is written and read as the same.
//!
//! The first character says which document the rest is.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockstep::Error;
use lockstep::fuzzing::{Tables, event, facts, journal_entry};

fn is_told<T>(read: lockstep::Result<T>) -> Option<T> {
    match read {
        Ok(read) => Some(read),
        Err(Error::Damaged { .. } | Error::NewerFormat { .. }) => None,
        Err(other) => panic!("{other:?}"),
    }
}

fuzz_target!(|text: &str| {
    let empty = Tables {
        format: Some("1"),
        schemas: "[]",
        bindings: "[]",
        leases: "[]",
        ..Tables::default()
    };
    let mut characters = text.chars();
    let (which, text) = (characters.next(), characters.as_str());
    match which {
        Some('s') => drop(is_told(facts(Tables { schemas: text, ..empty }))),
        Some('b') => drop(is_told(facts(Tables {
            bindings: text,
            ..empty
        }))),
        Some('l') => drop(is_told(facts(Tables { leases: text, ..empty }))),
        Some('o') => drop(is_told(facts(Tables {
            operation: Some(text),
            ..empty
        }))),
        Some('f') => drop(is_told(facts(Tables {
            format: Some(text),
            ..empty
        }))),
        Some('e') => {
            if let Some(read) = is_told(event(1, 1, "web-1", text)) {
                let written = serde_json::to_string(&read.kind).expect("it can be written");
                assert_eq!(event(1, 1, "web-1", &written).expect("it can be read"), read);
            }
        }
        Some('i') => drop(is_told(event(1, 1, text, "{}"))),
        Some('j') => {
            let mut fields = text.split('\n');
            let texts = [(); 4].map(|()| fields.next().unwrap_or_default());
            let numbers = [(); 5].map(|()| fields.next().and_then(|n| n.parse().ok()).unwrap_or_default());
            is_told(journal_entry(texts, numbers));
        }
        _ => {}
    }
});
