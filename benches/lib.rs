//! Nothing but benches: `registry`, `planning`, `ratios`.
//!
//! `scripts/test --server cargo bench -p lockstep-benches` runs them all; PostgreSQL's part of `ratios` needs the server.
