//! Looking at a scenario from outside: the log, the status, the server.

use std::time::{Duration, Instant};

use lockstep::{Event, Runtime, Status};

use super::{Database, Engine};

impl Database {
    /// A runtime that only looks.
    async fn onlooker(&self) -> Runtime {
        let built = Runtime::builder(&self.url).read_only().build().await;
        built.expect("the database can be looked at")
    }

    /// What `status` shows.
    pub async fn status(&self) -> Status {
        let runtime = self.onlooker().await;
        let status = runtime.report().await.expect("a status");
        runtime.shutdown().await;
        status
    }

    /// The whole event log.
    pub async fn log(&self) -> Vec<Event> {
        let runtime = self.onlooker().await;
        let mut all = Vec::new();
        loop {
            let page = runtime.events_since(all.len() as u64, 500).await.expect("the log");
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        runtime.shutdown().await;
        all
    }

    /// How often a kind of event happened to a schema.
    pub async fn times(&self, kind: &str, schema: &str) -> usize {
        let happened = |e: &&Event| e.kind.name() == kind && e.kind.schema().is_some_and(|s| s.as_str() == schema);
        self.log().await.iter().filter(happened).count()
    }

    /// The one number a query returns.
    pub async fn number(&self, sql: &str) -> i64 {
        let text = if self.engine == Engine::Mysql { "CHAR" } else { "TEXT" };
        let as_text = format!("SELECT CAST(({sql}) AS {text})");
        self.rows(&as_text).await[0][0].parse().expect("a number")
    }

    /// How many valid indexes of that name there are, and how many invalid ones.
    pub async fn indexes(&self, name: &str) -> (i64, i64) {
        match self.engine {
            Engine::Sqlite => {
                let sql = format!("SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND name = '{name}'");
                (self.number(&sql).await, 0)
            }
            Engine::Mysql => {
                let sql = format!(
                    "SELECT count(DISTINCT index_name) FROM information_schema.statistics \
                     WHERE table_schema = DATABASE() AND index_name = '{name}'"
                );
                (self.number(&sql).await, 0)
            }
            Engine::Postgres => {
                let of = |valid: bool| {
                    format!(
                        "SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
                         WHERE c.relname LIKE '{name}%' AND i.indisvalid = {valid}"
                    )
                };
                (self.number(&of(true)).await, self.number(&of(false)).await)
            }
        }
    }

    /// How many other sessions of this database do something at the server, or have a transaction open.
    pub async fn busy_sessions(&self) -> i64 {
        if self.engine != Engine::Mysql {
            let busy = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
                        AND (state = 'active' OR state LIKE 'idle in transaction%')";
            return self.number(busy).await;
        }
        let sessions =
            "SELECT id, command FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID()";
        let sessions = self.rows(sessions).await;
        // Not `innodb_trx`: it shows a copy that the server does not renew while somebody looks at it often.
        let status = self.rows("SHOW ENGINE INNODB STATUS").await;
        let open = |id: &str| {
            let mut transactions = status[0][2].split("---TRANSACTION ").skip(1);
            transactions.any(|t| {
                t.lines().next().is_some_and(|l| l.contains("ACTIVE")) && t.contains(&format!("thread id {id},"))
            })
        };
        let busy = sessions.iter().filter(|s| s[1] != "Sleep" || open(&s[0]));
        i64::try_from(busy.count()).expect("few")
    }

    /// Whether the server is MariaDB, where that makes a difference.
    pub async fn is_mariadb(&self) -> bool {
        self.rows("SELECT VERSION()").await[0][0].contains("MariaDB")
    }

    /// Switches off the server's own limit of a session's statements.
    pub async fn without_server_limit(&self) -> &'static str {
        match self.is_mariadb().await {
            true => "SET SESSION max_statement_time = 0",
            false => "SET SESSION max_execution_time = 0",
        }
    }

    /// How many sessions of the server run a statement like that in this database right now.
    pub async fn running(&self, like: &str) -> i64 {
        if self.engine == Engine::Mysql {
            // In two pieces, so that it does not find itself: a session tells its statement for a moment after its answer.
            let (first, rest) = like.split_at(1);
            let sql = format!(
                "SELECT count(*) FROM information_schema.processlist WHERE db = DATABASE() AND id <> CONNECTION_ID() \
                 AND info LIKE CONCAT('%{first}', '{rest}%')"
            );
            return self.number(&sql).await;
        }
        self.number(&format!(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() \
             AND state = 'active' AND query LIKE '%{like}%'"
        ))
        .await
    }
}

/// How long something is waited for that has to come: a loaded machine is slow, what never comes is for ever.
pub const PATIENCE: Duration = Duration::from_secs(300);

/// Waits until something is so; a scenario that never gets there fails with what it waited for.
pub async fn until(what: &str, mut so: impl AsyncFnMut() -> bool) -> Duration {
    let started = Instant::now();
    while !so().await {
        assert!(started.elapsed() < PATIENCE, "never came to be: {what}");
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    started.elapsed()
}
