-- case: views on views
-- current
CREATE TABLE t (id int, a text);
-- desired
CREATE TABLE t (id int, a text);
CREATE VIEW v3 AS SELECT id FROM t;
CREATE VIEW v2 AS SELECT id FROM v3;
CREATE VIEW v1 AS SELECT v2.id, v3.id AS other FROM v2, v3;

-- case: a view gets another column at its end
-- current
CREATE TABLE t (id int, a text);
CREATE VIEW v AS SELECT id FROM t;
CREATE VIEW w AS SELECT * FROM v;
-- desired
CREATE TABLE t (id int, a text);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE VIEW w AS SELECT id FROM v;

-- case: a view loses a column that others stand behind
-- current
CREATE TABLE t (id int, a text, b text);
CREATE VIEW v AS SELECT id, a, b FROM t;
CREATE VIEW w AS SELECT id, b FROM v;
COMMENT ON VIEW w IS 'kept';
COMMENT ON COLUMN w.id IS 'kept too';
-- desired
CREATE TABLE t (id int, a text, b text);
CREATE VIEW v AS SELECT id, b FROM t;
CREATE VIEW w AS SELECT id, b FROM v;
COMMENT ON VIEW w IS 'kept';
COMMENT ON COLUMN w.id IS 'kept too';

-- case: a column under a view is dropped
-- current
CREATE TABLE t (id int, a text);
CREATE VIEW v AS SELECT id FROM t WHERE a = 'x';
-- desired
CREATE TABLE t (id int);
CREATE VIEW v AS SELECT id FROM t;

-- case: options of a view
-- current
CREATE TABLE t (id int);
CREATE VIEW v AS SELECT id FROM t;
CREATE VIEW w WITH (security_barrier) AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int);
CREATE VIEW v WITH (security_invoker = true) AS SELECT id FROM t WHERE id > 0 WITH LOCAL CHECK OPTION;
CREATE VIEW w AS SELECT id FROM t;
ALTER VIEW w ALTER id SET DEFAULT 7;

-- case: a trigger, a rule and a grant stand on a view that is made anew
-- current
CREATE TABLE t (id int, a text);
CREATE VIEW v AS SELECT id, a FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;
GRANT SELECT ON v TO PUBLIC;
-- desired
CREATE TABLE t (id int, a text);
CREATE VIEW v AS SELECT a, id FROM t;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr INSTEAD OF INSERT ON v FOR EACH ROW EXECUTE FUNCTION f();
CREATE RULE r AS ON DELETE TO v DO INSTEAD NOTHING;
GRANT SELECT ON v TO PUBLIC;

-- case: a materialized view with indexes
-- current
CREATE TABLE t (id int, a text);
-- rows
INSERT INTO t VALUES (1, 'x');
-- desired
CREATE TABLE t (id int, a text);
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE INDEX m_lower ON m (lower(a));
COMMENT ON MATERIALIZED VIEW m IS 'kept rows';
-- keeps: SELECT id, a FROM t

-- case: a materialized view changes
-- current
CREATE TABLE t (id int, a varchar(5));
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE VIEW v AS SELECT id FROM m;
-- rows
INSERT INTO t VALUES (1, 'x');
-- desired
CREATE TABLE t (id int, a varchar(9));
CREATE MATERIALIZED VIEW m WITH (fillfactor = 90) AS SELECT id, a FROM t WHERE id > 0;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE INDEX m_a ON m (a);
CREATE VIEW v AS SELECT id FROM m;
-- keeps: SELECT id, a FROM t

-- case: an index of a materialized view comes and goes
-- current
CREATE TABLE t (id int, a text);
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
CREATE INDEX one ON m (id);
-- desired
CREATE TABLE t (id int, a text);
CREATE MATERIALIZED VIEW m AS SELECT id, a FROM t;
CREATE INDEX two ON m (a);

-- case: a view becomes a materialized one, and a table takes a view's name
-- current
CREATE TABLE t (id int);
CREATE VIEW v AS SELECT id FROM t;
CREATE VIEW w AS SELECT id FROM t;
-- desired
CREATE TABLE t (id int);
CREATE MATERIALIZED VIEW v AS SELECT id FROM t;
CREATE TABLE w (id int);

-- case: a recursive view
-- current
CREATE TABLE t (id int, up int);
-- desired
CREATE TABLE t (id int, up int);
CREATE VIEW tree AS WITH RECURSIVE r AS (SELECT id, up FROM t WHERE up IS NULL UNION ALL SELECT t.id, t.up FROM t JOIN r ON t.up = r.id) SELECT * FROM r;

-- case: a column is renamed under a view
-- current
CREATE TABLE t (id int PRIMARY KEY, old text NOT NULL);
CREATE INDEX t_old ON t (lower(old));
CREATE VIEW v AS SELECT id, old AS shown FROM t;
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (
  id int PRIMARY KEY,
  renamed text NOT NULL -- @renamed from=old
);
CREATE INDEX t_old ON t (lower(renamed));
CREATE VIEW v AS SELECT id, renamed AS shown FROM t;
-- keeps: SELECT id, shown FROM v
