//! Scenarios whose subject is time itself: a lease that is renewed in time, a change that is seen within two seconds. On a machine
//! that stands still for longer than that they fail whatever Lockstep does, so there they are told to begin again.
//!
//! ```text
//!  scenario ──────────────────────► holds
//!      │ fails ──► did this process stand still meanwhile? ── no ──► fails
//!      └──────────────◄── yes: again ◄──────┘
//! ```

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use lockstep::Lease;

use super::{Database, until};

/// How often a scenario is begun at most.
const TRIES: usize = 10;

/// Runs a scenario that bears that the machine stands still for so long; one that failed where it did so for longer is begun
/// again. What fails on a machine that goes on fails.
pub async fn steady(bears: Duration, scenario: impl AsyncFn()) {
    for tries in 1.. {
        STRETCH.set(1 << ((tries - 1) / 2).min(3));
        let watch = Watch::start();
        let Err(failed) = AssertUnwindSafe(scenario()).catch_unwind().await else {
            return;
        };
        let stood = watch.longest();
        if tries == TRIES || stood < bears {
            resume_unwind(failed);
        }
        println!("the machine stood still for {stood:?} meanwhile: once more");
    }
}

thread_local! {
    /// How much longer the times of a scenario are than it says.
    static STRETCH: Cell<u32> = const { Cell::new(1) };
}

/// A time in a steady scenario: the machine that stood still again and again is given more of it.
pub fn stretched(time: Duration) -> Duration {
    time * STRETCH.get()
}

/// Notes how long this process was not let go on at most: a thread that only sleeps, and looks how long that took.
struct Watch {
    longest_ms: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
}

impl Watch {
    fn start() -> Self {
        const NAP: Duration = Duration::from_millis(20);
        let watch = Self {
            longest_ms: Arc::default(),
            over: Arc::default(),
        };
        let (longest_ms, over) = (Arc::clone(&watch.longest_ms), Arc::clone(&watch.over));
        std::thread::spawn(move || {
            while !over.load(Ordering::Relaxed) {
                let asleep = Instant::now();
                std::thread::sleep(NAP);
                let late = asleep.elapsed().saturating_sub(NAP);
                longest_ms.fetch_max(u64::try_from(late.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
            }
        });
        watch
    }

    fn longest(&self) -> Duration {
        // It was woken at the same time as we were: it may not have looked yet.
        std::thread::sleep(Duration::from_millis(60));
        Duration::from_millis(self.longest_ms.load(Ordering::Relaxed))
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Relaxed);
    }
}

/// Waits until a lease was renewed so many times more, and is live all the while.
pub async fn renewed(database: &Database, lease: &Lease, times: usize) {
    for _ in 0..times {
        let before = expiry(database, lease).await;
        until("the lease is renewed", async || {
            assert!(lease.is_live(), "it is lost");
            expiry(database, lease).await != before
        })
        .await;
    }
}

/// When it runs out, by its row.
async fn expiry(database: &Database, lease: &Lease) -> i64 {
    let (status, granted) = (database.status().await, lease.granted());
    let row = status.leases.iter().find(|held| held.lease.key() == granted.key());
    let row = row.unwrap_or_else(|| panic!("its row is gone: {:?}", status.leases));
    row.lease.expires_at.expect("a timed lease").0
}
