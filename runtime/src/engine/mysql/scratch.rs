//! A temporary MySQL database to rehearse on.

use std::sync::Arc;
use std::time::Duration;

use sqlx::mysql::MySqlConnection;
use sqlx::{AssertSqlSafe, Connection};

use super::Mysql;
use super::connect::{is_denied, leave, own, rows, run, text, words};
use crate::clock::Deadline;
use crate::engine::{Engine, Scratch};
use crate::{Error, Result};

/// How long the server may take to drop a throwaway database of thousands of tables.
const DROPPING: Duration = Duration::from_secs(300);

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
                // Audited: the name is ours. As many tables as it has, it is one statement.
                sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}")))
                    .execute(&mut connection)
                    .await?;
                leave(connection).await;
                Ok::<_, sqlx::Error>(())
            };
            let error = match tokio::time::timeout(DROPPING, dropped).await {
                Ok(Ok(())) => return,
                Ok(Err(error)) => words(&error),
                Err(_) => format!("the server did not answer within {} s", DROPPING.as_secs()),
            };
            tracing::warn!(database = name, error, "could not drop a rehearsal's database");
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
