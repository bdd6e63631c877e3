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

#[tokio::test(flavor = "multi_thread")]
async fn what_the_one_schema_is_called_says_nothing() {
    const DDL: &str = "
    CREATE SCHEMA %;
    CREATE TYPE %.mood AS ENUM ('ok', 'bad');
    CREATE FUNCTION %.twice(n int) RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT n * 2 $$;
    CREATE FUNCTION %.found() RETURNS text LANGUAGE sql SET search_path = %, pg_temp AS $$ SELECT 'x' $$;
    CREATE TABLE %.a (id serial PRIMARY KEY, m %.mood NOT NULL DEFAULT 'ok', n int CHECK (%.twice(n) > 0));
    CREATE TABLE %.b (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, a_id int REFERENCES %.a ON DELETE CASCADE);
    CREATE INDEX b_a ON %.b (%.twice(a_id));
    CREATE VIEW %.v AS SELECT a.id, a.m FROM %.a JOIN %.b ON b.a_id = a.id;
    GRANT USAGE ON SCHEMA % TO public;
    GRANT SELECT ON %.a TO public;
    CREATE POLICY p ON %.a USING (%.twice(n) > 4);
    CREATE SCHEMA elsewhere;
    CREATE TABLE elsewhere.t (id int PRIMARY KEY);
    ";
    let of = async |name: &str, shown: &str, more: &str| {
        let database = Database::new(Engine::Postgres).await;
        database.execute(&format!("{DDL}{more}").replace('%', shown)).await;
        let looked = looked(&database).await;
        let selection = Selection {
            schemas: vec![name.to_owned()],
            ..Selection::all()
        };
        let structure = looked.structure(&selection).await.expect("is read");
        assert_eq!(structure.tables.len(), 2);
        looked.close().await;
        database.drop().await;
        structure.fingerprint()
    };
    let first = of("tenant_a", "tenant_a", "").await;
    assert_eq!(first, of("tenant_b", "tenant_b", "").await);
    assert_eq!(first, of("Tenant D", "\"Tenant D\"", "").await);
    assert_ne!(
        first,
        of("tenant_c", "tenant_c", "ALTER TABLE %.a ALTER n SET DEFAULT 5;").await
    );
}
