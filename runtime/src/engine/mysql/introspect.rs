//! What a MySQL database looks like.

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::MySqlConnection;

use crate::Result;

pub(super) async fn structure(
    _connection: &mut MySqlConnection,
    _database: &str,
    _server: super::connect::Server,
    selection: &Selection,
) -> Result<Structure> {
    let mut structure = Structure::empty(Dialect::Mysql);
    structure.select(selection);
    structure.sort();
    Ok(structure)
}
