import type { Database } from "./database.js";

/** Sums and counters of the tables, in memory; they change with the transaction that changes the tables. */
export interface Ledger {
  queued: number;
  queuedBytes: number;
  running: number;
  /** Jobs that ended and are remembered. */
  over: number;
  overBytes: number;
  /** Counts what happened: claims, ends, arrivals. Stored, so that orders survive clocks that jump. */
  tick: number;
  /** The round that is being served, see run-order.ts. Stored. */
  pass: number;
  /** The last number given out. Stored with each new job, so that none that a job has is given out again. */
  number: number;
}

interface Clock {
  tick: number;
  pass: number;
  number: number;
}

/** Counts anew: at the start, and after a transaction that was undone. Numbers given out meanwhile stay given out. */
export function readLedger(database: Database, before?: Ledger): Ledger {
  const [clock] = database.all<Clock>("SELECT tick, pass, number FROM clock");
  const sums = database.all<{ status: string; jobs: number; bytes: number }>(
    "SELECT status, count(*) AS jobs, sum(bytes) AS bytes FROM jobs GROUP BY status",
  );
  const total = (key: "jobs" | "bytes", ...states: readonly string[]): number =>
    sums.reduce((sum, row) => (states.includes(row.status) ? sum + row[key] : sum), 0);
  const over = ["succeeded", "failed", "cancelled"];
  return {
    queued: total("jobs", "queued"),
    queuedBytes: total("bytes", "queued"),
    running: total("jobs", "running"),
    over: total("jobs", ...over),
    overBytes: total("bytes", ...over),
    tick: clock!.tick,
    pass: clock!.pass,
    number: Math.max(clock!.number, before?.number ?? 0),
  };
}

/** Stores the counters; the sums are in the tables. */
export const writeClock = (database: Database, { tick, pass, number }: Ledger): number =>
  database.run("UPDATE clock SET tick = ?, pass = ?, number = ?", tick, pass, number);
