-- case: functions come, change and go
-- current
CREATE FUNCTION a(x int) RETURNS int LANGUAGE sql AS 'SELECT x';
CREATE FUNCTION b(x int) RETURNS int LANGUAGE sql AS 'SELECT x';
-- desired
CREATE FUNCTION a(x int) RETURNS int LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE COST 5 AS 'SELECT x + 1';
CREATE FUNCTION c(x int, y text DEFAULT 'it''s', VARIADIC z int[] DEFAULT '{}') RETURNS TABLE (q int, r text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $f$ BEGIN q := x; r := y; RETURN NEXT; END $f$;
COMMENT ON FUNCTION a(int) IS 'one more';

-- case: a result changes under a view, a default, a check and a trigger
-- current
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE TABLE t (id int DEFAULT f(1), CHECK (f(id) > 0));
CREATE VIEW v AS SELECT f(id) AS x FROM t;
-- rows
INSERT INTO t VALUES (3);
-- desired
CREATE FUNCTION f(x int) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT x::bigint';
CREATE TABLE t (id int DEFAULT f(1), CHECK (f(id) > 0));
CREATE VIEW v AS SELECT f(id) AS x FROM t;
-- keeps: SELECT id FROM t

-- case: an argument gets another name
-- current
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT $1';
-- desired
CREATE FUNCTION f(y int) RETURNS int LANGUAGE sql AS 'SELECT $1';

-- case: a default of an argument goes
-- current
CREATE FUNCTION f(x int DEFAULT 1) RETURNS int LANGUAGE sql AS 'SELECT $1';
-- desired
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT $1';

-- case: functions of one name
-- current
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(x text) RETURNS int LANGUAGE sql AS 'SELECT 2';
-- desired
CREATE FUNCTION f(x int) RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE FUNCTION f(x int, y int) RETURNS int LANGUAGE sql AS 'SELECT 3';

-- case: bodies that name what is made with them
-- current
CREATE TABLE old (id int);
-- desired
CREATE TABLE zebra (id int);
CREATE FUNCTION count_them() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM public.zebra';
CREATE FUNCTION twice() RETURNS bigint LANGUAGE sql AS 'SELECT public.count_them() * 2';
CREATE FUNCTION atomic_one() RETURNS bigint LANGUAGE sql BEGIN ATOMIC SELECT count(*) FROM zebra; END;

-- case: a procedure
-- current
CREATE PROCEDURE p(x int) LANGUAGE sql AS 'SELECT 1';
-- desired
CREATE PROCEDURE p(x int) LANGUAGE plpgsql AS $$ BEGIN COMMIT; END $$;
CREATE PROCEDURE q(INOUT x int, y text) LANGUAGE plpgsql AS $$ BEGIN x := 1; END $$;

-- case: an aggregate
-- current
CREATE FUNCTION plus(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce(a, 0) + b';
CREATE AGGREGATE total(int) (SFUNC = plus, STYPE = int, INITCOND = '0');
-- desired
CREATE FUNCTION plus(a int, b int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce(a, 0) + b';
CREATE AGGREGATE total(int) (SFUNC = plus, STYPE = int, INITCOND = '5', COMBINEFUNC = plus, PARALLEL = SAFE);
CREATE AGGREGATE nothing(*) (SFUNC = int8inc, STYPE = int8, INITCOND = '0');
COMMENT ON AGGREGATE total(int) IS 'sum';

-- case: triggers of every kind
-- current
CREATE TABLE t (id int, a text);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER gone BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER changes BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- desired
CREATE TABLE t (id int, a text);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER changes AFTER INSERT OR DELETE ON t FOR EACH STATEMENT EXECUTE FUNCTION f('x', 'it''s');
CREATE TRIGGER cond BEFORE UPDATE OF a ON t FOR EACH ROW WHEN (OLD.a IS DISTINCT FROM NEW.a) EXECUTE FUNCTION f();
CREATE CONSTRAINT TRIGGER late AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION f();
CREATE TRIGGER tables AFTER UPDATE ON t REFERENCING OLD TABLE AS o NEW TABLE AS n FOR EACH STATEMENT EXECUTE FUNCTION f();
CREATE TRIGGER off AFTER TRUNCATE ON t FOR EACH STATEMENT EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER off;
ALTER TABLE t ENABLE ALWAYS TRIGGER cond;
COMMENT ON TRIGGER cond ON t IS 'sometimes';

-- case: a trigger is switched off
-- current
CREATE TABLE t (id int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
-- desired
CREATE TABLE t (id int);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();
ALTER TABLE t DISABLE TRIGGER tr;

-- case: a trigger of a partitioned table
-- current
CREATE TABLE t (id int) PARTITION BY RANGE (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
-- desired
CREATE TABLE t (id int) PARTITION BY RANGE (id);
CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (10);
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$;
CREATE TRIGGER tr AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION f();

-- case: an event trigger
-- current
CREATE TABLE t (id int);
-- desired
CREATE TABLE t (id int);
CREATE FUNCTION e() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN NULL; END $$;
CREATE EVENT TRIGGER et ON sql_drop WHEN TAG IN ('DROP TABLE', 'DROP VIEW') EXECUTE FUNCTION e();
ALTER EVENT TRIGGER et DISABLE;
COMMENT ON EVENT TRIGGER et IS 'watch';

-- case: a body that ends with a name comes after what it names, and fills a column
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1), (2);
-- desired
CREATE FUNCTION all_of() RETURNS bigint LANGUAGE sql AS 'SELECT count(*) FROM every';
CREATE TABLE u (id int);
CREATE VIEW every AS SELECT id FROM u;
CREATE TABLE t (id int PRIMARY KEY, total bigint DEFAULT all_of());
