//! Redaction: what stands between user and host is not shown, nor a parameter that is a password.
#![no_main]

use libfuzzer_sys::fuzz_target;
use lockstep::redact;

const MARK: &str = "S3CR3T";

fuzz_target!(|text: &str| {
    redact(text);
    let (before, after) = text.split_at(text.floor_char_boundary(text.len() / 2));
    for url in [
        format!("postgres://app:{before}{MARK}{after}@db/shop"),
        // With "//" it would be a scheme and a user to everybody.
        format!(
            "app:{}{MARK}{after}@db/shop?sslmode=require",
            before.trim_start_matches('/')
        ),
        format!(
            "postgres://app@db/shop?password={}{MARK}{after}",
            before.replace('&', "")
        ),
    ] {
        // The fuzzer may know the mark; then what it wrote elsewhere is no secret.
        assert!(text.contains(MARK) || !redact(&url).contains(MARK), "{url:?}");
    }
});
