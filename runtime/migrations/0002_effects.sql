-- The effect ledger, and the leases whose tokens fence a runner that was replaced.

CREATE SEQUENCE lease_tokens;

CREATE TABLE leases (
    thread_id     text PRIMARY KEY,
    token         bigint NOT NULL,                  -- grows with every lease of any thread
    pid           integer,                          -- the server process of the holder's connection; null when given back
    backend_start timestamptz,                      -- tells it from a later process of the same number
    taken_at      timestamptz NOT NULL DEFAULT now()
);

-- Gives the thread a new token. It waits for transactions that were fenced by the old one and are about to commit.
CREATE FUNCTION lockgate_take_lease(thread text) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    taken bigint;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended('lockgate fence ' || thread, 0));
    INSERT INTO leases (thread_id, token, pid, backend_start)
    SELECT thread, nextval('lease_tokens'), pid, backend_start FROM pg_stat_activity WHERE pid = pg_backend_pid()
    ON CONFLICT (thread_id) DO UPDATE SET
        token = EXCLUDED.token, pid = EXCLUDED.pid, backend_start = EXCLUDED.backend_start, taken_at = now()
    RETURNING token INTO taken;
    RETURN taken;
END $$;

-- Ends the transaction it stands in with SQLSTATE LG001 unless `held` is the newest token of the thread.
CREATE FUNCTION lockgate_fence(thread text, held bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtextextended('lockgate fence ' || thread, 0));
    PERFORM 1 FROM leases WHERE thread_id = thread AND token = held;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another runner has taken thread %', thread USING ERRCODE = 'LG001';
    END IF;
END $$;

CREATE TABLE effects (
    key           text PRIMARY KEY,                 -- the idempotency key, from the call's lineage and content
    thread_id     text NOT NULL,
    run_id        text NOT NULL,
    call_id       text NOT NULL,
    agent         text NOT NULL,
    tool          text NOT NULL,
    digest        text NOT NULL,                    -- SHA-256 over tool and arguments
    args          bytea,                            -- as the checkpoints' serializer writes it; null once erased
    args_type     text,
    undo_of       text,                             -- key of the effect that this one undoes
    status        text NOT NULL DEFAULT 'claimed',  -- claimed, done, failed, unknown, waiting, given_up
    attempt       integer NOT NULL DEFAULT 1,
    claimant      text NOT NULL,                    -- of this attempt: tells a claim whose answer got lost from another's
    fence         bigint,                           -- the lease it was claimed under; null without one
    result        bytea,
    result_type   text,
    evidence      text NOT NULL DEFAULT '',
    asked         text NOT NULL DEFAULT '',         -- the question to a person that is about the present attempt
    settled_by    text NOT NULL DEFAULT '',         -- the person who said what happened
    claimed_at    timestamptz NOT NULL DEFAULT now(),
    settled_at    timestamptz
);
CREATE INDEX effects_by_thread ON effects (thread_id, claimed_at);
CREATE INDEX effects_undone ON effects (undo_of) WHERE undo_of IS NOT NULL;
