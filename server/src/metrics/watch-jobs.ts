import type { Counter, Histogram } from "prom-client";
import type { Dispatcher } from "../jobs/dispatcher.js";
import type { JobEvent } from "../jobs/dispatcher-events.js";

/** What is counted of jobs. */
export interface JobFigures {
  readonly over: Counter<"status">;
  /** Seconds. */
  readonly waited: Histogram;
  readonly ran: Histogram;
  readonly nodes: Counter<"how">;
}

/** Counts what happens to jobs. Clocks that jump change nothing. */
export function watchJobs(dispatcher: Pick<Dispatcher, "on">, { over, waited, ran, nodes }: JobFigures): void {
  /** Since when a job waits, and since when it runs; in milliseconds of the process. Jobs of an earlier server have none. */
  const waiting = new Map<string, number>();
  const running = new Map<string, number>();
  const measure = (since: Map<string, number>, job: string, figure: Histogram): void => {
    const start = since.get(job);
    since.delete(job);
    if (start !== undefined) figure.observe((performance.now() - start) / 1000);
  };
  dispatcher.on((event: JobEvent) => {
    const { id } = event.job;
    switch (event.type) {
      case "queued":
        waiting.set(id, performance.now());
        return;
      case "taken":
        measure(waiting, id, waited);
        running.set(id, performance.now());
        return;
      case "requeued":
        running.delete(id);
        waiting.set(id, performance.now());
        return;
      case "note": {
        const [name, { nodes: recalled }] = event.note;
        if (name === "execution_cached" && Array.isArray(recalled)) nodes.inc({ how: "cached" }, recalled.length);
        return;
      }
      case "run":
        if (event.event.type === "finished") nodes.inc({ how: "executed" });
        return;
      case "over":
        waiting.delete(id);
        measure(running, id, ran);
        over.inc({ status: event.status });
    }
  });
}
