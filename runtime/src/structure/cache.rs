//! What a database looked like a moment ago, for those who ask again and again.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use lockstep_catalog::structure::{Selection, Structure};

use super::Database;
use crate::Result;
use crate::clock::Stopwatch;

/// How long a structure is believed where the database has no mark of its own for changes.
pub const BELIEVED: Duration = Duration::from_secs(300);

/// Structures by what was asked for.
#[derive(Debug, Default)]
pub(crate) struct Cache(Mutex<HashMap<Selection, Held>>);

#[derive(Debug, Clone)]
struct Held {
    structure: Arc<Structure>,
    /// The database's own mark, where it has one (SQLite's `schema_version`).
    marker: Option<String>,
    age: Stopwatch,
}

impl Database {
    /// What the database looks like, perhaps from memory: no older than its last change where the database has a mark for
    /// that (SQLite), else no older than [`BELIEVED`]. Nothing is decided by it: every change is planned from a reading of its
    /// own, and made under a lock.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub async fn remembered(&self, selection: &Selection) -> Result<Arc<Structure>> {
        let marker = self.engine.change_marker().await?;
        let held = self.cache.held(selection);
        if let Some(held) = held {
            let current = match (&held.marker, &marker) {
                (Some(then), Some(now)) => then == now,
                _ => held.age.elapsed() < BELIEVED,
            };
            if current {
                return Ok(held.structure);
            }
        }
        // The mark was read first: what changes in between is seen at the next asking.
        let structure = Arc::new(self.structure(selection).await?);
        self.cache.hold(
            selection.clone(),
            Held {
                structure: Arc::clone(&structure),
                marker,
                age: Stopwatch::start(),
            },
        );
        Ok(structure)
    }

    /// Forgets what was remembered.
    pub fn forget(&self) {
        self.cache.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Cache {
    fn held(&self, selection: &Selection) -> Option<Held> {
        let held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        held.get(selection).cloned()
    }

    fn hold(&self, selection: Selection, held: Held) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(selection, held);
    }
}
