-- case: rules
-- current
CREATE TABLE t (id int);
CREATE TABLE log (id int);
CREATE RULE gone AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE RULE changes AS ON INSERT TO t DO ALSO INSERT INTO log VALUES (NEW.id);
-- desired
CREATE TABLE t (id int);
CREATE TABLE log (id int);
CREATE RULE changes AS ON INSERT TO t WHERE NEW.id > 0 DO ALSO INSERT INTO log VALUES (NEW.id);
ALTER TABLE t DISABLE RULE changes;
COMMENT ON RULE changes ON t IS 'copy';

-- case: grants on everything
-- current
CREATE SCHEMA app;
CREATE TABLE t (id int, a text);
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE e AS ENUM ('a');
GRANT SELECT, INSERT ON t TO PUBLIC;
-- desired
CREATE SCHEMA app;
CREATE TABLE t (id int, a text);
CREATE SEQUENCE s;
CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TYPE e AS ENUM ('a');
GRANT SELECT, DELETE ON t TO PUBLIC;
GRANT UPDATE (a) ON t TO PUBLIC;
GRANT USAGE ON SEQUENCE s TO PUBLIC;
GRANT USAGE ON SCHEMA app TO PUBLIC;
REVOKE EXECUTE ON FUNCTION f() FROM PUBLIC;
REVOKE USAGE ON TYPE e FROM PUBLIC;

-- case: default privileges
-- current
CREATE SCHEMA app;
-- desired
CREATE SCHEMA app;
ALTER DEFAULT PRIVILEGES IN SCHEMA app GRANT SELECT ON TABLES TO PUBLIC;
ALTER DEFAULT PRIVILEGES REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

-- case: a publication
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE u (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE u (id int PRIMARY KEY);
CREATE PUBLICATION p FOR TABLE t (id), u WHERE (id > 5) WITH (publish = 'insert, update');
CREATE PUBLICATION q FOR ALL TABLES;

-- case: a cast and an operator
-- current
CREATE TYPE c AS (a int);
-- desired
CREATE TYPE c AS (a int);
CREATE FUNCTION to_int(c) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1.a';
CREATE CAST (c AS int) WITH FUNCTION to_int(c) AS ASSIGNMENT;
CREATE FUNCTION same(c, c) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT $1.a = $2.a';
CREATE OPERATOR === (FUNCTION = same, LEFTARG = c, RIGHTARG = c, COMMUTATOR = ===);

-- case: text search
-- current
CREATE TABLE t (a text);
-- desired
CREATE TEXT SEARCH DICTIONARY simple_en (TEMPLATE = simple, stopwords = 'english');
CREATE TEXT SEARCH CONFIGURATION mine (PARSER = "default");
ALTER TEXT SEARCH CONFIGURATION mine ADD MAPPING FOR asciiword, word WITH simple_en, simple;
CREATE TABLE t (a text);
CREATE INDEX i ON t USING gin (to_tsvector('mine', a));

-- case: an extension
-- current
CREATE TABLE t (id int);
-- desired
CREATE SCHEMA ext;
CREATE EXTENSION IF NOT EXISTS plpgsql;
CREATE TABLE t (id int);

-- case: foreign servers and mappings to them change where they are
-- current
CREATE FOREIGN DATA WRAPPER wire OPTIONS (verbose 'on');
CREATE SERVER far VERSION '1' FOREIGN DATA WRAPPER wire OPTIONS (host 'a', port '1');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (visitor 'guest', password 'hidden');
-- desired
CREATE FOREIGN DATA WRAPPER wire OPTIONS (verbose 'off', level '2');
CREATE SERVER far VERSION '2' FOREIGN DATA WRAPPER wire OPTIONS (host 'it''s', dbname 'd');
CREATE USER MAPPING FOR PUBLIC SERVER far OPTIONS (visitor 'host');

-- case: a published column changes its type
-- current
CREATE TABLE news (id int PRIMARY KEY, rank int, words text);
CREATE PUBLICATION feed FOR TABLE news (id, rank) WHERE (rank > 3);
-- rows
INSERT INTO news VALUES (1, 5, 'a');
-- desired
CREATE TABLE news (id int PRIMARY KEY, rank bigint, words text);
CREATE PUBLICATION feed FOR TABLE news (id, rank) WHERE (rank > 3);
-- keeps: SELECT id, rank::text, words FROM news

-- case: a collation is remade under what it sorts
-- current
CREATE COLLATION sorted (provider = icu, locale = 'de');
CREATE DOMAIN word AS text COLLATE sorted CHECK (VALUE <> '');
CREATE TABLE t (
  id int PRIMARY KEY,
  a text COLLATE sorted UNIQUE,
  b varchar(9) COLLATE sorted NOT NULL DEFAULT 'x',
  w word,
  plain text,
  CHECK (plain COLLATE sorted <> 'q')
);
CREATE INDEX by_b ON t (b, a);
CREATE INDEX by_plain ON t (plain COLLATE sorted);
CREATE VIEW v AS SELECT a FROM t WHERE b < 'm' ORDER BY plain COLLATE sorted;
COMMENT ON COLLATION sorted IS 'how words are sorted';
-- rows
INSERT INTO t VALUES (1, 'ä', 'b', 'w', 'p'), (2, 'z', 'c', NULL, NULL);
-- desired
CREATE COLLATION sorted (provider = icu, locale = 'sv');
CREATE DOMAIN word AS text COLLATE sorted CHECK (VALUE <> '');
CREATE TABLE t (
  id int PRIMARY KEY,
  a text COLLATE sorted UNIQUE,
  b varchar(9) COLLATE sorted NOT NULL DEFAULT 'x',
  w word,
  plain text,
  CHECK (plain COLLATE sorted <> 'q')
);
CREATE INDEX by_b ON t (b, a);
CREATE INDEX by_plain ON t (plain COLLATE sorted);
CREATE VIEW v AS SELECT a FROM t WHERE b < 'm' ORDER BY plain COLLATE sorted;
COMMENT ON COLLATION sorted IS 'how words are sorted';

-- case: event triggers come, change and go
-- current
CREATE FUNCTION noted() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER gone ON ddl_command_start EXECUTE FUNCTION noted();
CREATE EVENT TRIGGER changed ON ddl_command_end EXECUTE FUNCTION noted();
COMMENT ON EVENT TRIGGER changed IS 'before';
-- desired
CREATE FUNCTION noted() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE DEBUG 'noted'; END $$;
CREATE FUNCTION other() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
CREATE EVENT TRIGGER changed ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION other();
CREATE EVENT TRIGGER fresh ON sql_drop EXECUTE FUNCTION other();
ALTER EVENT TRIGGER fresh DISABLE;
COMMENT ON EVENT TRIGGER changed IS 'after';

-- case: operator classes and families
-- current
CREATE FUNCTION backwards(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR CLASS down_ops FOR TYPE int USING btree AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 backwards(int, int);
CREATE TABLE t (a int, b int);
CREATE INDEX down ON t (a down_ops);
-- rows
INSERT INTO t VALUES (1, 2), (3, 4);
-- desired
CREATE FUNCTION turned(int, int) RETURNS int LANGUAGE sql IMMUTABLE STRICT AS 'SELECT btint4cmp($2, $1)';
CREATE OPERATOR FAMILY downs USING btree;
CREATE OPERATOR CLASS down_ops FOR TYPE int USING btree FAMILY downs AS
    OPERATOR 1 >, OPERATOR 2 >=, OPERATOR 3 =, OPERATOR 4 <=, OPERATOR 5 <, FUNCTION 1 turned(int, int);
ALTER OPERATOR FAMILY downs USING btree ADD OPERATOR 1 > (int, bigint);
COMMENT ON OPERATOR CLASS down_ops USING btree IS 'the greatest first';
CREATE TABLE t (a int, b int);
CREATE INDEX down ON t (b down_ops);

-- case: access methods and conversions
-- current
CREATE TABLE t (a int);
CREATE CONVERSION there FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;
-- desired
CREATE TABLE t (a int);
CREATE ACCESS METHOD another TYPE TABLE HANDLER heap_tableam_handler;
CREATE TABLE u (a int) USING another;
CREATE CONVERSION back FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION back IS 'and home again';

-- case: a policy and a rule go with their tables before the column they look at
-- current
CREATE TABLE members (id int PRIMARY KEY, club int);
CREATE TABLE news (id int);
ALTER TABLE news ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_club ON news USING (id IN (SELECT club FROM members));
CREATE TABLE hits (id int);
CREATE RULE counted AS ON INSERT TO hits DO ALSO UPDATE members SET club = 1;
-- rows
INSERT INTO members VALUES (1, NULL);
-- desired
CREATE TABLE members (id int PRIMARY KEY);
