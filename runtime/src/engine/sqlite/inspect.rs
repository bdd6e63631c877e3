//! What an SQLite database looks like, in three queries however many tables there are.

use std::collections::{BTreeMap, BTreeSet};

use lockstep_catalog::{Column, Dialect, ObjectKey, ObjectKind, Snapshot, Table, canonical_sql};
use sqlx::Row;
use sqlx::sqlite::SqliteConnection;

use super::connect::own;
use crate::Result;

const DOING: &str = "reading the database's schema";

const OBJECTS: &str = "\
SELECT type, name, tbl_name, sql FROM sqlite_schema
WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tbl_name NOT LIKE 'lockstep\\_%' ESCAPE '\\' ORDER BY name";

const KINDS: &str = "SELECT name, type FROM pragma_table_list WHERE schema = 'main'";

const COLUMNS: &str = "\
SELECT m.name, x.name, x.type, x.\"notnull\", x.dflt_value, x.pk, x.hidden
FROM sqlite_schema m JOIN pragma_table_xinfo(m.name) x
WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND m.name NOT LIKE 'lockstep\\_%' ESCAPE '\\'
ORDER BY m.name, x.cid";

pub(super) async fn snapshot(connection: &mut SqliteConnection) -> Result<Snapshot> {
    let kinds: BTreeMap<String, String> = sqlx::query(KINDS)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(own(DOING))?
        .into_iter()
        .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
        .collect::<Result<_, sqlx::Error>>()
        .map_err(own(DOING))?;
    let of_kind =
        |kind: &str| -> BTreeSet<&String> { kinds.iter().filter(|(_, k)| *k == kind).map(|(n, _)| n).collect() };
    let (shadows, virtuals) = (of_kind("shadow"), of_kind("virtual"));

    let mut snapshot = Snapshot::default();
    let objects = sqlx::query(OBJECTS)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(own(DOING))?;
    for row in objects {
        let read = |at: usize| row.try_get::<String, _>(at).map_err(own(DOING));
        let (kind, name, table) = (read(0)?, read(1)?, read(2)?);
        let sql: Option<String> = row.try_get(3).map_err(own(DOING))?;
        if shadows.contains(&name) || shadows.contains(&table) {
            continue;
        }
        let definition = canonical_sql(Dialect::Sqlite, &sql.unwrap_or_default());
        let kind = match kind.as_str() {
            "table" => {
                let virtual_table = virtuals.contains(&name);
                snapshot.tables.insert(
                    name,
                    Table {
                        columns: BTreeMap::new(),
                        virtual_table,
                        definition,
                    },
                );
                continue;
            }
            "index" => ObjectKind::Index,
            "view" => ObjectKind::View,
            "trigger" => ObjectKind::Trigger,
            _ => ObjectKind::Other,
        };
        snapshot.objects.insert(ObjectKey { kind, name }, definition);
    }
    let columns = sqlx::query(COLUMNS)
        .persistent(false)
        .fetch_all(&mut *connection)
        .await
        .map_err(own(DOING))?;
    for row in columns {
        let text = |at: usize| row.try_get::<String, _>(at).map_err(own(DOING));
        let number = |at: usize| row.try_get::<i64, _>(at).map_err(own(DOING));
        let default: Option<String> = row.try_get(4).map_err(own(DOING))?;
        let (table, column) = (text(0)?, text(1)?);
        let declaration = format!(
            "{} null={} default={} pk={} hidden={}",
            text(2)?.to_lowercase(),
            number(3)? == 0,
            default.as_deref().unwrap_or("none"),
            number(5)?,
            number(6)?
        );
        if let Some(table) = snapshot.tables.get_mut(&table) {
            table.columns.insert(column, Column { declaration });
        }
    }
    Ok(snapshot)
}
