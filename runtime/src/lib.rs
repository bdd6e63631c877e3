//! Changes a database's schema while the programs that use it keep running.
//!
//! Lockstep knows which API/handler versions are live and which schema version each one needs. It applies a schema when
//! the first version that needs it is activated, and takes it back only when nothing that is live needs it any more.
//!
//! ```no_run
//! # async fn story() -> lockstep::Result<()> {
//! let runtime = lockstep::Runtime::builder("sqlite://shop.db").schemas_dir("schemas").build().await?;
//! runtime.activate("users@1.0.0".parse()?).await?;          // applies what is missing, pins the schema
//! let lease = runtime.lease("users@1.1.0".parse()?).await?; // renewed in the background
//! lease.release().await?;
//! runtime.deactivate("users@1.0.0".parse()?).await?;        // takes the schema back if nothing uses it
//! runtime.shutdown().await;
//! # Ok(())
//! # }
//! ```
//!
//! What exists is in [`registry`], what a database looks like in [`catalog`], what should happen in [`lifecycle`];
//! this crate makes it happen.

#[cfg(not(any(feature = "sqlite", feature = "postgres", feature = "mysql")))]
compile_error!("enable at least one engine: sqlite, postgres, mysql");

mod activation;
mod advice;
mod builder;
mod bystanders;
mod clock;
mod core;
mod deactivation;
mod engine;
mod error;
mod examine;
mod expect;
mod failpoint;
mod files;
#[cfg(feature = "fuzzing")]
#[doc(hidden)]
pub mod fuzzing;
mod guarded;
mod journalled;
mod lease;
pub mod metric;
mod observer;
mod outcome;
mod preview;
mod reaper;
mod recovery;
mod rehearse;
mod runtime;
mod settings;
#[cfg(feature = "simulation")]
#[doc(hidden)]
pub mod simulation {
    //! A simulated database for seeded schedules of whole runtimes. No part of the public interface.
    pub use crate::engine::simulated::{Contents, Fate, Kind, Objects, Request, Sabotage, Simulation};
}
mod statements;
mod status;
mod steps;
pub mod structure;
mod view;

pub use lockstep_catalog as catalog;
pub use lockstep_lifecycle as lifecycle;
pub use lockstep_registry as registry;
pub use sqlx;

pub use advice::Wording;
pub use builder::Builder;
pub use engine::{CodeStep, StepConnection, StepError, dialect_of, redact};
pub use error::{Error, ErrorKind, Result};
pub use examine::{Examination, InDoubt, OnRecord, Sight, Way};
pub use failpoint::FAILPOINTS;
pub use files::{SchemaFiles, load as load_schemas};
pub use guarded::Guarded;
pub use lease::Lease;
pub use lockstep_lifecycle::{Event, EventKind, Policy, RepairAction};
pub use lockstep_registry::{
    Binding, Checksum, HandlerRef, HandlerVersion, InstanceId, LeaseKind, SchemaSpec, SchemaState, SchemaVersion,
    Scope, Step,
};
pub use observer::{Observed, SchemaObserver};
pub use outcome::{Activation, Applied, Deactivation, Kept, Reaped, Repaired, RolledBack};
pub use preview::{Preview, PreviewSchema, PreviewStep};
pub use rehearse::{Rehearsal, RehearsalFailure};
pub use runtime::{ActivateOptions, DeactivateOptions, Runtime};
pub use settings::{MIN_LEASE_TTL, Settings};
pub use statements::check_spec;
pub use status::{HandlerStatus, LeaseStatus, SchemaStatus, Status};
pub use view::EventStream;

/// The README's code, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
