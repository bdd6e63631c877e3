//! Findings that an author has thought about.

use super::*;

#[test]
fn a_comment_above_a_statement_silences_its_findings_and_no_others() {
    let pg = Dialect::Postgres;
    assert_eq!(
        rules(pg, "-- lockstep: allow=drop-table\nDROP TABLE a;\nDROP TABLE b"),
        ["drop-table"]
    );
    assert_eq!(
        rules(pg, "DROP TABLE a;\n-- lockstep: allow=drop-table\nDROP TABLE b"),
        ["drop-table"]
    );
    assert_eq!(
        rules(
            pg,
            "-- lockstep: allow=drop-table, drop-cascade\n-- why\nDROP TABLE a CASCADE"
        ),
        [""; 0]
    );
    assert_eq!(rules(pg, "DROP TABLE\n-- lockstep: allow=drop-table\na"), [""; 0]);
    assert_eq!(
        rules(pg, "-- lockstep: allow=drop-column\nDROP TABLE a"),
        ["drop-table"]
    );
    assert_eq!(
        rules(pg, "SELECT '\n-- lockstep: allow=drop-table\n'; DROP TABLE a"),
        ["drop-table"]
    );
    assert_eq!(
        rules(pg, "/*\n-- lockstep: allow=drop-table\n*/ DROP TABLE a"),
        ["drop-table"]
    );
}

#[test]
fn a_rule_that_does_not_exist_is_told() {
    let found = found(
        Dialect::Postgres,
        "SELECT 1;\n  -- lockstep: allow=drop-tabel\nDROP TABLE a",
    );
    assert_eq!(found[0].rule, "unknown-rule");
    assert_eq!((found[0].line, found[0].column), (2, 3));
    assert_eq!(found[1].rule, "drop-table");
}

#[test]
fn what_cannot_be_read_is_not_silenced() {
    assert_eq!(
        rules(Dialect::Postgres, "-- lockstep: allow=not-allowed\nCOMMIT"),
        ["not-allowed"]
    );
}
