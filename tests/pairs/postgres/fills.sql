-- case: rows that a default fills are named where a unique constraint does not allow it
-- current
CREATE TABLE t (id int PRIMARY KEY, code text, UNIQUE (code));
-- rows
INSERT INTO t VALUES (1, 'none'), (2, NULL), (3, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, code text NOT NULL DEFAULT 'none', UNIQUE (code));
-- refused: is there more than once: [[Some("1"), Some("none")], [Some("2"), Some("none")]]

-- case: rows that a default fills are named where a unique index does not allow it
-- current
CREATE TABLE t (id int PRIMARY KEY, code text, live bool);
CREATE UNIQUE INDEX one_live ON t (lower(code)) WHERE live;
-- rows
INSERT INTO t VALUES (1, 'A', true), (2, 'a', NULL), (3, 'a', false);
-- desired
CREATE TABLE t (id int PRIMARY KEY, code text, live bool NOT NULL DEFAULT true);
CREATE UNIQUE INDEX one_live ON t (lower(code)) WHERE live;
-- refused: is there more than once: [[Some("1"), Some("a")], [Some("2"), Some("a")]]

-- case: rows that a default fills are named where a check does not allow it
-- current
CREATE TABLE t (id int PRIMARY KEY, "How Many" int, "limit" int, CONSTRAINT within CHECK ("How Many" <= "limit"));
-- rows
INSERT INTO t VALUES (1, 5, 9), (2, NULL, 3), (3, NULL, 8), (4, NULL, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, "How Many" int NOT NULL DEFAULT 7, "limit" int, CONSTRAINT within CHECK ("How Many" <= "limit"));
-- refused: does not meet within: [[Some("2"), None]]

-- case: rows that a default fills are named where they would point nowhere
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, p int REFERENCES p);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO t VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, p int NOT NULL DEFAULT 0 REFERENCES p);
-- refused: points to no row of public.p: [[Some("2"), Some("0")]]

-- case: what a default fills is looked at under its old name
-- current
CREATE TABLE t (id int PRIMARY KEY, old_code text, UNIQUE (old_code));
-- rows
INSERT INTO t VALUES (1, 'none'), (2, NULL);
-- desired
-- @renamed from=t
CREATE TABLE things (
  id int PRIMARY KEY,
  code text NOT NULL DEFAULT 'none', -- @renamed from=old_code
  UNIQUE (code)
);
-- refused: is there more than once: [[Some("1"), Some("none")], [Some("2"), Some("none")]]

-- case: new demands and filled rows together
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int);
-- rows
INSERT INTO t VALUES (1, 5, 1), (2, NULL, 2), (3, NULL, 3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 0, b int NOT NULL DEFAULT 1, CHECK (a < b OR a = 5), UNIQUE (a, b));
-- returns: SELECT count(*)::text FROM t WHERE a IS NULL

-- case: a key of which NULLs are alike names all rows of it
-- current
CREATE TABLE t (a text, b int);
-- rows
INSERT INTO t VALUES ('x', NULL), ('y', 1), ('x', NULL);
-- desired
CREATE TABLE t (a text, b int, UNIQUE NULLS NOT DISTINCT (a, b));
-- refused: is there more than once: [[Some("(0,1)"), Some("x"), None], [Some("(0,3)"), Some("x"), None]]

-- case: a new column whose default the rows do not all bear
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, p int NOT NULL DEFAULT 3 REFERENCES p);
-- refused: points to no row of public.p: [[Some("1"), Some("3")], [Some("2"), Some("3")]]
