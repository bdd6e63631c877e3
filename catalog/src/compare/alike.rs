//! When two descriptions of an object mean the same.
//!
//! The engine printed both, so its texts are compared as they are. What is left out is what means nothing (names the engine
//! made up, the place of a column) and what is compared by itself (a table's columns, constraints and indexes).

use crate::structure::{
    Column, Constraint, ConstraintKind, Extension, Index, Namespace, Other, Routine, Sequence, Table, Trigger,
    UserType, View,
};

/// When two descriptions of an object mean the same.
pub trait Alike {
    /// Whether nothing needs to be done to make one the other.
    fn is_alike(&self, other: &Self) -> bool;
}

impl Alike for Table {
    /// But for its columns, constraints and indexes.
    fn is_alike(&self, other: &Self) -> bool {
        self.partitioning == other.partitioning
            && self.partition_of == other.partition_of
            && self.inherits == other.inherits
            && self.virtual_table == other.virtual_table
            && self.options == other.options
            && self.comment == other.comment
    }
}

impl Alike for Column {
    fn is_alike(&self, other: &Self) -> bool {
        // The name was matched as the dialect matches names; its case alone is no difference.
        self == other
            || self
                == &Self {
                    name: self.name.clone(),
                    // Whether a column that a parent has as well is also the table's own shows when the parent's goes; no
                    // statement changes it.
                    inherited: self.inherited,
                    ..other.clone()
                }
    }
}

impl Alike for Constraint {
    fn is_alike(&self, other: &Self) -> bool {
        // A definition says it all, and does not hold the name.
        let same = match (&self.definition, &other.definition) {
            (Some(one), Some(other)) => one == other,
            _ => self.kind == other.kind,
        };
        // Where names are not made up, having one is a difference to having none (SQLite).
        let named = self.generated_name || other.generated_name || self.name.is_empty() == other.name.is_empty();
        same && named
            && self.deferrable == other.deferrable
            && self.unchecked == other.unchecked
            // Whether a condition that a parent has as well is also the table's own shows when the parent's goes; no statement
            // changes it.
            && (self.inherited == other.inherited || matches!(self.kind, ConstraintKind::Check { .. }))
            && self.options == other.options
            && self.comment == other.comment
    }
}

impl Alike for Index {
    fn is_alike(&self, other: &Self) -> bool {
        self == other
            || self
                == &Self {
                    name: self.name.clone(),
                    generated_name: self.generated_name,
                    // Its text holds its name; the parts say the same without it.
                    definition: self.definition.clone(),
                    ..other.clone()
                }
    }
}

impl Alike for Extension {
    fn is_alike(&self, other: &Self) -> bool {
        self.schema == other.schema && self.comment == other.comment
    }
}

impl Alike for View {
    fn is_alike(&self, other: &Self) -> bool {
        self.materialized == other.materialized
            && self.query == other.query
            && self.options == other.options
            && self.indexes == other.indexes
            && self.comment == other.comment
            && self.column_comments == other.column_comments
    }
}

impl Alike for Trigger {
    fn is_alike(&self, other: &Self) -> bool {
        // Its name and its table were matched as the dialect matches names.
        self.definition == other.definition && self.options == other.options && self.comment == other.comment
    }
}

macro_rules! alike_when_equal {
    ($($of:ty),*) => {$(
        impl Alike for $of {
            fn is_alike(&self, other: &Self) -> bool {
                self == other
            }
        }
    )*};
}

alike_when_equal!(Namespace, UserType, Sequence, Routine, Other);
