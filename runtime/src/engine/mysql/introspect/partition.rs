//! How tables are cut into partitions.

use std::collections::HashMap;

use lockstep_catalog::structure::{Partition, Partitioning, Structure, Table};
use lockstep_catalog::{Dialect, quote};

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
                settings: String::new(),
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
            parts,
            ..Partitioning::default()
        }
    } else {
        Partitioning {
            by,
            partitions: Some(format!("PARTITIONS {}", parts.len())),
            ..Partitioning::default()
        }
    })
}

/// What SHOW CREATE TABLE says of a table's partitions, and the catalog does not (MariaDB):
///
/// ```text
///  PARTITION BY SYSTEM_TIME LIMIT 1000              when history goes into the next partition
///  PARTITION BY KEY ALGORITHM = 1 (`a`)             how rows are spread
///   PARTITION `rest` DEFAULT                        which of a list takes what is in no other; the catalog says 0
///   PARTITION `p0` VALUES IN (1) MAX_ROWS = 5       what is said of one
/// ```
pub(super) fn restore(table: &mut Table, text: &str) {
    let Some(partitioning) = &mut table.partitioning else {
        return;
    };
    let Some((_, printed)) = text.rsplit_once("\n PARTITION BY ") else {
        return;
    };
    let mut lines = printed.lines();
    let by = lines.next().unwrap_or_default();
    if by.starts_with("SYSTEM_TIME") {
        partitioning.by = partitioning.by.replacen("SYSTEM_TIME", by.trim(), 1);
    } else if by.contains("KEY ALGORITHM = 1 (") {
        partitioning.by = partitioning.by.replacen("KEY (", "KEY ALGORITHM = 1 (", 1);
    }
    for line in lines {
        if line.starts_with("PARTITIONS ") && by.starts_with("SYSTEM_TIME") {
            partitioning.partitions = Some(line.trim().to_owned());
            partitioning.parts.clear();
        }
        partitioning.listed |= line.starts_with("(PARTITION ");
        let line = line.trim_start_matches(['(', ' ']);
        let of = |part: &&mut Partition| {
            quote(Dialect::Mysql, &part.name).is_ok_and(|name| line.starts_with(&format!("PARTITION {name} ")))
        };
        let Some(part) = partitioning.parts.iter_mut().find(of) else {
            continue;
        };
        let name = quote(Dialect::Mysql, &part.name).unwrap_or_default();
        let rest = line.strip_prefix(&format!("PARTITION {name} ")).unwrap_or_default();
        if rest == "DEFAULT" || rest.starts_with("DEFAULT ") {
            "DEFAULT".clone_into(&mut part.values);
        }
        let rest = rest.strip_prefix(part.values.as_str()).unwrap_or_default();
        let told = rest.split(" COMMENT = ").next().unwrap_or_default();
        let words: Vec<&str> = told.split_whitespace().collect();
        let settings: Vec<String> = words
            .windows(3)
            .filter(|said| matches!(said, ["MAX_ROWS" | "MIN_ROWS", "=", _]))
            .map(|said| said.join(" ").trim_end_matches([',', ')']).to_owned())
            .collect();
        part.settings = settings.join(" ");
    }
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
