//! Knowing a database: reading it, comparing it with what should be, and what it takes to get there.
//!
//! ```text
//!  Source ─ a URL ──────────────────────── introspect ─────────────┐
//!         ─ SQL, definition, schema: ─► scratch ─ introspect ──────┼─► Side ─┐
//!         ─ snapshot ──────────────────────────────────────────────┘         ├─► compare ─► plan ─► asked of the rows ─► rehearsed ─► Diff
//!                                                                  the other ┘
//! ```
//!
//! Nothing here writes to a database that a person named; throwaway ones are made beside it.

mod cache;
mod database;
mod declaration;
mod declared;
mod diff;
mod displaced;
mod due;
pub mod generate;
mod lines;
mod migration;
mod passing;
mod returning;
mod rows;
mod source;
mod sync;
pub mod validate;
mod views;

pub use cache::BELIEVED;
pub use database::Database;
pub use declaration::{Declaration, KeptDeclaration};
pub use diff::{Diff, DiffOptions, Obstacle, diff};
pub use due::DECLARED;
pub use migration::Migration;
pub use rows::counted;
pub use source::{Side, Source};
pub use sync::{Consent, Proposal, Strategy, SyncOptions, Synced};
