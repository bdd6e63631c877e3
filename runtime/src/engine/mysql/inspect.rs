//! What a MySQL or MariaDB database looks like, in one round trip however many tables there are.
//!
//! Counters, definers and the database's own name are left out: two databases that were made alike look alike.

use std::collections::BTreeMap;

use lockstep_catalog::{Column, Dialect, ObjectKey, ObjectKind, Snapshot, Table, canonical_sql};
use sqlx::Row;
use sqlx::mysql::{MySqlConnection, MySqlRow};

use super::connect::{Server, literal, optional_text, own, rows, text};
use crate::Result;

const DOING: &str = "reading the database's schema";

/// A statement for each kind of thing; every row says what it is, a name, a name within that, and the parts of a
/// definition. `{db}` is the database; `{visible}` and `{expression}` are the server's own.
const QUERIES: &[&str] = &[
    "SELECT 'table', t.TABLE_NAME, '', t.TABLE_TYPE, t.ENGINE, t.TABLE_COLLATION, t.CREATE_OPTIONS, t.TABLE_COMMENT \
     FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = {db} AND (t.TABLE_NAME NOT LIKE 'lockstep\\_%' OR t.TABLE_NAME LIKE 'lockstep\\_archive\\_%') \
     AND t.TABLE_TYPE <> 'VIEW'",
    "SELECT 'column', c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, IF(c.IS_NULLABLE = 'NO', 'not null', NULL), \
     CONCAT('default ', c.COLUMN_DEFAULT), c.EXTRA, CONCAT('as ', NULLIF(c.GENERATION_EXPRESSION, '')), \
     CONCAT('collate ', c.COLLATION_NAME), CONCAT('comment ', NULLIF(c.COLUMN_COMMENT, '')) \
     FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = {db} AND (c.TABLE_NAME NOT LIKE 'lockstep\\_%' OR c.TABLE_NAME LIKE 'lockstep\\_archive\\_%')",
    "SELECT 'index', s.TABLE_NAME, s.INDEX_NAME, IF(s.NON_UNIQUE = 0, 'unique', NULL), s.INDEX_TYPE, \
     CONCAT(COALESCE(s.COLUMN_NAME, {expression}), IF(s.SUB_PART IS NULL, '', CONCAT('(', s.SUB_PART, ')')), \
     IF(s.COLLATION = 'D', ' desc', '')), {visible}, CONCAT('comment ', NULLIF(s.INDEX_COMMENT, '')) \
     FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = {db} AND s.TABLE_NAME NOT LIKE 'lockstep\\_%' \
     ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX",
    "SELECT 'reference', k.TABLE_NAME, k.CONSTRAINT_NAME, CONCAT(k.COLUMN_NAME, ' references ', \
     IF(k.REFERENCED_TABLE_SCHEMA = k.TABLE_SCHEMA, '', CONCAT(k.REFERENCED_TABLE_SCHEMA, '.')), \
     k.REFERENCED_TABLE_NAME, '.', k.REFERENCED_COLUMN_NAME), CONCAT('on update ', r.UPDATE_RULE, ' on delete ', r.DELETE_RULE) \
     FROM information_schema.KEY_COLUMN_USAGE k JOIN information_schema.REFERENTIAL_CONSTRAINTS r \
     ON r.CONSTRAINT_SCHEMA = k.CONSTRAINT_SCHEMA AND r.CONSTRAINT_NAME = k.CONSTRAINT_NAME AND r.TABLE_NAME = k.TABLE_NAME \
     WHERE k.TABLE_SCHEMA = {db} AND k.REFERENCED_TABLE_NAME IS NOT NULL \
     ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    "SELECT 'check', t.TABLE_NAME, c.CONSTRAINT_NAME, c.CHECK_CLAUSE FROM information_schema.CHECK_CONSTRAINTS c \
     JOIN information_schema.TABLE_CONSTRAINTS t ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA \
     AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME AND t.CONSTRAINT_TYPE = 'CHECK'{same_table} \
     WHERE c.CONSTRAINT_SCHEMA = {db} AND t.TABLE_NAME NOT LIKE 'lockstep\\_%'",
    "SELECT 'view', v.TABLE_NAME, '', v.VIEW_DEFINITION, v.SECURITY_TYPE, v.CHECK_OPTION \
     FROM information_schema.VIEWS v WHERE v.TABLE_SCHEMA = {db}",
    "SELECT 'trigger', g.EVENT_OBJECT_TABLE, g.TRIGGER_NAME, g.ACTION_TIMING, g.EVENT_MANIPULATION, g.ACTION_ORDER, \
     g.ACTION_STATEMENT FROM information_schema.TRIGGERS g WHERE g.TRIGGER_SCHEMA = {db} \
     AND g.EVENT_OBJECT_TABLE NOT LIKE 'lockstep\\_%'",
    "SELECT 'routine', r.ROUTINE_NAME, r.ROUTINE_TYPE, r.DTD_IDENTIFIER, r.ROUTINE_DEFINITION, r.IS_DETERMINISTIC, \
     r.SQL_DATA_ACCESS, r.SECURITY_TYPE FROM information_schema.ROUTINES r WHERE r.ROUTINE_SCHEMA = {db}",
    "SELECT 'parameter', p.SPECIFIC_NAME, p.ROUTINE_TYPE, CONCAT_WS(' ', p.PARAMETER_MODE, p.PARAMETER_NAME, p.DTD_IDENTIFIER) \
     FROM information_schema.PARAMETERS p WHERE p.SPECIFIC_SCHEMA = {db} AND p.ORDINAL_POSITION > 0 \
     ORDER BY p.SPECIFIC_NAME, p.ROUTINE_TYPE, p.ORDINAL_POSITION",
    "SELECT 'event', e.EVENT_NAME, '', e.EVENT_TYPE, e.EXECUTE_AT, e.INTERVAL_VALUE, e.INTERVAL_FIELD, e.STATUS, \
     e.ON_COMPLETION, e.EVENT_DEFINITION FROM information_schema.EVENTS e WHERE e.EVENT_SCHEMA = {db}",
];

fn script(database: &str, server: Server) -> String {
    // MariaDB's checks are named within their table; MySQL's view does not tell the table.
    let (visible, expression, same_table) = if server.mariadb {
        (
            "IF(s.IGNORED = 'YES', 'ignored', NULL)",
            "''",
            " AND t.TABLE_NAME = c.TABLE_NAME",
        )
    } else {
        ("IF(s.IS_VISIBLE = 'NO', 'invisible', NULL)", "s.EXPRESSION", "")
    };
    QUERIES
        .join("; ")
        .replace("{db}", &literal(database))
        .replace("{visible}", visible)
        .replace("{expression}", expression)
        .replace("{same_table}", same_table)
}

pub(super) async fn snapshot(connection: &mut MySqlConnection, database: &str, server: Server) -> Result<Snapshot> {
    let found = rows(connection, script(database, server)).await.map_err(own(DOING))?;
    let mut reading = Reading::default();
    for row in &found {
        reading.take(row, database)?;
    }
    Ok(reading.snapshot)
}

#[derive(Default)]
struct Reading {
    snapshot: Snapshot,
    routines: BTreeMap<(String, String), ObjectKey>,
}

impl Reading {
    fn take(&mut self, row: &MySqlRow, database: &str) -> Result<()> {
        let mut cells = Vec::with_capacity(row.len());
        for at in 0..row.len() {
            cells.push(optional_text(row, at).map_err(own(DOING))?);
        }
        let mut cells = cells.into_iter();
        let mut next = || cells.next().flatten().unwrap_or_default();
        let (what, name, inner) = (next(), next(), next());
        let parts: Vec<String> = cells.flatten().filter(|part| !part.is_empty()).collect();
        let definition = parts.join(" ");
        match what.as_str() {
            "table" if parts.first().is_some_and(|kind| kind == "SEQUENCE") => {
                self.object(ObjectKind::Sequence, name, definition);
            }
            "table" => {
                let definition = parts.get(1..).unwrap_or_default().join(" ");
                self.snapshot.tables.entry(name).or_insert_with(|| Table {
                    definition,
                    ..Table::default()
                });
            }
            // Views and sequences have columns, too; they are not places for rows.
            "column" => {
                if let Some(table) = self.snapshot.tables.get_mut(&name) {
                    let declaration = definition;
                    table.columns.insert(inner, Column { declaration });
                }
            }
            "index" => self.more(ObjectKind::Index, &name, &inner, &definition),
            "reference" => self.more(ObjectKind::Constraint, &name, &inner, &definition),
            "check" => {
                let check = canonical_sql(Dialect::Mysql, &format!("check ({definition})"));
                self.more(ObjectKind::Constraint, &name, &inner, &check);
            }
            "view" => {
                let text = definition.replace(&format!("`{}`.", database.replace('`', "``")), "");
                self.object(ObjectKind::View, name, canonical_sql(Dialect::Mysql, &text));
            }
            "trigger" => self.object(ObjectKind::Trigger, format!("{name}.{inner}"), definition),
            "routine" => {
                let key = ObjectKey::new(
                    ObjectKind::Function,
                    match inner.as_str() {
                        "FUNCTION" => name.clone(),
                        other => format!("{name} {}", other.to_ascii_lowercase()),
                    },
                );
                self.routines.insert((name, inner), key.clone());
                self.snapshot.objects.insert(key, definition);
            }
            "parameter" => {
                if let Some(key) = self.routines.get(&(name, inner))
                    && let Some(known) = self.snapshot.objects.get_mut(key)
                {
                    *known = format!("{known}, {definition}");
                }
            }
            _ => self.object(ObjectKind::Other, format!("{what} {name}"), definition),
        }
        Ok(())
    }

    fn object(&mut self, kind: ObjectKind, name: String, definition: String) {
        self.snapshot.objects.insert(ObjectKey { kind, name }, definition);
    }

    /// Another column of something that has several, in order.
    fn more(&mut self, kind: ObjectKind, table: &str, name: &str, part: &str) {
        let key = ObjectKey::new(kind, format!("{table}.{name}"));
        self.snapshot
            .objects
            .entry(key)
            .and_modify(|known| *known = format!("{known}, {part}"))
            .or_insert_with(|| part.to_owned());
    }
}

/// The tables that keep the rows that were (MariaDB).
pub(super) async fn versioned(connection: &mut MySqlConnection, server: Server) -> Result<Vec<String>, sqlx::Error> {
    if !server.mariadb {
        return Ok(Vec::new());
    }
    let sql = "SELECT TABLE_NAME FROM information_schema.TABLES \
               WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE = 'SYSTEM VERSIONED'";
    let found = rows(connection, sql.to_owned()).await?;
    found.iter().map(|row| text(row, 0)).collect()
}
