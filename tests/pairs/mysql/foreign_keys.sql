-- case: a foreign key comes
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1), (2, NULL);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE);
-- keeps: SELECT * FROM c ORDER BY 1

-- case: a foreign key that rows break
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1), (2, 77);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES p (id));
-- refused: points to no row of p

-- case: a foreign key to a new table
-- current
CREATE TABLE c (id int PRIMARY KEY, pid int);
-- rows
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES p (id));
-- refused: points to no row of p

-- case: a foreign key goes and its index stays
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, KEY pid (pid), CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, KEY pid (pid));

-- case: a foreign key goes with its index
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int);

-- case: what happens to children changes
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE);
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id) ON DELETE SET NULL ON UPDATE CASCADE);
-- keeps: SELECT * FROM c ORDER BY 1

-- case: both ends get another type
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id bigint unsigned PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid bigint unsigned, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- keeps: SELECT * FROM c ORDER BY 1

-- case: the parent's key is renamed
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (
  pid int PRIMARY KEY -- @renamed from=id
);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (pid));
-- keeps: SELECT * FROM c ORDER BY 1

-- case: parent and child are renamed
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE parents (id int PRIMARY KEY); -- @renamed from=p
CREATE TABLE children (id int PRIMARY KEY, pid int, FOREIGN KEY (pid) REFERENCES parents (id)); -- @renamed from=c

-- case: two tables point at each other
-- current
-- desired
CREATE TABLE a (id int PRIMARY KEY, b int, CONSTRAINT to_b FOREIGN KEY (b) REFERENCES b (id));
CREATE TABLE b (id int PRIMARY KEY, a int, CONSTRAINT to_a FOREIGN KEY (a) REFERENCES a (id));

-- case: two tables that point at each other go
-- current
SET foreign_key_checks = 0;
CREATE TABLE a (id int PRIMARY KEY, b int, CONSTRAINT to_b FOREIGN KEY (b) REFERENCES b (id));
CREATE TABLE b (id int PRIMARY KEY, a int, CONSTRAINT to_a FOREIGN KEY (a) REFERENCES a (id));
SET foreign_key_checks = 1;
CREATE TABLE k (id int PRIMARY KEY);
-- desired
CREATE TABLE k (id int PRIMARY KEY);

-- case: a table points at itself
-- current
CREATE TABLE t (id int PRIMARY KEY);
-- desired
CREATE TABLE t (id int PRIMARY KEY, boss int, CONSTRAINT to_boss FOREIGN KEY (boss) REFERENCES t (id) ON DELETE SET NULL);

-- case: over several columns
-- current
CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE c (id int PRIMARY KEY, a int, b int);
-- desired
CREATE TABLE p (a int, b int, PRIMARY KEY (a, b));
CREATE TABLE c (id int PRIMARY KEY, a int, b int, CONSTRAINT ab FOREIGN KEY (a, b) REFERENCES p (a, b));

-- case: an index of one's own takes the place of the implicit one
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, x int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1, 1);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, x int, KEY both_ (pid, x), CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- keeps: SELECT * FROM c ORDER BY 1

-- case: the parent's primary key changes
-- current
CREATE TABLE p (id int PRIMARY KEY, code int NOT NULL);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1, 10);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE p (id int NOT NULL, code int PRIMARY KEY, UNIQUE KEY id (id));
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- keeps: SELECT * FROM c ORDER BY 1

-- case: the parent goes
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, 1);
-- desired
CREATE TABLE c (id int PRIMARY KEY, pid int);
-- keeps: SELECT * FROM c ORDER BY 1

-- case: a column with its foreign key goes
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, pid int, CONSTRAINT to_p FOREIGN KEY (pid) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY);

-- case: several without names
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, FOREIGN KEY (a) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id));

-- case: one without a name takes the place of another
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, b int, FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, b int, FOREIGN KEY (b) REFERENCES p (id));

-- case: nothing happens to children, said in two ways
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, CONSTRAINT x FOREIGN KEY (a) REFERENCES p (id));
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (id int PRIMARY KEY, a int, CONSTRAINT x FOREIGN KEY (a) REFERENCES p (id) ON DELETE RESTRICT);

-- case: keys grow along a chain, and the indexes that foreign keys made keep their names
-- current
CREATE TABLE firms (id int AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE sites (id int AUTO_INCREMENT PRIMARY KEY, firm_id int NOT NULL, FOREIGN KEY (firm_id) REFERENCES firms (id));
CREATE TABLE visits (site_id int NOT NULL, firm_id int NOT NULL, PRIMARY KEY (site_id, firm_id),
  FOREIGN KEY (site_id) REFERENCES sites (id), FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE CASCADE);
-- rows
INSERT INTO firms VALUES (1), (2);
INSERT INTO sites VALUES (1, 1), (2, 2);
INSERT INTO visits VALUES (1, 1), (2, 2);
-- desired
CREATE TABLE firms (id bigint AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE sites (id bigint AUTO_INCREMENT PRIMARY KEY, firm_id bigint NOT NULL, FOREIGN KEY (firm_id) REFERENCES firms (id));
CREATE TABLE visits (site_id bigint NOT NULL, firm_id bigint NOT NULL, PRIMARY KEY (site_id, firm_id),
  FOREIGN KEY (site_id) REFERENCES sites (id), FOREIGN KEY (firm_id) REFERENCES firms (id) ON DELETE CASCADE);
-- keeps: SELECT site_id, firm_id FROM visits ORDER BY 1

-- case: a foreign key that names its index does something else, and its parent gets another key
-- current
CREATE TABLE rooms (a int, b int, UNIQUE KEY ab (a, b));
CREATE TABLE beds (x int, y int, FOREIGN KEY beside (x, y) REFERENCES rooms (a, b));
-- rows
INSERT INTO rooms VALUES (1, 2);
INSERT INTO beds VALUES (1, 2);
-- desired
CREATE TABLE rooms (a int, b int, c int, UNIQUE KEY ab (a, b), UNIQUE KEY abc (a, b, c));
CREATE TABLE beds (x int, y int, FOREIGN KEY beside (x, y) REFERENCES rooms (a, b) ON DELETE CASCADE);
-- keeps: SELECT x, y FROM beds

-- case: foreign keys without names, of which one takes the name of another that stays
-- current
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, FOREIGN KEY (a) REFERENCES p (id), FOREIGN KEY (b) REFERENCES p (id));
-- rows
INSERT INTO p VALUES (1);
INSERT INTO c VALUES (1, NULL);
-- desired
CREATE TABLE p (id int PRIMARY KEY);
CREATE TABLE c (a int, b int, d int, FOREIGN KEY (b) REFERENCES p (id) ON DELETE CASCADE, FOREIGN KEY (d) REFERENCES p (id), FOREIGN KEY (a) REFERENCES p (id));
-- keeps: SELECT a, b FROM c
