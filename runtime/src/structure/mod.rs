//! Knowing a database: reading it, comparing it with what should be, and what it takes to get there.
//!
//! ```text
//!  Source ─ a URL ──────────────────────── introspect ─────────────┐
//!         ─ SQL, definition ─► scratch database ─ introspect ──────┼─► Side ─┐
//!         ─ snapshot ──────────────────────────────────────────────┘         ├─► compare ─► plan ─► asked of the rows ─► rehearsed ─► Diff
//!                                                                  the other ┘
//! ```
//!
//! Nothing here writes to a database that a person named; throwaway ones are made beside it.

mod database;
mod declared;
mod diff;
pub mod generate;
mod migration;
mod rows;
mod source;
mod sync;
pub mod validate;

pub use database::Database;
pub use diff::{Diff, DiffOptions, Obstacle, diff};
pub use migration::Migration;
pub use rows::counted;
pub use source::{Side, Source};
pub use sync::{Consent, Proposal, Strategy, SyncOptions, Synced};
