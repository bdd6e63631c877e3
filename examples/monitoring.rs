//! What the people on call see: events as they happen, Prometheus series, and the JSON behind a dashboard.
//!
//! A deploy goes well, the next one meets a row that its step (written in Rust) cannot digest, the row is mended, the deploy
//! is made again, and everything drains. Nothing listens on a port: the text is rendered once, as a scrape would get it.
//!
//! Run with `cargo run --example monitoring`. The database is a temporary file that is removed at the end.
#![allow(clippy::print_stdout)] // it tells a story

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use lockstep::lifecycle::Failure;
use lockstep::sqlx::{self, Connection, SqliteConnection};
use lockstep::{
    Binding, CodeStep, Event, HandlerVersion, InstanceId, Runtime, SchemaObserver, SchemaSpec, SchemaVersion, Step,
    StepConnection, StepError,
};
use metrics_exporter_prometheus::PrometheusBuilder;
use tokio::sync::watch;

/// Fills `users.domain` from the e-mail addresses: work for which SQL is the wrong language.
struct Domains;

#[async_trait]
impl CodeStep for Domains {
    async fn up(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        let sqlite = connection.as_sqlite().ok_or("this step is written for SQLite")?;
        let users: Vec<(i64, String)> = sqlx::query_as("SELECT id, email FROM users ORDER BY id")
            .fetch_all(&mut *sqlite)
            .await?;
        for (id, email) in users {
            let (_, domain) = email
                .rsplit_once('@')
                .ok_or_else(|| format!("user {id} has the e-mail address {email:?}, which names no domain"))?;
            sqlx::query("UPDATE users SET domain = ? WHERE id = ?")
                .bind(domain.to_ascii_lowercase())
                .bind(id)
                .execute(&mut *sqlite)
                .await?;
        }
        Ok(())
    }

    async fn down(&self, connection: &mut StepConnection<'_>) -> Result<(), StepError> {
        connection.execute("UPDATE users SET domain = NULL").await?;
        Ok(())
    }
}

/// Prints every event, and raises an alarm for the one that needs a person. Called after the commit, in order.
struct Pager {
    heard: watch::Sender<u64>,
}

#[async_trait]
impl SchemaObserver for Pager {
    fn name(&self) -> &str {
        "pager"
    }

    async fn on_event(&self, event: &Event) {
        let handler = event.kind.handler_version().map(ToString::to_string);
        let about = handler.or_else(|| event.kind.schema().map(ToString::to_string));
        let took = event.kind.duration().map(|took| format!(" in {took:.1?}"));
        println!(
            "    event {:>2}  {:<20} {}{}",
            event.seq,
            event.kind.name(),
            about.unwrap_or_default(),
            took.unwrap_or_default()
        );
        self.heard.send_replace(event.seq);
    }

    async fn on_schema_failed(&self, failure: &Failure, _event: &Event) {
        let Failure {
            schema, step, error, ..
        } = failure;
        println!("    ALARM     step {step} of {schema}: {error}");
    }
}

fn schemas() -> lockstep::Result<[SchemaSpec; 2]> {
    let (v1, v2) = (SchemaVersion::new("schema_v1")?, SchemaVersion::new("schema_v2")?);
    let users = Step::sql(
        "001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL)",
        "DROP TABLE users",
    );
    let mut column = Step::sql(
        "001_domain",
        "ALTER TABLE users ADD COLUMN domain TEXT",
        "ALTER TABLE users DROP COLUMN domain",
    );
    // It can be worked out again from the address, so that nobody has to consent to its going.
    column.carries = vec!["users.domain".to_owned()];
    // "r1" stands for the code in the checksum: an author who changes what it does changes that too.
    let fill = Step::code("002_fill_domain", "r1");
    Ok([
        SchemaSpec::new(v1.clone(), vec![users]),
        SchemaSpec::new(v2, vec![column, fill])
            .requires(v1.clone())
            .compatible_with(v1),
    ])
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    // The recorder comes first: what is counted before it is there goes nowhere. With buckets, Prometheus can add up the
    // histograms of a whole fleet. A program with a scraper would install an HTTP listener here instead.
    let prometheus = PrometheusBuilder::new()
        .set_buckets(&[0.01, 0.1, 1.0, 10.0])?
        .install_recorder()?;

    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("shop.db").display());
    let (heard, hear) = watch::channel(0);
    let [v1, v2] = schemas()?;
    let (old, new): (HandlerVersion, HandlerVersion) = ("users@1.0.0".parse()?, "users@2.0.0".parse()?);
    let runtime = Runtime::builder(&url)
        .binding(Binding::new(old.clone(), v1.version.clone()))
        .binding(Binding::new(new.clone(), v2.version.clone()))
        .code_step(v2.version.clone(), "002_fill_domain", Arc::new(Domains))
        .schema(v1)
        .schema(v2)
        // With a name, an observer goes on after a restart where it stopped, instead of at the end of the log.
        .instance(InstanceId::new("shop-1")?)
        .observer(Arc::new(Pager { heard }))
        .build()
        .await?;

    let told = story(&runtime, hear, &url, &old, &new).await;
    if told.is_ok() {
        println!("\nPrometheus would scrape:");
        for line in prometheus.render().lines().filter(|line| line.contains("lockstep_")) {
            println!("  {line}");
        }
    }
    runtime.shutdown().await;
    told
}

async fn story(
    runtime: &Runtime,
    mut hear: watch::Receiver<u64>,
    url: &str,
    old: &HandlerVersion,
    new: &HandlerVersion,
) -> Result<(), Box<dyn StdError>> {
    let mut shop = SqliteConnection::connect(url).await?;

    println!("{old} is deployed, and users come.");
    runtime.activate(old.clone()).await?;
    sqlx::query("INSERT INTO users (email) VALUES ('ada@Example.org'), ('grace'), ('linus@example.com')")
        .execute(&mut shop)
        .await?;
    caught_up(runtime, &mut hear).await?;

    println!("\n{new} is deployed, and one of its steps fails.");
    let refused = runtime.activate(new.clone()).await;
    caught_up(runtime, &mut hear).await?;
    if let Err(error) = refused {
        println!("  the deploy hears: {error}");
        println!("                    {}", error.state());
        println!("                    next: {}", error.next_step().unwrap_or_default());
    }
    dashboard(runtime, "while it is broken")?;

    println!("\nThe row is mended, and {new} is deployed again. An instance of it holds a lease besides.");
    sqlx::query("UPDATE users SET email = 'grace@navy.mil' WHERE email = 'grace'")
        .execute(&mut shop)
        .await?;
    runtime.activate(new.clone()).await?;
    let lease = runtime
        .lease_for(new.clone(), Duration::from_millis(900), false)
        .await?;
    tokio::time::sleep(Duration::from_millis(700)).await; // time for two renewals
    caught_up(runtime, &mut hear).await?;
    dashboard(runtime, "with both versions live")?;

    println!("\nEverything drains. The rows of users are in the way of schema_v1, so it stays.");
    lease.release().await?;
    runtime.deactivate(old.clone()).await?;
    runtime.deactivate(new.clone()).await?;
    caught_up(runtime, &mut hear).await?;
    dashboard(runtime, "at the end")?;
    shop.close().await?;
    Ok(())
}

/// Waits until the observer has heard what has happened so far, so that the story stays in order.
async fn caught_up(runtime: &Runtime, hear: &mut watch::Receiver<u64>) -> Result<(), Box<dyn StdError>> {
    let last = runtime.report().await?.event_seq;
    tokio::time::timeout(Duration::from_secs(5), hear.wait_for(|seq| *seq >= last)).await??;
    Ok(())
}

/// What a dashboard reads, from memory: no query, so it may be read as often as anybody likes.
fn dashboard(runtime: &Runtime, when: &str) -> Result<(), Box<dyn StdError>> {
    println!("  the dashboard {when}:");
    println!("    statistics {}", serde_json::to_string(&runtime.statistics())?);
    for usage in runtime.schemas() {
        println!("    usage      {}", serde_json::to_string(&usage)?);
    }
    Ok(())
}
