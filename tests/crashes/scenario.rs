//! What leads to a crash point, and what completes the work afterwards.

use std::time::Duration;

use serde_json::Value;

use super::truth;
use crate::invariants;
use crate::support::process::{Ended, SIGABRT};
use crate::support::{Actor, Database, Engine, Folder, stretched, until};

/// What an actor does when it dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scenario {
    /// Applies two schemas, each in the one transaction of the activation.
    Activate,
    /// Applies two schemas, step by step.
    ActivateJournalled,
    /// Takes a lease on what is there.
    Grant,
    /// Takes two schemas back in one transaction.
    Deactivate,
    /// Takes two schemas back step by step.
    DeactivateJournalled,
    /// Gives a lease back that others share.
    Release,
    /// Renews a timed lease.
    Renew,
    /// Finishes what another left half-way up, then half-way down.
    Recover,
}

/// The scenario that meets a point.
pub fn of_point(point: &str) -> Option<Scenario> {
    let (stage, rest) = point.split_once('.')?;
    let journalled = ["begun", "journal.", "before_flip", "after_flip"];
    let journalled = journalled.iter().any(|part| rest.starts_with(part));
    Some(match (stage, rest) {
        ("activation", rest) if rest.starts_with("grant.") => Scenario::Grant,
        ("activation", _) if journalled => Scenario::ActivateJournalled,
        ("activation", _) => Scenario::Activate,
        ("deactivation", rest) if rest.starts_with("release.") => Scenario::Release,
        ("deactivation", _) if journalled => Scenario::DeactivateJournalled,
        ("deactivation", _) => Scenario::Deactivate,
        ("renewal", _) => Scenario::Renew,
        ("recovery", _) => Scenario::Recover,
        _ => return None,
    })
}

impl Scenario {
    pub fn runs_on_sqlite(self) -> bool {
        !matches!(
            self,
            Self::ActivateJournalled | Self::DeactivateJournalled | Self::Recover
        )
    }

    /// Points that are met more than once, and at which times dying is worth a run of its own.
    pub fn times(self, engine: Engine, point: &str) -> &'static [u32] {
        let rest = point.split_once('.').map_or("", |(_, rest)| rest);
        match (self, rest) {
            // Where every step is journalled there is no transaction around all of them.
            (Self::Activate | Self::Deactivate, "before_commit" | "after_commit") if engine == Engine::Mysql => &[],
            // Two schemas, in each two changes of the schema and one of rows.
            (Self::Activate | Self::Deactivate, "before_step" | "after_step") if engine == Engine::Mysql => &[1, 2],
            (Self::ActivateJournalled | Self::DeactivateJournalled, rest)
                if engine == Engine::Mysql && rest.starts_with("journal.") =>
            {
                &[1, 2, 4]
            }
            // Five steps of two schemas; on the way down every step runs on trial first.
            (Self::Activate, "before_step" | "after_step") => &[1, 2, 5],
            (Self::Deactivate, "before_step" | "after_step") => &[1, 3, 6],
            // Two schemas, one step outside a transaction in each.
            (Self::ActivateJournalled | Self::DeactivateJournalled, _) => &[1, 2],
            (Self::Renew, _) => &[1, 3],
            _ => &[1],
        }
    }
}

/// Two schemas, every step of which can be counted.
pub fn transactional() -> Folder {
    let folder = Folder::users();
    folder.write(
        "schema_v2/002_name.up.sql",
        "CREATE INDEX users_name ON users (display_name);\n",
    );
    folder.write("schema_v2/002_name.down.sql", "DROP INDEX users_name;\n");
    folder.write("schema_v2/002_name.down.mysql.sql", "DROP INDEX users_name ON users;\n");
    for (schema, name) in [("schema_v1", "v1"), ("schema_v2", "v2")] {
        for way in ["up", "down"] {
            let path = format!("{schema}/003_note.{way}.sql");
            folder.write(&path, &format!("INSERT INTO log VALUES ('{name} {way}');\n"));
        }
    }
    folder
}

/// The same with indexes built outside a transaction.
pub fn alone() -> Folder {
    let folder = transactional();
    for (path, index, column) in [
        ("schema_v1/002_email", "users_email", "email"),
        ("schema_v2/002_name", "users_name", "display_name"),
    ] {
        folder.write(
            &format!("{path}.up.sql"),
            &format!("-- lockstep: no-transaction\nCREATE INDEX CONCURRENTLY {index} ON users ({column});\n"),
        );
        folder.write(
            &format!("{path}.down.sql"),
            &format!("-- lockstep: no-transaction\nDROP INDEX CONCURRENTLY {index};\n"),
        );
    }
    folder
}

/// A database with the table the steps write to.
pub async fn database(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    if engine == Engine::Sqlite {
        std::fs::File::create(database.file()).expect("an empty database");
    }
    database.execute("CREATE TABLE log (what TEXT NOT NULL)").await;
    database
}

/// One run: dies at the point for the `times`-th time, and completes afterwards.
pub async fn run(engine: Engine, point: &str, times: u32) {
    let database = database(engine).await;
    let scenario = of_point(point).expect("a scenario");
    // On MySQL every schema is journalled.
    let folder = if scenario.runs_on_sqlite() || engine == Engine::Mysql {
        transactional()
    } else {
        alone()
    };
    let rig = Rig {
        database: &database,
        folder: &folder,
        failpoint: format!("{point}:{times}"),
    };
    match scenario {
        Scenario::Activate | Scenario::ActivateJournalled => rig.activate().await,
        Scenario::Grant => rig.grant().await,
        Scenario::Deactivate | Scenario::DeactivateJournalled => rig.deactivate().await,
        Scenario::Release => rig.release().await,
        Scenario::Renew => rig.renew().await,
        Scenario::Recover => {
            rig.recover_up().await;
            let again = self::database(engine).await;
            let down = Rig {
                database: &again,
                folder: &folder,
                failpoint: format!("{point}:{times}"),
            };
            down.recover_down().await;
            again.drop().await;
        }
    }
    database.drop().await;
}

const ACTIVATE: &[&str] = &["activate", "users@2.0.0", "deploy"];
const DEACTIVATE: &[&str] = &["deactivate", "users@2.0.0", "deploy"];

struct Rig<'a> {
    database: &'a Database,
    folder: &'a Folder,
    failpoint: String,
}

impl Rig<'_> {
    async fn does(&self, arguments: &[&str]) -> Value {
        Actor::new(self.database, self.folder, arguments).run().await.told()
    }

    async fn dies_at(&self, failpoint: &str, arguments: &[&str]) {
        let ended: Ended = Actor::new(self.database, self.folder, arguments)
            .dies_at(failpoint)
            .run()
            .await;
        assert_eq!(ended.signal, Some(SIGABRT), "{failpoint} was never reached: {ended:?}");
        // Half-way, but never wrong.
        invariants::check(self.database, false).await;
    }

    async fn dies(&self, arguments: &[&str]) {
        self.dies_at(&self.failpoint, arguments).await;
    }

    async fn done(&self, applied: bool) {
        invariants::check(self.database, true).await;
        truth(self.database, self.folder, applied).await;
    }

    async fn activate(&self) {
        self.dies(ACTIVATE).await;
        self.does(ACTIVATE).await;
        self.done(true).await;
        assert_eq!(self.does(ACTIVATE).await["outcome"], "already_active");
    }

    async fn grant(&self) {
        self.does(ACTIVATE).await;
        let other = &["activate", "users@2.0.0", "web-2"];
        self.dies(other).await;
        self.does(other).await;
        assert_eq!(self.database.status().await.leases.len(), 2);
        self.done(true).await;
    }

    async fn deactivate(&self) {
        self.does(ACTIVATE).await;
        self.dies(DEACTIVATE).await;
        self.does(DEACTIVATE).await;
        self.done(false).await;
        assert_eq!(self.does(DEACTIVATE).await["outcome"], "not_active");
    }

    async fn release(&self) {
        self.does(ACTIVATE).await;
        self.does(&["activate", "users@2.0.0", "web-2"]).await;
        self.dies(DEACTIVATE).await;
        self.does(DEACTIVATE).await;
        assert_eq!(self.database.status().await.leases.len(), 1);
        self.done(true).await;
    }

    async fn renew(&self) {
        let ttl = stretched(Duration::from_millis(1500));
        let lease = &["lease", "users@2.0.0", &ttl.as_millis().to_string(), "60"];
        self.dies(lease).await;
        // Its successor works at once, and lets go: whoever was first, the schema stays for the other.
        self.does(&["lease", "users@2.0.0", "60000", "0.1"]).await;
        self.does(ACTIVATE).await;
        until("the dead holder is fenced", async || {
            self.does(&["reap"]).await;
            self.database.status().await.leases.len() == 1
        })
        .await;
        invariants::check(self.database, true).await;
    }

    /// The server has noticed that the processes are dead.
    async fn sessions_are_gone(&self) {
        let others = match self.database.engine {
            Engine::Sqlite => return,
            Engine::Mysql => {
                "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()"
            }
            Engine::Postgres => {
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                 AND backend_type = 'client backend'"
            }
        };
        until("the dead processes' sessions are gone", async || {
            self.database.number(others).await == 0
        })
        .await;
    }

    /// The first change of the second schema: on MySQL every one is journalled, elsewhere one in each.
    fn second(&self) -> u32 {
        if self.database.engine == Engine::Mysql { 3 } else { 2 }
    }

    async fn recover_up(&self) {
        self.dies_at(&format!("activation.journal.executed:{}", self.second()), ACTIVATE)
            .await;
        self.dies(ACTIVATE).await;
        self.does(ACTIVATE).await;
        self.done(true).await;
    }

    async fn recover_down(&self) {
        self.does(ACTIVATE).await;
        self.dies_at(&format!("deactivation.journal.executed:{}", self.second()), DEACTIVATE)
            .await;
        // Whoever reaps goes on with nothing that a live session still has in its hand.
        self.sessions_are_gone().await;
        self.dies(&["reap"]).await;
        self.sessions_are_gone().await;
        self.does(&["reap"]).await;
        self.done(false).await;
    }
}
