-- case: a primary key comes
-- current
CREATE TABLE t (id int NOT NULL, a int);
-- rows
INSERT INTO t VALUES (1, 1), (2, 2);
-- desired
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a primary key over rows that are alike
-- current
CREATE TABLE t (id int NOT NULL, a int);
-- rows
INSERT INTO t VALUES (1, 1), (1, 2);
-- desired
CREATE TABLE t (id int NOT NULL PRIMARY KEY, a int);
-- refused: more than once

-- case: a primary key over a column that may be NULL
-- current
CREATE TABLE t (id int, a int);
-- rows
INSERT INTO t VALUES (1, 1), (NULL, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- refused: NULL

-- case: a primary key goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 1);
-- desired
CREATE TABLE t (id int NOT NULL, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a primary key moves to another column
-- current
CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL);
-- rows
INSERT INTO t VALUES (1, 10), (2, 20);
-- desired
CREATE TABLE t (a int NOT NULL, b int PRIMARY KEY);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a primary key gets another column
-- current
CREATE TABLE t (a int PRIMARY KEY, b int NOT NULL);
-- rows
INSERT INTO t VALUES (1, 10);
-- desired
CREATE TABLE t (a int, b int, PRIMARY KEY (b, a));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: counting comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (3, 1), (5, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: counting would give a zero another number
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (0, 1), (5, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, a int);
-- refused: AUTO_INCREMENT

-- case: counting goes
-- current
CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, a int);
-- rows
INSERT INTO t VALUES (3, 1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: counting goes with its key
-- current
CREATE TABLE t (id int PRIMARY KEY AUTO_INCREMENT, a int);
-- rows
INSERT INTO t VALUES (3, 1);
-- desired
CREATE TABLE t (id int, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a counted column comes with its key
-- current
CREATE TABLE t (a int);
-- rows
INSERT INTO t VALUES (7), (8);
-- desired
CREATE TABLE t (id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, a int);
-- keeps: SELECT a FROM t ORDER BY 1

-- case: counting moves to another key
-- current
CREATE TABLE t (a int AUTO_INCREMENT PRIMARY KEY, b int NOT NULL);
-- rows
INSERT INTO t VALUES (1, 10);
-- desired
CREATE TABLE t (a int NOT NULL, b int AUTO_INCREMENT, PRIMARY KEY (b), UNIQUE KEY a (a));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a counted column grows
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (3, 1);
-- desired
CREATE TABLE t (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, a int);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a primary key over a prefix
-- current
CREATE TABLE t (a varchar(100) NOT NULL, b int);
-- desired
CREATE TABLE t (a varchar(100) NOT NULL, b int, PRIMARY KEY (a(10)));

-- case: a check comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- rows
INSERT INTO t VALUES (1, 1, 2), (2, NULL, 1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT ordered CHECK (a < b), CHECK (b > 0));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a check that rows break
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 1), (2, -5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));
-- refused: breaks pos

-- case: a check changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a >= 0 AND a < 100));

-- case: a check goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0), CHECK (a < 5));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);

-- case: a check of a column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0), b varchar(5));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5) CHECK (b IN ('x', 'it''s')));

-- case: a check of a column that rows break
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, -1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int CHECK (a > 0));
-- refused: breaks

-- case: a check over a renamed and a new column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int, -- @renamed from=a
  n int DEFAULT 10, CONSTRAINT zn CHECK (z < n));
-- keeps: SELECT id FROM t ORDER BY 1

-- case: the column of a check goes with it
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT ab CHECK (a < b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);

-- case: what is filled with a default would be there twice
-- current
CREATE TABLE t (id int PRIMARY KEY, z varchar(9), a varchar(9) UNIQUE);
-- rows
INSERT INTO t VALUES (1, '007', NULL), (2, '8', 'zz');
-- desired
CREATE TABLE t (id int PRIMARY KEY, z int, a varchar(9) NOT NULL DEFAULT 'zz' UNIQUE);
-- refused: is there more than once, which a does not allow: [[Some("1"), Some("zz")], [Some("2"), Some("zz")]]

-- case: two rows would be filled with the same default
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, UNIQUE KEY u (b, a));
-- rows
INSERT INTO t VALUES (1, NULL, 1), (2, NULL, 1), (3, NULL, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 4, b int, UNIQUE KEY u (b, a));
-- refused: is there more than once, which u does not allow

-- case: one row is filled with a default that is unique
-- current
CREATE TABLE t (id int PRIMARY KEY, a int UNIQUE);
-- rows
INSERT INTO t VALUES (1, NULL), (2, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 4 UNIQUE);
-- keeps: SELECT id FROM t ORDER BY 1

-- case: what is filled with a default would break a check
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT positive CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, NULL), (2, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0, CONSTRAINT positive CHECK (a > 0));
-- refused: breaks positive

-- case: what is filled with a default would point nowhere
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1, NULL), (2, 1);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 9, CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id));
-- refused: points to no row of p

-- case: texts that tell rows apart become numbers that do not
-- current
CREATE TABLE t (a varchar(5) NOT NULL PRIMARY KEY);
-- rows
INSERT INTO t VALUES ('1'), ('01'), ('2');
-- desired
CREATE TABLE t (a int NOT NULL PRIMARY KEY);
-- refused: is there more than once, which PRIMARY KEY does not allow
