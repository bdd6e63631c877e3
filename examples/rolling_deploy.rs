//! A rolling deploy over real processes: this program starts itself again as workers that share one database file.
//!
//! ```text
//!  worker-1, -2, -3   users@1.0.0 ──────────────────────────────► one by one ──► users@2.0.0
//!  canary                          users@2.0.0 ──✕ kill -9
//!                                                └─ no renewal for 1.5 s: fenced by the reaper, its schema is kept
//! ```
//!
//! Every worker holds a timed lease, renewed in the background, and writes rows all the time. The killed one cannot give its
//! lease back; the others never notice.
//!
//! Run with `cargo run --example rolling_deploy`. The database is a temporary file that is removed at the end.
#![allow(clippy::print_stdout)] // it tells a story

use std::error::Error as StdError;
use std::process::Stdio;
use std::time::{Duration, Instant};

use lockstep::lifecycle::RetentionReason;
use lockstep::sqlx::{self, Connection, SqliteConnection};
use lockstep::{Activation, Binding, EventKind, InstanceId, Runtime, SchemaSpec, SchemaState, SchemaVersion, Step};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

type Result<T> = std::result::Result<T, Box<dyn StdError>>;

/// Short, so that the story is. In earnest: the 15 s of the default.
const TTL: Duration = Duration::from_millis(1500);
/// No answer of a worker takes longer.
const PATIENCE: Duration = Duration::from_secs(10);

const OLD: &str = "users@1.0.0";
const NEW: &str = "users@2.0.0";

/// Every process, worker or not, knows the same schemas and bindings.
async fn connect(url: &str, name: &str) -> lockstep::Result<Runtime> {
    let (v1, v2) = (SchemaVersion::new("schema_v1")?, SchemaVersion::new("schema_v2")?);
    let users = Step::sql(
        "001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL)",
        "DROP TABLE users",
    );
    let display_name = Step::sql(
        "001_display_name",
        "ALTER TABLE users ADD COLUMN display_name TEXT",
        "ALTER TABLE users DROP COLUMN display_name",
    );
    let second = SchemaSpec::new(v2.clone(), vec![display_name]).requires(v1.clone());
    Runtime::builder(url)
        .instance(InstanceId::new(name)?)
        .schema(SchemaSpec::new(v1.clone(), vec![users]))
        // Without this promise no worker of 2.0.0 could start while one of 1.0.0 is live.
        .schema(second.compatible_with(v1.clone()))
        .binding(Binding::new(OLD.parse()?, v1))
        .binding(Binding::new(NEW.parse()?, v2))
        .lease_ttl(TTL)
        .settings(|settings| {
            settings.reap_every = Some(Duration::from_millis(400));
            settings.poll_every = Duration::from_millis(100);
        })
        .build()
        .await
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if let [role, url, name, version] = arguments.as_slice()
        && role == "worker"
    {
        return worker(url, name, version).await;
    }
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("shop.db").display());
    let runtime = connect(&url, "deployer").await?;
    let told = deploy(&runtime, &url).await;
    runtime.shutdown().await;
    told
}

// The worker: what a service does with Lockstep.

/// Serves until its standard input ends, or its lease is lost.
async fn worker(url: &str, name: &str, version: &str) -> Result<()> {
    let runtime = connect(url, name).await?;
    let lease = runtime.lease_for(version.parse()?, TTL, false).await?;
    let schema = &lease.granted().schema;
    match lease.activation() {
        Activation::Applied { .. } => println!("ready, it applied {schema}"),
        _ => println!("ready, {schema} was there"),
    }
    let insert = if version == OLD {
        "INSERT INTO users (email) VALUES ('somebody@example.org')"
    } else {
        "INSERT INTO users (email, display_name) VALUES ('somebody@example.org', 'Somebody')"
    };
    let mut shop = SqliteConnection::connect(url).await?;
    let mut input = BufReader::new(tokio::io::stdin()).lines();
    let mut requests = tokio::time::interval(Duration::from_millis(100));
    let mut served = 0;
    loop {
        tokio::select! {
            // The deployer says stop, or is gone itself.
            _ = input.next_line() => break,
            // Told before the lease runs out: from here on the schema may be taken back, so it must not be touched.
            why = lease.lost() => {
                println!("stopped after {served} requests: {why}");
                runtime.shutdown().await;
                return Ok(());
            }
            _ = requests.tick() => {
                sqlx::query(insert).execute(&mut shop).await?;
                served += 1;
            }
        }
    }
    shop.close().await?;
    let done = lease.release().await?;
    println!("stopped after {served} requests: {}", done.name());
    runtime.shutdown().await;
    Ok(())
}

fn why(reason: &RetentionReason) -> String {
    match reason {
        RetentionReason::DataLoss { losses } => {
            let lost: Vec<_> = losses.iter().map(ToString::to_string).collect();
            format!("going, it would take along {}", lost.join(", "))
        }
        RetentionReason::Expired => "its last lease ran out, and that alone never destroys data".to_owned(),
        other => format!("{other:?}"),
    }
}

// The deployer: starts, stops and kills workers, and looks.

struct Worker {
    name: String,
    process: Child,
    /// Dropping it tells the worker to stop.
    input: ChildStdin,
    said: Lines<BufReader<ChildStdout>>,
}

impl Worker {
    async fn start(url: &str, name: &str, version: &str) -> Result<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["worker", url, name, version])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let input = process.stdin.take().ok_or("the worker has no input")?;
        let output = process.stdout.take().ok_or("the worker has no output")?;
        let mut said = BufReader::new(output).lines();
        let first = tokio::time::timeout(PATIENCE, said.next_line()).await??;
        let first = first.ok_or("the worker ended without a word")?;
        let id = process.id().unwrap_or_default();
        println!("  {name} (process {id}) starts with {version}: {first}");
        Ok(Self {
            name: name.to_owned(),
            process,
            input,
            said,
        })
    }

    async fn stop(mut self) -> Result<()> {
        drop(self.input);
        while let Some(line) = tokio::time::timeout(PATIENCE, self.said.next_line()).await?? {
            println!("  {} {line}", self.name);
        }
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await??;
        if !status.success() {
            return Err(format!("{}: {status}", self.name).into());
        }
        Ok(())
    }
}

async fn deploy(runtime: &Runtime, url: &str) -> Result<()> {
    println!("Three workers of the old version.");
    let mut fleet = Vec::new();
    for name in ["worker-1", "worker-2", "worker-3"] {
        fleet.push(Worker::start(url, name, OLD).await?);
    }
    println!("  … and {:.1?} later, longer than a lease lives:", TTL + TTL / 3);
    tokio::time::sleep(TTL + TTL / 3).await;
    show(runtime).await?;

    println!("\nA canary of the new version changes the schema under them; they go on.");
    let mut canary = Worker::start(url, "canary", NEW).await?;
    tokio::time::sleep(Duration::from_millis(700)).await;
    show(runtime).await?;

    println!("\nkill -9 {}: it cannot say goodbye.", canary.name);
    let mut events = runtime.events();
    canary.process.kill().await?;
    let killed = Instant::now();
    let reason = loop {
        let event = tokio::time::timeout(PATIENCE, events.next()).await?;
        match event.ok_or("the runtime stopped")?.kind {
            EventKind::LeaseFenced { holder, reason, .. } if holder.instance.as_str() == canary.name => break reason,
            _ => {}
        }
    };
    println!(
        "  {:.1?} later a reaper fences its lease: {reason:?}.",
        killed.elapsed()
    );
    show(runtime).await?;

    println!("\nThe others roll over, one by one. What the canary applied is still there.");
    for place in &mut fleet {
        let next = Worker::start(url, &format!("{}b", place.name), NEW).await?;
        std::mem::replace(place, next).stop().await?;
        tokio::time::sleep(Duration::from_millis(300)).await;
        show(runtime).await?;
    }
    println!("  Nobody uses users@1.0.0 any more; schema_v1 stays because schema_v2 builds on it.");

    println!("\nEverything stops.");
    for worker in fleet {
        worker.stop().await?;
    }
    show(runtime).await?;
    let mut shop = SqliteConnection::connect(url).await?;
    let (all, named): (i64, i64) = sqlx::query_as("SELECT count(*), count(display_name) FROM users")
        .fetch_one(&mut shop)
        .await?;
    println!("  {all} requests were served in all, {named} of them by the new version; not one failed");
    Ok(shop.close().await?)
}

/// Who holds what, as one reading of the database has it.
async fn show(runtime: &Runtime) -> Result<()> {
    let now = runtime.report().await?;
    for schema in now.schemas.iter().filter(|s| s.state == SchemaState::Applied) {
        println!("    {}", schema.schema);
        if let Some(kept) = &schema.retention {
            println!("        nobody; kept: {}", why(&kept.reason));
        }
        for above in &schema.required_by {
            println!("        required by {above}");
        }
        for held in now.leases.iter().filter(|held| held.lease.schema == schema.schema) {
            let lease = &held.lease;
            let left = lease.expires_at.map(|end| end.since(now.now)).unwrap_or_default();
            println!(
                "        {:<10} {}  held for {:.1} s, {:.1} s left",
                lease.holder.instance,
                lease.handler_version,
                now.now.since(lease.acquired_at).as_secs_f64(),
                left.as_secs_f64()
            );
        }
    }
    Ok(())
}
