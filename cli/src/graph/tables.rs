//! The tables of a database, drawn: a box a table, a line a foreign key.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use lockstep::catalog::structure::{ConstraintKind, ForeignKey, Name, Structure, Table};

use super::svg::escaped;

const ROW: usize = 18;
const HEAD: usize = 26;
const GAP: usize = 60;
const MARGIN: usize = 20;
/// A little more than a character of 12 pixels needs.
const CHARACTER: usize = 7;
/// A box with more columns than this says how many there are.
const SHOWN: usize = 30;

/// The tables as Mermaid's entity-relationship diagram.
pub(crate) fn mermaid(structure: &Structure) -> String {
    let mut out = String::from("erDiagram\n");
    // Writing to a string cannot fail.
    for table in &structure.tables {
        let _ = writeln!(out, "    {} {{", word(&table.name.to_string()));
        let keys: BTreeSet<&str> = key_columns(table);
        for column in &table.columns {
            let key = if keys.contains(column.name.as_str()) { " PK" } else { "" };
            let data_type = if column.data_type.is_empty() {
                "any"
            } else {
                column.data_type.as_str()
            };
            let _ = writeln!(out, "        {} {}{key}", plain(data_type), plain(&column.name));
        }
        out.push_str("    }\n");
    }
    for table in &structure.tables {
        for key in foreign_keys(table) {
            let _ = writeln!(
                out,
                "    {} ||--o{{ {} : \"{}\"",
                word(&key.references.to_string()),
                word(&table.name.to_string()),
                key.columns.join(", ").replace('"', "'")
            );
        }
    }
    out
}

fn key_columns(table: &Table) -> BTreeSet<&str> {
    table
        .primary_key()
        .map(|key| key.parts.iter().filter_map(|part| part.column_name()).collect())
        .unwrap_or_default()
}

fn foreign_keys(table: &Table) -> impl Iterator<Item = &ForeignKey> {
    table.constraints.iter().filter_map(|one| match &one.kind {
        ConstraintKind::ForeignKey(key) => Some(key),
        _ => None,
    })
}

/// A name as Mermaid takes it.
fn word(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "'"))
}

/// Types and columns may only be words there.
fn plain(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '_' })
        .collect();
    plain.trim_matches('_').to_owned()
}

struct Box<'a> {
    table: &'a Table,
    x: usize,
    y: usize,
    width: usize,
    height: usize,
}

/// The tables as an SVG document.
pub(crate) fn svg(structure: &Structure) -> String {
    let (boxes, width, height) = place(structure);
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" \
         font-family=\"sans-serif\" font-size=\"12\" role=\"img\">\n<title>Tables and what they point to</title>\n"
    );
    let at: BTreeMap<&Name, &Box<'_>> = boxes.iter().map(|one| (&one.table.name, one)).collect();
    for from in &boxes {
        for key in foreign_keys(from.table) {
            let Some(to) = at.get(&key.references) else { continue };
            let (x1, y1, x2, y2) = (from.x, from.y + HEAD / 2, to.x + to.width, to.y + HEAD / 2);
            let bend = x1.abs_diff(x2) / 2;
            let _ = writeln!(
                out,
                "<path d=\"M{x1} {y1} C{} {y1}, {} {y2}, {x2} {y2}\" fill=\"none\" stroke=\"#868e96\"/>",
                x1.saturating_sub(bend),
                x2 + bend
            );
        }
    }
    for one in &boxes {
        draw(&mut out, one);
    }
    out.push_str("</svg>\n");
    out
}

/// A table stands one column right of the furthest it points to.
fn place(structure: &Structure) -> (Vec<Box<'_>>, usize, usize) {
    let mut depth: BTreeMap<&Name, usize> = structure.tables.iter().map(|table| (&table.name, 0)).collect();
    // As often as there are tables is enough for any chain; a circle ends there, too.
    for _ in 0..structure.tables.len().min(40) {
        let mut moved = false;
        for table in &structure.tables {
            let furthest = foreign_keys(table)
                .filter(|key| key.references != table.name)
                .filter_map(|key| depth.get(&key.references).map(|at| at + 1))
                .max()
                .unwrap_or(0)
                .min(12);
            if let Some(at) = depth.get_mut(&table.name)
                && furthest > *at
            {
                *at = furthest;
                moved = true;
            }
        }
        if !moved {
            break;
        }
    }
    let mut columns: BTreeMap<usize, Vec<&Table>> = BTreeMap::new();
    for table in &structure.tables {
        columns.entry(depth[&table.name]).or_default().push(table);
    }
    let (mut boxes, mut x, mut lowest) = (Vec::new(), MARGIN, 0);
    for tables in columns.values() {
        let width = tables.iter().map(|table| width_of(table)).max().unwrap_or(0);
        let mut y = MARGIN;
        for table in tables {
            let height = HEAD + table.columns.len().min(SHOWN + 1) * ROW + 6;
            boxes.push(Box {
                table,
                x,
                y,
                width,
                height,
            });
            y += height + GAP / 2;
        }
        lowest = lowest.max(y);
        x += width + GAP;
    }
    (boxes, (x + MARGIN).saturating_sub(GAP).max(2 * MARGIN), lowest + MARGIN)
}

fn width_of(table: &Table) -> usize {
    let lines = table
        .columns
        .iter()
        .map(|one| one.name.chars().count() + one.data_type.chars().count() + 3);
    let longest = lines.max().unwrap_or(0).max(table.name.to_string().chars().count() + 2);
    longest * CHARACTER + 20
}

fn draw(out: &mut String, one: &Box<'_>) {
    let Box {
        table,
        x,
        y,
        width,
        height,
    } = one;
    let _ = writeln!(
        out,
        "<g><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" rx=\"6\" fill=\"#f8f9fa\" stroke=\"#495057\"/>\
         <text x=\"{}\" y=\"{}\" font-weight=\"bold\">{}</text>",
        x + 10,
        y + 17,
        escaped(&table.name.to_string())
    );
    let keys = key_columns(table);
    for (at, column) in table.columns.iter().enumerate() {
        let line = y + HEAD + at * ROW + 13;
        if at == SHOWN {
            let more = table.columns.len() - SHOWN;
            let _ = writeln!(
                out,
                "<text x=\"{}\" y=\"{line}\" fill=\"#868e96\">and {more} more</text>",
                x + 10
            );
            break;
        }
        let weight = if keys.contains(column.name.as_str()) {
            " text-decoration=\"underline\""
        } else {
            ""
        };
        let _ = writeln!(
            out,
            "<text x=\"{}\" y=\"{line}\"{weight}>{}</text><text x=\"{}\" y=\"{line}\" text-anchor=\"end\" fill=\"#868e96\">{}</text>",
            x + 10,
            escaped(&column.name),
            x + width - 10,
            escaped(&column.data_type)
        );
    }
    out.push_str("</g>\n");
}
