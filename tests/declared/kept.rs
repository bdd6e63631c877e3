//! What a database was brought to is kept in it.

use lockstep::structure::{Database as Looked, Declaration, KeptDeclaration};
use lockstep::{Error, Scope, Settings};

use super::read;
use crate::support::{Database, Engine, Folder, facts_on};

/// A definition of this version, with text that every engine's literals have to get right.
async fn declaration(database: &Database, folder: &Folder, version: &str) -> Declaration {
    let text =
        format!("version = \"{version}\" # it's \\ \"quoted\", größer 🎉\n[migrations]\n\"{version}\" = \"code\"\n");
    folder.write("it.toml", &text);
    read(database, folder, "it.toml")
        .await
        .declaration
        .expect("a file declares it")
}

async fn all(looked: &Looked) -> Vec<KeptDeclaration> {
    looked.declarations(&Scope::default(), 10).await.expect("what was kept")
}

async fn what_was_declared_is_kept_newest_first_and_once(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("a database");
    let scope = Scope::default();
    assert_eq!(all(&looked).await, [], "nothing was kept, and there is no table");
    assert_eq!(looked.declared_version(&scope).await.expect("none"), None);
    let first = declaration(&database, &folder, "1.9.0").await;
    let second = declaration(&database, &folder, "1.10.0").await;
    for (one, creator, is_new) in [
        (&first, "ann", true),
        (&first, "bob", false),
        (&second, "o'hara\\", true),
    ] {
        let kept = looked.keep_declaration(&scope, one, creator).await.expect("kept");
        assert_eq!(kept, is_new, "{creator}");
    }
    folder.write("plain.sql", "-- nothing yet\n");
    let plain = read(&database, &folder, "plain.sql")
        .await
        .declaration
        .expect("a file declares it");
    assert!(looked.keep_declaration(&scope, &plain, "ann").await.expect("kept"));
    let kept = all(&looked).await;
    let versions: Vec<_> = kept.iter().map(|one| one.version.as_deref()).collect();
    assert_eq!(versions, [None, Some("1.10.0"), Some("1.9.0")]);
    assert_eq!(
        (kept[1].text.as_str(), kept[1].creator.as_str()),
        (second.text.as_str(), "o'hara\\")
    );
    assert_eq!((kept[0].kind.as_str(), kept[1].kind.as_str()), ("sql", "definition"));
    assert_eq!(kept[1].hash, second.hash);
    assert_eq!(kept[1].hash.len(), 64);
    assert!(kept[2].at <= kept[0].at && kept[2].at.0 > 0);
    let version = looked.declared_version(&scope).await.expect("read").expect("one");
    assert_eq!(version.to_string(), "1.10.0", "not the greatest by its letters");
    let other = Scope::new("other").expect("a scope");
    assert_eq!(looked.declarations(&other, 10).await.expect("read"), []);
    looked.close().await;
    database.drop().await;
}

async fn a_declaration_older_than_the_database_is_refused(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    let older = declaration(&database, &folder, "1.9.0").await;
    let recorded = "1.10.0".parse().expect("a version");
    let error = older.due(Some(&recorded)).expect_err("it went back").to_string();
    assert!(
        error.contains("it.toml:1") && error.contains("1.9.0") && error.contains("1.10.0"),
        "{error}"
    );
    let before = "1.0.0".parse().expect("a version");
    assert_eq!(older.due(Some(&before)).expect("one").len(), 1);
    assert_eq!(older.due(None).expect("none").len(), 0);
    database.drop().await;
}

async fn many_at_once_make_the_table_together(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    let one = declaration(&database, &folder, "1.0.0").await;
    let mut tasks = Vec::new();
    for at in 0..6 {
        let (url, one) = (database.url.clone(), one.clone());
        tasks.push(tokio::spawn(async move {
            let looked = Looked::connect(&url, &Settings::default()).await?;
            let kept = looked
                .keep_declaration(&Scope::default(), &one, &format!("nr {at}"))
                .await;
            looked.close().await;
            kept
        }));
    }
    let mut kept = 0;
    for task in tasks {
        kept += usize::from(task.await.expect("no panic").expect("kept"));
    }
    assert!(kept >= 1);
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("a database");
    assert_eq!(all(&looked).await.len(), kept);
    looked.close().await;
    database.drop().await;
}

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    what_was_declared_is_kept_newest_first_and_once
    a_declaration_older_than_the_database_is_refused
    many_at_once_make_the_table_together
);

#[tokio::test]
async fn a_database_that_may_only_be_read_is_none_the_worse() {
    let (database, folder) = (Database::new(Engine::Sqlite).await, Folder::empty());
    let one = declaration(&database, &folder, "1.0.0").await;
    database.execute("CREATE TABLE t (id INTEGER)").await;
    let url = format!("{}?mode=ro", database.url);
    let looked = Looked::connect(&url, &Settings::default()).await.expect("a database");
    assert_eq!(all(&looked).await, []);
    let error = looked
        .keep_declaration(&Scope::default(), &one, "ann")
        .await
        .expect_err("read-only");
    assert!(matches!(error, Error::ReadOnly { .. }), "{error:?}");
    looked.close().await;
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("a database");
    assert!(
        looked
            .keep_declaration(&Scope::default(), &one, "ann")
            .await
            .expect("kept")
    );
    looked.close().await;
    let looked = Looked::connect(&url, &Settings::default()).await.expect("a database");
    assert_eq!(all(&looked).await.len(), 1);
    looked.close().await;
    database.drop().await;
}
