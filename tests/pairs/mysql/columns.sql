-- case: a column comes at the end
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, name varchar(20));
-- keeps: SELECT id FROM t ORDER BY 1

-- case: columns come in between and in front
-- current
CREATE TABLE t (id int PRIMARY KEY, z int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (a int, id int PRIMARY KEY, m int DEFAULT 3, n int, z int);
-- keeps: SELECT id, z FROM t ORDER BY 1

-- case: the order of columns is no difference
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- rows
INSERT INTO t VALUES (1, 2, 3);
-- desired
CREATE TABLE t (b int, a int, id int PRIMARY KEY);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a column goes
-- current
CREATE TABLE t (id int PRIMARY KEY, name varchar(20), KEY (name));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY);
-- keeps: SELECT id FROM t ORDER BY 1

-- case: a column goes out of an index
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY ab (a, b));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, KEY ab (a));

-- case: a column is renamed
-- current
CREATE TABLE t (id int PRIMARY KEY, name varchar(20), KEY n (name));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  title varchar(20), -- @renamed from=name
  KEY n (title));

-- case: a renamed column gets another type and a default
-- current
CREATE TABLE t (id int PRIMARY KEY, amount int);
-- rows
INSERT INTO t VALUES (1, 5), (2, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  total bigint NOT NULL DEFAULT 0 -- @renamed from=amount
);

-- case: a renamed column in what is computed and checked
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED, CONSTRAINT pos CHECK (a > 0));
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int, -- @renamed from=a
  b int AS (z + 1) STORED, CONSTRAINT pos CHECK (z > 0));
-- keeps: SELECT id, b FROM t ORDER BY 1

-- case: only the case of a name changes
-- current
CREATE TABLE t (id int PRIMARY KEY, Name varchar(10), KEY IX (Name), CONSTRAINT CK CHECK (Name <> ''));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, name varchar(10), KEY ix (name), CONSTRAINT ck CHECK (name <> ''));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a value is demanded and there is a default
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(10), n int);
-- rows
INSERT INTO t VALUES (1, NULL, NULL), (2, 'b', 7);
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL DEFAULT 'none', n int NOT NULL DEFAULT 5);
-- keeps: SELECT id, COALESCE(s, 'none'), COALESCE(n, 5) FROM t ORDER BY 1

-- case: filling rows does not touch the time of their change
-- current
CREATE TABLE t (id int PRIMARY KEY, n int, at datetime DEFAULT '2020-01-01' ON UPDATE current_timestamp());
-- rows
INSERT INTO t (id, n) VALUES (1, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 5, at datetime DEFAULT '2020-01-01' ON UPDATE current_timestamp());
-- keeps: SELECT id, at FROM t ORDER BY 1

-- case: filling rows fires no trigger
-- current
CREATE TABLE t (id int PRIMARY KEY, n int);
CREATE TABLE log (n int);
CREATE TRIGGER tu AFTER UPDATE ON t FOR EACH ROW INSERT INTO log VALUES (NEW.n);
-- rows
INSERT INTO t VALUES (1, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, n int NOT NULL DEFAULT 5);
CREATE TABLE log (n int);
CREATE TRIGGER tu AFTER UPDATE ON t FOR EACH ROW INSERT INTO log VALUES (NEW.n);
-- keeps: SELECT COUNT(*) FROM log

-- case: a value is demanded and there is none
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(10));
-- rows
INSERT INTO t VALUES (1, NULL), (2, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL);
-- refused: is NULL

-- case: a value is demanded and all rows have one
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(10));
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a new column must have a value and nobody says which
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL);
-- refused: has no value for s

-- case: a new column must have a value where there are no rows
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL);

-- case: a value need not be there any more
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(10) NOT NULL);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s varchar(10));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a comment comes, changes and goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int COMMENT 'x', b int, c int COMMENT 'z');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int COMMENT 'it''s', b int COMMENT 'y\\z', c int);

-- case: a column hides and another shows
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int INVISIBLE);
-- rows
INSERT INTO t (id, a, b) VALUES (1, 2, 3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int INVISIBLE, b int);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: many changes to one table at once
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(5), c date, KEY k (b));
-- rows
INSERT INTO t VALUES (1, 2, 'x', '2020-01-01');
-- desired
CREATE TABLE t (id bigint AUTO_INCREMENT PRIMARY KEY, b varchar(9) NOT NULL DEFAULT '', c datetime, d decimal(4,2) DEFAULT 1.5, UNIQUE KEY k (b), KEY cd (c, d), CONSTRAINT dpos CHECK (d > 0)) COMMENT='all';
-- keeps: SELECT id, b FROM t ORDER BY 1

-- case: none of the columns stays, and the rows do
-- current
CREATE TABLE t (a int, b int);
-- rows
INSERT INTO t VALUES (1, 2), (3, 4);
-- desired
CREATE TABLE t (c int, d varchar(5) DEFAULT 'x');
-- keeps: SELECT COUNT(*) FROM t

-- case: none of the columns stays, and one that comes must tell the rows apart
-- current
CREATE TABLE t (a int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (3);
-- desired
CREATE TABLE t (c int PRIMARY KEY);
-- refused: has no value for c

-- case: names move up along a chain
-- current
CREATE TABLE chain (id int PRIMARY KEY, a int, b int, c int);
-- rows
INSERT INTO chain VALUES (1, 10, 20, 30);
-- desired
CREATE TABLE chain (id int PRIMARY KEY,
  b int, -- @renamed from=a
  c int, -- @renamed from=b
  d int -- @renamed from=c
);

-- case: columns that change places cannot be told from those that did
-- current
CREATE TABLE sides (id int PRIMARY KEY, a int, b int);
-- rows
INSERT INTO sides VALUES (1, 10, 20);
-- desired
CREATE TABLE sides (id int PRIMARY KEY, c int,
  b int, -- @renamed from=a
  a int -- @renamed from=b
);
-- refused: by way of a third name
