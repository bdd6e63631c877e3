-- case: a column comes at the end
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id FROM t

-- case: a column comes in the middle
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, z TEXT);
-- rows
INSERT INTO t VALUES (1, 'z');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, z TEXT);
-- keeps: SELECT id, z FROM t

-- case: a column comes with a default and takes no NULL
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'it''s', b INT NOT NULL DEFAULT -1, c BLOB NOT NULL DEFAULT x'00', d NOT NULL DEFAULT TRUE);
-- keeps: SELECT id FROM t

-- case: a column comes that takes no NULL and has no default, and there are rows
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- refused: has no value for a

-- case: a column comes that takes no NULL and has no default, and there are no rows
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);

-- case: a column comes with the time as its default
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP);
-- keeps: SELECT id FROM t ORDER BY id

-- case: a column comes with a computed default
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT (1 + 2), b TEXT DEFAULT (lower(hex(randomblob(4)))));
-- keeps: SELECT id FROM t

-- case: a column comes with its checks, written beside it and at the end
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT CHECK (b > 0), c INT, CONSTRAINT below CHECK (c < a));
-- keeps: SELECT id, a FROM t

-- case: a column comes with a reference
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id) ON DELETE SET NULL);
-- keeps: SELECT id FROM t

-- case: a column comes with a reference and a default
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL DEFAULT 1 REFERENCES p(id));
-- keeps: SELECT id FROM t

-- case: a unique column comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
-- keeps: SELECT id FROM t ORDER BY id

-- case: a unique column with a default comes, and there are two rows
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'same' UNIQUE);
-- refused: more than once

-- case: a column goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);
-- keeps: SELECT id, b FROM t

-- case: a column goes with its index, its check and its reference
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER CHECK (a > 0) REFERENCES p(id), b TEXT);
CREATE INDEX t_a ON t (a, b);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1, 1, 'b');
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);
-- keeps: SELECT id, b FROM t

-- case: a column goes that a check at the end names
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, b INT, CHECK (a < b));
-- rows
INSERT INTO t VALUES (1, 1, 2);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- keeps: SELECT id, a FROM t

-- case: a unique column goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);
-- keeps: SELECT id, b FROM t

-- case: a column of the primary key goes
-- current
CREATE TABLE t (a INT, b INT, c TEXT, PRIMARY KEY (a, b));
-- rows
INSERT INTO t VALUES (1, 1, 'x'), (2, 1, 'y');
-- desired
CREATE TABLE t (a INT PRIMARY KEY, c TEXT);
-- keeps: SELECT a, c FROM t ORDER BY a
-- no way back

-- case: a column goes that a view shows
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE VIEW w AS SELECT id, b FROM v;
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);
CREATE VIEW v AS SELECT id, b FROM t;
CREATE VIEW w AS SELECT id, b FROM v;
-- keeps: SELECT id, b FROM w

-- case: a column goes that a trigger names
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE TABLE log (line TEXT);
CREATE TRIGGER t_log AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.a || new.b); END;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT);
CREATE TABLE log (line TEXT);
CREATE TRIGGER t_log AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.b); END;

-- case: columns come and go at once
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT, c TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'b', 'c');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, b TEXT, d TEXT DEFAULT 'd', e INT);
-- keeps: SELECT id, b FROM t

-- case: all columns are others, and rows keep their numbers
-- current
CREATE TABLE t (a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES ('a', 'b'), ('c', 'd');
-- desired
CREATE TABLE t (c TEXT, d TEXT UNIQUE);
-- keeps: SELECT rowid FROM t ORDER BY rowid
-- no way back

-- case: a column takes no NULL any more, and none is there
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- keeps: SELECT id, a FROM t

-- case: a column takes no NULL any more, and one is there
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'a'), (2, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- refused: is NULL

-- case: a column takes no NULL any more, and has a default for those that are there
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- rows
INSERT INTO t VALUES (1, 'a', 'x'), (2, NULL, 'y');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'none', b TEXT);
-- keeps: SELECT id, b FROM t ORDER BY id
-- keeps: SELECT a FROM t WHERE id = 1

-- case: a column takes NULL again
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: a default comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x');
-- keeps: SELECT id, a FROM t

-- case: a default goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x');
-- rows
INSERT INTO t (id) VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, a FROM t

-- case: a default in capitals is another one
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x');
-- rows
INSERT INTO t (id) VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'X');
-- keeps: SELECT id, a FROM t

-- case: a default in double quotes is a string
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT "x", b TEXT DEFAULT y);
-- rows
INSERT INTO t (id) VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'x', b TEXT DEFAULT 'y');
-- keeps: SELECT id, a, b FROM t

-- case: brackets around a default are no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT (5), b TEXT DEFAULT (('x')));
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT DEFAULT 5, b TEXT DEFAULT 'x');

-- case: a default becomes the time
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT 'never');
-- rows
INSERT INTO t (id) VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT DEFAULT CURRENT_TIMESTAMP);
-- keeps: SELECT id, a FROM t

-- case: a collation comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'A'), (2, 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: a collation comes to a unique column, and two rows become alike
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
-- rows
INSERT INTO t VALUES (1, 'A'), (2, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE UNIQUE);
-- refused: more than once

-- case: a collation becomes another
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE NOCASE);
-- rows
INSERT INTO t VALUES (1, 'A ');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT COLLATE RTRIM);
-- keeps: SELECT id, a FROM t

-- case: NOT NULL says what happens on a conflict
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT 'x');
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL ON CONFLICT REPLACE DEFAULT 'x');
-- keeps: SELECT id, a FROM t

-- case: the only column gives way to another
-- current
CREATE TABLE marks (letter TEXT NOT NULL);
-- rows
INSERT INTO marks VALUES ('a'), ('b');
-- desired
CREATE TABLE marks (number INT NOT NULL DEFAULT 7);
-- keeps: SELECT count(*) FROM marks
-- no way back

-- case: only a computed column is left of what was there
-- current
CREATE TABLE marks (letter TEXT, one INT AS (1));
-- rows
INSERT INTO marks VALUES ('a'), ('b');
-- desired
CREATE TABLE marks (number INT, one INT AS (1));
-- keeps: SELECT count(*) FROM marks
-- no way back
