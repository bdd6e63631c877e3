-- case: a virtual column comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT GENERATED ALWAYS AS (a * 2) VIRTUAL);
-- keeps: SELECT id, a FROM t

-- case: a stored column comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2) STORED);
-- keeps: SELECT id, a FROM t

-- case: a computed column goes with what it is computed from
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2), c INT AS (b + 1) STORED, d TEXT);
-- rows
INSERT INTO t (id, a, d) VALUES (1, 2, 'd');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT);
-- keeps: SELECT id, d FROM t

-- case: an expression changes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2));
-- rows
INSERT INTO t (id, a) VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 3));
-- keeps: SELECT id, a FROM t

-- case: virtual becomes stored
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2) VIRTUAL);
-- rows
INSERT INTO t (id, a) VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2) STORED);
-- keeps: SELECT id, a, b FROM t

-- case: a computed column becomes an ordinary one and keeps its values
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2));
-- rows
INSERT INTO t (id, a) VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT);
-- keeps: SELECT id, a, b FROM t

-- case: an ordinary column becomes computed
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT);
-- rows
INSERT INTO t VALUES (1, 2, 4);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2) STORED);
-- keeps: SELECT id, a, b FROM t

-- case: a check over a computed column
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2));
-- rows
INSERT INTO t (id, a) VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2), CHECK (b < 10));
-- keeps: SELECT id, a FROM t

-- case: a check over a computed column that a row violates
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2));
-- rows
INSERT INTO t (id, a) VALUES (1, 20);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2), CHECK (b < 10));
-- refused: violates CHECK

-- case: an index over a computed column
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (lower(a)));
-- rows
INSERT INTO t (id, a) VALUES (1, 'A');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT AS (lower(a)));
CREATE UNIQUE INDEX t_b ON t (b);
-- keeps: SELECT id, a, b FROM t

-- case: saying VIRTUAL or GENERATED ALWAYS is no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a + 1), c VARCHAR(10) GENERATED ALWAYS AS (a || 'x'));
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT GENERATED ALWAYS AS (a + 1) VIRTUAL, c VARCHAR(10) AS (a || 'x') VIRTUAL);

-- case: a value that is not what its column is computed from now on
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT);
-- rows
INSERT INTO t VALUES (1, 2, 4), (2, 3, 7), (3, 4, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT AS (a * 2) STORED);
-- refused: would be lost

-- case: a computed column that takes no NULL, and would be one
-- current
CREATE TABLE parcels (id INTEGER PRIMARY KEY, code TEXT);
-- rows
INSERT INTO parcels VALUES (1, 'x'), (2, '');
-- desired
CREATE TABLE parcels (id INTEGER PRIMARY KEY, code TEXT, sort TEXT NOT NULL AS (nullif(code, '')));
-- refused: could be computed

-- case: a stored column that a row has no value for
-- current
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT);
-- rows
INSERT INTO parcels VALUES (1, '{"w":3}'), (2, 'no document');
-- desired
CREATE TABLE parcels (id INTEGER PRIMARY KEY, doc TEXT, weight INT AS (json_extract(doc, '$.w')) STORED);
-- refused: malformed JSON

-- case: values that are what their column is computed from now on
-- current
CREATE TABLE boxes (id INTEGER PRIMARY KEY, side INT, area INT);
-- rows
INSERT INTO boxes VALUES (1, 2, 4), (2, 5, 25), (3, NULL, NULL);
-- desired
CREATE TABLE boxes (id INTEGER PRIMARY KEY, side INT, area INT AS (side * side) STORED);
-- keeps: SELECT id, side, area FROM boxes ORDER BY id

-- case: a column without values that is computed from now on
-- current
CREATE TABLE boxes (id INTEGER PRIMARY KEY, side INT, area INT);
-- rows
INSERT INTO boxes VALUES (1, 2, NULL), (2, 5, 25);
-- desired
CREATE TABLE boxes (id INTEGER PRIMARY KEY, side INT, area INT AS (side * side) VIRTUAL);
-- keeps: SELECT id, side FROM boxes ORDER BY id

-- case: a column of another type and name that is computed from now on
-- current
CREATE TABLE boxes (code TEXT PRIMARY KEY, side INT, area TEXT);
-- rows
INSERT INTO boxes VALUES ('a', 2, NULL), ('b', 5, NULL), ('c', NULL, NULL);
-- desired
CREATE TABLE boxes (
  code TEXT PRIMARY KEY,
  side INT,
  space INT AS (side * side) STORED -- @renamed from=area
);
-- keeps: SELECT code, side FROM boxes ORDER BY code

-- case: a computed column comes before the one it is computed from
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (d INT AS (c + 1), c INT AS (b + 1), b INT DEFAULT 5, id INTEGER PRIMARY KEY, e INT CHECK (e IS NULL OR e < f), f INT);
