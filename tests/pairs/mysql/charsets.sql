-- case: a column gets a character set of its own
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
-- rows
INSERT INTO t VALUES (1, 'abc');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET latin1);
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a character that the set does not have
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
-- rows
INSERT INTO t VALUES (1, 'abc'), (2, '日本');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET latin1);
-- refused: varchar(10)

-- case: a column takes the table's again
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET latin1 COLLATE latin1_bin);
-- rows
INSERT INTO t VALUES (1, 'ü');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a collation changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) COLLATE utf8mb4_bin, e enum('a') COLLATE utf8mb4_bin);
-- rows
INSERT INTO t VALUES (1, 'ü', 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) COLLATE utf8mb4_unicode_ci, e enum('a'));
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a table's collation changes with its columns'
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text) COLLATE=utf8mb4_general_ci;
-- rows
INSERT INTO t VALUES (1, 'ü', 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text) COLLATE=utf8mb4_bin;
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a table's collation changes and a column keeps its own
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b varchar(10)) COLLATE=utf8mb4_general_ci;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) COLLATE utf8mb4_general_ci, b varchar(10), c varchar(3)) COLLATE=utf8mb4_bin;

-- case: a table of latin1 becomes one of utf8mb4
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) NOT NULL, b text, KEY a (a)) CHARSET=latin1;
-- rows
INSERT INTO t VALUES (1, 'ü', 'ß');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) NOT NULL, b text, KEY a (a)) CHARSET=utf8mb4;
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: said or taken over, the collation is the same
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10)) COLLATE=utf8mb4_bin;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin) CHARSET=utf8mb4 COLLATE=utf8mb4_bin;

-- case: a foreign key over texts whose collation changes
-- current
CREATE TABLE p (code varchar(5) PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, code varchar(5), CONSTRAINT to_p FOREIGN KEY (code) REFERENCES p (code));
-- rows
INSERT INTO p VALUES ('a');
INSERT INTO c VALUES (1, 'a');
-- desired
CREATE TABLE p (code varchar(5) COLLATE utf8mb4_bin PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, code varchar(5) COLLATE utf8mb4_bin, CONSTRAINT to_p FOREIGN KEY (code) REFERENCES p (code));
-- keeps: SELECT * FROM c ORDER BY 1

-- case: a table's collation changes under keys, computed columns and an enum
-- current
CREATE TABLE s (id int PRIMARY KEY, a varchar(20), e enum('x','ü'), g varchar(20) AS (lower(a)) STORED, v varchar(20) AS (upper(a)) VIRTUAL, UNIQUE KEY a (a), KEY v (v))
CHARACTER SET latin1 COLLATE latin1_german1_ci;
-- rows
INSERT INTO s (id, a, e) VALUES (1, 'Äb', 'ü'), (2, 'b', 'x');
-- desired
CREATE TABLE s (id int PRIMARY KEY, a varchar(20), e enum('x','ü'), g varchar(20) AS (lower(a)) STORED, v varchar(20) AS (upper(a)) VIRTUAL, UNIQUE KEY a (a), KEY v (v))
CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
-- keeps: SELECT id, HEX(CONVERT(a USING utf8mb4)), e + 0, HEX(CONVERT(g USING utf8mb4)) FROM s ORDER BY id

-- case: a computed column becomes a plain one in a table whose collation changes
-- current
CREATE TABLE s (id int PRIMARY KEY, a varchar(20), v varchar(20) AS (upper(a)) VIRTUAL) CHARACTER SET latin1;
-- rows
INSERT INTO s (id, a) VALUES (1, 'é'), (2, NULL);
-- desired
CREATE TABLE s (id int PRIMARY KEY, a varchar(20), v varchar(20)) CHARACTER SET utf8mb4;
-- keeps: SELECT id, HEX(CONVERT(v USING utf8mb4)) FROM s ORDER BY id

-- case: a text needs more bytes in the new set than it has room for
-- current
CREATE TABLE t (id int PRIMARY KEY, a tinytext, b text) DEFAULT CHARACTER SET latin1;
-- rows
INSERT INTO t VALUES (1, 'a', 'ü'), (2, REPEAT('é', 200), 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a tinytext, b text) DEFAULT CHARACTER SET utf8mb4;
-- refused: cannot become tinytext as it is
