-- lockstep: carries=products.price_cents
--
-- A line that begins with `lockstep:` above the first statement is a directive. This one says that the values of the column
-- live on elsewhere: on the way back step 002 writes them into `price` before this step drops them. Without it Lockstep would
-- count the filled rows here and refuse to lose them. There are also `timeout=5m`, `no-transaction` and `irreversible`.
ALTER TABLE products DROP COLUMN price_cents;
