//! The dependency graph, drawn: what the files say, and what of it is in the database.

mod dot;
mod mermaid;
mod svg;
pub(crate) mod tables;

use std::collections::{BTreeMap, BTreeSet};

use lockstep::registry::Specs;
use lockstep::{HandlerVersion, SchemaState, SchemaVersion, Status};
use serde::Serialize;

pub(crate) use dot::dot;
pub(crate) use mermaid::mermaid;
pub(crate) use svg::svg;

/// A schema in the drawing.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Node {
    pub(crate) schema: SchemaVersion,
    pub(crate) state: SchemaState,
    /// How far it is from the schemas that build on nothing.
    pub(crate) layer: usize,
    pub(crate) requires: Vec<SchemaVersion>,
    /// Those of `requires`, and others, whose users it leaves unharmed.
    pub(crate) compatible_with: Vec<SchemaVersion>,
    pub(crate) used_by: Vec<HandlerVersion>,
    /// False where only the database knows it.
    pub(crate) in_files: bool,
}

/// Everything the files or the database know, bottom layer first.
pub(crate) fn nodes(specs: &Specs, status: &Status) -> Vec<Node> {
    let mut nodes: BTreeMap<SchemaVersion, Node> = status
        .schemas
        .iter()
        .map(|found| {
            let spec = specs.get(&found.schema);
            let node = Node {
                schema: found.schema.clone(),
                state: found.state,
                layer: 0,
                requires: spec.map(|s| s.requires.clone()).unwrap_or_default(),
                compatible_with: spec.map(|s| s.compatible_with.clone()).unwrap_or_default(),
                used_by: found.used_by.clone(),
                in_files: spec.is_some(),
            };
            (found.schema.clone(), node)
        })
        .collect();
    // What only the database knows still says, from below, what builds on what.
    for found in &status.schemas {
        for upper in &found.required_by {
            if let Some(node) = nodes.get_mut(upper)
                && !node.requires.contains(&found.schema)
            {
                node.requires.push(found.schema.clone());
            }
        }
    }
    lay(&mut nodes);
    let mut nodes: Vec<_> = nodes.into_values().collect();
    nodes.sort_by(|a, b| (a.layer, &a.schema).cmp(&(b.layer, &b.schema)));
    nodes
}

/// Puts every schema one layer above the highest it builds on. Layer by layer, so that no chain is too long.
fn lay(nodes: &mut BTreeMap<SchemaVersion, Node>) {
    let mut open: BTreeSet<SchemaVersion> = nodes.keys().cloned().collect();
    let mut layer = 0;
    while !open.is_empty() {
        let ready: Vec<_> = open
            .iter()
            .filter(|name| {
                nodes
                    .get(*name)
                    .is_some_and(|n| n.requires.iter().all(|p| !open.contains(p)))
            })
            .cloned()
            .collect();
        if ready.is_empty() {
            // The files and the database contradict each other in a circle: draw the rest side by side.
            break;
        }
        for name in ready {
            open.remove(&name);
            if let Some(node) = nodes.get_mut(&name) {
                node.layer = layer;
            }
        }
        layer += 1;
    }
    for name in open {
        if let Some(node) = nodes.get_mut(&name) {
            node.layer = layer;
        }
    }
}

/// Fill and border of a state, as on every drawing.
fn colours(state: SchemaState) -> (&'static str, &'static str) {
    match state {
        SchemaState::Applied => ("#d9f2e0", "#2b8a3e"),
        SchemaState::Applying | SchemaState::Reverting => ("#fff3bf", "#e67700"),
        SchemaState::Failed => ("#ffe3e3", "#c92a2a"),
        SchemaState::Pending | SchemaState::RolledBack => ("#f1f3f5", "#868e96"),
    }
}

/// The second line of a node: its state, and how many use it.
fn caption(node: &Node) -> String {
    let state = node.state.as_str().replace('_', " ");
    match node.used_by.len() {
        0 => state,
        1 => format!("{state}, used by {}", node.used_by[0]),
        more => format!("{state}, used by {more} versions"),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use lockstep::{SchemaState, SchemaVersion};

    use super::{Node, lay};

    fn v(name: &str) -> SchemaVersion {
        SchemaVersion::new(name).expect("valid")
    }

    /// v1 <- v2 <- v4, v1 <- v3 <- v4, and `other` alone; names with every character that may need care.
    pub(crate) fn sample() -> Vec<Node> {
        let links: [(&str, &[&str]); 5] = [
            ("v1", &[]),
            ("v2.b", &["v1"]),
            ("v-3", &["v1"]),
            ("v4", &["v2.b", "v-3"]),
            ("other", &[]),
        ];
        let mut nodes = links
            .into_iter()
            .map(|(name, requires)| {
                let node = Node {
                    schema: v(name),
                    state: if name == "v1" {
                        SchemaState::Applied
                    } else {
                        SchemaState::Pending
                    },
                    layer: 0,
                    requires: requires.iter().map(|p| v(p)).collect(),
                    compatible_with: Vec::new(),
                    used_by: if name == "v1" {
                        vec!["a/{b}@1.0.0".parse().expect("valid")]
                    } else {
                        Vec::new()
                    },
                    in_files: true,
                };
                (v(name), node)
            })
            .collect();
        lay(&mut nodes);
        let mut nodes: Vec<_> = nodes.into_values().collect();
        nodes.sort_by(|a, b| (a.layer, &a.schema).cmp(&(b.layer, &b.schema)));
        nodes
    }

    #[test]
    fn a_schema_lies_above_all_it_builds_on() {
        let told: Vec<_> = sample().iter().map(|n| format!("{}:{}", n.layer, n.schema)).collect();
        assert_eq!(told, ["0:other", "0:v1", "1:v-3", "1:v2.b", "2:v4"]);
    }
}
