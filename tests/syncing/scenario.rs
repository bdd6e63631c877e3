//! A shop, as it is and as it should be.

use std::path::PathBuf;

use lockstep::catalog::structure::{Selection, Structure};
use lockstep::structure::{Consent, Database as Looked, Side, Source, Strategy, SyncOptions, Synced};
use lockstep::{DeactivateOptions, InstanceId, Policy, Result, Runtime, Settings};

use crate::support::{Database, Engine, Folder};

/// Two tables with rows: the amounts are texts, and one column is about to go.
pub async fn shop(engine: Engine) -> Database {
    let database = Database::new(engine).await;
    database
        .execute(
            "CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, fax VARCHAR(40));
             CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount VARCHAR(20));
             INSERT INTO customers VALUES (1, 'Ann', '123'), (2, 'Bob', NULL);
             INSERT INTO orders VALUES (10, 1, '007'), (11, 2, '42'), (12, 2, NULL);",
        )
        .await;
    database
}

/// What the shop should look like: amounts are numbers, the fax is gone, a table and an index have come.
pub const DESIRED: &str = "
CREATE TABLE customers (id INTEGER PRIMARY KEY, name VARCHAR(100) NOT NULL, email VARCHAR(200));
CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL, amount INTEGER);
CREATE TABLE notes (id INTEGER PRIMARY KEY, body VARCHAR(500) NOT NULL);
CREATE INDEX orders_customer ON orders (customer_id);
";

/// The rows that came before, whatever type they have now.
pub async fn rows(database: &Database) -> Vec<Vec<String>> {
    let text = match database.engine {
        Engine::Mysql => "CHAR",
        Engine::Sqlite | Engine::Postgres => "TEXT",
    };
    let mut rows = database
        .rows(&format!(
            "SELECT CAST(id AS {text}), CAST(customer_id AS {text}), CAST(amount AS {text}) FROM orders ORDER BY id"
        ))
        .await;
    rows.extend(
        database
            .rows(&format!("SELECT CAST(id AS {text}), name FROM customers ORDER BY id"))
            .await,
    );
    rows
}

/// A file that declares something.
pub fn declared(folder: &Folder, text: &str) -> PathBuf {
    folder.write("desired.sql", text);
    folder.path().join("desired.sql")
}

pub async fn side(database: &Database, text: &str) -> Side {
    let folder = Folder::empty();
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("connects");
    let side = Source::Sql(declared(&folder, text))
        .read(Some(&looked), &Settings::default(), &Selection::all())
        .await
        .expect("the declared side is read");
    looked.close().await;
    side
}

pub async fn sync(runtime: &Runtime, database: &Database, text: &str, options: &SyncOptions) -> Result<Synced> {
    runtime.sync(side(database, text).await, options).await
}

pub async fn looks(database: &Database) -> Structure {
    let looked = Looked::connect(&database.url, &Settings::default())
        .await
        .expect("connects");
    let structure = looked.structure(&Selection::all()).await.expect("is read");
    looked.close().await;
    structure
}

/// A sync that may do all it needs to.
pub fn full() -> SyncOptions {
    SyncOptions {
        strategy: Strategy::Full,
        consent: Some(Consent::Any),
        ..SyncOptions::default()
    }
}

/// How what a sync made goes.
pub fn leaving(policy: Policy, allow_data_loss: bool) -> DeactivateOptions {
    DeactivateOptions {
        instance: Some(InstanceId::new("sync").unwrap()),
        policy: Some(policy),
        allow_data_loss,
    }
}
