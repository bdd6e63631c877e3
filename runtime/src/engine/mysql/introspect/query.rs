//! What is asked of information_schema: one script, a constant number of statements.

use super::super::connect::{Server, literal};

/// Every row says what it is first. `{db}` is the database, the other marks are the server's own words.
const QUERIES: &[&str] = &[
    "SELECT 'database', d.DEFAULT_CHARACTER_SET_NAME, d.DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA d \
     WHERE d.SCHEMA_NAME = {db}",
    "SELECT 'table', t.TABLE_NAME, t.TABLE_TYPE, t.ENGINE, t.TABLE_COLLATION, t.CREATE_OPTIONS, t.TABLE_COMMENT \
     FROM information_schema.TABLES t WHERE t.TABLE_SCHEMA = {db} AND t.TABLE_NAME NOT LIKE 'lockstep\\_%'",
    "SELECT 'column', c.TABLE_NAME, c.COLUMN_NAME, c.COLUMN_TYPE, c.IS_NULLABLE, c.COLUMN_DEFAULT, c.EXTRA, \
     c.GENERATION_EXPRESSION, c.COLLATION_NAME, c.COLUMN_COMMENT, {srid} \
     FROM information_schema.COLUMNS c WHERE c.TABLE_SCHEMA = {db} AND c.TABLE_NAME NOT LIKE 'lockstep\\_%' \
     ORDER BY c.TABLE_NAME, c.ORDINAL_POSITION",
    "SELECT 'index', s.TABLE_NAME, s.INDEX_NAME, s.NON_UNIQUE, s.INDEX_TYPE, s.COLUMN_NAME, {expression}, s.SUB_PART, \
     s.COLLATION, {hidden}, s.INDEX_COMMENT \
     FROM information_schema.STATISTICS s WHERE s.TABLE_SCHEMA = {db} AND s.TABLE_NAME NOT LIKE 'lockstep\\_%' \
     ORDER BY s.TABLE_NAME, s.INDEX_NAME, s.SEQ_IN_INDEX",
    "SELECT 'reference', k.TABLE_NAME, k.CONSTRAINT_NAME, k.COLUMN_NAME, k.REFERENCED_TABLE_SCHEMA, \
     k.REFERENCED_TABLE_NAME, k.REFERENCED_COLUMN_NAME \
     FROM information_schema.KEY_COLUMN_USAGE k \
     WHERE k.TABLE_SCHEMA = {db} AND k.REFERENCED_TABLE_NAME IS NOT NULL AND k.TABLE_NAME NOT LIKE 'lockstep\\_%' \
     ORDER BY k.TABLE_NAME, k.CONSTRAINT_NAME, k.ORDINAL_POSITION",
    "SELECT 'rule', r.TABLE_NAME, r.CONSTRAINT_NAME, r.UPDATE_RULE, r.DELETE_RULE \
     FROM information_schema.REFERENTIAL_CONSTRAINTS r WHERE r.CONSTRAINT_SCHEMA = {db}",
    "{checks}",
    "SELECT 'partition', p.TABLE_NAME, p.PARTITION_NAME, p.PARTITION_METHOD, p.PARTITION_EXPRESSION, \
     p.PARTITION_DESCRIPTION, p.PARTITION_COMMENT, p.SUBPARTITION_METHOD, p.SUBPARTITION_EXPRESSION, \
     p.SUBPARTITION_NAME \
     FROM information_schema.PARTITIONS p WHERE p.TABLE_SCHEMA = {db} AND p.PARTITION_NAME IS NOT NULL \
     AND p.TABLE_NAME NOT LIKE 'lockstep\\_%' \
     ORDER BY p.TABLE_NAME, p.PARTITION_ORDINAL_POSITION, p.SUBPARTITION_ORDINAL_POSITION",
    "SELECT 'view', v.TABLE_NAME, v.VIEW_DEFINITION, v.CHECK_OPTION, v.SECURITY_TYPE, {algorithm} \
     FROM information_schema.VIEWS v WHERE v.TABLE_SCHEMA = {db}",
    "SELECT 'trigger', g.EVENT_OBJECT_TABLE, g.TRIGGER_NAME, g.ACTION_TIMING, g.EVENT_MANIPULATION, g.ACTION_STATEMENT, \
     g.SQL_MODE, @@SESSION.sql_mode \
     FROM information_schema.TRIGGERS g WHERE g.TRIGGER_SCHEMA = {db} \
     AND g.EVENT_OBJECT_TABLE NOT LIKE 'lockstep\\_%' \
     ORDER BY g.EVENT_OBJECT_TABLE, g.ACTION_TIMING, g.EVENT_MANIPULATION, g.ACTION_ORDER",
    "SELECT 'routine', r.ROUTINE_TYPE, r.ROUTINE_NAME, r.SQL_MODE, @@SESSION.sql_mode \
     FROM information_schema.ROUTINES r WHERE r.ROUTINE_SCHEMA = {db} \
     AND r.ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION') ORDER BY r.ROUTINE_TYPE, r.ROUTINE_NAME",
    // A recurring event of which nobody said when it starts starts when it was made, or last altered.
    "SELECT 'event', e.EVENT_NAME, e.EVENT_TYPE, e.EXECUTE_AT, e.INTERVAL_VALUE, e.INTERVAL_FIELD, \
     IF(CONVERT_TZ(e.STARTS, e.TIME_ZONE, @@session.time_zone) IN (e.CREATED, e.LAST_ALTERED), NULL, e.STARTS), e.ENDS, \
     e.STATUS, e.ON_COMPLETION, e.EVENT_COMMENT, e.EVENT_DEFINITION \
     FROM information_schema.EVENTS e WHERE e.EVENT_SCHEMA = {db}",
];

/// MariaDB names a check within its table, and may say it in a column; MySQL may leave one unenforced.
const CHECKS_MARIADB: &str = "SELECT 'check', c.TABLE_NAME, c.CONSTRAINT_NAME, c.LEVEL, c.CHECK_CLAUSE, 'YES' \
     FROM information_schema.CHECK_CONSTRAINTS c WHERE c.CONSTRAINT_SCHEMA = {db} \
     AND c.TABLE_NAME NOT LIKE 'lockstep\\_%'";

const CHECKS_MYSQL: &str = "SELECT 'check', t.TABLE_NAME, c.CONSTRAINT_NAME, 'Table', c.CHECK_CLAUSE, t.ENFORCED \
     FROM information_schema.CHECK_CONSTRAINTS c JOIN information_schema.TABLE_CONSTRAINTS t \
     ON t.CONSTRAINT_SCHEMA = c.CONSTRAINT_SCHEMA AND t.CONSTRAINT_NAME = c.CONSTRAINT_NAME \
     AND t.CONSTRAINT_TYPE = 'CHECK' \
     WHERE c.CONSTRAINT_SCHEMA = {db} AND t.TABLE_NAME NOT LIKE 'lockstep\\_%'";

pub(super) fn script(database: &str, server: Server) -> String {
    let words = if server.mariadb {
        [
            ("{srid}", "NULL"),
            ("{expression}", "NULL"),
            ("{hidden}", "s.IGNORED"),
            ("{algorithm}", "v.ALGORITHM"),
            ("{checks}", CHECKS_MARIADB),
        ]
    } else {
        [
            ("{srid}", "c.SRS_ID"),
            ("{expression}", "s.EXPRESSION"),
            ("{hidden}", "IF(s.IS_VISIBLE = 'NO', 'YES', 'NO')"),
            ("{algorithm}", "NULL"),
            ("{checks}", CHECKS_MYSQL),
        ]
    };
    let mut script = QUERIES.join("; ");
    for (mark, word) in words {
        script = script.replace(mark, word);
    }
    script.replace("{db}", &literal(database))
}
