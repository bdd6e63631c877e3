//! R9: what was applied does not change; what says nothing about it may.

use lockstep::lifecycle::Refusal;
use lockstep::{ErrorKind, Runtime};

use super::{by, chain, end, one, refused, s, start, taken_back, v};
use crate::support::{Database, Engine, Folder};

async fn again(database: &Database, folder: &Folder) -> Runtime {
    database.runtime(|b| b.schemas_dir(folder.path())).await
}

pub async fn a_changed_step_is_refused_with_its_name_and_both_checksums(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    folder.write(
        "schema_v1/002_email.up.sql",
        "CREATE UNIQUE INDEX users_email ON users (email);\n",
    );
    let changed = again(&database, &folder).await;
    let result = changed.activate_with(v("users@1.0.0"), by("host-b")).await;
    assert_eq!(result.as_ref().unwrap_err().kind(), ErrorKind::Refused);
    let refusal = refused(result);
    let text = refusal.to_string();
    let Refusal::Tampered {
        recorded, found, steps, ..
    } = refusal
    else {
        panic!("{text}");
    };
    assert_eq!(steps, ["002_email"]);
    assert_ne!(recorded, found);
    for shown in [recorded.to_string(), found.to_string(), "002_email".to_owned()] {
        assert!(text.contains(&shown), "{text}");
    }
    // What builds on it is refused too, and nothing was written.
    let refusal = refused(changed.activate(v("users@2.0.0")).await);
    assert!(matches!(refusal, Refusal::Tampered { .. }), "{refusal}");
    let shown = changed.report().await.unwrap();
    let shown = shown.schemas.iter().find(|x| x.schema == s("schema_v1")).unwrap();
    assert!(shown.tampered);
    // Leaving works, by what was applied.
    let left = changed.deactivate(v("users@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_v1"]);
    // Once it is gone, the new file is what there is.
    changed.activate(v("users@1.0.0")).await.unwrap();
    end(database, [runtime, changed]).await;
}

pub async fn a_changed_way_back_is_tampering_and_the_stored_one_runs(engine: Engine) {
    let folder = one(&[("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;")]);
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    folder.write("schema_a/001_a.down.sql", "DROP TABLE something_else;");
    let changed = again(&database, &folder).await;
    let refusal = refused(changed.activate_with(v("one@1.0.0"), by("host-b")).await);
    assert!(matches!(refusal, Refusal::Tampered { .. }), "{refusal}");
    let left = changed.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_a"]);
    end(database, [runtime, changed]).await;
}

pub async fn an_added_step_and_another_parent_are_tampering(engine: Engine) {
    let folder = chain();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("app@2.0.0")).await.unwrap();
    folder.write("schema_2/002_more.up.sql", "CREATE TABLE more (id INTEGER);");
    folder.write("schema_2/002_more.down.sql", "DROP TABLE more;");
    let added = again(&database, &folder).await;
    let refusal = refused(added.activate_with(v("app@2.0.0"), by("b")).await);
    assert!(
        matches!(&refusal, Refusal::Tampered { steps, .. } if *steps == ["002_more (new)"]),
        "{refusal}"
    );

    let folder = chain();
    folder.write("schema_2/schema.toml", "requires = []\n");
    let other = again(&database, &folder).await;
    let refusal = refused(other.activate_with(v("app@2.0.0"), by("b")).await);
    assert!(matches!(&refusal, Refusal::Tampered { .. }), "{refusal}");
    end(database, [runtime, added, other]).await;
}

pub async fn promises_and_descriptions_may_change(engine: Engine) {
    let folder = chain();
    folder.write("schema_2/schema.toml", "requires = [\"schema_1\"]\n");
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("app@2.0.0")).await.unwrap();
    let refusal = refused(runtime.activate(v("app@1.0.0")).await);
    assert!(matches!(refusal, Refusal::Incompatible { .. }), "{refusal}");
    folder.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\ndescription = \"found to be harmless\"\n",
    );
    let promised = again(&database, &folder).await;
    promised.activate(v("app@1.0.0")).await.unwrap();
    end(database, [runtime, promised]).await;
}

pub async fn line_ends_and_trailing_space_do_not_matter(engine: Engine) {
    let folder = one(&[(
        "001_a",
        "CREATE TABLE a (\n  id INTEGER PRIMARY KEY\n);\n",
        "DROP TABLE a;\n",
    )]);
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    folder.write(
        "schema_a/001_a.up.sql",
        "\u{feff}CREATE TABLE a (  \r\n  id INTEGER PRIMARY KEY\r\n);\r\n\r\n",
    );
    folder.write("schema_a/001_a.down.sql", "DROP TABLE a;");
    let other = again(&database, &folder).await;
    other.activate_with(v("one@1.0.0"), by("b")).await.unwrap();
    other.deactivate_with(v("one@1.0.0"), super::of("b")).await.unwrap();
    other.deactivate(v("one@1.0.0")).await.unwrap();
    // And such a file is applied like any other; what its bytes were is kept beside.
    other.activate(v("one@1.0.0")).await.unwrap();
    let files = other.applied_files(&"schema_a".parse().unwrap()).await.unwrap();
    let names: Vec<_> = files.keys().map(String::as_str).collect();
    assert_eq!(names, ["001_a.down.sql", "001_a.up.sql"]);
    let down = "937ae32e019abfd72940f6b09c76aa98b0a04ffd22f82d38a58c5cc7ba016f48";
    assert_eq!(files["001_a.down.sql"].as_str(), down);
    assert!(database.has_table("a").await);
    end(database, [runtime, other]).await;
}
