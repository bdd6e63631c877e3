-- case: an index comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX t_ab ON t (a, b);
-- keeps: SELECT id, a, b FROM t

-- case: an index goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX t_a ON t (a);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);

-- case: an index changes the order of its columns
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX i ON t (a, b);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX i ON t (b, a);

-- case: an index goes the other way
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a DESC);

-- case: saying ASC is no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX "i" ON "t" ("A" ASC);

-- case: an index gets a collation
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a COLLATE NOCASE);

-- case: an index becomes unique
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, NULL), (3, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX i ON t (a);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: an index becomes unique, and two rows are alike
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (a);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX i ON t (a);
-- refused: more than once

-- case: a unique index over an expression, and two rows are alike in it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'A');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX i ON t (lower(a));
-- refused: more than once

-- case: an index over an expression changes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (lower(a));
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON t (upper(a), length(a) DESC);

-- case: an index is over some rows only
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone INT);
CREATE INDEX i ON t (a);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone INT);
CREATE INDEX i ON t (a) WHERE gone IS NULL;

-- case: an index is over other rows
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, s TEXT);
CREATE INDEX i ON t (a) WHERE s = 'x';
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, s TEXT);
CREATE INDEX i ON t (a) WHERE s IN ('x', 'y');

-- case: a unique index over some rows, and others are alike
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone INT);
-- rows
INSERT INTO t VALUES (1, 'a', NULL), (2, 'a', 1), (3, 'a', 1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, gone INT);
CREATE UNIQUE INDEX i ON t (a) WHERE gone IS NULL;
-- keeps: SELECT id, a, gone FROM t ORDER BY id

-- case: an index moves to another table
-- current
CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);
CREATE TABLE b (id INTEGER PRIMARY KEY, x TEXT);
CREATE INDEX i ON a (x);
-- desired
CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);
CREATE TABLE b (id INTEGER PRIMARY KEY, x TEXT);
CREATE INDEX i ON b (x);

-- case: indexes survive a rebuild
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE INDEX i ON t (a);
CREATE UNIQUE INDEX j ON t (b) WHERE a IS NOT NULL;
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT);
CREATE INDEX i ON t (a);
CREATE UNIQUE INDEX j ON t (b) WHERE a IS NOT NULL;
-- keeps: SELECT id, a, b FROM t

-- case: an index is renamed
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX old_name ON t (a);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX new_name ON t (a); -- @renamed from=old_name
-- keeps: SELECT id, a FROM t

-- case: an index over an expression that a row has no value for
-- current
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT);
-- rows
INSERT INTO parcels VALUES (1, '{"w":3}'), (2, 'no document');
-- desired
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT);
CREATE INDEX parcels_weight ON parcels (json_extract(doc, '$.w'));
-- refused: malformed JSON

-- case: an index over an expression of those rows that have a value for it
-- current
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT);
-- rows
INSERT INTO parcels VALUES (1, '{"w":3}'), (2, 'no document');
-- desired
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT);
CREATE INDEX parcels_weight ON parcels (json_extract(doc, '$.w')) WHERE json_valid(doc);
-- keeps: SELECT id, doc FROM parcels ORDER BY id
