import type { Pool } from "../worker/pool-interface.js";
import type { JobEvent, JobRef } from "./dispatcher-events.js";
import type { RunNode } from "./dispatcher-run.js";
import type { JobSpec, Outcome } from "./job.js";
import type { Progress } from "./progress.js";
import type { Added, Queue, Records } from "./queue.js";

/** Something that operators should read of. */
export type Log = (
  level: "info" | "warn" | "error",
  message: string,
  facts?: Readonly<Record<string, unknown>>,
) => void;

/** A job that runs now, with what a client that comes back is told. */
export interface RunningJob {
  readonly job: JobRef;
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  /** The node that began last and still runs. */
  readonly current: RunNode | undefined;
  readonly nodes: ReadonlyMap<string, RunNode>;
  /** What was shown up to now, by node. */
  readonly outputs: Outcome["outputs"];
  /** Somebody asked to stop it. */
  readonly cancelling: boolean;
  readonly progress: () => Progress;
}

/** Brings waiting jobs to workers, and what becomes of them to the records and to whoever listens. */
export interface Dispatcher {
  /** Keeps a job, then lets it run when its turn comes. Rejects when it cannot be kept. */
  readonly submit: (spec: JobSpec) => Promise<Added>;
  /** Cancels a job wherever it is, and says where it was. With a user, the jobs of others are unknown. */
  readonly cancel: (id: string, user?: string) => Promise<"queued" | "running" | "over" | "unknown">;
  /** Stops what runs for a user, or one of those jobs; the ids of those that are being stopped. */
  readonly interrupt: (user: string, id?: string) => readonly string[];
  /** Cancels all waiting jobs of a user, or of all; how many. */
  readonly clear: (user?: string) => Promise<number>;
  /** Calls back, in order, for all that happens; answers with what ends that. */
  readonly on: (listener: (event: JobEvent) => void) => () => void;
  /** Whether `who` watches a job's previews; they are made while anybody does. Forgotten when the job is over. */
  readonly watch: (job: string, previews: boolean, who?: object) => void;
  readonly running: () => readonly RunningJob[];
  /** A job that runs now; undefined for all others. */
  readonly runningJob: (id: string) => RunningJob | undefined;
  /** Waiting and running jobs. */
  readonly counts: Queue["counts"];
  /** Starts nothing more, lets what runs end until the limit, and gives back what has not. */
  readonly close: (graceMs: number) => Promise<void>;
}

/** What a dispatcher joins. */
export interface DispatcherOptions {
  readonly queue: Queue;
  readonly records: Pick<Records, "get" | "list">;
  readonly pool: Pool;
  readonly onLog: Log;
}
