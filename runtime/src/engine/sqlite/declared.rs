//! What an SQLite database was brought to.

use lockstep_registry::Scope;
use sqlx::sqlite::{SqliteConnection, SqliteRow};
use sqlx::{AssertSqlSafe, Row};

use super::Sqlite;
use super::connect::{is_busy, literal, own};
use super::metadata::{NOW, TYPES};
use crate::Result;
use crate::clock::{Deadline, pause};
use crate::engine::declared::{DeclaredRow, TABLE, insertion, selection};
use crate::structure::{Declaration, KeptDeclaration};

const KEEPING: &str = "keeping what was declared";

impl Sqlite {
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
            let mut connection = self.acquire().await?;
            let there = is_there(&mut connection).await?;
            let sql = if there {
                insert.clone()
            } else {
                format!("{}; {insert}", TYPES.typed(TABLE))
            };
            match sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await {
                Ok(_) => return Ok(()),
                Err(error) if is_busy(&error) && !deadline.is_over() => {
                    drop(connection);
                    pause(std::time::Duration::from_millis(20), deadline).await;
                }
                Err(error) => return Err(own(KEEPING)(error)),
            }
        }
    }

    pub(super) async fn declarations(
        &self,
        scope: &Scope,
        versioned: bool,
        limit: u32,
    ) -> Result<Vec<KeptDeclaration>> {
        let mut connection = self.acquire().await?;
        if !is_there(&mut connection).await? {
            return Ok(Vec::new());
        }
        let sql = selection(literal, scope, versioned, limit);
        let rows = sqlx::query(AssertSqlSafe(sql))
            .try_map(|row: SqliteRow| {
                Ok(DeclaredRow {
                    kind: row.try_get(0)?,
                    hash: row.try_get(1)?,
                    version: row.try_get(2)?,
                    creator: row.try_get(3)?,
                    at: row.try_get(4)?,
                    definition: row.try_get(5)?,
                })
            })
            .fetch_all(&mut *connection)
            .await
            .map_err(own("reading what was declared"))?;
        Ok(rows.into_iter().map(KeptDeclaration::from).collect())
    }
}

async fn is_there(connection: &mut SqliteConnection) -> Result<bool> {
    let there: i64 =
        sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'lockstep_declared'")
            .fetch_one(connection)
            .await
            .map_err(own("reading what was declared"))?;
    Ok(there > 0)
}
