//! Leases: live claims on a schema.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{HandlerVersion, Holder, InstanceId, LeaseState, SchemaVersion, Timestamp};

/// How a lease ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeaseKind {
    /// Only when somebody says so: a deploy.
    Pinned,
    /// By itself, `ttl` after the last renewal, by database time.
    Timed {
        /// How long it lives without a renewal.
        #[serde(rename = "ttl_us", with = "micros")]
        ttl: Duration,
    },
}

mod micros {
    use std::time::Duration;

    pub(super) fn serialize<S: serde::Serializer>(d: &Duration, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_u64(u64::try_from(d.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(d: D) -> Result<Duration, D::Error> {
        <u64 as serde::Deserialize>::deserialize(d).map(Duration::from_micros)
    }
}

/// One lease exists per instance and handler version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LeaseKey {
    /// Who.
    pub instance: InstanceId,
    /// For what.
    pub handler_version: HandlerVersion,
}

/// A live claim: this instance serves this handler version, so its schema must stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Who, and which start of it.
    pub holder: Holder,
    /// What it serves.
    pub handler_version: HandlerVersion,
    /// What that needs.
    pub schema: SchemaVersion,
    /// How it ends.
    pub kind: LeaseKind,
    /// Where it is in its life.
    pub state: LeaseState,
    /// The scope's epoch at the grant: the token a renewal must show.
    pub epoch: u64,
    /// When it was granted, or asked for while pending.
    pub acquired_at: Timestamp,
    /// When it was last renewed.
    pub renewed_at: Timestamp,
    /// When it ends without a renewal; `None` for a pinned one.
    pub expires_at: Option<Timestamp>,
}

impl Lease {
    /// The row this lease lives in.
    pub fn key(&self) -> LeaseKey {
        LeaseKey {
            instance: self.holder.instance.clone(),
            handler_version: self.handler_version.clone(),
        }
    }

    /// Whether its time is over at `now`. It still keeps its schema until it is fenced under the lock (R12).
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}
