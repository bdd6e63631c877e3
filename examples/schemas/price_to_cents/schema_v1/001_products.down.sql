-- This would take every product with it. Lockstep counts the rows first and keeps the schema while there are any.
DROP TABLE products;
