//! R8: what would lose rows does not start without consent, and what was lost is written down.

use lockstep::lifecycle::{DataLoss, EventKind, Refusal, RetentionReason};
use lockstep::{DeactivateOptions, Deactivation, Runtime, SchemaState};

use super::{chain, end, folder, log, one, refused, s, seq, start, taken_back, v};
use crate::support::{Database, Engine, Folder};

fn table(name: &str, rows: u64) -> DataLoss {
    DataLoss {
        table: name.to_owned(),
        column: None,
        rows,
        why: None,
    }
}

fn column(name: &str, column: &str, rows: u64) -> DataLoss {
    DataLoss {
        column: Some(column.to_owned()),
        ..table(name, rows)
    }
}

/// What stands in the way of taking a schema back, by its retention.
fn losses(deactivation: &Deactivation) -> Vec<(String, Vec<DataLoss>)> {
    let kept = match deactivation {
        Deactivation::Retained { kept } | Deactivation::RolledBack { kept, .. } => kept.as_slice(),
        _ => &[],
    };
    kept.iter()
        .filter_map(|k| match &k.reason {
            RetentionReason::DataLoss { losses } => Some((k.schema.to_string(), losses.clone())),
            _ => None,
        })
        .collect()
}

const ALLOWED: fn() -> DeactivateOptions = || DeactivateOptions {
    allow_data_loss: true,
    ..DeactivateOptions::default()
};

pub async fn tables_with_rows_are_kept_and_named_with_their_counts(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        ("002_b", "CREATE TABLE b (id INTEGER PRIMARY KEY);", "DROP TABLE b;"),
        ("003_c", "CREATE TABLE c (id INTEGER PRIMARY KEY);", "DROP TABLE c;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database
        .execute("INSERT INTO a VALUES (1), (2), (3); INSERT INTO c VALUES (7);")
        .await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    let [(schema, mut lost)] = <[_; 1]>::try_from(losses(&left)).unwrap_or_else(|_| panic!("{left:?}"));
    lost.sort_by(|a, b| a.table.cmp(&b.table));
    assert_eq!(
        (schema.as_str(), lost),
        ("schema_a", vec![table("a", 3), table("c", 1)])
    );
    // The version is out, the trial left no trace, and the schema says why it stays.
    assert_eq!(super::handler_state(&runtime, "one@1.0.0").await, "inactive");
    assert_eq!(database.number("SELECT count(*) FROM a").await, 3);
    assert!(database.has_table("b").await, "all of it stays, the empty table too");
    let usage = runtime.usage(s("schema_a")).unwrap();
    assert!(usage.retained && usage.state == SchemaState::Applied);
    end(database, [runtime]).await;
}

pub async fn a_column_with_values_is_kept_and_one_without_goes(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    database
        .execute("INSERT INTO users VALUES (1, 'a', NULL), (2, 'b', 'Bea'), (3, 'c', '')")
        .await;
    let left = runtime.deactivate(v("users@2.0.0")).await.unwrap();
    // An empty text is a value, a null is none; and what the kept schema requires stays with it.
    assert_eq!(
        losses(&left),
        [("schema_v2".to_owned(), vec![column("users", "display_name", 2)])],
        "{left:?}"
    );
    assert!(runtime.is_active(s("schema_v1")));
    database.execute("UPDATE users SET display_name = NULL").await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    let left = runtime.deactivate(v("users@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_v2"]);
    assert_eq!(losses(&left), [("schema_v1".to_owned(), vec![table("users", 3)])]);
    assert!(!database.has_column("users", "display_name").await);
    end(database, [runtime]).await;
}

pub async fn a_consented_loss_is_written_down(engine: Engine) {
    let (database, runtime) = start(engine, &Folder::users()).await;
    runtime.activate(v("users@2.0.0")).await.unwrap();
    database
        .execute("INSERT INTO users VALUES (1, 'a', 'Ann'), (2, 'b', NULL)")
        .await;
    let left = runtime.deactivate_with(v("users@2.0.0"), ALLOWED()).await.unwrap();
    let Deactivation::RolledBack { schemas, kept, .. } = left else {
        panic!("{left:?}");
    };
    let lost: Vec<_> = schemas.iter().map(|r| r.lost.clone()).collect();
    let expected = [vec![column("users", "display_name", 1)], vec![table("users", 2)]];
    assert_eq!((lost.as_slice(), kept.len()), (expected.as_slice(), 0));
    let recorded: Vec<_> = log(&runtime)
        .await
        .into_iter()
        .filter_map(|e| match e.kind {
            EventKind::SchemaRolledBack { lost, .. } => Some(lost),
            _ => None,
        })
        .collect();
    assert_eq!(recorded, expected);
    assert!(!database.has_table("users").await);
    end(database, [runtime]).await;
}

pub async fn what_a_way_back_carries_elsewhere_is_no_loss(engine: Engine) {
    let made = folder(
        "[handlers.shop]\n\"1.0.0\" = \"schema_1\"\n\"2.0.0\" = \"schema_2\"\n",
        &[
            (
                "schema_1/001_p",
                "CREATE TABLE products (id INTEGER PRIMARY KEY, price INTEGER);",
                "DROP TABLE products;",
            ),
            (
                "schema_2/001_cents",
                "ALTER TABLE products ADD COLUMN price_cents INTEGER;",
                "-- lockstep: carries=products.price_cents\nALTER TABLE products DROP COLUMN price_cents;",
            ),
            (
                "schema_2/002_convert",
                "UPDATE products SET price_cents = price * 100;",
                "UPDATE products SET price = price_cents / 100;",
            ),
        ],
    );
    made.write(
        "schema_2/schema.toml",
        "requires = [\"schema_1\"]\ncompatible_with = [\"schema_1\"]\n",
    );
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("shop@1.0.0")).await.unwrap();
    database.execute("INSERT INTO products VALUES (1, 5), (2, 7)").await;
    runtime.activate(v("shop@2.0.0")).await.unwrap();
    database
        .execute("UPDATE products SET price_cents = 900 WHERE id = 2")
        .await;
    let left = runtime.deactivate(v("shop@2.0.0")).await.unwrap();
    assert_eq!(taken_back(&left), ["schema_2"], "{left:?}");
    assert_eq!(database.number("SELECT sum(price) FROM products").await, 14);
    end(database, [runtime]).await;
}

pub async fn a_retained_schema_goes_by_hand_only_with_consent(engine: Engine) {
    let (database, runtime) = start(engine, &chain()).await;
    runtime.activate(v("app@2.0.0")).await.unwrap();
    database.execute("INSERT INTO t2 VALUES (1)").await;
    runtime.deactivate(v("app@2.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    let refusal = refused(runtime.rollback(s("schema_2"), false).await);
    let Refusal::DataLoss { schema, lost } = &refusal else {
        panic!("{refusal}");
    };
    assert_eq!((schema, lost), (&s("schema_2"), &vec![table("t2", 1)]));
    assert!(refusal.to_string().contains("t2 (1 row)"), "{refusal}");
    assert_eq!(seq(&runtime).await, before, "a refusal changes nothing");
    let done = runtime.rollback(s("schema_2"), true).await.unwrap();
    assert_eq!(done.lost, [table("t2", 1)]);
    let again = refused(runtime.rollback(s("schema_2"), true).await);
    assert!(matches!(again, Refusal::NotApplied { .. }), "{again}");
    end(database, [runtime]).await;
}

pub async fn a_kept_schema_is_simply_used_again(engine: Engine) {
    let (database, runtime) = start(engine, &chain()).await;
    runtime.activate(v("app@1.0.0")).await.unwrap();
    database.execute("INSERT INTO t1 VALUES (1)").await;
    runtime.deactivate(v("app@1.0.0")).await.unwrap();
    let before = seq(&runtime).await;
    let again = runtime.activate(v("app@1.0.0")).await.unwrap();
    assert_eq!(again.name(), "already_applied");
    assert!(!runtime.usage(s("schema_1")).unwrap().retained);
    let names = super::names_after(&runtime, before).await;
    assert!(names.contains(&"schema_reused"), "{names:?}");
    refused(runtime.rollback(s("schema_1"), true).await);
    assert_eq!(database.number("SELECT count(*) FROM t1").await, 1);
    end(database, [runtime]).await;
}

pub async fn an_irreversible_step_keeps_its_schema(engine: Engine) {
    let made = one(&[
        ("001_a", "CREATE TABLE a (id INTEGER PRIMARY KEY);", "DROP TABLE a;"),
        (
            "002_b",
            "-- lockstep: irreversible\nCREATE TABLE b (id INTEGER PRIMARY KEY);",
            "",
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    let left = runtime.deactivate_with(v("one@1.0.0"), ALLOWED()).await.unwrap();
    let Deactivation::Retained { kept } = &left else {
        panic!("{left:?}");
    };
    assert!(
        matches!(&kept[0].reason, RetentionReason::Irreversible { step } if step == "002_b"),
        "{kept:?}"
    );
    let refusal = refused(runtime.rollback(s("schema_a"), true).await);
    assert!(matches!(refusal, Refusal::Irreversible { .. }), "{refusal}");
    assert!(database.has_table("a").await && database.has_table("b").await);
    end(database, [runtime]).await;
}

pub async fn names_that_need_quotes_are_counted_too(engine: Engine) {
    // Written as the engine quotes.
    let q = |sql: &str| match engine {
        Engine::Mysql => sql.replace('"', "`"),
        _ => sql.to_owned(),
    };
    let made = one(&[
        (
            "001_a",
            &q("CREATE TABLE \"Order Lines\" (id INTEGER PRIMARY KEY, \"it's\" TEXT);"),
            &q("DROP TABLE \"Order Lines\";"),
        ),
        (
            "002_b",
            &q("ALTER TABLE \"Order Lines\" ADD COLUMN \"select\" TEXT;"),
            &q("ALTER TABLE \"Order Lines\" DROP COLUMN \"select\";"),
        ),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database
        .execute(&q("INSERT INTO \"Order Lines\" VALUES (1, 'x', 'y'), (2, 'x', NULL)"))
        .await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(losses(&left), [("schema_a".to_owned(), vec![table("Order Lines", 2)])]);
    end(database, [runtime]).await;
}

pub async fn a_table_that_is_made_anew_without_its_rows_counts_as_lost(engine: Engine) {
    let made = one(&[
        (
            "001_keep",
            "CREATE TABLE keep (id INTEGER PRIMARY KEY);",
            "DROP TABLE keep;",
        ),
        // Two steps back: the way down runs from the last.
        ("002_wide", "SELECT 1;", "CREATE TABLE keep (id INTEGER PRIMARY KEY);"),
        ("003_wide", "ALTER TABLE keep ADD COLUMN note TEXT;", "DROP TABLE keep;"),
    ]);
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    database.execute("INSERT INTO keep (id) VALUES (1), (2);").await;
    let left = runtime.deactivate(v("one@1.0.0")).await.unwrap();
    assert_eq!(losses(&left), [("schema_a".to_owned(), vec![table("keep", 2)])]);
    assert_eq!(database.number("SELECT count(*) FROM keep").await, 2);
    end(database, [runtime]).await;
}

pub async fn a_table_that_only_this_schema_remakes_is_counted_too(engine: Engine) {
    let made = Folder::empty();
    made.write(
        "handlers.toml",
        "[handlers.one]\n\"1.0.0\" = \"schema_a\"\n\"2.0.0\" = \"schema_b\"\n",
    );
    made.write(
        "schema_a/001_keep.up.sql",
        "CREATE TABLE keep (id INTEGER PRIMARY KEY);",
    );
    made.write("schema_a/001_keep.down.sql", "DROP TABLE keep;");
    made.write(
        "schema_b/schema.toml",
        "requires = [\"schema_a\"]\ncompatible_with = [\"schema_a\"]\n",
    );
    made.write("schema_b/001_nothing.up.sql", "SELECT 1;");
    made.write(
        "schema_b/001_nothing.down.sql",
        "CREATE TABLE keep (id INTEGER PRIMARY KEY);",
    );
    made.write("schema_b/002_index.up.sql", "CREATE INDEX keep_id ON keep (id);");
    made.write("schema_b/002_index.down.sql", "DROP TABLE keep;");
    let (database, runtime) = start(engine, &made).await;
    runtime.activate(v("one@1.0.0")).await.unwrap();
    runtime.activate(v("one@2.0.0")).await.unwrap();
    database.execute("INSERT INTO keep (id) VALUES (1), (2), (3);").await;
    let left = runtime.deactivate(v("one@2.0.0")).await.unwrap();
    assert_eq!(losses(&left), [("schema_b".to_owned(), vec![table("keep", 3)])]);
    assert_eq!(database.number("SELECT count(*) FROM keep").await, 3);
    end(database, [runtime]).await;
}

/// Kept elsewhere, and not all of it would come back: nobody but the author can tell.
pub async fn what_an_author_asks_before_a_way_back_is_counted_as_loss(engine: Engine) {
    let made = folder(
        "[handlers.shop]\n\"1.0.0\" = \"schema_1\"\n",
        &[(
            "schema_1/001_p",
            "CREATE TABLE products (id INTEGER PRIMARY KEY, price INTEGER);",
            "-- lockstep: carries=products\nDROP TABLE products;",
        )],
    );
    let asked = "SELECT count(*) FROM products WHERE price > 100;";
    made.write("schema_1/001_p.lost.sql", asked);
    let database = Database::new(engine).await;
    let built = Runtime::builder(&database.url).schemas_dir(made.path()).build().await;
    let said = built.expect_err("a query without a word of what it counts").to_string();
    assert!(said.contains("say in the line above a query what it counts"), "{said}");
    made.write(
        "schema_1/001_p.lost.sql",
        &format!("-- products.price: too dear for where it is kept\n{asked}"),
    );
    let runtime = database.runtime(|b| b.schemas_dir(made.path())).await;
    runtime.activate(v("shop@1.0.0")).await.unwrap();
    database.execute("INSERT INTO products VALUES (1, 5), (2, 700)").await;
    let kept = runtime.deactivate(v("shop@1.0.0")).await.unwrap();
    let told = losses(&kept)[0].1[0].to_string();
    assert_eq!(told, "column products.price (1 row: too dear for where it is kept)");
    database.execute("UPDATE products SET price = 7").await;
    assert_eq!(runtime.rollback(s("schema_1"), false).await.unwrap().lost, []);
    end(database, [runtime]).await;
}
