//! A snapshot in 64 characters: equal exactly when two databases hold the same.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::snapshot::{Snapshot, Table};

/// Names the encoding that is hashed. A stored fingerprint is only comparable to one of the same encoding, so a change to
/// what [`Snapshot::fingerprint`] writes needs a new name.
const ENCODING: &str = "lockstep snapshot 1";

/// The SHA-256 of a snapshot, as 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The 64 digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// 64 digits that were just made.
    pub(crate) fn of_digits(digits: String) -> Self {
        Self(digits)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.0
    }
}

/// Text that is no fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a fingerprint; expected 64 lowercase hexadecimal digits")]
pub struct InvalidFingerprint {
    /// The text.
    pub text: String,
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let digits = text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if digits && text.len() == 64 {
            Ok(Self(text))
        } else {
            Err(InvalidFingerprint { text })
        }
    }
}

impl Snapshot {
    /// The fingerprint of everything in the snapshot.
    pub fn fingerprint(&self) -> Fingerprint {
        let mut encoder = Encoder(Sha256::new());
        encoder.text(ENCODING);
        encoder.count(self.tables.len());
        for (
            name,
            Table {
                columns,
                virtual_table,
                definition,
            },
        ) in &self.tables
        {
            encoder.text(name);
            encoder.count(usize::from(*virtual_table));
            encoder.text(definition);
            encoder.count(columns.len());
            for (name, column) in columns {
                encoder.text(name);
                encoder.text(&column.declaration);
            }
        }
        encoder.count(self.objects.len());
        for (key, definition) in &self.objects {
            encoder.text(key.kind.as_str());
            encoder.text(&key.name);
            encoder.text(definition);
        }
        Fingerprint(encoder.0.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Writes every text after its length and every list after its count, so that no two snapshots are written alike.
struct Encoder(Sha256);

impl Encoder {
    fn count(&mut self, count: usize) {
        self.0.update((count as u64).to_be_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.update(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;
    use crate::snapshot::ObjectKind;
    use crate::snapshot::tests::{index, table};

    #[test]
    fn every_part_of_a_snapshot_counts() {
        let mut snapshots = vec![
            Snapshot::default(),
            table("a", &[]),
            table("a", &[("b", "c")]),
            table("a", &[("b", "cd")]),
            table("a", &[("bc", "d")]),
            table("ab", &[("c", "d")]),
            index("a", "b"),
            index("a", "c"),
            index("ab", ""),
        ];
        let mut changed = table("a", &[("b", "c")]);
        changed.tables.get_mut("a").unwrap().virtual_table = true;
        snapshots.push(changed.clone());
        changed.tables.get_mut("a").unwrap().definition = "strict".to_owned();
        snapshots.push(changed);
        let mut view = index("a", "b");
        let (mut key, definition) = view.objects.pop_first().unwrap();
        key.kind = ObjectKind::View;
        view.objects.insert(key, definition);
        snapshots.push(view);

        for (at, one) in snapshots.iter().enumerate() {
            for (other_at, other) in snapshots.iter().enumerate() {
                assert_eq!(
                    one.fingerprint() == other.fingerprint(),
                    at == other_at,
                    "{one:?} {other:?}"
                );
            }
        }
    }

    #[test]
    fn a_stored_fingerprint_stays_comparable() {
        // Were this to change, every stored fingerprint would look like drift: give ENCODING a new name then.
        let mut snapshot = table("users", &[("id", "bigint not null")]);
        snapshot.objects = index("users_by_id", "create index users_by_id on users (id)").objects;
        assert_eq!(
            snapshot.fingerprint().as_str(),
            "cc1244e52e2230885fac5624047ed7eeaf775a27c23ef2352b1c9ec55fe2526a"
        );
    }

    #[test]
    fn only_a_fingerprint_is_read_as_one() {
        let fingerprint = Snapshot::default().fingerprint();
        let json = serde_json::to_string(&fingerprint).unwrap();
        assert_eq!(json, format!("\"{fingerprint}\""));
        assert_eq!(serde_json::from_str::<Fingerprint>(&json).unwrap(), fingerprint);
        for text in ["", "abc", &"G".repeat(64), &"A".repeat(64)] {
            assert!(Fingerprint::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
