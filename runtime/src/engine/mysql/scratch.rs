//! A temporary MySQL database to rehearse on.

use std::sync::Arc;

use sqlx::Connection;
use sqlx::mysql::MySqlConnection;

use super::Mysql;
use super::connect::{is_denied, leave, own, rows, run, text, words};
use crate::clock::Deadline;
use crate::engine::{Engine, Scratch};
use crate::{Error, Result};

impl Mysql {
    /// An empty database on the same server; needs the right to create databases.
    pub(super) async fn temporary_database(&self, _deadline: Deadline) -> Result<Scratch> {
        let name = format!("lockstep_rehearsal_{}", uuid::Uuid::now_v7().simple());
        self.make_alike(&name).await?;
        let options = self.options.clone().database(&name);
        let opened = Self::connect_to(options, &self.settings, format!("{} (rehearsal)", self.url)).await;
        let engine: Arc<dyn Engine> = match opened {
            Ok(engine) => Arc::new(engine),
            Err(error) => {
                self.administer(format!("DROP DATABASE IF EXISTS {name}")).await?;
                return Err(error);
            }
        };
        let held = Arc::clone(&engine);
        let dropper = self.options.clone();
        let cleanup = Box::pin(async move {
            held.close().await;
            let dropped = async {
                let mut connection = MySqlConnection::connect_with(&dropper).await?;
                run(&mut connection, format!("DROP DATABASE IF EXISTS {name}")).await?;
                leave(connection).await;
                Ok::<_, sqlx::Error>(())
            };
            if let Err(error) = dropped.await {
                tracing::warn!(database = name, error = %words(&error), "could not drop a rehearsal's database");
            }
        });
        Ok(Scratch {
            engine,
            is_copy: false,
            cleanup,
        })
    }

    /// Tables that name no character set take their database's: the throwaway one has ours.
    async fn make_alike(&self, name: &str) -> Result<()> {
        const DOING: &str = "reading the database's character set";
        let mut connection = self.dedicated().await?;
        let made = async {
            let found = rows(
                &mut connection,
                "SELECT @@character_set_database, @@collation_database".to_owned(),
            )
            .await
            .map_err(own(DOING))?;
            let row = found.first().ok_or_else(|| Error::bug("a SELECT without a row"))?;
            let (charset, collation) = (text(row, 0).map_err(own(DOING))?, text(row, 1).map_err(own(DOING))?);
            let sql = format!("CREATE DATABASE {name} CHARACTER SET {charset} COLLATE {collation}");
            run(&mut connection, sql).await.map(drop).map_err(refused)
        };
        let made = made.await;
        leave(connection).await;
        made
    }

    async fn administer(&self, sql: String) -> Result<()> {
        let mut connection = self.dedicated().await?;
        let done = run(&mut connection, sql).await;
        leave(connection).await;
        done.map(drop).map_err(refused)
    }
}

fn refused(error: sqlx::Error) -> Error {
    if is_denied(&error) {
        Error::NotPrepared {
            message: format!(
                "{}; a rehearsal needs the right to create databases named lockstep_rehearsal_…",
                words(&error)
            ),
        }
    } else {
        own("making a database for a rehearsal")(error)
    }
}
