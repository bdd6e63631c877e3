//! After a failure a person decides: go on, go back, or "it is done".

use lockstep::lifecycle::{Policy, Refusal};
use lockstep::{DeactivateOptions, RepairAction, SchemaState};

use super::{end, failed, one, refused, s, start, v};
use crate::support::{Engine, Folder};

/// Fails as long as there is no table `needed`.
fn needy() -> Folder {
    one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        ("002_b", "INSERT INTO needed VALUES (1);", "DELETE FROM needed;"),
    ])
}

pub async fn a_failed_up_is_resumed(engine: Engine) {
    let (database, runtime) = start(engine, &needy()).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    failed(runtime.repair(s("schema_a"), RepairAction::Resume, false).await);
    // Where the schema is no part of a transaction, what came before the failed step stays.
    let stays = engine == Engine::Mysql;
    assert_eq!(database.has_table("a").await, stays, "it failed again");
    database.execute("CREATE TABLE needed (id INTEGER)").await;
    let done = runtime
        .repair(s("schema_a"), RepairAction::Resume, false)
        .await
        .unwrap();
    assert_eq!(
        (done.state, done.steps),
        (SchemaState::Applied, if stays { 1 } else { 2 })
    );
    assert!(database.has_table("a").await);
    assert!(runtime.usage(s("schema_a")).unwrap().retained, "nobody uses it yet");
    runtime.activate(v("one@1.0.0")).await.unwrap();
    end(database, [runtime]).await;
}

pub async fn a_failed_up_is_undone(engine: Engine) {
    let (database, runtime) = start(engine, &needy()).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    let done = runtime.repair(s("schema_a"), RepairAction::Undo, false).await.unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    let again = refused(runtime.repair(s("schema_a"), RepairAction::Undo, false).await);
    assert!(matches!(again, Refusal::NothingToRepair { .. }), "{again}");
    end(database, [runtime]).await;
}

/// Whoever waited plans anew: what is repaired by then is not run again, and is no failure.
pub async fn two_who_repair_at_once_apply_it_once(engine: Engine) {
    let made = needy();
    let (database, first) = start(engine, &made).await;
    let second = database.runtime(|b| b.schemas_dir(made.path())).await;
    failed(first.activate(v("one@1.0.0")).await);
    database.execute("CREATE TABLE needed (id INTEGER)").await;
    let resume = async |runtime: &lockstep::Runtime| runtime.repair(s("schema_a"), RepairAction::Resume, false).await;
    let (one, other) = tokio::join!(resume(&first), resume(&second));
    let (done, late) = match (one, other) {
        (Ok(done), late) | (late, Ok(done)) => (done, late),
        neither => panic!("{neither:?}"),
    };
    // Where DDL commits by itself the first step is there already.
    let steps = if engine == Engine::Mysql { 1 } else { 2 };
    assert_eq!((done.state, done.steps), (SchemaState::Applied, steps));
    let refusal = refused(late);
    assert!(matches!(refusal, Refusal::NothingToRepair { .. }), "{refusal}");
    assert_eq!(database.number("SELECT count(*) FROM needed").await, 1, "R2");
    end(database, [first, second]).await;
}

pub async fn a_failed_up_that_was_finished_by_hand_is_marked_done(engine: Engine) {
    let (database, runtime) = start(engine, &needy()).await;
    failed(runtime.activate(v("one@1.0.0")).await);
    let by_hand = if engine == Engine::Mysql {
        "CREATE TABLE needed (id INTEGER);"
    } else {
        "CREATE TABLE a (id INTEGER PRIMARY KEY); CREATE TABLE needed (id INTEGER);"
    };
    database.execute(by_hand).await;
    let done = runtime
        .repair(s("schema_a"), RepairAction::MarkDone, false)
        .await
        .unwrap();
    assert_eq!((done.state, done.steps), (SchemaState::Applied, 0));
    let activation = runtime.activate(v("one@1.0.0")).await.unwrap();
    assert_eq!(activation.name(), "already_applied");
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(super::taken_back(&left), ["schema_a"]);
    assert!(!database.has_table("a").await, "its downs are known all the same");
    end(database, [runtime]).await;
}

pub async fn a_failed_down_is_resumed_once_nobody_uses_it(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        ("002_b", "SELECT 1;", "DROP TABLE needed;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    failed(runtime.deactivate(v("one@1.0.0")).await);
    for action in [RepairAction::Resume, RepairAction::MarkDone] {
        let refusal = refused(runtime.repair(s("schema_a"), action, true).await);
        assert!(matches!(refusal, Refusal::InUse { .. }), "R1: {refusal}");
    }
    let undo = refused(runtime.repair(s("schema_a"), RepairAction::Undo, false).await);
    assert!(
        matches!(undo, Refusal::NothingToRepair { .. }),
        "it took itself back: {undo}"
    );
    let options = DeactivateOptions {
        policy: Some(Policy::Retain),
        ..DeactivateOptions::default()
    };
    runtime.deactivate_with(v("one@1.0.0"), options).await.unwrap();
    database
        .execute("CREATE TABLE needed (id INTEGER); INSERT INTO a VALUES (1);")
        .await;
    let refusal = refused(runtime.repair(s("schema_a"), RepairAction::Resume, false).await);
    assert!(matches!(refusal, Refusal::DataLoss { .. }), "R8: {refusal}");
    let done = runtime.repair(s("schema_a"), RepairAction::Resume, true).await.unwrap();
    assert_eq!(done.state, SchemaState::RolledBack);
    assert!(!database.has_table("a").await);
    end(database, [runtime]).await;
}

pub async fn what_nobody_knows_is_not_repaired(engine: Engine) {
    let (database, runtime) = start(engine, &needy()).await;
    let unknown = refused(runtime.repair(s("schema_z"), RepairAction::Resume, false).await);
    assert!(matches!(unknown, Refusal::UnknownSchema { .. }), "{unknown}");
    let unseen = refused(runtime.examine(&s("schema_z")).await);
    assert!(matches!(unseen, Refusal::UnknownSchema { .. }), "{unseen}");
    end(database, [runtime]).await;
}

pub async fn what_did_not_fail_needs_no_repair(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    for schema in ["schema_v1", "schema_v2"] {
        for action in [RepairAction::Resume, RepairAction::Undo, RepairAction::MarkDone] {
            let refusal = refused(runtime.repair(s(schema), action, true).await);
            assert!(
                matches!(refusal, Refusal::NothingToRepair { .. }),
                "{schema}: {refusal}"
            );
        }
    }
    end(database, [runtime]).await;
}
