//! What each strategy may do, who is asked, and the way back.

use lockstep::catalog::compare::compare;
use lockstep::structure::{Consent, SyncOptions, Synced};
use lockstep::{Deactivation, Policy};

use super::scenario::{DESIRED, full, leaving, looks, rows, shop, side, sync};
use crate::invariants;
use crate::support::{Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    an_additive_sync_adds_and_removes_nothing
    an_additive_sync_leaves_what_is_to_be_renamed
    a_full_sync_asks_before_values_go
    a_low_risk_is_no_consent_to_losing_values
    a_full_sync_leads_there_and_its_deactivation_back
    a_second_sync_finds_nothing_to_do
    a_dry_run_changes_nothing
    syncs_build_on_one_another
    the_newest_sync_is_taken_back_alone
    a_rename_is_taken_back_without_talk_of_losses
    a_new_column_under_an_old_name_is_refused
    a_new_table_under_an_old_name_gives_it_back
);

async fn an_additive_sync_adds_and_removes_nothing(engine: Engine) {
    let database = shop(engine).await;
    let before = rows(&database).await;
    let runtime = database.runtime(|b| b).await;
    let synced = sync(&runtime, &database, DESIRED, &SyncOptions::default())
        .await
        .unwrap();
    let Synced::Synchronized { proposal, .. } = synced else {
        panic!("{synced:?}");
    };
    assert!(proposal.risk.auto_approve, "{:?}", proposal.risk);
    let left: Vec<_> = proposal.left.iter().map(ToString::to_string).collect();
    assert!(left.iter().any(|one| one.contains("customers.fax")), "{left:?}");
    assert!(left.iter().any(|one| one.contains("orders.amount")), "{left:?}");
    assert!(database.has_column("customers", "fax").await && database.has_column("customers", "email").await);
    assert!(database.has_table("notes").await);
    assert_eq!(rows(&database).await, before);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// A column under its new name beside the old one would be empty, and the next full sync would drop the values.
async fn an_additive_sync_leaves_what_is_to_be_renamed(engine: Engine) {
    let database = shop(engine).await;
    let before = rows(&database).await;
    let desired = "
        CREATE TABLE clients ( -- @renamed from=customers
          id INTEGER PRIMARY KEY,
          name VARCHAR(100) NOT NULL,
          telefax VARCHAR(40), -- @renamed from=fax
          email VARCHAR(200)
        );
        CREATE INDEX by_telefax ON clients (telefax);
        CREATE INDEX by_name ON clients (name);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));
        CREATE VIEW faxes AS SELECT telefax FROM clients;
    ";
    let runtime = database.runtime(|b| b).await;
    let synced = sync(&runtime, &database, desired, &SyncOptions::default())
        .await
        .unwrap();
    let Synced::Synchronized { proposal, .. } = synced else {
        panic!("{synced:?}");
    };
    let left: Vec<_> = proposal.left.iter().map(ToString::to_string).collect();
    for one in ["> table", "fax -> telefax", "view"] {
        assert!(left.iter().any(|left| left.contains(one)), "{one}: {left:?}");
    }
    assert!(database.has_column("customers", "fax").await && database.has_column("customers", "email").await);
    assert!(!database.has_table("clients").await);
    assert_eq!(rows(&database).await, before);
    let synced = sync(&runtime, &database, desired, &full()).await.unwrap();
    assert!(matches!(synced, Synced::Synchronized { .. }), "{synced:?}");
    let faxes = database
        .rows("SELECT telefax FROM faxes WHERE telefax IS NOT NULL")
        .await;
    assert_eq!(faxes, [["123"]]);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_full_sync_asks_before_values_go(engine: Engine) {
    let database = shop(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let unasked = SyncOptions {
        consent: None,
        ..full()
    };
    let synced = sync(&runtime, &database, DESIRED, &unasked).await.unwrap();
    let Synced::NeedsConsent { proposal } = synced else {
        panic!("{synced:?}");
    };
    assert!(
        !proposal.risk.auto_approve && proposal.risk.score >= 70,
        "{:?}",
        proposal.risk
    );
    assert!(compare(&looks(&database).await, &before).is_empty());
    // Consent to another plan is none.
    let other = SyncOptions {
        consent: Some(Consent::To("another".to_owned())),
        ..full()
    };
    let synced = sync(&runtime, &database, DESIRED, &other).await.unwrap();
    assert!(matches!(synced, Synced::NeedsConsent { .. }), "{synced:?}");
    let agreed = SyncOptions {
        consent: Some(Consent::To(proposal.id)),
        ..full()
    };
    let synced = sync(&runtime, &database, DESIRED, &agreed).await.unwrap();
    assert!(matches!(synced, Synced::Synchronized { .. }), "{synced:?}");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_low_risk_is_no_consent_to_losing_values(engine: Engine) {
    let database = shop(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let no_fax = "
        CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL);
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));
    ";
    let unasked = SyncOptions {
        consent: None,
        ..full()
    };
    let synced = sync(&runtime, &database, no_fax, &unasked).await.unwrap();
    let Synced::NeedsConsent { proposal } = synced else {
        panic!("{synced:?}");
    };
    assert!(proposal.risk.auto_approve, "{:?}", proposal.risk);
    assert!(compare(&looks(&database).await, &before).is_empty());
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_full_sync_leads_there_and_its_deactivation_back(engine: Engine) {
    let database = shop(engine).await;
    let (before, were) = (looks(&database).await, rows(&database).await);
    let runtime = database.runtime(|b| b).await;
    let desired = side(&database, DESIRED).await;
    let goal = desired.structure.clone();
    let synced = runtime.sync(desired, &full()).await.unwrap();
    let Synced::Synchronized { handler_version, .. } = synced else {
        panic!("{synced:?}");
    };
    assert!(compare(&looks(&database).await, &goal).is_empty());
    assert_eq!(rows(&database).await[0][2], "7", "the text became a number");
    // What is written afterwards keeps what it has.
    database.execute("UPDATE orders SET amount = 43 WHERE id = 11").await;
    let leaving = leaving(Policy::Rollback, true);
    let back = runtime.deactivate_with(handler_version, leaving).await.unwrap();
    assert!(matches!(back, Deactivation::RolledBack { .. }), "{back:?}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    let mut expected = were;
    expected[1][2] = "43".to_owned();
    assert_eq!(
        rows(&database).await,
        expected,
        "the values of before are back, '007' among them"
    );
    assert_eq!(
        database.rows("SELECT fax FROM customers ORDER BY id").await,
        [["123".to_owned()], ["∅".to_owned()]]
    );
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_second_sync_finds_nothing_to_do(engine: Engine) {
    let database = shop(engine).await;
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, &database, DESIRED, &full()).await.unwrap();
    let events = database.log().await.len();
    let again = sync(&runtime, &database, DESIRED, &full()).await.unwrap();
    assert!(
        matches!(again, Synced::InSync { ref left, .. } if left.is_empty()),
        "{again:?}"
    );
    assert_eq!(database.log().await.len(), events);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_dry_run_changes_nothing(engine: Engine) {
    let database = shop(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let dry = SyncOptions {
        dry_run: true,
        ..full()
    };
    let synced = sync(&runtime, &database, DESIRED, &dry).await.unwrap();
    assert!(
        matches!(synced, Synced::Planned { ref proposal } if !proposal.plan.statements.is_empty()),
        "{synced:?}"
    );
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert!(database.log().await.is_empty());
    runtime.shutdown().await;
    database.drop().await;
}

/// The old names come back with everything they held; what is computed held nothing.
async fn a_rename_is_taken_back_without_talk_of_losses(engine: Engine) {
    let database = shop(engine).await;
    let (before, were) = (looks(&database).await, rows(&database).await);
    let runtime = database.runtime(|b| b).await;
    let renamed = "
        CREATE TABLE clients ( -- @renamed from=customers
          id INTEGER PRIMARY KEY,
          name VARCHAR(100) NOT NULL,
          telefax VARCHAR(40) -- @renamed from=fax
        );
        CREATE TABLE orders (
          id INTEGER PRIMARY KEY,
          customer_id INTEGER NOT NULL,
          amount VARCHAR(20),
          twice INTEGER GENERATED ALWAYS AS (id * 2) STORED
        );
    ";
    let synced = sync(&runtime, &database, renamed, &full()).await.unwrap();
    let Synced::Synchronized {
        handler_version,
        reversible,
        ..
    } = synced
    else {
        panic!("{synced:?}");
    };
    assert!(reversible);
    let leaving = leaving(Policy::Rollback, false);
    let back = runtime.deactivate_with(handler_version, leaving).await.unwrap();
    assert!(matches!(back, Deactivation::RolledBack { .. }), "{back:?}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert_eq!(rows(&database).await, were);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// On the way back the first column could not get its name again.
async fn a_new_column_under_an_old_name_is_refused(engine: Engine) {
    let database = shop(engine).await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let orders = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));";
    let column = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL,
        telefax VARCHAR(40), -- @renamed from=fax
        fax VARCHAR(40)
    );";
    let refused = sync(&runtime, &database, &format!("{column}\n{orders}"), &full()).await;
    let said = refused.expect_err("refused").to_string();
    assert!(said.contains("there would be no way back to the first one"), "{said}");
    let twice = "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL,
        telefax VARCHAR(40), -- @renamed from=fax
        facsimile VARCHAR(40) -- @renamed from=fax
    );";
    let refused = sync(&runtime, &database, &format!("{twice}\n{orders}"), &full()).await;
    let said = refused.expect_err("refused").to_string();
    assert!(said.contains("it can only become one"), "{said}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn a_new_table_under_an_old_name_gives_it_back(engine: Engine) {
    let database = shop(engine).await;
    let (before, were) = (looks(&database).await, rows(&database).await);
    let runtime = database.runtime(|b| b).await;
    let desired = "
        CREATE TABLE clients ( -- @renamed from=customers
          id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, fax VARCHAR(40));
        CREATE TABLE customers (id INTEGER PRIMARY KEY, remark VARCHAR(40));
        CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));
    ";
    let synced = sync(&runtime, &database, desired, &full()).await.unwrap();
    let Synced::Synchronized { handler_version, .. } = synced else {
        panic!("{synced:?}");
    };
    assert_eq!(database.rows("SELECT name FROM clients ORDER BY id").await.len(), 2);
    let leaving = leaving(Policy::Rollback, false);
    let back = runtime.deactivate_with(handler_version, leaving).await.unwrap();
    assert!(matches!(back, Deactivation::RolledBack { .. }), "{back:?}");
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert_eq!(rows(&database).await, were);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn the_newest_sync_is_taken_back_alone(engine: Engine) {
    let database = shop(engine).await;
    let runtime = database.runtime(|b| b).await;
    let first = sync(&runtime, &database, DESIRED, &full()).await.unwrap();
    let Synced::Synchronized {
        schema: first,
        builds_on: None,
        ..
    } = first
    else {
        panic!("{first:?}");
    };
    let between = looks(&database).await;
    let more = format!("{DESIRED}\nCREATE TABLE tags (id INTEGER PRIMARY KEY, label VARCHAR(40));");
    let second = sync(&runtime, &database, &more, &full()).await.unwrap();
    let Synced::Synchronized {
        schema,
        handler_version,
        builds_on,
        ..
    } = second
    else {
        panic!("{second:?}");
    };
    assert_eq!(builds_on, Some(first));
    let retain = leaving(Policy::Retain, false);
    runtime.deactivate_with(handler_version, retain).await.unwrap();
    runtime.rollback(schema, false).await.unwrap();
    assert!(compare(&looks(&database).await, &between).is_empty());
    // And on from there.
    let again = sync(&runtime, &database, &more, &full()).await.unwrap();
    assert!(matches!(again, Synced::Synchronized { .. }), "{again:?}");
    assert!(database.has_table("tags").await);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn syncs_build_on_one_another(engine: Engine) {
    let database = shop(engine).await;
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, &database, DESIRED, &full()).await.unwrap();
    let more = format!("{DESIRED}\nCREATE TABLE tags (id INTEGER PRIMARY KEY, label VARCHAR(40));");
    let synced = sync(&runtime, &database, &more, &full()).await.unwrap();
    let Synced::Synchronized { schema, .. } = synced else {
        panic!("{synced:?}");
    };
    runtime.shutdown().await;
    // Another process, which never saw the first one's specs, goes on from there.
    let runtime = database.runtime(|b| b).await;
    let yet = format!("{more}\nCREATE TABLE marks (id INTEGER PRIMARY KEY);");
    let synced = sync(&runtime, &database, &yet, &full()).await.unwrap();
    assert!(matches!(synced, Synced::Synchronized { .. }), "{synced:?}");
    let status = database.status().await;
    let first = status.schemas.iter().find(|one| one.schema == schema).unwrap();
    assert_eq!(first.required_by.len(), 1, "{status:?}");
    let held: Vec<_> = status
        .leases
        .iter()
        .filter(|one| one.lease.state == lockstep::registry::LeaseState::Active)
        .collect();
    assert_eq!(held.len(), 1, "the newest holds what all build on: {held:?}");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
