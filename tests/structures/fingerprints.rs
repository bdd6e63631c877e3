//! A fingerprint stands for what a database looks like: not for how it came there, where it is, or what is in it.

use lockstep::Settings;
use lockstep::catalog::structure::Selection;
use lockstep::catalog::write::create;
use lockstep::structure::Database as Looked;

use crate::support::{Database, Engine, facts_on};

facts_on!(Sqlite sqlite, Postgres postgres, Mysql mysql:
    the_same_ddl_in_another_order_has_the_same_fingerprint
    what_is_printed_and_loaded_again_has_the_same_fingerprint
    a_million_rows_do_not_change_it
    what_was_remembered_is_not_believed_for_ever
);

const FIRST: &str = "
CREATE TABLE a (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL DEFAULT 'x', CONSTRAINT a_name UNIQUE (name));
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER NOT NULL, score DECIMAL(10,2), CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE, CONSTRAINT b_score CHECK (score >= 0));
CREATE INDEX b_score_index ON b (score);
CREATE VIEW v AS SELECT a.id, a.name FROM a;
";

const SECOND: &str = "
CREATE TABLE a (name VARCHAR(40) DEFAULT 'x' NOT NULL, id INTEGER PRIMARY KEY, CONSTRAINT a_name UNIQUE (name));
CREATE VIEW v AS SELECT a.id, a.name FROM a;
CREATE TABLE b (score DECIMAL(10,2), a_id INTEGER NOT NULL, id INTEGER, PRIMARY KEY (id), CONSTRAINT b_score CHECK (score >= 0), CONSTRAINT b_a FOREIGN KEY (a_id) REFERENCES a (id) ON DELETE CASCADE);
CREATE INDEX b_score_index ON b (score);
";

async fn looked(database: &Database) -> Looked {
    Looked::connect(&database.url, &Settings::default())
        .await
        .expect("connects")
}

async fn fingerprint(database: &Database) -> String {
    let looked = looked(database).await;
    let structure = looked.structure(&Selection::all()).await.expect("is read");
    looked.close().await;
    structure.fingerprint().to_string()
}

async fn the_same_ddl_in_another_order_has_the_same_fingerprint(engine: Engine) {
    let (one, other) = (Database::new(engine).await, Database::new(engine).await);
    one.execute(FIRST).await;
    other.execute(SECOND).await;
    assert_eq!(fingerprint(&one).await, fingerprint(&other).await);
    other.execute("ALTER TABLE b ADD COLUMN more INTEGER").await;
    assert_ne!(fingerprint(&one).await, fingerprint(&other).await);
    one.drop().await;
    other.drop().await;
}

async fn what_is_printed_and_loaded_again_has_the_same_fingerprint(engine: Engine) {
    let (one, other) = (Database::new(engine).await, Database::new(engine).await);
    one.execute(FIRST).await;
    let from = looked(&one).await;
    let structure = from.structure(&Selection::all()).await.unwrap();
    for change in create(&structure).unwrap().statements {
        other.execute(&change.sql).await;
    }
    assert_eq!(fingerprint(&one).await, fingerprint(&other).await);
    from.close().await;
    one.drop().await;
    other.drop().await;
}

async fn a_million_rows_do_not_change_it(engine: Engine) {
    let database = Database::new(engine).await;
    database
        .execute("CREATE TABLE n (i INTEGER PRIMARY KEY); CREATE TABLE digits (d INTEGER PRIMARY KEY)")
        .await;
    database
        .execute("INSERT INTO digits VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
        .await;
    let before = fingerprint(&database).await;
    database
        .execute(
            "INSERT INTO n SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d \
             FROM digits a, digits b, digits c, digits d, digits e, digits f",
        )
        .await;
    assert_eq!(database.number("SELECT count(*) FROM n").await, 1_000_000);
    let analyze = if engine == Engine::Mysql {
        "ANALYZE TABLE n"
    } else {
        "ANALYZE"
    };
    database.execute(analyze).await;
    assert_eq!(fingerprint(&database).await, before);
    database.drop().await;
}

async fn what_was_remembered_is_not_believed_for_ever(engine: Engine) {
    let database = Database::new(engine).await;
    database.execute("CREATE TABLE a (id INTEGER PRIMARY KEY)").await;
    let from = looked(&database).await;
    let tables = async || from.remembered(&Selection::all()).await.unwrap().tables.len();
    assert_eq!(tables().await, 1);
    database.execute("CREATE TABLE b (id INTEGER PRIMARY KEY)").await;
    // SQLite has a mark for changes; the servers are believed for five minutes, or until told otherwise.
    assert_eq!(tables().await, if engine == Engine::Sqlite { 2 } else { 1 });
    from.forget();
    assert_eq!(tables().await, 2);
    from.close().await;
    database.drop().await;
}
