//! Databases that are not as they should be: damaged, newer, read-only, not there.

use std::time::Duration;

use lockstep::{Error, ErrorKind, Runtime};

use super::{end, log, refused, seq, start, v};
use crate::support::{Database, Engine, Folder, database::quiet};

async fn open(database: &Database, folder: &Folder) -> lockstep::Result<Runtime> {
    let builder = Runtime::builder(&database.url).settings(quiet);
    builder.schemas_dir(folder.path()).build().await
}

pub async fn a_newer_format_is_refused_and_left_alone(engine: Engine) {
    let folder = Folder::users();
    let (database, runtime) = start(engine, &folder).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let before = log(&runtime).await;
    runtime.shutdown().await;
    database
        .execute("UPDATE lockstep_meta SET value = '99' WHERE value = '1'")
        .await;
    let found = open(&database, &folder).await;
    assert!(matches!(found, Err(Error::NewerFormat { found: 99, .. })), "{found:?}");
    let error = Runtime::builder(&database.url).read_only().build().await.unwrap_err();
    assert!(matches!(error, Error::NewerFormat { .. }), "{error}");
    assert_eq!(error.kind(), ErrorKind::Operator);
    assert_eq!(
        database.number("SELECT count(*) FROM lockstep_event").await,
        before.len() as i64
    );
    database
        .execute("UPDATE lockstep_meta SET value = '1' WHERE value = '99'")
        .await;
    let again = open(&database, &folder).await.expect("format 1 is ours");
    end(database, [again]).await;
}

pub async fn damaged_metadata_is_named_and_nothing_is_done_on_it(engine: Engine) {
    let harms = [
        "UPDATE lockstep_meta SET value = 'soon' WHERE value = '1'",
        "UPDATE lockstep_schema SET state = 'enchanted'",
        "UPDATE lockstep_lease SET handler_version = 'users@@'",
        "UPDATE lockstep_lease SET kind = 'borrowed'",
        "UPDATE lockstep_lease SET state = 'half'",
        "UPDATE lockstep_binding SET state = 'half'",
        "DELETE FROM lockstep_scope",
    ];
    for harm in harms {
        let folder = Folder::users();
        let (database, runtime) = start(engine, &folder).await;
        runtime.activate(v("users@1.0.0")).await.unwrap();
        if database.try_execute(harm).await.is_err() {
            // A constraint, or another shape of the tables, does not let it happen.
            end(database, [runtime]).await;
            continue;
        }
        let before = database.number("SELECT count(*) FROM lockstep_event").await;
        for result in [
            runtime.activate(v("users@2.0.0")).await.map(|_| ()),
            runtime.deactivate(v("users@1.0.0")).await.map(|_| ()),
            runtime.reap().await.map(|_| ()),
        ] {
            let harmless = harm.contains("lockstep_meta");
            match result {
                Err(error) => {
                    assert!(matches!(error, Error::Damaged { .. }), "{harm}: {error}");
                    assert_eq!(error.kind(), ErrorKind::Operator);
                }
                Ok(()) => assert!(harmless, "{harm} went unnoticed"),
            }
        }
        if !harm.contains("lockstep_meta") {
            assert_eq!(
                database.number("SELECT count(*) FROM lockstep_event").await,
                before,
                "{harm}"
            );
            assert!(database.has_table("users").await, "{harm}");
        }
        runtime.shutdown().await;
        let opened = open(&database, &folder).await;
        let healed = harm.contains("lockstep_scope");
        assert!(
            healed || matches!(opened, Err(Error::Damaged { .. })),
            "{harm}: {opened:?}"
        );
        if let Ok(opened) = opened {
            opened.shutdown().await;
        }
        database.drop().await;
    }
}

pub async fn a_database_that_is_not_there_is_said_so_without_the_password(engine: Engine) {
    let database = Database::new(engine).await;
    let urls = match engine {
        Engine::Sqlite => vec!["sqlite:///nowhere/at/all/shop.db".to_owned()],
        Engine::Mysql => {
            let (base, query) = database.url.split_once('?').unwrap_or((&database.url, ""));
            let host = base.split_once('@').expect("a user").1;
            let server = host.split_once('/').expect("a database").0;
            vec![
                format!("mysql://lockstep:hush1@{server}/not_there?{query}"),
                format!("mariadb://nobody_knows:hush1@{host}?{query}"),
                "mysql://app:hush1@127.0.0.1:1/shop".to_owned(),
                "mysql://app:hush1?x@127.0.0.1:1/shop".to_owned(),
                "mariadb://app:hush1/y@127.0.0.1:1/shop".to_owned(),
                "mysql://app:hush1@127.0.0.1:1".to_owned(),
            ]
        }
        Engine::Postgres => {
            let (base, query) = database.url.split_once('?').unwrap_or((&database.url, ""));
            let host = base.split_once('@').expect("a user").1;
            let server = host.split_once('/').expect("a database").0;
            vec![
                format!("postgres://lockstep:hush1@{server}/not_there?{query}"),
                format!("postgres://nobody_knows:hush1@{host}?{query}"),
                "postgres://app:hush1@127.0.0.1:1/shop".to_owned(),
                "postgres://app:hush1?x@127.0.0.1:1/shop".to_owned(),
                "postgres://app:hush1/y@127.0.0.1:1/shop".to_owned(),
                "postgres://app@127.0.0.1:1/shop?password=hush1".to_owned(),
            ]
        }
    };
    for url in urls {
        let builder = Runtime::builder(&url).settings(|x| x.connect_timeout = Duration::from_secs(2));
        let shown = format!("{builder:?}");
        let error = builder.build().await.expect_err("there is nothing");
        assert!(
            matches!(
                error,
                Error::Connect { .. } | Error::NotPrepared { .. } | Error::Setting { .. }
            ),
            "{error:?}"
        );
        for text in [
            shown,
            error.to_string(),
            format!("{error:?}"),
            error.next_step().unwrap_or_default(),
        ] {
            assert!(!text.contains("hush1"), "{text}");
        }
    }
    let unknown = Runtime::builder("oracle://app:hush1@db/shop")
        .build()
        .await
        .unwrap_err();
    assert!(matches!(unknown, Error::UnknownEngine { .. }), "{unknown}");
    assert!(!unknown.to_string().contains("hush1"), "{unknown}");
    database.drop().await;
}

pub async fn one_that_only_looks_creates_and_changes_nothing(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    if engine == Engine::Sqlite {
        std::fs::write(database.file(), "").unwrap();
    }
    let looking = Runtime::builder(&database.url).schemas_dir(folder.path()).read_only();
    let looking = looking.build().await.unwrap();
    assert!(!looking.report().await.unwrap().prepared);
    assert!(!database.has_table("lockstep_scope").await);
    let result = looking.activate(v("users@1.0.0")).await;
    assert!(matches!(result, Err(Error::ReadOnly { .. })), "{result:?}");
    assert!(matches!(looking.reap().await, Err(Error::ReadOnly { .. })));
    looking.shutdown().await;
    let working = open(&database, &folder).await.unwrap();
    end(database, [working]).await;
}

pub async fn a_runtime_survives_that_its_connections_are_cut(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    if engine == Engine::Postgres {
        database
            .execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE datname = current_database() AND pid <> pg_backend_pid()",
            )
            .await;
    }
    if engine == Engine::Mysql {
        let others = "SELECT id FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        for row in database.rows(others).await {
            // It may have ended by itself.
            let _ = database.try_execute(&format!("KILL {}", row[0])).await;
        }
    }
    // One attempt may meet a dead connection; it says that trying again helps, and that is true.
    if let Err(error) = runtime.activate(v("users@2.0.0")).await {
        assert_eq!(error.kind(), ErrorKind::Retry, "{error}");
        runtime.activate(v("users@2.0.0")).await.unwrap();
    }
    assert!(database.has_column("users", "display_name").await);
    let before = seq(&runtime).await;
    refused(runtime.rollback(super::s("schema_v1"), true).await);
    assert_eq!(seq(&runtime).await, before);
    end(database, [runtime]).await;
}
