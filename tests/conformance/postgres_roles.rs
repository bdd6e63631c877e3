//! PostgreSQL: roles that may do less, and schemas in the search path.

use lockstep::{Error, ErrorKind, Runtime};

use super::{end, s, start, v};
use crate::support::{Database, Engine, Folder, database::quiet};

/// The database's URL for another role.
pub fn url_of(database: &Database, role: &str) -> String {
    let (_, host) = database.url.split_once('@').expect("a user");
    format!("postgres://{role}:hush1@{host}")
}

/// A role of this test's own, without any right but to connect.
pub async fn newcomer(database: &Database) -> String {
    let name = database.rows("SELECT current_database()::text").await[0][0].clone();
    let role = format!("role_{name}");
    database
        .execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'hush1'"))
        .await;
    role
}

pub async fn dismiss(database: &Database, role: &str) {
    database
        .execute(&format!("DROP OWNED BY {role}; DROP ROLE {role}"))
        .await;
}

pub async fn a_role_without_rights_is_told_which_it_lacks(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let role = newcomer(&database).await;
    database.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC").await;
    let url = url_of(&database, &role);
    let error = Runtime::builder(&url)
        .schemas_dir(folder.path())
        .build()
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NotPrepared { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("grant CREATE") && !text.contains("hush1"), "{text}");
    assert_eq!(error.kind(), ErrorKind::Operator);
    assert!(!database.has_table("lockstep_meta").await);
    // Looking is possible: nothing is there.
    let looking = Runtime::builder(&url).read_only().build().await.unwrap();
    assert!(!looking.report().await.unwrap().prepared);
    looking.shutdown().await;
    dismiss(&database, &role).await;
    let runtime = database.runtime(|b| b).await;
    end(database, [runtime]).await;
}

pub async fn a_role_that_may_not_change_tables_fails_at_the_step_and_leaves_nothing(engine: Engine) {
    let (database, owner) = start(engine, &Folder::users()).await;
    owner.activate(v("users@1.0.0")).await.unwrap();
    let role = newcomer(&database).await;
    let lists = "SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public";
    database.execute(&format!("GRANT {lists} TO {role}")).await;
    let folder = Folder::users();
    let builder = Runtime::builder(&url_of(&database, &role)).settings(quiet);
    let limited = builder.schemas_dir(folder.path()).build().await.unwrap();
    let failure = super::failed(limited.activate(v("users@2.0.0")).await);
    assert!(failure.error.contains("owner"), "the server's own words: {failure:?}");
    assert!(!database.has_column("users", "display_name").await);
    // A lease needs no right to change tables.
    limited.activate(v("users@1.1.0")).await.unwrap();
    limited.deactivate(v("users@1.1.0")).await.unwrap();
    limited.shutdown().await;
    owner.activate(v("users@2.0.0")).await.unwrap();
    assert!(owner.is_active(s("schema_v2")));
    dismiss(&database, &role).await;
    end(database, [owner]).await;
}

pub async fn a_role_that_may_only_read_is_refused_and_nothing_changes(engine: Engine) {
    let (database, owner) = start(engine, &Folder::users()).await;
    owner.activate(v("users@1.0.0")).await.unwrap();
    let role = newcomer(&database).await;
    database
        .execute(&format!("GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}"))
        .await;
    let before = super::seq(&owner).await;
    match Runtime::builder(&url_of(&database, &role))
        .settings(quiet)
        .build()
        .await
    {
        Ok(reader) => {
            let error = reader.deactivate(v("users@1.0.0")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
            reader.shutdown().await;
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}"),
    }
    let looking = Runtime::builder(&url_of(&database, &role))
        .read_only()
        .build()
        .await
        .unwrap();
    assert!(looking.is_active(s("schema_v1")));
    looking.shutdown().await;
    assert_eq!(super::seq(&owner).await, before);
    dismiss(&database, &role).await;
    end(database, [owner]).await;
}

pub async fn a_search_path_that_one_step_sets_is_not_the_next_ones(engine: Engine) {
    let made = super::one(&[
        (
            "001_space",
            "CREATE SCHEMA aside; SET search_path TO aside; CREATE TABLE there (id INT);",
            "DROP SCHEMA aside CASCADE;",
        ),
        ("002_here", "CREATE TABLE here (id INT);", "DROP TABLE here;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let rows = database
        .rows("SELECT schemaname::text FROM pg_tables WHERE tablename IN ('there', 'here') ORDER BY tablename")
        .await;
    assert_eq!(rows, [["public".to_owned()], ["aside".to_owned()]]);
    runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert!(!database.has_table("here").await);
    end(database, [runtime]).await;
}
