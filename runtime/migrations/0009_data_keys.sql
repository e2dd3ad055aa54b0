-- Keys that the database holds itself, wrapped by a key of the ring: of what is looked up by equality, or may never
-- change, only the wrapping is rotated.
CREATE TABLE data_keys (
    name    text PRIMARY KEY,
    wrapped bytea NOT NULL,
    made    timestamptz NOT NULL DEFAULT now()
);
-- Without it the words of the audit log never open again.
CREATE TRIGGER refuse BEFORE DELETE OR TRUNCATE ON data_keys EXECUTE FUNCTION audit_refuse();
ALTER TABLE data_keys ENABLE ALWAYS TRIGGER refuse;
REVOKE ALL ON data_keys FROM PUBLIC;
DO $$
DECLARE
    role name;
BEGIN
    -- Who may run agents may read it, and make the first one.
    FOR role IN SELECT r.rolname FROM pg_roles r WHERE NOT r.rolsuper
        AND has_function_privilege(r.oid, 'audit_write(text[], text[], text[], text[], text[])', 'EXECUTE')
        AND NOT pg_has_role(r.oid, current_user, 'member')
    LOOP
        EXECUTE format('GRANT SELECT, INSERT ON data_keys TO %I', role);
    END LOOP;
END $$;
