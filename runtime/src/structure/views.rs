//! Views that name what is not there.
//!
//! SQLite looks at a view's query only when it is asked: a file may declare one over a column that it does not declare any
//! more, and a change may leave one behind. The others refuse such a view themselves.

use lockstep_catalog::structure::Structure;
use lockstep_catalog::{Dialect, quote};

use crate::engine::console::Console;
use crate::{Error, Result};

/// A view that cannot be asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// Its name.
    pub(super) view: String,
    /// What the engine says.
    why: String,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the view {} cannot be asked: {}", self.view, self.why)
    }
}

/// What this build of SQLite may lack and the application's has: a view over it is as good as it can be told to be.
const LACKING: [&str; 4] = ["no such function", "no such module", "no such collation", "tokenizer"];

/// The views that cannot be asked. They are compiled, not run.
///
/// # Errors
///
/// Where a name cannot be quoted.
pub(super) async fn broken(console: &mut dyn Console, structure: &Structure) -> Result<Vec<Broken>> {
    let mut broken = Vec::new();
    if structure.dialect != Dialect::Sqlite {
        return Ok(broken);
    }
    for view in &structure.views {
        let name = quote(structure.dialect, &view.name.name).map_err(|error| Error::bug(error.to_string()))?;
        if let Err(fault) = console.rows(&format!("EXPLAIN SELECT * FROM {name}"), 1).await
            && !LACKING.iter().any(|lacking| fault.message.contains(lacking))
        {
            broken.push(Broken {
                view: view.name.name.clone(),
                why: fault.message,
            });
        }
    }
    Ok(broken)
}
