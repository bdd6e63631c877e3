//! A plain SQLite connection.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Connection, Row, TypeInfo, ValueRef};

use super::Sqlite;
use super::connect::{fault, own};
use super::introspect;
use crate::Result;
use crate::engine::Outcome;
use crate::engine::console::Console;

/// The connection. Foreign keys are off: nothing it does may cascade.
pub(super) struct Plain(SqliteConnection);

impl Plain {
    pub(super) async fn open(engine: &Sqlite) -> Result<Self> {
        let mut connection = engine.dedicated().await?;
        sqlx::raw_sql("PRAGMA foreign_keys = off")
            .execute(&mut connection)
            .await
            .map_err(own("opening a connection"))?;
        Ok(Self(connection))
    }
}

#[async_trait]
impl Console for Plain {
    async fn run(&mut self, statement: &str) -> Outcome<u64> {
        // Audited: the statement is its author's, or was written by the catalog with quoted names.
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.0)
            .await;
        done.map(|done| done.rows_affected()).map_err(|error| fault(&error))
    }

    async fn rows(&mut self, query: &str, limit: usize) -> Outcome<Vec<Vec<Option<String>>>> {
        let mut rows = Vec::new();
        let mut stream = sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch(&mut self.0);
        while rows.len() < limit {
            match stream.try_next().await.map_err(|error| fault(&error))? {
                Some(row) => rows.push(texts(&row).map_err(|error| fault(&error))?),
                None => break,
            }
        }
        Ok(rows)
    }

    async fn introspect(&mut self, selection: &Selection) -> Result<Structure> {
        introspect::structure(&mut self.0, selection).await
    }

    async fn close(self: Box<Self>) {
        let _ = self.0.close().await;
    }
}

fn texts(row: &SqliteRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len())
        .map(|at| {
            let value = row.try_get_raw(at)?;
            if value.is_null() {
                return Ok(None);
            }
            let kind = value.type_info().name().to_owned();
            Ok(Some(match kind.as_str() {
                "INTEGER" => row.try_get_unchecked::<i64, _>(at)?.to_string(),
                "REAL" => row.try_get_unchecked::<f64, _>(at)?.to_string(),
                "BLOB" => {
                    let bytes: Vec<u8> = row.try_get_unchecked(at)?;
                    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
                }
                _ => row.try_get_unchecked(at)?,
            }))
        })
        .collect()
}
