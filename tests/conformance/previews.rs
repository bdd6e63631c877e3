//! Dry runs say what would happen, and change nothing.

use lockstep::lifecycle::Direction;
use lockstep::{ActivateOptions, DeactivateOptions};

use super::{chain, end, refused, s, seq, start, v};
use crate::support::Engine;

pub async fn a_preview_tells_every_statement_and_changes_nothing(engine: Engine) {
    let (database, runtime) = start(engine, &chain()).await;
    let before = (seq(&runtime).await, database.status().await.epoch);
    let preview = runtime
        .preview_activate(v("app@2.0.0"), ActivateOptions::default())
        .await
        .unwrap();
    assert_eq!(preview.action, "apply");
    let told: Vec<_> = preview
        .schemas
        .iter()
        .map(|x| (x.schema.as_str(), x.direction))
        .collect();
    assert_eq!(told, [("schema_1", Direction::Up), ("schema_2", Direction::Up)]);
    let statement = &preview.schemas[0].steps[0].statements[0];
    assert!(
        statement.starts_with("CREATE TABLE t1 (id INTEGER PRIMARY KEY)"),
        "{statement}"
    );
    assert_eq!((seq(&runtime).await, database.status().await.epoch), before);
    assert!(!database.has_table("t1").await && database.status().await.operation.is_none());

    runtime.activate(v("app@2.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    let again = runtime
        .preview_activate(v("app@2.0.0"), ActivateOptions::default())
        .await
        .unwrap();
    assert_eq!(again.action, "nothing");
    let other = runtime
        .preview_activate(v("app@1.0.0"), ActivateOptions::default())
        .await
        .unwrap();
    assert_eq!(other.action, "grant");
    let third = runtime
        .preview_activate(v("app@3.0.0"), ActivateOptions::default())
        .await
        .unwrap();
    assert_eq!(
        third.affected.len(),
        1,
        "app@2.0.0 uses what schema_3 builds on: {third:?}"
    );
    let back = runtime
        .preview_deactivate(v("app@2.0.0"), DeactivateOptions::default())
        .await
        .unwrap();
    let told: Vec<_> = back.schemas.iter().map(|x| (x.schema.as_str(), x.direction)).collect();
    assert_eq!(
        (back.action, told.as_slice()),
        (
            "roll_back",
            [("schema_2", Direction::Down), ("schema_1", Direction::Down)].as_slice()
        )
    );
    assert_eq!(back.schemas[0].steps[0].removes, ["table t2"]);
    assert_eq!(seq(&runtime).await, before);
    assert!(database.has_table("t2").await);
    end(database, [runtime]).await;
}

pub async fn a_preview_says_what_would_be_refused(engine: Engine) {
    let folder = chain();
    folder.write("schema_2/schema.toml", "requires = [\"schema_1\"]\n");
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    let preview = runtime
        .preview_activate(v("app@2.0.0"), ActivateOptions::default())
        .await
        .unwrap();
    assert_eq!(preview.action, "refused", "{preview:?}");
    assert!(preview.summary.contains("app@1.0.0"), "{}", preview.summary);
    let preview = runtime.preview_rollback(s("schema_1")).await.unwrap();
    assert_eq!((preview.action, preview.rule), ("refused", Some("R1")));
    refused(
        runtime
            .preview_activate(v("app@9.0.0"), ActivateOptions::default())
            .await,
    );
    let other = runtime
        .preview_deactivate(v("app@2.0.0"), DeactivateOptions::default())
        .await;
    assert!(other.is_err() || other.is_ok_and(|p| p.action == "not_active"));
    assert_eq!(seq(&runtime).await, before);
    end(database, [runtime]).await;
}
