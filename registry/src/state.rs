//! The states of schemas, handler versions and leases (which moves are legal: the `lifecycle` crate).

use serde::{Deserialize, Serialize};

macro_rules! states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident => $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every state, in the order a life goes through them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The state's name as stored and shown.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The state of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                match name { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

states! {
    /// Where a schema is in its life.
    SchemaState {
        /// Known, nothing of it in the database.
        Pending => "pending",
        /// Steps are running outside one transaction; what is done is in the journal.
        Applying => "applying",
        /// All of it is in the database.
        Applied => "applied",
        /// Downs are running outside one transaction; no lease is granted meanwhile.
        Reverting => "reverting",
        /// It was there and was taken back.
        RolledBack => "rolled_back",
        /// A step failed; which one, why and what to do is recorded.
        Failed => "failed",
    }
}

states! {
    /// Where a handler version is in its life.
    HandlerState {
        /// Bound to a schema, never active since.
        Registered => "registered",
        /// Its schema is on the way.
        Activating => "activating",
        /// At least one live lease.
        Active => "active",
        /// One holder let go, others still serve it.
        Draining => "draining",
        /// Nobody serves it any more.
        Inactive => "inactive",
        /// Its activation failed.
        Failed => "failed",
    }
}

states! {
    /// Where a lease is in its life.
    LeaseState {
        /// Asked for; granted when its schema is there.
        Pending => "pending",
        /// Live.
        Active => "active",
        /// Given back by its holder.
        Released => "released",
        /// Taken from a holder that did not renew, or that was replaced.
        Fenced => "fenced",
    }
}

impl SchemaState {
    /// Whether anything of the schema may be in the database, so that what it requires must stay.
    pub fn occupies(self) -> bool {
        matches!(self, Self::Applying | Self::Applied | Self::Reverting)
    }
}

impl LeaseState {
    /// Whether the lease keeps its schema.
    pub fn is_live(self) -> bool {
        matches!(self, Self::Pending | Self::Active)
    }
}
