-- case: an enum is created and used
-- current
CREATE TABLE t (id int);
-- desired
CREATE TYPE mood AS ENUM ('sad', 'it''s ok', 'happy');
CREATE TABLE t (id int, m mood DEFAULT 'sad');

-- case: values are added at every place
-- current
CREATE TYPE mood AS ENUM ('b', 'd');
CREATE TABLE t (id int PRIMARY KEY, m mood);
-- rows
INSERT INTO t VALUES (1, 'b');
-- desired
CREATE TYPE mood AS ENUM ('a', 'b', 'c', 'd', 'e', 'f');
CREATE TABLE t (id int PRIMARY KEY, m mood);
-- keeps: SELECT id, m::text FROM t

-- case: a new value is a default at once
-- current
CREATE TYPE mood AS ENUM ('b');
CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'b');
-- desired
CREATE TYPE mood AS ENUM ('b', 'c');
CREATE TABLE t (id int PRIMARY KEY, m mood DEFAULT 'c');

-- case: a value that nobody has is removed, with everything that stands on the type
-- current
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'ok', ms mood[] DEFAULT '{sad,ok}', CHECK (m <> 'sad'));
CREATE INDEX t_m ON t (m) WHERE m = 'ok';
CREATE VIEW v AS SELECT id, m FROM t WHERE m = 'happy'::mood;
CREATE FUNCTION f(m mood) RETURNS mood LANGUAGE sql AS $$ SELECT m $$;
-- rows
INSERT INTO t VALUES (1, 'ok', '{ok}'), (2, 'happy', NULL);
-- desired
CREATE TYPE mood AS ENUM ('ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'ok', ms mood[] DEFAULT '{ok}', CHECK (m <> 'happy' OR id > 0));
CREATE INDEX t_m ON t (m) WHERE m = 'ok';
CREATE VIEW v AS SELECT id, m FROM t WHERE m = 'happy'::mood;
CREATE FUNCTION f(m mood) RETURNS mood LANGUAGE sql AS $$ SELECT m $$;
-- keeps: SELECT id, m::text, ms::text FROM t ORDER BY id

-- case: a value in use is not removed
-- current
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, m mood);
-- rows
INSERT INTO t VALUES (1, 'ok'), (2, 'sad');
-- desired
CREATE TYPE mood AS ENUM ('ok', 'happy');
CREATE TABLE t (id int PRIMARY KEY, m mood);
-- refused: sad

-- case: values change their order
-- current
CREATE TYPE size AS ENUM ('l', 'm', 's');
CREATE TABLE t (id int PRIMARY KEY, s size);
-- rows
INSERT INTO t VALUES (1, 'm');
-- desired
CREATE TYPE size AS ENUM ('s', 'm', 'l');
CREATE TABLE t (id int PRIMARY KEY, s size);
-- keeps: SELECT id, s::text FROM t

-- case: a text becomes an enum
-- current
CREATE TABLE t (id int PRIMARY KEY, m text NOT NULL DEFAULT 'a');
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE t (id int PRIMARY KEY, m mood NOT NULL DEFAULT 'a');
-- keeps: SELECT id, m::text FROM t

-- case: a text that is no value of the enum
-- current
CREATE TABLE t (id int PRIMARY KEY, m text);
-- rows
INSERT INTO t VALUES (1, 'z');
-- desired
CREATE TYPE mood AS ENUM ('a', 'b');
CREATE TABLE t (id int PRIMARY KEY, m mood);
-- refused: z

-- case: an enum is dropped
-- current
CREATE TYPE mood AS ENUM ('a');
CREATE TABLE t (id int, m mood);
-- desired
CREATE TABLE t (id int);

-- case: a domain with everything
-- current
CREATE TABLE t (id int);
-- desired
CREATE DOMAIN posint AS integer DEFAULT 1 NOT NULL CONSTRAINT positive CHECK (VALUE > 0) CHECK (VALUE < 1000);
CREATE TABLE t (id int, n posint);
COMMENT ON DOMAIN posint IS 'more than nothing';

-- case: a domain changes
-- current
CREATE DOMAIN d AS text DEFAULT 'a' CONSTRAINT short CHECK (length(VALUE) < 10);
CREATE TABLE t (id int PRIMARY KEY, v d);
-- rows
INSERT INTO t VALUES (1, 'abc');
-- desired
CREATE DOMAIN d AS text DEFAULT 'b' NOT NULL CONSTRAINT shorter CHECK (length(VALUE) < 5);
CREATE TABLE t (id int PRIMARY KEY, v d);
-- keeps: SELECT id, v FROM t

-- case: a value that a domain will not allow
-- current
CREATE DOMAIN d AS text;
CREATE TABLE t (id int PRIMARY KEY, v d);
-- rows
INSERT INTO t VALUES (1, 'abcdefgh');
-- desired
CREATE DOMAIN d AS text CONSTRAINT shorter CHECK (length(VALUE) < 5);
CREATE TABLE t (id int PRIMARY KEY, v d);
-- refused: shorter

-- case: a domain over another type
-- current
CREATE DOMAIN d AS varchar(10);
CREATE TABLE t (id int PRIMARY KEY, v d DEFAULT 'x');
-- rows
INSERT INTO t VALUES (1, 'abc');
-- desired
CREATE DOMAIN d AS text;
CREATE TABLE t (id int PRIMARY KEY, v d DEFAULT 'x');
-- keeps: SELECT id, v FROM t

-- case: a domain over an enum that loses a value
-- current
CREATE TYPE e AS ENUM ('a', 'b');
CREATE DOMAIN d AS e;
CREATE TABLE t (id int PRIMARY KEY, v d);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TYPE e AS ENUM ('a');
CREATE DOMAIN d AS e;
CREATE TABLE t (id int PRIMARY KEY, v d);
-- keeps: SELECT id, v::text FROM t

-- case: a composite grows and shrinks
-- current
CREATE TYPE point3 AS (x int, y int, z int);
-- desired
CREATE TYPE point3 AS (x bigint, y int, w text);
COMMENT ON COLUMN point3.w IS 'weight';

-- case: a composite that columns hold changes an attribute's type
-- current
CREATE TYPE pair AS (x int, y int);
CREATE TABLE t (id int PRIMARY KEY, p pair);
-- rows
INSERT INTO t VALUES (1, '(1,2)');
-- desired
CREATE TYPE pair AS (x bigint, y int);
CREATE TABLE t (id int PRIMARY KEY, p pair);
-- keeps: SELECT id, (p).x, (p).y FROM t

-- case: a range
-- current
CREATE TABLE t (id int);
-- desired
CREATE TYPE floats AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TABLE t (id int, r floats);

-- case: types in another schema
-- current
CREATE SCHEMA app;
-- desired
CREATE SCHEMA app;
CREATE TYPE app.kind AS ENUM ('x');
CREATE TABLE app.t (id int, k app.kind DEFAULT 'x', ks app.kind[]);

-- case: a collation of its own
-- current
CREATE TABLE t (a text);
-- desired
CREATE COLLATION mine (locale = 'C', provider = libc);
CREATE TABLE t (a text COLLATE mine);

-- case: a range gets other settings while a column holds its values
-- current
CREATE TYPE span AS RANGE (subtype = float8);
CREATE TABLE probe (id int PRIMARY KEY, reach span, reaches span_multirange);
-- rows
INSERT INTO probe VALUES (1, '[1.5,2)', '{[1,2),[3,4)}'), (2, NULL, NULL);
-- desired
CREATE TYPE span AS RANGE (subtype = float8, subtype_diff = float8mi);
CREATE TABLE probe (id int PRIMARY KEY, reach span, reaches span_multirange);
-- keeps: SELECT id, reach::text, reaches::text FROM probe ORDER BY id

-- case: a function beneath a domain is made anew while columns hold its values
-- current
CREATE FUNCTION ceiling_of() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 100 $$;
CREATE FUNCTION usual() RETURNS int LANGUAGE sql IMMUTABLE AS $$ SELECT 5 $$;
CREATE DOMAIN amount AS int DEFAULT usual() CONSTRAINT not_too_much CHECK (VALUE <= ceiling_of());
CREATE TABLE stock (id int PRIMARY KEY, held amount);
-- rows
INSERT INTO stock VALUES (1, 7), (2, DEFAULT);
-- desired
CREATE FUNCTION ceiling_of() RETURNS bigint LANGUAGE sql IMMUTABLE AS $$ SELECT 90::bigint $$;
CREATE FUNCTION usual() RETURNS smallint LANGUAGE sql IMMUTABLE AS $$ SELECT 6::smallint $$;
CREATE DOMAIN amount AS int DEFAULT usual() CONSTRAINT not_too_much CHECK (VALUE <= ceiling_of());
COMMENT ON CONSTRAINT not_too_much ON DOMAIN amount IS 'the shelf is only so long';
CREATE TABLE stock (id int PRIMARY KEY, held amount);
-- keeps: SELECT id, held FROM stock ORDER BY id

-- case: a domain demands more of values within arrays
-- current
CREATE DOMAIN label AS text;
CREATE TABLE shelf (id int PRIMARY KEY, one label, many label[]);
-- rows
INSERT INTO shelf VALUES (1, 'a', '{b,c}');
-- desired
CREATE DOMAIN label AS text CONSTRAINT said CHECK (VALUE <> '');
CREATE TABLE shelf (id int PRIMARY KEY, one label, many label[]);
-- keeps: SELECT id, one, many::text FROM shelf

-- case: domains over domains whose values are in arrays demand more
-- current
CREATE DOMAIN low AS int CHECK (VALUE > 0);
CREATE DOMAIN narrow AS low CHECK (VALUE < 100);
CREATE TABLE t (id int PRIMARY KEY, x narrow, y narrow[]);
-- rows
INSERT INTO t VALUES (1, 5, '{6}');
-- desired
CREATE DOMAIN low AS int CHECK (VALUE >= 0);
CREATE DOMAIN narrow AS low NOT NULL DEFAULT 3 CHECK (VALUE < 1000);
CREATE TABLE t (id int PRIMARY KEY, x narrow, y narrow[]);
