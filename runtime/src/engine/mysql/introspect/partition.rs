//! How tables are cut into partitions.

use std::collections::HashMap;

use lockstep_catalog::structure::{Partition, Partitioning, Structure};

use super::Cells;

/// The partitions read so far, by table, in their order.
#[derive(Default)]
pub(super) struct Partitions(HashMap<String, Vec<Row>>);

struct Row {
    name: String,
    method: String,
    expression: String,
    description: Option<String>,
    comment: Option<String>,
    sub: Option<(String, String)>,
    sub_name: String,
}

impl Partitions {
    pub(super) fn take(&mut self, cells: &mut Cells) {
        let table = cells.text();
        let row = Row {
            name: cells.text(),
            method: cells.text(),
            expression: cells.text(),
            description: cells.optional(),
            comment: cells.filled(),
            sub: sub(cells),
            sub_name: cells.text(),
        };
        self.0.entry(table).or_default().push(row);
    }

    /// Gives them to their tables.
    pub(super) fn place(&mut self, structure: &mut Structure, tables: &HashMap<String, usize>) {
        for (table, rows) in self.0.drain() {
            if let Some(at) = tables.get(&table) {
                structure.tables[*at].partitioning = partitioning(rows);
            }
        }
    }
}

fn sub(cells: &mut Cells) -> Option<(String, String)> {
    let (method, expression) = (cells.filled(), cells.text());
    method.map(|method| (method, expression))
}

fn partitioning(rows: Vec<Row>) -> Option<Partitioning> {
    let first = rows.first()?;
    let named = ["RANGE", "LIST"].iter().any(|kind| first.method.starts_with(kind));
    let mut by = if first.method.starts_with("SYSTEM_TIME") {
        "SYSTEM_TIME".to_owned()
    } else {
        format!("{} ({})", first.method, first.expression)
    };
    // Each partition has one row, or one for each of its subpartitions.
    let mut parts: Vec<Partition> = Vec::new();
    for row in &rows {
        let sub_name = row.sub.is_some().then(|| row.sub_name.clone());
        match parts.last_mut().filter(|last| last.name == row.name) {
            Some(last) => last.subpartitions.extend(sub_name),
            None => parts.push(Partition {
                name: row.name.clone(),
                values: values(row),
                comment: row.comment.clone(),
                subpartitions: sub_name.into_iter().collect(),
            }),
        }
    }
    let subpartitions = parts.first().map_or(0, |part| part.subpartitions.len());
    if parts.iter().all(has_made_up_names) {
        parts.iter_mut().for_each(|part| part.subpartitions.clear());
    }
    if let Some((method, expression)) = &first.sub {
        by = format!("{by} SUBPARTITION BY {method} ({expression}) SUBPARTITIONS {subpartitions}");
    }
    let told = |(at, part): (usize, &Partition)| part.name != format!("p{at}") || part.comment.is_some();
    let named = named || first.method.starts_with("SYSTEM_TIME") || parts.iter().enumerate().any(told);
    Some(if named {
        Partitioning {
            by,
            partitions: None,
            parts,
        }
    } else {
        Partitioning {
            by,
            partitions: Some(format!("PARTITIONS {}", parts.len())),
            parts: Vec::new(),
        }
    })
}

/// `p0sp0`, `p0sp1`, …
fn has_made_up_names(part: &Partition) -> bool {
    let mut names = part.subpartitions.iter().enumerate();
    names.all(|(at, name)| *name == format!("{}sp{at}", part.name))
}

fn values(row: &Row) -> String {
    let description = row.description.as_deref().unwrap_or_default();
    match row.method.as_str() {
        "LIST" | "LIST COLUMNS" if description.eq_ignore_ascii_case("DEFAULT") => "DEFAULT".to_owned(),
        "LIST" | "LIST COLUMNS" => format!("VALUES IN ({description})"),
        "RANGE" if description == "MAXVALUE" => "VALUES LESS THAN MAXVALUE".to_owned(),
        "RANGE" | "RANGE COLUMNS" => format!("VALUES LESS THAN ({description})"),
        // A hash spreads the rows over all of them.
        method if method.contains("HASH") || method.contains("KEY") => String::new(),
        // What SYSTEM_TIME's partitions hold is the history, or what is current.
        _ if description.eq_ignore_ascii_case("CURRENT") => "CURRENT".to_owned(),
        _ => "HISTORY".to_owned(),
    }
}
