//! Scripts judged before they run, through the command line: by the rules, by the engine, by a database and its rows.

mod databases;
mod files;
mod hostile;

use serde_json::Value;

use crate::support::process::Ended;
use crate::support::{Cli, Folder};

/// `lockstep --format json --schemas FOLDER migration lint ARGUMENTS`, in no project and without a database.
async fn lint(folder: &Folder, arguments: &[&str]) -> Ended {
    let schemas = folder.path().display().to_string();
    let head = [
        "--format",
        "json",
        "--schemas",
        &schemas,
        "migration",
        "lint",
        "--no-database",
    ];
    Cli::bare(&[&head, arguments].concat()).run().await
}

/// Each finding as `rule line:column severity`.
fn told(answer: &Value) -> Vec<String> {
    let findings = answer["findings"].as_array().expect("findings");
    let one = |finding: &Value| {
        let text = |name: &str| finding[name].as_str().expect("text").to_owned();
        format!(
            "{} {}:{} {}",
            text("rule"),
            finding["line"],
            finding["column"],
            text("severity")
        )
    };
    findings.iter().map(one).collect()
}

fn path(folder: &Folder, name: &str) -> String {
    folder.path().join(name).display().to_string()
}
