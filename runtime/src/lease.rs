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
use crate::engine::guard::Claim;
use crate::failpoint::failpoint;
use crate::guarded::{Guarded, Openings};
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
    /// Why it is lost, once it is: by its renewals, or by a guarded transaction that could not begin.
    lost: Arc<watch::Sender<Option<String>>>,
    /// On an engine where open guarded transactions keep renewals out.
    openings: Option<Arc<Openings>>,
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
            return Err(lost_lease(&token, "it ran out or was fenced"));
        }
        give_up
    };
    let lost = Arc::new(watch::Sender::new(None));
    let openings = core
        .engine
        .guarded_keeps_renewals_out()
        .then(|| Openings::new(token.clone()));
    let stop = core.stop.child_token();
    core.tasks.spawn(keep(Kept {
        core: Arc::clone(core),
        token: token.clone(),
        give_up,
        lost: Arc::clone(&lost),
        openings: openings.clone(),
        stop: stop.clone(),
    }));
    Ok(Lease {
        core: Arc::clone(core),
        token,
        granted,
        activation,
        lost,
        openings,
        stop,
        released: false,
    })
}

/// How long the holder goes on without a successful renewal.
pub(crate) fn patience(ttl: Duration) -> Duration {
    ttl * 2 / 3
}

fn lost_lease(token: &LeaseToken, reason: &str) -> Error {
    Error::LeaseLost {
        instance: token.holder.instance.to_string(),
        handler_version: token.handler_version.to_string(),
        reason: reason.to_owned(),
    }
}

/// What the renewals of a lease work with.
struct Kept {
    core: Arc<Core>,
    token: LeaseToken,
    /// Until when the holder may go on.
    give_up: Deadline,
    lost: Arc<watch::Sender<Option<String>>>,
    openings: Option<Arc<Openings>>,
    stop: CancellationToken,
}

async fn keep(kept: Kept) {
    let Kept {
        core,
        token,
        mut give_up,
        lost,
        openings,
        stop,
    } = kept;
    let mut wait = token.ttl / 3;
    loop {
        tokio::select! {
            () = tokio::time::sleep(wait.min(give_up.remaining())) => {}
            () = stop.cancelled() => return,
        }
        if let Some(openings) = &openings {
            // While one is open nobody can renew, nor fence. One that was long renews with its end.
            let renewed = tokio::select! {
                renewed = openings.over() => renewed,
                () = stop.cancelled() => return,
            };
            give_up = renewed.map_or(give_up, |until| until.max(give_up));
        }
        if lost.borrow().is_some() {
            return;
        }
        if give_up.is_over() {
            lose(&lost, "it could not be renewed in time", "late");
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
                lose(&lost, "it ran out or was fenced", "fenced");
                return;
            }
            Ok(Err(error)) => {
                metric::outcome(metric::LEASE_RENEWALS, "failed");
                tracing::warn!(%error, "a lease could not be renewed; trying again");
                wait = token.ttl / 12;
            }
            // One of our own may have kept it waiting: looked at above.
            Err(_) if openings.is_some() => {}
            Err(_) => {
                lose(&lost, "the database did not answer in time", "late");
                return;
            }
        }
    }
}

fn lose(lost: &watch::Sender<Option<String>>, reason: &str, outcome: &'static str) {
    metric::outcome(metric::LEASE_RENEWALS, outcome);
    tell(lost, reason);
}

/// The first reason is the one that is told.
fn tell(lost: &watch::Sender<Option<String>>, reason: &str) {
    lost.send_if_modified(|told| {
        let first = told.is_none();
        told.get_or_insert_with(|| reason.to_owned());
        first
    });
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
        let mut lost = self.lost.subscribe();
        tokio::select! {
            biased;
            Ok(found) = lost.wait_for(Option::is_some) => {
                lost_lease(&self.token, found.as_deref().unwrap_or_default())
            }
            // The renewals ended with the runtime.
            () = self.stop.cancelled() => lost_lease(&self.token, "its renewals were stopped"),
        }
    }

    /// Begins a transaction in which the schema of this lease provably exists: see [`Guarded`]. Fails with
    /// [`Error::LeaseLost`] once the lease is lost by anybody's clock, and then [`lost`](Self::lost) resolves. Waits at
    /// most [`Settings::guarded_timeout`](crate::Settings::guarded_timeout). Cancel safe.
    pub async fn begin(&self) -> Result<Guarded<'_>> {
        if let Some(reason) = self.lost.borrow().as_deref() {
            return Err(lost_lease(&self.token, reason));
        }
        let claim = Claim::of(&self.token, &self.granted.schema);
        let begun = Guarded::begin(&self.core, &claim, self.openings.as_ref()).await;
        if let Err(Error::LeaseLost { reason, .. }) = &begun {
            tell(&self.lost, reason);
        }
        begun
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
