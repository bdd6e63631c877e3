-- case: a column is added
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, 'x');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
-- keeps: SELECT a FROM t
