import type { Database } from "./database.js";
import type { Ledger } from "./ledger.js";

/**
 * Whose turn it is. Users are served in rounds, one job each: `pass` is the round in which a user is served next, `arrival`
 * orders the users of a round. Who comes anew joins the round being served and gets no credit for having been away. Within
 * a user the smaller number goes first, then the earlier. A job that was claimed before has had its turn: it goes before all.
 */
export interface Next {
  readonly seq: number;
  /** Absent when the job had its turn. */
  readonly turn?: { readonly user: string; readonly pass: number };
}

// The indexes are named because the planner, which knows no figures, likes the one of all jobs by status as well.
const FRESH_JOBS = "jobs INDEXED BY jobs_waiting";
const FRESH = "status = 'queued' AND place IS NULL";
const AGAIN_JOBS = "jobs INDEXED BY jobs_waiting_again";
const AGAIN = "status = 'queued' AND place IS NOT NULL";

/** The job to run next, if any waits. */
export function nextWaiting(database: Database): Next | undefined {
  const [again] = database.all<{ seq: number }>(`SELECT seq FROM ${AGAIN_JOBS} WHERE ${AGAIN} ORDER BY place LIMIT 1`);
  if (again !== undefined) return again;
  const [turn] = database.all<{ user: string; pass: number }>(
    `SELECT user, pass FROM turns
     WHERE EXISTS (SELECT 1 FROM ${FRESH_JOBS} WHERE jobs.user = turns.user AND ${FRESH})
     ORDER BY pass, arrival LIMIT 1`,
  );
  if (turn === undefined) return undefined;
  const [job] = database.all<{ seq: number }>(
    `SELECT seq FROM ${FRESH_JOBS} WHERE user = ? AND ${FRESH} ORDER BY number, seq LIMIT 1`,
    turn.user,
  );
  return { seq: job!.seq, turn };
}

/** Notes that a user had a turn. */
export function turnTaken(database: Database, ledger: Ledger, { user, pass }: NonNullable<Next["turn"]>): void {
  ledger.tick += 1;
  database.run("UPDATE turns SET pass = pass + 1, arrival = ? WHERE user = ?", ledger.tick, user);
  if (pass <= ledger.pass) return;
  ledger.pass = pass;
  // Whoever is behind the round waits for nothing, or it would be that one's turn.
  database.run("DELETE FROM turns WHERE pass < ?", pass);
}

/** Gives a user a place among the others; to be called before a job of theirs is added. */
export function joinTurns(database: Database, ledger: Ledger, user: string): void {
  const waits = database.all(`SELECT 1 FROM ${FRESH_JOBS} WHERE user = ? AND ${FRESH} LIMIT 1`, user).length > 0;
  if (waits) return;
  ledger.tick += 1;
  database.run(
    `INSERT INTO turns (user, pass, arrival) VALUES (?, ?, ?)
     ON CONFLICT (user) DO UPDATE SET pass = max(pass, excluded.pass), arrival = excluded.arrival`,
    user,
    ledger.pass,
    ledger.tick,
  );
}

/**
 * A table expression `run_order (seq, again, round, joined, arrival)`: sorted by these columns but the first, the waiting jobs
 * are in the order in which they will be claimed if no other comes. In each round those come first who join in it, then
 * those of the round before, in its order.
 */
export const RUN_ORDER = `run_order AS (
  SELECT seq, 0 AS again, place AS round, 0 AS joined, 0 AS arrival FROM ${AGAIN_JOBS} WHERE ${AGAIN}
  UNION ALL
  SELECT seq, 1, pass + row_number() OVER (PARTITION BY jobs.user ORDER BY number, seq) - 1, -pass, arrival
  FROM ${FRESH_JOBS} JOIN turns ON turns.user = jobs.user WHERE ${FRESH}
)`;
