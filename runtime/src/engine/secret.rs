//! Connection URLs without their secrets.

/// The URL with its password, and any secret query parameter, replaced by `***`.
pub fn redact(url: &str) -> String {
    let (base, query) = match query_at(url) {
        Some(at) => (&url[..at], Some(&url[at + 1..])),
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

/// Where the query begins: a '?' before the '@' may belong to a password that nobody escaped.
fn query_at(url: &str) -> Option<usize> {
    let first = url.find('?')?;
    let host = url.find("://").map_or(0, |at| at + 3);
    let authority = url.get(host..first)?;
    let port = authority.split('/').next().and_then(|a| a.rsplit_once(':'));
    let is_port = port.is_none_or(|(_, digits)| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()));
    let has_user = authority.contains('@');
    match url.rfind('@') {
        Some(at) if !has_user && !is_port && at > first => url[at..].find('?').map(|query| at + query),
        _ => Some(first),
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
            ("postgres://app:s3?r=t@db/shop?a=b", "postgres://app:***@db/shop?a=b"),
            (
                "postgres://db:5432/shop?application_name=a@b",
                "postgres://db:5432/shop?application_name=a@b",
            ),
            ("sqlite://shop.db", "sqlite://shop.db"),
            ("sqlite::memory:", "sqlite::memory:"),
        ];
        for (url, shown) in cases {
            assert_eq!(redact(url), shown);
        }
    }
}
