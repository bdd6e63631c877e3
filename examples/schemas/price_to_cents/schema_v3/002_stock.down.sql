-- No `carries` here: nothing keeps these numbers, so taking them back needs somebody's consent.
ALTER TABLE products DROP COLUMN stock;
