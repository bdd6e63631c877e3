-- Many things of one kind at once.

-- case: real, double precision, numeric, dec, fixed, nchar, national varchar, long varchar
-- current
CREATE TABLE t (id serial, a real, b double precision, c numeric(8,2), d dec(5), e fixed(4,1));
-- rows
INSERT INTO t (a, b, c, d, e) VALUES (1.5, 2.5, 3.25, 4, 5.5);
-- desired
CREATE TABLE t (id serial, a real NOT NULL, b double precision DEFAULT 1e3, c numeric(10,2) DEFAULT 1.50, d dec(6), e fixed(5,1), n nchar(5), nv national varchar(10), lv long varchar, lb long varbinary, c1 char, b1 binary, bt bit);
-- keeps: SELECT id, a, b, c, d, e FROM t

-- case: every size of text and blob
-- current
CREATE TABLE t (id int PRIMARY KEY, a tinytext, b text(100), c mediumtext, d longtext, e tinyblob, f blob(70000), g mediumblob, h longblob);
-- rows
INSERT INTO t VALUES (1, 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a text, b text(70000), c longtext, d longtext NOT NULL, e blob, f longblob, g longblob NOT NULL, h longblob);
-- keeps: SELECT id, a, b, c, d, e, f, g, h FROM t

-- case: checks of all sorts
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), d date, CONSTRAINT keep CHECK (a >= 0));
-- rows
INSERT INTO t VALUES (1, 5, 'abc', '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b varchar(20), d date, CONSTRAINT keep CHECK (a >= 0), CONSTRAINT c1 CHECK (b in ('abc', 'it''s', 'b\\')), CONSTRAINT c2 CHECK (a is not null or b is null), CONSTRAINT c3 CHECK (length(b) > 1 and b not like '%\_%'), CONSTRAINT c4 CHECK (d > '2000-01-01'), CONSTRAINT c5 CHECK (a between 1 and 10 xor a = 20), CONSTRAINT c6 CHECK (b regexp '^[a-z]+$'));
-- keeps: SELECT * FROM t

-- case: checks that were replaced
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT c1 CHECK (a > 0), CONSTRAINT c2 CHECK (b > 0), CHECK (a + b < 100));
-- rows
INSERT INTO t VALUES (1, 5, 6);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int, CONSTRAINT c1 CHECK (b > 0), CONSTRAINT c2 CHECK (a > 0), CHECK (a + b < 1000));
-- keeps: SELECT * FROM t

-- case: descending keys and primary keys
-- current
CREATE TABLE t (a int, b int, PRIMARY KEY (a), KEY k (a, b));
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (a int, b int, PRIMARY KEY (a DESC), KEY k (a DESC, b), UNIQUE KEY u (b DESC, a DESC));
-- keeps: SELECT * FROM t

-- case: unique keys become the primary key
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, code varchar(20) NOT NULL, UNIQUE KEY code (code));
-- rows
INSERT INTO t (code) VALUES ('a'), ('b');
-- desired
CREATE TABLE t (id int AUTO_INCREMENT, code varchar(20) NOT NULL, PRIMARY KEY (code), UNIQUE KEY id (id));
-- keeps: SELECT id, code FROM t ORDER BY id

-- case: foreign keys of every action
-- current
CREATE TABLE p (id int PRIMARY KEY, code varchar(10) UNIQUE);
CREATE TABLE c (id int PRIMARY KEY, a int, b int, d int, e varchar(10), CONSTRAINT fa FOREIGN KEY (a) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1, 'x');
INSERT INTO c VALUES (1, 1, 1, 1, 'x');
-- desired
CREATE TABLE p (id int PRIMARY KEY, code varchar(10) UNIQUE);
CREATE TABLE c (id int PRIMARY KEY, a int, b int, d int, e varchar(10), CONSTRAINT fa FOREIGN KEY (a) REFERENCES p (id) ON DELETE CASCADE ON UPDATE CASCADE, CONSTRAINT fb FOREIGN KEY (b) REFERENCES p (id) ON DELETE SET NULL ON UPDATE NO ACTION, FOREIGN KEY (d) REFERENCES p (id) ON DELETE RESTRICT, CONSTRAINT fe FOREIGN KEY ie (e) REFERENCES p (code) ON UPDATE CASCADE);
-- keeps: SELECT * FROM c

-- case: a foreign key to itself and its column's type
-- current
CREATE TABLE n (id int PRIMARY KEY, up int, CONSTRAINT n_up FOREIGN KEY (up) REFERENCES n (id));
-- rows
INSERT INTO n VALUES (1, NULL), (2, 1);
-- desired
CREATE TABLE n (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, up bigint unsigned, CONSTRAINT n_up FOREIGN KEY (up) REFERENCES n (id) ON DELETE CASCADE);
-- keeps: SELECT id, up FROM n ORDER BY id

-- case: the parent becomes another table
-- current
CREATE TABLE p1 (id int PRIMARY KEY);
CREATE TABLE p2 (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p1 (id));
-- rows
INSERT INTO p1 VALUES (1);
INSERT INTO p2 VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p1 (id int PRIMARY KEY);
CREATE TABLE p2 (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p int, CONSTRAINT f FOREIGN KEY (p) REFERENCES p2 (id));
-- keeps: SELECT * FROM c

-- case: views of all sorts
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), d date);
-- rows
INSERT INTO t VALUES (1, 'x', '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), d date);
CREATE VIEW v1 AS SELECT a, COUNT(*) AS n, GROUP_CONCAT(id ORDER BY id DESC SEPARATOR ';') AS ids FROM t GROUP BY a HAVING COUNT(*) > 0 ORDER BY n LIMIT 5;
CREATE VIEW v2 AS SELECT DISTINCT t1.id, t2.a FROM t t1 LEFT JOIN t t2 ON t1.id = t2.id + 1 AND t2.a LIKE 'x%' WHERE EXISTS (SELECT 1 FROM t t3 WHERE t3.id = t1.id);
CREATE VIEW v3 AS SELECT id, RANK() OVER (PARTITION BY a ORDER BY d DESC) AS r, SUM(id) OVER (ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS s FROM t;
CREATE VIEW v4 AS WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT i FROM n;
CREATE VIEW v5 AS SELECT 'a\'b' AS q, "c" AS dq, 'x' 'y' AS z, DATE '2020-01-01' AS dd, 1.50 AS de, -1 AS neg, TRUE AS tr, NULL AS nu, x'41' AS hx, b'1' AS bi;
CREATE VIEW v6 AS (SELECT id FROM t) UNION (SELECT 2) ORDER BY 1;
CREATE VIEW v7 AS SELECT CASE a WHEN 'x' THEN 1 ELSE 0 END AS c, IF(id > 1, 'a', 'b') AS f, CAST(a AS CHAR(5)) AS ca, CONVERT(a USING latin1) AS cu, a COLLATE utf8mb4_bin AS co, d + INTERVAL 1 DAY AS nd, EXTRACT(YEAR FROM d) AS y FROM t;
-- keeps: SELECT * FROM t

-- case: routines of all sorts
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
CREATE PROCEDURE gone() SELECT 1;
CREATE FUNCTION f(x int) RETURNS int DETERMINISTIC RETURN x;
-- rows
INSERT INTO t VALUES (1, 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
DELIMITER //
CREATE PROCEDURE p1(IN a int, OUT b varchar(20) CHARSET utf8mb4, INOUT c decimal(5,2)) COMMENT 'it''s' SQL SECURITY INVOKER READS SQL DATA
BEGIN
  -- don't stop; here
  DECLARE done int DEFAULT 0; DECLARE x varchar(10);
  DECLARE cur CURSOR FOR SELECT a FROM t;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET done = 1;
  OPEN cur;
  l: LOOP FETCH cur INTO x; IF done THEN LEAVE l; END IF; END LOOP l;
  CLOSE cur; /* it's; done */
  SET b = 'a;b\'c';
END//
CREATE FUNCTION f(x int, y varchar(5)) RETURNS varchar(20) CHARSET utf8mb4 NOT DETERMINISTIC NO SQL RETURN CONCAT(x, y, '\\')//
CREATE FUNCTION g() RETURNS json DETERMINISTIC RETURN json_object('a', 1)//
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW BEGIN IF NEW.a = '' THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no; "none"'; END IF; END//
CREATE EVENT ev ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2030-01-01 00:00:00' ENDS '2031-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s' DO BEGIN DELETE FROM t WHERE a = 'x;y'; END//
DELIMITER ;
-- keeps: SELECT * FROM t

-- case: triggers of every moment
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, what varchar(30));
CREATE TRIGGER bi BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TABLE log (id int AUTO_INCREMENT PRIMARY KEY, what varchar(30));
CREATE TRIGGER bi BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;
CREATE TRIGGER ai AFTER INSERT ON t FOR EACH ROW INSERT INTO log (what) VALUES ('ai');
CREATE TRIGGER bu BEFORE UPDATE ON t FOR EACH ROW SET NEW.a = OLD.a;
CREATE TRIGGER au AFTER UPDATE ON t FOR EACH ROW INSERT INTO log (what) VALUES (concat('au', NEW.id));
CREATE TRIGGER bd BEFORE DELETE ON t FOR EACH ROW INSERT INTO log (what) VALUES ('bd');
CREATE TRIGGER ad AFTER DELETE ON t FOR EACH ROW INSERT INTO log (what) VALUES ('ad');
CREATE TRIGGER ad2 AFTER DELETE ON t FOR EACH ROW FOLLOWS ad INSERT INTO log (what) VALUES ('ad2');
CREATE TRIGGER ad0 AFTER DELETE ON t FOR EACH ROW PRECEDES ad INSERT INTO log (what) VALUES ('ad0');
-- keeps: SELECT * FROM t

-- case: enum and set with odd labels
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a','b c','d"e','f\\g','h''i','ü') DEFAULT 'h''i', s set('x','y z','ü') NOT NULL DEFAULT 'x,ü');
-- rows
INSERT INTO t VALUES (1, 'f\\g', 'x,y z'), (2, 'ü', '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('ü','a','b c','d"e','f\\g','h''i','new') NOT NULL DEFAULT 'f\\g', s set('x','y z','ü','q''r') DEFAULT 'q''r');
-- keeps: SELECT id, e, s FROM t ORDER BY id

-- case: an enum becomes a set, a set becomes a text
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a','b'), s set('x','y'));
-- rows
INSERT INTO t VALUES (1, 'b', 'x,y'), (2, NULL, '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e set('b','a'), s varchar(50));
-- keeps: SELECT id, e, s FROM t ORDER BY id

-- case: comments with everything in them
-- current
CREATE TABLE t (id int PRIMARY KEY COMMENT 'a', KEY k (id) COMMENT 'b') COMMENT 'c';
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY COMMENT 'it''s; \\ "q" -- x /* y */ # ü😀 %s ? :a $1 {b}', KEY k (id) COMMENT 'a\'b') COMMENT 'line\nline;';
-- keeps: SELECT * FROM t

-- case: unsigned and zerofill keys
-- current
CREATE TABLE t (id int unsigned zerofill AUTO_INCREMENT PRIMARY KEY, a smallint(5) unsigned, b mediumint);
-- rows
INSERT INTO t (a, b) VALUES (7, 9);
-- desired
CREATE TABLE t (id bigint(12) unsigned zerofill AUTO_INCREMENT PRIMARY KEY, a int(8) unsigned zerofill, b mediumint unsigned NOT NULL);
-- keeps: SELECT id + 0, a + 0 FROM t

-- case: statements after CREATE TABLE make the rest
-- current
CREATE TABLE t (id int, a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int, a int);
ALTER TABLE t ADD PRIMARY KEY (id);
CREATE UNIQUE INDEX ua ON t (a);
ALTER TABLE t ADD COLUMN b int NOT NULL DEFAULT 5 AFTER id, ADD INDEX ib (b);
CREATE INDEX ab USING BTREE ON t (a, b DESC) COMMENT 'both';
ALTER TABLE t MODIFY id int NOT NULL AUTO_INCREMENT, AUTO_INCREMENT = 100;
ALTER TABLE t ADD CONSTRAINT pos CHECK (b > 0);
-- keeps: SELECT id, a FROM t

-- case: a table's primary key goes to a new counted column
-- current
CREATE TABLE t (code varchar(10) PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES ('x', 1), ('y', 2);
-- desired
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, code varchar(10) NOT NULL UNIQUE, a int);
-- keeps: SELECT code, a FROM t ORDER BY code

-- case: numbers of all kinds to others
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b bigint, c decimal(10,2), d float, e double, f tinyint(1), g bit(4), h varchar(10), i int unsigned);
-- rows
INSERT INTO t VALUES (1, 5, 6, 7.00, 8.5, 9.25, 1, b'101', '12', 13);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(11), b int, c int, d decimal(5,1), e float, f int, g tinyint unsigned, h decimal(6,2), i bigint);
-- keeps: SELECT id, a, b, c = 7, d + 0, e + 0, f, g + 0, h = 12, i FROM t

-- case: texts of all kinds to others
-- current
CREATE TABLE t (id int PRIMARY KEY, a char(5), b varchar(20), c text, d varchar(10), e binary(3), f varbinary(10), g enum('a','b'), h varchar(5));
-- rows
INSERT INTO t VALUES (1, 'abc', 'b', 'ccc', 'd', 'eee', 'fff', 'b', 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(5), b char(20), c varchar(100), d mediumtext, e varbinary(3), f varchar(10), g varchar(1), h enum('b','c'));
-- keeps: SELECT id, a, b, c, d, e, f, g, h FROM t

-- case: a table that is all columns renamed
-- current
CREATE TABLE t (a int PRIMARY KEY, b varchar(5), KEY kb (b), CONSTRAINT ch CHECK (a > 0));
-- rows
INSERT INTO t VALUES (1, 'x');
-- desired
CREATE TABLE t (
 x int PRIMARY KEY, -- @renamed from=a
 y varchar(9), -- @renamed from=b
 KEY ky (y), -- @renamed from=kb
 CONSTRAINT ch CHECK (x > 0));
-- keeps: SELECT COUNT(*) FROM t

-- case: an auto_increment parent key becomes unsigned with children
-- current
CREATE TABLE users (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50));
CREATE TABLE posts (id int NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id int, KEY user_id (user_id), CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL);
-- rows
INSERT INTO users VALUES (1, 'a');
INSERT INTO posts VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE users (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(50));
CREATE TABLE posts (id int unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, user_id int unsigned, KEY user_id (user_id), CONSTRAINT posts_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE SET NULL);
-- keeps: SELECT id, user_id FROM posts ORDER BY id

-- case: views with algorithms and security and dependencies on functions
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE VIEW v AS SELECT id FROM t;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE FUNCTION twice(x int) RETURNS int DETERMINISTIC RETURN x * 2;
CREATE ALGORITHM=TEMPTABLE SQL SECURITY INVOKER VIEW v AS SELECT id, twice(a) AS a2 FROM t;
CREATE ALGORITHM=MERGE VIEW w AS SELECT id, a FROM t WHERE a > 0 WITH CASCADED CHECK OPTION;
-- keeps: SELECT id FROM v

-- case: events of all sorts
-- current
CREATE TABLE t (id int PRIMARY KEY);
CREATE EVENT e1 ON SCHEDULE EVERY 1 HOUR DISABLE DO DELETE FROM t;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE EVENT e1 ON SCHEDULE EVERY 2 HOUR ENDS '2035-01-01 00:00:00' ON COMPLETION PRESERVE ENABLE COMMENT 'two' DO DELETE FROM t WHERE id > 5;
CREATE EVENT e2 ON SCHEDULE AT '2035-01-01 00:00:00' DISABLE DO INSERT INTO t VALUES (7);
CREATE EVENT e3 ON SCHEDULE EVERY 1 WEEK STARTS '2030-01-01 00:00:00' DISABLE DO BEGIN DECLARE x int DEFAULT 1; SET x = 2; END;
-- keeps: SELECT id FROM t

-- case: two columns added in front and a generated one between
-- current
CREATE TABLE t (id int PRIMARY KEY, z int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (a int DEFAULT 1, b int AS (a + 1) STORED, id int PRIMARY KEY, c int AS (z * 2) VIRTUAL, z int, d int AS (c + 1) VIRTUAL, e int NOT NULL DEFAULT 0);
-- keeps: SELECT id, z FROM t

-- case: everything goes
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, p int, FOREIGN KEY (p) REFERENCES p (id));
CREATE VIEW v AS SELECT * FROM c;
CREATE FUNCTION f() RETURNS int DETERMINISTIC RETURN 1;
CREATE PROCEDURE q() SELECT f();
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO CALL q();
CREATE TRIGGER tr AFTER DELETE ON c FOR EACH ROW SET @x = 1;
-- rows
INSERT INTO p VALUES (1);
-- desired
CREATE TABLE only (id int PRIMARY KEY);
