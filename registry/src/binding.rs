//! Bindings: which schema a handler version needs; tags: movable names for a version.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::handler::split_at_sign;
use crate::parse::{as_string, check_name};
use crate::{ApiVersion, HandlerId, HandlerVersion, ParseError, SchemaVersion, Timestamp};

/// A movable name for a version of a handler, such as `stable` or `v1.2.0`; never itself a version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);
as_string!(Tag);

impl std::str::FromStr for Tag {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const WHAT: &str = "a tag";
        check_name(WHAT, text, 63, "_-.", "_")?;
        if text.parse::<ApiVersion>().is_ok() {
            return Err(ParseError::at(WHAT, text, 0, "it reads as a version"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl std::fmt::Display for Tag {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(&self.0)
    }
}

/// A version, or a tag that stands for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VersionOrTag {
    /// `1.4.0`
    Version(ApiVersion),
    /// `stable`
    Tag(Tag),
}

/// A handler version as a person names it: `users@1.4.0` or `users@stable`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HandlerRef {
    /// What serves.
    pub handler: HandlerId,
    /// Which version of it.
    pub version: VersionOrTag,
}

impl std::str::FromStr for HandlerRef {
    type Err = ParseError;
    fn from_str(text: &str) -> Result<Self, ParseError> {
        const WHAT: &str = "a handler version";
        let (handler, rest, start) = split_at_sign(WHAT, text)?;
        // What starts like a version is meant as one, so its error is the version's.
        let version = match rest.parse::<ApiVersion>() {
            Ok(version) => VersionOrTag::Version(version),
            Err(error) if rest.starts_with("tsv:") || rest.starts_with(|c: char| c.is_ascii_digit()) => {
                return Err(error.within(WHAT, text, start));
            }
            Err(_) => VersionOrTag::Tag(rest.parse().map_err(|e: ParseError| e.within(WHAT, text, start))?),
        };
        Ok(Self { handler, version })
    }
}

impl From<HandlerVersion> for HandlerRef {
    fn from(exact: HandlerVersion) -> Self {
        Self {
            handler: exact.handler,
            version: VersionOrTag::Version(exact.version),
        }
    }
}

impl std::fmt::Display for HandlerRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.version {
            VersionOrTag::Version(version) => write!(f, "{}@{version}", self.handler),
            VersionOrTag::Tag(tag) => write!(f, "{}@{tag}", self.handler),
        }
    }
}

/// A handler version and the schema it needs. Many handler versions may share one schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// Who needs it.
    pub handler_version: HandlerVersion,
    /// What it needs.
    pub schema: SchemaVersion,
    /// A hash of the program that serves the version, where the deploy gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub artifact: Option<String>,
    /// Names that stand for this version.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub tags: BTreeSet<Tag>,
}

impl Binding {
    /// A binding without artifact and tags.
    pub fn new(handler_version: HandlerVersion, schema: SchemaVersion) -> Self {
        Self {
            handler_version,
            schema,
            artifact: None,
            tags: BTreeSet::new(),
        }
    }
}

/// All known bindings, by handler version.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bindings {
    bindings: BTreeMap<HandlerVersion, Binding>,
}

impl Bindings {
    /// Adds a binding or replaces the one of that handler version; its tags move here from their former versions.
    pub fn insert(&mut self, binding: Binding) -> Option<Binding> {
        let handler = &binding.handler_version.handler;
        for other in self.bindings.values_mut() {
            if other.handler_version.handler == *handler {
                other.tags.retain(|tag| !binding.tags.contains(tag));
            }
        }
        self.bindings.insert(binding.handler_version.clone(), binding)
    }

    /// The binding of a handler version.
    pub fn get(&self, handler_version: &HandlerVersion) -> Option<&Binding> {
        self.bindings.get(handler_version)
    }

    /// Every binding, by handler and version.
    pub fn iter(&self) -> impl Iterator<Item = &Binding> {
        self.bindings.values()
    }

    /// The bindings of one handler, oldest version first.
    pub fn of(&self, handler: &HandlerId) -> impl Iterator<Item = &Binding> {
        let handler = handler.clone();
        self.bindings
            .values()
            .filter(move |b| b.handler_version.handler == handler)
    }

    /// The exact version a person's name stands for; `None` for a tag nobody carries.
    pub fn resolve(&self, named: &HandlerRef) -> Option<HandlerVersion> {
        match &named.version {
            VersionOrTag::Version(version) => Some(HandlerVersion::new(named.handler.clone(), version.clone())),
            VersionOrTag::Tag(tag) => self
                .of(&named.handler)
                .find(|b| b.tags.contains(tag))
                .map(|b| b.handler_version.clone()),
        }
    }

    /// The version of a handler that was newest at `time`, among those that carry their time (TSVs).
    pub fn version_at(&self, handler: &HandlerId, time: Timestamp) -> Option<HandlerVersion> {
        self.of(handler)
            .map(|b| &b.handler_version)
            .filter(|v| v.version.made_at().is_some_and(|made| made <= time))
            .max()
            .cloned()
    }
}

impl FromIterator<Binding> for Bindings {
    fn from_iter<T: IntoIterator<Item = Binding>>(iter: T) -> Self {
        let mut all = Self::default();
        for binding in iter {
            all.insert(binding);
        }
        all
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn bound(version: &str, tags: &[&str]) -> Binding {
        let mut binding = Binding::new(version.parse().unwrap(), SchemaVersion::new("schema_v1").unwrap());
        binding.tags = tags.iter().map(|t| t.parse().unwrap()).collect();
        binding
    }

    fn resolve(all: &Bindings, text: &str) -> Option<String> {
        all.resolve(&text.parse().unwrap()).map(|v| v.to_string())
    }

    #[test]
    fn a_tag_moves_and_several_tags_may_name_one_version() {
        let mut all: Bindings = [bound("users@1.0.0", &["stable", "v1.0.0"])].into_iter().collect();
        assert_eq!(resolve(&all, "users@stable").unwrap(), "users@1.0.0");
        assert_eq!(resolve(&all, "users@v1.0.0").unwrap(), "users@1.0.0");
        all.insert(bound("users@2.0.0", &["stable"]));
        assert_eq!(resolve(&all, "users@stable").unwrap(), "users@2.0.0");
        assert_eq!(resolve(&all, "users@v1.0.0").unwrap(), "users@1.0.0");
        assert_eq!(resolve(&all, "orders@stable"), None);
    }

    #[test]
    fn a_tag_of_another_handler_stays_where_it_is() {
        let mut all: Bindings = [bound("users@1.0.0", &["stable"])].into_iter().collect();
        all.insert(bound("orders@3.0.0", &["stable"]));
        assert_eq!(resolve(&all, "users@stable").unwrap(), "users@1.0.0");
    }

    #[test]
    fn what_starts_like_a_version_is_judged_as_one() {
        let error = "users@1.x".parse::<HandlerRef>().unwrap_err();
        assert_eq!(error.position, 8);
        assert!("1.0.0".parse::<Tag>().is_err());
    }

    #[test]
    fn the_version_at_a_time_is_the_newest_made_by_then() {
        let all: Bindings = [
            bound("users@tsv:100-users-001", &[]),
            bound("users@tsv:200-users-001", &[]),
            bound("users@tsv:200-users-002", &[]),
            bound("users@9.0.0", &[]),
        ]
        .into_iter()
        .collect();
        let users = HandlerId::new("users").unwrap();
        let at = |s: i64| all.version_at(&users, Timestamp(s * 1_000_000)).map(|v| v.to_string());
        assert_eq!(at(99), None);
        assert_eq!(at(100).unwrap(), "users@tsv:100-users-001");
        assert_eq!(at(199).unwrap(), "users@tsv:100-users-001");
        assert_eq!(at(5000).unwrap(), "users@tsv:200-users-002");
    }
}
