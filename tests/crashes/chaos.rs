//! A fleet under fire: processes come, go, are killed at any moment, die at a named point, or stop for longer than their
//! lease and go on as if nothing had been. Whoever sweeps up afterwards finds that the log,
//! the tables and the catalog agree. `LOCKSTEP_CHAOS_SEED` repeats a run, `LOCKSTEP_CHAOS_KILLS` says after how many
//! kills it ends.

use std::time::Duration;

use lockstep::SchemaState;

use super::{noted, scenario};
use crate::conformance::s;
use crate::invariants;
use crate::support::process::{SIGABRT, ended, signal};
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
    let (mut killed, mut died) = (0, 0);
    let wanted = asked("LOCKSTEP_CHAOS_KILLS", 20);
    let mut round = 0;
    while killed < wanted {
        round += 1;
        assert!(
            round <= wanted * 4,
            "too few of them are hit: {killed} in {round} rounds"
        );
        let (more_killed, more_died) = fire(&database, &folder, &mut chance).await;
        killed += more_killed;
        died += more_died;
        invariants::check(&database, false).await;
        swept(&database, &folder, round).await;
    }
    let events = database.log().await.len();
    println!(
        "{engine:?}: {killed} times kill -9 and {died} deaths at a named point in {round} rounds, {events} events, 0 violations"
    );
    // And it still works.
    Actor::new(&database, &folder, &["activate", "users@2.0.0", "last"])
        .run()
        .await
        .told();
    agrees(&database).await;
    database.drop().await;
}

/// What befalls a process.
#[derive(Debug, Clone, Copy)]
enum Fault {
    None,
    /// Killed after this time.
    Killed(Duration),
    /// Dies at a crash point, if it gets there.
    DiesAt(&'static str),
    /// Stopped after the first time for the second, then continued.
    Stopped(Duration, Duration),
}

impl Fault {
    /// `within`: about as many milliseconds as a process of the fleet lives.
    fn drawn(chance: &mut Chance, within: u64) -> Self {
        let soon = Duration::from_millis(5 + chance.of(within));
        match chance.of(8) {
            0 => Self::None,
            1..=5 => Self::Killed(soon),
            6 => {
                let at = usize::try_from(chance.of(lockstep::FAILPOINTS.len() as u64)).unwrap_or(0);
                Self::DiesAt(lockstep::FAILPOINTS[at])
            }
            _ => Self::Stopped(soon, Duration::from_millis(300 + chance.of(600))),
        }
    }
}

fn drawn(chance: &mut Chance) -> Vec<String> {
    let version = ["users@1.0.0", "users@2.0.0"][usize::from(chance.of(2) == 0)];
    let name = format!("web-{}", chance.of(3));
    let words: &[&str] = match chance.of(9) {
        0..=3 => &["activate", version, &name],
        4 | 5 => &["deactivate", version, &name],
        6 => &["reap"],
        7 => &["rollback", "schema_v2"],
        _ => &["lease", version, "400", "0.2"],
    };
    words.iter().map(ToString::to_string).collect()
}

/// A few at once, each of which something may befall; returns how many were killed, and how many died at a point.
async fn fire(database: &Database, folder: &Folder, chance: &mut Chance) -> (u64, u64) {
    let mut tasks = Vec::new();
    for _ in 0..AT_ONCE {
        let within = if database.engine == Engine::Postgres { 300 } else { 100 };
        let (words, fault) = (drawn(chance), Fault::drawn(chance, within));
        let arguments: Vec<_> = words.iter().map(String::as_str).collect();
        let actor = Actor::new(database, folder, &arguments);
        let mut actor = match fault {
            Fault::DiesAt(point) => actor.dies_at(point).start(),
            _ => actor.start(),
        };
        tasks.push(tokio::spawn(async move {
            match fault {
                Fault::None | Fault::DiesAt(_) => {}
                Fault::Killed(after) => {
                    tokio::time::sleep(after).await;
                    let _ = actor.start_kill();
                }
                Fault::Stopped(after, length) => {
                    tokio::time::sleep(after).await;
                    // It may be over already.
                    if matches!(actor.try_wait(), Ok(None)) {
                        signal(&actor, "STOP");
                        tokio::time::sleep(length).await;
                        signal(&actor, "CONT");
                    }
                }
            }
            (words, fault, ended(actor).await)
        }));
    }
    let (mut killed, mut died) = (0, 0);
    for task in tasks {
        let (words, fault, end) = task.await.expect("no panic");
        killed += u64::from(end.signal == Some(9));
        died += u64::from(end.signal == Some(SIGABRT));
        let fine = matches!(end.signal, Some(9 | SIGABRT)) || end.code == Some(0) || is_an_answer(&end.json());
        assert!(fine, "{words:?} under {fault:?}: {end:?}");
    }
    (killed, died)
}

/// Asking for what cannot be, a rule in the way, a lease that was lost while its process stood still: all of these are
/// answers. Nothing else may go wrong.
fn is_an_answer(told: &serde_json::Value) -> bool {
    let refused = told["kind"] == "Refused" || told["kind"] == "LeaseLost";
    refused
        || ["unknown_handler_version", "unknown_schema", "not_applied"].contains(&told["code"].as_str().unwrap_or(""))
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
