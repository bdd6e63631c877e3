//! A copy of an SQLite database to rehearse on.

use std::sync::Arc;

use tempfile::TempDir;

use super::Sqlite;
use super::connect::own;
use crate::engine::{Engine, Scratch};
use crate::{Error, Result};

impl Sqlite {
    /// An empty database in memory: thousands of statements run there one by one, and none of them has to reach a disk.
    pub(super) async fn empty(&self) -> Result<Scratch> {
        let engine: Arc<dyn Engine> = Arc::new(Self::connect("sqlite::memory:", &self.settings).await?);
        let held = Arc::clone(&engine);
        Ok(Scratch {
            engine,
            is_copy: false,
            cleanup: Box::pin(async move { held.close().await }),
        })
    }

    /// A copy in a temporary file, taken at one moment, with its rows: steps meet the data they will meet.
    pub(super) async fn copy(&self) -> Result<Scratch> {
        let folder = folder()?;
        let file = folder.path().join(FILE);
        let mut connection = self.acquire().await?;
        sqlx::query("VACUUM INTO ?")
            .bind(file.display().to_string())
            .execute(&mut *connection)
            .await
            .map_err(own("copying the database for a rehearsal"))?;
        drop(connection);
        self.opened(folder).await
    }

    async fn opened(&self, folder: TempDir) -> Result<Scratch> {
        let url = format!("sqlite://{}", folder.path().join(FILE).display());
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

const FILE: &str = "scratch.db";

fn folder() -> Result<TempDir> {
    tempfile::Builder::new()
        .prefix("lockstep-rehearsal-")
        .tempdir()
        .map_err(|e| Error::File {
            path: std::env::temp_dir().display().to_string(),
            message: e.to_string(),
        })
}
