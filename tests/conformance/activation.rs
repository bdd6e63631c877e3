//! What activating comes to: applied, granted, nothing to do, refused.

use lockstep::lifecycle::Refusal;
use lockstep::registry::Compatibility;
use lockstep::{Activation, Deactivation, ErrorKind, SchemaState};

use super::{applied, by, end, failed, folder, handler_state, log, refused, s, seq, start, taken_back, v};
use crate::support::{Database, Engine, Folder};

pub async fn two_versions_share_a_schema_and_the_last_one_out_takes_both_back(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let first = runtime.activate(v("users@1.0.0")).await.unwrap();
    assert_eq!(applied(&first), ["schema_v1"]);
    let second = runtime.activate(v("users@1.1.0")).await.unwrap();
    assert!(matches!(second, Activation::AlreadyApplied { .. }), "{second:?}");
    let third = runtime.activate(v("users@2.0.0")).await.unwrap();
    assert_eq!(applied(&third), ["schema_v2"]);
    assert!(database.has_column("users", "display_name").await);
    assert!(runtime.is_active(s("schema_v1")) && runtime.is_active(s("schema_v2")));

    let kept = runtime.deactivate(v("users@1.0.0")).await.unwrap();
    assert!(matches!(kept, Deactivation::KeptInUse { .. }), "{kept:?}");
    runtime.deactivate(v("users@1.1.0")).await.unwrap();
    let last = runtime.deactivate(v("users@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&last), ["schema_v2", "schema_v1"]);
    assert!(!database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn activating_twice_is_a_no_op_that_says_so(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    let again = runtime.activate(v("users@1.0.0")).await.unwrap();
    assert!(matches!(again, Activation::AlreadyActive { .. }), "{again:?}");
    assert_eq!(seq(&runtime).await, before);
    end(database, [runtime]).await;
}

pub async fn an_unknown_handler_version_is_refused_and_the_known_ones_are_named(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let error = runtime.activate(v("users@9.9.9")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FixInput);
    let text = error.to_string();
    assert!(text.contains("users@9.9.9") && text.contains("users@1.0.0"), "{text}");
    assert!(
        error.next_step().is_some_and(|n| n.contains("users@9.9.9")),
        "{:?}",
        error.next_step()
    );
    end(database, [runtime]).await;
}

pub async fn an_unknown_schema_is_refused(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.register(v("users@3.0.0"), s("schema_v3")).await.unwrap();
    let before = seq(&runtime).await;
    let refusal = refused(runtime.activate(v("users@3.0.0")).await);
    assert!(
        matches!(&refusal, Refusal::UnknownSchema { schema } if *schema == s("schema_v3")),
        "{refusal}"
    );
    assert_eq!(seq(&runtime).await, before, "a refusal changes nothing");
    end(database, [runtime]).await;
}

/// `app@1.0.0` on `schema_1`, and `app@2.0.0` on `schema_2`, which renames what the first reads and promises nothing.
fn breaking() -> Folder {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);",
                "DROP TABLE t;",
            ),
            (
                "schema_2/001_r",
                "ALTER TABLE t RENAME COLUMN a TO b;",
                "ALTER TABLE t RENAME COLUMN b TO a;",
            ),
        ],
    );
    made.write("schema_2/schema.toml", "requires = [\"schema_1\"]\n");
    made
}

pub async fn an_incompatible_schema_is_refused_naming_the_live_users(engine: Engine) {
    let (database, runtime) = start(engine, &breaking()).await;
    runtime.activate_with(v("app@1.0.0"), by("host-a")).await.unwrap();
    runtime.activate_with(v("app@1.0.0"), by("host-b")).await.unwrap();
    let before = seq(&runtime).await;
    let refusal = refused(runtime.activate(v("app@2.0.0")).await);
    let text = refusal.to_string();
    assert!(
        text.contains("host-a") && text.contains("host-b") && text.contains("app@1.0.0"),
        "{text}"
    );
    let Refusal::Incompatible { upper, lower, live, .. } = refusal else {
        panic!("{text}");
    };
    assert_eq!((upper, lower, live.len()), (s("schema_2"), s("schema_1"), 2));
    assert_eq!(seq(&runtime).await, before);
    assert!(database.has_column("t", "a").await);
    let judged = runtime.compatible(&s("schema_1"), &s("schema_2"));
    assert!(matches!(judged, Compatibility::Incompatible { .. }), "{judged:?}");

    // Once the old ones are gone there is nobody to harm, and then the old one may not come back.
    runtime
        .deactivate_with(v("app@1.0.0"), super::of("host-a"))
        .await
        .unwrap();
    runtime
        .deactivate_with(v("app@1.0.0"), super::of("host-b"))
        .await
        .unwrap();
    runtime.activate(v("app@2.0.0")).await.unwrap();
    let refusal = refused(runtime.activate(v("app@1.0.0")).await);
    assert!(matches!(refusal, Refusal::Incompatible { .. }), "{refusal}");
    end(database, [runtime]).await;
}

pub async fn an_override_goes_ahead_and_a_second_instance_is_not_refused(engine: Engine) {
    let (database, runtime) = start(engine, &breaking()).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    let mut wanted = by("host-a");
    wanted.override_incompatible = true;
    runtime.activate_with(v("app@2.0.0"), wanted).await.unwrap();
    // What is live already harms nobody anew, on either side.
    runtime.activate_with(v("app@2.0.0"), by("host-b")).await.unwrap();
    runtime.activate_with(v("app@1.0.0"), by("host-c")).await.unwrap();
    end(database, [runtime]).await;
}

pub async fn a_failed_start_does_not_disturb_who_serves_already(engine: Engine) {
    let made = folder(
        "[handlers.app]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_t",
                "CREATE TABLE t (id INTEGER PRIMARY KEY);",
                "DROP TABLE t;",
            ),
            (
                "schema_2/001_r",
                "INSERT INTO nowhere VALUES (1);",
                "DELETE FROM nowhere;",
            ),
        ],
    );
    made.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\n",
    );
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    failed(runtime.activate(v("app@2.0.0")).await);
    assert_eq!(handler_state(&runtime, "app@1.0.0").await, "active");
    assert_eq!(handler_state(&runtime, "app@2.0.0").await, "failed");
    assert_eq!(runtime.status(s("schema_1")), Some(SchemaState::Applied));
    assert_eq!(runtime.status(s("schema_2")), Some(SchemaState::Failed));
    let last = runtime.deactivate(v("app@1.0.0")).await.unwrap();
    assert_eq!(
        taken_back(&last),
        ["schema_1"],
        "what failed and left nothing keeps nothing"
    );
    end(database, [runtime]).await;
}

pub async fn four_runtimes_start_at_once_on_an_empty_database(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let each = async |instance: &str| {
        let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
        let activation = runtime.activate_with(v("users@2.0.0"), by(instance)).await.unwrap();
        (applied(&activation).len(), runtime)
    };
    let (a, b, c, d) = tokio::join!(each("a"), each("b"), each("c"), each("d"));
    let runs = a.0 + b.0 + c.0 + d.0;
    assert_eq!(runs, 2, "each schema was applied exactly once (R2)");
    let events = log(&a.1).await;
    let applied = events.iter().filter(|e| e.kind.name() == "schema_applied").count();
    assert_eq!(applied, 2);
    assert_eq!(database.status().await.leases.len(), 4);
    end(database, [a.1, b.1, c.1, d.1]).await;
}

pub async fn scopes_are_independent(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let other = super::one(&[("001_o", "CREATE TABLE o (id INTEGER PRIMARY KEY);", "DROP TABLE o;")]);
    let second = database
        .runtime(|b| b.schemas_dir(other.path()).scope("billing".parse().unwrap()))
        .await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    second.activate(v("one@1.0.0")).await.unwrap();
    assert!(!second.is_active(s("schema_v1")) && !runtime.is_active(s("schema_a")));
    let events = log(&second).await;
    assert_eq!(events[0].seq, 1, "each scope counts by itself");
    assert!(
        events
            .iter()
            .all(|e| e.kind.schema().is_none_or(|schema| *schema == s("schema_a")))
    );
    let gone = second.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&gone), ["schema_a"]);
    assert!(database.has_table("users").await && !database.has_table("o").await);
    end(database, [runtime, second]).await;
}
