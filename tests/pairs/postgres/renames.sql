-- case: a table is renamed with all that goes with it
-- current
CREATE TABLE old (id serial PRIMARY KEY, a text UNIQUE, CONSTRAINT a_ok CHECK (a <> ''));
CREATE INDEX old_lower ON old (lower(a));
CREATE VIEW v AS SELECT id FROM old;
CREATE TABLE child (id int REFERENCES old);
-- rows
INSERT INTO old (a) VALUES ('x'), ('y');
-- desired
-- @renamed from=old
CREATE TABLE fresh (id serial PRIMARY KEY, a text UNIQUE, CONSTRAINT a_ok CHECK (a <> ''));
CREATE INDEX fresh_lower ON fresh (lower(a));
CREATE VIEW v AS SELECT id FROM fresh;
CREATE TABLE child (id int REFERENCES fresh);
-- keeps: SELECT id FROM v ORDER BY id

-- case: a column is renamed and changes its type
-- current
CREATE TABLE t (id int PRIMARY KEY, old varchar(5));
-- rows
INSERT INTO t VALUES (1, '12');
-- desired
CREATE TABLE t (
  id int PRIMARY KEY,
  fresh int -- @renamed from=old
);
-- keeps: SELECT id FROM t

-- case: a renamed column whose rows cannot follow
-- current
CREATE TABLE t (id int PRIMARY KEY, old varchar(5));
-- rows
INSERT INTO t VALUES (1, 'no');
-- desired
CREATE TABLE t (
  id int PRIMARY KEY,
  fresh int -- @renamed from=old
);
-- refused: cannot become integer

-- case: a type and one of its values are renamed
-- current
CREATE TYPE old AS ENUM ('a', 'b');
CREATE TABLE t (id int PRIMARY KEY, m old DEFAULT 'a');
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
-- @renamed from=old
CREATE TYPE fresh AS ENUM (
  'first', -- @renamed from=a
  'b'
);
CREATE TABLE t (id int PRIMARY KEY, m fresh DEFAULT 'first');
-- keeps: SELECT id FROM t

-- case: an identity's table is renamed
-- current
CREATE TABLE old (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);
-- rows
INSERT INTO old DEFAULT VALUES;
-- desired
-- @renamed from=old
CREATE TABLE fresh (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY);

-- case: an undeclared rename is a drop and an add
-- current
CREATE TABLE t (id int PRIMARY KEY, old text);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, fresh text);
-- keeps: SELECT id FROM t

-- case: one table takes the name that another one gives up
-- current
CREATE TABLE a (id serial PRIMARY KEY, v text UNIQUE);
CREATE INDEX a_lower ON a (lower(v));
CREATE TABLE b (id serial PRIMARY KEY, v text UNIQUE, n int GENERATED ALWAYS AS IDENTITY);
CREATE INDEX b_lower ON b (lower(v));
-- rows
INSERT INTO a (v) VALUES ('of a'), ('of a, too');
INSERT INTO b (v) VALUES ('of b');
-- desired
-- @renamed from=b
CREATE TABLE c (id serial PRIMARY KEY, v text UNIQUE, n int GENERATED ALWAYS AS IDENTITY);
CREATE INDEX c_lower ON c (lower(v));
-- @renamed from=a
CREATE TABLE b (id serial PRIMARY KEY, v text UNIQUE);
CREATE INDEX b_lower ON b (lower(v));
-- keeps: SELECT sum(last_value) FROM pg_sequences WHERE sequencename ~ '^[abc]_'
-- returns: SELECT a.last_value, b.last_value FROM a_id_seq a, b_id_seq b

-- case: a new table takes the name that another one gives up
-- current
CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE);
CREATE INDEX t_lower ON t (lower(v));
-- rows
INSERT INTO t (v) VALUES ('x'), ('y');
-- desired
-- @renamed from=t
CREATE TABLE old (id serial PRIMARY KEY, v text UNIQUE);
CREATE INDEX old_lower ON old (lower(v));
CREATE TABLE t (id serial PRIMARY KEY, v text UNIQUE CHECK (v <> 'x'), w int NOT NULL);
CREATE VIEW both_names AS SELECT t.v FROM t JOIN old ON old.v = t.v;
-- returns: SELECT last_value, is_called::text FROM t_id_seq
CREATE INDEX t_lower ON t (lower(v));

-- case: a new table takes the name that one with an identity gives up
-- current
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
-- rows
INSERT INTO t (v) VALUES ('x'), ('y');
-- desired
-- @renamed from=t
CREATE TABLE old (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);
CREATE TABLE t (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, v text);

-- case: policies, rules and privileges on what is renamed, there and back
-- current
CREATE TABLE people (id int PRIMARY KEY, name text, owner text);
ALTER TABLE people ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON people USING (owner = 'me' AND name <> (SELECT max(p.name) FROM people p));
CREATE RULE quiet AS ON DELETE TO people DO INSTEAD NOTHING;
CREATE STATISTICS both_of_them ON id, name FROM people;
GRANT SELECT ON people TO PUBLIC;
GRANT UPDATE (name) ON people TO PUBLIC;
COMMENT ON POLICY own ON people IS 'mine';
-- rows
INSERT INTO people VALUES (1, 'a', 'b');
-- desired
-- @renamed from=people
CREATE TABLE persons (
  id int PRIMARY KEY,
  full_name text, -- @renamed from=name
  owner text
);
ALTER TABLE persons ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON persons USING (owner = 'me' AND full_name <> (SELECT max(p.full_name) FROM persons p));
CREATE RULE quiet AS ON DELETE TO persons DO INSTEAD NOTHING;
CREATE STATISTICS both_of_them ON id, full_name FROM persons;
GRANT SELECT ON persons TO PUBLIC;
GRANT UPDATE (full_name) ON persons TO PUBLIC;
COMMENT ON POLICY own ON persons IS 'mine';

-- case: a table moves to a schema that is new, with its counter, a view and a type
-- current
CREATE SCHEMA a;
CREATE TYPE a.kind AS ENUM ('x');
CREATE TABLE a.t (id serial PRIMARY KEY, k a.kind, v text);
CREATE INDEX by_v ON a.t (v);
CREATE TABLE points (t int REFERENCES a.t);
-- rows
INSERT INTO a.t (k, v) VALUES ('x', 'one'), ('x', 'two');
INSERT INTO points VALUES (2);
-- desired
CREATE SCHEMA a;
CREATE SCHEMA "b c";
COMMENT ON SCHEMA "b c" IS 'new';
-- @renamed from=a.kind
CREATE TYPE "b c".kind AS ENUM ('x');
-- @renamed from=a.t
CREATE TABLE "b c".things (id serial PRIMARY KEY, k "b c".kind, v text);
CREATE INDEX by_v ON "b c".things (v);
CREATE TABLE points (t int REFERENCES "b c".things);
