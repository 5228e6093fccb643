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
];
