//! All specs a process knows, checked against each other.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::{Checksum, Graph, GraphError, SchemaSpec, SchemaVersion, SpecError};

/// A consistent set of specs: every one makes sense, every requirement exists, nothing goes in circles.
#[derive(Debug, Clone, Default)]
pub struct Specs {
    specs: BTreeMap<SchemaVersion, Known>,
    graph: Graph,
}

#[derive(Debug, Clone)]
struct Known {
    spec: Arc<SchemaSpec>,
    checksum: Checksum,
}

/// A set of specs that does not hold together; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SpecsError {
    /// One spec is wrong in itself.
    #[error(transparent)]
    Spec(#[from] SpecError),
    /// The specs do not form a graph.
    #[error(transparent)]
    Graph(#[from] GraphError),
    /// Two specs of one name with different content.
    #[error("schema {schema} is defined twice with different content ({first} and {second})")]
    Conflict {
        /// The name.
        schema: SchemaVersion,
        /// Checksum of the one read first.
        first: Checksum,
        /// Checksum of the other.
        second: Checksum,
    },
}

impl Specs {
    /// Checks the specs and puts them together.
    pub fn new(specs: impl IntoIterator<Item = SchemaSpec>) -> Result<Self, SpecsError> {
        Self::default().with(specs)
    }

    /// This set and more; the same spec twice is one spec.
    pub fn with(&self, more: impl IntoIterator<Item = SchemaSpec>) -> Result<Self, SpecsError> {
        let mut specs = self.specs.clone();
        for spec in more {
            spec.check()?;
            let checksum = spec.checksum();
            match specs.get(&spec.version) {
                Some(first) if first.checksum != checksum => {
                    return Err(SpecsError::Conflict {
                        schema: spec.version,
                        first: first.checksum.clone(),
                        second: checksum,
                    });
                }
                _ => {
                    let version = spec.version.clone();
                    let spec = Arc::new(spec);
                    specs.insert(version, Known { spec, checksum });
                }
            }
        }
        let links = specs
            .iter()
            .map(|(version, known)| (version, known.spec.requires.as_slice()));
        let graph = Graph::new(links)?;
        Ok(Self { specs, graph })
    }

    /// The spec of a schema.
    pub fn get(&self, schema: &SchemaVersion) -> Option<&Arc<SchemaSpec>> {
        self.specs.get(schema).map(|known| &known.spec)
    }

    /// The checksum of a schema's spec.
    pub fn checksum(&self, schema: &SchemaVersion) -> Option<&Checksum> {
        self.specs.get(schema).map(|known| &known.checksum)
    }

    /// What requires what.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// Every spec, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<SchemaSpec>> {
        self.specs.values().map(|known| &known.spec)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.specs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.specs.is_empty()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::Step;

    fn spec(name: &str, up: &str) -> SchemaSpec {
        SchemaSpec::new(SchemaVersion::new(name).unwrap(), vec![Step::sql("001", up, "x")])
    }

    #[test]
    fn a_name_means_one_content() {
        let one = Specs::new([spec("a", "1")]).unwrap();
        assert_eq!(one.with([spec("a", "1")]).unwrap().len(), 1);
        assert!(matches!(one.with([spec("a", "2")]), Err(SpecsError::Conflict { .. })));
    }

    #[test]
    fn a_missing_requirement_is_refused_until_it_is_there() {
        let parent = SchemaVersion::new("a").unwrap();
        let child = spec("b", "1").requires(parent);
        assert!(matches!(Specs::new([child.clone()]), Err(SpecsError::Graph(_))));
        assert!(Specs::new([child, spec("a", "1")]).is_ok());
    }
}
