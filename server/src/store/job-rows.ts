import type { Attempt, Job, JobStatus, JobSummary } from "../jobs/job.js";
import type { Database } from "./database.js";

/** A row of jobs. */
export interface JobRow {
  readonly seq: number;
  readonly id: string;
  readonly user: string;
  readonly client: string | null;
  readonly workflow: string | null;
  readonly number: number;
  readonly status: JobStatus;
  readonly attempt: number;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly targets: string;
  readonly outputs: string;
  readonly meta: string;
  readonly error: string | null;
}

/** The same with what is large. */
export interface FullJobRow extends JobRow {
  readonly messages: string;
  readonly prompt: string;
  readonly extra: string;
}

interface AttemptRow {
  readonly attempt: number;
  readonly worker: string;
  readonly started_at: number;
  readonly ended_at: number | null;
  readonly outcome: NonNullable<Attempt["outcome"]> | null;
  readonly reason: string | null;
}

/** The columns of a JobRow. */
export const SUMMARY_COLUMNS = [
  "seq, id, user, client, workflow, number, status, attempt",
  "created_at, started_at, ended_at, targets, outputs, meta, error",
].join(", ");

/** Reads jobs whole, by a condition on their columns. */
export const fullRows = (database: Database, where: string, ...binds: readonly (string | number)[]): FullJobRow[] =>
  database.all<FullJobRow>(
    `SELECT ${SUMMARY_COLUMNS}, messages, prompt, extra FROM jobs JOIN bodies USING (seq) WHERE ${where}`,
    ...binds,
  );

/** A row as others see it. A running job's outputs are what its nodes showed so far. */
export function toSummary(database: Database, row: JobRow): JobSummary {
  return {
    id: row.id,
    user: row.user,
    ...(row.client !== null && { client: row.client }),
    targets: JSON.parse(row.targets) as string[],
    number: row.number,
    ...(row.workflow !== null && { workflow: row.workflow }),
    status: row.status,
    seq: row.seq,
    attempt: row.attempt,
    createdAt: row.created_at,
    ...(row.started_at !== null && { startedAt: row.started_at }),
    ...(row.ended_at !== null && { endedAt: row.ended_at }),
    outputs: row.status === "running" ? shownSoFar(database, row.seq) : row.outputs,
    meta: row.meta,
    ...(row.error !== null && { error: row.error }),
  };
}

/** The same, whole. */
export const toJob = (database: Database, row: FullJobRow): Job => ({
  ...toSummary(database, row),
  prompt: row.prompt,
  extra: row.extra,
  messages: row.messages,
});

/** What the nodes of a job that runs have shown, as one JSON object. Nodes are kept as JSON texts too: any id survives. */
export function shownSoFar(database: Database, seq: number): string {
  const rows = database.all<{ node: string; ui: string }>(
    "SELECT node, ui FROM shown WHERE seq = ? ORDER BY rowid",
    seq,
  );
  return `{${rows.map(({ node, ui }) => `${node}:${ui}`).join(",")}}`;
}

/** The tries of a job, the first one first. */
export const attemptsOf = (database: Database, id: string): Attempt[] =>
  database
    .all<AttemptRow>(
      `SELECT attempts.attempt, worker, attempts.started_at, attempts.ended_at, outcome, reason
       FROM attempts JOIN jobs USING (seq) WHERE id = ? ORDER BY attempts.attempt`,
      id,
    )
    .map((row) => ({
      attempt: row.attempt,
      worker: row.worker,
      startedAt: row.started_at,
      ...(row.ended_at !== null && { endedAt: row.ended_at }),
      ...(row.outcome !== null && { outcome: row.outcome }),
      ...(row.reason !== null && { reason: row.reason }),
    }));
