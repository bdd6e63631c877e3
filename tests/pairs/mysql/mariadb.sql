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

-- case: the history of rows does not go while there is one
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 'v1');
UPDATE t SET a = 'v2';
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(9));
-- refused: is in the history of t, which would be lost; DELETE HISTORY FROM `t` gives the history up: [[Some("1"), Some("20

-- case: the history of rows does not go where its columns are declared
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t (id, a) VALUES (1, 1), (2, 2);
DELETE FROM t WHERE id = 2;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- refused: is in the history of t, which would be lost; DELETE HISTORY FROM `t` gives the history up: [[Some("2"), Some("20

-- case: a table with a history does not go while there is one
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20)) WITH SYSTEM VERSIONING;
CREATE TABLE other (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1, 'old'), (2, 'b');
UPDATE t SET a = 'new' WHERE id = 1;
-- desired
CREATE TABLE other (id int PRIMARY KEY);
-- refused: is in the history of t, which would be lost; DELETE HISTORY FROM `t` gives the history up: [[Some("1"), Some("20

-- case: a table whose history is empty goes, and comes back with one
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(20)) WITH SYSTEM VERSIONING;
CREATE TABLE other (id int PRIMARY KEY);
-- rows
INSERT INTO t (a) VALUES ('a'), ('b');
-- desired
CREATE TABLE other (id int PRIMARY KEY);
-- returns: SELECT id, a FROM t FOR SYSTEM_TIME ALL ORDER BY id

-- case: a sequence that goes comes back where it was
-- current
CREATE SEQUENCE s START WITH 10 INCREMENT BY 5 CACHE 2;
CREATE SEQUENCE `fresh one` START WITH 7;
CREATE SEQUENCE down START WITH 5 INCREMENT BY -1 MINVALUE -5 MAXVALUE 5 CYCLE NOCACHE;
CREATE TABLE other (id int PRIMARY KEY);
-- rows
SELECT NEXTVAL(s), NEXTVAL(s), NEXTVAL(s), NEXTVAL(down), NEXTVAL(down);
-- desired
CREATE TABLE other (id int PRIMARY KEY);
-- returns: SELECT * FROM s
-- returns: SELECT * FROM `fresh one`
-- returns: SELECT * FROM down

-- case: a history that was given up goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 'v1');
UPDATE t SET a = 'v2';
DELETE HISTORY FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(9));
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: a column with values in the history does not go
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b int) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 'v1', 5), (2, NULL, 6);
UPDATE t SET b = b + 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY, b int) WITH SYSTEM VERSIONING;
-- refused: is a value of a in the history, which would be lost; DELETE HISTORY FROM `t` gives the history up: [[Some("1"), Some("v1")]]

-- case: a column without values in the history goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9), b int) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, NULL, 5);
UPDATE t SET b = b + 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY, b int) WITH SYSTEM VERSIONING;
-- keeps: SELECT id, b FROM t ORDER BY 2

-- case: a column whose values in the history cannot follow is not converted
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 'old');
UPDATE t SET a = '7';
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING;
-- refused: is a value of a in the history, which stays as it was; DELETE HISTORY FROM `t` gives the history up: [[Some("1"), Some("old")]]

-- case: a column that is NULL in the history does not become one that must not be
-- current
CREATE TABLE t (id int PRIMARY KEY, a int) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, NULL);
UPDATE t SET a = 7;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 5) WITH SYSTEM VERSIONING;
-- refused: is NULL or would be in the history, and a must not be

-- case: a wider column takes its history along
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(9)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1, 'old');
UPDATE t SET a = '7';
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(90), c int) WITH SYSTEM VERSIONING;
-- keeps: SELECT id, a FROM t FOR SYSTEM_TIME ALL ORDER BY 2

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

-- case: texts and bytes become a uuid and addresses, where there are any
-- current
CREATE TABLE t (id int PRIMARY KEY, a char(36), b varchar(45), c varchar(15), d binary(16), e binary(4));
-- rows
INSERT INTO t VALUES (1, '00000000-0000-4000-8000-000000000001', '::1', '10.0.0.1', UNHEX('00000000000040008000000000000002'), UNHEX('0A000002')),
  (2, NULL, NULL, NULL, NULL, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a uuid, b inet6, c inet4, d uuid, e inet4);
-- keeps: SELECT id, CAST(a AS char), CAST(b AS char), CAST(c AS char) FROM t ORDER BY 1

-- case: a text that is no uuid
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(40));
-- rows
INSERT INTO t VALUES (1, NULL), (2, 'none');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a uuid);
-- refused: cannot become uuid as it is: [[Some("2"), Some("none")]]

-- case: a uuid becomes the bytes it is kept as
-- current
CREATE TABLE t (id int PRIMARY KEY, a uuid, b inet6);
-- rows
INSERT INTO t VALUES (1, '00000000-0000-4000-8000-000000000001', '::1'), (2, NULL, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a binary(16), b varbinary(16));
-- keeps: SELECT id, HEX(a), HEX(b) FROM t ORDER BY 1

-- case: a partition takes what is in no list
-- current
CREATE TABLE one (a int) PARTITION BY LIST (a) (PARTITION x VALUES IN (1, 2), PARTITION rest DEFAULT);
CREATE TABLE two (a int, b int) PARTITION BY LIST COLUMNS (a, b) (PARTITION x VALUES IN ((1, 1)), PARTITION y VALUES IN ((2, 2)));
-- rows
INSERT INTO one VALUES (1), (5), (NULL);
INSERT INTO two VALUES (1, 1), (2, 2);
-- desired
CREATE TABLE one (a int) PARTITION BY LIST (a) (PARTITION x VALUES IN (1, 2), PARTITION y VALUES IN (5), PARTITION rest DEFAULT);
CREATE TABLE two (a int, b int) PARTITION BY LIST COLUMNS (a, b) (PARTITION x VALUES IN ((1, 1)), PARTITION rest DEFAULT);
-- keeps: SELECT a FROM one ORDER BY 1
-- keeps: SELECT a, b FROM two ORDER BY 1

-- case: how rows are spread by a key, and how many a partition may hold
-- current
CREATE TABLE k (a int) PARTITION BY KEY ALGORITHM = 1 (a) PARTITIONS 2;
CREATE TABLE r (a int) PARTITION BY RANGE (a) (PARTITION x VALUES LESS THAN (10) MAX_ROWS = 5 COMMENT = 'MIN_ROWS = 9');
-- rows
INSERT INTO k VALUES (1), (2);
INSERT INTO r VALUES (1), (2);
-- desired
CREATE TABLE k (a int) PARTITION BY KEY (a) PARTITIONS 3;
CREATE TABLE r (a int) PARTITION BY RANGE (a) (PARTITION x VALUES LESS THAN (10) MAX_ROWS = 7 MIN_ROWS = 2 COMMENT = 'MIN_ROWS = 9');
-- keeps: SELECT a FROM k UNION ALL SELECT a FROM r

-- case: a hash of partitions that are told one by one comes
-- current
-- desired
CREATE TABLE h (a int) PARTITION BY HASH (a) (PARTITION p0, PARTITION p1);

-- case: a history is cut by its length, by time, and by number
-- current
CREATE TABLE a (x int) WITH SYSTEM VERSIONING;
CREATE TABLE b (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 100 (PARTITION p0 HISTORY, PARTITION pn CURRENT);
CREATE TABLE c (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 100 PARTITIONS 3;
-- rows
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1);
UPDATE b SET x = 2;
INSERT INTO c VALUES (1);
-- desired
CREATE TABLE a (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME INTERVAL 1 MONTH STARTS TIMESTAMP'2020-01-01 00:00:00' (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pn CURRENT);
CREATE TABLE b (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 200 (PARTITION p0 HISTORY, PARTITION p1 HISTORY, PARTITION pn CURRENT);
CREATE TABLE c (x int) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME LIMIT 100 PARTITIONS 4;
-- keeps: SELECT x FROM a UNION ALL SELECT x FROM c
-- keeps: SELECT x FROM b FOR SYSTEM_TIME ALL ORDER BY 1

-- case: a period is a part of the primary key
-- current
CREATE TABLE t (id int NOT NULL, a date, b date, PERIOD FOR valid (a, b));
CREATE TABLE u (id int NOT NULL, a date, b date, PERIOD FOR valid (a, b), PRIMARY KEY (id, valid WITHOUT OVERLAPS));
-- rows
INSERT INTO t VALUES (1, '2020-01-01', '2021-01-01'), (1, '2021-01-01', '2022-01-01');
INSERT INTO u VALUES (1, '2020-01-01', '2021-01-01');
-- desired
CREATE TABLE t (id int NOT NULL, a date, b date, PERIOD FOR valid (a, b), PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE u (id int NOT NULL, a date, b date, PERIOD FOR valid (a, b), UNIQUE KEY u (id, valid WITHOUT OVERLAPS));
-- keeps: SELECT * FROM t ORDER BY a
-- keeps: SELECT * FROM u

-- case: rows are valid at the same time
-- current
CREATE TABLE t (n int PRIMARY KEY, id int NOT NULL, a date, b date, PERIOD FOR valid (a, b));
-- rows
INSERT INTO t VALUES (1, 1, '2020-01-01', '2021-01-01'), (2, 1, '2020-12-31', '2022-01-01'), (3, 1, '2022-01-01', '2023-01-01');
-- desired
CREATE TABLE t (n int PRIMARY KEY, id int NOT NULL, a date, b date, PERIOD FOR valid (a, b), UNIQUE KEY u (id, valid WITHOUT OVERLAPS));
-- refused: is there more than once at a time, which u does not allow: [[Some("1"), Some("1"), Some("2020-01-01"), Some("2021-01-01")], [Some("2")

-- case: a row ends before it begins
-- current
CREATE TABLE t (id int PRIMARY KEY, a date NOT NULL, b date NOT NULL);
-- rows
INSERT INTO t VALUES (1, '2020-01-01', '2021-01-01'), (2, '2020-01-01', '2019-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a date NOT NULL, b date NOT NULL, PERIOD FOR valid (a, b));
-- refused: does not end after it begins, as valid demands: [[Some("2")

-- case: the columns of a history are declared from now on
-- current
CREATE TABLE t (a int) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (a int, s timestamp(6) GENERATED ALWAYS AS ROW START INVISIBLE, e timestamp(6) GENERATED ALWAYS AS ROW END INVISIBLE, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
-- keeps: SELECT a FROM t

-- case: the columns of a history do not get other names while there is one
-- current
CREATE TABLE t (a int, s timestamp(6) GENERATED ALWAYS AS ROW START, e timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (s, e)) WITH SYSTEM VERSIONING;
-- rows
INSERT INTO t (a) VALUES (1);
UPDATE t SET a = 2;
-- desired
CREATE TABLE t (a int, since timestamp(6) GENERATED ALWAYS AS ROW START, until timestamp(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (since, until)) WITH SYSTEM VERSIONING;
-- refused: is in the history of t, which would be lost

-- case: a table of Aria checks its pages again
-- current
CREATE TABLE t (id int PRIMARY KEY) ENGINE=Aria PAGE_CHECKSUM=0;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY) ENGINE=Aria PAGE_CHECKSUM=1;
-- keeps: SELECT * FROM t

-- case: a primary key in memory is a tree
-- current
CREATE TABLE t (id int NOT NULL, a int, PRIMARY KEY (id)) ENGINE=MEMORY;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int NOT NULL, a int, PRIMARY KEY (id) USING BTREE) ENGINE=MEMORY;
-- keeps: SELECT * FROM t

-- case: the size of a block goes, with what indexes took over from it
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int, KEY a (a), CONSTRAINT self FOREIGN KEY (a) REFERENCES t (id)) ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8;
-- rows
INSERT INTO t VALUES (1, 1);
-- desired
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int, KEY a (a), CONSTRAINT self FOREIGN KEY (a) REFERENCES t (id)) ROW_FORMAT=DYNAMIC;
-- keeps: SELECT * FROM t
