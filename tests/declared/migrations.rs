//! What a declaration's migrations do when they are code: once, in the order of their versions, before anything is compared.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use lockstep::catalog::structure::Selection;
use lockstep::structure::{Consent, DECLARED, Source, Strategy, SyncOptions, Synced};
use lockstep::{CodeStep, Error, Result, Runtime, Scope, Settings, StepConnection, StepError};

use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    code_runs_once_and_in_order_and_mends_what_is_in_the_way
    code_that_nobody_registered_is_named_and_nothing_changes
    code_that_fails_leaves_the_version_where_it_was
    a_database_that_begins_at_a_version_runs_none
);

const FIRST: &str = r#"
version = "1.0.0"

[tables.parcels]
columns = [
    { name = "id", type = "integer", primary_key = true },
    { name = "grams", type = "integer" },
]
"#;

/// The weight is needed from now on; the code fills it in, and SQL goes on from there.
const SECOND: &str = r#"
version = "2.0.0"

[tables.parcels]
columns = [
    { name = "id", type = "integer", primary_key = true },
    { name = "grams", type = "integer", not_null = true },
]

[migrations]
"2.0.0" = ["UPDATE parcels SET grams = grams + 1"]
"1.5.0" = "weigh"
"1.0.0" = "never"
"#;

/// Weighs what was not weighed, and everything twice as heavy.
#[derive(Default)]
struct Weighs {
    ran: AtomicUsize,
    fails: bool,
}

#[async_trait]
impl CodeStep for Weighs {
    async fn up(&self, connection: &mut StepConnection<'_>) -> std::result::Result<(), StepError> {
        self.ran.fetch_add(1, Ordering::SeqCst);
        connection
            .execute("UPDATE parcels SET grams = 50 WHERE grams IS NULL")
            .await?;
        connection.execute("UPDATE parcels SET grams = grams * 2").await?;
        if self.fails {
            return Err("the scales are broken".into());
        }
        Ok(())
    }

    async fn down(&self, connection: &mut StepConnection<'_>) -> std::result::Result<(), StepError> {
        connection.execute("UPDATE parcels SET grams = grams / 2").await?;
        Ok(())
    }
}

fn register(runtime: &Runtime, fails: bool) -> Arc<Weighs> {
    let code = Arc::new(Weighs {
        fails,
        ..Weighs::default()
    });
    let declared = DECLARED.parse().expect("a schema version");
    runtime.add_code_step(declared, "weigh", Arc::clone(&code) as Arc<dyn CodeStep>);
    code
}

async fn sync(runtime: &Runtime, folder: &Folder, text: &str) -> Result<Synced> {
    folder.write("parcels.toml", text);
    let side = Source::Definition(folder.path().join("parcels.toml"))
        .read(Some(&runtime.database()), &Settings::default(), &Selection::all())
        .await?;
    let options = SyncOptions {
        strategy: Strategy::Full,
        consent: Some(Consent::Any),
        ..SyncOptions::default()
    };
    runtime.sync(side, &options).await
}

/// A database of the first version, with one parcel that was weighed and one that was not.
async fn parcels(engine: Engine) -> (Database, Folder, Runtime) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, &folder, FIRST).await.expect("the first version");
    database.execute("INSERT INTO parcels VALUES (1, 100), (2, NULL)").await;
    (database, folder, runtime)
}

async fn total(database: &Database) -> i64 {
    database.number("SELECT sum(coalesce(grams, 0)) FROM parcels").await
}

async fn version(runtime: &Runtime) -> String {
    let version = runtime.database().declared_version(&Scope::default()).await;
    version.expect("read").expect("one").to_string()
}

async fn end(database: Database, runtimes: impl IntoIterator<Item = Runtime>) {
    for runtime in runtimes {
        runtime.shutdown().await;
    }
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn code_runs_once_and_in_order_and_mends_what_is_in_the_way(engine: Engine) {
    let (database, folder, runtime) = parcels(engine).await;
    let code = register(&runtime, false);
    let done = sync(&runtime, &folder, SECOND).await.expect("the second version");
    assert!(matches!(done, Synced::Synchronized { .. }), "{done:?}");
    // 100 * 2 + 1 and 50 * 2 + 1: the code first, though it stands second.
    assert_eq!(total(&database).await, 302);
    assert_eq!(
        (code.ran.load(Ordering::SeqCst), version(&runtime).await),
        (1, "2.0.0".to_owned())
    );
    let again = sync(&runtime, &folder, SECOND).await.expect("again");
    assert!(matches!(again, Synced::InSync { .. }), "{again:?}");
    // Another instance, which has the code too, finds it done.
    let other = database
        .runtime(|b| b.instance("other".parse().expect("an instance")))
        .await;
    let its = register(&other, false);
    let again = sync(&other, &folder, SECOND).await.expect("elsewhere");
    assert!(matches!(again, Synced::InSync { .. }), "{again:?}");
    assert_eq!((its.ran.load(Ordering::SeqCst), total(&database).await), (0, 302));
    end(database, [runtime, other]).await;
}

async fn code_that_nobody_registered_is_named_and_nothing_changes(engine: Engine) {
    let (database, folder, runtime) = parcels(engine).await;
    let error = sync(&runtime, &folder, SECOND).await.expect_err("no code");
    assert!(
        matches!(&error, Error::MissingCode { step, .. } if step == "weigh"),
        "{error:?}"
    );
    assert_eq!(
        (total(&database).await, version(&runtime).await),
        (100, "1.0.0".to_owned())
    );
    register(&runtime, false);
    sync(&runtime, &folder, SECOND).await.expect("with its code");
    assert_eq!(
        (total(&database).await, version(&runtime).await),
        (302, "2.0.0".to_owned())
    );
    end(database, [runtime]).await;
}

async fn code_that_fails_leaves_the_version_where_it_was(engine: Engine) {
    let (database, folder, runtime) = parcels(engine).await;
    register(&runtime, true);
    let outcome = sync(&runtime, &folder, SECOND).await;
    let told = format!("{outcome:?}");
    assert!(outcome.is_err() && told.contains("the scales are broken"), "{told}");
    assert_eq!(
        (total(&database).await, version(&runtime).await),
        (100, "1.0.0".to_owned())
    );
    let code = register(&runtime, false);
    sync(&runtime, &folder, SECOND).await.expect("with sound code");
    assert_eq!((total(&database).await, code.ran.load(Ordering::SeqCst)), (302, 1));
    assert_eq!(version(&runtime).await, "2.0.0");
    end(database, [runtime]).await;
}

async fn a_database_that_begins_at_a_version_runs_none(engine: Engine) {
    let (database, folder) = (Database::new(engine).await, Folder::empty());
    let runtime = database.runtime(|b| b).await;
    // Nobody has the code, and nobody needs it.
    sync(&runtime, &folder, SECOND).await.expect("from nothing");
    assert!(database.has_table("parcels").await);
    assert_eq!(version(&runtime).await, "2.0.0");
    end(database, [runtime]).await;
}
