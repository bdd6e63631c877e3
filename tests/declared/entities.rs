//! Entity types with values in them: what becomes of the values when an attribute changes, there and back.

use lockstep::catalog::compare::compare;
use lockstep::catalog::structure::{Selection, Structure};
use lockstep::catalog::write::create;
use lockstep::structure::{Consent, Side, Source, Strategy, SyncOptions, Synced};
use lockstep::{DeactivateOptions, Deactivation, HandlerVersion, Runtime, Settings};

use crate::invariants;
use crate::support::{Database, Engine, Folder, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    a_longer_text_and_a_finer_number_keep_what_they_hold
    an_attribute_that_becomes_required_asks_for_its_values
    an_attribute_that_becomes_unique_names_what_is_there_twice
    an_attribute_that_goes_comes_back_with_its_values
    an_attribute_of_another_backend_type_is_never_lost_unasked
    an_attribute_under_another_code_keeps_its_values
);

/// The attributes of a product, each a line; a change replaces one of them.
const ATTRIBUTES: [(&str, &str); 5] = [
    (
        "sku",
        r#"{ code = "sku", backend_type = "varchar", length = 20, required = true, unique = true }"#,
    ),
    (
        "title",
        r#"{ code = "title", backend_type = "varchar", length = 30, filterable = true }"#,
    ),
    (
        "weight",
        r#"{ code = "weight", backend_type = "decimal", precision = 6, scale = 2 }"#,
    ),
    ("stock", r#"{ code = "stock", backend_type = "int" }"#),
    ("note", r#"{ code = "note", backend_type = "text" }"#),
];

/// The file with one attribute said otherwise; without it where nothing is said.
fn with(changed: &str, line: Option<&str>) -> String {
    let lines: Vec<&str> = ATTRIBUTES
        .iter()
        .filter_map(|(code, own)| if *code == changed { line } else { Some(*own) })
        .collect();
    format!("[entities.product]\nattributes = [\n  {}\n]\n", lines.join(",\n  "))
}

struct Shop {
    database: Database,
    folder: Folder,
    runtime: Runtime,
}

impl Shop {
    /// Two products with all their values, one of them without a title.
    async fn open(engine: Engine) -> Self {
        let (database, folder) = (Database::new(engine).await, Folder::empty());
        let runtime = database.runtime(|b| b).await;
        let shop = Self {
            database,
            folder,
            runtime,
        };
        // Not by a sync: the way back of the next one would take it along.
        let made = create(&shop.declared(&with("", None)).await.structure).expect("can be written");
        for change in made.statements {
            shop.database.execute(&change.sql).await;
        }
        shop.database
            .execute(
                "INSERT INTO product (entity_id) VALUES (1), (2);
                 INSERT INTO product_varchar (entity_id, sku, title) VALUES (1, 'A-1', 'lamp'), (2, 'A-2', NULL);
                 INSERT INTO product_decimal (entity_id, weight) VALUES (1, 2.25), (2, 17.5);
                 INSERT INTO product_int (entity_id, stock) VALUES (1, 7), (2, 7);
                 INSERT INTO product_text (entity_id, note) VALUES (1, 'brass'), (2, NULL);",
            )
            .await;
        shop
    }

    async fn declared(&self, text: &str) -> Side {
        self.folder.write("products.toml", text);
        let source = Source::Entities {
            path: self.folder.path().join("products.toml"),
            only: None,
        };
        source
            .read(Some(&self.runtime.database()), &Settings::default(), &Selection::all())
            .await
            .expect("the file is read")
    }

    async fn sync(&self, text: &str, strategy: Strategy) -> Synced {
        let side = self.declared(text).await;
        let options = SyncOptions {
            strategy,
            consent: Some(Consent::Any),
            ..SyncOptions::default()
        };
        self.runtime.sync(side, &options).await.expect("the sync ends")
    }

    async fn synced(&self, text: &str) -> HandlerVersion {
        match self.sync(text, Strategy::Full).await {
            Synced::Synchronized { handler_version, .. } => handler_version,
            other => panic!("{other:?}"),
        }
    }

    async fn back(&self, handler_version: HandlerVersion) {
        let options = DeactivateOptions {
            instance: Some("sync".parse().expect("an instance")),
            allow_data_loss: true,
            ..DeactivateOptions::default()
        };
        let back = self.runtime.deactivate_with(handler_version, options).await;
        let back = back.expect("the way back");
        assert!(matches!(back, Deactivation::RolledBack { .. }), "{back:?}");
    }

    /// What stands in the way, in words.
    async fn in_the_way(&self, text: &str) -> String {
        match self.sync(text, Strategy::Full).await {
            Synced::Obstructed { obstacles, .. } => format!("{obstacles:?}"),
            other => panic!("nothing stands in the way: {other:?}"),
        }
    }

    async fn looks(&self) -> Structure {
        let looked = self.runtime.database().structure(&Selection::all()).await;
        looked.expect("the database is read")
    }

    /// Every value of every product, by the names of now.
    async fn values(&self, title: &str) -> Vec<Vec<String>> {
        let text = match self.database.engine {
            Engine::Mysql => "CHAR",
            Engine::Sqlite | Engine::Postgres => "TEXT",
        };
        let query = format!(
            "SELECT sku, {title}, CAST(ROUND(weight * 100) AS {text}), CAST(stock AS {text}), note FROM product_varchar AS v \
             JOIN product_decimal AS d ON d.entity_id = v.entity_id JOIN product_int AS i ON i.entity_id = v.entity_id \
             JOIN product_text AS t ON t.entity_id = v.entity_id ORDER BY sku"
        );
        self.database.rows(&query).await
    }

    async fn close(self) {
        self.runtime.shutdown().await;
        invariants::check(&self.database, true).await;
        self.database.drop().await;
    }
}

/// There and back, with the same values all the way.
async fn keeps_all(engine: Engine, changed: &[(&str, &str)], title: &str) {
    let shop = Shop::open(engine).await;
    let (looked, held) = (shop.looks().await, shop.values("title").await);
    assert_eq!(held.len(), 2);
    for (code, line) in changed {
        let held_by = shop.synced(&with(code, Some(line))).await;
        let now = if *code == "title" { title } else { "title" };
        assert_eq!(shop.values(now).await, held, "{line}");
        shop.back(held_by).await;
        assert!(compare(&shop.looks().await, &looked).is_empty(), "{line}");
        assert_eq!(shop.values("title").await, held, "{line}");
    }
    shop.close().await;
}

async fn a_longer_text_and_a_finer_number_keep_what_they_hold(engine: Engine) {
    let changed = [
        (
            "title",
            r#"{ code = "title", backend_type = "varchar", length = 80, filterable = true }"#,
        ),
        (
            "weight",
            r#"{ code = "weight", backend_type = "decimal", precision = 12, scale = 4 }"#,
        ),
        (
            "stock",
            r#"{ code = "stock", backend_type = "int", default = 3, filterable = true }"#,
        ),
    ];
    keeps_all(engine, &changed, "title").await;
}

async fn an_attribute_under_another_code_keeps_its_values(engine: Engine) {
    let line =
        r#"{ code = "label", backend_type = "varchar", length = 30, filterable = true, renamed_from = "title" }"#;
    keeps_all(engine, &[("title", line)], "label").await;
}

async fn an_attribute_that_becomes_required_asks_for_its_values(engine: Engine) {
    let shop = Shop::open(engine).await;
    let (looked, required) = (
        shop.looks().await,
        r#"{ code = "title", backend_type = "varchar", length = 30, filterable = true, required = true }"#,
    );
    let held = shop.values("title").await;
    let told = shop.in_the_way(&with("title", Some(required))).await;
    assert!(told.contains("\"2\""), "the product without a title is named: {told}");
    assert!(compare(&shop.looks().await, &looked).is_empty(), "nothing was changed");
    assert_eq!(shop.values("title").await, held);
    shop.database
        .execute("UPDATE product_varchar SET title = 'vase' WHERE entity_id = 2")
        .await;
    let held = shop.values("title").await;
    let held_by = shop.synced(&with("title", Some(required))).await;
    assert_eq!(shop.values("title").await, held);
    let empty = "UPDATE product_varchar SET title = NULL";
    assert!(shop.database.try_execute(empty).await.is_err(), "it is required now");
    shop.back(held_by).await;
    assert!(compare(&shop.looks().await, &looked).is_empty());
    assert_eq!(shop.values("title").await, held);
    shop.close().await;
}

async fn an_attribute_that_becomes_unique_names_what_is_there_twice(engine: Engine) {
    let shop = Shop::open(engine).await;
    let looked = shop.looks().await;
    let unique = with(
        "stock",
        Some(r#"{ code = "stock", backend_type = "int", unique = true }"#),
    );
    let told = shop.in_the_way(&unique).await;
    assert!(told.contains('7'), "what both have is named: {told}");
    assert!(compare(&shop.looks().await, &looked).is_empty(), "nothing was changed");
    shop.database
        .execute("UPDATE product_int SET stock = 8 WHERE entity_id = 2")
        .await;
    let held = shop.values("title").await;
    let held_by = shop.synced(&unique).await;
    assert_eq!(shop.values("title").await, held);
    let twice = "UPDATE product_int SET stock = 8";
    assert!(shop.database.try_execute(twice).await.is_err(), "it is unique now");
    shop.back(held_by).await;
    assert!(compare(&shop.looks().await, &looked).is_empty());
    assert_eq!(shop.values("title").await, held);
    shop.close().await;
}

async fn an_attribute_that_goes_comes_back_with_its_values(engine: Engine) {
    let shop = Shop::open(engine).await;
    let (looked, held) = (shop.looks().await, shop.values("title").await);
    // One beside others in its table, and one that takes its table along.
    for (code, table) in [("title", "product_varchar"), ("note", "product_text")] {
        let without = with(code, None);
        // What only adds leaves it where it is.
        let left = shop.sync(&without, Strategy::Additive).await;
        assert!(matches!(left, Synced::InSync { .. }), "{left:?}");
        assert_eq!(shop.values("title").await, held);
        let held_by = shop.synced(&without).await;
        assert!(!shop.database.has_column(table, code).await, "{code}");
        shop.back(held_by).await;
        assert!(compare(&shop.looks().await, &looked).is_empty(), "{code}");
        assert_eq!(shop.values("title").await, held, "{code}");
    }
    shop.close().await;
}

/// The values of another backend type lie in another table, and nobody said that they are the same.
async fn an_attribute_of_another_backend_type_is_never_lost_unasked(engine: Engine) {
    let shop = Shop::open(engine).await;
    let (looked, held) = (shop.looks().await, shop.values("title").await);
    let moved = with("stock", Some(r#"{ code = "stock", backend_type = "bigint" }"#));
    let Synced::Synchronized { handler_version, .. } = shop.sync(&moved, Strategy::Additive).await else {
        panic!("the new table is made");
    };
    assert!(shop.database.has_column("product_bigint", "stock").await);
    assert_eq!(shop.values("title").await, held, "and the old one stays");
    shop.back(handler_version).await;
    let held_by = shop.synced(&moved).await;
    assert!(!shop.database.has_table("product_int").await);
    shop.back(held_by).await;
    assert!(compare(&shop.looks().await, &looked).is_empty());
    assert_eq!(shop.values("title").await, held, "what went is back");
    shop.close().await;
}
