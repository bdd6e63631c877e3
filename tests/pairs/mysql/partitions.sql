-- case: a table is cut by range
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y));
-- rows
INSERT INTO t VALUES (1, 2019), (2, 2021);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN MAXVALUE COMMENT = 'the rest');
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a row has no partition to be in
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y));
-- rows
INSERT INTO t VALUES (1, 2019), (2, 2021);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));
-- refused: no partition

-- case: a row is in no list
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y));
-- rows
INSERT INTO t VALUES (1, 1), (2, 5);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y) (PARTITION p0 VALUES IN (1, 2), PARTITION p1 VALUES IN (3));
-- refused: no partition

-- case: a table is in one piece again
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));
-- rows
INSERT INTO t VALUES (1, 2019);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: partitions come at the end
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));
-- rows
INSERT INTO t VALUES (1, 2019);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2021), PARTITION p2 VALUES LESS THAN (2022));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: an empty partition goes
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2021));
-- rows
INSERT INTO t VALUES (1, 2019);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a partition with rows does not go
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020), PARTITION p1 VALUES LESS THAN (2021));
-- rows
INSERT INTO t VALUES (1, 2019), (2, 2020);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (2020));
-- refused: partition p1

-- case: the rows of a partition in between go to the next
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION p2 VALUES LESS THAN (30));
-- rows
INSERT INTO t VALUES (1, 5), (2, 15), (3, 25);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p2 VALUES LESS THAN (30));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a partition is split
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION rest VALUES LESS THAN MAXVALUE);
-- rows
INSERT INTO t VALUES (1, 5), (2, 15), (3, 25);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20), PARTITION rest VALUES LESS THAN MAXVALUE);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: bounds move
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
-- rows
INSERT INTO t VALUES (1, 5), (2, 15);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (12), PARTITION p1 VALUES LESS THAN (30));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: values of a list come and go
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y) (PARTITION a VALUES IN (1, 2), PARTITION b VALUES IN (3));
-- rows
INSERT INTO t VALUES (1, 1), (2, 3);
-- desired
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY LIST (y) (PARTITION a VALUES IN (1, 3), PARTITION c VALUES IN (7));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a list by several columns
-- current
CREATE TABLE t (id int, s varchar(5), PRIMARY KEY (id, s));
-- desired
CREATE TABLE t (id int, s varchar(5), PRIMARY KEY (id, s)) PARTITION BY LIST COLUMNS (id, s) (PARTITION a VALUES IN ((1, 'x'), (2, 'it''s')), PARTITION b VALUES IN ((3, 'z')));

-- case: a range of columns
-- current
CREATE TABLE t (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE COLUMNS (d) (PARTITION a VALUES LESS THAN ('2020-01-01'));
-- rows
INSERT INTO t VALUES (1, '2019-05-05');
-- desired
CREATE TABLE t (id int, d date, PRIMARY KEY (id, d)) PARTITION BY RANGE COLUMNS (d) (PARTITION a VALUES LESS THAN ('2020-01-01'), PARTITION b VALUES LESS THAN (MAXVALUE));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: more pieces of a hash
-- current
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
-- rows
INSERT INTO t VALUES (1), (2), (3);
-- desired
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 5;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: fewer pieces of a key
-- current
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 5;
-- rows
INSERT INTO t VALUES (1), (2), (3);
-- desired
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY KEY (id) PARTITIONS 2;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: another way to cut
-- current
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
-- rows
INSERT INTO t VALUES (1), (2), (3);
-- desired
CREATE TABLE t (id int PRIMARY KEY) PARTITION BY LINEAR KEY (id) PARTITIONS 4;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: pieces of pieces
-- current
CREATE TABLE t (id int, d date);
-- rows
INSERT INTO t VALUES (1, '2019-05-05');
-- desired
CREATE TABLE t (id int, d date) PARTITION BY RANGE (year(d)) SUBPARTITION BY HASH (id) SUBPARTITIONS 2 (PARTITION a VALUES LESS THAN (2020), PARTITION b VALUES LESS THAN MAXVALUE);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a column comes to a table in pieces, and a piece to the table
-- current
CREATE TABLE t (id int, y int, PRIMARY KEY (id, y)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id int, y int, c int, PRIMARY KEY (id, y), KEY c (c)) PARTITION BY RANGE (y) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20));
-- keeps: SELECT id, y FROM t ORDER BY 1

-- case: the column that a table is cut by is renamed
-- current
CREATE TABLE visits (id int NOT NULL, year int NOT NULL, PRIMARY KEY (id, year))
PARTITION BY RANGE (year) (PARTITION old VALUES LESS THAN (2000), PARTITION rest VALUES LESS THAN MAXVALUE);
-- rows
INSERT INTO visits VALUES (1, 1999), (2, 2001);
-- desired
CREATE TABLE visits (id int NOT NULL, came int NOT NULL, -- @renamed from=year
  PRIMARY KEY (id, came))
PARTITION BY RANGE (came) (PARTITION old VALUES LESS THAN (2000), PARTITION rest VALUES LESS THAN MAXVALUE);
-- keeps: SELECT COUNT(*) FROM visits PARTITION (old)

-- case: one of several columns that a table is cut by is renamed, and a partition comes
-- current
CREATE TABLE stays (id int NOT NULL, a int NOT NULL, b int NOT NULL, PRIMARY KEY (id, a, b))
PARTITION BY RANGE COLUMNS (a, b) (PARTITION p0 VALUES LESS THAN (10, 10));
-- rows
INSERT INTO stays VALUES (1, 1, 1), (2, 10, 9);
-- desired
CREATE TABLE stays (id int NOT NULL, a int NOT NULL, c int NOT NULL, -- @renamed from=b
  PRIMARY KEY (id, a, c))
PARTITION BY RANGE COLUMNS (a, c) (PARTITION p0 VALUES LESS THAN (10, 10), PARTITION p1 VALUES LESS THAN (20, 20));
-- keeps: SELECT id, a FROM stays ORDER BY id

-- case: columns of a hash, a key and of pieces of pieces are renamed
-- current
CREATE TABLE h (id int NOT NULL, a int NOT NULL, PRIMARY KEY (id, a)) PARTITION BY HASH (a + 1) PARTITIONS 3;
CREATE TABLE k (id int NOT NULL, a int NOT NULL, PRIMARY KEY (id, a)) PARTITION BY KEY (a) PARTITIONS 3;
CREATE TABLE l (id int NOT NULL, a int NOT NULL, PRIMARY KEY (id, a)) PARTITION BY LINEAR HASH (a) PARTITIONS 2;
CREATE TABLE s (id int NOT NULL, a int NOT NULL, PRIMARY KEY (id, a)) PARTITION BY LIST (id)
SUBPARTITION BY HASH (a) SUBPARTITIONS 2 (PARTITION one VALUES IN (1), PARTITION two VALUES IN (2, 3));
-- rows
INSERT INTO h VALUES (1, 1), (2, 2);
INSERT INTO k VALUES (1, 1), (2, 2);
INSERT INTO l VALUES (1, 1), (2, 2);
INSERT INTO s VALUES (1, 1), (2, 2);
-- desired
CREATE TABLE h (id int NOT NULL, z int NOT NULL, -- @renamed from=a
  PRIMARY KEY (id, z)) PARTITION BY HASH (z + 1) PARTITIONS 3;
CREATE TABLE k (id int NOT NULL, z int NOT NULL, -- @renamed from=a
  PRIMARY KEY (id, z)) PARTITION BY KEY (z) PARTITIONS 3;
CREATE TABLE l (id int NOT NULL, z int NOT NULL, -- @renamed from=a
  PRIMARY KEY (id, z)) PARTITION BY LINEAR HASH (z) PARTITIONS 2;
CREATE TABLE s (id int NOT NULL, z int NOT NULL, -- @renamed from=a
  PRIMARY KEY (id, z)) PARTITION BY LIST (id)
SUBPARTITION BY HASH (z) SUBPARTITIONS 2 (PARTITION one VALUES IN (1), PARTITION two VALUES IN (2, 3));
-- keeps: SELECT id FROM h UNION ALL SELECT id FROM k UNION ALL SELECT id FROM l UNION ALL SELECT id FROM s

-- case: a row lies beyond the last range of two columns
-- current
CREATE TABLE spots (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b));
-- rows
INSERT INTO spots VALUES (1, 1), (5, 7);
-- desired
CREATE TABLE spots (a int NOT NULL, b int NOT NULL, PRIMARY KEY (a, b))
PARTITION BY RANGE COLUMNS (a, b) (PARTITION p VALUES LESS THAN (5, 7));
-- refused: has no partition to be in

-- case: a row lies in no list of words
-- current
CREATE TABLE places (id int NOT NULL, land varchar(10) NOT NULL, PRIMARY KEY (id, land));
-- rows
INSERT INTO places VALUES (1, 'a,b'), (2, 'c');
-- desired
CREATE TABLE places (id int NOT NULL, land varchar(10) NOT NULL, PRIMARY KEY (id, land))
PARTITION BY LIST COLUMNS (land) (PARTITION p VALUES IN ('a,b', 'd'));
-- refused: has no partition to be in

-- case: a row lies in no list of pairs
-- current
CREATE TABLE duos (id int, a int, b int);
-- rows
INSERT INTO duos VALUES (1, 1, 2), (2, 2, NULL);
-- desired
CREATE TABLE duos (id int, a int, b int)
PARTITION BY LIST COLUMNS (a, b) (PARTITION p VALUES IN ((1, 2), (2, 3)));
-- refused: has no partition to be in

-- case: lists and ranges of columns in which every row has its place
-- current
CREATE TABLE l (id int, a int, w varchar(9));
CREATE TABLE r (id int, a int, w varchar(9));
CREATE TABLE d (id int, day date);
-- rows
INSERT INTO l VALUES (1, 1, 'x'), (2, 2, NULL), (3, NULL, NULL);
INSERT INTO r VALUES (1, 5, 'zz'), (2, NULL, NULL);
INSERT INTO d VALUES (1, '2020-01-01'), (2, NULL);
-- desired
CREATE TABLE l (id int, a int, w varchar(9))
PARTITION BY LIST COLUMNS (a, w) (PARTITION p VALUES IN ((1, 'x'), (2, NULL)), PARTITION q VALUES IN ((NULL, NULL)));
CREATE TABLE r (id int, a int, w varchar(9))
PARTITION BY RANGE COLUMNS (a, w) (PARTITION p VALUES LESS THAN (5, MAXVALUE));
CREATE TABLE d (id int, day date)
PARTITION BY RANGE COLUMNS (day) (PARTITION p VALUES LESS THAN ('2020-01-02'));
-- keeps: SELECT id FROM l UNION ALL SELECT id FROM r UNION ALL SELECT id FROM d

-- case: named pieces of a hash come and go
-- current
CREATE TABLE h (id int PRIMARY KEY) PARTITION BY HASH (id) (PARTITION x, PARTITION y COMMENT = 'why');
CREATE TABLE k (id int PRIMARY KEY) PARTITION BY KEY (id) (PARTITION a, PARTITION b, PARTITION c);
CREATE TABLE n (id int PRIMARY KEY) PARTITION BY HASH (id) PARTITIONS 2;
-- rows
INSERT INTO h VALUES (1), (2), (3);
INSERT INTO k VALUES (1), (2), (3);
INSERT INTO n VALUES (1), (2), (3);
-- desired
CREATE TABLE h (id int PRIMARY KEY) PARTITION BY HASH (id) (PARTITION x, PARTITION y COMMENT = 'why', PARTITION z);
CREATE TABLE k (id int PRIMARY KEY) PARTITION BY KEY (id) (PARTITION a, PARTITION b);
CREATE TABLE n (id int PRIMARY KEY) PARTITION BY HASH (id) (PARTITION one, PARTITION two);
-- keeps: SELECT id FROM h UNION ALL SELECT id FROM k UNION ALL SELECT id FROM n ORDER BY 1

-- case: pieces of pieces have names
-- current
CREATE TABLE s (id int, y int) PARTITION BY RANGE (y) SUBPARTITION BY HASH (id)
(PARTITION p0 VALUES LESS THAN (10) (SUBPARTITION a, SUBPARTITION b), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION c, SUBPARTITION d));
-- rows
INSERT INTO s VALUES (1, 1), (2, 15), (3, 25);
-- desired
CREATE TABLE s (id int, y int) PARTITION BY RANGE (y) SUBPARTITION BY HASH (id)
(PARTITION p0 VALUES LESS THAN (20) (SUBPARTITION a, SUBPARTITION b), PARTITION p1 VALUES LESS THAN MAXVALUE (SUBPARTITION c, SUBPARTITION `e f`));
-- keeps: SELECT id FROM s ORDER BY 1
