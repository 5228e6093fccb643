import type { Definitions, RunEvent } from "@mezzotint/engine";
import type { Claim } from "../jobs/queue.js";
import type { Checked, Ended } from "./messages.js";

/** What is told about a run by the pool. `lost`: the worker died; `alone`: no other job ran in it, so the job may be why. */
export interface RunListener {
  readonly event: (event: RunEvent) => void;
  readonly ended: (
    ended: Ended | { readonly outcome: "lost"; readonly reason: string; readonly alone: boolean },
  ) => void;
}

/** The worker processes of this server. */
export interface Pool {
  /** Whether some worker would take another job now, and that worker's name. */
  readonly free: () => string | undefined;
  readonly run: (worker: string, claim: Claim, listener: RunListener) => void;
  /** Stops a run; it is over within a second, at the price of the worker if need be. */
  readonly cancel: (job: string) => void;
  /** Whether somebody watches a job's previews. */
  readonly watch: (job: string, previews: boolean) => void;
  /**
   * Nodes as plain data, as a user sees them: choices name that user's files. Waits for the first worker. `fresh`: ask again
   * what changes, such as the files of a folder.
   */
  readonly definitions: (user: string, fresh?: boolean) => Promise<Definitions>;
  /** What only code can check of a prompt: what is wrong, or nothing. Gives up after a quarter of a second: undefined. */
  readonly check: (user: string, prompt: string, targets?: readonly string[]) => Promise<Checked | undefined>;
  /** Drops models from the inference host, once the run under way is over; has workers forget results. */
  readonly freeMemory: (what: { models: boolean; cache: boolean }) => void;
  /** Called whenever a worker may take a job. */
  readonly onFree: (listener: () => void) => void;
  readonly workers: () => readonly {
    readonly name: string;
    readonly pid: number | undefined;
    readonly jobs: number;
    /** Whether it takes jobs. */
    readonly ready: boolean;
  }[];
  /** How many workers were started in place of others that died. */
  readonly restarts: () => number;
  /** The process of the inference host that all workers share, while there is one. */
  readonly host: () => number | undefined;
  /** Lets runs end until the limit, then kills. */
  readonly close: (graceMs: number) => Promise<void>;
}
