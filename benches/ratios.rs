//! What Lockstep adds, as ratios against the bare driver doing the same in the same run, interleaved pair by pair.
//!
//! - 200 steps of CREATE TABLE + CREATE INDEX against the same SQL in one transaction
//! - activating an applied schema against an insert and its commit, with the statements counted
//!
//! An argument narrows it: `steps` or `lease`.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)] // a benchmark may panic and talks

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use lockstep::{ActivateOptions, Binding, HandlerVersion, InstanceId, Runtime, SchemaSpec, SchemaVersion, Step};
use sqlx::{AssertSqlSafe, Connection};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const STEPS: usize = 200;
const PAIRS: usize = 9;
const GRANTS: usize = 300;

/// The driver logs every statement; this counts them.
static STATEMENTS: AtomicU64 = AtomicU64::new(0);

struct Counter;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Counter {
    fn enabled(&self, metadata: &tracing::Metadata<'_>, _: tracing_subscriber::layer::Context<'_, S>) -> bool {
        COUNTING.load(Ordering::Relaxed) == 1 && metadata.target() == "sqlx::query"
    }

    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            STATEMENTS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

static COUNTING: AtomicU64 = AtomicU64::new(0);

fn main() {
    tracing_subscriber::registry().with(Counter).init();
    let only = std::env::args().skip(1).find(|a| !a.starts_with('-'));
    let wanted = |part: &str| only.as_deref().is_none_or(|only| only == part);
    let parts = Parts {
        steps: wanted("steps"),
        lease: wanted("lease"),
    };
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        sqlite(&parts).await;
        match std::env::var("LOCKSTEP_TEST_POSTGRES_URL") {
            Ok(server) => postgres(&parts, &server).await,
            Err(_) => eprintln!("PostgreSQL left out: run this through scripts/test --server"),
        }
    });
}

struct Parts {
    steps: bool,
    lease: bool,
}

fn sql(at: usize) -> (String, String) {
    (
        format!("CREATE TABLE t{at} (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER)"),
        format!("CREATE INDEX t{at}_name ON t{at} (name)"),
    )
}

fn spec() -> SchemaSpec {
    let step = |at: usize| {
        let (table, index) = sql(at);
        Step::sql(
            &format!("{at:03}"),
            &format!("{table};\n{index};"),
            &format!("DROP TABLE t{at};"),
        )
    };
    SchemaSpec::new(SchemaVersion::new("schema_v1").unwrap(), (0..STEPS).map(step).collect())
}

async fn runtime(url: &str) -> Runtime {
    let users: HandlerVersion = "users@1.0.0".parse().unwrap();
    Runtime::builder(url)
        .schema(spec())
        .binding(Binding::new(users, SchemaVersion::new("schema_v1").unwrap()))
        .settings(|s| {
            s.reap_every = None;
            s.poll_every = Duration::from_secs(3600);
        })
        .build()
        .await
        .unwrap()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn report(what: &str, ours: &[f64], bare: &[f64]) {
    let ratios = ours.iter().zip(bare).map(|(o, b)| o / b).collect();
    println!(
        "{what:<44} ours {:>9.3} ms   bare {:>9.3} ms   ratio {:.2}",
        median(ours.to_vec()) * 1e3,
        median(bare.to_vec()) * 1e3,
        median(ratios)
    );
}

async fn apply(url: &str) -> f64 {
    let runtime = runtime(url).await;
    let watch = Instant::now();
    runtime.activate("users@1.0.0".parse().unwrap()).await.unwrap();
    let took = watch.elapsed().as_secs_f64();
    runtime.shutdown().await;
    took
}

/// Every grant is a new instance's: a lease row, an event, a commit. In between, the same row by hand.
async fn grants(url: &str, mut bare: Bare) -> (Vec<f64>, Vec<f64>, u64) {
    let runtime = runtime(url).await;
    let users: HandlerVersion = "users@1.0.0".parse().unwrap();
    runtime.activate(users.clone()).await.unwrap();
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for at in 0..GRANTS {
        let options = ActivateOptions {
            instance: Some(InstanceId::new(&format!("web-{at}")).unwrap()),
            ..ActivateOptions::default()
        };
        let counted = at == GRANTS - 1;
        if counted {
            STATEMENTS.store(0, Ordering::Relaxed);
            COUNTING.store(1, Ordering::Relaxed);
            tracing::callsite::rebuild_interest_cache();
        }
        // Each in a task, as a program's work runs.
        let (granted, of) = (runtime.clone(), users.clone());
        let took = task(async move {
            let watch = Instant::now();
            granted.activate_with(of, options).await.unwrap();
            watch.elapsed().as_secs_f64()
        });
        ours.push(took.await);
        if !counted {
            let took;
            (bare, took) = task(async move {
                let took = bare.insert(at).await;
                (bare, took)
            })
            .await;
            theirs.push(took);
        }
    }
    let statements = STATEMENTS.load(Ordering::Relaxed);
    COUNTING.store(0, Ordering::Relaxed);
    tracing::callsite::rebuild_interest_cache();
    runtime.shutdown().await;
    (ours, theirs, statements)
}

/// On a worker's thread, not on the one that blocks on everything: waking that one is no part of the work.
async fn task<T: Send + 'static>(work: impl Future<Output = T> + Send + 'static) -> T {
    tokio::spawn(work).await.unwrap()
}

async fn sqlite(parts: &Parts) {
    let folder = tempfile::tempdir().unwrap();
    let url = |name: &str, at: usize| format!("sqlite://{}", folder.path().join(format!("{name}{at}.db")).display());
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    if parts.steps {
        for at in 0..PAIRS {
            ours.push(apply(&url("ours", at)).await);
            bare.push(task(bare_sqlite(url("bare", at))).await);
        }
        report("SQLite: 200 steps (400 statements)", &ours, &bare);
    }
    if !parts.lease {
        return;
    }
    let beside = Bare::sqlite(&url("inserts", 0)).await;
    let (ours, bare, statements) = grants(&url("grants", 0), beside).await;
    report(
        &format!("SQLite: lease on an applied schema ({statements} stmts)"),
        &ours,
        &bare,
    );
}

async fn open_sqlite(url: &str) -> sqlx::SqliteConnection {
    use std::str::FromStr;
    let options = sqlx::sqlite::SqliteConnectOptions::from_str(url)
        .unwrap()
        .create_if_missing(true)
        .journal_mode(sqlx::sqlite::SqliteJournalMode::Wal);
    sqlx::SqliteConnection::connect_with(&options).await.unwrap()
}

async fn bare_sqlite(url: String) -> f64 {
    let mut connection = open_sqlite(&url).await;
    let watch = Instant::now();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut connection).await.unwrap();
    for at in 0..STEPS {
        let (table, index) = sql(at);
        sqlx::raw_sql(AssertSqlSafe(table))
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::raw_sql(AssertSqlSafe(index))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
    watch.elapsed().as_secs_f64()
}

const ROW: &str = "CREATE TABLE lease_row (instance TEXT PRIMARY KEY, handler TEXT, version TEXT, schema TEXT)";

/// The bare driver, and a table for one row a grant.
enum Bare {
    Sqlite(sqlx::SqliteConnection),
    Postgres(sqlx::PgConnection),
}

impl Bare {
    async fn sqlite(url: &str) -> Self {
        let mut connection = open_sqlite(url).await;
        sqlx::raw_sql(ROW).execute(&mut connection).await.unwrap();
        Self::Sqlite(connection)
    }

    async fn postgres(url: &str) -> Self {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        sqlx::raw_sql(ROW).execute(&mut connection).await.unwrap();
        Self::Postgres(connection)
    }

    /// An insert and its commit.
    async fn insert(&mut self, at: usize) -> f64 {
        let name = format!("web-{at}");
        let watch = Instant::now();
        match self {
            Self::Sqlite(connection) => {
                sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.unwrap();
                let row = sqlx::query("INSERT INTO lease_row VALUES (?, 'users', '1.0.0', 'schema_v1')");
                row.bind(name).execute(&mut *connection).await.unwrap();
                sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
            }
            Self::Postgres(connection) => {
                sqlx::query("BEGIN").execute(&mut *connection).await.unwrap();
                let row = sqlx::query("INSERT INTO lease_row VALUES ($1, 'users', '1.0.0', 'schema_v1')");
                row.bind(name).execute(&mut *connection).await.unwrap();
                sqlx::query("COMMIT").execute(&mut *connection).await.unwrap();
            }
        }
        watch.elapsed().as_secs_f64()
    }
}

async fn postgres(parts: &Parts, server: &str) {
    let mut admin = sqlx::PgConnection::connect(server).await.unwrap();
    let mut made = Vec::new();
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    if parts.steps {
        for at in 0..PAIRS {
            ours.push(apply(&database(&mut admin, server, "ours", at, &mut made).await).await);
            bare.push(task(bare_postgres(database(&mut admin, server, "bare", at, &mut made).await)).await);
        }
        report("PostgreSQL: 200 steps (400 statements)", &ours, &bare);
    }
    if parts.lease {
        let beside = Bare::postgres(&database(&mut admin, server, "inserts", 0, &mut made).await).await;
        let granted = database(&mut admin, server, "grants", 0, &mut made).await;
        let (ours, bare, statements) = grants(&granted, beside).await;
        report(
            &format!("PostgreSQL: lease on an applied schema ({statements} stmts)"),
            &ours,
            &bare,
        );
    }
    for name in made {
        sqlx::raw_sql(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")))
            .execute(&mut admin)
            .await
            .unwrap();
    }
}

async fn database(
    admin: &mut sqlx::PgConnection,
    server: &str,
    name: &str,
    at: usize,
    made: &mut Vec<String>,
) -> String {
    let name = format!("bench_{name}{at}_{}", std::process::id());
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(admin)
        .await
        .unwrap();
    made.push(name.clone());
    let (base, query) = server
        .split_once('?')
        .map_or((server, String::new()), |(b, q)| (b, format!("?{q}")));
    let authority = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!("{authority}/{name}{query}")
}

async fn bare_postgres(url: String) -> f64 {
    let mut connection = sqlx::PgConnection::connect(&url).await.unwrap();
    let watch = Instant::now();
    sqlx::query("BEGIN").execute(&mut connection).await.unwrap();
    for at in 0..STEPS {
        let (table, index) = sql(at);
        sqlx::raw_sql(AssertSqlSafe(table))
            .execute(&mut connection)
            .await
            .unwrap();
        sqlx::raw_sql(AssertSqlSafe(index))
            .execute(&mut connection)
            .await
            .unwrap();
    }
    sqlx::query("COMMIT").execute(&mut connection).await.unwrap();
    watch.elapsed().as_secs_f64()
}
