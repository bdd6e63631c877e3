-- case: names in other scripts
-- current
CREATE TABLE "größe" (id INTEGER PRIMARY KEY, "名前" TEXT, Ñandú TEXT CHECK (Ñandú <> ''));
-- rows
INSERT INTO "größe" VALUES (1, '値', 'x');
-- desired
CREATE TABLE größe (id INTEGER PRIMARY KEY, 名前 TEXT NOT NULL, "Ñandú" TEXT CHECK ("Ñandú" <> ''));
CREATE INDEX "índice" ON größe ("名前");
-- keeps: SELECT id, "名前", "Ñandú" FROM "größe"

-- case: names with quotes, dots and semicolons
-- current
CREATE TABLE "a.b;c" (id INTEGER PRIMARY KEY, "x""y" TEXT, [p q] TEXT, `r``s` TEXT);
-- rows
INSERT INTO "a.b;c" VALUES (1, '1', '2', '3');
-- desired
CREATE TABLE "a.b;c" (id INTEGER PRIMARY KEY, "x""y" TEXT NOT NULL, "p q" TEXT UNIQUE, "r`s" TEXT DEFAULT ';');
-- keeps: SELECT id, "x""y", "p q", "r`s" FROM "a.b;c"

-- case: names that are keywords
-- current
CREATE TABLE "table" (id INTEGER PRIMARY KEY, "order" TEXT, "group" INT CHECK ("group" > 0), "check" TEXT);
CREATE INDEX "index" ON "table" ("order");
-- rows
INSERT INTO "table" VALUES (1, 'a', 2, 'c');
-- desired
CREATE TABLE "table" (id INTEGER PRIMARY KEY, "order" TEXT NOT NULL, "group" INT CHECK ("group" >= 0), "check" TEXT, "primary" INT);
CREATE UNIQUE INDEX "index" ON "table" ("order", "group");
-- keeps: SELECT id, "order", "group", "check" FROM "table"

-- case: a long name
-- current
CREATE TABLE a_name_that_is_longer_than_the_sixty_three_characters_that_others_allow (id INTEGER PRIMARY KEY);
-- desired
CREATE TABLE a_name_that_is_longer_than_the_sixty_three_characters_that_others_allow (id INTEGER PRIMARY KEY, another_name_that_is_longer_than_the_sixty_three_characters_of_others TEXT UNIQUE);

-- case: a name in single quotes
-- current
CREATE TABLE 't' ('id' INTEGER PRIMARY KEY, 'a' TEXT);
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
-- keeps: SELECT id, a FROM t

-- case: a double-quoted string in a check
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> "none"));
-- rows
INSERT INTO t VALUES (1, 'a');
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT CHECK (a <> 'none'), b TEXT);
-- keeps: SELECT id, a FROM t

-- case: column names that look like what they are not
-- current
CREATE TABLE t (id INTEGER PRIMARY KEY, "constraint" TEXT, "generated" TEXT, always INT, key TEXT, "without" TEXT, strict INT);
-- rows
INSERT INTO t VALUES (1, 'c', 'g', 1, 'k', 'w', 1);
-- desired
CREATE TABLE t (id INTEGER PRIMARY KEY, "constraint" TEXT, "generated" TEXT, always INT NOT NULL, key TEXT, "without" TEXT, strict INT);
-- keeps: SELECT id, "constraint", "generated", always, key, "without", strict FROM t

-- case: hostile names in keys, indexes, views and triggers of a table that is built anew
-- current
CREATE TABLE "select" ("from" INTEGER PRIMARY KEY AUTOINCREMENT, "it's ""so""" TEXT NOT NULL DEFAULT 'it''s', "--" INT, "/* */" INT CHECK ("/* */" <> "--"));
CREATE TABLE "ünïcödé 表" ("where" INTEGER PRIMARY KEY, "и;" INT REFERENCES "select" ("from") ON DELETE CASCADE);
CREATE INDEX "drop table x;" ON "select" ("it's ""so""" DESC, "--");
CREATE VIEW "view""s" AS SELECT "it's ""so""" AS "'", "--" FROM "select";
CREATE TRIGGER "begin; end" AFTER DELETE ON "select" BEGIN DELETE FROM "ünïcödé 表" WHERE "и;" = old."from"; END;
-- rows
INSERT INTO "select" VALUES (1, 'a''b', 2, 3), (7, '"', NULL, 4);
INSERT INTO "ünïcödé 表" VALUES (1, 1), (2, 7);
-- desired
CREATE TABLE "select" ("from" INTEGER PRIMARY KEY AUTOINCREMENT, "it's ""so""" TEXT NOT NULL DEFAULT 'it''s', "--" INT UNIQUE, "/* */" INT CHECK ("/* */" <> "--"), "новый" TEXT DEFAULT (lower('X')));
CREATE TABLE "ünïcödé 表" ("where" INTEGER PRIMARY KEY, "и;" INT NOT NULL REFERENCES "select" ("from") ON DELETE CASCADE);
CREATE INDEX "drop table x;" ON "select" ("it's ""so""" DESC, "--");
CREATE VIEW "view""s" AS SELECT "it's ""so""" AS "'", "--" FROM "select";
CREATE TRIGGER "begin; end" AFTER DELETE ON "select" BEGIN DELETE FROM "ünïcödé 表" WHERE "и;" = old."from"; END;
-- keeps: SELECT "from", "it's ""so""", "--", "/* */" FROM "select"
-- keeps: SELECT * FROM "view""s"
-- keeps: SELECT * FROM "ünïcödé 表"

-- case: hostile names are renamed
-- current
CREATE TABLE "old ""table""" (id INTEGER PRIMARY KEY, "group by" TEXT UNIQUE);
CREATE INDEX "ix ünï" ON "old ""table""" ("group by", id);
-- rows
INSERT INTO "old ""table""" VALUES (1, 'a');
-- desired
CREATE TABLE "new ""table""" ( -- @renamed from="old ""table"""
  id INTEGER PRIMARY KEY,
  "order by" TEXT UNIQUE -- @renamed from="group by"
);
CREATE INDEX "ix ünï" ON "new ""table""" ("order by", id);

-- case: names of sixty-three characters
-- current
CREATE TABLE nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn INTEGER PRIMARY KEY, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnna TEXT);
CREATE INDEX nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnni ON nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnna);
-- rows
INSERT INTO nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn VALUES (1, '1');
-- desired
CREATE TABLE nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn INTEGER PRIMARY KEY, nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnna TEXT NOT NULL CONSTRAINT nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnc CHECK (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnna <> ''));
CREATE INDEX nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnni ON nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn (nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnna);
-- keeps: SELECT * FROM nnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnnn

-- case: what an interrupted change left over is not taken for nothing
-- current
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE TABLE lockstep_new_notes (id INTEGER PRIMARY KEY, body TEXT);
-- rows
INSERT INTO lockstep_new_notes VALUES (1, 'all that is left');
-- desired
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
-- refused: did not end
