-- case: a primary key is added
-- current
CREATE TABLE t (id int, n int);
-- rows
INSERT INTO t VALUES (1, 1), (2, 1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, n int);
-- keeps: SELECT id, n FROM t ORDER BY id

-- case: a primary key over rows that are alike
-- current
CREATE TABLE t (id int NOT NULL, n int);
-- rows
INSERT INTO t VALUES (1, 1), (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, n int);
-- refused: more than once

-- case: a primary key on other columns, while something points to it
-- current
CREATE TABLE a (id int PRIMARY KEY, k int NOT NULL);
CREATE TABLE b (a_id int REFERENCES a (id));
-- rows
INSERT INTO a VALUES (1, 2);
INSERT INTO b VALUES (1);
-- desired
CREATE TABLE a (id int UNIQUE NOT NULL, k int PRIMARY KEY);
CREATE TABLE b (a_id int REFERENCES a (id));
-- keeps: SELECT id, k, a_id FROM a JOIN b ON a_id = id

-- case: a unique constraint with everything
-- current
CREATE TABLE t (a int, b int, c int);
-- rows
INSERT INTO t VALUES (1, 2, 3);
-- desired
CREATE TABLE t (a int, b int, c int, CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a, b) INCLUDE (c) WITH (fillfactor = 70) DEFERRABLE INITIALLY DEFERRED);
-- keeps: SELECT a, b, c FROM t

-- case: two NULLs stand in the way where they count as the same
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, NULL), (2, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, CONSTRAINT u UNIQUE NULLS NOT DISTINCT (a));
-- refused: more than once

-- case: a constraint is renamed where nothing else differs
-- current
CREATE TABLE t (a int, CONSTRAINT one UNIQUE (a), CONSTRAINT c CHECK (a > 0));
-- desired
CREATE TABLE t (a int, CONSTRAINT two UNIQUE (a), CONSTRAINT d CHECK (a > 0));

-- case: a foreign key with actions
-- current
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int, a_id int);
-- rows
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int, a_id int CONSTRAINT fk REFERENCES a ON DELETE SET NULL ON UPDATE CASCADE DEFERRABLE);
-- keeps: SELECT id, a_id FROM b ORDER BY id

-- case: a foreign key that sets some columns to NULL
-- current
CREATE TABLE a (x int, y int, PRIMARY KEY (x, y));
CREATE TABLE b (x int, y int);
-- desired
CREATE TABLE a (x int, y int, PRIMARY KEY (x, y));
CREATE TABLE b (x int, y int, FOREIGN KEY (x, y) REFERENCES a (x, y) MATCH FULL ON DELETE SET NULL (y));

-- case: a row that points to nothing
-- current
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int);
-- rows
INSERT INTO b VALUES (1, 9);
-- desired
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
-- refused: points to no row

-- case: an action changes
-- current
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int, a_id int REFERENCES a ON DELETE CASCADE);
-- rows
INSERT INTO a VALUES (1);
INSERT INTO b VALUES (1, 1);
-- desired
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int, a_id int REFERENCES a ON DELETE RESTRICT);
-- keeps: SELECT id, a_id FROM b

-- case: tables that point to each other come and go
-- current
CREATE TABLE x (id int PRIMARY KEY, y_id int);
CREATE TABLE y (id int PRIMARY KEY, x_id int REFERENCES x);
ALTER TABLE x ADD FOREIGN KEY (y_id) REFERENCES y;
-- desired
CREATE TABLE a (id int PRIMARY KEY, b_id int, a_id int REFERENCES a);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
ALTER TABLE a ADD FOREIGN KEY (b_id) REFERENCES b;

-- case: a check is added, changed and dropped
-- current
CREATE TABLE t (a int CONSTRAINT one CHECK (a > 0), b int CONSTRAINT two CHECK (b > 0));
-- rows
INSERT INTO t VALUES (5, 5);
-- desired
CREATE TABLE t (a int CONSTRAINT one CHECK (a > 1), b int, CONSTRAINT three CHECK (a + b > 2) NO INHERIT);
-- keeps: SELECT a, b FROM t

-- case: a row that does not meet a check
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, -5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int CONSTRAINT positive CHECK (a > 0));
-- refused: does not meet positive

-- case: a constraint that was not checked stays so
-- current
CREATE TABLE t (a int);
-- rows
INSERT INTO t VALUES (-1);
-- desired
CREATE TABLE t (a int);
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
-- keeps: SELECT a FROM t

-- case: a constraint that was not checked is checked
-- current
CREATE TABLE t (a int);
ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0) NOT VALID;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (a int, CONSTRAINT c CHECK (a > 0));
-- keeps: SELECT a FROM t

-- case: an exclusion
-- current
CREATE TABLE t (during tsrange);
-- rows
INSERT INTO t VALUES ('[2024-01-01,2024-01-02)');
-- desired
CREATE TABLE t (during tsrange, CONSTRAINT apart EXCLUDE USING gist (during WITH &&) WHERE (NOT isempty(during)));
-- keeps: SELECT during FROM t

-- case: comments on constraints
-- current
CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0));
-- desired
CREATE TABLE t (a int CONSTRAINT c CHECK (a > 0) CONSTRAINT u UNIQUE);
COMMENT ON CONSTRAINT c ON t IS 'why';
COMMENT ON CONSTRAINT u ON t IS 'once';

-- case: a check that calls a function
-- current
CREATE TABLE t (a int);
-- desired
CREATE FUNCTION ok(int) RETURNS boolean LANGUAGE sql IMMUTABLE AS $$ SELECT $1 > 0 $$;
CREATE TABLE t (a int CHECK (ok(a)));

-- case: rows that exclude each other keep an exclusion out
-- current
CREATE TABLE t (id int PRIMARY KEY, room int, during int4range);
-- rows
INSERT INTO t VALUES (1, 1, '[1,5)'), (2, 1, '[4,9)'), (3, 2, '[4,9)');
-- desired
CREATE TABLE t (id int PRIMARY KEY, room int, during int4range,
    CONSTRAINT one_at_a_time EXCLUDE USING gist (int4range(room, room, '[]') WITH &&, during WITH &&) WHERE (room > 0));
-- refused: [4,9)

-- case: rows that do not exclude each other let an exclusion in
-- current
CREATE TABLE t (id int PRIMARY KEY, during int4range);
-- rows
INSERT INTO t VALUES (1, '[1,5)'), (2, '[5,9)');
-- desired
CREATE TABLE t (id int PRIMARY KEY, during int4range, CONSTRAINT one_at_a_time EXCLUDE USING gist (during WITH &&));
-- keeps: SELECT id, during FROM t ORDER BY id
