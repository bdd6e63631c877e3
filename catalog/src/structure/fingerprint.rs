//! The fingerprint of a structure.

use sha2::{Digest, Sha256};

use super::{ConstraintKind, Options, Structure, placed};
use crate::{Dialect, Fingerprint};

/// Names the form that is hashed: fingerprints are stored, and only comparable to ones of the same form.
const FORM: &str = "lockstep structure 1";

impl Structure {
    /// The form in which two databases that mean the same are the same to the byte: objects by name, columns by name, no
    /// names that the engine made up, nothing that is shown and not compared.
    #[must_use]
    pub fn canonical(&self) -> Self {
        let mut canonical = self.clone();
        let dialect = self.dialect;
        canonical.options = Options::new();
        canonical.dependencies.clear();
        for extension in &mut canonical.extensions {
            extension.version = None;
        }
        for table in &mut canonical.tables {
            table.name = dialect.folded(&table.name);
            table.sql = None;
            for column in &mut table.columns {
                column.name = dialect.folded_part(&column.name);
                column.inherited = false;
            }
            table.columns.sort_by(|a, b| a.name.cmp(&b.name));
            for constraint in &mut table.constraints {
                if std::mem::take(&mut constraint.generated_name) {
                    constraint.name.clear();
                }
                constraint.name = dialect.folded_part(&constraint.name);
                if matches!(constraint.kind, ConstraintKind::Check { .. }) {
                    constraint.inherited = false;
                }
            }
            for index in &mut table.indexes {
                if std::mem::take(&mut index.generated_name) {
                    index.name.clear();
                }
                index.name = dialect.folded_part(&index.name);
                // Its text holds its name and its table's; the parts say the same.
                index.definition = None;
            }
            // Where names are gone, what they were names of puts them in order.
            table
                .constraints
                .sort_by_cached_key(|one| (one.name.clone(), serde_text(one)));
            table
                .indexes
                .sort_by_cached_key(|one| (one.name.clone(), serde_text(one)));
        }
        for view in &mut canonical.views {
            view.name = dialect.folded(&view.name);
            view.columns.clear();
            view.sql = None;
            for index in &mut view.indexes {
                index.definition = None;
            }
        }
        if dialect == Dialect::Sqlite {
            for trigger in &mut canonical.triggers {
                trigger.sql = None;
                trigger.name = dialect.folded_part(&trigger.name);
                trigger.on = dialect.folded(&trigger.on);
            }
        }
        canonical.sort_objects();
        canonical
    }

    /// The SHA-256 of the canonical form: the same for databases between which there is nothing to do, on any server, after a
    /// dump and a restore, whatever rows they hold. Where everything lies in one schema, what that is called says nothing.
    pub fn fingerprint(&self) -> Fingerprint {
        let anywhere = placed::anywhere(self);
        let canonical = anywhere.as_ref().unwrap_or(self).canonical();
        let mut hasher = Sha256::new();
        hasher.update(FORM.as_bytes());
        hasher.update(serde_text(&canonical).as_bytes());
        let digits: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        Fingerprint::of_digits(digits)
    }
}

/// A text that is the same exactly where the value is: maps are sorted, fields have one order.
fn serde_text<T: serde::Serialize>(value: &T) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
