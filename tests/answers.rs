//! Every command's answer for programs is as `cli/JSON.md` says, and every one that the page speaks of is given here.

use std::collections::BTreeSet;

use crate::invariants;
use crate::support::{Cli, Database, Engine, Folder, documented, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    every_answer_is_as_its_page_says
);

const NOW: &str = "
CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(50) NOT NULL UNIQUE, age INTEGER DEFAULT 3 CHECK (age > 0));
CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER, total INTEGER,
    FOREIGN KEY (customer_id) REFERENCES customer (id));
CREATE INDEX purchase_total ON purchase (total DESC);
CREATE VIEW totals AS SELECT total FROM purchase;
";
const LESS: &str = "CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE, age INTEGER);";
/// What the row that is there cannot follow.
const STRICTER: &str =
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, email VARCHAR(60) NOT NULL UNIQUE, age INTEGER NOT NULL);";

async fn every_answer_is_as_its_page_says(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::users());
    let declared = Folder::empty();
    let file = |name: &str, text: &str| {
        declared.write(name, text);
        declared.path().join(name).display().to_string()
    };
    let (now, less) = (file("now.sql", NOW), file("less.sql", LESS));
    let broken = Folder::users();
    broken.write("schema_v2/001_name.up.sql", "ALTER TABLE nothing ADD COLUMN x TEXT;\n");
    let unread = Folder::empty();
    unread.write("schema_v1/001_users.up.sql", "COMMIT;\n");
    let mut given = BTreeSet::new();
    let mut say = async |folder: &Folder, arguments: &[&str], code: i32| {
        let ended = Cli::json(&database, folder, arguments).run().await;
        assert_eq!(ended.code, Some(code), "{arguments:?}: {ended:?}");
        let sections = documented::judged(&ended.stdout);
        assert!(!sections.is_empty(), "{arguments:?}: {ended:?}");
        given.extend(sections);
    };

    let config = declared.path().join("lockstep.toml").display().to_string();
    say(&Folder::empty(), &["init", "--config", &config], 0).await;
    say(&folder, &["validate"], 0).await;
    say(&unread, &["validate"], 1).await;
    say(&folder, &["rehearse"], 0).await;
    say(&folder, &["plan", "activate", "users@2.0.0"], 0).await;
    say(&folder, &["activate", "users@1.0.0"], 0).await;
    say(&folder, &["activate", "users@1.0.0"], 0).await;
    say(&broken, &["activate", "users@2.0.0"], 1).await;
    say(&broken, &["status"], 0).await;
    say(&broken, &["repair", "schema_v2"], 0).await;
    say(&broken, &["repair", "schema_v2", "--undo"], 0).await;
    let timed = ["activate", "users@2.0.0", "--instance", "web", "--ttl", "1h"];
    say(&folder, &timed, 0).await;
    say(&folder, &["renew", "users@2.0.0", "--instance", "web"], 0).await;
    say(&folder, &["plan", "deactivate", "users@1.0.0"], 0).await;
    say(&folder, &["status"], 0).await;
    say(&folder, &["usage"], 0).await;
    say(&folder, &["history", "schema_v1"], 0).await;
    say(&folder, &["graph"], 0).await;
    say(&folder, &["reap"], 0).await;
    say(&folder, &["rollback", "schema_v1"], 3).await;
    say(&folder, &["deactivate", "users@1.0.0"], 0).await;
    say(
        &folder,
        &["deactivate", "users@2.0.0", "--instance", "web", "--retain"],
        0,
    )
    .await;
    say(&folder, &["status"], 0).await;
    say(&folder, &["rollback", "schema_v2", "--dry-run"], 0).await;
    say(&folder, &["rollback", "schema_v2"], 0).await;
    say(&folder, &["rollback", "schema_v1"], 0).await;

    say(&folder, &["schema", "sync", "--to", &now, "--dry-run"], 0).await;
    say(&folder, &["schema", "sync", "--to", &now], 0).await;
    say(&folder, &["schema", "sync", "--to", &now], 0).await;
    say(&folder, &["schema", "inspect"], 0).await;
    say(&folder, &["schema", "fingerprint"], 0).await;
    say(&folder, &["schema", "diff", "--to", &less], 0).await;
    say(&folder, &["schema", "analyze", "--to", &less], 0).await;
    say(&folder, &["schema", "sync", "--to", &less, "--strategy", "full"], 3).await;
    say(&folder, &["migration", "generate", "--to", &less, "--preview"], 0).await;
    say(&folder, &["migration", "generate", "--to", &less, "--name", "less"], 0).await;
    say(&folder, &["migration", "lint", "schema_v1"], 0).await;
    say(
        &folder,
        &["schema", "sync", "--to", &less, "--strategy", "full", "--yes"],
        0,
    )
    .await;
    database
        .execute("INSERT INTO customer (id, email, age) VALUES (1, 'a@b', NULL)")
        .await;
    let stricter = file("stricter.sql", STRICTER);
    say(&folder, &["schema", "diff", "--to", &stricter], 3).await;
    say(
        &folder,
        &["schema", "sync", "--to", &stricter, "--strategy", "full", "--yes"],
        3,
    )
    .await;
    say(&folder, &["events"], 0).await;

    let missing: Vec<&str> = documented::commands().filter(|name| !given.contains(name)).collect();
    assert!(missing.is_empty(), "nothing here gave the answers of {missing:?}");
    invariants::check(&database, true).await;
    database.drop().await;
}
