-- case: a table is renamed
-- current
CREATE TABLE old_t (id INTEGER PRIMARY KEY, a TEXT);
CREATE INDEX i ON old_t (a);
-- rows
INSERT INTO old_t VALUES (1, 'a');
-- desired
CREATE TABLE new_t ( -- @renamed from=old_t
  id INTEGER PRIMARY KEY,
  a TEXT
);
CREATE INDEX i ON new_t (a);

-- case: a table is renamed that others point to
-- current
CREATE TABLE old_p (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES old_p(id));
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES old_p(id) ON DELETE CASCADE);
-- rows
INSERT INTO old_p VALUES (1, NULL);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE new_p (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES new_p(id)); -- @renamed from=old_p
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES new_p(id) ON DELETE CASCADE);
-- keeps: SELECT id, p_id FROM c

-- case: a table is renamed that views and triggers name
-- current
CREATE TABLE old_t (id INTEGER PRIMARY KEY, a TEXT);
CREATE TABLE log (line TEXT);
CREATE VIEW v AS SELECT old_t.a FROM old_t;
CREATE TRIGGER tr AFTER INSERT ON old_t BEGIN INSERT INTO log SELECT a FROM old_t; END;
CREATE TRIGGER other AFTER INSERT ON log BEGIN DELETE FROM old_t; END;
-- rows
INSERT INTO old_t VALUES (1, 'a');
-- desired
CREATE TABLE new_t (id INTEGER PRIMARY KEY, a TEXT); -- @renamed from=old_t
CREATE TABLE log (line TEXT);
CREATE VIEW v AS SELECT new_t.a FROM new_t;
CREATE TRIGGER tr AFTER INSERT ON new_t BEGIN INSERT INTO log SELECT a FROM new_t; END;
CREATE TRIGGER other AFTER INSERT ON log BEGIN DELETE FROM new_t; END;
-- keeps: SELECT a FROM v

-- case: a column is renamed
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, old_a TEXT DEFAULT 'x');
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  a TEXT DEFAULT 'x' -- @renamed from=old_a
);
-- keeps: SELECT id FROM t

-- case: a column is renamed that checks, keys, indexes, computed columns, views and triggers name
-- current
CREATE TABLE p (old_id INTEGER PRIMARY KEY);
CREATE TABLE t (id INTEGER PRIMARY KEY, old_a INT UNIQUE CHECK (old_a > 0) REFERENCES p(old_id), g INT AS (old_a + 1), CHECK (t.old_a < 100));
CREATE INDEX i ON t (old_a, abs(old_a)) WHERE old_a IS NOT NULL;
CREATE VIEW v AS SELECT t.old_a AS shown FROM t;
CREATE TABLE log (line TEXT);
CREATE TRIGGER tr AFTER UPDATE OF old_a ON t BEGIN INSERT INTO log VALUES (new.old_a); END;
-- rows
INSERT INTO p VALUES (5);
INSERT INTO t (id, old_a) VALUES (1, 5);
-- desired
CREATE TABLE p (new_id INTEGER PRIMARY KEY /* @renamed from=old_id */);
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  a INT UNIQUE CHECK (a > 0) REFERENCES p(new_id), -- @renamed from=old_a
  g INT AS (a + 1),
  CHECK (t.a < 100)
);
CREATE INDEX i ON t (a, abs(a)) WHERE a IS NOT NULL;
CREATE VIEW v AS SELECT t.a AS shown FROM t;
CREATE TABLE log (line TEXT);
CREATE TRIGGER tr AFTER UPDATE OF a ON t BEGIN INSERT INTO log VALUES (new.a); END;
-- keeps: SELECT shown FROM v
-- keeps: SELECT id, g FROM t

-- case: a column is renamed and changed at once
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, old_a TEXT);
-- rows
INSERT INTO t VALUES (1, '12');
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  a INTEGER NOT NULL DEFAULT 0 -- @renamed from=old_a
);
-- keeps: SELECT id FROM t

-- case: a renamed column takes no NULL, and one is there
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, old_a TEXT);
-- rows
INSERT INTO t VALUES (1, NULL);
-- desired
CREATE TABLE t (
  id INTEGER PRIMARY KEY,
  a TEXT NOT NULL -- @renamed from=old_a
);
-- refused: is NULL

-- case: a table and its columns are renamed and changed at once
-- current
CREATE TABLE old_t (id INTEGER PRIMARY KEY, old_a TEXT, gone TEXT);
CREATE INDEX i ON old_t (old_a);
-- rows
INSERT INTO old_t VALUES (1, 'a', 'g');
-- desired
CREATE TABLE new_t ( -- @renamed from=old_t
  id INTEGER PRIMARY KEY,
  a VARCHAR(20) NOT NULL, -- @renamed from=old_a
  added INT DEFAULT 1
);
CREATE INDEX i ON new_t (a);

-- case: a name that keywords and spaces are in
-- current
CREATE TABLE "order" ("group" INTEGER PRIMARY KEY, "select from" TEXT);
-- rows
INSERT INTO "order" VALUES (1, 'x');
-- desired
CREATE TABLE "the ""order""" ( -- @renamed from=order
  "group" INTEGER PRIMARY KEY,
  "where" TEXT -- @renamed from="select from"
);

-- case: a name in other letters is the same name
-- current
CREATE TABLE Users (Id INTEGER PRIMARY KEY, "UserName" TEXT);
CREATE INDEX Users_Name ON Users (UserName);
-- rows
INSERT INTO users VALUES (1, 'a');
-- desired
CREATE TABLE users (id INTEGER PRIMARY KEY, username TEXT);
CREATE INDEX users_name ON users (username);
-- keeps: SELECT id, username FROM users

-- case: a view that names what is not there stands beside a rename
-- current
CREATE TABLE old_t (id INTEGER PRIMARY KEY);
CREATE VIEW broken AS SELECT x FROM missing;
-- desired
CREATE TABLE new_t (id INTEGER PRIMARY KEY); -- @renamed from=old_t
CREATE VIEW broken AS SELECT x FROM missing;

-- case: a table is renamed that keeps a counter
-- current
CREATE TABLE old_t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- rows
INSERT INTO old_t VALUES (50, 'a');
DELETE FROM old_t;
-- desired
CREATE TABLE new_t ( -- @renamed from=old_t
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  a TEXT NOT NULL
);
-- keeps: SELECT seq FROM sqlite_sequence WHERE name IN ('old_t', 'new_t')

-- case: names move up one by one
-- current
CREATE TABLE queue (id INTEGER PRIMARY KEY, first TEXT, second TEXT);
-- rows
INSERT INTO queue VALUES (1, 'ada', 'bob');
-- desired
CREATE TABLE queue (
  id INTEGER PRIMARY KEY,
  second TEXT, -- @renamed from=first
  third TEXT -- @renamed from=second
);

-- case: a rename onto a name that is taken is neither skipped nor a loss
-- current
CREATE TABLE guests (id INTEGER PRIMARY KEY, nick TEXT, label TEXT);
-- rows
INSERT INTO guests VALUES (1, 'n', 'l');
-- desired
CREATE TABLE guests (
  id INTEGER PRIMARY KEY,
  label TEXT -- @renamed from=nick
);
-- refused: guests.nick is declared to become label

-- case: two tables that change names are told to take a third
-- current
CREATE TABLE day (id INTEGER PRIMARY KEY, sun TEXT);
CREATE TABLE night (id INTEGER PRIMARY KEY, moon TEXT);
-- rows
INSERT INTO day VALUES (1, 's');
INSERT INTO night VALUES (1, 'm');
-- desired
CREATE TABLE night ( -- @renamed from=day
  id INTEGER PRIMARY KEY, sun TEXT);
CREATE TABLE day ( -- @renamed from=night
  id INTEGER PRIMARY KEY, moon TEXT);
-- refused: third name

-- case: a name that was given away long ago is used anew
-- current
CREATE TABLE stock (id INTEGER PRIMARY KEY, amount INT, pieces INT);
-- rows
INSERT INTO stock VALUES (1, 5, 6);
-- desired
CREATE TABLE stock (
  id INTEGER PRIMARY KEY,
  amount INT NOT NULL DEFAULT 0,
  pieces INT -- @renamed from=amount
);
-- keeps: SELECT id, amount, pieces FROM stock

-- case: an old name in square brackets
-- current
CREATE TABLE [old t] (id INTEGER PRIMARY KEY, [a, b] TEXT);
-- rows
INSERT INTO [old t] VALUES (1, 'a');
-- desired
CREATE TABLE t ( -- @renamed from=[old t]
  id INTEGER PRIMARY KEY,
  ab TEXT -- @renamed from=[a, b]
);

-- case: a view is renamed that takes writes, and another stands on it
-- current
CREATE TABLE t (a INT);
CREATE VIEW old_v AS SELECT a FROM t;
CREATE VIEW w AS SELECT a FROM old_v;
CREATE TRIGGER tr INSTEAD OF INSERT ON old_v BEGIN INSERT INTO t VALUES (NEW.a); END;
-- rows
INSERT INTO old_v VALUES (1);
-- desired
CREATE TABLE t (a INT);
CREATE VIEW new_v AS SELECT a FROM t; -- @renamed from=old_v
CREATE VIEW w AS SELECT a FROM new_v;
CREATE TRIGGER tr INSTEAD OF INSERT ON new_v BEGIN INSERT INTO t VALUES (NEW.a); END;
-- keeps: SELECT a FROM w

-- case: columns are renamed by which views join
-- current
CREATE TABLE a (k INT, x INT);
CREATE TABLE b (k INT, y INT);
CREATE VIEW v AS SELECT x, y FROM a JOIN b USING (k);
CREATE VIEW w AS SELECT x, y FROM a NATURAL JOIN b;
CREATE TRIGGER tr AFTER DELETE ON a BEGIN DELETE FROM b WHERE y IN (SELECT y FROM b JOIN a USING (k)); END;
-- rows
INSERT INTO a VALUES (1, 2);
INSERT INTO b VALUES (1, 3), (2, 4);
-- desired
CREATE TABLE a (
  key INT, -- @renamed from=k
  x INT
);
CREATE TABLE b (
  key INT, -- @renamed from=k
  y INT
);
CREATE VIEW v AS SELECT x, y FROM a JOIN b USING (key);
CREATE VIEW w AS SELECT x, y FROM a NATURAL JOIN b;
CREATE TRIGGER tr AFTER DELETE ON a BEGIN DELETE FROM b WHERE y IN (SELECT y FROM b JOIN a USING (key)); END;
-- keeps: SELECT x, y FROM v
-- keeps: SELECT x, y FROM w
