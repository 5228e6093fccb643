import { statfs } from "node:fs/promises";
import type { Health } from "./http/services.js";
import type { Dispatcher } from "./jobs/dispatcher.js";
import type { Records } from "./jobs/queue.js";
import { OWNER } from "./places.js";
import type { Pool } from "./worker/pool-interface.js";

/** What health is read from. */
interface Parts {
  readonly records: Pick<Records, "count">;
  readonly pool: Pick<Pool, "definitions" | "workers">;
  readonly dispatcher: Pick<Dispatcher, "counts">;
  /** The data directory. */
  readonly data: string;
  readonly maxQueued: number;
}

/** A disk with less room is full: neither a job nor a picture could be kept safely. */
const MIN_FREE = 16 * 2 ** 20;

/** Says whether jobs are taken and will run. Asks, and changes nothing. */
export function healthOf({ records, pool, dispatcher, data, maxQueued }: Parts): () => Promise<Health> {
  let started = false;
  pool.definitions(OWNER).then(
    () => {
      started = true;
    },
    () => undefined,
  );
  return async () => {
    const [database, disk] = await Promise.all([
      records.count({ status: ["running"] }).then(
        () => true,
        () => false,
      ),
      statfs(data).then(
        ({ bavail, bsize }) => bavail * bsize >= MIN_FREE,
        () => false,
      ),
    ]);
    const queue = dispatcher.counts();
    const workers = started ? pool.workers().filter(({ pid }) => pid !== undefined).length : 0;
    return { ready: database && disk && workers > 0 && queue.queued < maxQueued, database, disk, workers, queue };
  };
}
