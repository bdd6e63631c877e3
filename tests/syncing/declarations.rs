//! Declared configurations: their versions, what runs between two, and what is kept of them.

use lockstep::catalog::structure::Selection;
use lockstep::structure::{Consent, Source, Strategy, SyncOptions, Synced};
use lockstep::{Result, Runtime, Scope, Settings};

use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    what_runs_between_two_versions_runs_once_before_anything_is_compared
    an_older_declaration_is_refused
);

const FIRST: &str = r#"
version = "1.0.0"

[tables.people]
columns = [
    { name = "id", type = "integer", primary_key = true },
    { name = "name", type = "varchar(100)", not_null = true },
]
"#;

const SECOND: &str = r#"
version = "1.2.0"

[tables.people]
columns = [
    { name = "id", type = "integer", primary_key = true },
    { name = "name", type = "varchar(100)", not_null = true },
    { name = "email", type = "varchar(200)" },
]

[migrations]
"1.0.0" = ["UPDATE people SET name = 'never'"]
"1.1.0" = ["UPDATE people SET name = upper(name)", "UPDATE people SET name = concat_with_mark(name)"]
"1.3.0" = ["UPDATE people SET name = 'not yet'"]
"#;

async fn sync(runtime: &Runtime, folder: &Folder, text: &str, consent: Option<Consent>) -> Result<Synced> {
    folder.write("shop.toml", text);
    let side = Source::Definition(folder.path().join("shop.toml"))
        .read(Some(&runtime.database()), &Settings::default(), &Selection::all())
        .await?;
    let options = SyncOptions {
        strategy: Strategy::Full,
        consent,
        ..SyncOptions::default()
    };
    runtime.sync(side, &options).await
}

/// The second version, in the engine's own words.
fn second(engine: Engine) -> String {
    let marked = match engine {
        Engine::Mysql => "concat(name, '!')",
        Engine::Sqlite | Engine::Postgres => "name || '!'",
    };
    SECOND.replace("concat_with_mark(name)", marked)
}

async fn what_runs_between_two_versions_runs_once_before_anything_is_compared(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::empty();
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, &folder, FIRST, Some(Consent::Any)).await.unwrap();
    database.execute("INSERT INTO people VALUES (1, 'ann')").await;
    // What it is going to run is somebody's own SQL: a person agrees first.
    let asked = sync(&runtime, &folder, &second(engine), None).await.unwrap();
    let Synced::NeedsConsent { proposal } = asked else {
        panic!("{asked:?}");
    };
    assert_eq!(proposal.migrations, ["1.1.0"]);
    let done = sync(&runtime, &folder, &second(engine), Some(Consent::To(proposal.id)))
        .await
        .unwrap();
    assert!(matches!(done, Synced::Synchronized { .. }), "{done:?}");
    assert_eq!(database.rows("SELECT name FROM people").await, [["ANN!".to_owned()]]);
    let again = sync(&runtime, &folder, &second(engine), None).await.unwrap();
    assert!(matches!(again, Synced::InSync { .. }), "{again:?}");
    assert_eq!(database.rows("SELECT name FROM people").await, [["ANN!".to_owned()]]);
    let kept = runtime.database().declarations(&Scope::default(), 10).await.unwrap();
    let versions: Vec<_> = kept
        .iter()
        .map(|one| one.version.as_deref().unwrap_or_default())
        .collect();
    assert_eq!(versions, ["1.2.0", "1.0.0"]);
    assert!(
        kept.iter().all(|one| one.hash.len() == 64 && !one.creator.is_empty()),
        "{kept:?}"
    );
    assert!(kept[0].text.contains("email") && !kept[1].text.contains("email"));
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn an_older_declaration_is_refused(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::empty();
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, &folder, &second(engine), Some(Consent::Any))
        .await
        .unwrap();
    let older = FIRST.replace(
        "[tables.people]",
        "[migrations]\n\"0.9.0\" = [\"SELECT 1\"]\n\n[tables.people]",
    );
    let error = sync(&runtime, &folder, &older, Some(Consent::Any)).await.unwrap_err();
    assert!(error.to_string().contains("brought to 1.2.0"), "{error}");
    assert!(database.has_column("people", "email").await, "nothing was changed");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
