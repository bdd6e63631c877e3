//! What a person and a program see.

use serde_json::Value;

use super::scenario::{DESIRED, declared, rows, shop};
use crate::support::{Cli, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    the_way_of_a_person_leads_from_a_file_to_a_database_and_back
    a_generated_migration_is_an_ordinary_schema
);

async fn json(database: &crate::support::Database, folder: &Folder, arguments: &[&str], code: i32) -> Value {
    let ended = Cli::json(database, folder, arguments).run().await;
    assert_eq!(
        ended.code,
        Some(code),
        "{arguments:?}: {} {}",
        ended.stdout,
        ended.stderr
    );
    serde_json::from_str(&ended.stdout).unwrap_or_else(|e| panic!("{arguments:?}: {e}: {}", ended.stdout))
}

async fn the_way_of_a_person_leads_from_a_file_to_a_database_and_back(engine: Engine) {
    let database = shop(engine).await;
    let folder = Folder::empty();
    let file = declared(&Folder::empty(), DESIRED);
    assert!(!file.exists(), "the folder went away");
    let kept = Folder::empty();
    let file = declared(&kept, DESIRED).display().to_string();
    let analyzed = json(
        &database,
        &folder,
        &["schema", "analyze", "--to", &file, "--exit-code"],
        5,
    )
    .await;
    assert!(analyzed["risk"]["score"].as_u64().unwrap() >= 70, "{analyzed}");
    let diff = json(&database, &folder, &["schema", "diff", "--to", &file, "--exit-code"], 5).await;
    assert!(!diff["plan"]["statements"].as_array().unwrap().is_empty());
    let unasked = ["schema", "sync", "--to", &file, "--strategy", "full"];
    let asked = Cli::json(&database, &folder, &unasked).run().await;
    assert_eq!(asked.code, Some(3), "{}", asked.stderr);
    assert!(
        asked.stdout.contains("\"outcome\":\"needs_consent\""),
        "{}",
        asked.stdout
    );
    assert!(
        !asked.stderr.contains("going on without the schema files"),
        "an empty folder is no mistake"
    );
    let arguments = ["schema", "sync", "--to", &file, "--strategy", "full", "--yes"];
    let synced = json(&database, &folder, &arguments, 0).await;
    assert_eq!(synced["outcome"], "synchronized");
    let schema = synced["schema"].as_str().unwrap();
    assert!(
        folder.path().join(schema).join("schema.toml").exists(),
        "it is written into the schemas folder"
    );
    let in_sync = json(&database, &folder, &["schema", "diff", "--to", &file, "--exit-code"], 0).await;
    assert_eq!(in_sync["in_sync"], true);
    let one = json(&database, &folder, &["schema", "fingerprint"], 0).await;
    let other = json(&database, &folder, &["schema", "fingerprint", &file], 0).await;
    assert_eq!(one["fingerprint"], other["fingerprint"]);
    let held = synced["handler_version"].as_str().unwrap();
    let back = ["deactivate", held, "--instance", "sync", "--allow-data-loss"];
    json(&database, &folder, &back, 0).await;
    assert!(database.has_column("customers", "fax").await);
    assert_eq!(rows(&database).await[0][2], "007");
    database.drop().await;
}

async fn a_generated_migration_is_an_ordinary_schema(engine: Engine) {
    let database = shop(engine).await;
    let folder = Folder::empty();
    let kept = Folder::empty();
    let file = declared(&kept, DESIRED).display().to_string();
    let arguments = ["migration", "generate", "--to", &file, "--name", "orders_v2"];
    let preview: Vec<&str> = arguments.iter().copied().chain(["--preview"]).collect();
    let previewed = json(&database, &folder, &preview, 0).await;
    assert!(previewed["preview"].as_array().unwrap().len() >= 3 && !folder.path().join("orders_v2").exists());
    json(&database, &folder, &arguments, 0).await;
    let again = Cli::json(&database, &folder, &arguments).run().await;
    assert!(
        again.code != Some(0) && again.stdout.contains("there already"),
        "{}",
        again.stdout
    );
    folder.write("handlers.toml", "[handlers.shop]\n\"2.0.0\" = \"orders_v2\"\n");
    json(&database, &folder, &["validate"], 0).await;
    // A folder in which what it builds on comes first, and is tried out with it.
    let whole = Folder::empty();
    whole.write(
        "schema_v1/001_shop.up.sql",
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, fax VARCHAR(40));",
    );
    whole.write("schema_v1/001_shop.down.sql", "DROP TABLE customers;");
    whole.write(
        "schema_v1/002_shop.up.sql",
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));",
    );
    whole.write("schema_v1/002_shop.down.sql", "DROP TABLE orders;");
    let built: Vec<&str> = arguments.iter().copied().chain(["--requires", "schema_v1"]).collect();
    json(&database, &whole, &built, 0).await;
    let linted = Cli::json(&database, &whole, &["migration", "lint"]).run().await;
    assert!(!linted.stdout.contains("engine-refuses"), "{}", linted.stdout);
    json(&database, &folder, &["activate", "shop@2.0.0"], 0).await;
    assert_eq!(rows(&database).await[0][2], "7");
    let diff = json(&database, &folder, &["schema", "diff", "--to", &file], 0).await;
    assert_eq!(diff["in_sync"], true, "{diff}");
    json(
        &database,
        &folder,
        &["deactivate", "shop@2.0.0", "--allow-data-loss"],
        0,
    )
    .await;
    assert_eq!(rows(&database).await[0][2], "007");
    database.drop().await;
}
