-- What a thread's steps depended on, once for each deployment: the checkpoints name it by its digest.
CREATE TABLE deployments (
    digest text PRIMARY KEY,
    parts jsonb NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
