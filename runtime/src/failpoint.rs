//! Named crash points. Without the feature `failpoints` the macro expands to nothing.
//!
//! `LOCKSTEP_FAILPOINT=name` ends the process with `SIGKILL`'s meaning (`abort`, nothing is cleaned up) when it reaches
//! that point; `name:3` at the third time; `name=sleep` stops there for ever, for a rig that kills from outside.

/// Every crash point, in the order an operation meets them.
pub const FAILPOINTS: &[&str] = &[
    "activation.planned",
    "activation.announced",
    "activation.locked",
    "activation.before_step",
    "activation.after_step",
    "activation.before_commit",
    "activation.after_commit",
    "activation.grant.before_commit",
    "activation.grant.after_commit",
    "activation.begun",
    "activation.journal.started",
    "activation.journal.executed",
    "activation.journal.done",
    "activation.before_flip",
    "activation.after_flip",
    "deactivation.planned",
    "deactivation.announced",
    "deactivation.locked",
    "deactivation.excluded",
    "deactivation.before_step",
    "deactivation.after_step",
    "deactivation.before_commit",
    "deactivation.after_commit",
    "deactivation.release.before_commit",
    "deactivation.release.after_commit",
    "deactivation.begun",
    "deactivation.journal.started",
    "deactivation.journal.executed",
    "deactivation.journal.done",
    "deactivation.before_flip",
    "deactivation.after_flip",
    "renewal.before",
    "renewal.after",
    "recovery.planned",
    "recovery.fenced",
    "recovery.settled",
    "recovery.before_flip",
    "recovery.after_flip",
    "sync.planned",
    "sync.registered",
    "sync.activated",
];

/// Ends the process here if the test rig asked for it.
#[cfg(feature = "failpoints")]
pub(crate) fn reach(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};
    static REACHED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("LOCKSTEP_FAILPOINT") else {
        return;
    };
    let (wanted, action) = wanted.split_once('=').unwrap_or((&wanted, "abort"));
    let (wanted, times) = wanted.split_once(':').unwrap_or((wanted, "1"));
    if wanted != name {
        return;
    }
    let times: u32 = times.parse().unwrap_or(1);
    if REACHED.fetch_add(1, Ordering::SeqCst) + 1 < times {
        return;
    }
    if action == "sleep" {
        loop {
            std::thread::sleep(std::time::Duration::from_secs(3600));
        }
    }
    std::process::abort();
}

/// A named crash point.
macro_rules! failpoint {
    ($($name:tt)+) => {
        #[cfg(feature = "failpoints")]
        $crate::failpoint::reach(&format!($($name)+));
        #[cfg(not(feature = "failpoints"))]
        {
            // Names are checked all the same, and nothing of it is left in the program.
            let _ = || format!($($name)+);
        }
    };
}
pub(crate) use failpoint;
