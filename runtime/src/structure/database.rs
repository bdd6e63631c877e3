//! A database that is only looked at.

use std::sync::Arc;

use lockstep_catalog::Dialect;
use lockstep_catalog::structure::{Selection, Structure};

use super::Side;
use super::cache::Cache;
use crate::engine::{self, Engine};
use crate::settings::Settings;
use crate::{Error, Result};

/// A connection to a database of which nothing but its objects matters: Lockstep's own tables need not be there.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) engine: Arc<dyn Engine>,
    pub(crate) settings: Settings,
    pub(super) cache: Arc<Cache>,
}

impl Database {
    /// Connects.
    ///
    /// # Errors
    ///
    /// Where the URL is wrong or the database cannot be reached; the password is never shown.
    pub async fn connect(url: &str, settings: &Settings) -> Result<Self> {
        Ok(Self::of(engine::connect(url, settings).await?, settings.clone()))
    }

    pub(crate) fn of(engine: Arc<dyn Engine>, settings: Settings) -> Self {
        Self {
            engine,
            settings,
            cache: Arc::default(),
        }
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

    /// The database as a side of a comparison.
    ///
    /// # Errors
    ///
    /// Where the database cannot be read.
    pub async fn side(&self, selection: &Selection) -> Result<Side> {
        Ok(Side {
            database: Some(self.clone()),
            ..Side::of(self.structure(selection).await?)
        })
    }

    /// Asks the rows: up to `limit` rows of the query's answer, as texts.
    pub(crate) async fn ask(&self, query: &str, limit: usize) -> Result<Vec<Vec<Option<String>>>> {
        let mut console = self.engine.console().await?;
        let rows = console.rows(query, limit).await;
        console.close().await;
        rows.map_err(|fault| Error::Database {
            doing: "asking the rows",
            message: fault.message,
            code: None,
            transient: false,
        })
    }

    /// Closes all connections.
    pub async fn close(&self) {
        self.engine.close().await;
    }
}
