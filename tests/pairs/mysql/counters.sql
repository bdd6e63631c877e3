-- case: a table that counts goes, and comes back counting on where it was
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a varchar(20) NOT NULL UNIQUE, b enum('x', 'y') NOT NULL);
CREATE TABLE `odd '\\ name` (a int, `the id` bigint unsigned NOT NULL AUTO_INCREMENT, KEY (`the id`));
CREATE TABLE fresh (id int AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE emptied (id int AUTO_INCREMENT PRIMARY KEY, a date NOT NULL, CHECK (a > '2000-01-01'));
CREATE TABLE full (id int AUTO_INCREMENT PRIMARY KEY, a int);
CREATE TABLE other (id int);
-- rows
INSERT INTO t (a, b) VALUES ('p', 'x'), ('q', 'y'), ('r', 'x');
DELETE FROM t WHERE id > 1;
INSERT INTO `odd '\\ name` (a) VALUES (1), (2), (3), (4);
DELETE FROM `odd '\\ name` WHERE a = 4;
INSERT INTO emptied (a) VALUES ('2020-01-01'), ('2020-01-02');
DELETE FROM emptied;
INSERT INTO full (a) VALUES (7), (8);
-- desired
CREATE TABLE other (id int);
-- returns: SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'lockstep%' ORDER BY 1

-- case: a column stops counting, and counts on where it was on the way back
-- current
CREATE TABLE p (id int AUTO_INCREMENT PRIMARY KEY, a varchar(20) NOT NULL);
CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW INSERT INTO log VALUES (NEW.a);
CREATE TABLE log (a varchar(20));
-- rows
INSERT INTO p (a) VALUES ('p'), ('q'), ('r');
DELETE FROM p WHERE id = 3;
-- desired
CREATE TABLE p (id int PRIMARY KEY, a varchar(20) NOT NULL);
CREATE TRIGGER g AFTER INSERT ON p FOR EACH ROW INSERT INTO log VALUES (NEW.a);
CREATE TABLE log (a varchar(20));
-- returns: SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'lockstep%' ORDER BY 1
-- keeps: SELECT count(*) FROM log

-- case: a counter goes on through other types, names and engines
-- current
CREATE TABLE t (id int AUTO_INCREMENT PRIMARY KEY, a int);
CREATE TABLE u (id int AUTO_INCREMENT PRIMARY KEY, a int);
CREATE TABLE w (id int AUTO_INCREMENT PRIMARY KEY, a int) ENGINE=InnoDB;
-- rows
INSERT INTO t (a) VALUES (1), (2), (3);
DELETE FROM t WHERE a > 1;
INSERT INTO u (a) VALUES (1), (2), (3);
DELETE FROM u WHERE a > 1;
INSERT INTO w (a) VALUES (1), (2), (3);
DELETE FROM w WHERE a > 1;
-- desired
CREATE TABLE t (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, a int);
CREATE TABLE u (number int AUTO_INCREMENT PRIMARY KEY, -- @renamed from=id
  a int);
CREATE TABLE w (id int AUTO_INCREMENT PRIMARY KEY, a int) ENGINE=MyISAM;
-- keeps: SELECT TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME NOT LIKE 'lockstep%' ORDER BY 1
