-- case: what names no privilege takes none away
-- current
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE SEQUENCE s;
CREATE TABLE t (id int PRIMARY KEY, a text, b text);
CREATE TABLE gone (id int);
CREATE TABLE app.u (id int PRIMARY KEY);
CREATE VIEW v AS SELECT a FROM t;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
GRANT SELECT, INSERT ON t, gone TO PUBLIC;
GRANT UPDATE (a), UPDATE (b) ON t TO PUBLIC;
GRANT SELECT ON v TO PUBLIC;
GRANT USAGE ON SEQUENCE s TO PUBLIC;
GRANT USAGE ON SCHEMA app TO PUBLIC;
REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
REVOKE USAGE ON TYPE mood FROM PUBLIC;
-- rows
INSERT INTO t VALUES (1, 'x', 'y');
-- desired
CREATE SCHEMA app;
CREATE TYPE mood AS ENUM ('a', 'b', 'c');
CREATE SEQUENCE s INCREMENT 2;
CREATE TABLE t (id bigint PRIMARY KEY, a varchar(20), c text);
CREATE TABLE app.u (id int PRIMARY KEY, more text);
CREATE VIEW v AS SELECT a, id FROM t;
CREATE FUNCTION f() RETURNS text LANGUAGE sql AS $$SELECT '1'$$;
-- keeps: SELECT has_table_privilege('pg_monitor', 't', 'insert'), has_column_privilege('pg_monitor', 't', 'a', 'update')
-- keeps: SELECT has_table_privilege('pg_monitor', 'v', 'select'), has_schema_privilege('pg_monitor', 'app', 'usage')
-- keeps: SELECT has_function_privilege('pg_monitor', 'f()', 'execute'), has_type_privilege('pg_monitor', 'mood', 'usage')
-- returns: SELECT has_table_privilege('pg_monitor', 'gone', 'insert'), has_column_privilege('pg_monitor', 't', 'b', 'update')

-- case: what default privileges give to a new table stays where none are named
-- current
CREATE SCHEMA app;
CREATE TABLE app.old (id int);
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON SEQUENCES TO PUBLIC;
CREATE VIEW app.v AS SELECT 1 AS one;
-- desired
CREATE SCHEMA app;
CREATE TABLE app.old (id bigint);
CREATE TABLE app.new (id int GENERATED ALWAYS AS IDENTITY, name text);
CREATE SEQUENCE app.counter;
CREATE VIEW app.v AS SELECT 2::bigint AS one;
-- keeps: SELECT has_table_privilege('pg_monitor', 'app.old', 'select')

-- case: what is renamed keeps its privileges where none are named
-- current
CREATE TABLE people (id int PRIMARY KEY, name text);
GRANT SELECT ON people TO PUBLIC;
GRANT UPDATE (name) ON people TO PUBLIC;
-- desired
-- @renamed from=people
CREATE TABLE persons (
  id int PRIMARY KEY,
  full_name text -- @renamed from=name
);

-- case: privileges of a schema that goes go with it where none are named
-- current
CREATE SCHEMA app;
CREATE TABLE app.t (id int);
GRANT USAGE ON SCHEMA app TO PUBLIC;
GRANT SELECT ON app.t TO PUBLIC;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
-- desired
CREATE TABLE t (id int);

-- case: a single revocation speaks for all privileges
-- current
CREATE TABLE t (id int);
CREATE TABLE u (id int);
GRANT SELECT ON t, u TO PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
-- desired
CREATE TABLE t (id int);
CREATE TABLE u (id int);
REVOKE ALL ON t FROM PUBLIC;

-- case: who may use servers, wrappers and languages
-- current
CREATE FOREIGN DATA WRAPPER near;
CREATE SERVER there FOREIGN DATA WRAPPER near;
GRANT USAGE ON FOREIGN SERVER there TO PUBLIC;
-- desired
CREATE FOREIGN DATA WRAPPER near;
CREATE SERVER there FOREIGN DATA WRAPPER near;
GRANT USAGE ON FOREIGN DATA WRAPPER near TO PUBLIC;
REVOKE USAGE ON LANGUAGE plpgsql FROM PUBLIC;
