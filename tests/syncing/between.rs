//! What others write between the steps of a sync, where every step counts by itself.

use lockstep::Settings;
use lockstep::catalog::structure::Selection;
use lockstep::structure::{Database as Looked, DiffOptions, Migration, diff};
use lockstep_registry::Action;

use super::scenario::{DESIRED, declared, looks, rows, shop, side};
use crate::support::{Cli, Database, Engine, Folder, facts_on};

facts_on!(Mysql mysql:
    a_row_that_is_written_between_two_steps_keeps_its_value_on_the_way_back
    a_sync_that_cannot_be_ended_names_the_schema_that_is_half_applied
);

async fn run(database: &Database, action: &Action) {
    let Action::Sql(sql) = action else {
        panic!("steps of a sync are SQL");
    };
    database.execute(sql).await;
}

async fn a_row_that_is_written_between_two_steps_keeps_its_value_on_the_way_back(engine: Engine) {
    let count = there_and_back(engine, None).await;
    // Behind the archives, in the middle, and in front of the last step.
    for at in [2, count / 2, count - 2] {
        there_and_back(engine, Some(at)).await;
    }
}

/// Runs the steps by hand, with something else written after one of them; how many steps there are.
async fn there_and_back(engine: Engine, after: Option<usize>) -> usize {
    let database = Database::new(engine).await;
    database
        .execute(
            "CREATE TABLE t (id int PRIMARY KEY, z varchar(9), a varchar(9) UNIQUE, e enum('x', 'y'));
             INSERT INTO t VALUES (1, '007', NULL, 'y'), (2, '8', 'zz', 'x'), (3, '08', 'c', 'x'), (4, '09', 'd', 'x');",
        )
        .await;
    let desired =
        "CREATE TABLE t (id int PRIMARY KEY, z int, a varchar(9) NOT NULL DEFAULT 'new' UNIQUE, e varchar(2))";
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("connects");
    let from = looked.side(&Selection::all()).await.expect("is read");
    let found = diff(from, side(&database, desired).await, &DiffOptions::default())
        .await
        .expect("there is a way");
    assert!(found.obstacles.is_empty(), "{:?}", found.obstacles);
    let migration = Migration::of(&looked, &found, "between", &Selection::all())
        .await
        .expect("there is a way back");
    looked.close().await;
    for (at, step) in migration.steps.iter().enumerate() {
        run(&database, &step.up).await;
        if after == Some(at) {
            database
                .execute(
                    "UPDATE t SET a = 'other' WHERE id = 2; UPDATE t SET a = 'C', z = 9 WHERE id = 3; \
                     UPDATE t SET e = 'y' WHERE id = 4",
                )
                .await;
        }
    }
    for step in migration.steps.iter().rev() {
        run(&database, step.down.as_ref().expect("a way back")).await;
    }
    let rows = database
        .rows("SELECT CAST(id AS CHAR), z, COALESCE(a, 'none'), COALESCE(e, 'none') FROM t ORDER BY id")
        .await;
    let written = [["2", "8", "other", "x"], ["3", "9", "C", "x"], ["4", "09", "d", "y"]];
    let untouched = [["2", "8", "zz", "x"], ["3", "08", "c", "x"], ["4", "09", "d", "x"]];
    let rest = if after.is_some() { written } else { untouched };
    assert_eq!(
        rows[0],
        ["1", "007", "none", "y"],
        "{after:?} of {:#?}",
        migration.steps
    );
    assert_eq!(rows[1..], rest, "{after:?} of {:#?}", migration.steps);
    database.drop().await;
    migration.steps.len()
}

async fn a_sync_that_cannot_be_ended_names_the_schema_that_is_half_applied(engine: Engine) {
    let database = shop(engine).await;
    let (folder, schemas) = (Folder::empty(), Folder::empty());
    let begun = looks(&database).await;
    let sync = ["schema", "sync", "--strategy", "full", "--yes", "--to"];
    let file = declared(&folder, DESIRED).display().to_string();
    let arguments: Vec<&str> = sync.iter().copied().chain([file.as_str()]).collect();
    let died = Cli::json(&database, &schemas, &arguments)
        .dies_at("activation.journal.done:2")
        .run()
        .await;
    assert_ne!(died.code, Some(0), "{}", died.stdout);
    database
        .execute("UPDATE orders SET amount = 'none' WHERE id = 11")
        .await;
    folder.write(
        "original.sql",
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, fax VARCHAR(40));
         CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));",
    );
    let original = folder.path().join("original.sql").display().to_string();
    let arguments: Vec<&str> = sync.iter().copied().chain([original.as_str()]).collect();
    for _ in 0..2 {
        let told = Cli::json(&database, &schemas, &arguments).run().await;
        assert_eq!(told.code, Some(1), "{} {}", told.stdout, told.stderr);
        let said = format!("{} {}", told.stdout, told.stderr);
        for words in ["is left half applied", "lockstep repair sync_", "--resume", "--undo"] {
            assert!(said.contains(words), "{words}: {said}");
        }
    }
    let schema = database
        .rows("SELECT version FROM lockstep_schema WHERE version LIKE 'sync%'")
        .await;
    let undone = Cli::json(&database, &schemas, &["repair", &schema[0][0], "--undo"])
        .run()
        .await;
    assert_eq!(undone.code, Some(0), "{} {}", undone.stdout, undone.stderr);
    let again = Cli::json(&database, &schemas, &arguments).run().await;
    assert_eq!(again.code, Some(0), "{} {}", again.stdout, again.stderr);
    assert_eq!(looks(&database).await.fingerprint(), begun.fingerprint());
    assert_eq!(rows(&database).await[1][2], "none");
    database.drop().await;
}
