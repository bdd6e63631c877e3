//! SQL that declares what should be, loaded into a throwaway database and read back: what it means is what the engine
//! makes of it.

use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{declarations, is_setting};

use super::Database;
use crate::clock::Deadline;
use crate::engine::console::Console;
use crate::{Error, Result};

/// What a database looks like in which nothing but `script` was run. `origin` names the script in errors.
///
/// Statements may stand in any order: one that needs a later one is tried again after it.
///
/// # Errors
///
/// Where a statement cannot be read or the engine refuses it; the first that stays refused is named with its line.
pub(crate) async fn load(database: &Database, origin: &str, script: &str, selection: &Selection) -> Result<Structure> {
    let dialect = database.dialect();
    let statements = declarations(dialect, script).map_err(|error| Error::Script {
        origin: origin.to_owned(),
        line: error.line(),
        column: error.column(),
        message: error.to_string(),
    })?;
    let scratch = database
        .engine
        .blank(Deadline::after(database.settings.operation_timeout))
        .await?;
    let loaded = async {
        let mut console = scratch.engine.console().await?;
        let structure = match run(console.as_mut(), origin, &statements).await {
            Ok(()) => console.introspect(selection).await,
            Err(error) => Err(error),
        };
        console.close().await;
        structure
    };
    let structure = loaded.await;
    scratch.cleanup.await;
    structure
}

async fn run(console: &mut dyn Console, origin: &str, statements: &[lockstep_catalog::Statement]) -> Result<()> {
    let mut pending: Vec<_> = statements.iter().collect();
    while !pending.is_empty() {
        let mut refused = Vec::new();
        let mut first = None;
        for statement in &pending {
            if let Err(fault) = console.run(&statement.text).await
                && !is_setting(&statement.text)
            {
                first.get_or_insert((statement.line, fault.message));
                refused.push(*statement);
            }
        }
        if let (Some((line, message)), true) = (first, refused.len() == pending.len()) {
            return Err(Error::Script {
                origin: origin.to_owned(),
                line,
                column: 1,
                message,
            });
        }
        pending = refused;
    }
    Ok(())
}
