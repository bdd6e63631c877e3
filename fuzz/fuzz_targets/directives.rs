//! Directives: never panic, and an error names a line of the text.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockstep::catalog::directive;

fuzz_target!(|text: &str| {
    let lines = text.replace("\r\n", "\n").matches(['\n', '\r']).count() + 1;
    match directive::read(text) {
        Ok(found) => assert!(found.timeout.is_none_or(|t| !t.is_zero())),
        Err(error) => assert!((1..=lines).contains(&(error.line() as usize)), "{error}"),
    }
});
