//! What drivers, servers and the machine do to a program that trusts them: each fact has a scenario here that fails if the
//! code ignores it. `tests/README.md` lists them all, fault by fault.

mod clocks;
mod disks;
mod dropped;
mod encryption;
mod links;
mod maria;
mod metadata;
mod names;
mod one_connection;
mod plans;
mod pooling;
mod restarts;
mod rights;
mod standbys;
mod stopped;
mod transactions;

use lockstep::{Activation, Runtime};

use crate::conformance::{applied, s, taken_back, v};
use crate::invariants;
use crate::support::{Database, Folder, database::quiet};

/// A runtime at an address of its own on a database's schemas.
async fn at(url: &str, folder: &Folder) -> lockstep::Result<Runtime> {
    Runtime::builder(url)
        .schemas_dir(folder.path())
        .settings(quiet)
        .build()
        .await
}

/// The main job, once through: applied, shared, kept while needed, taken back.
async fn whole_story(runtime: &Runtime) {
    let first = runtime.activate(v("users@1.0.0")).await.expect("applied");
    assert_eq!(applied(&first), ["schema_v1"]);
    let shared = runtime.activate(v("users@1.1.0")).await.expect("shared");
    assert!(matches!(shared, Activation::AlreadyApplied { .. }), "{shared:?}");
    let second = runtime.activate(v("users@2.0.0")).await.expect("applied");
    assert_eq!(applied(&second), ["schema_v2"]);
    let kept = runtime.deactivate(v("users@1.0.0")).await.expect("kept");
    assert!(taken_back(&kept).is_empty(), "{kept:?}");
    runtime.deactivate(v("users@1.1.0")).await.expect("kept");
    assert!(runtime.is_active(s("schema_v1")));
    let gone = runtime.deactivate(v("users@2.0.0")).await.expect("taken back");
    assert_eq!(taken_back(&gone), ["schema_v2", "schema_v1"]);
}

/// Nothing is open or locked at the server, and the rules hold.
async fn all_is_well(database: &Database) {
    crate::deadlines::server_is_free(database).await;
    invariants::check(database, true).await;
}
