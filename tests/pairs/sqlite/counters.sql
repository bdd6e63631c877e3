-- case: a table that counts goes, and comes back counting on where it was
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL UNIQUE);
CREATE TABLE "Odd 'name" (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
CREATE TABLE fresh (id INTEGER PRIMARY KEY AUTOINCREMENT);
CREATE TABLE emptied (id INTEGER PRIMARY KEY AUTOINCREMENT, a INT NOT NULL);
CREATE TABLE other (id INT);
-- rows
INSERT INTO t (a) VALUES ('p'), ('q'), ('r');
DELETE FROM t WHERE id > 1;
INSERT INTO "Odd 'name" (a) VALUES ('p'), ('q');
INSERT INTO emptied (a) VALUES (1), (2);
DELETE FROM emptied;
-- desired
CREATE TABLE other (id INT);
-- returns: SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'lockstep%' AND seq > 0 ORDER BY name

-- case: a column stops counting, and counts on where it was on the way back
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END;
CREATE TABLE log (a TEXT);
-- rows
INSERT INTO t (a) VALUES ('p'), ('q'), ('r');
DELETE FROM t WHERE id = 3;
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
CREATE TRIGGER g AFTER INSERT ON t BEGIN INSERT INTO log VALUES (NEW.a); END;
CREATE TABLE log (a TEXT);
-- returns: SELECT name, seq FROM sqlite_sequence WHERE name NOT LIKE 'lockstep%' AND seq > 0 ORDER BY name

-- case: a counter goes on through a table built anew under another name
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT);
-- rows
INSERT INTO t (a) VALUES ('p'), ('q'), ('r');
DELETE FROM t WHERE id > 1;
-- desired
-- @renamed from=t
CREATE TABLE u (id INTEGER PRIMARY KEY AUTOINCREMENT, a TEXT NOT NULL DEFAULT '');
-- keeps: SELECT seq FROM sqlite_sequence WHERE name NOT LIKE 'lockstep%'
