//! A copy of an SQLite database to rehearse on.

use std::sync::Arc;

use super::Sqlite;
use super::connect::own;
use crate::engine::{Engine, Scratch};
use crate::{Error, Result};

impl Sqlite {
    /// A copy in a temporary file, taken at one moment, with its rows: steps meet the data they will meet.
    pub(super) async fn copy(&self) -> Result<Scratch> {
        let folder = tempfile::Builder::new()
            .prefix("lockstep-rehearsal-")
            .tempdir()
            .map_err(|e| Error::File {
                path: std::env::temp_dir().display().to_string(),
                message: e.to_string(),
            })?;
        let file = folder.path().join("scratch.db");
        let mut connection = self.acquire().await?;
        sqlx::query("VACUUM INTO ?")
            .bind(file.display().to_string())
            .execute(&mut *connection)
            .await
            .map_err(own("copying the database for a rehearsal"))?;
        drop(connection);
        let url = format!("sqlite://{}", file.display());
        let engine: Arc<dyn Engine> = Arc::new(Self::connect(&url, &self.settings).await?);
        let held = Arc::clone(&engine);
        let cleanup = Box::pin(async move {
            held.close().await;
            drop(folder);
        });
        Ok(Scratch {
            engine,
            is_copy: true,
            cleanup,
        })
    }
}
