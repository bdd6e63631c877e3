//! The rules of the design as far as tables, events and the catalog can tell: every scenario ends here.

mod history;

use std::time::Duration;

use lockstep::registry::{HandlerState, LeaseState, SchemaState};
use lockstep::{Event, Runtime, Status};

use crate::support::Database;

/// Panics, naming the rule, if anything is wrong. `at_rest`: nobody is working, so nothing may be half-way.
pub async fn check(database: &Database, at_rest: bool) {
    check_in(database, at_rest, true).await;
}

/// The same where clocks went backward: then the log's times may do so too, and everything else holds all the same (R12).
pub async fn check_in_any_time(database: &Database, at_rest: bool) {
    check_in(database, at_rest, false).await;
}

async fn check_in(database: &Database, at_rest: bool, one_clock: bool) {
    let runtime = Runtime::builder(&database.url)
        .read_only()
        .build()
        .await
        .expect("the database can be looked at");
    let (status, events) = read(&runtime).await;
    if one_clock {
        let ordered = events.windows(2).find(|pair| pair[0].at > pair[1].at);
        assert!(ordered.is_none(), "R4: time goes backward at {ordered:?}");
    }
    history::check(&status, &events);
    rules(&status, at_rest);
    runtime.shutdown().await;
}

/// The state and the log of one moment: what a dead process had sent may still come to count between the two readings.
async fn read(runtime: &Runtime) -> (Status, Vec<Event>) {
    for _ in 0..50 {
        let status = runtime.report().await.expect("a status");
        let events = events(runtime).await;
        if status.event_seq == events.len() as u64 {
            return (status, events);
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    (runtime.report().await.expect("a status"), events(runtime).await)
}

async fn events(runtime: &Runtime) -> Vec<Event> {
    let mut all = Vec::new();
    loop {
        let page = runtime.events_since(all.len() as u64, 500).await.expect("the log");
        if page.is_empty() {
            return all;
        }
        all.extend(page);
    }
}

fn rules(status: &Status, at_rest: bool) {
    let state = |schema: &lockstep::SchemaVersion| {
        status
            .schemas
            .iter()
            .find(|s| s.schema == *schema)
            .map_or(SchemaState::Pending, |s| s.state)
    };
    for held in &status.leases {
        let lease = &held.lease;
        if lease.state == LeaseState::Active {
            assert_eq!(
                state(&lease.schema),
                SchemaState::Applied,
                "R1: an active lease on a schema that is not there: {lease:?}"
            );
        }
    }
    for schema in &status.schemas {
        for above in &schema.required_by {
            let here = matches!(schema.state, SchemaState::Applied);
            assert!(
                here,
                "R1: {above} requires {}, which is {}",
                schema.schema, schema.state
            );
        }
        if at_rest {
            let half_way = matches!(schema.state, SchemaState::Applying | SchemaState::Reverting);
            assert!(!half_way, "R2: {} is still {}", schema.schema, schema.state);
            let unused = schema.state == SchemaState::Applied && schema.references == 0;
            assert!(
                !unused || schema.retention.is_some(),
                "{} is applied, unused, and nothing says why",
                schema.schema
            );
        }
    }
    for handler in &status.handlers {
        let serving = status
            .leases
            .iter()
            .any(|l| l.lease.handler_version == handler.handler_version && l.lease.state == LeaseState::Active);
        let active = matches!(handler.state, HandlerState::Active | HandlerState::Draining);
        assert_eq!(active, serving, "R3: {} is {}", handler.handler_version, handler.state);
        if active {
            assert_eq!(
                state(&handler.schema),
                SchemaState::Applied,
                "R3: {}",
                handler.handler_version
            );
        }
        if at_rest {
            assert_ne!(
                handler.state,
                HandlerState::Activating,
                "R3: {}",
                handler.handler_version
            );
        }
    }
}
