//! What a pooled connection keeps ready: the statements of short transactions, and the limits these run under.
//!
//! A statement that is kept is parsed and planned once for each connection, and a script names it with its values
//! (`EXECUTE`), so that it still takes one round trip with others. A connection is equipped when a script first fails for
//! want of a statement. Behind a pooler nothing can be kept: there the text is sent, and the limits with it.

use std::collections::HashMap;
use std::sync::LazyLock;

use lockstep_catalog::Dialect;
use lockstep_registry::{Checksum, Scope};
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::connect::{answered, is_prepared_already, literal, numbered};
use super::metadata::{facts_sql, leases_for_one, leases_of_all};
use super::transaction::BEGIN;
use crate::Settings;
use crate::engine::Reading;
use crate::engine::writes::{self, Value, Write};

/// All live leases.
static WHOLE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(facts_sql(&leases_of_all())));

/// What one instance needs to be granted a lease.
static FOR_ONE: LazyLock<Prepared> = LazyLock::new(|| Prepared::new(facts_sql(&leases_for_one())));

/// The scope's row.
static LOCK: LazyLock<Prepared> =
    LazyLock::new(|| Prepared::new("SELECT epoch FROM lockstep_scope WHERE scope = $1 FOR UPDATE".to_owned()));

/// What a lease's grant and release write, by their text.
static WRITES: LazyLock<HashMap<String, Prepared>> = LazyLock::new(|| {
    let prepared = |sql: String| (sql.clone(), Prepared::new(numbered(&sql)));
    writes::frequent(Dialect::Postgres).map(prepared).into()
});

/// A statement that a connection may keep.
pub(super) struct Prepared {
    /// Its text, with `$1`, `$2`, …
    pub(super) sql: String,
    /// Made from the text: whatever version of Lockstep prepared it, it is this very statement.
    name: String,
}

impl Prepared {
    /// `$1` is the scope, `$2` the instance, or null.
    pub(super) fn of(reading: Reading<'_>) -> &'static Self {
        match reading {
            Reading::Whole => &WHOLE,
            Reading::For(_) => &FOR_ONE,
        }
    }

    fn new(sql: String) -> Self {
        let name = format!("lockstep_{}", &Checksum::of([sql.as_str()]).as_str()[..16]);
        Self { sql, name }
    }

    /// As a statement of a script, where the connection keeps it.
    fn execute(&self, values: &[Value]) -> String {
        let values: Vec<String> = values.iter().map(|value| value.literal(literal)).collect();
        format!("EXECUTE {} ({})", self.name, values.join(", "))
    }

    /// As a statement of a script, in full.
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

/// A reading's values.
fn read_for(scope: &Scope, reading: Reading<'_>) -> [Value; 2] {
    let instance = match reading {
        Reading::Whole => None,
        Reading::For(instance) => Some(instance.to_string()),
    };
    [Value::Text(scope.to_string()), Value::OptText(instance)]
}

/// A reading in full, for a script on a connection that keeps nothing.
pub(super) fn reading(scope: &Scope, reading: Reading<'_>) -> String {
    Prepared::of(reading).text(&read_for(scope, reading))
}

/// The script that begins a short transaction, holds the scope's row and reads what is; the last row is the reading.
pub(super) fn begin(settings: &Settings, scope: &Scope, reading: Reading<'_>, kept: bool) -> String {
    let lock = [Value::Text(scope.to_string())];
    if kept {
        let read = Prepared::of(reading).execute(&read_for(scope, reading));
        format!("{BEGIN}; {}; {read}", LOCK.execute(&lock))
    } else {
        let (limits, lock) = (limits(settings, "SET LOCAL"), LOCK.text(&lock));
        format!("{BEGIN}; {limits}; {lock}; {}", self::reading(scope, reading))
    }
}

/// The script of what a commit writes. `kept` where the connection is an equipped one.
pub(super) fn script(writes: &[Write], kept: bool) -> String {
    if !kept {
        return writes::script(writes, literal);
    }
    let one = |write: &Write| match WRITES.get(write.sql.as_ref()) {
        Some(prepared) => format!("{}; ", prepared.execute(&write.values)),
        None => writes::script(std::slice::from_ref(write), literal),
    };
    writes.iter().map(one).collect()
}

/// Gives a connection what it keeps, once.
pub(super) async fn equip(connection: &mut PgConnection, settings: &Settings) -> Result<(), sqlx::Error> {
    // The attempt without it failed within its transaction.
    let limits = limits(settings, "SET");
    answered(sqlx::raw_sql(AssertSqlSafe(format!("ROLLBACK; {limits}"))).execute(&mut *connection)).await?;
    for one in [&*WHOLE, &*FOR_ONE, &*LOCK].into_iter().chain(WRITES.values()) {
        let sql = format!("PREPARE {} AS {}", one.name, one.sql);
        match answered(sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection)).await {
            Err(error) if is_prepared_already(&error) => {}
            done => done.map(drop)?,
        }
    }
    Ok(())
}
