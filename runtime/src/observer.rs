//! Callbacks: told of every event after its commit, in order, at least once.

use std::sync::Arc;

use async_trait::async_trait;
use lockstep_lifecycle::{Event, EventKind, Failure};
use lockstep_registry::{HandlerVersion, Lease, SchemaVersion};

use crate::core::Core;
use crate::metric;
use crate::view::EventStream;

/// Hears what happens in a scope, whichever process did it.
///
/// Every method has an empty default. Calls come after the commit, in order, one at a time. An observer that panics or
/// takes longer than [`Settings::observer_timeout`](crate::Settings::observer_timeout) is contained: the fault is logged
/// and counted, and the next event follows. With an instance id given to the builder, the place reached is kept in the
/// database, so that a restarted process goes on where it stopped; an event may then be told twice, never skipped.
#[async_trait]
pub trait SchemaObserver: Send + Sync {
    /// Names the observer, for its place in the log and for messages.
    fn name(&self) -> &str {
        "observer"
    }

    /// Every event, before the method for its kind.
    async fn on_event(&self, _event: &Event) {}

    /// All of a schema is in the database.
    async fn on_schema_applied(&self, _schema: &SchemaVersion, _event: &Event) {}

    /// A schema was taken back.
    async fn on_schema_rolled_back(&self, _schema: &SchemaVersion, _event: &Event) {}

    /// A step failed.
    async fn on_schema_failed(&self, _failure: &Failure, _event: &Event) {}

    /// An unused schema stays.
    async fn on_schema_retained(&self, _schema: &SchemaVersion, _event: &Event) {}

    /// A handler version is served.
    async fn on_handler_activated(&self, _handler_version: &HandlerVersion, _event: &Event) {}

    /// Nobody serves it any more.
    async fn on_handler_deactivated(&self, _handler_version: &HandlerVersion, _event: &Event) {}

    /// A lease is live.
    async fn on_lease_granted(&self, _lease: &Lease, _event: &Event) {}

    /// A lease was taken from its holder.
    async fn on_lease_fenced(&self, _handler_version: &HandlerVersion, _event: &Event) {}
}

/// What an observer did with an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Observed {
    /// It heard it.
    Told,
    /// It panicked.
    Panicked,
    /// It took too long.
    TimedOut,
}

async fn tell(observer: &dyn SchemaObserver, event: &Event) {
    observer.on_event(event).await;
    match &event.kind {
        EventKind::SchemaApplied { schema, .. } => observer.on_schema_applied(schema, event).await,
        EventKind::SchemaRolledBack { schema, .. } => observer.on_schema_rolled_back(schema, event).await,
        EventKind::SchemaFailed { failure, .. } => observer.on_schema_failed(failure, event).await,
        EventKind::SchemaRetained { schema, .. } => observer.on_schema_retained(schema, event).await,
        EventKind::HandlerActivated { handler_version } => observer.on_handler_activated(handler_version, event).await,
        EventKind::HandlerDeactivated { handler_version } => {
            observer.on_handler_deactivated(handler_version, event).await
        }
        EventKind::LeaseGranted { lease } => observer.on_lease_granted(lease, event).await,
        EventKind::LeaseFenced { handler_version, .. } => observer.on_lease_fenced(handler_version, event).await,
        _ => {}
    }
}

async fn contained(observer: &Arc<dyn SchemaObserver>, event: &Event, limit: std::time::Duration) -> Observed {
    let (told, event) = (Arc::clone(observer), event.clone());
    let task = tokio::spawn(async move { tell(told.as_ref(), &event).await });
    let stop = task.abort_handle();
    match tokio::time::timeout(limit, task).await {
        Ok(Ok(())) => Observed::Told,
        Ok(Err(_)) => Observed::Panicked,
        Err(_) => {
            stop.abort();
            Observed::TimedOut
        }
    }
}

/// Tells one observer of everything after its place, until the runtime stops.
pub(crate) async fn serve(core: Arc<Core>, observer: Arc<dyn SchemaObserver>, durable: bool) {
    let key = format!("observer/{}/{}/{}", core.scope(), core.holder.instance, observer.name());
    let start = if durable { place(&core, &key).await } else { None };
    let mut stream = EventStream::new(Arc::clone(&core), start.unwrap_or_else(|| core.view.seen()));
    while let Some(event) = stream.next().await {
        let outcome = contained(&observer, &event, core.settings.observer_timeout).await;
        if outcome != Observed::Told {
            tracing::error!(
                observer = observer.name(),
                seq = event.seq,
                ?outcome,
                "an observer failed; going on"
            );
            metrics::counter!(metric::OBSERVER_FAULTS).increment(1);
        }
        if durable && let Err(error) = core.engine.set_meta(&key, &event.seq.to_string()).await {
            tracing::warn!(observer = observer.name(), %error, "an observer's place could not be kept; it may hear an event twice");
        }
    }
}

async fn place(core: &Core, key: &str) -> Option<u64> {
    match core.engine.meta(key).await {
        Ok(found) => found.and_then(|text| text.parse().ok()),
        Err(error) => {
            tracing::warn!(%error, "an observer's place could not be read; it starts here");
            None
        }
    }
}
