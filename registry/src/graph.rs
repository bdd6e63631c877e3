//! What requires what. Every walk is iterative: chains may be ten thousand schemas long.

use std::collections::{BTreeMap, BTreeSet};

use crate::SchemaVersion;

/// Whatever can say what a schema requires directly, and so in what order things come.
pub trait Requires {
    /// What the schema requires directly; nothing for one that is not known.
    fn requires(&self, schema: &SchemaVersion) -> &[SchemaVersion];

    /// The schema and all that it requires, every schema after what it requires.
    fn closure(&self, schema: &SchemaVersion) -> Vec<SchemaVersion> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        let mut stack = vec![(schema, false)];
        while let Some((at, parents_done)) = stack.pop() {
            if parents_done {
                order.push(at.clone());
            } else if seen.insert(at) {
                stack.push((at, true));
                stack.extend(self.requires(at).iter().rev().map(|p| (p, false)));
            }
        }
        order
    }

    /// Every link (upper, lower) on any `requires` path from `upper` down to `lower`; none where it does not build on it.
    fn links_between(&self, upper: &SchemaVersion, lower: &SchemaVersion) -> Vec<(SchemaVersion, SchemaVersion)> {
        // A closure is ordered, so one pass tells which of its members lead down to `lower`.
        let mut leads: BTreeSet<SchemaVersion> = BTreeSet::new();
        let mut links = Vec::new();
        for schema in self.closure(upper) {
            for parent in self.requires(&schema) {
                if parent == lower || leads.contains(parent) {
                    links.push((schema.clone(), parent.clone()));
                    leads.insert(schema.clone());
                }
            }
        }
        links
    }
}

impl Requires for Graph {
    fn requires(&self, schema: &SchemaVersion) -> &[SchemaVersion] {
        self.parents.get(schema).map_or(&[], Vec::as_slice)
    }
}

/// The dependency graph of a set of schemas: complete and without cycles once built.
#[derive(Debug, Clone, Default)]
pub struct Graph {
    /// Schema -> what it requires.
    parents: BTreeMap<SchemaVersion, Vec<SchemaVersion>>,
    /// Schema -> what requires it.
    children: BTreeMap<SchemaVersion, Vec<SchemaVersion>>,
}

/// A set of schemas that is not a graph; nothing was changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GraphError {
    /// A schema requires one that is nowhere.
    #[error("schema {schema} requires {parent}, which does not exist")]
    MissingParent {
        /// Who requires.
        schema: SchemaVersion,
        /// What is missing.
        parent: SchemaVersion,
    },
    /// Schemas require each other in a circle.
    #[error("schemas require each other in a circle: {}", join(path))]
    Cycle {
        /// The circle; the first schema is also the last.
        path: Vec<SchemaVersion>,
    },
}

fn join(path: &[SchemaVersion]) -> String {
    let names: Vec<_> = path.iter().map(SchemaVersion::as_str).collect();
    names.join(" -> ")
}

impl Graph {
    /// Builds the graph, or names the first fault.
    pub fn new<'a>(
        schemas: impl IntoIterator<Item = (&'a SchemaVersion, &'a [SchemaVersion])>,
    ) -> Result<Self, GraphError> {
        let mut graph = Self::default();
        for (schema, requires) in schemas {
            graph.parents.insert(schema.clone(), requires.to_vec());
            graph.children.entry(schema.clone()).or_default();
        }
        for (schema, requires) in &graph.parents {
            for parent in requires {
                match graph.children.get_mut(parent) {
                    Some(children) => children.push(schema.clone()),
                    None => {
                        return Err(GraphError::MissingParent {
                            schema: schema.clone(),
                            parent: parent.clone(),
                        });
                    }
                }
            }
        }
        match graph.find_cycle() {
            Some(path) => Err(GraphError::Cycle { path }),
            None => Ok(graph),
        }
    }

    /// Removes schemas without open requirements until none is left; what remains lies on or behind a circle.
    fn find_cycle(&self) -> Option<Vec<SchemaVersion>> {
        let mut open: BTreeMap<_, _> = self.parents.iter().map(|(s, p)| (s, p.len())).collect();
        let mut ready: Vec<_> = open.iter().filter(|(_, n)| **n == 0).map(|(s, _)| *s).collect();
        while let Some(schema) = ready.pop() {
            open.remove(schema);
            for child in self.dependents(schema) {
                if let Some(left) = open.get_mut(child) {
                    *left -= 1;
                    if *left == 0 {
                        ready.push(child);
                    }
                }
            }
        }
        let mut at = *open.keys().next()?;
        let mut path: Vec<&SchemaVersion> = Vec::new();
        loop {
            if let Some(start) = path.iter().position(|seen| *seen == at) {
                path.push(at);
                return Some(path[start..].iter().copied().cloned().collect());
            }
            path.push(at);
            // Whatever is left requires something that is left.
            at = self.requires(at).iter().find(|p| open.contains_key(p))?;
        }
    }

    /// Whether the schema is part of the graph.
    pub fn contains(&self, schema: &SchemaVersion) -> bool {
        self.parents.contains_key(schema)
    }

    /// What requires the schema directly.
    pub fn dependents(&self, schema: &SchemaVersion) -> &[SchemaVersion] {
        self.children.get(schema).map_or(&[], Vec::as_slice)
    }

    /// Every schema with what it requires, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&SchemaVersion, &[SchemaVersion])> {
        self.parents.iter().map(|(s, p)| (s, p.as_slice()))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn v(name: &str) -> SchemaVersion {
        SchemaVersion::new(name).unwrap()
    }

    fn graph(edges: &[(&str, &[&str])]) -> Result<Graph, GraphError> {
        let owned: Vec<(_, Vec<_>)> = edges
            .iter()
            .map(|(s, p)| (v(s), p.iter().map(|p| v(p)).collect()))
            .collect();
        Graph::new(owned.iter().map(|(s, p)| (s, p.as_slice())))
    }

    fn names(schemas: &[SchemaVersion]) -> Vec<&str> {
        schemas.iter().map(SchemaVersion::as_str).collect()
    }

    #[test]
    fn a_closure_comes_in_dependency_order() {
        let g = graph(&[("d", &["b", "c"]), ("b", &["a"]), ("c", &["a"]), ("a", &[]), ("x", &[])]).unwrap();
        assert_eq!(names(&g.closure(&v("d"))), ["a", "b", "c", "d"]);
        assert_eq!(names(g.dependents(&v("a"))), ["b", "c"]);
    }

    #[test]
    fn a_missing_parent_and_a_circle_are_named() {
        assert_eq!(
            graph(&[("b", &["a"])]).unwrap_err().to_string(),
            "schema b requires a, which does not exist"
        );
        let circle = graph(&[("a", &["c"]), ("b", &["a"]), ("c", &["b"]), ("z", &["a"])]).unwrap_err();
        let GraphError::Cycle { path } = &circle else {
            panic!("{circle}")
        };
        assert_eq!(path.first(), path.last());
        assert_eq!(path.len(), 4, "{circle}");
    }

    #[test]
    fn links_between_two_schemas_follow_every_path() {
        let g = graph(&[
            ("d", &["b", "c"]),
            ("b", &["a"]),
            ("c", &["a", "x"]),
            ("a", &[]),
            ("x", &[]),
        ])
        .unwrap();
        let links = g.links_between(&v("d"), &v("a"));
        let links: Vec<_> = links.iter().map(|(u, l)| format!("{u}>{l}")).collect();
        assert_eq!(links, ["b>a", "c>a", "d>b", "d>c"]);
        assert!(g.links_between(&v("a"), &v("d")).is_empty());
        assert!(g.links_between(&v("b"), &v("x")).is_empty());
    }

    #[test]
    fn a_chain_of_ten_thousand_does_not_exhaust_the_stack() {
        let all: Vec<_> = (0..10_000).map(|i| v(&format!("s{i:05}"))).collect();
        let edges = all
            .iter()
            .enumerate()
            .map(|(i, s)| (s, if i == 0 { &[][..] } else { &all[i - 1..i] }));
        let g = Graph::new(edges).unwrap();
        assert_eq!(g.closure(&all[9_999]).len(), 10_000);
    }

    proptest! {
        #[test]
        fn every_closure_has_parents_first(edges in proptest::collection::vec((1usize..12, 0usize..12), 0..30)) {
            let mut parents = vec![BTreeSet::new(); 12];
            for (child, parent) in edges { if parent < child { parents[child].insert(parent); } }
            let name = |i: usize| v(&format!("s{i:02}"));
            let owned: Vec<(_, Vec<_>)> = (0..12).map(|i| (name(i), parents[i].iter().map(|p| name(*p)).collect())).collect();
            let g = Graph::new(owned.iter().map(|(s, p)| (s, p.as_slice()))).unwrap();
            for i in 0..12 {
                let order = g.closure(&name(i));
                for (at, schema) in order.iter().enumerate() {
                    for parent in g.requires(schema) { prop_assert!(order[..at].contains(parent)); }
                }
            }
        }
    }
}
