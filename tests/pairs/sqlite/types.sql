-- case: a longer text
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(10));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(255));
-- keeps: SELECT id, a FROM t

-- case: a shorter text, which SQLite does not cut
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(255));
-- rows
INSERT INTO t VALUES (1, 'longer than three');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(3));
-- keeps: SELECT id, a FROM t

-- case: text becomes a number, where every row is one
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, '12'), (2, '-7'), (3, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- keeps: SELECT id, a + 0 FROM t ORDER BY id

-- case: text becomes a number, where one row is none
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, '12'), (2, 'v1');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- refused: cannot become integer

-- case: text that begins with a number is none
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(20));
-- rows
INSERT INTO t VALUES (1, '12 apples');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a NUMERIC(10, 2));
-- refused: cannot become numeric(10,2)

-- case: text becomes a real, where one row is none
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- rows
INSERT INTO t VALUES (1, '1.5'), (2, '');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL);
-- refused: cannot become real

-- case: a number becomes text
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 12), (2, NULL);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);
-- keeps: SELECT id, CAST(a AS TEXT) FROM t ORDER BY id

-- case: an integer becomes real
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 12);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL);
-- keeps: SELECT id, CAST(a AS INTEGER) FROM t

-- case: an integer that no real holds
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 9007199254740993);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL);
-- refused: cannot become real

-- case: a real becomes an integer column, which keeps fractions
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL);
-- rows
INSERT INTO t VALUES (1, 1.5), (2, 2.0);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- keeps: SELECT id, a + 0.0 FROM t ORDER BY id

-- case: an integer of another name
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INT);
-- rows
INSERT INTO t VALUES (1, 1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT);
-- keeps: SELECT id, a FROM t

-- case: a type goes, and values stay what they are
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER);
-- rows
INSERT INTO t VALUES (1, 1), (2, 2.5), (3, x'04');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a);
-- keeps: SELECT id, a, typeof(a) FROM t ORDER BY id

-- case: blobs go through every type unchanged
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a BLOB, b BLOB);
-- rows
INSERT INTO t VALUES (1, x'00ff', x'31');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b INTEGER);
-- keeps: SELECT id, hex(a), typeof(a), hex(b), typeof(b) FROM t

-- case: spaces and letters in a type are no change
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a Decimal ( 10 , 2 ), b double  precision, c UNSIGNED BIG INT);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a DECIMAL(10,2), b DOUBLE PRECISION, c unsigned big int);

-- case: a boolean becomes an integer
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a BOOLEAN NOT NULL DEFAULT FALSE);
-- rows
INSERT INTO t VALUES (1, TRUE), (2, 0);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a INTEGER NOT NULL DEFAULT 0);
-- keeps: SELECT id, a FROM t ORDER BY id

-- case: text in columns that are called dates, keys and documents stays as it was written
-- current
CREATE TABLE visits (id INTEGER PRIMARY KEY, seen_at TEXT, guest VARCHAR(36), note TEXT);
-- rows
INSERT INTO visits VALUES (1, '2031-05-04 09:30:00', 'a2f0-77', '{"k":[1]}'), (2, '1999', '12', 'null'), (3, NULL, NULL, NULL);
-- desired
CREATE TABLE visits (id INTEGER PRIMARY KEY, seen_at TIMESTAMP, guest UUID, note JSON);
-- keeps: SELECT id, CAST(seen_at AS TEXT), CAST(guest AS TEXT), note FROM visits ORDER BY id

-- case: text that would be written otherwise in a column that is no number by its name
-- current
CREATE TABLE visits (id INTEGER PRIMARY KEY, badge TEXT);
-- rows
INSERT INTO visits VALUES (1, 'B-7'), (2, '0042');
-- desired
CREATE TABLE visits (id INTEGER PRIMARY KEY, badge STRING);
-- refused: cannot become string

-- case: more digits than a number has
-- current
CREATE TABLE accounts (id INTEGER PRIMARY KEY, iban TEXT);
-- rows
INSERT INTO accounts VALUES (1, '77'), (2, '98765432109876543210987');
-- desired
CREATE TABLE accounts (id INTEGER PRIMARY KEY, iban NUMERIC);
-- refused: cannot become numeric

-- case: a whole number in text that a floating one cannot hold
-- current
CREATE TABLE accounts (id INTEGER PRIMARY KEY, units TEXT);
-- rows
INSERT INTO accounts VALUES (1, '9007199254740993');
-- desired
CREATE TABLE accounts (id INTEGER PRIMARY KEY, units REAL);
-- refused: cannot become real

-- case: ANY takes everything in a STRICT table alone, and a text would become a number
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY) STRICT;
-- rows
INSERT INTO t VALUES (1, 1), (2, '001');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a ANY);
-- refused: cannot become any

-- case: a default that a STRICT column does not take
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY) STRICT;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a REAL NOT NULL DEFAULT 'x') STRICT;
-- refused: cannot become real
