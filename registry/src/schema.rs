//! The name of a schema version.

use crate::parse::name_type;

name_type! {
    /// A named, immutable set of steps, such as `schema_v42`; at most 63 bytes.
    SchemaVersion, "a schema version", max 63, extra "_-.", first "_"
}
