//! The workspace's integration tests: one binary, one link. Run them with `scripts/test`, which brings the servers.
#![allow(missing_docs, unreachable_pub)] // names are facts; nothing outside uses this binary
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr
)] // a test may panic, and tells what it saw

mod answers;
mod command_line;
mod conformance;
mod cost;
mod crashes;
mod deadlines;
mod declared;
mod engines;
mod hardening;
mod invariants;
mod lint;
mod model;
mod operator;
mod pairs;
mod probes;
mod proof;
mod reading;
mod seeded;
mod simulation;
mod storms;
mod structures;
mod support;
mod syncing;
mod tidy;
mod zombies;
