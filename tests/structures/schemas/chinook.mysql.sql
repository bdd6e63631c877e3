-- A shop for music: artists, their albums and tracks, playlists, customers and what they bought.

CREATE TABLE artist (
  artist_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(120) NOT NULL,
  sort_name VARCHAR(120) GENERATED ALWAYS AS (LOWER(TRIM(LEADING 'The ' FROM name))) STORED,
  PRIMARY KEY (artist_id),
  KEY artist_by_sort_name (sort_name)
) COMMENT='who plays';

CREATE TABLE album (
  album_id INT NOT NULL AUTO_INCREMENT,
  title VARCHAR(160) NOT NULL,
  artist_id INT NOT NULL,
  released DATE,
  PRIMARY KEY (album_id),
  FOREIGN KEY (artist_id) REFERENCES artist (artist_id) ON UPDATE CASCADE,
  FULLTEXT KEY album_words (title)
);

CREATE TABLE media_type (
  media_type_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120) COLLATE utf8mb4_bin DEFAULT NULL,
  UNIQUE KEY media_type_name (name)
);

CREATE TABLE genre (
  genre_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120),
  parent_id INT,
  CONSTRAINT genre_parent FOREIGN KEY (parent_id) REFERENCES genre (genre_id) ON DELETE SET NULL
);

CREATE TABLE track (
  track_id INT NOT NULL AUTO_INCREMENT,
  name VARCHAR(200) NOT NULL,
  album_id INT,
  media_type_id INT NOT NULL,
  genre_id INT,
  composer VARCHAR(220),
  milliseconds INT UNSIGNED NOT NULL,
  bytes BIGINT UNSIGNED DEFAULT NULL,
  unit_price DECIMAL(10,2) NOT NULL DEFAULT 0.99,
  seconds DECIMAL(12,3) GENERATED ALWAYS AS (milliseconds / 1000) VIRTUAL,
  added_at TIMESTAMP(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
  PRIMARY KEY (track_id),
  KEY track_by_album (album_id, name(40)),
  CONSTRAINT track_album FOREIGN KEY (album_id) REFERENCES album (album_id) ON DELETE CASCADE,
  CONSTRAINT track_media FOREIGN KEY (media_type_id) REFERENCES media_type (media_type_id),
  CONSTRAINT track_genre FOREIGN KEY (genre_id) REFERENCES genre (genre_id) ON DELETE SET NULL ON UPDATE CASCADE,
  CONSTRAINT track_price CHECK (unit_price >= 0 AND unit_price < 1000),
  CONSTRAINT track_length CHECK (milliseconds > 0)
);

CREATE TABLE playlist (
  playlist_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name VARCHAR(120) NOT NULL DEFAULT 'it''s untitled'
);

CREATE TABLE playlist_track (
  playlist_id INT NOT NULL,
  track_id INT NOT NULL,
  position SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (playlist_id, track_id),
  UNIQUE KEY playlist_order (playlist_id, position, track_id),
  FOREIGN KEY (playlist_id) REFERENCES playlist (playlist_id) ON DELETE CASCADE,
  FOREIGN KEY (track_id) REFERENCES track (track_id) ON DELETE CASCADE
);

CREATE TABLE employee (
  employee_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  last_name VARCHAR(20) NOT NULL,
  first_name VARCHAR(20) NOT NULL,
  title VARCHAR(30),
  reports_to INT,
  birth_date DATETIME,
  hire_date DATETIME,
  email VARCHAR(60) CHARACTER SET ascii COLLATE ascii_general_ci,
  UNIQUE KEY employee_email (email),
  CONSTRAINT employee_boss FOREIGN KEY (reports_to) REFERENCES employee (employee_id)
);

CREATE TABLE customer (
  customer_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  first_name VARCHAR(40) NOT NULL,
  last_name VARCHAR(20) NOT NULL,
  company VARCHAR(80),
  address VARCHAR(70),
  city VARCHAR(40),
  country CHAR(2) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'DE',
  email VARCHAR(60) NOT NULL,
  preferences JSON,
  support_rep_id INT,
  KEY customer_by_name (last_name, first_name),
  KEY customer_by_place (country, city DESC),
  CONSTRAINT customer_support FOREIGN KEY (support_rep_id) REFERENCES employee (employee_id) ON DELETE SET NULL
);

CREATE TABLE invoice (
  invoice_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT NOT NULL,
  invoice_date DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,
  billing_country CHAR(2),
  state ENUM('open', 'paid', 'void', 'in dispute') NOT NULL DEFAULT 'open',
  total DECIMAL(10,2) NOT NULL,
  updated_at DATETIME(6) DEFAULT NULL ON UPDATE CURRENT_TIMESTAMP(6),
  KEY invoice_by_state (state, invoice_date),
  CONSTRAINT invoice_customer FOREIGN KEY (customer_id) REFERENCES customer (customer_id),
  CONSTRAINT invoice_total CHECK (total >= 0)
);

CREATE TABLE invoice_line (
  invoice_line_id INT NOT NULL AUTO_INCREMENT PRIMARY KEY,
  invoice_id INT NOT NULL,
  track_id INT NOT NULL,
  unit_price DECIMAL(10,2) NOT NULL,
  quantity INT NOT NULL DEFAULT 1,
  amount DECIMAL(12,2) AS (unit_price * quantity) STORED,
  CONSTRAINT line_invoice FOREIGN KEY (invoice_id) REFERENCES invoice (invoice_id) ON DELETE CASCADE,
  CONSTRAINT line_track FOREIGN KEY (track_id) REFERENCES track (track_id)
);

CREATE VIEW album_length AS
SELECT al.album_id, al.title, ar.name AS artist, COUNT(t.track_id) AS tracks, SUM(t.milliseconds) AS milliseconds
FROM album al JOIN artist ar ON ar.artist_id = al.artist_id LEFT JOIN track t ON t.album_id = al.album_id
GROUP BY al.album_id, al.title, ar.name;

CREATE VIEW best_customers AS
SELECT c.customer_id, CONCAT(c.first_name, ' ', c.last_name) AS name, SUM(i.total) AS spent
FROM customer c JOIN invoice i ON i.customer_id = c.customer_id
WHERE i.state <> 'void'
GROUP BY c.customer_id, c.first_name, c.last_name
HAVING SUM(i.total) > 40;

CREATE TRIGGER invoice_line_added AFTER INSERT ON invoice_line FOR EACH ROW
  UPDATE invoice SET total = total + NEW.unit_price * NEW.quantity WHERE invoice_id = NEW.invoice_id;

CREATE FUNCTION price_of(which INT) RETURNS DECIMAL(10,2) READS SQL DATA
  RETURN (SELECT unit_price FROM track WHERE track_id = which);
