//! Leaving: what is in use stays (R1), and the last one out takes back what nobody needs, in reverse.

use std::collections::BTreeMap;

use lockstep::lifecycle::Refusal;
use lockstep::{Deactivation, SchemaState};

use super::{by, chain, end, folder, handler_state, of, refused, s, seq, start, taken_back, v};
use crate::support::{Database, Engine, Folder};

const ORDERS: [[usize; 3]; 6] = [[1, 2, 3], [1, 3, 2], [2, 1, 3], [2, 3, 1], [3, 1, 2], [3, 2, 1]];

pub async fn any_order_of_leaving_keeps_what_is_in_use(engine: Engine) {
    for order in ORDERS {
        let (database, runtime) = start(engine, &chain()).await;
        for version in 1..=3 {
            runtime.activate(v(&format!("app@{version}.0.0"))).await.unwrap();
        }
        let mut live = vec![1, 2, 3];
        let mut gone = Vec::new();
        for leaving in order {
            let left = runtime.deactivate(v(&format!("app@{leaving}.0.0"))).await.unwrap();
            gone.extend(taken_back(&left));
            live.retain(|each| *each != leaving);
            // Schema n is needed by every version from n on.
            let top = live.iter().max().copied().unwrap_or(0);
            for schema in 1..=3 {
                let there = database.has_table(&format!("t{schema}")).await;
                assert_eq!(
                    there,
                    schema <= top,
                    "{order:?}: schema_{schema} after {leaving} left: {left:?}"
                );
                assert_eq!(runtime.is_active(s(&format!("schema_{schema}"))), there);
            }
        }
        assert_eq!(gone, ["schema_3", "schema_2", "schema_1"], "{order:?}");
        end(database, [runtime]).await;
    }
}

pub async fn deactivating_what_is_not_active_says_who_else_serves_it(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate_with(v("users@1.0.0"), by("host-a")).await.unwrap();
    let before = seq(&runtime).await;
    let Deactivation::NotActive { others } = runtime.deactivate(v("users@1.0.0")).await.unwrap() else {
        panic!("`deploy` holds no lease");
    };
    let names: Vec<_> = others.iter().map(|o| o.instance.to_string()).collect();
    assert_eq!(names, ["host-a"]);
    assert_eq!(seq(&runtime).await, before);
    assert!(database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn deactivating_what_nobody_bound_is_refused(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let refusal = refused(runtime.deactivate(v("users@7.0.0")).await);
    assert!(matches!(refusal, Refusal::UnknownHandlerVersion { .. }), "{refusal}");
    end(database, [runtime]).await;
}

pub async fn a_version_pinned_by_several_drains_until_the_last_lets_go(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    for host in ["host-a", "host-b", "host-c"] {
        runtime.activate_with(v("users@1.0.0"), by(host)).await.unwrap();
    }
    let usage = runtime.usage(s("schema_v1")).unwrap();
    assert_eq!(usage.handler_versions, BTreeMap::from([(v("users@1.0.0"), 3)]));
    assert!(!runtime.used_by_others(s("schema_v1"), &v("users@1.0.0")));

    let left = runtime.deactivate_with(v("users@1.0.0"), of("host-b")).await.unwrap();
    let Deactivation::KeptInUse { by: users, .. } = &left else {
        panic!("{left:?}");
    };
    assert_eq!(users.len(), 2);
    assert_eq!(handler_state(&runtime, "users@1.0.0").await, "draining");
    // A newcomer makes it active again.
    runtime.activate_with(v("users@1.0.0"), by("host-d")).await.unwrap();
    assert_eq!(handler_state(&runtime, "users@1.0.0").await, "active");
    runtime.deactivate_with(v("users@1.0.0"), of("host-a")).await.unwrap();
    runtime.deactivate_with(v("users@1.0.0"), of("host-d")).await.unwrap();
    assert_eq!(handler_state(&runtime, "users@1.0.0").await, "draining");
    let last = runtime.deactivate_with(v("users@1.0.0"), of("host-c")).await.unwrap();
    assert_eq!(taken_back(&last), ["schema_v1"]);
    assert_eq!(handler_state(&runtime, "users@1.0.0").await, "inactive");
    end(database, [runtime]).await;
}

pub async fn a_schema_that_others_require_stays_until_they_go(engine: Engine) {
    let (database, runtime) = start(engine, &chain()).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    runtime.activate(v("app@3.0.0")).await.unwrap();
    let left = runtime.deactivate(v("app@1.0.0")).await.unwrap();
    let Deactivation::KeptInUse {
        by: users, required_by, ..
    } = &left
    else {
        panic!("{left:?}");
    };
    assert!(users.is_empty());
    assert_eq!(required_by, &[s("schema_2")]);
    let refusal = refused(runtime.rollback(s("schema_1"), true).await);
    assert!(matches!(refusal, Refusal::InUse { .. }), "{refusal}");
    let refusal = refused(runtime.rollback(s("schema_3"), true).await);
    assert!(matches!(refusal, Refusal::InUse { .. }), "{refusal}");
    end(database, [runtime]).await;
}

pub async fn a_diamond_goes_back_in_reverse_order(engine: Engine) {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"top\"\n\"1.1.0\" = \"left\"\n",
        &[
            (
                "base/001_t",
                "CREATE TABLE base (id INTEGER PRIMARY KEY);",
                "DROP TABLE base;",
            ),
            (
                "left/001_t",
                "CREATE TABLE l (id INTEGER PRIMARY KEY REFERENCES base (id));",
                "DROP TABLE l;",
            ),
            (
                "right/001_t",
                "CREATE TABLE r (id INTEGER PRIMARY KEY REFERENCES base (id));",
                "DROP TABLE r;",
            ),
            (
                "top/001_t",
                "CREATE TABLE top (id INTEGER PRIMARY KEY);",
                "DROP TABLE top;",
            ),
        ],
    );
    for (schema, parents) in [
        ("left", "\"base\""),
        ("right", "\"base\""),
        ("top", "\"left\", \"right\""),
    ] {
        made.write(
            &format!("{schema}/schema.toml"),
            &format!("requires = [{parents}]\ncompatible_with = [{parents}]\n"),
        );
    }
    let database = Database::new(engine).await;
    let runtime = database.runtime(|b| b.schemas_dir(made.path())).await;
    let activation = runtime.activate(v("app@1.0.0")).await.unwrap();
    assert_eq!(super::applied(&activation).len(), 4);
    runtime.activate(v("app@1.1.0")).await.unwrap();
    let first = runtime.deactivate(v("app@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&first), ["top", "right"], "left is used, so base is");
    assert_eq!(runtime.status(s("right")), Some(SchemaState::RolledBack));
    let last = runtime.deactivate(v("app@1.1.0")).await.unwrap();
    assert_eq!(taken_back(&last), ["left", "base"]);
    end(database, [runtime]).await;
}
