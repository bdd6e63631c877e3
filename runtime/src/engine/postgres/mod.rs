//! PostgreSQL: an advisory transaction lock is the structural lock; DDL is transactional, except where a step says otherwise.

mod connect;
mod console;
mod declared;
mod guard;
mod inspect;
mod introspect;
mod line;
mod metadata;
mod prepared;
mod scratch;
mod session;
mod transaction;

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{ConcurrentIndex, Dialect, Snapshot};
use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::postgres::{PgConnectOptions, PgListener};

use self::line::Lines;
use super::console::Console;
use super::guard::{Claim, Entry};
use super::{Engine, IndexSeen, LeaseToken, Limit, Outcome, Reading, Scratch, Session, Transaction};
use crate::Result;
use crate::clock::Deadline;
use crate::settings::Settings;
use crate::structure::{Declaration, KeptDeclaration};

/// A PostgreSQL database.
pub(super) struct Postgres {
    options: PgConnectOptions,
    lines: Arc<Lines>,
    guards: guard::Guards,
    settings: Settings,
    /// Redacted, for messages.
    url: String,
    /// The schema Lockstep's tables live in: the first of the search path when we connected.
    schema: String,
    /// Whether statements are prepared once for each connection. Behind a pooler that gives each transaction another
    /// connection of the server they must not be, and nothing else may outlive its transaction either.
    persistent: bool,
    /// Woken by other processes' commits, while the connection lasts.
    listener: tokio::sync::Mutex<Option<PgListener>>,
}

impl std::fmt::Debug for Postgres {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Postgres").field(&self.url).finish()
    }
}

#[async_trait]
impl Engine for Postgres {
    fn dialect(&self) -> Dialect {
        Dialect::Postgres
    }

    async fn prepare(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        self.prepare_metadata(scope, deadline).await
    }

    async fn facts(&self, scope: &Scope) -> Result<Option<Facts>> {
        self.facts_if_prepared(scope).await
    }

    async fn lock_scope(
        &self,
        scope: &Scope,
        reading: Reading<'_>,
        deadline: Deadline,
    ) -> Result<(Box<dyn Transaction>, Facts)> {
        let (transaction, facts) = self.begin(scope, reading, deadline).await?;
        Ok((Box::new(transaction), facts))
    }

    async fn lock_structure(&self, scope: &Scope, deadline: Deadline) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.begin_structural(scope, deadline).await?))
    }

    async fn open_session(&self, scope: &Scope, deadline: Deadline) -> Result<Option<Box<dyn Session>>> {
        Ok(Some(Box::new(self.session(scope, deadline).await?)))
    }

    async fn renew(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool> {
        self.renew_lease(scope, lease, deadline).await
    }

    async fn begin_guarded(&self, scope: &Scope, claim: &Claim, deadline: Deadline) -> Result<Entry> {
        self.enter(scope, claim, deadline).await
    }

    fn guarded_keeps_renewals_out(&self) -> bool {
        false
    }

    async fn stored_spec(&self, scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>> {
        self.read_stored_spec(scope, schema).await
    }

    async fn journal(&self, scope: &Scope, schema: Option<&SchemaVersion>, limit: u32) -> Result<Vec<JournalEntry>> {
        self.read_journal(scope, schema, limit).await
    }

    async fn events(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>> {
        self.read_events(scope, after, limit).await
    }

    async fn wait_for_change(&self, scope: &Scope, at_most: Duration, seen: &AtomicU64) {
        self.listen(scope, at_most, seen).await;
    }

    async fn meta(&self, key: &str) -> Result<Option<String>> {
        self.read_meta(key).await
    }

    async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        self.write_meta(key, value).await
    }

    async fn keep_declared(
        &self,
        scope: &Scope,
        declaration: &Declaration,
        creator: &str,
        deadline: Deadline,
    ) -> Result<()> {
        self.keep_declaration(scope, declaration, creator, deadline).await
    }

    async fn declared(&self, scope: &Scope, versioned: bool, limit: u32) -> Result<Vec<KeptDeclaration>> {
        self.declarations(scope, versioned, limit).await
    }

    async fn snapshot(&self) -> Result<Snapshot> {
        let mut line = self.line().await?;
        let snapshot = inspect::snapshot(line.connection()?, &self.schema).await?;
        line.finish();
        Ok(snapshot)
    }

    async fn introspect(&self, selection: &Selection) -> Result<Structure> {
        let mut console = self.console().await?;
        let structure = console.introspect(selection).await;
        console.close().await;
        structure
    }

    async fn console(&self) -> Result<Box<dyn Console>> {
        Ok(Box::new(console::Plain::open(self).await?))
    }

    async fn ask(&self, query: &str, limit: &Limit) -> Outcome<bool> {
        self.ask_author(query, limit).await
    }

    async fn index(&self, index: &ConcurrentIndex) -> Result<IndexSeen> {
        self.look_at_index(index).await
    }

    async fn session_lives(&self, identity: &str) -> Result<Option<bool>> {
        self.sees_session(identity).await
    }

    async fn scratch(&self, deadline: Deadline) -> Result<Scratch> {
        self.temporary_database(deadline).await
    }

    async fn blank(&self, deadline: Deadline) -> Result<Scratch> {
        self.blank_database(deadline).await
    }

    async fn close(&self) {
        drop(self.listener.lock().await.take());
        self.guards.close().await;
        self.lines.close().await;
    }
}
