//! API versions: semver, or a TSV that carries its time.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::parse::{as_string, check_name};
use crate::{ParseError, Timestamp};

/// A version that carries when it was made: `tsv:<unix seconds>-<slug>-<sequence>`.
///
/// Ordered by time, then sequence, then slug.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tsv {
    /// Seconds since 1970.
    pub seconds: u64,
    /// A short name for people; letters, digits, `_`, `.` and `-`.
    pub slug: Arc<str>,
    /// Tells versions of the same second apart; printed with at least three digits.
    pub sequence: u32,
}

impl Ord for Tsv {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let key = |t: &Self| (t.seconds, t.sequence);
        key(self).cmp(&key(other)).then_with(|| self.slug.cmp(&other.slug))
    }
}

impl PartialOrd for Tsv {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The version of an API: semver or a [`Tsv`]. Within a handler every semver sorts before every TSV.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ApiVersion {
    /// Such as `1.4.0`; ordered as semver orders.
    Semver(semver::Version),
    /// Such as `tsv:1732186200-users-001`.
    Tsv(Tsv),
}
as_string!(ApiVersion);

const WHAT: &str = "an API version";
const PREFIX: &str = "tsv:";
/// The longest version that is stored.
const MAX_BYTES: usize = 160;

impl ApiVersion {
    /// When the version was made, where it says so (a TSV does).
    pub fn made_at(&self) -> Option<Timestamp> {
        match self {
            Self::Semver(_) => None,
            Self::Tsv(tsv) => i64::try_from(tsv.seconds).ok()?.checked_mul(1_000_000).map(Timestamp),
        }
    }
}

impl std::str::FromStr for ApiVersion {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        if text.is_empty() {
            return Err(ParseError::at(WHAT, text, 0, "it is empty"));
        }
        if text.len() > MAX_BYTES {
            let at = text.floor_char_boundary(MAX_BYTES);
            let reason = format!("it is {} bytes long, at most {MAX_BYTES} fit", text.len());
            return Err(ParseError::at(WHAT, text, at, reason));
        }
        if text.starts_with(PREFIX) {
            return parse_tsv(text).map(Self::Tsv);
        }
        semver::Version::parse(text).map(Self::Semver).map_err(|error| {
            // semver tells the offending character but not its place.
            let reason = error.to_string();
            let offset = reason
                .split('\'')
                .nth(1)
                .and_then(|c| text.find(c))
                .unwrap_or(text.len());
            ParseError::at(WHAT, text, offset, reason)
        })
    }
}

fn parse_tsv(text: &str) -> Result<Tsv, ParseError> {
    let body = &text[PREFIX.len()..];
    let fail = |offset: usize, reason: &str| ParseError::at(WHAT, text, PREFIX.len() + offset, reason);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());

    let (seconds, rest) = body
        .split_once('-')
        .ok_or_else(|| fail(body.len(), "'-<slug>-<sequence>' is missing after the seconds"))?;
    if !digits(seconds) {
        return Err(fail(0, "the seconds since 1970 must be digits"));
    }
    let seconds = seconds
        .parse()
        .ok()
        .filter(|s| *s <= 253_402_300_799)
        .ok_or_else(|| fail(0, "the seconds lie beyond the year 9999"))?;
    let slug_at = body.len() - rest.len();
    let (slug, sequence) = rest
        .rsplit_once('-')
        .ok_or_else(|| fail(body.len(), "'-<sequence>' is missing after the slug"))?;
    check_name(WHAT, slug, 80, "_-.", "_").map_err(|e| e.within(WHAT, text, PREFIX.len() + slug_at))?;
    let sequence_at = slug_at + slug.len() + 1;
    if !digits(sequence) {
        return Err(fail(sequence_at, "the sequence must be digits"));
    }
    let sequence = sequence
        .parse()
        .map_err(|_| fail(sequence_at, "the sequence is too large"))?;
    Ok(Tsv {
        seconds,
        slug: slug.into(),
        sequence,
    })
}

impl std::fmt::Display for Tsv {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{PREFIX}{}-{}-{:03}", self.seconds, self.slug, self.sequence)
    }
}

impl std::fmt::Display for ApiVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Semver(version) => write!(f, "{version}"),
            Self::Tsv(tsv) => write!(f, "{tsv}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn version(text: &str) -> ApiVersion {
        text.parse().unwrap()
    }

    #[test]
    fn versions_sort_by_meaning_not_by_text() {
        let sorted = [
            "1.9.0",
            "1.10.0-rc.1",
            "1.10.0",
            "tsv:999-users-001",
            "tsv:1732186200-users-001",
            "tsv:1732186200-aaa-002",
            "tsv:1732186300-a-001",
        ];
        for pair in sorted.windows(2) {
            assert!(version(pair[0]) < version(pair[1]), "{pair:?}");
        }
    }

    #[test]
    fn a_tsv_knows_when_it_was_made() {
        let made = version("tsv:1732186200-two-word-slug-7").made_at();
        assert_eq!(made, Some(Timestamp(1_732_186_200_000_000)));
        assert_eq!(version("1.0.0").made_at(), None);
        assert_eq!(
            version("tsv:1732186200-two-word-slug-7").to_string(),
            "tsv:1732186200-two-word-slug-007"
        );
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_what_is_read_prints_back(text in "\\PC{0,40}") {
            if let Ok(version) = text.parse::<ApiVersion>() {
                prop_assert_eq!(version.to_string().parse::<ApiVersion>().unwrap(), version);
            }
        }

        #[test]
        fn every_tsv_reads_back(seconds in 0u64..253_402_300_799, slug in "[a-z0-9_][a-z0-9_.-]{0,20}", sequence: u32) {
            let tsv = ApiVersion::Tsv(Tsv { seconds, slug: slug.as_str().into(), sequence });
            prop_assert_eq!(tsv.to_string().parse::<ApiVersion>().unwrap(), tsv);
        }
    }
}
