-- case: a table comes with its indexes
-- current
CREATE TABLE kept (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO kept VALUES (1, 'x');
-- desired
CREATE TABLE kept (id INTEGER PRIMARY KEY, a TEXT);
CREATE TABLE added (id INTEGER PRIMARY KEY, kept_id INTEGER REFERENCES kept(id), b TEXT);
CREATE INDEX added_b ON added (b);
-- keeps: SELECT id, a FROM kept ORDER BY id

-- case: a table goes
-- current
CREATE TABLE kept (id INTEGER PRIMARY KEY);
CREATE TABLE gone (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX gone_a ON gone (a);
-- desired
CREATE TABLE kept (id INTEGER PRIMARY KEY);

-- case: tables that point to each other come together
-- current
-- desired
CREATE TABLE chicken (id INTEGER PRIMARY KEY, egg_id INTEGER REFERENCES egg(id) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE egg (id INTEGER PRIMARY KEY, chicken_id INTEGER REFERENCES chicken(id) DEFERRABLE INITIALLY DEFERRED);

-- case: tables that point to each other go together
-- current
CREATE TABLE chicken (id INTEGER PRIMARY KEY, egg_id INTEGER REFERENCES egg(id));
CREATE TABLE egg (id INTEGER PRIMARY KEY, chicken_id INTEGER REFERENCES chicken(id));
-- desired
CREATE TABLE other (id INTEGER PRIMARY KEY);

-- case: statements stand in the wrong order
-- current
-- desired
CREATE INDEX b_a ON b (a_id);
CREATE VIEW v AS SELECT * FROM b;
CREATE TRIGGER t AFTER INSERT ON b BEGIN UPDATE a SET n = n + 1; END;
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id));
CREATE TABLE a (id INTEGER PRIMARY KEY, n INTEGER);

-- case: WITHOUT ROWID is taken on
-- current
CREATE TABLE t (k TEXT NOT NULL PRIMARY KEY, v TEXT);
-- rows
INSERT INTO t VALUES ('a', '1'), ('b', NULL);
-- desired
CREATE TABLE t (k TEXT NOT NULL PRIMARY KEY, v TEXT) WITHOUT ROWID;
-- keeps: SELECT k, v FROM t ORDER BY k

-- case: WITHOUT ROWID takes no NULL in its key
-- current
CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT);
-- rows
INSERT INTO t VALUES ('a', '1'), (NULL, '2');
-- desired
CREATE TABLE t (k TEXT PRIMARY KEY, v TEXT) WITHOUT ROWID;
-- refused: NULL

-- case: WITHOUT ROWID is given up
-- current
CREATE TABLE t (a INTEGER, b INTEGER, v TEXT, PRIMARY KEY (a, b)) WITHOUT ROWID;
-- rows
INSERT INTO t VALUES (1, 2, 'x'), (2, 1, 'y');
-- desired
CREATE TABLE t (a INTEGER NOT NULL, b INTEGER NOT NULL, v TEXT, PRIMARY KEY (a, b));
-- keeps: SELECT a, b, v FROM t ORDER BY a, b

-- case: STRICT is taken on
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL);
-- rows
INSERT INTO t VALUES (1, 5, 'x', 1.5), (2, NULL, NULL, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER, b TEXT, c REAL) STRICT;
-- keeps: SELECT id, a, b, c FROM t ORDER BY id

-- case: STRICT takes no text for a number
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 5), (2, 'five');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER) STRICT;
-- refused: cannot become integer

-- case: STRICT takes no fraction for an integer
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 5.5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER) STRICT;
-- refused: cannot become integer

-- case: STRICT takes no text for a blob
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB);
-- rows
INSERT INTO t VALUES (1, 'text');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB) STRICT;
-- refused: cannot become blob

-- case: STRICT with ANY takes everything
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a);
-- rows
INSERT INTO t VALUES (1, 'text'), (2, 2), (3, x'03'), (4, 4.5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY) STRICT;
-- keeps: SELECT id, a, typeof(a) FROM t ORDER BY id

-- case: STRICT is given up
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT) STRICT;
-- rows
INSERT INTO t VALUES (1, 7);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- keeps: SELECT id, a, typeof(a) FROM t ORDER BY id

-- case: STRICT and WITHOUT ROWID come together
-- current
CREATE TABLE t (k TEXT NOT NULL PRIMARY KEY, v INT);
-- rows
INSERT INTO t VALUES ('a', 1);
-- desired
CREATE TABLE t (k TEXT NOT NULL PRIMARY KEY, v INT) STRICT, WITHOUT ROWID;
-- keeps: SELECT k, v FROM t ORDER BY k

-- case: another order of the columns is no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, a TEXT);
-- keeps: SELECT id, a, b FROM t

-- case: other letters, quotes, spaces and comments are no change
-- current
create table "T" ("Id" integer primary key, [A] text default 'x' check (a <> 'y'));
-- rows
INSERT INTO T VALUES (1, 'a');
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY, -- the key
  `a` TEXT DEFAULT 'x' CHECK ("a" <> 'y') /* never y */
);
-- keeps: SELECT id, a FROM t

-- case: a table made by a query
-- current
CREATE TABLE source (id INTEGER PRIMARY KEY, a TEXT, n NUMERIC(10, 2));
CREATE TABLE copied AS SELECT a, n FROM source;
-- rows
INSERT INTO copied VALUES ('x', 1.5);
-- desired
CREATE TABLE source (id INTEGER PRIMARY KEY, a TEXT, n NUMERIC(10, 2));
CREATE TABLE copied (a TEXT, n NUM, b TEXT);
-- keeps: SELECT a, n FROM copied

-- case: rowids stay what they are
-- current
CREATE TABLE t (a TEXT, b TEXT);
-- rows
INSERT INTO t (rowid, a) VALUES (7, 'seven'), (3, 'three');
-- desired
CREATE TABLE t (a TEXT NOT NULL DEFAULT '', b INTEGER);
-- keeps: SELECT rowid, a FROM t ORDER BY rowid

-- case: rowids stay where a column is called rowid
-- current
CREATE TABLE t (rowid TEXT, b TEXT);
-- rows
INSERT INTO t (_rowid_, rowid, b) VALUES (7, 'seven', 'x'), (3, 'three', 'y');
-- desired
CREATE TABLE t (rowid TEXT, b TEXT DEFAULT 'b');
-- keeps: SELECT _rowid_, rowid, b FROM t ORDER BY _rowid_

-- case: a table takes the name of a view
-- current
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM a;
-- desired
CREATE TABLE a (id INTEGER PRIMARY KEY);
CREATE TABLE v (id INTEGER PRIMARY KEY);

-- case: an index takes the name of a table that goes
-- current
CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);
CREATE TABLE x (id INTEGER PRIMARY KEY);
-- desired
CREATE TABLE a (id INTEGER PRIMARY KEY, b TEXT);
CREATE INDEX x ON a (b);
