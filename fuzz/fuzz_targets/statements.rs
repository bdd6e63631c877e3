//! Splitting: never panics, an error lies inside the text, and the statements joined and split again are the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockstep::catalog::{Dialect, forbids_transaction, index_of_concurrent, split};

fuzz_target!(|text: &str| {
    let plain = text
        .strip_prefix('\u{feff}')
        .unwrap_or(text)
        .replace("\r\n", "\n")
        .replace('\r', "\n");
    for dialect in Dialect::ALL {
        match split(dialect, text) {
            Ok(statements) => {
                for statement in &statements {
                    assert!(text.contains(&statement.text));
                    forbids_transaction(dialect, statement);
                    index_of_concurrent(dialect, statement);
                }
                let joined: String = statements.iter().map(|s| format!("{};\n", s.text)).collect();
                let again = split(dialect, &joined).expect("what was split can be split again");
                assert!(
                    again.iter().map(|s| &s.text).eq(statements.iter().map(|s| &s.text)),
                    "{dialect}"
                );
            }
            Err(error) => {
                let line = plain
                    .split('\n')
                    .nth(error.line() as usize - 1)
                    .expect("a line of the text");
                assert!(
                    (1..=line.chars().count() + 1).contains(&(error.column() as usize)),
                    "{dialect}: {error:?}"
                );
            }
        }
    }
});
