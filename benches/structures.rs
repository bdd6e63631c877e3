//! Reading and comparing large databases: 1,000 tables with 10,000 columns, 3,000 indexes and 1,000 foreign keys.
//!
//! - reading it, with the queries counted, against those same queries alone, and against `pg_dump --schema-only`
//! - reading it and comparing it with another on SQLite
//! - comparing two models in memory, at 1,000 and at 10,000 tables
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout, clippy::print_stderr)] // a benchmark may panic and talks

use std::sync::Mutex;
use std::time::{Duration, Instant};

use lockstep::Settings;
use lockstep::catalog::Dialect;
use lockstep::catalog::compare::compare;
use lockstep::catalog::structure::{
    Column, Constraint, ConstraintKind, ForeignKey, Index, IndexPart, Key, Name, Selection, Structure, Table,
};
use lockstep::catalog::write::create;
use lockstep::structure::Database;
use sqlx::{AssertSqlSafe, Connection};
use tracing::field::{Field, Visit};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

const TABLES: usize = 1_000;
const COLUMNS: usize = 10;
const RUNS: usize = 5;

/// The statements that the driver sent while it is collected.
static SENT: Mutex<Option<Vec<String>>> = Mutex::new(None);

struct Collector;

impl<S: tracing::Subscriber> tracing_subscriber::Layer<S> for Collector {
    fn on_event(&self, event: &tracing::Event<'_>, _: tracing_subscriber::layer::Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        if let Some(sent) = SENT.lock().unwrap().as_mut() {
            let mut statement = Statement::default();
            event.record(&mut statement);
            sent.push(if statement.whole.trim().is_empty() {
                statement.summary
            } else {
                statement.whole
            });
        }
    }
}

#[derive(Default)]
struct Statement {
    summary: String,
    whole: String,
}

impl Visit for Statement {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        match field.name() {
            "db.statement" => self.whole = format!("{value:?}"),
            "summary" => self.summary = format!("{value:?}"),
            _ => {}
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "db.statement" => value.clone_into(&mut self.whole),
            "summary" => value.clone_into(&mut self.summary),
            _ => {}
        }
    }
}

fn main() {
    tracing_subscriber::registry().with(Collector).init();
    let tokio = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    in_memory();
    tokio.block_on(async {
        sqlite().await;
        for (name, variable, dialect) in [
            ("PostgreSQL", "LOCKSTEP_TEST_POSTGRES_URL", Dialect::Postgres),
            ("MySQL", "LOCKSTEP_TEST_MYSQL_URL", Dialect::Mysql),
        ] {
            match std::env::var(variable) {
                Ok(server) => on_server(name, &server, dialect).await,
                Err(_) => eprintln!("{name} left out: run this through scripts/test --server"),
            }
        }
    });
}

/// A model of so many tables, in the words of a dialect.
fn model(dialect: Dialect, tables: usize) -> Structure {
    let (schema, integer, text) = match dialect {
        Dialect::Sqlite => ("", "integer", "text"),
        Dialect::Postgres => ("public", "integer", "text"),
        Dialect::Mysql => ("", "int(11)", "varchar(100)"),
    };
    let name = |at: usize| Name::new(schema, format!("table_{at:05}"));
    let key = |column: &str| Key {
        parts: vec![IndexPart::column(column)],
        ..Key::default()
    };
    let constraint = |name: String, kind: ConstraintKind| Constraint {
        name,
        generated_name: false,
        kind,
        definition: None,
        deferrable: None,
        unchecked: false,
        inherited: false,
        options: Default::default(),
        comment: None,
    };
    let one = |at: usize| {
        let columns = (0..COLUMNS).map(|column| Column {
            name: if column == 0 {
                "id".to_owned()
            } else {
                format!("column_{column}")
            },
            data_type: if column < 2 {
                integer.to_owned()
            } else {
                text.to_owned()
            },
            nullable: column > 0,
            ..Column::default()
        });
        let indexes = (0..3).map(|index| Index {
            name: format!("index_{at}_{index}"),
            method: if dialect == Dialect::Sqlite {
                String::new()
            } else {
                "btree".to_owned()
            },
            parts: vec![IndexPart::column(format!("column_{}", index + 2))],
            ..Index::default()
        });
        let references = ForeignKey {
            columns: vec!["column_1".to_owned()],
            references: name(at / 2),
            referenced: vec!["id".to_owned()],
            on_delete: "NO ACTION".to_owned(),
            on_update: "NO ACTION".to_owned(),
            ..ForeignKey::default()
        };
        Table {
            name: name(at),
            columns: columns.collect(),
            constraints: vec![
                constraint(format!("primary_{at}"), ConstraintKind::PrimaryKey(key("id"))),
                constraint(format!("foreign_{at}"), ConstraintKind::ForeignKey(references)),
            ],
            indexes: indexes.collect(),
            ..Table::default()
        }
    };
    let mut structure = Structure {
        tables: (0..tables).map(one).collect(),
        ..Structure::empty(dialect)
    };
    structure.sort();
    structure
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

fn in_memory() {
    let mut last = None;
    for tables in [1_000, 10_000] {
        let (one, mut other) = (model(Dialect::Postgres, tables), model(Dialect::Postgres, tables));
        other.tables[tables / 2].columns[3].nullable = false;
        let times = (0..RUNS).map(|_| {
            let start = Instant::now();
            assert!(!compare(&one, &other).is_empty());
            start.elapsed()
        });
        let time = median(times.collect());
        let growth =
            last.map(|last: Duration| format!(", {:.1} times that of 1,000", time.as_secs_f64() / last.as_secs_f64()));
        println!(
            "comparing {tables} tables in memory: {:.1} ms{}",
            ms(time),
            growth.unwrap_or_default()
        );
        last = Some(time);
    }
}

async fn sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("large.db").display());
    let database = Database::connect(&url, &Settings::default()).await.unwrap();
    let mut connection = sqlx::SqliteConnection::connect(&url).await.unwrap();
    let mut script = String::from("BEGIN;\n");
    for change in create(&model(Dialect::Sqlite, TABLES)).unwrap().statements {
        script.push_str(&change.sql);
        script.push_str(";\n");
    }
    script.push_str("COMMIT;");
    sqlx::raw_sql(AssertSqlSafe(script))
        .execute(&mut connection)
        .await
        .unwrap();
    let first = database.structure(&Selection::all()).await.unwrap();
    let mut times = Vec::new();
    for _ in 0..RUNS {
        let start = Instant::now();
        let read = database.structure(&Selection::all()).await.unwrap();
        assert!(compare(&read, &first).is_empty());
        times.push(start.elapsed());
    }
    println!(
        "SQLite: reading and comparing {TABLES} tables: {:.1} ms, {} queries",
        ms(median(times)),
        queries(&database).await.len()
    );
    database.close().await;
}

/// The statements that one reading sends.
async fn queries(database: &Database) -> Vec<String> {
    *SENT.lock().unwrap() = Some(Vec::new());
    database.structure(&Selection::all()).await.unwrap();
    SENT.lock().unwrap().take().unwrap()
}

async fn on_server(name: &str, server: &str, dialect: Dialect) {
    let made = format!("bench_{}", std::process::id());
    administer(dialect, server, &format!("CREATE DATABASE {made}")).await;
    let (before, parameters) = server
        .split_once('?')
        .map_or((server, String::new()), |(a, b)| (a, format!("?{b}")));
    let start = before
        .rfind('/')
        .filter(|at| *at > before.find("://").unwrap() + 2)
        .unwrap_or(before.len());
    let url = format!("{}/{made}{parameters}", &before[..start]);
    let database = Database::connect(&url, &Settings::default()).await.unwrap();
    let plan = create(&model(dialect, TABLES)).unwrap();
    for some in plan.statements.chunks(200) {
        let script: Vec<&str> = some.iter().map(|change| change.sql.as_str()).collect();
        administer(dialect, &url, &script.join(";\n")).await;
    }
    let statements = queries(&database).await;
    let (mut reading, mut alone) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        let read = database.structure(&Selection::all()).await.unwrap();
        reading.push(start.elapsed());
        assert_eq!(read.tables.len(), TABLES);
        alone.push(repeat(dialect, &url, &statements).await);
    }
    let (reading, alone) = (median(reading), median(alone));
    println!(
        "{name}: reading {TABLES} tables: {:.1} ms, {} queries; the queries alone {:.1} ms, ratio {:.2}",
        ms(reading),
        statements.len(),
        ms(alone),
        reading.as_secs_f64() / alone.as_secs_f64()
    );
    if dialect == Dialect::Postgres {
        let start = Instant::now();
        let dumped = std::process::Command::new("pg_dump")
            .args(["--schema-only", &url])
            .output();
        match dumped {
            Ok(done) if done.status.success() => {
                println!("PostgreSQL: pg_dump --schema-only: {:.1} ms", ms(start.elapsed()))
            }
            other => eprintln!(
                "pg_dump did not work: {:?}",
                other.map(|done| String::from_utf8_lossy(&done.stderr).into_owned())
            ),
        }
    }
    database.close().await;
    administer(dialect, server, &format!("DROP DATABASE {made}")).await;
}

async fn administer(dialect: Dialect, url: &str, sql: &str) {
    let sql = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()));
    if dialect == Dialect::Postgres {
        sql.execute(&mut sqlx::PgConnection::connect(url).await.unwrap())
            .await
            .unwrap();
    } else {
        sql.execute(&mut sqlx::MySqlConnection::connect(url).await.unwrap())
            .await
            .unwrap();
    }
}

/// How long the statements take by themselves, on a connection that is there.
async fn repeat(dialect: Dialect, url: &str, statements: &[String]) -> Duration {
    let text = |sql: &String| AssertSqlSafe(sql.clone());
    if dialect == Dialect::Postgres {
        let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
        let start = Instant::now();
        for sql in statements {
            let _ = sqlx::raw_sql(text(sql)).fetch_all(&mut connection).await;
        }
        return start.elapsed();
    }
    let mut connection = sqlx::MySqlConnection::connect(url).await.unwrap();
    let start = Instant::now();
    for sql in statements {
        let _ = sqlx::raw_sql(text(sql)).fetch_all(&mut connection).await;
    }
    start.elapsed()
}
