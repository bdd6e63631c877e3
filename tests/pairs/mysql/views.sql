-- case: views come in any order
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE VIEW c AS SELECT id FROM b;
CREATE VIEW b AS SELECT id FROM a;
CREATE VIEW a AS SELECT id FROM t WHERE a > 1;
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a view goes
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY);

-- case: a view changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id, a + 1 AS b, 'it''s' AS c FROM t WHERE a IS NOT NULL;

-- case: a view over a new column
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT * FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT * FROM t;

-- case: a view over a renamed column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id, a FROM t;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int -- @renamed from=a
);
CREATE VIEW v AS SELECT id, z AS a FROM t;
-- keeps: SELECT * FROM v ORDER BY 1

-- case: a view over a renamed table
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE u (id int PRIMARY KEY); -- @renamed from=t
CREATE VIEW v AS SELECT id FROM u;
-- keeps: SELECT * FROM v ORDER BY 1

-- case: a view is renamed
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW w -- @renamed from=v
AS SELECT id FROM t;

-- case: a view becomes a table
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE v (id int PRIMARY KEY);

-- case: a table becomes a view
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE TABLE v (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;

-- case: how a view is run and who runs it
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE ALGORITHM=MERGE SQL SECURITY INVOKER VIEW v AS SELECT id FROM t;
CREATE VIEW w AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t;
CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW w AS SELECT id FROM t;

-- case: what may be written through a view
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t WHERE id > 1;
CREATE VIEW w AS SELECT id FROM t WHERE id > 1 WITH LOCAL CHECK OPTION;
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT id FROM t WHERE id > 1 WITH CASCADED CHECK OPTION;
CREATE VIEW w AS SELECT id FROM t WHERE id > 1;

-- case: joins, groups, windows and queries within queries
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS WITH x AS (SELECT a, COUNT(*) AS n FROM t GROUP BY a HAVING COUNT(*) > 0) SELECT x.a, x.n, ROW_NUMBER() OVER (ORDER BY x.n) AS r FROM x LEFT JOIN t ON t.id = x.a WHERE EXISTS (SELECT 1 FROM t u WHERE u.id = x.a) UNION ALL SELECT 1, 2, 3;

-- case: the view under another changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id FROM t;
CREATE VIEW w AS SELECT id FROM v;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT id, a FROM v;

-- case: a view that calls a function
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE VIEW v AS SELECT twice(id) AS d FROM t;
CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2;

-- case: a view names its columns
-- current
CREATE TABLE goods (id int PRIMARY KEY, price int);
CREATE VIEW priced (good, cost) AS SELECT id, price FROM goods;
CREATE VIEW sums (`sum of all`) AS SELECT SUM(price) FROM goods;
-- rows
INSERT INTO goods VALUES (1, 10), (2, 20);
-- desired
CREATE TABLE goods (id int PRIMARY KEY, price int);
CREATE VIEW priced (good, cost, taxed) AS SELECT id, price, price * 2 FROM goods;
CREATE VIEW sums (`sum (of) all`, fewest) AS SELECT SUM(price), COUNT(*) FROM goods;
-- keeps: SELECT good, cost FROM priced ORDER BY good

-- case: what stands in the strings of a view stays as it is
-- current
CREATE TABLE words (id int PRIMARY KEY, word varchar(20)) CHARACTER SET utf8mb4;
CREATE VIEW said AS SELECT id, 'it\'s \\ 😀' AS a, _latin1'b' AS b FROM words WHERE word <> '😀?' WITH LOCAL CHECK OPTION;
-- rows
INSERT INTO words VALUES (1, 'a'), (2, '😀');
-- desired
CREATE TABLE words (id int PRIMARY KEY, word varchar(20), note int) CHARACTER SET utf8mb4;
CREATE VIEW said AS SELECT id, 'it\'s \\ 😀😀' AS a, _latin1'b' AS b FROM words WHERE word <> '😀😀' WITH CASCADED CHECK OPTION;
-- keeps: SELECT id, HEX(b) FROM said ORDER BY id
