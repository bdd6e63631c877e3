-- By now the way back of step 003 has put the text column in place again.
UPDATE products SET price =
    CASE WHEN price_cents < 0 THEN '-' ELSE '' END || printf('%d.%02d', abs(price_cents) / 100, abs(price_cents) % 100)
WHERE price_cents IS NOT NULL;
