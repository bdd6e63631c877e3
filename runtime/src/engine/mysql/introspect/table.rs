//! Tables, their columns, indexes and constraints.

use lockstep_catalog::backtick;
use lockstep_catalog::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Generated, Index, IndexPart, IndexTarget, Key, Name, Table, View,
};

use super::{Cells, Reading};

impl Reading {
    pub(super) fn take_table(&mut self, cells: &mut Cells) {
        let (name, kind) = (cells.text(), cells.text());
        let (engine, collation, created_with) = (cells.text(), cells.text(), cells.text());
        let comment = cells.filled();
        match kind.as_str() {
            "VIEW" | "SYSTEM VIEW" => {
                self.views.insert(name.clone(), self.structure.views.len());
                self.structure.views.push(View {
                    name: Name::plain(name),
                    ..View::default()
                });
            }
            "SEQUENCE" => self.sequences.push(name),
            _ => {
                let mut table = Table {
                    name: Name::plain(name.as_str()),
                    comment,
                    ..Table::default()
                };
                table.options.insert("engine".to_owned(), engine);
                table.options.insert("collation".to_owned(), collation.clone());
                for (option, value) in options(&created_with) {
                    // Aria says its defaults once it was altered, or here and not when it is asked for its text.
                    if matches!(option.as_str(), "page_checksum" | "transactional") && value == "1" {
                        continue;
                    }
                    table.options.insert(option, value);
                }
                if kind == "SYSTEM VERSIONED" {
                    table.options.insert("system_versioning".to_owned(), String::new());
                }
                self.collations.insert(name.clone(), collation);
                self.tables.insert(name, self.structure.tables.len());
                self.structure.tables.push(table);
            }
        }
    }

    fn table(&mut self, name: &str) -> Option<&mut Table> {
        let at = *self.tables.get(name)?;
        self.structure.tables.get_mut(at)
    }

    pub(super) fn take_column(&mut self, cells: &mut Cells) {
        let (table, name, data_type) = (cells.text(), cells.text(), cells.text());
        if let Some(at) = self.views.get(&table) {
            self.structure.views[*at].columns.push((name, data_type));
            return;
        }
        let nullable = cells.is("YES");
        let default = cells.optional();
        let extra = cells.text();
        let expression = cells.filled();
        let collation = cells.filled();
        let comment = cells.filled();
        let srid = cells.filled();
        let (data_type, compressed) = match data_type.split_once(" /*") {
            Some((plain, mark)) => (plain.to_owned(), mark.contains("COMPRESSED")),
            None => (data_type, false),
        };
        let says = |word: &str| extra.to_ascii_uppercase().contains(word);
        let mut column = Column {
            default: default.and_then(|default| self.default(&data_type, &extra, &default)),
            name,
            data_type,
            nullable,
            auto_increment: says("AUTO_INCREMENT"),
            collation: collation.filter(|one| self.collations.get(&table) != Some(one)),
            comment,
            ..Column::default()
        };
        let mut set = |option: &str, value: String| column.options.insert(option.to_owned(), value);
        if compressed {
            set("compressed", String::new());
        }
        if says("INVISIBLE") {
            set("invisible", String::new());
        }
        if says("WITHOUT SYSTEM VERSIONING") {
            set("without_system_versioning", String::new());
        }
        if let Some(srid) = srid {
            set("srid", srid);
        }
        if let Some(update) = on_update(&extra) {
            set("on_update", update);
        }
        if let Some(expression) = expression {
            if matches!(expression.as_str(), "ROW START" | "ROW END") {
                set("row", expression);
            } else {
                column.generated = Some(Generated {
                    expression: self.expression(&expression),
                    stored: says("STORED") || says("PERSISTENT"),
                });
                column.default = None;
            }
        }
        if let Some(table) = self.table(&table) {
            table.columns.push(column);
        }
    }

    /// What stands after DEFAULT. MariaDB prints it as it is said; MySQL prints a value bare, and marks expressions.
    fn default(&self, data_type: &str, extra: &str, default: &str) -> Option<String> {
        if self.mariadb {
            return (default != "NULL").then(|| backtick::without_database(default, &self.database));
        }
        if extra.contains("DEFAULT_GENERATED") {
            let lower = default.to_ascii_lowercase();
            let is_now = lower.starts_with("current_timestamp") || lower.starts_with("now(");
            return Some(match is_now {
                true => default.to_owned(),
                false => format!("({})", self.expression(default)),
            });
        }
        let bare = data_type.starts_with("bit") || (data_type.contains("binary") && default.starts_with("0x"));
        Some(if bare {
            default.to_owned()
        } else {
            backtick::literal(default)
        })
    }

    pub(super) fn take_index(&mut self, cells: &mut Cells) {
        let (table, name) = (cells.text(), cells.text());
        let unique = cells.is("0");
        let method = cells.text().to_ascii_lowercase();
        let (column, expression) = (cells.filled(), cells.filled());
        let prefix = cells.filled().and_then(|length| length.parse().ok());
        let descending = cells.is("D");
        let hidden = cells.is("YES");
        let comment = cells.filled();
        let on = match (column, expression) {
            (Some(column), _) => IndexTarget::Column(column),
            (None, expression) => IndexTarget::Expression(self.expression(&expression.unwrap_or_default())),
        };
        let part = IndexPart {
            on,
            prefix: prefix.filter(|_| method != "spatial" && method != "fulltext"),
            descending,
            nulls_first: None,
            collation: None,
            operator_class: None,
        };
        let hide = if self.mariadb { "IGNORED" } else { "INVISIBLE" };
        let Some(table) = self.table(&table) else { return };
        if name == "PRIMARY" {
            // A hash is what a table in memory has where nothing is said.
            let in_memory = table.options.get("engine").is_some_and(|engine| engine == "MEMORY");
            let using = (in_memory && method == "btree").then(|| ("using".to_owned(), "BTREE".to_owned()));
            let known = table.constraints.iter_mut().find_map(|one| match &mut one.kind {
                ConstraintKind::PrimaryKey(key) => Some(key),
                _ => None,
            });
            match known {
                Some(key) => key.parts.push(part),
                None => table.constraints.push(Constraint {
                    generated_name: true,
                    comment,
                    options: using.into_iter().collect(),
                    ..constraint(
                        name,
                        ConstraintKind::PrimaryKey(Key {
                            parts: vec![part],
                            ..Key::default()
                        }),
                    )
                }),
            }
            return;
        }
        match table.indexes.last_mut().filter(|last| last.name == name) {
            Some(last) => last.parts.push(part),
            None => {
                let mut index = Index {
                    name,
                    unique,
                    method,
                    parts: vec![part],
                    comment,
                    ..Index::default()
                };
                if hidden {
                    index.options.insert("invisible".to_owned(), hide.to_owned());
                }
                table.indexes.push(index);
            }
        }
    }

    pub(super) fn take_reference(&mut self, cells: &mut Cells) {
        let (table, name, column) = (cells.text(), cells.text(), cells.text());
        let schema = cells.text();
        let to = Name::new(if schema == self.database { "" } else { &schema }, cells.text());
        let referenced = cells.text();
        let generated_name = is_numbered(&name, &format!("{table}_ibfk_"));
        let Some(table) = self.table(&table) else { return };
        if let Some(Constraint {
            kind: ConstraintKind::ForeignKey(key),
            ..
        }) = table.constraints.iter_mut().rev().find(|one| one.name == name)
        {
            key.columns.push(column);
            key.referenced.push(referenced);
            return;
        }
        let key = ForeignKey {
            columns: vec![column],
            references: to,
            referenced: vec![referenced],
            ..ForeignKey::default()
        };
        table.constraints.push(Constraint {
            generated_name,
            ..constraint(name, ConstraintKind::ForeignKey(key))
        });
    }

    pub(super) fn take_rule(&mut self, cells: &mut Cells) {
        let (table, name) = (cells.text(), cells.text());
        let (update, delete) = (cells.text(), cells.text());
        let Some(table) = self.table(&table) else { return };
        for constraint in &mut table.constraints {
            if let (true, ConstraintKind::ForeignKey(key)) = (constraint.name == name, &mut constraint.kind) {
                key.on_update.clone_from(&update);
                key.on_delete.clone_from(&delete);
            }
        }
    }

    pub(super) fn take_check(&mut self, cells: &mut Cells) {
        let (table, name) = (cells.text(), cells.text());
        let of_column = cells.is("Column");
        let printed = cells.text();
        let expression = self.expression(&printed);
        let enforced = cells.is("YES");
        let generated_name = is_numbered(&name, "CONSTRAINT_") || is_numbered(&name, &format!("{table}_chk_"));
        let Some(table) = self.table(&table) else { return };
        if of_column && let Some(column) = table.columns.iter_mut().find(|one| one.name == name) {
            column.options.insert("check".to_owned(), expression);
            return;
        }
        table.constraints.push(Constraint {
            generated_name,
            unchecked: !enforced,
            ..constraint(name, ConstraintKind::Check { expression })
        });
    }
}

fn constraint(name: String, kind: ConstraintKind) -> Constraint {
    Constraint {
        name,
        generated_name: false,
        kind,
        definition: None,
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Default::default(),
        comment: None,
    }
}

/// Whether the server made the name up by counting.
fn is_numbered(name: &str, start: &str) -> bool {
    name.strip_prefix(start)
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

/// `on update current_timestamp(3)` out of EXTRA.
fn on_update(extra: &str) -> Option<String> {
    let at = extra.to_ascii_lowercase().find("on update ")?;
    let rest = &extra[at + "on update ".len()..];
    let end = rest.find([',', ' ']).unwrap_or(rest.len());
    Some(rest[..end].to_owned())
}

/// `row_format=COMPRESSED key_block_size=8` and `` `PAGE_COMPRESSED`='ON' ``; that there are partitions is said elsewhere.
fn options(created_with: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = created_with.trim();
    while !rest.is_empty() {
        let mut quote = None;
        let end = rest
            .char_indices()
            .find(|(_, character)| {
                match (quote, *character) {
                    (None, '\'' | '`' | '"') => quote = Some(*character),
                    (Some(open), close) if open == close => quote = None,
                    _ => {}
                }
                quote.is_none() && *character == ' '
            })
            .map_or(rest.len(), |(at, _)| at);
        let option = &rest[..end];
        rest = rest[end..].trim_start();
        if let Some((name, value)) = option.split_once('=') {
            found.push((name.to_ascii_lowercase(), value.to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_told_apart() {
        let pairs = options("stats_persistent=1 row_format=COMPRESSED partitioned `PAGE_COMPRESSED`='a b'");
        let expected = [
            ("stats_persistent", "1"),
            ("row_format", "COMPRESSED"),
            ("`page_compressed`", "'a b'"),
        ];
        assert_eq!(pairs, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }

    #[test]
    fn names_that_the_server_counts_are_known() {
        assert!(is_numbered("posts_ibfk_12", "posts_ibfk_"));
        assert!(!is_numbered("posts_ibfk_", "posts_ibfk_"));
        assert!(!is_numbered("posts_ibfk_1a", "posts_ibfk_"));
        assert_eq!(
            on_update("DEFAULT_GENERATED on update CURRENT_TIMESTAMP(3) INVISIBLE").as_deref(),
            Some("CURRENT_TIMESTAMP(3)")
        );
    }
}
