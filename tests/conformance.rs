//! What every engine must do alike. An engine adopts it with one line in `engines`.

use lockstep::{Activation, Deactivation, HandlerVersion, SchemaVersion};

use crate::invariants;
use crate::support::{Database, Engine, Folder};

/// The facts of the suite, as tests of one engine.
macro_rules! suite {
    ($name:ident, $engine:ident) => {
        $crate::conformance::suite!(@ $name, $engine:
            two_versions_share_a_schema_and_the_last_one_out_takes_both_back
            activating_twice_is_a_no_op_that_says_so
        );
    };
    (@ $name:ident, $engine:ident: $($fact:ident)+) => {
        mod $name {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                $crate::conformance::$fact($crate::support::Engine::$engine).await;
            })+
        }
    };
}
pub(crate) use suite;

pub fn v(text: &str) -> HandlerVersion {
    text.parse().expect("a handler version")
}

pub fn s(text: &str) -> SchemaVersion {
    text.parse().expect("a schema version")
}

pub async fn two_versions_share_a_schema_and_the_last_one_out_takes_both_back(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    assert!(matches!(
        runtime.activate(v("users@1.0.0")).await.unwrap(),
        Activation::Applied { .. }
    ));
    assert!(matches!(
        runtime.activate(v("users@1.1.0")).await.unwrap(),
        Activation::AlreadyApplied { .. }
    ));
    assert!(matches!(
        runtime.activate(v("users@2.0.0")).await.unwrap(),
        Activation::Applied { .. }
    ));
    assert!(database.has_column("users", "display_name").await);
    assert!(runtime.is_active(&s("schema_v1")) && runtime.is_active(&s("schema_v2")));

    let kept = runtime.deactivate(v("users@1.0.0")).await.unwrap();
    assert!(matches!(kept, Deactivation::KeptInUse { .. }), "{kept:?}");
    runtime.deactivate(v("users@1.1.0")).await.unwrap();
    let Deactivation::RolledBack { schemas, .. } = runtime.deactivate(v("users@2.0.0")).await.unwrap() else {
        panic!("the last one out takes its schemas back");
    };
    let order: Vec<_> = schemas.iter().map(|r| r.schema.as_str()).collect();
    assert_eq!(order, ["schema_v2", "schema_v1"]);
    assert!(!database.has_table("users").await);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

pub async fn activating_twice_is_a_no_op_that_says_so(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let before = runtime.report().await.unwrap().event_seq;
    let again = runtime.activate(v("users@1.0.0")).await.unwrap();
    assert!(matches!(again, Activation::AlreadyActive { .. }), "{again:?}");
    assert_eq!(runtime.report().await.unwrap().event_seq, before);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
