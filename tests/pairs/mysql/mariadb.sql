-- case: a sequence comes
-- current
-- desired
CREATE SEQUENCE s START WITH 5 INCREMENT BY 2 MAXVALUE 1000 CACHE 10 CYCLE;

-- case: a sequence changes
-- current
CREATE SEQUENCE s;
-- desired
CREATE SEQUENCE s MAXVALUE 5000 NOCACHE INCREMENT BY 5;

-- case: a sequence goes with the default that used it
-- current
CREATE SEQUENCE s;
CREATE TABLE t (id int PRIMARY KEY DEFAULT (NEXT VALUE FOR s), a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a column takes its values from a sequence
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- desired
CREATE TABLE t (id int PRIMARY KEY DEFAULT (nextval(s)), a int);
CREATE SEQUENCE s START WITH 100;

-- case: the history of rows is kept from now on
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING;
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: the history of rows goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a table with a history gets another column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int WITHOUT SYSTEM VERSIONING) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 2, 3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a bigint, b int WITHOUT SYSTEM VERSIONING, c int) WITH SYSTEM VERSIONING;
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: the columns of a history are declared
-- current
-- desired
CREATE TABLE t (id int PRIMARY KEY, s timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;

-- case: a period of time and a key without overlaps
-- current
-- desired
CREATE TABLE t (id int, a date, b date, PERIOD FOR valid (a, b), UNIQUE KEY u (id, valid WITHOUT OVERLAPS));

-- case: a period comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a date NOT NULL, b date NOT NULL);
-- rows
INSERT INTO t VALUES (1, '2020-01-01', '2021-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a date NOT NULL, b date NOT NULL, PERIOD FOR valid (a, b));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a table of Aria
-- current
CREATE TABLE t (id int PRIMARY KEY) ENGINE=Aria TRANSACTIONAL=0;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int) ENGINE=Aria TRANSACTIONAL=1;
-- keeps: SELECT id FROM t ORDER BY 1

-- case: pages are compressed
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY) PAGE_COMPRESSED=1;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: an ignored index
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), KEY b (b) IGNORED);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a) IGNORED, KEY b (b));

-- case: hash where a value is long
-- current
CREATE TABLE t (id int PRIMARY KEY, a text);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text, UNIQUE KEY a (a));

-- case: a compressed column
-- current
CREATE TABLE t (id int PRIMARY KEY, a text, b text COMPRESSED);
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text COMPRESSED, b text);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a text becomes a uuid
-- current
CREATE TABLE t (id int PRIMARY KEY, a char(36));
-- rows
INSERT INTO t VALUES (1, '00000000-0000-4000-8000-000000000001');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a uuid);
-- keeps: SELECT id, CAST(a AS char) FROM t ORDER BY 1

-- case: addresses
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a inet6, b uuid DEFAULT uuid());
