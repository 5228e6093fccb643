import type { JobSpec } from "../jobs/job.js";
import type { Database } from "./database.js";
import type { Ledger } from "./ledger.js";

/** How a job ends, as JSON texts. */
export interface Ending {
  readonly status: "succeeded" | "failed" | "cancelled";
  readonly outputs: string;
  readonly meta: string;
  readonly messages: string;
  readonly error?: string;
}

/** How many jobs that are over are remembered, and how many bytes of them. */
const MOST_OVER = 10_000;
const MOST_OVER_BYTES = 2 ** 30;
/** How many are forgotten in one go: a commit must not take long. */
const FORGOTTEN_AT_ONCE = 100;

/** Ends a job that waits or runs, in the transaction of its caller, and forgets the oldest when there are too many. */
export function endJob(database: Database, ledger: Ledger, seq: number, ending: Ending): void {
  const [before] = database.all<{ status: string; bytes: number }>("SELECT status, bytes FROM jobs WHERE seq = ?", seq);
  const { status, bytes } = before!;
  const { outputs, meta, messages, error } = ending;
  const added = [outputs, meta, messages, error ?? ""].reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  ledger.tick += 1;
  database.run(
    `UPDATE jobs SET status = ?, ended = ?, ended_at = max(?, coalesce(started_at, created_at)), outputs = ?, meta = ?, messages = ?, error = ?, bytes = ?
     WHERE seq = ?`,
    ending.status,
    ledger.tick,
    Date.now(),
    outputs,
    meta,
    messages,
    error ?? null,
    bytes + added,
    seq,
  );
  database.run("DELETE FROM shown WHERE seq = ?", seq);
  if (status === "queued") {
    ledger.queued -= 1;
    ledger.queuedBytes -= bytes;
  } else {
    ledger.running -= 1;
  }
  ledger.over += 1;
  ledger.overBytes += bytes + added;
  forgetOldest(database, ledger);
}

/** Cancels all jobs that wait, of a user or of all, in one statement: there may be thousands. Which. */
export function cancelWaiting(
  database: Database,
  ledger: Ledger,
  user?: string,
): readonly Pick<JobSpec, "id" | "user" | "client">[] {
  ledger.tick += 1;
  const cancelled = database.all<{ bytes: number; id: string; user: string; client: string | null }>(
    `UPDATE jobs SET status = 'cancelled', ended = ?1, ended_at = max(?2, created_at)
     WHERE status = 'queued' AND (?3 IS NULL OR user = ?3) RETURNING bytes, id, user, client`,
    ledger.tick,
    Date.now(),
    user ?? null,
  );
  const bytes = cancelled.reduce((sum, job) => sum + job.bytes, 0);
  ledger.queued -= cancelled.length;
  ledger.queuedBytes -= bytes;
  ledger.over += cancelled.length;
  ledger.overBytes += bytes;
  forgetOldest(database, ledger);
  return cancelled.map(({ id, user, client }) => ({ id, user, ...(client !== null && { client }) }));
}

function forgetOldest(database: Database, ledger: Ledger): void {
  let [jobs, bytes] = [ledger.over - MOST_OVER, ledger.overBytes - MOST_OVER_BYTES];
  if (jobs <= 0 && bytes <= 0) return;
  const oldest = database.all<{ seq: number; bytes: number }>(
    "SELECT seq, bytes FROM jobs WHERE ended IS NOT NULL ORDER BY ended, seq LIMIT ?",
    bytes > 0 ? FORGOTTEN_AT_ONCE : Math.min(jobs, FORGOTTEN_AT_ONCE),
  );
  const gone: number[] = [];
  for (const job of oldest) {
    if (jobs <= 0 && bytes <= 0) break;
    gone.push(job.seq);
    jobs -= 1;
    bytes -= job.bytes;
  }
  removeOver(database, ledger, gone);
}

/** Removes jobs that are over, with all that belongs to them; those that are not over stay. How many went. */
export function removeOver(database: Database, ledger: Ledger, seqs: readonly number[]): number {
  const gone = database.all<{ bytes: number }>(
    "DELETE FROM jobs WHERE ended IS NOT NULL AND seq IN (SELECT value FROM json_each(?)) RETURNING bytes",
    JSON.stringify(seqs),
  );
  ledger.over -= gone.length;
  for (const { bytes } of gone) ledger.overBytes -= bytes;
  return gone.length;
}
