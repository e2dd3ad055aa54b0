-- What runs use together under the rates of a policy. A row is one use of one rate: reserved, then settled.

CREATE TABLE budget_uses (
    key           text NOT NULL,                    -- the rate and who shares it
    reservation   text NOT NULL,
    amount        bigint NOT NULL CHECK (amount >= 0),
    at            timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires       timestamptz,                      -- of a reservation whose runner may have died; null once settled
    PRIMARY KEY (key, reservation)
);
CREATE INDEX budget_uses_by_time ON budget_uses (key, at);
CREATE INDEX budget_uses_by_reservation ON budget_uses (reservation);

-- All claims or none. Returns the key of a claim that has no room, or an empty text. In a function each statement sees
-- what was committed before it, so after the lock the sum is true; the locks are taken in one order and held until the
-- transaction ends.
CREATE FUNCTION budget_reserve(
    claimant text, keys text[], windows float8[], bounds bigint[], amounts bigint[], lifetime float8
) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    claim record;
    used numeric;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('lockgate budget ' || k, 0))
        FROM (SELECT DISTINCT unnest(keys) AS k ORDER BY 1) AS sorted;
    FOR claim IN SELECT * FROM unnest(keys, windows, bounds, amounts) AS c (key, span, bound, amount) LOOP
        DELETE FROM budget_uses
            WHERE key = claim.key AND (at <= clock_timestamp() - make_interval(secs => claim.span)
                                       OR expires <= clock_timestamp());
        SELECT coalesce(sum(amount), 0) INTO used FROM budget_uses WHERE key = claim.key AND reservation <> claimant;
        IF used + claim.amount > claim.bound THEN
            RETURN claim.key;
        END IF;
    END LOOP;
    INSERT INTO budget_uses (key, reservation, amount, expires)
        SELECT key, claimant, amount, clock_timestamp() + make_interval(secs => lifetime)
        FROM unnest(keys, amounts) AS c (key, amount)
    ON CONFLICT (key, reservation) DO UPDATE
        SET amount = EXCLUDED.amount, at = EXCLUDED.at, expires = EXCLUDED.expires;
    RETURN '';
END
$$;
