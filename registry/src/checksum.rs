//! Checksums of what was written, so that a changed step is noticed.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A SHA-256, printed as 64 lowercase hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Checksum(String);

impl Checksum {
    /// The checksum of parts; each is framed by its length, so that moving a boundary changes it.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self::printed(hash)
    }

    /// The checksum of a file's bytes as they are: what `sha256sum` prints.
    pub fn of_file(bytes: &[u8]) -> Self {
        Self::printed(Sha256::new_with_prefix(bytes))
    }

    fn printed(hash: Sha256) -> Self {
        use std::fmt::Write;
        let mut hex = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing to a string cannot fail.
            let _ = write!(hex, "{byte:02x}");
        }
        Self(hex)
    }

    /// A checksum as it was recorded.
    pub fn recorded(hex: impl Into<String>) -> Self {
        Self(hex.into())
    }

    /// All digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Checksum {
    /// The first twelve digits: enough to compare by eye.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.get(..12).unwrap_or(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_checksum_is_the_one_that_other_tools_print() {
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Checksum::of_file(b"abc").as_str(), abc);
    }

    #[test]
    fn moving_a_boundary_between_parts_changes_the_checksum() {
        assert_ne!(Checksum::of(["ab", "c"]), Checksum::of(["a", "bc"]));
        assert_eq!(Checksum::of(["ab", "c"]), Checksum::of(["ab", "c"]));
    }
}
