import type { Dispatcher } from "../jobs/dispatcher.js";
import type { Pool } from "../worker/pool-interface.js";
import { watchJobs } from "./watch-jobs.js";

/** What is measured of the rest of the server. */
export interface Measured {
  readonly dispatcher: Pick<Dispatcher, "on" | "counts">;
  readonly pool: Pick<Pool, "workers" | "restarts">;
  /** Open WebSockets. */
  readonly sockets: () => number;
}

/** Figures of a server, in Prometheus' text format. */
export interface Metrics {
  readonly text: () => Promise<{ readonly type: string; readonly text: string }>;
  /** Counts a request by the path of its route, so that there are as many figures as routes, whatever is asked for. */
  readonly request: (method: string, route: string, status: number, seconds: number) => void;
}

const QUICK = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const LONG = [0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800];

/**
 * Counts from now on. Names follow https://prometheus.io/docs/practices/naming: a unit, and `_total` for what only grows.
 */
export async function openMetrics(measured: Measured): Promise<Metrics> {
  const { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } = await import("prom-client");
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const read = (name: string, help: string, value: () => number): void =>
    void new Gauge({
      name,
      help,
      registers,
      collect: function () {
        this.set(value());
      },
    });
  const { dispatcher, pool, sockets } = measured;
  read("mezzotint_jobs_queued", "Jobs that wait", () => dispatcher.counts().queued);
  read("mezzotint_jobs_running", "Jobs that run", () => dispatcher.counts().running);
  read("mezzotint_workers", "Worker processes that are there", () => pool.workers().length);
  new Counter({
    name: "mezzotint_worker_restarts_total",
    help: "Worker processes that were started in place of others that died",
    registers,
    collect: function () {
      this.reset();
      this.inc(pool.restarts());
    },
  });
  read("mezzotint_websocket_clients", "Open WebSockets", sockets);
  watchJobs(dispatcher, {
    over: new Counter({
      name: "mezzotint_jobs_finished_total",
      help: "Jobs that are over, by how they ended",
      labelNames: ["status"],
      registers,
    }),
    waited: new Histogram({
      name: "mezzotint_job_wait_seconds",
      help: "From a job's submission to its start",
      buckets: LONG,
      registers,
    }),
    ran: new Histogram({
      name: "mezzotint_job_run_seconds",
      help: "From a job's start to its end",
      buckets: LONG,
      registers,
    }),
    nodes: new Counter({
      name: "mezzotint_nodes_total",
      help: "Nodes that were executed, or taken from the cache",
      labelNames: ["how"],
      registers,
    }),
  });
  const requests = new Histogram({
    name: "mezzotint_http_request_seconds",
    help: "HTTP requests, by route",
    labelNames: ["method", "route", "status"],
    buckets: QUICK,
    registers,
  });
  return {
    text: async () => ({ type: registry.contentType, text: await registry.metrics() }),
    request: (method, route, status, seconds) => requests.observe({ method, route, status }, seconds),
  };
}
