-- The run's own record. Times are UTC; text is free of NUL characters and lone surrogates.

CREATE TABLE runs (
    run_id        text PRIMARY KEY,
    thread_id     text NOT NULL,
    checkpoint_id text NOT NULL,                    -- the newest root checkpoint this row speaks of
    graph         text NOT NULL DEFAULT '',
    status        text NOT NULL,
    usage         jsonb NOT NULL DEFAULT '{}',
    spec          jsonb NOT NULL DEFAULT '{}',      -- model, policy, graph: what the run was started with
    started       timestamptz NOT NULL DEFAULT now(),
    updated       timestamptz NOT NULL DEFAULT now(),
    ended         timestamptz
);
CREATE INDEX runs_by_thread ON runs (thread_id, started);

CREATE TABLE events (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    thread_id     text NOT NULL,
    checkpoint_ns text NOT NULL,
    checkpoint_id text NOT NULL,
    task_id       text NOT NULL,
    idx           integer,                          -- place among the events of its task; null for a wait
    interrupt_id  text,                             -- of a wait
    kind          text NOT NULL,
    node          text NOT NULL DEFAULT '',
    name          text NOT NULL DEFAULT '',
    agent         text NOT NULL DEFAULT '',
    run_id        text NOT NULL DEFAULT '',
    call_id       text NOT NULL DEFAULT '',
    status        text NOT NULL,
    started       timestamptz NOT NULL,
    ended         timestamptz,
    detail        jsonb NOT NULL DEFAULT '{}',
    UNIQUE (thread_id, checkpoint_ns, checkpoint_id, task_id, idx),
    UNIQUE (thread_id, interrupt_id)
);
CREATE INDEX events_by_time ON events (thread_id, started);

CREATE TABLE approvals (
    thread_id     text NOT NULL,
    interrupt_id  text NOT NULL,
    checkpoint_ns text NOT NULL,                    -- with the next two: the innermost task that waits
    checkpoint_id text NOT NULL,
    task_id       text NOT NULL,
    ordinal       integer NOT NULL,                 -- how many answers that task had before it asked
    run_id        text NOT NULL DEFAULT '',
    agent         text NOT NULL DEFAULT '',
    call_id       text NOT NULL DEFAULT '',
    tool          text NOT NULL DEFAULT '',
    value         jsonb NOT NULL,                   -- what the person is shown
    status        text NOT NULL DEFAULT 'pending',  -- pending, answered, superseded
    asked_at      timestamptz NOT NULL DEFAULT now(),
    expires_at    timestamptz,
    answer        jsonb,
    answered_at   timestamptz,
    PRIMARY KEY (thread_id, interrupt_id)
);
CREATE INDEX approvals_pending ON approvals (asked_at) WHERE status = 'pending';
CREATE INDEX approvals_by_id ON approvals (interrupt_id text_pattern_ops);
