//! The workspace's integration tests: one binary, one link. Run them with `scripts/test`, which brings the servers.
#![allow(missing_docs, unreachable_pub)] // names are facts; nothing outside uses this binary

mod conformance;
mod engines;
mod invariants;
mod model;
mod support;
mod storms;
mod crashes;
mod deadlines;
