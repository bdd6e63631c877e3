//! Connection URLs: the password is not shown, however it is written.

use lockstep::redact;
use proptest::prelude::*;

/// What people put into passwords without escaping it.
fn junk() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "@",
        "/",
        "?",
        "#",
        ":",
        "://",
        "=",
        "&",
        "%",
        "%40",
        "[",
        "]",
        " ",
        "1",
        "5432",
        "a",
        "é",
        "\\",
        "'",
        "password=",
    ]);
    prop::collection::vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

const MARK: &str = "S3CR3T";

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(5_000) })]

    #[test]
    fn a_password_is_never_shown(
        scheme in prop::sample::select(vec!["postgres://", "postgresql://", "mysql://", "postgres:/", "postgres:", ""]),
        user in "[a-z]{0,6}",
        before in junk(),
        after in junk(),
        rest in prop::sample::select(vec!["", "/shop", ":5432/shop", "/shop?sslmode=require", "/shop?user=me@server&a=b"]),
    ) {
        // `app://word@db` is a scheme and a user to everybody.
        prop_assume!(!scheme.is_empty() || !before.starts_with("//"));
        let url = format!("{scheme}{user}:{before}{MARK}{after}@db{rest}");
        prop_assert!(!redact(&url).contains(MARK), "{url} is shown as {}", redact(&url));
    }

    #[test]
    fn a_password_among_the_parameters_is_never_shown(
        key in prop::sample::select(vec!["password", "PASSWORD", "sslpassword", "ssl-key", "pass%77ord", "token", "p%61ss"]),
        // An '&' ends the value in everybody's reading.
        before in junk().prop_map(|junk| junk.replace('&', "")),
        after in junk().prop_map(|junk| junk.replace('&', "")),
        host in prop::sample::select(vec!["db", "app@db", "app:other@db", "db:5432", ""]),
        rest in prop::sample::select(vec!["", "&sslmode=require", "&user=me@server"]),
    ) {
        let url = format!("postgres://{host}/shop?a=b&{key}={before}{MARK}{after}{rest}");
        prop_assert!(!redact(&url).contains(MARK), "{url} is shown as {}", redact(&url));
    }

    #[test]
    fn redacting_never_panics_and_leaves_what_cannot_hold_a_secret(url in any::<String>(), plain in "[a-z0-9/. ?&é]{0,20}") {
        redact(&url);
        prop_assert_eq!(redact(&plain), plain);
    }
}

#[test]
fn a_url_without_secrets_is_shown_as_it_is() {
    for url in [
        "postgres://db/shop",
        "postgres://app@db:5432/shop?sslmode=require&application_name=web",
        "postgres://app@localhost/shop?host=/var/run/postgresql",
        "sqlite://shop.db?mode=rwc",
        "sqlite::memory:",
    ] {
        assert_eq!(redact(url), url);
    }
}
