//! What a PostgreSQL database was brought to.

use std::time::Duration;

use lockstep_registry::Scope;
use sqlx::postgres::PgRow;
use sqlx::{AssertSqlSafe, Row};

use super::Postgres;
use super::connect::{answered, is_race, is_undefined_table, literal, own};
use super::metadata::{NOW, TYPES};
use crate::clock::{Deadline, pause};
use crate::engine::declared::{DeclaredRow, TABLE, insertion, selection};
use crate::structure::{Declaration, KeptDeclaration};
use crate::{Error, Result};

const KEEPING: &str = "keeping what was declared";

impl Postgres {
    pub(super) async fn keep_declaration(
        &self,
        scope: &Scope,
        declaration: &Declaration,
        creator: &str,
        deadline: Deadline,
    ) -> Result<()> {
        // Audited: every value is a literal.
        let insert = insertion(literal, NOW, scope, declaration, creator);
        loop {
            let error = match self.write(insert.clone(), deadline).await? {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !is_undefined_table(&error) || deadline.is_over() {
                return Err(own(KEEPING)(error));
            }
            match self.write(TYPES.typed(TABLE), deadline).await? {
                Ok(()) => {}
                // Two at once: the other one's table is as good.
                Err(error) if is_race(&error) => pause(Duration::from_millis(20), deadline).await,
                Err(error) => return Err(not_allowed(own(KEEPING)(error), &self.schema)),
            }
        }
    }

    async fn write(&self, sql: String, deadline: Deadline) -> Result<Result<(), sqlx::Error>> {
        let mut line = self.line().await?;
        let limit = deadline.remaining().as_millis().max(1);
        let script =
            format!("BEGIN; SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}; {sql}; COMMIT");
        let done = answered(sqlx::raw_sql(AssertSqlSafe(script)).execute(line.connection()?)).await;
        if done.is_ok() {
            line.finish();
        }
        Ok(done.map(|_| ()))
    }

    pub(super) async fn declarations(
        &self,
        scope: &Scope,
        versioned: bool,
        limit: u32,
    ) -> Result<Vec<KeptDeclaration>> {
        let sql = selection(literal, scope, versioned, limit);
        match self.try_read(&sql, declared_row).await? {
            Ok(rows) => Ok(rows.into_iter().map(KeptDeclaration::from).collect()),
            Err(error) if is_undefined_table(&error) => Ok(Vec::new()),
            Err(error) => Err(own("reading what was declared")(error)),
        }
    }
}

/// The right that is missing is named.
fn not_allowed(error: Error, schema: &str) -> Error {
    match error {
        Error::Database {
            message,
            code: Some(code),
            ..
        } if code.ends_with("42501") => Error::NotPrepared {
            message: format!("{message}; grant CREATE on schema {schema} first"),
        },
        other => other,
    }
}

fn declared_row(row: &PgRow) -> Result<DeclaredRow, sqlx::Error> {
    Ok(DeclaredRow {
        kind: row.try_get(0)?,
        hash: row.try_get(1)?,
        version: row.try_get(2)?,
        creator: row.try_get(3)?,
        at: row.try_get(4)?,
        definition: row.try_get(5)?,
    })
}
