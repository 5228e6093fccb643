import { setImmediate as nextTurn } from "node:timers/promises";
import type { JobStatus } from "../jobs/job.js";
import type { JobFilter, Records } from "../jobs/queue.js";
import type { Database } from "./database.js";
import { removeOver } from "./end-job.js";
import { attemptsOf, fullRows, type JobRow, SUMMARY_COLUMNS, toJob, toSummary } from "./job-rows.js";
import { RUN_ORDER } from "./run-order.js";
import type { Writer } from "./writer.js";

const OVER: readonly JobStatus[] = ["succeeded", "failed", "cancelled"];

/** Jobs that are read, or removed, before other events get their turn. */
const AT_ONCE = 50;

/** What is kept of jobs, on one SQLite file. */
export function sqliteRecords(database: Database, { write }: Writer): Records {
  const seqsOf = (filter: JobFilter): number[] => {
    const { sql, binds } = query(filter, "seq");
    return database.all<{ seq: number }>(sql, ...binds).map(({ seq }) => seq);
  };
  return {
    get: async (id) => {
      const [row] = fullRows(database, "id = ?", id);
      return row && toJob(database, row);
    },
    position: async (id) => {
      const order = "ORDER BY again, round, joined, arrival";
      const [found] = database.all<{ before: number }>(
        `WITH ${RUN_ORDER}, places AS (SELECT seq, row_number() OVER (${order}) - 1 AS before FROM run_order)
         SELECT before FROM places JOIN jobs USING (seq) WHERE id = ?`,
        id,
      );
      return found?.before;
    },
    attempts: async (id) => attemptsOf(database, id),
    list: async (filter) => {
      const { sql, binds } = query(filter, SUMMARY_COLUMNS);
      return database.all<JobRow>(sql, ...binds).map((row) => toSummary(database, row));
    },
    pages: async function* (filter) {
      const wanted = filter.status && new Set(filter.status);
      const seqs = seqsOf(filter);
      for (const [index, seq] of seqs.entries()) {
        if (index % AT_ONCE === AT_ONCE - 1) await nextTurn();
        // Others may have changed or removed it meanwhile.
        const [row] = fullRows(database, "seq = ?", seq);
        if (row !== undefined && (wanted?.has(row.status) ?? true)) yield toJob(database, row);
      }
    },
    count: async (filter) => {
      const { where, binds } = condition(filter);
      return database.all<{ jobs: number }>(`SELECT count(*) AS jobs FROM jobs WHERE ${where}`, ...binds)[0]!.jobs;
    },
    forget: async (user, ids) => {
      const over: JobFilter = { status: OVER, ...(user !== undefined && { user }) };
      const { where, binds } = condition(over);
      const named = ids === undefined ? "" : " AND id IN (SELECT value FROM json_each(?))";
      const rows = database.all<{ seq: number }>(
        `SELECT seq FROM jobs WHERE ${where}${named}`,
        ...binds,
        ...(ids === undefined ? [] : [JSON.stringify(ids)]),
      );
      let gone = 0;
      for (let start = 0; start < rows.length; start += AT_ONCE) {
        const seqs = rows.slice(start, start + AT_ONCE).map(({ seq }) => seq);
        gone += await write((ledger) => removeOver(database, ledger, seqs));
      }
      return gone;
    },
  };
}

/** The WHERE of a filter. Values are bound, never written into the text. */
function condition({ user, status, workflow, ran = false }: JobFilter): { where: string; binds: (string | number)[] } {
  const parts: string[] = [];
  const binds: string[] = [];
  if (status !== undefined) {
    const over = status.every((one) => OVER.includes(one));
    // Jobs that are over are read in the order of their index; the plus keeps SQLite from the index of states.
    parts.push(`${over ? "ended IS NOT NULL AND +" : ""}status IN (SELECT value FROM json_each(?))`);
    binds.push(JSON.stringify(status));
  }
  if (user !== undefined) {
    parts.push("user = ?");
    binds.push(user);
  }
  if (workflow !== undefined) {
    parts.push("workflow = ?");
    binds.push(workflow);
  }
  if (ran) parts.push("started_at IS NOT NULL");
  return { where: parts.join(" AND ") || "TRUE", binds };
}

/** A page of jobs, sorted. */
function query(filter: JobFilter, columns: string): { sql: string; binds: (string | number)[] } {
  const { where, binds } = condition(filter);
  const { status, sortBy, ascending = false, limit = -1, offset = 0 } = filter;
  const way = ascending ? "ASC" : "DESC";
  const page = "LIMIT ? OFFSET ?";
  binds.push(limit, offset);
  if (sortBy === undefined && status?.length === 1 && status[0] === "queued") {
    const order = "again, round, joined, arrival";
    return {
      sql: `WITH ${RUN_ORDER} SELECT ${columns} FROM jobs JOIN run_order USING (seq) WHERE ${where} ORDER BY ${order} ${page}`,
      binds,
    };
  }
  const over = status?.every((one) => OVER.includes(one)) ?? false;
  const order =
    sortBy === "created_at"
      ? `created_at ${way}, seq ${way}`
      : sortBy === "execution_duration"
        ? `ended_at - started_at ${way}, seq ${way}`
        : over
          ? `ended ${way}, seq ${way}`
          : `seq ${way}`;
  return { sql: `SELECT ${columns} FROM jobs WHERE ${where} ORDER BY ${order} ${page}`, binds };
}
