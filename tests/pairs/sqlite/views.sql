-- case: a view comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT a FROM t;

-- case: a view goes, and one that stands on it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);

-- case: a view changes, and one that stands on it does not
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM v;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT upper(a) AS a FROM t;
CREATE VIEW w AS SELECT a FROM v;

-- case: a view with names of its own for its columns
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT id, a FROM t;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v (number, "the text") AS SELECT id, a FROM t;

-- case: spaces and comments in a view are no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT id,a FROM t WHERE a='X';
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS
select id, -- the number
  "a" from [t] where a = 'X';

-- case: a view's table is built anew
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT count(*) AS n FROM v;
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL);
CREATE VIEW v AS SELECT a FROM t;
CREATE VIEW w AS SELECT count(*) AS n FROM v;
-- keeps: SELECT n FROM w

-- case: a view that names what is not there
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW broken AS SELECT x FROM missing;
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT UNIQUE);
CREATE VIEW broken AS SELECT x FROM missing;
-- keeps: SELECT id, a FROM t

-- case: a view with a common table expression, and its table is built anew
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER);
CREATE VIEW v AS WITH RECURSIVE up(id) AS (SELECT id FROM t WHERE parent IS NULL UNION ALL SELECT t.id FROM t JOIN up ON t.parent = up.id) SELECT id FROM up;
-- rows
INSERT INTO t VALUES (1, NULL), (2, 1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id));
CREATE VIEW v AS WITH RECURSIVE up(id) AS (SELECT id FROM t WHERE parent IS NULL UNION ALL SELECT t.id FROM t JOIN up ON t.parent = up.id) SELECT id FROM up;
-- keeps: SELECT id FROM v ORDER BY id

-- case: a view's table goes, and the view with it
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE TABLE u (id INTEGER PRIMARY KEY, b TEXT);
CREATE VIEW v AS SELECT a FROM t;
-- desired
CREATE TABLE u (id INTEGER PRIMARY KEY, b TEXT UNIQUE);

-- case: a view over a column that is not there does not stop a rename
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, old_name TEXT);
CREATE TABLE other (id INTEGER PRIMARY KEY, a INT);
CREATE VIEW broken AS SELECT gone FROM other;
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  new_name TEXT -- @renamed from=old_name
);
CREATE TABLE other (id INTEGER PRIMARY KEY, a INT);
CREATE VIEW broken AS SELECT gone FROM other;

-- case: a view over a column that is not there does not stop a column that goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE TABLE other (id INTEGER PRIMARY KEY, a INT);
CREATE VIEW broken AS SELECT o.id, o.gone FROM other AS o;
CREATE TRIGGER breaks AFTER INSERT ON other WHEN new.id > 100 BEGIN UPDATE other SET missing = 1; END;
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE TABLE other (id INTEGER PRIMARY KEY, a INT);
CREATE VIEW broken AS SELECT o.id, o.gone FROM other AS o;
CREATE TRIGGER breaks AFTER INSERT ON other WHEN new.id > 100 BEGIN UPDATE other SET missing = 1; END;
-- keeps: SELECT id, a FROM t

-- case: a view names a column that is not declared any more
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
CREATE VIEW v AS SELECT id, b FROM t;
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE VIEW v AS SELECT id, b FROM t;
-- refused: the view v cannot be asked: no such column: b

-- case: a view names a table that is not declared
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM gone;
-- refused: the view v cannot be asked: no such table: main.gone
