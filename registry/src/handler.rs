//! Handlers and their versions.

use serde::{Deserialize, Serialize};

use crate::parse::{as_string, name_type};
use crate::{ApiVersion, ParseError};

name_type! {
    /// Something that serves an API: `users`, `/api/users`, `orders.v1.Orders`; at most 120 bytes.
    HandlerId, "a handler", max 120, extra "_-./:{}", first "_/{"
}

/// A handler at one API version, written `users@1.4.0` or `/api/users@tsv:1732186200-users-001`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HandlerVersion {
    /// What serves.
    pub handler: HandlerId,
    /// Which version of it.
    pub version: ApiVersion,
}
as_string!(HandlerVersion);

impl HandlerVersion {
    /// Puts a handler and a version together.
    pub fn new(handler: HandlerId, version: ApiVersion) -> Self {
        Self { handler, version }
    }
}

const WHAT: &str = "a handler version";

/// Splits `handler@rest` at the last `@`.
pub(crate) fn split_at_sign<'a>(what: &'static str, text: &'a str) -> Result<(HandlerId, &'a str, usize), ParseError> {
    let Some(at) = text.rfind('@') else {
        let reason = "there is no '@' between handler and version, as in users@1.4.0";
        return Err(ParseError::at(what, text, text.len(), reason));
    };
    let handler = HandlerId::new(&text[..at]).map_err(|e| e.within(what, text, 0))?;
    Ok((handler, &text[at + 1..], at + 1))
}

impl std::str::FromStr for HandlerVersion {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        let (handler, version, start) = split_at_sign(WHAT, text)?;
        let version = version.parse().map_err(|e: ParseError| e.within(WHAT, text, start))?;
        Ok(Self { handler, version })
    }
}

impl std::fmt::Display for HandlerVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&format!("{}@{}", self.handler, self.version))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn the_forms_of_the_contract_are_read_and_printed_alike() {
        for text in [
            "users@1.4.0",
            "/api/users@tsv:1732186200-users-001",
            "orders.v1.Orders@2.0.0-rc.1",
            "/api/users/{id}@0.1.0",
        ] {
            let parsed: HandlerVersion = text.parse().unwrap();
            assert_eq!(parsed.to_string(), text);
            let json = serde_json::to_string(&parsed).unwrap();
            assert_eq!(serde_json::from_str::<HandlerVersion>(&json).unwrap(), parsed);
        }
    }

    #[test]
    fn a_wrong_one_is_pointed_at() {
        let cases = [
            ("users", 5, "there is no '@'"),
            ("@1.0.0", 0, "empty"),
            ("us ers@1.0.0", 2, "not allowed"),
            ("users@", 6, "empty"),
            ("users@1.x", 8, "unexpected character 'x'"),
            ("users@tsv:12-a", 14, "sequence"),
        ];
        for (text, position, reason) in cases {
            let error = text.parse::<HandlerVersion>().unwrap_err();
            assert_eq!(error.position, position, "{error}");
            assert!(error.reason.contains(reason), "{error}");
            assert_eq!(error.input, text);
        }
    }
}
