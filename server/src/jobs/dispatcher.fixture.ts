import { vi } from "vitest";
import type { Pool, RunListener } from "../worker/pool-interface.js";
import type { Claim } from "./queue.js";

/**
 * Workers that do what a test says, when it says so: what matters here is the order of deaths, ends and commits, which
 * processes leave to chance. That real workers tell what these tell, the pool's own tests say.
 */
export class Hands {
  readonly runs = new Map<string, RunListener & { readonly claim: Claim }>();
  readonly cancelled: string[] = [];
  room = 1;
  #onFree: () => void = () => {};
  readonly pool: Pool = {
    free: () => (this.runs.size < this.room ? "hand" : undefined),
    run: (_worker, claim, { event, ended }) => {
      this.runs.set(claim.job.id, {
        claim,
        event,
        ended: (how) => {
          this.runs.delete(claim.job.id);
          ended(how);
          this.#onFree();
        },
      });
    },
    cancel: (job) => void this.cancelled.push(job),
    watch: () => {},
    restarts: () => 0,
    onFree: (listener) => {
      this.#onFree = listener;
    },
    definitions: async () => new Map(),
    check: async () => undefined,
    freeMemory: () => {},
    workers: () => [],
    host: () => undefined,
    close: async () => {
      for (const run of this.runs.values()) run.ended({ outcome: "lost", reason: "killed", alone: true });
    },
  };

  /** The run of a job, once a worker has it. */
  async of(id: string): Promise<RunListener & { readonly claim: Claim }> {
    return vi.waitFor(() => {
      const run = this.runs.get(id);
      if (!run) throw new Error(`no worker has ${id}`);
      return run;
    });
  }
}
