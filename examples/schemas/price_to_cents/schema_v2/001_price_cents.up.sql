-- The check lets whole cents and NULL in and nothing else. It is part of the column, so it leaves with the column.
ALTER TABLE products ADD COLUMN price_cents INTEGER
    CONSTRAINT price_in_whole_cents CHECK (typeof(price_cents) IN ('integer', 'null'));
