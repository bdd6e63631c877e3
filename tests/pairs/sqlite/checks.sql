-- case: a check comes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 5), (2, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0));
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: a check comes that a row violates
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 5), (2, -5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0));
-- refused: violates CHECK

-- case: a check goes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- keeps: SELECT id, a FROM t

-- case: a named check changes
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CONSTRAINT a_range CHECK (a BETWEEN 0 AND 10));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CONSTRAINT a_range CHECK (a BETWEEN 1 AND 9));
-- keeps: SELECT id, a FROM t

-- case: a check over a list that gets shorter, and a row holds what it loses
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('new', 'open', 'done')));
-- rows
INSERT INTO t VALUES (1, 'new'), (2, 'open');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('new', 'done')));
-- refused: violates CHECK

-- case: a check over a list that gets longer
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('new', 'done')));
-- rows
INSERT INTO t VALUES (1, 'new');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, state TEXT CHECK (state IN ('new', 'open', 'done')));
-- keeps: SELECT id, state FROM t

-- case: a check over two columns, one of them new
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, low INT NOT NULL);
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, low INT NOT NULL, high INT NOT NULL DEFAULT 100, CHECK (low < high));
-- keeps: SELECT id, low FROM t

-- case: a check that a new column's default violates
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, low INT NOT NULL);
-- rows
INSERT INTO t VALUES (1, 500);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, low INT NOT NULL, high INT NOT NULL DEFAULT 100, CHECK (low < high));
-- refused: violates CHECK

-- case: brackets, letters and quotes in a check are no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CHECK ((A > 0) AND "a" < 10));
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CHECK (((a>0) and [a]<10)));

-- case: a string in a check keeps its letters
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'x'));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'X'));
-- keeps: SELECT id, a FROM t

-- case: a check with functions, LIKE, CASE and JSON
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, doc TEXT);
-- rows
INSERT INTO t VALUES (1, 'abc', '{"k": 1}');
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  a TEXT CHECK (length(a) < 10 AND a NOT LIKE '%;%' ESCAPE '\'),
  doc TEXT CHECK (json_valid(doc) AND CASE WHEN doc ->> '$.k' IS NULL THEN 0 ELSE 1 END = 1)
);
-- keeps: SELECT id, a, doc FROM t

-- case: a check gets a name
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT CONSTRAINT positive CHECK (a > 0));
-- keeps: SELECT id, a FROM t

-- case: a check gets another name
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CONSTRAINT above CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, 5);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT, CONSTRAINT positive CHECK (a > 0));
-- keeps: SELECT id, a FROM t
