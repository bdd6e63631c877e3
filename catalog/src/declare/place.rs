//! Places in a file: from `tables.orders.columns[2].name` to the line and column where it stands.
//!
//! Values are read first and judged afterwards, when their places are forgotten. So a judgement names the way to the value,
//! and the text is walked a second time, only where something is wrong.

use toml::de::{DeTable, DeValue};

use super::{Fault, Format, fault, json};

/// The way to a value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Path(Vec<Part>);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    Key(String),
    At(usize),
}

/// Names that some parts have besides; the reading types say the same with `alias`.
pub(super) const ALIASES: &[(&str, &str)] = &[
    ("unique", "unique_constraints"),
    ("checks", "check_constraints"),
    ("where", "where_clause"),
    ("migrations", "migration_methods"),
    ("entities", "entity_types"),
];

impl Path {
    pub(super) fn key(&self, key: impl Into<String>) -> Self {
        let mut longer = self.clone();
        longer.0.push(Part::Key(key.into()));
        longer
    }

    pub(super) fn at(&self, index: usize) -> Self {
        let mut longer = self.clone();
        longer.0.push(Part::At(index));
        longer
    }
}

/// A text in which places are looked up.
pub(super) struct Places<'t> {
    text: &'t str,
    /// Read once, where it is TOML.
    toml: Option<DeTable<'t>>,
}

impl<'t> Places<'t> {
    pub(super) fn of(format: Format, text: &'t str) -> Self {
        let toml = match format {
            Format::Json => None,
            Format::Toml => Some(DeTable::parse(text).map_or_else(|_| DeTable::new(), toml::Spanned::into_inner)),
        };
        Self { text, toml }
    }

    /// What is said of the place: of a key, where the key stands, else the value; where it is not there, whatever holds it.
    pub(super) fn fault(&self, path: &Path, message: impl Into<String>) -> Fault {
        let offset = match &self.toml {
            Some(whole) => in_toml(whole, &path.0),
            None => json::offset(self.text, &path.0),
        };
        fault::at(self.text, offset, message)
    }
}

/// Whether a key of the file is the one that is looked for.
pub(super) fn is_key(found: &str, wanted: &str) -> bool {
    found == wanted || ALIASES.contains(&(wanted, found))
}

fn in_toml(whole: &DeTable<'_>, path: &[Part]) -> usize {
    let mut place = 0;
    let mut table = Some(whole);
    let mut list = None;
    for part in path {
        let (offset, value) = match part {
            Part::Key(wanted) => {
                let entries = table.into_iter().flat_map(DeTable::iter);
                let Some((key, value)) = entries.into_iter().find(|(key, _)| is_key(key.get_ref(), wanted)) else {
                    return place;
                };
                (key.span().start, value)
            }
            Part::At(index) => match list.and_then(|list: &toml::de::DeArray<'_>| list.get(*index)) {
                Some(value) => (value.span().start, value),
                None => return place,
            },
        };
        place = offset;
        (table, list) = match value.get_ref() {
            DeValue::Table(inner) => (Some(inner), None),
            DeValue::Array(inner) => (None, Some(inner)),
            _ => (None, None),
        };
    }
    place
}
