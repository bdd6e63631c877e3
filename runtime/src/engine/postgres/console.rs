//! A plain PostgreSQL connection.

use async_trait::async_trait;
use futures_util::TryStreamExt;
use lockstep_catalog::structure::{Selection, Structure};
use sqlx::postgres::{PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Row, ValueRef};

use super::Postgres;
use super::connect::fault;
use super::introspect;
use crate::Result;
use crate::engine::Outcome;
use crate::engine::console::Console;

/// The connection.
pub(super) struct Plain(PgConnection);

impl Plain {
    pub(super) async fn open(engine: &Postgres) -> Result<Self> {
        Ok(Self(engine.dedicated().await?))
    }
}

#[async_trait]
impl Console for Plain {
    async fn run(&mut self, statement: &str) -> Outcome<u64> {
        // Audited: the statement is its author's, or was written by the catalog with quoted names.
        let done = sqlx::raw_sql(AssertSqlSafe(statement.to_owned()))
            .execute(&mut self.0)
            .await;
        done.map(|done| done.rows_affected())
            .map_err(|error| fault(&error, false))
    }

    async fn rows(&mut self, query: &str, limit: usize) -> Outcome<Vec<Vec<Option<String>>>> {
        let mut rows = Vec::new();
        let mut stream = sqlx::raw_sql(AssertSqlSafe(query.to_owned())).fetch(&mut self.0);
        while rows.len() < limit {
            match stream.try_next().await.map_err(|error| fault(&error, false))? {
                Some(row) => rows.push(texts(&row).map_err(|error| fault(&error, false))?),
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

/// Sent without parameters, a query is answered in texts, whatever the types.
pub(super) fn texts(row: &PgRow) -> Result<Vec<Option<String>>, sqlx::Error> {
    (0..row.len())
        .map(|at| {
            let value = row.try_get_raw(at)?;
            if value.is_null() {
                return Ok(None);
            }
            value
                .as_str()
                .map(|text| Some(text.to_owned()))
                .map_err(sqlx::Error::Decode)
        })
        .collect()
}
