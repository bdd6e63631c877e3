-- case: a table is made
-- current
-- desired
CREATE TABLE users (id int PRIMARY KEY, name varchar(40) NOT NULL DEFAULT 'x');

-- case: a table goes with its rows
-- current
CREATE TABLE users (id int PRIMARY KEY);
CREATE TABLE logs (id int PRIMARY KEY);
-- rows
INSERT INTO users VALUES (1), (2);
-- desired
CREATE TABLE users (id int PRIMARY KEY);
-- keeps: SELECT * FROM users ORDER BY 1

-- case: a table is renamed with its rows
-- current
CREATE TABLE people (id int PRIMARY KEY, name text);
-- rows
INSERT INTO people VALUES (1, 'a');
-- desired
CREATE TABLE users -- @renamed from=people
(id int PRIMARY KEY, name text);

-- case: a renamed table is changed, too
-- current
CREATE TABLE people (id int PRIMARY KEY, name varchar(10), KEY by_name (name));
-- rows
INSERT INTO people VALUES (1, 'a');
-- desired
CREATE TABLE users ( -- @renamed from=people
  id bigint PRIMARY KEY,
  full_name varchar(20), -- @renamed from=name
  KEY by_name (full_name)
);

-- case: the engine changes
-- current
CREATE TABLE t (id int PRIMARY KEY) ENGINE=InnoDB;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY) ENGINE=MyISAM;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: row format and block size come
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY) ROW_FORMAT=DYNAMIC;

-- case: row format changes
-- current
CREATE TABLE t (id int PRIMARY KEY) ROW_FORMAT=COMPACT;
-- desired
CREATE TABLE t (id int PRIMARY KEY) ROW_FORMAT=DYNAMIC;

-- case: row format goes back to the default
-- current
CREATE TABLE t (id int PRIMARY KEY) ROW_FORMAT=COMPACT;
-- desired
CREATE TABLE t (id int PRIMARY KEY);

-- case: settings of the statistics come and go
-- current
CREATE TABLE t (id int PRIMARY KEY) STATS_PERSISTENT=1;
-- desired
CREATE TABLE t (id int PRIMARY KEY) STATS_AUTO_RECALC=0 STATS_SAMPLE_PAGES=30;

-- case: limits on rows
-- current
CREATE TABLE t (id int PRIMARY KEY) MAX_ROWS=100;
-- desired
CREATE TABLE t (id int PRIMARY KEY) MAX_ROWS=1000 AVG_ROW_LENGTH=20;

-- case: a comment comes
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY) COMMENT='it''s \\ here';

-- case: a comment goes
-- current
CREATE TABLE t (id int PRIMARY KEY) COMMENT='old';
-- desired
CREATE TABLE t (id int PRIMARY KEY);

-- case: where the counter stands is no difference
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=500;
-- rows
INSERT INTO t VALUES ();
-- desired
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY) AUTO_INCREMENT=7;
-- keeps: SELECT * FROM t ORDER BY 1

-- case: names are quoted
-- current
CREATE TABLE `or``der` (`sel'ect` int PRIMARY KEY, `a b` int, KEY `x"y` (`a b`));
-- rows
INSERT INTO `or``der` VALUES (1, 2);
-- desired
CREATE TABLE `or``der` (`sel'ect` bigint PRIMARY KEY, `a b` int NOT NULL DEFAULT 0, UNIQUE KEY `x"y` (`a b`), KEY `größe` (`sel'ect`, `a b`));
-- keeps: SELECT * FROM `or``der` ORDER BY 1

-- case: a table of other columns is another table
-- current
CREATE TABLE t (a int PRIMARY KEY);
-- desired
CREATE TABLE t (b int PRIMARY KEY, c text);

-- case: tables in any order of the file
-- current
-- desired
CREATE TABLE b (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES a (id));
CREATE TABLE a (id int PRIMARY KEY);

-- case: what a dump says besides is left out
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- rows
INSERT INTO t VALUES (1);
-- desired
/*!40101 SET NAMES utf8 */;
SET @OLD_SQL_MODE=@@SQL_MODE;
DROP TABLE IF EXISTS `t`;
CREATE TABLE `t` (`id` int NOT NULL, `b` int DEFAULT NULL, PRIMARY KEY (`id`)) ENGINE=InnoDB;
LOCK TABLES `t` WRITE;
INSERT INTO `t` VALUES (1, 2), (3, 4);
UNLOCK TABLES;
-- keeps: SELECT id FROM t ORDER BY 1

-- case: names of tables move up along a chain
-- current
CREATE TABLE one (id int PRIMARY KEY, x int);
CREATE TABLE two (id int PRIMARY KEY, y int);
-- rows
INSERT INTO one VALUES (1, 10);
INSERT INTO two VALUES (2, 20);
-- desired
-- @renamed from=one
CREATE TABLE two (id int PRIMARY KEY, x int);
-- @renamed from=two
CREATE TABLE three (id int PRIMARY KEY, y int);

-- case: tables that change places cannot be told from those that did
-- current
CREATE TABLE left_one (id int PRIMARY KEY, x int);
CREATE TABLE right_one (id int PRIMARY KEY, y int);
-- rows
INSERT INTO left_one VALUES (1, 10);
INSERT INTO right_one VALUES (2, 20);
-- desired
-- @renamed from=right_one
CREATE TABLE left_one (id int PRIMARY KEY, y int);
-- @renamed from=left_one
CREATE TABLE right_one (id int PRIMARY KEY, x int);
-- refused: by way of a third name

-- case: tables that are put together from others
-- current
CREATE TABLE a (id int) ENGINE=MyISAM;
CREATE TABLE b (id int) ENGINE=MyISAM;
CREATE TABLE two (id int) ENGINE=MERGE UNION=(a) INSERT_METHOD=FIRST;
-- rows
INSERT INTO a VALUES (1);
-- desired
CREATE TABLE a (id int) ENGINE=MyISAM;
CREATE TABLE b (id int) ENGINE=MyISAM;
CREATE TABLE one (id int) ENGINE=MERGE UNION=(a, b) INSERT_METHOD=LAST COMMENT='UNION=(`x`)';
CREATE TABLE two (id int) ENGINE=MERGE UNION=(a, b);
-- keeps: SELECT id FROM a UNION ALL SELECT id FROM b
