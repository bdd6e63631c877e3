//! Guarded use: a transaction of the user's own in which a schema cannot be taken back.
//!
//! ```text
//!  begin   a shared hold on the schema ─► in a statement of its own: is the lease ours, is its schema applied?
//!  commit  is it still that transaction, and unharmed? ─► COMMIT lets the hold go
//!  a way back   `exclude_guarded` before any table is touched: it and the shared holds keep each other out
//! ```
//! The order is what proves it. Whoever takes a schema back first keeps new holds out, then makes it visible that the
//! lease is over, and only then lets go: a hold taken before is waited for, one taken after reads that it is too late.
//!
//! PostgreSQL holds a shared advisory transaction lock, SQLite the writer lock itself. An engine of row locks holds a
//! shared lock on a row of the schema's that nothing else writes (`FOR SHARE`, `LOCK IN SHARE MODE`): the lease's row is
//! written by renewals and the schema's by those who take it back, so neither will do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use lockstep_registry::{
    HandlerVersion, Holder, Incarnation, InstanceId, LeaseState, SchemaState, SchemaVersion, Scope,
};

use super::{LeaseToken, StepConnection};
use crate::Result;
use crate::clock::Stopwatch;

/// What whoever begins must show.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub(crate) instance: InstanceId,
    pub(crate) handler_version: HandlerVersion,
    /// The schema the lease is on: its hold is taken before the lease is read.
    pub(crate) schema: SchemaVersion,
    /// Which grant of the lease; `None` where any of the instance's will do.
    pub(crate) grant: Option<(Incarnation, u64)>,
}

impl Claim {
    pub(crate) fn of(token: &LeaseToken, schema: &SchemaVersion) -> Self {
        let Holder { instance, incarnation } = token.holder.clone();
        Self {
            instance,
            handler_version: token.handler_version.clone(),
            schema: schema.clone(),
            grant: Some((incarnation, token.epoch)),
        }
    }
}

/// What asking for a guarded transaction came to.
pub(crate) enum Entry {
    Open(Box<dyn GuardedTransaction>),
    /// The lease is not one to begin under, and why.
    Refused(&'static str),
}

/// An open guarded transaction. Dropping it closes its connection, so that the database takes it back.
#[async_trait]
pub(crate) trait GuardedTransaction: Send {
    /// The connection, for the user's own statements.
    fn connection(&mut self) -> Result<StepConnection<'_>>;

    /// Runs SQL without parameters and returns how many rows it changed.
    async fn execute(&mut self, sql: &str) -> Result<u64>;

    /// Once this returns `Ok`, what was done counts. Where the transaction kept renewals out, `renewal` counts with it.
    async fn commit(self: Box<Self>, renewal: Option<&LeaseToken>) -> Result<()>;

    /// Takes everything back but the `renewal`, of which it tells whether it counts.
    async fn rollback(self: Box<Self>, renewal: Option<&LeaseToken>) -> bool;
}

/// A driver remembers prepared statements for as long as a connection lives. One that was prepared before a schema changed
/// fails ever after on PostgreSQL, and ends the driver's thread on SQLite. So what a connection remembers is dropped when
/// the scope's epoch turns out to have changed, and connections older than that are not used again.
pub(crate) struct Plans(Mutex<(Option<i64>, Stopwatch)>);

impl Plans {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new((None, Stopwatch::start()))))
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, (Option<i64>, Stopwatch)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The newest epoch seen, to be asked for when a connection is taken from its pool.
    pub(crate) fn known(&self) -> Option<i64> {
        self.lock().0
    }

    /// Whether a connection that was taken when `known` was known must forget its plans.
    pub(crate) fn changed(&self, known: Option<i64>, found: i64) -> bool {
        if known == Some(found) {
            return false;
        }
        let mut held = self.lock();
        if held.0 != Some(found) {
            *held = (Some(found), Stopwatch::start());
        }
        true
    }

    /// Whether a connection of this age was made after the last change we know of.
    pub(crate) fn suit(&self, age: Duration) -> bool {
        age <= self.lock().1.elapsed()
    }
}

/// The driver counts how deep a connection is in transactions, so that a `begin` of the user's within ours makes a
/// savepoint and its `commit` does not end ours. These begin and end through that count, on a connection that stays ours.
pub(super) mod counted {
    use sqlx::{AssertSqlSafe, Database, Error, SqlSafeStr};
    use sqlx_core::transaction::TransactionManager;

    /// Audited: the statement is one of an engine's own.
    pub(in crate::engine) async fn begin<D: Database>(
        connection: &mut D::Connection,
        sql: String,
    ) -> Result<(), Error> {
        D::TransactionManager::begin(connection, Some(AssertSqlSafe(sql).into_sql_str())).await
    }

    #[cfg(feature = "sqlite")] // on PostgreSQL the end is one script with a question before it
    pub(in crate::engine) async fn commit<D: Database>(connection: &mut D::Connection) -> Result<(), Error> {
        D::TransactionManager::commit(connection).await
    }

    #[cfg(feature = "sqlite")]
    pub(in crate::engine) async fn rollback<D: Database>(connection: &mut D::Connection) -> Result<(), Error> {
        D::TransactionManager::rollback(connection).await
    }

    /// Whether a transaction of ours is open, and none of the user's within it.
    pub(in crate::engine) fn is_outermost<D: Database>(connection: &D::Connection) -> bool {
        D::TransactionManager::get_transaction_depth(connection) == 1
    }
}

/// The lease and its schema, as the engines select them after they hold the schema: see [`lease_sql`].
#[derive(Debug, Clone)]
pub(crate) struct Held {
    pub(crate) state: String,
    pub(crate) incarnation: String,
    pub(crate) epoch: i64,
    pub(crate) schema: String,
    pub(crate) expires_at: Option<i64>,
    pub(crate) now: i64,
    pub(crate) schema_state: Option<String>,
}

/// Selects the columns of [`Held`] in their order, then the scope's epoch. `prefix` qualifies the tables, `now` is the
/// engine's expression for its time, `literal` its own.
pub(crate) fn lease_sql(
    scope: &Scope,
    claim: &Claim,
    prefix: &str,
    now: &str,
    literal: impl Fn(&str) -> String,
) -> String {
    format!(
        "SELECT l.state, l.incarnation, l.epoch, l.schema_version, l.expires_at, {now}, s.state, c.epoch \
         FROM {prefix}lockstep_lease l JOIN {prefix}lockstep_scope c ON c.scope = l.scope \
         LEFT JOIN {prefix}lockstep_schema s ON s.scope = l.scope AND s.version = l.schema_version \
         WHERE l.scope = {scope} AND l.instance = {instance} AND l.handler = {handler} AND l.api_version = {version}",
        scope = literal(scope.as_str()),
        instance = literal(claim.instance.as_str()),
        handler = literal(claim.handler_version.handler.as_str()),
        version = literal(&claim.handler_version.version.to_string()),
    )
}

/// Why the lease is not one to begin under; `None` if it is.
pub(crate) fn refusal(held: Option<&Held>, claim: &Claim) -> Option<&'static str> {
    let Some(held) = held else {
        return Some("there is no such lease");
    };
    if let Some((incarnation, epoch)) = &claim.grant
        && (held.incarnation != incarnation.as_str() || u64::try_from(held.epoch).ok() != Some(*epoch))
    {
        return Some("it was fenced");
    }
    match LeaseState::from_name(&held.state) {
        Some(LeaseState::Active) => {}
        Some(LeaseState::Released) => return Some("it was released"),
        Some(LeaseState::Pending) => return Some("it is not granted yet"),
        Some(LeaseState::Fenced) | None => return Some("it was fenced"),
    }
    if held.schema != claim.schema.as_str() {
        return Some("it is on another schema now");
    }
    if held.expires_at.is_some_and(|at| at <= held.now) {
        return Some("it ran out");
    }
    let applied = held.schema_state.as_deref().and_then(SchemaState::from_name) == Some(SchemaState::Applied);
    (!applied).then_some("its schema is not applied any more")
}

#[cfg(test)]
mod tests {
    use super::{Claim, Held, refusal};

    fn claim() -> Claim {
        Claim {
            instance: "web-1".parse().expect("a name"),
            handler_version: "users@1.0.0".parse().expect("a version"),
            schema: "schema_v1".parse().expect("a name"),
            grant: Some(("start-1".parse().expect("a name"), 7)),
        }
    }

    fn held() -> Held {
        Held {
            state: "active".to_owned(),
            incarnation: "start-1".to_owned(),
            epoch: 7,
            schema: "schema_v1".to_owned(),
            expires_at: Some(2),
            now: 1,
            schema_state: Some("applied".to_owned()),
        }
    }

    #[test]
    fn only_a_live_lease_of_ours_on_an_applied_schema_will_do() {
        let why = |change: fn(&mut Held)| {
            let mut held = held();
            change(&mut held);
            refusal(Some(&held), &claim())
        };
        assert_eq!(why(|_| ()), None);
        assert_eq!(why(|h| h.expires_at = None), None, "pinned");
        assert_eq!(refusal(None, &claim()), Some("there is no such lease"));
        assert_eq!(why(|h| h.state = "fenced".to_owned()), Some("it was fenced"));
        assert_eq!(why(|h| h.state = "released".to_owned()), Some("it was released"));
        assert_eq!(why(|h| h.state = "pending".to_owned()), Some("it is not granted yet"));
        assert_eq!(why(|h| h.incarnation = "start-2".to_owned()), Some("it was fenced"));
        assert_eq!(why(|h| h.epoch = 8), Some("it was fenced"));
        assert_eq!(why(|h| h.now = 2), Some("it ran out"));
        assert_eq!(
            why(|h| h.schema = "schema_v2".to_owned()),
            Some("it is on another schema now")
        );
        for state in [None, Some("reverting"), Some("rolled_back"), Some("failed"), Some("?")] {
            let held = Held {
                schema_state: state.map(str::to_owned),
                ..held()
            };
            assert_eq!(
                refusal(Some(&held), &claim()),
                Some("its schema is not applied any more"),
                "{state:?}"
            );
        }
    }

    #[test]
    fn any_grant_will_do_where_none_is_named() {
        let mut claim = claim();
        claim.grant = None;
        let mut held = held();
        held.epoch = 9;
        held.incarnation = "start-9".to_owned();
        assert_eq!(refusal(Some(&held), &claim), None);
    }
}
