//! Who may do what, where a declaration says nothing of it, and where it does.

use lockstep::catalog::structure::Selection;
use lockstep::structure::{Consent, Source, Strategy, SyncOptions, Synced};
use lockstep::{Runtime, Settings};

use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Postgres postgres:
    what_names_no_privilege_leaves_all_of_them
    what_names_one_speaks_for_all
);

async fn shop() -> Database {
    let database = Database::new(Engine::Postgres).await;
    database
        .execute(
            "CREATE TABLE orders (id integer PRIMARY KEY, note varchar(20));
             CREATE VIEW notes AS SELECT note FROM orders;
             GRANT SELECT ON orders, notes TO PUBLIC;
             ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;",
        )
        .await;
    database
}

async fn sync(runtime: &Runtime, (name, text): (&str, &str), strategy: Strategy) -> Synced {
    let folder = Folder::empty();
    folder.write(name, text);
    let source: Source = folder
        .path()
        .join(name)
        .display()
        .to_string()
        .parse()
        .expect("a source");
    let side = source
        .read(Some(&runtime.database()), &Settings::default(), &Selection::all())
        .await
        .expect("it is read");
    let options = SyncOptions {
        strategy,
        consent: Some(Consent::Any),
        ..SyncOptions::default()
    };
    runtime.sync(side, &options).await.expect("it syncs")
}

/// Which relations anybody may read.
async fn readable(database: &Database) -> Vec<String> {
    let rows = database
        .rows(
            "SELECT relname::text FROM pg_class, aclexplode(relacl) a WHERE a.grantee = 0 AND relkind IN ('r', 'v') \
             AND relnamespace = 'public'::regnamespace AND relname NOT LIKE 'lockstep%' ORDER BY 1",
        )
        .await;
    rows.into_iter().flatten().collect()
}

async fn what_names_no_privilege_leaves_all_of_them(_: Engine) {
    let sql = "CREATE TABLE orders (id integer PRIMARY KEY, note text);
               CREATE TABLE customers (id integer PRIMARY KEY);
               CREATE VIEW notes AS SELECT note FROM orders;";
    let definition = r#"
[tables.orders]
columns = [{ name = "id", type = "integer", primary_key = true }, { name = "note", type = "text" }]
[tables.customers]
columns = [{ name = "id", type = "integer", primary_key = true }]
"#;
    let entities = r#"
[entities.thing]
attributes = [{ code = "name", backend_type = "varchar", length = 20 }]
"#;
    let database = shop().await;
    let runtime = database.runtime(|b| b).await;
    for (file, strategy, views) in [
        (("shop.sql", sql), Strategy::Additive, true),
        (("shop.sql", sql), Strategy::Full, true),
        (("shop.toml", definition), Strategy::Full, false),
    ] {
        let synced = sync(&runtime, file, strategy).await;
        if let Synced::Synchronized { proposal, .. } | Synced::Planned { proposal } = &synced {
            let told = format!("{:?} {:?} {:?}", proposal.differences, proposal.left, proposal.plan);
            // Those of a view that goes go with it.
            let taken = told.replace("\"notes\" to PUBLIC", "").contains("orphaned_privilege");
            assert!(views != taken && !told.contains("REVOKE"), "{told}");
        }
        // What default privileges gave to the new table stays, too.
        let expected: &[&str] = match views {
            true => &["customers", "notes", "orders"],
            false => &["customers", "orders"],
        };
        assert_eq!(readable(&database).await, expected);
        assert!(matches!(sync(&runtime, file, strategy).await, Synced::InSync { .. }));
    }
    sync(&runtime, ("entities.toml", entities), Strategy::Additive).await;
    assert!(readable(&database).await.contains(&"orders".to_owned()));
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}

async fn what_names_one_speaks_for_all(_: Engine) {
    let sql = "CREATE TABLE orders (id integer PRIMARY KEY, note varchar(20));
               CREATE VIEW notes AS SELECT note FROM orders;
               GRANT SELECT ON notes TO PUBLIC;";
    let database = shop().await;
    let runtime = database.runtime(|b| b).await;
    sync(&runtime, ("shop.sql", sql), Strategy::Full).await;
    assert_eq!(readable(&database).await, ["notes"]);
    runtime.shutdown().await;
    invariants::check(&database, true).await;
    database.drop().await;
}
