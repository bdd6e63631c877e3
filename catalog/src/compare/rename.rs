//! Renames: said by a person, never guessed.
//!
//! In SQL they are comments beside the new name (`-- @renamed from=old_name`, `/* @renamed from="Old Name" */`): of the
//! object where the comment stands outside its brackets or right behind the opening one, else of the column, constraint,
//! index or enum value it trails.

mod apply;
mod blocked;
mod read;
mod text;

use serde::{Deserialize, Serialize};

use crate::structure::{Name, Structure, UserTypeKind};

/// One rename. Tables and types are named as they are called afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Rename {
    /// A table.
    Table {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A view.
    View {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A type.
    Type {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A sequence.
    Sequence {
        /// The name it has.
        from: Name,
        /// The name it gets.
        to: Name,
    },
    /// A value of an enum.
    Label {
        /// The enum.
        of: Name,
        /// The value it is.
        from: String,
        /// The value it becomes.
        to: String,
    },
    /// A column.
    Column {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// An index.
    Index {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
    /// A constraint.
    Constraint {
        /// Its table.
        table: Name,
        /// The name it has.
        from: String,
        /// The name it gets.
        to: String,
    },
}

/// A rename that cannot be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct RenameError {
    /// Its line, from 1.
    pub line: usize,
    /// Where in the line it goes wrong, in characters from 1.
    pub column: usize,
    /// What is wrong with it.
    pub message: String,
}

/// All renames between two structures.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Renames(pub Vec<Rename>);

impl Renames {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// Whether nothing is renamed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The renames that lead back.
    #[must_use]
    pub fn reversed(&self) -> Self {
        let table = |after: &Name| self.original_table(after);
        let back = self.0.iter().rev().map(|one| match one.clone() {
            Rename::Table { from, to } => Rename::Table { from: to, to: from },
            Rename::View { from, to } => Rename::View { from: to, to: from },
            Rename::Type { from, to } => Rename::Type { from: to, to: from },
            Rename::Sequence { from, to } => Rename::Sequence { from: to, to: from },
            Rename::Label { of, from, to } => {
                let of = self
                    .0
                    .iter()
                    .find_map(|one| match one {
                        Rename::Type { from, to } if *to == of => Some(from.clone()),
                        _ => None,
                    })
                    .unwrap_or(of);
                Rename::Label { of, from: to, to: from }
            }
            Rename::Column { table: of, from, to } => Rename::Column {
                table: table(&of),
                from: to,
                to: from,
            },
            Rename::Index { table: of, from, to } => Rename::Index {
                table: table(&of),
                from: to,
                to: from,
            },
            Rename::Constraint { table: of, from, to } => Rename::Constraint {
                table: table(&of),
                from: to,
                to: from,
            },
        });
        Self(back.collect())
    }

    /// Those whose new names are in `to`: of the renames of a whole way, the ones that belong to a stretch of it. A table
    /// that gets its new name on another stretch is named as `to` calls it.
    #[must_use]
    pub fn towards(&self, to: &Structure) -> Self {
        let dialect = to.dialect;
        let part = |one: &str, other: &str| dialect.folded_part(one) == dialect.folded_part(other);
        let called = |table: &Name| {
            if to.table(table).is_some() {
                table.clone()
            } else {
                self.original_table(table)
            }
        };
        let mut there = Vec::new();
        for one in &self.0 {
            let mut one = one.clone();
            if let Rename::Column { table, .. } | Rename::Index { table, .. } | Rename::Constraint { table, .. } =
                &mut one
            {
                *table = called(table);
            }
            let is_there = match &one {
                Rename::Table { to: name, .. } => to.table(name).is_some(),
                Rename::View { to: name, .. } => to.view(name).is_some(),
                Rename::Type { to: name, .. } => to.types.iter().any(|one| one.name == *name),
                Rename::Sequence { to: name, .. } => to.sequences.iter().any(|one| one.name == *name),
                Rename::Label { of, to: label, .. } => to.types.iter().any(|one| {
                    one.name == *of && matches!(&one.kind, UserTypeKind::Enum { labels } if labels.contains(label))
                }),
                Rename::Column { table, to: name, .. } => to
                    .table(table)
                    .is_some_and(|table| table.columns.iter().any(|one| part(&one.name, name))),
                Rename::Index { table, to: name, .. } | Rename::Constraint { table, to: name, .. } => {
                    to.table(table).is_some_and(|table| {
                        table.indexes.iter().any(|one| part(&one.name, name))
                            || table.constraints.iter().any(|one| part(&one.name, name))
                    })
                }
            };
            if is_there {
                there.push(one);
            }
        }
        Self(there)
    }

    /// Those that have something to rename in `from` and whose new name is still free there: declaring a rename stays in a
    /// file for years, and means something once.
    #[must_use]
    pub fn pending(&self, from: &Structure) -> Self {
        let mut now = from.clone();
        let mut pending: Vec<Rename> = Vec::new();
        // Tables first: what is within a table names it as it is called afterwards.
        for whole in [true, false] {
            let mut waiting: Vec<&Rename> = self.0.iter().filter(|one| one.is_whole() == whole).collect();
            // A name may get free by another rename.
            loop {
                let before = waiting.len();
                waiting.retain(|rename| {
                    let is_new = pending.iter().any(|done| rename.is_about_what(done, from.dialect));
                    let applied = !is_new && rename.apply(&mut now);
                    if applied {
                        pending.push((*rename).clone());
                    }
                    !applied
                });
                if waiting.len() == before {
                    break;
                }
            }
        }
        Self(pending)
    }

    /// `from` with the new names, in the structured parts; texts that the engine rewrites by itself keep the old ones.
    #[must_use]
    pub fn applied_to(&self, from: &Structure) -> Structure {
        let mut now = from.clone();
        for whole in [true, false] {
            for rename in self.0.iter().filter(|one| one.is_whole() == whole) {
                if rename.apply(&mut now) {
                    rename.make_schema(&mut now);
                }
            }
        }
        now.sort();
        now
    }

    /// What a table is called before the renames.
    pub fn original_table(&self, after: &Name) -> Name {
        let found = self.0.iter().find_map(|one| match one {
            Rename::Table { from, to } if to == after => Some(from.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| after.clone())
    }

    /// What a column is called before the renames.
    pub fn original_column(&self, of: &Name, after: &str) -> String {
        let found = self.0.iter().find_map(|one| match one {
            Rename::Column { table, from, to } if table == of && to == after => Some(from.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| after.to_owned())
    }

    /// What a column is called after the renames.
    pub fn renamed_column(&self, of: &Name, before: &str) -> String {
        let found = self.0.iter().find_map(|one| match one {
            Rename::Column { table, from, to } if table == of && from == before => Some(to.clone()),
            _ => None,
        });
        found.unwrap_or_else(|| before.to_owned())
    }
}
