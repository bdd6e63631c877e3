//! What a PostgreSQL database looks like, in two queries however many tables there are.

use std::collections::BTreeMap;

use lockstep_catalog::{Column, Dialect, ObjectKey, ObjectKind, Snapshot, Table, canonical_sql};
use sqlx::Row;
use sqlx::postgres::PgConnection;

use super::connect::own;
use crate::Result;

const DOING: &str = "reading the database's schema";

const COLUMNS: &str = "\
SELECT n.nspname::text, c.relname::text, a.attname::text,
  pg_catalog.concat_ws(' ', pg_catalog.format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attnotnull THEN 'not null' END,
    'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid),
    CASE WHEN a.attidentity <> '' THEN 'identity ' || a.attidentity::text END,
    CASE WHEN a.attgenerated <> '' THEN 'generated ' || a.attgenerated::text END,
    CASE WHEN a.attcollation <> t.typcollation THEN 'collate ' || a.attcollation::regcollation::text END)
FROM pg_catalog.pg_class c
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relkind IN ('r', 'p', 'f') AND c.relname NOT LIKE 'lockstep\\_%'
  AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
ORDER BY 1, 2, a.attnum";

const OBJECTS: &str = "\
WITH space AS (SELECT oid, nspname::text AS name FROM pg_catalog.pg_namespace
               WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'),
     part AS (SELECT classid, objid FROM pg_catalog.pg_depend WHERE deptype = 'e')
SELECT 'index', s.name, c.relname::text, pg_catalog.pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' invalid' END
  FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN space s ON s.oid = c.relnamespace
  JOIN pg_catalog.pg_class r ON r.oid = i.indrelid AND r.relname NOT LIKE 'lockstep\\_%' AND r.relkind <> 't'
UNION ALL
SELECT 'constraint', s.name, r.relname || '.' || k.conname, pg_catalog.pg_get_constraintdef(k.oid)
  FROM pg_catalog.pg_constraint k JOIN space s ON s.oid = k.connamespace
  JOIN pg_catalog.pg_class r ON r.oid = k.conrelid AND r.relname NOT LIKE 'lockstep\\_%'
UNION ALL
SELECT CASE c.relkind WHEN 'm' THEN 'materialized' ELSE 'view' END, s.name, c.relname::text, pg_catalog.pg_get_viewdef(c.oid)
  FROM pg_catalog.pg_class c JOIN space s ON s.oid = c.relnamespace WHERE c.relkind IN ('v', 'm')
  AND NOT EXISTS (SELECT 1 FROM part WHERE classid = 'pg_catalog.pg_class'::regclass AND objid = c.oid)
UNION ALL
SELECT 'trigger', s.name, r.relname || '.' || t.tgname, pg_catalog.pg_get_triggerdef(t.oid)
  FROM pg_catalog.pg_trigger t JOIN pg_catalog.pg_class r ON r.oid = t.tgrelid AND r.relname NOT LIKE 'lockstep\\_%'
  JOIN space s ON s.oid = r.relnamespace WHERE NOT t.tgisinternal
UNION ALL
SELECT 'function', s.name, p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')', pg_catalog.pg_get_functiondef(p.oid)
  FROM pg_catalog.pg_proc p JOIN space s ON s.oid = p.pronamespace WHERE p.prokind IN ('f', 'p', 'w')
  AND NOT EXISTS (SELECT 1 FROM part WHERE classid = 'pg_catalog.pg_proc'::regclass AND objid = p.oid)
UNION ALL
SELECT 'sequence', s.name, c.relname::text, pg_catalog.concat_ws(' ', pg_catalog.format_type(q.seqtypid, NULL), q.seqstart, q.seqincrement, q.seqmin, q.seqmax, q.seqcycle)
  FROM pg_catalog.pg_sequence q JOIN pg_catalog.pg_class c ON c.oid = q.seqrelid AND c.relname NOT LIKE 'lockstep\\_%' JOIN space s ON s.oid = c.relnamespace
UNION ALL
SELECT 'enum', s.name, t.typname::text, (SELECT pg_catalog.string_agg(pg_catalog.quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder) FROM pg_catalog.pg_enum e WHERE e.enumtypid = t.oid)
  FROM pg_catalog.pg_type t JOIN space s ON s.oid = t.typnamespace WHERE t.typtype = 'e'
UNION ALL
SELECT 'domain', s.name, t.typname::text, pg_catalog.concat_ws(' ', pg_catalog.format_type(t.typbasetype, t.typtypmod), CASE WHEN t.typnotnull THEN 'not null' END, t.typdefault)
  FROM pg_catalog.pg_type t JOIN space s ON s.oid = t.typnamespace WHERE t.typtype = 'd'
UNION ALL
SELECT 'extension', n.nspname::text, e.extname::text, e.extversion
  FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace";

pub(super) async fn snapshot(connection: &mut PgConnection, default_schema: &str) -> Result<Snapshot> {
    let full = |schema: String, name: String| {
        if schema == default_schema {
            name
        } else {
            format!("{schema}.{name}")
        }
    };
    let mut snapshot = Snapshot::default();
    let rows = sqlx::raw_sql(COLUMNS)
        .fetch_all(&mut *connection)
        .await
        .map_err(own(DOING))?;
    for row in rows {
        let read = |at: usize| row.try_get::<String, _>(at).map_err(own(DOING));
        let table = snapshot
            .tables
            .entry(full(read(0)?, read(1)?))
            .or_insert_with(|| Table {
                columns: BTreeMap::new(),
                virtual_table: false,
                definition: String::new(),
            });
        let column: Option<String> = row.try_get(2).map_err(own(DOING))?;
        if let Some(column) = column {
            table.columns.insert(column, Column { declaration: read(3)? });
        }
    }
    let rows = sqlx::raw_sql(OBJECTS)
        .fetch_all(&mut *connection)
        .await
        .map_err(own(DOING))?;
    for row in rows {
        let read = |at: usize| row.try_get::<String, _>(at).map_err(own(DOING));
        let definition: Option<String> = row.try_get(3).map_err(own(DOING))?;
        let definition = definition.unwrap_or_default();
        let kind = match read(0)?.as_str() {
            "index" => ObjectKind::Index,
            "constraint" => ObjectKind::Constraint,
            "view" => ObjectKind::View,
            "materialized" => ObjectKind::MaterializedView,
            "trigger" => ObjectKind::Trigger,
            "function" => ObjectKind::Function,
            "sequence" => ObjectKind::Sequence,
            "enum" => ObjectKind::Enum,
            "domain" => ObjectKind::Domain,
            "extension" => ObjectKind::Extension,
            _ => ObjectKind::Other,
        };
        // A function's body is code whose layout may matter; everything else is compared by meaning.
        let definition = match kind {
            ObjectKind::Function => definition,
            _ => canonical_sql(Dialect::Postgres, &definition),
        };
        snapshot.objects.insert(
            ObjectKey {
                kind,
                name: full(read(1)?, read(2)?),
            },
            definition,
        );
    }
    Ok(snapshot)
}
