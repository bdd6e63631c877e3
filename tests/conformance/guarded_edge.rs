//! Guarded transactions while the schema goes and comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use lockstep::{Error, InstanceId};

use super::guarded::{LONG, count, indexed_notes, insert, notes};
use super::{end, v};
use crate::support::{Database, Engine, Folder, PATIENCE};

/// Runtimes that take the same names from each other write through guarded transactions while the schema goes and comes.
/// What was committed is there, in the table or where the way back keeps it, and no statement met a missing table.
pub async fn every_committed_write_met_its_table(engine: Engine) {
    at_the_edge(engine, &notes(), Duration::from_secs(6)).await;
}

async fn at_the_edge(engine: Engine, folder: &Folder, long: Duration) {
    const TASKS: u64 = 4;
    let database = Database::new(engine).await;
    let mut runtimes = Vec::new();
    for at in 0..TASKS {
        // Two of them go by each name.
        let name: InstanceId = format!("web-{}", at / 2).parse().unwrap();
        runtimes.push(database.runtime(|b| b.schemas_dir(folder.path()).instance(name)).await);
    }
    let (committed, refused) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let until = Instant::now() + long;
    let tasks: Vec<_> = runtimes
        .iter()
        .zip(0_u64..)
        .map(|(runtime, at)| {
            let runtime = runtime.clone();
            let (committed, refused) = (Arc::clone(&committed), Arc::clone(&refused));
            tokio::spawn(async move {
                let mut round = 0;
                while Instant::now() < until {
                    round += 1;
                    // Taken over by the other of its name before it was renewed the first time.
                    let lease = match runtime.lease_for(v("one@1.0.0"), LONG, false).await {
                        Ok(lease) => lease,
                        Err(Error::LeaseLost { .. }) => continue,
                        Err(error) => panic!("a lease: {error:?}"),
                    };
                    for write in 0..2 {
                        let mut guarded = match lease.begin().await {
                            Ok(guarded) => guarded,
                            Err(Error::LeaseLost { .. }) => {
                                refused.fetch_add(1, Ordering::Relaxed);
                                break;
                            }
                            Err(error) => panic!("a beginning: {error:?}"),
                        };
                        tokio::time::sleep(Duration::from_millis((round * 13 + at * 7) % 40)).await;
                        insert(&mut guarded, &format!("{at}-{round}-{write}")).await;
                        // Each at its own pace, so that they meet at ever other moments.
                        tokio::time::sleep(Duration::from_millis((round * 7 + at * 5) % 40)).await;
                        guarded.commit().await.expect("a commit");
                        committed.fetch_add(1, Ordering::Relaxed);
                    }
                    lease.release().await.expect("a release");
                    tokio::time::sleep(Duration::from_millis((round * 97 + at * 31) % 400)).await;
                }
            })
        })
        .collect();
    for task in tasks {
        let done = tokio::time::timeout(long + PATIENCE, task).await;
        done.expect("no deadlock").expect("no panic");
    }
    let there = database.has_table("notes").await;
    let held = if there { count(&database).await } else { 0 };
    let kept = match database.has_table("notes_kept").await {
        true => database.number("SELECT count(*) FROM notes_kept").await,
        false => 0,
    };
    let committed = i64::try_from(committed.load(Ordering::Relaxed)).unwrap();
    let back = database.times("schema_rolled_back", "schema_a").await;
    println!(
        "{engine:?}: {committed} committed, {} refused, {back} rollbacks",
        refused.load(Ordering::Relaxed)
    );
    assert_eq!(held + kept, committed, "what was committed is there, once");
    assert!(committed > 0 && back > 0, "the edge was met");
    end(database, runtimes).await;
}

/// What only PostgreSQL has.
pub async fn of_work_outside_a_transaction_too(engine: Engine) {
    at_the_edge(engine, &indexed_notes(), Duration::from_secs(6)).await;
}
