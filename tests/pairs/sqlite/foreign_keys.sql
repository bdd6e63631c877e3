-- case: a foreign key comes
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id));
-- keeps: SELECT id, p_id FROM c ORDER BY id

-- case: a foreign key comes, and a row points nowhere
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1), (2, 9);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id));
-- refused: points to no row of p

-- case: a foreign key goes
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER);
-- keeps: SELECT id, p_id FROM c

-- case: what happens on a deletion changes
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id) ON DELETE CASCADE);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id) ON DELETE SET NULL ON UPDATE CASCADE);
-- keeps: SELECT id, p_id FROM c

-- case: a foreign key is checked at the end
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER REFERENCES p(id) DEFERRABLE INITIALLY DEFERRED);
-- keeps: SELECT id, p_id FROM c

-- case: a foreign key of two columns
-- current
CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b));
CREATE TABLE c (id INTEGER PRIMARY KEY, a INT, b INT);
-- rows
INSERT INTO p VALUES (1, 2);
INSERT INTO c VALUES (1, 1, 2), (2, NULL, 7);
-- desired
CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b));
CREATE TABLE c (id INTEGER PRIMARY KEY, a INT, b INT, CONSTRAINT c_p FOREIGN KEY (a, b) REFERENCES p);
-- keeps: SELECT id, a, b FROM c ORDER BY id

-- case: a parent is built anew, and its children stay
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p(id) ON DELETE CASCADE);
-- rows
INSERT INTO p VALUES (1, 'a'), (2, 'b');
INSERT INTO c VALUES (1, 1), (2, 2), (3, 2);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY, a TEXT NOT NULL DEFAULT '');
CREATE TABLE c (id INTEGER PRIMARY KEY, p_id INTEGER NOT NULL REFERENCES p(id) ON DELETE CASCADE);
-- keeps: SELECT id, p_id FROM c ORDER BY id
-- keeps: SELECT id, a FROM p ORDER BY id

-- case: a table that points to itself is built anew
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id) ON DELETE CASCADE, a TEXT);
-- rows
INSERT INTO t VALUES (1, NULL, 'a'), (2, 1, 'b'), (3, 2, 'c');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES t(id) ON DELETE CASCADE, a TEXT UNIQUE);
-- keeps: SELECT id, parent, a FROM t ORDER BY id

-- case: parent and child are built anew at once
-- current
CREATE TABLE p (id INT PRIMARY KEY, a TEXT);
CREATE TABLE c (id INT PRIMARY KEY, p_id INT REFERENCES p(id) ON DELETE CASCADE);
-- rows
INSERT INTO p VALUES (1, 'a');
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id BIGINT PRIMARY KEY, a TEXT);
CREATE TABLE c (id BIGINT PRIMARY KEY, p_id BIGINT REFERENCES p(id) ON DELETE CASCADE);
-- keeps: SELECT id, p_id FROM c
-- keeps: SELECT id, a FROM p

-- case: a foreign key points to another table
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE q (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES p(id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO q VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE q (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, x INTEGER REFERENCES q(id));
-- keeps: SELECT id, x FROM c

-- case: a circle of foreign keys is built anew
-- current
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b(id), n TEXT);
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id), n TEXT);
-- rows
INSERT INTO a VALUES (1, NULL, 'x');
INSERT INTO b VALUES (1, 1, 'y');
UPDATE a SET b_id = 1;
-- desired
CREATE TABLE a (id INTEGER PRIMARY KEY, b_id INTEGER REFERENCES b(id), n TEXT NOT NULL);
CREATE TABLE b (id INTEGER PRIMARY KEY, a_id INTEGER REFERENCES a(id), n TEXT NOT NULL);
-- keeps: SELECT id, b_id, n FROM a
-- keeps: SELECT id, a_id, n FROM b

-- case: a reference to a column that is no key stands beside a rebuild
-- current
CREATE TABLE places (code TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY, place TEXT REFERENCES places (code));
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT);
-- rows
INSERT INTO people VALUES (1, 'ada'), (2, 'bob');
-- desired
CREATE TABLE places (code TEXT);
CREATE TABLE visits (id INTEGER PRIMARY KEY, place TEXT REFERENCES places (code));
CREATE TABLE people (id INTEGER PRIMARY KEY, name TEXT NOT NULL CHECK (name <> ''));
-- keeps: SELECT id, name FROM people ORDER BY id

-- case: a foreign key to what was no key is one again on the way back
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT);
CREATE TABLE c (id INTEGER PRIMARY KEY, code TEXT REFERENCES p (code));
-- rows
INSERT INTO p VALUES (1, 'a');
INSERT INTO c VALUES (1, 'a');
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY, code TEXT UNIQUE);
CREATE TABLE c (id INTEGER PRIMARY KEY, code TEXT REFERENCES p (code));

-- case: rows that pointed nowhere come back with their table
-- current
CREATE TABLE p (id INTEGER PRIMARY KEY);
CREATE TABLE c (id INTEGER PRIMARY KEY, p INTEGER REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1), (2, 9);
-- desired
CREATE TABLE p (id INTEGER PRIMARY KEY);
