//! What a pooled connection keeps ready: the statements of short transactions, and the limits these run under.
//!
//! A statement that is kept is parsed and planned once for each connection, and a script names it with its values
//! (`EXECUTE`), so that it still takes one round trip with others. A connection is equipped when a script first fails for
//! want of a statement. Behind a pooler nothing can be kept: there the text is sent, and the limits with it.

use std::sync::LazyLock;

use lockstep_catalog::Dialect;
use lockstep_registry::{Checksum, Scope};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::connect::{answered, is_prepared_already, literal, numbered};
use super::metadata::{for_one_sql, whole_sql};
use super::transaction::BEGIN;
use crate::Settings;
use crate::engine::Reading;
use crate::engine::writes::{self, Value, Write};

/// All live leases.
static WHOLE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(whole_sql()));

/// What one instance needs to be granted a lease.
static FOR_ONE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(for_one_sql()));

/// The scope's row, held until the transaction ends. What is read, the time included, is read by the next statement, because
/// this one waits.
static LOCK: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::new("SELECT 'held' FROM lockstep_scope WHERE scope = $1 FOR UPDATE".to_owned()));

/// What a lease's grant and release write, each as one statement: their parts write to different tables, so their order has
/// no meaning.
static WRITES: LazyLock<[([String; 3], Prepared); 2]> = LazyLock::new(|| {
    writes::frequent(Dialect::Postgres).map(|parts| {
        let [lease, event, scope] = &parts;
        let sql = numbered(&format!("WITH lease AS ({lease}), event AS ({event}) {scope}"));
        (parts, Prepared::new(sql))
    })
});

/// A statement that a connection may keep.
pub(super) struct Prepared {
    /// Its text, with `$1`, `$2`, …
    sql: String,
    /// Made from the text: whatever version of Lockstep prepared it, it is this very statement.
    name: String,
}

impl Prepared {
    fn new(sql: String) -> Self {
        let name = format!("lockstep_{}", &Checksum::of([sql.as_str()]).as_str()[..16]);
        Self { sql, name }
    }

    /// As a statement of a script: by its name where the connection keeps it, in full elsewhere.
    fn statement(&self, values: &[Value], kept: bool) -> String {
        if kept { self.execute(values) } else { self.text(values) }
    }

    fn execute(&self, values: &[Value]) -> String {
        let values: Vec<String> = values.iter().map(|value| value.literal(literal)).collect();
        format!("EXECUTE {} ({})", self.name, values.join(", "))
    }

    fn text(&self, values: &[Value]) -> String {
        let mut sql = self.sql.clone();
        for (at, value) in values.iter().enumerate().rev() {
            sql = sql.replace(&format!("${}", at + 1), &value.literal(literal));
        }
        sql
    }
}

/// The limits of a short transaction; a generic plan is as good as any for looking up a row by its key.
fn limits(settings: &Settings, set: &str) -> String {
    format!(
        "{set} lock_timeout = {lock}; {set} statement_timeout = '10s'; \
         {set} idle_in_transaction_session_timeout = '30s'; {set} plan_cache_mode = force_generic_plan",
        lock = settings.lock_timeout.as_millis().max(1),
    )
}

/// What [`BEGIN`] says, for every transaction of a connection.
const MODE: &str = "SET default_transaction_isolation = 'read committed'; SET default_transaction_read_only = off";

/// A reading as a statement of a script; `kept` where the connection is an equipped one.
pub(super) fn reading(scope: &Scope, reading: Reading<'_>, kept: bool) -> String {
    let scope = Value::Text(scope.to_string());
    match reading {
        Reading::Whole => WHOLE.statement(&[scope], kept),
        Reading::For(instance) => FOR_ONE.statement(&[scope, Value::Text(instance.to_string())], kept),
    }
}

/// The same, and the scope's row is held from there to the end of the transaction.
pub(super) fn locked_reading(scope: &Scope, reading: Reading<'_>, kept: bool) -> String {
    let lock = LOCK.statement(&[Value::Text(scope.to_string())], kept);
    format!("{lock}; {}", self::reading(scope, reading, kept))
}

/// The script that begins a short transaction, holds the scope's row and reads what is.
pub(super) fn begin(settings: &Settings, scope: &Scope, reading: Reading<'_>, kept: bool) -> String {
    let read = locked_reading(scope, reading, kept);
    if kept {
        // In the mode that the connection was equipped with.
        format!("BEGIN; {read}")
    } else {
        format!("{BEGIN}; {limits}; {read}", limits = limits(settings, "SET LOCAL"))
    }
}

/// The script of what a commit writes. `kept` where the connection is an equipped one.
pub(super) fn script(writes: &[Write], kept: bool) -> String {
    if !kept {
        return writes::script(writes, literal);
    }
    let frequent = WRITES.iter().find(|(parts, _)| {
        parts
            .iter()
            .map(String::as_str)
            .eq(writes.iter().map(|write| write.sql.as_ref()))
    });
    match frequent {
        Some((_, prepared)) => {
            let values: Vec<_> = writes.iter().flat_map(|write| write.values.clone()).collect();
            format!("{}; ", prepared.execute(&values))
        }
        None => writes::script(writes, literal),
    }
}

/// Gives a connection what it keeps, once.
pub(super) async fn equip(connection: &mut PgConnection, settings: &Settings) -> Result<(), sqlx::Error> {
    // The attempt without it failed within its transaction.
    let limits = limits(settings, "SET");
    let script = format!("ROLLBACK; {limits}; {MODE}");
    answered(sqlx::raw_sql(AssertSqlSafe(script)).execute(&mut *connection)).await?;
    for one in [&*WHOLE, &*FOR_ONE, &*LOCK]
        .into_iter()
        .chain(WRITES.iter().map(|(_, prepared)| prepared))
    {
        let sql = format!("PREPARE {} AS {}", one.name, one.sql);
        match answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection)).await {
            Err(error) if is_prepared_already(&error) => {}
            done => done.map(drop)?,
        }
    }
    Ok(())
}
