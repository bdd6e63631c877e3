//! `kill -9` everywhere: at every named crash point, and from outside while a step runs. After a restart the rules hold
//! and the work completes, each step with exactly one net effect (R2).
//!
//! ```text
//!  prepare ─► actor dies at the point ─► rules hold ─► the same command again ─► rules, catalog, log: once, not twice
//! ```

mod chaos;
mod killed;
mod points;
pub mod scenario;

use std::collections::BTreeSet;

use lockstep::FAILPOINTS;

use crate::conformance::s;
use crate::support::{Database, Engine, Folder};
use scenario::{Scenario, of_point};

/// SQLite runs every step in a transaction: `a_step_outside_a_transaction_is_refused` shows that what leads to the points
/// of the journal, of its beginning and flip, and of recovery, never gets that far.
fn unreachable_on_sqlite(point: &str) -> bool {
    let journalled = [".begun", ".journal.", ".before_flip", ".after_flip"];
    point.starts_with("recovery.") || journalled.iter().any(|part| point.contains(part))
}

#[test]
fn every_crash_point_belongs_to_a_scenario() {
    let all: BTreeSet<_> = FAILPOINTS.iter().collect();
    assert_eq!(all.len(), FAILPOINTS.len(), "none twice");
    // Those of a sync are met in `syncing::crashes`, with these.
    for point in FAILPOINTS.iter().filter(|point| !point.starts_with("sync.")) {
        assert!(
            of_point(point).is_some(),
            "{point} has no scenario: write one in crashes/scenario.rs"
        );
        let on_sqlite = of_point(point).is_some_and(Scenario::runs_on_sqlite);
        assert_ne!(on_sqlite, unreachable_on_sqlite(point), "{point}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_outside_a_transaction_is_refused_on_sqlite() {
    let database = Database::new(Engine::Sqlite).await;
    let folder = scenario::alone();
    let refused = lockstep::Runtime::builder(&database.url)
        .schemas_dir(folder.path())
        .build()
        .await;
    let error = refused.expect_err("refused before anything happens");
    assert!(error.to_string().contains("no-transaction"), "{error}");
    database.drop().await;
}

/// What is in the database once everything is there, or gone again.
pub async fn truth(database: &Database, folder: &Folder, applied: bool) {
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    for schema in ["schema_v1", "schema_v2"] {
        let expected = if applied { "applied" } else { "rolled_back" };
        let state = runtime.report().await.expect("a status");
        let state = state
            .schemas
            .iter()
            .find(|x| x.schema == s(schema))
            .expect("known")
            .state;
        assert_eq!(state.as_str(), expected, "{schema}");
    }
    runtime.shutdown().await;
    assert_eq!(database.has_table("users").await, applied);
    assert_eq!(database.has_column("users", "display_name").await, applied);
    for index in ["users_email", "users_name"] {
        assert_eq!(
            database.indexes(index).await,
            (i64::from(applied), 0),
            "{index}: valid, invalid"
        );
    }
    for step in ["v1 up", "v2 up"] {
        assert_eq!(noted(database, step).await, 1, "{step} took effect once, not twice");
    }
    for step in ["v1 down", "v2 down"] {
        assert_eq!(
            noted(database, step).await,
            i64::from(!applied),
            "{step} took effect once, not twice"
        );
    }
    for schema in ["schema_v1", "schema_v2"] {
        assert_eq!(
            database.times("schema_applied", schema).await,
            1,
            "{schema} was applied once"
        );
        let back = usize::from(!applied);
        assert_eq!(
            database.times("schema_rolled_back", schema).await,
            back,
            "{schema} was taken back once"
        );
    }
}

/// Every step leaves a line in a table of its own, which no schema owns.
pub async fn noted(database: &Database, what: &str) -> i64 {
    database
        .number(&format!("SELECT count(*) FROM log WHERE what = '{what}'"))
        .await
}
