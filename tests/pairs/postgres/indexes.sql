-- case: an index with everything
-- current
CREATE TABLE t (a int, b text, c int);
-- rows
INSERT INTO t VALUES (1, 'x', 2);
-- desired
CREATE TABLE t (a int, b text, c int);
CREATE UNIQUE INDEX i ON t USING btree (a DESC NULLS LAST, lower(b) COLLATE "C" text_pattern_ops) INCLUDE (c) NULLS NOT DISTINCT WITH (fillfactor = 70) WHERE c > 0;
COMMENT ON INDEX i IS 'all of it';
-- keeps: SELECT a, b, c FROM t

-- case: other methods
-- current
CREATE TABLE t (a int, j jsonb, ts tsvector, r int4range);
-- desired
CREATE TABLE t (a int, j jsonb, ts tsvector, r int4range);
CREATE INDEX i1 ON t USING hash (a);
CREATE INDEX i2 ON t USING gin (j jsonb_path_ops);
CREATE INDEX i3 ON t USING gin (ts) WITH (fastupdate = off);
CREATE INDEX i4 ON t USING gist (r);
CREATE INDEX i5 ON t USING brin (a) WITH (pages_per_range = 16);
CREATE INDEX i6 ON t USING spgist (r);

-- case: an index changes
-- current
CREATE TABLE t (a int, b int);
CREATE INDEX i ON t (a);
CREATE INDEX j ON t (b) WHERE b > 0;
-- desired
CREATE TABLE t (a int, b int);
CREATE INDEX i ON t (a, b);
CREATE INDEX j ON t (b) WHERE b > 1;

-- case: an index is renamed where nothing else differs
-- current
CREATE TABLE t (a int);
CREATE INDEX i ON t (a);
-- desired
CREATE TABLE t (a int);
CREATE INDEX j ON t (a);

-- case: a unique index over rows that are alike
-- current
CREATE TABLE t (a int, b int);
-- rows
INSERT INTO t VALUES (1, 1), (1, 2);
-- desired
CREATE TABLE t (a int, b int);
CREATE UNIQUE INDEX i ON t (a);
-- refused: more than once

-- case: a unique index over the rows that count
-- current
CREATE TABLE t (a int, gone boolean);
-- rows
INSERT INTO t VALUES (1, true), (1, false);
-- desired
CREATE TABLE t (a int, gone boolean);
CREATE UNIQUE INDEX i ON t (a) WHERE NOT gone;
-- keeps: SELECT a, gone FROM t ORDER BY gone

-- case: an index on a function that changes
-- current
CREATE FUNCTION f(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1';
CREATE TABLE t (a int);
CREATE INDEX i ON t (f(a));
-- desired
CREATE FUNCTION f(int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT $1::bigint';
CREATE TABLE t (a int);
CREATE INDEX i ON t (f(a));

-- case: the replica identity and the cluster are an index
-- current
CREATE TABLE t (a int NOT NULL, b int);
CREATE UNIQUE INDEX i ON t (a);
-- desired
CREATE TABLE t (a int NOT NULL, b int);
CREATE UNIQUE INDEX i ON t (a);
CREATE INDEX j ON t (b);
ALTER TABLE t REPLICA IDENTITY USING INDEX i;
ALTER TABLE t CLUSTER ON j;

-- case: a constraint becomes an index
-- current
CREATE TABLE t (a int, CONSTRAINT u UNIQUE (a));
-- desired
CREATE TABLE t (a int);
CREATE UNIQUE INDEX u ON t (a);

-- case: extended statistics
-- current
CREATE TABLE t (a int, b int, c int);
CREATE STATISTICS s1 ON a, b FROM t;
-- desired
CREATE TABLE t (a int, b int, c int);
CREATE STATISTICS s1 (dependencies) ON a, c FROM t;
CREATE STATISTICS s2 ON (a + b), c FROM t;
ALTER STATISTICS s2 SET STATISTICS 50;
COMMENT ON STATISTICS s1 IS 'they go together';

-- case: how closely an index looks at its expressions
-- current
CREATE TABLE t (a int, b int);
CREATE INDEX sums ON t ((a + b), b, (a * b));
ALTER INDEX sums ALTER COLUMN 1 SET STATISTICS 100;
ALTER INDEX sums ALTER COLUMN 3 SET STATISTICS 7;
CREATE INDEX halves ON t ((a / 2));
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (a int, b int);
CREATE INDEX sums ON t ((a + b), b, (a * b));
ALTER INDEX sums ALTER COLUMN 3 SET STATISTICS 9;
CREATE INDEX halves ON t ((b / 2));
ALTER INDEX halves ALTER COLUMN 1 SET STATISTICS 300;
