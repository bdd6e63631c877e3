//! Keys, constraints and indexes in one line, for people.

use std::fmt::{Display, Formatter, Result};

use super::{ConstraintKind, ForeignKey, Index, IndexPart, IndexTarget, Key};

impl Display for IndexPart {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match &self.on {
            IndexTarget::Column(text) | IndexTarget::Expression(text) => f.write_str(text)?,
        }
        if let Some(prefix) = self.prefix {
            write!(f, "({prefix})")?;
        }
        if let Some(collation) = &self.collation {
            write!(f, " collate {collation}")?;
        }
        if let Some(class) = &self.operator_class {
            write!(f, " {class}")?;
        }
        if self.descending {
            f.write_str(" desc")?;
        }
        match self.nulls_first {
            Some(true) => f.write_str(" nulls first"),
            Some(false) => f.write_str(" nulls last"),
            None => Ok(()),
        }
    }
}

fn parts(f: &mut Formatter<'_>, parts: &[IndexPart], include: &[String], nulls_not_distinct: bool) -> Result {
    f.write_str("(")?;
    for (at, part) in parts.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        write!(f, "{comma}{part}")?;
    }
    f.write_str(")")?;
    if !include.is_empty() {
        write!(f, " include ({})", include.join(", "))?;
    }
    f.write_str(if nulls_not_distinct { " nulls not distinct" } else { "" })
}

impl Display for Key {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        parts(f, &self.parts, &self.include, self.nulls_not_distinct)
    }
}

impl Display for ForeignKey {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "({}) references {}", self.columns.join(", "), self.references)?;
        if !self.referenced.is_empty() {
            write!(f, " ({})", self.referenced.join(", "))?;
        }
        if self.match_full {
            f.write_str(" match full")?;
        }
        for (when, action) in [("delete", &self.on_delete), ("update", &self.on_update)] {
            // What every foreign key does that says nothing.
            if !matches!(action.as_str(), "" | "NO ACTION") {
                write!(f, " on {when} {}", action.to_lowercase())?;
            }
        }
        Ok(())
    }
}

impl Display for ConstraintKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::PrimaryKey(key) => write!(f, "primary key {key}"),
            Self::Unique(key) => write!(f, "unique {key}"),
            Self::ForeignKey(key) => write!(f, "foreign key {key}"),
            Self::Check { expression } => write!(f, "check {expression}"),
            Self::Exclusion { definition } => f.write_str(definition),
        }
    }
}

impl Display for Index {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(if self.unique { "unique " } else { "" })?;
        if !matches!(self.method.as_str(), "" | "btree") {
            write!(f, "{} ", self.method)?;
        }
        parts(f, &self.parts, &self.include, self.nulls_not_distinct)?;
        match &self.predicate {
            Some(predicate) => write!(f, " where {predicate}"),
            None => Ok(()),
        }
    }
}
