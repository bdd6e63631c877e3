//! Guarded use: transactions in which the schema of a lease cannot be taken back.
//!
//! ```text
//!  lease.begin ─► hold on the schema ─► lease still ours? ─┬─ no: the lease is lost, and says so
//!                                                          └─ yes: Guarded ─► statements ─► commit | rollback | drop
//! ```
//! The engines do the holding: see `engine::guard`. Here is what a lease and its transactions owe each other.

use std::marker::PhantomData;
use std::sync::{Arc, Mutex, PoisonError};

use lockstep_registry::{HandlerVersion, InstanceId, LeaseKey};
use tokio::sync::Notify;

use crate::clock::{Deadline, Stopwatch};
use crate::core::Core;
use crate::engine::guard::{Claim, Entry, GuardedTransaction};
use crate::engine::{LeaseToken, StepConnection};
use crate::lease::patience;
use crate::{Error, Result};

/// A transaction in which the schema of a lease provably exists, from its beginning to its end.
///
/// Made by [`Lease::begin`](crate::Lease::begin) or [`Runtime::begin`](crate::Runtime::begin). Its statements run on the
/// driver's own connection. Dropped, it is taken back.
///
/// ```no_run
/// # async fn story(lease: &lockstep::Lease) -> lockstep::Result<()> {
/// let mut guarded = lease.begin().await?;
/// guarded.execute("UPDATE users SET email = lower(email)").await?;
/// guarded.commit().await?;
/// # Ok(())
/// # }
/// ```
///
/// # What is promised
///
/// - When it began, the lease was live by the database's time and its schema applied. Until it ends nobody takes that
///   schema back, whatever becomes of the lease: a rollback waits, and gives up as *busy* at its deadline.
/// - So a transaction that is open when the lease is lost may still be committed, and what it writes is written into the
///   schema it was meant for. The next one does not begin: the error is [`Error::LeaseLost`], and
///   [`Lease::lost`](crate::Lease::lost) resolves.
/// - A process that was stopped for longer than its lease lives, and goes on, begins none either. One that was stopped
///   inside a transaction finds that the server ended it, or that it still holds its schema.
/// - [`commit`](Self::commit) fails where a statement ended the transaction, and on PostgreSQL where one failed in it;
///   elsewhere the database takes back just the statement that failed, and the rest counts. After `Ok` it counts.
/// - Renewals go on meanwhile. On SQLite, where nobody can write beside an open transaction, they count with its end.
///
/// # What is not covered
///
/// - Statements outside: a plain query on a pool of one's own may meet a schema that is gone, or another that has the
///   same table, from the moment the lease is lost, whether this process knows it yet or not.
/// - Work already sent: a plain statement that a process sent before it was paused may take effect at any time after.
/// - What one does elsewhere because of what one read here: mails, files, other databases.
/// - Schemas built *on top*: they may be applied and taken back meanwhile, as compatible as they were declared. A
///   schema below stays, for this one requires it.
/// - People, and programs that know nothing of Lockstep: what they drop is gone.
///
/// # What to mind
///
/// Whoever takes the schema back waits for it, so it should be short. It runs at `READ COMMITTED` on PostgreSQL, MySQL and
/// MariaDB: a snapshot kept from before the lease was read would prove nothing. The server ends a statement that takes
/// longer than [`Settings::guarded_timeout`](crate::Settings::guarded_timeout), and the transaction where it is left idle
/// for that long; MySQL itself, unlike MariaDB, stops only statements that read. On SQLite it holds the writer lock: every
/// other change of the database waits, those of the runtime too, so none of them may be awaited inside. Its connection
/// goes back into a pool: what a statement sets for the session (`SET` without `LOCAL`) the next one finds.
///
/// It borrows its lease, which therefore is not given back while it is open:
///
/// ```compile_fail,E0505
/// # async fn story(lease: lockstep::Lease) -> lockstep::Result<()> {
/// let guarded = lease.begin().await?;
/// lease.release().await?;
/// guarded.commit().await
/// # }
/// ```
pub struct Guarded<'l> {
    transaction: Box<dyn GuardedTransaction>,
    /// After the transaction, so that it has ended when renewals hear of it.
    opening: Option<Opening>,
    lease: PhantomData<&'l ()>,
}

impl std::fmt::Debug for Guarded<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guarded").finish_non_exhaustive()
    }
}

impl<'l> Guarded<'l> {
    /// Begins where the database says that the claim holds.
    pub(crate) async fn begin(core: &Core, claim: &Claim, openings: Option<&Arc<Openings>>) -> Result<Guarded<'l>> {
        let deadline = Deadline::after(core.settings.guarded_timeout);
        let entered = tokio::select! {
            entered = core.engine.begin_guarded(core.scope(), claim, deadline) => entered?,
            () = core.stop.cancelled() => return Err(Error::Cancelled),
        };
        match entered {
            Entry::Open(transaction) => Ok(Guarded {
                transaction,
                opening: openings.map(Openings::open),
                lease: PhantomData,
            }),
            Entry::Refused(why) => Err(Error::LeaseLost {
                instance: claim.instance.to_string(),
                handler_version: claim.handler_version.to_string(),
                reason: why.to_owned(),
            }),
        }
    }

    /// Begins under whatever lease an instance has.
    pub(crate) async fn begin_for(
        core: &Core,
        handler_version: &HandlerVersion,
        instance: &InstanceId,
    ) -> Result<Guarded<'l>> {
        let key = LeaseKey {
            instance: instance.clone(),
            handler_version: handler_version.clone(),
        };
        let schema = match core.view.schema_of(&key).await {
            Some(schema) => schema,
            None => {
                let facts = core.engine.facts(core.scope()).await?.unwrap_or_default();
                let held = facts.leases.get(&key).map(|held| held.schema.clone());
                held.ok_or_else(|| Error::LeaseLost {
                    instance: instance.to_string(),
                    handler_version: handler_version.to_string(),
                    reason: "there is no such live lease".to_owned(),
                })?
            }
        };
        let claim = Claim {
            instance: key.instance,
            handler_version: key.handler_version,
            schema,
            grant: None,
        };
        Self::begin(core, &claim, None).await
    }

    /// The driver's own connection. What it begins in turn is a savepoint; it must not end the transaction itself.
    pub fn connection(&mut self) -> Result<StepConnection<'_>> {
        self.transaction.connection()
    }

    /// The SQLite connection, if it is one.
    #[cfg(feature = "sqlite")]
    pub fn as_sqlite(&mut self) -> Option<&mut crate::engine::SqliteConnection> {
        self.connection().ok()?.into_sqlite()
    }

    /// The PostgreSQL connection, if it is one.
    #[cfg(feature = "postgres")]
    pub fn as_postgres(&mut self) -> Option<&mut crate::engine::PgConnection> {
        self.connection().ok()?.into_postgres()
    }

    /// The MySQL or MariaDB connection, if it is one.
    #[cfg(feature = "mysql")]
    pub fn as_mysql(&mut self) -> Option<&mut crate::engine::MySqlConnection> {
        self.connection().ok()?.into_mysql()
    }

    /// Runs SQL without parameters and returns how many rows it changed.
    pub async fn execute(&mut self, sql: &str) -> Result<u64> {
        self.transaction.execute(sql).await
    }

    /// Makes it count. An error says that nothing of it does, except [`Error::Unknown`]: the connection broke while
    /// committing. Dropped half-way, it is one of the two.
    pub async fn commit(self) -> Result<()> {
        let renewal = self.opening.as_ref().and_then(Opening::due);
        self.transaction.commit(renewal.as_ref().map(|due| &due.token)).await?;
        if let (Some(opening), Some(due)) = (&self.opening, renewal) {
            opening.renewed(due.good_until);
        }
        Ok(())
    }

    /// Takes it back, now. Dropping does the same by closing the connection.
    pub async fn rollback(self) {
        let renewal = self.opening.as_ref().and_then(Opening::due);
        let renewed = self.transaction.rollback(renewal.as_ref().map(|due| &due.token)).await;
        if let (Some(opening), Some(due), true) = (&self.opening, renewal, renewed) {
            opening.renewed(due.good_until);
        }
    }
}

/// A lease's open guarded transactions, where these keep its renewals out.
#[derive(Debug)]
pub(crate) struct Openings {
    token: LeaseToken,
    state: Mutex<State>,
    ended: Notify,
}

#[derive(Debug, Default)]
struct State {
    open: usize,
    good_until: Option<Deadline>,
}

/// A renewal that goes with the end of a transaction.
struct Due {
    token: LeaseToken,
    /// How long the holder may go on by its own clock, counted from before it is sent.
    good_until: Deadline,
}

impl Openings {
    pub(crate) fn new(token: LeaseToken) -> Arc<Self> {
        Arc::new(Self {
            token,
            state: Mutex::default(),
            ended: Notify::new(),
        })
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(self: &Arc<Self>) -> Opening {
        self.state().open += 1;
        Opening {
            of: Arc::clone(self),
            since: Stopwatch::start(),
        }
    }

    /// Returns once none is open, with the time that the last renewal of theirs gave.
    pub(crate) async fn over(&self) -> Option<Deadline> {
        loop {
            let ended = self.ended.notified();
            let state = {
                let state = self.state();
                (state.open, state.good_until)
            };
            if state.0 == 0 {
                return state.1;
            }
            ended.await;
        }
    }
}

/// One of them, for as long as it lives.
struct Opening {
    of: Arc<Openings>,
    since: Stopwatch,
}

impl Opening {
    /// A transaction that was open for long enough to keep a renewal waiting renews by itself.
    fn due(&self) -> Option<Due> {
        let token = self.of.token.clone();
        (self.since.elapsed() > token.ttl / 6).then(|| Due {
            good_until: Deadline::after(patience(token.ttl)),
            token,
        })
    }

    fn renewed(&self, good_until: Deadline) {
        self.of.state().good_until = Some(good_until);
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        self.of.state().open -= 1;
        self.of.ended.notify_waiters();
    }
}
