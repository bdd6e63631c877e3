//! Connection URLs without their secrets.

/// The URL with its password, and any secret query parameter, replaced by `***`.
pub fn redact(url: &str) -> String {
    let (base, query) = match url.split_once('?') {
        Some((base, query)) => (base, Some(query)),
        None => (url, None),
    };
    let base = match base.split_once("://") {
        Some((scheme, rest)) => {
            // The last '@' before the path ends the user part; a password may hold an '@' or a '/' of its own.
            match rest.rfind('@') {
                Some(at) => {
                    let user = rest[..at].split(':').next().unwrap_or_default();
                    let secret = if rest[..at].contains(':') { ":***" } else { "" };
                    format!("{scheme}://{user}{secret}{}", &rest[at..])
                }
                None => base.to_owned(),
            }
        }
        None => base.to_owned(),
    };
    match query {
        None => base,
        Some(query) => {
            let shown: Vec<_> = query.split('&').map(redact_parameter).collect();
            format!("{base}?{}", shown.join("&"))
        }
    }
}

fn redact_parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((key, _)) if is_secret(key) => format!("{key}=***"),
        _ => pair.to_owned(),
    }
}

fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "pass", "key", "token", "secret"]
        .iter()
        .any(|word| key.contains(word))
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn a_password_is_never_shown() {
        let cases = [
            ("postgres://app:s3cret@db:5432/shop", "postgres://app:***@db:5432/shop"),
            (
                "postgres://app:s3:c@r/et@db/shop?sslmode=require",
                "postgres://app:***@db/shop?sslmode=require",
            ),
            (
                "postgres://app@db/shop?password=x&sslkey=y",
                "postgres://app@db/shop?password=***&sslkey=***",
            ),
            ("sqlite://shop.db", "sqlite://shop.db"),
            ("sqlite::memory:", "sqlite::memory:"),
        ];
        for (url, shown) in cases {
            assert_eq!(redact(url), shown);
        }
    }
}
