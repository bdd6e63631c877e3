-- case: integers grow
-- current
CREATE TABLE t (id int PRIMARY KEY, a tinyint, b smallint unsigned, c int);
-- rows
INSERT INTO t VALUES (1, -128, 65535, 2147483647);
-- desired
CREATE TABLE t (id bigint PRIMARY KEY, a smallint, b int, c bigint unsigned);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: integers shrink around their values
-- current
CREATE TABLE t (id int PRIMARY KEY, a bigint);
-- rows
INSERT INTO t VALUES (1, 127), (2, -128);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a tinyint);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: an integer does not fit
-- current
CREATE TABLE t (id int PRIMARY KEY, a bigint);
-- rows
INSERT INTO t VALUES (1, 127), (2, 300);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a tinyint);
-- refused: cannot become tinyint

-- case: a negative number does not become unsigned
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, -1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int unsigned);
-- refused: unsigned

-- case: zerofill and display width
-- current
CREATE TABLE t (id int PRIMARY KEY, a int(4), b int(6) zerofill);
-- rows
INSERT INTO t VALUES (1, 5, 6);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int(4) zerofill, b int(6) unsigned);
-- keeps: SELECT id, a + 0, b + 0 FROM t ORDER BY 1

-- case: a text of digits becomes a number
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, '42'), (2, '-7'), (3, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT id, a + 0 FROM t ORDER BY 1

-- case: a word does not become a number
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, '42'), (2, 'v1'), (3, '1x'), (4, '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- refused: v1

-- case: a number becomes a text and has room
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b decimal(5,2));
-- rows
INSERT INTO t VALUES (1, -42, 1.50);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(11), b varchar(10));
-- keeps: SELECT id, CAST(a AS char), CAST(b AS char) FROM t ORDER BY 1

-- case: a number becomes a text that is too short
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 12345);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(3));
-- refused: 12345

-- case: a text grows
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10), b text, c char(5));
-- rows
INSERT INTO t VALUES (1, 'a', 'b', 'c');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(300), b longtext, c varchar(5));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a text shrinks around its values
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(100), b longtext);
-- rows
INSERT INTO t VALUES (1, 'abc', 'x');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(3), b tinytext);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a text is too long
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(100));
-- rows
INSERT INTO t VALUES (1, 'abc'), (2, 'abcdef');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(3));
-- refused: abcdef

-- case: a text is too long for a small text
-- current
CREATE TABLE t (id int PRIMARY KEY, a text);
-- rows
INSERT INTO t VALUES (1, REPEAT('ü', 200));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a tinytext);
-- refused: tinytext

-- case: trailing spaces do not fit into char
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(10));
-- rows
INSERT INTO t VALUES (1, 'a  ');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a char(10));
-- refused: char(10)

-- case: places behind the point are not rounded off
-- current
CREATE TABLE t (id int PRIMARY KEY, a decimal(10,4));
-- rows
INSERT INTO t VALUES (1, 1.2500), (2, 1.2345);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a decimal(10,2));
-- refused: 1.2345

-- case: places behind the point go where they are zeros
-- current
CREATE TABLE t (id int PRIMARY KEY, a decimal(10,4));
-- rows
INSERT INTO t VALUES (1, 1.2500);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a decimal(6,2));
-- keeps: SELECT id, a + 0.0000 FROM t ORDER BY 1

-- case: a fraction does not become an integer
-- current
CREATE TABLE t (id int PRIMARY KEY, a double);
-- rows
INSERT INTO t VALUES (1, 2), (2, 2.5);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- refused: 2.5

-- case: floating numbers
-- current
CREATE TABLE t (id int PRIMARY KEY, a float, b double, c int);
-- rows
INSERT INTO t VALUES (1, 0.5, 0.25, 3);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a double, b float, c double);
-- keeps: SELECT id, a + 0, b + 0, c + 0 FROM t ORDER BY 1

-- case: a double is too exact for a float
-- current
CREATE TABLE t (id int PRIMARY KEY, a double);
-- rows
INSERT INTO t VALUES (1, 0.1234567891234);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a float);
-- refused: float

-- case: a date gets a time of day
-- current
CREATE TABLE t (id int PRIMARY KEY, a date);
-- rows
INSERT INTO t VALUES (1, '2020-02-29');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a datetime);
-- keeps: SELECT id, DATE(a) FROM t ORDER BY 1

-- case: a time of day is not thrown away
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime);
-- rows
INSERT INTO t VALUES (1, '2020-02-29 00:00:00'), (2, '2020-02-29 10:00:00');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a date);
-- refused: 10:00:00

-- case: fractions of seconds come
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime, b time, c timestamp NULL);
-- rows
INSERT INTO t VALUES (1, '2020-01-01 10:00:00', '10:00:00', '2020-01-01 10:00:00');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a datetime(6), b time(3), c timestamp(3) NULL);
-- keeps: SELECT id, CAST(a AS datetime), CAST(b AS time), CAST(c AS datetime) FROM t ORDER BY 1

-- case: fractions of seconds are not rounded off
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime(3));
-- rows
INSERT INTO t VALUES (1, '2020-01-01 10:00:00.500');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a datetime);
-- refused: datetime

-- case: a datetime becomes a timestamp
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime);
-- rows
INSERT INTO t VALUES (1, '2020-01-01 10:00:00');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a timestamp NULL);
-- keeps: SELECT id, CAST(a AS datetime) FROM t ORDER BY 1

-- case: a datetime beyond the timestamps
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime);
-- rows
INSERT INTO t VALUES (1, '2150-01-01 10:00:00');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a timestamp NULL);
-- refused: 2150

-- case: a text becomes a date
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, '2020-02-29');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a date);
-- keeps: SELECT id, CAST(a AS char) FROM t ORDER BY 1

-- case: a text that is no date
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(20));
-- rows
INSERT INTO t VALUES (1, '2020-02-29'), (2, '2020-13-01'), (3, 'soon');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a date);
-- refused: soon

-- case: a number becomes a year
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 1999);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a year);
-- keeps: SELECT id, a + 0 FROM t ORDER BY 1

-- case: bits grow and become a number
-- current
CREATE TABLE t (id int PRIMARY KEY, a bit(3), b bit(8));
-- rows
INSERT INTO t VALUES (1, b'101', b'11111111');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a bit(5), b smallint);
-- keeps: SELECT id, a + 0, b + 0 FROM t ORDER BY 1

-- case: bytes grow
-- current
CREATE TABLE t (id int PRIMARY KEY, a varbinary(5), b blob);
-- rows
INSERT INTO t VALUES (1, x'00ff', x'0102');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varbinary(50), b mediumblob);
-- keeps: SELECT id, HEX(a), HEX(b) FROM t ORDER BY 1

-- case: bytes that are no text
-- current
CREATE TABLE t (id int PRIMARY KEY, a varbinary(5));
-- rows
INSERT INTO t VALUES (1, x'ff');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(5));
-- refused: varchar(5)

-- case: json
-- current
CREATE TABLE t (id int PRIMARY KEY, a text);
-- rows
INSERT INTO t VALUES (1, '{"a": 1}');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a json);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a text that is no json
-- current
CREATE TABLE t (id int PRIMARY KEY, a text);
-- rows
INSERT INTO t VALUES (1, '{"a": 1'), (2, '[]');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a json);
-- refused: {\"a\": 1

-- case: a point becomes any geometry
-- current
CREATE TABLE t (id int PRIMARY KEY, a point);
-- rows
INSERT INTO t VALUES (1, ST_GeomFromText('POINT(1 2)'));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a geometry);
-- keeps: SELECT id, ST_AsText(a) FROM t ORDER BY 1

-- case: a number does not become a time
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 101010);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a time);
-- refused: time

-- case: a year becomes a number
-- current
CREATE TABLE t (id int PRIMARY KEY, a year);
-- rows
INSERT INTO t VALUES (1, 2020), (2, NULL), (3, 0);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT id, a + 0 FROM t

-- case: a year of the last century becomes a number
-- current
CREATE TABLE t (id int PRIMARY KEY, a year);
-- rows
INSERT INTO t VALUES (1, 1999), (2, 1901), (3, 2155), (4, 0);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
-- keeps: SELECT id, a + 0 FROM t ORDER BY 1

-- case: a year becomes a number that must be there
-- current
CREATE TABLE t (id int PRIMARY KEY, a year NOT NULL DEFAULT 1999);
-- rows
INSERT INTO t VALUES (1, 1999);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL DEFAULT 1999);
-- keeps: SELECT id, a + 0 FROM t ORDER BY 1

-- case: a year becomes a decimal number
-- current
CREATE TABLE t (id int PRIMARY KEY, a year, b year, c year);
-- rows
INSERT INTO t VALUES (1, 1999, 1999, 1999);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a decimal(6,1), b double, c int unsigned);
-- keeps: SELECT id, CAST(a AS SIGNED), b + 0, c + 0 FROM t ORDER BY 1

-- case: a floating number that is negative does not become unsigned
-- current
CREATE TABLE t (id int PRIMARY KEY, a float);
-- rows
INSERT INTO t VALUES (1, 1), (2, -1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a float unsigned);
-- refused: cannot become float unsigned as it is: [[Some("2"), Some("-1")]]
