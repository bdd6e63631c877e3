//! What should happen: from facts and a request to a plan or a refusal. Pure.
//!
//! ```text
//!   request ─┐
//!   specs  ──┼─► plan_activate / plan_deactivate / plan_expire / plan_repair ─► plan | refusal
//!   facts  ──┘                        │
//!     ▲                               ▼
//!     │                     Draft: each event passes the one transition function
//!     │                               │
//!     └────────── Facts::apply ◄── events ──► the engine writes the same events as rows
//! ```
//!
//! Nothing here does I/O, reads a clock or awaits. An [`EventKind`] *is* the change of state: engines write
//! it as rows, the in-memory view and the model check apply it to [`Facts`], and the log replays to the state.

mod activate;
mod deactivate;
mod decision;
mod event;
mod expire;
mod facts;
mod failure;
mod journal;
mod refusal;
mod register;
mod repair;
mod transition;

pub use activate::{Activate, ActivationPlan, conclude_activate, fail_activate, plan_activate};
pub use deactivate::{
    Deactivate, Policy, Reversal, Rollback, TakeBack, conclude_deactivate, conclude_rollback, fail_take_back,
    plan_deactivate, plan_rollback,
};
pub use decision::{Commit, Decision, OperationChange};
pub use event::{Event, EventKind, FenceReason};
pub use expire::{Expiry, plan_expire};
pub use facts::{
    BindingRecord, Facts, LiveUse, Operation, OperationId, OperationKind, Retention, RetentionReason, SchemaRecord,
};
pub use failure::{DataLoss, Direction, Failure};
pub use journal::{JournalEntry, JournalState, Progress};
pub use refusal::Refusal;
pub use register::plan_register;
pub use repair::{
    Recovery, RepairAction, RepairPlan, begin_activation, begin_repair, begin_take_back, conclude_repair, fail_repair,
    plan_recovery, plan_repair, record_part, retain_due, retain_unused,
};
pub use transition::{
    HandlerMove, IllegalMove, LeaseMove, SchemaMove, next_handler_state, next_lease_state, next_schema_state,
};
