//! What scenarios stand on: databases that go away with the test, schema folders, processes.

pub mod clock;
pub mod database;
pub mod disk;
pub mod documented;
pub mod folder;
pub mod link;
pub mod maria;
pub mod observe;
pub mod pooler;
pub mod process;
pub mod server;
pub mod steady;
pub mod wire;

pub use database::{Database, Engine, leave};
pub use folder::Folder;
pub use link::{Fate, Link};
pub use maria::MariaServer;
pub use observe::{PATIENCE, until};
pub use pooler::Pooler;
pub use process::{Actor, Cli};
pub use server::Server;
pub use steady::{renewed, steady, stretched};

/// Facts that hold on every engine named, each a test of its own: `facts_on!(Sqlite sqlite, Postgres postgres: fact …)`.
macro_rules! facts_on {
    ($($engine:ident $module:ident),+: $($fact:ident)+) => {
        $crate::support::facts_on!(@ [$($engine $module)+] [$($fact)+]);
    };
    (@ [] $facts:tt) => {};
    (@ [$engine:ident $module:ident $($rest:ident)*] [$($fact:ident)+]) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $fact() {
                super::$fact($crate::support::Engine::$engine).await;
            })+
        }
        $crate::support::facts_on!(@ [$($rest)*] [$($fact)+]);
    };
}
pub(crate) use facts_on;
