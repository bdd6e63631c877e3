-- case: a default comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(10), d decimal(5,2), b bit(3));
-- rows
INSERT INTO t VALUES (1, NULL, NULL, NULL, NULL);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 5, s varchar(10) DEFAULT 'it''s', d decimal(5,2) DEFAULT 1.50, b bit(3) DEFAULT b'101');
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a default changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1, s varchar(10) DEFAULT 'a', d date DEFAULT '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 2, s varchar(10) DEFAULT 'A', d date DEFAULT '2021-01-01');

-- case: a default goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int DEFAULT 1, s varchar(10) NOT NULL DEFAULT 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, s varchar(10) NOT NULL);

-- case: the empty text is a default and NULL is none
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) DEFAULT NULL, b varchar(5) DEFAULT '');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) DEFAULT '', b varchar(5));

-- case: the word NULL in quotes is a text
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(5) DEFAULT 'NULL');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(5));

-- case: the time of now
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime, b timestamp NULL, c datetime(3) DEFAULT CURRENT_TIMESTAMP(3));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a datetime DEFAULT CURRENT_TIMESTAMP, b timestamp NOT NULL DEFAULT now(), c datetime(6) DEFAULT CURRENT_TIMESTAMP(6));

-- case: the time of a change comes and goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, b datetime(2) DEFAULT CURRENT_TIMESTAMP(2));
-- rows
INSERT INTO t VALUES (1, '2020-01-01', '2020-01-01');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP, b datetime(2) DEFAULT CURRENT_TIMESTAMP(2) ON UPDATE CURRENT_TIMESTAMP(2));
-- keeps: SELECT * FROM t ORDER BY 1

-- case: two spellings of now are the same
-- current
CREATE TABLE t (id int PRIMARY KEY, a datetime DEFAULT now() ON UPDATE now());
-- desired
CREATE TABLE t (id int PRIMARY KEY, a datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP());

-- case: an expression
-- current
CREATE TABLE t (id int PRIMARY KEY, a char(36), b int, j json);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a char(36) DEFAULT (uuid()), b int DEFAULT (1 + 2 * 3), j json DEFAULT (json_array('a', 1)));

-- case: an expression over another column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT (a + 1));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int, b int DEFAULT (a + 2));

-- case: booleans are numbers
-- current
CREATE TABLE t (id int PRIMARY KEY, a boolean DEFAULT 0);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a boolean NOT NULL DEFAULT true);

-- case: binary defaults
-- current
CREATE TABLE t (id int PRIMARY KEY, a binary(2), b varbinary(5));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a binary(2) DEFAULT 'xy', b varbinary(5) DEFAULT 'q');

-- case: a timestamp without anything is what it says
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a timestamp NULL, b timestamp NULL DEFAULT NULL, c timestamp NOT NULL DEFAULT '2020-01-01 00:00:00');

-- case: defaults with characters that steer a terminal
-- current
CREATE TABLE t (id int PRIMARY KEY, a binary(4) NOT NULL DEFAULT 0x00, b varchar(9));
-- desired
CREATE TABLE t (id int PRIMARY KEY, a binary(4) NOT NULL DEFAULT 0x7701, b varchar(9) DEFAULT '\0\Zx', c varbinary(4) DEFAULT 0x1B5B);
