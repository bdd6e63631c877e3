-- A shop for music: artists, their albums and tracks, what is sold to whom, and playlists.

CREATE TABLE artist (
    artist_id INTEGER PRIMARY KEY AUTOINCREMENT,
    name      NVARCHAR(120) NOT NULL COLLATE NOCASE
);

CREATE TABLE album (
    album_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    title     NVARCHAR(160) NOT NULL,
    artist_id INTEGER NOT NULL,
    released  DATE,
    FOREIGN KEY (artist_id) REFERENCES artist (artist_id) ON DELETE NO ACTION ON UPDATE NO ACTION
);

CREATE TABLE genre (
    genre_id INTEGER NOT NULL,
    name     NVARCHAR(120),
    CONSTRAINT pk_genre PRIMARY KEY (genre_id)
);

CREATE TABLE media_type (
    media_type_id INTEGER NOT NULL PRIMARY KEY,
    name          NVARCHAR(120) UNIQUE ON CONFLICT IGNORE
);

CREATE TABLE track (
    track_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    name          NVARCHAR(200) NOT NULL,
    album_id      INTEGER REFERENCES album (album_id) ON DELETE CASCADE,
    media_type_id INTEGER NOT NULL REFERENCES media_type,
    genre_id      INTEGER REFERENCES genre ON DELETE SET NULL ON UPDATE CASCADE,
    composer      NVARCHAR(220),
    milliseconds  INTEGER NOT NULL CHECK (milliseconds >= 0),
    bytes         INTEGER,
    unit_price    NUMERIC(10,2) NOT NULL DEFAULT 0.99,
    seconds       REAL GENERATED ALWAYS AS (milliseconds / 1000.0) VIRTUAL,
    "rate (kbit)" INTEGER AS (CASE WHEN milliseconds > 0 THEN bytes * 8 / milliseconds END) STORED,
    CONSTRAINT track_price CHECK (unit_price BETWEEN 0 AND 1000),
    CONSTRAINT track_of_album UNIQUE (album_id, name COLLATE NOCASE)
);

CREATE TABLE employee (
    employee_id INTEGER PRIMARY KEY,
    last_name   NVARCHAR(20) NOT NULL,
    first_name  NVARCHAR(20) NOT NULL,
    title       NVARCHAR(30),
    reports_to  INTEGER REFERENCES employee (employee_id) DEFERRABLE INITIALLY DEFERRED,
    birth_date  DATETIME,
    hire_date   DATETIME DEFAULT CURRENT_TIMESTAMP,
    email       NVARCHAR(60) CHECK (email IS NULL OR email LIKE '%_@_%')
);

CREATE TABLE customer (
    customer_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name     NVARCHAR(40) NOT NULL,
    last_name      NVARCHAR(20) NOT NULL,
    company        NVARCHAR(80),
    country        NVARCHAR(40) DEFAULT 'none' NOT NULL,
    phone          NVARCHAR(24),
    email          NVARCHAR(60) NOT NULL,
    support_rep_id INTEGER,
    FOREIGN KEY (support_rep_id) REFERENCES employee (employee_id)
);

CREATE TABLE invoice (
    invoice_id      INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id     INTEGER NOT NULL REFERENCES customer,
    invoice_date    DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%d', 'now')),
    billing_country NVARCHAR(40),
    total           NUMERIC(10,2) NOT NULL DEFAULT 0
);

CREATE TABLE invoice_line (
    invoice_line_id INTEGER PRIMARY KEY AUTOINCREMENT,
    invoice_id      INTEGER NOT NULL,
    track_id        INTEGER NOT NULL,
    unit_price      NUMERIC(10,2) NOT NULL,
    quantity        INTEGER NOT NULL DEFAULT 1 CHECK (quantity > 0),
    CONSTRAINT line_of_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (invoice_id) ON DELETE CASCADE,
    CONSTRAINT line_for_track FOREIGN KEY (track_id) REFERENCES track (track_id) ON DELETE RESTRICT
);

CREATE TABLE playlist (
    playlist_id INTEGER PRIMARY KEY,
    name        NVARCHAR(120)
);

CREATE TABLE playlist_track (
    playlist_id INTEGER NOT NULL REFERENCES playlist ON DELETE CASCADE,
    track_id    INTEGER NOT NULL REFERENCES track ON DELETE CASCADE,
    place       INTEGER NOT NULL DEFAULT -1,
    PRIMARY KEY (playlist_id, track_id)
) WITHOUT ROWID;

CREATE INDEX album_artist ON album (artist_id);
CREATE INDEX track_album ON track (album_id, name);
CREATE INDEX track_genre ON track (genre_id) WHERE genre_id IS NOT NULL;
CREATE INDEX track_longest ON track (milliseconds DESC);
CREATE UNIQUE INDEX customer_email ON customer (lower(email));
CREATE INDEX invoice_customer ON invoice (customer_id, invoice_date DESC);
CREATE INDEX line_track ON invoice_line (track_id);

CREATE VIEW album_length (album_id, title, tracks, seconds) AS
    SELECT album.album_id, album.title, count(*), sum(track.seconds)
    FROM album JOIN track ON track.album_id = album.album_id
    GROUP BY album.album_id, album.title;

CREATE VIEW best_seller AS
    WITH sold AS (SELECT track_id, sum(quantity) AS copies FROM invoice_line GROUP BY track_id)
    SELECT track.name, artist.name AS artist, sold.copies,
           rank() OVER (ORDER BY sold.copies DESC) AS place
    FROM sold
    JOIN track USING (track_id)
    JOIN album USING (album_id)
    JOIN artist USING (artist_id);

CREATE VIEW "long albums" AS SELECT title FROM album_length WHERE seconds > 3600 ORDER BY title;

CREATE VIRTUAL TABLE track_text USING fts5(name, composer, content = 'track', content_rowid = 'track_id', tokenize = 'unicode61 remove_diacritics 2');

CREATE TRIGGER track_text_insert AFTER INSERT ON track BEGIN
    INSERT INTO track_text (rowid, name, composer) VALUES (new.track_id, new.name, new.composer);
END;

CREATE TRIGGER track_text_delete AFTER DELETE ON track BEGIN
    INSERT INTO track_text (track_text, rowid, name, composer) VALUES ('delete', old.track_id, old.name, old.composer);
END;

CREATE TRIGGER track_text_update AFTER UPDATE OF name, composer ON track BEGIN
    INSERT INTO track_text (track_text, rowid, name, composer) VALUES ('delete', old.track_id, old.name, old.composer);
    INSERT INTO track_text (rowid, name, composer) VALUES (new.track_id, new.name, new.composer);
END;

CREATE TRIGGER invoice_total AFTER INSERT ON invoice_line FOR EACH ROW BEGIN
    UPDATE invoice SET total = total + new.unit_price * new.quantity WHERE invoice_id = new.invoice_id;
END;
