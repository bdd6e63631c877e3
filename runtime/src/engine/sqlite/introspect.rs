//! What a SQLite database looks like.

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::SqliteConnection;

use crate::Result;

pub(super) async fn structure(_connection: &mut SqliteConnection, selection: &Selection) -> Result<Structure> {
    let mut structure = Structure::empty(Dialect::Sqlite);
    structure.select(selection);
    structure.sort();
    Ok(structure)
}

/// Another one after every change of the schema, by whatever process.
pub(super) async fn change_marker(connection: &mut SqliteConnection) -> Result<String> {
    let version: i64 = sqlx::query_scalar("PRAGMA schema_version")
        .fetch_one(connection)
        .await
        .map_err(super::connect::own("reading the schema's version"))?;
    Ok(version.to_string())
}
