//! Metadata that somebody damaged: it is named, nothing is done on it, and once it is healed everything goes on.

use lockstep::{ErrorKind, Runtime};

use super::{all_is_well, at};
use crate::conformance::{s, v};
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_damaged_row_is_named_by_its_place_and_healed_it_is_gone_on_from
    a_damaged_spec_or_event_costs_only_what_needs_it
    tables_and_columns_that_are_gone_stop_the_work_and_change_nothing
);

/// What it does, how it is healed, and what the error must say.
const HARMS: &[(&str, &str, &str)] = &[
    (
        "UPDATE lockstep_schema SET state = 'enchanted' WHERE version = 'schema_v1'",
        "UPDATE lockstep_schema SET state = 'applied' WHERE version = 'schema_v1'",
        "enchanted",
    ),
    (
        "UPDATE lockstep_schema SET requires = 'no list' WHERE version = 'schema_v1'",
        "UPDATE lockstep_schema SET requires = '[]' WHERE version = 'schema_v1'",
        "lockstep_schema.requires",
    ),
    (
        "UPDATE lockstep_schema SET version = 'schema v1' WHERE version = 'schema_v1'",
        "UPDATE lockstep_schema SET version = 'schema_v1' WHERE version = 'schema v1'",
        "schema v1",
    ),
    (
        "UPDATE lockstep_lease SET kind = 'borrowed' WHERE api_version = '1.0.0'",
        "UPDATE lockstep_lease SET kind = 'pinned' WHERE api_version = '1.0.0'",
        "borrowed",
    ),
    (
        "UPDATE lockstep_lease SET state = 'half' WHERE api_version = '1.0.0'",
        "UPDATE lockstep_lease SET state = 'active' WHERE api_version = '1.0.0'",
        "half",
    ),
    (
        "UPDATE lockstep_lease SET api_version = '1.0.0.0.0' WHERE api_version = '1.0.0'",
        "UPDATE lockstep_lease SET api_version = '1.0.0' WHERE api_version = '1.0.0.0.0'",
        "1.0.0.0.0",
    ),
    (
        "UPDATE lockstep_binding SET tags = '{' WHERE api_version = '1.0.0'",
        "UPDATE lockstep_binding SET tags = '[]' WHERE api_version = '1.0.0'",
        "lockstep_binding.tags",
    ),
    (
        "UPDATE lockstep_binding SET state = 'half' WHERE api_version = '1.0.0'",
        "UPDATE lockstep_binding SET state = 'active' WHERE api_version = '1.0.0'",
        "half",
    ),
    (
        "UPDATE lockstep_scope SET operation = '{\"id\": 7'",
        "UPDATE lockstep_scope SET operation = NULL",
        "lockstep_scope.operation",
    ),
    (
        "UPDATE lockstep_scope SET epoch = -1 - epoch",
        "UPDATE lockstep_scope SET epoch = -1 - epoch",
        "epoch",
    ),
    (
        "UPDATE lockstep_scope SET event_seq = -event_seq",
        "UPDATE lockstep_scope SET event_seq = -event_seq",
        "event_seq",
    ),
];

async fn used(engine: Engine) -> (Database, Folder, Runtime) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = at(&database.url, &folder).await.expect("the database is there");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    (database, folder, runtime)
}

/// Whatever is asked for is refused, and nothing changes.
async fn everything_is_refused(database: &Database, runtime: &Runtime, harm: &str, told: &str) {
    let events = database.number("SELECT count(*) FROM lockstep_event").await;
    let mut outcomes = vec![
        runtime.activate(v("users@2.0.0")).await.map(|_| ()),
        runtime.deactivate(v("users@1.0.0")).await.map(|_| ()),
        runtime.rollback(s("schema_v1"), true).await.map(|_| ()),
        runtime.report().await.map(|_| ()),
        runtime.reap().await.map(|_| ()),
    ];
    // On PostgreSQL a grant reads no lease of a version that nobody bound; whoever takes anything back reads them all.
    let nobody_s = database.engine == Engine::Postgres && harm.contains("SET api_version = '1.0.0.0.0'");
    if !nobody_s {
        outcomes.push(runtime.lease(v("users@1.1.0")).await.map(|_| ()));
    }
    for outcome in outcomes {
        let error = outcome.err().unwrap_or_else(|| panic!("{harm}: it went unnoticed"));
        assert_eq!(error.code(), "damaged", "{harm}: {error:?}");
        assert_eq!(error.kind(), ErrorKind::Operator, "{harm}: {error:?}");
        assert!(error.to_string().contains(told), "{harm}: {error}");
    }
    assert_eq!(
        database.number("SELECT count(*) FROM lockstep_event").await,
        events,
        "{harm}"
    );
    assert!(database.has_table("users").await, "{harm}");
    assert!(!database.has_column("users", "display_name").await, "{harm}");
}

async fn a_damaged_row_is_named_by_its_place_and_healed_it_is_gone_on_from(engine: Engine) {
    let (database, folder, runtime) = used(engine).await;
    for (harm, cure, told) in HARMS {
        database.execute(harm).await;
        everything_is_refused(&database, &runtime, harm, told).await;
        // Whoever starts now is told as well.
        let error = at(&database.url, &folder)
            .await
            .err()
            .unwrap_or_else(|| panic!("{harm}: it went unnoticed"));
        assert_eq!(error.code(), "damaged", "{harm}: {error:?}");
        database.execute(cure).await;
        runtime
            .activate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("{harm}, healed: {e}"));
        runtime
            .deactivate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("{harm}, healed: {e}"));
    }
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

async fn a_damaged_spec_or_event_costs_only_what_needs_it(engine: Engine) {
    let (database, _folder, runtime) = used(engine).await;
    let whole = database
        .rows("SELECT spec FROM lockstep_schema WHERE version = 'schema_v1'")
        .await[0][0]
        .clone();
    database
        .execute(
            "UPDATE lockstep_schema SET spec = '{\"version\": \"schema_v1\", \"steps\": [' WHERE version = 'schema_v1'",
        )
        .await;
    // Leases need no spec; taking back does, and leaves everything as it was.
    runtime.activate(v("users@1.1.0")).await.expect("a lease");
    runtime.deactivate(v("users@1.1.0")).await.expect("given back");
    let error = runtime
        .deactivate(v("users@1.0.0"))
        .await
        .expect_err("nobody knows how");
    assert_eq!(error.code(), "damaged", "{error:?}");
    assert!(error.to_string().contains("lockstep_schema.spec"), "{error}");
    assert!(database.has_table("users").await);
    assert_eq!(database.status().await.leases.len(), 1, "it is as it was");
    database
        .execute(&format!(
            "UPDATE lockstep_schema SET spec = '{}' WHERE version = 'schema_v1'",
            whole.replace('\'', "''")
        ))
        .await;
    // An event that cannot be read: the state does not depend on it, the log does.
    let told = database.rows("SELECT payload FROM lockstep_event WHERE seq = 2").await[0][0].clone();
    database
        .execute("UPDATE lockstep_event SET payload = 'once upon a time' WHERE seq = 2")
        .await;
    let error = runtime.events_since(0, 100).await.expect_err("it cannot be read");
    assert!(
        error.code() == "damaged" && error.to_string().contains("lockstep_event.payload"),
        "{error:?}"
    );
    runtime.activate(v("users@2.0.0")).await.expect("the state is whole");
    runtime.deactivate(v("users@2.0.0")).await.expect("the state is whole");
    database
        .execute(&format!(
            "UPDATE lockstep_event SET payload = '{}' WHERE seq = 2",
            told.replace('\'', "''")
        ))
        .await;
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}

async fn tables_and_columns_that_are_gone_stop_the_work_and_change_nothing(engine: Engine) {
    let (database, _folder, runtime) = used(engine).await;
    for (harm, cure) in [
        (
            "ALTER TABLE lockstep_event RENAME TO aside",
            "ALTER TABLE aside RENAME TO lockstep_event",
        ),
        (
            "ALTER TABLE lockstep_lease RENAME TO aside",
            "ALTER TABLE aside RENAME TO lockstep_lease",
        ),
        (
            "ALTER TABLE lockstep_schema RENAME COLUMN checksum TO control",
            "ALTER TABLE lockstep_schema RENAME COLUMN control TO checksum",
        ),
        (
            "ALTER TABLE lockstep_lease RENAME COLUMN renewed_at TO era",
            "ALTER TABLE lockstep_lease RENAME COLUMN era TO renewed_at",
        ),
    ] {
        database.execute(harm).await;
        for outcome in [
            runtime.activate(v("users@2.0.0")).await.map(|_| ()),
            runtime.deactivate(v("users@1.0.0")).await.map(|_| ()),
        ] {
            let error = outcome.err().unwrap_or_else(|| panic!("{harm}: it went unnoticed"));
            assert_eq!(error.kind(), ErrorKind::Operator, "{harm}: {error:?}");
            println!("{engine:?}: {harm}: {error}");
        }
        assert!(
            database.has_table("users").await && !database.has_column("users", "display_name").await,
            "{harm}"
        );
        database.execute(cure).await;
        runtime
            .activate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("{harm}, healed: {e}"));
        runtime
            .deactivate(v("users@2.0.0"))
            .await
            .unwrap_or_else(|e| panic!("{harm}, healed: {e}"));
    }
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}
