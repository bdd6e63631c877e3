-- case: a table with rows is cut into partitions, and everything on it comes along
-- current
CREATE TABLE meter (id serial PRIMARY KEY, zone text NOT NULL DEFAULT 'north');
CREATE TABLE reading (
    id bigserial, meter int NOT NULL REFERENCES meter (id), taken date NOT NULL, value numeric(8, 2),
    scaled numeric GENERATED ALWAYS AS (value * 10) STORED, UNIQUE (id, taken)
);
CREATE INDEX reading_taken ON reading (taken);
CREATE TABLE remark (reading bigint, taken date, words text, FOREIGN KEY (reading, taken) REFERENCES reading (id, taken));
CREATE VIEW reading_days AS SELECT taken, count(*) AS readings FROM reading GROUP BY taken;
CREATE FUNCTION reading_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more readings'; END $$;
CREATE TRIGGER reading_guarded BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION reading_guard();
ALTER TABLE reading ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading_all ON reading USING (value > 0);
COMMENT ON TABLE reading IS 'what a meter says';
-- rows
INSERT INTO meter VALUES (1, 'north'), (2, 'south');
ALTER TABLE reading DISABLE TRIGGER reading_guarded;
INSERT INTO reading (id, meter, taken, value) VALUES (1, 1, '2020-01-05', 1.5), (2, 2, '2020-02-05', -2), (3, 1, '2021-07-01', NULL);
ALTER TABLE reading ENABLE TRIGGER reading_guarded;
INSERT INTO remark VALUES (2, '2020-02-05', 'odd');
-- desired
CREATE TABLE meter (id serial PRIMARY KEY, zone text NOT NULL DEFAULT 'north');
CREATE TABLE reading (
    id bigserial, meter int NOT NULL REFERENCES meter (id), taken date NOT NULL, value numeric(8, 2),
    scaled numeric GENERATED ALWAYS AS (value * 10) STORED, UNIQUE (id, taken)
) PARTITION BY RANGE (taken);
CREATE TABLE reading_2020 PARTITION OF reading FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE reading_rest PARTITION OF reading DEFAULT;
CREATE INDEX reading_taken ON reading (taken);
CREATE TABLE remark (reading bigint, taken date, words text, FOREIGN KEY (reading, taken) REFERENCES reading (id, taken));
CREATE VIEW reading_days AS SELECT taken, count(*) AS readings FROM reading GROUP BY taken;
CREATE FUNCTION reading_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more readings'; END $$;
CREATE TRIGGER reading_guarded BEFORE INSERT ON reading FOR EACH ROW EXECUTE FUNCTION reading_guard();
ALTER TABLE reading ENABLE ROW LEVEL SECURITY;
CREATE POLICY reading_all ON reading USING (value > 0);
COMMENT ON TABLE reading IS 'what a meter says';
-- keeps: SELECT id, meter, taken, value, scaled FROM reading ORDER BY id
-- keeps: SELECT reading, words FROM remark
-- keeps: SELECT last_value, is_called FROM reading_id_seq

-- case: partitions by another key, rows and counter come along
-- current
CREATE TABLE parcel (id int GENERATED ALWAYS AS IDENTITY, country text NOT NULL, weight int NOT NULL) PARTITION BY LIST (country);
CREATE TABLE parcel_a PARTITION OF parcel FOR VALUES IN ('at', 'ch');
CREATE TABLE parcel_b PARTITION OF parcel DEFAULT;
CREATE INDEX parcel_weight ON parcel (weight);
-- rows
INSERT INTO parcel (country, weight) VALUES ('at', 5), ('fr', 40), ('ch', 12), ('es', 3);
DELETE FROM parcel WHERE weight = 3;
-- desired
CREATE TABLE parcel (id int GENERATED ALWAYS AS IDENTITY, country text NOT NULL, weight int NOT NULL) PARTITION BY RANGE (weight);
CREATE TABLE parcel_light PARTITION OF parcel FOR VALUES FROM (0) TO (10);
CREATE TABLE parcel_heavy PARTITION OF parcel FOR VALUES FROM (10) TO (100);
CREATE INDEX parcel_weight ON parcel (weight);
-- keeps: SELECT id, country, weight FROM parcel ORDER BY id
-- keeps: SELECT last_value, is_called FROM parcel_id_seq

-- case: a row that no partition takes
-- current
CREATE TABLE ticket (id int, level int);
-- rows
INSERT INTO ticket VALUES (1, 1), (2, 7);
-- desired
CREATE TABLE ticket (id int, level int) PARTITION BY LIST (level);
CREATE TABLE ticket_low PARTITION OF ticket FOR VALUES IN (1, 2, 3);
-- refused: has no partition to go to

-- case: the key's column gets another type
-- current
CREATE TABLE visit (id int, who text) PARTITION BY HASH (id);
CREATE TABLE visit_0 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- rows
INSERT INTO visit SELECT n, 'v' || n FROM generate_series(1, 9) n;
-- desired
CREATE TABLE visit (id bigint, who text) PARTITION BY HASH (id);
CREATE TABLE visit_0 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE visit_1 PARTITION OF visit FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- keeps: SELECT id::text, who FROM visit ORDER BY id

-- case: a table with a row of somewhere else does not become a partition
-- current
CREATE TABLE log (day date NOT NULL, line text) PARTITION BY RANGE (day);
CREATE TABLE log_may (day date NOT NULL, line text);
-- rows
INSERT INTO log_may VALUES ('2024-05-03', 'a'), ('2024-06-01', 'june');
-- desired
CREATE TABLE log (day date NOT NULL, line text) PARTITION BY RANGE (day);
CREATE TABLE log_may PARTITION OF log FOR VALUES FROM ('2024-05-01') TO ('2024-06-01');
-- refused: does not belong to the partition

-- case: rows of the default partition that a new one would claim
-- current
CREATE TABLE entry (kind text, n int) PARTITION BY LIST (kind);
CREATE TABLE entry_rest PARTITION OF entry DEFAULT;
-- rows
INSERT INTO entry VALUES ('x', 1), ('y', 2);
-- desired
CREATE TABLE entry (kind text, n int) PARTITION BY LIST (kind);
CREATE TABLE entry_rest PARTITION OF entry DEFAULT;
CREATE TABLE entry_y PARTITION OF entry FOR VALUES IN ('y');
-- refused: would belong to the new partition

-- case: a partition moves to another table with its rows
-- current
CREATE TABLE old_stock (id int, bin text) PARTITION BY LIST (bin);
CREATE TABLE stock_a PARTITION OF old_stock (PRIMARY KEY (id, bin)) FOR VALUES IN ('a');
-- rows
INSERT INTO old_stock VALUES (1, 'a'), (2, 'a');
-- desired
CREATE TABLE new_stock (id int, bin text) PARTITION BY LIST (bin);
CREATE TABLE stock_a PARTITION OF new_stock (PRIMARY KEY (id, bin)) FOR VALUES IN ('a');
-- keeps: SELECT id, bin FROM stock_a ORDER BY id

-- case: partitions with keys of their own, and foreign keys between partitions
-- current
CREATE TABLE seat (row_no int, hall text) PARTITION BY LIST (hall);
CREATE UNIQUE INDEX seat_place ON seat (hall, row_no);
-- desired
CREATE TABLE seat (row_no int, hall text) PARTITION BY LIST (hall);
CREATE TABLE seat_red PARTITION OF seat (PRIMARY KEY (hall, row_no)) FOR VALUES IN ('red');
CREATE TABLE seat_blue PARTITION OF seat (UNIQUE (hall, row_no)) FOR VALUES IN ('blue');
CREATE UNIQUE INDEX seat_place ON seat (hall, row_no);
CREATE TABLE booking (row_no int, hall text) PARTITION BY LIST (hall);
CREATE TABLE booking_red PARTITION OF booking FOR VALUES IN ('red');
ALTER TABLE booking ADD CONSTRAINT booking_seat FOREIGN KEY (hall, row_no) REFERENCES seat (hall, row_no);
ALTER TABLE booking_red ADD CONSTRAINT booking_red_seat FOREIGN KEY (hall, row_no) REFERENCES seat_red (hall, row_no);

-- case: a partition that foreign keys can point into is dropped
-- current
CREATE TABLE shelf (id int, floor int, PRIMARY KEY (id, floor)) PARTITION BY LIST (floor);
CREATE TABLE shelf_1 PARTITION OF shelf FOR VALUES IN (1);
CREATE TABLE shelf_2 PARTITION OF shelf FOR VALUES IN (2);
CREATE TABLE box (id int PRIMARY KEY, shelf int, floor int, FOREIGN KEY (shelf, floor) REFERENCES shelf (id, floor));
-- rows
INSERT INTO shelf VALUES (1, 1);
INSERT INTO box VALUES (1, 1, 1), (2, NULL, NULL);
-- desired
CREATE TABLE shelf (id int, floor int, PRIMARY KEY (id, floor)) PARTITION BY LIST (floor);
CREATE TABLE shelf_1 PARTITION OF shelf FOR VALUES IN (1);
CREATE TABLE box (id int PRIMARY KEY, shelf int, floor int, FOREIGN KEY (shelf, floor) REFERENCES shelf (id, floor));
-- keeps: SELECT id, shelf, floor FROM box ORDER BY id

-- case: a partition that a row points into is not dropped
-- current
CREATE TABLE shelf (id int, floor int, PRIMARY KEY (id, floor)) PARTITION BY LIST (floor);
CREATE TABLE shelf_2 PARTITION OF shelf FOR VALUES IN (2);
CREATE TABLE box (id int PRIMARY KEY, shelf int, floor int, FOREIGN KEY (shelf, floor) REFERENCES shelf (id, floor));
-- rows
INSERT INTO shelf VALUES (1, 2);
INSERT INTO box VALUES (1, 1, 2);
-- desired
CREATE TABLE shelf (id int, floor int, PRIMARY KEY (id, floor)) PARTITION BY LIST (floor);
CREATE TABLE box (id int PRIMARY KEY, shelf int, floor int, FOREIGN KEY (shelf, floor) REFERENCES shelf (id, floor));
-- refused: points to a row of public.shelf_2

-- case: an index of a partitioned table that is not whole yet
-- current
CREATE TABLE track (id int, genre text) PARTITION BY LIST (genre);
CREATE TABLE track_jazz PARTITION OF track FOR VALUES IN ('jazz');
-- desired
CREATE TABLE track (id int, genre text) PARTITION BY LIST (genre);
CREATE TABLE track_jazz PARTITION OF track FOR VALUES IN ('jazz');
CREATE INDEX track_id ON ONLY track (id);

-- case: a parent loses a column that a child keeps
-- current
CREATE TABLE base (id int, hint text);
CREATE TABLE leaf (extra int) INHERITS (base);
CREATE TABLE twig (more int) INHERITS (base);
-- rows
INSERT INTO leaf VALUES (1, 'kept', 10), (2, 'kept too', 20);
-- desired
CREATE TABLE base (id int);
CREATE TABLE leaf (hint text, extra int) INHERITS (base);
CREATE TABLE twig (more int) INHERITS (base);
-- keeps: SELECT id, hint, extra FROM leaf ORDER BY id

-- case: a partitioned table goes, with its partitions
-- current
CREATE TABLE herd (id int PRIMARY KEY) PARTITION BY RANGE (id);
CREATE TABLE herd_1 PARTITION OF herd FOR VALUES FROM (0) TO (10) PARTITION BY RANGE (id);
CREATE TABLE herd_11 PARTITION OF herd_1 FOR VALUES FROM (0) TO (5);
-- rows
INSERT INTO herd VALUES (1), (4);
-- desired
CREATE TABLE lone (id int);

-- case: a parent goes, its children stay with their rows
-- current
CREATE TABLE animal (id int, name text);
CREATE TABLE cat (lives int) INHERITS (animal);
-- rows
INSERT INTO animal VALUES (1, 'any');
INSERT INTO cat VALUES (2, 'tom', 9);
-- desired
CREATE TABLE cat (id int, name text, lives int);
-- keeps: SELECT id, name, lives FROM cat

-- case: a table becomes a child, and another one leaves
-- current
CREATE TABLE thing (id bigint NOT NULL, kind text);
CREATE TABLE left_thing (x int) INHERITS (thing);
CREATE TABLE new_thing (id bigint NOT NULL, kind text, y int);
-- desired
CREATE TABLE thing (id bigint NOT NULL, kind varchar(40), n int, CONSTRAINT positive CHECK (id > 0));
CREATE TABLE left_thing (id bigint NOT NULL, kind text, x int);
CREATE TABLE new_thing (id bigint NOT NULL, kind varchar(40), n int, y int) INHERITS (thing);

-- case: partitions that get other bounds while the whole changes
-- current
CREATE TABLE readings (id int, place text, at date) PARTITION BY LIST (place);
CREATE TABLE north PARTITION OF readings FOR VALUES IN ('n') PARTITION BY RANGE (at);
CREATE TABLE north_old PARTITION OF north FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE south PARTITION OF readings FOR VALUES IN ('s', 'sw');
-- rows
INSERT INTO readings VALUES (1, 'n', '2020-01-01'), (2, 's', '2021-01-01');
-- desired
CREATE TABLE readings (id bigint NOT NULL, place text, at date, note text DEFAULT 'none', CONSTRAINT counted CHECK (id > 0)) PARTITION BY LIST (place);
CREATE TABLE north PARTITION OF readings FOR VALUES IN ('n', 'ne') PARTITION BY RANGE (at);
CREATE TABLE north_old PARTITION OF north FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE north_new PARTITION OF north FOR VALUES FROM ('2024-01-01') TO (MAXVALUE);
CREATE TABLE south PARTITION OF readings FOR VALUES IN ('s');
CREATE TABLE west PARTITION OF readings FOR VALUES IN ('w', 'sw');

-- case: what partitions have of an index and of a key bears names of their own
-- current
CREATE TABLE visits (guest int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO (MAXVALUE) PARTITION BY LIST (guest);
CREATE TABLE visits_one PARTITION OF visits_new FOR VALUES IN (1);
-- rows
INSERT INTO visits VALUES (1, '2020-05-05'), (1, '2025-05-05');
-- desired
CREATE TABLE visits (guest int NOT NULL, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (MINVALUE) TO ('2024-01-01');
CREATE TABLE visits_new PARTITION OF visits FOR VALUES FROM ('2024-01-01') TO (MAXVALUE) PARTITION BY LIST (guest);
CREATE TABLE visits_one PARTITION OF visits_new FOR VALUES IN (1);
CREATE INDEX by_guest ON ONLY visits (guest);
CREATE INDEX by_guest_old ON visits_old (guest);
CREATE INDEX by_guest_new ON ONLY visits_new (guest);
CREATE INDEX by_guest_one ON visits_one (guest);
ALTER INDEX by_guest_new ATTACH PARTITION by_guest_one;
ALTER INDEX by_guest ATTACH PARTITION by_guest_new;
ALTER INDEX by_guest ATTACH PARTITION by_guest_old;
ALTER TABLE visits_old ADD CONSTRAINT once_old PRIMARY KEY (guest, day);
ALTER TABLE visits ADD CONSTRAINT once PRIMARY KEY (guest, day);

-- case: a key that not every partition had becomes whole
-- current
CREATE TABLE orders (id int NOT NULL, land text NOT NULL) PARTITION BY LIST (land);
CREATE TABLE orders_at PARTITION OF orders FOR VALUES IN ('at');
ALTER TABLE ONLY orders ADD CONSTRAINT orders_key PRIMARY KEY (land, id);
CREATE UNIQUE INDEX orders_at_key ON orders_at (land, id);
CREATE INDEX by_id ON ONLY orders (id);
CREATE INDEX by_id_at ON orders_at (id);
-- rows
INSERT INTO orders VALUES (1, 'at');
-- desired
CREATE TABLE orders (id int NOT NULL, land text NOT NULL) PARTITION BY LIST (land);
CREATE TABLE orders_at PARTITION OF orders FOR VALUES IN ('at');
ALTER TABLE ONLY orders ADD CONSTRAINT orders_key PRIMARY KEY (land, id);
ALTER TABLE orders_at ADD CONSTRAINT orders_at_key PRIMARY KEY (land, id);
ALTER INDEX orders_key ATTACH PARTITION orders_at_key;
CREATE INDEX by_id ON ONLY orders (id);
CREATE INDEX by_id_at ON orders_at (id);
ALTER INDEX by_id ATTACH PARTITION by_id_at;

-- case: a partition that becomes a table keeps its keys, indexes and conditions
-- current
CREATE TABLE logs (id int, day int, CONSTRAINT real CHECK (id > 0), CONSTRAINT once UNIQUE (id, day)) PARTITION BY LIST (day);
CREATE INDEX by_id ON logs (id);
CREATE TABLE logs_1 PARTITION OF logs FOR VALUES IN (1);
-- desired
CREATE TABLE logs (id int, day int, CONSTRAINT real CHECK (id > 0), CONSTRAINT once UNIQUE (id, day)) PARTITION BY LIST (day);
CREATE INDEX by_id ON logs (id);
CREATE TABLE logs_1 (id int, day int, CONSTRAINT real CHECK (id > 0), CONSTRAINT logs_1_id_day_key UNIQUE (id, day));
CREATE INDEX logs_1_id_idx ON logs_1 (id);

-- case: a child says a column of its own that its parent gets, too
-- current
CREATE TABLE things (id int);
CREATE TABLE tools () INHERITS (things);
CREATE TABLE hammers (weight int) INHERITS (tools);
-- rows
INSERT INTO hammers VALUES (1, 2);
-- desired
CREATE TABLE things (id int, colour text);
CREATE TABLE tools (colour text) INHERITS (things);
CREATE TABLE hammers (weight int, colour text) INHERITS (tools);

-- case: a table of a type follows the type
-- current
CREATE TYPE person AS (name text, age int);
CREATE TABLE people OF person (PRIMARY KEY (name));
-- rows
INSERT INTO people VALUES ('ann', 30);
-- desired
CREATE TYPE person AS (name text, age int, town text);
CREATE TABLE people OF person (PRIMARY KEY (name), age WITH OPTIONS NOT NULL);

-- case: rows of a partition that is split or joined with another move
-- current
CREATE TABLE takings (id int, day date NOT NULL, town text) PARTITION BY RANGE (day);
CREATE TABLE takings_all PARTITION OF takings FOR VALUES FROM ('2024-01-01') TO ('2026-01-01');
CREATE TABLE shops (id int, town text) PARTITION BY LIST (town);
CREATE TABLE shops_a PARTITION OF shops FOR VALUES IN ('graz');
CREATE TABLE shops_b PARTITION OF shops FOR VALUES IN ('linz', 'wels');
-- rows
INSERT INTO takings VALUES (1, '2024-05-05', 'graz'), (2, '2025-05-05', 'linz');
INSERT INTO shops VALUES (1, 'graz'), (2, 'wels');
-- desired
CREATE TABLE takings (id int, day date NOT NULL, town text) PARTITION BY RANGE (day);
CREATE TABLE takings_24 PARTITION OF takings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE takings_25 PARTITION OF takings FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE shops (id int, town text) PARTITION BY LIST (town);
CREATE TABLE shops_all PARTITION OF shops FOR VALUES IN ('graz', 'linz', 'wels');
-- keeps: SELECT id, day, town FROM takings ORDER BY id
-- keeps: SELECT id, town FROM shops ORDER BY id

-- case: rows of a default partition find places of their own, and others go where all the rest goes
-- current
CREATE TABLE letters (id int, town text) PARTITION BY LIST (town);
CREATE TABLE letters_rest PARTITION OF letters DEFAULT;
CREATE TABLE bills (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE bills_24 PARTITION OF bills FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- rows
INSERT INTO letters VALUES (1, 'graz'), (2, 'linz');
INSERT INTO bills VALUES (1, '2024-05-05'), (2, '2024-06-06');
-- desired
CREATE TABLE letters (id int, town text) PARTITION BY LIST (town);
CREATE TABLE letters_graz PARTITION OF letters FOR VALUES IN ('graz');
CREATE TABLE letters_linz PARTITION OF letters FOR VALUES IN ('linz', 'wels');
CREATE TABLE bills (id int, day date) PARTITION BY RANGE (day);
CREATE TABLE bills_rest PARTITION OF bills DEFAULT;
-- keeps: SELECT id, town FROM letters ORDER BY id
-- keeps: SELECT id, day FROM bills ORDER BY id

-- case: among more partitions rows get other places
-- current
CREATE TABLE seats (id int PRIMARY KEY, name text) PARTITION BY HASH (id);
CREATE TABLE seats_0 PARTITION OF seats FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE seats_1 PARTITION OF seats FOR VALUES WITH (MODULUS 2, REMAINDER 1);
-- rows
INSERT INTO seats SELECT one, 'seat ' || one FROM generate_series(1, 30) one;
-- desired
CREATE TABLE seats (id int PRIMARY KEY, name text) PARTITION BY HASH (id);
CREATE TABLE places_0 PARTITION OF seats FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE places_1 PARTITION OF seats FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE places_2 PARTITION OF seats FOR VALUES WITH (MODULUS 3, REMAINDER 2);
-- keeps: SELECT id, name FROM seats ORDER BY id

-- case: a row of a partition that goes and finds no other is named
-- current
CREATE TABLE takings (id int, amount int NOT NULL) PARTITION BY RANGE (amount);
CREATE TABLE takings_all PARTITION OF takings FOR VALUES FROM (0) TO (100);
-- rows
INSERT INTO takings VALUES (1, 5), (2, 50);
-- desired
CREATE TABLE takings (id int, amount int NOT NULL) PARTITION BY RANGE (amount);
CREATE TABLE takings_low PARTITION OF takings FOR VALUES FROM (0) TO (10);
-- refused: has no partition to go to

-- case: the oldest partition goes while the next one comes
-- current
CREATE TABLE takings (id int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE takings_23 PARTITION OF takings FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE takings_24 PARTITION OF takings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
-- rows
INSERT INTO takings VALUES (2, '2024-05-05');
-- desired
CREATE TABLE takings (id int, day date NOT NULL) PARTITION BY RANGE (day);
CREATE TABLE takings_24 PARTITION OF takings FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE takings_25 PARTITION OF takings FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
-- keeps: SELECT id, day FROM takings

-- case: a child's own column changes its type with its parent's
-- current
CREATE TABLE things (id int, name text);
CREATE TABLE tools (id int) INHERITS (things);
-- rows
INSERT INTO things VALUES (1, 'a');
INSERT INTO tools VALUES (2, 'b');
-- desired
CREATE TABLE things (id bigint, name text NOT NULL DEFAULT 'z');
CREATE TABLE tools (id bigint, weight int) INHERITS (things);
