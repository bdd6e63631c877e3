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
