//! Names that mean something else: a schema in front of everything holds functions with the names of PostgreSQL's own.

use super::{at, whole_story};
use crate::conformance::v;
use crate::invariants;
use crate::support::{Database, Engine, Folder};

/// Functions that lie, and a path that finds them first.
const SHADOWS: &str = "\
CREATE SCHEMA shadow;
CREATE FUNCTION shadow.now() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$;
CREATE FUNCTION shadow.clock_timestamp() RETURNS timestamptz LANGUAGE sql AS $$ SELECT 'epoch'::timestamptz $$;
CREATE FUNCTION shadow.current_schema() RETURNS name LANGUAGE sql AS $$ SELECT 'elsewhere'::name $$;
CREATE FUNCTION shadow.pg_try_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
CREATE FUNCTION shadow.pg_advisory_xact_lock(bigint) RETURNS boolean LANGUAGE sql AS $$ SELECT 1 / 0 = 1 $$;
CREATE FUNCTION shadow.pg_backend_pid() RETURNS int LANGUAGE sql AS $$ SELECT 1 $$;
CREATE FUNCTION shadow.pg_cancel_backend(int) RETURNS boolean LANGUAGE sql AS $$ SELECT false $$;
CREATE FUNCTION shadow.pg_notify(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT 1 / 0 = 1 $$;
CREATE FUNCTION shadow.to_regclass(text) RETURNS regclass LANGUAGE sql AS $$ SELECT NULL::regclass $$;
CREATE FUNCTION shadow.concat_ws(text, VARIADIC text[]) RETURNS text LANGUAGE sql AS $$ SELECT 'same' $$;
CREATE FUNCTION shadow.quote_literal(text) RETURNS text LANGUAGE sql AS $$ SELECT 'same' $$;
CREATE FUNCTION shadow.format_type(oid, int) RETURNS text LANGUAGE sql AS $$ SELECT 'same' $$;
CREATE FUNCTION shadow.none(bigint) RETURNS bigint LANGUAGE sql AS $$ SELECT 0::bigint $$;
CREATE FUNCTION shadow.none(bigint, anyelement) RETURNS bigint LANGUAGE sql AS $$ SELECT 0::bigint $$;
CREATE FUNCTION shadow.nothing(text, anyelement) RETURNS text LANGUAGE sql AS $$ SELECT '[]' $$;
CREATE FUNCTION shadow.nothing(text, text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'same' $$;
CREATE AGGREGATE shadow.count(*) (sfunc = shadow.none, stype = bigint, initcond = '0');
CREATE AGGREGATE shadow.count(anyelement) (sfunc = shadow.none, stype = bigint, initcond = '0');
CREATE AGGREGATE shadow.json_agg(anyelement) (sfunc = shadow.nothing, stype = text);
CREATE AGGREGATE shadow.string_agg(text, text) (sfunc = shadow.nothing, stype = text);";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn functions_that_shadow_the_servers_own_are_not_called() {
    let database = Database::new(Engine::Postgres).await;
    database.execute(SHADOWS).await;
    let join = if database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{join}options[search_path]=shadow,public,pg_catalog", database.url);
    let shadowed = database.at(url.clone());
    let lies = shadowed.rows("SELECT count(*)::text FROM pg_class").await;
    assert_eq!(lies, [["0"]], "the shadows are in front");
    let folder = Folder::users();
    let runtime = at(&url, &folder).await.expect("the server is there");
    whole_story(&runtime).await;
    // Rows that stand in the way are counted by the server's own count.
    runtime.activate(v("users@1.0.0")).await.unwrap();
    shadowed
        .execute("INSERT INTO users (id, email) VALUES (1, 'a@b')")
        .await;
    let kept = runtime.deactivate(v("users@1.0.0")).await.unwrap();
    assert!(crate::conformance::taken_back(&kept).is_empty(), "R8: {kept:?}");
    runtime.activate(v("users@1.0.0")).await.unwrap();
    let rehearsed = runtime.rehearse(&[], true).await;
    rehearsed.expect("what is there is seen as it is");
    runtime.shutdown().await;
    crate::deadlines::server_is_free(&database).await;
    invariants::check(&shadowed, true).await;
    database.drop().await;
}

/// What is made in a shadowed database differs where it differs: a change of type is seen.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rehearsal_is_not_fooled_by_shadows() {
    let database = Database::new(Engine::Postgres).await;
    database.execute(SHADOWS).await;
    let join = if database.url.contains('?') { '&' } else { '?' };
    let url = format!("{}{join}options[search_path]=shadow,public,pg_catalog", database.url);
    let folder = Folder::users();
    folder.write(
        "schema_v1/003_wide.up.sql",
        "ALTER TABLE kept ALTER COLUMN n TYPE bigint;\n",
    );
    folder.write("schema_v1/003_wide.down.sql", "SELECT 1;\n");
    database.execute("CREATE TABLE kept (n int)").await;
    let runtime = at(&url, &folder).await.expect("the server is there");
    let error = runtime
        .rehearse(&[crate::conformance::s("schema_v1")], true)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("kept"), "{error}");
    runtime.shutdown().await;
    database.drop().await;
}
