import type { WebhookSpec } from "../jobs/job.js";
import type { WebhookState, Webhooks } from "../webhooks/webhook.js";
import type { Database } from "./database.js";
import { storableText } from "./storable.js";
import type { Writer } from "./writer.js";

interface DueRow {
  readonly seq: number;
  readonly id: string;
  readonly owner: WebhookSpec["owner"];
  readonly url: string;
  readonly secret: string | null;
  readonly origin: string;
  readonly tries: number;
}

interface StateRow {
  readonly owner: WebhookSpec["owner"];
  readonly url: string;
  readonly state: WebhookState["state"];
  readonly tries: number;
  readonly next_at: number | null;
  readonly tried_at: number | null;
  readonly status: number | null;
  readonly reason: string | null;
}

/** Keeps who is to hear of a job, in the transaction that adds it. When it ends, a trigger makes the message due. */
export function addWebhook(database: Database, seq: number, { owner, url, secret, origin }: WebhookSpec): void {
  const sql = "INSERT INTO webhooks (seq, owner, url, secret, origin) VALUES (?, ?, ?, ?, ?)";
  database.run(sql, seq, owner, url, secret ?? null, origin);
}

/** Messages about ends of jobs, on one SQLite file. */
export const sqliteWebhooks = (database: Database, { write }: Writer): Webhooks => ({
  due: (now, limit) =>
    database
      .all<DueRow>(
        `SELECT seq, id, owner, url, secret, origin, tries FROM webhooks JOIN jobs USING (seq)
         WHERE state = 'due' AND (next_at <= ?1 OR tried_at > ?1) ORDER BY next_at LIMIT ?2`,
        now,
        limit,
      )
      .map(({ id: job, secret, ...row }) => ({ ...row, job, ...(secret !== null && { secret }) })),
  nextAt: () =>
    database.all<{ next: number | null }>("SELECT min(next_at) AS next FROM webhooks WHERE state = 'due'")[0]?.next ??
    undefined,
  tried: async ({ seq, owner }, { state, nextAt, status, reason }) => {
    const now = Date.now();
    await write(() =>
      database.run(
        `UPDATE webhooks SET state = ?, next_at = ?, tries = tries + 1, tried_at = ?, status = ?, reason = ?
         WHERE seq = ? AND owner = ?`,
        state,
        nextAt ?? null,
        now,
        status ?? null,
        reason === undefined ? null : storableText(reason),
        seq,
        owner,
      ),
    );
  },
  ofJob: (job) =>
    database
      .all<StateRow>(
        `SELECT owner, url, state, tries, next_at, tried_at, webhooks.status, reason
         FROM webhooks JOIN jobs USING (seq) WHERE id = ? ORDER BY owner`,
        job,
      )
      .map((row) => ({
        owner: row.owner,
        url: row.url,
        state: row.state,
        tries: row.tries,
        // Absent where it is to be tried at once.
        ...(row.next_at !== null && row.next_at > 0 && { nextAt: row.next_at }),
        ...(row.tried_at !== null && { triedAt: row.tried_at }),
        ...(row.status !== null && { status: row.status }),
        ...(row.reason !== null && { reason: row.reason }),
      })),
});
