import type { JobSpec, WebhookSpec } from "../jobs/job.js";
import { givenUp, givenUpRecord } from "../jobs/job-lost.js";
import type { Added, Claim, GivenBack, Queue } from "../jobs/queue.js";
import type { Database } from "./database.js";
import { cancelWaiting, type Ending, endJob } from "./end-job.js";
import { fullRows, type JobRow, SUMMARY_COLUMNS, shownSoFar, toJob, toSummary } from "./job-rows.js";
import type { Ledger } from "./ledger.js";
import { joinTurns, nextWaiting, turnTaken } from "./run-order.js";
import { addWebhook } from "./sqlite-webhooks.js";
import { storableJson, storableText, toJson } from "./storable.js";
import type { Writer } from "./writer.js";

/** How much may wait: jobs, and bytes of their texts. */
export interface QueueLimits {
  readonly maxQueued: number;
  readonly maxQueuedBytes: number;
}

/** Refuses, as a promise, what cannot be kept. Nothing is put between the promise of a commit and whoever waits for it. */
function promised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The queue on one SQLite file. Each method resolves when what it did is committed, and in the order of the commits. */
export function sqliteQueue(database: Database, { write, ledger }: Writer, limits: QueueLimits): Queue {
  return {
    add: (spec) =>
      promised(() => {
        const row = toRow(spec);
        const hooks = spec.webhooks ?? [];
        return write((now) => addJob(database, now, row, hooks, limits));
      }),
    nextNumber: async (front) => {
      const number = ++ledger().number;
      return front ? -number : number;
    },
    claim: (worker) => {
      const name = storableText(worker);
      return write((now) => claimNext(database, now, name));
    },
    shown: async ({ job, attempt }, node, ui) => {
      const [key, value] = [JSON.stringify(node), toJson(ui)].map(storableJson) as [string, string];
      await write(() =>
        database.run(
          `INSERT INTO shown (seq, node, ui) SELECT seq, ?, ? FROM jobs WHERE seq = ? AND status = 'running' AND attempt = ?
           ON CONFLICT (seq, node) DO UPDATE SET ui = excluded.ui`,
          key,
          value,
          job.seq,
          attempt,
        ),
      );
    },
    finish: (claim, { status, outputs, meta, messages, error }) =>
      promised(() => {
        const ending: Ending = {
          status,
          outputs: storableJson(toJson(outputs)),
          meta: storableJson(toJson(meta)),
          messages: storableJson(toJson(messages)),
          ...(error !== undefined && { error: storableJson(toJson(error)) }),
        };
        const reason = typeof error?.exception_message === "string" ? storableText(error.exception_message) : undefined;
        return write((now) => {
          if (!runs(database, claim)) return false;
          closeAttempt(database, claim, status, reason);
          endJob(database, now, claim.job.seq, ending);
          return true;
        });
      }),
    requeue: (claim, reason, how) => {
      const why = storableText(reason);
      return write((now) => (runs(database, claim) ? giveBack(database, now, claim, why, how) : "over"));
    },
    cancelQueued: (id) =>
      write((now) => {
        const [job] = database.all<{ seq: number }>("SELECT seq FROM jobs WHERE id = ? AND status = 'queued'", id);
        if (job !== undefined) endJob(database, now, job.seq, CANCELLED);
        return job !== undefined;
      }),
    clear: (user) => write((now) => cancelWaiting(database, now, user)),
    counts: () => {
      const { queued, running } = ledger();
      return { queued, running };
    },
  };
}

/** Gives back all jobs that ran when the last server stopped; how many. */
export function recover(database: Database, ledger: Ledger): number {
  const running = fullRows(database, "status = 'running' ORDER BY place");
  for (const row of running) {
    giveBack(database, ledger, { job: toJob(database, row), attempt: row.attempt }, "the server stopped", "lost");
  }
  return running.length;
}

const CANCELLED: Ending = { status: "cancelled", outputs: "{}", meta: "{}", messages: "[]" };

/** What a job is when it is asked for, as it is kept. */
interface NewRow {
  readonly id: string;
  readonly user: string;
  readonly client: string | null;
  readonly workflow: string | null;
  readonly number: number;
  readonly targets: string;
  readonly prompt: string;
  readonly extra: string;
}

const toRow = (spec: JobSpec): NewRow => ({
  id: spec.id,
  user: spec.user,
  client: spec.client ?? null,
  workflow: spec.workflow ?? null,
  number: spec.number,
  targets: JSON.stringify(spec.targets),
  prompt: storableJson(spec.prompt),
  extra: storableJson(spec.extra),
});

/** The number is not compared: who asks again without one is given another. */
const COMPARED = ["user", "client", "workflow", "targets", "prompt", "extra"] as const;

function addJob(
  database: Database,
  ledger: Ledger,
  row: NewRow,
  hooks: readonly WebhookSpec[],
  limits: QueueLimits,
): Added {
  const [known] = fullRows(database, "id = ?", row.id);
  if (known !== undefined) {
    const same = COMPARED.every((column) => known[column] === row[column]);
    return same ? { kind: "same", job: toSummary(database, known) } : { kind: "taken" };
  }
  const bytes = Buffer.byteLength(row.prompt) + Buffer.byteLength(row.extra) + Buffer.byteLength(row.targets);
  if (ledger.queued >= limits.maxQueued || ledger.queuedBytes + bytes > limits.maxQueuedBytes) {
    return { kind: "full", queued: ledger.queued };
  }

  joinTurns(database, ledger, row.user);
  const [job] = database.all<JobRow>(
    `INSERT INTO jobs (id, user, client, workflow, number, status, bytes, created_at, targets)
     VALUES (?, ?, ?, ?, ?, 'queued', ?, ?, ?) RETURNING ${SUMMARY_COLUMNS}`,
    row.id,
    row.user,
    row.client,
    row.workflow,
    row.number,
    bytes,
    Date.now(),
    row.targets,
  );
  database.run("INSERT INTO bodies (seq, prompt, extra) VALUES (?, ?, ?)", job!.seq, row.prompt, row.extra);
  for (const hook of hooks) addWebhook(database, job!.seq, hook);
  ledger.queued += 1;
  ledger.queuedBytes += bytes;
  return { kind: "added", job: toSummary(database, job!) };
}

function claimNext(database: Database, ledger: Ledger, worker: string): Claim | undefined {
  if (ledger.queued === 0) return undefined;
  const next = nextWaiting(database);
  if (next === undefined) return undefined;
  if (next.turn !== undefined) turnTaken(database, ledger, next.turn);
  ledger.tick += 1;
  // Clocks are set back: times are never before what came first, here and wherever a time is stored.
  const [claimed] = database.all<{ attempt: number; bytes: number; started_at: number }>(
    `UPDATE jobs SET status = 'running', attempt = attempt + 1, started_at = max(?, created_at), place = coalesce(place, ?)
     WHERE seq = ? RETURNING attempt, bytes, started_at`,
    Date.now(),
    ledger.tick,
    next.seq,
  );
  const { attempt, bytes, started_at } = claimed!;
  database.run(
    "INSERT INTO attempts (seq, attempt, worker, started_at) VALUES (?, ?, ?, ?)",
    next.seq,
    attempt,
    worker,
    started_at,
  );
  ledger.queued -= 1;
  ledger.queuedBytes -= bytes;
  ledger.running += 1;
  const [row] = fullRows(database, "seq = ?", next.seq);
  return { job: toJob(database, row!), attempt };
}

/** Whether a claim still holds: a claim of an earlier try, or of a job that is over, does not. */
const runs = (database: Database, { job, attempt }: Claim): boolean =>
  database.all("SELECT 1 FROM jobs WHERE seq = ? AND attempt = ? AND status = 'running'", job.seq, attempt).length > 0;

function closeAttempt(database: Database, { job, attempt }: Claim, outcome: string, reason?: string, blamed = 0): void {
  database.run(
    "UPDATE attempts SET ended_at = max(?, started_at), outcome = ?, reason = ?, blamed = ? WHERE seq = ? AND attempt = ?",
    Date.now(),
    outcome,
    reason ?? null,
    blamed,
    job.seq,
    attempt,
  );
}

function giveBack(
  database: Database,
  ledger: Ledger,
  claim: Claim,
  reason: string,
  how: GivenBack,
): "queued" | "failed" {
  const { job } = claim;
  closeAttempt(database, claim, how === "returned" ? "returned" : "lost", reason, how === "blamed" ? 1 : 0);
  const [sum] = database.all<{ lost: number; blamed: number }>(
    "SELECT count(*) AS lost, sum(blamed) AS blamed FROM attempts WHERE seq = ? AND outcome = 'lost'",
    job.seq,
  );
  const failure = how === "returned" ? undefined : givenUp(sum!.lost, sum!.blamed, reason);
  if (failure !== undefined) {
    const now = Math.max(Date.now(), job.startedAt ?? 0);
    const { error, messages } = givenUpRecord(job.id, failure, job.startedAt ?? now, now);
    endJob(database, ledger, job.seq, {
      status: "failed",
      outputs: shownSoFar(database, job.seq),
      meta: "{}",
      messages: toJson(messages),
      error: toJson(error),
    });
    return "failed";
  }
  database.run("DELETE FROM shown WHERE seq = ?", job.seq);
  const [back] = database.all<{ bytes: number }>(
    "UPDATE jobs SET status = 'queued', started_at = NULL WHERE seq = ? RETURNING bytes",
    job.seq,
  );
  ledger.running -= 1;
  ledger.queued += 1;
  ledger.queuedBytes += back!.bytes;
  return "queued";
}
