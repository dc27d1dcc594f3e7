-- Who works, what is half done, and who said no: what a heal remembers between its runs.

CREATE TABLE cornac.leases (
  name text PRIMARY KEY,
  -- Grows with every holder; a holder that lost the lease holds an older one.
  token bigint NOT NULL,
  held boolean NOT NULL,
  holder text NOT NULL,
  -- The process that holds it: boot and PID namespace, process and its start; null where that cannot be told.
  machine text,
  pid bigint NOT NULL,
  pid_started text,
  taken_at timestamptz NOT NULL
);

-- Apart from the leases, whose rows are locked by every statement that works under one.
CREATE TABLE cornac.lease_beats (
  name text PRIMARY KEY REFERENCES cornac.leases ON DELETE CASCADE,
  token bigint NOT NULL,
  beat_at timestamptz NOT NULL
);

CREATE TABLE cornac.heal_intents (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  -- Of the lease under which it was opened: numbers of tokens mean something only within one name.
  lease text NOT NULL,
  token bigint NOT NULL,
  kind text NOT NULL,
  record_id bigint NOT NULL,
  file_name text,
  writes text[] NOT NULL,
  leftovers text[] NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE cornac.ledger (
  kind text NOT NULL,
  record_id bigint NOT NULL,
  label text NOT NULL,
  url text,
  host text NOT NULL,
  outcome text NOT NULL,
  detail text NOT NULL,
  tries integer NOT NULL,
  first_tried_at timestamptz NOT NULL,
  last_tried_at timestamptz NOT NULL,
  next_try_at timestamptz NOT NULL,
  PRIMARY KEY (kind, record_id)
);
CREATE INDEX ledger_by_next_try ON cornac.ledger (next_try_at, kind, record_id);
CREATE INDEX ledger_by_host ON cornac.ledger (host, next_try_at, kind, record_id);
CREATE INDEX ledger_by_label ON cornac.ledger (lower(label));

CREATE TABLE cornac.ledger_hosts (
  host text PRIMARY KEY,
  outcome text NOT NULL,
  detail text NOT NULL,
  failures integer NOT NULL,
  last_tried_at timestamptz NOT NULL,
  rests_until timestamptz
);
