-- case: an index comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20));
-- rows
INSERT INTO t VALUES (1, 2, 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), KEY a (a));
CREATE INDEX b_a ON t (b, a);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: an index goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);

-- case: an index is over other columns
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (a, b));

-- case: the order of columns in an index counts
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (a, b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (b, a));

-- case: an index gets another name
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, KEY old_name (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, KEY new_name (a));

-- case: an index is renamed by a comment
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, UNIQUE KEY old_name (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, UNIQUE KEY new_name (a) -- @renamed from=old_name
);

-- case: a unique constraint is renamed by a comment
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT old_name UNIQUE (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int,
  CONSTRAINT new_name UNIQUE (a) -- @renamed from=old_name
);

-- case: two indexes change names
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY x (a), KEY y (b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY x (b), KEY y (a));

-- case: prefixes
-- current
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(100), KEY a (a(10)), KEY b (b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(100), KEY a (a(20)), KEY b (b(5)));

-- case: descending
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (a, b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY i (a DESC, b));

-- case: a unique index comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 1), (2, 2), (3, NULL), (4, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, UNIQUE KEY a (a));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a unique index and rows that are alike
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5));
-- rows
INSERT INTO t VALUES (1, 1, 'x'), (2, 1, 'X'), (3, 2, 'y');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5), UNIQUE KEY ab (a, b));
-- refused: more than once

-- case: a unique index over a new column with a default
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5, UNIQUE KEY a (a));
-- refused: more than once

-- case: an index becomes unique and another plain
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), UNIQUE KEY b (b));
-- rows
INSERT INTO t VALUES (1, 1, 1), (2, 2, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, UNIQUE KEY a (a), KEY b (b));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a collation makes rows alike
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) COLLATE utf8mb4_bin, UNIQUE KEY a (a));
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'A');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) COLLATE utf8mb4_general_ci, UNIQUE KEY a (a));
-- refused: more than once

-- case: full text
-- current
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(50), FULLTEXT KEY old (a));
-- rows
INSERT INTO t VALUES (1, 'some words', 'more');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text, b varchar(50), FULLTEXT KEY ab (a, b));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: spatial
-- current
CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL, SPATIAL KEY sp (p));

-- case: a spatial index and its column come
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, g polygon NOT NULL, SPATIAL INDEX (g));

-- case: an index comment
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a) COMMENT 'it''s for a');

-- case: hash and tree in memory
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), KEY b (b) USING BTREE) ENGINE=MEMORY;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a) USING BTREE, KEY b (b) USING HASH) ENGINE=MEMORY;

-- case: how the one method there is was said is no difference
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, KEY a (a), KEY b (a, id) USING BTREE);

-- case: over a computed column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a * 2) VIRTUAL, KEY b (b));
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: several full text indexes come at once
-- current
CREATE TABLE texts (id int PRIMARY KEY, a text, b text);
-- rows
INSERT INTO texts VALUES (1, 'one two', 'three');
-- desired
CREATE TABLE texts (id int PRIMARY KEY, a text, b text, c text, FULLTEXT KEY fa (a), FULLTEXT KEY fb (b), FULLTEXT KEY fab (a, b), FULLTEXT KEY fc (c));
-- keeps: SELECT id, a, b FROM texts
