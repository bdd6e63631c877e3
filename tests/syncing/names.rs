//! Names that are no plain words, in what a person declares and in what a file says.

use lockstep::catalog::compare::compare;
use lockstep::catalog::quote;
use lockstep::structure::{Consent, Strategy, SyncOptions, Synced};
use lockstep::{DeactivateOptions, Deactivation, HandlerVersion, InstanceId, Policy};

use super::scenario::{looks, side, sync};
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_rename_of_names_with_blanks_commas_and_quotes_is_taken_back_without_talk_of_losses
    the_files_of_a_sync_say_the_same_as_the_database
);

const TABLE: &str = "orders, \"old\" `ones`";
const COLUMN: &str = "the 'price', net.";
const NEW_TABLE: &str = "new \"orders\", all. `of` them";
const NEW_COLUMN: &str = "\"price\", gross";

fn named(engine: Engine, table: &str, column: &str, marks: [&str; 2]) -> String {
    let name = |name: &str| quote(engine.dialect(), name).expect("a name");
    format!(
        "CREATE TABLE {} ( {}\n id INTEGER PRIMARY KEY,\n {} VARCHAR(20) {}\n);",
        name(table),
        marks[0],
        name(column),
        marks[1]
    )
}

async fn orders(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    let name = |name: &str| quote(engine.dialect(), name).expect("a name");
    database.execute(&named(engine, TABLE, COLUMN, ["", ""])).await;
    database
        .execute(&format!("INSERT INTO {} VALUES (1, '7'), (2, NULL)", name(TABLE)))
        .await;
    database
}

fn desired(engine: Engine) -> String {
    let mark = |name: &str| format!("-- @renamed from=\"{}\"", name.replace('"', "\"\""));
    named(engine, NEW_TABLE, NEW_COLUMN, [&mark(TABLE), &mark(COLUMN)])
}

fn full() -> SyncOptions {
    SyncOptions {
        strategy: Strategy::Full,
        consent: Some(Consent::Any),
        ..SyncOptions::default()
    }
}

fn back() -> DeactivateOptions {
    DeactivateOptions {
        instance: Some(InstanceId::new("sync").unwrap()),
        policy: Some(Policy::Rollback),
        allow_data_loss: false,
    }
}

async fn a_rename_of_names_with_blanks_commas_and_quotes_is_taken_back_without_talk_of_losses(engine: Engine) {
    let database = orders(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let synced = sync(&runtime, &database, &desired(engine), &full()).await.unwrap();
    let Synced::Synchronized { handler_version, .. } = synced else {
        panic!("{synced:?}");
    };
    let there = looks(&database).await;
    assert!(compare(&there, &side(&database, &desired(engine)).await.structure).is_empty());
    let name = |name: &str| quote(engine.dialect(), name).expect("a name");
    let all = |table: &str, column: &str| {
        let value = format!("coalesce({}, '-')", name(column));
        format!("SELECT {value} FROM {} ORDER BY id", name(table))
    };
    assert_eq!(database.rows(&all(NEW_TABLE, NEW_COLUMN)).await, [["7"], ["-"]]);
    let taken = runtime.deactivate_with(handler_version, back()).await.unwrap();
    assert!(matches!(taken, Deactivation::RolledBack { .. }), "{taken:?}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert_eq!(database.rows(&all(TABLE, COLUMN)).await, [["7"], ["-"]]);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// What is written into a folder is read back as what was applied, and leads back just as well.
async fn the_files_of_a_sync_say_the_same_as_the_database(engine: Engine) {
    let database = orders(engine).await;
    let before = looks(&database).await;
    let folder = Folder::empty();
    let runtime = database.runtime(|b| b).await;
    let options = SyncOptions {
        save_to: Some(folder.path().to_owned()),
        ..full()
    };
    let synced = sync(&runtime, &database, &desired(engine), &options).await.unwrap();
    let Synced::Synchronized {
        handler_version, files, ..
    } = synced
    else {
        panic!("{synced:?}");
    };
    let down = files.iter().find(|file| file.to_string_lossy().contains(".down."));
    let down = std::fs::read_to_string(down.expect("there is a way back")).expect("a file");
    let carries = down.lines().next().unwrap_or_default();
    assert!(
        carries.contains(r#""new ""orders"", all. `of` them"."""price"", gross""#),
        "{carries}"
    );
    runtime.shutdown().await;
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    let of: HandlerVersion = handler_version;
    let taken = runtime.deactivate_with(of, back()).await.unwrap();
    assert!(matches!(taken, Deactivation::RolledBack { .. }), "{taken:?}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
