//! One database a test: a file of its own, or a database of its own on the run's server.

use std::time::Duration;

use lockstep::{Runtime, Settings};
use sqlx::{AssertSqlSafe, Connection, Row, ValueRef};

/// Which engine a scenario runs on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    Sqlite,
    Postgres,
    Mysql,
}

impl Engine {
    /// The words it is spoken to in.
    pub fn dialect(self) -> lockstep::catalog::Dialect {
        use lockstep::catalog::Dialect;
        match self {
            Self::Sqlite => Dialect::Sqlite,
            Self::Postgres => Dialect::Postgres,
            Self::Mysql => Dialect::Mysql,
        }
    }
}

/// A database that goes away with its owner.
pub struct Database {
    pub engine: Engine,
    pub url: String,
    folder: Option<tempfile::TempDir>,
    server: Option<(String, String)>,
}

fn postgres_server() -> String {
    std::env::var("LOCKSTEP_TEST_POSTGRES_URL").expect(
        "LOCKSTEP_TEST_POSTGRES_URL names no PostgreSQL server: run the tests with scripts/test, which starts one",
    )
}

fn mysql_server() -> String {
    std::env::var("LOCKSTEP_TEST_MYSQL_URL").expect(
        "LOCKSTEP_TEST_MYSQL_URL names no MariaDB or MySQL server: run the tests with scripts/test, which starts one",
    )
}

impl Database {
    pub async fn new(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                Self {
                    engine,
                    url,
                    folder: Some(folder),
                    server: None,
                }
            }
            Engine::Postgres => Self::on_server(engine, &postgres_server(), "").await,
            Engine::Mysql => Self::on_server(engine, &mysql_server(), "CHARACTER SET utf8mb4").await,
        }
    }

    /// A database on another PostgreSQL server than the run's; `how` ends the `CREATE DATABASE`.
    pub async fn on(server: &str, how: &str) -> Self {
        Self::on_server(Engine::Postgres, server, how).await
    }

    /// A database on a server other than the run's; `how` ends the `CREATE DATABASE`.
    pub async fn on_server(engine: Engine, server: &str, how: &str) -> Self {
        let name = format!("t_{}", lockstep_id());
        administer(engine, server, &format!("CREATE DATABASE {name} {how}")).await;
        Self {
            engine,
            url: with_database(server, &name),
            folder: None,
            server: Some((server.to_owned(), name)),
        }
    }

    /// The same database at another address; the one it was made with drops it.
    pub fn at(&self, url: String) -> Self {
        Self {
            engine: self.engine,
            url,
            folder: None,
            server: None,
        }
    }

    /// An SQLite database in a folder of the caller's.
    pub fn in_folder(folder: &std::path::Path) -> Self {
        Self {
            engine: Engine::Sqlite,
            url: format!("sqlite://{}", folder.join("test.db").display()),
            folder: None,
            server: None,
        }
    }

    /// The file of an SQLite database.
    pub fn file(&self) -> std::path::PathBuf {
        self.folder.as_ref().expect("an SQLite database").path().join("test.db")
    }

    /// A runtime on it that reaps only when asked to.
    pub async fn runtime(&self, change: impl FnOnce(lockstep::Builder) -> lockstep::Builder) -> Runtime {
        let unhurried = |settings: &mut Settings| {
            quiet(settings);
            // A crowd of processes on two cores is slow to answer.
            settings.connect_timeout = Duration::from_secs(30);
            settings.operation_timeout = Duration::from_secs(240);
        };
        change(Runtime::builder(&self.url).settings(unhurried))
            .build()
            .await
            .expect("a runtime")
    }

    /// Runs SQL beside Lockstep.
    pub async fn execute(&self, sql: &str) {
        self.try_execute(sql).await.unwrap_or_else(|e| panic!("{sql}: {e}"));
    }

    pub async fn try_execute(&self, sql: &str) -> Result<(), sqlx::Error> {
        let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        match self.engine {
            Engine::Sqlite => {
                let options: sqlx::sqlite::SqliteConnectOptions = self.url.parse()?;
                let mut connection = sqlx::SqliteConnection::connect_with(&options.create_if_missing(true)).await?;
                sql.execute(&mut connection).await?;
                connection.close().await
            }
            Engine::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await?;
                sql.execute(&mut connection).await?;
                connection.close().await
            }
            Engine::Mysql => {
                let mut connection = sqlx::MySqlConnection::connect(&self.url).await?;
                sql.execute(&mut connection).await?;
                leave(connection).await;
                Ok(())
            }
        }
    }

    /// The rows of a query whose columns are all cast to text; a null is "∅".
    pub async fn rows(&self, sql: &str) -> Vec<Vec<String>> {
        let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
        let text = |value: Option<String>| value.unwrap_or_else(|| "∅".to_owned());
        match self.engine {
            Engine::Sqlite => {
                let mut connection = sqlx::SqliteConnection::connect(&self.url).await.expect("a connection");
                let rows = query
                    .fetch_all(&mut connection)
                    .await
                    .unwrap_or_else(|e| panic!("{sql}: {e}"));
                // The engine turns every value into text where text is asked for.
                let read = rows
                    .iter()
                    .map(|r| {
                        (0..r.len())
                            .map(|i| text(r.try_get_unchecked(i).expect("text")))
                            .collect()
                    })
                    .collect();
                connection.close().await.expect("closed");
                read
            }
            Engine::Postgres => {
                let mut connection = sqlx::PgConnection::connect(&self.url).await.expect("a connection");
                let rows = query
                    .fetch_all(&mut connection)
                    .await
                    .unwrap_or_else(|e| panic!("{sql}: {e}"));
                let read = rows
                    .iter()
                    .map(|r| {
                        (0..r.len())
                            .map(|i| {
                                let value = r.try_get_raw(i).expect("a value");
                                let known = (!value.is_null()).then(|| value.as_str().expect("text").to_owned());
                                text(known)
                            })
                            .collect()
                    })
                    .collect();
                connection.close().await.expect("closed");
                read
            }
            Engine::Mysql => {
                let mut connection = sqlx::MySqlConnection::connect(&self.url).await.expect("a connection");
                let rows = query
                    .fetch_all(&mut connection)
                    .await
                    .unwrap_or_else(|e| panic!("{sql}: {e}"));
                // In the text protocol everything is text, whatever the server calls its type.
                let read = rows
                    .iter()
                    .map(|r| {
                        (0..r.len())
                            .map(|i| text(r.try_get_unchecked(i).expect("text")))
                            .collect()
                    })
                    .collect();
                leave(connection).await;
                read
            }
        }
    }

    /// Whether a table exists.
    pub async fn has_table(&self, table: &str) -> bool {
        let sql = match self.engine {
            Engine::Sqlite => format!("SELECT name FROM sqlite_schema WHERE type = 'table' AND name = '{table}'"),
            Engine::Postgres => format!(
                "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' AND table_name = '{table}'"
            ),
            Engine::Mysql => format!(
                "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = '{table}'"
            ),
        };
        !self.rows(&sql).await.is_empty()
    }

    /// Whether a column exists.
    pub async fn has_column(&self, table: &str, column: &str) -> bool {
        let sql = match self.engine {
            Engine::Sqlite => format!("SELECT name FROM pragma_table_info('{table}') WHERE name = '{column}'"),
            Engine::Postgres => format!(
                "SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}' AND column_name = '{column}'"
            ),
            Engine::Mysql => format!(
                "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() \
                 AND table_name = '{table}' AND column_name = '{column}'"
            ),
        };
        !self.rows(&sql).await.is_empty()
    }

    /// Ends the database once the scenario is over. A test that panics leaves it to the server's own end.
    pub async fn drop(self) {
        if let Some((server, name)) = &self.server {
            let force = if self.engine == Engine::Postgres {
                " WITH (FORCE)"
            } else {
                ""
            };
            administer(self.engine, server, &format!("DROP DATABASE IF EXISTS {name}{force}")).await;
        }
    }
}

/// Says goodbye to MySQL, which over TLS hangs up before it has heard all of it: to the driver that is an error.
pub async fn leave(connection: sqlx::MySqlConnection) {
    let _ = connection.close().await;
}

/// No reaping behind a scenario's back, and waits short enough to see them end.
pub fn quiet(settings: &mut Settings) {
    settings.reap_every = None;
    settings.operation_timeout = Duration::from_secs(60);
}

fn lockstep_id() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let nanos = std::time::UNIX_EPOCH.elapsed().map_or(0, |d| d.as_nanos());
    format!("{}_{nanos:x}_{number}", std::process::id())
}

fn with_database(server: &str, name: &str) -> String {
    let (base, query) = server.split_once('?').map_or((server, None), |(b, q)| (b, Some(q)));
    let authority = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    match query {
        Some(query) => format!("{authority}/{name}?{query}"),
        None => format!("{authority}/{name}"),
    }
}

async fn administer(engine: Engine, server: &str, sql: &str) {
    let query = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    if engine == Engine::Mysql {
        let connected = sqlx::MySqlConnection::connect(server).await;
        let mut connection = connected.expect("the test server answers");
        query
            .execute(&mut connection)
            .await
            .unwrap_or_else(|e| panic!("{sql}: {e}"));
        leave(connection).await;
        return;
    }
    let connected = sqlx::PgConnection::connect(server).await;
    let mut connection = connected.expect("the test server answers");
    query
        .execute(&mut connection)
        .await
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    connection.close().await.expect("closed");
}
