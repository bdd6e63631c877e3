//! The in-memory answer to "what is applied and who uses it", read without a query.
//!
//! One writer at a time (whoever follows the event log) replaces an entry at once; a reader takes a
//! shard's read lock for one look-up and leaves with a shared pointer, so that neither waits for the
//! other's work. Totals are published after each change as one consistent value.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use dashmap::DashMap;
use serde::{Deserialize, Serialize};

use crate::{HandlerVersion, SchemaState, SchemaVersion};

/// Who uses one schema, and where the schema is in its life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SchemaUsage {
    /// Which schema.
    pub schema: SchemaVersion,
    /// Where it is in its life.
    pub state: SchemaState,
    /// Whether it is applied, unused and kept by policy.
    pub retained: bool,
    /// Live leases by handler version; the count of holders of each.
    pub handler_versions: BTreeMap<HandlerVersion, usize>,
    /// Schemas in the database that require it.
    pub dependents: BTreeSet<SchemaVersion>,
}

impl SchemaUsage {
    /// A schema nobody uses yet.
    pub fn unused(schema: SchemaVersion, state: SchemaState) -> Self {
        Self {
            schema,
            state,
            retained: false,
            handler_versions: BTreeMap::new(),
            dependents: BTreeSet::new(),
        }
    }

    /// The reference count: live leases plus dependents.
    pub fn references(&self) -> usize {
        self.handler_versions.values().sum::<usize>() + self.dependents.len()
    }

    /// Whether anyone but `handler_version` keeps the schema.
    pub fn used_by_others(&self, handler_version: &HandlerVersion) -> bool {
        !self.dependents.is_empty() || self.handler_versions.keys().any(|user| user != handler_version)
    }
}

/// How many schemas are in which state.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// All known schemas.
    pub total: usize,
    /// Applied.
    pub active: usize,
    /// Never applied, or on the way.
    pub pending: usize,
    /// Stopped at a failed step.
    pub failed: usize,
    /// Taken back.
    pub rolled_back: usize,
    /// Of the active ones: kept although nothing uses them.
    pub retained: usize,
}

impl Statistics {
    fn count(&mut self, usage: &SchemaUsage, add: bool) {
        let counter = match usage.state {
            SchemaState::Applied => &mut self.active,
            SchemaState::Pending | SchemaState::Applying | SchemaState::Reverting => &mut self.pending,
            SchemaState::Failed => &mut self.failed,
            SchemaState::RolledBack => &mut self.rolled_back,
        };
        let step = |n: &mut usize| *n = if add { *n + 1 } else { n.saturating_sub(1) };
        step(counter);
        step(&mut self.total);
        if usage.retained {
            step(&mut self.retained);
        }
    }
}

/// The concurrent map of all schemas of a scope.
#[derive(Debug, Default)]
pub struct LiveMap {
    schemas: DashMap<SchemaVersion, Arc<SchemaUsage>>,
    statistics: ArcSwap<Statistics>,
    writer: Mutex<()>,
}

impl LiveMap {
    /// A map without schemas.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether the schema is applied.
    pub fn is_active(&self, schema: &str) -> bool {
        self.schemas
            .get(schema)
            .is_some_and(|usage| usage.state == SchemaState::Applied)
    }

    /// Who uses the schema; `None` for one nobody knows.
    pub fn usage(&self, schema: &str) -> Option<Arc<SchemaUsage>> {
        self.schemas.get(schema).map(|usage| Arc::clone(&usage))
    }

    /// Whether anyone but `handler_version` keeps the schema.
    pub fn used_by_others(&self, schema: &str, handler_version: &HandlerVersion) -> bool {
        self.schemas
            .get(schema)
            .is_some_and(|usage| usage.used_by_others(handler_version))
    }

    /// Where the schema is in its life; `None` for one nobody knows.
    pub fn status(&self, schema: &str) -> Option<SchemaState> {
        self.schemas.get(schema).map(|usage| usage.state)
    }

    /// The applied schemas, by name.
    pub fn active_schemas(&self) -> Vec<SchemaVersion> {
        let active = self.schemas.iter().filter(|e| e.state == SchemaState::Applied);
        let mut names: Vec<_> = active.map(|e| e.key().clone()).collect();
        names.sort_unstable();
        names
    }

    /// Every schema, by name.
    pub fn schemas(&self) -> Vec<Arc<SchemaUsage>> {
        let mut all: Vec<_> = self.schemas.iter().map(|e| Arc::clone(e.value())).collect();
        all.sort_unstable_by(|a, b| a.schema.cmp(&b.schema));
        all
    }

    /// How many schemas are in which state, as of one moment.
    pub fn statistics(&self) -> Statistics {
        **self.statistics.load()
    }

    /// Replaces what is known of the given schemas and drops those for which `None` is given.
    pub fn update(&self, changes: impl IntoIterator<Item = (SchemaVersion, Option<SchemaUsage>)>) {
        let _one_writer = self.lock();
        let mut statistics = self.statistics();
        for (schema, usage) in changes {
            if let Some(new) = &usage {
                statistics.count(new, true);
            }
            let old = match usage {
                Some(new) => self.schemas.insert(schema, Arc::new(new)),
                None => self.schemas.remove(&schema).map(|(_, old)| old),
            };
            if let Some(old) = old {
                statistics.count(&old, false);
            }
        }
        self.statistics.store(Arc::new(statistics));
    }

    /// One live lease more of a handler version on a schema, or one less; however many there are. False for a schema that
    /// nobody knows.
    pub fn count(&self, schema: &SchemaVersion, handler_version: &HandlerVersion, more: bool) -> bool {
        let _one_writer = self.lock();
        let Some(mut entry) = self.schemas.get_mut(schema) else {
            return false;
        };
        let mut usage = SchemaUsage::clone(&entry);
        let held = usage.handler_versions.entry(handler_version.clone()).or_default();
        *held = if more { *held + 1 } else { held.saturating_sub(1) };
        if *held == 0 {
            usage.handler_versions.remove(handler_version);
        }
        *entry = Arc::new(usage);
        true
    }

    fn lock(&self) -> MutexGuard<'_, ()> {
        // The guarded value is (): a writer that panicked left nothing half-written in it.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn v(name: &str) -> SchemaVersion {
        SchemaVersion::new(name).unwrap()
    }

    fn usage(name: &str, state: SchemaState, users: &[&str]) -> (SchemaVersion, Option<SchemaUsage>) {
        let mut usage = SchemaUsage::unused(v(name), state);
        for user in users {
            usage.handler_versions.insert(user.parse().unwrap(), 1);
        }
        (v(name), Some(usage))
    }

    #[test]
    fn the_map_answers_who_uses_what() {
        let map = LiveMap::new();
        map.update([
            usage("schema_v1", SchemaState::Applied, &["users@1.0.0", "users@1.1.0"]),
            usage("schema_v2", SchemaState::Pending, &[]),
        ]);
        assert!(map.is_active("schema_v1"));
        assert!(!map.is_active("schema_v2"));
        assert!(!map.is_active("nobody"));
        assert_eq!(map.usage("schema_v1").unwrap().references(), 2);
        assert!(map.used_by_others("schema_v1", &"users@1.0.0".parse().unwrap()));
        assert_eq!(map.active_schemas(), [v("schema_v1")]);
        assert_eq!(map.schemas().len(), 2);
    }

    #[test]
    fn the_only_user_has_no_others_but_a_dependent_schema_counts_as_one() {
        let map = LiveMap::new();
        let (name, one) = usage("schema_v1", SchemaState::Applied, &["users@1.0.0"]);
        let only = "users@1.0.0".parse().unwrap();
        map.update([(name.clone(), one.clone())]);
        assert!(!map.used_by_others(name.as_str(), &only));
        let mut required = one.unwrap();
        required.dependents.insert(v("schema_v2"));
        map.update([(name.clone(), Some(required))]);
        assert!(map.used_by_others(name.as_str(), &only));
    }

    #[test]
    fn leases_are_counted_one_by_one() {
        let map = LiveMap::new();
        map.update([usage("schema_v1", SchemaState::Applied, &["users@1.0.0"])]);
        let (one, other) = ("users@1.0.0".parse().unwrap(), "users@1.1.0".parse().unwrap());
        assert!(map.count(&v("schema_v1"), &one, true));
        assert!(map.count(&v("schema_v1"), &other, true));
        assert_eq!(map.usage("schema_v1").unwrap().references(), 3);
        assert!(map.count(&v("schema_v1"), &other, false));
        assert!(map.count(&v("schema_v1"), &one, false));
        let left = map.usage("schema_v1").unwrap();
        assert_eq!(left.handler_versions, [(one.clone(), 1)].into());
        assert!(!map.count(&v("nobody"), &one, true));
        assert_eq!(map.statistics().active, 1);
    }

    #[test]
    fn statistics_follow_every_replacement() {
        let map = LiveMap::new();
        map.update([
            usage("a", SchemaState::Applied, &[]),
            usage("b", SchemaState::Pending, &[]),
            usage("c", SchemaState::Failed, &[]),
        ]);
        let (name, retained) = usage("a", SchemaState::Applied, &[]);
        let mut retained = retained.unwrap();
        retained.retained = true;
        map.update([
            (name, Some(retained)),
            usage("b", SchemaState::RolledBack, &[]),
            (v("c"), None),
        ]);
        let expected = Statistics {
            total: 2,
            active: 1,
            rolled_back: 1,
            retained: 1,
            ..Statistics::default()
        };
        assert_eq!(map.statistics(), expected);
    }

    #[test]
    fn readers_and_writers_do_not_disturb_each_other() {
        let map = Arc::new(LiveMap::new());
        map.update([usage("kept", SchemaState::Applied, &["users@1.0.0"])]);
        std::thread::scope(|scope| {
            for writer in 0..4 {
                let map = Arc::clone(&map);
                scope.spawn(move || {
                    for round in 0..500 {
                        let state = if round % 2 == 0 {
                            SchemaState::Applied
                        } else {
                            SchemaState::RolledBack
                        };
                        map.update([usage(&format!("w{writer}"), state, &[])]);
                    }
                });
            }
            for _ in 0..2_000 {
                assert!(map.is_active("kept"));
                let s = map.statistics();
                assert_eq!(s.total, s.active + s.rolled_back + s.pending + s.failed);
            }
        });
        assert_eq!(map.statistics().total, 5);
    }
}
