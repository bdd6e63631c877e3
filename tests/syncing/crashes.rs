//! A sync that dies at every point of its way: nothing is lost, and the next one completes it.

use lockstep::FAILPOINTS;
use lockstep::catalog::compare::compare;

use super::scenario::{DESIRED, declared, looks, rows, shop, side};
use crate::invariants;
use crate::support::{Cli, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql: a_sync_completes_wherever_it_died);

const SYNC: [&str; 5] = ["schema", "sync", "--strategy", "full", "--yes"];

async fn a_sync_completes_wherever_it_died(engine: Engine) {
    let mut died = 0;
    for point in FAILPOINTS {
        if !(point.starts_with("sync.") || point.starts_with("activation.")) {
            continue;
        }
        let times: &[u32] = if point.contains("journal") { &[1, 2, 4] } else { &[1] };
        for times in times {
            died += u32::from(dies_at(engine, &format!("{point}:{times}")).await);
        }
    }
    assert!(died >= 8, "only {died} of the points were on the way");
}

/// Whether it got that far.
async fn dies_at(engine: Engine, point: &str) -> bool {
    let database = shop(engine).await;
    let folder = Folder::empty();
    let file = declared(&folder, DESIRED).display().to_string();
    let goal = side(&database, DESIRED).await.structure;
    let arguments: Vec<&str> = SYNC.iter().copied().chain(["--to", file.as_str()]).collect();
    let schemas = Folder::empty();
    let ended = Cli::json(&database, &schemas, &arguments).dies_at(point).run().await;
    let died = ended.code != Some(0);
    let sum = |rows: &[Vec<String>]| rows.len();
    assert_eq!(sum(&rows(&database).await), 5, "{point}: no row is lost on the way");
    let again = Cli::json(&database, &schemas, &arguments).run().await;
    assert!(again.code == Some(0), "{point}: {} {}", again.stdout, again.stderr);
    let looked = looks(&database).await;
    let left = compare(&looked, &goal);
    assert!(left.is_empty(), "{point}: {:?}", left.differences(&Default::default()));
    let now = rows(&database).await;
    assert_eq!(
        (now[0][2].as_str(), now[1][2].as_str(), now.len()),
        ("7", "42", 5),
        "{point}"
    );
    let third = Cli::json(&database, &schemas, &arguments).run().await;
    assert!(third.stdout.contains("in_sync"), "{point}: {}", third.stdout);
    invariants::check(&database, true).await;
    database.drop().await;
    died
}
