//! How this command line names what comes next.

use lockstep::{SchemaVersion, Wording};

/// Commands in place of the library's calls.
pub(crate) struct Commands;

impl Wording for Commands {
    fn status(&self) -> String {
        "'lockstep status'".to_owned()
    }

    fn usage(&self, schema: &SchemaVersion) -> String {
        format!("'lockstep usage {schema}'")
    }

    fn examine(&self, schema: &SchemaVersion) -> String {
        format!("'lockstep repair {schema}'")
    }

    fn resume(&self, schema: &SchemaVersion) -> String {
        format!("lockstep repair {schema} --resume")
    }

    fn undo(&self, schema: &SchemaVersion) -> String {
        format!("lockstep repair {schema} --undo")
    }

    fn accept_loss(&self, schema: &SchemaVersion) -> String {
        format!("lockstep rollback {schema} --allow-data-loss")
    }

    fn retain(&self) -> String {
        "--retain".to_owned()
    }

    fn override_incompatible(&self) -> String {
        "pass --override-incompatible".to_owned()
    }
}
