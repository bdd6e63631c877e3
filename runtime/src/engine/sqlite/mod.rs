//! SQLite: the writer lock is structural lock and scope row in one; DDL is transactional.

mod connect;
mod console;
mod declared;
mod foreign_keys;
mod guard;
mod inspect;
mod introspect;
mod metadata;
mod scratch;
mod transaction;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Snapshot};
use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::console::Console;
use super::guard::{Claim, Entry};
use super::step::{Cause, Fault};
use super::{Engine, LeaseToken, Limit, Outcome, Reading, Scratch, Session, Transaction};
use crate::Result;
use crate::clock::Deadline;
use crate::settings::Settings;
use crate::structure::{Declaration, KeptDeclaration};

/// An SQLite database.
pub(super) struct Sqlite {
    options: SqliteConnectOptions,
    pool: SqlitePool,
    guards: guard::Guards,
    settings: Settings,
    /// Redacted, for messages.
    url: String,
    /// Where this process's writers queue, so that only one of them at a time contends with other processes.
    turn: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Sqlite {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Sqlite").field(&self.url).finish()
    }
}

#[async_trait]
impl Engine for Sqlite {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    async fn prepare(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        self.prepare_metadata(scope, deadline).await
    }

    async fn facts(&self, scope: &Scope) -> Result<Option<Facts>> {
        let mut connection = self.acquire().await?;
        metadata::facts_if_prepared(&mut connection, scope).await
    }

    async fn lock_scope(
        &self,
        scope: &Scope,
        reading: Reading<'_>,
        deadline: Deadline,
    ) -> Result<(Box<dyn Transaction>, Facts)> {
        let mut transaction = self.begin(scope, deadline, false).await?;
        let facts = transaction.facts(reading).await?;
        Ok((Box::new(transaction), facts))
    }

    async fn lock_structure(&self, scope: &Scope, deadline: Deadline) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.begin(scope, deadline, true).await?))
    }

    async fn open_session(&self, _scope: &Scope, _deadline: Deadline) -> Result<Option<Box<dyn Session>>> {
        // Holding the writer lock means being in a transaction.
        Ok(None)
    }

    async fn renew(&self, scope: &Scope, lease: &LeaseToken, deadline: Deadline) -> Result<bool> {
        self.renew_lease(scope, lease, deadline).await
    }

    async fn begin_guarded(&self, scope: &Scope, claim: &Claim, deadline: Deadline) -> Result<Entry> {
        self.enter(scope, claim, deadline).await
    }

    fn guarded_keeps_renewals_out(&self) -> bool {
        true
    }

    async fn stored_spec(&self, scope: &Scope, schema: &SchemaVersion) -> Result<Option<SchemaSpec>> {
        let mut connection = self.acquire().await?;
        metadata::stored_spec(&mut connection, scope, schema).await
    }

    async fn journal(&self, scope: &Scope, schema: Option<&SchemaVersion>, limit: u32) -> Result<Vec<JournalEntry>> {
        let mut connection = self.acquire().await?;
        metadata::journal(&mut connection, scope, schema, limit).await
    }

    async fn events(&self, scope: &Scope, after: u64, limit: u32) -> Result<Vec<Event>> {
        let mut connection = self.acquire().await?;
        metadata::events(&mut connection, scope, after, limit).await
    }

    async fn wait_for_change(&self, _scope: &Scope, at_most: Duration, _seen: &AtomicU64) {
        tokio::time::sleep(at_most).await;
    }

    async fn meta(&self, key: &str) -> Result<Option<String>> {
        let mut connection = self.acquire().await?;
        metadata::meta(&mut connection, key).await
    }

    async fn set_meta(&self, key: &str, value: &str) -> Result<()> {
        let mut connection = self.acquire().await?;
        metadata::set_meta(&mut connection, key, value).await
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
        let mut connection = self.acquire().await?;
        inspect::snapshot(&mut connection).await
    }

    async fn introspect(&self, selection: &Selection) -> Result<Structure> {
        let mut connection = self.acquire().await?;
        introspect::structure(&mut connection, selection).await
    }

    async fn change_marker(&self) -> Result<Option<String>> {
        let mut connection = self.acquire().await?;
        introspect::change_marker(&mut connection).await.map(Some)
    }

    async fn console(&self) -> Result<Box<dyn Console>> {
        Ok(Box::new(console::Plain::open(self).await?))
    }

    /// Steps are part of their transaction here: what is on record is in effect, and nothing is ever in doubt.
    async fn ask(&self, _query: &str, _limit: &Limit) -> Outcome<bool> {
        let message = "what is on record was verified in the transaction that it is part of";
        Err(Fault::new(Cause::Refused, message))
    }

    async fn scratch(&self, _deadline: Deadline) -> Result<Scratch> {
        self.copy().await
    }

    async fn blank(&self, _deadline: Deadline) -> Result<Scratch> {
        self.empty().await
    }

    async fn close(&self) {
        self.guards.close().await;
        self.pool.close().await;
    }
}
