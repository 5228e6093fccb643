import type { WebhookSpec } from "../jobs/job.js";

/** What became of telling the end of a job. */
export interface WebhookState {
  readonly owner: WebhookSpec["owner"];
  readonly url: string;
  /** `waiting` for the end of the job; `due` until it is taken; `given_up` after the last try, or at once if it can never be. */
  readonly state: "waiting" | "due" | "delivered" | "given_up";
  readonly tries: number;
  /** Milliseconds since 1970. */
  readonly nextAt?: number;
  readonly triedAt?: number;
  /** What the receiver answered last. */
  readonly status?: number;
  /** Why it was not taken. */
  readonly reason?: string;
}

/** A message that is to be sent now. */
export interface Delivery extends WebhookSpec {
  readonly seq: number;
  readonly job: string;
  /** Tries before this one. */
  readonly tries: number;
}

/** How a try ended. */
export interface Tried {
  readonly state: "due" | "delivered" | "given_up";
  readonly nextAt?: number;
  readonly status?: number;
  readonly reason?: string;
}

/** Messages about ends of jobs, as they are kept. Each is sent at least once, whatever dies meanwhile. */
export interface Webhooks {
  /** Those that are due by a time, the longest overdue first; and those last tried after it: the clock was set back since. */
  readonly due: (now: number, limit: number) => readonly Delivery[];
  /** When the next one is due; undefined when none is. */
  readonly nextAt: () => number | undefined;
  readonly tried: (delivery: Pick<Delivery, "seq" | "owner">, tried: Tried) => Promise<void>;
  /** Of one job, for its owner to see: without secrets. */
  readonly ofJob: (job: string) => readonly WebhookState[];
}
