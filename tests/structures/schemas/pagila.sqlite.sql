-- A shop that lends films: what it has, where it is, who has it, and what was paid.

CREATE TABLE country (
    country_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    country     VARCHAR(50) NOT NULL UNIQUE,
    last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE city (
    city_id     INTEGER PRIMARY KEY AUTOINCREMENT,
    city        VARCHAR(50) NOT NULL,
    country_id  SMALLINT NOT NULL,
    last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT city_country FOREIGN KEY (country_id) REFERENCES country (country_id) ON DELETE RESTRICT ON UPDATE CASCADE
);

CREATE TABLE address (
    address_id  INTEGER PRIMARY KEY AUTOINCREMENT,
    address     VARCHAR(50) NOT NULL,
    address2    VARCHAR(50) DEFAULT NULL,
    district    VARCHAR(20) NOT NULL,
    city_id     INT NOT NULL REFERENCES city (city_id) ON UPDATE CASCADE,
    postal_code VARCHAR(10) DEFAULT NULL,
    phone       VARCHAR(20) NOT NULL DEFAULT ''
);

CREATE TABLE language (
    language_id INTEGER PRIMARY KEY,
    name        CHAR(20) NOT NULL
);

CREATE TABLE actor (
    actor_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    first_name  VARCHAR(45) NOT NULL,
    last_name   VARCHAR(45) NOT NULL,
    full_name   TEXT GENERATED ALWAYS AS (first_name || ' ' || last_name),
    last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE category (
    category_id INTEGER PRIMARY KEY,
    name        VARCHAR(25) NOT NULL COLLATE NOCASE UNIQUE,
    last_update TEXT NOT NULL DEFAULT (datetime('now', 'localtime'))
);

CREATE TABLE film (
    film_id              INTEGER PRIMARY KEY AUTOINCREMENT,
    title                VARCHAR(255) NOT NULL,
    description          BLOB SUB_TYPE TEXT DEFAULT NULL,
    release_year         INT CHECK (release_year IS NULL OR release_year BETWEEN 1901 AND 2155),
    language_id          SMALLINT NOT NULL REFERENCES language,
    original_language_id SMALLINT DEFAULT NULL REFERENCES language ON DELETE SET NULL,
    rental_duration      SMALLINT DEFAULT 3 NOT NULL,
    rental_rate          DECIMAL(4,2) DEFAULT 4.99 NOT NULL,
    length               SMALLINT DEFAULT NULL,
    replacement_cost     DECIMAL(5,2) DEFAULT 19.99 NOT NULL,
    rating               VARCHAR(10) DEFAULT 'G',
    special_features     JSON DEFAULT '[]',
    last_update          TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    CONSTRAINT known_rating CHECK (rating IN ('G', 'PG', 'PG-13', 'R', 'NC-17')),
    CONSTRAINT features_are_a_list CHECK (json_type(special_features) = 'array')
);

CREATE TABLE film_actor (
    actor_id    INT NOT NULL,
    film_id     INT NOT NULL,
    last_update TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    PRIMARY KEY (actor_id, film_id),
    FOREIGN KEY (actor_id) REFERENCES actor (actor_id) ON DELETE RESTRICT ON UPDATE CASCADE,
    FOREIGN KEY (film_id) REFERENCES film (film_id) ON DELETE RESTRICT ON UPDATE CASCADE
) WITHOUT ROWID;

CREATE TABLE film_category (
    film_id     INT NOT NULL REFERENCES film,
    category_id SMALLINT NOT NULL REFERENCES category,
    PRIMARY KEY (film_id, category_id)
);

-- A store has a manager, and a member of the staff has a store: a circle.
CREATE TABLE store (
    store_id         INTEGER PRIMARY KEY,
    manager_staff_id SMALLINT NOT NULL UNIQUE REFERENCES staff (staff_id) DEFERRABLE INITIALLY DEFERRED,
    address_id       INT NOT NULL REFERENCES address (address_id)
);

CREATE TABLE staff (
    staff_id   INTEGER PRIMARY KEY,
    first_name VARCHAR(45) NOT NULL,
    last_name  VARCHAR(45) NOT NULL,
    address_id INT NOT NULL REFERENCES address (address_id),
    picture    BLOB DEFAULT x'00ff',
    email      VARCHAR(50) DEFAULT NULL,
    store_id   INT NOT NULL REFERENCES store (store_id) ON UPDATE CASCADE,
    active     BOOLEAN DEFAULT TRUE NOT NULL,
    username   VARCHAR(16) NOT NULL,
    password   VARCHAR(40) DEFAULT NULL
);

CREATE TABLE customer (
    customer_id INTEGER PRIMARY KEY AUTOINCREMENT,
    store_id    INT NOT NULL REFERENCES store ON UPDATE CASCADE,
    first_name  VARCHAR(45) NOT NULL,
    last_name   VARCHAR(45) NOT NULL,
    email       VARCHAR(50) DEFAULT NULL COLLATE NOCASE,
    address_id  INT NOT NULL REFERENCES address,
    active      CHAR(1) DEFAULT 'Y' NOT NULL,
    create_date TIMESTAMP NOT NULL
);

CREATE TABLE inventory (
    inventory_id INTEGER PRIMARY KEY,
    film_id      INT NOT NULL REFERENCES film ON DELETE RESTRICT,
    store_id     INT NOT NULL REFERENCES store ON DELETE RESTRICT
);

CREATE TABLE rental (
    rental_id    INTEGER PRIMARY KEY AUTOINCREMENT,
    rental_date  TIMESTAMP NOT NULL,
    inventory_id INT NOT NULL REFERENCES inventory,
    customer_id  INT NOT NULL REFERENCES customer,
    return_date  TIMESTAMP DEFAULT NULL,
    staff_id     SMALLINT NOT NULL REFERENCES staff,
    CHECK (return_date IS NULL OR return_date >= rental_date)
);

CREATE TABLE payment (
    payment_id   INTEGER PRIMARY KEY AUTOINCREMENT,
    customer_id  INT NOT NULL REFERENCES customer,
    staff_id     SMALLINT NOT NULL REFERENCES staff,
    rental_id    INT DEFAULT NULL REFERENCES rental ON DELETE SET NULL,
    amount       DECIMAL(5,2) NOT NULL,
    payment_date TIMESTAMP NOT NULL
) ;

CREATE TABLE setting (
    name  TEXT PRIMARY KEY NOT NULL,
    value ANY,
    since INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT, WITHOUT ROWID;

CREATE INDEX actor_last_name ON actor (last_name COLLATE NOCASE, first_name);
CREATE INDEX customer_of_store ON customer (store_id, last_name);
CREATE INDEX film_title ON film (title);
CREATE INDEX film_feature ON film (json_array_length(special_features)) WHERE special_features <> '[]';
CREATE INDEX inventory_of_store ON inventory (store_id, film_id);
CREATE UNIQUE INDEX rental_once ON rental (rental_date, inventory_id, customer_id);
CREATE INDEX rental_open ON rental (customer_id) WHERE return_date IS NULL;
CREATE INDEX payment_of_day ON payment (date(payment_date), amount DESC);

CREATE VIEW customer_list AS
    SELECT cu.customer_id AS id, cu.first_name || ' ' || cu.last_name AS name, a.address AS address,
           a.postal_code AS "zip code", city.city AS city, country.country AS country,
           CASE WHEN cu.active = 'Y' THEN 'active' ELSE '' END AS notes, cu.store_id AS sid
    FROM customer AS cu
    JOIN address AS a ON cu.address_id = a.address_id
    JOIN city ON a.city_id = city.city_id
    JOIN country ON city.country_id = country.country_id;

CREATE VIEW film_list AS
    SELECT film.film_id AS fid, film.title, category.name AS category, group_concat(actor.full_name, ', ') AS actors
    FROM category
    LEFT JOIN film_category ON category.category_id = film_category.category_id
    LEFT JOIN film ON film_category.film_id = film.film_id
    LEFT JOIN film_actor ON film.film_id = film_actor.film_id
    LEFT JOIN actor ON film_actor.actor_id = actor.actor_id
    GROUP BY film.film_id, category.name;

CREATE VIEW sales_by_store AS
    SELECT s.store_id, sum(p.amount) AS total_sales
    FROM payment AS p JOIN staff AS st USING (staff_id) JOIN store AS s USING (store_id)
    GROUP BY s.store_id HAVING total_sales > 0;

CREATE VIEW open_rental AS
    SELECT rental_id, customer_id, inventory_id FROM rental WHERE return_date IS NULL;

CREATE TRIGGER open_rental_ends INSTEAD OF DELETE ON open_rental BEGIN
    UPDATE rental SET return_date = CURRENT_TIMESTAMP WHERE rental_id = old.rental_id;
END;

CREATE TRIGGER film_changed AFTER UPDATE ON film WHEN old.last_update IS new.last_update BEGIN
    UPDATE film SET last_update = CURRENT_TIMESTAMP WHERE film_id = new.film_id;
END;

CREATE TRIGGER payment_is_paid BEFORE INSERT ON payment WHEN new.amount < 0 BEGIN
    SELECT RAISE(ABORT, 'a payment; of less than nothing');
END;

CREATE VIRTUAL TABLE film_text USING fts4(title, description, tokenize=porter);

CREATE TRIGGER film_text_insert AFTER INSERT ON film BEGIN
    INSERT INTO film_text (docid, title, description) VALUES (new.film_id, new.title, new.description);
END;

CREATE TRIGGER film_text_delete BEFORE DELETE ON film BEGIN
    DELETE FROM film_text WHERE docid = old.film_id;
END;

CREATE VIRTUAL TABLE store_place USING rtree(store_id, south, north, west, east);
