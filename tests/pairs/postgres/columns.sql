-- case: a column is added
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, note text);
-- keeps: SELECT id FROM t ORDER BY id

-- case: an added column with a default fills the rows that are there
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL DEFAULT 'new');
-- keeps: SELECT id FROM t ORDER BY id

-- case: an added column without a default stands in the way of rows
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL);
-- refused: no value for the new column name

-- case: a column is dropped
-- current
CREATE TABLE t (id int PRIMARY KEY, note text);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY);
-- keeps: SELECT id FROM t

-- case: another order of columns is no difference
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b text);
-- desired
CREATE TABLE t (b text, a int, id int PRIMARY KEY);

-- case: a default is set, changed and dropped
-- current
CREATE TABLE t (a int DEFAULT 1, b int, c text DEFAULT 'x');
-- rows
INSERT INTO t VALUES (5, 6, 'y');
-- desired
CREATE TABLE t (a int DEFAULT 2, b int DEFAULT 3, c text);
-- keeps: SELECT a, b, c FROM t

-- case: a default that is an expression
-- current
CREATE TABLE t (id int, made timestamptz);
-- desired
CREATE TABLE t (id int, made timestamptz DEFAULT now());

-- case: rows without a value get the default before NULL is forbidden
-- current
CREATE TABLE t (id int PRIMARY KEY, state text);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL DEFAULT 'none');
-- keeps: SELECT id FROM t ORDER BY id

-- case: NULL stands in the way of NOT NULL
-- current
CREATE TABLE t (id int PRIMARY KEY, state text);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL);
-- refused: is NULL

-- case: NULL is allowed again
-- current
CREATE TABLE t (id int PRIMARY KEY, state text NOT NULL);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, state text);
-- keeps: SELECT id, state FROM t

-- case: a computed column is added
-- current
CREATE TABLE t (a int, b int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (a + b) STORED);
-- keeps: SELECT a, b FROM t

-- case: a computed column computes something else
-- current
CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (a + b) STORED);
CREATE INDEX t_c ON t (c);
CREATE VIEW v AS SELECT c FROM t;
-- rows
INSERT INTO t VALUES (3, 4);
-- desired
CREATE TABLE t (a int, b int, c int GENERATED ALWAYS AS (a * b) STORED);
CREATE INDEX t_c ON t (c);
CREATE VIEW v AS SELECT c FROM t;
-- keeps: SELECT a, b FROM t

-- case: a computed column keeps its values as a plain one
-- current
CREATE TABLE t (a int, c int GENERATED ALWAYS AS (a * 2) STORED);
-- rows
INSERT INTO t VALUES (3);
-- desired
CREATE TABLE t (a int, c int);
-- keeps: SELECT a, c FROM t

-- case: a plain column whose values differ cannot become a computed one
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, c int);
-- rows
INSERT INTO t VALUES (1, 3, 7);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, c int GENERATED ALWAYS AS (a * 2) STORED);
-- refused: is not what the column will compute

-- case: the type under a computed column changes
-- current
CREATE TABLE t (a int, c int GENERATED ALWAYS AS (a * 2) STORED);
-- rows
INSERT INTO t VALUES (3);
-- desired
CREATE TABLE t (a bigint, c bigint GENERATED ALWAYS AS (a * 2) STORED);
-- keeps: SELECT a, c FROM t

-- case: a collation changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a text);
CREATE INDEX t_a ON t (a);
-- rows
INSERT INTO t VALUES (1, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text COLLATE "C");
CREATE INDEX t_a ON t (a);
-- keeps: SELECT id, a FROM t

-- case: storage, compression and statistics of a column
-- current
CREATE TABLE t (a text, b text, c text, d int);
-- desired
CREATE TABLE t (a text, b text COMPRESSION pglz, c text, d int);
ALTER TABLE t ALTER a SET STORAGE EXTERNAL;
ALTER TABLE t ALTER c SET STATISTICS 500;
ALTER TABLE t ALTER d SET (n_distinct = -0.5);

-- case: comments on a table and its columns
-- current
CREATE TABLE t (a int, b int, c int);
COMMENT ON TABLE t IS 'old';
COMMENT ON COLUMN t.a IS 'gone';
COMMENT ON COLUMN t.b IS 'old b';
-- desired
CREATE TABLE t (a int, b int, c int);
COMMENT ON TABLE t IS 'it''s new \ with a backslash';
COMMENT ON COLUMN t.b IS 'new b';
COMMENT ON COLUMN t.c IS 'c';

-- case: names with quotes, spaces, capitals and keywords
-- current
CREATE TABLE "Order ""x""" ("select" int PRIMARY KEY, "Größe in cm" int);
-- rows
INSERT INTO "Order ""x""" VALUES (1, 180);
-- desired
CREATE TABLE "Order ""x""" ("select" bigint PRIMARY KEY, "Größe in cm" numeric(10,2) DEFAULT 0, "from" text);
CREATE INDEX "An Index" ON "Order ""x""" ("Größe in cm" DESC);
-- keeps: SELECT "select", "Größe in cm"::int FROM "Order ""x"""

-- case: a name of 63 characters
-- current
CREATE TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (a int);
-- desired
CREATE TABLE abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk (a int, b serial UNIQUE);
