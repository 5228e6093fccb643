/**
 * The tables, as steps from an empty file; a released step is never changed. What is rewritten (jobs) is apart from what is
 * large (bodies): claiming and ending a job does not copy its prompt.
 *
 * jobs.place: when it was first claimed, counted in ticks; a job that has one waits again. jobs.ended: when it ended, likewise
 * (clocks jump, ticks don't). jobs.bytes: of the texts. turns: whose turn it is, see run-order.ts. clock: one row, see ledger.ts.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL,
    client TEXT,
    workflow TEXT,
    number REAL NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
    attempt INTEGER NOT NULL DEFAULT 0,
    place INTEGER,
    ended INTEGER CHECK ((ended IS NULL) = (status IN ('queued', 'running'))),
    bytes INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    started_at INTEGER,
    ended_at INTEGER,
    targets TEXT NOT NULL,
    outputs TEXT NOT NULL DEFAULT '{}',
    meta TEXT NOT NULL DEFAULT '{}',
    error TEXT,
    messages TEXT NOT NULL DEFAULT '[]'
  ) STRICT;
  CREATE INDEX jobs_waiting ON jobs (user, number, seq) WHERE status = 'queued' AND place IS NULL;
  CREATE INDEX jobs_waiting_again ON jobs (place) WHERE status = 'queued' AND place IS NOT NULL;
  CREATE INDEX jobs_over ON jobs (ended) WHERE ended IS NOT NULL;
  CREATE INDEX jobs_by_status ON jobs (status, bytes);

  CREATE TABLE bodies (
    seq INTEGER PRIMARY KEY REFERENCES jobs ON DELETE CASCADE,
    prompt TEXT NOT NULL,
    extra TEXT NOT NULL
  ) STRICT;

  CREATE TABLE attempts (
    seq INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    worker TEXT NOT NULL,
    started_at INTEGER NOT NULL,
    ended_at INTEGER,
    outcome TEXT,
    reason TEXT,
    blamed INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (seq, attempt)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE shown (
    seq INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    node TEXT NOT NULL,
    ui TEXT NOT NULL,
    PRIMARY KEY (seq, node)
  ) STRICT;

  CREATE TABLE turns (user TEXT PRIMARY KEY, pass INTEGER NOT NULL, arrival INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE INDEX turns_in_order ON turns (pass, arrival);

  CREATE TABLE clock (tick INTEGER NOT NULL, pass INTEGER NOT NULL, number INTEGER NOT NULL) STRICT;
  INSERT INTO clock VALUES (0, 0, 0)
  `,
  // assets.file: a path in the folder, or for folder 'text' the text itself. assets_seen: up to which end (jobs.ended)
  // the jobs of a user have had their assets made. webhooks: who hears of a job's end. Triggers, so that no way in which
  // a job ends or goes can forget them.
  `
  CREATE TABLE assets (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    user TEXT NOT NULL,
    hash TEXT,
    bytes INTEGER NOT NULL,
    type TEXT NOT NULL,
    name TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    folder TEXT NOT NULL CHECK (folder IN ('input', 'output', 'temp', 'text')),
    file TEXT NOT NULL,
    job TEXT,
    node TEXT
  ) STRICT;
  CREATE INDEX assets_by_user ON assets (user, seq);
  CREATE INDEX assets_by_hash ON assets (user, hash) WHERE hash IS NOT NULL;
  CREATE INDEX assets_by_job ON assets (job) WHERE job IS NOT NULL;
  CREATE INDEX assets_by_file ON assets (file) WHERE job IS NULL;
  CREATE TABLE assets_seen (user TEXT PRIMARY KEY, ended INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER assets_of_forgotten_jobs AFTER DELETE ON jobs BEGIN
    DELETE FROM assets WHERE job = OLD.id;
  END;

  CREATE TABLE webhooks (
    seq INTEGER NOT NULL REFERENCES jobs ON DELETE CASCADE,
    owner TEXT NOT NULL CHECK (owner IN ('job', 'server')),
    url TEXT NOT NULL,
    secret TEXT,
    origin TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'due', 'delivered', 'given_up')),
    tries INTEGER NOT NULL DEFAULT 0,
    next_at INTEGER,
    tried_at INTEGER,
    status INTEGER,
    reason TEXT,
    PRIMARY KEY (seq, owner)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX webhooks_due ON webhooks (next_at) WHERE state = 'due';
  CREATE TRIGGER webhooks_of_ended_jobs AFTER UPDATE OF ended ON jobs
  WHEN NEW.ended IS NOT NULL AND OLD.ended IS NULL BEGIN
    UPDATE webhooks SET state = 'due', next_at = NEW.ended_at WHERE seq = NEW.seq AND state = 'waiting';
  END
  `,
  // A message is due at once, whatever the clock says: where it was set back, a job's end lies in the future.
  `
  DROP TRIGGER webhooks_of_ended_jobs;
  CREATE TRIGGER webhooks_of_ended_jobs AFTER UPDATE OF ended ON jobs
  WHEN NEW.ended IS NOT NULL AND OLD.ended IS NULL BEGIN
    UPDATE webhooks SET state = 'due', next_at = 0 WHERE seq = NEW.seq AND state = 'waiting';
  END
  `,
];
