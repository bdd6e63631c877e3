//! A pool with one connection: nothing of ours waits for a second one while it holds the first.

use std::time::Duration;

use super::{all_is_well, whole_story};
use crate::conformance::{s, v};
use crate::support::{Database, Engine, Folder, facts_on, renewed, steady, stretched, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    one_connection_is_enough_for_everything
);

async fn one_connection_is_enough_for_everything(engine: Engine) {
    steady(Duration::from_millis(100), async || with_one_connection(engine).await).await;
}

async fn with_one_connection(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let narrow = |b: lockstep::Builder| {
        b.schemas_dir(folder.path()).settings(|s| {
            s.max_connections = 1;
            s.connect_timeout = Duration::from_secs(20);
        })
    };
    let runtime = database.runtime(narrow).await;
    let other = database.runtime(narrow).await;
    whole_story(&runtime).await;
    // A lease that is renewed while structural work goes on beside it, and both follow the log.
    let lease = runtime
        .lease_for(v("users@1.0.0"), stretched(Duration::from_secs(3)), false)
        .await
        .unwrap();
    other.activate(v("users@2.0.0")).await.unwrap();
    until("the others are followed", async || runtime.is_active("schema_v2")).await;
    let looked = futures_util::future::join_all((0..8).map(|_| runtime.report())).await;
    assert!(looked.iter().all(Result::is_ok), "{looked:?}");
    renewed(&database, &lease, 2).await;
    assert!(lease.is_live(), "it was renewed through the one connection");
    runtime.rehearse(&[s("schema_v1")], false).await.expect("rehearsed");
    other.deactivate(v("users@2.0.0")).await.unwrap();
    lease.release().await.unwrap();
    assert!(!database.has_table("users").await);
    runtime.shutdown().await;
    other.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}
