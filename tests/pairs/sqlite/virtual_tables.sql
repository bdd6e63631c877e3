-- case: a full-text table comes
-- current
-- desired
CREATE VIRTUAL TABLE notes USING fts5(title, body, tokenize = 'porter ascii');

-- case: a full-text table goes, and its shadows with it
-- current
CREATE VIRTUAL TABLE notes USING fts5(title, body);
CREATE TABLE kept (id INTEGER PRIMARY KEY);
-- desired
CREATE TABLE kept (id INTEGER PRIMARY KEY);

-- case: a full-text table gets another column
-- current
CREATE VIRTUAL TABLE notes USING fts5(title, body);
-- rows
INSERT INTO notes (rowid, title, body) VALUES (5, 'one', 'first words'), (9, 'two', 'second words');
-- desired
CREATE VIRTUAL TABLE notes USING fts5(title, body, lang UNINDEXED);
-- keeps: SELECT rowid, title, body FROM notes ORDER BY rowid
-- keeps: SELECT rowid FROM notes WHERE notes MATCH 'second'

-- case: a full-text table loses a column
-- current
CREATE VIRTUAL TABLE notes USING fts5(title, body, lang);
-- rows
INSERT INTO notes (rowid, title, body, lang) VALUES (5, 'one', 'first words', 'en');
-- desired
CREATE VIRTUAL TABLE notes USING fts5(title, body);
-- keeps: SELECT rowid, title, body FROM notes

-- case: a full-text table gets another tokenizer
-- current
CREATE VIRTUAL TABLE notes USING fts5(body);
-- rows
INSERT INTO notes (rowid, body) VALUES (5, 'running dogs');
-- desired
CREATE VIRTUAL TABLE notes USING fts5(body, tokenize = 'porter unicode61', prefix = '2 3');
-- keeps: SELECT rowid, body FROM notes
-- keeps: SELECT rowid FROM notes WHERE notes MATCH 'dogs'

-- case: a full-text table keeps the settings it was given
-- current
CREATE VIRTUAL TABLE notes USING fts5(body);
-- rows
INSERT INTO notes (rowid, body) VALUES (1, 'words');
INSERT INTO notes (notes, rank) VALUES ('automerge', 3);
-- desired
CREATE VIRTUAL TABLE notes USING fts5(body, detail = 'column');
-- keeps: SELECT v FROM notes_config WHERE k = 'automerge'

-- case: spaces and quotes in options are no change
-- current
CREATE VIRTUAL TABLE notes USING fts5(title,body,tokenize='porter ascii');
-- desired
CREATE VIRTUAL TABLE notes USING FTS5( "title" , body , tokenize = "porter ascii" );

-- case: a full-text index over a table comes and is filled
-- current
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
-- rows
INSERT INTO notes VALUES (7, 'first words');
-- desired
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE notes_index USING fts5(body, content = 'notes', content_rowid = 'id');
CREATE TRIGGER notes_ai AFTER INSERT ON notes BEGIN INSERT INTO notes_index (rowid, body) VALUES (new.id, new.body); END;
-- keeps: SELECT id, body FROM notes

-- case: a full-text index over a table changes and is filled again
-- current
CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
CREATE VIRTUAL TABLE notes_index USING fts5(body, content = 'notes', content_rowid = 'id');
-- rows
INSERT INTO notes VALUES (7, 'title', 'first words');
INSERT INTO notes_index (notes_index) VALUES ('rebuild');
-- desired
CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
CREATE VIRTUAL TABLE notes_index USING fts5(title, body, content = 'notes', content_rowid = 'id');
-- keeps: SELECT rowid FROM notes_index WHERE notes_index MATCH 'first'

-- case: the table of a full-text index is built anew
-- current
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE notes_index USING fts5(body, content = 'notes', content_rowid = 'id');
CREATE TRIGGER notes_ai AFTER INSERT ON notes BEGIN INSERT INTO notes_index (rowid, body) VALUES (new.id, new.body); END;
CREATE TRIGGER notes_ad AFTER DELETE ON notes BEGIN INSERT INTO notes_index (notes_index, rowid, body) VALUES ('delete', old.id, old.body); END;
-- rows
INSERT INTO notes VALUES (7, 'first words'), (8, 'other words');
-- desired
CREATE TABLE notes (id INTEGER PRIMARY KEY, body TEXT NOT NULL DEFAULT '');
CREATE VIRTUAL TABLE notes_index USING fts5(body, content = 'notes', content_rowid = 'id');
CREATE TRIGGER notes_ai AFTER INSERT ON notes BEGIN INSERT INTO notes_index (rowid, body) VALUES (new.id, new.body); END;
CREATE TRIGGER notes_ad AFTER DELETE ON notes BEGIN INSERT INTO notes_index (notes_index, rowid, body) VALUES ('delete', old.id, old.body); END;
-- keeps: SELECT rowid FROM notes_index WHERE notes_index MATCH 'words' ORDER BY rowid
-- keeps: SELECT id, body FROM notes ORDER BY id

-- case: a full-text index that keeps no text cannot be made anew
-- current
CREATE VIRTUAL TABLE words USING fts5(body, content = '');
-- rows
INSERT INTO words (rowid, body) VALUES (1, 'some words');
-- desired
CREATE VIRTUAL TABLE words USING fts5(title, body, content = '');
-- refused: kept nowhere

-- case: a full-text index that keeps no text and is empty changes
-- current
CREATE VIRTUAL TABLE words USING fts5(body, content = '');
-- desired
CREATE VIRTUAL TABLE words USING fts5(title, body, content = '');

-- case: an older full-text table
-- current
CREATE VIRTUAL TABLE notes USING fts4(title, body);
-- rows
INSERT INTO notes (docid, title, body) VALUES (5, 'one', 'first words');
-- desired
CREATE VIRTUAL TABLE notes USING fts4(title, body, tokenize=porter);
-- keeps: SELECT docid, title, body FROM notes

-- case: an older full-text table becomes a newer one
-- current
CREATE VIRTUAL TABLE notes USING fts3(title, body);
-- rows
INSERT INTO notes (docid, title, body) VALUES (5, 'one', 'first words');
-- desired
CREATE VIRTUAL TABLE notes USING fts5(title, body);
-- keeps: SELECT rowid, title, body FROM notes

-- case: an R-tree gets another dimension
-- current
CREATE VIRTUAL TABLE boxes USING rtree(id, min_x, max_x);
-- rows
INSERT INTO boxes VALUES (1, 0, 10), (2, 5, 6);
-- desired
CREATE VIRTUAL TABLE boxes USING rtree(id, min_x, max_x, min_y, max_y);
-- keeps: SELECT id, min_x, max_x FROM boxes ORDER BY id

-- case: an R-tree gets a column beside
-- current
CREATE VIRTUAL TABLE boxes USING rtree(id, min_x, max_x);
-- rows
INSERT INTO boxes VALUES (1, 0, 10);
-- desired
CREATE VIRTUAL TABLE boxes USING rtree(id, min_x, max_x, +label TEXT);
-- keeps: SELECT id, min_x, max_x FROM boxes

-- case: a full-text table is renamed
-- current
CREATE VIRTUAL TABLE old_notes USING fts5(body);
-- rows
INSERT INTO old_notes (rowid, body) VALUES (3, 'words');
-- desired
CREATE VIRTUAL TABLE new_notes USING fts5(body); -- @renamed from=old_notes

-- case: a table beside a virtual one has a name like a shadow
-- current
CREATE VIRTUAL TABLE notes USING fts5(body);
CREATE TABLE notes_extra (id INTEGER PRIMARY KEY);
-- desired
CREATE VIRTUAL TABLE notes USING fts5(body);
CREATE TABLE notes_extra (id INTEGER PRIMARY KEY, a TEXT);

-- case: a column of a full-text table gets another name, and its texts stay
-- current
CREATE VIRTUAL TABLE letters USING fts5(subject, body, tokenize = 'porter');
-- rows
INSERT INTO letters (rowid, subject, body) VALUES (4, 'greetings', 'from the sea'), (9, 'news', 'of walking');
-- desired
CREATE VIRTUAL TABLE letters USING fts5(
  headline, -- @renamed from=subject
  body,
  tokenize = 'porter'
);
-- keeps: SELECT rowid, body FROM letters WHERE letters MATCH 'greeting OR walk' ORDER BY rowid

-- case: a table and its column get other names where a module keeps the rows
-- current
CREATE VIRTUAL TABLE areas USING rtree(id, west, east);
-- rows
INSERT INTO areas VALUES (1, 2.0, 3.0), (2, 5.0, 8.5);
-- desired
CREATE VIRTUAL TABLE zones USING rtree( -- @renamed from=areas
  id,
  left, -- @renamed from=west
  east
);

-- case: an index over a text goes with the text, and is filled again on the way back
-- current
CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE words USING fts5(body, content=docs, content_rowid=id);
CREATE VIRTUAL TABLE terms USING fts5vocab(words, 'row');
CREATE TRIGGER fed AFTER INSERT ON docs BEGIN INSERT INTO words (rowid, body) VALUES (NEW.id, NEW.body); END;
CREATE TABLE other (id INT);
-- rows
INSERT INTO docs VALUES (1, 'red'), (7, 'blue');
-- desired
CREATE TABLE other (id INT);
-- returns: SELECT rowid FROM words WHERE words MATCH 'blue'

-- case: an index over a text goes alone, and is filled again on the way back
-- current
CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
CREATE VIRTUAL TABLE words USING fts5(body, content=docs, content_rowid=id);
-- rows
INSERT INTO docs VALUES (1, 'red'), (7, 'blue');
INSERT INTO words (words) VALUES ('rebuild');
-- desired
CREATE TABLE docs (id INTEGER PRIMARY KEY, body TEXT);
-- returns: SELECT rowid, body FROM words WHERE words MATCH 'blue'

-- case: a full-text table with texts of its own comes back with the numbers of its rows
-- current
CREATE VIRTUAL TABLE notes USING fts5(body, tag UNINDEXED);
CREATE VIRTUAL TABLE older USING fts4(body);
CREATE TABLE other (id INT);
-- rows
INSERT INTO notes (rowid, body, tag) VALUES (7, 'blue', 'x'), (9, 'red', NULL);
INSERT INTO older (docid, body) VALUES (70, 'blue');
-- desired
CREATE TABLE other (id INT);
-- returns: SELECT rowid, body, tag FROM notes WHERE notes MATCH 'blue'
-- returns: SELECT docid, body FROM older WHERE older MATCH 'blue'

-- case: an index without a text does not go while it holds something
-- current
CREATE VIRTUAL TABLE words USING fts5(body, content='');
CREATE TABLE other (id INT);
-- rows
INSERT INTO words (rowid, body) VALUES (7, 'blue');
-- desired
CREATE TABLE other (id INT);
-- refused: gives the index up: [[Some("7"), Some("7")]]

-- case: what shows the words of an index is made anew
-- current
CREATE VIRTUAL TABLE words USING fts5(body);
CREATE VIRTUAL TABLE terms USING fts5vocab(words, 'row');
-- rows
INSERT INTO words VALUES ('red blue red');
-- desired
CREATE VIRTUAL TABLE words USING fts5(body, tag);
CREATE VIRTUAL TABLE terms USING fts5vocab(words, 'col');
-- keeps: SELECT term FROM terms ORDER BY term

-- case: boxes lose a dimension, and get it back
-- current
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, y0, y1);
-- rows
INSERT INTO boxes VALUES (1, 0, 1, 20, 30), (2, 5, 6, -7, -6);
-- desired
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1);

-- case: a view changes over which there is an index
-- current
CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
CREATE VIEW texts AS SELECT id, title AS words FROM docs;
CREATE VIRTUAL TABLE found USING fts5(words, content=texts, content_rowid=id);
-- rows
INSERT INTO docs VALUES (7, 'red', 'blue');
INSERT INTO found (found) VALUES ('rebuild');
-- desired
CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body TEXT);
CREATE VIEW texts AS SELECT id, title AS words, body AS rest FROM docs;
CREATE VIRTUAL TABLE found USING fts5(words, content=texts, content_rowid=id);
-- keeps: SELECT rowid, words FROM found WHERE found MATCH 'red'

-- case: rows of an older full-text table keep their language
-- current
CREATE VIRTUAL TABLE notes USING fts4(body, languageid="lid");
-- rows
INSERT INTO notes (docid, body, lid) VALUES (3, 'red', 7), (4, 'blue', 0);
-- desired
CREATE VIRTUAL TABLE notes USING fts4(body, tag, languageid="lid");
-- keeps: SELECT docid, lid FROM notes WHERE notes MATCH 'red' AND lid = 7

-- case: boxes keep their numbers under another name
-- current
CREATE VIRTUAL TABLE boxes USING rtree(id, x0, x1, +tag TEXT);
-- rows
INSERT INTO boxes VALUES (7, 1, 2, 'x');
-- desired
CREATE VIRTUAL TABLE boxes USING rtree(number, x0, x1, +tag TEXT);
-- keeps: SELECT x0, x1, tag FROM boxes WHERE rowid = 7
