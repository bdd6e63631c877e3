//! What somebody made by hand since a sync, and its way back.

use lockstep::catalog::compare::compare;
use lockstep::structure::Synced;
use lockstep::{HandlerVersion, Policy, Runtime};

use super::scenario::{full, leaving, looks, sync};
use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite:
    what_was_made_by_hand_is_not_taken_along_on_the_way_back
    what_was_made_by_hand_on_a_renamed_table_is_not_taken_along
    a_table_in_the_way_of_the_way_back_is_named
);

const DESIRED: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER); CREATE INDEX own ON t (a);
                       CREATE TABLE fresh (id INTEGER PRIMARY KEY, b TEXT);";

/// A table whose amounts were made numbers by a sync, and what takes that back.
async fn synced(desired: &str) -> (Database, Runtime, HandlerVersion) {
    let database = Database::new(Engine::Sqlite).await;
    database
        .execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT); CREATE INDEX own ON t (a);
             CREATE TABLE gone (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1, '007');",
        )
        .await;
    let runtime = database.runtime(|b| b).await;
    let synced = sync(&runtime, &database, desired, &full()).await.unwrap();
    let Synced::Synchronized { handler_version, .. } = synced else {
        panic!("{synced:?}");
    };
    (database, runtime, handler_version)
}

async fn back(runtime: &Runtime, of: &HandlerVersion) -> Result<String, String> {
    match runtime
        .deactivate_with(of.clone(), leaving(Policy::Rollback, true))
        .await
    {
        Ok(done) => Ok(format!("{done:?}")),
        Err(error) => Err(error.to_string()),
    }
}

async fn what_was_made_by_hand_is_not_taken_along_on_the_way_back(_: Engine) {
    let (database, runtime, of) = synced(DESIRED).await;
    database
        .execute(
            "CREATE INDEX mine ON t (a); CREATE TRIGGER tm AFTER INSERT ON t BEGIN SELECT 1; END;
             CREATE INDEX with_its_table ON fresh (b);",
        )
        .await;
    let before = looks(&database).await;
    let said = back(&runtime, &of).await.expect_err("it is refused");
    assert!(said.contains("the index mine on t, the trigger tm on t;"), "{said}");
    assert!(!said.contains("with_its_table"), "{said}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert_eq!(database.rows("SELECT typeof(a), a FROM t").await, [["integer", "7"]]);
    database.execute("DROP INDEX mine; DROP TRIGGER tm;").await;
    let done = back(&runtime, &of).await.unwrap();
    assert!(done.contains("RolledBack"), "{done}");
    assert_eq!(database.rows("SELECT a FROM t").await, [["007"]]);
    runtime.shutdown().await;
    database.drop().await;
}

async fn what_was_made_by_hand_on_a_renamed_table_is_not_taken_along(_: Engine) {
    let desired = "CREATE TABLE u (id INTEGER PRIMARY KEY, a INTEGER); -- @renamed from=t
                   CREATE INDEX own ON u (a);";
    let (database, runtime, of) = synced(desired).await;
    database.execute("CREATE INDEX mine ON u (a)").await;
    let said = back(&runtime, &of).await.expect_err("it is refused");
    assert!(said.contains("the index mine on u;"), "{said}");
    database.execute("DROP INDEX mine").await;
    back(&runtime, &of).await.unwrap();
    assert_eq!(database.rows("SELECT a FROM t").await, [["007"]]);
    runtime.shutdown().await;
    database.drop().await;
}

async fn a_table_in_the_way_of_the_way_back_is_named(_: Engine) {
    let (database, runtime, of) = synced(DESIRED).await;
    database.execute("CREATE TABLE lockstep_new_T (mine)").await;
    let said = back(&runtime, &of).await.expect_err("it is refused");
    assert!(
        said.contains("lockstep_new_t is in the way of t, which is built anew"),
        "{said}"
    );
    assert_eq!(database.rows("SELECT a FROM t").await, [["7"]]);
    database.execute("DROP TABLE lockstep_new_T").await;
    back(&runtime, &of).await.unwrap();
    runtime.shutdown().await;
    database.drop().await;
}
