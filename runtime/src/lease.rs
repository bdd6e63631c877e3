//! Timed leases: granted, renewed in the background, given up in time.
//!
//! ```text
//!  grant ──ttl/3──► renew ──ttl/3──► renew …          fenced, or no success for 2/3 ttl: `lost`
//! ```
//! The holder's own deadline starts before a renewal is sent, so it stops before the database lets the lease run out (R6).

use std::sync::Arc;
use std::time::Duration;

use lockstep_lifecycle::{Activate, Deactivate};
use lockstep_registry::{HandlerVersion, LeaseKind};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::LeaseToken;
use crate::failpoint::failpoint;
use crate::outcome::{Activation, Deactivation};
use crate::{Error, Result, activation, deactivation, metric};

/// A live claim on a schema. Dropping it stops the renewals and gives it back in the background; to know how that
/// ended, use [`release`](Self::release).
#[derive(Debug)]
pub struct Lease {
    core: Arc<Core>,
    token: LeaseToken,
    granted: lockstep_registry::Lease,
    activation: Activation,
    lost: watch::Receiver<Option<String>>,
    stop: CancellationToken,
    released: bool,
}

/// Asks for a timed lease and keeps it renewed.
pub(crate) async fn acquire(core: &Arc<Core>, request: Activate, ttl: Duration) -> Result<Lease> {
    let shared = Arc::clone(core);
    let asked = Stopwatch::start();
    let activation = core
        .owned(async move { activation::activate(shared, request).await })
        .await?;
    let granted = activation.lease().clone();
    let token = LeaseToken {
        holder: granted.holder.clone(),
        handler_version: granted.handler_version.clone(),
        epoch: granted.epoch,
        ttl,
    };
    // The holder's time counts from before the grant. Where steps ran first, nobody here knows when that was, and a lease
    // held already may be older still: then a renewal comes first.
    let fresh = asked.elapsed() < ttl / 3 && !matches!(activation, Activation::AlreadyActive { .. });
    let give_up = if fresh {
        Deadline::after(patience(ttl).saturating_sub(asked.elapsed()))
    } else {
        let give_up = Deadline::after(patience(ttl));
        if !core.engine.renew(core.scope(), &token, give_up).await? {
            return Err(lost_lease(&token, "it was fenced"));
        }
        give_up
    };
    let (tell, lost) = watch::channel(None);
    let stop = core.stop.child_token();
    core.tasks
        .spawn(keep(Arc::clone(core), token.clone(), give_up, tell, stop.clone()));
    Ok(Lease {
        core: Arc::clone(core),
        token,
        granted,
        activation,
        lost,
        stop,
        released: false,
    })
}

/// How long the holder goes on without a successful renewal.
fn patience(ttl: Duration) -> Duration {
    ttl * 2 / 3
}

fn lost_lease(token: &LeaseToken, reason: &str) -> Error {
    Error::LeaseLost {
        instance: token.holder.instance.to_string(),
        handler_version: token.handler_version.to_string(),
        reason: reason.to_owned(),
    }
}

async fn keep(
    core: Arc<Core>,
    token: LeaseToken,
    mut give_up: Deadline,
    tell: watch::Sender<Option<String>>,
    stop: CancellationToken,
) {
    let mut wait = token.ttl / 3;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait.min(give_up.remaining())) => {}
            () = stop.cancelled() => return,
        }
        if give_up.is_over() {
            lose(&tell, "it could not be renewed in time", "late");
            return;
        }
        failpoint!("renewal.before");
        // Counted from before the request: the database may grant it later than we believe, never earlier.
        let next = Deadline::after(patience(token.ttl));
        let renewed = core.engine.renew(core.scope(), &token, give_up);
        let renewed = tokio::select! {
            renewed = tokio::time::timeout(give_up.remaining(), renewed) => renewed,
            () = stop.cancelled() => return,
        };
        failpoint!("renewal.after");
        match renewed {
            Ok(Ok(true)) => {
                metric::outcome(metric::LEASE_RENEWALS, "renewed");
                give_up = next;
                wait = token.ttl / 3;
            }
            Ok(Ok(false)) => {
                lose(&tell, "it was fenced", "fenced");
                return;
            }
            Ok(Err(error)) => {
                metric::outcome(metric::LEASE_RENEWALS, "failed");
                tracing::warn!(%error, "a lease could not be renewed; trying again");
                wait = token.ttl / 12;
            }
            Err(_) => {
                lose(&tell, "the database did not answer in time", "late");
                return;
            }
        }
    }
}

fn lose(tell: &watch::Sender<Option<String>>, reason: &str, outcome: &'static str) {
    metric::outcome(metric::LEASE_RENEWALS, outcome);
    tell.send_replace(Some(reason.to_owned()));
}

impl Lease {
    /// What it is a lease on.
    pub fn handler_version(&self) -> &HandlerVersion {
        &self.token.handler_version
    }

    /// The lease as it was granted.
    pub fn granted(&self) -> &lockstep_registry::Lease {
        &self.granted
    }

    /// What asking for it came to.
    pub fn activation(&self) -> &Activation {
        &self.activation
    }

    /// Whether the holder may go on using the schema.
    pub fn is_live(&self) -> bool {
        self.lost.borrow().is_none() && !self.stop.is_cancelled()
    }

    /// Returns the reason once the lease is lost: stop using the schema. Never returns while it is live. Cancel safe.
    pub async fn lost(&self) -> Error {
        let mut lost = self.lost.clone();
        let reason = match lost.wait_for(Option::is_some).await {
            Ok(found) => found.clone().unwrap_or_default(),
            // The renewals ended with the runtime.
            Err(_) => "its renewals were stopped".to_owned(),
        };
        lost_lease(&self.token, &reason)
    }

    /// Gives the lease back; what that frees follows the policy for deactivations.
    pub async fn release(mut self) -> Result<Deactivation> {
        self.released = true;
        self.stop.cancel();
        release(&self.core, &self.token).await
    }
}

async fn release(core: &Arc<Core>, token: &LeaseToken) -> Result<Deactivation> {
    let request = Deactivate {
        handler_version: token.handler_version.clone(),
        instance: token.holder.instance.clone(),
        incarnation: Some(token.holder.incarnation.clone()),
        policy: core.settings.on_deactivate,
    };
    let shared = Arc::clone(core);
    core.owned(async move { deactivation::deactivate(shared, request, false).await })
        .await
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.stop.cancel();
        if self.released || self.core.stop.is_cancelled() || self.lost.borrow().is_some() {
            return;
        }
        let (core, token) = (Arc::clone(&self.core), self.token.clone());
        // Outside a runtime there is nobody to run it: the lease then runs out by itself.
        if tokio::runtime::Handle::try_current().is_ok() {
            self.core.tasks.spawn(async move {
                if let Err(error) = release(&core, &token).await {
                    tracing::warn!(%error, "a dropped lease could not be given back; it runs out by itself");
                }
            });
        }
    }
}

/// How a lease of this time to live ends.
pub(crate) fn timed(ttl: Duration) -> LeaseKind {
    LeaseKind::Timed { ttl }
}
