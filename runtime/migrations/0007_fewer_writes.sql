-- What a run needs to know at its start, in one round trip.

-- Tries for the lease of a thread. Gives its token, or null when another holds it; and the newest row of the thread. That
-- is read after all that the holder before wrote: in a function each statement sees what was committed before it.
CREATE FUNCTION lockgate_begin(lock bigint, thread text, OUT token bigint, OUT newest bigint) LANGUAGE plpgsql AS $$
BEGIN
    IF pg_try_advisory_lock(lock) THEN
        token := lockgate_take_lease(thread);
        newest := (SELECT s.seq FROM steps s WHERE s.thread_id = thread ORDER BY s.seq DESC LIMIT 1);
    END IF;
END $$;

-- The events of what is in a row, packed. The table keeps those from before, and the waits, which change as people answer.
ALTER TABLE steps ADD COLUMN record bytea;
ALTER TABLE steps ALTER COLUMN record SET STORAGE EXTERNAL;

-- What a row is found by, in 8 bytes each: hashes of its namespaces and of the checkpoints in it. Rows from before have
-- them spelled out.
ALTER TABLE steps ADD COLUMN marks bigint[];
ALTER TABLE steps ALTER COLUMN namespaces DROP NOT NULL, ALTER COLUMN touched DROP NOT NULL;
