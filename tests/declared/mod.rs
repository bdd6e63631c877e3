//! The ways to say what a database should be: what they mean to an engine, how they are refused, what is kept of them.

mod entities;
mod kept;
mod meanings;
mod migrations;
mod refusals;
mod sources;

use std::path::PathBuf;

use lockstep::catalog::structure::Selection;
use lockstep::structure::{Database as Looked, Side, Source};
use lockstep::{Error, Settings};

use crate::support::{Database, Engine, Folder};

/// A source as the command line takes it.
fn source(folder: &Folder, file: &str) -> Source {
    let path: PathBuf = folder.path().join(file);
    path.display().to_string().parse().expect(file)
}

/// Reads a file of the folder beside the database.
async fn try_read(database: &Database, folder: &Folder, file: &str) -> Result<Side, Error> {
    let settings = Settings::default();
    let beside = Looked::connect(&database.url, &settings).await.expect("a database");
    let read = source(folder, file)
        .read(Some(&beside), &settings, &Selection::all())
        .await;
    beside.close().await;
    read
}

async fn read(database: &Database, folder: &Folder, file: &str) -> Side {
    try_read(database, folder, file)
        .await
        .unwrap_or_else(|e| panic!("{file}: {e}"))
}

/// Makes the file of an SQLite database, which the others' servers have made already.
async fn opened(database: &Database) {
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("a database");
    looked.structure(&Selection::all()).await.expect("readable");
    looked.close().await;
}

/// How the engine's files are told from others'.
fn name_of(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => "sqlite",
        Engine::Postgres => "postgres",
        Engine::Mysql => "mysql",
    }
}
