//! A column may not be NULL any more: what its rows get instead is said before it happens.

use lockstep::structure::{Consent, Strategy, SyncOptions, Synced};

use super::scenario::sync;
use crate::support::{Cli, Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_sync_says_how_many_rows_a_default_fills
    the_command_line_says_it_to_people_and_programs
);

const DESIRED: &str = "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20) DEFAULT 'none' NOT NULL, \
                       b INTEGER DEFAULT 0 NOT NULL)";

async fn database(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    database
        .execute(
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20), b INTEGER); \
             INSERT INTO t VALUES (1, 'x', 1), (2, NULL, 2), (3, NULL, 3)",
        )
        .await;
    database
}

async fn a_sync_says_how_many_rows_a_default_fills(engine: Engine) {
    let database = database(engine).await;
    let runtime = database.runtime(|b| b).await;
    let mut options = SyncOptions {
        strategy: Strategy::Full,
        dry_run: true,
        ..SyncOptions::default()
    };
    let Synced::Planned { proposal } = sync(&runtime, &database, DESIRED, &options).await.unwrap() else {
        panic!("it was a dry run");
    };
    let notes: Vec<String> = proposal.plan.notes.iter().map(ToString::to_string).collect();
    // Of the other column no row is without a value.
    let [note] = notes.as_slice() else { panic!("{notes:?}") };
    assert!(note.contains("t.a may not be NULL any more"), "{note}");
    assert!(note.contains("'none'") && note.ends_with("(2 rows)"), "{note}");
    let advice: Vec<&str> = proposal
        .differences
        .iter()
        .map(|one| one.recommended_action.as_str())
        .collect();
    assert!(
        advice.iter().any(|one| one.contains("where it is NULL it becomes")),
        "{advice:?}"
    );

    options.dry_run = false;
    options.consent = Some(Consent::Any);
    let Synced::Synchronized { notes, .. } = sync(&runtime, &database, DESIRED, &options).await.unwrap() else {
        panic!("it is done");
    };
    assert!(notes.iter().any(|note| note.ends_with("(2 rows)")), "{notes:?}");
    assert_eq!(
        database.rows("SELECT a FROM t ORDER BY id").await,
        [["x"], ["none"], ["none"]]
    );
    runtime.shutdown().await;
    database.drop().await;
}

async fn the_command_line_says_it_to_people_and_programs(engine: Engine) {
    let database = database(engine).await;
    let folder = Folder::empty();
    folder.write("desired.sql", DESIRED);
    let file = folder.path().join("desired.sql").display().to_string();
    let args = ["schema", "diff", "--from", &database.url, "--to", &file];
    let human = Cli::bare(&args).run().await;
    assert!(human.stdout.contains("(2 rows)"), "{} {}", human.stdout, human.stderr);
    let json = Cli::json(&database, &folder, &args).run().await.json();
    assert_eq!(json["plan"]["notes"][0]["rows"], 2, "{json}");
    assert_eq!(json["plan"]["notes"][0]["severity"], "warning", "{json}");
    database.drop().await;
}
