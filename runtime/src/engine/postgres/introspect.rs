//! What a PostgreSQL database looks like.

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::PgConnection;

use crate::Result;

pub(super) async fn structure(_connection: &mut PgConnection, selection: &Selection) -> Result<Structure> {
    let mut structure = Structure::empty(Dialect::Postgres);
    structure.select(selection);
    structure.sort();
    Ok(structure)
}
