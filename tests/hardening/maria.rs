//! MariaDB: users that lack a right, servers that do not write, and what the catalog leaves out.

use lockstep::{Error, ErrorKind, Runtime};

use super::{all_is_well, at};
use crate::conformance::{by, folder, of, s, seq, v};
use crate::support::{Actor, Database, Engine, Folder, MariaServer, until};

/// A user of this test's own, and the database's URL for it.
async fn newcomer(database: &Database, rights: &str) -> (String, String) {
    let name = database.rows("SELECT DATABASE()").await[0][0].clone();
    let user = format!("u{}", &name[name.len().saturating_sub(20)..]);
    database
        .execute(&format!("CREATE USER {user}@localhost IDENTIFIED BY 'hush1'"))
        .await;
    database
        .execute(&format!("GRANT {rights} ON {name}.* TO {user}@localhost"))
        .await;
    let (_, host) = database.url.split_once('@').expect("a user");
    (format!("{user}@localhost"), format!("mysql://{user}:hush1@{host}"))
}

async fn dismiss(database: Database, user: &str, runtimes: impl IntoIterator<Item = Runtime>) {
    for runtime in runtimes {
        runtime.shutdown().await;
    }
    database.execute(&format!("DROP USER {user}")).await;
    all_is_well(&database).await;
    database.drop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_may_not_create_tables_is_told_the_grant() {
    let (database, folder) = (Database::new(Engine::Mysql).await, Folder::users());
    let (user, url) = newcomer(&database, "SELECT, INSERT, UPDATE, DELETE").await;
    let error = at(&url, &folder).await.expect_err("it may not");
    assert!(matches!(error, Error::NotPrepared { .. }), "{error:?}");
    assert_eq!(error.kind(), ErrorKind::Operator);
    let told = format!("{error} {error:?}");
    assert!(told.contains("grant CREATE") && !told.contains("hush1"), "{told}");
    assert!(!database.has_table("lockstep_meta").await);
    // Once somebody else prepared it, these rights are enough for leases; a step fails in the server's own words.
    let owner = at(&database.url, &folder).await.expect("the owner may");
    owner.activate(v("users@1.0.0")).await.unwrap();
    let limited = at(&url, &folder).await.expect("it is prepared");
    limited
        .activate_with(v("users@1.1.0"), by("app"))
        .await
        .expect("a lease");
    let failure = crate::conformance::failed(limited.activate_with(v("users@2.0.0"), by("app")).await);
    assert!(failure.error.contains("denied"), "{failure:?}");
    assert!(!database.has_column("users", "display_name").await);
    limited
        .deactivate_with(v("users@1.1.0"), of("app"))
        .await
        .expect("given back");
    owner.activate(v("users@2.0.0")).await.expect("the owner goes on");
    dismiss(database, &user, [limited, owner]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_may_only_read_is_refused_with_the_grant_and_nothing_changes() {
    let (database, folder) = (Database::new(Engine::Mysql).await, Folder::users());
    let owner = at(&database.url, &folder).await.expect("the owner may");
    owner.activate(v("users@1.0.0")).await.unwrap();
    let (user, url) = newcomer(&database, "SELECT").await;
    let before = seq(&owner).await;
    let reader = at(&url, &folder).await.expect("looking is all that opening takes");
    assert!(reader.is_active(s("schema_v1")));
    for outcome in [
        reader.activate_with(v("users@1.1.0"), by("app")).await.map(drop),
        reader.deactivate(v("users@1.0.0")).await.map(drop),
        reader.activate_with(v("users@2.0.0"), by("app")).await.map(drop),
    ] {
        let error = outcome.expect_err("it may not");
        assert_eq!(error.kind(), ErrorKind::Operator, "{error:?}");
        let next = error.next_step().unwrap_or_default();
        assert!(next.contains("GRANT SELECT, INSERT, UPDATE"), "{error}: {next}");
        assert!(!format!("{error:?} {next}").contains("hush1"));
    }
    assert_eq!(seq(&owner).await, before);
    dismiss(database, &user, [reader, owner]).await;
}

/// A crashed process's session is another user's: who may not end it is told so, and goes on once it is gone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_user_that_may_not_end_a_crashed_session_is_told_the_grant() {
    let (database, folder) = (Database::new(Engine::Mysql).await, Folder::users());
    folder.write(
        "schema_v1/003_quick.up.sql",
        "-- lockstep: timeout=1s\nCREATE TABLE quick (id INTEGER PRIMARY KEY);\n",
    );
    folder.write("schema_v1/003_quick.down.sql", "DROP TABLE quick;\n");
    // Asleep with the lock in its hand, beyond its step's time; nobody may end it but an administrator.
    let mut asleep = Actor::new(&database, &folder, &["activate", "users@1.0.0", "deploy"])
        .dies_at("activation.journal.executed:3=sleep")
        .start();
    until("the step ran", async || database.has_table("quick").await).await;
    let (user, url) = newcomer(&database, "ALL").await;
    let limited = Runtime::builder(&url)
        .schemas_dir(folder.path())
        .settings(crate::support::database::quiet)
        .settings(|x| x.operation_timeout = std::time::Duration::from_secs(12))
        .build()
        .await
        .expect("it is prepared");
    let (outcome, _) = crate::deadlines::ends(limited.activate(v("users@1.0.0"))).await;
    let error = outcome.expect_err("the lock is held");
    let next = error.next_step().unwrap_or_default();
    assert!(next.contains("GRANT CONNECTION ADMIN"), "{error}: {next}");
    asleep.start_kill().expect("killed");
    asleep.wait().await.expect("ended");
    limited.activate(v("users@1.0.0")).await.expect("it is gone");
    assert_eq!(database.times("schema_applied", "schema_v1").await, 1);
    dismiss(database, &user, [limited]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_becomes_read_only_is_looked_at_and_not_written_to() {
    let mut server = MariaServer::new();
    server.start().await;
    let database = Database::on_server(Engine::Mysql, &server.url("mysql"), "").await;
    let folder = Folder::users();
    let (user, url) = newcomer(&database, "ALL").await;
    let runtime = at(&url, &folder).await.expect("writable");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    database.execute("SET GLOBAL read_only = 1").await;
    let late = at(&url, &folder).await.expect("looking is all that opening takes");
    assert!(late.is_active("schema_v1"));
    for outcome in [
        runtime.activate(v("users@1.1.0")).await.map(drop),
        runtime.activate(v("users@2.0.0")).await.map(drop),
        late.deactivate(v("users@1.0.0")).await.map(drop),
        late.lease(v("users@1.1.0")).await.map(drop),
    ] {
        let error = outcome.expect_err("nothing can be written");
        assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
        assert_eq!(error.state(), "nothing was changed");
    }
    assert_eq!(seq(&runtime).await, before);
    database.execute("SET GLOBAL read_only = 0").await;
    runtime.activate(v("users@2.0.0")).await.expect("writable again");
    dismiss(database, &user, [runtime, late]).await;
}

/// Two databases that were made alike look alike, whatever was counted in them and whoever made what.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counters_definers_and_names_do_not_show_in_the_catalog() {
    let database = Database::new(Engine::Mysql).await;
    let made = folder(
        "[handlers.one]\n\"1.0.0\" = \"schema_b\"\n",
        &[
            (
                "schema_a/001_counted",
                "CREATE TABLE counted (id INTEGER AUTO_INCREMENT PRIMARY KEY, n INTEGER);",
                "DROP TABLE counted;",
            ),
            (
                "schema_a/002_seen",
                "CREATE VIEW seen AS SELECT n FROM counted;",
                "DROP VIEW seen;",
            ),
            (
                "schema_b/001_count",
                "INSERT INTO counted (n) VALUES (1), (2), (3);",
                "DELETE FROM counted WHERE n < 4;",
            ),
            (
                "schema_b/002_definer",
                "CREATE OR REPLACE VIEW seen AS SELECT id, n FROM counted;",
                "CREATE OR REPLACE DEFINER = root@localhost VIEW seen AS SELECT n FROM counted;",
            ),
        ],
    );
    made.write(
        "schema_b/schema.toml",
        "requires = [\"schema_a\"]\ncompatible_with = [\"schema_a\"]\n",
    );
    let runtime = at(&database.url, &made).await.expect("a runtime");
    runtime.rehearse(&[], false).await.expect("the same as before");
    // What does show is found.
    made.write(
        "schema_b/002_definer.down.sql",
        "CREATE OR REPLACE VIEW seen AS SELECT n + 1 AS n FROM counted;",
    );
    let other = at(&database.url, &made).await.expect("a runtime");
    let error = other.rehearse(&[], false).await.expect_err("another view");
    assert!(error.to_string().contains("seen"), "{error}");
    for runtime in [runtime, other] {
        runtime.shutdown().await;
    }
    all_is_well(&database).await;
    database.drop().await;
}

/// The table is empty; what its rows were is not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_alone_keeps_its_table_from_going() {
    let database = Database::new(Engine::Mysql).await;
    if !database.is_mariadb().await {
        return database.drop().await;
    }
    let made = folder(
        "[handlers.shop]\n\"1.0.0\" = \"schema_1\"\n",
        &[(
            "schema_1/001_prices",
            "CREATE TABLE prices (id INT PRIMARY KEY, price INT) WITH SYSTEM VERSIONING;",
            "DROP TABLE prices;",
        )],
    );
    let runtime = at(&database.url, &made).await.unwrap();
    runtime.activate(v("shop@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO prices VALUES (1, 5); UPDATE prices SET price = 7; DELETE FROM prices;")
        .await;
    let kept = format!("{:?}", runtime.deactivate(v("shop@1.0.0")).await.unwrap());
    assert!(kept.contains("DataLoss") && kept.contains("rows: 2"), "{kept}");
    database.execute("DELETE HISTORY FROM prices").await;
    runtime.rollback(s("schema_1"), false).await.unwrap();
    runtime.shutdown().await;
    all_is_well(&database).await;
    database.drop().await;
}
