-- case: rows that a default fills are named where a unique constraint does not allow it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
-- rows
INSERT INTO t VALUES (1, 'none'), (2, NULL), (3, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT UNIQUE NOT NULL DEFAULT 'none');
-- refused: has to be unique: [[Some("1"), Some("'none'")], [Some("2"), Some("'none'")]]

-- case: rows that a default fills are named where a unique index does not allow it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT, live INTEGER);
CREATE UNIQUE INDEX one_live ON t (lower(code)) WHERE live = 1;
-- rows
INSERT INTO t VALUES (1, 'A', 1), (2, 'a', NULL), (3, 'a', 0);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, code TEXT, live INTEGER NOT NULL DEFAULT 1);
CREATE UNIQUE INDEX one_live ON t (lower(code)) WHERE live = 1;
-- refused: has to be unique: [[Some("1"), Some("'a'")], [Some("2"), Some("'a'")]]

-- case: rows that a default fills are named where a check does not allow it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, "How Many" INTEGER, most INTEGER, CHECK ("How Many" <= most));
-- rows
INSERT INTO t VALUES (1, 5, 9), (2, NULL, 3), (3, NULL, 8), (4, NULL, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, "How Many" INTEGER NOT NULL DEFAULT 7, most INTEGER, CHECK ("How Many" <= most));
-- refused: violates CHECK

-- case: rows that a default fills are named where they would point nowhere
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER NOT NULL DEFAULT 0 REFERENCES p);
-- refused: points to no row of p: [[Some("2"), Some("0")]]

-- case: what may be filled is filled, and comes back
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p, a INTEGER UNIQUE, CHECK (a < 9));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1, 1, 1), (2, NULL, NULL);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p INTEGER NOT NULL DEFAULT 1 REFERENCES p, a INTEGER UNIQUE NOT NULL DEFAULT 8, CHECK (a < 9));
-- returns: SELECT count(*) FROM t WHERE p IS NULL AND a IS NULL
