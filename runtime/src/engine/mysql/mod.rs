//! MySQL and MariaDB: a named lock is the structural lock; DDL commits by itself, so steps are journalled one by one.

mod connect;
mod console;
mod declared;
mod guard;
mod inspect;
mod introspect;
mod metadata;
mod scratch;
mod session;
mod transaction;

use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use lockstep_catalog::structure::{Selection, Structure};
use lockstep_catalog::{Dialect, Snapshot};
use lockstep_lifecycle::{Event, Facts, JournalEntry};
use lockstep_registry::{SchemaSpec, SchemaVersion, Scope};
use sqlx::mysql::{MySqlConnectOptions, MySqlPool};

use super::console::Console;
use super::guard::{Claim, Entry};
use super::{Engine, LeaseToken, Limit, Outcome, Scratch, Session, Transaction};
use crate::Result;
use crate::clock::{Deadline, pause};
use crate::settings::Settings;
use crate::structure::{Declaration, KeptDeclaration};

/// A MySQL or MariaDB database.
pub(super) struct Mysql {
    options: MySqlConnectOptions,
    pool: MySqlPool,
    guards: guard::Guards,
    settings: Settings,
    /// Redacted, for messages.
    url: String,
    /// The database Lockstep's tables live in, as the server spells it.
    database: String,
    server: connect::Server,
    /// What every connection is set to.
    setup: String,
}

impl std::fmt::Debug for Mysql {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Mysql").field(&self.url).finish()
    }
}

#[async_trait]
impl Engine for Mysql {
    fn dialect(&self) -> Dialect {
        Dialect::Mysql
    }

    fn transactional_ddl(&self) -> bool {
        false
    }

    async fn prepare(&self, scope: &Scope, deadline: Deadline) -> Result<Facts> {
        self.prepare_metadata(scope, deadline).await
    }

    async fn facts(&self, scope: &Scope) -> Result<Option<Facts>> {
        self.facts_if_prepared(scope).await
    }

    async fn lock_scope(&self, scope: &Scope, deadline: Deadline) -> Result<Box<dyn Transaction>> {
        Ok(Box::new(self.begin(scope, deadline).await?))
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

    /// Nothing there tells of others' commits: the log is polled.
    async fn wait_for_change(&self, _scope: &Scope, at_most: Duration, _seen: &AtomicU64) {
        pause(at_most, Deadline::after(at_most)).await;
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
        let snapshot = inspect::snapshot(line.connection()?, &self.database, self.server).await?;
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

    async fn session_lives(&self, identity: &str) -> Result<Option<bool>> {
        self.sees_session(identity).await
    }

    async fn scratch(&self, deadline: Deadline) -> Result<Scratch> {
        self.temporary_database(deadline).await
    }

    async fn blank(&self, deadline: Deadline) -> Result<Scratch> {
        self.temporary_database(deadline).await
    }

    async fn close(&self) {
        self.guards.close().await;
        self.pool.close().await;
    }
}
