//! Which schema a handler version needs, under which names it goes, and until when that may change.

use lockstep::lifecycle::Refusal;
use lockstep::registry::Timestamp;
use lockstep::{Binding, Error};

use super::{end, folder, refused, s, start, v};
use crate::support::{Engine, Folder};

pub async fn a_binding_may_change_until_its_version_was_active(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.register(v("users@3.0.0"), s("schema_v1")).await.unwrap();
    runtime.register(v("users@3.0.0"), s("schema_v2")).await.unwrap();
    let activation = runtime.activate(v("users@3.0.0")).await.unwrap();
    assert_eq!(activation.lease().schema, s("schema_v2"));
    let refusal = refused(runtime.register(v("users@3.0.0"), s("schema_v1")).await);
    assert!(matches!(refusal, Refusal::BindingFixed { .. }), "{refusal}");
    // Nor after it was deactivated, nor by another process's files.
    runtime.deactivate(v("users@3.0.0")).await.unwrap();
    refused(runtime.register(v("users@3.0.0"), s("schema_v1")).await);
    let files = Folder::users();
    files.write("handlers.toml", "[handlers.users]\n\"3.0.0\" = \"schema_v1\"\n");
    let other = database.runtime(|b| b.schemas_dir(files.path())).await;
    let refusal = refused(other.activate(v("users@3.0.0")).await);
    assert!(matches!(refusal, Refusal::BindingFixed { .. }), "{refusal}");
    // The same again is no change.
    runtime.register(v("users@3.0.0"), s("schema_v2")).await.unwrap();
    end(database, [runtime, other]).await;
}

pub async fn an_artifact_is_kept_and_fixed_with_the_binding(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let with = |artifact: &str| Binding {
        artifact: Some(artifact.to_owned()),
        ..Binding::new(v("users@3.0.0"), s("schema_v1"))
    };
    runtime.register_binding(with("sha256:aaaa")).await.unwrap();
    runtime.activate(v("users@3.0.0")).await.unwrap();
    let refusal = refused(runtime.register_binding(with("sha256:bbbb")).await);
    let text = refusal.to_string();
    assert!(text.contains("sha256:aaaa") && text.contains("sha256:bbbb"), "{text}");
    let status = database.status().await;
    let shown = status.handlers.iter().find(|h| h.handler_version == v("users@3.0.0"));
    assert_eq!(shown.unwrap().artifact.as_deref(), Some("sha256:aaaa"));
    end(database, [runtime]).await;
}

pub async fn a_tag_resolves_and_moves(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    let tagged = |version: &str, schema: &str| Binding {
        tags: ["stable".parse().unwrap()].into(),
        ..Binding::new(v(version), s(schema))
    };
    runtime
        .register_binding(tagged("users@1.0.0", "schema_v1"))
        .await
        .unwrap();
    let stable = "users@stable".parse().unwrap();
    assert_eq!(runtime.resolve(&stable).await.unwrap(), v("users@1.0.0"));
    runtime.activate(v("users@1.0.0")).await.unwrap();
    // It moves although the version was active: a tag is a name, not a binding.
    runtime
        .register_binding(tagged("users@2.0.0", "schema_v2"))
        .await
        .unwrap();
    assert_eq!(runtime.resolve(&stable).await.unwrap(), v("users@2.0.0"));
    // A process without files asks the database.
    let bare = database.runtime(|b| b).await;
    assert_eq!(bare.resolve(&stable).await.unwrap(), v("users@2.0.0"));
    let unknown = bare.resolve(&"users@nightly".parse().unwrap()).await;
    assert!(matches!(unknown, Err(Error::Format { .. })), "{unknown:?}");
    end(database, [runtime, bare]).await;
}

pub async fn time_stamped_versions_work_end_to_end_and_are_found_by_time(engine: Engine) {
    let first = "/api/users@tsv:1732186200-users-001";
    let second = "/api/users@tsv:1732272600-users-002";
    let made = folder(
        "[handlers.\"/api/users\"]\n\"tsv:1732186200-users-001\" = \"schema_v1\"\n\"tsv:1732272600-users-002\" = \"schema_v2\"\n",
        &[
            (
                "schema_v1/001_t",
                "CREATE TABLE users (id INTEGER PRIMARY KEY);",
                "DROP TABLE users;",
            ),
            (
                "schema_v2/001_c",
                "ALTER TABLE users ADD COLUMN name TEXT;",
                "ALTER TABLE users DROP COLUMN name;",
            ),
        ],
    );
    made.write(
        "schema_v2/schema.toml",
        "requires = [\"schema_v1\"]\ncompatible_with = [\"schema_v1\"]\n",
    );
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v(first)).await.unwrap();
    runtime.activate(v(second)).await.unwrap();
    let handler = "/api/users".parse().unwrap();
    let at = |seconds: i64| Timestamp(seconds * 1_000_000);
    let bare = database.runtime(|b| b).await;
    for (time, found) in [
        (1_732_186_199, None),
        (1_732_186_200, Some(first)),
        (1_732_272_599, Some(first)),
        (1_732_272_600, Some(second)),
    ] {
        let answer = bare.version_at(&handler, at(time)).await.unwrap();
        assert_eq!(answer, found.map(v), "at {time}");
    }
    bare.deactivate(v(first)).await.unwrap();
    let last = bare.deactivate(v(second)).await.unwrap();
    assert_eq!(super::taken_back(&last), ["schema_v2", "schema_v1"]);
    end(database, [runtime, bare]).await;
}
