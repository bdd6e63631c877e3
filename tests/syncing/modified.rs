//! Somebody else changes the database between the plan and the lock.

use lockstep::catalog::compare::compare;
use lockstep::catalog::structure::Selection;
use lockstep::registry::Expectation;
use lockstep::{Error, SchemaSpec, SchemaState, SchemaVersion, Step};

use super::scenario::{looks, rows, shop};
use crate::invariants;
use crate::support::{Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    what_somebody_else_changed_meanwhile_is_found_under_the_lock_and_recorded
    steps_that_do_not_lead_where_they_should_do_not_stay
);

fn spec(before: String, after: String) -> SchemaSpec {
    let step = Step::sql(
        "001_tags",
        "CREATE TABLE tags (id INTEGER PRIMARY KEY)",
        "DROP TABLE tags",
    );
    let mut spec = SchemaSpec::new(SchemaVersion::new("planned").unwrap(), vec![step]);
    let Selection {
        schemas,
        include,
        exclude,
    } = Selection::all();
    spec.expects = Some(Expectation {
        before,
        after,
        schemas,
        include,
        exclude,
    });
    spec
}

async fn what_somebody_else_changed_meanwhile_is_found_under_the_lock_and_recorded(engine: Engine) {
    let database = shop(engine).await;
    let planned = looks(&database).await;
    let were = rows(&database).await;
    database.execute("CREATE TABLE intruder (id INTEGER PRIMARY KEY)").await;
    let changed = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let spec = spec(planned.fingerprint().to_string(), "0".repeat(64));
    runtime.add_schema(spec).unwrap();
    runtime
        .register("shop@1.0.0".parse().unwrap(), "planned")
        .await
        .unwrap();
    let error = runtime.activate("shop@1.0.0".parse().unwrap()).await.unwrap_err();
    assert!(
        matches!(&error, Error::Step { failure } if failure.error.contains("was changed since planned was made")),
        "{error}"
    );
    assert!(
        compare(&looks(&database).await, &changed).is_empty(),
        "nothing was changed"
    );
    assert_eq!(rows(&database).await, were);
    let status = database.status().await;
    let recorded = status
        .schemas
        .iter()
        .find(|one| one.schema.as_str() == "planned")
        .unwrap();
    assert_eq!(recorded.state, SchemaState::Failed);
    let failure = recorded.failure.as_ref().expect("what happened is kept");
    assert!(failure.error.contains(changed.fingerprint().as_str()), "{failure:?}");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn steps_that_do_not_lead_where_they_should_do_not_stay(engine: Engine) {
    let database = shop(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let spec = spec(before.fingerprint().to_string(), "0".repeat(64));
    runtime.add_schema(spec).unwrap();
    runtime
        .register("shop@1.0.0".parse().unwrap(), "planned")
        .await
        .unwrap();
    let error = runtime.activate("shop@1.0.0".parse().unwrap()).await.unwrap_err();
    assert!(error.to_string().contains("did not lead where they should"), "{error}");
    if engine == Engine::Mysql {
        // What committed by itself is taken back by whoever repairs it.
        let undo = lockstep::RepairAction::Undo;
        runtime
            .repair(SchemaVersion::new("planned").unwrap(), undo, true)
            .await
            .unwrap();
    }
    assert!(compare(&looks(&database).await, &before).is_empty());
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
