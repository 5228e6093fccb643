import type { Dispatcher } from "./dispatcher.js";
import type { JobEvent } from "./dispatcher-events.js";

/** Follows single jobs: however many are followed, each event is looked at once. */
export type WatchJob = (id: string, listener: (event: JobEvent) => void) => () => void;

/** Makes one out of all that a dispatcher tells. */
export function watchJobs({ on }: Pick<Dispatcher, "on">): WatchJob {
  const listeners = new Map<string, Set<(event: JobEvent) => void>>();
  on((event) => {
    for (const listener of listeners.get(event.job.id) ?? []) listener(event);
  });
  return (id, listener) => {
    const those = listeners.get(id) ?? new Set();
    listeners.set(id, those.add(listener));
    return () => {
      those.delete(listener);
      if (those.size === 0 && listeners.get(id) === those) listeners.delete(id);
    };
  };
}
