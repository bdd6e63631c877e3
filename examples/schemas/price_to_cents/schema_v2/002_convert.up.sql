-- lockstep: timeout=5m
--
-- '12.34' -> 1234, '12.3' -> 1230, '7' -> 700, '-0.05' -> -5: digits only, no floating point in between.
-- What is no price ('1.2.3', '0.125', 'call us') becomes a word, which the check of step 001 refuses. Then nothing of this schema
-- is applied, and no price is guessed.
UPDATE products SET price_cents = (
    WITH
        unsigned (digits) AS (SELECT CASE WHEN price LIKE '-%' THEN substr(price, 2) ELSE price END),
        parts (whole, cents) AS (
            SELECT substr(digits, 1, instr(digits || '.', '.') - 1), substr(digits, instr(digits || '.', '.') + 1)
            FROM unsigned
        )
    SELECT
        CASE
            WHEN price IS NULL THEN NULL
            WHEN whole = '' OR whole || cents GLOB '*[^0-9]*' OR length(cents) > 2 THEN 'not a price'
            ELSE (CASE WHEN price LIKE '-%' THEN -1 ELSE 1 END)
                * (CAST(whole AS INTEGER) * 100 + CAST(substr(cents || '00', 1, 2) AS INTEGER))
        END
    FROM parts
);
