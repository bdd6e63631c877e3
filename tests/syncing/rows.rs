//! Rows that cannot follow are named, and nothing happens to any row.

use lockstep::catalog::compare::compare;
use lockstep::structure::{Consent, Strategy, SyncOptions, Synced};
use lockstep::{DeactivateOptions, InstanceId, Policy};

use super::scenario::{looks, side};
use crate::invariants;
use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    three_of_a_hundred_thousand_texts_that_are_no_numbers_are_named_and_the_rest_survives_both_ways
);

const DESIRED: &str = "CREATE TABLE readings (id INTEGER PRIMARY KEY, value INTEGER)";

async fn three_of_a_hundred_thousand_texts_that_are_no_numbers_are_named_and_the_rest_survives_both_ways(
    engine: Engine,
) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE readings (id INTEGER PRIMARY KEY, value VARCHAR(20))")
        .await;
    let many = match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
             INSERT INTO readings SELECT i, CASE i % 10 WHEN 0 THEN '00' || i ELSE CAST(i AS TEXT) END FROM n"
        }
        Engine::Postgres => {
            "INSERT INTO readings SELECT i, CASE i % 10 WHEN 0 THEN '00' || i ELSE i::text END FROM generate_series(1, 100000) i"
        }
        Engine::Mysql => {
            "INSERT INTO readings WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) \
             SELECT i, CASE i % 10 WHEN 0 THEN CONCAT('00', i) ELSE CAST(i AS CHAR) END FROM n"
        }
    };
    let many = match engine {
        Engine::Mysql => format!("SET max_recursive_iterations = 200000; SET cte_max_recursion_depth = 200000; {many}"),
        _ => many.to_owned(),
    };
    // MariaDB and MySQL each know one of the two settings.
    if database.try_execute(&many).await.is_err() {
        let either = many.split("; ").last().unwrap();
        let set = if database.try_execute("SET max_recursive_iterations = 1").await.is_ok() {
            "SET max_recursive_iterations = 200000"
        } else {
            "SET cte_max_recursion_depth = 200000"
        };
        database.execute(&format!("{set}; {either}")).await;
    }
    assert_eq!(database.number("SELECT count(*) FROM readings").await, 100_000);
    database
        .execute("UPDATE readings SET value = 'none' WHERE id IN (77, 5000, 99999)")
        .await;
    let before = looks(&database).await;
    let runtime = database.runtime(|b| b).await;
    let options = SyncOptions {
        strategy: Strategy::Full,
        consent: Some(Consent::Any),
        ..SyncOptions::default()
    };
    let synced = runtime.sync(side(&database, DESIRED).await, &options).await.unwrap();
    let Synced::Obstructed { obstacles, .. } = synced else {
        panic!("{synced:?}");
    };
    let mut named: Vec<String> = obstacles[0].rows.iter().filter_map(|row| row[0].clone()).collect();
    named.sort();
    assert_eq!(named, ["5000", "77", "99999"]);
    assert!(compare(&looks(&database).await, &before).is_empty());
    assert_eq!(
        database
            .number("SELECT count(*) FROM readings WHERE value = 'none'")
            .await,
        3
    );

    database
        .execute("UPDATE readings SET value = '-1' WHERE id IN (77, 5000, 99999)")
        .await;
    let sum = match engine {
        Engine::Mysql => "SELECT CAST(sum(CAST(value AS SIGNED)) AS SIGNED) FROM readings",
        _ => "SELECT sum(CAST(value AS INTEGER)) FROM readings",
    };
    let total = database.number(sum).await;
    let synced = runtime.sync(side(&database, DESIRED).await, &options).await.unwrap();
    let Synced::Synchronized { handler_version, .. } = synced else {
        panic!("{synced:?}");
    };
    assert_eq!(database.number(sum).await, total);
    let back = DeactivateOptions {
        instance: Some(InstanceId::new("sync").unwrap()),
        policy: Some(Policy::Rollback),
        allow_data_loss: false,
    };
    runtime.deactivate_with(handler_version, back).await.unwrap();
    assert!(compare(&looks(&database).await, &before).is_empty());
    let zeros = "SELECT count(*) FROM readings WHERE value LIKE '00%'";
    assert_eq!(
        database.number(zeros).await,
        10_000 - 1,
        "every text is as it was, zeros and all"
    );
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
