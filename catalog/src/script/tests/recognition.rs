//! Statements that the engines treat in their own way.

use super::*;

#[test]
fn statements_that_cannot_run_in_a_transaction_are_known() {
    let kind = |dialect, text: &str| {
        forbids_transaction(
            dialect,
            &Statement {
                text: text.to_owned(),
                line: 1,
            },
        )
    };
    for (text, expected) in [
        (
            "CREATE INDEX CONCURRENTLY i ON a (b)",
            Some("CREATE INDEX CONCURRENTLY"),
        ),
        (
            "create unique index /* x */ concurrently i on a (b)",
            Some("CREATE INDEX CONCURRENTLY"),
        ),
        ("DROP INDEX CONCURRENTLY IF EXISTS i", Some("DROP INDEX CONCURRENTLY")),
        ("REINDEX TABLE CONCURRENTLY a", Some("REINDEX CONCURRENTLY")),
        ("REINDEX (CONCURRENTLY, VERBOSE) TABLE a", Some("REINDEX CONCURRENTLY")),
        ("REINDEX SCHEMA a", Some("REINDEX of a schema or database")),
        ("VACUUM (FULL) a", Some("VACUUM")),
        ("CREATE DATABASE a", Some("CREATE DATABASE")),
        ("DROP DATABASE a", Some("DROP DATABASE")),
        (
            "ALTER DATABASE a SET TABLESPACE b",
            Some("ALTER DATABASE … SET TABLESPACE"),
        ),
        ("CREATE TABLESPACE a LOCATION 'b'", Some("CREATE TABLESPACE")),
        ("DROP TABLESPACE a", Some("DROP TABLESPACE")),
        ("ALTER SYSTEM SET a = 1", Some("ALTER SYSTEM")),
        (
            "ALTER TABLE a DETACH PARTITION b CONCURRENTLY",
            Some("ALTER TABLE … DETACH PARTITION CONCURRENTLY"),
        ),
        ("CLUSTER", Some("CLUSTER")),
        ("CLUSTER a", None),
        ("CREATE INDEX \"concurrently\" ON a (b)", None),
        ("REINDEX TABLE system", None),
        ("REFRESH MATERIALIZED VIEW CONCURRENTLY a", None),
        ("ALTER TYPE a ADD VALUE 'b'", None),
        ("ALTER DATABASE a SET search_path = b", None),
        ("ALTER TABLE a DETACH PARTITION b", None),
    ] {
        assert_eq!(kind(Postgres, text), expected, "{text}");
        assert_eq!(kind(Mysql, text), None, "{text}");
    }
    assert_eq!(kind(Sqlite, "vacuum"), Some("VACUUM"));
    assert_eq!(kind(Sqlite, "CREATE TABLE vacuum (a)"), None);
}

#[test]
fn the_index_of_a_concurrent_statement_is_found_by_name() {
    let index = |text: &str| {
        index_of_concurrent(
            Postgres,
            &Statement {
                text: text.to_owned(),
                line: 1,
            },
        )
    };
    let created = |schema: Option<&str>, name: Option<&str>, table: &str, if_not_exists| {
        Some(ConcurrentIndex {
            action: ConcurrentAction::Create,
            schema: schema.map(str::to_owned),
            name: name.map(str::to_owned),
            table: Some(table.to_owned()),
            if_exists: false,
            if_not_exists,
        })
    };
    let dropped = |schema: Option<&str>, name: &str, if_exists| {
        Some(ConcurrentIndex {
            action: ConcurrentAction::Drop,
            schema: schema.map(str::to_owned),
            name: Some(name.to_owned()),
            table: None,
            if_exists,
            if_not_exists: false,
        })
    };
    for (text, expected) in [
        (
            "CREATE INDEX CONCURRENTLY By_Day ON Orders (day)",
            created(None, Some("by_day"), "orders", false),
        ),
        (
            "create unique index concurrently if not exists \"By\"\"Day\" -- x\n on only shop.\"Orders\" using btree (day)",
            created(Some("shop"), Some("By\"Day"), "Orders", true),
        ),
        ("CREATE INDEX CONCURRENTLY ON a (b)", created(None, None, "a", false)),
        ("DROP INDEX CONCURRENTLY I", dropped(None, "i", false)),
        (
            "DROP INDEX CONCURRENTLY IF EXISTS S . \"I\" CASCADE",
            dropped(Some("S".to_lowercase().as_str()), "I", true),
        ),
        ("CREATE INDEX i ON a (b)", None),
        ("CREATE INDEX CONCURRENTLY", None),
        ("DROP INDEX i", None),
        ("SELECT 1", None),
    ] {
        assert_eq!(index(text), expected, "{text}");
    }
    let statement = Statement {
        text: "DROP INDEX CONCURRENTLY i".to_owned(),
        line: 1,
    };
    assert_eq!(index_of_concurrent(Sqlite, &statement), None);
}
