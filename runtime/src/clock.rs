//! This process's own time: deadlines. The only module that reads a clock.
//!
//! Deadlines bound how long we wait (R10); what is true is decided by rows under a lock (R12).

use std::time::Duration;

use tokio::time::Instant;

/// The end of a bounded wait, by this process's monotonic clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Deadline {
    started: Instant,
    at: Instant,
}

impl Deadline {
    /// The deadline `limit` from now.
    pub(crate) fn after(limit: Duration) -> Self {
        let started = Instant::now();
        // A limit beyond what the clock can express is as good as a century.
        let at = started
            .checked_add(limit)
            .unwrap_or_else(|| started + Duration::from_secs(3_153_600_000));
        Self { started, at }
    }

    /// This deadline, or `limit` from now where that is sooner.
    pub(crate) fn within(self, limit: Duration) -> Self {
        let sooner = Self::after(limit);
        Self {
            started: sooner.started,
            at: sooner.at.min(self.at),
        }
    }

    /// What is left; zero once it is over.
    pub(crate) fn remaining(self) -> Duration {
        self.at.saturating_duration_since(Instant::now())
    }

    /// Whether it is over.
    pub(crate) fn is_over(self) -> bool {
        self.remaining().is_zero()
    }

    /// How long it was when it was set.
    pub(crate) fn length(self) -> Duration {
        self.at.saturating_duration_since(self.started)
    }
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts measuring.
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// How long since the start.
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// A pause before trying again: between half of `base` and one and a half of it, so that waiters spread out.
pub(crate) async fn pause(base: Duration, deadline: Deadline) {
    let jittered = base.mul_f64(rand::random_range(0.5..1.5));
    tokio::time::sleep(jittered.min(deadline.remaining())).await;
}
