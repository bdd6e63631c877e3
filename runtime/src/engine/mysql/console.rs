//! A plain MySQL connection.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::mysql::{MySqlConnection, MySqlRow};
use sqlx::{AssertSqlSafe, Row};

use super::Mysql;
use super::connect::{Server, fault, leave};
use super::introspect;
use crate::Result;
use crate::engine::Outcome;
use crate::engine::console::Console;

/// The connection.
pub(super) struct Plain {
    connection: MySqlConnection,
    database: String,
    server: Server,
}

impl Plain {
    pub(super) async fn open(engine: &Mysql) -> Result<Self> {
        Ok(Self {
            connection: engine.dedicated().await?,
            database: engine.database.clone(),
            server: engine.server,
        })
    }
}

#[async_trait]
impl Console for Plain {
    async fn run(&mut self, statement: &str) -> Outcome<u64> {
        // Audited: the statement is its author's, or was written by the catalog with quoted names.
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.connection)
            .await;
        done.map(|done| done.rows_affected())
            .map_err(|error| fault(&error, false))
    }

    async fn rows(&mut self, query: &str, limit: usize) -> Outcome<Vec<Vec<Option<String>>>> {
        let mut rows = Vec::new();
        let mut stream = sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch(&mut self.connection);
        while rows.len() < limit {
            match stream.try_next().await.map_err(|error| fault(&error, false))? {
                Some(row) => rows.push(texts(&row).map_err(|error| fault(&error, false))?),
                None => break,
            }
        }
        Ok(rows)
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        introspect::structure(&mut self.connection, &self.database, self.server, selection).await
    }

    async fn close(self: Box<Self>) {
        leave(self.connection).await;
    }
}

/// Sent without parameters, a query is answered in texts, whatever the types.
fn texts(row: &MySqlRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len())
        .map(|at| {
            let bytes: Option<Vec<u8>> = row.try_get_unchecked(at)?;
            Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
        })
        .collect()
}
