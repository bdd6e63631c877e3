//! Roles that lack a right: the error names it and says how to give it, and nothing happened.

use lockstep::{ErrorKind, Runtime};

use super::{all_is_well, at};
use crate::conformance::postgres_roles::{dismiss, newcomer, url_of};
use crate::conformance::{by, of, v};
use crate::support::{Database, Engine, Folder};

/// An applied schema, and a role that may do all that granting a lease takes.
async fn prepared() -> (Database, Folder, Runtime, String) {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let owner = database.runtime(|b| b.schemas_dir(folder.path())).await;
    owner.activate(v("users@1.0.0")).await.unwrap();
    let role = newcomer(&database).await;
    database
        .execute(&format!(
            "GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {role}"
        ))
        .await;
    (database, folder, owner, role)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_right_on_a_table_is_named_with_its_grant() {
    let (database, folder, owner, role) = prepared().await;
    let limited = at(&url_of(&database, &role), &folder).await.expect("it may look");
    limited
        .activate_with(v("users@1.1.0"), by("app"))
        .await
        .expect("these rights are enough");
    limited
        .deactivate_with(v("users@1.1.0"), of("app"))
        .await
        .expect("these rights are enough");
    let before = crate::conformance::seq(&owner).await;
    for (right, table) in [
        ("UPDATE", "lockstep_scope"),
        ("INSERT", "lockstep_event"),
        ("UPDATE", "lockstep_lease"),
        ("SELECT", "lockstep_schema"),
        ("SELECT", "lockstep_lease"),
    ] {
        database
            .execute(&format!("REVOKE {right} ON {table} FROM {role}"))
            .await;
        let error = limited
            .activate_with(v("users@1.1.0"), by("app"))
            .await
            .expect_err("a right is missing");
        assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
        assert!(error.to_string().contains(table), "{right} on {table}: {error}");
        let next = error.next_step().unwrap_or_default();
        assert!(
            next.contains("GRANT SELECT, INSERT, UPDATE") && next.contains("lockstep_"),
            "{right} on {table}: {next}"
        );
        assert!(!format!("{error:?} {next}").contains("hush1"));
        database.execute(&format!("GRANT {right} ON {table} TO {role}")).await;
    }
    assert_eq!(crate::conformance::seq(&owner).await, before, "nothing happened");
    limited
        .activate_with(v("users@1.1.0"), by("app"))
        .await
        .expect("granted again");
    limited
        .deactivate_with(v("users@1.1.0"), of("app"))
        .await
        .expect("granted again");
    limited.shutdown().await;
    owner.shutdown().await;
    dismiss(&database, &role).await;
    all_is_well(&database).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_use_the_schema_is_told_so() {
    let (database, folder, owner, role) = prepared().await;
    database.execute("REVOKE USAGE ON SCHEMA public FROM PUBLIC").await;
    let error = at(&url_of(&database, &role), &folder)
        .await
        .expect_err("nothing is to be seen");
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    let told = format!("{error} {}", error.next_step().unwrap_or_default());
    assert!(told.contains("GRANT USAGE"), "{told}");
    database.execute("GRANT USAGE ON SCHEMA public TO PUBLIC").await;
    owner.shutdown().await;
    dismiss(&database, &role).await;
    all_is_well(&database).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_may_not_connect_is_told_so() {
    let (database, folder, owner, role) = prepared().await;
    let name = database.rows("SELECT current_database()::text").await[0][0].clone();
    database
        .execute(&format!("REVOKE CONNECT ON DATABASE {name} FROM PUBLIC"))
        .await;
    let error = at(&url_of(&database, &role), &folder)
        .await
        .expect_err("the door is closed");
    assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
    let told = format!("{error} {}", error.next_step().unwrap_or_default());
    assert!(
        told.contains("permission denied for database") && told.contains("CONNECT"),
        "{told}"
    );
    assert!(!told.contains("hush1"), "{told}");
    owner.shutdown().await;
    dismiss(&database, &role).await;
    all_is_well(&database).await;
    database.drop().await;
}

/// A rehearsal without the right to create databases names it, and the way without.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_without_the_right_to_create_databases_names_it() {
    let (database, folder, owner, role) = prepared().await;
    let limited = at(&url_of(&database, &role), &folder).await.expect("it may look");
    let error = limited.rehearse(&[], false).await.expect_err("it may not");
    assert!(
        error.to_string().contains("create databases") && error.to_string().contains("--in-place"),
        "{error}"
    );
    limited.shutdown().await;
    owner.shutdown().await;
    dismiss(&database, &role).await;
    all_is_well(&database).await;
    database.drop().await;
}
