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
