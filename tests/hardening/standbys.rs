//! Servers that may only be read: a streaming standby, and roles and databases that say so by default.

use lockstep::{Error, ErrorKind, Runtime};

use super::at;
use crate::conformance::{s, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, Server, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_is_looked_at_followed_and_not_written_to_until_it_is_promoted() {
    let mut primary = Server::new();
    primary.start().await;
    let database = Database::on(&primary.url("postgres"), "").await;
    let folder = Folder::users();
    let writer = at(&database.url, &folder).await.expect("the primary");
    writer.activate(v("users@1.0.0")).await.unwrap();

    let mut standby = primary.standby();
    standby.start().await;
    let name = database.rows("SELECT current_database()::text").await[0][0].clone();
    let copy = database.at(standby.url(&name));
    let recovering = copy.rows("SELECT pg_is_in_recovery()::text").await;
    assert_eq!(recovering, [["true"]], "it is a standby");

    // Looking works, and what happens on the primary is followed: notifications do not get there, the log does.
    let looking = Runtime::builder(&copy.url)
        .schemas_dir(folder.path())
        .read_only()
        .build()
        .await
        .expect("it may be read");
    assert!(looking.is_active("schema_v1"));
    let misled = at(&copy.url, &folder).await.expect("looking is all that opening takes");
    writer.activate(v("users@2.0.0")).await.unwrap();
    until("the standby is followed", async || misled.is_active("schema_v2")).await;
    looking.refresh().await.expect("read again");
    assert!(looking.is_active("schema_v2"));
    looking.shutdown().await;

    // Writing is refused as what it is, whatever is asked for.
    for outcome in [
        misled.activate(v("users@1.1.0")).await.map(|_| ()),
        misled.deactivate(v("users@1.0.0")).await.map(|_| ()),
        misled.lease(v("users@1.1.0")).await.map(|_| ()),
        misled.rollback(s("schema_v2"), true).await.map(|_| ()),
        misled.reap().await.map(|_| ()),
    ] {
        let error = outcome.expect_err("a standby");
        assert!(
            matches!(error, Error::ReadOnly { .. }) || error.kind() == ErrorKind::Refused,
            "{error:?}"
        );
        if matches!(error, Error::ReadOnly { .. }) {
            assert_eq!(error.state(), "nothing was changed");
            let next = error.next_step().expect("advice");
            assert!(next.contains("primary"), "{next}");
        }
    }
    let error = misled.activate(v("users@1.1.0")).await.expect_err("a standby");
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");

    // The primary is lost, the standby promoted: the same runtime goes on there.
    writer.shutdown().await;
    primary.stop();
    copy.execute("SELECT pg_promote()").await;
    misled.activate(v("users@1.1.0")).await.expect("it is the primary now");
    for version in ["users@1.0.0", "users@1.1.0", "users@2.0.0"] {
        misled.deactivate(v(version)).await.expect("given back");
    }
    assert!(!copy.has_table("users").await);
    misled.shutdown().await;
    invariants::check(&copy, true).await;
}

/// An empty standby, and an unprepared database that may only be read, say that nothing can be made there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_read_only_by_default_is_not_prepared_and_not_changed() {
    let database = Database::new(Engine::Postgres).await;
    let folder = Folder::users();
    let name = database.rows("SELECT current_database()::text").await[0][0].clone();
    database
        .execute(&format!("ALTER DATABASE {name} SET default_transaction_read_only = on"))
        .await;
    let error = at(&database.url, &folder).await.expect_err("nothing can be made");
    assert!(
        matches!(error, Error::NotPrepared { .. } | Error::ReadOnly { .. }),
        "{error:?}"
    );
    assert!(!database.has_table("lockstep_scope").await);
    database
        .execute(&format!(
            "BEGIN READ WRITE; ALTER DATABASE {name} RESET default_transaction_read_only; COMMIT"
        ))
        .await;
    let runtime = at(&database.url, &folder).await.expect("writable");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
