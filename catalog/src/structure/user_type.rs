//! Types that people declare (PostgreSQL).

use serde::{Deserialize, Serialize};

use super::{Name, Options};

/// A type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserType {
    /// Its name.
    pub name: Name,
    /// What it is made of.
    pub kind: UserTypeKind,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// What a type is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserTypeKind {
    /// One of a list.
    Enum {
        /// The values, in the order they sort.
        labels: Vec<String>,
    },
    /// Another type with conditions.
    Domain {
        /// The type below.
        base: String,
        /// Whether NULL is allowed.
        nullable: bool,
        /// What a column of it holds where nothing is said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        default: Option<String>,
        /// Its collation, where it is not the base's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        collation: Option<String>,
        /// Its conditions, by name.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<DomainCheck>,
    },
    /// A row.
    Composite {
        /// Its attributes, in order.
        attributes: Vec<Attribute>,
    },
    /// A range.
    Range {
        /// `subtype`, `subtype_opclass`, `collation`, `canonical`, `subtype_diff`, `multirange_type_name`.
        options: Options,
    },
}

/// A condition of a domain.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainCheck {
    /// Its name.
    pub name: String,
    /// As the engine prints it, with `CHECK`.
    pub definition: String,
    /// Whether the rows of before were not checked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unchecked: bool,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// An attribute of a composite type.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attribute {
    /// Its name.
    pub name: String,
    /// Its type.
    pub data_type: String,
    /// Its collation, where it is not the type's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collation: Option<String>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}
