//! Who holds a lease: an instance, and which start of it.

use serde::{Deserialize, Serialize};

use crate::parse::name_type;

name_type! {
    /// A process that serves handler versions, named by its operator (`web-7f9c`); at most 120 bytes.
    InstanceId, "an instance id", max 120, extra "_-.:/@", first "_"
}

impl InstanceId {
    /// The instance that pinned leases belong to unless another is named: the deploy itself.
    pub fn deploy() -> Self {
        Self("deploy".into())
    }
}

name_type! {
    /// A family of schemas in one database with one lock, one epoch and one event sequence; at most 63 bytes.
    Scope, "a scope", max 63, extra "_-.", first "_"
}

impl Default for Scope {
    fn default() -> Self {
        Self("main".into())
    }
}

name_type! {
    /// One start of an instance: new at every start, so that a restarted process is not taken for its predecessor.
    Incarnation, "an incarnation", max 64, extra "-", first ""
}

/// An instance together with the start that claims something.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub instance: InstanceId,
    /// Which start of it.
    pub incarnation: Incarnation,
}
