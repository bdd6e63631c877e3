//! A change of shape with data in it: prices go from text to whole cents and back, and no value is lost on the way.
//!
//! ```text
//!  schema_v1  price TEXT              '12.3'
//!  schema_v2  price_cents INTEGER     1230                 the text column goes
//!  schema_v3  + currency, stock       1230, 'EUR', 4
//! ```
//!
//! Run with `cargo run --example price_to_cents`. The schemas are files: read `schemas/price_to_cents/` alongside, from
//! `handlers.toml` on. The database is a temporary file that is removed at the end.
#![allow(clippy::print_stdout)] // it tells a story

use std::error::Error as StdError;

use lockstep::lifecycle::{Refusal, RetentionReason};
use lockstep::sqlx::{self, Connection, Row, SqliteConnection};
use lockstep::{Activation, Deactivation, Error, HandlerVersion, Runtime, SchemaVersion};

const SCHEMAS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/price_to_cents");

/// What shops really have in such a column; the last one is a slip of the pen.
const PRICES: [(&str, Option<&str>); 7] = [
    ("bolt", Some("0.05")),
    ("saw", Some("12.34")),
    ("hammer", Some("12.3")),
    ("ladder", Some("7")),
    ("refund", Some("-0.50")),
    ("drill", None),
    ("vice", Some("1.2.3")),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn StdError>> {
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("shop.db").display());
    let runtime = Runtime::builder(&url).schemas_dir(SCHEMAS).build().await?;
    // A connection as the shop's own programs have one.
    let mut shop = SqliteConnection::connect(&url).await?;
    let told = story(&runtime, &mut shop).await;
    shop.close().await?;
    runtime.shutdown().await;
    told
}

async fn story(runtime: &Runtime, shop: &mut SqliteConnection) -> Result<(), Box<dyn StdError>> {
    let (v1, v2, v3): (HandlerVersion, HandlerVersion, HandlerVersion) = (
        "products@1.0.0".parse()?,
        "products@2.0.0".parse()?,
        "products@3.0.0".parse()?,
    );
    let (schema_v2, schema_v3): (SchemaVersion, SchemaVersion) = ("schema_v2".parse()?, "schema_v3".parse()?);

    println!("Version 1 runs, and its table fills.");
    activate(runtime, &v1).await?;
    for (name, price) in PRICES {
        sqlx::query("INSERT INTO products (name, price) VALUES (?, ?)")
            .bind(name)
            .bind(price)
            .execute(&mut *shop)
            .await?;
    }
    show(shop).await?;

    println!("\nRehearse the rest: up and down, on a copy with these very rows.");
    if let Err(error) = rehearse(runtime).await {
        println!("  found in time: {error}");
    }
    println!("  The vice is mended, once more:");
    sqlx::query("UPDATE products SET price = '1.23' WHERE name = 'vice'")
        .execute(&mut *shop)
        .await?;
    rehearse(runtime).await?;

    println!("\nVersion 2 wants cents. It makes no promise to users of the text, so it waits for them to go.");
    if let Err(error) = runtime.activate(v2.clone()).await {
        explain(&error);
    }
    deactivate(runtime, &v1).await?;
    activate(runtime, &v2).await?;
    show(shop).await?;

    println!("\nVersion 3 adds to that. Version 2 stays live meanwhile: schema_v3 leaves its users unharmed.");
    activate(runtime, &v3).await?;
    sqlx::query("UPDATE products SET stock = 4 WHERE name IN ('saw', 'hammer')")
        .execute(&mut *shop)
        .await?;
    show(shop).await?;

    println!("\nVersion 3 was a mistake. It goes, but what was counted into it does not go by accident.");
    deactivate(runtime, &v3).await?;
    match runtime.rollback(schema_v3.clone(), false).await {
        Err(Error::Refused(refusal)) if matches!(*refusal, Refusal::DataLoss { .. }) => {
            explain(&Error::Refused(refusal));
        }
        Err(error) => return Err(error.into()),
        Ok(_) => println!("  {schema_v3} held nothing"),
    }
    println!("  Allowed explicitly:");
    let gone = runtime.rollback(schema_v3, true).await?;
    println!("  {} is taken back; with it went {}", gone.schema, list(&gone.lost));

    println!("\nBack to version 1: schema_v2 says its cents are carried over, so nobody has to consent to anything.");
    let before = total(shop, "price_cents").await?;
    deactivate(runtime, &v2).await?;
    activate(runtime, &v1).await?;
    show(shop).await?;
    println!("  the same values as before, each now with two decimals; {schema_v2} can be applied again at any time");
    let after = total(shop, "CAST(round(price * 100) AS INTEGER)").await?;
    println!("  sum of all prices: {before} cents then, {after} cents now");
    Ok(())
}

async fn rehearse(runtime: &Runtime) -> lockstep::Result<()> {
    for done in runtime.rehearse(&[], false).await? {
        match done.outcome {
            "passed" => println!(
                "  {}: {} steps up in {:.1?}, down in {:.1?}, and everything is as it was",
                done.schema, done.steps, done.up, done.down
            ),
            other => println!("  {}: {other}", done.schema),
        }
    }
    Ok(())
}

async fn activate(runtime: &Runtime, version: &HandlerVersion) -> lockstep::Result<()> {
    match runtime.activate(version.clone()).await? {
        Activation::Applied { schemas, .. } => {
            let names: Vec<_> = schemas.iter().map(|s| s.schema.to_string()).collect();
            println!("  {version} is active: applied {}", names.join(", "));
        }
        other => println!("  {version} is active: {} was there", other.lease().schema),
    }
    Ok(())
}

async fn deactivate(runtime: &Runtime, version: &HandlerVersion) -> lockstep::Result<()> {
    let done = runtime.deactivate(version.clone()).await?;
    println!("  {version} is not active any more");
    let kept = match done {
        Deactivation::RolledBack { schemas, kept, .. } => {
            for gone in schemas {
                println!("  {} is taken back; lost: {}", gone.schema, list(&gone.lost));
            }
            kept
        }
        Deactivation::Retained { kept } => kept,
        other => {
            println!("  {}", other.name());
            Vec::new()
        }
    };
    for each in kept {
        let why = match &each.reason {
            RetentionReason::DataLoss { losses } => format!("going, it would take along {}", list(losses)),
            other => format!("{other:?}"),
        };
        println!("  {} stays: {why}", each.schema);
    }
    Ok(())
}

/// Every error says what happened, what state things are in and what comes next.
fn explain(error: &Error) {
    println!("  refused: {error}");
    println!("           {}", error.state());
    if let Some(next) = error.next_step() {
        println!("           next: {next}");
    }
}

fn list<T: std::fmt::Display>(items: &[T]) -> String {
    if items.is_empty() {
        return "nothing".to_owned();
    }
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

async fn total(shop: &mut SqliteConnection, expression: &'static str) -> sqlx::Result<i64> {
    let sql = format!("SELECT sum({expression}) FROM products");
    // Audited: the expression is one of the two above.
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(shop).await
}

/// The table as it is, whatever columns it has now.
async fn show(shop: &mut SqliteConnection) -> sqlx::Result<()> {
    let columns: Vec<(String, String)> =
        sqlx::query_as("SELECT name, type FROM pragma_table_info('products') WHERE name <> 'id' ORDER BY cid")
            .persistent(false)
            .fetch_all(&mut *shop)
            .await?;
    let heads: Vec<_> = columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    let quoted: Vec<_> = columns.iter().map(|(name, _)| format!("quote({name})")).collect();
    let sql = format!("SELECT {} FROM products ORDER BY id", quoted.join(", "));
    // Audited: the names come from the database's own catalog.
    let rows = sqlx::query(sqlx::AssertSqlSafe(sql))
        .persistent(false)
        .fetch_all(&mut *shop)
        .await?;
    println!("    {}", line(&heads));
    for row in rows {
        let cells: Result<Vec<String>, _> = (0..columns.len()).map(|at| row.try_get(at)).collect();
        println!("    {}", line(&cells?));
    }
    Ok(())
}

fn line(cells: &[String]) -> String {
    let padded: Vec<_> = cells.iter().map(|cell| format!("{cell:<20}")).collect();
    padded.concat().trim_end().to_owned()
}
