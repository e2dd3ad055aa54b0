-- What the audit log says in words, apart from its rows: those hold its SHA-256, so it can be erased and not changed.

CREATE TABLE audit_content (
    seq       bigint PRIMARY KEY,
    thread_id text NOT NULL,
    content   text NOT NULL                         -- arguments, reason and a salt, as JSON, or encrypted
);
CREATE INDEX audit_content_by_thread ON audit_content (thread_id);

CREATE FUNCTION audit_write(threads text[], runs text[], calls text[], bodies text[], contents text[]) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET lock_timeout = '3s' AS $$
DECLARE
    last bigint;
BEGIN
    last := audit_append(threads, runs, calls, bodies);
    INSERT INTO audit_content (seq, thread_id, content)
    SELECT last - cardinality(bodies) + t.n, t.thread, t.content
    FROM unnest(threads, contents) WITH ORDINALITY AS t (thread, content, n) WHERE t.content <> '';
    RETURN last;
END $$;

CREATE TRIGGER refuse BEFORE UPDATE OR TRUNCATE ON audit_content EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_content ENABLE ALWAYS TRIGGER refuse;
REVOKE ALL ON audit_content FROM PUBLIC;
REVOKE ALL ON FUNCTION audit_write FROM PUBLIC;
DO $$
DECLARE
    role name;
BEGIN
    EXECUTE format('ALTER FUNCTION audit_write SET search_path = %I, pg_temp', current_schema());
    -- Who could append still can.
    FOR role IN SELECT r.rolname FROM pg_roles r WHERE NOT r.rolsuper
        AND has_function_privilege(r.oid, 'audit_append(text[], text[], text[], text[])', 'EXECUTE')
        AND NOT pg_has_role(r.oid, current_user, 'member')
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION audit_write TO %I', role);
        EXECUTE format('GRANT SELECT ON audit_content TO %I', role);
    END LOOP;
END $$;
