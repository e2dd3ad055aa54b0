-- The audit log: append-only, each row bound to the one before it by SHA-256. Rows come in by audit_append() alone.

CREATE TABLE audit (
    seq       bigint PRIMARY KEY,                   -- 1, 2, 3 ... without a gap
    thread_id text NOT NULL,
    run_id    text NOT NULL,
    call_id   text NOT NULL,
    body      text NOT NULL,                        -- canonical JSON in ASCII; repeats the three ids
    prev      bytea NOT NULL,                       -- hash of the row before
    hash      bytea NOT NULL                        -- sha256(prev || seq as 8 bytes, big-endian || body)
);
CREATE INDEX audit_by_thread ON audit (thread_id, seq);
CREATE INDEX audit_by_run ON audit (run_id, seq);

-- The last row's number and hash. Its lock puts the writers of all processes in line.
CREATE TABLE audit_head (
    id   integer PRIMARY KEY DEFAULT 1 CHECK (id = 1),
    seq  bigint NOT NULL,
    hash bytea NOT NULL
);
INSERT INTO audit_head (seq, hash) VALUES (0, decode(repeat('00', 32), 'hex'));

-- Heads signed with a key that no agent holds.
CREATE TABLE audit_heads (
    seq       bigint NOT NULL,
    hash      bytea NOT NULL,
    at        double precision NOT NULL,            -- seconds since the epoch
    key       text NOT NULL,                        -- the first 16 hex digits of the public key's SHA-256
    signature bytea NOT NULL,                       -- Ed25519
    PRIMARY KEY (seq, key)
);

-- One round trip a batch, so that no client can hold the lock and stop.
CREATE FUNCTION audit_append(threads text[], runs text[], calls text[], bodies text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '3s' AS $$
DECLARE
    place  bigint;
    link   bytea;
    before bytea;
    entry  record;
BEGIN
    SELECT h.seq, h.hash INTO STRICT place, link FROM audit_head h FOR UPDATE;
    FOR entry IN
        SELECT * FROM unnest(threads, runs, calls, bodies) WITH ORDINALITY AS t (thread, run, call, body, n) ORDER BY n
    LOOP
        before := link;
        place := place + 1;
        link := sha256(before || int8send(place) || convert_to(entry.body, 'UTF8'));
        INSERT INTO audit VALUES (place, entry.thread, entry.run, entry.call, entry.body, before, link);
    END LOOP;
    UPDATE audit_head SET seq = place, hash = link;
    RETURN place;
END $$;

CREATE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END $$;

CREATE FUNCTION audit_advance() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.seq < OLD.seq OR (NEW.seq, NEW.hash) <> (OLD.seq, OLD.hash)
        AND NOT EXISTS (SELECT FROM audit a WHERE a.seq = NEW.seq AND a.hash = NEW.hash)
    THEN
        RAISE EXCEPTION 'audit_head only follows the audit log' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$;

CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_heads EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER refuse BEFORE DELETE OR TRUNCATE ON audit_head EXECUTE FUNCTION audit_refuse();
CREATE TRIGGER advance BEFORE UPDATE ON audit_head FOR EACH ROW EXECUTE FUNCTION audit_advance();
-- Also in a session that calls itself a replica.
ALTER TABLE audit ENABLE ALWAYS TRIGGER refuse;
ALTER TABLE audit_heads ENABLE ALWAYS TRIGGER refuse;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER refuse;
ALTER TABLE audit_head ENABLE ALWAYS TRIGGER advance;

REVOKE ALL ON audit, audit_head, audit_heads FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_append FROM PUBLIC;

-- The functions run with their owner's rights or for any writer, so no table of the caller's may stand in for ours.
DO $$
DECLARE
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['audit_append', 'audit_refuse', 'audit_advance'] LOOP
        EXECUTE format('ALTER FUNCTION %I SET search_path = %I, pg_temp', name, current_schema());
    END LOOP;
END $$;
