import type { Pool } from "../worker/pool-interface.js";
import type { Log } from "./dispatcher-interface.js";
import { persist } from "./dispatcher-retry.js";
import type { Claim, Queue } from "./queue.js";

interface PumpOptions {
  readonly queue: Pick<Queue, "claim">;
  readonly pool: Pick<Pool, "free">;
  readonly start: (worker: string, claim: Claim) => void;
  readonly onLog: Log;
}

/** Claims jobs while workers are free; one at a time, so that nobody claims what no worker takes. */
export class Pump {
  readonly #options: PumpOptions;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #claiming: Promise<unknown> | undefined;
  #again = false;

  constructor(options: PumpOptions) {
    this.#options = options;
  }

  /** There may be a job, or a worker, that was not there before. */
  go(): void {
    this.#again = true;
    if (this.#running || this.#stop.signal.aborted) return;
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again) this.go();
    });
  }

  /** Resolves when what is being claimed now, if anything, has started. */
  async settled(): Promise<void> {
    await this.#claiming?.catch(() => {});
  }

  /** Claims no more. */
  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    const { onLog } = this.#options;
    const failed = (error: unknown) => onLog("error", "no job can be claimed", { error });
    try {
      while (this.#again && !this.#stop.signal.aborted) {
        this.#again = false;
        while (await persist(() => this.#claimOne(), failed, this.#stop.signal));
      }
    } catch (error) {
      // Given up because the server stops.
      failed(error);
    }
  }

  /** Whether it is worth trying for another one. */
  async #claimOne(): Promise<boolean> {
    const { queue, pool, start } = this.#options;
    const worker = this.#stop.signal.aborted ? undefined : pool.free();
    if (worker === undefined) return false;
    const claiming = queue.claim(worker).then((claim) => {
      if (claim) start(worker, claim);
      return claim !== undefined;
    });
    this.#claiming = claiming;
    return claiming;
  }
}
