-- case: a trigger comes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = COALESCE(NEW.a, 1);
-- keeps: SELECT * FROM t ORDER BY 1

-- case: a trigger changes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW
BEGIN
  IF NEW.a IS NULL THEN
    SET NEW.a = 2;
  END IF;
END;

-- case: a trigger fires at another moment
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @x = 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g AFTER UPDATE ON t FOR EACH ROW SET @x = 1;

-- case: a trigger goes
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE DELETE ON t FOR EACH ROW SET @x = 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);

-- case: a trigger goes with its table
-- current
CREATE TABLE k (id int PRIMARY KEY);
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE DELETE ON t FOR EACH ROW SET @x = 1;
-- desired
CREATE TABLE k (id int PRIMARY KEY);

-- case: triggers of one moment change their order
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;
CREATE TRIGGER three BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 3;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER three BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 3;
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW FOLLOWS three SET NEW.a = 2;

-- case: a trigger comes in front of another
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER one BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
CREATE TRIGGER two BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 2;

-- case: a trigger on a renamed table
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE u (id int PRIMARY KEY, a int); -- @renamed from=t
CREATE TRIGGER g BEFORE INSERT ON u FOR EACH ROW SET NEW.a = 1;

-- case: a trigger over a renamed column
-- current
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.a = 1;
-- rows
INSERT INTO t VALUES (1, 2);
-- desired
CREATE TABLE t (id int PRIMARY KEY,
  z int -- @renamed from=a
);
CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET NEW.z = 1;

-- case: a procedure comes
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE PROCEDURE p(IN a int, OUT b varchar(10), INOUT c decimal(5,2)) COMMENT 'it''s' READS SQL DATA SQL SECURITY INVOKER
BEGIN
  DECLARE n int DEFAULT 0;
  WHILE n < a DO
    SET n = n + 1;
  END WHILE;
  SELECT COUNT(*) INTO b FROM t;
END;

-- case: a procedure changes
-- current
CREATE PROCEDURE p(a int) SELECT a;
-- desired
CREATE PROCEDURE p(a int, b int) SELECT a + b;

-- case: a function comes, another goes, a third changes
-- current
CREATE FUNCTION old_one(a int) RETURNS int DETERMINISTIC RETURN a;
CREATE FUNCTION same_one(a int) RETURNS int DETERMINISTIC RETURN a;
-- desired
CREATE FUNCTION new_one(a varchar(10)) RETURNS varchar(20) CHARSET utf8mb4 DETERMINISTIC NO SQL RETURN concat(a, ';', "x");
CREATE FUNCTION same_one(a int) RETURNS int NOT DETERMINISTIC READS SQL DATA RETURN a;

-- case: programs with a delimiter of their own
-- current
-- desired
DELIMITER //
CREATE PROCEDURE p()
BEGIN
  SELECT 1;
  SELECT 2;
END//
CREATE FUNCTION f() RETURNS int DETERMINISTIC
BEGIN
  RETURN 1;
END//
DELIMITER ;

-- case: an event comes
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY);
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t;

-- case: an event changes
-- current
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1;
-- desired
CREATE EVENT e ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2035-01-01 00:00:00' ENDS '2036-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE COMMENT 'it''s' DO BEGIN SELECT 1; SELECT 2; END;

-- case: an event goes
-- current
CREATE EVENT e ON SCHEDULE AT '2037-01-01 00:00:00' DO SELECT 1;
-- desired
CREATE TABLE t (id int PRIMARY KEY);

-- case: when an event was made is no difference
-- current
CREATE EVENT e ON SCHEDULE EVERY 2 WEEK DO SELECT 1;
-- desired
CREATE EVENT e ON SCHEDULE EVERY 2 WEEK DO SELECT 1;

-- case: what stands in the strings of a trigger and of an event stays as it is
-- current
CREATE TABLE pages (id int PRIMARY KEY, line varchar(60), note varchar(60)) CHARACTER SET utf8mb4;
CREATE TRIGGER pages_in BEFORE INSERT ON pages FOR EACH ROW SET NEW.note = 'it\'s \\ a\tb \n';
CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM pages WHERE line LIKE 'a\_b' OR line = 'c''d\\';
-- rows
INSERT INTO pages (id, line) VALUES (1, 'a');
-- desired
CREATE TABLE pages (id int PRIMARY KEY, line varchar(60), note varchar(60)) CHARACTER SET utf8mb4;
CREATE TRIGGER pages_in BEFORE INSERT ON pages FOR EACH ROW SET NEW.note = 'don\'t \\ c\td 😀 \n';
CREATE TRIGGER pages_first BEFORE INSERT ON pages FOR EACH ROW PRECEDES pages_in SET NEW.line = CONCAT('\\', NEW.line);
CREATE EVENT nightly ON SCHEDULE EVERY 2 DAY DISABLE DO DELETE FROM pages WHERE line LIKE 'a\%b' OR line = 'e''f😀\\';
-- keeps: SELECT id, line, HEX(note) FROM pages

-- case: a trigger with strings stays when another one comes before it
-- current
CREATE TABLE marks (id int PRIMARY KEY, mark varchar(60)) CHARACTER SET utf8mb4;
CREATE TRIGGER marks_in BEFORE INSERT ON marks FOR EACH ROW SET NEW.mark = 'x\'y\\z';
-- rows
INSERT INTO marks (id) VALUES (1);
-- desired
CREATE TABLE marks (id int PRIMARY KEY, mark varchar(60), size int DEFAULT 3) CHARACTER SET utf8mb4;
CREATE TRIGGER marks_before BEFORE INSERT ON marks FOR EACH ROW SET NEW.mark = 'first';
CREATE TRIGGER marks_in BEFORE INSERT ON marks FOR EACH ROW SET NEW.mark = 'x\'y\\z';
-- keeps: SELECT id, HEX(mark) FROM marks

-- case: a function whose text means something else under another mode
-- current
CREATE TABLE t (id int PRIMARY KEY);
SET SESSION sql_mode = 'PIPES_AS_CONCAT';
CREATE FUNCTION both_of(a varchar(9), b varchar(9)) RETURNS varchar(20) DETERMINISTIC RETURN a || b;
SET SESSION sql_mode = DEFAULT;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE FUNCTION both_of(a varchar(9), b varchar(9)) RETURNS varchar(20) DETERMINISTIC RETURN CONCAT(a, b);
-- refused: sql_mode PIPES_AS_CONCAT

-- case: a mode that a text does not feel is no difference
-- current
CREATE TABLE t (id int PRIMARY KEY);
SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT';
CREATE PROCEDURE "plain one"(IN a int) SELECT a + 1;
SET SESSION sql_mode = DEFAULT;
-- rows
INSERT INTO t VALUES (1);
-- desired
CREATE TABLE t (id int PRIMARY KEY, a int);
CREATE PROCEDURE `plain one`(IN a int) SELECT a + 1;
-- keeps: SELECT id FROM t
