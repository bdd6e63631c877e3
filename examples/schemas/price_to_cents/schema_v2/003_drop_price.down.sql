-- The ways back run in reverse order, so this is the first of the three: an empty column, which step 002 fills.
ALTER TABLE products ADD COLUMN price TEXT;
