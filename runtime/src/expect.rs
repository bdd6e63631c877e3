//! Whether a database looks as a schema's spec says it must, before its first step and after its last.
//!
//! Looked at under the structural lock, so what is found is what the steps meet; what was read when they were made is not
//! trusted.

use std::sync::Arc;

use dashmap::DashMap;
use lockstep_catalog::compare::{Renames, compare};
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_registry::{Expectation, SchemaSpec};

/// The structures behind fingerprints, as far as this process knows them: with them it can say what differs.
#[derive(Debug, Default)]
pub(crate) struct Known(DashMap<String, Arc<Structure>>);

/// When it is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    Before,
    After,
}

impl Known {
    /// Remembers what a fingerprint stands for.
    pub(crate) fn remember(&self, structure: &Structure) -> String {
        let fingerprint = structure.fingerprint().to_string();
        self.0.insert(fingerprint.clone(), Arc::new(structure.clone()));
        fingerprint
    }

    /// Why the database is not as it must be.
    pub(crate) fn objection(&self, spec: &SchemaSpec, when: When, found: &Structure) -> Option<String> {
        let expects = spec.expects.as_ref()?;
        let expected = match when {
            When::Before => &expects.before,
            When::After => &expects.after,
        };
        let is = found.fingerprint();
        let known = self.0.get(expected).map(|one| Arc::clone(&one));
        // What is known is compared itself; a fingerprint stands for it where it is not.
        if is.as_str() == expected || known.as_ref().is_some_and(|known| compare(known, found).is_empty()) {
            return None;
        }
        let mut message = match when {
            When::Before => format!(
                "the database was changed since {} was made: expected the fingerprint {expected}, found {is}",
                spec.version
            ),
            When::After => {
                format!("the steps did not lead where they should: expected the fingerprint {expected}, found {is}")
            }
        };
        if let Some(known) = known {
            for difference in compare(&known, found).differences(&Renames::none()) {
                message.push_str(&format!("\n  {difference}"));
            }
        }
        Some(message)
    }
}

/// What is looked at.
pub(crate) fn selection(expects: &Expectation) -> Selection {
    Selection {
        schemas: expects.schemas.clone(),
        include: expects.include.clone(),
        exclude: expects.exclude.clone(),
    }
}
