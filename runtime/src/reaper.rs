//! The reaper: fences leases that ran out, takes back what its policy or an ended grace says, recovers what a crash left.

use std::sync::Arc;

use lockstep_lifecycle::{EventKind, LiveUse, OperationChange, Rollback, plan_expire};

use crate::clock::Stopwatch;
use crate::core::Core;
use crate::deactivation::{self, Request, retained, rolled_back};
use crate::engine::Reading;
use crate::outcome::Reaped;
use crate::{Error, Result, metric, recovery};

/// One round. Safe to run by any number of processes at once: rows under the lock decide.
pub(crate) async fn reap(core: Arc<Core>) -> Result<Reaped> {
    let watch = Stopwatch::start();
    let deadline = core.deadline();
    let mut reaped = Reaped::default();
    let (transaction, facts) = core.lock_scope(Reading::Whole, deadline).await?;
    let leases = facts.leases.clone();
    let expiry = plan_expire(facts, core.settings.on_expire)?;
    if expiry.decision.events.is_empty() {
        transaction.abandon().await;
    } else {
        let events = core
            .commit(
                transaction,
                expiry.decision,
                OperationChange::Keep,
                false,
                core.records(),
            )
            .await?;
        for event in &events {
            if let EventKind::LeaseFenced {
                holder,
                handler_version,
                ..
            } = &event.kind
            {
                tracing::warn!(instance = %holder.instance, %handler_version, "fenced a lease that ran out");
                let key = lockstep_registry::LeaseKey {
                    instance: holder.instance.clone(),
                    handler_version: handler_version.clone(),
                };
                reaped.fenced.extend(leases.get(&key).map(LiveUse::from));
            }
            reaped.retained.extend(retained(&event.kind));
        }
    }
    if expiry.unfinished {
        reaped.recovered = match recovery::recover_if_orphaned(&core, deadline).await {
            Err(error) if error.is_guarded_use() => {
                tracing::info!(%error, "not recovered yet");
                Vec::new()
            }
            recovered => recovered?,
        };
    }
    for schema in expiry.due {
        let request = Request::Rollback(Rollback { schema: schema.clone() });
        match deactivation::take_back_now(&core, &request, false).await {
            Ok(taken) => {
                reaped
                    .rolled_back
                    .extend(taken.events.iter().filter_map(|e| rolled_back(&e.kind)));
                reaped
                    .retained
                    .extend(taken.events.iter().filter_map(|e| retained(&e.kind)));
            }
            // Used again since, or taken back by another reaper: rows under the lock decided.
            Err(Error::Refused(refusal)) => tracing::info!(%schema, %refusal, "not taken back"),
            // Nor may one that waits: it is due at the next round as well.
            Err(error) if error.is_guarded_use() => tracing::info!(%schema, %error, "not taken back yet"),
            // One that cannot be taken back must not keep the others; its failure is recorded.
            Err(Error::Step { failure }) => {
                tracing::error!(%schema, step = failure.step, error = failure.error, "could not be taken back");
            }
            Err(error) => return Err(error),
        }
    }
    let gone = &reaped.rolled_back;
    reaped
        .retained
        .retain(|kept| !gone.iter().any(|g| g.schema == kept.schema));
    metric::operation("reap", watch.elapsed());
    Ok(reaped)
}

/// Reaps at intervals until the runtime stops.
pub(crate) async fn run(core: Arc<Core>, every: std::time::Duration) {
    loop {
        // Spread out, so that a fleet does not reap in step.
        let pause = every.mul_f64(rand::random_range(0.75..1.25));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = core.stop.cancelled() => return,
        }
        if let Err(error) = reap(Arc::clone(&core)).await {
            tracing::warn!(%error, "the reaper could not finish its round; trying again");
        }
    }
}
