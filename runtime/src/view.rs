//! The in-memory view: it follows the event log, this process's own commits first and at once.
//!
//! ```text
//!  own commit ──events──┐
//!                       ├─► in order, none twice: facts ─► live map ─► streams, observers
//!  database's log ──────┘   (a gap is read from the log first)
//! ```

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lockstep_lifecycle::{Event, Facts};
use lockstep_registry::{HandlerVersion, LeaseKey, LiveMap, SchemaState, SchemaUsage, SchemaVersion, Specs};
use tokio::sync::{Mutex, broadcast};

use crate::clock::{Deadline, pause};
use crate::core::Core;
use crate::{Result, metric};

/// Events kept for streams that are slow; one that falls further behind reads the log.
const STREAM_BUFFER: usize = 1024;
/// Between two readings of the log. Every process hears of every commit, so in a crowd what comes thick and fast is read
/// together: otherwise its processes would do little else.
const BREATHER: Duration = Duration::from_millis(200);
/// Events read from the log at once.
pub(crate) const PAGE: u32 = 500;

#[derive(Debug)]
pub(crate) struct View {
    pub(crate) map: LiveMap,
    facts: Mutex<Facts>,
    seen: AtomicU64,
    live: broadcast::Sender<Event>,
}

impl View {
    pub(crate) fn new(facts: Facts, specs: &Specs) -> Self {
        let map = LiveMap::new();
        map.update(facts.usage().into_iter().map(|(schema, usage)| (schema, Some(usage))));
        let view = Self {
            map,
            seen: AtomicU64::new(facts.event_seq),
            facts: Mutex::new(facts.clone()),
            live: broadcast::Sender::new(STREAM_BUFFER),
        };
        view.publish_leases(&facts);
        view.know(specs);
        view
    }

    /// Specs that the database does not know yet are pending.
    pub(crate) fn know(&self, specs: &Specs) {
        let new = specs
            .iter()
            .filter(|spec| self.map.status(spec.version.as_str()).is_none());
        let pending = |schema: &SchemaVersion| SchemaUsage::unused(schema.clone(), SchemaState::Pending);
        let added: Vec<_> = new
            .map(|spec| (spec.version.clone(), Some(pending(&spec.version))))
            .collect();
        self.map.update(added);
        self.publish();
    }

    /// The last event seen.
    pub(crate) fn seen(&self) -> u64 {
        self.seen.load(Ordering::Acquire)
    }

    /// The schema a live lease is on, as far as this process has heard.
    pub(crate) async fn schema_of(&self, key: &LeaseKey) -> Option<SchemaVersion> {
        let facts = self.facts.lock().await;
        facts.leases.get(key).map(|held| held.schema.clone())
    }

    /// Takes events in, in order and each once; what is missing before them is read from the log.
    pub(crate) async fn take(&self, core: &Core, events: &[Event]) {
        let Some(first) = events.first() else {
            return;
        };
        let mut facts = self.facts.lock().await;
        while facts.event_seq + 1 < first.seq {
            match core.engine.events(core.scope(), facts.event_seq, PAGE).await {
                Ok(missing) if !missing.is_empty() => self.apply(core, &mut facts, &missing).await,
                // The follower brings both later.
                _ => return,
            }
        }
        self.apply(core, &mut facts, events).await;
    }

    async fn apply(&self, core: &Core, facts: &mut Facts, events: &[Event]) {
        for event in events.iter().filter(|e| e.seq > core.view.seen()) {
            facts.now = facts.now.max(event.at);
            let lease = event.kind.lease_key();
            let held = |facts: &Facts| {
                lease
                    .as_ref()
                    .and_then(|key| Some(facts.leases.get(key)?.schema.clone()))
            };
            let before = held(facts);
            if let Err(illegal) = facts.apply(&event.kind, event.at) {
                tracing::error!(seq = event.seq, %illegal, "the event log does not follow from what was seen; reading anew");
                if let Ok(Some(read)) = core.engine.facts(core.scope()).await {
                    *facts = read;
                    self.map
                        .update(facts.usage().into_iter().map(|(schema, usage)| (schema, Some(usage))));
                    self.seen.store(facts.event_seq, Ordering::Release);
                }
                return;
            }
            facts.event_seq = event.seq;
            match &lease {
                Some(key) => self.recount(facts, &key.handler_version, before, held(facts)),
                None => self.refresh(facts, event.kind.schema()),
            }
            metrics::counter!(metric::EVENTS, metric::KIND => event.kind.name()).increment(1);
            self.seen.store(event.seq, Ordering::Release);
            // Nobody listening is no fault.
            let _ = self.live.send(event.clone());
        }
        self.publish();
        self.publish_leases(facts);
    }

    /// A lease that was on one schema is on another, or on none: however many there are, no other is looked at.
    fn recount(&self, facts: &Facts, of: &HandlerVersion, before: Option<SchemaVersion>, after: Option<SchemaVersion>) {
        if before == after {
            return;
        }
        for (schema, more) in [(before, false), (after, true)] {
            if let Some(schema) = schema
                && !self.map.count(&schema, of, more)
            {
                self.refresh(facts, Some(&schema));
            }
        }
    }

    fn refresh(&self, facts: &Facts, schema: Option<&SchemaVersion>) {
        let Some(schema) = schema else { return };
        let requires = facts
            .schemas
            .get(schema)
            .map(|r| r.requires.as_slice())
            .unwrap_or_default();
        let touched = std::iter::once(schema).chain(requires);
        self.map.update(
            touched
                .map(|name| (name.clone(), facts.usage_of(name)))
                .collect::<Vec<_>>(),
        );
    }

    fn publish(&self) {
        let s = self.map.statistics();
        for (state, count) in [
            ("active", s.active),
            ("pending", s.pending),
            ("failed", s.failed),
            ("rolled_back", s.rolled_back),
            ("retained", s.retained),
        ] {
            metrics::gauge!(metric::SCHEMAS, metric::STATE => state).set(count as f64);
        }
        for usage in self.map.schemas() {
            metrics::gauge!(metric::SCHEMA_REFERENCES, metric::SCHEMA => usage.schema.to_string())
                .set(usage.references() as f64);
        }
    }

    fn publish_leases(&self, facts: &Facts) {
        use lockstep_registry::LeaseState;
        for state in [LeaseState::Pending, LeaseState::Active] {
            let count = facts.leases.values().filter(|lease| lease.state == state).count();
            metrics::gauge!(metric::LEASES, metric::STATE => state.as_str()).set(count as f64);
        }
    }
}

/// Follows what other processes commit, until the runtime stops.
pub(crate) async fn follow(core: Arc<Core>) {
    loop {
        tokio::select! {
            () = core.engine.wait_for_change(core.scope(), core.settings.poll_every, &core.view.seen) => {}
            () = core.stop.cancelled() => return,
        }
        if let Err(error) = catch_up(&core).await {
            tracing::debug!(%error, "the event log could not be read; trying again");
        }
        tokio::select! {
            () = pause(BREATHER, Deadline::after(BREATHER * 2)) => {}
            () = core.stop.cancelled() => return,
        }
    }
}

/// Reads the log up to its end.
pub(crate) async fn catch_up(core: &Core) -> Result<()> {
    loop {
        let events = core.engine.events(core.scope(), core.view.seen(), PAGE).await?;
        metrics::gauge!(metric::EVENT_LAG).set(events.len() as f64);
        let more = events.len() == PAGE as usize;
        core.view.take(core, &events).await;
        if !more {
            metrics::gauge!(metric::EVENT_LAG).set(0.0);
            return Ok(());
        }
    }
}

/// A live stream of events: every one after its start, in order, none twice.
#[derive(Debug)]
pub struct EventStream {
    core: Arc<Core>,
    live: broadcast::Receiver<Event>,
    after: u64,
    read: std::collections::VecDeque<Event>,
}

impl EventStream {
    /// A stream of the events after `after`; what already happened is read from the log.
    pub(crate) fn new(core: Arc<Core>, after: u64) -> Self {
        let live = core.view.live.subscribe();
        Self {
            core,
            live,
            after,
            read: std::collections::VecDeque::new(),
        }
    }

    /// The next event; `None` once the runtime has shut down. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.read.pop_front() {
                self.after = event.seq;
                return Some(event);
            }
            // Behind what this process has seen: from the log, which has everything.
            if self.after < self.core.view.seen() && self.live.is_empty() {
                if !self.fill().await {
                    return None;
                }
                continue;
            }
            let received = tokio::select! {
                received = self.live.recv() => received,
                // What was seen before the end is still told.
                () = self.core.stop.cancelled() => {
                    if self.after >= self.core.view.seen() || !self.fill().await {
                        return None;
                    }
                    continue;
                }
            };
            match received {
                Ok(event) if event.seq <= self.after => {}
                Ok(event) if event.seq == self.after + 1 => {
                    self.after = event.seq;
                    return Some(event);
                }
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => {
                    if !self.fill().await {
                        return None;
                    }
                }
                Err(broadcast::error::RecvError::Closed) => return None,
            }
        }
    }

    /// Reads on in the log; false where that fails and the runtime is stopping.
    async fn fill(&mut self) -> bool {
        match self.core.engine.events(self.core.scope(), self.after, PAGE).await {
            Ok(events) => self.read.extend(events),
            Err(error) => {
                tracing::debug!(%error, "the event log could not be read; trying again");
                tokio::time::sleep(self.core.settings.poll_every).await;
                return !self.core.stop.is_cancelled();
            }
        }
        true
    }
}

impl EventStream {
    /// The same as a [`futures_util::Stream`].
    pub fn into_stream(self) -> impl futures_util::Stream<Item = Event> {
        futures_util::stream::unfold(self, |mut stream| async move {
            stream.next().await.map(|event| (event, stream))
        })
    }
}
