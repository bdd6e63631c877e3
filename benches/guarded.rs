//! What a guarded transaction costs more than a plain one: begin, one insert, commit, interleaved one by one in the same
//! run. The plain one runs on a connection of its own, which is the least it can cost; the pooled one is the driver's own
//! `pool.begin()`.
//!
//! `scripts/test --server cargo bench -p lockstep-benches --bench guarded`; with `LOCKSTEP_TEST_DURABLE=1` the server waits
//! for the disk.
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)] // a benchmark may panic and talks

use std::time::{Duration, Instant};

use lockstep::{Binding, HandlerVersion, Lease, Runtime, SchemaSpec, SchemaVersion, Step};
use sqlx::{AssertSqlSafe, Connection};

const WARM: usize = 100;
const ROUNDS: usize = 2000;
/// What the contract allows.
const MOST_MS: f64 = 0.5;

fn main() {
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    tokio.block_on(async {
        // In a task, as a program's work runs.
        tokio::spawn(sqlite()).await.unwrap();
        match std::env::var("LOCKSTEP_TEST_POSTGRES_URL") {
            Ok(server) => tokio::spawn(postgres(server)).await.unwrap(),
            Err(_) => eprintln!("PostgreSQL left out: run this through scripts/test --server"),
        }
        match std::env::var("LOCKSTEP_TEST_MYSQL_URL") {
            Ok(server) => tokio::spawn(mysql(server)).await.unwrap(),
            Err(_) => eprintln!("MySQL left out: run this through scripts/test --server"),
        }
    });
}

async fn leased(url: &str) -> (Runtime, Lease) {
    let users: HandlerVersion = "users@1.0.0".parse().unwrap();
    let schema = SchemaVersion::new("schema_v1").unwrap();
    let table = "CREATE TABLE notes (id BIGINT NOT NULL PRIMARY KEY, text TEXT NOT NULL)";
    let runtime = Runtime::builder(url)
        .schema(SchemaSpec::new(
            schema.clone(),
            vec![Step::sql("001_notes", table, "DROP TABLE notes")],
        ))
        .binding(Binding::new(users.clone(), schema))
        .settings(|s| {
            s.reap_every = None;
            s.poll_every = Duration::from_secs(3600);
        })
        .build()
        .await
        .unwrap();
    let lease = runtime.lease(users).await.unwrap();
    (runtime, lease)
}

fn median(times: &mut [f64]) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn report(engine: &str, mut guarded: Vec<f64>, mut plain: Vec<f64>, mut pooled: Vec<f64>) {
    let (guarded, plain, pooled) = (median(&mut guarded), median(&mut plain), median(&mut pooled));
    let more = guarded - plain;
    println!(
        "{engine:<11} guarded {guarded:.3} ms   plain {plain:.3} ms   pooled {pooled:.3} ms   more than plain {more:+.3} ms \
         ({:.2}x)   more than pooled {:+.3} ms   at most {MOST_MS} ms: {}",
        guarded / plain,
        guarded - pooled,
        if more <= MOST_MS { "held" } else { "MISSED" }
    );
}

fn ms(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}

/// The three ways one after another, round by round. A macro, because the drivers share no types.
macro_rules! measure {
    ($engine:literal, $url:expr, $connection:ty, $pool:ty, $lent:ident, $begin:literal, $insert:literal) => {{
        let (runtime, lease) = leased($url).await;
        let mut bare = <$connection>::connect($url).await.unwrap();
        let pool = <$pool>::connect($url).await.unwrap();
        let (mut guarded, mut plain, mut pooled) = (Vec::new(), Vec::new(), Vec::new());
        for at in 0..WARM + ROUNDS {
            let id = i64::try_from(at * 3).unwrap();
            let watch = Instant::now();
            let mut held = lease.begin().await.unwrap();
            let insert = sqlx::query($insert).bind(id);
            insert.execute(held.$lent().unwrap()).await.unwrap();
            held.commit().await.unwrap();
            guarded.push(ms(watch));

            let watch = Instant::now();
            let mut open = bare.begin_with($begin).await.unwrap();
            let insert = sqlx::query($insert).bind(id + 1);
            insert.execute(&mut *open).await.unwrap();
            open.commit().await.unwrap();
            plain.push(ms(watch));

            let watch = Instant::now();
            let mut open = pool.begin_with($begin).await.unwrap();
            let insert = sqlx::query($insert).bind(id + 2);
            insert.execute(&mut *open).await.unwrap();
            open.commit().await.unwrap();
            pooled.push(ms(watch));
        }
        let measured = |mut times: Vec<f64>| times.split_off(WARM);
        report($engine, measured(guarded), measured(plain), measured(pooled));
        // The schema is kept: it holds rows.
        lease.release().await.unwrap();
        runtime.shutdown().await;
        bare.close().await.unwrap();
        pool.close().await;
    }};
}

async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("bench.db").display());
    measure!(
        "SQLite",
        &url,
        sqlx::SqliteConnection,
        sqlx::SqlitePool,
        as_sqlite,
        "BEGIN IMMEDIATE",
        "INSERT INTO notes VALUES (?, 'a note of some length')"
    );
}

fn name() -> String {
    format!("bench_guarded_{}", std::process::id())
}

/// The URL of a database on the server.
fn within(server: &str, name: &str) -> String {
    let (base, query) = server
        .split_once('?')
        .map_or((server, String::new()), |(b, q)| (b, format!("?{q}")));
    let authority = base.splitn(4, '/').take(3).collect::<Vec<_>>().join("/");
    format!("{authority}/{name}{query}")
}

async fn postgres(server: String) {
    let name = name();
    let mut admin = sqlx::PgConnection::connect(&server).await.unwrap();
    let made = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(made).execute(&mut admin).await.unwrap();
    let url = within(&server, &name);
    measure!(
        "PostgreSQL",
        &url,
        sqlx::PgConnection,
        sqlx::PgPool,
        as_postgres,
        "BEGIN",
        "INSERT INTO notes VALUES ($1, 'a note of some length')"
    );
    let gone = AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)"));
    sqlx::raw_sql(gone).execute(&mut admin).await.unwrap();
}

async fn mysql(server: String) {
    let name = name();
    let mut admin = sqlx::MySqlConnection::connect(&server).await.unwrap();
    let made = AssertSqlSafe(format!("CREATE DATABASE {name}"));
    sqlx::raw_sql(made).execute(&mut admin).await.unwrap();
    let url = within(&server, &name);
    measure!(
        "MySQL",
        &url,
        sqlx::MySqlConnection,
        sqlx::MySqlPool,
        as_mysql,
        "START TRANSACTION",
        "INSERT INTO notes VALUES (?, 'a note of some length')"
    );
    let gone = AssertSqlSafe(format!("DROP DATABASE {name}"));
    sqlx::raw_sql(gone).execute(&mut admin).await.unwrap();
}
