//! Plans that went stale: a prepared `SELECT *` fails for good on PostgreSQL once its table's shape changed.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep::{Binding, CodeStep, SchemaSpec, Step, StepConnection, StepError};

use super::all_is_well;
use crate::conformance::{s, start, start_with, taken_back, v};
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    code_that_reads_the_same_table_before_and_after_a_change_sees_both_shapes
    a_changed_shape_of_lockstep_s_own_tables_stops_nobody
    a_pooled_connection_survives_that_its_tables_are_made_anew
);

/// Reads everything of a table, the same way each time, and expects so many columns.
struct Reads(usize);

#[async_trait]
impl CodeStep for Reads {
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        use sqlx::Row;
        const ALL: &str = "SELECT * FROM a";
        let found = match connection {
            StepConnection::Sqlite(connection) => sqlx::query(ALL).fetch_one(&mut **connection).await?.len(),
            StepConnection::Postgres(connection) => sqlx::query(ALL).fetch_one(&mut **connection).await?.len(),
            StepConnection::Mysql(connection) => sqlx::query(ALL).fetch_one(&mut **connection).await?.len(),
            _ => return Err("another engine".into()),
        };
        if found != self.0 {
            return Err(format!("{found} columns, not {}", self.0).into());
        }
        Ok(())
    }

    async fn down(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        self.up(connection).await
    }
}

async fn code_that_reads_the_same_table_before_and_after_a_change_sees_both_shapes(engine: Engine) {
    let mut table = Step::sql("000_table", "CREATE TABLE a (n INTEGER)", "DROP TABLE a");
    table.carries = vec!["a".to_owned()];
    let steps = vec![
        table,
        Step::sql("001_fill", "INSERT INTO a VALUES (1)", "DELETE FROM a"),
        Step::code("002_one", "1"),
        Step::sql(
            "003_more",
            "ALTER TABLE a ADD COLUMN m INTEGER",
            "ALTER TABLE a DROP COLUMN m",
        ),
        Step::code("004_two", "1"),
    ];
    let spec = SchemaSpec::new(s("schema_a"), steps);
    let (database, runtime) = start_with(engine, |b| {
        b.schema(spec)
            .binding(Binding::new(v("one@1.0.0"), s("schema_a")))
            .code_step(s("schema_a"), "002_one", Arc::new(Reads(1)))
            .code_step(s("schema_a"), "004_two", Arc::new(Reads(2)))
    })
    .await;
    runtime.activate(v("one@1.0.0")).await.expect("both shapes are read");
    let left = runtime.deactivate(v("one@1.0.0")).await.expect("and on the way back");
    assert_eq!(taken_back(&left), ["schema_a"]);
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

/// A column more, a column of another type: as a later version would leave them.
async fn a_changed_shape_of_lockstep_s_own_tables_stops_nobody(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    warm(&database, &runtime).await;
    for table in [
        "lockstep_scope",
        "lockstep_schema",
        "lockstep_lease",
        "lockstep_event",
        "lockstep_binding",
    ] {
        database
            .execute(&format!("ALTER TABLE {table} ADD COLUMN later TEXT"))
            .await;
    }
    if engine == Engine::Postgres {
        database
            .execute("ALTER TABLE lockstep_scope ALTER COLUMN operation TYPE varchar(4000)")
            .await;
    }
    goes_on(&runtime).await;
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

/// Dumped and loaded again: other tables under the same names.
async fn a_pooled_connection_survives_that_its_tables_are_made_anew(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    warm(&database, &runtime).await;
    for table in ["lockstep_lease", "lockstep_binding"] {
        let sql = match engine {
            Engine::Sqlite => {
                let made = database
                    .rows(&format!("SELECT sql FROM sqlite_schema WHERE name = '{table}'"))
                    .await[0][0]
                    .clone();
                format!(
                    "ALTER TABLE {table} RENAME TO old; {made}; INSERT INTO {table} SELECT * FROM old; DROP TABLE old"
                )
            }
            Engine::Mysql => format!(
                "ALTER TABLE {table} RENAME TO old; CREATE TABLE {table} LIKE old; INSERT INTO {table} SELECT * FROM old; \
                 DROP TABLE old"
            ),
            Engine::Postgres => format!(
                "ALTER TABLE {table} RENAME TO old; CREATE TABLE {table} (LIKE old INCLUDING ALL); \
                 INSERT INTO {table} SELECT * FROM old; DROP TABLE old"
            ),
        };
        database.execute(&sql).await;
    }
    goes_on(&runtime).await;
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

/// Everything that is prepared is prepared.
async fn warm(database: &Database, runtime: &lockstep::Runtime) {
    runtime.activate(v("users@1.0.0")).await.unwrap();
    for _ in 0..7 {
        runtime.activate(v("users@1.1.0")).await.unwrap();
        runtime.deactivate(v("users@1.1.0")).await.unwrap();
    }
    assert!(database.has_table("users").await);
}

/// Nothing fails more than once, and what fails says that trying again helps.
async fn goes_on(runtime: &lockstep::Runtime) {
    for _ in 0..3 {
        runtime.report().await.expect("a status");
        runtime.activate(v("users@1.1.0")).await.expect("a lease");
        runtime.deactivate(v("users@1.1.0")).await.expect("given back");
    }
    runtime.activate(v("users@2.0.0")).await.expect("applied");
    let lease = runtime.lease(v("users@1.1.0")).await.expect("a timed lease");
    lease.release().await.expect("given back");
}
