//! Every metric's name and labels, with its unit and the question it answers.
//!
//! Label values are bounded: schemas, kinds, states and outcomes, never instance ids.

use std::time::Duration;

/// Count of activations, by [`OUTCOME`]. Do deploys get through?
pub const ACTIVATIONS: &str = "lockstep_activations_total";
/// Count of deactivations, by [`OUTCOME`]. What becomes of what old versions used?
pub const DEACTIVATIONS: &str = "lockstep_deactivations_total";
/// Seconds a step took, by [`SCHEMA`] and [`DIRECTION`]. Which migration is slow?
pub const STEP_DURATION: &str = "lockstep_step_duration_seconds";
/// Seconds an operation took, by [`KIND`]. How long does a deploy wait for the database?
pub const OPERATION_DURATION: &str = "lockstep_operation_duration_seconds";
/// Seconds waited for the structural lock. Do operations queue up?
pub const LOCK_WAIT: &str = "lockstep_lock_wait_seconds";
/// References to a schema, by [`SCHEMA`]. When may it go?
pub const SCHEMA_REFERENCES: &str = "lockstep_schema_references";
/// Schemas by [`STATE`]. Did anything fail?
pub const SCHEMAS: &str = "lockstep_schemas";
/// Live leases by [`STATE`]. How many instances are there?
pub const LEASES: &str = "lockstep_leases";
/// Count of lease renewals, by [`OUTCOME`]. Are instances about to lose their leases?
pub const LEASE_RENEWALS: &str = "lockstep_lease_renewals_total";
/// Count of events seen, by [`KIND`]. What happens here?
pub const EVENTS: &str = "lockstep_events_total";
/// Events committed but not yet seen by this process. Is the in-memory view current?
pub const EVENT_LAG: &str = "lockstep_event_lag";

/// Count of events an observer panicked or hung on. Is a callback broken?
pub const OBSERVER_FAULTS: &str = "lockstep_observer_faults_total";

/// What something came to.
pub const OUTCOME: &str = "outcome";
/// Which schema.
pub const SCHEMA: &str = "schema";
/// `up` or `down`.
pub const DIRECTION: &str = "direction";
/// Which kind of operation or event.
pub const KIND: &str = "kind";
/// Which state.
pub const STATE: &str = "state";

/// Tells the installed recorder what each metric means.
pub fn describe() {
    use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
    describe_counter!(ACTIVATIONS, Unit::Count, "Activations by outcome");
    describe_counter!(DEACTIVATIONS, Unit::Count, "Deactivations by outcome");
    describe_histogram!(STEP_DURATION, Unit::Seconds, "Time a step took");
    describe_histogram!(OPERATION_DURATION, Unit::Seconds, "Time an operation took");
    describe_histogram!(LOCK_WAIT, Unit::Seconds, "Time waited for the structural lock");
    describe_gauge!(SCHEMA_REFERENCES, Unit::Count, "References to a schema");
    describe_gauge!(
        SCHEMAS,
        Unit::Count,
        "Schemas by state; the retained ones are among the active"
    );
    describe_gauge!(LEASES, Unit::Count, "Live leases by state");
    describe_counter!(LEASE_RENEWALS, Unit::Count, "Lease renewals by outcome");
    describe_counter!(EVENTS, Unit::Count, "Events by kind");
    describe_counter!(OBSERVER_FAULTS, Unit::Count, "Events an observer panicked or hung on");
    describe_gauge!(EVENT_LAG, Unit::Count, "Events committed but not yet seen here");
}

pub(crate) fn step(schema: &lockstep_registry::SchemaVersion, direction: &'static str, took: Duration) {
    metrics::histogram!(STEP_DURATION, SCHEMA => schema.to_string(), DIRECTION => direction).record(took);
}

pub(crate) fn operation(kind: &'static str, took: Duration) {
    metrics::histogram!(OPERATION_DURATION, KIND => kind).record(took);
}

pub(crate) fn outcome(counter: &'static str, outcome: &'static str) {
    metrics::counter!(counter, OUTCOME => outcome).increment(1);
}
