//! Connection URLs without their secrets.
//!
//! What people write is not always a URL that a parser accepts: a password may hold `@`, `/` or `?` that nobody escaped.
//! Where two readings differ, what could be a password in either of them is left out.

/// The URL with its password, and any secret query parameter, replaced by `***`.
pub fn redact(url: &str) -> String {
    let is_scheme =
        |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b));
    let (scheme, rest) = match url.find("://").filter(|at| is_scheme(&url[..*at])) {
        Some(at) => url.split_at(at + "://".len()),
        None => ("", url),
    };
    // The last '@' ends the user part.
    let (user, rest) = rest.split_at(rest.rfind('@').unwrap_or(0));
    let name = user.split([':', '/', '?', '#', '@']).next().unwrap_or_default();
    if user.is_empty() && !scheme.starts_with("sqlite") && !scheme.is_empty() {
        // Where the host is missing, what looks like its port is a password.
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        if let Some((host, port)) = authority.rsplit_once(':')
            && !authority.ends_with(']')
            && !port.bytes().all(|b| b.is_ascii_digit())
        {
            let name = host.split(':').next().unwrap_or_default();
            return format!("{scheme}{name}:***");
        }
    }
    if name == user {
        return format!("{scheme}{user}{}", redact_parameters(rest));
    }
    // An '@' behind a '?' may end a password or stand in a parameter's value: then what follows it may be secret, too.
    let shown = match user.contains('?') {
        true => String::new(),
        false => redact_parameters(rest),
    };
    format!("{scheme}{name}:***{shown}")
}

fn redact_parameters(text: &str) -> String {
    let shown: Vec<_> = text.split('&').map(redact_parameter).collect();
    shown.join("&")
}

/// One `key=value`; the first one has all of the URL before it.
fn redact_parameter(pair: &str) -> String {
    match pair.split_once('=') {
        Some((before, _)) if is_secret(before.rsplit('?').next().unwrap_or_default()) => format!("{before}=***"),
        _ => pair.to_owned(),
    }
}

/// A key with an escape in it may say anything.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "pass", "pwd", "key", "token", "secret", "%"]
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
            ("postgres://app:s3?r=t@db/shop?a=b", "postgres://app:***"),
            ("postgres://app:1?s3cret@db/shop", "postgres://app:***"),
            ("postgres://app@db/shop?password=a@s3cret", "postgres://app:***"),
            (
                "postgres://app@db/shop?pass%77ord=s3cret",
                "postgres://app@db/shop?pass%77ord=***",
            ),
            ("postgres://app:s3cret", "postgres://app:***"),
            ("postgres://[::1]:5432/shop", "postgres://[::1]:5432/shop"),
            ("postgres://[::1]/shop", "postgres://[::1]/shop"),
            ("postgres:/app:s3://cret@db/shop", "postgres:***@db/shop"),
            ("app:s3cret@db/shop", "app:***@db/shop"),
            (
                "postgres://db:5432/shop?application_name=web",
                "postgres://db:5432/shop?application_name=web",
            ),
            ("sqlite://shop.db", "sqlite://shop.db"),
            ("sqlite::memory:", "sqlite::memory:"),
        ];
        for (url, shown) in cases {
            assert_eq!(redact(url), shown);
        }
    }
}
