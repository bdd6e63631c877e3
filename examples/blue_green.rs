//! The main job: two API versions share a schema, a third needs another; each schema is applied when the first version
//! that needs it is activated, and taken back only when nothing live needs it any more.
//!
//! Run with `cargo run --example blue_green`; it leaves `blue_green.db` here, to look into with `sqlite3`.
#![allow(clippy::print_stdout)] // it tells a story

use lockstep::{Deactivation, HandlerVersion, Runtime, SchemaSpec, SchemaVersion, Step};

const DATABASE: &str = "blue_green.db";

fn schemas() -> lockstep::Result<[SchemaSpec; 2]> {
    let v1 = SchemaVersion::new("schema_v1")?;
    let v2 = SchemaVersion::new("schema_v2")?;
    let users = Step::sql(
        "001_users",
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL)",
        "DROP TABLE users",
    );
    let index = Step::sql(
        "002_email",
        "CREATE UNIQUE INDEX users_email ON users (email)",
        "DROP INDEX users_email",
    );
    let name = Step::sql(
        "001_display_name",
        "ALTER TABLE users ADD COLUMN display_name TEXT",
        "ALTER TABLE users DROP COLUMN display_name",
    );
    Ok([
        SchemaSpec::new(v1.clone(), vec![users, index]),
        // It builds on schema_v1 and promises to leave its users unharmed: both may be live during the rollout.
        SchemaSpec::new(v2, vec![name]).requires(v1.clone()).compatible_with(v1),
    ])
}

#[tokio::main]
async fn main() -> lockstep::Result<()> {
    for leftover in [
        DATABASE.to_owned(),
        format!("{DATABASE}-wal"),
        format!("{DATABASE}-shm"),
    ] {
        // Not being there is how it should be.
        let _ = std::fs::remove_file(leftover);
    }
    let [v1, v2] = schemas()?;
    let runtime = Runtime::builder(&format!("sqlite://{DATABASE}"))
        .schema(v1)
        .schema(v2)
        .build()
        .await?;
    let (blue, patch, green): (HandlerVersion, HandlerVersion, HandlerVersion) =
        ("users@1.0.0".parse()?, "users@1.1.0".parse()?, "users@2.0.0".parse()?);
    for (version, schema) in [(&blue, "schema_v1"), (&patch, "schema_v1"), (&green, "schema_v2")] {
        runtime.register(version.clone(), SchemaVersion::new(schema)?).await?;
    }

    println!("Deploy: each version is activated.");
    for version in [&blue, &patch, &green] {
        let done = runtime.activate(version.clone()).await?;
        match &done {
            lockstep::Activation::Applied { schemas, duration, .. } => {
                let names: Vec<_> = schemas
                    .iter()
                    .map(|s| format!("{} ({})", s.schema, count(s.steps as usize, "step")))
                    .collect();
                println!("  {version}: applied {} in {duration:.1?}", names.join(", "));
            }
            other => println!(
                "  {version}: {} was there, so this only adds a user",
                other.lease().schema
            ),
        }
    }
    show(&runtime);

    println!("\nDrain: the old versions go first.");
    for version in [&blue, &patch, &green] {
        match runtime.deactivate(version.clone()).await? {
            Deactivation::KeptInUse {
                schema,
                by,
                required_by,
            } => {
                let users: Vec<_> = by.iter().map(|u| u.handler_version.to_string()).collect();
                let above: Vec<_> = required_by.iter().map(ToString::to_string).collect();
                println!(
                    "  {version}: {schema} stays, needed by {}",
                    [users, above].concat().join(", ")
                );
            }
            Deactivation::RolledBack { schemas, duration, .. } => {
                let names: Vec<_> = schemas.iter().map(|s| s.schema.to_string()).collect();
                println!(
                    "  {version}: nothing needs them any more, taken back in reverse order in {duration:.1?}: {}",
                    names.join(", ")
                );
            }
            // Rows would be lost, or this instance does not hold it: not in this story.
            other => println!("  {version}: {}", other.name()),
        }
    }
    show(&runtime);

    println!("\nThe event log:");
    for event in runtime.events_since(0, 100).await? {
        let about = event.kind.handler_version().map(ToString::to_string);
        let about = about
            .or_else(|| event.kind.schema().map(ToString::to_string))
            .unwrap_or_default();
        println!("  {:>3}  {:<20} {about}", event.seq, event.kind.name());
    }
    runtime.shutdown().await;
    println!("\nLook inside:");
    for table in ["lockstep_schema", "lockstep_lease", "lockstep_step", "lockstep_event"] {
        println!("  sqlite3 -box {DATABASE} 'SELECT * FROM {table}'");
    }
    Ok(())
}

fn count(many: usize, what: &str) -> String {
    format!("{many} {what}{}", if many == 1 { "" } else { "s" })
}

fn show(runtime: &Runtime) {
    let s = runtime.statistics();
    println!(
        "  now: {}, {} active, {} pending, {} rolled back",
        count(s.total, "schema"),
        s.active,
        s.pending,
        s.rolled_back
    );
    for usage in runtime.schemas() {
        let versions = usage.handler_versions.keys().map(ToString::to_string);
        let users: Vec<_> = versions
            .chain(usage.dependents.iter().map(ToString::to_string))
            .collect();
        let used = if users.is_empty() {
            String::new()
        } else {
            format!(": {}", users.join(", "))
        };
        println!(
            "       {} {}, {}{used}",
            usage.schema,
            usage.state,
            count(usage.references(), "reference")
        );
    }
}
