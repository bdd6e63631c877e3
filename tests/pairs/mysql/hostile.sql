-- case: names of quotes, spaces and keywords
-- current
CREATE TABLE `select` (`id` int PRIMARY KEY, `a``b` int, `from where` varchar(20), KEY `key` (`a``b`));
-- rows
INSERT INTO `select` VALUES (1, 2, 'x');
-- desired
CREATE TABLE `select` (`id` int PRIMARY KEY, `a``b` bigint NOT NULL DEFAULT 5, `from where` varchar(40), `it's "new"` int, KEY `key` (`a``b`, `from where`), KEY `semi;colon` (`from where`), CONSTRAINT `chk '"``` CHECK (`a``b` > 0));
-- keeps: SELECT `id`, `a``b`, `from where` FROM `select` ORDER BY 1

-- case: a table whose name is all that a name may not be
-- current
CREATE TABLE p (id int PRIMARY KEY);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE `-- no; comment /* here` (`; DROP TABLE p; --` int PRIMARY KEY, `\n` int, `$$` int, `?` int, CONSTRAINT `a.b` FOREIGN KEY (`?`) REFERENCES p (id));

-- case: names of several bytes a character
-- current
CREATE TABLE `bücher` (`nüm` int PRIMARY KEY, `題名` varchar(20));
-- rows
INSERT INTO `bücher` VALUES (1, 'x');
-- desired
CREATE TABLE `bücher` (`nüm` int PRIMARY KEY, `題名` varchar(40), `größe` int, KEY `nach größe` (`größe`));
-- keeps: SELECT `nüm`, `題名` FROM `bücher` ORDER BY 1

-- case: names as long as they may be
-- current
CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int PRIMARY KEY, c varchar(5));
-- rows
INSERT INTO aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa VALUES (1, '2');
-- desired
CREATE TABLE aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa (bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb int PRIMARY KEY, c int, KEY dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd (c));

-- case: words in quotes, backslashes and comments in what is declared
-- current
CREATE TABLE t (id int PRIMARY KEY, a varchar(40) DEFAULT 'x', e enum('a') DEFAULT 'a') COMMENT='old';
-- rows
INSERT INTO t VALUES (1, 'y', 'a');
-- desired
CREATE TABLE t (id int PRIMARY KEY, a varchar(40) DEFAULT 'it''s; -- no /* comment */ \\ "q" `b`' COMMENT 'a; b\\ ''c''', e enum('a', 'b''c', 'd"e', 'f\\g', '; --') DEFAULT 'a') COMMENT='new''s; DROP TABLE t; \\';
-- keeps: SELECT id, a, e FROM t ORDER BY 1

-- case: a view, a trigger and a procedure of such names
-- current
CREATE TABLE `the table` (id int PRIMARY KEY, `the column` int);
-- rows
INSERT INTO `the table` VALUES (1, 2);
-- desired
CREATE TABLE `the table` (id int PRIMARY KEY, `the column` bigint);
CREATE VIEW `a ``view``` AS SELECT `the column` AS `it's; x` FROM `the table`;
CREATE TRIGGER `on "insert"` BEFORE INSERT ON `the table` FOR EACH ROW SET NEW.`the column` = 1;
CREATE PROCEDURE `it's; done`() SELECT ';' AS `a;b`;
-- keeps: SELECT id, `the column` FROM `the table` ORDER BY 1

-- case: letters of all lengths in checks, defaults and what is computed
-- current
CREATE TABLE signs (id int PRIMARY KEY, `größe` varchar(9) DEFAULT 'ü😀', bytes varbinary(8) DEFAULT x'0102ff', mark char(3) DEFAULT '?',
  g varchar(30) AS (concat('ü😀€', `größe`)) VIRTUAL, CONSTRAINT no_sign CHECK (`größe` <> 'é😀?')) CHARACTER SET utf8mb4;
-- rows
INSERT INTO signs (id) VALUES (1);
-- desired
CREATE TABLE signs (id int PRIMARY KEY, `größe` varchar(12) DEFAULT 'ß😀😀', bytes varbinary(9) DEFAULT x'0203fe', mark char(3) DEFAULT '😀',
  g varchar(30) AS (concat('ß😀?€', `größe`)) VIRTUAL, h varchar(30) DEFAULT (concat('😀', 'ñ')), CONSTRAINT no_sign CHECK (`größe` <> 'ó😀😀')) CHARACTER SET utf8mb4;
-- keeps: SELECT id, HEX(`größe`), HEX(bytes), mark FROM signs

-- case: a label that the catalogs cannot tell
-- current
CREATE TABLE moods (id int PRIMARY KEY, mood enum('plain', '😀')) CHARACTER SET utf8mb4;
-- rows
INSERT INTO moods VALUES (1, 'plain'), (2, '😀');
-- desired
CREATE TABLE moods (id int PRIMARY KEY, mood enum('plain', '😀', 'more') NOT NULL DEFAULT 'plain') CHARACTER SET utf8mb4;
-- refused: cannot become enum
