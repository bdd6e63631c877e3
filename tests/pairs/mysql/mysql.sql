-- case: an index over an expression comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, 'x'), (2, 'Y');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), KEY low ((lower(a)), (id + 1) DESC));
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: an index over an expression is over another one
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int, KEY e ((lower(a))), KEY f ((b * 2)));
-- rows
INSERT INTO t VALUES (1, 'x', 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), b int, KEY e ((upper(a))), KEY f ((b * 2)));
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: an index over an expression with words in quotes
-- current
CREATE TABLE t (id int PRIMARY KEY, a json);
-- rows
INSERT INTO t VALUES (1, '{"it''s": "x"}');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a json, KEY e ((CAST(a->>'$."it''s"' AS CHAR(20)))));
-- keeps: SELECT id FROM t ORDER BY 1

-- case: expressions that may not be the same twice, and are
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, 'x'), (2, 'X');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), UNIQUE KEY e ((lower(a))));
-- refused: more than once

-- case: an index over the values of an array
-- current
CREATE TABLE t (id int PRIMARY KEY, a json);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a json, KEY many ((CAST(a->'$.codes' AS UNSIGNED ARRAY))));

-- case: an index is hidden, another one seen
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a), KEY b (b) INVISIBLE);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, KEY a (a) INVISIBLE, KEY b (b));

-- case: a check is no longer enforced
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0) NOT ENFORCED);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a check is enforced from now on, and a row breaks it
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0) NOT ENFORCED);
-- rows
INSERT INTO t VALUES (1, -5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT pos CHECK (a > 0));
-- refused: breaks pos

-- case: a check goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CHECK (a > 0), CONSTRAINT both_set CHECK (a < b));
-- rows
INSERT INTO t VALUES (1, 5, 6);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CHECK (a > 0));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: defaults that are computed
-- current
CREATE TABLE t (id int PRIMARY KEY, a json, b varchar(36) DEFAULT 'uuid()', c date);
-- rows
INSERT INTO t VALUES (1, NULL, 'x', '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a json DEFAULT (json_object('k', 'it''s')), b varchar(36) DEFAULT (uuid()), c date DEFAULT (curdate() + INTERVAL 1 DAY));
-- keeps: SELECT id, b, c FROM t ORDER BY 1

-- case: a default is a value, and no longer computed
-- current
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT (1 + 1), b timestamp(6) NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6));
-- rows
INSERT INTO t (id, a) VALUES (1, 7);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 2, b timestamp(6) NULL DEFAULT '2020-01-01 00:00:00');
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: a place has a system of reference
-- current
CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL SRID 4326, SPATIAL KEY p (p));
-- desired
CREATE TABLE t (id int PRIMARY KEY, p point NOT NULL SRID 0, SPATIAL KEY p (p));

-- case: the collation of MySQL 8 takes the place of an older one
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), KEY a (a)) CHARSET=utf8mb4 COLLATE=utf8mb4_general_ci;
-- rows
INSERT INTO t VALUES (1, 'ü');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), KEY a (a)) CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
-- keeps: SELECT id, a FROM t ORDER BY 1

-- case: words are the same by the new collation
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), UNIQUE KEY a (a)) CHARSET=utf8mb4 COLLATE=utf8mb4_bin;
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'Ä');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(20), UNIQUE KEY a (a)) CHARSET=utf8mb4 COLLATE=utf8mb4_0900_ai_ci;
-- refused: more than once

-- case: a renamed column in a check, a computed column and an index over an expression
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) STORED, KEY e ((a * 2)), CONSTRAINT pos CHECK (a > 0));
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int, -- @renamed from=a
  b int AS (z + 1) STORED, KEY e ((z * 2)), CONSTRAINT pos CHECK (z > 0));
-- keeps: SELECT id, b FROM t ORDER BY 1

-- case: a renamed column in a default, and a computed column that is renamed with it
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int AS (a + 1) VIRTUAL, c int DEFAULT (a * 2));
-- rows
INSERT INTO t (id, a) VALUES (1, 5);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int, -- @renamed from=a
  y int AS (z + 1) VIRTUAL, -- @renamed from=b
  c int DEFAULT (z * 2));
-- keeps: SELECT id, c FROM t ORDER BY 1

-- case: a full text is cut into pairs of letters
-- current
CREATE TABLE t (id int PRIMARY KEY, a text, FULLTEXT KEY words (a));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text, FULLTEXT KEY words (a) WITH PARSER ngram);

-- case: a view is merged that was made first
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE ALGORITHM=TEMPTABLE VIEW v AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE ALGORITHM=MERGE VIEW v AS SELECT id FROM t;

-- case: a column is seen by those who name it
-- current
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1 INVISIBLE, b int DEFAULT 2);
-- rows
INSERT INTO t (id) VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1, b int DEFAULT 2 INVISIBLE);
-- keeps: SELECT id, a, b FROM t ORDER BY 1

-- case: each row gets a value of its own for a new column
-- current
CREATE TABLE keys_of (id int PRIMARY KEY, at datetime DEFAULT '2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP, touched int DEFAULT 0);
CREATE TRIGGER touch BEFORE UPDATE ON keys_of FOR EACH ROW SET NEW.touched = OLD.touched + 1;
-- rows
INSERT INTO keys_of (id) VALUES (1), (2);
-- desired
CREATE TABLE keys_of (id int PRIMARY KEY, own char(36) NOT NULL DEFAULT (uuid()), at datetime DEFAULT '2020-01-01 00:00:00' ON UPDATE CURRENT_TIMESTAMP, touched int DEFAULT 0,
  chance double DEFAULT (rand()), word varchar(9) DEFAULT (concat('uuid', '()')), UNIQUE KEY own (own));
CREATE TRIGGER touch BEFORE UPDATE ON keys_of FOR EACH ROW SET NEW.touched = OLD.touched + 1;
-- keeps: SELECT id, at, touched FROM keys_of ORDER BY id

-- case: a default that each row gets its own of comes beside a new column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(40), c date);
-- rows
INSERT INTO t VALUES (1, 2, 'x', '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a bigint, b varchar(50) DEFAULT (uuid()), c date DEFAULT (curdate()), j int DEFAULT 5);
-- keeps: SELECT id, a, b, c FROM t
