//! What a MySQL or MariaDB database was brought to.

use lockstep_registry::Scope;
use sqlx::mysql::MySqlRow;

use super::Mysql;
use super::connect::{int, is_denied, is_undefined_table, literal, optional_text, own, run, text, words};
use super::metadata::{NOW, TYPES};
use crate::clock::Deadline;
use crate::engine::declared::{DeclaredRow, TABLE, insertion, selection};
use crate::structure::{Declaration, KeptDeclaration};
use crate::{Error, Result};

const KEEPING: &str = "keeping what was declared";

impl Mysql {
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
            let error = match self.write(insert.clone()).await? {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            if !is_undefined_table(&error) || deadline.is_over() {
                return Err(own(KEEPING)(error));
            }
            match self.write(TYPES.typed(TABLE)).await? {
                Ok(()) => {}
                Err(error) if is_denied(&error) => {
                    return Err(Error::NotPrepared {
                        message: format!("{}; grant CREATE on the database first", words(&error)),
                    });
                }
                Err(error) => return Err(own(KEEPING)(error)),
            }
        }
    }

    async fn write(&self, sql: String) -> Result<Result<(), sqlx::Error>> {
        let mut line = self.line().await?;
        let done = run(line.connection()?, sql).await;
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
        const DOING: &str = "reading what was declared";
        match self.try_read(selection(literal, scope, versioned, limit)).await? {
            Ok(rows) => rows
                .iter()
                .map(|row| declared_row(row).map(KeptDeclaration::from).map_err(own(DOING)))
                .collect(),
            Err(error) if is_undefined_table(&error) => Ok(Vec::new()),
            Err(error) => Err(own(DOING)(error)),
        }
    }
}

fn declared_row(row: &MySqlRow) -> Result<DeclaredRow, sqlx::Error> {
    Ok(DeclaredRow {
        kind: text(row, 0)?,
        hash: text(row, 1)?,
        version: optional_text(row, 2)?,
        creator: text(row, 3)?,
        at: int(row, 4)?,
        definition: text(row, 5)?,
    })
}
