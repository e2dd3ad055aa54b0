-- What the checkpointer stores: a row for each write, with all that was gathered since the one before it.

CREATE TABLE steps (
    thread_id  text NOT NULL,
    seq        bigint GENERATED ALWAYS AS IDENTITY,
    namespaces text[] NOT NULL,                     -- of all that is in the row
    touched    text[] NOT NULL,                     -- checkpoints in the row, and those that its task writes belong to
    spine      bytea,                               -- lineage of checkpoints and the writes of delta channels
    body       bytea,                               -- everything else; null once pruned
    blobs      bytea[],                             -- digests of the blobs that the body names
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (thread_id, seq)
);
-- Both are compressed before they are stored.
ALTER TABLE steps ALTER COLUMN spine SET STORAGE EXTERNAL, ALTER COLUMN body SET STORAGE EXTERNAL;

-- Values of channels that are large and outlive a row, once for each thread.
CREATE TABLE blobs (
    thread_id text NOT NULL,
    digest    bytea NOT NULL,
    data      bytea NOT NULL,
    PRIMARY KEY (thread_id, digest)
);
ALTER TABLE blobs ALTER COLUMN data SET STORAGE EXTERNAL;

-- An event is told from others by its place; as an index of five texts that took more room than the events.
ALTER TABLE events DROP CONSTRAINT events_thread_id_checkpoint_ns_checkpoint_id_task_id_idx_key;
CREATE UNIQUE INDEX events_by_place ON events
    ((md5(thread_id || E'\n' || checkpoint_ns || E'\n' || checkpoint_id || E'\n' || task_id || E'\n' || idx)::uuid));
DROP INDEX events_by_time;  -- the one by thread and interrupt serves

-- Receipts of erased data; they name nobody.
CREATE TABLE erasures (
    digest  text PRIMARY KEY,
    at      timestamptz NOT NULL,
    receipt jsonb NOT NULL
);
