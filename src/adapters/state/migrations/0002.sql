-- What destructive work is planned, done and half done, and which objects no row claims.

CREATE TABLE cornac.plans (
  id text PRIMARY KEY,
  instance text NOT NULL,
  verb text NOT NULL,
  made_at timestamptz NOT NULL,
  files bigint NOT NULL,
  bytes bigint NOT NULL,
  -- Over the document; the same plan may be kept twice, another one under its id may not.
  hash text NOT NULL,
  document jsonb NOT NULL
);
CREATE INDEX plans_by_age ON cornac.plans (instance, made_at, id);

CREATE TABLE cornac.runs (
  id text PRIMARY KEY,
  plan_id text NOT NULL UNIQUE,
  instance text NOT NULL,
  verb text NOT NULL,
  state text NOT NULL,
  started_at timestamptz NOT NULL,
  ended_at timestamptz,
  attempts integer NOT NULL,
  position text,
  counts jsonb NOT NULL,
  stopped_because text,
  quarantine jsonb,
  quarantine_emptied boolean NOT NULL DEFAULT false,
  forgotten boolean NOT NULL DEFAULT false,
  -- Number of the batch begun last.
  batches integer NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_age ON cornac.runs (instance, started_at, id);

CREATE TABLE cornac.run_batches (
  run text NOT NULL REFERENCES cornac.runs ON DELETE CASCADE,
  number integer NOT NULL,
  -- Grows over all runs.
  begun bigint GENERATED ALWAYS AS IDENTITY,
  state text NOT NULL,
  -- JSON, compressed with zstd before it comes here.
  content bytea NOT NULL,
  outcome bytea,
  opened_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (run, number)
);
ALTER TABLE cornac.run_batches ALTER content SET STORAGE EXTERNAL, ALTER outcome SET STORAGE EXTERNAL;
-- Usually empty.
CREATE INDEX open_batches ON cornac.run_batches (begun) WHERE state = 'open';

CREATE TABLE cornac.orphan_sightings (
  instance text NOT NULL,
  -- In the one order of keys: by bytes.
  key text COLLATE "C" NOT NULL,
  kind text NOT NULL,
  bytes bigint NOT NULL,
  -- As storage says it, to be compared: milliseconds since the epoch, fractions included.
  modified_ms double precision NOT NULL,
  -- The scan that saw this object first, as it is now, and the one that saw it last; when they began.
  first_scan text NOT NULL,
  first_scan_at timestamptz NOT NULL,
  last_scan text NOT NULL,
  last_scan_at timestamptz NOT NULL,
  PRIMARY KEY (instance, key)
);

CREATE TABLE cornac.canaries (
  instance text PRIMARY KEY,
  mark text NOT NULL,
  laid_at timestamptz NOT NULL DEFAULT now()
);
