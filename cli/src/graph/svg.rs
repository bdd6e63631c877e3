//! A picture without further tools: layers from the bottom up, a box a schema, a line a requirement.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::{Node, caption, colours};

const HEIGHT: usize = 48;
const GAP: usize = 28;
const RISE: usize = 64;
const MARGIN: usize = 20;
/// A little more than a character of 12 pixels needs.
const CHARACTER: usize = 8;
const NARROWEST: usize = 120;

struct Box<'a> {
    node: &'a Node,
    x: usize,
    y: usize,
    width: usize,
}

impl Box<'_> {
    fn middle(&self) -> usize {
        self.x + self.width / 2
    }
}

/// The graph as an SVG document.
pub(crate) fn svg(nodes: &[Node]) -> String {
    let (boxes, width, height) = place(nodes);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>Schemas and what they build on</title>\n\
         <defs><marker id=\"arrow\" viewBox=\"0 0 8 8\" refX=\"8\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" orient=\"auto\">\
         <path d=\"M0,0 L8,4 L0,8 z\" fill=\"#495057\"/></marker></defs>\n"
    );
    // Writing to a string cannot fail.
    for upper in &boxes {
        for lower in upper
            .node
            .requires
            .iter()
            .filter_map(|name| boxes.iter().find(|b| b.node.schema == *name))
        {
            let dashes = if upper.node.compatible_with.contains(&lower.node.schema) {
                ""
            } else {
                " stroke-dasharray=\"4 3\""
            };
            let (from, to) = (upper.y + HEIGHT, lower.y);
            let bend = (from + to) / 2;
            let _ = writeln!(
                out,
                "<path d=\"M{} {from} C{} {bend}, {} {bend}, {} {to}\" fill=\"none\" stroke=\"#495057\"{dashes} marker-end=\"url(#arrow)\"/>",
                upper.middle(),
                upper.middle(),
                lower.middle(),
                lower.middle()
            );
        }
    }
    for each in &boxes {
        draw(&mut out, each);
    }
    out.push_str("</svg>\n");
    out
}

/// Layer 0 at the bottom; every layer centred.
fn place(nodes: &[Node]) -> (Vec<Box<'_>>, usize, usize) {
    let mut layers: BTreeMap<usize, Vec<&Node>> = BTreeMap::new();
    for node in nodes {
        layers.entry(node.layer).or_default().push(node);
    }
    let width_of = |node: &Node| {
        let longest = node.schema.as_str().chars().count().max(caption(node).chars().count());
        (longest * CHARACTER + 24).max(NARROWEST)
    };
    let width_of_layer = |layer: &[&Node]| {
        layer
            .iter()
            .map(|n| width_of(n) + GAP)
            .sum::<usize>()
            .saturating_sub(GAP)
    };
    let widest = layers
        .values()
        .map(|layer| width_of_layer(layer))
        .max()
        .unwrap_or(NARROWEST);
    let mut boxes = Vec::new();
    for (row, layer) in layers.values().rev().enumerate() {
        let mut x = MARGIN + (widest - width_of_layer(layer)) / 2;
        for node in layer {
            let width = width_of(node);
            boxes.push(Box {
                node,
                x,
                y: MARGIN + row * (HEIGHT + RISE),
                width,
            });
            x += width + GAP;
        }
    }
    let height = 2 * MARGIN + layers.len() * (HEIGHT + RISE) - if layers.is_empty() { 0 } else { RISE };
    (boxes, widest + 2 * MARGIN, height)
}

fn draw(out: &mut String, each: &Box<'_>) {
    let (fill, border) = colours(each.node.state);
    let (x, y, width, middle) = (each.x, each.y, each.width, each.middle());
    let _ = writeln!(
        out,
        "<g><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{HEIGHT}\" rx=\"8\" fill=\"{fill}\" stroke=\"{border}\"/>\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" font-weight=\"bold\">{}</text>\
         <text x=\"{middle}\" y=\"{}\" text-anchor=\"middle\" fill=\"#495057\">{}</text></g>",
        y + 20,
        escaped(each.node.schema.as_str()),
        y + 37,
        escaped(&caption(each.node))
    );
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::{escaped, place, svg};

    #[test]
    fn boxes_of_a_layer_do_not_overlap_and_stay_inside() {
        let nodes = crate::graph::tests::sample();
        let (boxes, width, height) = place(&nodes);
        for (at, one) in boxes.iter().enumerate() {
            assert!(one.x + one.width <= width && one.y + super::HEIGHT <= height);
            for other in &boxes[at + 1..] {
                assert!(
                    one.y != other.y || one.x + one.width < other.x,
                    "{} and {}",
                    one.node.schema,
                    other.node.schema
                );
            }
        }
    }

    #[test]
    fn the_picture_has_every_box_and_every_line() {
        let text = svg(&crate::graph::tests::sample());
        assert_eq!(text.matches("<rect").count(), 5);
        assert_eq!(text.matches("marker-end").count(), 4);
        assert!(text.starts_with("<svg ") && text.ends_with("</svg>\n"));
        assert_eq!(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
    }

    #[test]
    fn a_graph_of_nothing_is_a_picture_too() {
        assert!(svg(&[]).contains("</svg>"));
    }
}
