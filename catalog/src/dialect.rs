//! The SQL dialects and the one way to quote an identifier.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A SQL dialect. MariaDB counts as MySQL: where the two differ, the engine knows, not the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// SQLite 3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL and MariaDB.
    Mysql,
}

impl Dialect {
    /// Every dialect, in the order in which they are listed to people.
    pub const ALL: [Self; 3] = [Self::Sqlite, Self::Postgres, Self::Mysql];

    /// The part of a step file's name that marks a variant for this dialect: `001_x.up.postgres.sql`.
    pub const fn file_suffix(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
            Self::Mysql => "mysql",
        }
    }

    /// The dialect a file suffix stands for, the reverse of [`file_suffix`](Self::file_suffix).
    pub fn from_file_suffix(suffix: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|dialect| dialect.file_suffix() == suffix)
    }

    /// The longest identifier in bytes of UTF-8, where the server counts bytes (PostgreSQL: 63).
    pub const fn max_identifier_bytes(self) -> Option<usize> {
        match self {
            Self::Postgres => Some(63),
            Self::Sqlite | Self::Mysql => None,
        }
    }

    /// The longest identifier in characters, where the server counts characters (MySQL: 64).
    pub const fn max_identifier_chars(self) -> Option<usize> {
        match self {
            Self::Mysql => Some(64),
            Self::Sqlite | Self::Postgres => None,
        }
    }

    /// How far `name` is over this dialect's limit, if it is.
    pub(crate) fn excess(self, name: &str) -> Option<Excess> {
        let (length, limit, unit) = match (self.max_identifier_bytes(), self.max_identifier_chars()) {
            (Some(limit), _) => (name.len(), limit, "bytes"),
            (None, Some(limit)) => (name.chars().count(), limit, "characters"),
            (None, None) => return None,
        };
        (length > limit).then_some(Excess { length, limit, unit })
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
            Self::Mysql => "MySQL",
        })
    }
}

/// By how much a name is too long, in the unit the server counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Excess {
    pub(crate) length: usize,
    pub(crate) limit: usize,
    pub(crate) unit: &'static str,
}

/// Why a name cannot be an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IdentifierError {
    /// Nothing between the quotes.
    #[error("an identifier is empty")]
    Empty,
    /// A NUL would end the statement early inside the server's or the driver's C code.
    #[error("the identifier {name:?} contains a NUL character")]
    Nul {
        /// The name as given.
        name: String,
    },
    /// The server would cut it off (PostgreSQL, silently) or fail; a name that was cut can meet another one.
    #[error("the identifier {name:?} has {length} {unit}, {dialect} allows {limit}: choose a shorter name")]
    TooLong {
        /// The name as given.
        name: String,
        /// Its length, in `unit`.
        length: usize,
        /// The longest allowed, in `unit`.
        limit: usize,
        /// `bytes` or `characters`.
        unit: &'static str,
        /// Whose limit it is.
        dialect: Dialect,
    },
}

/// Quotes an identifier so that it means exactly `name`. Every name in built SQL comes through here.
///
/// ```
/// use lockstep_catalog::{Dialect, quote};
///
/// assert_eq!(quote(Dialect::Postgres, "order").unwrap(), "\"order\"");
/// assert_eq!(quote(Dialect::Mysql, "a`b").unwrap(), "`a``b`");
/// ```
///
/// # Errors
///
/// When the name is empty, contains NUL, or is longer than the dialect allows; it is never shortened.
pub fn quote(dialect: Dialect, name: &str) -> Result<String, IdentifierError> {
    if name.is_empty() {
        return Err(IdentifierError::Empty);
    }
    if name.contains('\0') {
        return Err(IdentifierError::Nul { name: name.to_owned() });
    }
    if let Some(Excess { length, limit, unit }) = dialect.excess(name) {
        return Err(IdentifierError::TooLong {
            name: name.to_owned(),
            length,
            limit,
            unit,
            dialect,
        });
    }
    let mark = match dialect {
        Dialect::Sqlite | Dialect::Postgres => '"',
        Dialect::Mysql => '`',
    };
    Ok(enclose(name, mark))
}

/// `name` between `mark`s, with each `mark` inside it doubled.
pub(crate) fn enclose(name: &str, mark: char) -> String {
    let mut quoted = String::with_capacity(name.len() + 2);
    quoted.push(mark);
    for character in name.chars() {
        if character == mark {
            quoted.push(mark);
        }
        quoted.push(character);
    }
    quoted.push(mark);
    quoted
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;

    use super::*;
    use crate::lex::{self, Kind};

    #[test]
    fn a_dialect_knows_its_names() {
        for (dialect, display, suffix) in [
            (Dialect::Sqlite, "SQLite", "sqlite"),
            (Dialect::Postgres, "PostgreSQL", "postgres"),
            (Dialect::Mysql, "MySQL", "mysql"),
        ] {
            assert_eq!(dialect.to_string(), display);
            assert_eq!(dialect.file_suffix(), suffix);
            assert_eq!(Dialect::from_file_suffix(suffix), Some(dialect));
            assert_eq!(serde_json::to_string(&dialect).unwrap(), format!("{suffix:?}"));
        }
        assert_eq!(Dialect::from_file_suffix("oracle"), None);
    }

    #[test]
    fn a_quote_inside_a_name_is_doubled() {
        assert_eq!(quote(Dialect::Sqlite, r#"a"b"#).unwrap(), r#""a""b""#);
        assert_eq!(quote(Dialect::Postgres, "a`b").unwrap(), "\"a`b\"");
        assert_eq!(quote(Dialect::Mysql, r#"a`"b"#).unwrap(), r#"`a``"b`"#);
    }

    #[test]
    fn a_name_at_the_limit_is_quoted_and_one_over_it_is_refused() {
        assert!(quote(Dialect::Postgres, &"x".repeat(63)).is_ok());
        assert!(quote(Dialect::Mysql, &"é".repeat(64)).is_ok());
        assert!(quote(Dialect::Sqlite, &"x".repeat(10_000)).is_ok());

        // 32 characters, but 64 bytes: PostgreSQL counts bytes.
        let error = quote(Dialect::Postgres, &"é".repeat(32)).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("64 bytes") && text.contains("allows 63"), "{text}");
        let error = quote(Dialect::Mysql, &"é".repeat(65)).unwrap_err();
        assert!(error.to_string().contains("65 characters, MySQL allows 64"), "{error}");
    }

    #[test]
    fn an_empty_name_and_a_nul_are_refused() {
        for dialect in Dialect::ALL {
            assert_eq!(quote(dialect, ""), Err(IdentifierError::Empty));
            assert!(matches!(quote(dialect, "a\0b"), Err(IdentifierError::Nul { .. })));
        }
    }

    proptest! {
        #[test]
        fn a_quoted_name_is_read_back_as_the_same_single_identifier(name in "[^\0]{1,15}") {
            for dialect in Dialect::ALL {
                let quoted = quote(dialect, &name).unwrap();
                let lexed = lex::lex(dialect, &quoted);
                prop_assert!(lexed.failure.is_none());
                prop_assert_eq!(lexed.lexemes.len(), 1);
                prop_assert_eq!(&lexed.lexemes[0].kind, &Kind::Quoted(name.clone()));
            }
        }
    }
}
