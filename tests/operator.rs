//! An operator at night, who knows nothing but what the messages say: each says what is, and its next command works.

mod doubt;
mod messages;

use serde_json::Value;

use crate::support::process::{Ended, SIGABRT};
use crate::support::{Actor, Cli, Database, Folder};

/// `app@1.0.0` on `schema_a` of these steps: name, up, down.
fn folder(steps: &[(&str, &str, &str)]) -> Folder {
    let made = Folder::empty();
    made.write("handlers.toml", "[handlers.app]\n\"1.0.0\" = \"schema_a\"\n");
    for (name, up, down) in steps {
        made.write(&format!("schema_a/{name}.up.sql"), up);
        made.write(&format!("schema_a/{name}.down.sql"), down);
    }
    made
}

async fn json(database: &Database, folder: &Folder, arguments: &[&str]) -> Value {
    let ended = Cli::json(database, folder, arguments).run().await;
    assert_eq!(ended.code, Some(0), "{arguments:?}: {ended:?}");
    ended.json()
}

/// What people read.
async fn human(database: &Database, folder: &Folder, arguments: &[&str]) -> Ended {
    let path = folder.path().display().to_string();
    let mut all = vec!["--database-url", &database.url, "--schemas", &path];
    all.extend(arguments);
    Cli::bare(&all).run().await
}

async fn killed_at(database: &Database, folder: &Folder, point: &str) {
    let dead = Actor::new(database, folder, &["activate", "app@1.0.0", "deploy"]).dies_at(point);
    assert_eq!(dead.run().await.signal, Some(SIGABRT), "{point}");
}
