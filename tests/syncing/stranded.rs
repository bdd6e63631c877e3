//! Kept values whose rows are there under other keys by the time of the way back.

use lockstep::lifecycle::{DataLoss, Refusal, RetentionReason};
use lockstep::registry::SchemaVersion;
use lockstep::structure::Synced;
use lockstep::{Deactivation, Error, HandlerVersion, Policy, Runtime};

use super::scenario::{DESIRED, full, leaving, looks, rows, shop, sync};
use crate::invariants;
use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_value_whose_row_got_another_key_does_not_go_silently
    a_converted_value_whose_row_got_another_key_does_not_go_silently
    rows_that_went_or_came_are_no_loss
);

/// The shop after a sync that drops the fax and makes numbers of the amounts.
async fn synced(engine: Engine) -> (Database, Runtime, HandlerVersion, SchemaVersion) {
    let database = shop(engine).await;
    let runtime = database.runtime(|b| b).await;
    let synced = sync(&runtime, &database, DESIRED, &full()).await.unwrap();
    let Synced::Synchronized {
        handler_version,
        schema,
        ..
    } = synced
    else {
        panic!("{synced:?}");
    };
    (database, runtime, handler_version, schema)
}

/// What taking the sync back would lose, as a deactivation says it.
async fn kept(runtime: &Runtime, of: HandlerVersion) -> Vec<DataLoss> {
    let left = runtime.deactivate_with(of, leaving(Policy::Rollback, false)).await;
    let Deactivation::Retained { kept } = left.unwrap() else {
        panic!("it goes back");
    };
    let RetentionReason::DataLoss { losses } = &kept[0].reason else {
        panic!("{kept:?}");
    };
    losses.clone()
}

async fn a_value_whose_row_got_another_key_does_not_go_silently(engine: Engine) {
    let (database, runtime, of, schema) = synced(engine).await;
    database.execute("UPDATE customers SET id = 7 WHERE id = 1").await;
    let before = looks(&database).await;
    let lost = kept(&runtime, of).await;
    let [fax] = lost.as_slice() else { panic!("{lost:?}") };
    assert_eq!((fax.rows, fax.column.as_deref()), (1, Some("fax")));
    let said = fax.to_string();
    for part in [
        "customers.fax (1 row: kept in ",
        "lockstep_archive_",
        "a key may have changed",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    // Asked for by hand it is the same, and nothing has changed.
    let refused = runtime.rollback(schema.clone(), false).await.expect_err("refused");
    assert!(
        matches!(&refused, Error::Refused(why) if matches!(**why, Refusal::DataLoss { .. })),
        "{refused}"
    );
    assert_eq!(looks(&database).await, before);
    let done = runtime.rollback(schema, true).await.unwrap();
    assert_eq!(done.lost, lost, "what was allowed is told");
    let faxes = database.rows("SELECT id, fax FROM customers ORDER BY id").await;
    assert_eq!(faxes, [["2", "∅"], ["7", "∅"]]);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

/// '007' became 7, which becomes '7' again; '42' loses nothing.
async fn a_converted_value_whose_row_got_another_key_does_not_go_silently(engine: Engine) {
    let (database, runtime, of, schema) = synced(engine).await;
    database.execute("UPDATE orders SET id = id + 100").await;
    let lost = kept(&runtime, of).await;
    let [amount] = lost.as_slice() else { panic!("{lost:?}") };
    assert_eq!((amount.rows, amount.column.as_deref()), (1, Some("amount")), "{amount}");
    // With its key back it goes back whole.
    database.execute("UPDATE orders SET id = id - 100").await;
    runtime.rollback(schema, false).await.unwrap();
    assert_eq!(rows(&database).await[0][2], "007");
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn rows_that_went_or_came_are_no_loss(engine: Engine) {
    for change in [
        "DELETE FROM customers WHERE id = 1; DELETE FROM orders WHERE id = 10",
        "INSERT INTO customers (id, name) VALUES (3, 'Cid'); INSERT INTO orders VALUES (13, 1, 5)",
        // What went had nothing that is not said by what it became.
        "DELETE FROM customers WHERE id = 2; INSERT INTO customers (id, name) VALUES (3, 'Cid');
         DELETE FROM orders WHERE id > 10; INSERT INTO orders VALUES (13, 1, 5)",
    ] {
        let (database, runtime, of, _) = synced(engine).await;
        database.execute(change).await;
        let left = runtime
            .deactivate_with(of, leaving(Policy::Rollback, false))
            .await
            .unwrap();
        assert!(matches!(left, Deactivation::RolledBack { .. }), "{change}: {left:?}");
        runtime.shutdown().await;
        invariants::check(&database, true).await;
        database.drop().await;
    }
}
