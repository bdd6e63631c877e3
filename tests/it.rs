//! The workspace's integration tests: one binary, one link. Run them with `scripts/test`, which brings the servers.
#![allow(missing_docs, unreachable_pub)] // names are facts; nothing outside uses this binary

mod command_line;
mod conformance;
mod crashes;
mod deadlines;
mod engines;
mod invariants;
mod model;
mod storms;
mod support;
mod tidy;
