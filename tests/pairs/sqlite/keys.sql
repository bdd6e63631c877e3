-- case: a primary key comes
-- current
CREATE TABLE t (id INTEGER, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: a primary key comes, and a row has none
-- current
CREATE TABLE t (id INTEGER, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (NULL, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- refused: is no whole number

-- case: a primary key comes, and two rows share one
-- current
CREATE TABLE t (id INTEGER, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (1, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- refused: more than once

-- case: a primary key goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (5, 'a'), (9, 'b');
-- desired
CREATE TABLE t (id INTEGER, a TEXT);
-- keeps: SELECT rowid, id, a FROM t ORDER BY id

-- case: a new column becomes the key, and rows keep their numbers
-- current
CREATE TABLE t (a TEXT);
-- rows
INSERT INTO t (rowid, a) VALUES (4, 'x'), (2, 'y');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT rowid, a FROM t ORDER BY rowid

-- case: a primary key gets a second column
-- current
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a));
-- rows
INSERT INTO t VALUES (1, 1), (2, 1);
-- desired
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b));
-- keeps: SELECT a, b FROM t ORDER BY a

-- case: a primary key changes its order
-- current
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (a, b));
-- rows
INSERT INTO t VALUES (1, 1), (2, 1);
-- desired
CREATE TABLE t (a INT NOT NULL, b INT NOT NULL, PRIMARY KEY (b, a));
-- keeps: SELECT a, b FROM t ORDER BY a

-- case: INT PRIMARY KEY becomes the rowid
-- current
CREATE TABLE t (id INT PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (10, 'a'), (20, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: a key beside its column and at the end is the same
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b INT CHECK (b > 0));
-- rows
INSERT INTO t VALUES (1, 'a', 1);
-- desired
CREATE TABLE t (id INTEGER, a TEXT, b INT, PRIMARY KEY (id), UNIQUE (a), CHECK (b > 0));
-- keeps: SELECT id, a, b FROM t

-- case: AUTOINCREMENT comes, and the numbers go on
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (7, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: a rebuild keeps the counter, also where its last rows are gone
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- rows
INSERT INTO t VALUES (7, 'a'), (100, 'b');
DELETE FROM t WHERE id = 100;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL DEFAULT '');
-- keeps: SELECT seq FROM sqlite_sequence WHERE name = 't'
-- keeps: SELECT id, a FROM t

-- case: a rebuild keeps the counter of an empty table
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- rows
INSERT INTO t VALUES (41, 'a');
DELETE FROM t;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT UNIQUE);
-- keeps: SELECT seq FROM sqlite_sequence WHERE name = 't'

-- case: AUTOINCREMENT goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- rows
INSERT INTO t VALUES (7, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: INTEGER PRIMARY KEY DESC is not the rowid
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (7, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY DESC, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: a unique constraint comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'x'), (2, 'a', 'y'), (3, NULL, 'x'), (4, NULL, 'x');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, CONSTRAINT pair UNIQUE (a, b));
-- keeps: SELECT id, a, b FROM t ORDER BY id

-- case: a unique constraint comes, and two rows are alike
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
-- refused: more than once

-- case: a unique constraint goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: a unique constraint becomes a unique index
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE UNIQUE INDEX t_a ON t (a);
-- keeps: SELECT id, a FROM t

-- case: a unique constraint replaces what collides, and nothing is lost on the way
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT IGNORE, a TEXT UNIQUE ON CONFLICT REPLACE);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: a unique constraint that replaces what collides meets rows that do
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE ON CONFLICT REPLACE);
-- refused: more than once

-- case: a key with a collation and a direction
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (a));
-- rows
INSERT INTO t VALUES (1, 'a', 1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INT, UNIQUE (a COLLATE NOCASE, b DESC));
-- keeps: SELECT id, a, b FROM t

-- case: values of a table without a key cannot be put back, and it is said
-- current
CREATE TABLE t (a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES ('x', '1'), ('y', '2'), ('z', '3');
-- desired
CREATE TABLE t (a TEXT);
-- no way back

-- case: values of a table whose only unique key may be NULL cannot be put back
-- current
CREATE TABLE t (a TEXT UNIQUE, b TEXT);
-- rows
INSERT INTO t VALUES ('x', '1'), (NULL, '2');
-- desired
CREATE TABLE t (a TEXT UNIQUE);
-- no way back

-- case: values find their rows by a new column that becomes the key
-- current
CREATE TABLE t (a TEXT, b TEXT);
-- rows
INSERT INTO t (rowid, a, b) VALUES (4, 'x', '1'), (2, 'y', '2');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT rowid, a FROM t ORDER BY rowid

-- case: a primary key that has a NULL finds no row
-- current
CREATE TABLE t (k TEXT PRIMARY KEY, c TEXT);
-- rows
INSERT INTO t VALUES ('a', 'b'), (NULL, 'precious'), (NULL, 'too');
-- desired
CREATE TABLE t (k TEXT PRIMARY KEY);
-- stopped: have NULL in their key "k", so that the way back would not find them: give them one first; their rowids: 2, 3

-- case: a primary key of two columns, of which one has a NULL, finds no row
-- current
CREATE TABLE t (k TEXT, l INT, c TEXT, PRIMARY KEY (k, l));
-- rows
INSERT INTO t VALUES ('a', 1, '007'), ('b', NULL, '08');
-- desired
CREATE TABLE t (k TEXT, l INT, c INTEGER, PRIMARY KEY (k, l));
-- stopped: have NULL in their key "l"

-- case: a primary key of texts without a NULL finds its rows
-- current
CREATE TABLE t (k TEXT PRIMARY KEY, c TEXT);
-- rows
INSERT INTO t VALUES ('1', 'precious'), ('01', 'also'), ('', 'this');
-- desired
CREATE TABLE t (k TEXT PRIMARY KEY);
-- keeps: SELECT k FROM t ORDER BY k
