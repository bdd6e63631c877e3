//! Time limits and policies, with the defaults of the contract.

use std::time::Duration;

use lockstep_lifecycle::Policy;
use lockstep_registry::Scope;

/// How a runtime behaves. Every wait it makes is bounded by one of these (R10).
#[derive(Debug, Clone)]
pub struct Settings {
    /// Which family of schemas.
    pub scope: Scope,
    /// How long a step may take at the server, unless the step says otherwise. Default 30 s.
    pub step_timeout: Duration,
    /// How long a whole operation may take, waiting included. Default 10 min.
    pub operation_timeout: Duration,
    /// How long one attempt waits for a lock before it lets go and tries again. Default 500 ms.
    pub lock_timeout: Duration,
    /// How long connecting may take. Default 5 s.
    pub connect_timeout: Duration,
    /// How long a timed lease lives without a renewal. Default 15 s; renewed every third of it,
    /// given up by its holder at two thirds.
    pub lease_ttl: Duration,
    /// What becomes of a schema whose last user was deactivated. Default: it is rolled back.
    pub on_deactivate: Policy,
    /// What becomes of a schema whose last lease ran out. Default: it is retained.
    pub on_expire: Policy,
    /// How often the reaper looks for leases that ran out; `None` leaves that to others. Default 3 s.
    pub reap_every: Option<Duration>,
    /// How often other processes' changes are looked for where the database does not tell. Default 500 ms.
    pub poll_every: Duration,
    /// How long an observer may take for one event. Default 5 s.
    pub observer_timeout: Duration,
    /// Most connections of the pool. Default 5.
    pub max_connections: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scope: Scope::default(),
            step_timeout: Duration::from_secs(30),
            operation_timeout: Duration::from_secs(600),
            lock_timeout: Duration::from_millis(500),
            connect_timeout: Duration::from_secs(5),
            lease_ttl: Duration::from_secs(15),
            on_deactivate: Policy::Rollback,
            on_expire: Policy::Retain,
            reap_every: Some(Duration::from_secs(3)),
            poll_every: Duration::from_millis(500),
            observer_timeout: Duration::from_secs(5),
            max_connections: 5,
        }
    }
}

/// The shortest lease: below it a renewal over a slow link could not be in time.
pub const MIN_LEASE_TTL: Duration = Duration::from_millis(300);
