//! What exists: the names, versions, specs, bindings and leases Lockstep reasons about.
//!
//! Everything here is a value. Nothing reads a file, a socket or a clock, so the planner, the
//! engines, the tests and the model check all share these types without dragging I/O along.
//!
//! - [`HandlerVersion`]: who needs a schema (`users@1.4.0`)
//! - [`SchemaVersion`], [`SchemaSpec`], [`Step`]: what a schema is and which steps make it
//! - [`Specs`]: all specs a process knows, checked against each other
//! - [`Binding`] and [`Bindings`]: which schema a handler version needs, its artifact and tags
//! - [`Graph`]: what requires what, in which order
//! - [`compatible`]: may two schemas be live at once
//! - [`Lease`], [`Holder`]: who claims a schema right now
//! - [`LiveMap`]: the concurrent in-memory answer to "who uses what"

mod api_version;
mod binding;
mod checksum;
mod compatibility;
mod graph;
mod handler;
mod instance;
mod lease;
mod live;
mod parse;
mod schema;
mod spec;
mod specs;
mod state;
mod time;

pub use api_version::{ApiVersion, Tsv};
pub use binding::{Binding, Bindings, HandlerRef, Tag, VersionOrTag};
pub use checksum::Checksum;
pub use compatibility::{Compatibility, compatible};
pub use graph::{Graph, GraphError, Requires};
pub use handler::{HandlerId, HandlerVersion};
pub use instance::{Holder, Incarnation, InstanceId, Scope};
pub use lease::{Lease, LeaseKey, LeaseKind};
pub use live::{LiveMap, SchemaUsage, Statistics};
pub use parse::ParseError;
pub use schema::SchemaVersion;
pub use spec::{Action, Expectation, SchemaSpec, SourceOneSchema, SpecError, Step};
pub use specs::{Specs, SpecsError};
pub use state::{HandlerState, LeaseState, SchemaState};
pub use time::Timestamp;
