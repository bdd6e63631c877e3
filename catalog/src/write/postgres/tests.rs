//! What choices make of a plan.

use crate::Dialect;
use crate::compare::Renames;
use crate::structure::{Column, Constraint, ConstraintKind, Name, Structure, Table};
use crate::write::{Choices, Plan, write};

fn structure(nullable: bool, check: bool) -> Structure {
    let constraints = check.then(|| Constraint {
        name: "small".to_owned(),
        generated_name: false,
        kind: ConstraintKind::Check {
            expression: "(n < 9)".to_owned(),
        },
        definition: Some("CHECK ((n < 9))".to_owned()),
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Default::default(),
        comment: None,
    });
    let column = Column {
        name: "n".to_owned(),
        data_type: "integer".to_owned(),
        nullable,
        ..Column::default()
    };
    Structure {
        tables: vec![Table {
            name: Name::new("public", "t"),
            columns: vec![column],
            constraints: constraints.into_iter().collect(),
            ..Table::default()
        }],
        ..Structure::empty(Dialect::Postgres)
    }
}

fn plan(from: &Structure, to: &Structure, safe: bool) -> Plan {
    let choices = Choices {
        safe,
        ..Choices::default()
    };
    write(from, to, &Renames::none(), choices).unwrap()
}

fn texts(plan: &Plan) -> Vec<&str> {
    plan.statements.iter().map(|one| one.sql.as_str()).collect()
}

#[test]
fn rows_are_looked_at_while_others_write_where_that_is_chosen() {
    let (from, to) = (structure(true, false), structure(false, true));
    let safe = plan(&from, &to, true);
    assert_eq!(
        texts(&safe),
        [
            r#"ALTER TABLE "public"."t" ADD CONSTRAINT "lockstep_not_null_n" CHECK ("n" IS NOT NULL) NOT VALID"#,
            r#"ALTER TABLE "public"."t" VALIDATE CONSTRAINT "lockstep_not_null_n""#,
            r#"ALTER TABLE "public"."t" ALTER COLUMN "n" SET NOT NULL"#,
            r#"ALTER TABLE "public"."t" DROP CONSTRAINT "lockstep_not_null_n""#,
            r#"ALTER TABLE "public"."t" ADD CONSTRAINT "small" CHECK ((n < 9)) NOT VALID"#,
            r#"ALTER TABLE "public"."t" VALIDATE CONSTRAINT "small""#,
        ]
    );
    let blocking = |plan: &Plan| {
        plan.statements
            .iter()
            .any(|one| one.scans && one.lock.as_ref().is_some_and(|lock| lock.blocks_writes))
    };
    assert!(!blocking(&safe));
    let simple = plan(&from, &to, false);
    assert_eq!(simple.statements.len(), 2);
    assert!(blocking(&simple));
    // The same is asked of the rows either way.
    assert_eq!(safe.checks, simple.checks);
}

#[test]
fn a_table_that_is_made_needs_no_such_care() {
    let empty = Structure::empty(Dialect::Postgres);
    let to = structure(false, true);
    assert_eq!(texts(&plan(&empty, &to, true)), texts(&plan(&empty, &to, false)));
}
