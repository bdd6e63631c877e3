//! What a database holds: its user objects, in just enough detail to tell two states of it apart.
//!
//! The engines fill it from the system catalogs. Everything in it is text in a canonical form, so that comparing two
//! snapshots of one database needs no knowledge of SQL.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The user objects of a database.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The tables by name; `schema.name` outside the default schema.
    pub tables: BTreeMap<String, Table>,
    /// The canonical definitions of everything else.
    pub objects: BTreeMap<ObjectKey, String>,
}

/// A table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    /// The columns by name.
    pub columns: BTreeMap<String, Column>,
    /// Whether a module implements it (SQLite's virtual tables).
    pub virtual_table: bool,
    /// What belongs to the table and to none of its columns, canonical; may be empty.
    pub definition: String,
}

/// A column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    /// Type, nullability, default, generation and collation in one canonical line.
    pub declaration: String,
}

/// What kind of thing an object is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ObjectKind {
    /// An index.
    Index,
    /// A view.
    View,
    /// A materialized view.
    MaterializedView,
    /// A trigger.
    Trigger,
    /// A function or procedure.
    Function,
    /// A sequence.
    Sequence,
    /// An enum type.
    Enum,
    /// A domain.
    Domain,
    /// A constraint that is not a column's own.
    Constraint,
    /// An extension.
    Extension,
    /// A virtual table, where it is kept as an object rather than as a table.
    VirtualTable,
    /// Anything else.
    Other,
}

impl ObjectKind {
    const NAMES: [(Self, &'static str); 12] = [
        (Self::Index, "index"),
        (Self::View, "view"),
        (Self::MaterializedView, "materialized_view"),
        (Self::Trigger, "trigger"),
        (Self::Function, "function"),
        (Self::Sequence, "sequence"),
        (Self::Enum, "enum"),
        (Self::Domain, "domain"),
        (Self::Constraint, "constraint"),
        (Self::Extension, "extension"),
        (Self::VirtualTable, "virtual_table"),
        (Self::Other, "other"),
    ];

    /// The name it is stored under. Fingerprints contain it, so it never changes.
    pub fn as_str(self) -> &'static str {
        Self::NAMES
            .into_iter()
            .find(|(kind, _)| *kind == self)
            .map_or("other", |(_, name)| name)
    }
}

impl fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::MaterializedView => "materialized view",
            Self::VirtualTable => "virtual table",
            Self::Other => "object",
            kind => kind.as_str(),
        })
    }
}

/// Names an object. Written as `kind:name` wherever it is a single text, as in the keys of a JSON object.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ObjectKey {
    /// What kind of thing it is.
    pub kind: ObjectKind,
    /// Its name; `schema.name` outside the default schema.
    pub name: String,
}

impl ObjectKey {
    /// The object of this kind and name.
    pub fn new(kind: ObjectKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
        }
    }
}

impl From<ObjectKey> for String {
    fn from(key: ObjectKey) -> Self {
        format!("{}:{}", key.kind.as_str(), key.name)
    }
}

/// Text that is no `kind:name`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} does not name an object; expected kind:name, as in index:orders_by_day")]
pub struct InvalidObjectKey {
    /// The text.
    pub text: String,
}

impl FromStr for ObjectKey {
    type Err = InvalidObjectKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.split_once(':')
            .and_then(|(kind, name)| {
                let (kind, _) = ObjectKind::NAMES.into_iter().find(|(_, known)| *known == kind)?;
                Some(Self::new(kind, name))
            })
            .ok_or_else(|| InvalidObjectKey { text: text.to_owned() })
    }
}

impl TryFrom<String> for ObjectKey {
    type Error = InvalidObjectKey;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    /// A snapshot of one table with these columns.
    pub(crate) fn table(name: &str, columns: &[(&str, &str)]) -> Snapshot {
        let columns = columns
            .iter()
            .map(|(name, declaration)| {
                (
                    (*name).to_owned(),
                    Column {
                        declaration: (*declaration).to_owned(),
                    },
                )
            })
            .collect();
        let table = Table {
            columns,
            ..Table::default()
        };
        Snapshot {
            tables: BTreeMap::from([(name.to_owned(), table)]),
            ..Snapshot::default()
        }
    }

    /// A snapshot of one index.
    pub(crate) fn index(name: &str, definition: &str) -> Snapshot {
        let key = ObjectKey::new(ObjectKind::Index, name);
        Snapshot {
            objects: BTreeMap::from([(key, definition.to_owned())]),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_snapshot_survives_json() {
        let mut snapshot = table("users", &[("id", "bigint not null")]);
        snapshot.objects = index("a:b", "create index").objects;
        let json = serde_json::to_string(&snapshot).unwrap();
        assert!(json.contains(r#""index:a:b":"create index""#), "{json}");
        assert_eq!(serde_json::from_str::<Snapshot>(&json).unwrap(), snapshot);
    }

    #[test]
    fn every_kind_has_the_same_name_in_keys_and_in_json() {
        for (kind, name) in ObjectKind::NAMES {
            assert_eq!(serde_json::to_string(&kind).unwrap(), format!("{name:?}"));
            assert_eq!(kind.as_str(), name);
            let key = ObjectKey::new(kind, "x.y");
            assert_eq!(String::from(key.clone()).parse(), Ok(key));
        }
    }

    #[test]
    fn a_key_without_a_known_kind_is_refused() {
        for text in ["", "index", "planet:mars"] {
            assert!(text.parse::<ObjectKey>().unwrap_err().to_string().contains(text));
        }
    }
}
