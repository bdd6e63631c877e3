//! Graphviz.

use std::fmt::Write;

use super::{Node, caption, colours};

/// The graph for `dot`; arrows point from a schema to what it builds on, dashed where it promises nothing to its users.
pub(crate) fn dot(nodes: &[Node]) -> String {
    let mut out = String::from("digraph lockstep {\n  rankdir=BT;\n  node [shape=box, style=\"rounded,filled\"];\n");
    // Writing to a string cannot fail.
    for node in nodes {
        let (fill, border) = colours(node.state);
        let label = format!("{}\\n{}", quoted(node.schema.as_str()), quoted(&caption(node)));
        let _ = writeln!(
            out,
            "  \"{}\" [label=\"{label}\", fillcolor=\"{fill}\", color=\"{border}\"];",
            quoted(node.schema.as_str())
        );
    }
    for node in nodes {
        for parent in &node.requires {
            let style = if node.compatible_with.contains(parent) {
                "solid"
            } else {
                "dashed"
            };
            let (from, to) = (quoted(node.schema.as_str()), quoted(parent.as_str()));
            let _ = writeln!(out, "  \"{from}\" -> \"{to}\" [style={style}];");
        }
    }
    out.push_str("}\n");
    out
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_schema_and_link_is_there_and_quoted() {
        let text = super::dot(&crate::graph::tests::sample());
        assert!(text.contains("\"v-3\" -> \"v1\" [style=dashed];"), "{text}");
        assert!(
            text.contains("\"v1\" [label=\"v1\\napplied, used by a/{b}@1.0.0\""),
            "{text}"
        );
        assert_eq!(text.matches("->").count(), 4);
        assert_eq!(text.matches('{').count(), text.matches('}').count());
    }
}
