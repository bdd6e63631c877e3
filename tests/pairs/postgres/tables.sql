-- case: tables come and go
-- current
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY, a_id int REFERENCES a);
-- desired
CREATE TABLE c (id int PRIMARY KEY);
CREATE TABLE d (id int PRIMARY KEY, c_id int REFERENCES c);

-- case: storage parameters
-- current
CREATE TABLE t (a int, b text) WITH (fillfactor = 80, autovacuum_enabled = false);
-- desired
CREATE TABLE t (a int, b text) WITH (fillfactor = 70, toast.autovacuum_enabled = false, autovacuum_vacuum_scale_factor = 0.05);

-- case: a table is no longer logged, and another one is
-- current
CREATE TABLE a (id serial PRIMARY KEY);
CREATE UNLOGGED TABLE b (id int);
-- rows
INSERT INTO a DEFAULT VALUES;
INSERT INTO b VALUES (1);
-- desired
CREATE UNLOGGED TABLE a (id serial PRIMARY KEY);
CREATE TABLE b (id int);
-- keeps: SELECT a.id, b.id FROM a, b

-- case: row security and policies
-- current
CREATE TABLE t (id int, who text);
CREATE POLICY old ON t USING (true);
CREATE POLICY changes ON t FOR SELECT USING (who = 'a');
-- desired
CREATE TABLE t (id int, who text);
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
ALTER TABLE t FORCE ROW LEVEL SECURITY;
CREATE POLICY changes ON t FOR SELECT USING (who = CURRENT_USER);
CREATE POLICY inserts ON t AS RESTRICTIVE FOR INSERT TO PUBLIC WITH CHECK (id > 0);
COMMENT ON POLICY inserts ON t IS 'only real ones';

-- case: the replica identity
-- current
CREATE TABLE a (id int);
CREATE TABLE b (id int);
ALTER TABLE b REPLICA IDENTITY NOTHING;
-- desired
CREATE TABLE a (id int);
CREATE TABLE b (id int);
ALTER TABLE a REPLICA IDENTITY FULL;

-- case: a typed table
-- current
CREATE TYPE person AS (id int, name text);
-- desired
CREATE TYPE person AS (id int, name text);
CREATE TABLE people OF person (id WITH OPTIONS NOT NULL DEFAULT 5, PRIMARY KEY (id));

-- case: a table inherits
-- current
CREATE TABLE p (id int NOT NULL, a text);
-- rows
INSERT INTO p VALUES (1, 'x');
-- desired
CREATE TABLE p (id int NOT NULL, a text DEFAULT 'x', CONSTRAINT positive CHECK (id > 0));
CREATE TABLE c (b int, CONSTRAINT own CHECK (b > 0)) INHERITS (p);
ALTER TABLE c ALTER a SET DEFAULT 'y';
-- keeps: SELECT id, a FROM p

-- case: a change of the parent reaches the children
-- current
CREATE TABLE p (id int, a varchar(10), gone int);
CREATE TABLE c (b int) INHERITS (p);
-- rows
INSERT INTO p VALUES (1, 'x', 1);
INSERT INTO c VALUES (2, 'y', 2, 3);
-- desired
CREATE TABLE p (id bigint NOT NULL, a text DEFAULT 'z', added int);
CREATE TABLE c (b int) INHERITS (p);
-- keeps: SELECT id, a FROM p ORDER BY id

-- case: a table leaves its parent, another one joins
-- current
CREATE TABLE p (id int);
CREATE TABLE a (x int) INHERITS (p);
CREATE TABLE b (id int, x int);
-- rows
INSERT INTO a VALUES (1, 2);
INSERT INTO b VALUES (1, 9);
-- desired
CREATE TABLE p (id int);
CREATE TABLE a (id int, x int);
CREATE TABLE b (id int, x int);
ALTER TABLE b INHERIT p;
-- keeps: SELECT id, x FROM a

-- case: a partitioned table with indexes, keys and a default partition
-- current
CREATE TABLE other (id int PRIMARY KEY);
-- desired
CREATE TABLE other (id int PRIMARY KEY);
CREATE TABLE t (id int, at date NOT NULL, o int REFERENCES other, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE t_2024 PARTITION OF t FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE t_rest PARTITION OF t DEFAULT;
CREATE INDEX t_o ON t (o);
CREATE INDEX only_2024 ON t_2024 (at, o);

-- case: a partition is added, and one is dropped
-- current
CREATE TABLE t (id int, k text NOT NULL) PARTITION BY LIST (k);
CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
CREATE TABLE t_b PARTITION OF t FOR VALUES IN ('b');
CREATE INDEX t_id ON t (id);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int, k text NOT NULL) PARTITION BY LIST (k);
CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
CREATE TABLE t_c PARTITION OF t FOR VALUES IN ('c', 'd') PARTITION BY HASH (id);
CREATE TABLE t_c0 PARTITION OF t_c FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE INDEX t_id ON t (id);
-- keeps: SELECT id, k FROM t

-- case: a column of a partitioned table changes
-- current
CREATE TABLE t (id int, k text NOT NULL, gone int) PARTITION BY LIST (k);
CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
-- rows
INSERT INTO t VALUES (1, 'a', 5);
-- desired
CREATE TABLE t (id bigint NOT NULL, k text NOT NULL, added text DEFAULT 'n') PARTITION BY LIST (k);
CREATE TABLE t_a PARTITION OF t FOR VALUES IN ('a');
-- keeps: SELECT id, k FROM t

-- case: a partition leaves and a table becomes one
-- current
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE TABLE t_2 (id int NOT NULL);
-- rows
INSERT INTO t VALUES (1);
INSERT INTO t_2 VALUES (1);
-- desired
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE t_1 (id int NOT NULL);
CREATE TABLE t_2 PARTITION OF t FOR VALUES FROM (1) TO (20);
-- keeps: SELECT id FROM t_1
-- keeps: SELECT id FROM t_2

-- case: the bounds of a partition change
-- current
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (10);
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int NOT NULL) PARTITION BY RANGE (id);
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (0) TO (20);
-- keeps: SELECT id FROM t

-- case: schemas come and go
-- current
CREATE SCHEMA old;
CREATE TABLE old.t (id int PRIMARY KEY);
CREATE VIEW old.v AS SELECT * FROM old.t;
-- desired
CREATE SCHEMA "new one";
COMMENT ON SCHEMA "new one" IS 'new';
CREATE TABLE "new one".t (id int PRIMARY KEY);

-- case: two schemas point to each other
-- current
CREATE SCHEMA a;
-- desired
CREATE SCHEMA a;
CREATE SCHEMA b;
CREATE TABLE a.t (id int PRIMARY KEY);
CREATE TABLE b.t (id int PRIMARY KEY REFERENCES a.t);
ALTER TABLE a.t ADD CONSTRAINT back FOREIGN KEY (id) REFERENCES b.t DEFERRABLE INITIALLY DEFERRED;

-- case: a foreign table
-- current
CREATE TABLE t (id int);
-- desired
CREATE TABLE t (id int);
CREATE EXTENSION file_fdw;
CREATE SERVER far FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE f (id int, n text OPTIONS (force_not_null 'true') NOT NULL) SERVER far OPTIONS (filename '/dev/null', format 'csv');

-- case: a server that nobody can ask
-- current
CREATE TABLE t (id int);
-- desired
CREATE TABLE t (id int);
CREATE FOREIGN DATA WRAPPER nowhere;
CREATE SERVER far FOREIGN DATA WRAPPER nowhere OPTIONS (host 'h');
