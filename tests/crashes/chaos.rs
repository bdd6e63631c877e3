//! A fleet under fire: processes come, go and are killed at any moment. Whoever sweeps up afterwards finds that the log,
//! the tables and the catalog agree. `LOCKSTEP_CHAOS_SEED` repeats a run, `LOCKSTEP_CHAOS_ROUNDS` makes it longer.

use std::time::Duration;

use lockstep::SchemaState;

use super::{noted, scenario};
use crate::conformance::s;
use crate::invariants;
use crate::support::process::ended;
use crate::support::{Actor, Database, Engine, Folder, facts_on, until};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_fleet_under_fire_leaves_what_the_log_says
);

const AT_ONCE: u64 = 6;

/// Enough chance to choose victims by, and the same every time for a seed.
struct Chance(u64);

impl Chance {
    fn of(&mut self, many: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % many
    }
}

fn asked(variable: &str, otherwise: u64) -> u64 {
    std::env::var(variable)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(otherwise)
}

async fn a_fleet_under_fire_leaves_what_the_log_says(engine: Engine) {
    let database = scenario::database(engine).await;
    let folder = match engine {
        Engine::Sqlite | Engine::Mysql => scenario::transactional(),
        Engine::Postgres => scenario::alone(),
    };
    let chosen = std::time::UNIX_EPOCH.elapsed().map_or(1, |d| d.as_secs());
    let seed = asked("LOCKSTEP_CHAOS_SEED", chosen);
    println!("{engine:?}: LOCKSTEP_CHAOS_SEED={seed}");
    let mut chance = Chance(seed);
    let mut killed = 0;
    for round in 0..asked("LOCKSTEP_CHAOS_ROUNDS", 8) {
        killed += fire(&database, &folder, &mut chance).await;
        invariants::check(&database, false).await;
        swept(&database, &folder, round).await;
    }
    println!("{engine:?}: {killed} killed, {} events", database.log().await.len());
    // And it still works.
    Actor::new(&database, &folder, &["activate", "users@2.0.0", "last"])
        .run()
        .await
        .told();
    agrees(&database).await;
    database.drop().await;
}

/// A few at once, each of which may be killed; returns how many were.
async fn fire(database: &Database, folder: &Folder, chance: &mut Chance) -> usize {
    let mut fleet = Vec::new();
    for i in 0..AT_ONCE {
        let version = if chance.of(2) == 0 {
            "users@1.0.0"
        } else {
            "users@2.0.0"
        };
        let name = format!("web-{}", chance.of(3));
        let arguments = match chance.of(6) {
            0..=2 => vec!["activate", version, &name],
            3 | 4 => vec!["deactivate", version, &name],
            _ => vec!["lease", version, "400", "0.2"],
        };
        let actor = Actor::new(database, folder, &arguments).start();
        let lives = (chance.of(3) != 0).then(|| Duration::from_millis(20 + i * 10 + chance.of(250)));
        fleet.push((actor, lives));
    }
    let mut tasks = Vec::new();
    for (mut actor, lives) in fleet {
        tasks.push(tokio::spawn(async move {
            if let Some(time) = lives {
                tokio::time::sleep(time).await;
                let _ = actor.start_kill();
            }
            ended(actor).await
        }));
    }
    let mut killed = 0;
    for task in tasks {
        let end = task.await.expect("no panic");
        killed += usize::from(end.signal == Some(9));
        // Deactivating what was never bound is a mistake of the caller's; nothing else may go wrong.
        let fine = end.signal == Some(9) || end.code == Some(0) || end.json()["code"] == "unknown_handler_version";
        assert!(fine, "{end:?}");
    }
    killed
}

/// Sweeping up takes as long as the leases of the dead last.
async fn swept(database: &Database, folder: &Folder, round: u64) {
    until("everything is swept up", async || {
        Actor::new(database, folder, &["reap"]).run().await.told();
        let status = database.status().await;
        let settled = |state| !matches!(state, SchemaState::Applying | SchemaState::Reverting);
        status.leases.iter().all(|l| l.lease.expires_at.is_none()) && status.schemas.iter().all(|x| settled(x.state))
    })
    .await;
    println!("round {round}: swept up");
    agrees(database).await;
}

/// The catalog and the lines that the steps left agree with the states.
async fn agrees(database: &Database) {
    invariants::check(database, true).await;
    let status = database.status().await;
    let applied = |schema: &str| {
        let known = status.schemas.iter().find(|x| x.schema == s(schema));
        i64::from(known.is_some_and(|x| x.state == SchemaState::Applied))
    };
    for (schema, name, index) in [("schema_v1", "v1", "users_email"), ("schema_v2", "v2", "users_name")] {
        let there = applied(schema);
        let net = noted(database, &format!("{name} up")).await - noted(database, &format!("{name} down")).await;
        assert_eq!(
            net, there,
            "R2: {schema} took effect so many times more than it was taken back"
        );
        assert_eq!(database.indexes(index).await, (there, 0), "{index}: valid, invalid");
    }
    assert_eq!(i64::from(database.has_table("users").await), applied("schema_v1"));
    assert_eq!(
        i64::from(database.has_column("users", "display_name").await),
        applied("schema_v2")
    );
}
