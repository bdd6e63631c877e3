-- case: a value comes at the end
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b'));
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b'), (3, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b', 'it''s'));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a value comes in between
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'c'));
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'c');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b', 'c'));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: values change places
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b') DEFAULT 'a');
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('b', 'a') DEFAULT 'b');
-- keeps: SELECT id, CAST(e AS char) FROM t ORDER BY 1

-- case: a value goes that nobody has
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b'));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('a'));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a value that a row has does not go
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b'));
-- rows
INSERT INTO t VALUES (1, 'a'), (2, 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('a'));
-- refused: cannot become enum('a')

-- case: an enum becomes a text and back
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a', 'b'), s varchar(5));
-- rows
INSERT INTO t VALUES (1, 'a', 'b');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e varchar(5), s enum('a', 'b'));
-- keeps: SELECT id, CAST(e AS char), CAST(s AS char) FROM t ORDER BY 1

-- case: a text that is none of the values
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(5));
-- rows
INSERT INTO t VALUES (1, 'c');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s enum('a', 'b'));
-- refused: enum

-- case: an enum of digits becomes the number, not its place
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('10', '20'));
-- rows
INSERT INTO t VALUES (1, '10'), (2, '20');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e int);
-- keeps: SELECT id, CAST(CAST(e AS char) AS signed) FROM t ORDER BY 1

-- case: a number becomes the value, not the place
-- current
CREATE TABLE t (id int PRIMARY KEY, e int);
-- rows
INSERT INTO t VALUES (1, 1), (2, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('2', '1'));
-- keeps: SELECT id, CAST(CAST(e AS char) AS signed) FROM t ORDER BY 1

-- case: sets grow
-- current
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'b'));
-- rows
INSERT INTO t VALUES (1, 'a,b'), (2, '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'b', 'c') NOT NULL DEFAULT 'a');
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a member that a row has does not go
-- current
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'b', 'c'));
-- rows
INSERT INTO t VALUES (1, 'a,b'), (2, 'c');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'c'));
-- refused: a,b

-- case: a text becomes a set
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(20));
-- rows
INSERT INTO t VALUES (1, 'a,c'), (2, 'b'), (3, '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'b', 'c'));
-- keeps: SELECT id, CAST(s AS char) FROM t ORDER BY 1

-- case: a text that is no set
-- current
CREATE TABLE t (id int PRIMARY KEY, s varchar(20));
-- rows
INSERT INTO t VALUES (1, 'a,x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, s set('a', 'b', 'c'));
-- refused: a,x

-- case: values with commas, quotes and backslashes
-- current
CREATE TABLE t (id int PRIMARY KEY, e enum('a,b', 'c''d'));
-- rows
INSERT INTO t VALUES (1, 'a,b'), (2, 'c''d');
-- desired
CREATE TABLE t (id int PRIMARY KEY, e enum('e\\f', 'c''d', 'a,b', '(') DEFAULT 'e\\f');
-- keeps: SELECT * FROM t ORDER BY 1
