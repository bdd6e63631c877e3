//! Pairs of a schema as it is and as it should be, on real databases with rows in them.
//!
//! The cases are files of SQL in `pairs/<engine>/<feature>.sql`:
//!
//! ```text
//! -- case: a name that is a fact
//! -- current
//! CREATE TABLE …
//! -- rows            what is put in before
//! INSERT …
//! -- desired
//! CREATE TABLE …
//! -- keeps: SELECT … a query whose answer stays the same, there and back
//! -- no way back     what goes cannot be put back, and the notes say so (held to on SQLite)
//! -- stopped: text   the way there stops by itself with these words, and nothing is changed
//! -- returns: SELECT … a query whose answer is the same again once the way back ran
//! -- refused: text   no way may be offered, and the words say why; nothing is changed
//! ```
//!
//! Each is read, compared, turned into a migration that was tried out, and activated by a runtime. Then the database has to
//! look as desired and hold its rows; after the deactivation it has to look as before and hold exactly the rows of before.

pub(crate) mod case;
pub(crate) mod judge;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::support::{Database, Engine};
use case::Case;

/// How many cases run at once.
const AT_ONCE: usize = 4;

async fn all(engine: Engine, folder: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("pairs").join(folder);
    let only = std::env::var("LOCKSTEP_PAIR").ok();
    let other = other_server(engine).await;
    let cases: Vec<(PathBuf, Case)> = case::read(&folder)
        .into_iter()
        .filter(|(file, _)| {
            let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            other.is_none_or(|other| !stem.starts_with(other))
        })
        .filter(|(file, case)| {
            let whole = format!("{}: {}", file.display(), case.name);
            only.as_ref().is_none_or(|only| whole.contains(only.as_str()))
        })
        .collect();
    assert!(!cases.is_empty(), "there are no cases in {}", folder.display());
    let count = cases.len();
    let slots = Arc::new(Semaphore::new(AT_ONCE));
    let mut running = tokio::task::JoinSet::new();
    for (file, case) in cases {
        let slots = Arc::clone(&slots);
        running.spawn(async move {
            let _slot = slots.acquire_owned().await.expect("open");
            let name = format!(
                "{}:{}: {}",
                file.file_name().unwrap().to_string_lossy(),
                case.line,
                case.name
            );
            judge::judge(engine, &case)
                .await
                .map_err(|why| format!("{name}\n    {why}"))
        });
    }
    let mut failed = Vec::new();
    while let Some(done) = running.join_next().await {
        match done {
            Ok(Ok(())) => {}
            Ok(Err(why)) => failed.push(why),
            Err(panic) => failed.push(format!("{panic}")),
        }
    }
    failed.sort();
    assert!(
        failed.is_empty(),
        "{} of {count} cases failed:\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// Files whose names begin with a server's are for that server alone: what those of the other begin with.
async fn other_server(engine: Engine) -> Option<&'static str> {
    if engine != Engine::Mysql {
        return None;
    }
    let database = Database::new(engine).await;
    let mariadb = database.is_mariadb().await;
    database.drop().await;
    Some(if mariadb { "mysql" } else { "mariadb" })
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_leads_there_and_back_on_sqlite() {
    all(Engine::Sqlite, "sqlite").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_leads_there_and_back_on_postgres() {
    all(Engine::Postgres, "postgres").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_pair_leads_there_and_back_on_mysql() {
    all(Engine::Mysql, "mysql").await;
}
