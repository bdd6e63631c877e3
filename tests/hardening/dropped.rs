//! Callers that go away: the driver's `begin()`, dropped half-way, gives a pooled connection back inside an open transaction.
//! Nothing of ours does, at whatever moment a future is dropped.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use lockstep::Runtime;

use super::all_is_well;
use crate::conformance::{by, of, v};
use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_caller_that_goes_away_at_any_moment_leaves_no_transaction_open
    a_caller_that_goes_away_after_any_poll_leaves_no_transaction_open
);

/// Every kind of call, one after another.
async fn call(runtime: &Runtime, kind: u32) {
    let lease = std::time::Duration::from_secs(5);
    match kind % 9 {
        0 => drop(runtime.activate_with(v("users@1.1.0"), by("one")).await),
        1 => drop(runtime.report().await),
        2 => drop(runtime.deactivate_with(v("users@1.1.0"), of("one")).await),
        3 => drop(runtime.events_since(0, 100).await),
        4 => drop(runtime.lease_for(v("users@1.0.0"), lease, false).await),
        5 => drop(runtime.preview_deactivate(v("users@1.0.0"), of("deploy")).await),
        6 => drop(runtime.reap().await),
        7 => drop(runtime.history(None, 10).await),
        _ => drop(runtime.refresh().await),
    }
}

async fn a_caller_that_goes_away_at_any_moment_leaves_no_transaction_open(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    for round in 0..180 {
        // From nothing to longer than the call takes.
        let moment = Duration::from_micros(u64::from(round) * u64::from(round) / 4);
        let _ = tokio::time::timeout(moment, call(&runtime, round)).await;
    }
    still_good(database, runtime).await;
}

async fn a_caller_that_goes_away_after_any_poll_leaves_no_transaction_open(engine: Engine) {
    let database = Database::new(engine).await;
    let folder = Folder::users();
    let runtime = database.runtime(|b| b.schemas_dir(folder.path())).await;
    runtime.activate(v("users@1.0.0")).await.unwrap();
    for polls in 0..12 {
        for kind in 0..9 {
            polled(call(&runtime, kind), polls).await;
        }
    }
    still_good(database, runtime).await;
}

/// Polls a future so many times, with time for others in between, and drops it.
async fn polled(work: impl Future<Output = ()>, times: u32) {
    let mut work = pin!(work);
    for _ in 0..times {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(()) = work.as_mut().poll(&mut context) {
            return;
        }
        tokio::time::sleep(Duration::from_micros(400)).await;
    }
}

async fn still_good(database: Database, runtime: Runtime) {
    // What goes on without its caller comes to its end.
    crate::support::until("the operations came to their ends", async || {
        runtime.activate_with(v("users@1.1.0"), by("last")).await.is_ok()
    })
    .await;
    runtime.deactivate_with(v("users@1.1.0"), of("last")).await.unwrap();
    // With the pool still open: what went back into it is not in a transaction.
    crate::deadlines::server_is_free(&database).await;
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    all_is_well(&database).await;
    database.drop().await;
}
