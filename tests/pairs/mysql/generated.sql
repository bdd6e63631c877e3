-- case: computed columns come
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(10));
-- rows
INSERT INTO t VALUES (1, 5, 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(10), b int AS (a + 1) VIRTUAL, c varchar(20) GENERATED ALWAYS AS (concat(s, '''', "q")) STORED);
-- keeps: SELECT id, a, s FROM t ORDER BY 1

-- case: a computed column goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, c int AS (a + 2) STORED);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);

-- case: an expression changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, c int AS (a + 2) STORED);
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a * 10) VIRTUAL, c int AS (a * 20) STORED);
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a stored column is only computed
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED, z int);
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, z int);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a computed column is stored, with its index
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, KEY b (b));
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED, KEY b (b));
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a stored column becomes a plain one and keeps its values
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED);
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a virtual column becomes a plain one and keeps its values
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, KEY b (b));
-- rows
INSERT INTO t (id, a) VALUES (1, 5), (2, 7);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int NOT NULL DEFAULT 3, KEY b (b));
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a plain column becomes computed where the values are those
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, c int);
-- rows
INSERT INTO t VALUES (1, 5, 6, 7);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, c int AS (a + 2) STORED);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a plain column with other values does not become computed
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- rows
INSERT INTO t VALUES (1, 5, 99);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL);
-- refused: 99

-- case: a computed column over another
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED, c int AS (b + 1) STORED);
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 2) STORED, c int AS (b + 2) STORED);
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: what a computed column is over grows
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL);
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a bigint, b bigint AS (a + 1) VIRTUAL);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a computed column comes that has no room for a value
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(20));
-- rows
INSERT INTO t VALUES (1, 3, 'x'), (2, 3000, 'words');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(20), g tinyint AS (a) STORED, h varchar(4) AS (s) VIRTUAL, d decimal(4,1) AS (a) STORED);
-- refused: is what h would be, which has no room for it: [[Some("2"), Some("words")]]

-- case: a computed column gets a type without room for a value
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a * 100) STORED);
-- rows
INSERT INTO t (id, a) VALUES (1, 1), (2, 900);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, g tinyint AS (a * 100) STORED);
-- refused: is what g would be, which has no room for it: [[Some("2"), Some("90000")]]

-- case: computed values that are only rounded have room
-- current
CREATE TABLE t (id int PRIMARY KEY, a decimal(5,2), s varchar(9));
-- rows
INSERT INTO t VALUES (1, 127.40, 'ab  ');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a decimal(5,2), s varchar(9), g tinyint AS (a) STORED, d decimal(4,1) AS (a) STORED, h varchar(2) AS (s) VIRTUAL);
-- keeps: SELECT id, a, s FROM t

-- case: computed values that must be unique are there twice
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 3), (2, -3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (ABS(a)) STORED, UNIQUE KEY g (g));
-- refused: is there more than once, which g does not allow

-- case: a computed value breaks a check
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a + 1) VIRTUAL);
-- rows
INSERT INTO t (id, a) VALUES (1, 3), (2, -3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, g int AS (a * 2) VIRTUAL, CONSTRAINT positive CHECK (g > 0));
-- refused: breaks positive
