//! Mermaid, as GitHub and GitLab draw it.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Node, caption, colours};

/// The graph as a flow chart; node names are numbers, because Mermaid reads meaning into words such as `end`.
pub(crate) fn mermaid(nodes: &[Node]) -> String {
    let ids: BTreeMap<_, _> = nodes
        .iter()
        .enumerate()
        .map(|(at, node)| (&node.schema, format!("s{at}")))
        .collect();
    let mut out = String::from("flowchart BT\n");
    // Writing to a string cannot fail.
    for node in nodes {
        let id = &ids[&node.schema];
        let (fill, border) = colours(node.state);
        let _ = writeln!(
            out,
            "  {id}[\"{}<br/>{}\"]",
            text(node.schema.as_str()),
            text(&caption(node))
        );
        let _ = writeln!(out, "  style {id} fill:{fill},stroke:{border}");
    }
    for node in nodes {
        for parent in node
            .requires
            .iter()
            .filter_map(|parent| ids.get(parent).map(|id| (parent, id)))
        {
            let arrow = if node.compatible_with.contains(parent.0) {
                "-->"
            } else {
                "-.->"
            };
            let _ = writeln!(out, "  {} {arrow} {}", ids[&node.schema], parent.1);
        }
    }
    out
}

fn text(raw: &str) -> String {
    raw.replace('&', "#amp;")
        .replace('"', "#quot;")
        .replace('<', "#lt;")
        .replace('>', "#gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_schema_and_link_is_there() {
        let text = super::mermaid(&crate::graph::tests::sample());
        assert!(text.starts_with("flowchart BT\n"));
        assert!(text.contains("s1[\"v1<br/>applied, used by a/{b}@1.0.0\"]"), "{text}");
        assert!(text.contains("s4 -.-> s3"), "{text}");
        assert_eq!(text.matches("-.->").count(), 4);
    }
}
