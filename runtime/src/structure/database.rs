//! A database that is only looked at.

use std::sync::Arc;

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Selection, Structure};

use crate::engine::{self, Engine};
use crate::settings::Settings;
use crate::Result;

/// A connection to a database of which nothing but its objects matters: Lockstep's own tables need not be there.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Settings,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Where the URL is wrong or the database cannot be reached; the password is never shown.
    pub async fn connect(url: &str, settings: &Settings) -> Result<Self> {
        Ok(Self {
            engine: engine::connect(url, settings).await?,
            settings: settings.clone(),
        })
    }

    /// What kind of database it is.
    pub fn dialect(&self) -> Dialect {
        self.engine.dialect()
    }

    /// What the database looks like, read in a constant number of queries. The right to read is enough.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub async fn structure(&self, selection: &Selection) -> Result<Structure> {
        self.engine.introspect(selection).await
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
