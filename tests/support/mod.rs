//! What scenarios stand on: databases that go away with the test, schema folders, processes.

pub mod database;
pub mod folder;
pub mod process;

pub use database::{Database, Engine};
pub use folder::Folder;
pub use process::{Actor, Cli};
